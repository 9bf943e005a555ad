//! What is still to be done on a connection, and when.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use nack_codec::{DecodeError, PacketType, TopicName};
use tokio::time::Instant;

use super::weight::weight;
use crate::action::reply::Body;
use crate::action::{Action, Step, Treatment};
use crate::journal::Source;
use crate::{Direction, Received};

/// Steps in their order, as a rule or a command asked for them.
pub(crate) struct Script {
    pub(super) steps: VecDeque<Step>,
    /// What the steps are about; a command is about nothing.
    pub(super) request: Option<Request>,
    /// The title of the rule that asked for them.
    pub(crate) rule: Option<Arc<str>>,
    /// Whether what they send is judged by rules on its way to the client.
    pub(super) judged: bool,
    /// How what they send is sent.
    pub(super) treatment: Treatment,
    /// What they do while others wait for room.
    pub(super) turn: Turn,
}

/// What a script does while others wait for room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// Waits behind them, so that all is sent in its order.
    Behind,
    /// Waits behind them once it is to send something. What else is asked for from outside, as to
    /// write again or to close, must not wait for a client that does not read.
    SendsBehind,
    /// Waits for nobody: the connection may have to end.
    AtOnce,
}

/// A packet that came, kept for what is done about it later.
pub(super) struct Request {
    pub(super) source: Source,
    pub(super) direction: Direction,
    pub(super) raw: Bytes,
    pub(super) error: Option<DecodeError>,
    /// The topic that its topic alias stood for when it came.
    pub(super) topic: Option<TopicName>,
    /// Whether the base behaviour knows what the packet was answered.
    pub(super) settled: bool,
    /// Whether the packet was handled as if there were no rule.
    pub(super) usual: bool,
}

impl Script {
    pub(super) fn of_rule(rule: Arc<str>, actions: Vec<Action>, request: Request) -> Self {
        Self {
            steps: actions.into_iter().map(|action| action.0).collect(),
            request: Some(request),
            rule: Some(rule),
            judged: false,
            treatment: Treatment::default(),
            turn: Turn::Behind,
        }
    }

    /// What a rule does about a connection that was opened.
    pub(crate) fn of_opening(rule: String, actions: Vec<Action>) -> Self {
        Self {
            rule: Some(rule.into()),
            judged: false,
            ..Self::of_base(actions.into_iter().map(|action| action.0).collect())
        }
    }

    pub(super) fn of_command(actions: Vec<Action>) -> Self {
        Self {
            judged: false,
            turn: Turn::SendsBehind,
            ..Self::of_base(actions.into_iter().map(|action| action.0).collect())
        }
    }

    pub(super) fn of_base(steps: Vec<Step>) -> Self {
        Self {
            steps: steps.into(),
            request: None,
            rule: None,
            judged: true,
            treatment: Treatment::default(),
            turn: Turn::Behind,
        }
    }

    /// What a rule has to do with an answer that was not there yet when the rule was asked.
    pub(super) fn of_part(rule: Option<Arc<str>>, step: Step) -> Self {
        Self {
            rule,
            judged: false,
            ..Self::of_base(vec![step])
        }
    }

    /// Whether it waits for its time before it goes on.
    pub(super) fn delays(&self) -> bool {
        self.steps.iter().any(|step| matches!(step, Step::Delay(_)))
    }

    /// Whether it sends something.
    pub(super) fn sends(&self) -> bool {
        self.steps.iter().any(Step::sends)
    }

    /// Sends a packet that nobody judges any more.
    pub(super) fn of_packet(packet: Bytes) -> Self {
        Self {
            judged: false,
            ..Self::of_base(vec![Step::Raw(packet)])
        }
    }

    pub(super) fn at_once(self) -> Self {
        Self {
            turn: Turn::AtOnce,
            ..self
        }
    }

    /// The same, where the packet itself is sent as another rule says that sends it.
    pub(super) fn treating(mut self, treatment: &Treatment) -> Self {
        if !treatment.is_none() {
            for step in &mut self.steps {
                if matches!(step, Step::AsUsual) {
                    *step = Step::Treated(Box::new(Step::AsUsual), treatment.clone());
                }
            }
        }
        self
    }

    /// Whether it is what a rule does about a packet of the client.
    pub(super) fn answers(&self) -> bool {
        let mut request = self.request.iter();
        request.any(|it| it.direction == Direction::FromClient)
    }

