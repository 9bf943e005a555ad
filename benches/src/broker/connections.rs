//! Many clients that are connected and say nothing.

use std::io;

use super::load::connect;
use super::process::Broker;

/// How many bytes of the broker's memory one more of these connections costs.
pub(super) fn bytes_per_connection(broker: &Broker, connections: u32) -> io::Result<u64> {
    // The first ones grow tables and arenas that the others share.
    let mut held = Vec::new();
    for number in 0..connections / 10 {
        held.push(connect(broker.address(), &format!("first-{number}"))?);
    }
    let before = broker.resident()?;
    for number in 0..connections {
        held.push(connect(broker.address(), &format!("idle-{number}"))?);
    }
    let after = broker.resident()?;
    Ok(after.saturating_sub(before) / u64::from(connections))
}
