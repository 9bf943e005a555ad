//! Steps become rules.

use std::time::Duration;

use nack_codec::{PacketType, QoS, TopicFilter, Version};

use super::matching::{Matching, Opening, Opens, Window};
use super::{
    Close, Corrupt, Drive, Expect, Mutate, On, Properties, ReleaseOrder, Reply, Scenario, Step,
};
use crate::action::{self, Action, Answer, Mutation};
use crate::matcher::{self, PacketMatcher};
use crate::{Reason, Received, Rule};

/// A step that cannot be what it says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadStep {
    /// It does not say which packet it is about.
    #[error("a step needs `on`, which packet it is about, or `forbid`")]
    NoMatcher,
    /// It is about a packet, and forbids another.
    #[error("`forbid` only watches: put it into a step of its own")]
    ForbidAndMore,
    /// It tells a client what to do, which a broker cannot.
    #[error(
        "`{key}` is for the conformance runner, which holds the client: the mock broker only \
         answers; use `on` with `reply`, `drive` or `expect`"
    )]
    ForTheRunner {
        /// `client`, `check` or `reconnect`.
        key: &'static str,
    },
    /// A key stands where it has no meaning.
    #[error("`{key}` has no place in {place}")]
    Misplaced {
        /// The key.
        key: &'static str,
        /// Where it stands.
        place: &'static str,
    },
    /// A packet needs what is not there.
    #[error("{packet} needs `{key}`")]
    Missing {
        /// The packet.
        packet: &'static str,
        /// The key.
        key: &'static str,
    },
    /// No broker sends such a packet.
    #[error("a broker does not send {packet}; send its bytes with `send_hex`")]
    NotFromBroker {
        /// The packet.
        packet: &'static str,
    },
    /// No client sends such a packet.
    #[error(
        "a client does not send {packet}: use `to_client = true` where it is on its way to one"
    )]
    NotFromClient {
        /// The packet.
        packet: &'static str,
    },
    /// A topic filter is not one.
    #[error("`{filter}` is not a topic filter: {reason}")]
    TopicFilter {
        /// What was written.
        filter: String,
        /// Why not.
        reason: String,
    },
    /// A number is outside of its range.
    #[error("`{key}` must be {range}")]
    OutOfRange {
        /// The key.
        key: &'static str,
        /// What it may be.
        range: &'static str,
    },
    /// `reply` stands beside a list of things to do, so that their order cannot be told.
    #[error("`reply` beside a list of `drive` has no place in its order: put it into the list")]
    ReplyBesideList,
    /// It changes how something is sent, and sends nothing.
    #[error("`{key}` changes what is sent, and `hold` sends nothing")]
    NothingSent {
        /// The key.
        key: &'static str,
    },
}

impl BadStep {
    /// The key that is wrong, if it is one.
    pub(crate) fn key(&self) -> Option<&'static str> {
        match self {
            Self::NoMatcher => None,
            Self::ForbidAndMore => Some("forbid"),
            Self::ReplyBesideList => Some("reply"),
            Self::NotFromBroker { .. } | Self::NotFromClient { .. } | Self::Missing { .. } => {
                Some("packet")
            }
            Self::TopicFilter { .. } => Some("topic"),
            Self::ForTheRunner { key }
            | Self::Misplaced { key, .. }
            | Self::OutOfRange { key, .. }
            | Self::NothingSent { key } => Some(key),
        }
    }
}

/// What a step inherits from its scenario.
#[derive(Default)]
struct Place {
    versions: Vec<Version>,
    /// What chance begins with.
    seed: u64,
    /// Opened when the step before this one is hit; at once, where there is none.
    after: Option<Opening>,
    /// To be opened when this step is hit.
    opens: Option<Opening>,
}

impl Step {
    /// The rule that this step is.
    ///
    /// # Errors
    ///
    /// Where it is none.
    pub fn rule(&self) -> Result<Rule, BadStep> {
        self.rule_at(Place::default())
    }

    fn rule_at(&self, place: Place) -> Result<Rule, BadStep> {
        let runner = [
            ("client", self.client.is_some()),
            ("check", self.check.is_some()),
            ("reconnect", self.reconnect.is_some()),
        ];
        if let Some((key, _)) = runner.into_iter().find(|(_, there)| *there) {
            return Err(BadStep::ForTheRunner { key });
        }
        let mut rule = match (&self.on, &self.forbid) {
            (None, None) => return Err(BadStep::NoMatcher),
            (None, Some(forbid)) => self.forbidding(forbid, place)?,
            (Some(_), Some(_)) => return Err(BadStep::ForbidAndMore),
            (Some(on), None) => self.acting(on, place)?,
        };
        if let Some(name) = &self.name {
            rule = rule.named(name);
        }
        Ok(rule.with_step(self.clone()))
    }

