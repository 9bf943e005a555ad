//! TLS: what a listener speaks of it, with certificates made on the spot, and what is wrong with it.

mod acceptor;
mod authority;
mod fault;
mod handshake;
mod stream;

pub use authority::Identity;
pub use fault::{CertificateFault, TlsFault};

pub(super) use acceptor::Acceptor;

use std::sync::Arc;

use authority::Authority;

/// TLS as a [listener](crate::Listener) speaks it.
///
/// It has a certification authority of its own, made on the spot, whose certificate
/// ([`ca_pem`](Self::ca_pem)) clients must trust. The authority vouches for the server by the names
/// `localhost`, `127.0.0.1` and `::1`, and for [clients](Self::client_identity).
///
/// ```
/// use nack_mock_broker::{CertificateFault, Listener, MockBroker, Tls};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let tls = Tls::new().fault(CertificateFault::Expired).fault_times(1);
/// let broker = MockBroker::builder().listen(Listener::local().tls(tls.clone())).start().await?;
/// assert!(broker.urls()[0].starts_with("mqtts://127.0.0.1:"));
/// assert!(tls.ca_pem().starts_with("-----BEGIN CERTIFICATE-----"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "TLS is spoken by a listener that is told to"]
pub struct Tls {
    authority: Arc<Authority>,
    names: Vec<String>,
    own: Option<Identity>,
    alpn: Option<Vec<String>>,
    version: Option<TlsVersion>,
    client_certificate: ClientCertificate,
    fault: Option<TlsFault>,
    fault_times: Option<u32>,
}

/// A version of TLS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TlsVersion {
    /// TLS 1.2.
    Tls12,
    /// TLS 1.3.
    Tls13,
}

/// Whether a client must show a certificate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a certificate is asked for or not, and needed or not"
)]
pub enum ClientCertificate {
    /// It is not asked for one.
    #[default]
    Unasked,
    /// It is asked, and may have none. One that it shows must be right.
    Optional,
    /// It is refused without one, with the alert `certificate_required`. In TLS 1.3 a client sees it
    /// when it first reads, as its own handshake is done by then.
    Required,
}

impl Tls {
    /// Right TLS, 1.2 and 1.3, with a certification authority that nobody else has.
    ///
    /// # Panics
    ///
    /// If the system has no random numbers to give.
    #[expect(
        clippy::new_without_default,
        reason = "each has another authority, and none is the usual one"
    )]
    pub fn new() -> Self {
        Self {
            authority: Arc::new(Authority::new()),
            names: Vec::new(),
            own: None,
            alpn: None,
            version: None,
            client_certificate: ClientCertificate::Unasked,
            fault: None,
            fault_times: None,
        }
    }

    /// One more name of the server in its certificate: a DNS name, or an IP address.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.names.push(name.into());
        self
    }

    /// The server shows this certificate, and not one of its own making; but for the
    /// [faults](CertificateFault) of certificates, which need one of their own. PEM: the
    /// certificate first, then those between it and a root.
    pub fn certificate(mut self, identity: Identity) -> Self {
        self.own = Some(identity);
        self
    }

    /// The application protocols that the server knows, the best first; none at all says nothing
    /// about them. Unless said otherwise `mqtt`, or `http/1.1` below WebSocket. A client that
    /// offers others only is refused with the alert `no_application_protocol`; one that offers none
    /// is not.
    pub fn alpn<P: Into<String>>(mut self, protocols: impl IntoIterator<Item = P>) -> Self {
        self.alpn = Some(protocols.into_iter().map(Into::into).collect());
        self
    }

    /// The server speaks only this version; 1.2 and 1.3 unless said otherwise.
    pub const fn only(mut self, version: TlsVersion) -> Self {
        self.version = Some(version);
        self
    }

    /// Whether clients must show a certificate; they are not asked unless said otherwise. Right are
    /// those of [`client_identity`](Self::client_identity).
    pub const fn client_certificate(mut self, client_certificate: ClientCertificate) -> Self {
        self.client_certificate = client_certificate;
        self
    }

    /// What is wrong with the TLS of the server.
    pub fn fault(mut self, fault: impl Into<TlsFault>) -> Self {
        self.fault = Some(fault.into());
        self
    }

    /// How many connections of the listener, from the first on, meet the fault; all unless said
    /// otherwise.
    pub const fn fault_times(mut self, times: u32) -> Self {
        self.fault_times = Some(times);
        self
    }

    /// The certificate of the authority, in PEM: what clients must trust.
    pub fn ca_pem(&self) -> String {
        self.authority.pem()
    }

    /// A certificate for the client of this name, by the authority, with its key.
    ///
    /// # Panics
    ///
    /// If the system has no random numbers to give.
    pub fn client_identity(&self, name: &str) -> Identity {
        self.authority.client(name, None)
    }

    /// A certificate for the client of this name with something wrong with it, which a server that
    /// [looks](Self::client_certificate) refuses. (To the name of a client nothing is wrong.)
    ///
    /// # Panics
    ///
    /// If the system has no random numbers to give.
    pub fn faulty_client_identity(&self, name: &str, fault: CertificateFault) -> Identity {
        self.authority.client(name, Some(fault))
    }
}
