//! A small broker of both versions that does what the standards say.
//!
//! Packets of clients that are let in are handled in a file a theme; each decides what is answered,
//! and does what the answer means, in two functions. Where a rule has answered instead, only the
//! second runs, with what the rule said.

mod aliases;
mod authenticating;
mod capacity;
mod connecting;
mod granting;
mod inbound;
mod limits;
mod message;
mod outbound;
mod retained;
mod scram;
mod session;
mod subscribing;
mod subscriptions;
mod wills;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use nack_codec::{DecodeError, Packet, PacketType, QoS, ReasonCode, TopicName, Version};

use super::settings::{Subject, may_publish};
use super::{Answered, Behaviour, Delivery, Limits, Settings};
use crate::action::reply::{Body, Reply};
use crate::action::{Action, Step, disconnect};
use crate::{Direction, Reason, Received};
use aliases::{Incoming, Outgoing};
use authenticating::{Applicant, Exchange};
use capacity::Capacity;
use retained::Retained;
use scram::Credentials;
use session::Session;
use subscriptions::Subscriptions;
use wills::{Delayed, Will};

use tokio::sync::Notify;
use tokio::time::Instant;

/// The state of the broker.
pub(super) struct Accept {
    maximum_packet_size: u32,
    settings: Settings,
    credentials: Credentials,
    /// The clients that have sent CONNECT, and are asked for more before they are let in.
    applicants: HashMap<u32, Applicant>,
    /// How many messages of enhanced authentication there were.
    exchanged: u64,
    /// The clients that are let in, by connection.
    guests: HashMap<u32, Guest>,
    /// The connections whose client said goodbye or was sent away. What else they say is not heard.
    gone: HashSet<u32>,
    /// By client identifier.
    sessions: HashMap<Arc<str>, Session>,
    subscriptions: Subscriptions,
    retained: Retained,
    /// Wills that wait, by client identifier.
    delayed: HashMap<Arc<str>, Delayed>,
    alarm: Arc<Notify>,
    /// How many client identifiers were assigned.
    assigned: u64,
    orders: HashMap<u32, Vec<Step>>,
    rings: HashSet<u32>,
    /// Messages that were dropped for want of room, by connection.
    dropped: HashMap<u32, Vec<Bytes>>,
}

/// A client that is let in.
struct Guest {
    client_id: Arc<str>,
    /// Under which name it authenticated.
    user: Option<Arc<str>>,
    capacity: Capacity,
    /// What it was told that it may do.
    limits: Limits,
    /// The size in bytes of the largest packet that it may send.
    maximum_packet_size: u32,
    /// Whether it knows that it is let in: rules may keep CONNACK waiting.
    is_told: bool,
    incoming_aliases: Incoming,
    outgoing_aliases: Outgoing,
    /// Identifiers of messages above QoS 0 that came on this connection and whose last
    /// acknowledgement was not sent yet, whoever is to send it.
    open: HashSet<u16>,
    /// By which method it authenticated.
    method: Option<Arc<str>>,
    /// While it authenticates again.
    exchange: Option<Exchange>,
    keep_alive: Option<Duration>,
    /// Whether the session was to end with the connection when it began: then it cannot be made to
    /// last (section 3.14.2.2.2).
    expires_at_once: bool,
    will: Option<Will>,
}

/// How many drops of one client are kept until they are written into the journal.
const DROPS_KEPT: usize = 1_000;

impl Accept {
    pub(super) fn new(maximum_packet_size: u32, settings: Settings) -> Self {
        Self {
            maximum_packet_size,
            credentials: Credentials::of(&settings),
            settings,
            applicants: HashMap::new(),
            exchanged: 0,
            guests: HashMap::new(),
            gone: HashSet::new(),
            sessions: HashMap::new(),
            subscriptions: Subscriptions::default(),
            retained: Retained::default(),
            delayed: HashMap::new(),
            alarm: Arc::default(),
            assigned: 0,
            orders: HashMap::new(),
            rings: HashSet::new(),
            dropped: HashMap::new(),
        }
    }

    /// A packet of a client that is let in.
    fn handle_guest(&mut self, received: &Received<'_>) -> Vec<Step> {
        let number = received.connection();
        let maximum = self.guests.get(&number).map(|it| it.maximum_packet_size);
        if maximum.is_some_and(|maximum| received.raw().len() > maximum as usize) {
            let text = "a packet above the maximum packet size (section 3.2.2.3.6)";
            return self.refuse(number, ReasonCode::PacketTooLarge, text);
        }
        match (received.packet(), received.decode_error()) {
            (Some(packet), _) => self.handle_packet(received, packet),
            (None, Some(error)) => self.handle_malformed(received, error),
            (None, None) => Vec::new(),
        }
    }

