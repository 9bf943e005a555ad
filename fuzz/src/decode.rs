//! Arbitrary bytes never panic; what comes out of them can be looked at in every way.

use bytes::BytesMut;
use nack_codec::{DecodeError, Framer, Packet, Version};

/// Reads the bytes as what a peer of an MQTT 3.1.1 connection sent.
pub fn decode_v3(bytes: &[u8]) {
    decode(bytes, Version::V311);
}

/// Reads the bytes as what a peer of an MQTT 5.0 connection sent.
pub fn decode_v5(bytes: &[u8]) {
    decode(bytes, Version::V5);
}

/// Small enough that the limit is met, large enough that whole packets pass.
const MAXIMUM_PACKET_SIZE: u32 = 4096;

fn decode(bytes: &[u8], version: Version) {
    let mut buffer = BytesMut::from(bytes);
    let frames = Framer::new(MAXIMUM_PACKET_SIZE, version).split(&mut buffer);
    for frame in &frames {
        match frame.and_then(|frame| frame.decode(version)) {
            Ok(packet) => look_at(&packet),
            Err(error) => look_at_error(&error),
        }
    }
}

fn look_at(packet: &Packet<'_>) {
    // Walks every list and every property.
    let text = format!("{packet:?}");
    assert!(!text.is_empty());
}

fn look_at_error(error: &DecodeError) {
    let text = error.to_string();
    assert!(!text.is_empty() && !text.ends_with('.'), "{text}");
    assert!(
        error.reason_code().is_error(),
        "a refusal with the code of a success: {error}"
    );
    // A numbered statement, or the section where there is none.
    let section = error.statement().trim_start_matches("MQTT-");
    assert!(section.starts_with(|first: char| first.is_ascii_digit()));
}
