//! A socket that is listened on, and that can be shut and opened again while its task accepts.

use std::io;
use std::net::SocketAddr;
#[cfg(unix)]
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

#[cfg(unix)]
use tokio::net::UnixListener;
use tokio::net::{TcpListener, TcpSocket};
use tokio::runtime::Handle;

use super::Raw;
#[cfg(unix)]
use super::socket_file::SocketFile;

/// How many connections the system holds until they are accepted.
const BACKLOG: u32 = 1024;

/// Where clients knock. While it is open they are let in; while it is shut the system refuses them,
/// as if there were no broker.
pub(super) struct Door {
    place: Place,
    /// Where its task runs, whoever opens it.
    runtime: Handle,
    state: Mutex<State>,
}

enum Place {
    /// With the port that the system chose.
    Tcp(SocketAddr),
    #[cfg(unix)]
    Unix(PathBuf),
}

struct State {
    socket: Socket,
    /// Whom to wake when it opens.
    acceptor: Option<Waker>,
}

enum Socket {
    Open(Listener),
    Shut(Reserved),
    /// For good.
    Closed,
}

enum Listener {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(UnixListener, SocketFile),
}

/// What keeps the place ours while nobody listens there.
enum Reserved {
    /// A port that is bound.
    Port(TcpSocket),
    /// A file that nobody listens behind.
    #[cfg(unix)]
    File(#[expect(dead_code, reason = "the file is there until this is dropped")] SocketFile),
    /// Somebody else may take it.
    Nothing,
}

impl Door {
    /// At this address, open or shut.
    pub(super) fn tcp(address: SocketAddr, open: bool) -> io::Result<Self> {
        let socket = bind(address)?;
        let place = Place::Tcp(socket.local_addr()?);
        let socket = match open {
            true => Socket::Open(Listener::Tcp(socket.listen(BACKLOG)?)),
            false => Socket::Shut(Reserved::Port(keep(socket)?)),
        };
        Ok(Self::new(place, socket))
    }

    /// At a Unix domain socket of this path, open or shut.
    #[cfg(unix)]
    pub(super) fn unix(path: &Path, open: bool) -> io::Result<Self> {
        let (listener, file) = SocketFile::bind(path)?;
        let socket = match open {
            true => Socket::Open(Listener::Unix(listener, file)),
            false => Socket::Shut(Reserved::File(file)),
        };
        Ok(Self::new(Place::Unix(path.to_owned()), socket))
    }

    fn new(place: Place, socket: Socket) -> Self {
        Self {
            place,
            runtime: Handle::current(),
            state: Mutex::new(State {
                socket,
                acceptor: None,
            }),
        }
    }

    /// `None` where it does not listen on TCP.
    pub(super) const fn address(&self) -> Option<SocketAddr> {
        match &self.place {
            Place::Tcp(address) => Some(*address),
            #[cfg(unix)]
            Place::Unix(_) => None,
        }
    }

    /// Has the system refuse who connects from now on. Those that it holds for us, and that were
    /// not accepted yet, are reset.
    pub(super) fn shut(&self) -> io::Result<()> {
        let mut state = self.state();
        match std::mem::replace(&mut state.socket, Socket::Shut(Reserved::Nothing)) {
            Socket::Open(listener) => {
                let _runtime = self.runtime.enter();
                state.socket = Socket::Shut(self.reserve(listener)?);
            }
            shut => state.socket = shut,
        }
        Ok(())
    }

    /// Lets clients in again.
    pub(super) fn open(&self) -> io::Result<()> {
        let mut state = self.state();
        match std::mem::replace(&mut state.socket, Socket::Shut(Reserved::Nothing)) {
            Socket::Shut(reserved) => {
                let _runtime = self.runtime.enter();
                state.socket = Socket::Open(self.listen(reserved)?);
                if let Some(acceptor) = state.acceptor.take() {
                    acceptor.wake();
                }
            }
            open => state.socket = open,
        }
        Ok(())
    }

    /// Lets nobody in any more, and gives up the place.
    pub(super) fn close(&self) {
        self.state().socket = Socket::Closed;
    }

    /// The next connection; none while it is shut.
    pub(super) fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<Raw>> {
        let mut state = self.state();
        let accepted = match &state.socket {
            Socket::Open(listener) => listener.poll_accept(cx),
            Socket::Shut(_) | Socket::Closed => Poll::Pending,
        };
        if accepted.is_pending() {
            state.acceptor = Some(cx.waker().clone());
        }
        accepted
    }

    fn reserve(&self, listener: Listener) -> io::Result<Reserved> {
        match (listener, &self.place) {
            (Listener::Tcp(listener), Place::Tcp(address)) => {
                // A port cannot be bound while somebody listens on it.
                drop(listener);
                keep(bind(*address)?).map(Reserved::Port)
            }
            #[cfg(unix)]
            (Listener::Unix(_, file), _) => Ok(Reserved::File(file)),
            #[cfg(unix)]
            (Listener::Tcp(_), Place::Unix(_)) => Ok(Reserved::Nothing),
        }
    }

    fn listen(&self, reserved: Reserved) -> io::Result<Listener> {
        match (reserved, &self.place) {
            (Reserved::Port(socket), _) => {
                share(&socket, true)?;
                socket.listen(BACKLOG).map(Listener::Tcp)
            }
            (_, Place::Tcp(address)) => bind(*address)?.listen(BACKLOG).map(Listener::Tcp),
            #[cfg(unix)]
            (reserved, Place::Unix(path)) => {
                // The file goes, or else it would be somebody's.
                drop(reserved);
                SocketFile::bind(path).map(|(listener, file)| Listener::Unix(listener, file))
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Listener {
    fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<Raw>> {
        match self {
            Self::Tcp(listener) => listener.poll_accept(cx).map_ok(|(stream, _)| {
                // Without it small packets wait for the acknowledgements of larger ones. It fails
                // only on a connection that is gone already.
                let _ = stream.set_nodelay(true);
                Raw::Tcp(stream)
            }),
            #[cfg(unix)]
            Self::Unix(listener, _) => listener
                .poll_accept(cx)
                .map_ok(|(stream, _)| Raw::Unix(stream)),
        }
    }
}

/// A socket of this address, which does not listen yet.
fn bind(address: SocketAddr) -> io::Result<TcpSocket> {
    let socket = match address {
        SocketAddr::V4(_) => TcpSocket::new_v4()?,
        SocketAddr::V6(_) => TcpSocket::new_v6()?,
    };
    share(&socket, true)?;
    socket.bind(address)?;
    Ok(socket)
}

/// Has nobody else get the port, although nobody listens there.
fn keep(socket: TcpSocket) -> io::Result<TcpSocket> {
    share(&socket, false)?;
    Ok(socket)
}

/// Whether the port may be bound although it is in use, by a connection of before, say. On systems
/// other than Unix this would let anybody have a port that is listened on.
fn share(socket: &TcpSocket, on: bool) -> io::Result<()> {
    if cfg!(unix) {
        socket.set_reuseaddr(on)?;
    }
    Ok(())
}
