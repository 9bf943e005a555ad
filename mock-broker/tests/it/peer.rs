//! A client of a few lines, which sends what it is told and says what comes, packet by packet.

use std::io;

use bytes::{Bytes, BytesMut};
use nack_codec::{
    Connect, Frame, MAXIMUM_PACKET_SIZE, Packet, PacketId, Properties, Property, Publish, QoS,
    Subscribe, Subscription, SubscriptionOptions, Text, TopicFilter, TopicName, Unsubscribe,
    Version, Will,
};
use nack_mock_broker::MockBroker;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream};

use crate::patience::in_time;

pub(crate) struct Peer<S = DuplexStream> {
    stream: S,
    version: Version,
    buffer: BytesMut,
}

/// What a test says of its CONNECT; everything else is as small as can be.
pub(crate) struct Hello<'a> {
    pub(crate) client_id: &'a str,
    pub(crate) clean_start: bool,
    pub(crate) keep_alive: u16,
    pub(crate) properties: &'a [Property<'a>],
    pub(crate) will: Option<Will<'a>>,
}

impl Default for Hello<'_> {
    fn default() -> Self {
        Self {
            client_id: "c",
            clean_start: true,
            keep_alive: 0,
            properties: &[],
            will: None,
        }
    }
}

impl Peer {
    /// A stream to the broker, and nothing said on it.
    pub(crate) fn stranger(broker: &MockBroker, version: Version) -> Self {
        Self::over(broker.connect(), version)
    }

    /// A client that was let in.
    pub(crate) async fn connected(broker: &MockBroker, version: Version, client_id: &str) -> Self {
        let hello = Hello {
            client_id,
            ..Hello::default()
        };
        let (peer, session_present) = Self::welcomed(broker, version, hello).await;
        assert!(!session_present);
        peer
    }

