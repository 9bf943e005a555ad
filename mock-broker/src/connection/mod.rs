//! One client: stream, packets, rules.

mod bell;

pub(crate) use bell::Bell;

use std::sync::Arc;

use tokio::io::DuplexStream;
use tokio::net::TcpStream;
use tokio::sync::{mpsc, oneshot};

use crate::action::Action;
use crate::shared::Shared;

pub(crate) enum Transport {
    Tcp(TcpStream),
    Memory(DuplexStream),
}

pub(crate) struct Command {
    pub(crate) action: Action,
    pub(crate) done: oneshot::Sender<()>,
}

pub(crate) struct Connection {}

impl Connection {
    pub(crate) fn new(
        _number: u32,
        _transport: Transport,
        _mailbox: mpsc::Receiver<Command>,
        _bell: Arc<Bell>,
        _shared: Arc<Shared>,
    ) -> Self {
        Self {}
    }

    pub(crate) async fn run(self) {}
}
