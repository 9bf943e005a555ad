//! Where a broker listens, and what is spoken there below MQTT, right or wrong.

use std::cell::OnceCell;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::de::{Deserializer, Error};
use serde::{Deserialize, Serialize};

use super::address;
use crate::{
    CertificateFault, ClientCertificate, Listener, Tls, TlsFault, TlsVersion, WebSocket,
    WebSocketFault,
};

/// Where a broker listens; on 127.0.0.1 and a port of the system's choice, if it says nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Listen {
    /// An address of TCP, `127.0.0.1:1883`, or a name, `localhost:1883`; with port 0, a port of the
    /// system's choice.
    #[serde(
        default,
        deserialize_with = "place",
        skip_serializing_if = "Option::is_none"
    )]
    pub address: Option<SocketAddr>,
    /// The path of a Unix domain socket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unix: Option<PathBuf>,
    /// TLS is spoken there: `{}` for right TLS.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls: Option<TlsOptions>,
    /// WebSocket is spoken there: `{}` for right WebSocket.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub websocket: Option<WebSocketOptions>,
}

fn place<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SocketAddr>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    text.map(|text| address(&text, None).map_err(D::Error::custom))
        .transpose()
}

/// How TLS is spoken, and what is wrong with it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct TlsOptions {
    /// More names of the server in its certificate.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
    /// The application protocols that the server knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alpn: Option<Vec<String>>,
    /// The one version that is spoken.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<TlsVersionName>,
    /// Whether clients must show a certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_certificate: Option<ClientCertificateName>,
    /// What is wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<TlsFaultName>,
    /// Instead of `fault`: ClientHello is answered with the fatal alert of this number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alert: Option<u8>,
    /// How many connections, from the first on, meet the fault; all, if this is not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub fault_times: Option<u32>,
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub enum TlsVersionName {
    /// TLS 1.2.
    #[serde(rename = "1.2")]
    Tls12,
    /// TLS 1.3.
    #[serde(rename = "1.3")]
    Tls13,
}

/// Whether clients must show a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum ClientCertificateName {
    /// They are asked, and may have none.
    Optional,
    /// They are refused without one.
    Required,
}

/// What is wrong with the TLS of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum TlsFaultName {
    /// The certificate was right until a while ago.
    Expired,
    /// The certificate will be right in a while.
    NotYetValid,
    /// The certificate is somebody else's.
    WrongName,
    /// An authority that nobody knows has signed the certificate.
    UnknownAuthority,
    /// Nobody but itself vouches for the certificate.
    SelfSigned,
    /// The certificate is vouched for by way of another authority, whose certificate is not sent
    /// along.
    MissingIntermediate,
    /// The certificate is for clients.
    WrongPurpose,
    /// The server knows nothing of application protocols.
    NoAlpn,
    /// The server knows one application protocol, which no client offers.
    WrongAlpn,
    /// ClientHello is answered with what is not TLS.
    Garbage,
    /// ClientHello is never answered.
    Stall,
    /// The connection is closed behind ClientHello.
    CloseAfterClientHello,
    /// The connection is reset behind ClientHello.
    ResetAfterClientHello,
    /// The connection is closed behind ServerHello.
    CloseAfterServerHello,
    /// Odd: records are as small as can be.
    SmallRecords,
    /// Odd: the keys of the server change right behind the handshake, which TLS 1.2 does not know.
    KeyUpdate,
    /// The first record behind the handshake cannot be decrypted.
    CorruptRecord,
    /// Connections are closed without `close_notify`.
    NoCloseNotify,
}

/// How WebSocket is spoken, and what is odd or wrong with it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct WebSocketOptions {
    /// The one path that is served.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// What the close frame says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub close_code: Option<u16>,
    /// What is wrong, or merely odd.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<WebSocketFaultName>,
    /// Instead of `fault`: the upgrade is refused with this status of HTTP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 100, max = 999))]
    pub status: Option<u16>,
    /// Instead of `fault`: the upgrade is answered with a redirection to this URL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirect: Option<String>,
    /// Instead of `fault`: packets are spread over messages of so many bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub messages_of: Option<usize>,
    /// Instead of `fault`: packets come in fragments of so many bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub fragments_of: Option<usize>,
    /// Instead of `fault`: what is sent within so many milliseconds comes in one frame.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub join_ms: Option<u64>,
    /// Instead of `fault`: a close frame comes after so many packets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub close_after: Option<u32>,
    /// How many connections, from the first on, meet the fault; all, if this is not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    pub fault_times: Option<u32>,
}

