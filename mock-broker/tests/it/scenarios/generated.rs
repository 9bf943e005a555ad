//! The scenarios of reason codes, a file a code of each packet that a server sends. They are made
//! of the tables, and committed.
//!
//! After a change of the tables or of this file, `NACK_WRITE_SCENARIOS=1 cargo test -p
//! nack-mock-broker --test it scenarios` writes them, the list of all that ships, and the schema.

use std::fmt::Write as _;
use std::path::PathBuf;

use nack_mock_broker::MockBroker;
use nack_mock_broker::scenario::{SHIPPED, Scenario};

const REASON_CODES: &str = include_str!("../../../scenarios/reason-codes.tsv");
const RETURN_CODES: &str = include_str!("../../../scenarios/return-codes.tsv");

/// A code of a packet, as a server sends it.
pub(super) struct Coded {
    pub(super) version: &'static str,
    pub(super) packet: &'static str,
    pub(super) code: u8,
    name: String,
    retry: &'static str,
}

/// Every code of every packet that a server sends, in both versions.
pub(super) fn all() -> Vec<Coded> {
    let mut all = Vec::new();
    for line in REASON_CODES.lines().skip(1) {
        let fields: Vec<&str> = line.split('\t').collect();
        for packet in fields[2].split(',') {
            let of_client = match packet {
                "DISCONNECT" => fields[3] == "client",
                // The client alone begins an authentication anew.
                "AUTH" => fields[0] == "0x19",
                _ => false,
            };
            if of_client {
                continue;
            }
            let mut names = fields[1].split(" / ");
            let name = match packet {
                "DISCONNECT" if fields[0] == "0x00" => names.nth(1),
                "SUBACK" if fields[0] == "0x00" => names.nth(2),
                _ => names.next(),
            };
            all.push(Coded {
                version: "v5",
                packet,
                code: number(fields[0]),
                name: name.unwrap().to_owned(),
                retry: fields[5],
            });
        }
    }
    for line in RETURN_CODES.lines().skip(1) {
        let fields: Vec<&str> = line.split('\t').collect();
        let name = fields[2].trim_start_matches("Refused: ");
        all.push(Coded {
            version: "v3",
            packet: fields[0],
            code: number(fields[1]),
            name: name.replace("maximum ", ""),
            retry: fields[6],
        });
    }
    all
}

fn number(text: &str) -> u8 {
    u8::from_str_radix(text.strip_prefix("0x").unwrap(), 16).unwrap()
}

impl Coded {
    pub(super) fn file(&self) -> String {
        format!(
            "{}/{}-{}",
            self.version,
            self.packet.to_lowercase(),
            self.word()
        )
    }

    fn word(&self) -> String {
        self.name.to_lowercase().replace(' ', "-")
    }

    const fn is_error(&self) -> bool {
        // In a CONNACK of 3.1.1 every code but 0 refuses, and they are below 0x80.
        self.code >= 0x80 || (matches!(self.version.as_bytes(), b"v3") && self.is_return_code())
    }

    const fn is_return_code(&self) -> bool {
        self.packet.len() == "CONNACK".len() && self.code != 0
    }

    /// What happens, in a sentence.
    fn description(&self) -> String {
        let what = match (self.packet, self.is_error()) {
            ("CONNACK", true) => "The client is not let in",
            ("CONNACK", false) => "The client is let in",
            ("PUBACK", true) => "Messages of QoS 1 are refused",
            ("PUBACK", false) => "Messages of QoS 1 are accepted",
            ("PUBREC", true) => "Messages of QoS 2 are refused",
            ("PUBREC", false) => "Messages of QoS 2 are accepted",
            ("PUBREL", true) => "The broker does not know the identifier in the client's PUBREC",
            ("PUBREL", false) => "The broker releases a message of QoS 2",
            ("PUBCOMP", true) => "The broker does not know the identifier in the client's PUBREL",
            ("PUBCOMP", false) => "The broker completes messages of QoS 2",
            ("SUBACK", true) => "Subscriptions are refused",
            ("SUBACK", false) => "Subscriptions are granted",
            ("UNSUBACK", true) => "Subscriptions are not ended",
            ("UNSUBACK", false) => "Subscriptions are ended",
            ("DISCONNECT", _) => "The client is let in, and soon after disconnected",
            ("AUTH", _) if self.code == 0 => "The client proves again who it is, and succeeds",
            ("AUTH", _) => "The client is asked to go on with its authentication",
            other => panic!("{other:?}"),
        };
        format!(
            "{what}: {} 0x{:02X} ({}).",
            self.packet, self.code, self.name
        )
    }