    /// A client that was let in, and whether it had a session.
    pub(crate) async fn welcomed(
        broker: &MockBroker,
        version: Version,
        hello: Hello<'_>,
    ) -> (Self, bool) {
        let mut peer = Self::stranger(broker, version);
        peer.hello(hello).await;
        let connack = peer.receive().await;
        match decode(&connack, version) {
            Packet::Connack(connack) if !connack.reason.is_error() => {
                (peer, connack.session_present)
            }
            other => panic!("{other:?}"),
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Peer<S> {
    pub(crate) fn over(stream: S, version: Version) -> Self {
        Self {
            stream,
            version,
            buffer: BytesMut::new(),
        }
    }

    pub(crate) fn into_stream(self) -> S {
        self.stream
    }

    pub(crate) async fn send_bytes(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).await.unwrap();
    }

    pub(crate) async fn send(&mut self, packet: Packet<'_>) {
        let mut bytes = BytesMut::new();
        packet.encode(self.version, &mut bytes).unwrap();
        self.send_bytes(bytes).await;
    }

    pub(crate) async fn hello(&mut self, hello: Hello<'_>) {
        let mut properties = Properties::new();
        for property in hello.properties {
            properties.push(*property).unwrap();
        }
        self.send(Packet::Connect(Box::new(Connect {
            version: self.version,
            clean_start: hello.clean_start,
            keep_alive: hello.keep_alive,
            client_id: text(hello.client_id),
            will: hello.will,
            user_name: None,
            password: None,
            properties: properties.borrow(),
        })))
        .await;
    }

    /// Publishes; the identifier is 0 at QoS 0.
    pub(crate) async fn publish(&mut self, qos: QoS, packet_id: u16, topic: &str, payload: &str) {
        self.send(Packet::Publish(publish(qos, packet_id, topic, payload)))
            .await;
    }

    /// Subscribes, and takes the SUBACK.
    pub(crate) async fn subscribe(&mut self, filter: &str, qos: QoS) {
        self.subscribe_with(filter, SubscriptionOptions::at(qos), &[])
            .await;
    }

    pub(crate) async fn subscribe_with(
        &mut self,
        filter: &str,
        options: SubscriptionOptions,
        properties: &[Property<'_>],
    ) {
        let mut block = Properties::new();
        for property in properties {
            block.push(*property).unwrap();
        }
        self.send(Packet::Subscribe(Subscribe {
            packet_id: PacketId::MAX,
            properties: block.borrow(),
            subscriptions: [Subscription {
                filter: TopicFilter::new(filter).unwrap(),
                options,
            }][..]
                .into(),
        }))
        .await;
        let suback = self.receive().await;
        match decode(&suback, self.version) {
            Packet::Suback(suback) => {
                let granted = suback.reasons.iter().next().unwrap().granted();
                assert_eq!(granted, Some(options.qos));
            }
            other => panic!("{other:?}"),
        }
    }

    pub(crate) async fn unsubscribe(&mut self, packet_id: u16, filter: &str) {
        self.send(Packet::Unsubscribe(Unsubscribe {
            packet_id: PacketId::new(packet_id).unwrap(),
            properties: Properties::empty(),
            filters: [TopicFilter::new(filter).unwrap()][..].into(),
        }))
        .await;
    }

    /// Reads what comes next: how many bytes, and 0 at the end.
    async fn read(&mut self) -> io::Result<usize> {
        match in_time(self.stream.read_buf(&mut self.buffer)).await {
            Some(read) => read,
            None => panic!("nothing comes any more, after {:02X?}", self.buffer),
        }
    }

    /// The next packet, as it came.
    pub(crate) async fn receive(&mut self) -> Bytes {
        match self.receive_or_end().await {
            Some(packet) => packet,
            None => panic!("the broker closed the connection"),
        }
    }

    /// The next packet; `None` where the connection is closed instead.
    pub(crate) async fn receive_or_end(&mut self) -> Option<Bytes> {
        loop {
            // Whatever the broker says, its headers are right in these tests.
            let frame = Frame::first(&self.buffer, MAXIMUM_PACKET_SIZE, Version::V5).unwrap();
            if let Some(length) = frame.map(|frame| frame.bytes().len()) {
                return Some(self.buffer.split_to(length).freeze());
            }
            if self.read().await.unwrap() == 0 {
                assert!(
                    self.buffer.is_empty(),
                    "a part of a packet: {:?}",
                    self.buffer
                );
                return None;
            }
        }
    }

    /// The next packet must be just these bytes.
    #[track_caller]
    pub(crate) fn expects<'a>(&'a mut self, bytes: &'a [u8]) -> impl Future<Output = ()> + 'a {
        let caller = std::panic::Location::caller();
        async move {
            let packet = self.receive().await;
            assert!(
                packet == bytes,
                "at {caller}\n  came     {packet:02X?}\n  expected {bytes:02X?}"
            );
        }
    }

    /// Exactly these bytes must come, packets or not.
    pub(crate) async fn expects_bytes(&mut self, bytes: &[u8]) {
        while self.buffer.len() < bytes.len() {
            let read = self.read().await.unwrap();
            assert!(read > 0, "closed after {:02X?}", self.buffer);
        }
        assert_eq!(&self.buffer.split_to(bytes.len())[..], bytes);
    }

    /// Whether the connection ends, in whatever way, before anything else comes.
    pub(crate) async fn ends(&mut self) -> bool {
        self.buffer.is_empty() && matches!(self.read().await, Ok(0) | Err(_))
    }

    /// The connection must be closed, with nothing said before.
    #[track_caller]
    pub(crate) fn expects_end(&mut self) -> impl Future<Output = ()> + '_ {
        let caller = std::panic::Location::caller();
        async move {
            let packet = self.receive_or_end().await;
            assert!(packet.is_none(), "at {caller}: {packet:02X?} came");
        }
    }

    /// The client must be sent away: with a DISCONNECT of this code, which 3.1.1 has not.
    #[track_caller]
    pub(crate) fn expects_refusal(&mut self, code: u8) -> impl Future<Output = ()> + '_ {
        let caller = std::panic::Location::caller();
        async move {
            if self.version == Version::V5 {
                let packet = self.receive().await;
                let said = match decode(&packet, self.version) {
                    Packet::Disconnect(disconnect) => Some(disconnect.reason.as_u8()),
                    _ => None,
                };
                assert!(
                    said == Some(code),
                    "at {caller}: {packet:02X?} came, and not {code:02X}"
                );
            }
            let packet = self.receive_or_end().await;
            assert!(packet.is_none(), "at {caller}: {packet:02X?} came");
        }
    }

    /// Nothing may be on its way: the answer to a PINGREQ is the next packet.
    #[track_caller]
    pub(crate) fn expects_nothing(&mut self) -> impl Future<Output = ()> + '_ {
        let caller = std::panic::Location::caller();
        async move {
            self.send(Packet::Pingreq).await;
            let packet = self.receive().await;
            assert!(packet == b"\xD0\x00"[..], "at {caller}: {packet:02X?} came");
        }
    }
}

pub(crate) fn decode(bytes: &[u8], version: Version) -> Packet<'_> {
    let frame = Frame::first(bytes, MAXIMUM_PACKET_SIZE, version).unwrap();
    frame.unwrap().decode(version).unwrap()
}

pub(crate) fn publish<'a>(
    qos: QoS,
    packet_id: u16,
    topic: &'a str,
    payload: &'a str,
) -> Publish<'a> {
    Publish {
        dup: false,
        qos,
        retain: false,
        topic: Some(TopicName::new(topic).unwrap()),
        packet_id: PacketId::new(packet_id),
        properties: Properties::empty(),
        payload: payload.as_bytes(),
    }
}

pub(crate) fn text(text: &str) -> Text<&str> {
    text.try_into().unwrap()
}
