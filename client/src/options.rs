//! What a client asks for when it connects.

use std::time::Duration;

use bytes::Bytes;
use nack_codec::{Binary, Properties, Property, Text, TopicName, Version};

use crate::Publish;
use crate::error::{Invalid, RetryTable};
use crate::properties::PropertyList;
use crate::session::{Config, Secret, WillMessage};

/// What a client asks for when it connects, and how long it waits.
///
/// ```
/// use std::time::Duration;
/// use nack_client::{Options, Publish, Version};
///
/// let options = Options::new("broker.example:1883")
///     .client_id("thermometer-3")
///     .credentials("thermometer", "s3cret")
///     .keep_alive(Duration::from_secs(30))
///     .will(Publish::new("plant/3/status", "gone").retain(true));
/// ```
#[derive(Clone, Debug)]
pub struct Options {
    pub(crate) address: String,
    pub(crate) connect_timeout: Duration,
    pub(crate) queue_capacity: usize,
    pub(crate) overflow: Overflow,
    version: Version,
    client_id: String,
    clean_start: bool,
    resume_session: bool,
    keep_alive: Duration,
    ping_timeout: Duration,
    operation_timeout: Option<Duration>,
    user_name: Option<String>,
    password: Option<Secret<Bytes>>,
    will: Option<Publish>,
    will_delay_interval: Option<u32>,
    receive_maximum: u16,
    maximum_packet_size: Option<u32>,
    properties: PropertyList,
    retry_table: RetryTable,
}

/// What happens to a message whose subscription's queue is full.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Overflow {
    /// The client stops reading from the socket until there is room. Nothing is lost, and
    /// acknowledgements wait as well: every subscription must be read.
    #[default]
    HoldBack,
    /// QoS 0 messages are dropped and counted; those of QoS 1 and 2 hold back.
    DropQos0,
}

impl Options {
    /// Options for the broker at this address: `host` or `host:port`, with port 1883 if there is
    /// none, where an IPv6 address with a port is in brackets. `mqtt://` or `tcp://` may stand
    /// before it. Everything else is as the other methods say.
    pub fn new(address: impl Into<String>) -> Self {
        Self {
            address: address.into(),
            connect_timeout: Duration::from_secs(10),
            queue_capacity: 256,
            overflow: Overflow::HoldBack,
            version: Version::V5,
            client_id: String::new(),
            clean_start: true,
            resume_session: false,
            keep_alive: Duration::from_secs(60),
            ping_timeout: Duration::from_secs(10),
            operation_timeout: Some(Duration::from_secs(30)),
            user_name: None,
            password: None,
            will: None,
            will_delay_interval: None,
            receive_maximum: 256,
            maximum_packet_size: None,
            properties: PropertyList::default(),
            retry_table: RetryTable::new(),
        }
    }

    /// Sets the version of the protocol; MQTT 5.0 by default.
    pub const fn version(mut self, version: Version) -> Self {
        self.version = version;
        self
    }

    /// Sets the client identifier; by default the broker chooses one.
    pub fn client_id(mut self, client_id: impl Into<String>) -> Self {
        self.client_id = client_id.into();
        self
    }

    /// Sets whether a session that may exist is dropped; true by default. In 3.1.1, where it is
    /// called clean session, false also keeps the session after the connection.
    ///
    /// It holds for every connection of the client: with true, no message is ever sent again on the
    /// next one, as that drops the session first (`[MQTT-3.1.2-4]`).
    pub const fn clean_start(mut self, clean_start: bool) -> Self {
        self.clean_start = clean_start;
        self
    }

    /// Sets for how many seconds the session outlives the connection (MQTT 5.0); 0 by default, and
    /// `u32::MAX` is for ever.
    pub fn session_expiry_interval(mut self, seconds: u32) -> Self {
        self.properties
            .push(Property::SessionExpiryInterval(seconds));
        self
    }

    /// Vouches that an earlier process of the application held this session.
    ///
    /// Without it, a client that is new to a session which the broker still has must close the
    /// connection (`[MQTT-3.2.2-4]`), as messages that it does not know of may be in flight. A
    /// session that it may have begun itself, by a CONNECT whose answer was lost, is not new to it.
    pub const fn resume_session(mut self, resume: bool) -> Self {
        self.resume_session = resume;
        self
    }

    /// Sets the keep alive, in whole seconds of at most 65,535; 60 seconds by default, and zero
    /// turns it off. The broker may demand another one (`[MQTT-3.1.2-21]`).
    pub const fn keep_alive(mut self, keep_alive: Duration) -> Self {
        self.keep_alive = keep_alive;
        self
    }

    /// Sets how long a PINGREQ may stay unanswered; 10 seconds by default.
    pub const fn ping_timeout(mut self, timeout: Duration) -> Self {
        self.ping_timeout = timeout;
        self
    }

