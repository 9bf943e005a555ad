//! The topic filter: what a subscription asks for.

use std::fmt;
use std::sync::Arc;

use super::{SharedFilter, TopicError, TopicName, matching};
use crate::{Text, TextError};

/// A topic filter: 1 to 65,535 bytes of UTF-8 without U+0000, with its wildcards in the right
/// places (`[MQTT-4.7.1-1]`, `[MQTT-4.7.1-2]`, `[MQTT-4.7.3-1]`).
///
/// `S` is where it is kept: `&str` in a packet, `Arc<str>` by default. `$share/…` is a shared
/// subscription in MQTT 5.0, and an ordinary filter in 3.1.1: see [`shared`](Self::shared).
///
/// ```
/// use nack_codec::{TopicFilter, TopicName};
///
/// let filter = TopicFilter::new("plant/+/temperature")?;
/// assert!(filter.matches(TopicName::new("plant/3/temperature")?));
/// assert!(!filter.matches(TopicName::new("plant/3/4/temperature")?));
/// # Ok::<(), nack_codec::TopicError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TopicFilter<S = Arc<str>>(S);

impl<S: AsRef<str>> TopicFilter<S> {
    /// Checks a topic filter.
    ///
    /// # Errors
    ///
    /// See [`TopicError`].
    pub fn new(filter: S) -> Result<Self, TopicError> {
        check(filter.as_ref())?;
        Ok(Self(filter))
    }

    /// The filter itself.
    #[inline]
    pub fn as_str(&self) -> &str {
        self.0.as_ref()
    }

    /// The same filter, borrowed.
    #[inline]
    pub fn borrow(&self) -> TopicFilter<&str> {
        TopicFilter(self.0.as_ref())
    }

    /// Whether it has a `+` or a `#`.
    pub fn has_wildcards(&self) -> bool {
        self.as_str()
            .bytes()
            .any(|byte| matches!(byte, b'+' | b'#'))
    }

    /// Whether a message of this topic is one that the filter asks for (section 4.7).
    ///
    /// A shared filter matches what the filter behind its share name matches.
    pub fn matches(&self, topic: TopicName<&str>) -> bool {
        let filter = match self.shared() {
            Ok(Some(shared)) => shared.filter.get(),
            _ => self.as_str(),
        };
        matching::matches(filter, topic.get())
    }

    /// The parts of a shared subscription (section 4.8.2), if this is one.
    ///
    /// # Errors
    ///
    /// Where the filter begins with `$share/` and is not `$share/<share name>/<topic filter>`
    /// (`[MQTT-4.8.2-1]`, `[MQTT-4.8.2-2]`).
    pub fn shared(&self) -> Result<Option<SharedFilter<'_>>, TopicError> {
        SharedFilter::parse(self.as_str())
    }
}

impl<'a> TopicFilter<&'a str> {
    /// The filter with the lifetime of what it borrows from.
    #[inline]
    pub const fn get(self) -> &'a str {
        self.0
    }

    /// The same filter, on its own.
    pub fn to_owned(self) -> TopicFilter {
        TopicFilter(Arc::from(self.0))
    }
}

impl<'a> From<TopicFilter<&'a str>> for Text<&'a str> {
    fn from(filter: TopicFilter<&'a str>) -> Self {
        Self::checked(filter.0)
    }
}

impl<S: AsRef<str>> fmt::Display for TopicFilter<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_ref())
    }
}

impl TryFrom<&str> for TopicFilter {
    type Error = TopicError;

    fn try_from(filter: &str) -> Result<Self, TopicError> {
        TopicFilter::new(filter).map(TopicFilter::to_owned)
    }
}

impl TryFrom<String> for TopicFilter {
    type Error = TopicError;

    fn try_from(filter: String) -> Result<Self, TopicError> {
        Self::try_from(filter.as_str())
    }
}

fn check(filter: &str) -> Result<(), TopicError> {
    if filter.is_empty() {
        return Err(TopicError::Empty);
    }
    Text::new(filter).map_err(|error: TextError| TopicError::Text(error))?;
    let bytes = filter.as_bytes();
    for (offset, byte) in bytes.iter().enumerate() {
        let begins_level = offset == 0 || bytes[offset - 1] == b'/';
        let next = bytes.get(offset + 1);
        match byte {
            b'#' if !begins_level || next.is_some() => {
                return Err(TopicError::MultiLevelWildcard { offset });
            }
            b'+' if !begins_level || next.is_some_and(|next| *next != b'/') => {
                return Err(TopicError::SingleLevelWildcard { offset });
            }
            _ => {}
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_in_the_right_places_are_accepted() {
        for filter in [
            "#",
            "+",
            "/",
            "a/#",
            "+/+",
            "/+",
            "+/a/#",
            "a/+/b",
            "$share/g/#",
            "a//#",
        ] {
            assert!(TopicFilter::new(filter).is_ok(), "{filter}");
        }
    }

    #[test]
    fn wildcards_in_the_wrong_places_are_refused() {
        for (filter, offset) in [("a#", 1), ("a/b#", 3), ("a/#/b", 2), ("##", 0), ("#/", 0)] {
            assert_eq!(
                TopicFilter::new(filter),
                Err(TopicError::MultiLevelWildcard { offset })
            );
        }
        for (filter, offset) in [("a+", 1), ("+a", 0), ("a/+b", 2), ("++", 0)] {
            assert_eq!(
                TopicFilter::new(filter),
                Err(TopicError::SingleLevelWildcard { offset })
            );
        }
        assert_eq!(TopicFilter::new(""), Err(TopicError::Empty));
    }
}
