//! Properties (section 2.2.2): one table of all of them, and the block that a packet carries.

mod decode;
mod encode;
mod list;
mod property;
mod section;
mod skim;

pub use encode::PropertyError;
pub use list::PropertyList;
pub use property::{Property, PropertyId, PropertyOwner};

pub(crate) use encode::Source;
pub(crate) use section::section;

use std::fmt;

use bytes::Bytes;

use crate::wire::Reader;
use crate::{QoS, TopicName};

/// The properties of one packet: the raw block, checked once, and walked on demand.
///
/// `B` is where the block is kept: `&[u8]` in a packet, `Vec<u8>` while it is built, `Bytes` by
/// default. A block holds no identifier twice (but for those that may repeat), no value out of
/// range, and remembers which identifiers it holds, so that asking for an absent one costs
/// nothing.
///
/// ```
/// use nack_codec::{Properties, Property};
///
/// let mut properties = Properties::new();
/// properties.push(Property::ReasonString("over quota".try_into()?))?;
/// assert_eq!(properties.reason_string(), Some("over quota"));
/// assert_eq!(properties.iter().count(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy)]
pub struct Properties<B = Bytes> {
    block: B,
    /// One bit an identifier: the highest is 0x2A.
    present: u64,
}

impl Properties<&[u8]> {
    /// No properties.
    #[inline]
    pub const fn empty() -> Self {
        Self {
            block: &[],
            present: 0,
        }
    }

    /// The same properties as a part of `whole`, which must hold them: one reference count, no
    /// copy.
    ///
    /// # Panics
    ///
    /// If the block does not lie inside `whole`.
    pub fn slice_of(&self, whole: &Bytes) -> Properties {
        Properties {
            block: whole.slice_ref(self.block),
            present: self.present,
        }
    }
}

impl Properties<Vec<u8>> {
    /// No properties yet; [`push`](Self::push) adds them.
    pub const fn new() -> Self {
        Self {
            block: Vec::new(),
            present: 0,
        }
    }
}

impl Default for Properties<Vec<u8>> {
    fn default() -> Self {
        Self::new()
    }
}

impl Default for Properties {
    fn default() -> Self {
        Self {
            block: Bytes::new(),
            present: 0,
        }
    }
}

impl From<Properties<Vec<u8>>> for Properties {
    fn from(properties: Properties<Vec<u8>>) -> Self {
        Self {
            block: Bytes::from(properties.block),
            present: properties.present,
        }
    }
}

impl<B: AsRef<[u8]>> Properties<B> {
    /// The same properties, borrowed.
    #[inline]
    pub fn borrow(&self) -> Properties<&[u8]> {
        Properties {
            block: self.block.as_ref(),
            present: self.present,
        }
    }

    /// The block as it lies on the wire, without its length.
    #[inline]
    pub fn block(&self) -> &[u8] {
        self.block.as_ref()
    }

    /// Whether there are none.
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.present == 0
    }

    /// Whether there is one of this identifier.
    #[inline]
    pub const fn contains(&self, id: PropertyId) -> bool {
        self.present & id.bit() != 0
    }

    /// The first identifier that packets of this kind may not carry, if there is one.
    pub fn misplaced_in(&self, owner: PropertyOwner) -> Option<PropertyId> {
        let misplaced = self.present & !owner.allowed();
        if misplaced == 0 {
            return None;
        }
        self.iter()
            .map(|property| property.id())
            .find(|id| misplaced & id.bit() != 0)
    }

    /// All properties in their order.
    #[inline]
    pub fn iter(&self) -> PropertiesIter<'_> {
        PropertiesIter {
            reader: Reader::new(self.block(), 0),
        }
    }

    /// The user properties in their order (`[MQTT-3.3.2-18]`).
    pub fn user_properties(&self) -> impl Iterator<Item = (&str, &str)> {
        let iter = self.contains(PropertyId::UserProperty).then(|| self.iter());
        iter.into_iter()
            .flatten()
            .filter_map(|property| match property {
                Property::UserProperty(name, value) => Some((name.get(), value.get())),
                _ => None,
            })
    }

    /// The subscription identifiers in their order: several in a PUBLISH that several
    /// subscriptions match (`[MQTT-3.3.4-4]`).
    pub fn subscription_identifiers(&self) -> impl Iterator<Item = u32> {
        let iter = self
            .contains(PropertyId::SubscriptionIdentifier)
            .then(|| self.iter());
        iter.into_iter()
            .flatten()
            .filter_map(|property| match property {
                Property::SubscriptionIdentifier(identifier) => Some(identifier),
                _ => None,
            })
    }

    #[inline]
    fn find(&self, id: PropertyId) -> Option<Property<'_>> {
        if !self.contains(id) {
            return None;
        }
        self.iter().find(|property| property.id() == id)
    }
}

