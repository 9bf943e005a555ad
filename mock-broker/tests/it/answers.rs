//! Every answer in every form, byte for byte, in both versions.

use nack_codec::{Property, PropertyId, QoS, Version};
use nack_mock_broker::action::{
    auth, connack, disconnect, pingresp, puback, pubcomp, publish, pubrec, pubrel, raw, suback,
    suback_each, unsuback, unsuback_each,
};
use nack_mock_broker::matcher;
use nack_mock_broker::{Action, Base, Form, MockBroker, ReasonCode, Rule};

use crate::peer::{Hello, Peer, text};

/// What the broker sends to a client of this version that is told this answer to its PUBREL.
#[track_caller]
fn check(version: Version, answer: impl Into<Action>, bytes: &'static [u8]) {
    let action = answer.into();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(async move {
        let broker = MockBroker::builder().base(Base::Silent).in_memory();
        let rule = Rule::given(matcher::pubrel())
            .then(action)
            .expect(1)
            .mount(&broker);
        let mut peer = Peer::stranger(&broker, version);
        peer.hello(Hello::default()).await;
        peer.send_bytes([0x62, 2, 0, 1]).await;
        peer.expects_bytes(bytes).await;
        drop(rule);
    });
}

#[track_caller]
fn check_both(answer: impl Into<Action>, bytes: &'static [u8]) {
    let action = answer.into();
    check(Version::V311, action.clone(), bytes);
    check(Version::V5, action, bytes);
}

const V311: Version = Version::V311;
const V5: Version = Version::V5;

#[test]
fn acknowledgements_take_the_shortest_form_that_says_it_all() {
    check_both(puback(0), b"\x40\x02\x00\x01");
    check_both(puback(0x97), b"\x40\x03\x00\x01\x97");
    check_both(pubrec(0x10), b"\x50\x03\x00\x01\x10");
    check_both(pubrel(0), b"\x62\x02\x00\x01");
    check_both(pubcomp(0x92), b"\x70\x03\x00\x01\x92");
    check(
        V5,
        puback(0).reason_string("ok"),
        b"\x40\x09\x00\x01\x00\x05\x1F\x00\x02ok",
    );
}

#[test]
fn what_3_1_1_cannot_carry_is_left_out_unless_a_form_is_asked_for() {
    let text = "r";
    let refused = connack(ReasonCode::NotAuthorized).reason_string(text);
    check(V311, refused.clone(), b"\x20\x02\x00\x05");
    let lie = b"\x20\x07\x00\x05\x04\x1F\x00\x01r";
    check(V311, refused.form(Form::Full), lie);
    check(V311, puback(0).reason_string(text), b"\x40\x02\x00\x01");
    check(
        V311,
        pubrec(0x97).reason_string(text),
        b"\x50\x03\x00\x01\x97",
    );
    check(V311, pubcomp(0).reason_string(text), b"\x70\x02\x00\x01");
    check(
        V311,
        suback([1]).reason_string(text),
        b"\x90\x03\x00\x01\x01",
    );
    check(V311, unsuback([0]).reason_string(text), b"\xB0\x02\x00\x01");
    let message = publish("t", "m").user_property("k", "v");
    check(V311, message.clone(), b"\x30\x04\x00\x01tm");
    let of_5 = b"\x30\x0C\x00\x01t\x07\x26\x00\x01k\x00\x01vm";
    check(V311, message.clone().version(V5), of_5);
    check(V5, message.version(V311), b"\x30\x04\x00\x01tm");
    // A packet that 3.1.1 does not have is a lie as a whole.
    let unknown = b"\xE0\x06\x97\x04\x1F\x00\x01r";
    check(V311, disconnect(0x97).reason_string(text), unknown);
}

#[test]
fn acknowledgements_take_every_form_that_they_are_told() {
    check_both(puback(0x97).form(Form::Short), b"\x40\x02\x00\x01");
    check_both(puback(0).form(Form::NoProperties), b"\x40\x03\x00\x01\x00");
    check_both(puback(0).form(Form::Full), b"\x40\x04\x00\x01\x00\x00");
    check_both(pubrec(0x97).form(Form::Full), b"\x50\x04\x00\x01\x97\x00");
    let with_text = pubcomp(0x92).reason_string("?").form(Form::NoProperties);
    check_both(with_text, b"\x70\x03\x00\x01\x92");
}

#[test]
fn connack_is_said_in_the_words_of_the_version() {
    check(V5, connack(0).stay_open(), b"\x20\x03\x00\x00\x00");
    check(V311, connack(0).stay_open(), b"\x20\x02\x00\x00");
    let refusal = connack(ReasonCode::NotAuthorized);
    check(V5, refusal.clone(), b"\x20\x03\x00\x87\x00");
    check(V311, refusal, b"\x20\x02\x00\x05");
    // A number is a number.
    check(V311, connack(0x87), b"\x20\x02\x00\x87");
    check(V311, connack(0x06), b"\x20\x02\x00\x06");
}

