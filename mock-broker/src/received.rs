//! A packet on its way, or a connection that was opened, as matchers and rules see it.

use bytes::Bytes;
use nack_codec::{
    Connect, DecodeError, Frame, MAXIMUM_PACKET_SIZE, Packet, PacketType, Properties, Publish, QoS,
    TopicName, Version,
};

use crate::Direction;
use crate::journal::Source;

/// What rules are asked about: a packet on its way, well formed or not, from the client or to it;
/// or a connection that was opened, with no packet yet.
#[derive(Clone, Debug)]
pub struct Received<'a> {
    source: &'a Source,
    direction: Direction,
    raw: &'a Bytes,
    content: Content<'a>,
    /// The topic that the topic alias of a PUBLISH without one stands for.
    meant: Option<TopicName<&'a str>>,
}

/// What a connection that was opened has come with.
static NOTHING: Bytes = Bytes::new();

#[derive(Clone, Debug)]
enum Content<'a> {
    Opened,
    Packet(Packet<'a>),
    Malformed(DecodeError),
}

impl<'a> Received<'a> {
    /// `None` where the bytes are a part of a packet, or more than one.
    pub(crate) fn new(
        source: &'a Source,
        direction: Direction,
        raw: &'a Bytes,
        error: Option<DecodeError>,
    ) -> Option<Self> {
        let content = match error {
            Some(error) => Content::Malformed(error),
            None => match decode(raw, source.version)? {
                Ok(packet) => Content::Packet(packet),
                Err(error) => Content::Malformed(error),
            },
        };
        Some(Self {
            source,
            direction,
            raw,
            content,
            meant: None,
        })
    }

    /// The same, with the topic that its topic alias stands for.
    pub(crate) fn meaning(mut self, topic: Option<&'a TopicName>) -> Self {
        self.meant = topic.map(TopicName::borrow);
        self
    }

    /// A connection was opened.
    pub(crate) fn opened(source: &'a Source) -> Self {
        Self {
            source,
            direction: Direction::FromClient,
            raw: &NOTHING,
            content: Content::Opened,
            meant: None,
        }
    }

    /// Whether a connection was opened, and this is no packet.
    pub const fn is_opened(&self) -> bool {
        matches!(self.content, Content::Opened)
    }

    /// Which way the packet goes.
    pub const fn direction(&self) -> Direction {
        self.direction
    }

    /// On which connection; the first is 1.
    pub const fn connection(&self) -> u32 {
        self.source.connection
    }