/// One accessor a property: its value, or `None` where it is absent.
macro_rules! accessors {
    ($($(#[$doc:meta])* $name:ident: $variant:ident($value:ident) -> $type:ty = $map:expr;)*) => {
        impl<B: AsRef<[u8]>> Properties<B> {
            $(
                $(#[$doc])*
                pub fn $name(&self) -> Option<$type> {
                    match self.find(PropertyId::$variant)? {
                        Property::$variant($value) => Some($map),
                        _ => None,
                    }
                }
            )*
        }
    };
}

accessors! {
    /// Whether the payload is UTF-8 text.
    payload_format_indicator: PayloadFormatIndicator(utf8) -> bool = utf8;
    /// For how many seconds the message is of use.
    message_expiry_interval: MessageExpiryInterval(seconds) -> u32 = seconds;
    /// What the payload is, in words that the applications agreed on.
    content_type: ContentType(text) -> &str = text.get();
    /// Where an answer to the message is expected.
    response_topic: ResponseTopic(topic) -> TopicName<&str> = topic;
    /// What an answer is to be marked with.
    correlation_data: CorrelationData(data) -> &[u8] = data.get();
    /// For how many seconds the session outlives the connection; 0xFFFF_FFFF is for ever.
    session_expiry_interval: SessionExpiryInterval(seconds) -> u32 = seconds;
    /// The client identifier that the server chose.
    assigned_client_identifier: AssignedClientIdentifier(text) -> &str = text.get();
    /// The keep alive, in seconds, that the server demands.
    server_keep_alive: ServerKeepAlive(seconds) -> u16 = seconds;
    /// The name of the method of an enhanced authentication.
    authentication_method: AuthenticationMethod(text) -> &str = text.get();
    /// What the authentication method has to say.
    authentication_data: AuthenticationData(data) -> &[u8] = data.get();
    /// Whether the client wants reason strings and user properties on all packets.
    request_problem_information: RequestProblemInformation(wanted) -> bool = wanted;
    /// For how many seconds the server waits before it publishes the will.
    will_delay_interval: WillDelayInterval(seconds) -> u32 = seconds;
    /// Whether the client asks for response information.
    request_response_information: RequestResponseInformation(wanted) -> bool = wanted;
    /// From what the client may make response topics.
    response_information: ResponseInformation(text) -> &str = text.get();
    /// Which server to use instead.
    server_reference: ServerReference(text) -> &str = text.get();
    /// What the peer says about its reason code, for people.
    reason_string: ReasonString(text) -> &str = text.get();
    /// How many QoS 1 and 2 messages may be open at once.
    receive_maximum: ReceiveMaximum(count) -> u16 = count;
    /// The highest topic alias that is accepted.
    topic_alias_maximum: TopicAliasMaximum(highest) -> u16 = highest;
    /// The number that stands for the topic.
    topic_alias: TopicAlias(alias) -> u16 = alias;
    /// The highest QoS that the server supports: 0 or 1.
    maximum_qos: MaximumQos(qos) -> QoS = qos;
    /// Whether the server has retained messages.
    retain_available: RetainAvailable(available) -> bool = available;
    /// The size of the largest packet that is accepted, in bytes.
    maximum_packet_size: MaximumPacketSize(bytes) -> u32 = bytes;
    /// Whether the server has wildcard subscriptions.
    wildcard_subscription_available: WildcardSubscriptionAvailable(available) -> bool = available;
    /// Whether the server has subscription identifiers.
    subscription_identifier_available: SubscriptionIdentifierAvailable(available) -> bool = available;
    /// Whether the server has shared subscriptions.
    shared_subscription_available: SharedSubscriptionAvailable(available) -> bool = available;
}

impl<B: AsRef<[u8]>, C: AsRef<[u8]>> PartialEq<Properties<C>> for Properties<B> {
    fn eq(&self, other: &Properties<C>) -> bool {
        self.block() == other.block()
    }
}

impl<B: AsRef<[u8]>> Eq for Properties<B> {}

impl<B: AsRef<[u8]>> fmt::Debug for Properties<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// The properties of a block, in their order.
#[derive(Clone, Debug)]
pub struct PropertiesIter<'a> {
    reader: Reader<'a>,
}

impl<'a> Iterator for PropertiesIter<'a> {
    type Item = Property<'a>;

    #[inline]
    fn next(&mut self) -> Option<Property<'a>> {
        if self.reader.is_empty() {
            return None;
        }
        let property = decode::read_property(&mut self.reader);
        debug_assert!(property.is_ok(), "the block was checked when it was made");
        property.ok()
    }
}
