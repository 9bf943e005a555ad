//! A broker that sends anything at all: nothing panics, and every request has one verdict.

use std::collections::BTreeMap;
use std::time::Duration;

use nack_codec::{Packet, Property};
use proptest::prelude::*;

use super::packets::{both, both_kept, connack_with, properties};
use super::pair::Pair;
use super::transcript::{self, Happening};
use crate::session::{Config, OperationId};
use crate::{Disconnect, DisconnectReason, QoS, Subscribe, Version};

#[derive(Clone, Debug)]
enum Step {
    Publish(QoS),
    Subscribe,
    Unsubscribe,
    Disconnect(DisconnectReason),
    /// The broker sends this.
    Hear(Vec<u8>),
    /// There is a new connection, and the broker accepts it.
    Accept {
        session_present: bool,
        receive_maximum: u16,
    },
    /// There is a new connection, and nothing is said yet.
    Connect,
    Lose,
    Take(prop::sample::Index),
    Pass(u64),
    Reading(bool),
    Room(Option<usize>),
}

/// Packets of every kind, with small identifiers so that some of them fit, and any code.
fn packet(version: Version) -> impl Strategy<Value = Vec<u8>> {
    let is_v5 = version == Version::V5;
    let code = prop_oneof![
        3 => Just(0),
        2 => prop::sample::select(vec![1, 2, 4, 0x10, 0x80, 0x87, 0x91, 0x92, 0x97, 0x9D]),
        1 => any::<u8>(),
    ];
    let first = prop::sample::select(vec![
        0x20, 0x40, 0x50, 0x62, 0x70, 0x90, 0xB0, 0xE0, 0xF0, 0x30, 0x32, 0x34, 0x3C, 0xD0, 0x10,
        0x82, 0xA2, 0xC0,
    ]);
    (first, 1..6_u8, code, any::<bool>()).prop_map(move |(first, id, code, is_short)| {
        let body = match first {
            0x20 if is_v5 => vec![id & 1, code, 0],
            0x20 => vec![id & 1, code],
            0x40 | 0x50 | 0x62 | 0x70 if is_v5 && !is_short => vec![0, id, code],
            0x40 | 0x50 | 0x62 | 0x70 => vec![0, id],
            0x90 | 0xB0 if is_v5 => vec![0, id, 0, code],
            0x90 => vec![0, id, code],
            0xB0 => vec![0, id],
            0xE0 if !is_short => vec![code],
            0xF0 => vec![0x18, 4, 0x15, 0, 1, b'm'],
            0x30 if is_v5 => vec![0, 1, b't', 0, b'x'],
            0x30 => vec![0, 1, b't', b'x'],
            0x32..=0x3F if is_v5 => vec![0, 1, b't', 0, id, 0, b'x'],
            0x32..=0x3F => vec![0, 1, b't', 0, id, b'x'],
            0x82 => vec![0, id, 0, 0, 1, b't', 0],
            0xA2 => vec![0, id, 0, 0, 1, b't'],
            _ => Vec::new(),
        };
        let mut bytes = vec![first, body.len() as u8];
        bytes.extend(body);
        bytes
    })
}

/// Packets, packets with a byte that is wrong, several at once, and noise.
fn bytes(version: Version) -> impl Strategy<Value = Vec<u8>> {
    let flipped = (packet(version), any::<prop::sample::Index>(), any::<u8>()).prop_map(
        |(mut bytes, at, byte)| {
            let at = at.index(bytes.len());
            bytes[at] = byte;
            bytes
        },
    );
    let several = prop::collection::vec(packet(version), 2..5).prop_map(|packets| packets.concat());
    prop_oneof![
        20 => packet(version),
        2 => several,
        1 => flipped,
        1 => prop::collection::vec(any::<u8>(), 1..20),
    ]
}

fn step(version: Version) -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => prop::sample::select(&QoS::ALL[..]).prop_map(Step::Publish),
        1 => Just(Step::Subscribe),
        1 => Just(Step::Unsubscribe),
        1 => prop::sample::select(DisconnectReason::ALL).prop_map(Step::Disconnect),
        10 => bytes(version).prop_map(Step::Hear),
        6 => (any::<bool>(), 1..4_u16).prop_map(|(session_present, receive_maximum)| {
            Step::Accept { session_present, receive_maximum }
        }),
        1 => Just(Step::Connect),
        1 => Just(Step::Lose),
        3 => any::<prop::sample::Index>().prop_map(Step::Take),
        1 => (0..60_u64).prop_map(Step::Pass),
        1 => any::<bool>().prop_map(Step::Reading),
        1 => prop::option::of(0..20_usize).prop_map(Step::Room),
    ]
}

