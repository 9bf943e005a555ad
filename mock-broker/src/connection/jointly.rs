//! Answers that a rule and the broker behind give together: the rule speaks of some topic filters of
//! a request, and that broker of the others.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use nack_codec::{Packet, PacketType, ReasonCode, Subscribe, Unsubscribe, Version};

use super::Connection;
use super::script::Script;
use crate::action::reply::{Body, Codes, Reply};
use crate::action::{Reason, Step, Treatment};
use crate::base::Answered;
use crate::shared::Access;
use crate::{Direction, EntryKind, Received};

/// What rules have said about requests that the broker behind is still to answer.
#[derive(Default)]
pub(super) struct Jointly {
    /// By the type of the answer, and the packet identifier.
    waiting: HashMap<(PacketType, u16), Vec<Part>>,
    bytes: usize,
}

/// What a rule says of one answer.
struct Part {
    reply: Reply,
    /// Its code for each topic filter of the request, where it has one.
    told: Vec<Option<Reason>>,
    rule: Option<Arc<str>>,
    treatment: Treatment,
}

impl Jointly {
    /// Of what waits.
    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }

    fn add(&mut self, answer: (PacketType, u16), part: Part) {
        self.bytes += part.bytes();
        self.waiting.entry(answer).or_default().push(part);
    }

    fn take(&mut self, answer: (PacketType, u16)) -> Option<Vec<Part>> {
        let parts = self.waiting.remove(&answer)?;
        self.bytes -= parts.iter().map(Part::bytes).sum::<usize>();
        Some(parts)
    }
}

impl Part {
    fn bytes(&self) -> usize {
        size_of::<Self>() + size_of_val(&self.told[..]) + self.reply.bytes()
    }

    /// The whole answer, of which the broker behind has given its part.
    fn completed(mut self, answered: &Answered, packet: &Bytes, version: Version) -> Script {
        let is_bare = version == Version::V311
            && answered.packet == PacketType::Unsuback
            && answered.codes.is_empty();
        let mut others = answered.codes.iter().copied().map(Reason::from);
        let mut codes = Vec::new();
        for told in self.told {
            let other = match told {
                // It was not asked.
                Some(reason) if is_refusal(reason) => None,
                // The UNSUBACK of 3.1.1 has no codes, and says of all that it is done.
                _ if is_bare => Some(ReasonCode::Success.into()),
                _ => others.next(),
            };
            codes.extend(told.or(other));
        }
        codes.extend(others);
        if self.reply.properties.is_empty() {
            self.reply.take_properties_of(packet, version);
        }
        self.reply.packet_id.get_or_insert(answered.packet_id);
        self.reply.body = Body::Suback {
            packet: answered.packet,
            codes: Codes::List(codes),
        };
        let step = match self.treatment.is_none() {
            true => Step::Send(self.reply),
            false => Step::Treated(Box::new(Step::Send(self.reply)), self.treatment),
        };
        Script::of_part(self.rule, step)
    }
}

impl Connection {
    /// Asks the broker behind about those topic filters of a request that an answer leaves open;
    /// whether there is anything to ask. The refused ones are kept from it.
    pub(super) fn ask_behind(
        &mut self,
        access: &mut Access<'_>,
        reply: &Reply,
        script: &mut Script,
    ) -> bool {
        let Some(request) = &mut script.request else {
            return false;
        };
        let is_known = access
            .state()
            .behaviour
            .is_known_behind(self.source.connection);
        if !is_known || request.usual || request.direction != Direction::FromClient {
            return false;
        }
        let asked = request.received().and_then(|received| {
            let told = reply.told(&received)?;
            let left = left_open(&received, &told, self.source.version)?;
            Some((received.packet_id()?, told, left))
        });
        let (Some((packet_id, told, left)), Some(upstream)) = (asked, &mut self.upstream) else {
            return false;
        };
        let answer = (reply.packet_type(), packet_id);
        if !request.settled {
            request.settled = true;
            // Of an earlier request with this identifier, which is another one's now.
            upstream.jointly.take(answer);
        }
        let part = Part {
            reply: reply.clone(),
            told,
            rule: script.rule.clone(),
            treatment: script.treatment.clone(),
        };
        let is_first = !upstream.jointly.waiting.contains_key(&answer);
        upstream.jointly.add(answer, part);
        if is_first {
            self.pass_on(&left);
        }
        true
    }

    /// Answers with what the broker behind has said and what rules say; whether this packet of it is
    /// such an answer.
    pub(super) fn answer_jointly(&mut self, access: &mut Access<'_>, packet: &Bytes) -> bool {
        let version = self.source.version;
        let Some(upstream) = &mut self.upstream else {
            return false;
        };
        let answered = Answered::from_wire(packet, version);
        let parts = answered.and_then(|answered| {
            let parts = upstream
                .jointly
                .take((answered.packet, answered.packet_id))?;
            Some((answered, parts))
        });
        let Some((answered, parts)) = parts else {
            return false;
        };
        let rule = parts.first().and_then(|part| part.rule.clone());
        let (to, kind) = (Direction::ToClient, EntryKind::Withheld);
        let record = &mut access.state().record;
        record.add(&self.source, to, kind, packet.clone(), None, rule);
        for part in parts {
            let script = part.completed(&answered, packet, version);
            self.perform_in(access, script);
        }
        true
    }
}

const fn is_refusal(reason: Reason) -> bool {
    reason.code() >= 0x80
}

/// The request without the topic filters that are refused; `None` where there is no other.
fn left_open(received: &Received<'_>, told: &[Option<Reason>], version: Version) -> Option<Bytes> {
    let is_open = |told: &Option<Reason>| !told.is_some_and(is_refusal);
    if told.iter().all(is_open) {
        return Some(received.raw().clone());
    }
    let mut bytes = BytesMut::new();
    match received.packet()? {
        Packet::Subscribe(subscribe) => {
            let all = subscribe.subscriptions.iter().zip(told);
            let open: Vec<_> = all
                .filter(|(_, told)| is_open(told))
                .map(|it| it.0)
                .collect();
            let packet = Subscribe {
                subscriptions: open[..].into(),
                ..*subscribe
            };
            Packet::Subscribe(packet).encode(version, &mut bytes)
        }
        Packet::Unsubscribe(unsubscribe) => {
            let all = unsubscribe.filters.iter().zip(told);
            let open: Vec<_> = all
                .filter(|(_, told)| is_open(told))
                .map(|it| it.0)
                .collect();
            let packet = Unsubscribe {
                filters: open[..].into(),
                ..*unsubscribe
            };
            Packet::Unsubscribe(packet).encode(version, &mut bytes)
        }
        _ => return None,
    }
    // One without topic filters is refused by the codec.
    .ok()?;
    Some(bytes.freeze())
}
