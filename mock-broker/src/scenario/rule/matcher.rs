//! Which packets a step is about.

use nack_codec::{PacketType, TopicFilter};

use super::carries::{check_property, check_reason};
use super::{BadStep, Place, qos};
use crate::matcher::{self, PacketMatcher};
use crate::scenario::On;
use crate::scenario::matching::Matching;

impl On {
    pub(super) fn matching(&self, place: &Place) -> Result<Matching, BadStep> {
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
        self.check_keys()?;
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

    /// A key of which the packet can have nothing would never be fulfilled.
    fn check_keys(&self) -> Result<(), BadStep> {
        use PacketType::{
            Connack, Connect, Disconnect, Pingreq, Pingresp, Publish, Subscribe, Unsubscribe,
        };
        let Some(packet) = self.packet.map(|name| name.0) else {
            return Ok(());
        };
        let (publish, connect) = (&[Publish][..], &[Connect][..]);
        let keys = [
            ("clean_start", self.clean_start.is_some(), connect),
            ("will", self.will.is_some(), connect),
            ("keep_alive", self.keep_alive.is_some(), connect),
            ("user_name", self.user_name.is_some(), connect),
            (
                "session_present",
                self.session_present.is_some(),
                &[Connack],
            ),
            ("topic", self.topic.is_some(), publish),
            ("filter", self.filter.is_some(), &[Subscribe, Unsubscribe]),
            ("qos", self.qos.is_some(), &[Publish, Subscribe]),
            ("payload", self.payload.is_some(), publish),
            ("payload_contains", self.payload_contains.is_some(), publish),
            ("dup", self.dup.is_some(), publish),
            ("retain", self.retain.is_some(), publish),
        ];
        let without_id = [
            Connect,
            Connack,
            Pingreq,
            Pingresp,
            Disconnect,
            PacketType::Auth,
        ];
        let misplaced = keys
            .into_iter()
            .find(|(_, there, packets)| *there && !packets.contains(&packet))
            .map(|(key, ..)| key)
            .or_else(|| {
                let never = self.packet_id.is_some() && without_id.contains(&packet);
                never.then_some("packet_id")
            });
        if let Some(key) = misplaced {
            return Err(BadStep::Misplaced {
                key,
                place: packet.name(),
            });
        }
        if let Some(code) = self.reason {
            check_reason(packet, code)?;
        }
        let wanted = self.properties.iter().flat_map(|wanted| wanted.encoded());
        for (property, _) in wanted {
            check_property(packet, "properties", property)?;
        }
        for name in self.has.iter() {
            check_property(packet, "has", name.0)?;
        }
        for name in self.lacks.iter() {
            check_property(packet, "lacks", name.0)?;
        }
        Ok(())
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
