#![doc = include_str!("../README.md")]

mod client;
mod driver;
mod error;
mod link;
mod message;
mod options;
mod properties;
mod publish;
mod scope;
mod secret;
pub mod session;
mod subscribe;
mod subscription;
mod unsubscribe;

pub use client::Client;
pub use error::{
    ConnectError, ConnectionLost, Delivery, DisconnectError, Error, FilterVerdict, Invalid,
    Operation, PublishError, PublishReason, Reentrant, Refusal, Refused, Retry, RetryTable,
    ServerDisconnect, SubscribeError, SubscribeRefused, TimedOut, UnsubscribeError,
    UnsubscribeRefused, Violation,
};
pub use message::Message;
pub use options::{Disconnect, Options, Overflow};
pub use publish::{Publish, Published, TopicNameFault};
pub use scope::scope;
pub use session::{Connected, Limits};
pub use subscribe::Subscribe;
pub use subscription::{Messages, Subscription};
pub use unsubscribe::{Unsubscribe, Unsubscribed};

pub use nack_codec::{
    ConnackReason, DecodeError, DisconnectReason, EncodeError, PacketId, PacketType, Properties,
    Property, PropertyError, QoS, ReasonCode, RetainHandling, SubackReason, TextError, TopicError,
    TopicFilter, TopicName, UnsubackReason, Version,
};
