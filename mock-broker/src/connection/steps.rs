//! Does what rules, commands and the base behaviour ask for, step by step.

use std::sync::Arc;

use bytes::Bytes;
use nack_codec::QoS;
use tokio::time::Instant;

use super::script::{Request, Script};
use super::{Connection, Ending, OUTBOX_LIMIT};
use crate::action::Step;
use crate::action::encode::Context;
use crate::action::reply::{Body, Reply};
use crate::base::{Answered, Delivery};
use crate::shared::State;
use crate::{Closed, Direction, EntryKind};

impl Connection {
    /// Does what a script asks for, as far as it is not to wait.
    pub(super) fn perform(&mut self, script: Script) {
        let shared = self.shared.clone();
        self.perform_in(&mut shared.state(), script);
        shared.announce();
    }

    pub(super) fn perform_in(&mut self, state: &mut State, mut script: Script) {
        while self.ending.is_none()
            && let Some(step) = script.steps.pop_front()
        {
            match step {
                Step::Delay(duration) => {
                    self.schedule.add(Instant::now() + duration, script);
                    break;
                }
                Step::Send(reply) => self.send(state, &reply, &mut script),
                Step::Raw(bytes) => {
                    if let Some(request) = &mut script.request {
                        let answered = Answered::from_wire(&bytes, request.source.version);
                        self.settle(state, request, answered);
                    }
                    self.write(state, bytes, script.rule.clone());
                }
                Step::NoAnswer => {}
                Step::AsUsual => {
                    let steps = match &mut script.request {
                        Some(request) => {
                            request.settled = true;
                            let received = request.received();
                            received.map(|it| state.behaviour.handle(&it))
                        }
                        None => None,
                    };
                    self.learn(state);
                    self.perform_in(state, Script::of_base(steps.unwrap_or_default()));
                }
                Step::Close => self.end_in(state, Direction::ToClient, Closed::Finished),
                Step::Reset => self.end_in(state, Direction::ToClient, Closed::Reset),
            }
        }
        self.deliver(state);
        state.ring();
    }

    /// Takes messages for this client from the base behaviour, as far as there is room for them;
    /// whether anything is new.
    pub(super) fn deliver(&mut self, state: &mut State) -> bool {
        let next = state.record.next();
        for bytes in state.behaviour.take_dropped(self.source.connection) {
            self.note_drop(state, bytes);
        }
        while self.ending.is_none() && self.outbox.len() < OUTBOX_LIMIT {
            match state.behaviour.deliver(self.source.connection) {
                None => break,
                Some(Delivery::Send(bytes)) => self.write(state, bytes, None),
                Some(Delivery::Drop(bytes)) => self.note_drop(state, bytes),
            }
        }
        state.record.next() > next
    }

    fn note_drop(&self, state: &mut State, bytes: Bytes) {
        let (to, kind) = (Direction::ToClient, EntryKind::Dropped);
        state.record.add(&self.source, to, kind, bytes, None, None);
    }

    pub(super) fn end_in(&mut self, state: &mut State, by: Direction, how: Closed) {
        self.ending = Some(Ending { by, how });
        let number = self.source.connection;
        state.links.remove(&number);
        let kind = EntryKind::Closed(how);
        let source = &self.source;
        state.record.add(source, by, kind, Bytes::new(), None, None);
        state.behaviour.ended(number);
        self.shared.rules.forget(number);
        state.ring();
    }

    fn send(&mut self, state: &mut State, reply: &Reply, script: &mut Script) {
        let mut context = Context {
            version: self.source.version,
            packet_id: 1,
            session_present: false,
            filters: 1,
        };
        if let Some(request) = &mut script.request {
            if let Some(received) = request.received() {
                context.packet_id = received.packet_id().unwrap_or(1);
                context.filters = received.filters().len();
            }
            let version = reply.version.unwrap_or(context.version);
            let answered = Answered::from_wire(&reply.encode(context), version);
            context.session_present = self.settle(state, request, answered);
        }
        if let Body::Publish {
            qos: qos @ 1..=2, ..
        } = reply.body
        {
            context.packet_id = self.next_packet_id(state, reply.packet_id);
            let qos = QoS::from_u8(qos).unwrap_or_default();
            let number = self.source.connection;
            state.behaviour.sent_unasked(number, context.packet_id, qos);
        }
        self.write(state, reply.encode(context), script.rule.clone());
        if reply.ends_connection() {
            self.end_in(state, Direction::ToClient, Closed::Finished);
        }
    }

    /// Tells the base behaviour what its packet was answered; returns whether there was a session.
    fn settle(
        &mut self,
        state: &mut State,
        request: &mut Request,
        answered: Option<Answered>,
    ) -> bool {
        if request.settled {
            return false;
        }
        let Some(answered) = answered else {
            return false;
        };
        let Some(received) = request.received() else {
            return false;
        };
        let Some(session_present) = state.behaviour.answered(&received, &answered) else {
            return false;
        };
        request.settled = true;
        self.learn(state);
        session_present
    }

    /// Looks up what the base behaviour decided about the client when it let it in.
    pub(super) fn learn(&mut self, state: &mut State) {
        let number = self.source.connection;
        self.keep_alive = state.behaviour.keep_alive(number);
        let Some(client_id) = state.behaviour.client_id(number) else {
            return;
        };
        if self.source.client_id.as_ref() != Some(&client_id) {
            self.source.client_id = Some(client_id.clone());
            if let Some(link) = state.links.get_mut(&number) {
                link.client_id = Some(client_id);
            }
        }
    }

    fn next_packet_id(&mut self, state: &mut State, told: Option<u16>) -> u16 {
        if let Some(told) = told {
            return told;
        }
        let number = self.source.connection;
        state.behaviour.next_packet_id(number).unwrap_or_else(|| {
            self.packet_id = self.packet_id.checked_add(1).unwrap_or(1);
            self.packet_id
        })
    }

    fn write(&mut self, state: &mut State, bytes: Bytes, rule: Option<Arc<str>>) {
        self.outbox.extend_from_slice(&bytes);
        let kind = EntryKind::Packet;
        let to = Direction::ToClient;
        state.record.add(&self.source, to, kind, bytes, None, rule);
    }
}
