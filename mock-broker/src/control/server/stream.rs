//! The journal as a stream of events (`text/event-stream`): an entry each, as it happens.

use axum::body::Body;
use axum::http::{Response, StatusCode};
use bytes::{BufMut, Bytes, BytesMut};
use futures_util::stream;

use super::answer;
use crate::control::{Control, ControlError, JournalQuery, Local};

/// How often something is said where nothing happens, in milliseconds, so that an end that was
/// lost is noticed.
const HEARTBEAT_MS: u64 = 15_000;

/// `place` is kept for as long as the stream goes on.
pub(super) fn of<P: Send + 'static>(
    broker: Local,
    query: JournalQuery,
    place: P,
) -> Response<Body> {
    let query = query.wait_ms(HEARTBEAT_MS);
    // Who does not read is not written to, and finds what was forgotten meanwhile counted.
    let begun = (broker, query, place);
    let events = stream::unfold(begun, async |(broker, mut query, place)| {
        let events = next(&broker, &mut query).await;
        Some((events, (broker, query, place)))
    });
    answer::file(
        StatusCode::OK,
        "text/event-stream",
        Body::from_stream(events),
    )
}

async fn next(broker: &Local, query: &mut JournalQuery) -> Result<Bytes, ControlError> {
    let page = broker.journal(*query).await?;
    query.since = page.next;
    let mut events = BytesMut::new();
    if page.forgotten > 0 {
        let event = format!("event: forgotten\ndata: {}\n\n", page.forgotten);
        events.extend_from_slice(event.as_bytes());
    }
    for entry in &page.entries {
        events.extend_from_slice(format!("id: {}\ndata: ", entry.number).as_bytes());
        // Our own types can always be written, and JSON has no line breaks inside.
        let json = serde_json::to_vec(entry).unwrap_or_default();
        events.extend_from_slice(&json);
        events.put_slice(b"\n\n");
    }
    if events.is_empty() {
        // A comment.
        events.put_slice(b":\n\n");
    }
    Ok(events.freeze())
}
