//! Does what rules, commands and the base behaviour ask for, step by step.

use std::sync::Arc;

use bytes::Bytes;
use nack_codec::{Packet, QoS};
use tokio::time::Instant;

use super::backlog::Backlog;
use super::script::{Request, Script, Turn};
use super::{Connection, Ending, OUTBOX_LIMIT, PORTION, TURN, Upstream};
use crate::action::encode::Context;
use crate::action::reply::{Body, Reply};
use crate::action::{Listen, Step, Treatment};
use crate::base::Answered;
use crate::later::later;
use crate::shared::{Access, State};
use crate::{Closed, Direction, EntryKind};

impl Connection {
    /// Does what a script asks for, as far as it is not to wait.
    pub(super) fn perform(&mut self, script: Script) {
        let shared = self.shared.clone();
        self.perform_in(&mut shared.access(), script);
        shared.announce();
    }

    pub(super) fn perform_in(&mut self, access: &mut Access<'_>, mut script: Script) {
        while self.ending.is_none() {
            if self.is_to_wait(&script) {
                // Each step has its own.
                script.treatment = Treatment::default();
                self.backlog.push(script);
                break;
            }
            let Some(step) = script.steps.pop_front() else {
                break;
            };
            let step = match step {
                Step::Repeat(step, times) => {
                    self.begin_again(access, *step, times, &mut script);
                    continue;
                }
                Step::Treated(step, treatment) => {
                    script.treatment = treatment;
                    *step
                }
                step => {
                    script.treatment = Treatment::default();
                    step
                }
            };
            if let Step::Delay(duration) = step {
                self.schedule.add(later(Instant::now(), duration), script);
                break;
            }
            self.step(access, step, &mut script);
        }
        if self.ending.is_none() {
            self.deliver(access);
        }
        access.state().ring();
    }

    /// Whether a script is not to go on: others wait, or there is no room for what it sends next.
    fn is_to_wait(&self, script: &Script) -> bool {
        let Some(next) = script.steps.front() else {
            return false;
        };
        if !self.backlog.is_empty() {
            return match script.turn {
                Turn::Behind => true,
                Turn::SendsBehind => next.sends(),
                Turn::AtOnce => false,
            };
        }
        self.lacks_room(script)
    }

    /// Whether there is no room for what a script sends next. A packet of the base behaviour is
    /// small, and is sent at once, as is what must not wait.
    pub(super) fn lacks_room(&self, script: &Script) -> bool {
        let is_waited_for = |next: &Step| match next {
            Step::Repeat(..) => self.packets >= TURN || self.outbox.len() >= PORTION,
            _ => {
                let is_full = self.outbox.len() >= OUTBOX_LIMIT;
                is_full || !self.upstream.as_ref().is_none_or(Upstream::has_room)
            }
        };
        let may_wait = !script.judged && script.turn != Turn::AtOnce;
        may_wait
            && script
                .steps
                .front()
                .is_some_and(|next| next.sends() && is_waited_for(next))
    }

    /// Goes on with what waits, as far as there is room; whether there was any.
    pub(super) fn resume(&mut self, access: &mut Access<'_>) -> bool {
        let mut resumed = false;
        let delivers = std::mem::replace(&mut self.delivers, true);
        while self.ending.is_none()
            && self.backlog.first().is_some_and(|it| !self.lacks_room(it))
            && let Some(script) = self.backlog.take_first()
        {
            resumed = true;
            let others = std::mem::take(&mut self.backlog);
            let was_mute = self.mute;
            self.perform_in(access, script);
            // What it could not do comes before the others.
            if was_mute == self.mute {
                self.backlog.append(others);
            }
        }
        self.delivers = delivers;
        resumed
    }

    /// Writes down that not all was sent.
    pub(super) fn note_backlog(&self) {
        if self.backlog.is_empty() {
            return;
        }
        let note = "the connection ended before all that was to be sent had room to be sent";
        let to = Direction::ToClient;
        let record = &mut self.shared.state().record;
        record.note(&self.source, to, note.into());
        self.shared.announce();
    }

