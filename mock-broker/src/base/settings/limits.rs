//! What the broker grants its clients, and tells them in CONNACK.

use nack_codec::QoS;

/// What the broker grants its clients. The default is what holds by the standard where CONNACK says
/// nothing, and so nothing is announced; what differs from it is announced and enforced.
///
/// ```
/// use nack_mock_broker::{Limits, MockBroker};
///
/// let mut limits = Limits::default();
/// limits.receive_maximum = 10;
/// limits.retain_available = false;
/// let broker = MockBroker::builder().limits(limits).in_memory();
/// ```
///
/// Clients of 3.1.1 cannot be told. What breaks a limit on messages closes their connection, and
/// subscriptions that are not to be had are refused with 0x80.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// How many QoS 2 messages (and QoS 1 messages, which are answered at once) a client may have
    /// in flight; one more is answered with DISCONNECT 0x93. Clients of MQTT 5.0 only.
    pub receive_maximum: u16,
    /// The highest topic alias that a client may use; above it, DISCONNECT 0x94.
    pub topic_alias_maximum: u16,
    /// How many topic aliases the broker uses towards a client that allows as many. Not announced.
    pub outgoing_topic_aliases: u16,
    /// The highest QoS of messages: above it, DISCONNECT 0x9B, or CONNACK 0x9B for a will. 2 is not
    /// announced. Subscriptions are granted this at most.
    pub maximum_qos: QoS,
    /// Whether messages may be retained; if not, DISCONNECT 0x9A, or CONNACK 0x9A for a will.
    pub retain_available: bool,
    /// Whether there are subscriptions with wildcards; if not, DISCONNECT 0xA2.
    pub wildcard_subscription_available: bool,
    /// Whether there are subscription identifiers; if not, DISCONNECT 0xA1.
    pub subscription_identifiers_available: bool,
    /// Whether there are shared subscriptions; if not, DISCONNECT 0x9E.
    pub shared_subscription_available: bool,
    /// The keep alive in seconds that clients of MQTT 5.0 have to use instead of their own.
    pub server_keep_alive: Option<u16>,
    /// The longest session expiry interval in seconds: a client that asks for more is given, and
    /// told, this.
    pub session_expiry_maximum: Option<u32>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            receive_maximum: u16::MAX,
            topic_alias_maximum: 0,
            outgoing_topic_aliases: 0,
            maximum_qos: QoS::ExactlyOnce,
            retain_available: true,
            wildcard_subscription_available: true,
            subscription_identifiers_available: true,
            shared_subscription_available: true,
            server_keep_alive: None,
            session_expiry_maximum: None,
        }
    }
}
