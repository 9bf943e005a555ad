//! Transports that fail in ways of their own, and tasks that are stopped.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Waker};

use nack_client::{
    Client, ConnectError, ConnectionLost, Delivery, DisconnectError, DisconnectReason, Options,
    Publish, PublishError, QoS, SubscribeError, UnsubscribeError,
};
use nack_mock_broker::{MockBroker, Rule, action, matcher};
use tokio::io::{AsyncRead, AsyncWrite, DuplexStream, ReadBuf};

use crate::fixture::{SETTLES, at_least_once, drop_after, options, settled, soon};

/// A transport that does something bad once it is told to.
struct Sabotaged {
    inner: DuplexStream,
    now: Arc<AtomicBool>,
    act: Act,
    /// Who waits for writing to fail.
    reader: Option<Waker>,
    has_failed: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Act {
    /// Takes no bytes any more, and gives none before it has said so.
    FailToWrite,
    /// Panics when it is written to.
    Panic,
    /// Fails to flush.
    FailToFlush,
    /// Is never closed.
    HangOnShutdown,
}

impl Sabotaged {
    fn new(inner: DuplexStream, act: Act) -> (Self, Arc<AtomicBool>) {
        let now = Arc::new(AtomicBool::new(false));
        let this = Self {
            inner,
            now: Arc::clone(&now),
            act,
            reader: None,
            has_failed: false,
        };
        (this, now)
    }

