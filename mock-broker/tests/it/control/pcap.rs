//! The capture file, as a dissector that we did not write reads it.

use std::io::Write;
use std::process::{Command, Stdio};
use std::time::{Duration, UNIX_EPOCH};

use nack_codec::{Packet, QoS, Version};
use nack_mock_broker::action::{puback, reset};
use nack_mock_broker::{Direction, EntryKind, Journal, MockBroker, Rule, matcher};

use crate::peer::Peer;

/// Two clients of two versions: a refusal, a message of several segments, a reset, a goodbye.
async fn conversation() -> Journal {
    let broker = MockBroker::in_memory();
    let _quota = Rule::given(matcher::publish().topic("refused"))
        .then(puback(0x97).reason_string("over quota"))
        .named("quota")
        .mount(&broker);
    let _reset = Rule::given(matcher::publish().topic("reset"))
        .then(reset())
        .mount(&broker);

    let mut new = Peer::connected(&broker, Version::V5, "new").await;
    let mut old = Peer::connected(&broker, Version::V311, "old").await;
    old.subscribe("large/#", QoS::AtLeastOnce).await;
    new.publish(QoS::AtLeastOnce, 1, "refused", "m").await;
    new.receive().await;
    let payload = "x".repeat(100_000);
    new.publish(QoS::AtLeastOnce, 2, "large/1", &payload).await;
    new.receive().await;
    old.receive().await;
    old.send(Packet::Pingreq).await;
    old.receive().await;
    old.publish(QoS::AtLeastOnce, 3, "reset", "m").await;
    assert_eq!(old.receive_or_end().await, None);
    new.send_bytes(b"\xE0\x00").await;
    assert_eq!(new.receive_or_end().await, None);
    broker.journal()
}

fn capture(journal: &Journal) -> Vec<u8> {
    let mut capture = Vec::new();
    let started = UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    journal.write_pcapng(started, &mut capture).unwrap();
    capture
}

/// The values of these fields, a line a frame; `None` where there is no tshark.
fn tshark(capture: &[u8], fields: &[&str]) -> Option<Vec<Vec<String>>> {
    let mut command = Command::new("tshark");
    command.args(["-r", "-", "-T", "fields", "-E", "aggregator=;"]);
    command.args([
        "-o",
        "tcp.check_checksum:TRUE",
        "-o",
        "ip.check_checksum:TRUE",
    ]);
    for field in fields {
        command.args(["-e", field]);
    }
    let pipes = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    let Ok(mut child) = pipes.spawn() else {
        // Past the test harness, which keeps what a passing test prints.
        let _ = std::io::stderr().write_all(
            b"SKIPPED: tshark is not installed, so nobody has read the capture file (Debian: apt-get install tshark)\n",
        );
        return None;
    };
    let mut stdin = child.stdin.take().unwrap();
    let capture = capture.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&capture));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success());
    let lines = String::from_utf8(output.stdout).unwrap();
    let split = |line: &str| line.split('\t').map(str::to_owned).collect();
    Some(lines.lines().map(split).collect())
}

#[tokio::test]
async fn tshark_dissects_every_packet() {
    let journal = conversation().await;
    let fields = [
        "mqtt.msgtype",
        "_ws.malformed",
        "ip.checksum.status",
        "tcp.checksum.status",
    ];
    let Some(frames) = tshark(&capture(&journal), &fields) else {
        return;
    };
    let sent: Vec<String> = journal
        .iter()
        .filter(|entry| entry.kind() == EntryKind::Packet)
        .map(|entry| (entry.packet_type().unwrap() as u8).to_string())
        .collect();
    let dissected: Vec<String> = frames
        .iter()
        .flat_map(|frame| frame[0].split(';'))
        .filter(|kind| !kind.is_empty())
        .map(str::to_owned)
        .collect();
    assert_eq!(dissected, sent);
    for (index, frame) in frames.iter().enumerate() {
        assert_eq!(frame[1..], ["", "1", "1"], "frame {}", index + 1);
    }
}

#[tokio::test]
async fn tshark_finds_nothing_to_complain_about_in_tcp() {
    let journal = conversation().await;
    let fields = [
        "tcp.analysis.flags",
        "tcp.flags.str",
        "frame.comment",
        "frame.time_epoch",
    ];
    let Some(frames) = tshark(&capture(&journal), &fields) else {
        return;
    };
    for (index, frame) in frames.iter().enumerate() {
        assert_eq!(frame[0], "", "frame {}", index + 1);
        assert!(frame[3].starts_with("17000000"), "{}", frame[3]);
    }
    let with = |flag: char| {
        frames
            .iter()
            .filter(|frame| frame[1].contains(flag))
            .count()
    };
    // Each of two connections is opened by two; one is closed by two, and one by a reset.
    assert_eq!((with('S'), with('F'), with('R')), (4, 2, 1));
    let comments: Vec<&str> = frames.iter().map(|frame| frame[2].as_str()).collect();
    assert_eq!(comments.iter().filter(|it| **it == "rule quota").count(), 2);
}

#[tokio::test]
async fn the_bytes_of_the_capture_are_those_of_the_journal() {
    let journal = conversation().await;
    let raw: usize = journal.iter().map(|entry| entry.raw().len()).sum();
    let written = capture(&journal);
    assert_eq!(written.len() % 4, 0);
    let mut payload = 0;
    let mut rest = &written[..];
    while !rest.is_empty() {
        let word = |at: usize| u32::from_le_bytes(rest[at..at + 4].try_into().unwrap());
        let (kind, length) = (word(0), word(4) as usize);
        assert_eq!(word(length - 4), length as u32);
        if kind == 6 {
            // Ethernet, IP and TCP before it.
            payload += word(20) as usize - 54;
        }
        rest = &rest[length..];
    }
    assert_eq!(payload, raw);
    assert!(
        journal
            .iter()
            .any(|entry| entry.direction() == Direction::ToClient)
    );
}
