//! CONNECT (section 3.1): a client asks to be let in.

use bytes::BytesMut;

use crate::wire::{Fault, Reader, Writer};
use crate::{
    Binary, DecodeErrorKind, EncodeError, PacketType, Properties, PropertyId, PropertyOwner, QoS,
    Text, Version, Will,
};

/// The first packet of every connection (`[MQTT-3.1.0-1]`).
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "closed by the standard")]
pub struct Connect<'a> {
    /// The version that the connection is to speak. Decoding takes it from the packet.
    pub version: Version,
    /// Whether a session that may exist is dropped; clean session in 3.1.1.
    pub clean_start: bool,
    /// The longest time between two packets of the client, in seconds; 0 turns it off.
    pub keep_alive: u16,
    /// Whose session it is; empty where the server is to choose.
    pub client_id: Text<&'a str>,
    /// What the server publishes when the client is gone.
    pub will: Option<Will<'a>>,
    /// Who the client says it is.
    pub user_name: Option<Text<&'a str>>,
    /// How it proves that; in 3.1.1 only with a user name (`[MQTT-3.1.2-22]`).
    pub password: Option<Binary<&'a [u8]>>,
    /// None in 3.1.1.
    pub properties: Properties<&'a [u8]>,
}

const OWNER: PropertyOwner = PropertyOwner::Packet(PacketType::Connect);
const PROTOCOL_NAME: &[u8] = b"\0\x04MQTT";

const RESERVED: u8 = 1;
const CLEAN_START: u8 = 1 << 1;
const WILL: u8 = 1 << 2;
const WILL_QOS_SHIFT: u32 = 3;
const WILL_RETAIN: u8 = 1 << 5;
const PASSWORD: u8 = 1 << 6;
const USER_NAME: u8 = 1 << 7;

impl<'a> Connect<'a> {
    pub(crate) fn decode(mut body: Reader<'a>) -> Result<Self, Fault> {
        let start = body;
        let name_length = body.u16("protocol name")?;
        if body.take(usize::from(name_length), "protocol name")? != b"MQTT" {
            return Err(start.fault(DecodeErrorKind::InvalidProtocolName));
        }
        let start = body;
        let level = body.u8("protocol version")?;
        let Some(version) = Version::from_level(level) else {
            return Err(start.fault(DecodeErrorKind::UnsupportedProtocolVersion { level }));
        };
        let start = body;
        let flags = body.u8("connect flags")?;
        if flags & RESERVED != 0 {
            return Err(start.fault(DecodeErrorKind::ReservedConnectFlag));
        }
        let Some(will_qos) = QoS::from_u8(flags >> WILL_QOS_SHIFT & 0b11) else {
            return Err(start.fault(DecodeErrorKind::InvalidQos));
        };
        let will_retain = flags & WILL_RETAIN != 0;
        if flags & WILL == 0 && will_qos != QoS::AtMostOnce {
            return Err(start.fault(DecodeErrorKind::WillQosWithoutWill));
        }
        if flags & WILL == 0 && will_retain {
            return Err(start.fault(DecodeErrorKind::WillRetainWithoutWill));
        }
        if version == Version::V311 && flags & PASSWORD != 0 && flags & USER_NAME == 0 {
            return Err(start.fault(DecodeErrorKind::PasswordWithoutUserName));
        }
        let keep_alive = body.u16("keep alive")?;
        let start = body;
        let properties = Properties::decode_for(version, &mut body, OWNER)?;
        if properties.contains(PropertyId::AuthenticationData)
            && !properties.contains(PropertyId::AuthenticationMethod)
        {
            return Err(start.fault(DecodeErrorKind::AuthenticationDataWithoutMethod));
        }
        let client_id = body.text("client identifier")?;
        let will = match flags & WILL {
            0 => None,
            _ => Some(Will::decode(will_qos, will_retain, &mut body, version)?),
        };
        let user_name = match flags & USER_NAME {
            0 => None,
            _ => Some(body.text("user name")?),
        };
        let password = match flags & PASSWORD {
            0 => None,
            _ => Some(body.binary("password")?),
        };
        body.finish()?;
        Ok(Self {
            version,
            clean_start: flags & CLEAN_START != 0,
            keep_alive,
            client_id,
            will,
            user_name,
            password,
            properties,
        })
    }

    /// The version that the body of a CONNECT names, right or wrong as the rest of it may be.
    pub(crate) fn named_version(body: &[u8]) -> Option<Version> {
        let level = body.strip_prefix(PROTOCOL_NAME)?.first()?;
        Version::from_level(*level)
    }

    /// Writes the packet in the version that it names.
    ///
    /// # Errors
    ///
    /// Where that version cannot say it. The buffer is then as it was.
    pub fn encode(&self, buffer: &mut BytesMut) -> Result<(), EncodeError> {
        let version = self.version;
        if version == Version::V311 && self.password.is_some() && self.user_name.is_none() {
            return Err(EncodeError::PasswordWithoutUserName);
        }
        if self.properties.contains(PropertyId::AuthenticationData)
            && !self.properties.contains(PropertyId::AuthenticationMethod)
        {
            return Err(EncodeError::AuthenticationDataWithoutMethod);
        }
        let mut length = PROTOCOL_NAME.len() + 1 + 1 + 2;
        length += self.properties.encoded_len_for(OWNER, version)?;
        length += 2 + self.client_id.get().len();
        let mut flags = if self.clean_start { CLEAN_START } else { 0 };
        if let Some(will) = &self.will {
            length += will.encoded_len(version)?;
            flags |= WILL | (will.qos as u8) << WILL_QOS_SHIFT;
            flags |= if will.retain { WILL_RETAIN } else { 0 };
        }
        if let Some(user_name) = self.user_name {
            length += 2 + user_name.get().len();
            flags |= USER_NAME;
        }
        if let Some(password) = self.password {
            length += 2 + password.get().len();
            flags |= PASSWORD;
        }
        let mut writer = Writer::packet(buffer, PacketType::Connect.first_byte(), length)?;
        writer.bytes(PROTOCOL_NAME);
        writer.u8(version.level());
        writer.u8(flags);
        writer.u16(self.keep_alive);
        self.properties.encode_for(version, &mut writer);
        writer.text(self.client_id);
        if let Some(will) = &self.will {
            will.encode(version, &mut writer);
        }
        if let Some(user_name) = self.user_name {
            writer.text(user_name);
        }
        if let Some(password) = self.password {
            writer.binary(password);
        }
        Ok(())
    }
}