    fn acts(&self, act: Act) -> bool {
        self.act == act && self.now.load(Ordering::Relaxed)
    }
}

impl AsyncRead for Sabotaged {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.acts(Act::FailToWrite) && !self.has_failed {
            self.reader = Some(cx.waker().clone());
            return Poll::Pending;
        }
        Pin::new(&mut self.inner).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Sabotaged {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        assert!(!self.acts(Act::Panic), "on purpose");
        if self.acts(Act::FailToWrite) {
            self.has_failed = true;
            if let Some(reader) = self.reader.take() {
                reader.wake();
            }
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.acts(Act::FailToFlush) {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.acts(Act::HangOnShutdown) {
            return Poll::Pending;
        }
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

async fn sabotaged(broker: &MockBroker, act: Act) -> (Client, Arc<AtomicBool>) {
    let (transport, now) = Sabotaged::new(broker.connect(), act);
    let client = Client::new(options());
    client.connect_over(transport).await.unwrap();
    (client, now)
}

fn cause(error: PublishError) -> ConnectionLost {
    match error {
        PublishError::ConnectionLost { cause, .. } => cause,
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn the_last_words_of_the_broker_are_read_where_nothing_can_be_written() {
    let broker = MockBroker::in_memory();
    let (client, now) = sabotaged(&broker, Act::FailToWrite).await;
    now.store(true, Ordering::Relaxed);
    // As where the broker closes while a message is on its way to it.
    let reason = DisconnectReason::PacketTooLarge;
    let words = action::disconnect(reason).reason_string("10 bytes at most");
    broker.send(1, words).await.unwrap();
    let error = soon(client.publish(at_least_once("a", "m")))
        .await
        .unwrap_err();
    let ConnectionLost::ByServer(disconnect) = cause(error) else {
        panic!("the broker said why");
    };
    assert_eq!(disconnect.reason(), reason);
    assert_eq!(disconnect.reason_string(), Some("10 bytes at most"));
}

#[tokio::test(start_paused = true)]
async fn a_broker_that_says_nothing_more_leaves_the_error_of_the_transport() {
    let broker = MockBroker::in_memory();
    let (client, now) = sabotaged(&broker, Act::FailToWrite).await;
    now.store(true, Ordering::Relaxed);
    let error = soon(client.publish(at_least_once("a", "m")))
        .await
        .unwrap_err();
    assert_eq!(error.delivery(), Delivery::NotSent);
    let ConnectionLost::Io(error) = cause(error) else {
        panic!("the transport failed");
    };
    assert_eq!(error.kind(), io::ErrorKind::BrokenPipe);
    soon(client.connect_over(broker.connect())).await.unwrap();
}

#[tokio::test]
async fn the_last_words_of_a_broker_on_tcp_reach_a_client_that_writes() {
    let broker = MockBroker::start().await.unwrap();
    // It looks at the first bytes of the message, refuses it, and reads no more of it.
    let client = Client::new(Options::new(broker.address().to_string()));
    client.connect().await.unwrap();
    let mut errors = Vec::new();
    let refuse = async {
        broker.send(1, action::disconnect(0x97)).await.unwrap();
    };
    let large = Publish::new("a", vec![0; 8 << 20]).qos(QoS::AtLeastOnce);
    let (published, ()) = tokio::join!(client.publish(large), refuse);
    errors.push(cause(published.unwrap_err()));
    errors.push(client.closed().await);
    for error in errors {
        assert!(matches!(error, ConnectionLost::ByServer(_)), "{error:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_disconnect_that_cannot_be_written_is_no_success() {
    for act in [Act::FailToWrite, Act::FailToFlush] {
        let broker = MockBroker::in_memory();
        let (client, now) = sabotaged(&broker, act).await;
        settled().await;
        now.store(true, Ordering::Relaxed);
        let error = soon(client.disconnect()).await.unwrap_err();
        let DisconnectError::ConnectionLost(ConnectionLost::Io(_)) = error else {
            panic!("{error:?}");
        };
        soon(client.connect_over(broker.connect())).await.unwrap();
    }
}

#[tokio::test(start_paused = true)]
async fn a_transport_that_cannot_be_closed_holds_nobody_up() {
    let broker = MockBroker::in_memory();
    let (client, now) = sabotaged(&broker, Act::HangOnShutdown).await;
    now.store(true, Ordering::Relaxed);
    soon(client.disconnect()).await.unwrap();
    soon(client.connect_over(broker.connect())).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_transport_that_panics_leaves_nobody_waiting() {
    let broker = MockBroker::in_memory();
    let (client, now) = sabotaged(&broker, Act::Panic).await;
    let mut messages = client.subscribe("stream").await.unwrap();
    Rule::given(matcher::any_packet())
        .then(action::no_answer())
        .mount(&broker)
        .forget();
    let publish = client.publish(at_least_once("a", "m"));
    let stop = async {
        broker.wait_for(matcher::publish()).await;
        now.store(true, Ordering::Relaxed);
        // Whatever is written next.
        drop_after(1, SETTLES, client.publish(at_least_once("b", "m"))).await;
    };
    let (publish, subscribe, unsubscribe, message, closed, ()) = soon(async {
        tokio::join!(
            publish,
            client.subscribe("a"),
            client.unsubscribe("a"),
            messages.recv(),
            client.closed(),
            stop,
        )
    })
    .await;
    let publish = publish.unwrap_err();
    assert_eq!(publish.delivery(), Delivery::Unknown);
    let SubscribeError::ConnectionLost(of_subscribe) = subscribe.unwrap_err() else {
        panic!("it was lost");
    };
    let UnsubscribeError::ConnectionLost(of_unsubscribe) = unsubscribe.unwrap_err() else {
        panic!("it was lost");
    };
    let of_messages = message.unwrap().unwrap_err();
    let causes = [
        cause(publish),
        of_subscribe,
        of_unsubscribe,
        of_messages,
        closed,
    ];
    for cause in causes {
        let ConnectionLost::Io(error) = cause else {
            panic!("{cause:?}");
        };
        assert_eq!(error.to_string(), "the task of the connection was stopped");
    }
    assert!(!client.is_connected());
    let other = MockBroker::in_memory();
    soon(client.connect_over(other.connect())).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_transport_that_panics_at_once_fails_to_connect() {
    let broker = MockBroker::in_memory();
    let (transport, now) = Sabotaged::new(broker.connect(), Act::Panic);
    now.store(true, Ordering::Relaxed);
    let client = Client::new(options());
    let error = soon(client.connect_over(transport)).await.unwrap_err();
    let ConnectError::ConnectionLost(ConnectionLost::Io(_)) = error else {
        panic!("{error:?}");
    };
    soon(client.connect_over(broker.connect())).await.unwrap();
}

#[test]
fn a_runtime_that_is_shut_down_leaves_nobody_waiting() {
    let runtime = || {
        tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap()
    };
    let of_the_client = runtime();
    let of_the_caller = runtime();
    let broker = of_the_caller.block_on(async { MockBroker::in_memory() });
    let transport = of_the_caller.block_on(async { broker.connect() });
    let client = Client::new(options());
    of_the_client
        .block_on(client.connect_over(transport))
        .unwrap();
    Rule::given(matcher::publish())
        .then(action::no_answer())
        .mount(&broker)
        .forget();
    let publish = of_the_caller.spawn({
        let client = client.clone();
        async move { client.publish(at_least_once("a", "m")).await }
    });
    of_the_caller.block_on(broker.wait_for(matcher::publish()));
    of_the_client.shutdown_background();
    let error = of_the_caller.block_on(publish).unwrap().unwrap_err();
    assert_eq!(error.delivery(), Delivery::Unknown);
    assert!(matches!(cause(error), ConnectionLost::Io(_)));
    // On another runtime it goes on.
    of_the_caller.block_on(async {
        client.closed().await;
        client.connect_over(broker.connect()).await.unwrap();
    });
}

/// A transport that is not tokio's: it has always more to read, and never lets others have their
/// turn. It begins with these bytes.
struct Always(&'static [u8]);

impl AsyncRead for Always {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let bytes = std::mem::replace(&mut self.0, b"\x30\x05\x00\x01a\x00m");
        buffer.put_slice(bytes);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Always {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[tokio::test]
async fn a_transport_that_is_always_ready_starves_nobody() {
    let client = Client::new(options());
    let transport = Always(b"\x20\x03\x00\x00\x00");
    client.connect_over(transport).await.unwrap();
    for _ in 0..100 {
        client.publish(Publish::new("a", "m")).await.unwrap();
    }
    client.disconnect().await.unwrap();
    assert!(client.unclaimed_messages() > 0);
}