    fn forbidding(&self, forbid: &On, place: Place) -> Result<Rule, BadStep> {
        let more = !self.reply.is_empty()
            || !self.drive.is_empty()
            || self.times.is_some()
            || self.expect.is_some();
        if more {
            return Err(BadStep::ForbidAndMore);
        }
        let opening = place.after.clone().unwrap_or_else(Opening::now);
        let length = forbid.for_ms.map(Duration::from_millis);
        let matching = Matching {
            window: Some(Window::new(opening, length)),
            ..forbid.matching(&place)?
        };
        Ok(Rule::given(matching).expect(Expect::NEVER))
    }

    fn acting(&self, on: &On, place: Place) -> Result<Rule, BadStep> {
        if on.for_ms.is_some() {
            return Err(BadStep::Misplaced {
                key: "for_ms",
                place: "`on`",
            });
        }
        let actions = self.seeded_actions(place.seed)?;
        let mut matching = on.matching(&place)?;
        let mut opens = place.opens;
        if actions.is_empty() {
            // A rule that only watches has no answer that could open anything.
            matching.opens = opens.take().map(Opens::new);
        }
        let mut rule = Rule::given(matching);
        match opens {
            None => {
                for action in actions {
                    rule = rule.then(action);
                }
            }
            Some(opening) => {
                rule = rule.then_with(move |_: &Received<'_>| {
                    opening.open();
                    actions.clone()
                });
            }
        }
        if let Some(times) = self.times {
            rule = rule.times(times);
        }
        Ok(rule.expect(self.expect.unwrap_or(Expect::AT_LEAST_ONCE)))
    }
}

impl Scenario {
    /// The rules that its steps are, in their order.
    ///
    /// # Errors
    ///
    /// Where a step is none: which, counted from 0, and why.
    pub fn rules(&self) -> Result<Vec<Rule>, (usize, BadStep)> {
        let versions: Vec<Version> = self.versions.iter().map(|version| version.0).collect();
        let mut after = None;
        let mut rules = Vec::new();
        for (index, step) in self.steps.iter().enumerate() {
            let is_followed = step.forbid.is_none()
                && self.steps[index + 1..]
                    .first()
                    .is_some_and(|next| next.forbid.is_some());
            let opens = is_followed.then(Opening::default);
            let place = Place {
                versions: versions.clone(),
                // Steps with the same probability are not to fall on the same packets.
                seed: self.seed.unwrap_or_default().wrapping_add(index as u64),
                after: after.clone(),
                opens: opens.clone(),
            };
            let rule = step.rule_at(place).map_err(|error| (index, error))?;
            rules.push(rule);
            if step.forbid.is_none() {
                after = opens;
            }
        }
        Ok(rules)
    }
}

impl On {
    fn matching(&self, place: &Place) -> Result<Matching, BadStep> {
        let versions = match self.version {
            Some(version) => vec![version.0],
            // A connection that was just opened speaks nothing yet.
            None if self.opened => Vec::new(),
            None => place.versions.clone(),
        };
        let properties = self.properties.iter().flat_map(|wanted| wanted.encoded());
        Ok(Matching {
            packet: self.packet_matcher(place.seed)?,
            versions,
            properties: properties.collect(),
            window: None,
            opens: None,
        })
    }

