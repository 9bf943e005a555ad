//! A packet that came from a client, as matchers and rules see it.

use bytes::Bytes;
use nack_codec::{
    DecodeError, Frame, MAXIMUM_PACKET_SIZE, Packet, PacketType, Properties, QoS, Version,
};

/// A packet that came from a client, well formed or not.
#[derive(Clone, Debug)]
pub struct Received<'a> {
    connection: u32,
    client_id: Option<&'a str>,
    version: Version,
    raw: &'a Bytes,
    packet: Result<Packet<'a>, DecodeError>,
}

impl<'a> Received<'a> {
    pub(crate) fn new(
        connection: u32,
        client_id: Option<&'a str>,
        version: Version,
        raw: &'a Bytes,
        error: Option<DecodeError>,
    ) -> Option<Self> {
        let packet = match error {
            Some(error) => Err(error),
            None => decode(raw, version)?,
        };
        Some(Self {
            connection,
            client_id,
            version,
            raw,
            packet,
        })
    }

    /// On which connection it came; the first is 1.
    pub const fn connection(&self) -> u32 {
        self.connection
    }

    /// The client identifier of the CONNECT of this connection, once that has come; this CONNECT
    /// itself included.
    pub const fn client_id(&self) -> Option<&'a str> {
        self.client_id
    }

    /// What the connection speaks; before its CONNECT, MQTT 5.0.
    pub const fn version(&self) -> Version {
        self.version
    }

    /// The packet; `None` where what came is not one.
    pub fn packet(&self) -> Option<&Packet<'a>> {
        self.packet.as_ref().ok()
    }

    /// What is wrong with what came, if something is.
    pub fn decode_error(&self) -> Option<DecodeError> {
        self.packet.as_ref().err().copied()
    }

    /// The bytes of the packet.
    pub const fn raw(&self) -> &'a Bytes {
        self.raw
    }

    /// The type of the packet; `None` where what came is not one.
    pub fn packet_type(&self) -> Option<PacketType> {
        self.packet().map(Packet::packet_type)
    }

    /// The topic name of a PUBLISH.
    pub fn topic(&self) -> Option<&'a str> {
        match self.packet()? {
            Packet::Publish(publish) => publish.topic.map(|topic| topic.get()),
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
            Packet::Unsubscribe(unsubscribe) => unsubscribe.packet_id,
            _ => return None,
        };
        Some(packet_id.get())
    }

    /// The reason code of an acknowledgement, a DISCONNECT or an AUTH.
    pub fn reason_code(&self) -> Option<u8> {
        Some(match self.packet()? {
            Packet::Puback(ack) => ack.reason.as_u8(),
            Packet::Pubrec(ack) => ack.reason.as_u8(),
            Packet::Pubrel(ack) => ack.reason.as_u8(),
            Packet::Pubcomp(ack) => ack.reason.as_u8(),
            Packet::Disconnect(disconnect) => disconnect.reason.as_u8(),
            Packet::Auth(auth) => auth.reason.as_u8(),
            _ => return None,
        })
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
