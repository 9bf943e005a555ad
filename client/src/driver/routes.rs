//! The subscriptions of a connection, in their order, and which of them claim a message.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use nack_codec::{TopicFilter, TopicName};

use super::blocked::Waits;
use super::queue::Sender;
use super::takers::Delivered;
use super::topics::{Claims, Known, Topics};

/// Which subscription of this connection; one that came later has a higher number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RouteId(pub(super) u64);

pub(super) struct Route {
    pub(super) id: RouteId,
    pub(super) filters: Vec<TopicFilter>,
    pub(super) messages: Sender<Delivered>,
    /// How many messages found no room.
    pub(super) dropped: Arc<AtomicU64>,
    /// Until SUBACK has come, nobody can take its messages.
    pub(super) waits: Waits,
}

/// All subscriptions, and what is known of the topics of late.
#[derive(Default)]
pub(super) struct Routes {
    /// In the order of their numbers.
    routes: Vec<Route>,
    topics: Topics,
}

impl Routes {
    pub(super) fn all(&self) -> &[Route] {
        &self.routes
    }

    pub(super) fn find(&self, id: RouteId) -> Option<&Route> {
        self.routes.iter().find(|route| route.id == id)
    }

    /// The subscriptions, to change them, and with them who claims what.
    pub(super) fn change(&mut self) -> &mut Vec<Route> {
        self.topics.forget();
        &mut self.routes
    }

    /// What is known of this topic, and the subscriptions among which its claims have their places.
    pub(super) fn look_up(&mut self, name: TopicName<&str>) -> (&Known, &[Route]) {
        let Self { routes, topics } = self;
        (topics.look_up(name, || claims(routes, name)), routes)
    }
}

fn claims(routes: &[Route], name: TopicName<&str>) -> Claims {
    let claims = (0_u32..).zip(routes).filter(|(_, route)| {
        let mut filters = route.filters.iter();
        filters.any(|filter| filter.matches(name))
    });
    claims.map(|(place, _)| place).collect()
}

#[cfg(test)]
mod tests {
    use super::super::queue::queue;
    use super::*;

    fn route(number: u64, filter: &'static str) -> Route {
        Route {
            id: RouteId(number),
            filters: vec![TopicFilter::new(filter).unwrap().to_owned()],
            messages: queue(1).0,
            dropped: Arc::default(),
            waits: Waits::ForRoom,
        }
    }

    #[test]
    fn who_claims_a_topic_is_asked_anew_after_every_change() {
        let mut routes = Routes::default();
        let claimed_by = |routes: &mut Routes| {
            let (known, all) = routes.look_up(TopicName::new("a/b").unwrap());
            let places = known.claims.as_slice().iter();
            places
                .map(|place| all[*place as usize].id.0)
                .collect::<Vec<_>>()
        };
        assert_eq!(claimed_by(&mut routes), []);
        for number in 0..3 {
            routes.change().push(route(number, "a/+"));
        }
        assert_eq!(claimed_by(&mut routes), [0, 1, 2]);
        routes.change()[1].filters.clear();
        assert_eq!(claimed_by(&mut routes), [0, 2]);
        routes.change().remove(0);
        assert_eq!(claimed_by(&mut routes), [2]);
        routes.change().clear();
        assert_eq!(claimed_by(&mut routes), []);
    }
}
