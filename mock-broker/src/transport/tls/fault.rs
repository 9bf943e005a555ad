//! What can be wrong with the TLS of a server.

use std::fmt;

/// What is wrong, or merely odd, with the TLS of a server; for [`Tls::fault`](crate::Tls::fault).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TlsFault {
    /// The certificate of the server is wrong.
    Certificate(CertificateFault),
    /// The server knows nothing of application protocols, whatever the client offers.
    NoAlpn,
    /// The server knows one application protocol, which no client offers: whoever offers any is
    /// refused with the alert `no_application_protocol`.
    WrongAlpn,
    /// ClientHello is answered with bytes that are not TLS, and then the end of the connection.
    Garbage,
    /// ClientHello is never answered, and the connection stays open.
    Stall,
    /// ClientHello is answered with a fatal alert of this number (40 is `handshake_failure`, 112
    /// `unrecognized_name`), and then the end of the connection.
    Alert(u8),
    /// The connection is closed behind ClientHello.
    CloseAfterClientHello,
    /// The connection is reset behind ClientHello.
    ResetAfterClientHello,
    /// The connection is closed behind ServerHello, before the certificate.
    CloseAfterServerHello,
    /// Odd: records, those of the handshake too, are as small as can be, 32 bytes each.
    SmallRecords,
    /// Odd: the keys of the server change right behind the handshake (KeyUpdate), which TLS 1.2
    /// does not know.
    KeyUpdate,
    /// The handshake is right, and the first record behind it cannot be decrypted.
    CorruptRecord,
    /// Connections are closed without the alert `close_notify`, as if they were cut.
    NoCloseNotify,
}

/// What is wrong with a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CertificateFault {
    /// It was right until a while ago.
    Expired,
    /// It will be right in a while.
    NotYetValid,
    /// It is somebody else's: `wrong.invalid`.
    WrongName,
    /// An authority has signed it that nobody knows, although it has the same name.
    UnknownAuthority,
    /// Nobody but itself vouches for it.
    SelfSigned,
    /// It is vouched for by way of another authority, whose certificate is not sent along.
    MissingIntermediate,
    /// It is for clients if a server shows it, and for servers if a client does.
    WrongPurpose,
}

impl From<CertificateFault> for TlsFault {
    fn from(fault: CertificateFault) -> Self {
        Self::Certificate(fault)
    }
}

impl fmt::Display for TlsFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Certificate(fault) => return fault.fmt(f),
            Self::Alert(alert) => return write!(f, "alert {alert}"),
            Self::NoAlpn => "no application protocol",
            Self::WrongAlpn => "wrong application protocol",
            Self::Garbage => "garbage after ClientHello",
            Self::Stall => "no answer to ClientHello",
            Self::CloseAfterClientHello => "close after ClientHello",
            Self::ResetAfterClientHello => "reset after ClientHello",
            Self::CloseAfterServerHello => "close after ServerHello",
            Self::SmallRecords => "small records",
            Self::KeyUpdate => "key update",
            Self::CorruptRecord => "corrupt record",
            Self::NoCloseNotify => "no close_notify",
        })
    }
}

impl fmt::Display for CertificateFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Expired => "expired certificate",
            Self::NotYetValid => "certificate that is not valid yet",
            Self::WrongName => "certificate of another name",
            Self::UnknownAuthority => "certificate of an unknown authority",
            Self::SelfSigned => "self-signed certificate",
            Self::MissingIntermediate => "certificate without its intermediate",
            Self::WrongPurpose => "certificate for another purpose",
        })
    }
}
