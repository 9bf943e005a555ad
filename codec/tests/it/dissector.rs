//! The vectors as Wireshark's dissector sees them, where tshark is installed: a second opinion by
//! people who have seen more brokers than we have.

use std::io::Write;
use std::process::{Command, Stdio};

use nack_codec::{Packet, Version};

use crate::notation::wire;
use crate::vectors::{self, Vector, read};

/// What tshark is asked for. All codes are one column of ours, whatever the packet.
const COLUMNS: &[&str] = &[
    "mqtt.msgtype",
    "mqtt.len",
    "mqtt.msgid",
    "mqtt.topic",
    "mqtt.property_id",
    "_ws.malformed",
];
const CODES: &[&str] = &[
    "mqtt.conack.val",
    "mqtt.connack.reason_code",
    "mqtt.puback.reason_code",
    "mqtt.pubrec.reason_code",
    "mqtt.pubrel.reason_code",
    "mqtt.pubcomp.reason_code",
    "mqtt.suback.qos",
    "mqtt.suback.reason_code",
    "mqtt.unsuback.reason_code",
    "mqtt.disconnect.reason_code",
    "mqtt.auth.reason_code",
];

/// Vectors that tshark 4.0 takes for malformed, and why it does.
const DEPARTURES: &[(&str, &str)] = &[(
    "connack_from_a_server_of_v311",
    "it wants the property length of 5.0 in an answer that is in the words of 3.1.1",
)];

/// What we have read, in the columns of tshark.
fn ours(vector: &Vector, version: Version) -> Vec<String> {
    let bytes = vector.bytes();
    let (mut id, mut topics, mut codes, mut blocks) = (None, Vec::new(), Vec::new(), Vec::new());
    macro_rules! ack {
        ($packet:expr) => {{
            id = Some($packet.packet_id);
            codes.push($packet.reason.as_u8());
            blocks.push($packet.properties);
        }};
    }
    let packet = read(&bytes, version);
    match &packet {
        Packet::Connect(packet) => {
            blocks.push(packet.properties);
            blocks.extend(packet.will.map(|will| will.properties));
        }
        Packet::Connack(packet) => {
            codes.push(match version {
                Version::V311 => packet.reason.return_code().expect("it was read from one"),
                Version::V5 => packet.reason.as_u8(),
            });
            blocks.push(packet.properties);
        }
        Packet::Publish(packet) => {
            id = packet.packet_id;
            topics.extend(packet.topic.map(|topic| topic.to_string()));
            blocks.push(packet.properties);
        }
        Packet::Puback(packet) => ack!(packet),
        Packet::Pubrec(packet) => ack!(packet),
        Packet::Pubrel(packet) => ack!(packet),
        Packet::Pubcomp(packet) => ack!(packet),
        Packet::Subscribe(packet) => {
            id = Some(packet.packet_id);
            topics.extend(
                packet
                    .subscriptions
                    .iter()
                    .map(|its| its.filter.to_string()),
            );
            blocks.push(packet.properties);
        }
        Packet::Suback(packet) => {
            id = Some(packet.packet_id);
            codes.extend(packet.reasons.iter().map(|reason| reason.as_u8()));
            blocks.push(packet.properties);
        }
        Packet::Unsubscribe(packet) => {
            id = Some(packet.packet_id);
            topics.extend(packet.filters.iter().map(|filter| filter.to_string()));
            blocks.push(packet.properties);
        }
        Packet::Unsuback(packet) => {
            id = Some(packet.packet_id);
            codes.extend(packet.reasons.iter().map(|reason| reason.as_u8()));
            blocks.push(packet.properties);
        }
        Packet::Disconnect(packet) => {
            codes.push(packet.reason.as_u8());
            blocks.push(packet.properties);
        }
        Packet::Auth(packet) => {
            codes.push(packet.reason.as_u8());
            blocks.push(packet.properties);
        }
        Packet::Pingreq | Packet::Pingresp => {}
    }
    // A short form leaves the code out, and so does tshark.
    let is_short = match bytes[0] >> 4 {
        4..=7 => bytes.len() == 4,
        14 | 15 => bytes.len() == 2,
        _ => false,
    };
    if is_short {
        codes.clear();
    }
    let properties = blocks
        .iter()
        .flat_map(|block| block.iter().map(|it| it.id() as u8));
    let properties: Vec<_> = properties.map(|id| format!("0x{id:02x}")).collect();
    let codes: Vec<_> = codes.iter().map(u8::to_string).collect();
    vec![
        (bytes[0] >> 4).to_string(),
        (bytes.len() - 2).to_string(),
        id.map_or(String::new(), |id| id.to_string()),
        topics.join(","),
        properties.join(","),
        String::new(),
        codes.join(","),
    ]
}

