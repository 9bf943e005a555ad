//! The journal as data: an entry as JSON, decoded and raw, for programs that are not Rust.
//!
//! Names are those of the standard in snake case. What is absent in a packet is absent here.

mod data;
mod entry;
mod packet;
mod properties;

#[cfg(feature = "control")]
pub(crate) use entry::version;
pub use entry::{EntryDirection, EntryEvent, JournalEntry, Malformed};
pub use packet::{
    DecodedAck, DecodedAcks, DecodedPacket, DecodedReason, DecodedSubscription, DecodedWill,
};
pub use properties::DecodedProperties;

use std::io::{self, Write};

use super::Journal;

impl Journal {
    /// Writes the journal as JSON lines: a [`JournalEntry`] each, with all bytes.
    ///
    /// # Errors
    ///
    /// Those of the writer.
    pub fn write_json_lines(&self, mut out: impl Write) -> io::Result<()> {
        for entry in self {
            serde_json::to_writer(&mut out, &JournalEntry::from(entry))?;
            out.write_all(b"\n")?;
        }
        out.flush()
    }
}
