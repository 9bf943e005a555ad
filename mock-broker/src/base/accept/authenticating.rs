//! Enhanced authentication (section 4.12): exchanges of AUTH before a client is let in, and when a
//! client that is in authenticates again.

use std::sync::Arc;

use bytes::Bytes;
use nack_codec::{Auth, AuthReason, Binary, Connect, Packet, Property, ReasonCode, Text, Version};

use super::capacity::Capacity;
use super::scram::{Credentials, Scram, Terms, nonce};
use super::{Accept, connecting};
use crate::Received;
use crate::action::{Action, Step, auth, connack, disconnect};
use crate::base::Answered;
use crate::base::settings::{Authentication, Settings};
use crate::received::decode;

/// A client that is proving who it is.
pub(super) struct Exchange {
    method: Arc<str>,
    stage: Stage,
}

/// A client that has sent CONNECT and is not answered yet.
pub(super) struct Applicant {
    /// The CONNECT.
    pub(super) connect: Bytes,
    pub(super) capacity: Capacity,
    /// `None` where rules do the asking.
    pub(super) exchange: Option<Exchange>,
}

enum Stage {
    /// The client's first message is to come.
    Begun,
    Scram(Box<Scram>),
    /// The answer to the challenge of this number is to come.
    Asked(usize),
}

/// Where one message of the client leads.
enum Outcome {
    Challenge(Vec<u8>),
    Success {
        data: Option<Vec<u8>>,
        user: Option<Arc<str>>,
    },
    Failure,
}

impl Exchange {
    fn new(method: &str) -> Self {
        Self {
            method: method.into(),
            stage: Stage::Begun,
        }
    }

    /// The next message of the client. `number` is another for each.
    fn advance(
        &mut self,
        data: Option<&[u8]>,
        settings: &Settings,
        credentials: &Credentials,
        number: u64,
    ) -> Outcome {
        let Some(authentication) = settings.authentication(&self.method) else {
            return Outcome::Failure;
        };
        match authentication {
            Authentication::ScramSha256 {
                salt,
                iterations,
                server_nonce,
            } => {
                let stage = std::mem::replace(&mut self.stage, Stage::Begun);
                let data = data.unwrap_or_default();
                if let Stage::Scram(scram) = stage {
                    return match scram.finish(data) {
                        Some((user, server_final)) => Outcome::Success {
                            data: Some(server_final.into_bytes()),
                            user: Some(user.into()),
                        },
                        None => Outcome::Failure,
                    };
                }
                let made = nonce(number, data);
                let terms = Terms {
                    credentials,
                    salt,
                    iterations: *iterations,
                    server_nonce: server_nonce.as_deref().unwrap_or(&made),
                };
                match Scram::begin(data, &terms) {
                    Some((scram, server_first)) => {
                        self.stage = Stage::Scram(Box::new(scram));
                        Outcome::Challenge(server_first.into_bytes())
                    }
                    None => Outcome::Failure,
                }
            }
            Authentication::Scripted {
                initial,
                challenges,
                success,
                ..
            } => {
                let (expected, next) = match self.stage {
                    Stage::Asked(index) => (
                        challenges.get(index).and_then(|it| it.expect.as_ref()),
                        index + 1,
                    ),
                    _ => (initial.as_ref(), 0),
                };
                if expected.is_some_and(|expected| data != Some(expected)) {
                    return Outcome::Failure;
                }
                match challenges.get(next) {
                    Some(challenge) => {
                        self.stage = Stage::Asked(next);
                        Outcome::Challenge(challenge.send.clone())
                    }
                    None => Outcome::Success {
                        data: success.clone(),
                        user: None,
                    },
                }
            }
        }
    }
}

impl Accept {
    /// A CONNECT with an authentication method.
    pub(super) fn begin_authentication(
        &mut self,
        received: &Received<'_>,
        connect: &Connect<'_>,
        method: &str,
    ) -> Vec<Step> {
        let number = received.connection();
        if self.settings.authentication(method).is_none() {
            return vec![connecting::send(connack(
                ReasonCode::BadAuthenticationMethod,
            ))];
        }
        let applicant = Applicant {
            connect: received.raw().clone(),
            capacity: Capacity::of(connect),
            exchange: Some(Exchange::new(method)),
        };
        self.applicants.insert(number, applicant);
        self.advance_applicant(number, connect.properties.authentication_data())
    }

    /// A rule answered a CONNECT with a challenge of its own.
    pub(super) fn asked_by_rule(&mut self, number: u32, raw: &Bytes, capacity: Capacity) {
        let applicant = Applicant {
            connect: raw.clone(),
            capacity,
            exchange: None,
        };
        self.applicants.insert(number, applicant);
    }

    /// A rule answered an AUTH with CONNACK.
    pub(super) fn applicant_answered(&mut self, number: u32, answered: &Answered) -> Option<bool> {
        let applicant = self.applicants.remove(&number)?;
        match decode(&applicant.connect, Version::V5) {
            Some(Ok(Packet::Connect(connect))) => self.connect_answered(number, &connect, answered),
            _ => None,
        }
    }

