//! The MQTT session: every rule of the protocol, and no I/O.
//!
//! ```text
//!                      ┌──────────────────────────────────┐
//!  handle_connected ──▶│                                  │──▶ transmit, handle_transmitted
//!  handle_packet    ──▶│             Session              │──▶ poll_completion
//!  handle_fault     ──▶│                                  │──▶ poll_event
//!  handle_timeout   ──▶│  (time is an argument, bytes are │──▶ poll_timeout
//!  handle_disconnected▶│   somebody else's to move)       │──▶ wants_close
//!  publish, subscribe,▶│                                  │
//!  unsubscribe,        │                                  │
//!  acknowledge,        │                                  │
//!  disconnect          │                                  │
//!                      └──────────────────────────────────┘
//! ```
//!
//! Whoever drives it tells it what happened (`handle_*`) and what the caller wants, and asks
//! after each such call, in this order: what is to be written ([`Session::transmit`]), which
//! callers have their verdict ([`Session::poll_completion`]), what else there is to know
//! ([`Session::poll_event`]), whether the transport is to be closed ([`Session::wants_close`]), and
//! when to call again at the latest ([`Session::poll_timeout`]).
//!
//! A rule that the broker breaks is not returned to the driver: it becomes a queued DISCONNECT, the
//! verdict of all that was pending, and an event. The module is public so that fuzzing and other
//! event loops can drive it; [`Client`](crate::Client) is what applications want.

mod config;
mod deadlines;
mod ending;
mod event;
mod flow_control;
mod handshake;
mod inbound;
mod keep_alive;
mod limits;
mod outbound;
mod outgoing;
mod packet_ids;
mod requests;
mod state;
mod timers;

#[cfg(test)]
mod tests;

pub use crate::secret::Secret;
pub use config::{Config, WillMessage};
pub(crate) use ending::CLOSE_TIMEOUT;
pub use event::{Connected, Event, OperationId, Outcome, RequestError};
pub use inbound::{AckToken, Delivery};
pub use limits::Limits;
pub use outbound::SubackVerdict;

use std::collections::VecDeque;
use std::io::IoSlice;
use std::time::Instant;

use nack_codec::{DecodeError, Frame, Packet, PacketId, PacketType, PropertyId, Version};

use crate::error::{ConnectError, ConnectionLost, Operation, TimedOut, Violation};
use flow_control::SendQuota;
use inbound::Inbound;
use keep_alive::KeepAlive;
use outbound::{Unwritten, Waiting};
use outgoing::Outgoing;
use packet_ids::PacketIds;
use requests::Exchange;
use state::Phase;
use timers::{Timer, Timers};

/// The state of one MQTT session and of the connection that it has, if it has one.
#[derive(Debug)]
pub struct Session {
    config: Config,
    phase: Phase,
    limits: Limits,
    quota: SendQuota,
    keep_alive: KeepAlive,
    timers: Timers,
    outgoing: Outgoing,

    /// What is in flight. QoS 1 and 2 messages stay in it when the connection ends, if the session
    /// is kept.
    exchanges: PacketIds<Exchange>,
    /// Messages of the resumed session that are to be sent again when there is quota.
    resend: VecDeque<PacketId>,
    /// Messages that wait for quota or for an identifier.
    waiting: VecDeque<Waiting>,
    /// QoS 0 messages among the bytes that are to be written.
    unwritten: VecDeque<Unwritten>,
    /// QoS 0 messages that wait for room there.
    unsent: VecDeque<Waiting>,
    /// The order in which messages were sent first.
    next_sequence: u64,
    inbound: Inbound,
    /// Whether the session outlived its last connection, or was begun by a CONNECT that was not
    /// answered.
    held: bool,
    /// Where in the stream of bytes CONNECT ends, while nothing has come in answer to it.
    unanswered: Option<u64>,
    /// For how many seconds it outlives this one.
    session_expiry_interval: u32,
    /// How many messages were promised to be kept, and were lost since the last CONNACK.
    lost_messages: usize,

    completions: VecDeque<(OperationId, Outcome)>,
    events: VecDeque<Event>,
}

