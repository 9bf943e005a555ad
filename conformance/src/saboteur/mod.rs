//! Subjects that are wrong on purpose, each in one way: a case that none of them fails proves
//! nothing.
//!
//! A saboteur is an honest client that lies to its application, or whose packets are tampered with
//! on their way. Each wrong behaviour has a file of its own.

mod accepts_any_code;
mod advises_for_the_mildest;
mod answers_auth;
mod blocks_behind_messages;
mod drops_reason_string;
mod drops_server_reference;
mod drops_user_properties;
mod ends_refused_filters;
mod fears_quiet_success;
mod forgets_codes;
mod hangs_on_lost_connection;
mod hangs_up_on_refusal;
mod hides_disconnect;
mod hides_violations;
mod ignores_receive_maximum;
mod keeps_ended_filters;
mod keeps_messages;
mod keeps_reason_to_itself;
mod leaks_quota;
mod mixes_up_filters;
mod needs_property_length;
mod never_completes;
mod releases_refused;
mod reports_wrong_code;
mod resends_refused;
mod stays_connected;
mod swallows_refusals;
mod talks_on;
mod tap;
mod trusts_in_retries;
mod wrong_fate;

use std::fmt;
use std::sync::Arc;

use self::tap::{Wire, tapped};
use crate::subject::{
    Acknowledge, Answer, Auth, Connect, Connected, Disconnect, Done, Endpoint, Event, Failure,
    Hello, Launcher, NextEvent, Publish, Published, Subject, Subscribe, Subscribed, Unsubscribe,
};

/// A client that is wrong in one way.
#[derive(Clone)]
pub struct Saboteur {
    name: &'static str,
    sabotage: Arc<dyn Sabotage>,
}

impl Saboteur {
    /// Every saboteur; those that most cases catch come first.
    pub fn all() -> Vec<Self> {
        macro_rules! saboteurs {
            ($($file:ident :: $sabotage:ident),* $(,)?) => {
                vec![$(Self { name: stringify!($file), sabotage: Arc::new($file::$sabotage) }),*]
            };
        }
        saboteurs![
            reports_wrong_code::ReportsWrongCode,
            accepts_any_code::AcceptsAnyCode,
            never_completes::NeverCompletes,
            answers_auth::AnswersAuth,
            swallows_refusals::SwallowsRefusals,
            forgets_codes::ForgetsCodes,
            fears_quiet_success::FearsQuietSuccess,
            mixes_up_filters::MixesUpFilters,
            drops_reason_string::DropsReasonString,
            drops_user_properties::DropsUserProperties,
            drops_server_reference::DropsServerReference,
            wrong_fate::WrongFate,
            trusts_in_retries::TrustsInRetries,
            advises_for_the_mildest::AdvisesForTheMildest,
            hangs_on_lost_connection::HangsOnLostConnection,
            hides_disconnect::HidesDisconnect,
            hides_violations::HidesViolations,
            keeps_ended_filters::KeepsEndedFilters,
            ends_refused_filters::EndsRefusedFilters,
            keeps_messages::KeepsMessages,
            releases_refused::ReleasesRefused,
            resends_refused::ResendsRefused,
            leaks_quota::LeaksQuota,
            ignores_receive_maximum::IgnoresReceiveMaximum,
            blocks_behind_messages::BlocksBehindMessages,
            hangs_up_on_refusal::HangsUpOnRefusal,
            needs_property_length::NeedsPropertyLength,
            stays_connected::StaysConnected,
            keeps_reason_to_itself::KeepsReasonToItself,
            talks_on::TalksOn,
        ]
    }

    /// The name of its wrong behaviour, which is that of its file.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Launches `honest` clients that are wrong in this way.
    pub fn launcher(&self, honest: Arc<dyn Launcher>) -> Arc<dyn Launcher> {
        Arc::new(SabotagedLauncher {
            honest,
            sabotage: Arc::clone(&self.sabotage),
        })
    }
}

impl fmt::Debug for Saboteur {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Saboteur").field(&self.name).finish()
    }
}

/// What is wrong. What a method does not touch is as the honest client has it.
trait Sabotage: Send + Sync {
    /// What became of an operation; `None` if its caller is never told.
    fn failed(&self, failure: Failure) -> Option<Told> {
        Some(Told::Failure(failure))
    }

    fn connected(&self, connected: Connected) -> Result<Connected, Failure> {
        Ok(connected)
    }

