//! What our client does with a broker that we did not write and that has nothing against it. A
//! mistake of our codec that our own broker shares would show here.

use std::collections::BTreeMap;
use std::time::Duration;

use nack_client::{
    Client, Message, Options, Publish, QoS, Subscribe, Subscription, Unsubscribe, Version,
};

/// What is waited for takes milliseconds; a machine that is busy may need more.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Where a broker departs from the standard, and why we live with it.
pub(crate) struct Departure {
    pub(crate) version: Version,
    /// The fact, as [`happy_paths`] calls it.
    pub(crate) about: &'static str,
    /// What is seen instead.
    pub(crate) does: &'static str,
    pub(crate) reason: &'static str,
}

/// Connects to a fresh broker, and does what every client does.
pub(crate) async fn happy_paths(address: &str, version: Version, departures: &[Departure]) {
    let mut facts = Facts::default();
    let options = Options::new(address).version(version).client_id("happy");
    let client = Client::new(options);

    let connected = client.connect().await.unwrap();
    facts.note("session present", false, connected.session_present());

    for qos in QoS::ALL {
        let topic = format!("plant/{}/heat", qos as u8);
        let mut heat = client
            .subscribe(Subscribe::to(&topic).qos(qos))
            .await
            .unwrap();
        facts.note(format!("granted {qos}"), qos, heat.granted()[0].1);
        let message = Publish::new(topic.clone(), "21.5").qos(qos);
        let published = client.publish(message).await.unwrap();
        facts.note(format!("answer to {qos}"), "success", published.reason());
        let expected = format!("{topic} 21.5 {qos} retain, dup: (false, false)");
        facts.note(
            format!("delivery at {qos}"),
            expected,
            next(&mut heat).await,
        );
        let ended = client.unsubscribe(Unsubscribe::new(&topic)).await.unwrap();
        facts.note(
            format!("end of {qos}"),
            "success",
            ended.verdicts()[0].reason,
        );
        assert!(heat.recv().await.is_none(), "its stream has ended");
    }

    let request = Subscribe::to("plant/+/heat").qos(QoS::ExactlyOnce);
    let mut plant = client.subscribe(request).await.unwrap();
    client
        .publish(Publish::new("plant/9/heat", "9").qos(QoS::AtMostOnce))
        .await
        .unwrap();
    let expected = "plant/9/heat 9 QoS 0 retain, dup: (false, false)";
    facts.note(
        "delivery of QoS 0 to a subscription of QoS 2",
        expected,
        next(&mut plant).await,
    );

    // A second client, so that what is delivered is not only what the sender said.
    let options = Options::new(address).version(version).client_id("other");
    let other = Client::new(options);
    other.connect().await.unwrap();
    let message = Publish::new("plant/7/heat", vec![0; 100_000]).qos(QoS::AtLeastOnce);
    other.publish(message).await.unwrap();
    let large = tokio::time::timeout(PATIENCE, plant.recv())
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    facts.note("size of a large message", 100_000, large.payload().len());

    let ended = client
        .unsubscribe(Unsubscribe::new("plant/+/heat"))
        .await
        .unwrap();
    facts.note(
        "answer to UNSUBSCRIBE",
        "success",
        ended.verdicts()[0].reason,
    );

    // What is published now does not come: what is published behind it is the next that does.
    let mut fence = client
        .subscribe(Subscribe::to("#").qos(QoS::AtMostOnce))
        .await
        .unwrap();
    other
        .publish(Publish::new("fence", "").qos(QoS::AtLeastOnce))
        .await
        .unwrap();
    let expected = "fence  QoS 0 retain, dup: (false, false)";
    facts.note(
        "delivery below the published QoS",
        expected,
        next(&mut fence).await,
    );

    client.disconnect().await.unwrap();
    assert!(!client.is_connected());
    other.disconnect().await.unwrap();
    facts.check(version, departures);
}

/// A message as its receiver sees it.
pub(crate) fn shown(message: &Message) -> String {
    let payload = String::from_utf8_lossy(message.payload());
    let flags = (message.retain(), message.dup());
    format!(
        "{} {payload} {} retain, dup: {flags:?}",
        message.topic(),
        message.qos()
    )
}

/// The next message of the subscription, or what came instead.
pub(crate) async fn next(subscription: &mut Subscription) -> String {
    match tokio::time::timeout(PATIENCE, subscription.recv()).await {
        Ok(Some(Ok(message))) => shown(&message),
        Ok(other) => format!("{other:?}"),
        Err(_) => "nothing".to_owned(),
    }
}

/// What the standard says, and what the broker did.
#[derive(Default)]
struct Facts {
    seen: BTreeMap<String, (String, String)>,
}

impl Facts {
    fn note(&mut self, about: impl Into<String>, standard: impl ToString, seen: impl ToString) {
        let known = self
            .seen
            .insert(about.into(), (standard.to_string(), seen.to_string()));
        assert!(known.is_none(), "a fact is noted once");
    }

    /// All is as the standard has it, but for the departures, and those are still there.
    fn check(mut self, version: Version, departures: &[Departure]) {
        let mut wrong = Vec::new();
        for departure in departures.iter().filter(|known| known.version == version) {
            let Departure {
                about,
                does,
                reason,
                ..
            } = departure;
            let (standard, seen) = self.seen.remove(*about).unwrap();
            if seen == standard {
                wrong.push(format!(
                    "{about}: strike it off the list of departures: {reason}"
                ));
            } else if seen != *does {
                wrong.push(format!("{about}: departs in another way: {seen}"));
            }
        }
        for (about, (standard, seen)) in self.seen {
            if seen != standard {
                wrong.push(format!("{about}: {standard}; the broker: {seen}"));
            }
        }
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}
