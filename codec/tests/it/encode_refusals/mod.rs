//! What cannot be said on the wire is refused, and nothing of it is written.

mod good;
mod kinds;
mod properties;
mod v311;
mod values;

use bytes::BytesMut;
use nack_codec::{EncodeError, Packet, Version};

/// Checks that the packet is refused, and that the buffer is as it was; gives back how it reads.
#[track_caller]
fn refused(packet: &Packet<'_>, version: Version, expected: EncodeError) -> String {
    let mut buffer = BytesMut::from(&b"before"[..]);
    assert_eq!(
        packet.encode(version, &mut buffer),
        Err(expected),
        "{packet:?} in {version}"
    );
    assert_eq!(&buffer[..], b"before", "{expected}");
    let text = expected.to_string();
    assert!(!text.ends_with('.'), "{text}");
    text
}
