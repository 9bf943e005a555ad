//! What was read can be written, and reads the same again; what was written is the one form of it.

use bytes::BytesMut;
use nack_codec::{Framer, Packet, Version};

/// Reads the bytes in both versions, and writes and reads again each packet in them.
pub fn round_trip(bytes: &[u8]) {
    for version in Version::ALL {
        let mut buffer = BytesMut::from(bytes);
        let frames = Framer::default().split(&mut buffer);
        for frame in frames.iter().map_while(Result::ok) {
            if let Ok(packet) = frame.decode(version) {
                check(&packet, version);
            }
        }
    }
}

fn check(packet: &Packet<'_>, version: Version) {
    // A CONNECT says itself which version it is.
    let version = match packet {
        Packet::Connect(connect) => connect.version,
        _ => version,
    };
    let written = encode(packet, version);
    let mut buffer = written.clone();
    let frames = Framer::default().split(&mut buffer);
    assert!(
        buffer.is_empty(),
        "{packet:?} was written as more or less than a packet"
    );
    let mut again = frames
        .iter()
        .map(|frame| frame.expect("our own header is accepted"));
    let frame = again.next().expect("a packet was written");
    let read = frame.decode(version).expect("our own bytes are accepted");
    assert_eq!(&read, packet);
    assert_eq!(encode(&read, version), written, "{packet:?} has two forms");
    assert!(
        again.next().is_none(),
        "{packet:?} was written as two packets"
    );
}

fn encode(packet: &Packet<'_>, version: Version) -> BytesMut {
    let mut bytes = BytesMut::new();
    packet
        .encode(version, &mut bytes)
        .expect("what was read can be said");
    bytes
}
