//! What became of a message whose publishing failed.

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "there is no fifth fate")]
pub enum Delivery {
    /// No byte of it was sent.
    NotSent,
    /// The broker received it and refused it: nobody gets it.
    Rejected,
    /// It is kept in the session, and will be sent again when the session resumes: the next
    /// connection asks for it, without [clean start](crate::Options::clean_start), and the session
    /// [outlives](crate::Options::session_expiry_interval) this one.
    InSession,
    /// It was sent, and no verdict came: it may have been delivered.
    Unknown,
}
