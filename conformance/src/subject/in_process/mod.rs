//! Our own client as a subject, in this process and without a socket.

mod cable;
mod commands;
mod failures;

use std::future::Future;

use nack_client::{Client, Message as ClientMessage, Subscription};
use nack_codec::Version;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use self::cable::Cable;
use self::failures::Explain;
use super::{
    Answer, Connect, Connected, Disconnect, DisconnectedEvent, Done, Endpoint, Event, Failure,
    FailureKind, Hello, Launcher, Message, NextEvent, Properties, Publish, Published, Subject,
    Subscribe, Subscribed, Unsubscribe,
};
use crate::Capability;

/// Launches our own client.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct InProcess {}

impl InProcess {
    /// The client of this workspace.
    pub const fn new() -> Self {
        Self {}
    }
}

impl Launcher for InProcess {
    fn hello(&self) -> Hello {
        use Capability as C;

        Hello {
            client: "nack-client".to_owned(),
            // All crates of the workspace have one version.
            version: env!("CARGO_PKG_VERSION").to_owned(),
            language: "rust".to_owned(),
            caps: vec![
                C::V3,
                C::V5,
                C::Qos2,
                C::VirtualTime,
                C::RefusalTexts,
                C::RefusalAdvice,
                C::SubscriptionStreams,
            ],
            fields: commands::FIELDS.map(str::to_owned).into(),
        }
    }

    fn launch(&self, endpoint: Endpoint) -> Box<dyn Subject> {
        let (sender, events) = mpsc::unbounded_channel();
        Box::new(InProcessSubject {
            endpoint,
            client: None,
            events: Events { sender },
            received: events,
            tasks: Vec::new(),
        })
    }
}

struct InProcessSubject {
    endpoint: Endpoint,
    client: Option<Connection>,
    events: Events,
    received: mpsc::UnboundedReceiver<Event>,
    /// What watches the client and its streams.
    tasks: Vec<JoinHandle<()>>,
}

/// The client, and how it was told to connect: told the same again, it goes on with its session.
struct Connection {
    client: Client,
    command: Connect,
    version: Version,
    cable: Option<Cable>,
}

#[derive(Clone)]
struct Events {
    sender: mpsc::UnboundedSender<Event>,
}

impl Events {
    /// That nobody listens any more is no error.
    fn tell(&self, event: Event) {
        let _ = self.sender.send(event);
    }

    fn message(&self, message: &ClientMessage, unclaimed: bool) {
        self.tell(Event::Message(Message {
            topic: message.topic().as_str().to_owned(),
            payload: message.payload().to_vec(),
            qos: message.qos() as u8,
            retain: message.retain(),
            dup: message.dup(),
            props: Box::new(commands::shown(message.properties())),
            token: None,
            unclaimed,
        }));
    }

    async fn forward(self, mut subscription: Subscription) {
        while let Some(Ok(message)) = subscription.recv().await {
            self.message(&message, false);
        }
    }
}

impl InProcessSubject {
    fn client(&self) -> Result<(Client, Version), Failure> {
        match &self.client {
            Some(connection) => Ok((connection.client.clone(), connection.version)),
            None => Err(Failure::new(FailureKind::Usage, "there is no client yet")),
        }
    }

    fn watch(&mut self, task: impl Future<Output = ()> + Send + 'static) {
        self.tasks.retain(|task| !task.is_finished());
        self.tasks.push(tokio::spawn(task));
    }

    /// The client that `command` asks for.
    fn prepare(&mut self, command: Connect) -> Result<(), Failure> {
        if self
            .client
            .as_ref()
            .is_some_and(|connection| connection.command == command)
        {
            return Ok(());
        }
        let (options, version) = commands::options(&command)?;
        let client = Client::new(options);
        let messages = client.messages();
        self.client = Some(Connection {
            client,
            command,
            version,
            cable: None,
        });
        if let Ok(mut messages) = messages {
            let events = self.events.clone();
            self.watch(async move {
                while let Some(message) = messages.recv().await {
                    events.message(&message, true);
                }
            });
        }
        Ok(())
    }
}

impl Subject for InProcessSubject {
    fn connect(&mut self, command: Connect) -> Answer<Connected> {
        if let Err(failure) = self.prepare(command) {
            return Answer::ready(Err(failure));
        }
        let Some(connection) = &mut self.client else {
            return Answer::unsupported("a client without options");
        };
        let Endpoint::Memory(dial) = &self.endpoint;
        let cable = Cable::new(dial());
        connection.cable = Some(cable.clone());
        let (client, version) = (connection.client.clone(), connection.version);
        let events = self.events.clone();
        under_way(async move {
            let connected = client
                .connect_over(cable)
                .await
                .map_err(|error| error.explain(version))?;
            tokio::spawn(async move {
                let cause = client.closed().await;
                if let Some((kind, reason)) = failures::ended(&cause) {
                    events.tell(Event::Disconnected(DisconnectedEvent {
                        kind,
                        reason,
                        will_retry: false,
                    }));
                }
            });
            Ok(Connected {
                session_present: connected.session_present(),
                // Nothing else accepts a connection.
                reason: 0,
                props: commands::shown(connected.properties()),
            })
        })
    }

