//! The ways in which one answer can stand on the wire, as bytes that are put together here: our
//! encoder does not vouch for our decoder.

use nack_codec::PacketType;

use crate::subject::Properties;

/// How much of an answer is on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Not even the reason code, which then is 0x00.
    Short,
    /// The reason code, and no property length.
    NoProperties,
    /// A property length of 0.
    Empty,
    /// A reason string.
    ReasonString,
    /// User properties, one name repeated.
    UserProperties,
    /// A server reference.
    ServerReference,
    /// All that the packet may carry.
    Everything,
}

impl Form {
    const ALL: [Self; 7] = [
        Self::Short,
        Self::NoProperties,
        Self::Empty,
        Self::ReasonString,
        Self::UserProperties,
        Self::ServerReference,
        Self::Everything,
    ];

    /// The forms that `code` can have in `packet` in MQTT 5.0.
    pub(crate) fn of(packet: PacketType, code: u8) -> impl Iterator<Item = Self> {
        Self::ALL
            .into_iter()
            .filter(move |form| form.is_possible(packet, code))
    }

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Short => "short",
            Self::NoProperties => "no-properties",
            Self::Empty => "empty-properties",
            Self::ReasonString => "reason-string",
            Self::UserProperties => "user-properties",
            Self::ServerReference => "server-reference",
            Self::Everything => "everything",
        }
    }

    const fn is_possible(self, packet: PacketType, code: u8) -> bool {
        use PacketType as P;

        match self {
            Self::Short => {
                let ends_early = matches!(
                    packet,
                    P::Puback | P::Pubrec | P::Pubrel | P::Pubcomp | P::Disconnect | P::Auth
                );
                ends_early && code == 0
            }
            Self::NoProperties => {
                matches!(
                    packet,
                    P::Puback | P::Pubrec | P::Pubrel | P::Pubcomp | P::Disconnect
                )
            }
            Self::ServerReference => {
                // Section 4.11: with these two codes.
                matches!(packet, P::Connack | P::Disconnect) && matches!(code, 0x9C | 0x9D)
            }
            Self::Empty | Self::ReasonString | Self::UserProperties | Self::Everything => true,
        }
    }

    /// What the properties of this form say, for the caller to find again.
    pub(crate) fn texts(self, packet: PacketType, code: u8) -> Properties {
        let has = |form: Self| self == form || self == Self::Everything;
        let mut texts = Properties::default();
        if has(Self::ReasonString) {
            texts.reason_string = Some(format!("{packet} 0x{code:02X}: größer als „erlaubt“"));
        }
        if has(Self::UserProperties) {
            let pairs = [
                ("trace", "7f3a"),
                ("", "empty name"),
                ("trace", "7f3b"),
                ("empty", ""),
            ];
            texts.user_property = pairs
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into();
        }
        if has(Self::ServerReference) && Self::ServerReference.is_possible(packet, code) {
            texts.server_reference = Some(format!("eu-{code}.example:1883 us.example"));
        }
        texts
    }

    /// The bytes of PUBACK, PUBREC, PUBREL or PUBCOMP.
    pub(crate) fn acknowledgement(self, packet: PacketType, packet_id: u16, code: u8) -> Vec<u8> {
        let mut body = packet_id.to_be_bytes().to_vec();
        if self != Self::Short {
            body.push(code);
        }
        self.end(packet, code, &mut body, &[]);
        frame(packet, &body)
    }

    /// The bytes of CONNACK; `granted` is a block of further properties.
    pub(crate) fn connack(self, code: u8, granted: &[u8]) -> Vec<u8> {
        let mut body = vec![0, code];
        self.end(PacketType::Connack, code, &mut body, granted);
        frame(PacketType::Connack, &body)
    }

    /// The bytes of SUBACK or UNSUBACK; the texts are those of `code`.
    pub(crate) fn codes(
        self,
        packet: PacketType,
        packet_id: u16,
        code: u8,
        codes: &[u8],
    ) -> Vec<u8> {
        let mut body = packet_id.to_be_bytes().to_vec();
        self.end(packet, code, &mut body, &[]);
        body.extend_from_slice(codes);
        frame(packet, &body)
    }

    /// The bytes of DISCONNECT.
    pub(crate) fn disconnect(self, code: u8) -> Vec<u8> {
        let mut body = Vec::new();
        if self != Self::Short {
            body.push(code);
        }
        self.end(PacketType::Disconnect, code, &mut body, &[]);
        frame(PacketType::Disconnect, &body)
    }

    /// The bytes of AUTH, with an authentication method where there are properties at all.
    pub(crate) fn auth(self, code: u8, method: &str) -> Vec<u8> {
        let mut body = Vec::new();
        if self != Self::Short {
            body.push(code);
        }
        let mut granted = Vec::new();
        push_text(&mut granted, 0x15, method);
        self.end(PacketType::Auth, code, &mut body, &granted);
        frame(PacketType::Auth, &body)
    }

    /// The properties, with their length.
    fn end(self, packet: PacketType, code: u8, body: &mut Vec<u8>, granted: &[u8]) {
        if matches!(self, Self::Short | Self::NoProperties) {
            return;
        }
        let texts = self.texts(packet, code);
        let mut block = granted.to_vec();
        if let Some(reference) = &texts.server_reference {
            push_text(&mut block, 0x1C, reference);
        }
        if let Some(reason) = &texts.reason_string {
            push_text(&mut block, 0x1F, reason);
        }
        for (name, value) in &texts.user_property {
            push_text(&mut block, 0x26, name);
            push_string(&mut block, value);
        }
        push_length(body, block.len());
        body.extend_from_slice(&block);
    }
}

