//! Operations that wait for their own answers while another one is refused.

use nack_codec::{PacketType, Version};
use nack_mock_broker::action::no_answer;
use nack_mock_broker::matcher::{publish, subscribe, unsubscribe};
use nack_mock_broker::{Entry, Rule};

use super::answers;
use crate::Stage;
use crate::outcome::Finding;
use crate::subject::{
    Answer, Failure, Filter, Publish, Published, Subscribe, Subscribed, Unsubscribe,
};
use crate::verify::api;

const TOPIC: &str = "bystander";
const LEFT: &str = "bystander/left";

/// The sentences that a case with bystanders rests on.
pub(super) const SENTENCES: [&str; 1] = ["API-undisturbed"];

/// A message, a subscription and the end of one, none of which the broker has answered.
pub(super) struct Bystanders {
    publish: Answer<Published>,
    subscribe: Answer<Subscribed>,
    unsubscribe: Answer<Subscribed>,
    packet_ids: [u16; 3],
}

impl Bystanders {
    /// Begins the operations, and waits until the broker has seen them.
    pub(super) async fn begin(stage: &mut Stage) -> Result<Self, Finding> {
        let message = publish().topic(TOPIC);
        let filter = subscribe().filter(TOPIC);
        let end = unsubscribe().filter(LEFT);
        for matcher in [message.clone(), filter.clone(), end.clone()] {
            stage.rule(Rule::given(matcher).then(no_answer()));
        }
        let subject = stage.subject();
        let publish = subject.publish(Publish {
            topic: TOPIC.to_owned(),
            qos: 1,
            ..Publish::default()
        });
        let subscribe = subject.subscribe(Subscribe {
            filters: vec![Filter::at(TOPIC, 1)],
            ..Subscribe::default()
        });
        let unsubscribe = subject.unsubscribe(Unsubscribe {
            filters: vec![LEFT.to_owned()],
            ..Unsubscribe::default()
        });
        let packet_id = |entry: Entry| {
            entry
                .received()
                .and_then(|received| received.packet_id())
                .unwrap_or_default()
        };
        let packet_ids = [
            packet_id(stage.sees("the bystanding PUBLISH", message).await?),
            packet_id(stage.sees("the bystanding SUBSCRIBE", filter).await?),
            packet_id(stage.sees("the bystanding UNSUBSCRIBE", end).await?),
        ];
        Ok(Self {
            publish,
            subscribe,
            unsubscribe,
            packet_ids,
        })
    }

    /// Whose packet identifiers are in use.
    pub(super) const fn packet_ids(&self) -> [u16; 3] {
        self.packet_ids
    }

    /// The connection is as it was, and nothing has become of the operations.
    pub(super) fn still_wait(&mut self, stage: &Stage) -> Result<(), Finding> {
        let undisturbed = api("API-undisturbed");
        let ended = [
            (
                "PUBLISH",
                self.publish.now().map(|answer| format!("{answer:?}")),
            ),
            (
                "SUBSCRIBE",
                self.subscribe.now().map(|answer| format!("{answer:?}")),
            ),
            (
                "UNSUBSCRIBE",
                self.unsubscribe.now().map(|answer| format!("{answer:?}")),
            ),
        ];
        for (operation, answer) in ended {
            undisturbed.that(
                format!("another {operation} still waits for its own answer"),
                answer.is_none(),
                || format!("{answer:?}"),
            )?;
        }
        undisturbed.equal("connections", &1, &stage.connections())
    }

    /// The broker answers the operations, and each succeeds.
    pub(super) async fn succeed(self, stage: &mut Stage) -> Result<(), Finding> {
        let version = stage.version();
        let [message, filter, end] = self.packet_ids;
        answers::send(stage, answers::unsuback(version, end, 1)).await?;
        answers::send(stage, answers::suback(version, filter, &[1])).await?;
        answers::send(stage, answers::acknowledgement(PacketType::Puback, message)).await?;
        succeeds("PUBLISH", self.publish).await?;
        let subscribed = succeeds("SUBSCRIBE", self.subscribe).await?;
        api("API-undisturbed").equal(
            "codes of another SUBSCRIBE",
            &vec![1],
            &subscribed.reasons,
        )?;
        let unsubscribed = succeeds("UNSUBSCRIBE", self.unsubscribe).await?;
        let expected = match version {
            Version::V5 => vec![0],
            // There, UNSUBACK has no codes; some clients say success for each filter all the same.
            Version::V311 if unsubscribed.reasons == [0] => vec![0],
            Version::V311 => vec![],
        };
        api("API-undisturbed").equal(
            "codes of another UNSUBSCRIBE",
            &expected,
            &unsubscribed.reasons,
        )
    }

    /// The connection has ended, and each operation fails in a way that `judge` approves; it is
    /// told which operation, and whether that carries a message.
    pub(super) async fn fail(
        self,
        judge: impl Fn(&str, bool, &Failure) -> Result<(), Finding>,
    ) -> Result<(), Finding> {
        judge(
            "another PUBLISH",
            true,
            &fails("PUBLISH", self.publish).await?,
        )?;
        judge(
            "another SUBSCRIBE",
            false,
            &fails("SUBSCRIBE", self.subscribe).await?,
        )?;
        judge(
            "another UNSUBSCRIBE",
            false,
            &fails("UNSUBSCRIBE", self.unsubscribe).await?,
        )
    }
}

async fn succeeds<T>(operation: &str, answer: Answer<T>) -> Result<T, Finding> {
    let expected = || format!("another {operation} succeeds, as the broker accepts it");
    answer
        .await
        .map_err(|failure| api("API-undisturbed").broken(expected(), failure.to_string()))
}

async fn fails<T: std::fmt::Debug>(operation: &str, answer: Answer<T>) -> Result<Failure, Finding> {
    match answer.await {
        Err(failure) => Ok(failure),
        Ok(success) => Err(api("API-every-waiter").broken(
            format!("another {operation} fails, as the connection has ended"),
            format!("success: {success:?}"),
        )),
    }
}
