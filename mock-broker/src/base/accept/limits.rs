//! What keeps the memory of the broker bounded, whatever clients do.

/// Messages that wait in one session, as brokers in the field have it by the thousands. What comes
/// on top is dropped.
pub(super) const QUEUED_MESSAGES: usize = 10_000;

/// Bytes of topic and payload that wait in one session.
pub(super) const QUEUED_BYTES: usize = 64 * 1024 * 1024;

/// Sessions, of clients that are connected and of those that may come back.
pub(super) const SESSIONS: usize = 100_000;

/// Subscriptions of one session.
pub(super) const SUBSCRIPTIONS: usize = 10_000;

/// Levels of the topic filters of all subscriptions together, of which one filter can have 65,536.
pub(super) const FILTER_LEVELS: usize = 1_000_000;

/// Wills that wait for their delay to pass.
pub(super) const DELAYED_WILLS: usize = 100_000;

/// Topics with a retained message.
pub(super) const RETAINED_MESSAGES: usize = 100_000;

/// Bytes of topic and payload of all retained messages.
pub(super) const RETAINED_BYTES: usize = 256 * 1024 * 1024;

/// Payloads below this size are copied where they are kept, so that they do not keep alive the
/// whole read that they came with.
pub(super) const COPIED_PAYLOAD: usize = 4 * 1024;
