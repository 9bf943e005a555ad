//! Never closes a connection by itself.

use super::Sabotage;
use super::tap::Wire;

pub(super) struct StaysConnected;

impl Sabotage for StaysConnected {
    fn wire(&self) -> Option<Box<dyn Wire>> {
        Some(Box::new(Stays))
    }
}

struct Stays;

impl Wire for Stays {
    fn passes_close(&self) -> bool {
        false
    }
}
