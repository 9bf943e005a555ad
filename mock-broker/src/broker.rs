//! The broker as a test holds it: start, connect, send, wait, verify.

use std::fmt;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::DuplexStream;

#[cfg(any(feature = "tls", feature = "websocket"))]
use crate::ListenerFaultError;
#[cfg(feature = "tls")]
use crate::TlsFault;
#[cfg(feature = "websocket")]
use crate::WebSocketFault;
use crate::action::{Action, Listen};
use crate::matcher::{Match, Tally};
use crate::shared::Shared;
use crate::transport::{Layers, Listening, Raw};
use crate::{Builder, Entry, EntryKind, Journal, Listener, Unmet};

/// A broker that does as it is told by [rules](crate::Rule), and answers everything else by its
/// [base behaviour](crate::Base).
///
/// When it is dropped it ends all connections and [verifies](Self::verify) what was expected: it
/// panics if that was not met, unless the thread panics already. The connections end without a word,
/// as those of a broker that was killed: dropping cannot wait for clients, and the end of a test is
/// none of their business. [`shut_down`](Self::shut_down) is the end that they are told of.
///
/// ```
/// use nack_mock_broker::{MockBroker, Rule, action::connack, matcher::connect};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let broker = MockBroker::start().await?;
/// Rule::given(connect()).then(connack(0x87)).mount(&broker).forget();
/// // Now a client that connects to `broker.address()` is not authorized.
/// # std::mem::forget(broker); // no client comes
/// # Ok(())
/// # }
/// ```
pub struct MockBroker {
    shared: Arc<Shared>,
    listening: Vec<Listening>,
    handshake_limit: Duration,
}

/// How many bytes an in-memory connection holds in each direction before the writer must wait.
const IN_MEMORY_BUFFER: usize = 64 * 1024;

impl MockBroker {
    /// Starts a broker that listens on TCP, on 127.0.0.1 and a port of the system's choice.
    ///
    /// # Errors
    ///
    /// Where there is no port to listen on.
    ///
    /// # Cancel safety
    ///
    /// No broker is left behind when the future is dropped.
    pub async fn start() -> io::Result<Self> {
        Self::builder().start().await
    }

    /// Makes a broker without a socket: clients come by [`connect`](Self::connect). It works under
    /// tokio's paused clock.
    pub fn in_memory() -> Self {
        Self::builder().in_memory()
    }

    /// Begins a broker that is not as usual.
    pub fn builder() -> Builder {
        Builder::default()
    }

    pub(crate) fn new(builder: &Builder) -> Self {
        let shared = Arc::new(Shared::new(builder));
        shared.begin(builder.refuse_for);
        Self {
            shared,
            listening: Vec::new(),
            handshake_limit: builder.handshake_limit,
        }
    }

    pub(crate) async fn listen(mut builder: Builder) -> io::Result<Self> {
        let mut listeners = std::mem::take(&mut builder.listeners);
        if listeners.is_empty() {
            listeners.push(Listener::local());
        }
        let mut broker = Self::new(&builder);
        for listener in listeners {
            let shared = broker.shared.clone();
            let listening = Listening::start(&listener, broker.handshake_limit, shared)?;
            broker.listening.push(listening);
        }
        Ok(broker)
    }

    /// Where the broker listens: the address of the first of its [listeners](Listener) that has
    /// one.
    ///
    /// # Panics
    ///
    /// If the broker is [in memory](Self::in_memory), or listens on Unix domain sockets alone.
    #[track_caller]
    pub fn address(&self) -> SocketAddr {
        match self.addresses().first() {
            Some(address) => *address,
            None if self.listening.is_empty() => {
                panic!("a broker in memory has no address; use `connect`")
            }
            None => panic!("a broker that listens on no port has no address; use `urls`"),
        }
    }