    /// The client identifier of the CONNECT of this connection, once that has come; this CONNECT
    /// itself included.
    pub fn client_id(&self) -> Option<&'a str> {
        self.source.client_id.as_deref()
    }

    /// The how manieth connection of this client identifier it is, once its CONNECT has come; the
    /// first is 1.
    pub const fn connection_of_client(&self) -> Option<u32> {
        match self.source.connection_of_client {
            0 => None,
            number => Some(number),
        }
    }

    /// What the connection speaks; before its CONNECT, MQTT 5.0.
    pub const fn version(&self) -> Version {
        self.source.version
    }

    /// The packet; `None` where there is none, or what there is is not one.
    pub const fn packet(&self) -> Option<&Packet<'a>> {
        match &self.content {
            Content::Packet(packet) => Some(packet),
            _ => None,
        }
    }

    /// What is wrong with the bytes, if something is.
    pub const fn decode_error(&self) -> Option<DecodeError> {
        match &self.content {
            Content::Malformed(error) => Some(*error),
            _ => None,
        }
    }

    /// The bytes of the packet.
    pub const fn raw(&self) -> &'a Bytes {
        self.raw
    }

    /// The type of the packet; `None` where what came is not one.
    pub fn packet_type(&self) -> Option<PacketType> {
        self.packet().map(Packet::packet_type)
    }

    /// The topic name of a PUBLISH: if it is left out, that which its topic alias stands for on
    /// the connection. In the journal, `None` then.
    pub fn topic(&self) -> Option<&'a str> {
        self.topic_name().map(|topic| topic.get())
    }

    pub(crate) fn topic_name(&self) -> Option<TopicName<&'a str>> {
        self.publish()?.topic.or(self.meant)
    }

    pub(crate) fn publish(&self) -> Option<&Publish<'a>> {
        match self.packet()? {
            Packet::Publish(publish) => Some(publish),
            _ => None,
        }
    }

    pub(crate) fn connect(&self) -> Option<&Connect<'a>> {
        match self.packet()? {
            Packet::Connect(connect) => Some(connect),
            _ => None,
        }
    }

    /// The topic filters of a SUBSCRIBE or UNSUBSCRIBE; none of other packets.
    pub fn filters(&self) -> Vec<&'a str> {
        match self.packet() {
            Some(Packet::Subscribe(subscribe)) => subscribe
                .subscriptions
                .iter()
                .map(|subscription| subscription.filter.get())
                .collect(),
            Some(Packet::Unsubscribe(unsubscribe)) => unsubscribe
                .filters
                .iter()
                .map(|filter| filter.get())
                .collect(),
            _ => Vec::new(),
        }
    }

    /// The quality of service: of a PUBLISH its own, of a SUBSCRIBE the highest that it asks for.
    pub fn qos(&self) -> Option<QoS> {
        match self.packet()? {
            Packet::Publish(publish) => Some(publish.qos),
            Packet::Subscribe(subscribe) => subscribe
                .subscriptions
                .iter()
                .map(|subscription| subscription.options.qos)
                .max(),
            _ => None,
        }
    }

    /// The packet identifier, of packets that have one.
    pub fn packet_id(&self) -> Option<u16> {
        let packet_id = match self.packet()? {
            Packet::Publish(publish) => publish.packet_id?,
            Packet::Puback(ack) => ack.packet_id,
            Packet::Pubrec(ack) => ack.packet_id,
            Packet::Pubrel(ack) => ack.packet_id,
            Packet::Pubcomp(ack) => ack.packet_id,
            Packet::Subscribe(subscribe) => subscribe.packet_id,
            Packet::Suback(suback) => suback.packet_id,
            Packet::Unsubscribe(unsubscribe) => unsubscribe.packet_id,
            Packet::Unsuback(unsuback) => unsuback.packet_id,
            _ => return None,
        };
        Some(packet_id.get())
    }

    /// The reason code of a CONNACK, of an acknowledgement that has one code, of a DISCONNECT or
    /// an AUTH, as it is on the wire: of a CONNACK of 3.1.1 the return code.
    pub fn reason_code(&self) -> Option<u8> {
        Some(match self.packet()? {
            Packet::Connack(connack) => match (self.version(), connack.reason.return_code()) {
                (Version::V311, Some(code)) => code,
                _ => connack.reason.as_u8(),
            },
            Packet::Puback(ack) => ack.reason.as_u8(),
            Packet::Pubrec(ack) => ack.reason.as_u8(),
            Packet::Pubrel(ack) => ack.reason.as_u8(),
            Packet::Pubcomp(ack) => ack.reason.as_u8(),
            Packet::Disconnect(disconnect) => disconnect.reason.as_u8(),
            Packet::Auth(auth) => auth.reason.as_u8(),
            _ => return None,
        })
    }

    /// All reason codes: of a SUBACK or UNSUBACK one a topic filter, of other packets that have a
    /// code just that, and none of the rest.
    pub fn reason_codes(&self) -> Vec<u8> {
        match self.packet() {
            Some(Packet::Suback(suback)) => suback.reasons.iter().map(|it| it.as_u8()).collect(),
            Some(Packet::Unsuback(unsuback)) => {
                unsuback.reasons.iter().map(|it| it.as_u8()).collect()
            }
            _ => self.reason_code().into_iter().collect(),
        }
    }

    /// The properties; `None` for packets that have none.
    pub fn properties(&self) -> Option<Properties<&'a [u8]>> {
        Some(match self.packet()? {
            Packet::Connect(packet) => packet.properties,
            Packet::Connack(packet) => packet.properties,
            Packet::Publish(packet) => packet.properties,
            Packet::Puback(packet) => packet.properties,
            Packet::Pubrec(packet) => packet.properties,
            Packet::Pubrel(packet) => packet.properties,
            Packet::Pubcomp(packet) => packet.properties,
            Packet::Subscribe(packet) => packet.properties,
            Packet::Suback(packet) => packet.properties,
            Packet::Unsubscribe(packet) => packet.properties,
            Packet::Unsuback(packet) => packet.properties,
            Packet::Disconnect(packet) => packet.properties,
            Packet::Auth(packet) => packet.properties,
            Packet::Pingreq | Packet::Pingresp => return None,
        })
    }
}

/// The packet that these bytes are, all of them; `None` where they are a part of one, or more.
pub(crate) fn decode(raw: &[u8], version: Version) -> Option<Result<Packet<'_>, DecodeError>> {
    match Frame::first(raw, MAXIMUM_PACKET_SIZE, version) {
        Ok(Some(frame)) if frame.bytes().len() == raw.len() => Some(frame.decode(version)),
        Ok(_) => None,
        Err(error) => Some(Err(error)),
    }
}
