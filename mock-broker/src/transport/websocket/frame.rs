//! Frames of WebSocket: those that come, byte by byte, and those that are sent, right or wrong.

use std::io::Cursor;

use bytes::{Buf, BufMut, Bytes, BytesMut};
use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Control, Data, OpCode};

/// The longest payload of a control frame (RFC 6455, section 5.5).
const LONGEST_CONTROL: u64 = 125;

pub(super) const BINARY: OpCode = OpCode::Data(Data::Binary);
pub(super) const CONTINUE: OpCode = OpCode::Data(Data::Continue);
pub(super) const TEXT: OpCode = OpCode::Data(Data::Text);
/// A type of frame that RFC 6455 keeps for later.
pub(super) const RESERVED: OpCode = OpCode::Data(Data::Reserved(3));
pub(super) const PING: OpCode = OpCode::Control(Control::Ping);
pub(super) const PONG: OpCode = OpCode::Control(Control::Pong);
pub(super) const CLOSE: OpCode = OpCode::Control(Control::Close);

/// Takes the frames of a client apart.
#[derive(Default)]
pub(super) struct Unframer {
    /// What came and is not taken yet.
    pub(super) read: BytesMut,
    /// The frame that has begun.
    frame: Option<Frame>,
    /// Whether a message has begun, and goes on in a further frame.
    in_message: bool,
}

struct Frame {
    /// `None` for data.
    control: Option<OpCode>,
    /// Turned as far as the payload has come.
    mask: [u8; 4],
    /// How many bytes of the payload are still to come.
    left: u64,
}

/// A piece of what a client sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// Bytes of MQTT, and never none.
    Data(Bytes),
    Ping(Bytes),
    Pong(Bytes),
    Close(Bytes),
}

/// A rule that the client broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Violation {
    #[error("a frame of text came, and MQTT is binary [MQTT-6.0.0-1]")]
    Text,
    #[error("a frame came without a mask")]
    Unmasked,
    #[error("a frame came with a reserved bit")]
    ReservedBit,
    #[error("a frame of a reserved type came")]
    ReservedOpcode,
    #[error("a message began within another")]
    Interrupted,
    #[error("a frame continued no message")]
    NothingToContinue,
    #[error("a control frame was too long or fragmented")]
    Control,
}

impl Violation {
    /// What the client is told in the close frame.
    pub(super) const fn close_code(self) -> u16 {
        match self {
            Self::Text => 1003,
            _ => 1002,
        }
    }
}

impl Unframer {
    /// The next piece, of at most so many bytes if it is data; `None` where more must come first.
    pub(super) fn next(&mut self, most: usize) -> Result<Option<Piece>, Violation> {
        loop {
            if self.frame.is_none() {
                self.frame = self.begin()?;
            }
            let Some(frame) = &mut self.frame else {
                return Ok(None);
            };
            let come = u64::try_from(self.read.len()).unwrap_or(u64::MAX);
            match frame.control {
                Some(opcode) => {
                    if come < frame.left {
                        return Ok(None);
                    }
                    let payload = frame.take(&mut self.read, LONGEST_CONTROL as usize);
                    self.frame = None;
                    return Ok(Some(match opcode {
                        PING => Piece::Ping(payload),
                        PONG => Piece::Pong(payload),
                        _ => Piece::Close(payload),
                    }));
                }
                None if frame.left == 0 => self.frame = None,
                None if come == 0 => return Ok(None),
                None => return Ok(Some(Piece::Data(frame.take(&mut self.read, most)))),
            }
        }
    }

    /// The header of the next frame, if it is whole.
    fn begin(&mut self) -> Result<Option<Frame>, Violation> {
        let mut cursor = Cursor::new(&self.read[..]);
        let parsed = FrameHeader::parse(&mut cursor).map_err(|_| Violation::ReservedOpcode)?;
        let Some((header, length)) = parsed else {
            return Ok(None);
        };
        let end = usize::try_from(cursor.position()).unwrap_or(usize::MAX);
        self.read.advance(end.min(self.read.len()));

        if header.rsv1 || header.rsv2 || header.rsv3 {
            return Err(Violation::ReservedBit);
        }
        let mask = header.mask.ok_or(Violation::Unmasked)?;
        let control = match header.opcode {
            OpCode::Control(_) if !header.is_final || length > LONGEST_CONTROL => {
                return Err(Violation::Control);
            }
            OpCode::Control(_) => Some(header.opcode),
            TEXT => return Err(Violation::Text),
            CONTINUE if !self.in_message => return Err(Violation::NothingToContinue),
            BINARY if self.in_message => return Err(Violation::Interrupted),
            OpCode::Data(_) => None,
        };
        if control.is_none() {
            self.in_message = !header.is_final;
        }
        Ok(Some(Frame {
            control,
            mask,
            left: length,
        }))
    }
}

impl Frame {
    /// What has come of the payload, unmasked.
    fn take(&mut self, read: &mut BytesMut, most: usize) -> Bytes {
        let left = usize::try_from(self.left).unwrap_or(usize::MAX);
        let length = left.min(read.len()).min(most);
        let mut payload = read.split_to(length);
        apply(self.mask, &mut payload);
        self.mask.rotate_left(length % 4);
        self.left -= length as u64;
        payload.freeze()
    }
}

