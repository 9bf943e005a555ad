//! The end of a connection on the wire.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::{Connection, Ending, READ_SIZES};
use crate::wire_fault::Room;
use crate::{Closed, Direction};

/// How long a closing connection waits for the client to read what was sent to it, and then for
/// the client to close its own side, before it is dropped.
const FAREWELL: Duration = Duration::from_secs(5);

impl Connection {
    /// Writes what is left, and closes; towards the client and the broker behind at once, so that
    /// neither waits for the other.
    pub(super) async fn say_farewell(mut self, ending: Ending) {
        self.mailbox.close();
        // Whoever waits for what is in it is told so now, and not when all is over.
        while self.mailbox.try_recv().is_ok() {}
        self.wire.finish();
        let upstream = self.upstream.take();
        let behind = async {
            if let Some(upstream) = upstream {
                // It may be gone already, and is not waited for any longer where it hangs.
                let _ = timeout(FAREWELL, upstream.finish()).await;
            }
        };
        tokio::join!(behind, self.part(ending));
    }

    async fn part(mut self, ending: Ending) {
        // A client that does not read is not waited for any longer.
        let _ = timeout(FAREWELL, self.flush()).await;
        if ending.how == Closed::Reset {
            self.transport.reset_on_drop();
            return;
        }
        // TLS and WebSocket have something to say at the end.
        let shutdown = timeout(FAREWELL, self.transport.shutdown()).await;
        if !matches!(shutdown, Ok(Ok(()))) || ending.by == Direction::FromClient {
            return;
        }
        let _ = timeout(FAREWELL, drain(&mut self.transport)).await;
    }

    /// Writes what waits, as far as the faults of the wire let it, and as they let it.
    async fn flush(&mut self) {
        while !self.outbox.is_empty() {
            let now = tokio::time::Instant::now();
            match self.wire.room(now) {
                Room::Nothing(Some(at)) => tokio::time::sleep_until(at).await,
                Room::Nothing(None) | Room::Close => return,
                Room::Bytes(_) => {
                    if std::future::poll_fn(|cx| self.poll_write(cx))
                        .await
                        .is_err()
                    {
                        return;
                    }
                }
            }
        }
    }
}

/// Reads until the other side has closed. A TCP socket that is dropped with unread bytes resets the
/// connection, and with that may destroy what the other side has not read yet.
pub(super) async fn drain(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<()> {
    let mut scrap = Vec::with_capacity(READ_SIZES.end() / 2);
    while stream.read_buf(&mut scrap).await? > 0 {
        scrap.clear();
    }
    Ok(())
}
