//! What a client may lack without being wrong: a case names what it needs, and is skipped where
//! the subject does not have it.

use serde::{Deserialize, Serialize};

/// Something that a subject may or may not be able to do; spelled as in the shim protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Capability {
    /// Speaks MQTT 3.1.1.
    V3,
    /// Speaks MQTT 5.0.
    V5,
    /// WebSocket.
    Ws,
    /// TLS.
    Tls,
    /// WebSocket over TLS.
    Wss,
    /// Sends and receives QoS 2.
    Qos2,
    /// The application acknowledges messages itself.
    ManualAck,
    /// A session that outlives the process.
    PersistentStore,
    /// Comes back by itself when a connection is lost.
    AutoReconnect,
    /// AUTH.
    EnhancedAuth,
    /// Sends topic aliases.
    TopicAliasOut,
    /// Its clock can be set forward.
    VirtualTime,
    /// Errors carry the broker's reason string, user properties and server reference.
    RefusalTexts,
    /// Errors say what became of the message, whether trying again can help, and which statement
    /// the broker broke.
    RefusalAdvice,
    /// Messages come by the subscription that they are for, and those that are for none apart.
    SubscriptionStreams,
}

impl Capability {
    /// Every capability.
    pub const ALL: &'static [Self] = &[
        Self::V3,
        Self::V5,
        Self::Ws,
        Self::Tls,
        Self::Wss,
        Self::Qos2,
        Self::ManualAck,
        Self::PersistentStore,
        Self::AutoReconnect,
        Self::EnhancedAuth,
        Self::TopicAliasOut,
        Self::VirtualTime,
        Self::RefusalTexts,
        Self::RefusalAdvice,
        Self::SubscriptionStreams,
    ];

    /// The name in the shim protocol.
    pub const fn name(self) -> &'static str {
        match self {
            Self::V3 => "v3",
            Self::V5 => "v5",
            Self::Ws => "ws",
            Self::Tls => "tls",
            Self::Wss => "wss",
            Self::Qos2 => "qos2",
            Self::ManualAck => "manual_ack",
            Self::PersistentStore => "persistent_store",
            Self::AutoReconnect => "auto_reconnect",
            Self::EnhancedAuth => "enhanced_auth",
            Self::TopicAliasOut => "topic_alias_out",
            Self::VirtualTime => "virtual_time",
            Self::RefusalTexts => "refusal_texts",
            Self::RefusalAdvice => "refusal_advice",
            Self::SubscriptionStreams => "subscription_streams",
        }
    }
}

impl std::fmt::Display for Capability {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_the_shim_protocol() {
        for capability in Capability::ALL {
            let json = serde_json::to_string(capability).unwrap();
            assert_eq!(json, format!("\"{}\"", capability.name()));
        }
    }
}
