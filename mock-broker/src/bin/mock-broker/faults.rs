//! Faults without a file: a flag becomes a step, and goes the way that steps go.

use std::collections::BTreeMap;
use std::str::FromStr;

use nack_codec::PacketType;
use nack_mock_broker::Rule;
use nack_mock_broker::scenario::{
    Close, Code, Data, Drive, Expect, On, OneOrMany, PacketName, Reply, Step,
};

use crate::arguments::Faults;

/// What a flag says: about which packets, and what is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    text: String,
    which: Option<String>,
    what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Code(Code),
    Drop,
    Close(Close),
}

impl FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // Topics may hold `=`, and codes do not.
        let (which, what) = match text.rsplit_once('=') {
            Some((which, what)) => (Some(which.to_owned()), what),
            None => (None, text),
        };
        let what = match what {
            "drop" => What::Drop,
            "close" => What::Close(Close::Fin),
            "reset" => What::Close(Close::Rst),
            _ => What::Code(what.parse().map_err(|error| format!("{error}"))?),
        };
        Ok(Self {
            text: text.to_owned(),
            which,
            what,
        })
    }
}

/// A message that is sent to each client: its QoS, its topic, and what it carries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Message {
    text: String,
    qos: u8,
    topic: String,
    payload: String,
}

impl FromStr for Message {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (qos, message) = match text.split_once(':') {
            Some(("0", rest)) => (0, rest),
            Some(("1", rest)) => (1, rest),
            Some(("2", rest)) => (2, rest),
            Some((qos, _)) if !qos.is_empty() && qos.bytes().all(|it| it.is_ascii_digit()) => {
                return Err(format!(
                    "there is no QoS {qos}: it is 0, 1 or 2; a topic that begins so goes behind \
                     its QoS, as in `0:{text}`"
                ));
            }
            _ => (0, text),
        };
        let (topic, payload) = message
            .split_once('=')
            .ok_or("expected TOPIC=PAYLOAD, or 1:TOPIC=PAYLOAD for QoS 1")?;
        Ok(Self {
            text: text.to_owned(),
            qos,
            topic: topic.to_owned(),
            payload: payload.to_owned(),
        })
    }
}

impl Message {
    fn reply(&self) -> Reply {
        let mut reply = Reply::new(PacketName(PacketType::Publish));
        reply.topic = Some(Data::Text(self.topic.clone()));
        reply.payload = Some(Data::Text(self.payload.clone()));
        reply.qos = Some(self.qos);
        reply
    }
}

/// One step for all messages, as the first step about a packet is the only one. It is about the
/// CONNACK and not about the CONNECT, so that it stands beside the flags about that, and refused
/// clients are sent nothing.
fn publishing(messages: &[Message]) -> Step {
    let mut on = On::default();
    on.packet = Some(PacketName(PacketType::Connack));
    on.to_client = true;
    on.reason = Some(Code::Number(0));
    let mut usual = Drive::default();
    usual.as_usual = true;
    let mut behind = Drive::default();
    behind.reply = OneOrMany(messages.iter().map(Message::reply).collect());
    let names: Vec<String> = messages
        .iter()
        .map(|message| format!("--publish {}", message.text))
        .collect();
    let mut step = Step::default();
    step.name = Some(names.join(" "));
    step.on = Some(on);
    step.drive = OneOrMany(vec![usual, behind]);
    step
}

impl Faults {
    /// The rules that the flags are.
    pub(crate) fn rules(&self) -> Result<Vec<Rule>, String> {
        let rule = |step: &Step| {
            let name = step.name.as_deref().unwrap_or_default();
            step.rule().map_err(|error| format!("{name}: {error}"))
        };
        let mut rules = Vec::new();
        if !self.publish.is_empty() {
            // Whoever lets the client in.
            rules.push(rule(&publishing(&self.publish))?.also_about_answers());
        }
        for step in self.steps()? {
            rules.push(rule(&step)?);
        }
        Ok(rules)
    }

    fn steps(&self) -> Result<Vec<Step>, String> {
        use PacketType::{
            Auth, Connack, Connect, Disconnect, Pingreq, Pingresp, Puback, Pubcomp, Publish,
            Pubrec, Pubrel, Suback, Subscribe, Unsuback, Unsubscribe,
        };
        let flags = [
            (&self.connack, Connack, Connect),
            (&self.puback, Puback, Publish),
            (&self.pubrec, Pubrec, Publish),
            (&self.pubrel, Pubrel, Pubrec),
            (&self.pubcomp, Pubcomp, Pubrel),
            (&self.suback, Suback, Subscribe),
            (&self.unsuback, Unsuback, Unsubscribe),
            (&self.disconnect, Disconnect, Connect),
            (&self.auth, Auth, Connect),
            (&self.pingresp, Pingresp, Pingreq),
        ];
        let mut steps = Vec::new();
        for (faults, packet, on) in flags {
            let codes = by_filter(faults, packet);
            for fault in faults {
                let mut step = fault.step(packet, on)?;
                let is_named = fault.which.is_some() && matches!(fault.what, What::Code(_));
                if is_named && !codes.is_empty() {
                    if codes.len() > 1 {
                        // One answer may be about several of them, and each has then happened.
                        steps.push(watching(&step));
                        step.expect = Some(Expect::ANY);
                    }
                    let mut reply = Reply::new(PacketName(packet));
                    reply.by_filter = Some(codes.clone());
                    step.reply = OneOrMany::from(reply);
                }
                steps.push(step);
            }
        }
        Ok(steps)
    }
}