impl Session {
    /// A session that has no connection yet.
    pub fn new(config: Config) -> Self {
        let inbound = Inbound::new(config.receive_maximum);
        let session_expiry_interval = config.session_expiry_interval();
        Self {
            config,
            phase: Phase::Closed,
            limits: Limits::default(),
            quota: SendQuota::new(0),
            keep_alive: KeepAlive::default(),
            timers: Timers::default(),
            outgoing: Outgoing::default(),
            exchanges: PacketIds::default(),
            resend: VecDeque::new(),
            waiting: VecDeque::new(),
            unwritten: VecDeque::new(),
            unsent: VecDeque::new(),
            next_sequence: 0,
            inbound,
            held: false,
            unanswered: None,
            session_expiry_interval,
            lost_messages: 0,
            completions: VecDeque::new(),
            events: VecDeque::new(),
        }
    }

    /// A packet came, which `frame` is decoded to.
    ///
    /// A message that came is the caller's to hand out, as only the caller knows what it was read
    /// from.
    pub fn handle_packet(
        &mut self,
        frame: Frame<'_>,
        packet: &Packet<'_>,
        now: Instant,
    ) -> Option<Delivery> {
        if !matches!(self.phase, Phase::Connecting | Phase::Connected) {
            return None;
        }
        self.keep_alive.heard(&mut self.timers, now);
        self.unanswered = None;
        match self.handle(frame, packet, now) {
            Ok(delivery) => delivery,
            Err(violation) => {
                let reason = violation.reason_code();
                let version = self.config.version;
                let cause = ConnectionLost::Protocol { violation, version };
                self.reject(cause, Some(reason), now);
                None
            }
        }
    }

    fn handle(
        &mut self,
        frame: Frame<'_>,
        packet: &Packet<'_>,
        now: Instant,
    ) -> Result<Option<Delivery>, Violation> {
        if let (Phase::Connecting, found) = (self.phase, packet.packet_type()) {
            match packet {
                Packet::Connack(_) | Packet::Disconnect(_) | Packet::Auth(_) => {}
                // [MQTT-3.2.0-1]
                _ => return Err(Violation::BeforeConnack { packet: found }),
            }
        }
        self.check_problem_information(packet)?;
        match packet {
            Packet::Connack(connack) => self.handle_connack(frame, connack, now)?,
            Packet::Publish(publish) => return self.handle_publish(publish).map(Some),
            Packet::Puback(puback) => self.handle_puback(puback)?,
            Packet::Pubrec(pubrec) => self.handle_pubrec(pubrec)?,
            Packet::Pubrel(pubrel) => {
                let version = self.config.version;
                self.inbound
                    .release(pubrel.packet_id, version, self.outgoing.buffer());
            }
            Packet::Pubcomp(pubcomp) => self.handle_pubcomp(pubcomp)?,
            Packet::Suback(suback) => self.handle_suback(suback)?,
            Packet::Unsuback(unsuback) => self.handle_unsuback(unsuback)?,
            Packet::Pingresp => self.keep_alive.answered(&mut self.timers),
            Packet::Disconnect(disconnect) => self.handle_server_disconnect(disconnect)?,
            // No authentication method is asked for yet, so there is nothing to go on with
            // ([MQTT-4.12.0-6], [MQTT-4.12.0-7]).
            Packet::Auth(_) => return Err(Violation::UnexpectedAuth),
            Packet::Connect(_)
            | Packet::Subscribe(_)
            | Packet::Unsubscribe(_)
            | Packet::Pingreq => {
                return Err(Violation::ClientPacket {
                    packet: packet.packet_type(),
                });
            }
        }
        Ok(None)
    }

    /// Bytes came that are not a packet.
    pub fn handle_fault(&mut self, error: DecodeError, now: Instant) {
        if !matches!(self.phase, Phase::Connecting | Phase::Connected) {
            return;
        }
        self.unanswered = None;
        let reason = error.reason_code().try_into().ok();
        self.reject(error.into(), reason, now);
    }