    /// Sets how long connecting may take, from resolving the name to CONNACK; 10 seconds by
    /// default.
    pub const fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Sets how long the answer to a request may take, from the request on; 30 seconds by default,
    /// and `None` waits for as long as the connection lasts.
    pub const fn operation_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.operation_timeout = timeout;
        self
    }

    /// Sets user name and password.
    pub fn credentials(mut self, user_name: impl Into<String>, password: impl Into<Bytes>) -> Self {
        self.user_name = Some(user_name.into());
        self.password = Some(Secret(password.into()));
        self
    }

    /// Sets a user name without a password.
    pub fn user_name(mut self, user_name: impl Into<String>) -> Self {
        self.user_name = Some(user_name.into());
        self
    }

    /// Sets what the broker publishes when the connection ends without a DISCONNECT.
    pub fn will(mut self, message: Publish) -> Self {
        self.will = Some(message);
        self
    }

    /// Sets for how many seconds the broker waits before it publishes the will (MQTT 5.0).
    pub const fn will_delay_interval(mut self, seconds: u32) -> Self {
        self.will_delay_interval = Some(seconds);
        self
    }

    /// Sets how many QoS 1 and 2 messages the broker may send before they are acknowledged (MQTT
    /// 5.0); 256 by default. A message is acknowledged when the application has taken it.
    pub const fn receive_maximum(mut self, count: u16) -> Self {
        self.receive_maximum = count;
        self
    }

    /// Sets the size of the largest packet that is accepted, in bytes. MQTT 5.0 brokers are told;
    /// a packet that is larger ends the connection.
    pub const fn maximum_packet_size(mut self, bytes: u32) -> Self {
        self.maximum_packet_size = Some(bytes);
        self
    }

    /// Sets how many messages a subscription holds for the application; 256 by default, at least
    /// 1.
    pub const fn queue_capacity(mut self, messages: usize) -> Self {
        self.queue_capacity = messages;
        self
    }

    /// Sets what happens to a message whose subscription's queue is full.
    pub const fn overflow(mut self, overflow: Overflow) -> Self {
        self.overflow = overflow;
        self
    }

    /// Sets what `retry()` of this client's errors advises after which refusal.
    pub fn retry_table(mut self, table: RetryTable) -> Self {
        self.retry_table = table;
        self
    }

    /// Sets whether the broker may say more than a code about what it accepts and refuses (MQTT
    /// 5.0); true where it is not set.
    ///
    /// With false it sends reason strings and user properties in CONNACK, PUBLISH and DISCONNECT
    /// alone (`[MQTT-3.1.2-29]`), and refusals in other packets come without a reason. A broker that
    /// sends them all the same breaks the protocol, which ends the connection.
    pub fn request_problem_information(mut self, wanted: bool) -> Self {
        self.properties
            .push(Property::RequestProblemInformation(wanted));
        self
    }

    /// Sets whether the broker is asked for what response topics are to be made from (MQTT 5.0);
    /// false where it is not set, and then it has nothing to say about it (`[MQTT-3.1.2-28]`). It
    /// is free not to answer:
    /// [`Connected::response_information`](crate::Connected::response_information).
    pub fn request_response_information(mut self, wanted: bool) -> Self {
        self.properties
            .push(Property::RequestResponseInformation(wanted));
        self
    }

    /// Adds a name and a value of the application's own to CONNECT (MQTT 5.0).
    pub fn user_property(mut self, name: &str, value: &str) -> Self {
        self.properties.push_user_property(name, value);
        self
    }

    /// What the session is to ask for.
    ///
    /// # Errors
    ///
    /// What cannot be said on the wire of the version.
    pub(crate) fn config(&self) -> Result<Config, Invalid> {
        let seconds = self.keep_alive.as_secs();
        let keep_alive = u16::try_from(seconds).map_err(|_| Invalid::DurationTooLong {
            field: "keep alive",
        })?;
        let mut list = self.properties.clone();
        if self.version == Version::V5 {
            list.push(Property::ReceiveMaximum(self.receive_maximum));
            if let Some(bytes) = self.maximum_packet_size {
                list.push(Property::MaximumPacketSize(bytes));
            }
        }
        list.check()?;
        let config = Config {
            version: self.version,
            client_id: text("client identifier", &self.client_id)?.to_owned(),
            clean_start: self.clean_start,
            resume_session: self.resume_session,
            keep_alive,
            ping_timeout: self.ping_timeout,
            operation_timeout: self.operation_timeout,
            connect_timeout: self.connect_timeout,
            user_name: match &self.user_name {
                Some(name) => Some(text("user name", name)?.to_owned()),
                None => None,
            },
            password: match &self.password {
                Some(Secret(password)) => Some(Secret(binary("password", password.clone())?)),
                None => None,
            },
            will: self.will_message()?,
            receive_maximum: self.receive_maximum,
            maximum_packet_size: self.maximum_packet_size,
            properties: list.block().clone(),
            retry_table: self.retry_table.clone(),
        };
        config.check()?;
        Ok(config)
    }

    fn will_message(&self) -> Result<Option<WillMessage>, Invalid> {
        let Some(will) = &self.will else {
            return Ok(None);
        };
        will.check()?;
        let packet = will.packet();
        let mut properties = Properties::new();
        for property in packet.properties.iter() {
            properties.push(property)?;
        }
        if let Some(seconds) = self.will_delay_interval {
            properties.push(Property::WillDelayInterval(seconds))?;
        }
        let topic = packet
            .topic
            .expect("a message without a topic does not pass its check");
        Ok(Some(WillMessage {
            topic: TopicName::to_owned(topic),
            payload: binary("will payload", will.payload().clone())?,
            qos: packet.qos,
            retain: packet.retain,
            properties,
        }))
    }
}

