//! The data types of section 1.5, as they lie on the wire.

mod binary;
mod reader;
mod scan;
mod text;
mod var_int;
mod writer;

pub use binary::Binary;
pub use text::{Text, TextError};
pub use var_int::VAR_INT_MAX;

pub(crate) use reader::{Fault, Reader};
pub(crate) use scan::is_plain;
pub(crate) use text::{TextFault, Wildcards, check_str};
pub(crate) use var_int::{read_var_int, var_int_len, whole_var_int};
pub(crate) use writer::Writer;

/// The size of the largest packet that MQTT can frame, in bytes: one byte of type and flags, four
/// of remaining length, and 268,435,455.
pub const MAXIMUM_PACKET_SIZE: u32 = 1 + 4 + VAR_INT_MAX;