    /// What a good client does about it.
    fn advice(&self) -> String {
        let later = match self.retry {
            "transient" => {
                "It may try again by itself, not at once, with growing pauses and some chance in \
                 them."
            }
            "redirect" => {
                "It tells which other server there is, and goes there by itself only if it was \
                 told that it may."
            }
            "caller-bug" => "It does not try again by itself: what it did must change first.",
            _ => "It does not try again by itself: the same again is refused again.",
        };
        match (self.packet, self.is_error()) {
            ("CONNACK", true) => {
                format!("A good client says so to whoever connects, with the code. {later}")
            }
            ("CONNACK", false) => "A good client is connected, and says so.".to_owned(),
            ("PUBACK", true) => "A good client says so to whoever published, with the code; it \
                keeps the connection, uses the packet identifier again, and does not send the \
                message again by itself."
                .to_owned(),
            ("PUBREC", true) => "A good client says so to whoever published, with the code; it \
                keeps the connection, sends no PUBREL, uses the packet identifier again, and does \
                not send the message again by itself."
                .to_owned(),
            ("PUBACK" | "PUBREC", false) if self.code == 0x10 => "A good client takes the message \
                for delivered, and may tell that nobody subscribes to it."
                .to_owned(),
            ("PUBACK" | "PUBREC" | "PUBCOMP", false) => {
                "A good client takes the message for delivered.".to_owned()
            }
            ("PUBREL", true) => "A good client ends the exchange with PUBCOMP, and keeps the \
                connection."
                .to_owned(),
            ("PUBREL", false) => {
                "A good client hands the message on once, and answers PUBCOMP.".to_owned()
            }
            ("PUBCOMP", true) => "A good client ends the exchange, sends neither PUBLISH nor \
                PUBREL again, and keeps the connection."
                .to_owned(),
            ("SUBACK", true) => "A good client says so to whoever subscribed, with the code and \
                for this topic filter; it keeps the connection."
                .to_owned(),
            ("SUBACK", false) => {
                "A good client tells the QoS that was granted, which may be lower than asked."
                    .to_owned()
            }
            ("UNSUBACK", true) => "A good client says so to whoever unsubscribed, with the code; \
                it keeps the connection, and still takes messages."
                .to_owned(),
            ("UNSUBACK", false) => "A good client says that the subscription is gone.".to_owned(),
            ("DISCONNECT", true) => format!(
                "A good client tells everybody who waits for it why the connection ended, with \
                 the code. {later}"
            ),
            ("DISCONNECT", false) => "A good client tells that the server ended the connection; \
                whether to connect again is for its user to say."
                .to_owned(),
            ("AUTH", _) if self.code == 0 => {
                "A good client goes on with what it was doing, as somebody who is known.".to_owned()
            }
            ("AUTH", _) => {
                "A good client that named this method answers AUTH 0x18. One that named \
                none closes the connection, best after DISCONNECT 0x82."
                    .to_owned()
            }
            other => panic!("{other:?}"),
        }
    }