#[test]
fn connack_takes_every_form_and_the_form_of_the_other_version() {
    check_both(connack(0x97).form(Form::Short), b"\x20\x01\x00");
    check_both(connack(0x97).form(Form::NoProperties), b"\x20\x02\x00\x97");
    check_both(connack(0x97).form(Form::Full), b"\x20\x03\x00\x97\x00");
    let moved = connack(ReasonCode::NotAuthorized);
    check(V5, moved.clone().version(V311), b"\x20\x02\x00\x05");
    check(V311, moved.version(V5), b"\x20\x03\x00\x87\x00");
}

#[test]
fn connack_lies_about_the_session() {
    check(
        V5,
        connack(0).session_present(true),
        b"\x20\x03\x01\x00\x00",
    );
    check(
        V5,
        connack(0x80).session_present(true),
        b"\x20\x03\x01\x80\x00",
    );
    check(V311, connack(2).session_present(true), b"\x20\x02\x01\x02");
}

#[test]
fn suback_says_as_many_codes_as_it_is_told() {
    check(V5, suback([0x00, 0x87]), b"\x90\x05\x00\x01\x00\x00\x87");
    check(V311, suback([0x00, 0x80]), b"\x90\x04\x00\x01\x00\x80");
    check(V5, suback::<u8>([]), b"\x90\x03\x00\x01\x00");
    check(
        V311,
        suback([ReasonCode::GrantedQos1, ReasonCode::QuotaExceeded]),
        b"\x90\x04\x00\x01\x01\x80",
    );
    check(V5, suback([QoS::ExactlyOnce]), b"\x90\x04\x00\x01\x00\x02");
    check(V5, suback_each(0x9E), b"\x90\x03\x00\x01\x00");
    check(
        V5,
        suback([1]).reason_string("r").user_property("k", "v"),
        b"\x90\x0F\x00\x01\x0B\x1F\x00\x01r\x26\x00\x01k\x00\x01v\x01",
    );
    check_both(suback([1]).form(Form::Short), b"\x90\x02\x00\x01");
    check_both(
        suback([1]).form(Form::NoProperties),
        b"\x90\x03\x00\x01\x01",
    );
    check_both(suback([1]).form(Form::Full), b"\x90\x04\x00\x01\x00\x01");
}

#[test]
fn unsuback_has_codes_in_mqtt_5_and_none_in_3_1_1_unless_they_refuse() {
    check(V5, unsuback([0x00, 0x11]), b"\xB0\x05\x00\x01\x00\x00\x11");
    check(V311, unsuback([0x00, 0x11]), b"\xB0\x02\x00\x01");
    check(V311, unsuback([0x87]), b"\xB0\x03\x00\x01\x87");
    check(V311, unsuback_each(0), b"\xB0\x02\x00\x01");
    check_both(unsuback([0]).form(Form::Full), b"\xB0\x04\x00\x01\x00\x00");
}

#[test]
fn disconnect_takes_every_form() {
    check_both(disconnect(0), b"\xE0\x00");
    check_both(disconnect(0x8B), b"\xE0\x01\x8B");
    check_both(disconnect(0x8B).form(Form::Short), b"\xE0\x00");
    check_both(disconnect(0).form(Form::NoProperties), b"\xE0\x01\x00");
    check_both(disconnect(0x8B).form(Form::Full), b"\xE0\x02\x8B\x00");
    check_both(
        disconnect(0x9D).server_reference("b:1"),
        b"\xE0\x08\x9D\x06\x1C\x00\x03b:1",
    );
}

#[test]
fn auth_takes_every_form() {
    check_both(auth(0), b"\xF0\x00");
    check_both(auth(0x18), b"\xF0\x02\x18\x00");
    check_both(auth(0x18).form(Form::NoProperties), b"\xF0\x01\x18");
    check_both(
        auth(0x18)
            .authentication_method("m")
            .authentication_data(&[0xFF]),
        b"\xF0\x0A\x18\x08\x15\x00\x01m\x16\x00\x01\xFF",
    );
}

#[test]
fn publish_says_what_it_is_told() {
    check(V5, publish("t", "hi"), b"\x30\x06\x00\x01t\x00hi");
    check(V311, publish("t", "hi"), b"\x30\x05\x00\x01thi");
    check(
        V5,
        publish("t", [0xFF])
            .qos(QoS::AtLeastOnce)
            .retain(true)
            .dup(true),
        b"\x3B\x07\x00\x01t\x00\x01\x00\xFF",
    );
    check(
        V311,
        publish("t", "").qos(QoS::ExactlyOnce).packet_id(0),
        b"\x34\x05\x00\x01t\x00\x00",
    );
    check(
        V5,
        publish("", "").topic_alias(0).subscription_identifier(200),
        b"\x30\x09\x00\x00\x06\x23\x00\x00\x0B\xC8\x01",
    );
    // What no client should take: a wildcard, a topic that is no UTF-8, QoS 3, an identifier at
    // QoS 0.
    check(V311, publish("#", ""), b"\x30\x03\x00\x01#");
    check(V311, publish([0xFF], ""), b"\x30\x03\x00\x01\xFF");
    check(V311, publish("t", "").flags(0b0110), b"\x36\x03\x00\x01t");
    check(
        V311,
        publish("t", "").packet_id(9),
        b"\x30\x05\x00\x01t\x00\x09",
    );
}

