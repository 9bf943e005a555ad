//! Properties as a list of values, written straight into the outgoing buffer.

use super::encode::{Source, encoded_len_of, join, misplaced, write};
use super::{Properties, Property, PropertyError, PropertyId, PropertyOwner};
use crate::wire::{Writer, var_int_len};
use crate::{EncodeError, VAR_INT_MAX, Version};

/// Properties as a list of the caller's own: checked once, and written one by one when a packet is
/// encoded. There is no block in between, and nothing is allocated.
///
/// A [`Publish`](crate::Publish) takes one in place of [`Properties`]:
///
/// ```
/// use bytes::BytesMut;
/// use nack_codec::{Property, PropertyList, Publish, QoS, TopicName, Version};
///
/// let list = [
///     Property::MessageExpiryInterval(60),
///     Property::UserProperty("unit".try_into()?, "celsius".try_into()?),
/// ];
/// let message = Publish {
///     dup: false,
///     qos: QoS::AtMostOnce,
///     retain: false,
///     topic: Some(TopicName::new("plant/3/temperature")?),
///     packet_id: None,
///     properties: PropertyList::new(&list)?,
///     payload: b"21.5",
/// };
/// let mut wire = BytesMut::new();
/// message.encode(Version::V5, &mut wire)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PropertyList<'a> {
    items: &'a [Property<'a>],
    /// One bit an identifier: the highest is 0x2A.
    present: u64,
    /// How many bytes they take on the wire, without the length before them.
    length: usize,
}

impl<'a> PropertyList<'a> {
    /// Checks a list: none is there twice that may be there only once, and each value is one that
    /// the standard allows.
    ///
    /// # Errors
    ///
    /// What is wrong with the first that is not right.
    #[inline]
    pub fn new(items: &'a [Property<'a>]) -> Result<Self, PropertyError> {
        let mut present = 0;
        let mut length = 0;
        for property in items {
            // The one that comes in numbers has nothing to be checked.
            if let Property::UserProperty(name, value) = property {
                present |= PropertyId::UserProperty.bit();
                length += 5 + name.get().len() + value.get().len();
                continue;
            }
            present = join(property, present)?;
            length += encoded_len_of(property);
        }
        Ok(Self {
            items,
            present,
            length,
        })
    }

    /// The properties in their order.
    #[inline]
    pub const fn items(&self) -> &'a [Property<'a>] {
        self.items
    }
}

impl From<PropertyList<'_>> for Properties<Vec<u8>> {
    /// The same as a block of its own: one allocation, of just the right size.
    fn from(list: PropertyList<'_>) -> Self {
        let mut block = Vec::with_capacity(list.length);
        for property in list.items {
            write(property, &mut block);
        }
        Self {
            block,
            present: list.present,
        }
    }
}

impl Source for PropertyList<'_> {
    #[inline]
    fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    #[inline]
    fn contains(&self, id: PropertyId) -> bool {
        self.present & id.bit() != 0
    }

    #[inline]
    fn encoded_len_for(
        &self,
        owner: PropertyOwner,
        version: Version,
    ) -> Result<usize, EncodeError> {
        if version == Version::V311 {
            return match self.items {
                [] => Ok(0),
                _ => Err(EncodeError::NotInV311 { what: "properties" }),
            };
        }
        if self.present & !owner.allowed() != 0 {
            let ids = self.items.iter().map(Property::id);
            return Err(misplaced(ids, owner));
        }
        // What is longer than its length field can say makes a packet that is too long, which is
        // refused for that.
        let length = u32::try_from(self.length).unwrap_or(VAR_INT_MAX);
        Ok(var_int_len(length) + self.length)
    }

    #[inline]
    fn encode_for(&self, version: Version, writer: &mut Writer<'_>) {
        if version == Version::V5 {
            writer.var_int(self.length as u32);
            for property in self.items {
                write(property, writer.buffer());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{PacketType, Publish, QoS, TopicName};
    use bytes::BytesMut;

    const MESSAGE: PropertyOwner = PropertyOwner::Packet(PacketType::Publish);

    fn text(text: &str) -> crate::Text<&str> {
        text.try_into().unwrap()
    }

    #[test]
    fn a_list_is_written_as_the_block_of_the_same_properties() {
        let long = "x".repeat(200);
        let items = [
            Property::TopicAlias(7),
            Property::SubscriptionIdentifier(128),
            Property::SubscriptionIdentifier(VAR_INT_MAX),
            Property::UserProperty(text("a"), text(&long)),
            Property::UserProperty(text("a"), text("")),
        ];
        for count in 0..=items.len() {
            let list = PropertyList::new(&items[..count]).unwrap();
            let block = Properties::from(list);
            let mut pushed = Properties::new();
            for item in list.items() {
                pushed.push(*item).unwrap();
            }
            assert_eq!(block, pushed);
            assert_eq!(block.iter().collect::<Vec<_>>(), items[..count]);
            assert_eq!(block.block().len(), list.length);
            let (mut one, mut other) = (BytesMut::new(), BytesMut::new());
            message(list).encode(Version::V5, &mut one).unwrap();
            message(block.borrow())
                .encode(Version::V5, &mut other)
                .unwrap();
            assert_eq!(one, other);
            let (mut one, mut other) = (BytesMut::new(), BytesMut::new());
            message(list).encode_head(Version::V5, &mut one).unwrap();
            message(block.borrow())
                .encode_head(Version::V5, &mut other)
                .unwrap();
            assert_eq!(one, other);
        }
    }

    fn message<P>(properties: P) -> Publish<'static, P> {
        Publish {
            dup: false,
            qos: QoS::AtMostOnce,
            retain: true,
            topic: Some(TopicName::new("a/b").unwrap()),
            packet_id: None,
            properties,
            payload: b"payload",
        }
    }

    #[test]
    fn what_a_block_refuses_a_list_refuses() {
        let twice = [Property::TopicAlias(1), Property::TopicAlias(1)];
        let id = PropertyId::TopicAlias;
        assert_eq!(
            PropertyList::new(&twice),
            Err(PropertyError::Repeated { id })
        );
        let zero = [Property::TopicAlias(0)];
        let value = 0;
        assert_eq!(
            PropertyList::new(&zero),
            Err(PropertyError::OutOfRange { id, value })
        );
    }

    #[test]
    fn a_list_is_refused_where_it_does_not_belong() {
        let items = [
            Property::UserProperty(text("a"), text("b")),
            Property::ReasonString(text("c")),
        ];
        let list = PropertyList::new(&items).unwrap();
        let id = PropertyId::ReasonString;
        let owner = MESSAGE;
        let mut buffer = BytesMut::new();
        assert_eq!(
            message(list).encode(Version::V5, &mut buffer),
            Err(EncodeError::MisplacedProperty { id, owner })
        );
        assert_eq!(
            message(list).encode(Version::V311, &mut buffer),
            Err(EncodeError::NotInV311 { what: "properties" })
        );
        assert!(buffer.is_empty());
        let none = PropertyList::new(&[]).unwrap();
        message(none).encode(Version::V311, &mut buffer).unwrap();
        assert_eq!(&buffer[..], b"\x31\x0C\0\x03a/bpayload");
    }
}
