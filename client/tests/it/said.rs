//! What options and requests say on the wire, as bytes by hand: nothing that was set is left out.

use std::time::Duration;

use nack_client::{
    Client, ConnectError, ConnectionLost, Invalid, PacketType, Publish, QoS, RetainHandling,
    Subscribe, SubscribeError, Unsubscribe, Version, Violation,
};
use nack_mock_broker::matcher::PacketMatcher;
use nack_mock_broker::{MockBroker, Rule, action, matcher};

use crate::fixture::{connected, connected_with, options, soon};

/// The packet that the broker got.
async fn seen(broker: &MockBroker, packet: PacketMatcher) -> Vec<u8> {
    broker.wait_for(packet).await.raw().to_vec()
}

#[tokio::test(start_paused = true)]
async fn connect_says_what_the_options_say() {
    let broker = MockBroker::in_memory();
    let will = Publish::new("w", "up")
        .qos(QoS::AtLeastOnce)
        .retain(true)
        .payload_is_utf8()
        .message_expiry_interval(60);
    let options = options()
        .client_id("c")
        .clean_start(false)
        .keep_alive(Duration::from_secs(30))
        .session_expiry_interval(7)
        .user_property("a", "b")
        .receive_maximum(5)
        .maximum_packet_size(1000)
        .will(will)
        .will_delay_interval(9)
        .credentials("u", "pw");
    let _client = connected_with(&broker, options).await;
    let expected = [
        &b"\x10\x3D\x00\x04MQTT\x05\xEC\x00\x1E"[..],
        b"\x14\x11\x00\x00\x00\x07\x26\x00\x01a\x00\x01b\x21\x00\x05\x27\x00\x00\x03\xE8",
        b"\x00\x01c",
        b"\x0C\x01\x01\x02\x00\x00\x00\x3C\x18\x00\x00\x00\x09\x00\x01w\x00\x02up",
        b"\x00\x01u\x00\x02pw",
    ];
    assert_eq!(seen(&broker, matcher::connect()).await, expected.concat());
}

