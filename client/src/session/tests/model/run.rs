//! Takes the steps, and looks at everything that the session does.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use nack_codec::{
    ConnackReason, DisconnectReason, Packet, PacketType, Property, SubackReason, UnsubackReason,
};

use super::super::packets::{
    connack_refusal, connack_with, disconnect, properties, suback, unsuback,
};
use super::super::pair::Pair;
use super::super::transcript::{self, Happening};
use super::Step;
use super::inbound::Inbound;
use super::outbound::{Answer, Outbound, payload};
use crate::session::{Config, Event, OperationId, Outcome};
use crate::{
    ConnectError, ConnectionLost, Disconnect, Publish, PublishError, QoS, Subscribe,
    SubscribeError, Unsubscribe, UnsubscribeError, Version,
};

/// A run of the session, and all that is known of it from outside.
pub(super) struct Run {
    pair: Pair,
    /// What was done and said, for whom a failure is shown.
    log: Vec<String>,
    /// Whether the session outlives its connections.
    is_kept: bool,
    /// Whether the caller ends it with this one.
    is_ended: bool,
    /// Whether the broker has a session of this client.
    broker_has_session: bool,
    connected: bool,
    /// The last packet of the connection was sent.
    said_goodbye: bool,
    /// How the connection is ended by this step, and may be.
    cause: Option<Cause>,
    operations: u64,
    /// The requests that were taken and have no verdict yet.
    requests: BTreeMap<u64, Request>,
    outbound: Outbound,
    inbound: Inbound,
    /// PINGREQ that the broker did not answer.
    pings: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cause {
    ByClient,
    ByServer,
    Eof,
    KeepAlive,
}

#[derive(Clone, Copy, Debug)]
struct Request {
    kind: Kind,
    since: Instant,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Publish(QoS),
    Subscribe,
    Unsubscribe,
}

impl Run {
    pub(super) fn new(config: Config) -> Self {
        let is_kept = !config.clean_start;
        let version = config.version;
        let mut run = Self {
            inbound: Inbound::new(config.receive_maximum),
            pair: Pair::new(config),
            log: Vec::new(),
            is_kept,
            is_ended: false,
            broker_has_session: false,
            connected: false,
            said_goodbye: false,
            cause: None,
            operations: 0,
            requests: BTreeMap::new(),
            outbound: Outbound::new(version),
            pings: 0,
        };
        run.take(&Step::Connect {
            forgets: false,
            receive_maximum: 2,
        });
        run
    }

    pub(super) fn take(&mut self, step: &Step) {
        self.log.push(format!("   {step:?}"));
        self.cause = None;
        match step {
            Step::Publish { qos, is_large } => self.publish(*qos, *is_large),
            Step::Subscribe { filters } => {
                let operation = self.request(Kind::Subscribe);
                let mut names = (0..*filters).map(|number| format!("{operation}/{number}"));
                let first = Subscribe::to(&names.next().expect("at least one"));
                self.pair
                    .subscribe(names.fold(first, |request, name| request.and(&name)));
            }
            Step::Unsubscribe { filters } => {
                let operation = self.request(Kind::Unsubscribe);
                let mut names = (0..*filters).map(|number| format!("{operation}/{number}"));
                let first = Unsubscribe::new(&names.next().expect("at least one"));
                self.pair
                    .unsubscribe(names.fold(first, |request, name| request.and(&name)));
            }
            Step::Disconnect { ends_session } => self.disconnect(*ends_session),
            Step::Answer { which, code } => self.answer(*which, *code),
            Step::Incoming { qos } => {
                if self.connected
                    && let Some(packet) = self.inbound.publish(*qos, self.version())
                {
                    self.hear(&packet);
                }
            }
            Step::Release { which } => {
                if self.connected
                    && let Some(packet) = self.inbound.release(*which)
                {
                    self.hear(&packet);
                }
            }
            Step::Take { which } => {
                if let Some(number) = self.inbound.take(*which) {
                    self.pair.take(number);
                }
            }
            Step::ServerDisconnect => {
                if self.connected {
                    match self.version() {
                        Version::V5 => {
                            self.cause = Some(Cause::ByServer);
                            let packet = disconnect(DisconnectReason::ServerBusy);
                            self.pair.hear(&packet);
                        }
                        Version::V311 => self.lose(),
                    }
                }
            }
            Step::Lose => self.lose(),
            Step::Connect {
                forgets,
                receive_maximum,
            } => self.connect(*forgets, *receive_maximum),
            Step::ConnectInVain { is_refused } => self.connect_in_vain(*is_refused),
            Step::Pass {
                seconds,
                is_answered,
            } => self.pass(*seconds, *is_answered),
            Step::Block { room } => {
                if self.connected {
                    self.pair.room = *room;
                    self.pair.drive();
                }
            }
            Step::Pause { seconds } => {
                self.pair.reading(false);
                self.pass(*seconds, false);
                self.pair.reading(true);
            }
        }
        self.observe();
        let is_silent = matches!(
            step,
            Step::Pass {
                is_answered: false,
                ..
            }
        );
        if !is_silent {
            self.answer_pings();
        }
        self.check();
    }

