//! One client's handshake, as far as the fault lets it come.

use std::fmt::Write;
use std::io;
use std::sync::Arc;

use tokio::io::AsyncWriteExt;
use tokio_rustls::rustls::server::{Accepted, Acceptor as HelloReader, ClientHello};
use tokio_rustls::rustls::{Error, ServerConfig, ServerConnection};
use tokio_rustls::{LazyConfigAcceptor, StartHandshake};

use super::stream::Secured;
use super::{Acceptor, TlsFault};
use crate::transport::hangup::Failure;
use crate::transport::socket::Socket;
use crate::transport::stalled::Stalled;
use crate::transport::stranger::stranger;
use crate::transport::{Hangup, Notes, Stream};
use crate::{Closed, Direction};

/// The type of a record that belongs to a handshake; TLS begins with one.
const HANDSHAKE: u8 = 22;

/// Bytes that nothing in TLS begins with.
const GARBAGE: [u8; 64] = [0xA5; 64];

/// A record of application data that no key can open.
const CORRUPT: &[u8] = b"\x17\x03\x03\x00\x20????????????????????????????????";

impl Acceptor {
    pub(in crate::transport) async fn accept(
        &self,
        mut socket: Socket,
        notes: &Arc<Notes>,
    ) -> Result<Box<dyn Stream>, Failure> {
        let (config, fault) = self.next();
        let begin = socket.peek().await?;
        if begin.first().is_some_and(|first| *first != HANDSHAKE) {
            let note = format!("{} came where TLS is spoken", stranger(begin));
            notes.add(Direction::FromClient, note);
        }
        let mut reader = LazyConfigAcceptor::new(HelloReader::default(), socket);
        let start = match (&mut reader).await {
            Ok(start) => start,
            Err(error) => return Err(failure(&error, reader.take_io(), notes)),
        };
        notes.add(Direction::FromClient, describe_hello(&start.client_hello()));
        if let Some(fault) = fault {
            notes.add(Direction::ToClient, format!("fault: {fault}"));
        }

        let StartHandshake { accepted, io, .. } = start;
        match fault {
            Some(TlsFault::Stall) => return Ok(Box::new(Stalled(io))),
            Some(TlsFault::Garbage) => return Err(close_with(io, &GARBAGE).await),
            Some(TlsFault::Alert(alert)) => {
                // A fatal one, in a record of its own.
                let record = [21, 3, 3, 0, 2, 2, alert];
                return Err(close_with(io, &record).await);
            }
            Some(TlsFault::CloseAfterClientHello) => return Err(close_with(io, &[]).await),
            Some(TlsFault::CloseAfterServerHello) => {
                let record = server_hello(accepted, config)?;
                return Err(close_with(io, &record).await);
            }
            Some(TlsFault::ResetAfterClientHello) => {
                let (by, how) = (Direction::ToClient, Closed::Reset);
                let hangup = Hangup { by, how };
                return Err(hangup.on(io));
            }
            _ => {}
        }

        let start = StartHandshake::from_parts(accepted, io);
        let mut stream = match start.into_stream(config).into_fallible().await {
            Ok(stream) => stream,
            Err((error, io)) => return Err(failure(&error, Some(io), notes)),
        };
        let (io, connection) = stream.get_mut();
        notes.add(Direction::ToClient, describe_connection(connection));
        match fault {
            Some(TlsFault::CorruptRecord) => io.write_all(CORRUPT).await?,
            // It goes out with what is written first, and fails in TLS 1.2, which has none.
            Some(TlsFault::KeyUpdate) => drop(connection.refresh_traffic_keys()),
            _ => {}
        }
        let close_notify = fault != Some(TlsFault::NoCloseNotify);
        Ok(Box::new(Secured::new(stream, close_notify, notes.clone())))
    }
}

/// Says the last words, and nothing more.
async fn close_with(mut io: Socket, last_words: &[u8]) -> Failure {
    match io.write_all(last_words).await {
        Ok(()) => Hangup::BY_BROKER.on(io),
        Err(error) => error.into(),
    }
}

/// What ends a handshake that has failed; rustls has sent the alert, if it was its own decision.
fn failure(error: &io::Error, io: Option<Socket>, notes: &Notes) -> Failure {
    let hangup = blame(error, notes);
    match io {
        Some(io) => hangup.on(io),
        None => hangup.into(),
    }
}

/// Who is to blame for an error of TLS; it is written down.
pub(super) fn blame(error: &io::Error, notes: &Notes) -> Hangup {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref());
    match inner {
        Some(Error::AlertReceived(alert)) => {
            let note = format!("the client sent the TLS alert {alert:?}");
            notes.add(Direction::FromClient, note);
            Hangup::BY_CLIENT
        }
        Some(error) => {
            let note = format!("TLS failed: {error}");
            notes.add(Direction::ToClient, note);
            Hangup::BY_BROKER
        }
        None if error.kind() == io::ErrorKind::UnexpectedEof => {
            let note = "the TLS handshake was not finished";
            notes.add(Direction::FromClient, note);
            Hangup::BY_CLIENT
        }
        None => Hangup::of(error),
    }
}

/// The record of ServerHello alone, whatever rustls puts behind it.
fn server_hello(accepted: Accepted, config: Arc<ServerConfig>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    match accepted.into_connection(config) {
        Ok(mut connection) => {
            connection.write_tls(&mut bytes)?;
        }
        Err((_, mut alert)) => {
            alert.write_all(&mut bytes)?;
            return Ok(bytes);
        }
    }
    // Behind the header of the record (5 bytes) stands the type of the message, and its length.
    let Some([_, high, middle, low]) = bytes.get(5..9) else {
        return Ok(bytes);
    };
    let length = u32::from_be_bytes([0, *high, *middle, *low]) as usize + 4;
    bytes.truncate(5 + length);
    let length = u16::try_from(length).map_err(io::Error::other)?;
    bytes[3..5].copy_from_slice(&length.to_be_bytes());
    Ok(bytes)
}

fn describe_hello(hello: &ClientHello<'_>) -> String {
    let mut text = "ClientHello".to_owned();
    if let Some(name) = hello.server_name() {
        let _ = write!(text, " name={name:?}");
    }
    for protocol in hello.alpn().into_iter().flatten() {
        let _ = write!(text, " alpn=\"{}\"", protocol.escape_ascii());
    }
    text
}

fn describe_connection(connection: &ServerConnection) -> String {
    let mut text = "TLS".to_owned();
    if let Some(version) = connection.protocol_version() {
        let version = version.as_str().unwrap_or_default();
        text = version.replace("TLSv1_", "TLS 1.");
    }
    if let Some(protocol) = connection.alpn_protocol() {
        let _ = write!(text, " alpn=\"{}\"", protocol.escape_ascii());
    }
    if connection.peer_certificates().is_some() {
        text.push_str(" client_certificate");
    }
    text
}
