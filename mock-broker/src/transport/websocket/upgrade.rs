//! The request that makes HTTP into WebSocket, and the answer to it.

use std::sync::Arc;

use bytes::BytesMut;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_tungstenite::tungstenite::Error;
use tokio_tungstenite::tungstenite::handshake::machine::TryParse;
use tokio_tungstenite::tungstenite::handshake::server::{
    Request, Response, create_response, write_response,
};
use tokio_tungstenite::tungstenite::http::header::{
    HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_PROTOCOL,
};
use tokio_tungstenite::tungstenite::http::{HeaderMap, StatusCode};

use super::stream::Framed;
use super::{SUBPROTOCOL, WebSocket, WebSocketFault};
use crate::Direction;
use crate::transport::fault_plan::FaultPlan;
use crate::transport::hangup::Failure;
use crate::transport::stalled::Stalled;
use crate::transport::stranger::stranger;
use crate::transport::{Hangup, Notes, Stream};

/// How long a request may be, in bytes: what common servers take.
const LONGEST_REQUEST: usize = 16 * 1024;

/// WebSocket made ready for the connections of one listener.
pub(in crate::transport) struct Upgrader {
    settings: WebSocket,
    faults: FaultPlan<WebSocketFault>,
}

/// An answer that does not upgrade.
struct Refusal {
    status: u16,
    /// Further lines of the header.
    header: String,
    /// Why, for people.
    reason: String,
}

impl Upgrader {
    pub(in crate::transport) fn new(settings: WebSocket) -> Self {
        Self {
            faults: FaultPlan::new(settings.fault.clone(), settings.fault_times),
            settings,
        }
    }

    /// What is wrong from now on.
    pub(in crate::transport) fn set_fault(&self, fault: Option<WebSocketFault>) {
        self.faults.set(fault);
    }

    pub(in crate::transport) async fn accept(
        &self,
        mut stream: Box<dyn Stream>,
        notes: &Arc<Notes>,
    ) -> Result<Box<dyn Stream>, Failure> {
        let mut read = BytesMut::new();
        let request = match read_request(&mut stream, &mut read, notes).await? {
            Ok(request) => request,
            Err(refusal) => return Err(refusal.send(stream, notes).await),
        };
        notes.add(Direction::FromClient, describe(&request));
        let fault = self.faults.next();
        if let Some(fault) = &fault {
            notes.add(Direction::ToClient, format!("fault: {fault}"));
        }
        let refusal = match &fault {
            Some(WebSocketFault::Stall) => return Ok(Box::new(Stalled(stream))),
            Some(WebSocketFault::CloseAfterRequest) => return Err(Hangup::BY_BROKER.on(stream)),
            Some(WebSocketFault::Garbage) => {
                stream.write_all(&[0xA5; 64]).await?;
                stream.flush().await?;
                return Err(Hangup::BY_BROKER.on(stream));
            }
            Some(WebSocketFault::Status(status)) => Some(Refusal::told(*status)),
            Some(WebSocketFault::Redirect(url)) => Some(Refusal::elsewhere(url)),
            _ => None,
        };
        if let Some(refusal) = refusal {
            return Err(refusal.send(stream, notes).await);
        }
        let mut response = match self.answer(&request) {
            Ok(response) => response,
            Err(refusal) => return Err(refusal.send(stream, notes).await),
        };
        spoil(response.headers_mut(), fault.as_ref());
        let mut bytes = Vec::new();
        write_response(&mut bytes, &response).map_err(std::io::Error::other)?;
        stream.write_all(&bytes).await?;
        stream.flush().await?;
        notes.add(Direction::ToClient, describe_answer(&response));
        let close_code = self.settings.close_code;
        let framed = Framed::new(stream, read, fault, close_code, notes.clone());
        Ok(Box::new(framed))
    }

    /// The answer of a server that is right.
    fn answer(&self, request: &Request) -> Result<Response, Refusal> {
        let mut response = create_response(request).map_err(|error| Refusal::wrong(&error))?;
        if request.uri().path() != self.settings.path {
            let reason = format!("MQTT is spoken at {}", self.settings.path);
            return Err(Refusal::new(404, reason));
        }
        // [MQTT-6.0.0-3]
        if !subprotocols(request.headers()).any(|offer| offer == SUBPROTOCOL) {
            let reason = format!("the subprotocol {SUBPROTOCOL} must be offered");
            return Err(Refusal::new(400, reason));
        }
        // [MQTT-6.0.0-4]
        let subprotocol = HeaderValue::from_static(SUBPROTOCOL);
        let headers = response.headers_mut();
        headers.insert(SEC_WEBSOCKET_PROTOCOL, subprotocol);
        Ok(response)
    }
}

