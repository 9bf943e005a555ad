//! The streams of bytes that a connection can run over.

mod tcp;

pub(crate) use tcp::tcp;
