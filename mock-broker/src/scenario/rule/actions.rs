//! What a step does, in its order.

use std::time::Duration;

use super::BadStep;
use crate::action::{self, Action, Mutation};
#[cfg(feature = "control")]
use crate::scenario::OneOrMany;
use crate::scenario::{Close, Coalesce, Corrupt, Drive, ReleaseOrder, Reply, Step};

impl Step {
    pub(super) fn seeded_actions(&self, seed: u64) -> Result<Vec<Action>, BadStep> {
        let nothing = Drive::default();
        if self.drive.contains(&nothing) && self.reply.is_empty() {
            return Err(BadStep::DoesNothing);
        }
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

/// What is done to a client unasked, in order.
#[cfg(feature = "control")]
pub(crate) fn unasked(what: &OneOrMany<Drive>) -> Result<Vec<Action>, BadStep> {
    let mut actions = Vec::new();
    for drive in what.iter() {
        drive.check_unasked()?;
        drive.put(&mut actions, &drive.reply, 0)?;
    }
    let does = |action: &Action| !matches!(action.0, action::Step::Delay(_));
    match actions.iter().any(does) {
        true => Ok(actions),
        false => Err(BadStep::DoesNothing),
    }
}

impl Drive {
    /// Whether it makes sense where there is no packet that it is about.
    #[cfg(feature = "control")]
    fn check_unasked(&self) -> Result<(), BadStep> {
        let answers = [("as_usual", self.as_usual), ("hold", self.hold)];
        if let Some((key, _)) = answers.into_iter().find(|(_, there)| *there) {
            return Err(BadStep::Misplaced {
                key,
                place: "what is done unasked: there is no packet to be answered",
            });
        }
        match self.treats() {
            Some(key) if !self.sends(&self.reply) => Err(BadStep::NothingToChange { key }),
            _ => Ok(()),
        }
    }

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
        if self.stop_listening {
            actions.push(action::stop_listening());
        }
        if let Some(refuse_ms) = self.refuse_ms {
            actions.push(action::refuse_connections(Duration::from_millis(refuse_ms)));
        }
        if self.resume_listening {
            actions.push(action::resume_listening());
        }
        let sends = self.sends(replies);
        if self.hold {
            let answers = [
                ("reply", !replies.is_empty()),
                ("send_hex", self.send_hex.is_some()),
                ("as_usual", self.as_usual),
            ];
            if let Some((key, _)) = answers.into_iter().find(|(_, there)| *there) {
                return Err(BadStep::HoldBesideAnswer { key });
            }
            if let Some(key) = self.treats() {
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
        for size in self.split.iter() {
            from_1("split", *size)?;
        }
        match self.split.0.as_slice() {
            [] => {}
            [size] => actions.push(action::chunks_of(*size)),
            sizes => actions.push(action::chunks(sizes.iter().copied())),
        }
        if let Some(pace) = self.pace {
            actions.push(action::pace(from_1("bytes_per_s", pace.bytes_per_s)?));
        }
        match self.coalesce {
            None => {}
            Some(Coalesce::WithNext) => actions.push(action::coalesce_once(2)),
            Some(Coalesce::Packets(packets)) => {
                actions.push(action::coalesce(from_1("coalesce", packets)?));
            }
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
            action = action.repeat(from_1("copies", copies)?);
        }
        if self.hold_back {
            action = action.hold();
        }
        Ok(action)
    }
}

/// A number of which 0 would change nothing, or have nothing sent.
fn from_1<N: Default + PartialEq>(key: &'static str, number: N) -> Result<N, BadStep> {
    match number == N::default() {
        true => Err(BadStep::OutOfRange {
            key,
            range: "1 or more",
        }),
        false => Ok(number),
    }
}

/// More than these are a flood that tells no more.
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
        actions.push(treat(reply.action()?)?.again(repeat));
    }
    Ok(())
}