/// The request, taken off what was read; or why it is none.
async fn read_request(
    stream: &mut Box<dyn Stream>,
    read: &mut BytesMut,
    notes: &Notes,
) -> Result<Result<Request, Refusal>, Failure> {
    loop {
        if stream.read_buf(read).await? == 0 {
            let note = "the request was not finished";
            notes.add(Direction::FromClient, note);
            return Err(Hangup::BY_CLIENT.into());
        }
        match Request::try_parse(read) {
            Ok(Some((length, request))) => {
                let _ = read.split_to(length);
                return Ok(Ok(request));
            }
            Ok(None) if read.len() < LONGEST_REQUEST => {}
            Ok(None) => {
                let reason = "the request is too long".to_owned();
                return Ok(Err(Refusal::new(431, reason)));
            }
            Err(error) => {
                let note = format!("{} came where WebSocket is spoken", stranger(read));
                notes.add(Direction::FromClient, note);
                return Ok(Err(Refusal::wrong(&error)));
            }
        }
    }
}

impl Refusal {
    const fn new(status: u16, reason: String) -> Self {
        Self {
            status,
            header: String::new(),
            reason,
        }
    }

    fn wrong(error: &Error) -> Self {
        Self::new(400, error.to_string())
    }

    /// What a fault is told to answer.
    fn told(status: u16) -> Self {
        let header = match status {
            401 => "WWW-Authenticate: Basic realm=\"mqtt\"\r\n",
            426 => "Upgrade: websocket\r\n",
            503 => "Retry-After: 1\r\n",
            _ => "",
        };
        Self {
            header: header.to_owned(),
            ..Self::new(status, String::new())
        }
    }

    fn elsewhere(url: &str) -> Self {
        // What would be a line of its own is not said.
        let url: String = url.chars().filter(|it| !it.is_control()).collect();
        Self {
            header: format!("Location: {url}\r\n"),
            ..Self::new(302, String::new())
        }
    }

    async fn send(self, mut stream: Box<dyn Stream>, notes: &Notes) -> Failure {
        let Self {
            status,
            header,
            reason,
        } = self;
        let code = StatusCode::from_u16(status).ok();
        let title = code.and_then(|code| code.canonical_reason());
        let title = title.unwrap_or("Refused");
        let because = if reason.is_empty() {
            String::new()
        } else {
            format!(": {reason}")
        };
        notes.add(Direction::ToClient, format!("{status} {title}{because}"));
        let answer = format!(
            "HTTP/1.1 {status} {title}\r\n{header}Connection: close\r\n\
             Content-Type: text/plain; charset=utf-8\r\nContent-Length: {}\r\n\r\n{reason}",
            reason.len()
        );
        let sent = async {
            stream.write_all(answer.as_bytes()).await?;
            stream.flush().await
        };
        match sent.await {
            Ok(()) => Hangup::BY_BROKER.on(stream),
            Err(error) => error.into(),
        }
    }
}

/// Makes a right answer wrong.
fn spoil(headers: &mut HeaderMap, fault: Option<&WebSocketFault>) {
    match fault {
        Some(WebSocketFault::NoSubprotocol) => {
            headers.remove(SEC_WEBSOCKET_PROTOCOL);
        }
        Some(WebSocketFault::WrongSubprotocol) => {
            let other = HeaderValue::from_static("not-mqtt");
            headers.insert(SEC_WEBSOCKET_PROTOCOL, other);
        }
        Some(WebSocketFault::WrongAccept) => {
            // Nobody has a request that this is the answer to.
            let other = HeaderValue::from_static("AAAAAAAAAAAAAAAAAAAAAAAAAAA=");
            headers.insert(SEC_WEBSOCKET_ACCEPT, other);
        }
        _ => {}
    }
}

/// The subprotocols that are named, in one header or several.
fn subprotocols(headers: &HeaderMap) -> impl Iterator<Item = &str> {
    let lines = headers.get_all(SEC_WEBSOCKET_PROTOCOL).into_iter();
    let lines = lines.filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',').map(str::trim))
}

fn describe(request: &Request) -> String {
    let mut text = format!("GET {}", request.uri());
    add_subprotocols(&mut text, request.headers());
    text
}

fn describe_answer(response: &Response) -> String {
    let mut text = response.status().to_string();
    add_subprotocols(&mut text, response.headers());
    text
}

fn add_subprotocols(text: &mut String, headers: &HeaderMap) {
    for subprotocol in subprotocols(headers) {
        text.push_str(" subprotocol=");
        text.push_str(&format!("{subprotocol:?}"));
    }
}
