//! Enhanced authentication (section 4.12): by which methods clients may prove who they are.

/// A method of enhanced authentication. A method that no client was offered is refused with 0x8C.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Authentication {
    /// `SCRAM-SHA-256` (RFC 5802, RFC 7677), against the broker's [users](crate::Builder::users),
    /// without channel binding.
    ScramSha256 {
        /// The salt of every user; names that nobody has are answered with it too, and refused
        /// only after the client's proof.
        salt: Vec<u8>,
        /// How often the password is hashed, 1 to [`MAXIMUM_ITERATIONS`](Self::MAXIMUM_ITERATIONS);
        /// RFC 7677 wants 4096 at least. Done once a user when the broker is made.
        iterations: u32,
        /// The server's part of the nonce, for an exchange that is the same each time. `None`
        /// makes another each time, from a counter and what the client sent: good for tests, and
        /// for nothing that is to be safe.
        server_nonce: Option<String>,
    },
    /// An exchange that is always the same, of any method.
    Scripted {
        /// The name of the method.
        method: String,
        /// The authentication data that the CONNECT, or the AUTH that authenticates again, must
        /// bring; `None` takes any, and none.
        initial: Option<Vec<u8>>,
        /// What is asked, one after the other.
        challenges: Vec<Challenge>,
        /// The authentication data of the CONNACK, or the AUTH, that ends it with success.
        success: Option<Vec<u8>>,
    },
}

/// Passwords cannot be hashed so often, or not at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0} iterations of SCRAM-SHA-256: there must be at least 1, and no more than {maximum}",
    maximum = Authentication::MAXIMUM_ITERATIONS
)]
pub(crate) struct InvalidIterations(u32);

/// A step of [`Authentication::Scripted`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "a question and its answer")]
pub struct Challenge {
    /// The authentication data of the AUTH to the client.
    pub send: Vec<u8>,
    /// The authentication data that must come back; `None` takes any, and none. Another is refused
    /// with 0x87.
    pub expect: Option<Vec<u8>>,
}

impl Authentication {
    /// The highest number of iterations of SCRAM: more than anybody recommends, and a broker that
    /// has more would start in minutes.
    pub const MAXIMUM_ITERATIONS: u32 = 1_000_000;

    /// `SCRAM-SHA-256` with 4096 iterations.
    pub fn scram_sha_256() -> Self {
        Self::ScramSha256 {
            salt: b"nack-mock-broker".to_vec(),
            iterations: 4096,
            server_nonce: None,
        }
    }

    /// What is wrong with it, if something is.
    pub(crate) fn check(&self) -> Result<(), InvalidIterations> {
        match self {
            Self::ScramSha256 { iterations, .. }
                if !(1..=Self::MAXIMUM_ITERATIONS).contains(iterations) =>
            {
                Err(InvalidIterations(*iterations))
            }
            _ => Ok(()),
        }
    }

    /// The name of the method.
    pub fn method(&self) -> &str {
        match self {
            Self::ScramSha256 { .. } => "SCRAM-SHA-256",
            Self::Scripted { method, .. } => method,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn iterations_are_bounded() {
        let check = |iterations| {
            let scram = Authentication::ScramSha256 {
                salt: Vec::new(),
                iterations,
                server_nonce: None,
            };
            scram.check().map_err(|error| error.to_string())
        };
        assert_eq!(check(1), Ok(()));
        assert_eq!(check(Authentication::MAXIMUM_ITERATIONS), Ok(()));
        let error = check(0).unwrap_err();
        assert_eq!(
            error,
            "0 iterations of SCRAM-SHA-256: there must be at least 1, and no more than 1000000"
        );
        assert!(check(u32::MAX).is_err());
    }
}
