//! One whole frame to the packet it holds.

use crate::framer::{Frame, check_first_byte};
use crate::wire::{Fault, Reader};
use crate::{
    Auth, Connack, Connect, DecodeError, DecodeErrorKind, Disconnect, Packet, PacketType, Puback,
    Pubcomp, Publish, Pubrec, Pubrel, Suback, Subscribe, Unsuback, Unsubscribe, Version,
};

impl<'a> Frame<'a> {
    /// The packet in this frame, borrowed from it.
    ///
    /// `version` is what the connection speaks. A CONNECT says itself which version it is, and is
    /// read by that.
    ///
    /// # Errors
    ///
    /// Everything that the standard calls malformed, or a protocol error in a packet by itself:
    /// what, where, by which statement, and what a peer should be told.
    #[inline]
    pub fn decode(&self, version: Version) -> Result<Packet<'a>, DecodeError> {
        let first = self.first_byte();
        let body = Reader::new(self.body(), self.header_len());
        // The two that come by the million are looked at first, and moved into place once.
        if first >> 4 == PacketType::Publish as u8 {
            return match Publish::decode(first & 0x0F, body, version) {
                Ok(publish) => Ok(Packet::Publish(publish)),
                Err(fault) => Err(self.error(fault, version)),
            };
        }
        if first == PacketType::Puback.first_byte() {
            return match Puback::decode(body, version) {
                Ok(puback) => Ok(Packet::Puback(puback)),
                Err(fault) => Err(self.error(fault, version)),
            };
        }
        decode_other(first, body, version).map_err(|fault| self.error(fault, version))
    }

    #[cold]
    fn error(&self, fault: Fault, version: Version) -> DecodeError {
        let packet = self.packet_type();
        // A CONNECT is judged by the rules of the version that it names, if it names one; its first
        // byte is not, as that may be refused before the rest has come.
        let named = match packet {
            Some(PacketType::Connect) if fault.offset > 0 => Connect::named_version(self.body()),
            _ => None,
        };
        DecodeError::new(fault, packet, named.unwrap_or(version))
    }
}

fn decode_other(first: u8, body: Reader<'_>, version: Version) -> Result<Packet<'_>, Fault> {
    let packet = check_first_byte(first, version).map_err(|kind| Fault { kind, offset: 0 })?;
    Ok(match packet {
        PacketType::Connect => Packet::Connect(Box::new(Connect::decode(body)?)),
        PacketType::Connack => Packet::Connack(Connack::decode(body, version)?),
        PacketType::Publish => Packet::Publish(Publish::decode(first & 0x0F, body, version)?),
        PacketType::Puback => Packet::Puback(Puback::decode(body, version)?),
        PacketType::Pubrec => Packet::Pubrec(Pubrec::decode(body, version)?),
        PacketType::Pubrel => Packet::Pubrel(Pubrel::decode(body, version)?),
        PacketType::Pubcomp => Packet::Pubcomp(Pubcomp::decode(body, version)?),
        PacketType::Subscribe => Packet::Subscribe(Subscribe::decode(body, version)?),
        PacketType::Suback => Packet::Suback(Suback::decode(body, version)?),
        PacketType::Unsubscribe => Packet::Unsubscribe(Unsubscribe::decode(body, version)?),
        PacketType::Unsuback => Packet::Unsuback(Unsuback::decode(body, version)?),
        PacketType::Pingreq => empty(body, Packet::Pingreq)?,
        PacketType::Pingresp => empty(body, Packet::Pingresp)?,
        PacketType::Disconnect => Packet::Disconnect(Disconnect::decode(body, version)?),
        PacketType::Auth => Packet::Auth(Auth::decode(body)?),
    })
}

fn empty<'a>(body: Reader<'a>, packet: Packet<'a>) -> Result<Packet<'a>, Fault> {
    if body.is_empty() {
        return Ok(packet);
    }
    Err(body.fault(DecodeErrorKind::TrailingBytes {
        count: body.rest().len(),
    }))
}
