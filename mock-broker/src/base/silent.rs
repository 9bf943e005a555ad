//! Says nothing, whatever comes.

use super::Behaviour;

/// Does none of what a base behaviour could do.
pub(super) struct Silent;

impl Behaviour for Silent {}