/// A line of tshark, with all codes in one column.
fn theirs(line: &str) -> Vec<String> {
    let mut columns: Vec<_> = line.split(';').map(str::to_owned).collect();
    let codes = columns.split_off(COLUMNS.len());
    columns.push(codes.concat());
    columns
}

/// A capture with a connection for each stream: what opens it, so that the version is known, and
/// the packet.
fn capture(streams: &[[Vec<u8>; 2]]) -> Vec<u8> {
    // The header of a capture file, of raw IP packets (link type 101).
    let mut file = 0xA1B2_C3D4_u32.to_le_bytes().to_vec();
    file.extend([2, 0, 4, 0]);
    file.extend([0; 8]);
    file.extend(65_535_u32.to_le_bytes());
    file.extend(101_u32.to_le_bytes());
    for (port, packets) in (20_000_u16..).zip(streams) {
        let mut sequence = 1_u32;
        for packet in packets {
            let length = 40 + packet.len() as u32;
            file.extend([0; 8]);
            file.extend(length.to_le_bytes());
            file.extend(length.to_le_bytes());
            // IPv4 from 10.0.0.1 to 10.0.0.2.
            file.extend([0x45, 0]);
            file.extend((length as u16).to_be_bytes());
            file.extend([0, 0, 0, 0, 64, 6, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2]);
            // TCP to port 1883, with PSH and ACK.
            file.extend(port.to_be_bytes());
            file.extend(1883_u16.to_be_bytes());
            file.extend(sequence.to_be_bytes());
            file.extend([0, 0, 0, 1, 0x50, 0x18, 0xFF, 0xFF, 0, 0, 0, 0]);
            file.extend(packet);
            sequence += packet.len() as u32;
        }
    }
    file
}

/// What tshark says of the capture, a line a packet; or why it cannot be asked.
fn dissected(capture: &[u8]) -> Result<String, String> {
    let mut command = Command::new("tshark");
    command.args(["-r", "-", "-Y", "mqtt", "-T", "fields", "-E", "separator=;"]);
    command.args(
        COLUMNS
            .iter()
            .chain(CODES)
            .flat_map(|column| ["-e", *column]),
    );
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut tshark = command.spawn().map_err(|_| "tshark is not installed")?;
    let mut stdin = tshark.stdin.take().expect("it is piped");
    // It may end at once, where its version has other fields than those that it is asked for.
    let written = stdin.write_all(capture);
    drop(stdin);
    let output = tshark.wait_with_output().expect("tshark ends");
    if written.is_err() || !output.status.success() {
        return Err(format!(
            "tshark cannot: {}",
            String::from_utf8_lossy(&output.stderr)
        ));
    }
    Ok(String::from_utf8(output.stdout).expect("its output is text"))
}

#[test]
fn wireshark_dissects_the_same_packets() {
    let vectors: Vec<_> = vectors::all().collect();
    let opening = |version| match version {
        Version::V311 => wire("10 0D 0004'MQTT' 04 02 003C 0001'a'"),
        Version::V5 => wire("10 0E 0004'MQTT' 05 02 003C 00 0001'a'"),
    };
    let streams: Vec<_> = vectors
        .iter()
        .map(|(vector, version)| [opening(*version), vector.bytes()])
        .collect();
    let text = match dissected(&capture(&streams)) {
        Ok(text) => text,
        Err(reason) => {
            // Past the capture of the test's output, so that it is seen.
            let skipped = format!("SKIPPED wireshark_dissects_the_same_packets: {reason}");
            writeln!(std::io::stderr(), "{skipped}").expect("there is an error output");
            return;
        }
    };
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(
        lines.len(),
        2 * vectors.len(),
        "an opening and a packet each"
    );
    for ((vector, version), line) in vectors.iter().zip(lines.iter().skip(1).step_by(2)) {
        let (ours, theirs) = (ours(vector, *version), theirs(line));
        if DEPARTURES.iter().any(|(name, _)| *name == vector.name) {
            assert_ne!(
                theirs, ours,
                "{} agrees now, and a reason is listed",
                vector.name
            );
        } else {
            assert_eq!(theirs, ours, "{} in {version}", vector.name);
        }
    }
}
