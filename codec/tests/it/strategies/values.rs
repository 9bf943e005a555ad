//! Values that MQTT can carry, with those that are easily got wrong among them.

use std::ops::RangeInclusive;

use bytes::Bytes;
use nack_codec::{Binary, PacketId, QoS, Text, TopicFilter, TopicName, Version};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

/// Numbers of all sizes, with those at the borders of variable byte integers among them.
pub(super) fn numbers() -> impl Strategy<Value = u32> {
    const BORDERS: &[u32] = &[
        0,
        1,
        127,
        128,
        16_383,
        16_384,
        65_535,
        2_097_151,
        2_097_152,
        268_435_455,
        u32::MAX,
    ];
    prop_oneof![select(BORDERS), any::<u32>(), 0..1000_u32]
}

pub(super) fn qos() -> impl Strategy<Value = QoS> {
    select(&QoS::ALL[..])
}

pub(super) fn packet_ids() -> impl Strategy<Value = PacketId> {
    (1..=u16::MAX).prop_map(|id| PacketId::new(id).expect("not 0"))
}

/// Lengths that are usually small, and sometimes near a border of the remaining length.
fn lengths() -> impl Strategy<Value = usize> {
    const NEAR: [RangeInclusive<usize>; 2] = [100..=135, 16_360..=16_390];
    let [first, second] = NEAR;
    prop_oneof![20 => 0..40_usize, 4 => first, 1 => second]
}

pub(super) fn payloads() -> impl Strategy<Value = Vec<u8>> {
    lengths().prop_flat_map(|length| {
        // A long payload is one byte over and over: what matters is its length.
        if length < 40 {
            vec(any::<u8>(), length).boxed()
        } else {
            any::<u8>().prop_map(move |byte| vec![byte; length]).boxed()
        }
    })
}

pub(super) fn binaries() -> impl Strategy<Value = Binary> {
    payloads().prop_map(|bytes| Binary::new(Bytes::from(bytes)).expect("fits"))
}

/// Any characters but U+0000.
fn characters() -> impl Strategy<Value = char> {
    prop_oneof![
        4 => proptest::char::range(' ', '~'),
        1 => proptest::char::any(),
        1 => select(vec!['\u{1}', '\u{7F}', '\u{FEFF}', '\u{FFFF}', '\u{10FFFF}', '/', '$']),
    ]
    .prop_map(|character| if character == '\0' { 'x' } else { character })
}

pub(super) fn texts() -> impl Strategy<Value = Text> {
    vec(characters(), 0..12).prop_map(|characters| {
        Text::new(String::from_iter(characters).into()).expect("short, and without U+0000")
    })
}

/// Topic names of any levels, empty ones too.
pub(super) fn topics() -> impl Strategy<Value = TopicName> {
    vec(characters(), 1..16).prop_map(|characters| {
        let without = characters
            .into_iter()
            .map(|it| if matches!(it, '+' | '#') { '/' } else { it });
        TopicName::try_from(String::from_iter(without)).expect("it has no wildcard")
    })
}

/// Topic filters of any levels, with wildcards in their places, shared ones among them in 5.0.
pub(super) fn filters(version: Version) -> impl Strategy<Value = TopicFilter> {
    let level = prop_oneof![
        1 => Just("+".to_owned()),
        3 => vec(characters(), 0..5).prop_map(|characters| {
            String::from_iter(characters.into_iter().filter(|it| !matches!(it, '+' | '#' | '/')))
        }),
    ];
    (vec(level, 1..5), any::<bool>(), any::<bool>()).prop_map(move |(mut levels, rest, shared)| {
        if rest {
            levels.push("#".to_owned());
        }
        let mut filter = levels.join("/");
        if filter.is_empty() {
            filter.push('/');
        }
        if shared && version == Version::V5 {
            filter = format!("$share/group/{filter}");
        }
        TopicFilter::try_from(filter).expect("wildcards are in their places")
    })
}
