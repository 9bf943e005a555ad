//! The end of a connection on the wire.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;

use super::{Connection, Ending};
use crate::wire_fault::Room;
use crate::{Closed, Direction};

/// How long a closing connection waits for the client to read what was sent to it, and then for
/// the client to close its own side, before it is dropped.
const FAREWELL: Duration = Duration::from_secs(5);

impl Connection {
    /// Writes what is left, and closes.
    pub(super) async fn say_farewell(mut self, ending: Ending) {
        self.mailbox.close();
        self.wire.finish();
        if let Some(upstream) = self.upstream.take() {
            // A broker that does not read is not waited for any longer either.
            let _ = timeout(FAREWELL, upstream.finish()).await;
        }
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
        // A TCP socket that is dropped with unread bytes resets the connection, and with that may
        // destroy what the client has not read yet.
        let drain = async {
            loop {
                self.inbox.clear();
                match self.transport.read_buf(&mut self.inbox).await {
                    Ok(0) | Err(_) => break,
                    Ok(_) => {}
                }
            }
        };
        let _ = timeout(FAREWELL, drain).await;
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