    fn statements(&self) -> &'static [&'static str] {
        match (self.version, self.packet, self.is_error()) {
            ("v3", "CONNACK", true) => &["MQTT-3.2.2-5"],
            ("v3", "CONNACK", false) => &["MQTT-3.2.2-1"],
            ("v3", ..) => &["MQTT-3.9.3-2"],
            (_, "CONNACK", true) => &["MQTT-3.2.2-7", "MQTT-3.2.2-8"],
            (_, "CONNACK", false) => &["MQTT-3.2.2-8"],
            (_, "PUBACK", true) => &["MQTT-3.4.2-1", "MQTT-4.4.0-2"],
            (_, "PUBACK", false) => &["MQTT-3.4.2-1"],
            (_, "PUBREC", true) => &["MQTT-3.5.2-1", "MQTT-4.3.3-4", "MQTT-4.4.0-2"],
            (_, "PUBREC", false) => &["MQTT-3.5.2-1", "MQTT-4.3.3-4"],
            (_, "PUBREL", _) => &["MQTT-3.6.2-1", "MQTT-4.3.3-11"],
            (_, "PUBCOMP", _) => &["MQTT-3.7.2-1", "MQTT-4.3.3-6"],
            (_, "SUBACK", _) => &["MQTT-3.9.3-2"],
            (_, "UNSUBACK", _) => &["MQTT-3.11.3-2"],
            (_, "DISCONNECT", true) => &["MQTT-3.14.2-1", "MQTT-4.13.2-1"],
            (_, "DISCONNECT", false) => &["MQTT-3.14.2-1"],
            (_, "AUTH", _) if self.code == 0 => &["MQTT-3.15.2-1"],
            (_, "AUTH", _) => &["MQTT-3.15.2-1", "MQTT-4.12.0-3", "MQTT-4.12.0-7"],
            other => panic!("{other:?}"),
        }
    }

    fn steps(&self) -> String {
        let word = self.word();
        let packet = self.packet;
        let reply = format!("reply = {{ packet = \"{packet}\", reason = \"{word}\" }}\n");
        let on = |on: &str| format!("[[step]]\nname = \"{word}\"\non = {{ {on} }}\n");
        match packet {
            "CONNACK" if self.retry == "redirect" => {
                let reference = "properties = { server_reference = \"other.example:1883\" }";
                let reply = reply.replace(" }\n", &format!(", {reference} }}\n"));
                on("packet = \"CONNECT\"") + &reply
            }
            "CONNACK" => on("packet = \"CONNECT\"") + &reply,
            "PUBACK" => {
                let step = on("packet = \"PUBLISH\", qos = 1") + &reply;
                match self.is_error() {
                    true => step + &forbid("not again", "packet = \"PUBLISH\", dup = true"),
                    false => step,
                }
            }
            "PUBREC" => {
                let step = on("packet = \"PUBLISH\", qos = 2") + &reply;
                match self.is_error() {
                    true => {
                        step + &forbid("not released", "packet = \"PUBREL\"")
                            + &forbid("not again", "packet = \"PUBLISH\", dup = true")
                    }
                    false => step,
                }
            }
            "PUBREL" => {
                // There must be a message to release.
                let publish = "drive = [\n    { as_usual = true },\n    { reply = { packet = \
                    \"PUBLISH\", topic = \"released\", payload = \"21.5\", qos = 2 } },\n]\n";
                format!(
                    "[[step]]\nname = \"message\"\non = {{ packet = \"SUBSCRIBE\" }}\n{publish}\n"
                ) + &on("packet = \"PUBREC\"")
                    + &reply
            }
            "PUBCOMP" => on("packet = \"PUBREL\"") + &reply,
            "SUBACK" => on("packet = \"SUBSCRIBE\"") + &reply,
            "UNSUBACK" => on("packet = \"UNSUBSCRIBE\"") + &reply,
            "DISCONNECT" => {
                let properties = match self.retry {
                    "redirect" => ", properties = { server_reference = \"other.example:1883\" }",
                    _ => "",
                };
                on("packet = \"CONNECT\"")
                    + &format!(
                        "drive = [\n    {{ as_usual = true }},\n    {{ delay_ms = 100, reply = \
                         {{ packet = \"DISCONNECT\", reason = \"{word}\"{properties} }} }},\n]\n"
                    )
            }
            "AUTH" if self.code == 0 => {
                "[[step]]\nname = \"let in\"\non = { packet = \"CONNECT\", has = \
                 \"authentication_method\" }\nreply = { packet = \"CONNACK\", properties = { \
                 authentication_method = \"EXAMPLE\" } }\n\n"
                    .to_owned()
                    + &on("packet = \"AUTH\", reason = \"re-authenticate\"")
                    + "reply = { packet = \"AUTH\", reason = \"success\", properties = { \
                       authentication_method = \"EXAMPLE\" } }\n"
            }
            "AUTH" => {
                on("packet = \"CONNECT\"")
                    + "reply = { packet = \"AUTH\", reason = \"continue-authentication\", \
                       properties = { authentication_method = \"EXAMPLE\", authentication_data = \
                       \"challenge\" } }\n"
            }
            other => panic!("{other}"),
        }
    }

    fn text(&self) -> String {
        let mut text = comment(&self.advice());
        let versions = match self.version {
            "v3" => "\"3.1.1\"",
            _ => "5",
        };
        let statements: Vec<String> = self
            .statements()
            .iter()
            .map(|statement| format!("\"{statement}\""))
            .collect();
        write!(
            text,
            "\nname = \"{}\"\ndescription = \"{}\"\nversions = [{versions}]\nstatements = [{}]\n\n{}",
            self.file(),
            self.description(),
            statements.join(", "),
            self.steps()
        )
        .unwrap();
        text
    }
}

