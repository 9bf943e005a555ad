//! What the broker grants its clients, and tells them in CONNACK.

use nack_codec::{Properties, Property, QoS};

use crate::action::{Answer, Connack};

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
    /// How many messages above QoS 0 a client may have in flight, those whose acknowledgement a
    /// rule delays or withholds included; one more that no rule takes is answered with DISCONNECT
    /// 0x93 (section 4.9). Clients of MQTT 5.0 only.
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

impl Limits {
    /// What a CONNACK with these properties grants.
    pub(crate) fn announced(properties: Properties<&[u8]>) -> Self {
        let or_usual = |available: Option<bool>| available.unwrap_or(true);
        Self {
            receive_maximum: properties.receive_maximum().unwrap_or(u16::MAX),
            topic_alias_maximum: properties.topic_alias_maximum().unwrap_or(0),
            maximum_qos: properties.maximum_qos().unwrap_or(QoS::ExactlyOnce),
            retain_available: or_usual(properties.retain_available()),
            wildcard_subscription_available: or_usual(properties.wildcard_subscription_available()),
            subscription_identifiers_available: or_usual(
                properties.subscription_identifier_available(),
            ),
            shared_subscription_available: or_usual(properties.shared_subscription_available()),
            ..Self::default()
        }
    }

    /// Says in a CONNACK what is not as it is when nothing is said.
    pub(crate) fn announce(&self, mut answer: Answer<Connack>) -> Answer<Connack> {
        let usual = Self::default();
        let mut say = |differs: bool, property: Property<'_>| {
            if differs {
                answer = answer.clone().property(property);
            }
        };
        say(
            self.receive_maximum != usual.receive_maximum,
            Property::ReceiveMaximum(self.receive_maximum),
        );
        say(
            self.topic_alias_maximum != usual.topic_alias_maximum,
            Property::TopicAliasMaximum(self.topic_alias_maximum),
        );
        say(
            self.maximum_qos != usual.maximum_qos,
            Property::MaximumQos(self.maximum_qos),
        );
        say(!self.retain_available, Property::RetainAvailable(false));
        say(
            !self.wildcard_subscription_available,
            Property::WildcardSubscriptionAvailable(false),
        );
        say(
            !self.subscription_identifiers_available,
            Property::SubscriptionIdentifierAvailable(false),
        );
        say(
            !self.shared_subscription_available,
            Property::SharedSubscriptionAvailable(false),
        );
        if let Some(seconds) = self.server_keep_alive {
            say(true, Property::ServerKeepAlive(seconds));
        }
        answer
    }
}