    /// A packet between CONNECT and CONNACK.
    pub(super) fn handle_applicant(&mut self, number: u32, packet: &Packet<'_>) -> Vec<Step> {
        match packet {
            Packet::Auth(auth) => self.auth_of_applicant(number, auth),
            Packet::Disconnect(_) => vec![Step::Close],
            // [MQTT-3.1.2-30]
            _ => {
                self.applicants.remove(&number);
                vec![connecting::send(connack(ReasonCode::ProtocolError))]
            }
        }
    }

    fn auth_of_applicant(&mut self, number: u32, packet: &Auth<'_>) -> Vec<Step> {
        let exchange = self
            .applicants
            .get(&number)
            .and_then(|applicant| applicant.exchange.as_ref());
        let Some(exchange) = exchange else {
            return Vec::new();
        };
        // [MQTT-4.12.0-3], [MQTT-4.12.0-5]
        if packet.reason != AuthReason::ContinueAuthentication
            || packet.properties.authentication_method() != Some(&exchange.method)
        {
            self.applicants.remove(&number);
            return vec![connecting::send(connack(ReasonCode::ProtocolError))];
        }
        self.advance_applicant(number, packet.properties.authentication_data())
    }

    fn advance_applicant(&mut self, number: u32, data: Option<&[u8]>) -> Vec<Step> {
        let Some(mut applicant) = self.applicants.remove(&number) else {
            return Vec::new();
        };
        let Some(exchange) = &mut applicant.exchange else {
            return Vec::new();
        };
        self.exchanged += 1;
        match exchange.advance(data, &self.settings, &self.credentials, self.exchanged) {
            Outcome::Challenge(data) => {
                // [MQTT-4.12.0-2]
                let step = challenge(&exchange.method, &data);
                self.applicants.insert(number, applicant);
                vec![step]
            }
            // [MQTT-4.12.0-4]
            Outcome::Failure => vec![connecting::send(connack(ReasonCode::NotAuthorized))],
            Outcome::Success { data, user } => {
                let method = exchange.method.clone();
                let connect = decode(&applicant.connect, Version::V5);
                let Some(Ok(Packet::Connect(connect))) = connect else {
                    return vec![Step::Close];
                };
                let user = user.or_else(|| connect.user_name.map(|name| name.get().into()));
                let proof = said(&method, data.as_deref());
                let answer = self.welcome(number, &connect, user, &proof);
                vec![connecting::send(answer)]
            }
        }
    }

    /// An AUTH of a client that is let in: it authenticates again (section 4.12.1).
    pub(super) fn auth(&mut self, number: u32, packet: &Auth<'_>) -> Vec<Step> {
        let method = packet.properties.authentication_method();
        let Some(guest) = self.guests.get_mut(&number) else {
            return Vec::new();
        };
        // [MQTT-4.12.1-1], [MQTT-4.12.0-7]
        if method.is_none() || guest.method.as_deref() != method {
            let text = "AUTH of another authentication method than that of CONNECT";
            return self.refuse(number, ReasonCode::ProtocolError, text);
        }
        let exchange = match (packet.reason, guest.exchange.take()) {
            (AuthReason::ReAuthenticate, None) => guest.method.as_deref().map(Exchange::new),
            (AuthReason::ContinueAuthentication, Some(exchange)) => Some(exchange),
            _ => None,
        };
        let Some(mut exchange) = exchange else {
            let text = format!("AUTH out of turn that says {}", packet.reason);
            return self.refuse(number, ReasonCode::ProtocolError, &text);
        };
        self.exchanged += 1;
        let data = packet.properties.authentication_data();
        match exchange.advance(data, &self.settings, &self.credentials, self.exchanged) {
            Outcome::Challenge(data) => {
                let step = challenge(&exchange.method, &data);
                if let Some(guest) = self.guests.get_mut(&number) {
                    guest.exchange = Some(exchange);
                }
                vec![step]
            }
            Outcome::Success { data, user } => {
                if let Some(guest) = self.guests.get_mut(&number)
                    && user.is_some()
                {
                    guest.user = user;
                }
                vec![step(ReasonCode::Success, &exchange.method, data.as_deref())]
            }
            // [MQTT-4.12.1-2]
            Outcome::Failure => vec![Action::from(disconnect(ReasonCode::NotAuthorized)).0],
        }
    }
}

fn challenge(method: &str, data: &[u8]) -> Step {
    step(ReasonCode::ContinueAuthentication, method, Some(data))
}

fn step(reason: ReasonCode, method: &str, data: Option<&[u8]>) -> Step {
    let mut answer = auth(reason);
    for property in said(method, data) {
        answer = answer.property(property);
    }
    Action::from(answer).0
}

/// What a step of an exchange says to the client (`[MQTT-4.12.0-5]`).
fn said<'a>(method: &'a str, data: Option<&'a [u8]>) -> Vec<Property<'a>> {
    let method = Text::try_from(method).ok();
    let data = data.and_then(Binary::new);
    let method = method.map(Property::AuthenticationMethod);
    let data = data.map(Property::AuthenticationData);
    method.into_iter().chain(data).collect()
}