    /// Whatever is pending has its verdict in the end.
    pub(super) fn finish(&mut self) {
        self.take(&Step::Lose);
        self.demand(self.requests.is_empty(), "a request has no verdict");
    }

    fn version(&self) -> Version {
        self.pair.session.version()
    }

    fn request(&mut self, kind: Kind) -> u64 {
        self.operations += 1;
        if self.connected {
            let since = self.pair.now;
            self.requests
                .insert(self.operations, Request { kind, since });
        }
        self.operations
    }

    fn publish(&mut self, qos: QoS, is_large: bool) {
        let operation = self.request(Kind::Publish(qos));
        if self.connected && qos != QoS::AtMostOnce {
            self.outbound.request(operation, qos);
        }
        let message = Publish::new("t", payload(operation, is_large)).qos(qos);
        self.pair.publish_message(message);
    }

    fn disconnect(&mut self, ends_session: bool) {
        self.operations += 1;
        // In 3.1.1 a kept session cannot be ended so.
        let ends_session = ends_session && self.is_kept && self.version() == Version::V5;
        let mut request = Disconnect::default();
        if ends_session {
            request = request.session_expiry_interval(0);
        }
        if self.connected {
            self.cause = Some(Cause::ByClient);
            self.is_ended = ends_session;
            self.broker_has_session &= !ends_session;
        }
        self.pair.disconnect(&request);
    }

    fn answer(&mut self, which: proptest::sample::Index, code: proptest::sample::Index) {
        if !self.connected {
            return;
        }
        match self.outbound.answer(which, code) {
            None => {}
            Some(Answer::Packet(packet)) => self.hear(&packet),
            Some(Answer::Suback { packet_id, count }) => {
                let all = match self.version() {
                    Version::V5 => SubackReason::ALL,
                    Version::V311 => &[SubackReason::GrantedQos1, SubackReason::UnspecifiedError],
                };
                let reasons = vec![*code.get(all); count];
                self.outbound.expect_codes(
                    packet_id,
                    reasons.iter().map(|reason| reason.as_u8()).collect(),
                );
                self.hear(&suback(packet_id, &reasons));
            }
            Some(Answer::Unsuback { packet_id, count }) => {
                let reason = match self.version() {
                    Version::V5 => *code.get(UnsubackReason::ALL),
                    Version::V311 => UnsubackReason::Success,
                };
                let reasons = vec![reason; count];
                self.outbound.expect_codes(
                    packet_id,
                    reasons.iter().map(|reason| reason.as_u8()).collect(),
                );
                let on_wire = match self.version() {
                    Version::V5 => count,
                    Version::V311 => 0,
                };
                self.hear(&unsuback(packet_id, &reasons[..on_wire]));
            }
        }
    }

    fn lose(&mut self) {
        if self.connected {
            self.cause = Some(Cause::Eof);
        }
        self.pair.lose();
    }

    fn connect(&mut self, forgets: bool, receive_maximum: u16) {
        self.open();
        let session_present = self.is_kept && self.broker_has_session && !forgets;
        let receive_maximum = match self.version() {
            Version::V5 => receive_maximum,
            Version::V311 => u16::MAX,
        };
        self.outbound.connected(session_present, receive_maximum);
        self.broker_has_session = self.is_kept;
        let granted = match self.version() {
            Version::V5 => properties([Property::ReceiveMaximum(receive_maximum)]),
            Version::V311 => properties([]),
        };
        self.connected = true;
        self.pair.hear(&connack_with(session_present, &granted));
        self.observe();
        for packet in self.inbound.connected(session_present) {
            self.hear(&packet);
            self.observe();
        }
    }

    fn connect_in_vain(&mut self, is_refused: bool) {
        self.open();
        if is_refused {
            self.pair
                .hear(&connack_refusal(ConnackReason::ServerUnavailable));
        } else {
            self.pair.pass(Duration::from_secs(20));
        }
        self.observe();
    }

    /// A transport is open; the one before it is gone.
    fn open(&mut self) {
        self.lose();
        self.observe();
        self.cause = None;
        self.said_goodbye = false;
        self.is_ended = false;
        self.pings = 0;
        self.pair.room = None;
        self.pair.connect();
        self.observe();
    }