    /// Does a step once more, and the rest of its times when there is room for that.
    fn begin_again(
        &mut self,
        access: &mut Access<'_>,
        step: Step,
        times: u32,
        script: &mut Script,
    ) {
        if step.holds_back() && !self.may_hold() {
            let note = format!("packets that are not held back, as too many are: {times}");
            let (to, rule) = (Direction::ToClient, script.rule.clone());
            let record = &mut access.state().record;
            record.note_of_rule(&self.source, to, note.into(), rule);
            return;
        }
        self.packets += 1;
        if times > 1 {
            let rest = Step::Repeat(Box::new(step.clone()), times - 1);
            script.steps.push_front(rest);
        }
        script.steps.push_front(step);
    }

    fn step(&mut self, access: &mut Access<'_>, step: Step, script: &mut Script) {
        match step {
            Step::Send(reply) => self.send(access, &reply, script),
            Step::Raw(bytes) => {
                if let Some(request) = &mut script.request {
                    let answered = Answered::from_wire(&bytes, request.source.version);
                    self.settle(access.state(), request, answered);
                }
                self.send_bytes(access, bytes, script);
            }
            Step::AsUsual => self.act_as_usual(access, script),
            Step::Release(release) => self.release(access, release),
            Step::ForgetSession => {
                if let Some(client_id) = &self.source.client_id {
                    access.state().behaviour.forget_session(client_id);
                }
            }
            Step::FallSilent => {
                self.mute = true;
                if let Some(link) = access.state().links.get_mut(&self.source.connection) {
                    link.is_mute = true;
                }
                self.backlog = Backlog::default();
            }
            Step::PassOn(packet) => {
                let (to, treatment) = (Direction::FromClient, &script.treatment);
                let packet =
                    self.mutated(access.state(), packet, treatment, to, script.rule.as_ref());
                let copies = self.copies(access.state(), &script.treatment, &packet);
                for _ in 0..copies {
                    self.pass_on(&packet);
                }
            }
            Step::Wire(fault) => self.begin_fault(access, &fault, script.rule.clone()),
            Step::Listen(change) => self.listen(access, change, script.rule.clone()),
            Step::Close => self.end_in(access, Direction::ToClient, Closed::Finished),
            Step::Reset => self.end_in(access, Direction::ToClient, Closed::Reset),
            // The delay, the treatment and the repetition of a treated step are of no use.
            Step::NoAnswer | Step::Delay(_) | Step::Treated(..) | Step::Repeat(..) => {}
        }
    }

    fn listen(&self, access: &mut Access<'_>, change: Listen, rule: Option<Arc<str>>) {
        let record = &mut access.state().record;
        if let Err(error) = self.shared.change_listening(change, record, rule.clone()) {
            let note = format!("cannot change whether it listens: {error}").into();
            record.note_of_broker(note, rule);
        }
    }

    fn act_as_usual(&mut self, access: &mut Access<'_>, script: &mut Script) {
        let Some(request) = &mut script.request else {
            return;
        };
        request.settled = true;
        request.usual = true;
        if request.direction == Direction::ToClient {
            let (packet, rule) = (request.raw.clone(), script.rule.clone());
            self.put(access, packet, rule, &script.treatment);
            return;
        }
        let state = access.state();
        let steps = request.received().map(|it| state.behaviour.handle(&it));
        self.learn(state);
        let mut usual = Script::of_base(steps.unwrap_or_default());
        if !script.treatment.is_none() {
            // What a rule has changed is the rule's.
            let treatment = script.treatment.clone();
            let treated = |step| Step::Treated(Box::new(step), treatment.clone());
            usual.steps = usual.steps.into_iter().map(treated).collect();
            usual.rule.clone_from(&script.rule);
            usual.judged = false;
        }
        self.perform_in(access, usual);
    }

