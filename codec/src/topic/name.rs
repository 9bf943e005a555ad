//! The topic name: what a message is published to.

use std::fmt;
use std::sync::Arc;

use super::TopicError;
use crate::wire::{TextFault, Wildcards, check_str};
use crate::{Text, TextError};

/// A topic name: 1 to 65,535 bytes of UTF-8 without U+0000 and without wildcards
/// (`[MQTT-4.7.3-1]`, `[MQTT-4.7.3-2]`, `[MQTT-4.7.3-3]`, `[MQTT-4.7.0-1]`).
///
/// `S` is where it is kept: `&str` in a packet, `Arc<str>` by default.
///
/// ```
/// use nack_codec::TopicName;
///
/// let topic = TopicName::new("plant/3/temperature")?;
/// assert_eq!(topic.as_str(), "plant/3/temperature");
/// assert!(TopicName::new("plant/#").is_err());
/// # Ok::<(), nack_codec::TopicError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TopicName<S = Arc<str>>(S);

impl<S: AsRef<str>> TopicName<S> {
    /// Checks a topic name.
    ///
    /// # Errors
    ///
    /// See [`TopicError`].
    pub fn new(topic: S) -> Result<Self, TopicError> {
        let str = topic.as_ref();
        if str.is_empty() {
            return Err(TopicError::Empty);
        }
        if str.len() > usize::from(u16::MAX) {
            return Err(TextError::TooLong { length: str.len() }.into());
        }
        match check_str(str, Wildcards::Refused) {
            Err(TextFault::Nul { offset }) => Err(TextError::Nul { offset }.into()),
            Err(TextFault::Wildcard { offset }) => Err(TopicError::Wildcard { offset }),
            // A `str` is UTF-8.
            Ok(()) | Err(TextFault::Utf8 { .. }) => Ok(Self(topic)),
        }
    }

    /// The name itself.
    #[inline]
    pub fn as_str(&self) -> &str {
        self.0.as_ref()
    }

    /// The same name, borrowed.
    #[inline]
    pub fn borrow(&self) -> TopicName<&str> {
        TopicName(self.0.as_ref())
    }
}

impl<'a> TopicName<&'a str> {
    /// The name with the lifetime of what it borrows from.
    #[inline]
    pub const fn get(self) -> &'a str {
        self.0
    }

    /// The same name, on its own.
    pub fn to_owned(self) -> TopicName {
        TopicName(Arc::from(self.0))
    }

    #[inline]
    pub(crate) const fn checked(topic: &'a str) -> Self {
        Self(topic)
    }
}

impl<'a> From<TopicName<&'a str>> for Text<&'a str> {
    fn from(topic: TopicName<&'a str>) -> Self {
        Self::checked(topic.0)
    }
}

impl<S: AsRef<str>> fmt::Display for TopicName<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_ref())
    }
}

impl TryFrom<&str> for TopicName {
    type Error = TopicError;

    fn try_from(topic: &str) -> Result<Self, TopicError> {
        TopicName::new(topic).map(TopicName::to_owned)
    }
}

impl TryFrom<String> for TopicName {
    type Error = TopicError;

    fn try_from(topic: String) -> Result<Self, TopicError> {
        Self::try_from(topic.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_may_hold_anything_but_wildcards_and_nul() {
        for name in [
            "/",
            "a",
            "a//b",
            " ",
            "$SYS/x",
            "\u{FEFF}",
            &"x".repeat(65_535),
        ] {
            assert!(TopicName::new(name).is_ok(), "{name}");
        }
    }

    #[test]
    fn the_first_thing_wrong_is_said() {
        assert_eq!(TopicName::new(""), Err(TopicError::Empty));
        assert_eq!(
            TopicName::new("a/+/b"),
            Err(TopicError::Wildcard { offset: 2 })
        );
        assert_eq!(
            TopicName::new("a#"),
            Err(TopicError::Wildcard { offset: 1 })
        );
        assert_eq!(
            TopicName::new("a\0"),
            Err(TextError::Nul { offset: 1 }.into())
        );
        assert_eq!(
            TopicName::new("x".repeat(65_536)).unwrap_err(),
            TextError::TooLong { length: 65_536 }.into()
        );
    }
}
