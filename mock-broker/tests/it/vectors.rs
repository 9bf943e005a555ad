//! Packets as bytes, written out of the standards by hand (the fuzz targets' seeds, which are the
//! codec's vectors too), each said to the accepting broker: what it makes of all of them.

use std::fs;
use std::path::Path;
use std::time::Duration;

use nack_codec::{Packet, Version};
use nack_mock_broker::{Direction, Entry, EntryKind, MockBroker};
use tokio::time::timeout;

use crate::peer::Peer;

/// The first byte of a CONNECT.
const CONNECT: u8 = 0x10;

/// Longer than the broker takes for anything here, by a clock that is paused.
const PATIENCE: Duration = Duration::from_secs(5);

/// What the broker answers to each of the packets, a line a packet.
async fn answers(version: Version, folder: &str) -> String {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus");
    let files = fs::read_dir(corpus.join(folder)).unwrap();
    let mut files: Vec<_> = files.map(|file| file.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty());
    let mut text = String::new();
    for file in files {
        let name = file.file_name().unwrap().to_string_lossy();
        let answer = answer(version, &fs::read(&file).unwrap()).await;
        text += &format!("{name}: {answer}\n");
    }
    text
}

async fn answer(version: Version, bytes: &[u8]) -> String {
    let broker = MockBroker::in_memory();
    let mut peer = if bytes.first() == Some(&CONNECT) {
        Peer::stranger(&broker, version)
    } else {
        Peer::connected(&broker, version, "c").await
    };
    let before = broker.journal().len();
    peer.send_bytes(bytes).await;
    peer.send(Packet::Pingreq).await;
    // Until it answers the ping, ends the connection, or waits for the rest of a packet.
    while let Ok(Some(packet)) = timeout(PATIENCE, peer.receive_or_end()).await
        && packet != b"\xD0\x00"[..]
    {}
    drop(peer);
    broker.wait_for_close(1).await;
    let journal = broker.journal();
    let said: Vec<String> = journal.iter().skip(before).filter_map(said).collect();
    match said.is_empty() {
        true => "nothing".to_owned(),
        false => said.join(", "),
    }
}

/// What the broker did, without arrow and connection.
fn said(entry: &Entry) -> Option<String> {
    let of_broker = entry.direction() == Direction::ToClient;
    let shown = matches!(entry.kind(), EntryKind::Packet | EntryKind::Closed(_));
    let text = entry.to_string();
    (of_broker && shown).then(|| text.trim_start_matches("← #1 ").to_owned())
}

#[tokio::test(start_paused = true)]
async fn every_packet_of_mqtt_5_0_is_answered_as_the_standard_says() {
    insta::assert_snapshot!(answers(Version::V5, "decode_v5").await);
}

#[tokio::test(start_paused = true)]
async fn every_packet_of_mqtt_3_1_1_is_answered_as_the_standard_says() {
    insta::assert_snapshot!(answers(Version::V311, "decode_v3").await);
}
