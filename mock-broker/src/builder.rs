//! What a broker is made with.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use nack_codec::MAXIMUM_PACKET_SIZE;

use crate::base::Settings;
use crate::{Access, Authentication, Base, Limits, Listener, MockBroker, User};

/// What a broker is made with; [`MockBroker::builder`] begins one.
///
/// ```
/// use nack_mock_broker::{Base, MockBroker};
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> std::io::Result<()> {
/// let broker = MockBroker::builder().base(Base::Silent).start().await?;
/// assert_ne!(broker.address().port(), 0);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it starts a broker"]
pub struct Builder {
    pub(crate) base: Base,
    pub(crate) settings: Settings,
    pub(crate) patience: Duration,
    pub(crate) maximum_packet_size: u32,
    pub(crate) journal_entries: usize,
    pub(crate) journal_bytes: usize,
    pub(crate) handshake_limit: Duration,
    pub(crate) connect_limit: Duration,
    pub(crate) refuse_for: Option<Duration>,
    pub(crate) listeners: Vec<Listener>,
}

impl Default for Builder {
    fn default() -> Self {
        Self {
            base: Base::Accept,
            settings: Settings::default(),
            // Long enough for a slow machine, short enough for somebody who watches it fail.
            patience: Duration::from_secs(60),
            maximum_packet_size: MAXIMUM_PACKET_SIZE,
            // More than a test looks at; a broker that runs for days forgets the oldest.
            journal_entries: 100_000,
            journal_bytes: 64 * 1024 * 1024,
            // What slow devices need at most; who takes longer is not coming.
            handshake_limit: Duration::from_secs(10),
            // Longer than a client takes that connects first and then makes up its mind.
            connect_limit: Duration::from_secs(30),
            refuse_for: None,
            listeners: Vec::new(),
        }
    }
}

impl Builder {
    /// What happens when no rule matches; [`Base::Accept`] unless said otherwise.
    pub const fn base(mut self, base: Base) -> Self {
        self.base = base;
        self
    }

    /// What [`Base::Accept`] grants its clients; all that the standard has unless said otherwise.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.settings.limits = limits;
        self
    }

    /// Who may connect to [`Base::Accept`]; anybody unless said otherwise.
    ///
    /// A wrong name or password is refused with 0x86 (in 3.1.1, return code 4), a CONNECT without a
    /// user name with 0x87 (return code 5).
    pub fn users(mut self, users: impl IntoIterator<Item = User>) -> Self {
        self.settings.users = users.into_iter().collect();
        self
    }

    /// Who may publish and subscribe to what with [`Base::Accept`]; everybody to everything unless
    /// said otherwise.
    pub fn access(mut self, entries: impl IntoIterator<Item = Access>) -> Self {
        self.settings.access = entries.into_iter().collect();
        self
    }

    /// Lets clients of MQTT 5.0 authenticate to [`Base::Accept`] by this method too.
    ///
    /// # Panics
    ///
    /// If the iterations of SCRAM are none, or above [`Authentication::MAXIMUM_ITERATIONS`].
    pub fn authentication(mut self, authentication: Authentication) -> Self {
        if let Err(error) = authentication.check() {
            panic!("{error}");
        }
        self.settings.authentications.push(authentication);
        self
    }

    /// How long [`wait_for`](MockBroker::wait_for) and
    /// [`wait_until_satisfied`](crate::RuleGuard::wait_until_satisfied) wait, by tokio's clock,
    /// before they give up; 60 seconds unless said otherwise.
    pub const fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// The size in bytes of the largest packet that is accepted. One below what MQTT can frame is
    /// announced in the CONNACK of MQTT 5.0. [`Base::Accept`] takes no CONNECT above 1 MiB, whatever
    /// is said here.
    pub const fn maximum_packet_size(mut self, bytes: u32) -> Self {
        self.maximum_packet_size = bytes;
        self
    }

    /// How many entries the journal holds before it forgets the oldest; 100,000 unless said
    /// otherwise.
    pub const fn journal_entries(mut self, entries: usize) -> Self {
        self.journal_entries = entries;
        self
    }

    /// How many bytes of packets the journal holds before it forgets the oldest; 64 MiB unless
    /// said otherwise. The newest entry is kept however large it is.
    pub const fn journal_bytes(mut self, bytes: usize) -> Self {
        self.journal_bytes = bytes;
        self
    }

    /// Has the broker listen here; once for each place. Without any it listens on 127.0.0.1, and a
    /// port of the system's choice.
    pub fn listen(mut self, listener: Listener) -> Self {
        self.listeners.push(listener);
        self
    }

    /// Has the broker listen on TCP at this address: short for [`listen`](Self::listen) with
    /// [`Listener::tcp`].
    pub fn bind(self, address: SocketAddr) -> Self {
        self.listen(Listener::tcp(address))
    }

    /// Has the broker [refuse connections](crate::action::refuse_connections) for this long, from when
    /// it starts: a client that is there first must try again.
    pub const fn refuse_for(mut self, duration: Duration) -> Self {
        self.refuse_for = Some(duration);
        self
    }

    /// How long a client may take for the handshakes of TLS and WebSocket, by tokio's clock; 10
    /// seconds unless said otherwise.
    pub const fn handshake_limit(mut self, limit: Duration) -> Self {
        self.handshake_limit = limit;
        self
    }

    /// How long a client of [`Base::Accept`] may take until its CONNECT has come whole, from when it
    /// could be sent, by tokio's clock; 30 seconds unless said otherwise. Then the connection is
    /// closed, and the journal says why.
    ///
    /// The time stands still while nothing is read from the client, and it is over where a rule took
    /// what came instead of a CONNECT, or has the broker [fall
    /// silent](crate::action::fall_silent).
    pub const fn connect_limit(mut self, limit: Duration) -> Self {
        self.connect_limit = limit;
        self
    }

    /// Starts a broker that listens.
    ///
    /// # Errors
    ///
    /// Where a place cannot be listened on.
    ///
    /// # Cancel safety
    ///
    /// No broker is left behind when the future is dropped.
    pub async fn start(self) -> io::Result<MockBroker> {
        MockBroker::listen(self).await
    }

    /// Makes a broker without a socket: clients come by [`MockBroker::connect`]. It works under
    /// tokio's paused clock.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime, where it is to [refuse connections](Self::refuse_for) at first.
    pub fn in_memory(self) -> MockBroker {
        MockBroker::new(&self)
    }
}
