//! The cases: what is proved, a folder a theme.

pub(crate) mod reason_codes;

use std::sync::Arc;

use crate::Case;

/// Every case, in the order of reports.
pub fn all() -> Vec<Arc<Case>> {
    reason_codes::cases().map(Arc::new).collect()
}