    /// The addresses of all [listeners](Listener) that have one, in the order in which they were
    /// given.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        let addresses = self.listening.iter().filter_map(Listening::address);
        addresses.collect()
    }

    /// Where clients may connect to, a URL a [listener](Listener), in the order in which they were
    /// given: `mqtt://127.0.0.1:1883`, `mqtts://…`, `ws://127.0.0.1:8080/mqtt`, `wss://…`,
    /// `unix:/tmp/mqtt.socket`.
    pub fn urls(&self) -> Vec<String> {
        let urls = self.listening.iter().map(|it| it.url().to_owned());
        urls.collect()
    }

    /// Changes what is wrong with the TLS of a listener, for all connections from now on. Listeners
    /// are counted from 0, in the order in which they were given.
    ///
    /// # Errors
    ///
    /// Where there is no such listener, or it does not speak TLS.
    #[cfg(feature = "tls")]
    pub fn set_tls_fault(
        &self,
        listener: usize,
        fault: impl Into<Option<TlsFault>>,
    ) -> Result<(), ListenerFaultError> {
        match self.listener(listener)?.set_tls_fault(fault.into()) {
            None => Err(ListenerFaultError::NoTls { listener }),
            Some(set) => set.map_err(ListenerFaultError::Unusable),
        }
    }

    /// Changes what is wrong with the WebSocket of a listener, for all connections from now on.
    /// Listeners are counted from 0, in the order in which they were given.
    ///
    /// # Errors
    ///
    /// Where there is no such listener, or it does not speak WebSocket.
    #[cfg(feature = "websocket")]
    pub fn set_websocket_fault(
        &self,
        listener: usize,
        fault: impl Into<Option<WebSocketFault>>,
    ) -> Result<(), ListenerFaultError> {
        let set = self.listener(listener)?.set_websocket_fault(fault.into());
        set.ok_or(ListenerFaultError::NoWebSocket { listener })
    }

    #[cfg(any(feature = "tls", feature = "websocket"))]
    fn listener(&self, listener: usize) -> Result<&Listening, ListenerFaultError> {
        let listeners = self.listening.len();
        let no_listener = ListenerFaultError::NoListener {
            listener,
            listeners,
        };
        self.listening.get(listener).ok_or(no_listener)
    }

    /// Listens nowhere any more: the system refuses who connects (`ECONNREFUSED`), as where no broker
    /// runs, and resets the connections that nobody accepted yet. Those that there are go on.
    ///
    /// The broker's ports stay its own. When this returns, connections are refused already; in
    /// memory, they are at their end as they begin.
    ///
    /// # Errors
    ///
    /// Where the system does not do so.
    pub fn stop_listening(&self) -> io::Result<()> {
        self.shared.set_listening(Listen::Stop)
    }

    /// Listens again, everywhere, after [`stop_listening`](Self::stop_listening) or an action that
    /// did the same.
    ///
    /// # Errors
    ///
    /// Where the system does not do so.
    pub fn resume_listening(&self) -> io::Result<()> {
        self.shared.set_listening(Listen::Resume)
    }

    /// Stops as a good broker does: listens nowhere any more, and parts from the clients that
    /// [`Base::Accept`](crate::Base::Accept) has let in, those of MQTT 5.0 with a DISCONNECT of 0x8B
    /// (server shutting down). Other base behaviours say nothing, and neither is anything said where
    /// a rule has the broker [fall silent](crate::action::fall_silent).
    ///
    /// It waits until the clients have closed too, for half a second at the most once the last of
    /// them is told, and for five seconds in all. Then
    /// [`resume_listening`](Self::resume_listening) makes it a restart, with all sessions there.
    ///
    /// # Errors
    ///
    /// Where the system does not have it stop listening; the clients are parted from all the same.
    ///
    /// # Cancel safety
    ///
    /// When the future is dropped, the clients may have been parted from or not.
    pub async fn shut_down(&self) -> io::Result<()> {
        self.shared.shut_down().await
    }

    /// Whether clients can connect.
    pub fn is_listening(&self) -> bool {
        self.shared.doors.are_open()
    }

    /// A new connection to the broker, in memory; to one that listens on TCP too. It counts as a
    /// connection at once, unless the broker [does not listen](Self::stop_listening).
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    #[track_caller]
    pub fn connect(&self) -> DuplexStream {
        self.open(Layers::memory())
    }

    /// A new connection to the broker, in memory, as if it came to this listener: TLS and WebSocket
    /// are spoken on it, under tokio's paused clock too. Nothing is listened on, and each connection
    /// is the first that meets the listener's faults.
    ///
    /// # Errors
    ///
    /// Where TLS cannot be had as it was asked for.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    #[track_caller]
    pub fn connect_over(&self, listener: &Listener) -> io::Result<DuplexStream> {
        let layers = Layers::new(listener, self.handshake_limit)?;
        Ok(self.open(layers))
    }

    fn open(&self, layers: Arc<Layers>) -> DuplexStream {
        let (ours, theirs) = tokio::io::duplex(IN_MEMORY_BUFFER);
        if self.is_listening() {
            self.shared.serve(Raw::Memory(ours), layers);
        }
        theirs
    }

    /// What the broker saw and did up to now.
    pub fn journal(&self) -> Journal {
        self.shared.state().record.snapshot()
    }

    /// Waits for a packet that the matcher picks, whichever way it goes. One that came before
    /// counts too: a matcher's `nth` counts from the beginning of the journal.
    ///
    /// The broker has acted on the packet when this returns, but for what it was told to do later.
    ///
    /// # Panics
    ///
    /// If none comes within the broker's [patience](Builder::patience).
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when the future is dropped.
    #[track_caller]
    pub fn wait_for<'a, M: Match + 'a>(
        &'a self,
        matcher: M,
    ) -> impl Future<Output = Entry> + Send + 'a {
        let caller = Location::caller();
        async move {
            let mut tally = Tally::default();
            let picks = |entry: &Entry| entry.is_picked(&matcher, &mut tally);
            match self.shared.wait_for(picks).await {
                Some(entry) => entry,
                None => {
                    let missing = self.shared.explain_missing(&matcher);
                    panic!("waited in vain at {caller}\n{missing}");
                }
            }
        }
    }

    /// Waits until the connection of this number has ended, by whomever. Its end may have come
    /// before.
    ///
    /// # Panics
    ///
    /// If it does not end within the broker's [patience](Builder::patience).
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when the future is dropped.
    #[track_caller]
    pub fn wait_for_close(&self, connection: u32) -> impl Future<Output = Entry> + Send + '_ {
        self.wait_for_entry(move |entry| {
            entry.connection() == connection && matches!(entry.kind(), EntryKind::Closed(_))
        })
    }

    /// Waits for an entry of the journal that the closure picks; the first, if there are several.
    ///
    /// # Panics
    ///
    /// If none comes within the broker's [patience](Builder::patience).
    ///
    /// # Cancel safety
    ///
    /// Nothing is lost when the future is dropped.
    #[track_caller]
    pub fn wait_for_entry<'a>(
        &'a self,
        picks: impl FnMut(&Entry) -> bool + Send + 'a,
    ) -> impl Future<Output = Entry> + Send + 'a {
        let caller = Location::caller();
        async move {
            match self.shared.wait_for(picks).await {
                Some(entry) => entry,
                None => {
                    let missing = self.shared.explain_missing_entry();
                    panic!("waited in vain at {caller}\n{missing}");
                }
            }
        }
    }

    /// Does something unasked, now: sends any packet or any bytes to a client, closes or resets its
    /// connection. The target is a connection's number or a client's identifier.
    ///
    /// When this returns, the bytes are on their way.
    ///
    /// # Errors
    ///
    /// Where there is no such connection, or it ended meanwhile; and where the action would wait, as
    /// the client does not read or as it says so itself, and 10,000 actions or 64 MiB of them wait
    /// already. Then nothing of it is done.
    ///
    /// # Cancel safety
    ///
    /// When the future is dropped, the action may have been done or not.
    pub async fn send(
        &self,
        target: impl Into<Target> + Send,
        action: impl Into<Action> + Send,
    ) -> Result<(), SendError> {
        let (target, action) = (target.into(), action.into());
        self.shared.command(target, vec![action]).await
    }

    /// Whether all that was expected of the rules has come to pass, of those that ended too.
    ///
    /// What this has told is not told again when the broker is dropped.
    ///
    /// # Errors
    ///
    /// Where it has not: which rules, what came instead, and what came nearest. Also where a
    /// closure in a rule panicked.
    pub fn verify(&self) -> Result<(), Unmet> {
        self.shared.verify()
    }

    pub(crate) const fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }
}

