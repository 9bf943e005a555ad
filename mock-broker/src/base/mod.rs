//! What happens when no rule matches.

mod accept;
mod answered;
mod handles;
mod settings;
mod silent;
mod upstream;

pub(crate) use answered::Answered;
pub(crate) use settings::Settings;
pub use settings::{Access, Authentication, Challenge, Limits, Operation, Permission, User};

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use nack_codec::{QoS, TopicName};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::action::Step;
use crate::{Builder, Reason, Received};

/// What the broker does about packets that no rule answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Base {
    /// A small broker of both versions that does what the standards say: QoS 0 to 2, sessions,
    /// subscriptions and shares, retained messages, wills, keep alive, flow control, topic aliases;
    /// and where it is told to, limits, users, access, enhanced authentication.
    ///
    /// Where a rule answers a packet instead, this believes what the rule said: after a rule's
    /// CONNACK of success the client is connected; after its PUBACK or PUBREC below 0x80 the
    /// message is passed on; what its SUBACK grants is subscribed.
    #[default]
    Accept,
    /// Accepts connections and says nothing, whatever comes.
    Silent,
    /// A real broker at this address: each connection opens one of its own to it, over TCP, and
    /// packets are passed on both ways, byte for byte, unless a rule does something about them.
    /// Whatever version the client speaks is spoken to that broker.
    ///
    /// A packet that a rule answers is not passed on, and what follows from the answer is kept from
    /// the broker behind: the PUBREL of a message that a rule has received is answered here, as are
    /// the acknowledgements of messages that rules and [`send`](crate::MockBroker::send) made. Such
    /// messages take their packet identifiers from the highest down; a broker that uses the same
    /// one at the same time gets no acknowledgement for its own. A topic alias that a rule has kept
    /// from the broker behind is introduced there by the next message that uses it. Where a rule
    /// speaks of some topic filters alone ([`suback_for`](crate::action::suback_for)), the broker
    /// behind is asked about the others, and both give the answer. A client whose CONNECT a rule has
    /// answered is not there for the broker behind.
    ///
    /// When the connection to the broker behind is lost, or comes to nothing, the client's is
    /// closed.
    Upstream(SocketAddr),
}

/// A base behaviour; what it does not do, it does not do.
///
/// It is told what happens on connections, and asked what is to be done on each. All of it runs
/// with the broker's state locked, and so neither waits nor calls closures of the user's.
pub(crate) trait Behaviour: Send {
    /// A packet came that no rule answers: what is to be done.
    fn handle(&mut self, received: &Received<'_>) -> Vec<Step> {
        let _ = received;
        Vec::new()
    }

    /// A PUBLISH with a topic alias came, or is about to be sent: the topic that the alias stands
    /// for, if the PUBLISH leaves it out. Asked before anybody else sees the packet.
    fn topic_of(&mut self, received: &Received<'_>) -> Option<TopicName> {
        let _ = received;
        None
    }

    /// A rule took this packet: it is answered by the rule, later, or not at all.
    fn taken(&mut self, received: &Received<'_>) {
        let _ = received;
    }

    /// This packet is written to the client, whoever said so.
    fn written(&mut self, connection: u32, packet: &[u8]) {
        let _ = (connection, packet);
    }

    /// A rule answered this packet. If it takes that for an answer, whether it has a session for
    /// the client.
    fn answered(&mut self, received: &Received<'_>, answered: &Answered) -> Option<bool> {
        let _ = (received, answered);
        None
    }

    /// What it would answer for each topic filter of this SUBSCRIBE or UNSUBSCRIBE; `None` where it
    /// decides nothing about them.
    fn usual_codes(&self, received: &Received<'_>) -> Option<Vec<Reason>> {
        let _ = received;
        None
    }

    /// Whether a broker behind this one has heard of the client.
    fn is_known_behind(&self, connection: u32) -> bool {
        let _ = connection;
        false
    }

    /// A packet of the upstream broker is on its way to the client.
    fn passes(&mut self, received: &Received<'_>) {
        let _ = received;
    }

    /// A rule or a command sent a PUBLISH above QoS 0.
    fn sent_unasked(&mut self, connection: u32, packet_id: u16, qos: QoS) {
        let _ = (connection, packet_id, qos);
    }

    /// Nothing came from the client for as long as [`keep_alive`](Self::keep_alive) says.
    fn keep_alive_ran_out(&mut self, connection: u32) -> Vec<Step> {
        let _ = connection;
        Vec::new()
    }

    /// The connection ended.
    fn ended(&mut self, connection: u32) {
        let _ = connection;
    }

    /// The next message for the client.
    fn deliver(&mut self, connection: u32) -> Option<Delivery> {
        let _ = connection;
        None
    }

    /// The messages for the client that were dropped because too many wait.
    fn take_dropped(&mut self, connection: u32) -> Vec<Bytes> {
        let _ = connection;
        Vec::new()
    }

    /// What else is to be done on the connection, because of what happened on others.
    fn take_orders(&mut self, connection: u32) -> Vec<Step> {
        let _ = connection;
        Vec::new()
    }

    /// The connections for which there is something to deliver or to do.
    fn take_rings(&mut self) -> Vec<u32> {
        Vec::new()
    }

    /// A packet identifier that is free for a message to the client.
    fn next_packet_id(&mut self, connection: u32) -> Option<u16> {
        let _ = connection;
        None
    }

    /// How long the client may be silent.
    fn keep_alive(&self, connection: u32) -> Option<Duration> {
        let _ = connection;
        None
    }

    /// The broker is stopped: has this client sent away, if it was let in; whether it was.
    fn part_from(&mut self, connection: u32) -> bool {
        let _ = connection;
        false
    }

    /// When something is to be done that no connection has to do with.
    fn next_due(&self) -> Option<Instant> {
        None
    }

    /// Rung when [`next_due`](Self::next_due) is another.
    fn alarm(&self) -> Arc<Notify> {
        Arc::default()
    }

    /// Does what is due.
    fn do_due(&mut self) {}

    /// See [`MockBroker::forget_session`](crate::MockBroker::forget_session).
    fn forget_session(&mut self, client_id: &str) -> bool {
        let _ = client_id;
        false
    }

    /// See [`MockBroker::expire_session`](crate::MockBroker::expire_session).
    fn expire_session(&mut self, client_id: &str) -> bool {
        let _ = client_id;
        false
    }

    /// See [`MockBroker::clear_retained`](crate::MockBroker::clear_retained).
    fn clear_retained(&mut self) -> usize {
        0
    }

    /// Under which identifier the client was let in.
    fn client_id(&self, connection: u32) -> Option<Arc<str>> {
        let _ = connection;
        None
    }
}

/// A message on its way to a client.
pub(crate) enum Delivery {
    Send(Bytes),
    /// It is more than the client can take, and was dropped.
    Drop(Bytes),
}

pub(crate) fn behaviour(builder: &Builder) -> Box<dyn Behaviour> {
    match builder.base {
        Base::Accept => Box::new(accept::Accept::new(
            builder.maximum_packet_size,
            builder.settings.clone(),
        )),
        Base::Silent => Box::new(silent::Silent),
        Base::Upstream(_) => Box::new(upstream::Upstream::default()),
    }
}