    pub(super) fn end_in(&mut self, access: &mut Access<'_>, by: Direction, how: Closed) {
        let state = access.state();
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

    /// What becomes of a packet without an identifier that is to be acknowledged by one: no identifier
    /// is made up, which could be that of another message. It is handled as usual, unless that is done
    /// anyway, or it was answered otherwise.
    fn leave_unacknowledged(
        &mut self,
        access: &mut Access<'_>,
        reply: &Reply,
        script: &mut Script,
    ) {
        let packet = reply.packet_type().name();
        let note = format!("no {packet} is sent, as the packet has no identifier");
        let (to, rule) = (Direction::ToClient, script.rule.clone());
        let record = &mut access.state().record;
        record.note_of_rule(&self.source, to, note.into(), rule);
        let Some(request) = &script.request else {
            return;
        };
        let is_answered = request.settled && request.direction == Direction::FromClient;
        if !is_answered && !request.usual && !script.steps.iter().any(Step::is_as_usual) {
            let treatment = std::mem::take(&mut script.treatment);
            self.act_as_usual(access, script);
            script.treatment = treatment;
        }
    }

    fn send(&mut self, access: &mut Access<'_>, reply: &Reply, script: &mut Script) {
        if self.ask_behind(access, reply, script) {
            return;
        }
        let asked = script.request.as_ref().and_then(Request::received);
        let completed = asked.as_ref().and_then(|received| {
            reply.with_method_of(received).or_else(|| {
                let usual = || access.state().behaviour.usual_codes(received);
                reply.with_usual_codes(received, usual)
            })
        });
        let reply = completed.as_ref().unwrap_or(reply);
        if reply.needs_packet_id() && asked.is_some_and(|it| it.packet_id().is_none()) {
            return self.leave_unacknowledged(access, reply, script);
        }
        if let Some(reason) = reply.unsayable(self.source.version) {
            let packet = reply.packet_type().name();
            let note = format!("3.1.1 has no {packet} that says {reason}: closed instead").into();
            let (to, rule) = (Direction::ToClient, script.rule.clone());
            let record = &mut access.state().record;
            record.note_of_rule(&self.source, to, note, rule);
            return self.end_in(access, to, Closed::Finished);
        }
        if reply.leaves_out_properties(self.source.version) {
            let packet = reply.packet_type().name();
            let note = format!("{packet} has no properties in 3.1.1: sent without").into();
            let (to, rule) = (Direction::ToClient, script.rule.clone());
            let record = &mut access.state().record;
            record.note_of_rule(&self.source, to, note, rule);
        }
        let mut context = Context {
            version: self.source.version,
            packet_id: 1,
            session_present: false,
            filters: 1,
        };
        let state = access.state();
        let mut replaces = false;
        if let Some(request) = &mut script.request {
            if let Some(received) = request.received() {
                context.packet_id = received.packet_id().unwrap_or(1);
                context.filters = match request.direction {
                    Direction::FromClient => received.filters().len(),
                    Direction::ToClient => received.reason_codes().len(),
                };
                if let Some(Packet::Connack(connack)) = received.packet() {
                    context.session_present = connack.session_present;
                }
                // A message in place of another has its identifier.
                replaces = request.direction == Direction::ToClient
                    && received.publish().is_some_and(|it| it.packet_id.is_some());
            }
            if request.direction == Direction::FromClient {
                let version = reply.version.unwrap_or(context.version);
                let answered = Answered::from_wire(&reply.encode(context), version);
                context.session_present = self.settle(state, request, answered);
            }
        }
        if !replaces
            && let Body::Publish {
                qos: qos @ 1..=2, ..
            } = reply.body
        {
            context.packet_id = self.next_packet_id(state, reply.packet_id);
            let qos = QoS::from_u8(qos).unwrap_or_default();
            let number = self.source.connection;
            state.behaviour.sent_unasked(number, context.packet_id, qos);
        }
        self.send_bytes(access, reply.encode(context), script);
        if reply.ends_connection() && self.ending.is_none() {
            self.end_in(access, Direction::ToClient, Closed::Finished);
        }
    }

    fn send_bytes(&mut self, access: &mut Access<'_>, bytes: Bytes, script: &Script) {
        if script.judged {
            self.emit(access, bytes);
        } else if script.answers() {
            self.answer(access, bytes, script);
        } else {
            self.put(access, bytes, script.rule.clone(), &script.treatment);
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
}
