//! Who may publish and subscribe to what.

use nack_codec::{TopicError, TopicFilter, TopicName};

/// One entry of the access list: the first that is about a request decides it, and what none is
/// about is allowed.
///
/// ```
/// use nack_mock_broker::{Access, MockBroker, Operation, Permission};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let broker = MockBroker::builder()
///     .access([
///         Access::new(Permission::Allow, Operation::Publish, "sensors/#")?.user("sensor"),
///         Access::new(Permission::Deny, Operation::Publish, "#")?,
///     ])
///     .in_memory();
/// # Ok(())
/// # }
/// ```
///
/// A denied message is answered with 0x87; at QoS 0, and in 3.1.1, which cannot refuse it, it is
/// taken and dropped. A denied subscription is refused with 0x87, in 3.1.1 with 0x80. A denied will
/// is dropped when its time comes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    permission: Permission,
    operation: Operation,
    filter: TopicFilter,
    user: Option<String>,
    client_id: Option<String>,
}

/// Whether something may be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "there is no third")]
pub enum Permission {
    /// It may.
    Allow,
    /// It may not.
    Deny,
}

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(clippy::exhaustive_enums, reason = "MQTT has no third")]
pub enum Operation {
    /// Publishing, wills included.
    Publish,
    /// Subscribing.
    Subscribe,
    /// Both.
    Any,
}

/// Somebody who wants to do something.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Subject<'a> {
    pub(crate) user: Option<&'a str>,
    pub(crate) client_id: &'a str,
}

impl Access {
    /// An entry about everybody, and about the topics that this filter matches.
    ///
    /// Of subscriptions, one that allows is about those that match no other topics than these; one
    /// that denies is about all that match any of them. Of a shared subscription, the filter behind
    /// the share name counts.
    ///
    /// # Errors
    ///
    /// Where it is no topic filter.
    pub fn new(
        permission: Permission,
        operation: Operation,
        filter: &str,
    ) -> Result<Self, TopicError> {
        Ok(Self {
            permission,
            operation,
            filter: TopicFilter::new(filter)?.to_owned(),
            user: None,
            client_id: None,
        })
    }

    /// Only about who authenticated under this user name.
    #[must_use = "the entry is given back"]
    pub fn user(mut self, name: impl Into<String>) -> Self {
        self.user = Some(name.into());
        self
    }

    /// Only about the client of this identifier.
    #[must_use = "the entry is given back"]
    pub fn client_id(mut self, client_id: impl Into<String>) -> Self {
        self.client_id = Some(client_id.into());
        self
    }

    fn is_about(&self, subject: Subject<'_>, operation: Operation) -> bool {
        (self.operation == operation || self.operation == Operation::Any)
            && self
                .user
                .as_deref()
                .is_none_or(|it| subject.user == Some(it))
            && self
                .client_id
                .as_deref()
                .is_none_or(|it| subject.client_id == it)
    }
}

/// Whether the list lets somebody publish to this topic.
pub(crate) fn may_publish(list: &[Access], who: Subject<'_>, topic: TopicName<&str>) -> bool {
    let mut about = list
        .iter()
        .filter(|entry| entry.is_about(who, Operation::Publish));
    about
        .find(|entry| entry.filter.matches(topic))
        .is_none_or(|entry| entry.permission == Permission::Allow)
}

/// Whether the list lets somebody subscribe to this filter; of a shared one, that behind the share
/// name.
pub(crate) fn may_subscribe(list: &[Access], who: Subject<'_>, wanted: &str) -> bool {
    let mut about = list
        .iter()
        .filter(|entry| entry.is_about(who, Operation::Subscribe));
    about
        .find(|entry| match entry.permission {
            Permission::Allow => covers(entry.filter.as_str(), wanted),
            Permission::Deny => overlap(entry.filter.as_str(), wanted),
        })
        .is_none_or(|entry| entry.permission == Permission::Allow)
}

/// Whether every topic that `wanted` matches is matched by `filter`.
fn covers(filter: &str, wanted: &str) -> bool {
    if wanted.starts_with('$') && filter.starts_with(['#', '+']) {
        return false;
    }
    let (mut left, mut right) = (filter.split('/'), wanted.split('/'));
    loop {
        match (left.next(), right.next()) {
            (Some("#"), _) => return true,
            (Some("+"), Some(level)) if level != "#" => {}
            (Some(one), Some(other)) if one == other => {}
            (None, None) => return true,
            _ => return false,
        }
    }
}

/// Whether there is a topic that both match.
fn overlap(one: &str, other: &str) -> bool {
    let is_apart = |one: &str, other: &str| one.starts_with('$') && other.starts_with(['#', '+']);
    if is_apart(one, other) || is_apart(other, one) {
        return false;
    }
    let (mut left, mut right) = (one.split('/'), other.split('/'));
    loop {
        match (left.next(), right.next()) {
            (Some("#"), _) | (_, Some("#")) | (None, None) => return true,
            (Some("+"), Some(_)) | (Some(_), Some("+")) => {}
            (Some(one), Some(other)) if one == other => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_cover_and_overlap_as_their_topics_do() {
        for (filter, wanted, covered, overlapping) in [
            ("#", "a/b", true, true),
            ("#", "$SYS/a", false, false),
            ("a/#", "a", true, true),
            ("a/+", "a/#", false, true),
            ("a/#", "a/+", true, true),
            ("a/b", "a/+", false, true),
            ("a/b", "+/c", false, false),
            ("secret/#", "#", false, true),
            ("a/b", "a", false, false),
        ] {
            assert_eq!(covers(filter, wanted), covered, "{filter} {wanted}");
            assert_eq!(overlap(filter, wanted), overlapping, "{filter} {wanted}");
        }
    }

    #[test]
    fn the_first_entry_about_a_request_decides() {
        let entry = |permission, filter| Access::new(permission, Operation::Any, filter).unwrap();
        let list = [
            entry(Permission::Allow, "a/#").user("u"),
            entry(Permission::Deny, "a/secret"),
        ];
        let (somebody, user) = (
            Subject {
                user: None,
                client_id: "c",
            },
            Subject {
                user: Some("u"),
                client_id: "c",
            },
        );
        let topic = TopicName::new("a/secret").unwrap();
        assert!(may_publish(&list, user, topic));
        assert!(!may_publish(&list, somebody, topic));
        assert!(may_publish(&list, somebody, TopicName::new("b").unwrap()));
        assert!(may_subscribe(&list, user, "a/+"));
        assert!(!may_subscribe(&list, somebody, "a/+"));
        assert!(may_subscribe(&list, somebody, "b/+"));
    }
}
