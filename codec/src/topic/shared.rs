//! The shared subscription: `$share/<share name>/<topic filter>` (section 4.8.2).

use super::{TopicError, TopicFilter};
use crate::Text;

/// The parts of the filter of a shared subscription.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_structs, reason = "closed by the standard")]
pub struct SharedFilter<'a> {
    /// Who shares: at least one character, no `/`, no wildcard (`[MQTT-4.8.2-1]`, `[MQTT-4.8.2-2]`).
    pub share_name: Text<&'a str>,
    /// What the messages of the share match.
    pub filter: TopicFilter<&'a str>,
}

impl<'a> SharedFilter<'a> {
    pub(super) fn parse(filter: &'a str) -> Result<Option<Self>, TopicError> {
        let Some(rest) = filter.strip_prefix("$share/") else {
            return Ok(None);
        };
        let (share_name, filter) = rest.split_once('/').unwrap_or((rest, ""));
        if share_name.is_empty() {
            return Err(TopicError::EmptyShareName);
        }
        if filter.is_empty() {
            return Err(TopicError::IncompleteShare);
        }
        if share_name.contains(['+', '#']) {
            return Err(TopicError::WildcardInShareName);
        }

        Ok(Some(Self {
            share_name: Text::checked(share_name),
            filter: TopicFilter::new(filter)?,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::TopicName;

    #[test]
    fn a_share_has_a_name_and_a_filter() {
        let filter = TopicFilter::new("$share/consumer1/sport/tennis/+").unwrap();
        let shared = filter.shared().unwrap().unwrap();
        assert_eq!(shared.share_name.get(), "consumer1");
        assert_eq!(shared.filter.get(), "sport/tennis/+");
        assert!(filter.matches(TopicName::new("sport/tennis/x").unwrap()));
    }

    #[test]
    fn a_share_without_name_or_filter_is_refused() {
        for (filter, error) in [
            ("$share/", TopicError::EmptyShareName),
            ("$share//a", TopicError::EmptyShareName),
            ("$share/name", TopicError::IncompleteShare),
            ("$share/name/", TopicError::IncompleteShare),
        ] {
            let filter = TopicFilter::new(filter).unwrap();
            assert_eq!(filter.shared(), Err(error), "{filter}");
        }
        let filter = TopicFilter::new("$share/+/a").unwrap();
        assert_eq!(filter.shared(), Err(TopicError::WildcardInShareName));
    }

    #[test]
    fn other_dollar_topics_are_not_shared() {
        assert_eq!(TopicFilter::new("$shared/a/b").unwrap().shared(), Ok(None));
        assert_eq!(TopicFilter::new("a/$share/b/c").unwrap().shared(), Ok(None));
    }
}