    fn packet_matcher(&self, seed: u64) -> Result<PacketMatcher, BadStep> {
        let mut matcher = self.kind()?;
        if let Some(client) = &self.client {
            matcher = matcher.client(client);
        }
        if let Some(pattern) = &self.client_like {
            matcher = matcher.client_like(pattern);
        }
        if let Some(number) = self.connection {
            matcher = matcher.connection(number);
        }
        if let Some(number) = self.connection_of_client {
            matcher = matcher.connection_of_client(number);
        }
        if let Some(set) = self.clean_start {
            matcher = matcher.clean_start(set);
        }
        if let Some(set) = self.will {
            matcher = matcher.will(set);
        }
        if let Some(seconds) = self.keep_alive {
            matcher = matcher.keep_alive(seconds);
        }
        if let Some(name) = &self.user_name {
            matcher = matcher.user_name(name);
        }
        if let Some(set) = self.session_present {
            matcher = matcher.session_present(set);
        }
        if let Some(filter) = &self.topic {
            if let Err(error) = TopicFilter::try_from(filter.as_str()) {
                return Err(BadStep::TopicFilter {
                    filter: filter.clone(),
                    reason: error.to_string(),
                });
            }
            matcher = matcher.topic(filter);
        }
        if let Some(filter) = &self.filter {
            matcher = matcher.filter(filter);
        }
        if let Some(level) = self.qos {
            matcher = matcher.qos(qos(level)?);
        }
        if let Some(packet_id) = self.packet_id {
            matcher = matcher.packet_id(packet_id);
        }
        if let Some(code) = self.reason {
            matcher = matcher.reason(code);
        }
        if let Some(payload) = &self.payload {
            matcher = matcher.payload(payload.bytes());
        }
        if let Some(part) = &self.payload_contains {
            matcher = matcher.payload_contains(part.bytes());
        }
        if let Some(set) = self.dup {
            matcher = matcher.dup(set);
        }
        if let Some(set) = self.retain {
            matcher = matcher.retain(set);
        }
        for name in self.has.iter() {
            matcher = matcher.has_property(name.0);
        }
        for name in self.lacks.iter() {
            matcher = matcher.no_property(name.0);
        }
        self.turns(matcher, seed)
    }

    /// Which of the packets that fulfil all the rest.
    fn turns(&self, mut matcher: PacketMatcher, seed: u64) -> Result<PacketMatcher, BadStep> {
        let count = |key, count: Option<u32>| match count {
            Some(0) => Err(BadStep::OutOfRange {
                key,
                range: "1 or more: the first is 1",
            }),
            count => Ok(count),
        };
        if let Some(nth) = count("nth", self.nth)? {
            matcher = matcher.nth(nth);
        }
        if let Some(n) = count("every", self.every)? {
            matcher = matcher.every(n);
        }
        if let Some(probability) = self.probability {
            if !(0.0..=1.0).contains(&probability) {
                return Err(BadStep::OutOfRange {
                    key: "probability",
                    range: "from 0.0 to 1.0",
                });
            }
            matcher = matcher.probability(probability, seed);
        }
        if self.per_connection {
            matcher = matcher.per_connection();
        }
        Ok(matcher)
    }

    fn kind(&self) -> Result<PacketMatcher, BadStep> {
        let kinds = [
            ("packet", self.packet.is_some()),
            ("malformed", self.malformed),
            ("opened", self.opened),
        ];
        if let Some((key, _)) = kinds.into_iter().filter(|(_, there)| *there).nth(1) {
            return Err(BadStep::Misplaced {
                key,
                place: "`on` that is about something else already",
            });
        }
        let matcher = match self.packet {
            _ if self.opened => matcher::opened(),
            _ if self.malformed => matcher::malformed(),
            None => matcher::any_packet(),
            Some(name) => of_type(name.0),
        };
        if self.to_client {
            return Ok(matcher.to_client());
        }
        match self.packet {
            Some(name) if !from_client(name.0) => Err(BadStep::NotFromClient {
                packet: name.0.name(),
            }),
            _ => Ok(matcher),
        }
    }
}

const fn of_type(packet: PacketType) -> PacketMatcher {
    match packet {
        PacketType::Connect => matcher::connect(),
        PacketType::Connack => matcher::connack(),
        PacketType::Publish => matcher::publish(),
        PacketType::Puback => matcher::puback(),
        PacketType::Pubrec => matcher::pubrec(),
        PacketType::Pubrel => matcher::pubrel(),
        PacketType::Pubcomp => matcher::pubcomp(),
        PacketType::Subscribe => matcher::subscribe(),
        PacketType::Suback => matcher::suback(),
        PacketType::Unsubscribe => matcher::unsubscribe(),
        PacketType::Unsuback => matcher::unsuback(),
        PacketType::Pingreq => matcher::pingreq(),
        PacketType::Pingresp => matcher::pingresp(),
        PacketType::Disconnect => matcher::disconnect(),
        PacketType::Auth => matcher::auth(),
    }
}

const fn from_client(packet: PacketType) -> bool {
    !matches!(
        packet,
        PacketType::Connack | PacketType::Suback | PacketType::Unsuback | PacketType::Pingresp
    )
}

