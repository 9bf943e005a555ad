//! What must hold before anything is measured: all codecs read the same fields and write the same
//! bytes, and ours allocates nothing.

mod agreement;
mod allocations;
mod command_line;