fn forbid(name: &str, packet: &str) -> String {
    format!("\n[[step]]\nname = \"{name}\"\nforbid = {{ {packet} }}\n")
}

/// The text as lines of a comment, none too long.
fn comment(text: &str) -> String {
    let mut lines = String::from("#");
    let mut length = 1;
    for word in text.split_whitespace() {
        if length + 1 + word.len() > 100 {
            lines.push_str("\n#");
            length = 1;
        }
        lines.push(' ');
        lines.push_str(word);
        length += 1 + word.len();
    }
    lines.push('\n');
    lines
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("scenarios")
}

/// Writes the file if it is told to; otherwise it must be as it would be written.
#[track_caller]
fn check_or_write(path: PathBuf, text: &str) {
    if std::env::var_os("NACK_WRITE_SCENARIOS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
        return;
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == text,
        "{} is not as it would be written; see the first lines of this test's file",
        path.display()
    );
}

#[test]
fn every_reason_code_of_every_packet_has_its_scenario() {
    let all = all();
    // As many as the tables have, counted by hand: a table that is not read has none.
    assert_eq!(all.len(), 104);
    for coded in all {
        let path = folder().join(format!("{}.toml", coded.file()));
        check_or_write(path, &coded.text());
    }
}

/// The names of all files, in order.
fn names() -> Vec<String> {
    let mut names = Vec::new();
    for group in ["v3", "v5", "fault"] {
        // A folder without files is not checked out; what is missed is missing in the list.
        let Ok(files) = std::fs::read_dir(folder().join(group)) else {
            continue;
        };
        let mut group: Vec<String> = files
            .map(|file| file.unwrap().file_name().into_string().unwrap())
            .filter_map(|file| Some(format!("{group}/{}", file.strip_suffix(".toml")?)))
            .collect();
        group.sort();
        names.extend(group);
    }
    names
}

#[test]
fn shipped_scenarios_are_listed() {
    let mut text = String::from(
        "//! Every file in `scenarios/`. Written by the test `shipped_scenarios_are_listed`; see there.\n\n\
         use super::Shipped;\n\n\
         /// The scenarios that ship, by name.\n\
         #[rustfmt::skip]\n\
         pub const SHIPPED: &[Shipped] = &[\n",
    );
    for name in names() {
        writeln!(
            text,
            "    Shipped {{ name: \"{name}\", text: include_str!(\"../../../scenarios/{name}.toml\") }},"
        )
        .unwrap();
    }
    text.push_str("];\n");
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src/scenario/shipped/list.rs");
    check_or_write(path, &text);
}

#[test]
fn the_schema_is_the_one_that_is_published() {
    check_or_write(folder().join("schema.json"), &Scenario::schema());
}

#[test]
fn the_tables_are_those_of_the_catalogue() {
    let catalogue = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../conformance/statements");
    for (name, ours) in [
        ("reason-codes.tsv", REASON_CODES),
        ("return-codes.tsv", RETURN_CODES),
    ] {
        let theirs = std::fs::read_to_string(catalogue.join(name)).unwrap();
        assert!(ours == theirs, "{name}");
    }
}

#[test]
fn a_scenario_is_called_as_its_file_and_says_what_happens() {
    for shipped in SHIPPED {
        let file = shipped.file().unwrap();
        let scenario = file.scenario();
        assert_eq!(scenario.name.as_deref(), Some(shipped.name()));
        assert!(!shipped.description().is_empty(), "{}", shipped.name());
        assert_eq!(scenario.description.as_deref(), Some(shipped.description()));
        assert!(shipped.text().starts_with("# "), "{}", shipped.name());
        assert!(file.rules().is_ok());
    }
}

#[test]
fn a_scenario_that_nobody_came_to_has_not_been_played() {
    for shipped in SHIPPED {
        let broker = MockBroker::in_memory();
        for rule in shipped.file().unwrap().rules().unwrap() {
            rule.mount(&broker).forget();
        }
        assert!(broker.verify().is_err(), "{}", shipped.name());
    }
}
