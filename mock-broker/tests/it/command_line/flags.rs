//! Faults without a file: what each flag does to a client.

use super::program::{Client, Folder, run, start, told};

#[test]
fn what_is_never_sent_cannot_be_dropped() {
    let told = [
        told(&["--disconnect", "drop"]),
        told(&["--auth", "c1=drop"]),
    ];
    insta::assert_snapshot!(told.join("\n"));
    let ends = run(&[
        "--disconnect",
        "close",
        "--listen",
        "127.0.0.1:0",
        "--exit-after",
        "1ms",
    ]);
    assert_eq!(ends.status.code(), Some(1));
}

/// A CONNECT of MQTT 5.0 with the authentication method `EX`.
const CONNECT_EX: &[u8] = b"\x10\x14\x00\x04MQTT\x05\x02\x00\x00\x05\x15\x00\x02EX\x00\x02c1";

#[test]
fn an_auth_has_the_method_of_the_client() {
    let broker = start(&["--auth", "0x18", "--exit-after", "1-connection"]);
    let mut client = broker.connect();
    client.send(CONNECT_EX);
    client.expects(b"\xF0\x07\x18\x05\x15\x00\x02EX");
    drop(client);
    assert_eq!(broker.end().0, 0);
}

#[test]
fn messages_are_sent_behind_connack_and_beside_other_faults() {
    let broker = start(&[
        "--publish",
        "plant/1=full",
        "--publish",
        "1:t=",
        "--disconnect",
        "0x8B",
        "--exit-after",
        "1-connection",
    ]);
    let mut client = broker.connect();
    client.let_in();
    client.expects(b"\x30\x0E\x00\x07plant/1\x00full");
    client.expects(b"\x32\x06\x00\x01t\x00\x01\x00");
    client.expects(b"\xE0\x01\x8B");
    client.expects_end();
    drop(client);
    let (code, _, stderr) = broker.end();
    assert_eq!(code, 0, "{stderr}");
    assert!(
        stderr.contains("[rule --publish plant/1=full --publish 1:t=]"),
        "{stderr}"
    );
}

#[test]
fn messages_are_sent_behind_the_connack_of_a_rule_too() {
    let folder = Folder::new("publish");
    let file = folder.file("lets-in.toml");
    let text = "[[step]]\non = { packet = \"CONNECT\" }\n\
        reply = { packet = \"CONNACK\", properties = { receive_maximum = 1 } }\n";
    std::fs::write(&file, text).unwrap();
    for (flags, connack) in [
        (vec!["--connack", "success"], &b"\x20\x03\x00\x00\x00"[..]),
        (vec!["run", &file], b"\x20\x06\x00\x00\x03\x21\x00\x01"),
    ] {
        let ends = ["--publish", "t=x", "--exit-after", "1-connection"];
        let broker = start(&[&flags[..], &ends].concat());
        let mut client = broker.connect();
        client.send(Client::CONNECT);
        client.expects(connack);
        client.expects(b"\x30\x05\x00\x01t\x00x");
        client.send(b"\xC0\x00");
        client.expects(b"\xD0\x00");
        drop(client);
        let (code, _, stderr) = broker.end();
        assert_eq!(code, 0, "{stderr}");
    }
}

#[test]
fn who_is_refused_is_sent_no_message() {
    let broker = start(&[
        "--publish",
        "t=x",
        "--connack",
        "0x87",
        "--exit-after",
        "1-connection",
        "-q",
    ]);
    let mut client = broker.connect();
    client.send(Client::CONNECT);
    client.expects(b"\x20\x03\x00\x87\x00");
    client.expects_end();
    drop(client);
    let (code, _, stderr) = broker.end();
    assert_eq!(code, 1);
    assert!(stderr.contains("rule --publish t=x: expected"), "{stderr}");
}

/// A CONNECT of MQTT 3.1.1.
const CONNECT_V311: &[u8] = b"\x10\x0E\x00\x04MQTT\x04\x02\x00\x00\x00\x02c1";