/// The codes of those topic filters that are named, of SUBACK and UNSUBACK.
fn by_filter(faults: &[Fault], packet: PacketType) -> BTreeMap<String, Code> {
    if !matches!(packet, PacketType::Suback | PacketType::Unsuback) {
        return BTreeMap::new();
    }
    let named = faults.iter().filter_map(|fault| match fault.what {
        What::Code(code) => Some((fault.which.clone()?, code)),
        What::Drop | What::Close(_) => None,
    });
    named.collect()
}

/// A step about the same packets, which only counts them.
fn watching(step: &Step) -> Step {
    let mut watching = Step::default();
    watching.name.clone_from(&step.name);
    watching.on.clone_from(&step.on);
    watching
}

impl Fault {
    fn step(&self, packet: PacketType, on: PacketType) -> Result<Step, String> {
        let name = format!("--{} {}", packet.name().to_lowercase(), self.text);
        if packet == PacketType::Pingresp && matches!(self.what, What::Code(_)) {
            return Err(format!(
                "{name}: PINGRESP has no reason code; use `drop`, `close` or `reset`"
            ));
        }
        if self.what == What::Drop {
            // The usual broker sends neither: there is nothing to leave out, and to leave the
            // CONNECT unanswered instead is what another flag does.
            match packet {
                PacketType::Disconnect => {
                    return Err(format!(
                        "{name}: no DISCONNECT is sent unless you ask for one; use a code, `close` \
                         or `reset`"
                    ));
                }
                PacketType::Auth => {
                    return Err(format!(
                        "{name}: no AUTH is sent unless you ask for one; use a code, or \
                         `--connack drop`, which leaves CONNECT without an answer"
                    ));
                }
                _ => {}
            }
        }
        let mut step = Step::default();
        step.on = Some(self.on(packet, on).ok_or_else(|| {
            format!(
                "{name}: the answer to {} cannot be told apart by a name",
                on.name()
            )
        })?);
        step.name = Some(name);
        match self.what {
            What::Code(code) => {
                let mut reply = Reply::new(PacketName(packet));
                reply.reason = Some(code);
                if packet == PacketType::Disconnect {
                    let mut usual = Drive::default();
                    usual.as_usual = true;
                    let mut last = Drive::default();
                    last.reply = OneOrMany::from(reply);
                    step.drive = OneOrMany(vec![usual, last]);
                } else {
                    step.reply = OneOrMany::from(reply);
                }
            }
            What::Drop => {
                let mut drive = Drive::default();
                drive.hold = true;
                step.drive = OneOrMany::from(drive);
            }
            What::Close(how) => {
                let mut drive = Drive::default();
                drive.as_usual = packet == PacketType::Disconnect;
                drive.close = Some(how);
                step.drive = OneOrMany::from(drive);
            }
        }
        Ok(step)
    }

    /// The packet that the fault is about; `None` where there is no such thing as a WHICH.
    fn on(&self, packet: PacketType, on: PacketType) -> Option<On> {
        let mut matcher = On::default();
        matcher.packet = Some(PacketName(on));
        match packet {
            PacketType::Puback => matcher.qos = Some(1),
            PacketType::Pubrec => matcher.qos = Some(2),
            _ => {}
        }
        if let Some(which) = &self.which {
            let which = Some(which.clone());
            match on {
                PacketType::Connect => matcher.client = which,
                PacketType::Publish => matcher.topic = which,
                PacketType::Subscribe | PacketType::Unsubscribe => matcher.filter = which,
                _ => return None,
            }
        }
        Some(matcher)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_has_a_topic_a_payload_and_perhaps_a_qos() {
        let said = |text: &str| {
            let message: Message = text.parse().unwrap();
            (message.qos, message.topic, message.payload)
        };
        let expected = |qos, topic: &str, payload: &str| (qos, topic.into(), payload.into());
        assert_eq!(said("plant/1=a=b"), expected(0, "plant/1", "a=b"));
        assert_eq!(said("2:plant="), expected(2, "plant", ""));
        assert_eq!(said("0:3:plant=x"), expected(0, "3:plant", "x"));
        assert_eq!(said("a:plant=x"), expected(0, "a:plant", "x"));
        assert_eq!(said(":plant=x"), expected(0, ":plant", "x"));
        assert_eq!(said("plant=3:x"), expected(0, "plant", "3:x"));
        assert_eq!(said("0:1:plant=x"), expected(0, "1:plant", "x"));
        assert!("plant".parse::<Message>().is_err());
        for wrong in ["3:plant=x", "10:plant=x", "01:plant=x"] {
            let error = wrong.parse::<Message>().unwrap_err();
            assert!(error.contains(&format!("`0:{wrong}`")), "{error}");
        }
    }

    #[test]
    fn a_fault_is_about_some_packets_or_all() {
        let fault: Fault = "a=b/#=0x97".parse().unwrap();
        assert_eq!(fault.which.as_deref(), Some("a=b/#"));
        assert_eq!(fault.what, What::Code(Code::Number(0x97)));
        let fault: Fault = "drop".parse().unwrap();
        assert_eq!((fault.which, fault.what), (None, What::Drop));
        let error = "quota-exeeded".parse::<Fault>().unwrap_err();
        assert_eq!(
            error,
            "unknown reason code `quota-exeeded`, did you mean `quota-exceeded`?"
        );
    }
}
