//! Topic names and topic filters (section 4.7), shared subscriptions (section 4.8.2).

mod filter;
mod matching;
mod name;
mod shared;

pub use filter::TopicFilter;
pub use name::TopicName;
pub use shared::SharedFilter;

use crate::{TextError, Version};

/// What is wrong with a topic name or a topic filter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum TopicError {
    /// It has no character at all.
    #[error("it is empty")]
    Empty,
    /// It is not a string that MQTT can carry.
    #[error(transparent)]
    Text(#[from] TextError),
    /// A topic name holds `+` or `#`.
    #[error("a topic name has no wildcards, and there is one at byte {offset}")]
    Wildcard {
        /// Where the wildcard is, in bytes.
        offset: usize,
    },
    /// A `#` that is not the whole last level.
    #[error("`#` must be the whole last level, unlike the one at byte {offset}")]
    MultiLevelWildcard {
        /// Where the `#` is, in bytes.
        offset: usize,
    },
    /// A `+` that is not a whole level.
    #[error("`+` must be a whole level, unlike the one at byte {offset}")]
    SingleLevelWildcard {
        /// Where the `+` is, in bytes.
        offset: usize,
    },
    /// A share name without any character.
    #[error("a share name is empty")]
    EmptyShareName,
    /// A share name that no topic filter follows.
    #[error("a shared subscription is `$share/<share name>/<topic filter>`")]
    IncompleteShare,
    /// A share name that holds a wildcard.
    #[error("a share name has no wildcards")]
    WildcardInShareName,
}

impl TopicError {
    /// The statement that is broken.
    pub const fn statement(self, version: Version) -> &'static str {
        match (self, version) {
            (Self::Empty, _) => "MQTT-4.7.3-1",
            (Self::Text(TextError::TooLong { .. }), _) => "MQTT-4.7.3-3",
            (Self::Text(TextError::Nul { .. }), _) => "MQTT-4.7.3-2",
            (Self::Wildcard { .. }, Version::V5) => "MQTT-4.7.0-1",
            (Self::Wildcard { .. }, Version::V311) => "MQTT-4.7.1-1",
            (Self::MultiLevelWildcard { .. }, Version::V5) => "MQTT-4.7.1-1",
            (Self::MultiLevelWildcard { .. }, Version::V311) => "MQTT-4.7.1-2",
            (Self::SingleLevelWildcard { .. }, Version::V5) => "MQTT-4.7.1-2",
            (Self::SingleLevelWildcard { .. }, Version::V311) => "MQTT-4.7.1-3",
            (Self::EmptyShareName, _) => "MQTT-4.8.2-1",
            (Self::IncompleteShare | Self::WildcardInShareName, _) => "MQTT-4.8.2-2",
        }
    }
}