/// What is wrong, or merely odd, with the WebSocket of the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum WebSocketFaultName {
    /// The answer to the upgrade names no subprotocol.
    NoSubprotocol,
    /// The answer to the upgrade names a subprotocol that was not offered.
    WrongSubprotocol,
    /// `Sec-WebSocket-Accept` is wrong.
    WrongAccept,
    /// The upgrade is answered with what is not HTTP.
    Garbage,
    /// The upgrade is never answered.
    Stall,
    /// The connection is closed behind the request.
    CloseAfterRequest,
    /// Packets come in frames of text.
    TextFrames,
    /// There are empty frames before, behind and within each packet.
    EmptyFrames,
    /// There is a ping before each packet.
    Pings,
    /// Each packet is two fragments with a ping between them.
    PingBetweenFragments,
    /// Pings of the client are not answered.
    NoPong,
    /// In the middle of the first message comes a close frame.
    CloseBetweenFragments,
    /// Frames say that they are longer than anything can be.
    Oversized,
    /// Frames are masked.
    Masked,
    /// The first reserved bit of frames is set.
    ReservedBit,
    /// Frames are of a type that does not exist.
    ReservedOpcode,
    /// Frames continue a message that was never begun.
    UnexpectedContinuation,
    /// Connections are closed without a close frame.
    NoCloseFrame,
}

/// A listener that cannot be what it says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadListen {
    /// It is in two places.
    #[error("a listener is in one place: `address` or `unix`")]
    TwoPlaces,
    /// There are no Unix domain sockets.
    #[error("this system has no Unix domain sockets")]
    NoUnix,
    /// There are two faults, and a connection can have one.
    #[error("a listener has one fault: `{key}` is the second")]
    TwoFaults {
        /// The second.
        key: &'static str,
    },
    /// A number is outside of its range.
    #[error("`{key}` must be {range}")]
    OutOfRange {
        /// The key.
        key: &'static str,
        /// What it may be.
        range: &'static str,
    },
}

impl BadListen {
    /// The key that is wrong.
    pub(crate) const fn key(&self) -> &'static str {
        match self {
            Self::TwoPlaces | Self::NoUnix => "unix",
            Self::TwoFaults { key } | Self::OutOfRange { key, .. } => key,
        }
    }
}

impl Listen {
    /// The listener that this says. All that speak TLS share the authority, which is made when the
    /// first of them needs it.
    ///
    /// # Errors
    ///
    /// Where there is no such listener.
    pub fn listener(&self, authority: &OnceCell<Tls>) -> Result<Listener, BadListen> {
        let mut listener = match (&self.address, &self.unix) {
            (Some(_), Some(_)) => return Err(BadListen::TwoPlaces),
            (Some(address), None) => Listener::tcp(*address),
            #[cfg(unix)]
            (None, Some(path)) => Listener::unix(path),
            #[cfg(not(unix))]
            (None, Some(_)) => return Err(BadListen::NoUnix),
            (None, None) => Listener::local(),
        };
        if let Some(options) = &self.tls {
            let tls = authority.get_or_init(Tls::new).clone();
            listener = listener.tls(options.apply(tls)?);
        }
        if let Some(options) = &self.websocket {
            listener = listener.websocket(options.apply(WebSocket::new())?);
        }
        Ok(listener)
    }
}

