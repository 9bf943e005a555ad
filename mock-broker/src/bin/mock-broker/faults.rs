//! Faults without a file: a flag becomes a step, and goes the way that steps go.

use std::str::FromStr;

use nack_codec::PacketType;
use nack_mock_broker::scenario::{Close, Code, Drive, On, OneOrMany, PacketName, Reply, Step};

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

impl Faults {
    /// The steps that the flags are.
    pub(crate) fn steps(&self) -> Result<Vec<Step>, String> {
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
            for fault in faults {
                steps.push(fault.step(packet, on)?);
            }
        }
        Ok(steps)
    }
}

impl Fault {
    fn step(&self, packet: PacketType, on: PacketType) -> Result<Step, String> {
        let name = format!("--{} {}", packet.name().to_lowercase(), self.text);
        if packet == PacketType::Pingresp && matches!(self.what, What::Code(_)) {
            return Err(format!(
                "{name}: PINGRESP has no reason code; use `drop`, `close` or `reset`"
            ));
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