#[test]
fn any_packet_carries_any_property_any_number_of_times() {
    let twice = puback(0).reason_string("a").reason_string("b");
    check(
        V5,
        twice,
        b"\x40\x0C\x00\x01\x00\x08\x1F\x00\x01a\x1F\x00\x01b",
    );
    let misplaced = puback(0).receive_maximum(0).maximum_qos(2);
    check(
        V5,
        misplaced,
        b"\x40\x09\x00\x01\x00\x05\x21\x00\x00\x24\x02",
    );
    let unknown = puback(0).raw_property(0x7F, [1, 2, 3]);
    check(V5, unknown, b"\x40\x08\x00\x01\x00\x04\x7F\x01\x02\x03");
    let typed = connack(0).property(Property::ServerReference(text("s")));
    check(V5, typed, b"\x20\x07\x00\x00\x04\x1C\x00\x01s");
    let on_ping = pingresp().user_property("", "").form(Form::Full);
    check(V5, on_ping, b"\xD0\x06\x05\x26\x00\x00\x00\x00");
}

#[test]
fn each_property_is_written_as_the_standard_has_it() {
    let all = disconnect(0x82)
        .session_expiry_interval(1)
        .assigned_client_identifier("i")
        .server_keep_alive(2)
        .response_information("r")
        .topic_alias_maximum(3)
        .retain_available(false)
        .maximum_packet_size(4)
        .wildcard_subscription_available(true)
        .subscription_identifier_available(false)
        .shared_subscription_available(true)
        .payload_format_indicator(9)
        .message_expiry_interval(5)
        .content_type("c")
        .response_topic("+")
        .correlation_data(&[6]);
    check(
        V5,
        all,
        b"\xE0\x35\x82\x33\x11\x00\x00\x00\x01\x12\x00\x01i\x13\x00\x02\x1A\x00\x01r\x22\x00\x03\
          \x25\x00\x27\x00\x00\x00\x04\x28\x01\x29\x00\x2A\x01\x01\x09\x02\x00\x00\x00\x05\
          \x03\x00\x01c\x08\x00\x01+\x09\x00\x01\x06",
    );
}

#[test]
fn a_typed_property_is_written_as_the_method_of_its_name_writes_it() {
    let id = PropertyId::SubscriptionIdentifier as u8;
    let typed = puback(0)
        .property(Property::SubscriptionIdentifier(128))
        .property(Property::UserProperty(text("k"), text("v")))
        .property(Property::ServerKeepAlive(1))
        .property(Property::MaximumPacketSize(1))
        .property(Property::RetainAvailable(true))
        .property(Property::MaximumQos(QoS::AtMostOnce));
    let named = puback(0)
        .raw_property(id, [0x80, 0x01])
        .user_property("k", "v")
        .server_keep_alive(1)
        .maximum_packet_size(1)
        .retain_available(true)
        .maximum_qos(0);
    let bytes = b"\x40\x1A\x00\x01\x00\x16\x0B\x80\x01\x26\x00\x01k\x00\x01v\x13\x00\x01\
                  \x27\x00\x00\x00\x01\x25\x01\x24\x00";
    check(V5, typed, bytes);
    check(V5, named, bytes);
}

#[test]
fn flags_and_identifiers_lie_on_demand() {
    check_both(pubrel(0).flags(0), b"\x60\x02\x00\x01");
    check_both(puback(0).flags(0x0F), b"\x4F\x02\x00\x01");
    check_both(puback(0).packet_id(0), b"\x40\x02\x00\x00");
    check_both(pubcomp(0).packet_id(0xFFFF), b"\x70\x02\xFF\xFF");
    check_both(pingresp(), b"\xD0\x00");
}

#[test]
fn raw_bytes_go_as_they_are() {
    check_both(raw([0x00, 0xFF, 0xFF]), b"\x00\xFF\xFF");
    check_both(raw("\u{20}\x02\x01\x05"), b"\x20\x02\x01\x05");
}

#[test]
fn long_packets_have_a_remaining_length_of_several_bytes() {
    let payload = "x".repeat(200);
    let mut bytes = b"\x30\xCB\x01\x00\x01t".to_vec();
    bytes.extend_from_slice(payload.as_bytes());
    check(V311, publish("t", payload), bytes.leak());
}