fn text<'a>(field: &'static str, text: &'a str) -> Result<Text<&'a str>, Invalid> {
    Text::new(text).map_err(|error| Invalid::Text { field, error })
}

fn binary(field: &'static str, bytes: Bytes) -> Result<Binary, Invalid> {
    let length = bytes.len();
    Binary::new(bytes).ok_or(Invalid::BinaryTooLong { field, length })
}

/// How a connection is to be ended: [`Client::disconnect_with`](crate::Client::disconnect_with)
/// does it.
#[derive(Clone, Debug)]
pub struct Disconnect {
    pub(crate) reason: nack_codec::DisconnectReason,
    properties: PropertyList,
}

impl Disconnect {
    /// With this reason. [`DisconnectWithWillMessage`] has the broker publish the will; in 3.1.1,
    /// which cannot say so, the transport is closed without a DISCONNECT, which has the same
    /// effect.
    ///
    /// [`DisconnectWithWillMessage`]: nack_codec::DisconnectReason::DisconnectWithWillMessage
    pub const fn with(reason: nack_codec::DisconnectReason) -> Self {
        Self {
            reason,
            properties: PropertyList::EMPTY,
        }
    }

    /// Says more about the reason, for people (MQTT 5.0).
    pub fn reason_string(mut self, text: &str) -> Self {
        self.properties
            .push_text("reason string", text, Property::ReasonString);
        self
    }

    /// Changes for how many seconds the session outlives the connection (MQTT 5.0). A session that
    /// CONNECT did not ask to keep cannot be kept.
    pub fn session_expiry_interval(mut self, seconds: u32) -> Self {
        self.properties
            .push(Property::SessionExpiryInterval(seconds));
        self
    }

    /// Adds a name and a value of the application's own (MQTT 5.0).
    pub fn user_property(mut self, name: &str, value: &str) -> Self {
        self.properties.push_user_property(name, value);
        self
    }

    pub(crate) const fn properties(&self) -> &PropertyList {
        &self.properties
    }
}

impl Default for Disconnect {
    fn default() -> Self {
        Self::with(nack_codec::DisconnectReason::NormalDisconnection)
    }
}

#[cfg(test)]
mod tests {
    use nack_codec::QoS;

    use super::*;

    #[test]
    fn what_cannot_be_said_is_refused_before_connecting() {
        let check = |options: Options| options.config().unwrap_err();
        assert!(matches!(
            check(Options::new("h").client_id("a\0")),
            Invalid::Text { .. }
        ));
        assert!(matches!(
            check(Options::new("h").keep_alive(Duration::from_secs(65_536))),
            Invalid::DurationTooLong { .. }
        ));
        assert!(matches!(
            check(Options::new("h").receive_maximum(0)),
            Invalid::Property(_)
        ));
        assert!(matches!(
            check(Options::new("h").will(Publish::new("a/#", ""))),
            Invalid::TopicName(_)
        ));
        assert!(matches!(
            check(Options::new("h").will(Publish::new("a", vec![0; 65_536]))),
            Invalid::BinaryTooLong { .. }
        ));
        assert!(matches!(
            check(
                Options::new("h")
                    .version(Version::V311)
                    .user_property("a", "b")
            ),
            Invalid::Encode(_)
        ));
        assert!(matches!(
            check(Options::new("h").version(Version::V311).clean_start(false)),
            Invalid::EmptyClientIdentifier
        ));
    }

    #[test]
    fn debug_shows_no_password() {
        let options = Options::new("h").credentials("plant", "s3cret");
        let texts = [
            format!("{options:?}"),
            format!("{:?}", options.config().unwrap()),
        ];
        // As text, and as bytes.
        for shown in texts {
            assert!(shown.contains("plant"), "{shown}");
            assert!(
                !shown.contains("s3cret") && !shown.contains("115, 51"),
                "{shown}"
            );
        }
    }

    #[test]
    fn qos_of_the_will_is_that_of_the_message() {
        let options = Options::new("h").will(Publish::new("a", "").qos(QoS::ExactlyOnce));
        assert_eq!(
            options.config().unwrap().will.unwrap().qos,
            QoS::ExactlyOnce
        );
    }
}
