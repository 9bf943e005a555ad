//! Which packets a rule is about.
//!
//! Packets are functions here, and what is asked of them are methods:
//! `publish().topic("sensors/#").qos(QoS::AtLeastOnce)`. Everything in this module can stand in
//! [`Rule::given`](crate::Rule::given) and in [`MockBroker::wait_for`](crate::MockBroker::wait_for).
//!
//! Packets that both sides send are meant as they come from the client, unless
//! [`to_client`](PacketMatcher::to_client) says otherwise; those that servers alone send, as they
//! go to it.

mod criterion;
mod glob;
mod interest;
mod packet;
mod turns;

pub use interest::Interest;
pub(crate) use interest::{KINDS, is_publish, kind_of, kinds_of_sent};
pub use packet::{
    PacketMatcher, any_packet, auth, connack, connect, disconnect, malformed, opened, pingreq,
    pingresp, puback, pubcomp, publish, pubrec, pubrel, suback, subscribe, unsuback, unsubscribe,
};
pub(crate) use turns::Tally;
pub use turns::Turns;

use nack_codec::TopicFilter;

use crate::{Direction, Received};

/// Picks packets, by what they are and nothing else: where an expectation was not met, packets
/// that came before are asked about again. A closure picks too:
///
/// ```
/// use nack_mock_broker::{Received, Rule, action};
///
/// let rule = Rule::given(|received: &Received<'_>| received.raw().len() > 1024)
///     .then(action::disconnect(0x95));
/// ```
pub trait Match: Send + Sync {
    /// Whether this packet is meant.
    ///
    /// A panic in here is caught, counts as `false`, and is reported by
    /// [`MockBroker::verify`](crate::MockBroker::verify).
    fn matches(&self, received: &Received<'_>) -> bool;

    /// What it is asked about: whatever comes from clients, unless said otherwise.
    fn interest(&self) -> Interest {
        Interest::packets(Direction::FromClient)
    }

    /// A topic filter that the topic of all that is meant matches, if there is one: it is not asked
    /// about other topics, nor about packets without one.
    fn topic_filter(&self) -> Option<TopicFilter<&str>> {
        None
    }

    /// Which of the packets that match are meant: all of them, unless said otherwise.
    fn turns(&self) -> Turns {
        Turns::ALL
    }

    /// What is meant, in words, as the object of "expected …".
    fn describe(&self) -> String {
        "a packet that a closure picks".to_owned()
    }

    /// Why this packet is not meant, a sentence a criterion; `None` where it is not even of the
    /// kind that is. The packet with the fewest sentences is the nearest miss.
    fn misses(&self, received: &Received<'_>) -> Option<Vec<String>> {
        let _ = received;
        Some(vec!["the closure does not pick it".to_owned()])
    }
}

impl<F> Match for F
where
    F: Fn(&Received<'_>) -> bool + Send + Sync,
{
    fn matches(&self, received: &Received<'_>) -> bool {
        self(received)
    }
}