impl Step {
    /// What it does, in order; nothing, if it watches.
    #[cfg(feature = "control")]
    pub(crate) fn actions(&self) -> Result<Vec<Action>, BadStep> {
        self.seeded_actions(0)
    }

    fn seeded_actions(&self, seed: u64) -> Result<Vec<Action>, BadStep> {
        let mut actions = Vec::new();
        match self.drive.0.as_slice() {
            [] => put_replies(&mut actions, &self.reply, &Ok)?,
            [drive] if drive.reply.is_empty() => drive.put(&mut actions, &self.reply, seed)?,
            many if self.reply.is_empty() => {
                for drive in many {
                    drive.put(&mut actions, &drive.reply, seed)?;
                }
            }
            _ => return Err(BadStep::ReplyBesideList),
        }
        // Who says nothing of what is sent, and does not take the packet away, wants it answered.
        if !self.drive.is_empty() && self.reply.is_empty() && !self.drive.iter().any(Drive::settles)
        {
            actions.push(action::as_usual());
        }
        Ok(actions)
    }
}

impl Drive {
    /// Whether the packet is answered with this, or is to have no answer.
    fn settles(&self) -> bool {
        self.sends(&self.reply) || self.treats().is_some() || self.hold || self.ends()
    }

    fn sends(&self, replies: &[Reply]) -> bool {
        !replies.is_empty() || self.send_hex.is_some() || self.as_usual
    }

    const fn ends(&self) -> bool {
        matches!(self.close, Some(Close::Fin | Close::Rst)) || self.fall_silent
    }

    /// The key by which it changes what it sends, if it does.
    fn treats(&self) -> Option<&'static str> {
        let keys = [
            ("mutate", !self.mutate.is_empty()),
            ("truncate", self.truncate.is_some()),
            ("copies", self.copies.is_some()),
            ("hold_back", self.hold_back),
        ];
        let key = keys.into_iter().find(|(_, there)| *there);
        key.map(|(key, _)| key)
    }

    fn put(&self, actions: &mut Vec<Action>, replies: &[Reply], seed: u64) -> Result<(), BadStep> {
        if let Some(delay_ms) = self.delay_ms {
            actions.push(action::delay(Duration::from_millis(delay_ms)));
        }
        if self.forget_session {
            actions.push(action::forget_session());
        }
        self.put_wire_faults(actions, seed)?;
        let sends = self.sends(replies);
        if self.hold {
            if let Some(key) = self.treats().or_else(|| sends.then_some("reply")) {
                return Err(BadStep::NothingSent { key });
            }
            actions.push(action::no_answer());
        }
        let treat = |action| self.treated(action, seed);
        put_replies(actions, replies, &treat)?;
        if let Some(bytes) = &self.send_hex {
            actions.push(treat(action::raw(&bytes.0))?);
        }
        if self.as_usual || (!sends && self.treats().is_some()) {
            actions.push(treat(action::as_usual())?);
        }
        if let Some(options) = self.release {
            let mut release = action::release();
            match options.order {
                Some(ReleaseOrder::Reversed) => release = release.reversed(),
                Some(ReleaseOrder::Shuffled) => release = release.shuffled(seed),
                Some(ReleaseOrder::AsHeld) | None => {}
            }
            if let Some(packets) = options.once_held {
                release = release.once_held(packets);
            }
            actions.push(release.into());
        }
        if self.fall_silent {
            actions.push(action::fall_silent());
        }
        match self.close {
            Some(Close::Fin) => actions.push(action::close()),
            Some(Close::Rst) => actions.push(action::reset()),
            Some(Close::Half) => actions.push(action::half_close()),
            None => {}
        }
        Ok(())
    }

    fn put_wire_faults(&self, actions: &mut Vec<Action>, seed: u64) -> Result<(), BadStep> {
        if self.heal {
            actions.push(action::heal());
        }
        match self.split.0.as_slice() {
            [] => {}
            [size] => actions.push(action::chunks_of(*size)),
            sizes => actions.push(action::chunks(sizes.iter().copied())),
        }
        if let Some(pace) = self.pace {
            actions.push(action::pace(pace.bytes_per_s));
        }
        if let Some(packets) = self.coalesce {
            actions.push(action::coalesce(packets));
        }
        if let Some(Corrupt { probability }) = self.corrupt {
            if !(0.0..=1.0).contains(&probability) {
                return Err(BadStep::OutOfRange {
                    key: "probability",
                    range: "from 0.0 to 1.0",
                });
            }
            actions.push(action::corrupt(probability, seed));
        }
        let switches = [
            (self.stop_reading, action::stop_reading()),
            (self.resume_reading, action::resume_reading()),
            (self.stop_writing, action::stop_writing()),
            (self.resume_writing, action::resume_writing()),
        ];
        actions.extend(switches.into_iter().filter(|(on, _)| *on).map(|(_, it)| it));
        if let Some(stall_ms) = self.stall_ms {
            actions.push(action::stall(Duration::from_millis(stall_ms)));
        }
        if let Some(bytes) = self.close_after_bytes {
            actions.push(action::close_after(bytes));
        }
        if let Some(bytes) = self.reset_after_bytes {
            actions.push(action::reset_after(bytes));
        }
        Ok(())
    }

    /// The action with what is done to its bytes.
    fn treated(&self, mut action: Action, seed: u64) -> Result<Action, BadStep> {
        for mutate in self.mutate.iter() {
            for mutation in mutate.mutations(seed)? {
                action = action.mutate(mutation);
            }
        }
        if let Some(bytes) = self.truncate {
            action = action.mutate(Mutation::truncate(bytes));
        }
        if let Some(copies) = self.copies {
            action = action.repeat(copies);
        }
        if self.hold_back {
            action = action.hold();
        }
        Ok(action)
    }
}

