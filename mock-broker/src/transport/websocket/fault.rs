//! What can be wrong with the WebSocket of a server.

use std::fmt;
use std::time::Duration;

/// What is wrong, or merely odd, with the WebSocket of a server; for
/// [`WebSocket::fault`](crate::WebSocket::fault).
///
/// What is odd a client must cope with: a packet may be spread over frames in any way
/// [MQTT-6.0.0-2].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WebSocketFault {
    /// The upgrade is answered with this status of HTTP, and refused.
    Status(u16),
    /// The upgrade is answered with a redirection (302) to this URL.
    Redirect(String),
    /// The answer to the upgrade names no subprotocol.
    NoSubprotocol,
    /// The answer to the upgrade names a subprotocol that was not offered.
    WrongSubprotocol,
    /// The answer to the upgrade belongs to another request: `Sec-WebSocket-Accept` is wrong.
    WrongAccept,
    /// The upgrade is answered with bytes that are not HTTP, and then the end of the connection.
    Garbage,
    /// The upgrade is never answered, and the connection stays open.
    Stall,
    /// The connection is closed behind the request.
    CloseAfterRequest,
    /// Packets come in frames of text, which a client must close the connection on [MQTT-6.0.0-1].
    TextFrames,
    /// Odd: each packet is spread over messages of at most so many bytes.
    SplitIntoMessages(usize),
    /// Odd: each packet is a message in fragments of at most so many bytes.
    Fragments(usize),
    /// Odd: what is to be sent within this time is collected, and sent in one frame.
    Join(Duration),
    /// Odd: there are empty frames before, behind and within the message of each packet.
    EmptyFrames,
    /// Odd: there is a ping before each packet.
    Pings,
    /// Odd: each packet is a message of two fragments, with a ping between them.
    PingBetweenFragments,
    /// The pings of the client are not answered.
    NoPong,
    /// After so many packets, or instead of the first, comes a close frame, and nothing more.
    CloseAfter(u32),
    /// In the middle of the first message comes a close frame, and nothing more.
    CloseBetweenFragments,
    /// Frames say that they are longer than anything can be.
    Oversized,
    /// Frames are masked, as only a client's are.
    Masked,
    /// Frames belong to an extension that was not agreed on: the first reserved bit is set.
    ReservedBit,
    /// Frames are of a type that does not exist.
    ReservedOpcode,
    /// Frames continue a message that was never begun.
    UnexpectedContinuation,
    /// Connections are closed without a close frame, as if they were cut.
    NoCloseFrame,
}

impl fmt::Display for WebSocketFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Status(status) => return write!(f, "status {status}"),
            Self::Redirect(url) => return write!(f, "redirection to {url}"),
            Self::SplitIntoMessages(bytes) => return write!(f, "messages of {bytes} bytes"),
            Self::Fragments(bytes) => return write!(f, "fragments of {bytes} bytes"),
            Self::Join(time) => return write!(f, "one frame for {time:?}"),
            Self::CloseAfter(1) => "close after 1 packet",
            Self::CloseAfter(packets) => return write!(f, "close after {packets} packets"),
            Self::NoSubprotocol => "no subprotocol",
            Self::WrongSubprotocol => "wrong subprotocol",
            Self::WrongAccept => "wrong Sec-WebSocket-Accept",
            Self::Garbage => "garbage after the request",
            Self::Stall => "no answer to the request",
            Self::CloseAfterRequest => "close after the request",
            Self::TextFrames => "frames of text",
            Self::EmptyFrames => "empty frames",
            Self::Pings => "ping before each packet",
            Self::PingBetweenFragments => "ping between fragments",
            Self::NoPong => "no pong",
            Self::CloseBetweenFragments => "close between fragments",
            Self::Oversized => "oversized frames",
            Self::Masked => "masked frames",
            Self::ReservedBit => "reserved bit",
            Self::ReservedOpcode => "reserved opcode",
            Self::UnexpectedContinuation => "continuation of nothing",
            Self::NoCloseFrame => "no close frame",
        })
    }
}