/// A 3.1.1 packet: a fixed header in front of `body`.
pub(crate) fn frame(packet: PacketType, body: &[u8]) -> Vec<u8> {
    let flags = match packet {
        PacketType::Pubrel => 0b0010,
        _ => 0,
    };
    let mut bytes = vec![(packet as u8) << 4 | flags];
    push_length(&mut bytes, body.len());
    bytes.extend_from_slice(body);
    bytes
}

/// The property block of CONNACK that grants this many open messages.
pub(crate) fn receive_maximum(maximum: u16) -> Vec<u8> {
    let mut block = vec![0x21];
    block.extend_from_slice(&maximum.to_be_bytes());
    block
}

fn push_text(block: &mut Vec<u8>, id: u8, text: &str) {
    block.push(id);
    push_string(block, text);
}

fn push_string(block: &mut Vec<u8>, text: &str) {
    let length = u16::try_from(text.len()).expect("the texts here are short");
    block.extend_from_slice(&length.to_be_bytes());
    block.extend_from_slice(text.as_bytes());
}

fn push_length(bytes: &mut Vec<u8>, mut length: usize) {
    while length >= 0x80 {
        bytes.push((length & 0x7F) as u8 | 0x80);
        length >>= 7;
    }
    bytes.push(length as u8);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_are_those_of_the_standard() {
        let puback = |form: Form, code| form.acknowledgement(PacketType::Puback, 0x0A0B, code);
        assert_eq!(puback(Form::Short, 0), [0x40, 2, 0x0A, 0x0B]);
        assert_eq!(
            puback(Form::NoProperties, 0x97),
            [0x40, 3, 0x0A, 0x0B, 0x97]
        );
        assert_eq!(puback(Form::Empty, 0x97), [0x40, 4, 0x0A, 0x0B, 0x97, 0]);
        let pubrel = Form::Short.acknowledgement(PacketType::Pubrel, 1, 0);
        assert_eq!(pubrel, [0x62, 2, 0, 1]);
        assert_eq!(Form::Short.disconnect(0), [0xE0, 0]);
        assert_eq!(Form::NoProperties.disconnect(0x8B), [0xE0, 1, 0x8B]);
        assert_eq!(Form::Empty.connack(0x87, &[]), [0x20, 3, 0, 0x87, 0]);
        let granted = Form::Empty.connack(0, &receive_maximum(2));
        assert_eq!(granted, [0x20, 6, 0, 0, 3, 0x21, 0, 2]);
        let suback = Form::Empty.codes(PacketType::Suback, 1, 0x87, &[0x01, 0x87]);
        assert_eq!(suback, [0x90, 5, 0, 1, 0, 0x01, 0x87]);
        assert_eq!(
            Form::Empty.auth(0x18, "x"),
            [0xF0, 6, 0x18, 4, 0x15, 0, 1, b'x']
        );
        assert_eq!(frame(PacketType::Connack, &[0, 5]), [0x20, 2, 0, 5]);
    }

    #[test]
    fn each_packet_has_the_forms_that_the_standard_gives_it() {
        let names = |packet, code| Form::of(packet, code).map(Form::name).collect::<Vec<_>>();
        assert_eq!(
            names(PacketType::Puback, 0x00),
            [
                "short",
                "no-properties",
                "empty-properties",
                "reason-string",
                "user-properties",
                "everything"
            ]
        );
        assert_eq!(
            names(PacketType::Connack, 0x9C),
            [
                "empty-properties",
                "reason-string",
                "user-properties",
                "server-reference",
                "everything"
            ]
        );
        assert_eq!(
            names(PacketType::Suback, 0x87),
            [
                "empty-properties",
                "reason-string",
                "user-properties",
                "everything"
            ]
        );
    }
}
