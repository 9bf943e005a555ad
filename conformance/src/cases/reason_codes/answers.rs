//! What the broker of such a case says besides the answer that the case is about: the plainest
//! packets that do.

use nack_codec::{PacketType, Version};
use nack_mock_broker::Rule;
use nack_mock_broker::action::raw;
use nack_mock_broker::matcher::{PacketMatcher, connect};

use super::form::{Form, frame, receive_maximum};
use crate::Stage;
use crate::outcome::Finding;

/// The connection that a case is about.
pub(super) const CONNECTION: u32 = 1;

/// Connects the subject to a broker that takes `window` open messages at a time; in 3.1.1, where a
/// broker cannot say that, any number.
pub(super) async fn open(stage: &mut Stage, window: u16) -> Result<(), Finding> {
    let bytes = match stage.version() {
        Version::V311 => frame(PacketType::Connack, &[0, 0]),
        Version::V5 => Form::Empty.connack(0, &receive_maximum(window)),
    };
    stage.rule(Rule::given(connect().connection(CONNECTION)).then(raw(bytes)));
    stage.connect().await.map(|_| ())
}

/// Answers every packet that `matcher` picks with the bytes that `answer` makes of its packet
/// identifier.
pub(super) fn answer(
    stage: &Stage,
    matcher: PacketMatcher,
    answer: impl Fn(u16) -> Vec<u8> + Send + Sync + 'static,
) {
    stage.rule(rule(matcher, answer));
}

/// The same, once.
pub(super) fn answer_first(
    stage: &Stage,
    matcher: PacketMatcher,
    answer: impl Fn(u16) -> Vec<u8> + Send + Sync + 'static,
) {
    stage.rule(rule(matcher, answer).times(1));
}

fn rule(matcher: PacketMatcher, answer: impl Fn(u16) -> Vec<u8> + Send + Sync + 'static) -> Rule {
    Rule::given(matcher)
        .then_with(move |received| received.packet_id().map(|packet_id| raw(answer(packet_id))))
}

/// Sends these bytes to the subject, unasked.
pub(super) async fn send(stage: &Stage, bytes: Vec<u8>) -> Result<(), Finding> {
    let sent = stage.broker().send(CONNECTION, raw(bytes)).await;
    sent.map_err(|error| Finding::inconclusive("the broker sends something", error.to_string()))
}

/// PUBACK, PUBREC, PUBREL or PUBCOMP that says success, in the form that both versions have.
pub(super) fn acknowledgement(packet: PacketType, packet_id: u16) -> Vec<u8> {
    Form::Short.acknowledgement(packet, packet_id, 0)
}

/// SUBACK with these codes.
pub(super) fn suback(version: Version, packet_id: u16, codes: &[u8]) -> Vec<u8> {
    match version {
        Version::V5 => Form::Empty.codes(PacketType::Suback, packet_id, 0, codes),
        Version::V311 => frame(
            PacketType::Suback,
            &[&packet_id.to_be_bytes()[..], codes].concat(),
        ),
    }
}

/// UNSUBACK that says success for each of `filters` filters.
pub(super) fn unsuback(version: Version, packet_id: u16, filters: usize) -> Vec<u8> {
    match version {
        Version::V5 => Form::Empty.codes(PacketType::Unsuback, packet_id, 0, &vec![0; filters]),
        Version::V311 => frame(PacketType::Unsuback, &packet_id.to_be_bytes()),
    }
}

/// A message of the broker's; `packet_id` is `None` at QoS 0.
pub(super) fn message(
    version: Version,
    topic: &str,
    packet_id: Option<u16>,
    qos: u8,
    payload: &[u8],
) -> Vec<u8> {
    let length = u16::try_from(topic.len()).expect("the topics here are short");
    let mut body = length.to_be_bytes().to_vec();
    body.extend_from_slice(topic.as_bytes());
    body.extend(packet_id.into_iter().flat_map(u16::to_be_bytes));
    if version == Version::V5 {
        body.push(0);
    }
    body.extend_from_slice(payload);
    let mut bytes = frame(PacketType::Publish, &body);
    bytes[0] |= qos << 1;
    bytes
}
