//! The misuse of something that is already in use.

/// A client, or a part of it that has one owner, was used while it is in use.
///
/// Ownership rules most of this out at compile time; this is the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Reentrant {
    /// [`Client::connect`](crate::Client::connect) on a client that is connecting.
    #[error("the client is connecting already")]
    Connecting,
    /// [`Client::connect`](crate::Client::connect) on a client that is connected: one client is
    /// one connection, and clones of it share that connection.
    #[error("the client is connected already")]
    Connected,
    /// [`Client::messages`](crate::Client::messages) while the stream that it gave is still alive.
    #[error("the stream of unclaimed messages is taken already")]
    Messages,
}
