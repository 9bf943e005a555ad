//! The session against a reference model: random requests, answers in any legal order, refusals,
//! lost connections and time, in both versions.
//!
//! [`Run`] knows the session by its wire and its verdicts alone. It plays a broker that keeps to
//! the standard, so nothing that the session does may be a complaint.

mod inbound;
mod outbound;
mod run;

use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::Index;

use super::packets::{both, both_kept};
use crate::QoS;
use crate::session::Config;
use run::Run;

/// One thing that happens.
#[derive(Clone, Debug)]
enum Step {
    /// The caller publishes; some messages are large enough to be linked, not copied.
    Publish {
        qos: QoS,
        is_large: bool,
    },
    Subscribe {
        filters: usize,
    },
    Unsubscribe {
        filters: usize,
    },
    /// The caller disconnects.
    Disconnect {
        ends_session: bool,
    },
    /// The broker answers one of the client's packets that are open.
    Answer {
        which: Index,
        code: Index,
    },
    /// The broker publishes.
    Incoming {
        qos: QoS,
    },
    /// The broker releases one of its QoS 2 messages that have their PUBREC.
    Release {
        which: Index,
    },
    /// The application takes one of its messages, of whatever connection.
    Take {
        which: Index,
    },
    /// The broker ends the connection, with a DISCONNECT where it can.
    ServerDisconnect,
    /// The transport is lost.
    Lose,
    /// There is a new connection. The broker may have lost the session.
    Connect {
        forgets: bool,
        receive_maximum: u16,
    },
    /// There is a new connection, and the broker refuses it, or says nothing.
    ConnectInVain {
        is_refused: bool,
    },
    /// Time passes; the broker answers PINGREQ, or does not.
    Pass {
        seconds: u64,
        is_answered: bool,
    },
    /// The transport takes so many bytes and then no more, until the next step of this kind.
    Block {
        room: Option<usize>,
    },
    /// The driver stops reading, and goes on after a while.
    Pause {
        seconds: u64,
    },
}

fn qos() -> impl Strategy<Value = QoS> {
    prop_oneof![
        1 => Just(QoS::AtMostOnce),
        2 => Just(QoS::AtLeastOnce),
        3 => Just(QoS::ExactlyOnce),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let index = any::<Index>;
    prop_oneof![
        12 => (qos(), prop::bool::weighted(0.1))
            .prop_map(|(qos, is_large)| Step::Publish { qos, is_large }),
        2 => (1..4_usize).prop_map(|filters| Step::Subscribe { filters }),
        2 => (1..4_usize).prop_map(|filters| Step::Unsubscribe { filters }),
        1 => any::<bool>().prop_map(|ends_session| Step::Disconnect { ends_session }),
        20 => (index(), index()).prop_map(|(which, code)| Step::Answer { which, code }),
        6 => qos().prop_map(|qos| Step::Incoming { qos }),
        4 => index().prop_map(|which| Step::Release { which }),
        6 => index().prop_map(|which| Step::Take { which }),
        1 => Just(Step::ServerDisconnect),
        3 => Just(Step::Lose),
        8 => (prop::bool::weighted(0.2), 1..4_u16).prop_map(|(forgets, receive_maximum)| {
            Step::Connect { forgets, receive_maximum }
        }),
        1 => any::<bool>().prop_map(|is_refused| Step::ConnectInVain { is_refused }),
        3 => (1..100_u64, prop::bool::weighted(0.9))
            .prop_map(|(seconds, is_answered)| Step::Pass { seconds, is_answered }),
        2 => prop_oneof![2 => Just(None), 1 => (0..40_usize).prop_map(Some)]
            .prop_map(|room| Step::Block { room }),
        1 => (0..20_u64).prop_map(|seconds| Step::Pause { seconds }),
    ]
}

fn config() -> impl Strategy<Value = Config> {
    let configs = both().into_iter().chain(both_kept());
    let configs = prop::sample::select(configs.collect::<Vec<_>>());
    let timeout = prop::option::of(Just(Duration::from_secs(30)));
    let keep_alive = prop_oneof![Just(0), Just(60)];
    (configs, timeout, keep_alive).prop_map(|(config, operation_timeout, keep_alive)| Config {
        operation_timeout,
        keep_alive,
        receive_maximum: 3,
        ..config
    })
}

proptest! {
    #[test]
    fn whatever_happens_the_session_keeps_its_word(
        config in config(),
        steps in prop::collection::vec(step(), 1..120),
    ) {
        let mut run = Run::new(config);
        for step in &steps {
            run.take(step);
        }
        run.finish();
    }
}
