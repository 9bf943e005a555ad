//! TLS, right and wrong, as a client of rustls sees it.

mod certificates;
mod handshake;
mod streams;

use std::io;
use std::sync::Arc;

use nack_codec::Version;
use nack_mock_broker::{Identity, Listener, MockBroker, Tls, TlsFault};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use tokio_rustls::rustls::{
    ALL_VERSIONS, ClientConfig, Error, RootCertStore, SupportedProtocolVersion,
};

use crate::peer::{Hello, Peer};

/// A broker that speaks this TLS.
async fn start(tls: &Tls) -> MockBroker {
    let listener = Listener::local().tls(tls.clone());
    let broker = MockBroker::builder().listen(listener);
    broker.start().await.unwrap()
}

/// A broker whose TLS has this fault, and what its clients trust.
async fn faulty(fault: impl Into<TlsFault>) -> (MockBroker, Tls) {
    let tls = Tls::new().fault(fault);
    (start(&tls).await, tls)
}

/// A client that trusts the authority of this TLS, and offers `mqtt`.
pub(super) fn client(tls: &Tls) -> ClientConfig {
    config(tls, ALL_VERSIONS, None)
}

/// A client that speaks this version alone.
fn client_of(tls: &Tls, version: &'static SupportedProtocolVersion) -> ClientConfig {
    config(tls, &[version], None)
}

/// A client that has a certificate to show.
fn client_with(tls: &Tls, identity: &Identity) -> ClientConfig {
    config(tls, ALL_VERSIONS, Some(identity))
}

fn config(
    tls: &Tls,
    versions: &[&'static SupportedProtocolVersion],
    identity: Option<&Identity>,
) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    let authority = CertificateDer::from_pem_slice(tls.ca_pem().as_bytes());
    roots.add(authority.unwrap()).unwrap();
    let provider = tokio_rustls::rustls::crypto::ring::default_provider();
    let builder = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots);
    let mut config = match identity {
        None => builder.with_no_client_auth(),
        Some(identity) => {
            let certificate = CertificateDer::from_pem_slice(identity.certificate_pem().as_bytes());
            let key = PrivateKeyDer::from_pem_slice(identity.key_pem().as_bytes()).unwrap();
            let chain = vec![certificate.unwrap()];
            builder.with_client_auth_cert(chain, key).unwrap()
        }
    };
    config.alpn_protocols = vec![b"mqtt".to_vec()];
    config
}

async fn connect_as(
    broker: &MockBroker,
    config: ClientConfig,
    name: &'static str,
) -> io::Result<TlsStream<TcpStream>> {
    let stream = TcpStream::connect(broker.address()).await.unwrap();
    let name = ServerName::try_from(name).unwrap();
    let connector = TlsConnector::from(Arc::new(config));
    connector.connect(name, stream).await
}

pub(super) async fn connect(
    broker: &MockBroker,
    config: ClientConfig,
) -> io::Result<TlsStream<TcpStream>> {
    connect_as(broker, config, "localhost").await
}

/// A client that was let in.
async fn connected(broker: &MockBroker, config: ClientConfig) -> Peer<TlsStream<TcpStream>> {
    let stream = connect(broker, config).await.unwrap();
    let mut peer = Peer::over(stream, Version::V311);
    peer.hello(Hello::default()).await;
    peer.expects(b"\x20\x02\x00\x00").await;
    peer
}

/// What rustls says is wrong.
fn reason(error: &io::Error) -> &Error {
    match error.get_ref().and_then(|inner| inner.downcast_ref()) {
        Some(reason) => reason,
        None => panic!("{error:?}"),
    }
}

/// What the journal says happened below MQTT.
fn notes(broker: &MockBroker) -> Vec<String> {
    let journal = broker.journal();
    let notes = journal.iter().filter_map(|entry| entry.note());
    notes.map(str::to_owned).collect()
}
