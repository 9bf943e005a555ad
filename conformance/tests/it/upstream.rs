//! The mock broker in front of a broker that we did not write: everything passes as if it were not
//! there, and a rule on the way has the last word in either direction.

use nack_client::{Client, Options, Publish, PublishError, QoS, Subscribe, Version};
use nack_mock_broker::action::{as_usual, no_answer, puback, suback};
use nack_mock_broker::{Base, MockBroker, Mutation, Rule, matcher};
use tokio::time::timeout;

use crate::happy_paths::{Departure, PATIENCE, happy_paths};

/// The same as straight to the broker, and then with rules on the way.
pub(crate) async fn in_front_of(address: &str, version: Version, departures: &[Departure]) {
    let front = MockBroker::builder()
        .base(Base::Upstream(address.parse().unwrap()))
        .start()
        .await
        .unwrap();
    let through = front.address().to_string();
    happy_paths(&through, version, departures).await;
    assert!(!front.journal().is_empty());

    let client = |client_id| {
        let options = Options::new(through.clone()).version(version);
        Client::new(options.client_id(client_id))
    };
    let (publisher, subscriber) = (client("publisher"), client("subscriber"));
    publisher.connect().await.unwrap();
    subscriber.connect().await.unwrap();
    refused_on_the_way_there(&front, &publisher, &subscriber, version).await;
    changed_on_the_way_back(&front, &publisher, &subscriber).await;
    front.verify().unwrap();
}

/// What a rule refuses never reaches the broker; what it does not, does.
async fn refused_on_the_way_there(
    front: &MockBroker,
    publisher: &Client,
    subscriber: &Client,
    version: Version,
) {
    let mut messages = subscriber.subscribe("on/its/way").await.unwrap();
    let _secret = Rule::given(matcher::subscribe().filter("secret"))
        .then(suback([0x80]))
        .expect(1)
        .mount(front);
    subscriber.subscribe("secret").await.unwrap_err();
    if version == Version::V5 {
        let _quota = Rule::given(matcher::publish().topic("on/its/way").nth(1))
            .then(puback(0x97).reason_string("over quota"))
            .expect(1)
            .mount(front);
        let message = Publish::new("on/its/way", "refused").qos(QoS::AtLeastOnce);
        match publisher.publish(message).await {
            Err(PublishError::Refused(no)) => assert_eq!(no.reason_string(), Some("over quota")),
            other => panic!("{other:?}"),
        }
    }
    let message = Publish::new("on/its/way", "granted").qos(QoS::AtLeastOnce);
    publisher.publish(message).await.unwrap();
    let first = timeout(PATIENCE, messages.recv()).await.unwrap();
    assert_eq!(first.unwrap().unwrap().payload(), &b"granted"[..]);
}

/// What the broker answers is changed or lost before the client sees it.
async fn changed_on_the_way_back(front: &MockBroker, publisher: &Client, subscriber: &Client) {
    let request = Subscribe::to("on/its/way/back").qos(QoS::AtMostOnce);
    let mut messages = subscriber.subscribe(request).await.unwrap();
    let _lost = Rule::given(matcher::publish().payload("lost").to_client())
        .then(no_answer())
        .expect(1)
        .mount(front);
    for payload in ["lost", "found"] {
        let message = Publish::new("on/its/way/back", payload).qos(QoS::AtLeastOnce);
        publisher.publish(message).await.unwrap();
    }
    let first = timeout(PATIENCE, messages.recv()).await.unwrap();
    assert_eq!(first.unwrap().unwrap().payload(), &b"found"[..]);

    let _malformed = Rule::given(matcher::puback().to_client())
        .then(as_usual().mutate(Mutation::flags(0b0110)))
        .expect(1)
        .mount(front);
    let message = Publish::new("on/its/way/back", "answered wrongly").qos(QoS::AtLeastOnce);
    let error = publisher.publish(message).await.unwrap_err();
    assert!(
        matches!(error, PublishError::ConnectionLost { .. }),
        "{error:?}"
    );
}