    fn pass(&mut self, seconds: u64, is_answered: bool) {
        if is_answered {
            self.answer_pings();
        }
        // A transport that is stuck may cost the connection its keep alive.
        let may_be_lost = !is_answered || self.pair.room.is_some();
        for _ in 0..seconds {
            if self.connected && may_be_lost {
                self.cause = Some(Cause::KeepAlive);
            }
            self.pair.pass(Duration::from_secs(1));
            self.observe();
            if is_answered {
                self.answer_pings();
            }
        }
    }

    fn answer_pings(&mut self) {
        if self.connected && self.pings > 0 {
            self.pings = 0;
            self.pair.hear(&Packet::Pingresp);
            self.observe();
        }
    }

    fn hear(&mut self, packet: &Packet<'_>) {
        self.pair.hear(packet);
    }

    /// Looks at all that has happened.
    fn observe(&mut self) {
        let version = self.version();
        for happening in self.pair.happenings() {
            self.log.push(happening.line(version));
            match &happening {
                Happening::Sent(bytes) => {
                    let packet = transcript::packet(bytes, version);
                    self.sent(&packet);
                }
                Happening::HandedOut(delivery, bytes) => {
                    if let Packet::Publish(packet) = transcript::packet(bytes, version) {
                        let result = self.inbound.handed_out(*delivery, &packet);
                        self.demand_ok(result);
                    }
                }
                Happening::Told(OperationId(operation), outcome) => self.told(*operation, outcome),
                Happening::NotTaken(OperationId(operation), error) => {
                    let legal = !self.connected && !self.requests.contains_key(operation);
                    self.demand(legal, &format!("a request was not taken: {error}"));
                }
                Happening::Event(event) => self.event(event),
                Happening::HeardFault(error) => self.demand(false, &error.to_string()),
                Happening::Heard(_) | Happening::At(_) | Happening::Closed => {}
            }
        }
    }

    fn sent(&mut self, packet: &Packet<'_>) {
        self.demand(!self.said_goodbye, "something follows DISCONNECT");
        let result = match packet {
            Packet::Connect(_) => Ok(()),
            Packet::Pingreq => {
                self.pings += 1;
                Ok(())
            }
            Packet::Disconnect(packet) => {
                self.said_goodbye = true;
                match packet.reason {
                    DisconnectReason::NormalDisconnection => Ok(()),
                    reason => Err(format!("the session complains: {reason}")),
                }
            }
            Packet::Publish(packet) => self.outbound.published(packet),
            Packet::Pubrel(packet) => self.outbound.released(packet),
            Packet::Subscribe(packet) => {
                let filter = packet.subscriptions.iter().next();
                let filter = filter.map(|subscription| subscription.filter.get());
                let count = packet.subscriptions.len();
                self.outbound
                    .requested(packet.packet_id, PacketType::Subscribe, filter, count)
            }
            Packet::Unsubscribe(packet) => {
                let filter = packet.filters.iter().next().map(|filter| filter.get());
                let count = packet.filters.len();
                self.outbound
                    .requested(packet.packet_id, PacketType::Unsubscribe, filter, count)
            }
            Packet::Puback(packet) => self
                .inbound
                .acknowledged(packet.packet_id, QoS::AtLeastOnce),
            Packet::Pubrec(packet) => self
                .inbound
                .acknowledged(packet.packet_id, QoS::ExactlyOnce),
            Packet::Pubcomp(packet) => self.inbound.completed(packet),
            other => Err(format!("no client sends {}", other.packet_type())),
        };
        self.demand_ok(result);
    }

