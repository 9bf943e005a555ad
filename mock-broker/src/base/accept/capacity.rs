//! What one client can take, and what becomes of an answer that is more.
//!
//! All that the base behaviour answers passes through [`Accept::fitted`]; what rules say does not.
//! Messages are held to the same where they are taken out of the session.

use nack_codec::{Connect, PropertyId, ReasonCode, Version};

use super::session::encode;
use super::{Accept, connecting};
use crate::Received;
use crate::action::reply::Reply;
use crate::action::{Action, Answer, Connack, Step, connack, disconnect};

/// What a client can take, as its CONNECT says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Capacity {
    pub(super) version: Version,
    pub(super) receive_maximum: u16,
    /// In bytes, of one packet.
    pub(super) maximum_packet_size: u32,
}

/// What is left out of an answer that is too large with it, in this order: `[MQTT-3.2.2-20]`,
/// `[MQTT-3.4.2-3]`, `[MQTT-3.9.2-2]`, `[MQTT-3.14.2-4]`, `[MQTT-3.15.2-3]` and those of the other
/// packets; `[MQTT-3.2.2-19]`, `[MQTT-3.4.2-2]`, `[MQTT-3.9.2-1]`, `[MQTT-3.14.2-3]`,
/// `[MQTT-3.15.2-2]` and those of the others.
const OPTIONAL: [PropertyId; 2] = [PropertyId::UserProperty, PropertyId::ReasonString];

impl Capacity {
    pub(super) fn of(connect: &Connect<'_>) -> Self {
        let properties = connect.properties;
        Self {
            version: connect.version,
            receive_maximum: properties.receive_maximum().unwrap_or(u16::MAX),
            maximum_packet_size: properties.maximum_packet_size().unwrap_or(u32::MAX),
        }
    }

    /// `[MQTT-3.1.2-24]`
    pub(super) const fn takes(&self, packet: &[u8]) -> bool {
        packet.len() <= self.maximum_packet_size as usize
    }

    /// Whether the client can take the answer, at least without what is optional.
    pub(super) fn takes_answer<P>(&self, answer: Answer<P>) -> bool {
        match Action::from(answer).0 {
            Step::Send(reply) => self.fit(reply).is_some(),
            _ => true,
        }
    }

    /// The answer as the client can take it: as it is, or without what is optional; `None` where it
    /// is too large all the same.
    pub(super) fn fit(&self, mut reply: Reply) -> Option<Reply> {
        if self.maximum_packet_size == u32::MAX || self.takes(&encode(&reply, self.version)) {
            return Some(reply);
        }
        for optional in OPTIONAL {
            let count = reply.properties.len();
            reply.properties.retain(|it| it.id != optional as u8);
            if reply.properties.len() < count && self.takes(&encode(&reply, self.version)) {
                return Some(reply);
            }
        }
        None
    }
}

impl Accept {
    /// What the client can take that sent this packet; `None` where it has not said it.
    pub(super) fn capacity(&self, received: &Received<'_>) -> Option<Capacity> {
        let number = received.connection();
        let guest = self.guests.get(&number).map(|guest| guest.capacity);
        let applicant = || Some(self.applicants.get(&number)?.capacity);
        guest
            .or_else(applicant)
            .or_else(|| received.connect().map(Capacity::of))
    }

    /// What is to be done, with nothing in it that the client cannot take.
    ///
    /// An answer that is too large cannot be left out, as the client waits for it, and so it ends
    /// the connection, with a word if there is one that fits.
    pub(super) fn fitted(
        &mut self,
        number: u32,
        capacity: Capacity,
        steps: Vec<Step>,
    ) -> Vec<Step> {
        let mut fitted = Vec::with_capacity(steps.len());
        for step in steps {
            let Step::Send(reply) = step else {
                fitted.push(step);
                continue;
            };
            match capacity.fit(reply) {
                Some(reply) => fitted.push(Step::Send(reply)),
                None => {
                    fitted.push(self.without_answer(number, capacity));
                    break;
                }
            }
        }
        fitted
    }

    /// Ends the connection of a client that cannot be answered.
    fn without_answer(&mut self, number: u32, capacity: Capacity) -> Step {
        let step = if self.guests.contains_key(&number) {
            let text = "the answer is above the client's maximum packet size [MQTT-3.1.2-24]";
            let answer = disconnect(ReasonCode::PacketTooLarge).reason_string(text);
            Action::from(answer).0
        } else {
            // [MQTT-3.14.0-1]: who is not let in is told by CONNACK.
            self.applicants.remove(&number);
            connecting::send(untold())
        };
        match step {
            Step::Send(reply) => capacity.fit(reply).map_or(Step::Close, Step::Send),
            step => step,
        }
    }
}

/// Refuses a client that cannot be told what it must know. 0x95 would say that its own CONNECT was
/// too large.
pub(super) fn untold() -> Answer<Connack> {
    connack(ReasonCode::ImplementationSpecificError)
        .reason_string("the answer is above the client's maximum packet size [MQTT-3.1.2-24]")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::{auth, puback, pubcomp, pubrec, pubrel, suback, unsuback};

    /// What the client that takes so many bytes is told: the identifiers of the properties.
    #[track_caller]
    fn check<P: Clone>(answer: &Answer<P>) {
        let answer = answer
            .clone()
            .server_reference("s")
            .user_property("name", "one")
            .reason_string("text")
            .user_property("name", "two");
        let Step::Send(reply) = Action::from(answer).0 else {
            panic!("not an answer");
        };
        let told = |maximum_packet_size: usize| {
            let capacity = Capacity {
                version: Version::V5,
                receive_maximum: 1,
                maximum_packet_size: maximum_packet_size as u32,
            };
            let reply = capacity.fit(reply.clone())?;
            let size = encode(&reply, Version::V5).len();
            let ids: Vec<_> = reply.properties.iter().map(|it| it.id).collect();
            assert!(size <= maximum_packet_size);
            Some((size, ids))
        };
        let (server, reason, user) = (0x1C, 0x1F, 0x26);
        let (all, ids) = told(1_000).unwrap();
        assert_eq!(ids, [server, user, reason, user]);
        assert_eq!(told(all).unwrap().1, ids);
        let (without_users, ids) = told(all - 1).unwrap();
        assert_eq!((without_users, &ids[..]), (all - 24, &[server, reason][..]));
        assert_eq!(told(without_users).unwrap().1, ids);
        let (least, ids) = told(without_users - 1).unwrap();
        assert_eq!((least, &ids[..]), (all - 31, &[server][..]));
        assert_eq!(told(least).unwrap().1, ids);
        assert_eq!(told(least - 1), None, "nothing else is left out");
    }

    #[test]
    fn optional_texts_are_left_out_of_every_packet_and_nothing_else() {
        check(&connack(0));
        check(&puback(0x97));
        check(&pubrec(0x97));
        check(&pubrel(0x92));
        check(&pubcomp(0x92));
        check(&suback([0_u8, 1]));
        check(&unsuback([0_u8, 0x11]));
        check(&disconnect(0x8B));
        check(&auth(0x18));
    }
}
