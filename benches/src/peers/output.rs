//! What encoders write into.

use bytes::BytesMut;

/// An outgoing buffer, used again and again as a connection does.
pub trait Output {
    /// An empty one with room for `capacity` bytes.
    fn with_capacity(capacity: usize) -> Self;

    /// Forgets what was written, and keeps the room.
    fn clear(&mut self);

    /// What was written since it was empty.
    fn written(&self) -> Vec<u8>;
}

impl Output for BytesMut {
    fn with_capacity(capacity: usize) -> Self {
        Self::with_capacity(capacity)
    }

    fn clear(&mut self) {
        self.clear();
    }

    fn written(&self) -> Vec<u8> {
        self.to_vec()
    }
}
