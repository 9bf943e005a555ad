//! WebSocket: what a listener speaks of it, and what is wrong with it.

mod fault;
mod frame;
mod stream;
mod upgrade;

pub use fault::WebSocketFault;

pub(super) use upgrade::Upgrader;

/// The subprotocol of MQTT over WebSocket [MQTT-6.0.0-4].
const SUBPROTOCOL: &str = "mqtt";

/// WebSocket as a [listener](crate::Listener) speaks it; with
/// [TLS](crate::Listener::tls) below it, `wss`.
///
/// Each packet is sent in a frame of its own. What comes may be framed in any way.
///
/// ```
/// use nack_mock_broker::{Listener, MockBroker, WebSocket, WebSocketFault};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let websocket = WebSocket::new().fault(WebSocketFault::Status(503)).fault_times(2);
/// let listener = Listener::local().websocket(websocket);
/// let broker = MockBroker::builder().listen(listener).start().await?;
/// assert!(broker.urls()[0].starts_with("ws://127.0.0.1:"));
/// assert!(broker.urls()[0].ends_with("/mqtt"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "WebSocket is spoken by a listener that is told to"]
pub struct WebSocket {
    path: String,
    close_code: u16,
    fault: Option<WebSocketFault>,
    fault_times: Option<u32>,
}

impl Default for WebSocket {
    fn default() -> Self {
        Self {
            path: "/mqtt".to_owned(),
            // Normal closure.
            close_code: 1000,
            fault: None,
            fault_times: None,
        }
    }
}

impl WebSocket {
    /// Right WebSocket, at the path `/mqtt`.
    pub fn new() -> Self {
        Self::default()
    }

    /// The path at which MQTT is spoken; whoever asks for another is answered 404. A query behind
    /// it is not looked at.
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        if !self.path.starts_with('/') {
            self.path.insert(0, '/');
        }
        self
    }

    /// The code that the broker closes with, right or wrong; 1000 unless said otherwise. (A client
    /// that breaks the rules is told 1002, and one that sends text 1003.)
    pub const fn close_code(mut self, code: u16) -> Self {
        self.close_code = code;
        self
    }

    /// What is wrong with the WebSocket of the server.
    pub fn fault(mut self, fault: WebSocketFault) -> Self {
        self.fault = Some(fault);
        self
    }

    /// How many connections of the listener, from the first on, meet the fault; all unless said
    /// otherwise. What does not get as far as a request does not count.
    pub const fn fault_times(mut self, times: u32) -> Self {
        self.fault_times = Some(times);
        self
    }

    pub(super) fn url_path(&self) -> &str {
        &self.path
    }
}