    fn publish(&mut self, command: Publish) -> Answer<Published> {
        let (client, version) = match self.client() {
            Ok(found) => found,
            Err(failure) => return Answer::ready(Err(failure)),
        };
        let answers = command.qos > 0;
        let message = match commands::publish(&command) {
            Ok(message) => message,
            Err(failure) => return Answer::ready(Err(failure)),
        };
        under_way(async move {
            let published = client
                .publish(message)
                .await
                .map_err(|error| error.explain(version))?;
            Ok(Published {
                reason: answers.then_some(published.reason() as u8),
                props: texts(published.reason_string(), published.user_properties()),
            })
        })
    }

    fn subscribe(&mut self, command: Subscribe) -> Answer<Subscribed> {
        let (client, version) = match self.client() {
            Ok(found) => found,
            Err(failure) => return Answer::ready(Err(failure)),
        };
        let request = match commands::subscribe(&command) {
            Ok(request) => request,
            Err(failure) => return Answer::ready(Err(failure)),
        };
        let events = self.events.clone();
        under_way(async move {
            let subscription = match client.subscribe(request).await {
                Ok(subscription) => subscription,
                Err(error) => {
                    let failure = error.explain(version);
                    // The filters that were granted are subscriptions all the same.
                    if let nack_client::SubscribeError::Refused(refused) = error
                        && let Some(subscription) = refused.into_subscription()
                    {
                        tokio::spawn(events.forward(subscription));
                    }
                    return Err(failure);
                }
            };
            let granted = subscription.granted().iter();
            let answer = Subscribed {
                reasons: granted.map(|(_, qos)| *qos as u8).collect(),
                props: texts(subscription.reason_string(), subscription.user_properties()),
            };
            tokio::spawn(events.forward(subscription));
            Ok(answer)
        })
    }

    fn unsubscribe(&mut self, command: Unsubscribe) -> Answer<Subscribed> {
        let (client, version) = match self.client() {
            Ok(found) => found,
            Err(failure) => return Answer::ready(Err(failure)),
        };
        let request = match commands::unsubscribe(&command) {
            Ok(request) => request,
            Err(failure) => return Answer::ready(Err(failure)),
        };
        under_way(async move {
            let unsubscribed = client
                .unsubscribe(request)
                .await
                .map_err(|error| error.explain(version))?;
            let verdicts = unsubscribed.verdicts().iter();
            Ok(Subscribed {
                reasons: verdicts.map(|verdict| verdict.reason.as_u8()).collect(),
                props: texts(unsubscribed.reason_string(), unsubscribed.user_properties()),
            })
        })
    }

    fn disconnect(&mut self, command: Disconnect) -> Answer<Done> {
        let (client, version) = match self.client() {
            Ok(found) => found,
            Err(failure) => return Answer::ready(Err(failure)),
        };
        let request = match commands::disconnect(&command) {
            Ok(request) => request,
            Err(failure) => return Answer::ready(Err(failure)),
        };
        under_way(async move {
            let result = client.disconnect_with(request).await;
            result
                .map(|()| Done {})
                .map_err(|error| error.explain(version))
        })
    }

    fn drop_client(&mut self) -> Answer<Done> {
        if let Some(cable) = self.client.take().and_then(|connection| connection.cable) {
            cable.cut();
        }
        Answer::ready(Ok(Done {}))
    }

    fn reset(&mut self) -> Answer<Done> {
        for task in self.tasks.drain(..) {
            task.abort();
        }
        while self.received.try_recv().is_ok() {}
        self.drop_client()
    }

    fn next_event(&mut self) -> NextEvent<'_> {
        Box::pin(self.received.recv())
    }
}

/// Begins what `future` does, and answers what it finds. It runs on when the answer is dropped.
fn under_way<T: Send + 'static>(
    future: impl Future<Output = Result<T, Failure>> + Send + 'static,
) -> Answer<T> {
    let task = tokio::spawn(future);
    Answer::new(async move {
        match task.await {
            Ok(answer) => answer,
            Err(error) => Err(Failure::new(FailureKind::Other, error.to_string())),
        }
    })
}

fn texts<'a>(
    reason_string: Option<&str>,
    user_properties: impl Iterator<Item = (&'a str, &'a str)>,
) -> Properties {
    Properties {
        reason_string: reason_string.map(str::to_owned),
        user_property: user_properties
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect(),
        ..Properties::default()
    }
}