fn case() -> impl Strategy<Value = (Config, Vec<Step>)> {
    let configs = both().into_iter().chain(both_kept());
    let configs = prop::sample::select(configs.collect::<Vec<_>>());
    (configs, any::<bool>()).prop_flat_map(|(config, resume_session)| {
        let config = Config {
            keep_alive: 20,
            operation_timeout: Some(Duration::from_secs(30)),
            receive_maximum: 3,
            resume_session,
            ..config
        };
        let steps = prop::collection::vec(step(config.version), 1..80);
        (Just(config), steps)
    })
}

fn take(pair: &mut Pair, step: &Step) {
    match step {
        Step::Publish(qos) => pair.publish(*qos),
        Step::Subscribe => pair.subscribe(Subscribe::to("a").and("b")),
        Step::Unsubscribe => pair.unsubscribe("a"),
        Step::Disconnect(reason) => pair.disconnect(&Disconnect::with(*reason)),
        Step::Hear(bytes) => pair.hear_bytes(bytes),
        Step::Accept {
            session_present,
            receive_maximum,
        } => {
            pair.lose();
            pair.connect();
            let granted = match pair.session.version() {
                Version::V5 => properties([Property::ReceiveMaximum(*receive_maximum)]),
                Version::V311 => properties([]),
            };
            pair.hear(&connack_with(*session_present, &granted));
        }
        Step::Connect => {
            pair.lose();
            pair.connect();
        }
        Step::Lose => pair.lose(),
        Step::Take(which) => {
            if pair.handed_out() > 0 {
                pair.take(which.index(pair.handed_out()) + 1);
            }
        }
        Step::Pass(seconds) => pair.pass(Duration::from_secs(*seconds)),
        Step::Reading(reading) => pair.reading(*reading),
        Step::Room(room) => {
            pair.room = *room;
            pair.drive();
        }
    }
}

/// How often each request was told its fate.
#[derive(Default)]
struct Verdicts(BTreeMap<u64, usize>);

impl Verdicts {
    fn count(&mut self, operation: OperationId) {
        *self.0.entry(operation.0).or_default() += 1;
    }
}

proptest! {
    #[test]
    fn whatever_the_broker_sends_every_request_has_one_verdict((config, steps) in case()) {
        let mut pair = Pair::new(config);
        let version = pair.session.version();
        let (mut verdicts, mut requests) = (Verdicts::default(), 0);
        let (mut is_first, mut is_over) = (true, false);
        for step in steps.iter().chain([&Step::Lose]) {
            if matches!(step, Step::Publish(_) | Step::Subscribe | Step::Unsubscribe) {
                requests += 1;
            }
            if matches!(step, Step::Accept { .. } | Step::Connect) {
                (is_first, is_over) = (true, false);
            }
            take(&mut pair, step);
            for happening in pair.happenings() {
                match happening {
                    Happening::Told(operation, _) => verdicts.count(operation),
                    Happening::NotTaken(operation, _) if !matches!(step, Step::Disconnect(_)) => {
                        verdicts.count(operation);
                    }
                    Happening::Sent(bytes) => {
                        let packet = transcript::packet(&bytes, version);
                        let is_connect = matches!(packet, Packet::Connect(_));
                        prop_assert_eq!(is_connect, is_first, "{:?}", packet);
                        prop_assert!(!is_over, "{:?} behind DISCONNECT", packet);
                        is_first = false;
                        is_over = matches!(packet, Packet::Disconnect(_));
                    }
                    _ => {}
                }
            }
            prop_assert!(usize::from(pair.session.quota_taken()) <= pair.packet_ids().len());
        }
        prop_assert_eq!(verdicts.0.len(), requests, "a request has no verdict");
        prop_assert!(verdicts.0.values().all(|count| *count == 1), "{:?}", verdicts.0);
    }
}
