//! SUBSCRIBE (section 3.8): a client asks for messages.

use bytes::BytesMut;

use super::list::Item;
use crate::wire::{Fault, Reader, Writer};
use crate::{
    DecodeErrorKind, EncodeError, List, PacketId, PacketType, Properties, PropertyId,
    PropertyOwner, QoS, TopicFilter, Version,
};

/// A request for the messages of one or more topic filters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "closed by the standard")]
pub struct Subscribe<'a> {
    /// Which request the SUBACK answers.
    pub packet_id: PacketId,
    /// Subscription identifier and user properties; none in 3.1.1.
    pub properties: Properties<&'a [u8]>,
    /// What is asked for; at least one (`[MQTT-3.8.3-2]`).
    pub subscriptions: List<'a, Subscription<'a>>,
}

/// One topic filter of a SUBSCRIBE, with its options.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "closed by the standard")]
pub struct Subscription<'a> {
    /// Which messages.
    pub filter: TopicFilter<&'a str>,
    /// How they are to be sent.
    pub options: SubscriptionOptions,
}

/// How the messages of a subscription are to be sent (section 3.8.3.1). 3.1.1 has only the QoS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "closed by the standard")]
pub struct SubscriptionOptions {
    /// The highest QoS.
    pub qos: QoS,
    /// Whether the client's own messages are left out; not with a shared subscription.
    pub no_local: bool,
    /// Whether RETAIN stays as it was published.
    pub retain_as_published: bool,
    /// When retained messages are sent.
    pub retain_handling: RetainHandling,
}

/// When the server sends retained messages for a subscription.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "closed by the standard")]
#[repr(u8)]
pub enum RetainHandling {
    /// On every SUBSCRIBE (`[MQTT-3.3.1-9]`).
    #[default]
    Send = 0,
    /// Only if the subscription is new (`[MQTT-3.3.1-10]`).
    SendIfNew = 1,
    /// Never (`[MQTT-3.3.1-11]`).
    DoNotSend = 2,
}

const OWNER: PropertyOwner = PropertyOwner::Packet(PacketType::Subscribe);
const NO_LOCAL: u8 = 1 << 2;
const RETAIN_AS_PUBLISHED: u8 = 1 << 3;
const RETAIN_HANDLING_SHIFT: u32 = 4;

impl SubscriptionOptions {
    /// The defaults, which 3.1.1 has too, at this QoS.
    pub const fn at(qos: QoS) -> Self {
        Self {
            qos,
            no_local: false,
            retain_as_published: false,
            retain_handling: RetainHandling::Send,
        }
    }

    fn from_byte(byte: u8) -> Option<Self> {
        let retain_handling = match byte >> RETAIN_HANDLING_SHIFT {
            0 => RetainHandling::Send,
            1 => RetainHandling::SendIfNew,
            2 => RetainHandling::DoNotSend,
            // 3, and the two reserved bits.
            _ => return None,
        };
        Some(Self {
            qos: QoS::from_u8(byte & 0b11)?,
            no_local: byte & NO_LOCAL != 0,
            retain_as_published: byte & RETAIN_AS_PUBLISHED != 0,
            retain_handling,
        })
    }

    const fn as_byte(self) -> u8 {
        self.qos as u8
            | if self.no_local { NO_LOCAL } else { 0 }
            | if self.retain_as_published {
                RETAIN_AS_PUBLISHED
            } else {
                0
            }
            | (self.retain_handling as u8) << RETAIN_HANDLING_SHIFT
    }
}

impl<'a> Item<'a> for Subscription<'a> {
    fn read(reader: &mut Reader<'a>) -> Result<Self, Fault> {
        let filter = reader.topic_filter()?;
        let start = *reader;
        let found = reader.u8("subscription options")?;
        match SubscriptionOptions::from_byte(found) {
            Some(options) => Ok(Self { filter, options }),
            None => Err(start.fault(DecodeErrorKind::InvalidSubscriptionOptions { found })),
        }
    }

    fn write(self, writer: &mut Writer<'_>) {
        writer.text(self.filter.into());
        writer.u8(self.options.as_byte());
    }

    fn encoded_len(self) -> usize {
        2 + self.filter.get().len() + 1
    }
}

impl<'a> Subscribe<'a> {
    pub(crate) fn decode(mut body: Reader<'a>, version: Version) -> Result<Self, Fault> {
        let packet_id = body.packet_id()?;
        let properties = Properties::decode_for(version, &mut body, OWNER)?;
        if body.is_empty() {
            return Err(body.fault(DecodeErrorKind::NoTopicFilter));
        }
        let wire = body.rest();
        while !body.is_empty() {
            let start = body;
            let subscription = Subscription::read(&mut body)?;
            let options = subscription.options;
            match version {
                Version::V311 if options != SubscriptionOptions::at(options.qos) => {
                    return Err(Fault {
                        kind: DecodeErrorKind::InvalidSubscriptionOptions {
                            found: options.as_byte(),
                        },
                        // The options are the byte behind the filter.
                        offset: body.offset() - 1,
                    });
                }
                Version::V311 => {}
                Version::V5 => match subscription.filter.shared() {
                    Err(error) => {
                        return Err(start.fault(DecodeErrorKind::InvalidTopicFilter(error)));
                    }
                    Ok(Some(_)) if options.no_local => {
                        return Err(start.fault(DecodeErrorKind::NoLocalOnShared));
                    }
                    Ok(_) => {}
                },
            }
        }
        Ok(Self {
            packet_id,
            properties,
            subscriptions: List::checked(wire),
        })
    }

    /// Writes the packet.
    ///
    /// # Errors
    ///
    /// Where the version cannot say it. The buffer is then as it was.
    pub fn encode(&self, version: Version, buffer: &mut BytesMut) -> Result<(), EncodeError> {
        if self.subscriptions.is_empty() {
            return Err(EncodeError::NoTopicFilter);
        }
        if self.properties.subscription_identifiers().nth(1).is_some() {
            let id = PropertyId::SubscriptionIdentifier;
            return Err(EncodeError::RepeatedProperty { id });
        }
        for subscription in self.subscriptions {
            let options = subscription.options;
            match version {
                Version::V311 if options != SubscriptionOptions::at(options.qos) => {
                    return Err(EncodeError::NotInV311 {
                        what: "subscription option but the QoS",
                    });
                }
                Version::V311 => {}
                Version::V5 => match subscription.filter.shared() {
                    Err(error) => return Err(EncodeError::InvalidTopicFilter(error)),
                    Ok(Some(_)) if options.no_local => return Err(EncodeError::NoLocalOnShared),
                    Ok(_) => {}
                },
            }
        }
        let length =
            2 + self.properties.encoded_len_for(OWNER, version)? + self.subscriptions.encoded_len();
        let mut writer = Writer::packet(buffer, PacketType::Subscribe.first_byte(), length)?;
        writer.packet_id(self.packet_id);
        self.properties.encode_for(version, &mut writer);
        self.subscriptions.encode(&mut writer);
        Ok(())
    }
}
