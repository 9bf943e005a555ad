//! From a packet that is to be sent to bytes that are written: rules of that way, what an action
//! does to its packets, the journal, and the faults of the wire.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf, Bytes};
use nack_codec::PacketType;
use tokio::io::AsyncWrite;
use tokio::time::Instant;

use super::held::Held;
use super::script::{Request, Script};
use super::{Connection, SCHEDULE_BYTES, SCHEDULE_LIMIT};
use crate::action::{Action, Release, Treatment};
use crate::base::Delivery;
use crate::rule::{Mounted, RuleSet};
use crate::shared::{Access, State};
use crate::wire_fault::{Room, WireFault};
use crate::{Direction, EntryKind, Received};

impl Connection {
    /// Takes messages for this client from the base behaviour, as far as there is room for them;
    /// whether anything is new.
    pub(super) fn deliver(&mut self, access: &mut Access<'_>) -> bool {
        if std::mem::replace(&mut self.delivers, true) {
            return false;
        }
        let number = self.source.connection;
        let next = access.state().record.next();
        for bytes in access.state().behaviour.take_dropped(number) {
            self.note_drop(access.state(), bytes, None);
        }
        while self.ending.is_none() && !self.mute && self.has_room() && self.backlog.is_empty() {
            match access.state().behaviour.deliver(number) {
                None => break,
                Some(Delivery::Send(bytes)) => self.emit(access, bytes),
                Some(Delivery::Drop(bytes)) => self.note_drop(access.state(), bytes, None),
            }
        }
        self.delivers = false;
        access.state().record.next() > next
    }

    /// Sends a packet of the base behaviour, unless a rule does something else about it.
    pub(super) fn emit(&mut self, access: &mut Access<'_>, packet: Bytes) {
        match self.intercept(access, &packet, RuleSet::judge) {
            Some(script) => self.perform_in(access, script),
            // Behind what waits, so that all is sent in its order.
            None if !self.backlog.is_empty() => self.backlog.push(Script::of_packet(packet)),
            None => self.put(access, packet, None, &Treatment::default()),
        }
    }

    /// Sends what a rule answers with, unless a rule that is about such answers too does something
    /// else about it.
    pub(super) fn answer(&mut self, access: &mut Access<'_>, packet: Bytes, script: &Script) {
        match self.intercept(access, &packet, RuleSet::judge_answer) {
            Some(other) => self.perform_in(access, other.treating(&script.treatment)),
            None => self.put(access, packet, script.rule.clone(), &script.treatment),
        }
    }

