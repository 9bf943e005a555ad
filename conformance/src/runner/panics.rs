//! A panic while a case plays belongs into its report, wherever it came from: the case, the
//! subject, or a task that the subject spawned and nobody awaits.

use std::cell::RefCell;
use std::panic;
use std::sync::Once;

thread_local! {
    static MESSAGES: RefCell<Option<Vec<String>>> = const { RefCell::new(None) };
}

/// Puts a panic hook before the one that is there, once a process. Threads that are not watched
/// keep the old one.
pub(super) fn install() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        let previous = panic::take_hook();
        panic::set_hook(Box::new(move |information| {
            let watched = MESSAGES.with(|messages| match &mut *messages.borrow_mut() {
                Some(messages) => {
                    messages.push(information.to_string());
                    true
                }
                None => false,
            });
            if !watched {
                previous(information);
            }
        }));
    });
}

/// Collects the panics of this thread until it is dropped.
pub(super) fn watch() -> Watch {
    MESSAGES.with(|messages| *messages.borrow_mut() = Some(Vec::new()));
    Watch
}

pub(super) struct Watch;

impl Watch {
    /// What was collected.
    pub(super) fn messages(self) -> Vec<String> {
        MESSAGES
            .with(|messages| messages.borrow_mut().take())
            .unwrap_or_default()
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        MESSAGES.with(|messages| *messages.borrow_mut() = None);
    }
}
