//! What each reason code means, out of the table of the standard with notes on what a client does.

use std::fmt::Write;

use nack_mock_broker::scenario::{self, Code};
use serde_json::{Value, json};

/// Every reason code of MQTT 5.0: number, name, packets, who sends it in DISCONNECT, class, retry,
/// notes.
const REASON_CODES: &str = include_str!("../../../../scenarios/reason-codes.tsv");

/// What 3.1.1 has instead: packet, number, name, number and name in MQTT 5.0, class, retry, notes.
const RETURN_CODES: &str = include_str!("../../../../scenarios/return-codes.tsv");

/// One row of the table.
struct Row {
    code: u8,
    name: &'static str,
    packets: Vec<&'static str>,
    disconnect_sender: &'static str,
    class: &'static str,
    retry: &'static str,
    notes: &'static str,
}

/// What 3.1.1 says in a packet for a code of MQTT 5.0.
struct Return {
    packet: &'static str,
    code: u8,
    name: &'static str,
    v5_code: u8,
    notes: &'static str,
}

fn rows() -> impl Iterator<Item = Row> {
    REASON_CODES.lines().skip(1).filter_map(|line| {
        let mut fields = line.split('\t');
        Some(Row {
            code: number(fields.next()?)?,
            name: fields.next()?,
            packets: fields.next()?.split(',').collect(),
            disconnect_sender: fields.next()?,
            class: fields.next()?,
            retry: fields.next()?,
            notes: fields.next()?,
        })
    })
}

fn returns() -> impl Iterator<Item = Return> {
    RETURN_CODES.lines().skip(1).filter_map(|line| {
        let mut fields = line.split('\t');
        let (packet, code, name) = (fields.next()?, number(fields.next()?)?, fields.next()?);
        let v5_code = number(fields.next()?)?;
        Some(Return {
            packet,
            code,
            name,
            v5_code,
            notes: fields.nth(3)?,
        })
    })
}

fn number(text: &str) -> Option<u8> {
    u8::from_str_radix(text.strip_prefix("0x")?, 16).ok()
}

impl Row {
    /// The packets that have it, with who sends it there.
    fn senders(&self) -> Vec<(&'static str, &'static str)> {
        let packets = self.packets.iter().copied();
        packets
            .map(|packet| (packet, self.sender(packet)))
            .collect()
    }

    fn sender(&self, packet: &str) -> &'static str {
        match (packet, self.code) {
            ("CONNACK" | "SUBACK" | "UNSUBACK", _) => "server",
            // "Sent only by the Server", tables 3-4 and 3-5.
            (_, 0x10) => "server",
            ("AUTH", 0x00) => "server",
            ("AUTH", 0x19) => "client",
            ("DISCONNECT", _) => match self.disconnect_sender {
                "client" => "client",
                "server" => "server",
                // 0x8C, on which the standard contradicts itself.
                "-" => "server, by section 2.4 alone",
                _ => "server or client",
            },
            _ => "server or client",
        }
    }

    /// What a client may do after it, a line each. Some codes say less than their class: those are
    /// told by themselves.
    fn advice(&self) -> &'static [&'static str] {
        match (self.code, self.retry) {
            (0x80, _) => &[
                "in CONNACK and DISCONNECT yes, later and not at once: it may pass by itself",
                "in acknowledgements that is for you to say: brokers use it for lasting refusals too",
            ],
            (0x91, _) => &["after a clean start: the two sides disagree about what is in flight"],
            (0x92, _) => {
                &["that is for you to say: the exchange is over, and nobody knows how it ended"]
            }
            (_, "transient") => &["yes, later and not at once: it may pass by itself"],
            (_, "permanent") => &["no: the same again is refused again"],
            (_, "redirect") => &["not here: go to the other server, if it is one to be trusted"],
            (_, "caller-bug") => {
                &["no: the sender of the refused packet is at fault, and must change"]
            }
            _ => &["nothing to try again"],
        }
    }

    /// What 3.1.1 says for it, a packet each.
    fn in_v311(&self) -> Vec<String> {
        let mut found: Vec<String> = returns()
            .filter(|row| row.v5_code == self.code)
            .map(|row| format!("{} 0x{:02X}, {}", row.packet, row.code, lower(row.name)))
            .collect();
        if self.is_refusal_of_suback() && self.code != 0x80 {
            found.push("SUBACK 0x80, failure".to_owned());
        }
        found
    }

    fn scenarios(&self) -> Vec<&'static str> {
        let word = nack_codec::ReasonCode::from_u8(self.code).map(Code::word);
        let suffix = word.map(|word| format!("-{word}"));
        let names = scenario::SHIPPED.iter().map(scenario::Shipped::name);
        let of_v5 = names.filter(|name| {
            let named = suffix.as_ref().is_some_and(|suffix| name.ends_with(suffix));
            let success = self.code == 0
                && ["-normal-disconnection", "-granted-qos-0"]
                    .iter()
                    .any(|suffix| name.ends_with(suffix));
            name.starts_with("v5/") && (named || success)
        });
        let of_v311 = returns()
            .filter(|row| row.v5_code == self.code || (self.is_refusal_of_suback() && row.fails()))
            .filter_map(|row| row.scenario());
        of_v5.chain(of_v311).collect()
    }

    /// Whether a SUBACK refuses with it: in 3.1.1 all of them are one.
    fn is_refusal_of_suback(&self) -> bool {
        self.class == "error" && self.packets.contains(&"SUBACK")
    }
}

