//! What the broker that accepts is set up with: limits, users, access, enhanced authentication.
//! Plain data, which files can say too.

mod access;
mod authentication;
mod limits;
mod user;

pub use access::{Access, Operation, Permission};
pub(crate) use access::{Subject, may_publish, may_subscribe};
pub use authentication::{Authentication, Challenge};
pub use limits::Limits;
pub use user::User;

/// All of it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    pub(crate) limits: Limits,
    pub(crate) users: Vec<User>,
    pub(crate) access: Vec<Access>,
    pub(crate) authentications: Vec<Authentication>,
}

impl Settings {
    pub(crate) fn authentication(&self, method: &str) -> Option<&Authentication> {
        self.authentications
            .iter()
            .find(|authentication| authentication.method() == method)
    }
}