    /// Asks the rules about a packet to the client.
    fn intercept(
        &self,
        access: &mut Access<'_>,
        packet: &Bytes,
        judge: impl Fn(&RuleSet, &Received<'_>) -> Option<(Arc<Mounted>, Vec<Action>)>,
    ) -> Option<Script> {
        if !self.shared.rules.are_about_sent(packet) {
            return None;
        }
        // Closures of the user's run without the lock.
        access.unlock();
        let to = Direction::ToClient;
        let received = Received::new(&self.source, to, packet, None)?;
        let topic = Self::topic_of(access, &received);
        let received = received.meaning(topic.as_ref());
        let (rule, actions) = judge(&self.shared.rules, &received)?;
        let title: Arc<str> = rule.title().into();
        access.state().record.add(
            &self.source,
            to,
            EntryKind::Withheld,
            packet.clone(),
            None,
            Some(title.clone()),
        );
        let request = Request {
            source: self.source.clone(),
            direction: to,
            raw: packet.clone(),
            error: None,
            topic,
            // The base behaviour has sent it, whatever becomes of it.
            settled: true,
            usual: false,
        };
        Some(Script::of_rule(title, actions, request))
    }

    /// Sends a packet that nobody judges any more.
    pub(super) fn put(
        &mut self,
        access: &mut Access<'_>,
        packet: Bytes,
        rule: Option<Arc<str>>,
        treatment: &Treatment,
    ) {
        let packet = self.mutated(
            access.state(),
            packet,
            treatment,
            Direction::ToClient,
            rule.as_ref(),
        );
        if treatment.holds() && !self.may_hold() {
            self.note_drop(access.state(), packet, rule);
            return;
        }
        let copies = self.copies(access.state(), treatment, &packet);
        if treatment.holds() && copies > 0 {
            let kind = packet.first().and_then(|it| PacketType::from_u8(it >> 4));
            let name = kind.map_or("what is no packet", PacketType::name);
            let note = format!("{name} is held back").into();
            let (to, rule) = (Direction::ToClient, rule.clone());
            let record = &mut access.state().record;
            record.note_of_rule(&self.source, to, note, rule);
        }
        for _ in 0..copies {
            let (bytes, rule) = (packet.clone(), rule.clone());
            if treatment.holds() {
                self.held.push(Held { bytes, rule });
            } else {
                self.write(access.state(), bytes, rule);
            }
        }
    }

    /// The packet with the mutations of an action. One that has nothing to change was not what its
    /// author meant.
    pub(super) fn mutated(
        &self,
        state: &mut State,
        packet: Bytes,
        treatment: &Treatment,
        direction: Direction,
        rule: Option<&Arc<str>>,
    ) -> Bytes {
        let mutated = treatment.mutate(packet.clone(), self.source.version);
        if treatment.mutates() && mutated == packet {
            let note = "the mutation changes nothing in the next packet";
            let record = &mut state.record;
            record.note_of_rule(&self.source, direction, note.into(), rule.cloned());
        }
        mutated
    }

    /// Whether more may be held back. Nothing is read any more before this is full: only who asks for
    /// too much at once has it dropped.
    pub(super) fn may_hold(&self) -> bool {
        self.held.len() < 2 * SCHEDULE_LIMIT && self.held.bytes() < 2 * SCHEDULE_BYTES
    }

    /// How often the packet is sent: as often as the action says, where that is not too much at once.
    pub(super) fn copies(&self, state: &mut State, treatment: &Treatment, packet: &Bytes) -> usize {
        let asked = treatment.copies() as usize;
        let most = (SCHEDULE_BYTES / packet.len().max(1)).max(1);
        if asked > most {
            let left_out = asked - most;
            let note = format!("copies that are left out, as all are too many bytes: {left_out}");
            let to = Direction::ToClient;
            state.record.note(&self.source, to, note.into());
        }
        asked.min(most)
    }

    pub(super) fn release(&mut self, access: &mut Access<'_>, release: Release) {
        for Held { bytes, rule } in self.held.take(release) {
            self.write(access.state(), bytes, rule);
        }
    }

    pub(super) fn write(&mut self, state: &mut State, bytes: Bytes, rule: Option<Arc<str>>) {
        let Some(sent) = self.wire.send(bytes.clone()) else {
            self.note_drop(state, bytes, rule);
            return;
        };
        self.outbox.extend_from_slice(&sent);
        state.behaviour.written(self.source.connection, &bytes);
        let (to, kind) = (Direction::ToClient, EntryKind::Packet);
        state.record.add(&self.source, to, kind, sent, None, rule);
    }

    fn note_drop(&self, state: &mut State, bytes: Bytes, rule: Option<Arc<str>>) {
        let (to, kind) = (Direction::ToClient, EntryKind::Dropped);
        state.record.add(&self.source, to, kind, bytes, None, rule);
    }

    pub(super) fn begin_fault(
        &mut self,
        access: &mut Access<'_>,
        fault: &WireFault,
        rule: Option<Arc<str>>,
    ) {
        self.wire.begin(fault, Instant::now());
        let (to, note) = (Direction::ToClient, fault.to_string().into());
        let record = &mut access.state().record;
        record.note_of_rule(&self.source, to, note, rule);
        if let Some(how) = self.wire.is_cut() {
            self.end_in(access, to, how);
        }
    }

    /// Writes what waits, as far as the faults of the wire let it.
    pub(super) fn poll_write(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if std::mem::take(&mut self.breathes) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.room_at = None;
        let now = Instant::now();
        match self.wire.room(now) {
            Room::Nothing(at) => {
                self.room_at = at;
                Poll::Pending
            }
            Room::Close => {
                let closed = ready!(Pin::new(&mut self.transport).poll_shutdown(cx));
                self.wire.half_closed();
                Poll::Ready(closed)
            }
            Room::Bytes(bytes) => {
                let transport = Pin::new(&mut self.transport);
                let written = match ready!(transport.poll_write(cx, &self.outbox[..bytes])) {
                    Ok(0) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                    Ok(written) => written,
                    Err(error) => return Poll::Ready(Err(error)),
                };
                self.outbox.advance(written);
                self.breathes = self.wire.wrote(written, now);
                Poll::Ready(Ok(()))
            }
        }
    }

    pub(super) fn handle_written(&mut self) {
        if let Some(how) = self.wire.is_cut() {
            let (to, lost) = (Direction::ToClient, self.outbox.len());
            if lost > 0 {
                let note = format!("bytes of what was sent that were never written: {lost}");
                let record = &mut self.shared.state().record;
                record.note(&self.source, to, note.into());
            }
            self.outbox.clear();
            self.end(to, how);
        }
    }
}
