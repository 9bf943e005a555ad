//! Packets do not depend on the pieces in which their bytes arrive.

use bytes::BytesMut;
use nack_codec::{DecodeError, Frame, Framer, Version};

/// Reads the bytes behind the first one at once and in pieces. The first byte says the version
/// (its lowest bit: MQTT 5.0) and the size of the pieces (the others, plus one).
pub fn chunking(bytes: &[u8]) {
    let Some((control, stream)) = bytes.split_first() else {
        return;
    };
    let version = if control & 1 == 1 {
        Version::V5
    } else {
        Version::V311
    };
    let size = usize::from(control >> 1) + 1;
    let whole = read([stream], version);
    let pieces = read(stream.chunks(size), version);
    assert_eq!(pieces.packets, whole.packets);
    assert_eq!(pieces.refused, whole.refused);
    if whole.refused.is_none() {
        assert_eq!(pieces.rest, whole.rest);
    }
}

/// What came out of a stream, up to the first error.
#[derive(Debug, Default)]
struct Read {
    packets: Vec<String>,
    refused: Option<DecodeError>,
    rest: BytesMut,
}

fn read<'a>(pieces: impl IntoIterator<Item = &'a [u8]>, version: Version) -> Read {
    let framer = Framer::new(4096, version);
    let mut read = Read::default();
    for piece in pieces {
        read.rest.extend_from_slice(piece);
        let frames = framer.split(&mut read.rest);
        for frame in &frames {
            match frame.and_then(|frame: Frame<'_>| frame.decode(version).map(|p| format!("{p:?}")))
            {
                Ok(packet) => read.packets.push(packet),
                Err(error) => {
                    read.refused = Some(error);
                    return read;
                }
            }
        }
    }
    read
}