    /// Whether the client is let in by this, or is not, and waits for it.
    fn admits(&self) -> bool {
        self.request.as_ref().is_some_and(|request| {
            let kind = request.raw.first().map(|first| first >> 4);
            match request.direction {
                Direction::FromClient => {
                    kind == Some(PacketType::Connect as u8) && !request.settled
                }
                Direction::ToClient => {
                    kind == Some(PacketType::Connack as u8) && self.steps.iter().any(sends_connack)
                }
            }
        })
    }

    /// How many bytes it keeps: the packet that it is about, and its steps.
    pub(super) fn bytes(&self) -> usize {
        let request = self.request.as_ref().map_or(0, |it| it.raw.len());
        request + self.steps.iter().map(weight).sum::<usize>()
    }
}

/// Whether this is a CONNACK where the script is about one.
fn sends_connack(step: &Step) -> bool {
    match step {
        Step::AsUsual => true,
        Step::Treated(step, _) | Step::Repeat(step, _) => sends_connack(step),
        Step::Send(reply) => matches!(reply.body, Body::Connack { .. }),
        _ => false,
    }
}

impl Request {
    pub(super) fn received(&self) -> Option<Received<'_>> {
        let received = Received::new(&self.source, self.direction, &self.raw, self.error)?;
        Some(received.meaning(self.topic.as_ref()))
    }
}

/// Scripts that wait for their time; those of the same time in the order in which they came.
#[derive(Default)]
pub(super) struct Schedule {
    waiting: BinaryHeap<Reverse<Waiting>>,
    next: u64,
    /// Of the packets that wait.
    bytes: usize,
    /// How many scripts have the client wait until it is let in.
    admissions: usize,
}

struct Waiting {
    at: Instant,
    order: u64,
    script: Script,
}

impl Schedule {
    pub(super) fn add(&mut self, at: Instant, script: Script) {
        let order = self.next;
        self.next += 1;
        self.bytes += script.bytes();
        self.admissions += usize::from(script.admits());
        self.waiting.push(Reverse(Waiting { at, order, script }));
    }

    /// Whether a CONNECT, or its CONNACK, waits.
    pub(super) const fn delays_admission(&self) -> bool {
        self.admissions > 0
    }

    /// When the next script is due.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.waiting.peek().map(|Reverse(waiting)| waiting.at)
    }

    pub(super) fn take_due(&mut self, now: Instant) -> Option<Script> {
        if self.next_due()? > now {
            return None;
        }
        let Reverse(Waiting { script, .. }) = self.waiting.pop()?;
        self.bytes -= script.bytes();
        self.admissions -= usize::from(script.admits());
        Some(script)
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    pub(super) const fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Waiting {
    const fn key(&self) -> (Instant, u64) {
        (self.at, self.order)
    }
}

impl PartialEq for Waiting {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for Waiting {}

impl PartialOrd for Waiting {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Waiting {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.key().cmp(&other.key())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action;
    use std::time::Duration;

    #[test]
    fn scripts_come_by_their_time_and_then_in_their_order() {
        let mut schedule = Schedule::default();
        let now = Instant::now();
        let add = |schedule: &mut Schedule, millis, title: &str| {
            let mut script = Script::of_base(Vec::new());
            script.rule = Some(title.into());
            schedule.add(now + Duration::from_millis(millis), script);
        };
        add(&mut schedule, 2, "late");
        add(&mut schedule, 1, "first");
        add(&mut schedule, 1, "second");
        let mut due = |millis| {
            let script = schedule.take_due(now + Duration::from_millis(millis));
            script.and_then(|script| script.rule).map(|r| r.to_string())
        };
        assert_eq!(due(0), None);
        assert_eq!(due(1).as_deref(), Some("first"));
        assert_eq!(due(1).as_deref(), Some("second"));
        assert_eq!(due(1), None);
        assert_eq!(due(5).as_deref(), Some("late"));
    }

    #[test]
    fn bytes_are_counted_while_they_wait() {
        let mut schedule = Schedule::default();
        let now = Instant::now();
        let actions = vec![
            action::raw(b"12345"),
            Action::from(action::publish("topic", b"payload").user_property("n", "v")).hold(),
            action::close(),
        ];
        let first = Script::of_command(actions.clone()).bytes();
        assert!(first > 5 + 5 + 7 + 6, "{first}");
        schedule.add(now, Script::of_command(actions));
        schedule.add(now, Script::of_command(vec![action::raw(b"6789")]));
        let last = Script::of_command(vec![action::raw(b"6789")]).bytes();
        assert_eq!(schedule.bytes(), first + last);
        assert!(schedule.take_due(now).is_some());
        assert_eq!(schedule.bytes(), last);
        assert!(schedule.take_due(now).is_some());
        assert_eq!(schedule.bytes(), 0);
    }
}
