//! CONNECT, CONNACK and DISCONNECT: who is let in, with which session, and how clients leave.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use nack_codec::{
    Connect, DecodeError, DecodeErrorKind, Disconnect, DisconnectReason, MAXIMUM_PACKET_SIZE,
    Packet, PacketType, Property, ReasonCode, Role, Version,
};

use super::aliases::{Incoming, Outgoing};
use super::capacity::{Capacity, untold};
use super::limits::SESSIONS;
use super::session::{Expiry, Session};
use super::wills::{Farewell, Will};
use super::{Accept, Guest};
use crate::action::{Action, Answer, Connack, Step, connack, disconnect};
use crate::base::{Answered, Limits};
use crate::{Received, User};

/// How long a client that has said goodbye may take to close the connection (`[MQTT-3.14.4-2]`)
/// before the broker does (section 3.14.4).
const GOODBYE: Duration = Duration::from_secs(1);

/// On which terms a client is let in.
struct Admission {
    client_id: Arc<str>,
    user: Option<Arc<str>>,
    /// In seconds.
    keep_alive: u16,
    /// In seconds, of MQTT 5.0.
    session_expiry_interval: u32,
    maximum_packet_size: u32,
    limits: Limits,
}

/// The protocol level of MQTT 3.1.1.
const LEVEL_OF_3_1_1: u8 = 4;

/// Protocol name and level of MQTT 3.1.
const MQTT_3_1: &[u8] = b"\x00\x06MQIsdp\x03";

/// The first byte of a CONNECT.
const CONNECT: u8 = (PacketType::Connect as u8) << 4;

/// The first byte of a CONNACK.
const CONNACK: u8 = (PacketType::Connack as u8) << 4;

impl Accept {
    /// A packet of somebody who is not let in yet.
    pub(super) fn handle_stranger(&mut self, received: &Received<'_>) -> Vec<Step> {
        let number = received.connection();
        match (received.packet(), received.decode_error()) {
            (Some(packet), _) if self.applicants.contains_key(&number) => {
                self.handle_applicant(number, packet)
            }
            (None, Some(error)) if self.applicants.remove(&number).is_some() => {
                // [MQTT-3.14.0-1]: what ends it before it has begun is CONNACK.
                refuse_malformed(received.raw(), error)
            }
            (Some(Packet::Connect(connect)), _) => self.connect(received, connect),
            // A rule took the CONNECT: to this broker the client is not there.
            _ if received.client_id().is_some() => Vec::new(),
            // What begins like a TLS handshake is not spoken to in MQTT.
            (None, Some(error)) if received.raw().first() == Some(&CONNECT) => {
                refuse_malformed(received.raw(), error)
            }
            // [MQTT-3.1.0-1]
            _ => vec![Step::Close],
        }
    }

    fn connect(&mut self, received: &Received<'_>, connect: &Connect<'_>) -> Vec<Step> {
        let id = connect.client_id.get();
        let v311 = connect.version == Version::V311;
        if id.is_empty() && v311 && !connect.clean_start {
            // 3.1.1 [MQTT-3.1.3-8]; in MQTT 5.0 no client identifier is refused.
            return vec![send(connack(ReasonCode::ClientIdentifierNotValid))];
        }
        if let Some(method) = connect.properties.authentication_method() {
            return self.begin_authentication(received, connect, method);
        }
        if let Err(reason) = self.judge_user(connect) {
            return vec![send(connack(reason))];
        }
        let user = connect.user_name.map(|name| name.get().into());
        vec![send(self.welcome(
            received.connection(),
            connect,
            user,
            &[],
        ))]
    }

