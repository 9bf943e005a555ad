//! The packets that a step sends.

use nack_codec::PacketType;

use super::{BadStep, qos};
use crate::Reason;
use crate::action::{self, Action, Answer};
use crate::scenario::{Code, Reply};

impl Reply {
    /// The packet as an action.
    pub(super) fn action(&self) -> Result<Action, BadStep> {
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
            PacketType::Suback if self.by_filter.is_some() => {
                self.finish(action::suback_for(self.codes_by_filter()))
            }
            PacketType::Unsuback if self.by_filter.is_some() => {
                self.finish(action::unsuback_for(self.codes_by_filter()))
            }
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

    fn codes_by_filter(&self) -> impl Iterator<Item = (&str, Code)> {
        let codes = self.by_filter.iter().flatten();
        codes.map(|(filter, code)| (filter.as_str(), *code))
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
                "by_filter",
                self.by_filter.is_some(),
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
        if self.by_filter.is_some() && (self.reason.is_some() || self.reasons.is_some()) {
            return Err(BadStep::Misplaced {
                key: "by_filter",
                place: "a reply with `reason` or `reasons`",
            });
        }
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