    fn published(&self, published: Published) -> Result<Published, Failure> {
        Ok(published)
    }

    fn subscribed(&self, subscribed: Subscribed) -> Result<Subscribed, Failure> {
        Ok(subscribed)
    }

    /// What the client is told to do instead.
    fn unsubscribe(&self, command: Unsubscribe) -> Unsubscribe {
        command
    }

    /// An event; `None` if the application is never told.
    fn event(&self, event: Event) -> Option<Event> {
        Some(event)
    }

    /// Who tampers with the packets of a connection.
    fn wire(&self) -> Option<Box<dyn Wire>> {
        None
    }
}

/// What the caller of a failed operation is told.
enum Told {
    Failure(Failure),
    /// Whatever a success looks like.
    Success,
}

struct SabotagedLauncher {
    honest: Arc<dyn Launcher>,
    sabotage: Arc<dyn Sabotage>,
}

impl Launcher for SabotagedLauncher {
    fn hello(&self) -> Hello {
        self.honest.hello()
    }

    fn launch(&self, endpoint: Endpoint) -> Box<dyn Subject> {
        let Endpoint::Memory(dial) = endpoint;
        let sabotage = Arc::clone(&self.sabotage);
        let endpoint = Endpoint::Memory(Box::new(move || match sabotage.wire() {
            Some(wire) => tapped(dial(), wire),
            None => dial(),
        }));
        let subject = self.honest.launch(endpoint);
        Box::new(SabotagedSubject {
            subject,
            sabotage: Arc::clone(&self.sabotage),
        })
    }
}

struct SabotagedSubject {
    subject: Box<dyn Subject>,
    sabotage: Arc<dyn Sabotage>,
}

impl SabotagedSubject {
    fn tell<T: 'static>(
        &self,
        answer: Answer<T>,
        success: T,
        succeed: fn(&dyn Sabotage, T) -> Result<T, Failure>,
    ) -> Answer<T> {
        let sabotage = Arc::clone(&self.sabotage);
        Answer::new(async move {
            match answer.await {
                Ok(answer) => succeed(&*sabotage, answer),
                Err(failure) => match sabotage.failed(failure) {
                    Some(Told::Failure(failure)) => Err(failure),
                    Some(Told::Success) => Ok(success),
                    None => std::future::pending().await,
                },
            }
        })
    }
}

impl Subject for SabotagedSubject {
    fn connect(&mut self, command: Connect) -> Answer<Connected> {
        let answer = self.subject.connect(command);
        self.tell(answer, Connected::default(), |sabotage, answer| {
            sabotage.connected(answer)
        })
    }

    fn publish(&mut self, command: Publish) -> Answer<Published> {
        let answer = self.subject.publish(command);
        let success = Published {
            reason: Some(0),
            ..Published::default()
        };
        self.tell(answer, success, |sabotage, answer| {
            sabotage.published(answer)
        })
    }

    fn subscribe(&mut self, command: Subscribe) -> Answer<Subscribed> {
        let success = Subscribed {
            reasons: vec![0; command.filters.len()],
            ..Subscribed::default()
        };
        let answer = self.subject.subscribe(command);
        self.tell(answer, success, |sabotage, answer| {
            sabotage.subscribed(answer)
        })
    }

    fn unsubscribe(&mut self, command: Unsubscribe) -> Answer<Subscribed> {
        let success = Subscribed {
            reasons: vec![0; command.filters.len()],
            ..Subscribed::default()
        };
        let command = self.sabotage.unsubscribe(command);
        let answer = self.subject.unsubscribe(command);
        self.tell(answer, success, |sabotage, answer| {
            sabotage.subscribed(answer)
        })
    }

    fn acknowledge(&mut self, command: Acknowledge) -> Answer<Done> {
        self.subject.acknowledge(command)
    }

    fn auth(&mut self, command: Auth) -> Answer<Done> {
        self.subject.auth(command)
    }

    fn disconnect(&mut self, command: Disconnect) -> Answer<Done> {
        self.subject.disconnect(command)
    }

    fn drop_client(&mut self) -> Answer<Done> {
        self.subject.drop_client()
    }

    fn reset(&mut self) -> Answer<Done> {
        self.subject.reset()
    }

    fn next_event(&mut self) -> NextEvent<'_> {
        Box::pin(async {
            loop {
                let event = self.subject.next_event().await?;
                if let Some(event) = self.sabotage.event(event) {
                    return Some(event);
                }
            }
        })
    }
}
