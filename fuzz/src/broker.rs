//! Whatever clients send, the mock broker goes on: it answers a client that comes after them, and
//! its journal can be read.

use std::time::Duration;

use nack_mock_broker::MockBroker;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::time::timeout;

/// Reads the bytes as what several clients send in turn. Each piece begins with a byte that says
/// which client it is of (the lowest two bits; two of the four never read what they are sent) and
/// how long it is (the others), and 0xFF lets time pass.
pub fn broker(bytes: &[u8]) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .expect("a runtime without IO needs nothing from the system");
    runtime.block_on(clients(bytes));
}

/// Small enough that the limit is met, large enough that whole packets pass.
const MAXIMUM_PACKET_SIZE: u32 = 4096;

/// The byte that lets time pass instead of sending something.
const LATER: u8 = 0xFF;

/// For how long a client tries to send before it gives up: a broker need not read from those who
/// do not read from it.
const PATIENCE: Duration = Duration::from_secs(1);

async fn clients(mut bytes: &[u8]) {
    let broker = MockBroker::builder()
        .maximum_packet_size(MAXIMUM_PACKET_SIZE)
        .in_memory();
    let mut clients: [Option<DuplexStream>; 4] = Default::default();
    while let Some((&control, rest)) = bytes.split_first() {
        bytes = rest;
        if control == LATER {
            tokio::time::advance(Duration::from_secs(1)).await;
            continue;
        }
        let number = usize::from(control & 0b11);
        let (piece, rest) = bytes.split_at(bytes.len().min(usize::from(control >> 2)));
        bytes = rest;
        if piece.is_empty() {
            // An abrupt end; the client's next piece comes on a new connection.
            clients[number] = None;
            continue;
        }
        let client = clients[number].get_or_insert_with(|| broker.connect());
        let reads = number < 2;
        if !send(client, piece, reads).await {
            clients[number] = None;
        }
    }
    assert_serves_another(&broker).await;
    // Every packet and whatever was not one is shown.
    assert!(!broker.journal().to_string().is_empty());
    broker.verify().expect("nothing was expected");
}

/// Whether the connection is still of use.
async fn send(client: &mut DuplexStream, piece: &[u8], reads: bool) -> bool {
    if !matches!(timeout(PATIENCE, client.write_all(piece)).await, Ok(Ok(()))) {
        return false;
    }
    !reads || take(client).await
}

/// Takes what the broker has to say for now; whether the connection is still open.
async fn take(client: &mut DuplexStream) -> bool {
    let mut answer = [0; 1024];
    loop {
        match timeout(Duration::from_millis(1), client.read(&mut answer)).await {
            Ok(Ok(0) | Err(_)) => return false,
            Ok(Ok(_)) => {}
            Err(_) => return true,
        }
    }
}

/// A client that does nothing wrong is let in and answered.
async fn assert_serves_another(broker: &MockBroker) {
    let mut client = broker.connect();
    let script: [(&[u8], &[u8]); 2] = [
        (
            b"\x10\x13\x00\x04MQTT\x04\x02\x00\x00\x00\x07witness",
            b"\x20\x02\x00\x00",
        ),
        (b"\xC0\x00", b"\xD0\x00"),
    ];
    for (packet, expected) in script {
        let exchange = async {
            client.write_all(packet).await?;
            let mut answer = vec![0; expected.len()];
            client.read_exact(&mut answer).await?;
            std::io::Result::Ok(answer)
        };
        let answer = timeout(Duration::from_secs(60), exchange)
            .await
            .expect("the broker answers in time")
            .expect("the broker does not close the connection");
        assert_eq!(answer, expected);
    }
}