    fn handle_packet(&mut self, received: &Received<'_>, packet: &Packet<'_>) -> Vec<Step> {
        let number = received.connection();
        match packet {
            // [MQTT-3.1.0-2]
            Packet::Connect(_) => self.refuse(
                number,
                ReasonCode::ProtocolError,
                "a second CONNECT [MQTT-3.1.0-2]",
            ),
            Packet::Publish(publish) => self.publish(received, publish),
            Packet::Puback(ack) => {
                self.acknowledged(number, ack.packet_id.get());
                Vec::new()
            }
            Packet::Pubrec(ack) => {
                self.received(number, ack.packet_id.get(), ack.reason.is_error())
            }
            Packet::Pubrel(ack) => self.release(number, ack.packet_id.get()),
            Packet::Pubcomp(ack) => {
                self.completed(number, ack.packet_id.get());
                Vec::new()
            }
            Packet::Subscribe(subscribe) => self.subscribe(number, subscribe),
            Packet::Unsubscribe(unsubscribe) => self.unsubscribe(number, unsubscribe),
            Packet::Pingreq => vec![Step::Send(Reply::new(Body::Pingresp))],
            Packet::Disconnect(disconnect) => self.disconnect(number, disconnect),
            Packet::Auth(auth) => self.auth(number, auth),
            Packet::Connack(_) | Packet::Suback(_) | Packet::Unsuback(_) | Packet::Pingresp => {
                let text = format!("{}, which only servers send", packet.packet_type());
                self.refuse(number, ReasonCode::ProtocolError, &text)
            }
        }
    }

    fn handle_malformed(&self, received: &Received<'_>, error: DecodeError) -> Vec<Step> {
        let text = format!("{error} [{}]", error.statement());
        self.refuse(received.connection(), error.reason_code(), &text)
    }

    /// Ends the connection of a client that broke a rule: in MQTT 5.0 with a DISCONNECT that says
    /// which (section 4.13).
    fn refuse(&self, number: u32, reason: ReasonCode, text: &str) -> Vec<Step> {
        let Some(guest) = self.guests.get(&number) else {
            return vec![Step::Close];
        };
        // [MQTT-3.14.0-1]
        if guest.capacity.version == Version::V311 || !guest.is_told {
            return vec![Step::Close];
        }
        vec![Action::from(disconnect(reason).reason_string(text)).0]
    }

    fn may_publish(&self, number: u32, topic: TopicName<&str>) -> bool {
        self.guests
            .get(&number)
            .is_none_or(|guest| may_publish(&self.settings.access, guest.subject(), topic))
    }

    /// The session that the connection uses, to look at.
    fn session_of(&self, number: u32) -> Option<&Session> {
        self.sessions.get(&self.guests.get(&number)?.client_id)
    }

    /// The session that the connection uses.
    fn session(&mut self, number: u32) -> Option<&mut Session> {
        let guest = self.guests.get(&number)?;
        self.sessions.get_mut(&guest.client_id)
    }
}

impl Guest {
    fn subject(&self) -> Subject<'_> {
        Subject {
            user: self.user.as_deref(),
            client_id: &self.client_id,
        }
    }
}

impl Behaviour for Accept {
    fn usual_codes(&self, received: &Received<'_>) -> Option<Vec<Reason>> {
        let number = received.connection();
        match received.packet()? {
            Packet::Subscribe(subscribe) => Some(self.grants(number, subscribe)),
            Packet::Unsubscribe(unsubscribe) => {
                let filters = unsubscribe.filters.iter();
                let codes = filters.map(|filter| match self.is_subscribed(number, filter) {
                    true => ReasonCode::Success.into(),
                    false => ReasonCode::NoSubscriptionExisted.into(),
                });
                Some(codes.collect())
            }
            _ => None,
        }
    }

    fn handle(&mut self, received: &Received<'_>) -> Vec<Step> {
        let number = received.connection();
        if self.gone.contains(&number) {
            return Vec::new();
        }
        // Looked up before, as a client may be forgotten by what it is answered.
        let capacity = self.capacity(received);
        let steps = match self.guests.contains_key(&number) {
            true => self.handle_guest(received),
            false => self.handle_stranger(received),
        };
        match capacity {
            Some(capacity) => self.fitted(number, capacity, steps),
            None => steps,
        }
    }

    fn topic_of(&mut self, received: &Received<'_>) -> Option<TopicName> {
        let publish = received.publish()?;
        let alias = publish.properties.topic_alias()?;
        let guest = self.guests.get_mut(&received.connection())?;
        match received.direction() {
            Direction::FromClient => {
                let maximum = guest.limits.topic_alias_maximum;
                guest.incoming_aliases.learn(publish, maximum)
            }
            Direction::ToClient if publish.topic.is_none() => {
                guest.outgoing_aliases.topic(alias).cloned()
            }
            Direction::ToClient => None,
        }
    }

    fn taken(&mut self, received: &Received<'_>) {
        if let Some(publish) = received.publish() {
            self.open(received.connection(), publish);
        }
    }

    fn written(&mut self, connection: u32, packet: &[u8]) {
        self.tell(connection, packet);
        self.close(connection, packet);
    }