#[test]
fn a_name_is_said_in_the_words_of_3_1_1() {
    for (flags, sent, received) in [
        (
            ["--connack", "quota-exceeded"],
            &b""[..],
            &b"\x20\x02\x00\x03"[..],
        ),
        (["--connack", "0x97"], b"", b"\x20\x02\x00\x97"),
        (["--disconnect", "server-busy"], b"", b"\x20\x02\x00\x00"),
        (
            ["--puback", "quota-exceeded"],
            b"\x32\x05\x00\x01t\x00\x01",
            b"\x20\x02\x00\x00",
        ),
        (
            ["--puback", "no-matching-subscribers"],
            b"\x32\x05\x00\x01t\x00\x01\xE0\x00",
            b"\x20\x02\x00\x00\x40\x02\x00\x01",
        ),
        (
            ["--unsuback", "not-authorized"],
            b"\xA2\x05\x00\x01\x00\x01t",
            b"\x20\x02\x00\x00",
        ),
    ] {
        let broker = start(&[&flags[..], &["--exit-after", "1-connection"]].concat());
        let mut client = broker.connect();
        client.send(&[CONNECT_V311, sent].concat());
        client.expects(received);
        client.expects_end();
        drop(client);
        let (code, _, stderr) = broker.end();
        assert_eq!(code, 0, "{stderr}");
        let is_said = stderr.contains("3.1.1 has no ");
        let closes = received == b"\x20\x02\x00\x00";
        assert_eq!(is_said, closes, "{stderr}");
    }
}

#[test]
fn an_upstream_address_that_is_none_is_a_wrong_command_line() {
    let output = run(&["--upstream", "localhost:x", "--listen", "127.0.0.1:0"]);
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{stderr}");
    let wrong = "`localhost:x` is no address: expected HOST:PORT";
    assert!(stderr.contains(wrong), "{stderr}");
    // One that is written as it must be, and that nobody has, is the world's fault.
    let output = run(&[
        "--upstream",
        "no.such.host.invalid",
        "--listen",
        "127.0.0.1:0",
    ]);
    assert_eq!(output.status.code(), Some(3));
}

#[test]
fn what_a_scenario_sets_up_is_told_to_have_no_effect_where_another_broker_decides() {
    for (flags, who) in [
        (
            &["--upstream", "127.0.0.1:9"][..],
            "the broker behind decides",
        ),
        (&["--silent"], "nothing is answered"),
    ] {
        let ends = [
            "--lenient",
            "--listen",
            "127.0.0.1:0",
            "--exit-after",
            "1ms",
        ];
        let output = run(&[&["run", "fault/only-users"], flags, &ends].concat());
        let stderr = String::from_utf8(output.stderr).unwrap();
        let told = format!(
            "fault/only-users: `users` and `access` of its base have no effect with {}: {who}",
            flags[0]
        );
        assert!(stderr.contains(&told), "{stderr}");
        assert_eq!(output.status.code(), Some(0), "{stderr}");
    }
    let ends = [
        "run",
        "fault/only-users",
        "--lenient",
        "--listen",
        "127.0.0.1:0",
    ];
    let output = run(&[&ends[..], &["--exit-after", "1ms"]].concat());
    assert!(!String::from_utf8_lossy(&output.stderr).contains("no effect"));
}

#[test]
fn only_the_filters_that_are_named_are_refused() {
    let broker = start(&[
        "--suback",
        "secret/#=0x87",
        "--suback",
        "x=0x97",
        "--unsuback",
        "secret/#=0x87",
        "--exit-after",
        "1-connection",
        "-q",
    ]);
    let mut client = broker.connect();
    client.let_in();
    // Of `ok/#` with QoS 1, `secret/#` and `x`.
    client.send(b"\x82\x19\x00\x01\x00\x00\x04ok/#\x01\x00\x08secret/#\x00\x00\x01x\x00");
    client.expects(b"\x90\x06\x00\x01\x00\x01\x87\x97");
    client.send(b"\x30\x07\x00\x04ok/1\x00");
    client.expects(b"\x30\x07\x00\x04ok/1\x00");
    // What was refused is not subscribed: the answer to PINGREQ is what comes next.
    client.send(b"\x30\x0B\x00\x08secret/1\x00\xC0\x00");
    client.expects(b"\xD0\x00");
    client.send(b"\xA2\x18\x00\x02\x00\x00\x04ok/#\x00\x08secret/#\x00\x03new");
    client.expects(b"\xB0\x06\x00\x02\x00\x00\x87\x11");
    client.send(b"\x30\x07\x00\x04ok/1\x00\xC0\x00");
    client.expects(b"\xD0\x00");
    drop(client);
    let (code, _, stderr) = broker.end();
    assert_eq!((code, stderr.as_str()), (0, ""));
}
