//! Why a fault of a listener cannot be changed.

use std::io;

/// Why the fault of a listener cannot be changed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ListenerFaultError {
    /// There is no such listener.
    #[error("there is no listener {listener}: the broker has {listeners}, counted from 0")]
    NoListener {
        /// The one that was meant.
        listener: usize,
        /// How many there are.
        listeners: usize,
    },
    /// The listener does not speak TLS.
    #[error("listener {listener} does not speak TLS")]
    NoTls {
        /// The one that was meant.
        listener: usize,
    },
    /// The listener does not speak WebSocket.
    #[error("listener {listener} does not speak WebSocket")]
    NoWebSocket {
        /// The one that was meant.
        listener: usize,
    },
    /// TLS cannot be had with this fault.
    #[error("the fault cannot be made")]
    Unusable(#[source] io::Error),
}
