//! One whole frame to the packet it holds.

use crate::framer::{Frame, check_first_byte};
use crate::wire::{Fault, Reader};
use crate::{
    Auth, Connack, Connect, DecodeError, Disconnect, Packet, PacketType, Puback, Pubcomp, Publish,
    Pubrec, Pubrel, Suback, Subscribe, Unsuback, Unsubscribe, Version,
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
        // The two that come by the million are looked at first.
        if first >> 4 == PacketType::Publish as u8 {
            let publish = Publish::decode(first & 0x0F, body, version);
            return self.packet(publish, Packet::Publish, version);
        }
        if first == PacketType::Puback.first_byte() {
            return self.packet(Puback::decode(body, version), Packet::Puback, version);
        }
        self.decode_other(version)
    }

    #[inline(never)]
    fn decode_other(&self, version: Version) -> Result<Packet<'a>, DecodeError> {
        let first = self.first_byte();
        let body = Reader::new(self.body(), self.header_len());
        let packet = match check_first_byte(first, version) {
            Ok(packet) => packet,
            Err(kind) => return Err(self.error(Fault { kind, offset: 0 }, version)),
        };
        match packet {
            PacketType::Connect => self.packet(
                Connect::decode(body).map(Box::new),
                Packet::Connect,
                version,
            ),
            PacketType::Connack => {
                self.packet(Connack::decode(body, version), Packet::Connack, version)
            }
            PacketType::Publish => self.packet(
                Publish::decode(first & 0x0F, body, version),
                Packet::Publish,
                version,
            ),
            PacketType::Puback => {
                self.packet(Puback::decode(body, version), Packet::Puback, version)
            }
            PacketType::Pubrec => {
                self.packet(Pubrec::decode(body, version), Packet::Pubrec, version)
            }
            PacketType::Pubrel => {
                self.packet(Pubrel::decode(body, version), Packet::Pubrel, version)
            }
            PacketType::Pubcomp => {
                self.packet(Pubcomp::decode(body, version), Packet::Pubcomp, version)
            }
            PacketType::Subscribe => {
                self.packet(Subscribe::decode(body, version), Packet::Subscribe, version)
            }
            PacketType::Suback => {
                self.packet(Suback::decode(body, version), Packet::Suback, version)
            }
            PacketType::Unsubscribe => self.packet(
                Unsubscribe::decode(body, version),
                Packet::Unsubscribe,
                version,
            ),
            PacketType::Unsuback => {
                self.packet(Unsuback::decode(body, version), Packet::Unsuback, version)
            }
            PacketType::Pingreq => self.packet(body.finish(), |()| Packet::Pingreq, version),
            PacketType::Pingresp => self.packet(body.finish(), |()| Packet::Pingresp, version),
            PacketType::Disconnect => self.packet(
                Disconnect::decode(body, version),
                Packet::Disconnect,
                version,
            ),
            PacketType::Auth => self.packet(Auth::decode(body), Packet::Auth, version),
        }
    }

    /// A body that was read becomes a packet, moved into place once.
    #[inline(always)]
    fn packet<P>(
        &self,
        body: Result<P, Fault>,
        packet: impl FnOnce(P) -> Packet<'a>,
        version: Version,
    ) -> Result<Packet<'a>, DecodeError> {
        match body {
            Ok(body) => Ok(packet(body)),
            Err(fault) => Err(self.error(fault, version)),
        }
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