impl Mutate {
    /// What it changes, in order.
    fn mutations(&self, seed: u64) -> Result<Vec<Mutation>, BadStep> {
        let mut mutations = Vec::new();
        let four_bits = |key, bits| match bits {
            Some(16..) => Err(BadStep::OutOfRange {
                key,
                range: "0 to 15: four bits",
            }),
            bits => Ok(bits),
        };
        mutations.extend(four_bits("flags", self.flags)?.map(Mutation::flags));
        let packet_type = four_bits("packet_type", self.packet_type)?;
        mutations.extend(packet_type.map(Mutation::packet_type));
        mutations.extend(self.packet_id.map(Mutation::packet_id));
        mutations.extend(self.reason.map(|code| Mutation::reason_code(code.number())));
        for (id, value) in self.add_property.iter().flat_map(Properties::encoded) {
            mutations.push(Mutation::add_raw_property(id as u8, value));
        }
        for property in self.add_raw_property.iter() {
            mutations.push(Mutation::add_raw_property(property.id, &property.value.0));
        }
        let doubled = self
            .double_property
            .map(|name| Mutation::double_property(name.0));
        mutations.extend(doubled);
        let removed = self
            .remove_property
            .map(|name| Mutation::remove_property(name.0));
        mutations.extend(removed);
        mutations.extend(self.shorten.map(Mutation::shorten));
        mutations.extend(self.remaining_length.map(Mutation::remaining_length));
        if let Some(bytes) = self.length_bytes {
            if !(1..=5).contains(&bytes) {
                return Err(BadStep::OutOfRange {
                    key: "length_bytes",
                    range: "1 to 5",
                });
            }
            mutations.push(Mutation::length_bytes(bytes));
        }
        for set in self.set.iter() {
            mutations.push(Mutation::set_byte(set.at, set.value));
        }
        for flip in self.flip.iter() {
            mutations.push(Mutation::flip_bits(flip.at, flip.bits));
        }
        let flips = self
            .flip_randomly
            .map(|count| Mutation::flip_randomly(count, seed));
        mutations.extend(flips);
        if let Some(bytes) = &self.append_hex {
            mutations.push(Mutation::append(&bytes.0));
        }
        Ok(mutations)
    }
}

/// More than these are a flood that only costs memory.
const REPEATS: u32 = 100_000;

fn put_replies(
    actions: &mut Vec<Action>,
    replies: &[Reply],
    treat: &dyn Fn(Action) -> Result<Action, BadStep>,
) -> Result<(), BadStep> {
    for reply in replies {
        let repeat = reply.repeat.unwrap_or(1);
        if repeat == 0 || repeat > REPEATS {
            return Err(BadStep::OutOfRange {
                key: "repeat",
                range: "1 to 100000",
            });
        }
        let action = treat(reply.action()?)?;
        actions.extend((0..repeat).map(|_| action.clone()));
    }
    Ok(())
}

