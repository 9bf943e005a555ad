//! What a matcher can be about at all, so that a thousand rules need not all be asked about each
//! packet.

use nack_codec::PacketType;

use crate::{Direction, Received};

/// What a matcher can be about at all: it is not asked about anything else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "an interest does nothing by itself"]
pub struct Interest(u64);

/// How many kinds of things there are to be interested in.
pub(crate) const KINDS: usize = 33;

/// Of each direction: what is malformed is 0, a packet its type.
const A_DIRECTION: u32 = 16;

const OPENED: u32 = 2 * A_DIRECTION;

impl Interest {
    /// Whatever goes this way, well formed or not.
    pub const fn packets(direction: Direction) -> Self {
        Self(0xFFFF << (offset(direction)))
    }

    /// Packets of this type that go this way.
    pub const fn packet(direction: Direction, packet: PacketType) -> Self {
        Self(1 << (offset(direction) + packet as u32))
    }

    /// What goes this way and is not a packet.
    pub const fn malformed(direction: Direction) -> Self {
        Self(1 << offset(direction))
    }

    /// Connections that are opened.
    pub const fn opened() -> Self {
        Self(1 << OPENED)
    }

    /// This, and that.
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether it is about this.
    pub fn includes(self, received: &Received<'_>) -> bool {
        self.has_kind(kind_of(received))
    }

    pub(crate) const fn has_kind(self, kind: usize) -> bool {
        self.0 >> kind & 1 == 1
    }
}

/// Which of the [`KINDS`] it is.
pub(crate) fn kind_of(received: &Received<'_>) -> usize {
    if received.is_opened() {
        return OPENED as usize;
    }
    let packet = received.packet_type().map_or(0, |packet| packet as u32);
    (offset(received.direction()) + packet) as usize
}

/// Which of the [`KINDS`] these bytes can be, on their way to a client: the packet that they begin
/// like, or nothing that is one.
pub(crate) fn kinds_of_sent(packet: &[u8]) -> [usize; 2] {
    let malformed = offset(Direction::ToClient) as usize;
    let packet_type = packet.first().map_or(0, |first| first >> 4);
    [malformed, malformed + usize::from(packet_type)]
}

/// Whether this one of the [`KINDS`] is PUBLISH, which alone has a topic.
pub(crate) const fn is_publish(kind: usize) -> bool {
    kind < OPENED as usize && kind % A_DIRECTION as usize == PacketType::Publish as usize
}

const fn offset(direction: Direction) -> u32 {
    match direction {
        Direction::FromClient => 0,
        Direction::ToClient => A_DIRECTION,
    }
}
