//! Ours: decoding borrowed and owned, encoding in the ways that a client may choose from.

mod borrowed;
mod encoders;
mod owned;

pub(super) use borrowed::Borrowed;
pub(super) use encoders::{Built, Copied, Linked, Listed};
pub(super) use owned::Owned;
