//! PINGREQ and PINGRESP: sections 3.12 and 3.13 of both standards.

use super::{Vector, both};

pub(super) const VECTORS: &[Vector] = &[both("pingreq", "C0 00"), both("pingresp", "D0 00")];