impl Drop for MockBroker {
    fn drop(&mut self) {
        self.listening.clear();
        self.shared.end_connections();
        if std::thread::panicking() {
            return;
        }
        if let Some(unmet) = self.shared.untold() {
            panic!("{unmet}");
        }
    }
}

impl fmt::Debug for MockBroker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MockBroker")
            .field("urls", &self.urls())
            .finish_non_exhaustive()
    }
}

/// Whom [`MockBroker::send`] is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a connection has a number, and a client an identifier"
)]
pub enum Target {
    /// The connection of this number; the first that a broker accepts is 1.
    Connection(u32),
    /// The open connection of the client of this identifier.
    Client(String),
}

impl From<u32> for Target {
    fn from(number: u32) -> Self {
        Self::Connection(number)
    }
}

impl From<&str> for Target {
    fn from(client_id: &str) -> Self {
        Self::Client(client_id.to_owned())
    }
}

impl From<String> for Target {
    fn from(client_id: String) -> Self {
        Self::Client(client_id)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connection(number) => write!(f, "connection {number}"),
            Self::Client(client_id) => write!(f, "client {client_id:?}"),
        }
    }
}

/// There is no open connection that something could be sent on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{target} is not connected")]
#[non_exhaustive]
pub struct NotConnected {
    /// Whom it was for.
    pub target: Target,
}

/// Why [`MockBroker::send`] did nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// There is no open connection that something could be sent on.
    #[error(transparent)]
    NotConnected(#[from] NotConnected),
    /// The client does not read, or was to be sent too much later.
    #[error(transparent)]
    TooMuchWaits(#[from] TooMuchWaits),
}

impl SendError {
    /// Whom it was for.
    pub const fn target(&self) -> &Target {
        match self {
            Self::NotConnected(NotConnected { target })
            | Self::TooMuchWaits(TooMuchWaits { target }) => target,
        }
    }
}

/// As much waits to be sent on a connection as may wait.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too much waits to be sent to {target} already: have it read first")]
#[non_exhaustive]
pub struct TooMuchWaits {
    /// Whom it was for.
    pub target: Target,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Rule, RuleGuard};

    #[test]
    fn what_a_test_holds_goes_where_the_test_goes() {
        fn check<T: Send + Sync + 'static>() {}
        check::<MockBroker>();
        check::<RuleGuard>();
        check::<Rule>();
        check::<Journal>();
        check::<Unmet>();
    }
}
