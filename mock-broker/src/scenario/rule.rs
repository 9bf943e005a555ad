//! Steps become rules.

use std::time::Duration;

use nack_codec::{PacketType, QoS, TopicFilter, Version};

use super::matching::{Matching, Opening, Opens, Window};
use super::{Close, Drive, Expect, On, Reply, Scenario, Step};
use crate::action::{self, Action, Answer};
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
    /// It asks for what this version of the broker cannot do.
    #[error("this version of the mock broker cannot do `{key}`")]
    Unsupported {
        /// The key.
        key: &'static str,
    },
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
            | Self::Unsupported { key }
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
        let actions = self.actions()?;
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
    pub(crate) fn actions(&self) -> Result<Vec<Action>, BadStep> {
        let mut actions = Vec::new();
        match self.drive.0.as_slice() {
            [] => put_replies(&mut actions, &self.reply)?,
            [drive] if drive.reply.is_empty() => drive.put(&mut actions, &self.reply)?,
            many if self.reply.is_empty() => {
                for drive in many {
                    drive.put(&mut actions, &drive.reply)?;
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
        let sends = !self.reply.is_empty() || self.send_hex.is_some() || self.as_usual;
        sends || self.hold || self.close.is_some()
    }

    fn put(&self, actions: &mut Vec<Action>, replies: &[Reply]) -> Result<(), BadStep> {
        unsupported([
            ("mutate", !self.mutate.is_empty()),
            ("truncate", self.truncate.is_some()),
            ("split", self.split.is_some()),
            ("coalesce", self.coalesce),
            ("pace", self.pace.is_some()),
            ("stop_reading", self.stop_reading),
            ("close = \"half\"", self.close == Some(Close::Half)),
        ])?;
        if let Some(delay_ms) = self.delay_ms {
            actions.push(action::delay(Duration::from_millis(delay_ms)));
        }
        let sends = !replies.is_empty() || self.send_hex.is_some() || self.as_usual;
        if self.hold {
            if sends {
                return Err(BadStep::NothingSent { key: "reply" });
            }
            actions.push(action::no_answer());
        }
        put_replies(actions, replies)?;
        if let Some(bytes) = &self.send_hex {
            actions.push(action::raw(&bytes.0));
        }
        if self.as_usual {
            actions.push(action::as_usual());
        }
        match self.close {
            Some(Close::Fin) => actions.push(action::close()),
            Some(Close::Rst) => actions.push(action::reset()),
            Some(Close::Half) | None => {}
        }
        Ok(())
    }
}

/// More than these are a flood that only costs memory.
const REPEATS: u32 = 100_000;

fn put_replies(actions: &mut Vec<Action>, replies: &[Reply]) -> Result<(), BadStep> {
    for reply in replies {
        let repeat = reply.repeat.unwrap_or(1);
        if repeat == 0 || repeat > REPEATS {
            return Err(BadStep::OutOfRange {
                key: "repeat",
                range: "1 to 100000",
            });
        }
        let action = reply.action()?;
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

fn unsupported<const N: usize>(keys: [(&'static str, bool); N]) -> Result<(), BadStep> {
    match keys.into_iter().find(|(_, there)| *there) {
        Some((key, _)) => Err(BadStep::Unsupported { key }),
        None => Ok(()),
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