impl TlsOptions {
    fn apply(&self, mut tls: Tls) -> Result<Tls, BadListen> {
        for name in &self.names {
            tls = tls.name(name);
        }
        if let Some(protocols) = &self.alpn {
            tls = tls.alpn(protocols);
        }
        match self.version {
            Some(TlsVersionName::Tls12) => tls = tls.only(TlsVersion::Tls12),
            Some(TlsVersionName::Tls13) => tls = tls.only(TlsVersion::Tls13),
            None => {}
        }
        match self.client_certificate {
            Some(ClientCertificateName::Optional) => {
                tls = tls.client_certificate(ClientCertificate::Optional);
            }
            Some(ClientCertificateName::Required) => {
                tls = tls.client_certificate(ClientCertificate::Required);
            }
            None => {}
        }
        let fault = one_fault([
            ("fault", self.fault.map(TlsFault::from)),
            ("alert", self.alert.map(TlsFault::Alert)),
        ])?;
        if let Some(fault) = fault {
            tls = tls.fault(fault);
        }
        if let Some(times) = some_times(self.fault_times)? {
            tls = tls.fault_times(times);
        }
        Ok(tls)
    }
}

impl WebSocketOptions {
    fn apply(&self, mut websocket: WebSocket) -> Result<WebSocket, BadListen> {
        if let Some(path) = &self.path {
            websocket = websocket.path(path);
        }
        if let Some(code) = self.close_code {
            websocket = websocket.close_code(code);
        }
        let numbers = [
            ("messages_of", self.messages_of == Some(0)),
            ("fragments_of", self.fragments_of == Some(0)),
        ];
        if let Some((key, _)) = numbers.into_iter().find(|(_, is_zero)| *is_zero) {
            let range = "1 or more";
            return Err(BadListen::OutOfRange { key, range });
        }
        if self.status.is_some_and(|it| !(100..=999).contains(&it)) {
            return Err(BadListen::OutOfRange {
                key: "status",
                range: "100 to 999: three digits",
            });
        }
        let join = self.join_ms.map(Duration::from_millis);
        let fault = one_fault([
            ("fault", self.fault.map(WebSocketFault::from)),
            ("status", self.status.map(WebSocketFault::Status)),
            (
                "redirect",
                self.redirect.clone().map(WebSocketFault::Redirect),
            ),
            (
                "messages_of",
                self.messages_of.map(WebSocketFault::SplitIntoMessages),
            ),
            (
                "fragments_of",
                self.fragments_of.map(WebSocketFault::Fragments),
            ),
            ("join_ms", join.map(WebSocketFault::Join)),
            (
                "close_after",
                self.close_after.map(WebSocketFault::CloseAfter),
            ),
        ])?;
        if let Some(fault) = fault {
            websocket = websocket.fault(fault);
        }
        if let Some(times) = some_times(self.fault_times)? {
            websocket = websocket.fault_times(times);
        }
        Ok(websocket)
    }
}

/// A fault that no connection meets is none.
const fn some_times(times: Option<u32>) -> Result<Option<u32>, BadListen> {
    match times {
        Some(0) => Err(BadListen::OutOfRange {
            key: "fault_times",
            range: "1 or more",
        }),
        times => Ok(times),
    }
}

