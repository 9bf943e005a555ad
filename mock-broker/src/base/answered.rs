//! What a rule answered, read off the wire as the client sees it, legal or not.

use nack_codec::{Packet, PacketType, Version};

use super::Limits;
use crate::received::decode;

/// The answer to a packet, as far as the state of a broker depends on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Answered {
    pub(crate) packet: PacketType,
    /// 0 in a CONNACK.
    pub(crate) packet_id: u16,
    /// One, but for SUBACK and UNSUBACK.
    pub(crate) codes: Vec<u8>,
    /// Of CONNACK.
    pub(crate) assigned_client_identifier: Option<String>,
    /// Of CONNACK, in seconds.
    pub(crate) server_keep_alive: Option<u16>,
    /// Of CONNACK, in seconds.
    pub(crate) session_expiry_interval: Option<u32>,
    /// Of CONNACK, in bytes.
    pub(crate) maximum_packet_size: Option<u32>,
    /// What else CONNACK says that the client may do; where it says nothing, what then holds.
    pub(crate) limits: Limits,
}

impl Answered {
    /// The answer that these bytes begin with, if they begin with one.
    pub(crate) fn from_wire(bytes: &[u8], version: Version) -> Option<Self> {
        let (first, rest) = bytes.split_first()?;
        let (length, rest) = split_var_int(rest)?;
        let body = rest.get(..length)?;
        let whole = &bytes[..bytes.len() - rest.len() + length];
        let packet = PacketType::from_u8(first >> 4)?;
        let mut answered = Self {
            packet,
            packet_id: 0,
            codes: Vec::new(),
            assigned_client_identifier: None,
            server_keep_alive: None,
            session_expiry_interval: None,
            maximum_packet_size: None,
            limits: Limits::default(),
        };
        match packet {
            PacketType::Connack => {
                answered.codes.push(*body.get(1)?);
                if let Some(Ok(Packet::Connack(connack))) = decode(whole, version) {
                    let assigned = connack.properties.assigned_client_identifier();
                    answered.assigned_client_identifier = assigned.map(str::to_owned);
                    answered.server_keep_alive = connack.properties.server_keep_alive();
                    answered.session_expiry_interval = connack.properties.session_expiry_interval();
                    answered.maximum_packet_size = connack.properties.maximum_packet_size();
                    answered.limits = Limits::announced(connack.properties);
                }
            }
            PacketType::Auth => answered.codes.push(body.first().copied().unwrap_or(0)),
            PacketType::Puback | PacketType::Pubrec | PacketType::Pubcomp => {
                let (packet_id, rest) = body.split_first_chunk()?;
                answered.packet_id = u16::from_be_bytes(*packet_id);
                answered.codes.push(rest.first().copied().unwrap_or(0));
            }
            PacketType::Suback | PacketType::Unsuback => {
                let (packet_id, mut rest) = body.split_first_chunk()?;
                answered.packet_id = u16::from_be_bytes(*packet_id);
                if version == Version::V5 {
                    let (length, behind) = split_var_int(rest)?;
                    rest = behind.get(length..)?;
                }
                answered.codes.extend_from_slice(rest);
            }
            _ => return None,
        }
        Some(answered)
    }

    /// The only code, or the first; success if there is none.
    pub(crate) fn code(&self) -> u8 {
        self.codes.first().copied().unwrap_or(0)
    }
}

fn split_var_int(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut value = 0;
    for (index, byte) in bytes.iter().enumerate().take(4) {
        value |= usize::from(byte & 0x7F) << (7 * index);
        if *byte < 0x80 {
            return Some((value, &bytes[index + 1..]));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(bytes: &[u8], version: Version, packet_id: u16, codes: &[u8]) {
        let answered = Answered::from_wire(bytes, version).unwrap();
        assert_eq!(answered.packet_id, packet_id);
        assert_eq!(answered.codes, codes);
    }

    #[test]
    fn codes_are_read_in_every_form_and_whatever_they_are() {
        check(b"\x40\x02\x00\x07", Version::V5, 7, &[0]);
        check(b"\x40\x03\x00\x07\x97", Version::V5, 7, &[0x97]);
        check(b"\x50\x04\x00\x07\xFF\x00", Version::V5, 7, &[0xFF]);
        check(b"\x20\x02\x00\x05", Version::V311, 0, &[5]);
        check(b"\x20\x03\x01\x00\x00", Version::V5, 0, &[0]);
        check(b"\x90\x05\x00\x01\x00\x01\x77", Version::V5, 1, &[1, 0x77]);
        check(b"\x90\x04\x00\x01\x01\x80", Version::V311, 1, &[1, 0x80]);
        check(b"\xB0\x02\x00\x01", Version::V311, 1, &[]);
    }

    #[test]
    fn what_connack_assigns_is_read() {
        let bytes = b"\x20\x0A\x00\x00\x07\x12\x00\x01x\x13\x00\x05";
        let answered = Answered::from_wire(bytes, Version::V5).unwrap();
        assert_eq!(answered.assigned_client_identifier.as_deref(), Some("x"));
        assert_eq!(answered.server_keep_alive, Some(5));
    }

    #[test]
    fn what_is_no_answer_is_none() {
        for bytes in [
            &b""[..],
            b"\x40",
            b"\x40\x02\x00",
            b"\xD0\x00",
            b"\x40\x00",
            b"\x30\x03\x00\x01t",
            b"\x20\xFF\xFF\xFF\xFF\x01",
        ] {
            assert_eq!(Answered::from_wire(bytes, Version::V5), None, "{bytes:?}");
        }
    }
}