    fn answered(&mut self, received: &Received<'_>, answered: &Answered) -> Option<bool> {
        let number = received.connection();
        let packet = received.packet()?;
        let is_guest = self.guests.contains_key(&number);
        let same_id = received.packet_id() == Some(answered.packet_id);
        match (packet, answered.packet) {
            (Packet::Connect(connect), PacketType::Connack) if !is_guest => {
                self.connect_answered(number, connect, answered)
            }
            (Packet::Connect(connect), PacketType::Auth) if !is_guest => {
                self.asked_by_rule(number, received.raw(), Capacity::of(connect));
                Some(false)
            }
            (Packet::Auth(_), PacketType::Connack) if !is_guest => {
                self.applicant_answered(number, answered)
            }
            _ if !is_guest || !same_id => None,
            (Packet::Publish(publish), PacketType::Puback) if publish.qos == QoS::AtLeastOnce => {
                self.publish_answered(received, publish, answered.code())
            }
            (Packet::Publish(publish), PacketType::Pubrec) if publish.qos == QoS::ExactlyOnce => {
                self.publish_answered(received, publish, answered.code())
            }
            (Packet::Pubrel(ack), PacketType::Pubcomp) => {
                self.release_answered(number, ack.packet_id.get());
                Some(false)
            }
            (Packet::Subscribe(subscribe), PacketType::Suback) => {
                self.subscribe_answered(number, subscribe, &answered.codes);
                Some(false)
            }
            (Packet::Unsubscribe(unsubscribe), PacketType::Unsuback) => {
                self.unsubscribe_answered(number, unsubscribe, &answered.codes);
                Some(false)
            }
            _ => None,
        }
    }

    fn sent_unasked(&mut self, connection: u32, packet_id: u16, _: QoS) {
        if let Some(session) = self.session(connection) {
            session.unasked.insert(packet_id);
        }
    }

    fn keep_alive_ran_out(&mut self, connection: u32) -> Vec<Step> {
        let Some(guest) = self.guests.get(&connection) else {
            return vec![Step::Close];
        };
        let capacity = guest.capacity;
        let text = "nothing came for one and a half times the keep alive [MQTT-3.1.2-22]";
        let steps = self.refuse(connection, ReasonCode::KeepAliveTimeout, text);
        self.fitted(connection, capacity, steps)
    }

    fn ended(&mut self, connection: u32) {
        self.leave(connection, wills::Farewell::Abnormal);
        self.gone.remove(&connection);
        self.applicants.remove(&connection);
        self.orders.remove(&connection);
        self.dropped.remove(&connection);
        self.rings.remove(&connection);
    }

    fn deliver(&mut self, connection: u32) -> Option<Delivery> {
        let guest = self.guests.get_mut(&connection)?;
        if !guest.is_told {
            // [MQTT-3.2.0-1]
            return None;
        }
        let session = self.sessions.get_mut(&guest.client_id)?;
        session.deliver(guest.capacity, &mut guest.outgoing_aliases)
    }

    fn take_dropped(&mut self, connection: u32) -> Vec<Bytes> {
        self.dropped.remove(&connection).unwrap_or_default()
    }

    fn take_orders(&mut self, connection: u32) -> Vec<Step> {
        self.orders.remove(&connection).unwrap_or_default()
    }

    fn take_rings(&mut self) -> Vec<u32> {
        self.rings.drain().collect()
    }

    fn part_from(&mut self, connection: u32) -> bool {
        let is_guest = self.guests.contains_key(&connection);
        if is_guest {
            self.send_away(connection, ReasonCode::ServerShuttingDown);
        }
        is_guest
    }

    fn next_due(&self) -> Option<Instant> {
        self.next_will()
    }

    fn alarm(&self) -> Arc<Notify> {
        self.alarm.clone()
    }

    fn do_due(&mut self) {
        self.publish_due_wills();
    }

    fn forget_session(&mut self, client_id: &str) -> bool {
        self.delayed.remove(client_id);
        let Some(old) = self.sessions.get(client_id) else {
            return false;
        };
        let (connection, expiry) = (old.connection, old.expiry);
        self.drop_session(client_id);
        if let Some(number) = connection {
            let mut session = Session::new(expiry);
            session.attach(number);
            self.sessions.insert(client_id.into(), session);
            if let Some(guest) = self.guests.get_mut(&number) {
                guest.open.clear();
            }
        }
        true
    }

    fn expire_session(&mut self, client_id: &str) -> bool {
        let session = self.sessions.get(client_id);
        if session.is_none_or(|session| session.connection.is_some()) {
            return false;
        }
        self.drop_session(client_id);
        true
    }

    fn clear_retained(&mut self) -> usize {
        self.retained.clear()
    }

    fn next_packet_id(&mut self, connection: u32) -> Option<u16> {
        self.session(connection)?.next_packet_id()
    }

    fn keep_alive(&self, connection: u32) -> Option<Duration> {
        self.guests.get(&connection)?.keep_alive
    }

    fn client_id(&self, connection: u32) -> Option<Arc<str>> {
        let guest = self.guests.get(&connection)?;
        Some(guest.client_id.clone())
    }
}