impl Return {
    /// Whether it is the one refusal that a SUBACK of 3.1.1 has.
    fn fails(&self) -> bool {
        self.packet == "SUBACK" && self.code == 0x80
    }

    /// The scenario in which it is sent.
    fn scenario(&self) -> Option<&'static str> {
        let name = self.name.strip_prefix("Refused: ").unwrap_or(self.name);
        let word = name
            .to_lowercase()
            .replace("maximum ", "")
            .replace(' ', "-");
        let wanted = format!("v3/{}-{word}", self.packet.to_lowercase());
        let mut names = scenario::SHIPPED.iter().map(scenario::Shipped::name);
        names.find(|name| *name == wanted)
    }
}

fn lower(text: &str) -> String {
    let mut letters = text.chars();
    match letters.next() {
        Some(first) => first.to_lowercase().chain(letters).collect(),
        None => String::new(),
    }
}

/// What the code means, for people.
pub(super) fn text(code: Code) -> String {
    let number = code.number();
    let mut text = String::new();
    match rows().find(|row| row.code == number) {
        Some(row) => put_row(&mut text, &row),
        None => {
            put(
                &mut text,
                format_args!("0x{number:02X} ({number}) is no reason code of MQTT 5.0\n"),
            );
            if let Some(meant) = meant(number) {
                let (code, name) = (meant.code, meant.name);
                put(
                    &mut text,
                    format_args!("did you mean 0x{code:02X} ({code}), {}?\n", lower(name)),
                );
            }
        }
    }
    for row in returns().filter(|row| row.code == number && row.v5_code != number) {
        put(
            &mut text,
            format_args!(
                "\nas a return code of a 3.1.1 {}: {}, in MQTT 5.0 0x{:02X}\n  {}\n",
                row.packet,
                lower(row.name),
                row.v5_code,
                row.notes
            ),
        );
        if let Some(name) = row.scenario() {
            put(
                &mut text,
                format_args!("  see it: mock-broker run {name}\n"),
            );
        }
    }
    text
}

/// The code whose hexadecimal digits were typed without `0x`, where the number is none itself.
fn meant(number: u8) -> Option<Row> {
    let digits = number.to_string();
    let meant = u8::from_str_radix(&digits, 16).ok()?;
    rows().find(|row| row.code == meant)
}

fn put_row(text: &mut String, row: &Row) {
    let code = row.code;
    put(text, format_args!("0x{code:02X} ({code}) {}\n\n", row.name));
    let class = match row.class {
        "error" => "an error",
        _ => "success",
    };
    put(text, format_args!("means      {class}\n"));
    for (index, (packet, sender)) in row.senders().into_iter().enumerate() {
        let label = if index == 0 { "packets" } else { "" };
        put(
            text,
            format_args!("{label:9}  {packet:10} from the {sender}\n"),
        );
    }
    for (index, advice) in row.advice().iter().enumerate() {
        let label = if index == 0 { "try again" } else { "" };
        put(text, format_args!("{label:9}  {advice}\n"));
    }
    if row.notes != "-" {
        put(text, format_args!("note       {}\n", row.notes));
    }
    let old = row.in_v311();
    match old.is_empty() {
        true => put(text, format_args!("3.1.1      has no code for it\n")),
        false => put(text, format_args!("3.1.1      {}\n", old.join("; "))),
    }
    for (index, name) in row.scenarios().into_iter().enumerate() {
        let label = if index == 0 { "see it" } else { "" };
        put(text, format_args!("{label:9}  mock-broker run {name}\n"));
    }
}

fn put(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    // Writing to a string does not fail.
    let _ = text.write_fmt(arguments);
}

/// All codes, a line each.
pub(super) fn all_texts() -> String {
    let lines = rows().map(|row| {
        let packets = row.packets.join(" ");
        format!(
            "0x{:02X}  {:40} {:10}  {packets}\n",
            row.code, row.name, row.retry
        )
    });
    lines.collect()
}

/// What the code means, for programs.
pub(super) fn json(code: Code) -> Value {
    let number = code.number();
    match rows().find(|row| row.code == number) {
        Some(row) => row_json(&row),
        None => json!({ "code": number, "name": null, "v311": v311_json(number) }),
    }
}

pub(super) fn all_json() -> Value {
    Value::Array(rows().map(|row| row_json(&row)).collect())
}

fn row_json(row: &Row) -> Value {
    let packets = row
        .senders()
        .into_iter()
        .map(|(packet, sender)| json!({ "packet": packet, "sender": sender }));
    json!({
        "code": row.code,
        "name": row.name,
        "class": row.class,
        "packets": packets.collect::<Vec<_>>(),
        "retry": if row.retry == "-" { Value::Null } else { row.retry.into() },
        "advice": row.advice().join("; "),
        "notes": if row.notes == "-" { Value::Null } else { row.notes.into() },
        "in_v311": row.in_v311(),
        "v311": v311_json(row.code),
        "scenarios": row.scenarios(),
    })
}

/// What the number means on a 3.1.1 connection.
fn v311_json(number: u8) -> Value {
    let rows = returns().filter(|row| row.code == number);
    let rows =
        rows.map(|row| json!({ "packet": row.packet, "name": row.name, "v5_code": row.v5_code }));
    Value::Array(rows.collect())
}
