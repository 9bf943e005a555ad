//! TLS made ready for the connections of one listener.

use std::error::Error;
use std::io;
use std::sync::Arc;

use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{KeyLogFile, RootCertStore, ServerConfig};

use super::{CertificateFault, ClientCertificate, Identity, Tls, TlsFault, TlsVersion};
use crate::transport::fault_plan::FaultPlan;

/// TLS for each connection: without a fault, and with it.
pub(in crate::transport) struct Acceptor {
    settings: Tls,
    /// What is spoken above, unless the settings know better.
    alpn: &'static str,
    right: Arc<ServerConfig>,
    faulty: FaultPlan<(TlsFault, Arc<ServerConfig>)>,
}

impl Acceptor {
    pub(in crate::transport) fn new(settings: Tls, alpn: &'static str) -> io::Result<Self> {
        let right = config(&settings, alpn, None)?;
        let faulty = match settings.fault {
            None => None,
            Some(fault) => Some((fault, config(&settings, alpn, Some(fault))?)),
        };
        Ok(Self {
            faulty: FaultPlan::new(faulty, settings.fault_times),
            settings,
            alpn,
            right,
        })
    }

    /// What is wrong from now on.
    pub(in crate::transport) fn set_fault(&self, fault: Option<TlsFault>) -> io::Result<()> {
        let faulty = match fault {
            None => None,
            Some(fault) => Some((fault, config(&self.settings, self.alpn, Some(fault))?)),
        };
        self.faulty.set(faulty);
        Ok(())
    }

    /// What the next connection is to meet.
    pub(super) fn next(&self) -> (Arc<ServerConfig>, Option<TlsFault>) {
        match self.faulty.next() {
            Some((fault, config)) => (config, Some(fault)),
            None => (self.right.clone(), None),
        }
    }
}

fn config(tls: &Tls, alpn: &str, fault: Option<TlsFault>) -> io::Result<Arc<ServerConfig>> {
    make_config(tls, alpn, fault).map_err(|error| {
        let kind = io::ErrorKind::InvalidInput;
        io::Error::new(kind, Unusable(error))
    })
}

type AnyError = Box<dyn Error + Send + Sync>;

fn make_config(
    tls: &Tls,
    alpn: &str,
    fault: Option<TlsFault>,
) -> Result<Arc<ServerConfig>, AnyError> {
    let certificate_fault = match fault {
        Some(TlsFault::Certificate(fault)) => Some(fault),
        _ => None,
    };
    let identity = identity(tls, certificate_fault)?;
    let chain = CertificateDer::pem_slice_iter(identity.certificate_pem().as_bytes());
    let chain = chain.collect::<Result<Vec<_>, _>>()?;
    let key = PrivateKeyDer::from_pem_slice(identity.key_pem().as_bytes())?;

    let provider = Arc::new(ring::default_provider());
    let versions = match tls.version {
        None => vec![&TLS12, &TLS13],
        Some(TlsVersion::Tls12) => vec![&TLS12],
        Some(TlsVersion::Tls13) => vec![&TLS13],
    };
    let builder =
        ServerConfig::builder_with_provider(provider.clone()).with_protocol_versions(&versions)?;
    let builder = match tls.client_certificate {
        ClientCertificate::Unasked => builder.with_no_client_auth(),
        asked => builder.with_client_cert_verifier(verifier(tls, asked, provider)?),
    };
    let mut config = builder.with_single_cert(chain, key)?;
    config.alpn_protocols = match (fault, &tls.alpn) {
        (Some(TlsFault::NoAlpn), _) => Vec::new(),
        (Some(TlsFault::WrongAlpn), _) => vec![b"not-mqtt".to_vec()],
        (_, Some(protocols)) => protocols.iter().map(|it| it.clone().into_bytes()).collect(),
        (_, None) => vec![alpn.as_bytes().to_vec()],
    };
    if fault == Some(TlsFault::SmallRecords) {
        // The least that rustls takes.
        config.max_fragment_size = Some(32);
    }
    // Every connection does the whole handshake: a resumed one would not see the certificate.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    // Whoever sets SSLKEYLOGFILE can read along in Wireshark.
    config.key_log = Arc::new(KeyLogFile::new());
    Ok(Arc::new(config))
}

fn identity(tls: &Tls, fault: Option<CertificateFault>) -> Result<Identity, rcgen::Error> {
    match (&tls.own, fault) {
        (Some(own), None) => Ok(own.clone()),
        (_, fault) => tls.authority.server(&tls.names, fault),
    }
}

fn verifier(
    tls: &Tls,
    asked: ClientCertificate,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn tokio_rustls::rustls::server::danger::ClientCertVerifier>, AnyError> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(tls.ca_pem().as_bytes())?)?;
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
    let builder = match asked {
        ClientCertificate::Required => builder,
        _ => builder.allow_unauthenticated(),
    };
    Ok(builder.build()?)
}

/// What was asked for cannot be had.
#[derive(Debug, thiserror::Error)]
#[error("the names or the certificate of the TLS listener cannot be used")]
struct Unusable(#[source] AnyError);