/// Writes a frame with its header as it is told, right or wrong.
pub(super) fn write(header: &FrameHeader, payload: &[u8], into: &mut BytesMut) {
    write_as_long(header, payload.len() as u64, payload, into);
}

/// Writes a frame that says that it is of another length.
pub(super) fn write_as_long(
    header: &FrameHeader,
    length: u64,
    payload: &[u8],
    into: &mut BytesMut,
) {
    let written = header.format(length, &mut (&mut *into).writer());
    written.expect("a buffer takes everything");
    let begin = into.len();
    into.put_slice(payload);
    if let Some(mask) = header.mask {
        apply(mask, &mut into[begin..]);
    }
}

/// The header of a whole message in one frame.
pub(super) fn whole(opcode: OpCode) -> FrameHeader {
    FrameHeader {
        opcode,
        ..FrameHeader::default()
    }
}

/// Masks, and unmasks.
fn apply(mask: [u8; 4], bytes: &mut [u8]) {
    for (byte, mask) in bytes.iter_mut().zip(mask.iter().cycle()) {
        *byte ^= mask;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The frames of RFC 6455, section 5.7, and what is wrong with others.
    #[test]
    fn frames_are_taken_apart_as_the_standard_says() {
        let check = |bytes: &[u8], expected: Result<Option<Piece>, Violation>| {
            let mut unframer = Unframer::default();
            unframer.read.extend_from_slice(bytes);
            assert_eq!(unframer.next(usize::MAX), expected, "{bytes:02X?}");
        };
        let hello = Bytes::from_static(b"Hello");
        let masked = b"\x85\x37\xFA\x21\x3D\x7F\x9F\x4D\x51\x58";
        let with = |first: u8| [&[first][..], masked].concat();
        check(&with(0x82), Ok(Some(Piece::Data(hello.clone()))));
        check(&with(0x89), Ok(Some(Piece::Ping(hello.clone()))));
        check(&with(0x8A), Ok(Some(Piece::Pong(hello.clone()))));
        check(&with(0x88), Ok(Some(Piece::Close(hello))));
        check(&with(0x02)[..6], Ok(None));
        check(&with(0x89)[..8], Ok(None));
        check(b"", Ok(None));
        check(b"\x82\xFE\x00", Ok(None));
        // An empty frame is no data, and its end is not the end.
        check(b"\x82\x80\0\0\0\0", Ok(None));

        check(&with(0x81), Err(Violation::Text));
        check(&with(0x80), Err(Violation::NothingToContinue));
        check(&with(0xC2), Err(Violation::ReservedBit));
        check(&with(0x92), Err(Violation::ReservedBit));
        check(&with(0x83), Err(Violation::ReservedOpcode));
        check(&with(0x8B), Err(Violation::ReservedOpcode));
        check(&with(0x09), Err(Violation::Control));
        check(b"\x89\xFE\x00\x7E\0\0\0\0", Err(Violation::Control));
        check(b"\x82\x05Hello", Err(Violation::Unmasked));
        let begun = b"\x02\x81\0\0\0\0a\x82\x81\0\0\0\0b";
        let mut unframer = Unframer::default();
        unframer.read.extend_from_slice(begun);
        let a = Piece::Data(Bytes::from_static(b"a"));
        assert_eq!(unframer.next(9), Ok(Some(a)));
        assert_eq!(unframer.next(9), Err(Violation::Interrupted));
    }

    proptest! {
        #[test]
        fn bytes_come_out_as_they_went_in_however_they_are_framed_and_read(
            frames in prop::collection::vec((any::<[u8; 4]>(), prop::collection::vec(any::<u8>(), 0..300)), 1..8),
            fragmented: bool,
            reads in 1_usize..40,
            most in 1_usize..50,
        ) {
            let mut wire = BytesMut::new();
            let last = frames.len() - 1;
            for (index, (mask, payload)) in frames.iter().enumerate() {
                let header = FrameHeader {
                    is_final: !fragmented || index == last,
                    mask: Some(*mask),
                    ..whole(if fragmented && index > 0 { CONTINUE } else { BINARY })
                };
                write(&header, payload, &mut wire);
                let ping = FrameHeader { mask: Some(*mask), ..whole(PING) };
                write(&ping, b"ping", &mut wire);
            }
            let mut unframer = Unframer::default();
            let (mut data, mut pings) = (Vec::new(), 0);
            for read in wire.chunks(reads) {
                unframer.read.extend_from_slice(read);
                while let Some(piece) = unframer.next(most).unwrap() {
                    match piece {
                        Piece::Data(bytes) => {
                            assert!((1..=most).contains(&bytes.len()));
                            data.extend_from_slice(&bytes);
                        }
                        Piece::Ping(payload) => {
                            assert_eq!(payload, "ping");
                            pings += 1;
                        }
                        other => panic!("{other:?}"),
                    }
                }
            }
            let sent: Vec<u8> = frames.iter().flat_map(|(_, payload)| payload.clone()).collect();
            assert_eq!(data, sent);
            assert_eq!(pings, frames.len());
        }

        #[test]
        fn whatever_comes_is_taken_apart_without_end_or_panic(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            let mut unframer = Unframer::default();
            unframer.read.extend_from_slice(&bytes);
            let mut pieces = 0;
            while let Ok(Some(_)) = unframer.next(16) {
                pieces += 1;
                assert!(pieces <= bytes.len());
            }
        }
    }
}