    /// Lets a client in that has authenticated, unless there is something else against it. `proof`
    /// is what it is told about that.
    pub(super) fn welcome(
        &mut self,
        number: u32,
        connect: &Connect<'_>,
        user: Option<Arc<str>>,
        proof: &[Property<'_>],
    ) -> Answer<Connack> {
        let id = connect.client_id.get();
        let v311 = connect.version == Version::V311;
        if let Some(will) = &connect.will
            && let Err(reason) = self.settings.limits.judge_will(will, connect.version)
        {
            return connack(reason);
        }
        if self.sessions.len() >= SESSIONS && !self.sessions.contains_key(id) {
            self.forget_expired();
        }
        if self.sessions.len() >= SESSIONS && !self.sessions.contains_key(id) {
            let reason = match connect.version {
                Version::V5 => ReasonCode::QuotaExceeded,
                Version::V311 => ReasonCode::ServerUnavailable,
            };
            return connack(reason);
        }
        let client_id = self.client_id_for(id, None);
        let limits = self.settings.limits.clone();
        let asked = connect.properties.session_expiry_interval().unwrap_or(0);
        let given = asked.min(limits.session_expiry_maximum.unwrap_or(u32::MAX));
        let keep_alive = match limits.server_keep_alive {
            // [MQTT-3.2.2-21]
            Some(seconds) if !v311 => seconds,
            _ => connect.keep_alive,
        };
        let mut answer = connack(0);
        if !v311 && id.is_empty() {
            // [MQTT-3.1.3-7]
            answer = answer.assigned_client_identifier(&client_id);
        }
        if !v311 && self.maximum_packet_size < MAXIMUM_PACKET_SIZE {
            answer = answer.maximum_packet_size(self.maximum_packet_size);
        }
        if !v311 {
            answer = limits.announce(answer);
        }
        if !v311 && given != asked {
            answer = answer.session_expiry_interval(given);
        }
        for property in proof {
            answer = answer.property(*property);
        }
        if !Capacity::of(connect).takes_answer(answer.clone()) {
            // Nothing of it is optional ([MQTT-3.2.2-16], [MQTT-4.12.0-5], section 3.2.2.3), and so
            // the client is not let in: no session changes, and nobody is taken over.
            return untold();
        }
        let admission = Admission {
            client_id,
            user,
            keep_alive,
            session_expiry_interval: given,
            maximum_packet_size: self.maximum_packet_size,
            limits,
        };
        answer.session_present(self.admit(number, connect, admission))
    }

    /// Whether the user may connect.
    fn judge_user(&self, connect: &Connect<'_>) -> Result<(), ReasonCode> {
        if self.settings.users.is_empty() {
            return Ok(());
        }
        let Some(name) = connect.user_name else {
            return Err(ReasonCode::NotAuthorized);
        };
        let password = connect.password.map(|password| password.get());
        let is_right = |user: &User| user.name == name.get() && password == Some(&user.password);
        if self.settings.users.iter().any(is_right) {
            Ok(())
        } else {
            Err(ReasonCode::BadUserNameOrPassword)
        }
    }

    /// A rule has answered the CONNECT.
    pub(super) fn connect_answered(
        &mut self,
        number: u32,
        connect: &Connect<'_>,
        answered: &Answered,
    ) -> Option<bool> {
        if answered.code() != 0 {
            return Some(false);
        }
        let assigned = answered.assigned_client_identifier.as_deref();
        let client_id = self.client_id_for(connect.client_id.get(), assigned);
        let keep_alive = answered.server_keep_alive.unwrap_or(connect.keep_alive);
        let asked = connect.properties.session_expiry_interval().unwrap_or(0);
        let admission = Admission {
            client_id,
            user: connect.user_name.map(|name| name.get().into()),
            keep_alive,
            session_expiry_interval: answered.session_expiry_interval.unwrap_or(asked),
            maximum_packet_size: answered.maximum_packet_size.unwrap_or(u32::MAX),
            limits: answered.limits.clone(),
        };
        Some(self.admit(number, connect, admission))
    }

    /// Lets a client in; whether its session was there.
    fn admit(&mut self, number: u32, connect: &Connect<'_>, admission: Admission) -> bool {
        let client_id = admission.client_id;
        self.applicants.remove(&number);
        self.take_over(&client_id);
        let expiry = match connect.version {
            Version::V311 if connect.clean_start => Expiry::AtOnce,
            Version::V311 => Expiry::Never,
            Version::V5 => Expiry::of_seconds(admission.session_expiry_interval),
        };
        let session = self.sessions.get(&client_id);
        let present = !connect.clean_start && session.is_some_and(|session| !session.has_expired());
        if present {
            // [MQTT-3.1.3-9]
            self.delayed.remove(&client_id);
        } else {
            // [MQTT-3.1.2-4]
            self.drop_session(&client_id);
        }
        let session = self
            .sessions
            .entry(client_id.clone())
            .or_insert_with(|| Session::new(expiry));
        session.expiry = expiry;
        session.attach(number);
        let properties = connect.properties;
        let guest = Guest {
            user: admission.user,
            capacity: Capacity::of(connect),
            incoming_aliases: Incoming::default(),
            outgoing_aliases: Outgoing::new(
                properties
                    .topic_alias_maximum()
                    .unwrap_or(0)
                    .min(self.settings.limits.outgoing_topic_aliases),
            ),
            limits: admission.limits,
            maximum_packet_size: admission.maximum_packet_size,
            is_told: false,
            open: HashSet::new(),
            method: properties.authentication_method().map(Into::into),
            exchange: None,
            keep_alive: (admission.keep_alive > 0)
                // [MQTT-3.1.2-22]
                .then(|| Duration::from_secs(admission.keep_alive.into()).mul_f32(1.5)),
            expires_at_once: properties.session_expiry_interval().unwrap_or(0) == 0,
            will: connect
                .will
                .as_ref()
                .map(|will| Will::new(will, client_id.clone())),
            client_id,
        };
        self.guests.insert(number, guest);
        present
    }

    /// A packet goes to the client: with a CONNACK that lets it in, it knows that it is.
    pub(super) fn tell(&mut self, number: u32, packet: &[u8]) {
        if packet.first() != Some(&CONNACK) {
            return;
        }
        if let Some(guest) = self.guests.get_mut(&number) {
            let answered = Answered::from_wire(packet, guest.capacity.version);
            guest.is_told |= answered.is_some_and(|answered| answered.code() == 0);
        }
    }

    /// Sends away the client that uses this identifier now (`[MQTT-3.1.4-3]`).
    fn take_over(&mut self, client_id: &str) {
        let session = self.sessions.get(client_id);
        let Some(old) = session.and_then(|session| session.connection) else {
            return;
        };
        self.send_away(old, ReasonCode::SessionTakenOver);
        self.leave(old, Farewell::Abnormal);
    }

    /// Has a connection closed, and the client told why where its version knows how, once it knows
    /// that it is let in. What else it says is not heard.
    pub(super) fn send_away(&mut self, number: u32, reason: ReasonCode) {
        let told = self.guests.get(&number).filter(|guest| guest.is_told);
        let order = match told.map(|guest| guest.capacity) {
            Some(capacity) if capacity.version == Version::V5 => {
                let order = Action::from(disconnect(reason)).0;
                self.fitted(number, capacity, vec![order])
            }
            _ => vec![Step::Close],
        };
        self.orders.entry(number).or_default().extend(order);
        self.rings.insert(number);
        self.gone.insert(number);
    }

    pub(super) fn disconnect(&mut self, number: u32, packet: &Disconnect<'_>) -> Vec<Step> {
        if !packet.reason.may_be_sent_by(Role::Client) {
            let text = format!("DISCONNECT of a client that says {}", packet.reason);
            return self.refuse(number, ReasonCode::ProtocolError, &text);
        }
        if let Some(seconds) = packet.properties.session_expiry_interval() {
            let guest = self.guests.get(&number);
            let maximum = guest.and_then(|guest| guest.limits.session_expiry_maximum);
            if seconds > 0 && guest.is_some_and(|guest| guest.expires_at_once) {
                return self.refuse(
                    number,
                    ReasonCode::ProtocolError,
                    "a session expiry interval in DISCONNECT, and none in CONNECT",
                );
            }
            if let Some(session) = self.session(number) {
                session.expiry = Expiry::of_seconds(seconds.min(maximum.unwrap_or(u32::MAX)));
            }
        }
        let farewell = match packet.reason {
            // [MQTT-3.14.4-3]
            DisconnectReason::NormalDisconnection => Farewell::Normal,
            _ => Farewell::Abnormal,
        };
        self.gone.insert(number);
        self.leave(number, farewell);
        vec![Step::Delay(GOODBYE), Step::Close]
    }

    /// The client is no longer connected.
    pub(super) fn leave(&mut self, number: u32, farewell: Farewell) {
        let Some(guest) = self.guests.remove(&number) else {
            return;
        };
        if let Some(session) = self.sessions.get_mut(&guest.client_id) {
            session.detach();
            if session.has_expired() {
                self.drop_session(&guest.client_id);
            }
        }
        self.execute_will(guest, farewell);
    }

    /// Ends a session, with all that is kept of it.
    pub(super) fn drop_session(&mut self, client_id: &str) {
        let Some(session) = self.sessions.remove(client_id) else {
            return;
        };
        if session.subscriptions > 0 {
            self.subscriptions.remove_session(client_id);
        }
        self.hasten_will(client_id);
    }

    fn forget_expired(&mut self) {
        let expired = self
            .sessions
            .iter()
            .filter(|(_, session)| session.has_expired())
            .map(|(client_id, _)| client_id.clone())
            .collect::<Vec<_>>();
        for client_id in expired {
            self.drop_session(&client_id);
        }
    }

    /// The identifier that a client goes by: its own, the one that it was told, or a new one.
    fn client_id_for(&mut self, own: &str, told: Option<&str>) -> Arc<str> {
        if !own.is_empty() {
            return own.into();
        }
        if let Some(told) = told {
            return told.into();
        }
        loop {
            self.assigned += 1;
            let client_id = format!("assigned-{}", self.assigned);
            if !self.sessions.contains_key(&*client_id) {
                return client_id.into();
            }
        }
    }
}

/// Refuses what was to be a CONNECT (section 4.13.1, 3.1.1 `[MQTT-3.1.2-2]`).
fn refuse_malformed(raw: &[u8], error: DecodeError) -> Vec<Step> {
    let is_older = match error.kind() {
        DecodeErrorKind::UnsupportedProtocolVersion { level } => level < LEVEL_OF_3_1_1,
        // MQTT 3.1 has another name.
        DecodeErrorKind::InvalidProtocolName => names_mqtt_3_1(raw),
        _ => false,
    };
    if is_older {
        // What is older than 3.1.1 understands the answer of 3.1.1 and no other.
        let answer = connack(ReasonCode::UnsupportedProtocolVersion);
        return vec![send(answer.version(Version::V311))];
    }
    match error.version() {
        // 3.1.1 has no return code for it.
        Version::V311 => vec![Step::Close],
        Version::V5 => {
            let text = format!("{error} [{}]", error.statement());
            vec![send(connack(error.reason_code()).reason_string(&text))]
        }
    }
}

/// Whether a CONNECT begins as one of MQTT 3.1, behind a remaining length of one to four bytes.
fn names_mqtt_3_1(raw: &[u8]) -> bool {
    let begins = |at: usize| raw.get(at..).is_some_and(|it| it.starts_with(MQTT_3_1));
    (2..=5).any(begins)
}

pub(super) fn send(answer: Answer<Connack>) -> Step {
    Action::from(answer).0
}