#[tokio::test(start_paused = true)]
async fn connect_says_which_information_is_wanted() {
    for (wanted, flag) in [(true, 1), (false, 0)] {
        let broker = MockBroker::in_memory();
        let options = options()
            .client_id("c")
            .request_problem_information(wanted)
            .request_response_information(wanted);
        let _client = connected_with(&broker, options).await;
        let head = b"\x10\x15\x00\x04MQTT\x05\x02\x00\x3C";
        let wanted = [7, 0x17, flag, 0x19, flag, 0x21, 1, 0];
        let expected = [&head[..], &wanted, b"\x00\x01c"].concat();
        assert_eq!(seen(&broker, matcher::connect()).await, expected);
    }
    let old = options()
        .version(Version::V311)
        .request_problem_information(false);
    let broker = MockBroker::in_memory();
    let error = Client::new(old).connect_over(broker.connect()).await;
    assert!(
        matches!(error, Err(ConnectError::Invalid(Invalid::Encode(_)))),
        "{error:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn all_that_connack_says_reaches_the_caller() {
    let broker = MockBroker::in_memory();
    let block = [
        &b"\x11\x00\x00\x00\x09\x13\x00\x1E\x12\x00\x01i\x1A\x00\x03r/+\x1C\x00\x01s"[..],
        b"\x1F\x00\x01t\x26\x00\x01a\x00\x01b",
    ]
    .concat();
    let length = u8::try_from(block.len()).unwrap();
    let connack = [&[0x20, length + 3, 0, 0, length][..], &block].concat();
    Rule::given(matcher::connect())
        .then(action::raw(&connack))
        .mount(&broker)
        .forget();
    let client = Client::new(options().request_response_information(true));
    let connected = client.connect_over(broker.connect()).await.unwrap();
    assert_eq!(connected.response_information(), Some("r/+"));
    assert_eq!(connected.assigned_client_identifier(), Some("i"));
    assert_eq!(connected.keep_alive(), Duration::from_secs(30));
    assert_eq!(connected.properties().block(), block);
}

#[tokio::test(start_paused = true)]
async fn reasons_that_were_declined_end_the_connection() {
    let broker = MockBroker::in_memory();
    let answer = action::puback(0x97).reason_string("over quota");
    Rule::given(matcher::publish())
        .then(answer)
        .mount(&broker)
        .forget();
    let options = options().request_problem_information(false);
    let client = connected_with(&broker, options).await;
    let message = Publish::new("a", "m").qos(QoS::AtLeastOnce);
    client.publish(message).await.unwrap_err();
    let packet = PacketType::Puback;
    let expected = Violation::UnwantedProblemInformation { packet };
    let cause = soon(client.closed()).await;
    assert!(
        matches!(cause, ConnectionLost::Protocol { violation, .. } if violation == expected),
        "{cause:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn publish_says_what_the_message_says() {
    let broker = MockBroker::in_memory();
    let client = connected(&broker).await;
    let message = Publish::new("a/b", "m")
        .qos(QoS::AtLeastOnce)
        .retain(true)
        .content_type("t")
        .payload_is_utf8()
        .message_expiry_interval(60)
        .response_topic("r")
        .correlation_data(b"\xCA\xFE")
        .user_property("a", "b");
    client.publish(message).await.unwrap();
    let expected = [
        &b"\x33\x24\x00\x03a/b\x00\x01"[..],
        b"\x1B\x03\x00\x01t\x01\x01\x02\x00\x00\x00\x3C\x08\x00\x01r\x09\x00\x02\xCA\xFE",
        b"\x26\x00\x01a\x00\x01b",
        b"m",
    ];
    assert_eq!(seen(&broker, matcher::publish()).await, expected.concat());
}

#[tokio::test(start_paused = true)]
async fn requests_say_the_options_of_each_filter() {
    let broker = MockBroker::in_memory();
    let client = connected(&broker).await;
    let request = Subscribe::to("a")
        .qos(QoS::AtLeastOnce)
        .no_local()
        .retain_as_published()
        .retain_handling(RetainHandling::DoNotSend)
        .and("b")
        .retain_handling(RetainHandling::SendIfNew)
        .user_property("a", "b");
    let _subscription = client.subscribe(request).await.unwrap();
    assert_eq!(
        seen(&broker, matcher::subscribe()).await,
        b"\x82\x12\x00\x01\x07\x26\x00\x01a\x00\x01b\x00\x01a\x2D\x00\x01b\x12"
    );
    let request = Unsubscribe::new("a").and("b").user_property("a", "b");
    client.unsubscribe(request).await.unwrap();
    assert_eq!(
        seen(&broker, matcher::unsubscribe()).await,
        b"\xA2\x10\x00\x02\x07\x26\x00\x01a\x00\x01b\x00\x01a\x00\x01b"
    );
}

#[tokio::test(start_paused = true)]
async fn subscription_identifiers_go_out_and_come_back() {
    let broker = MockBroker::in_memory();
    let client = connected(&broker).await;
    let request = Subscribe::to("a").subscription_identifier(268_435_455);
    let mut messages = client.subscribe(request).await.unwrap();
    assert_eq!(
        seen(&broker, matcher::subscribe()).await,
        b"\x82\x0C\x00\x01\x05\x0B\xFF\xFF\xFF\x7F\x00\x01a\x02"
    );
    let several = b"\x30\x0B\x00\x01a\x07\x0B\x80\x01\x0B\x07\x0B\x07";
    let none = b"\x30\x04\x00\x01a\x00";
    for bytes in [&several[..], none] {
        broker.send(1, action::raw(bytes)).await.unwrap();
    }
    let message = messages.recv().await.unwrap().unwrap();
    assert!(message.subscription_identifiers().eq([128, 7, 7]));
    assert!(message.detach().subscription_identifiers().eq([128, 7, 7]));
    let message = messages.recv().await.unwrap().unwrap();
    assert_eq!(message.subscription_identifiers().count(), 0);
}

#[tokio::test(start_paused = true)]
async fn subscription_identifiers_that_cannot_be_are_refused_before_a_byte_is_sent() {
    let broker = MockBroker::in_memory();
    let client = connected(&broker).await;
    let request = |identifier| Subscribe::to("a").subscription_identifier(identifier);
    for identifier in [0, 268_435_456] {
        let error = client.subscribe(request(identifier)).await.unwrap_err();
        assert!(
            matches!(error, SubscribeError::Invalid(Invalid::Property(_))),
            "{error:?}"
        );
    }
    // Section 3.8.2.1.2: there is one at most.
    let twice = request(1).subscription_identifier(2);
    let error = client.subscribe(twice).await.unwrap_err();
    assert!(
        matches!(error, SubscribeError::Invalid(Invalid::Encode(_))),
        "{error:?}"
    );
    let old = connected_with(&broker, options().client_id("2").version(Version::V311)).await;
    let error = old.subscribe(request(1)).await.unwrap_err();
    assert!(
        matches!(error, SubscribeError::Invalid(Invalid::Encode(_))),
        "{error:?}"
    );
    // Section 3.2.2.3.12: the broker has none.
    Rule::given(matcher::connect())
        .then(action::raw(b"\x20\x05\x00\x00\x02\x29\x00"))
        .mount(&broker)
        .forget();
    let without = connected_with(&broker, options().client_id("3")).await;
    assert!(without.is_connected());
    let error = without.subscribe(request(1)).await.unwrap_err();
    let expected = Invalid::SubscriptionIdentifiersNotSupported;
    assert!(
        matches!(&error, SubscribeError::Invalid(invalid) if *invalid == expected),
        "{error:?}"
    );
    without.subscribe("a").await.unwrap();
    let subscribes = broker.journal();
    let subscribes: Vec<_> = subscribes.matching(matcher::subscribe()).collect();
    assert_eq!(subscribes.len(), 1);
    assert_eq!(
        &subscribes[0].raw()[..],
        b"\x82\x07\x00\x01\x00\x00\x01a\x02"
    );
}

#[tokio::test(start_paused = true)]
async fn a_message_has_all_that_its_packet_says_and_a_detached_one_too() {
    let broker = MockBroker::in_memory();
    let client = connected(&broker).await;
    let mut messages = client.subscribe("a").await.unwrap();
    let packet = b"\x3B\x0B\x00\x01a\x00\x05\x04\x03\x00\x01tm";
    let plain = b"\x30\x05\x00\x01a\x00m";
    for bytes in [&packet[..], plain] {
        broker.send(1, action::raw(bytes)).await.unwrap();
    }
    let message = messages.recv().await.unwrap().unwrap();
    let detached = message.detach();
    for message in [&message, &detached] {
        assert_eq!(message.topic().as_str(), "a");
        assert_eq!(&message.payload()[..], b"m");
        assert_eq!(message.qos(), QoS::AtLeastOnce);
        assert!(message.retain() && message.dup());
        assert_eq!(message.properties().content_type(), Some("t"));
    }
    // It does not keep alive what was read.
    assert_ne!(detached.payload().as_ptr(), message.payload().as_ptr());
    let plain = messages.recv().await.unwrap().unwrap();
    assert!(!plain.retain() && !plain.dup());
}