    fn told(&mut self, operation: u64, outcome: &Outcome) {
        let Some(request) = self.requests.remove(&operation) else {
            return self.demand(false, "a verdict of a request that has none to come");
        };
        let kind = match outcome {
            Outcome::Published(_) => matches!(request.kind, Kind::Publish(_)),
            Outcome::Subscribed(_) => request.kind == Kind::Subscribe,
            Outcome::Unsubscribed(_) => request.kind == Kind::Unsubscribe,
        };
        self.demand(kind, "a verdict of another kind of request");
        match outcome {
            Outcome::Published(Err(PublishError::Timeout { .. }))
            | Outcome::Subscribed(Err(SubscribeError::Timeout(_)))
            | Outcome::Unsubscribed(Err(UnsubscribeError::Timeout(_))) => {
                let waited = self.pair.now - request.since;
                let limit = self.pair.session.config().operation_timeout;
                self.demand(limit == Some(waited), "timed out too early or too late");
            }
            Outcome::Published(Err(PublishError::ConnectionLost { cause, .. }))
            | Outcome::Subscribed(Err(SubscribeError::ConnectionLost(cause)))
            | Outcome::Unsubscribed(Err(UnsubscribeError::ConnectionLost(cause))) => {
                self.demand_cause(cause);
            }
            _ => {}
        }
        let kept = self.is_kept && !self.is_ended;
        let result = match (request.kind, outcome) {
            (Kind::Publish(QoS::AtMostOnce), Outcome::Published(result)) => {
                self.outbound.told_qos_0(operation, result)
            }
            (Kind::Publish(_), Outcome::Published(result)) => {
                self.outbound.told(operation, result, kept)
            }
            (_, Outcome::Subscribed(Ok(verdict))) => {
                let codes = verdict.reasons.iter().map(|reason| reason.as_u8());
                self.outbound.told_codes(operation, codes.collect())
            }
            (_, Outcome::Unsubscribed(Ok(unsubscribed))) => {
                let verdicts = unsubscribed.verdicts().iter();
                let codes = verdicts.map(|verdict| verdict.reason.as_u8()).collect();
                self.outbound.told_codes(operation, codes)
            }
            (_, Outcome::Unsubscribed(Err(UnsubscribeError::Refused(refused)))) => {
                let verdicts = refused.verdicts().iter();
                let codes = verdicts.map(|verdict| verdict.reason.as_u8()).collect();
                self.outbound.told_codes(operation, codes)
            }
            _ => Ok(()),
        };
        self.demand_ok(result);
    }

    fn event(&mut self, event: &Event) {
        match event {
            Event::Connected(connected) => {
                let lost = self.outbound.take_lost();
                let told = connected.lost_messages();
                self.demand(told == lost, &format!("{lost} were lost, and not {told}"));
            }
            Event::ConnectionLost(cause) => {
                self.demand(self.connected, "an end without a connection");
                self.demand_cause(cause);
                self.connected = false;
                self.demand(
                    self.requests.is_empty(),
                    "a request outlives its connection",
                );
                let kept = self.is_kept && !self.is_ended;
                self.outbound.disconnected(kept);
                self.inbound.disconnected(kept);
            }
            Event::ConnectFailed(ConnectError::Refused(_) | ConnectError::Timeout(_)) => {
                self.demand(!self.connected, "a connection that was accepted has failed");
            }
            Event::GrantedTooLate(filters) => {
                let name = filters[0].as_str();
                let operation = name.split('/').next().and_then(|name| name.parse().ok());
                let waits = operation.is_none_or(|number| self.requests.contains_key(&number));
                self.demand(!waits, "granted too late, and its caller waits");
            }
            other => self.demand(false, &format!("nothing was wrong: {other:?}")),
        }
    }

    fn demand_cause(&self, cause: &ConnectionLost) {
        let found = match cause {
            ConnectionLost::ByClient => Cause::ByClient,
            ConnectionLost::ByServer(_) => Cause::ByServer,
            ConnectionLost::Eof => Cause::Eof,
            ConnectionLost::KeepAlive(_) => Cause::KeepAlive,
            other => return self.demand(false, &format!("{other:?}")),
        };
        let expected = self.cause;
        self.demand(
            expected == Some(found),
            &format!("{found:?} is no cause that there was, but {expected:?}"),
        );
    }

    /// What holds whenever there is nothing more to do.
    fn check(&self) {
        let session = &self.pair.session;
        self.demand(session.is_connected() == self.connected, "connected or not");
        if !self.connected {
            return self.demand(self.requests.is_empty(), "a request without a connection");
        }
        if let Some(limit) = session.config().operation_timeout {
            let now = self.pair.now;
            let in_time = |request: &Request| request.since + limit > now;
            self.demand(
                self.requests.values().all(in_time),
                "a request has waited for too long",
            );
        }
        let mut waiting = self.requests.keys();
        self.demand(
            !waiting.any(|operation| self.outbound.is_answered(*operation)),
            "a caller does not learn the answer",
        );
        if self.pair.room.is_some() {
            return;
        }
        let ids: Vec<u16> = self.pair.packet_ids();
        self.demand_ok(self.outbound.check(&ids, session.quota_taken()));
        self.demand_ok(self.inbound.check());
        let written =
            |(_, request): (&u64, &Request)| request.kind != Kind::Publish(QoS::AtMostOnce);
        self.demand(
            self.requests.iter().all(written),
            "QoS 0 waits although all is written",
        );
    }

    fn demand_ok(&self, result: Result<(), String>) {
        if let Err(what) = result {
            self.demand(false, &what);
        }
    }

    fn demand(&self, holds: bool, what: &str) {
        assert!(
            holds,
            "{what}\n{} of a session that {}:\n{}\n",
            self.version(),
            if self.is_kept { "is kept" } else { "ends" },
            self.log.join("\n")
        );
    }
}
