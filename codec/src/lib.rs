//! MQTT 5.0 and 3.1.1 control packets to bytes and back: no I/O, no clock, no policy.
//!
//! One model serves both versions: a [`Packet`] has the shape of MQTT 5.0, the [`Version`] is an
//! argument of decoding and encoding, and what 3.1.1 lacks is absent on its wire. Encoding for
//! 3.1.1 refuses what 3.1.1 cannot say; it never drops it silently.
//!
//! ```
//! use bytes::BytesMut;
//! use nack_codec::{Framer, Packet, Puback, PubackReason, PacketId, Properties, Version};
//!
//! let mut wire = BytesMut::new();
//! let id = PacketId::new(10).expect("not zero");
//! let refusal = Puback { packet_id: id, reason: PubackReason::QuotaExceeded, properties: Properties::empty() };
//! Packet::Puback(refusal).encode(Version::V5, &mut wire)?;
//! assert_eq!(&wire[..], [0x40, 0x03, 0x00, 0x0A, 0x97]);
//!
//! let frames = Framer::default().split(&mut wire);
//! for frame in frames.iter() {
//!     assert_eq!(frame?.decode(Version::V5)?, Packet::Puback(refusal));
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Map
//!
//! - [`Framer`] cuts whole packets off a read buffer; a [`Frame`] decodes into a [`Packet`] that
//!   borrows from it, with topics, strings and payloads where they lie.
//! - [`Packet`] and a type a packet; [`Packet::encode`] writes it into a `BytesMut`.
//! - [`Properties`]: the raw property block, checked once and walked on demand. [`PropertyList`]:
//!   a list of values, written straight into the outgoing buffer.
//! - [`ReasonCode`]: the table of all codes; a type a packet ([`ConnackReason`] …) with just the
//!   codes that this packet may carry.
//! - [`TopicName`], [`TopicFilter`], [`Text`], [`Binary`], [`PacketId`]: values that, once they
//!   exist, can be said on the wire.
//! - [`DecodeError`], [`EncodeError`]: what is wrong, where, by which statement of the standard,
//!   and which reason code a peer should be sent.

mod decode;
mod encode;
mod error;
mod framer;
mod packet;
mod packet_id;
mod properties;
mod qos;
mod reason;
mod topic;
mod version;
mod wire;

pub use error::{DecodeError, DecodeErrorKind, EncodeError};
pub use framer::{Frame, Framer, Frames, FramesIter};
pub use packet::{
    Auth, Connack, Connect, Disconnect, List, ListIter, Packet, PacketType, Puback, Pubcomp,
    Publish, Pubrec, Pubrel, RetainHandling, Suback, Subscribe, Subscription, SubscriptionOptions,
    Unsuback, Unsubscribe, Will,
};
pub use packet_id::PacketId;
pub use properties::{
    Properties, PropertiesIter, Property, PropertyError, PropertyId, PropertyList, PropertyOwner,
};
pub use qos::QoS;
pub use reason::{
    AuthReason, ConnackReason, DisconnectReason, PubackReason, PubcompReason, PubrecReason,
    PubrelReason, ReasonCode, Role, SubackReason, UnknownReason, UnsubackReason,
};
pub use topic::{SharedFilter, TopicError, TopicFilter, TopicName};
pub use version::Version;
pub use wire::{Binary, MAXIMUM_PACKET_SIZE, Text, TextError, VAR_INT_MAX};
