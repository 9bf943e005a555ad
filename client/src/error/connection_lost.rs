//! Why a connection ended.

use std::fmt;
use std::io;
use std::sync::Arc;

use nack_codec::{
    DecodeError, Disconnect, DisconnectReason, PacketType, Properties, ReasonCode, Version,
};

use super::{Refusal, Retry, RetryTable, TimedOut, Violation, copied};

/// Why a connection ended. Every operation that was pending gets the same cause, so it is cheap to
/// clone.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectionLost {
    /// The broker sent a DISCONNECT (MQTT 5.0).
    #[error("the broker ended the connection")]
    ByServer(#[source] ServerDisconnect),
    /// The broker closed the transport without a word, as 3.1.1 brokers must.
    #[error("the broker closed the connection without a DISCONNECT")]
    Eof,
    /// The transport failed.
    #[error("the transport failed")]
    Io(#[source] Arc<io::Error>),
    /// The broker did not answer a PINGREQ.
    #[error("the broker fell silent")]
    KeepAlive(#[source] TimedOut),
    /// The broker broke a rule.
    #[error("the broker broke the protocol")]
    Protocol {
        /// Which rule.
        #[source]
        violation: Violation,
        /// The version of the protocol that was spoken.
        version: Version,
    },
    /// The broker sent bytes that are not a packet.
    #[error("the broker sent what no packet may say")]
    Decode(#[source] Box<DecodeError>),
    /// The caller disconnected, or dropped the last handle of the client.
    #[error("the client disconnected")]
    ByClient,
}

impl ConnectionLost {
    /// What the broker said, if it said why.
    pub fn refused(&self) -> Option<Refusal<'_>> {
        match self {
            Self::ByServer(disconnect) => Some(disconnect.as_refusal()),
            _ => None,
        }
    }

    /// What may be tried.
    pub fn retry(&self) -> Retry {
        match self {
            Self::ByServer(disconnect) => match disconnect.as_refusal().retry() {
                Retry::Later => Retry::Reconnect,
                other => other,
            },
            Self::Eof | Self::Io(_) | Self::KeepAlive(_) => Retry::Reconnect,
            Self::Protocol { .. } | Self::Decode(_) | Self::ByClient => Retry::Never,
        }
    }

    /// The statement of the standard that the broker broke, such as `MQTT-3.2.0-2`, if it broke one;
    /// where no numbered statement says it, the section that does.
    pub fn statement(&self) -> Option<&'static str> {
        match self {
            Self::Protocol { violation, version } => Some(violation.statement(*version)),
            Self::Decode(error) => Some(error.statement()),
            _ => None,
        }
    }

    /// Whether the broker fell silent.
    pub const fn is_timeout(&self) -> bool {
        matches!(self, Self::KeepAlive(_))
    }
}

impl From<io::Error> for ConnectionLost {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Self::Eof,
            _ => Self::Io(Arc::new(error)),
        }
    }
}

impl From<DecodeError> for ConnectionLost {
    fn from(error: DecodeError) -> Self {
        Self::Decode(Box::new(error))
    }
}

/// The DISCONNECT by which a broker ended a connection.
#[derive(Clone)]
pub struct ServerDisconnect {
    inner: Arc<Inner>,
}

struct Inner {
    reason: DisconnectReason,
    properties: Properties,
    retries: RetryTable,
}

impl ServerDisconnect {
    pub(crate) fn new(packet: &Disconnect<'_>, retries: RetryTable) -> Self {
        Self {
            inner: Arc::new(Inner {
                reason: packet.reason,
                properties: copied(&packet.properties),
                retries,
            }),
        }
    }

    /// Why; a normal disconnection is possible too.
    pub fn reason(&self) -> DisconnectReason {
        self.inner.reason
    }

    /// The same reason in the table of all codes.
    pub fn code(&self) -> ReasonCode {
        self.reason().code()
    }

    /// The code as it was on the wire.
    pub fn raw_code(&self) -> u8 {
        self.reason().as_u8()
    }

    /// What the broker says about it, for people.
    pub fn reason_string(&self) -> Option<&str> {
        self.inner.properties.reason_string()
    }

    /// What the broker says about it, for programs.
    pub fn user_properties(&self) -> impl Iterator<Item = (&str, &str)> {
        self.inner.properties.user_properties()
    }

    /// Which server to use instead.
    pub fn server_reference(&self) -> Option<&str> {
        self.inner.properties.server_reference()
    }

    /// All properties of DISCONNECT.
    pub fn properties(&self) -> &Properties {
        &self.inner.properties
    }

    /// The same, as a refusal of whatever was pending.
    pub fn as_refusal(&self) -> Refusal<'_> {
        Refusal::new(
            self.code(),
            self.raw_code(),
            PacketType::Disconnect,
            &self.inner.properties,
            &self.inner.retries,
        )
    }
}

impl fmt::Display for ServerDisconnect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "[code:{}] {}", self.raw_code(), self.reason())?;
        if let Some(text) = self.reason_string() {
            write!(f, ": {text}")?;
        }
        Ok(())
    }
}

impl fmt::Debug for ServerDisconnect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerDisconnect")
            .field("reason", &self.reason())
            .field("properties", &self.inner.properties)
            .finish()
    }
}

impl std::error::Error for ServerDisconnect {}
