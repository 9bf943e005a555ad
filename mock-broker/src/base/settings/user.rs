//! Who may connect.

use std::fmt;

/// Somebody who may connect.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct User {
    /// The user name.
    pub name: String,
    /// The password, as it is: for SCRAM too, where it should be ASCII, as it is not prepared.
    pub password: Vec<u8>,
}

impl User {
    /// Somebody of this name and password.
    pub fn new(name: impl Into<String>, password: impl Into<Vec<u8>>) -> Self {
        Self {
            name: name.into(),
            password: password.into(),
        }
    }
}

impl fmt::Debug for User {
    /// Without the password, which has no place in logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
