//! The phases of a connection.

/// Where a connection is.
///
/// ```text
///            handle_connected           CONNACK 0x00
///   Closed ───────────────────▶ Connecting ─────────▶ Connected
///     ▲                             │                     │
///     │  refused, timed out,        │ violation, fault,   │ the same, or
///     │  transport lost             │ disconnect          │ disconnect
///     ├─────────────────────────────┤                     │
///     │                             ▼                     ▼
///     └────────────────────────── Closing ◀───────────────┘
///       all bytes written, or no time left
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// There is no connection.
    Closed,
    /// CONNECT is on its way.
    Connecting,
    /// The broker has accepted the connection.
    Connected,
    /// The last bytes are on their way; nothing that comes is looked at.
    Closing,
}