impl Reply {
    /// The packet as an action.
    fn action(&self) -> Result<Action, BadStep> {
        let packet = self.packet.0;
        self.check_keys(packet)?;
        let reason: Reason = self.reason.map_or_else(|| 0.into(), Into::into);
        let codes = || self.reasons.iter().flatten().copied();
        match packet {
            PacketType::Connack => {
                let mut answer = action::connack(reason);
                if let Some(present) = self.session_present {
                    answer = answer.session_present(present);
                }
                self.finish(answer)
            }
            PacketType::Puback => self.finish(action::puback(reason)),
            PacketType::Pubrec => self.finish(action::pubrec(reason)),
            PacketType::Pubrel => self.finish(action::pubrel(reason)),
            PacketType::Pubcomp => self.finish(action::pubcomp(reason)),
            PacketType::Suback if self.reasons.is_some() => self.finish(action::suback(codes())),
            PacketType::Suback => self.finish(action::suback_each(reason)),
            PacketType::Unsuback if self.reasons.is_some() => {
                self.finish(action::unsuback(codes()))
            }
            PacketType::Unsuback => self.finish(action::unsuback_each(reason)),
            PacketType::Disconnect => self.finish(action::disconnect(reason)),
            PacketType::Auth => self.finish(action::auth(reason)),
            PacketType::Pingresp => self.finish(action::pingresp()),
            PacketType::Publish => {
                let Some(topic) = &self.topic else {
                    return Err(BadStep::Missing {
                        packet: "PUBLISH",
                        key: "topic",
                    });
                };
                let payload = self.payload.as_ref().map_or(&[][..], |it| it.bytes());
                let mut answer = action::publish(topic.bytes(), payload);
                if let Some(level) = self.qos {
                    answer = answer.qos(qos(level)?);
                }
                if let Some(set) = self.retain {
                    answer = answer.retain(set);
                }
                if let Some(set) = self.dup {
                    answer = answer.dup(set);
                }
                self.finish(answer)
            }
            PacketType::Connect
            | PacketType::Subscribe
            | PacketType::Unsubscribe
            | PacketType::Pingreq => Err(BadStep::NotFromBroker {
                packet: packet.name(),
            }),
        }
    }

    /// Keys that are of one packet alone stand in no other.
    fn check_keys(&self, packet: PacketType) -> Result<(), BadStep> {
        use PacketType::{Connack, Pingresp, Publish, Suback, Unsuback};
        let coded = !matches!(packet, Publish | Pingresp);
        let publish = packet == Publish;
        let keys = [
            ("reason", self.reason.is_some(), coded),
            (
                "reasons",
                self.reasons.is_some(),
                matches!(packet, Suback | Unsuback),
            ),
            (
                "session_present",
                self.session_present.is_some(),
                packet == Connack,
            ),
            ("topic", self.topic.is_some(), publish),
            ("payload", self.payload.is_some(), publish),
            ("qos", self.qos.is_some(), publish),
            ("retain", self.retain.is_some(), publish),
            ("dup", self.dup.is_some(), publish),
        ];
        match keys.into_iter().find(|(_, there, fits)| *there && !fits) {
            Some((key, ..)) => Err(BadStep::Misplaced {
                key,
                place: packet.name(),
            }),
            None => Ok(()),
        }
    }

    /// Says what can be said of every packet.
    fn finish<P>(&self, mut answer: Answer<P>) -> Result<Action, BadStep> {
        for properties in self.properties.iter() {
            for (id, value) in properties.encoded() {
                answer = answer.raw_property(id as u8, value);
            }
        }
        for property in self.raw_properties.iter() {
            answer = answer.raw_property(property.id, &property.value.0);
        }
        if let Some(packet_id) = self.packet_id {
            answer = answer.packet_id(packet_id);
        }
        match self.flags {
            Some(flags @ 0..=15) => answer = answer.flags(flags),
            Some(_) => {
                return Err(BadStep::OutOfRange {
                    key: "flags",
                    range: "0 to 15: four bits",
                });
            }
            None => {}
        }
        if let Some(form) = self.form {
            answer = answer.form(form.into());
        }
        if let Some(version) = self.version {
            answer = answer.version(version.0);
        }
        if self.stay_open {
            answer = answer.stay_open();
        }
        Ok(answer.into())
    }
}

fn qos(level: u8) -> Result<QoS, BadStep> {
    QoS::ALL
        .get(usize::from(level))
        .copied()
        .ok_or(BadStep::OutOfRange {
            key: "qos",
            range: "0, 1 or 2",
        })
}