    /// The time that [`poll_timeout`](Self::poll_timeout) named has come.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some(timer) = self.timers.expire(now) {
            match timer {
                Timer::Connack => {
                    let after = self.config.connect_timeout;
                    self.fail_connect(ConnectError::Timeout(TimedOut {
                        operation: Operation::Connect,
                        after,
                    }));
                }
                Timer::Ping => self.ping(now),
                Timer::Pingresp => {
                    let after = self.keep_alive.ping_timeout();
                    let timed_out = TimedOut {
                        operation: Operation::Ping,
                        after,
                    };
                    self.break_off(ConnectionLost::KeepAlive(timed_out));
                }
                Timer::Operation => self.time_out_operations(now),
                Timer::Close => self.close(),
            }
        }
    }

    /// So many bytes of [`transmit`](Self::transmit) were taken by the transport.
    pub fn handle_transmitted(&mut self, count: usize, now: Instant) {
        self.outgoing.advance(count);
        match self.phase {
            Phase::Connected => {
                self.keep_alive.sent(&mut self.timers, now);
                self.complete_written();
                self.write_unsent();
            }
            Phase::Closing if self.outgoing.len() == 0 => self.close(),
            Phase::Connecting | Phase::Closing | Phase::Closed => {}
        }
    }

    /// The driver stops reading, or reads again: while nobody reads, an answer to PINGREQ cannot be
    /// missed.
    pub fn handle_reading(&mut self, reading: bool, now: Instant) {
        if self.phase != Phase::Connected {
            return;
        }
        if reading {
            self.keep_alive.resume(&mut self.timers, now);
        } else {
            self.keep_alive.pause(&mut self.timers);
        }
    }

    /// The application has taken a message: its PUBACK or PUBREC goes out as soon as those of the
    /// messages before it have (`[MQTT-4.6.0-2]`).
    ///
    /// A message of QoS 2 that was not taken is handed out again when the session is resumed. So
    /// tell of one that is taken after its connection has ended, too; nothing is then sent.
    pub fn acknowledge(&mut self, token: AckToken) {
        self.inbound.take(token);
        if self.phase == Phase::Connected {
            self.inbound
                .flush(self.config.version, self.outgoing.buffer());
        }
    }

    /// Fills `slices` from the front of what is to be written; says how many of them.
    pub fn transmit<'a>(&'a self, slices: &mut [IoSlice<'a>]) -> usize {
        self.outgoing.slices(slices)
    }

    /// How many bytes are to be written.
    pub fn transmit_len(&self) -> usize {
        self.outgoing.len()
    }

    /// The verdict of a request.
    pub fn poll_completion(&mut self) -> Option<(OperationId, Outcome)> {
        self.completions.pop_front()
    }

    /// What else happened.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// When [`handle_timeout`](Self::handle_timeout) is to be called at the latest.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.timers.next()
    }

    /// Whether the transport is to be closed: nothing is left to be written, and nothing that
    /// comes would be looked at.
    pub fn wants_close(&self) -> bool {
        self.phase == Phase::Closed
    }

    /// Whether requests are taken.
    pub fn is_connected(&self) -> bool {
        self.phase == Phase::Connected
    }

    /// The version of the protocol.
    pub const fn version(&self) -> Version {
        self.config.version
    }

    /// What the session asks for.
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// The packet identifiers in use, lowest first.
    pub fn packet_ids_in_use(&self) -> impl Iterator<Item = PacketId> {
        self.exchanges.in_use()
    }

    /// How many QoS 1 and 2 messages are open on this connection.
    pub const fn quota_taken(&self) -> u16 {
        self.quota.taken()
    }

    /// Whether the packet has words that the client has declined (`[MQTT-3.1.2-29]`).
    fn check_problem_information(&self, packet: &Packet<'_>) -> Result<(), Violation> {
        if self.config.properties.request_problem_information() != Some(false) {
            return Ok(());
        }
        let properties = match packet {
            Packet::Puback(packet) => &packet.properties,
            Packet::Pubrec(packet) => &packet.properties,
            Packet::Pubrel(packet) => &packet.properties,
            Packet::Pubcomp(packet) => &packet.properties,
            Packet::Suback(packet) => &packet.properties,
            Packet::Unsuback(packet) => &packet.properties,
            _ => return Ok(()),
        };
        if properties.contains(PropertyId::ReasonString)
            || properties.contains(PropertyId::UserProperty)
        {
            let packet = packet.packet_type();
            return Err(Violation::UnwantedProblemInformation { packet });
        }
        Ok(())
    }

    fn ping(&mut self, now: Instant) {
        Packet::Pingreq
            .encode(self.config.version, self.outgoing.buffer())
            .expect("both versions have PINGREQ");
        self.keep_alive.pinged(&mut self.timers, now);
    }

    fn complete(&mut self, operation: Option<OperationId>, outcome: Outcome) {
        if let Some(operation) = operation {
            self.completions.push_back((operation, outcome));
        }
    }

    /// An acknowledgement of nothing that is in flight. The standard gives no rule for it, and
    /// nobody waits for it, so it is reported and otherwise left alone.
    fn unsolicited(&mut self, packet: PacketType, packet_id: PacketId) {
        self.events
            .push_back(Event::Unsolicited { packet, packet_id });
    }
}