fn one_fault<F, const N: usize>(
    faults: [(&'static str, Option<F>); N],
) -> Result<Option<F>, BadListen> {
    let mut one = None;
    for (key, fault) in faults {
        match (&one, fault) {
            (Some(_), Some(_)) => return Err(BadListen::TwoFaults { key }),
            (None, Some(fault)) => one = Some(fault),
            (_, None) => {}
        }
    }
    Ok(one)
}

impl From<TlsFaultName> for TlsFault {
    fn from(name: TlsFaultName) -> Self {
        match name {
            TlsFaultName::Expired => CertificateFault::Expired.into(),
            TlsFaultName::NotYetValid => CertificateFault::NotYetValid.into(),
            TlsFaultName::WrongName => CertificateFault::WrongName.into(),
            TlsFaultName::UnknownAuthority => CertificateFault::UnknownAuthority.into(),
            TlsFaultName::SelfSigned => CertificateFault::SelfSigned.into(),
            TlsFaultName::MissingIntermediate => CertificateFault::MissingIntermediate.into(),
            TlsFaultName::WrongPurpose => CertificateFault::WrongPurpose.into(),
            TlsFaultName::NoAlpn => Self::NoAlpn,
            TlsFaultName::WrongAlpn => Self::WrongAlpn,
            TlsFaultName::Garbage => Self::Garbage,
            TlsFaultName::Stall => Self::Stall,
            TlsFaultName::CloseAfterClientHello => Self::CloseAfterClientHello,
            TlsFaultName::ResetAfterClientHello => Self::ResetAfterClientHello,
            TlsFaultName::CloseAfterServerHello => Self::CloseAfterServerHello,
            TlsFaultName::SmallRecords => Self::SmallRecords,
            TlsFaultName::KeyUpdate => Self::KeyUpdate,
            TlsFaultName::CorruptRecord => Self::CorruptRecord,
            TlsFaultName::NoCloseNotify => Self::NoCloseNotify,
        }
    }
}

impl From<WebSocketFaultName> for WebSocketFault {
    fn from(name: WebSocketFaultName) -> Self {
        match name {
            WebSocketFaultName::NoSubprotocol => Self::NoSubprotocol,
            WebSocketFaultName::WrongSubprotocol => Self::WrongSubprotocol,
            WebSocketFaultName::WrongAccept => Self::WrongAccept,
            WebSocketFaultName::Garbage => Self::Garbage,
            WebSocketFaultName::Stall => Self::Stall,
            WebSocketFaultName::CloseAfterRequest => Self::CloseAfterRequest,
            WebSocketFaultName::TextFrames => Self::TextFrames,
            WebSocketFaultName::EmptyFrames => Self::EmptyFrames,
            WebSocketFaultName::Pings => Self::Pings,
            WebSocketFaultName::PingBetweenFragments => Self::PingBetweenFragments,
            WebSocketFaultName::NoPong => Self::NoPong,
            WebSocketFaultName::CloseBetweenFragments => Self::CloseBetweenFragments,
            WebSocketFaultName::Oversized => Self::Oversized,
            WebSocketFaultName::Masked => Self::Masked,
            WebSocketFaultName::ReservedBit => Self::ReservedBit,
            WebSocketFaultName::ReservedOpcode => Self::ReservedOpcode,
            WebSocketFaultName::UnexpectedContinuation => Self::UnexpectedContinuation,
            WebSocketFaultName::NoCloseFrame => Self::NoCloseFrame,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The name of a fault; where there is none, the key that says it.
    const fn name(fault: TlsFault) -> Result<TlsFaultName, &'static str> {
        Ok(match fault {
            TlsFault::Certificate(fault) => match fault {
                CertificateFault::Expired => TlsFaultName::Expired,
                CertificateFault::NotYetValid => TlsFaultName::NotYetValid,
                CertificateFault::WrongName => TlsFaultName::WrongName,
                CertificateFault::UnknownAuthority => TlsFaultName::UnknownAuthority,
                CertificateFault::SelfSigned => TlsFaultName::SelfSigned,
                CertificateFault::MissingIntermediate => TlsFaultName::MissingIntermediate,
                CertificateFault::WrongPurpose => TlsFaultName::WrongPurpose,
            },
            TlsFault::NoAlpn => TlsFaultName::NoAlpn,
            TlsFault::WrongAlpn => TlsFaultName::WrongAlpn,
            TlsFault::Garbage => TlsFaultName::Garbage,
            TlsFault::Stall => TlsFaultName::Stall,
            TlsFault::Alert(_) => return Err("alert"),
            TlsFault::CloseAfterClientHello => TlsFaultName::CloseAfterClientHello,
            TlsFault::ResetAfterClientHello => TlsFaultName::ResetAfterClientHello,
            TlsFault::CloseAfterServerHello => TlsFaultName::CloseAfterServerHello,
            TlsFault::SmallRecords => TlsFaultName::SmallRecords,
            TlsFault::KeyUpdate => TlsFaultName::KeyUpdate,
            TlsFault::CorruptRecord => TlsFaultName::CorruptRecord,
            TlsFault::NoCloseNotify => TlsFaultName::NoCloseNotify,
        })
    }

    /// A fault without a name does not compile here.
    #[test]
    fn each_name_is_that_of_its_fault() {
        let schema = schemars::schema_for!(TlsFaultName);
        let words = schema.get("oneOf").and_then(|all| all.as_array()).unwrap();
        for word in words {
            let named: TlsFaultName = serde_json::from_value(word["const"].clone()).unwrap();
            assert_eq!(name(named.into()), Ok(named));
        }
        assert_eq!(words.len(), 18);
    }
}
