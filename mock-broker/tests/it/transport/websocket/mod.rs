//! WebSocket, right and wrong, as a client of tungstenite sees it.

mod faults;
mod frames;
#[cfg(feature = "tls")]
mod secure;
mod upgrade;

use futures_util::{SinkExt, StreamExt};
use nack_mock_broker::{Listener, MockBroker, WebSocket, WebSocketFault};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::handshake::client::Request;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

const CONNECT: &[u8] = b"\x10\x0D\x00\x04MQTT\x04\x02\x00\x00\x00\x01c";
const CONNACK: &[u8] = b"\x20\x02\x00\x00";
const PINGREQ: &[u8] = b"\xC0\x00";
const PINGRESP: &[u8] = b"\xD0\x00";

/// A broker that speaks this WebSocket.
async fn start(websocket: WebSocket) -> MockBroker {
    let listener = Listener::local().websocket(websocket);
    let broker = MockBroker::builder().listen(listener);
    broker.start().await.unwrap()
}

async fn faulty(fault: WebSocketFault) -> MockBroker {
    start(WebSocket::new().fault(fault)).await
}

/// A request that is right.
fn request(broker: &MockBroker) -> Request {
    let mut request = broker.urls()[0].as_str().into_client_request().unwrap();
    let headers = request.headers_mut();
    headers.insert("Sec-WebSocket-Protocol", "mqtt".parse().unwrap());
    request
}

async fn connect_with(
    broker: &MockBroker,
    request: Request,
) -> Result<WebSocketStream<TcpStream>, Error> {
    let stream = TcpStream::connect(broker.address()).await.unwrap();
    client_async(request, stream)
        .await
        .map(|(stream, _)| stream)
}

async fn connect(broker: &MockBroker) -> Result<WebSocketStream<TcpStream>, Error> {
    connect_with(broker, request(broker)).await
}

async fn send<S>(stream: &mut WebSocketStream<S>, bytes: &[u8])
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let message = Message::binary(bytes.to_vec());
    stream.send(message).await.unwrap();
}

async fn receive<S>(stream: &mut WebSocketStream<S>) -> Message
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    stream.next().await.unwrap().unwrap()
}

/// The next message must be just these bytes.
async fn expects<S>(stream: &mut WebSocketStream<S>, bytes: &[u8])
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    assert_eq!(receive(stream).await, Message::binary(bytes.to_vec()));
}

/// A client that was let in.
async fn connected(broker: &MockBroker) -> WebSocketStream<TcpStream> {
    let mut stream = connect(broker).await.unwrap();
    send(&mut stream, CONNECT).await;
    expects(&mut stream, CONNACK).await;
    stream
}

/// What the journal says happened below MQTT.
fn notes(broker: &MockBroker) -> Vec<String> {
    let journal = broker.journal();
    let notes = journal.iter().filter_map(|entry| entry.note());
    notes.map(str::to_owned).collect()
}
