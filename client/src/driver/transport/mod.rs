//! The streams of bytes that a connection can run over.

mod address;
mod tcp;

pub(crate) use tcp::tcp;
