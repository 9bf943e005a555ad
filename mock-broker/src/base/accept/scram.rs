//! SCRAM-SHA-256, the server's side (RFC 5802, RFC 7677), without channel binding.

use std::collections::HashMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::User;
use crate::base::Authentication;
use crate::base::settings::Settings;

/// What a server keeps of the passwords of its users, by name. To make it takes as long as the
/// iterations say, and so it is made once, before anybody connects.
#[derive(Debug, Default)]
pub(super) struct Credentials(HashMap<String, Keys>);

#[derive(Clone, Copy, Debug)]
struct Keys {
    stored_key: [u8; 32],
    server_key: [u8; 32],
}

/// How an exchange is made, whoever the client is.
#[derive(Debug)]
pub(super) struct Terms<'a> {
    pub(super) credentials: &'a Credentials,
    pub(super) salt: &'a [u8],
    pub(super) iterations: u32,
    pub(super) server_nonce: &'a str,
}

/// An exchange in which the client has said who it is, and is to prove it.
#[derive(Debug)]
pub(super) struct Scram {
    user: String,
    /// The header of the client's first message, which it must repeat.
    header: String,
    nonce: String,
    /// `client-first-message-bare` and `server-first-message`, as they are signed.
    exchanged: String,
    /// `None` where nobody has this name, which the client is not to learn before it has tried to
    /// prove something.
    keys: Option<Keys>,
}

impl Credentials {
    /// Of the users, if there is SCRAM at all.
    pub(super) fn of(settings: &Settings) -> Self {
        let terms = settings.authentications.iter().find_map(|it| match it {
            Authentication::ScramSha256 {
                salt, iterations, ..
            } => Some((salt, *iterations)),
            Authentication::Scripted { .. } => None,
        });
        let Some((salt, iterations)) = terms else {
            return Self::default();
        };
        // Of two users of one name, the first counts.
        let users = settings.users.iter().rev();
        let keys = |user: &User| Some((user.name.clone(), Keys::of(user, salt, iterations)?));
        Self(users.filter_map(keys).collect())
    }
}

impl Keys {
    fn of(user: &User, salt: &[u8], iterations: u32) -> Option<Self> {
        let mut salted_password = [0; 32];
        pbkdf2::pbkdf2_hmac::<Sha256>(&user.password, salt, iterations, &mut salted_password);
        Some(Self {
            stored_key: Sha256::digest(mac(&salted_password, b"Client Key")?).into(),
            server_key: mac(&salted_password, b"Server Key")?,
        })
    }
}

impl Scram {
    /// The first message of the client; what the server says to it. `None` where the message is
    /// none, or asks for what is not to be had.
    ///
    /// A name that nobody has is answered as any other, with the salt that all users share, and
    /// refused when the client has sent its proof (RFC 5802, section 5.1).
    pub(super) fn begin(client_first: &[u8], terms: &Terms<'_>) -> Option<(Self, String)> {
        let message = std::str::from_utf8(client_first).ok()?;
        // The header is a flag of channel binding and an identity to act as, each before a comma.
        let (flag, rest) = message.split_once(',')?;
        let (identity, bare) = rest.split_once(',')?;
        if !matches!(flag, "n" | "y") {
            return None;
        }
        let mut attributes = bare.split(',');
        let user = decode_name(attributes.next()?.strip_prefix("n=")?)?;
        let client_nonce = attributes.next()?.strip_prefix("r=")?;
        let acts_as = match identity.strip_prefix("a=") {
            Some(name) => decode_name(name)?,
            None if identity.is_empty() => user.clone(),
            None => return None,
        };
        if client_nonce.is_empty() || acts_as != user {
            return None;
        }
        let keys = terms.credentials.0.get(&user).copied();
        let nonce = format!("{client_nonce}{}", terms.server_nonce);
        let server_first = format!(
            "r={nonce},s={},i={}",
            BASE64.encode(terms.salt),
            terms.iterations,
        );
        let scram = Self {
            user,
            header: format!("{flag},{identity},"),
            nonce,
            exchanged: format!("{bare},{server_first}"),
            keys,
        };
        Some((scram, server_first))
    }

    /// The last message of the client: the user, and what the server says at the end, if the
    /// client has proved that it knows the password.
    pub(super) fn finish(self, client_final: &[u8]) -> Option<(String, String)> {
        let message = std::str::from_utf8(client_final).ok()?;
        let (without_proof, proof) = message.rsplit_once(",p=")?;
        let mut attributes = without_proof.split(',');
        let header = attributes.next()?.strip_prefix("c=")?;
        let nonce = attributes.next()?.strip_prefix("r=")?;
        if BASE64.decode(header).ok()? != self.header.as_bytes() || nonce != self.nonce {
            return None;
        }
        let signed = format!("{},{without_proof}", self.exchanged);
        let keys = self.keys?;
        // The proof is the client's key and a signature, one laid over the other.
        let signature = mac(&keys.stored_key, signed.as_bytes())?;
        let proof = <[u8; 32]>::try_from(BASE64.decode(proof).ok()?).ok()?;
        let mut client_key = proof;
        for (key, signature) in client_key.iter_mut().zip(signature) {
            *key ^= signature;
        }
        if *Sha256::digest(client_key) != keys.stored_key {
            return None;
        }
        let signature = mac(&keys.server_key, signed.as_bytes())?;
        Some((self.user, format!("v={}", BASE64.encode(signature))))
    }
}

/// A part of a nonce that is another for each exchange, and the same in each run.
pub(super) fn nonce(number: u64, client_first: &[u8]) -> String {
    let mut hash = Sha256::new();
    hash.update(number.to_be_bytes());
    hash.update(client_first);
    BASE64.encode(&hash.finalize()[..18])
}

/// A name in which commas and equals signs are written `=2C` and `=3D`, and in no other way.
fn decode_name(name: &str) -> Option<String> {
    let mut parts = name.split('=');
    let mut decoded = parts.next()?.to_owned();
    for part in parts {
        let (sign, rest) = if let Some(rest) = part.strip_prefix("2C") {
            (',', rest)
        } else {
            ('=', part.strip_prefix("3D")?)
        };
        decoded.push(sign);
        decoded.push_str(rest);
    }
    (!decoded.is_empty()).then_some(decoded)
}

/// HMAC-SHA-256; it takes keys of any length.
fn mac(key: &[u8], text: &[u8]) -> Option<[u8; 32]> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    mac.update(text);
    Some(mac.finalize().into_bytes().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENT_FIRST: &[u8] = b"n,,n=user,r=rOprNGfwEbeRWgbNEkqO";
    const CLIENT_FINAL: &str = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
        p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=";

    fn begin(client_first: &[u8]) -> Option<(Scram, String)> {
        let salt = BASE64.decode("W22ZaJ0SNY7soEsUEjb6gQ==").unwrap();
        let user = User::new("user", "pencil");
        let keys = Keys::of(&user, &salt, 4096).unwrap();
        let credentials = Credentials([(user.name, keys)].into());
        Scram::begin(
            client_first,
            &Terms {
                credentials: &credentials,
                salt: &salt,
                iterations: 4096,
                server_nonce: "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
            },
        )
    }

    #[test]
    fn the_example_of_rfc_7677_is_understood() {
        let (scram, server_first) = begin(CLIENT_FIRST).unwrap();
        assert_eq!(
            server_first,
            "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096"
        );
        let (user, server_final) = scram.finish(CLIENT_FINAL.as_bytes()).unwrap();
        assert_eq!(user, "user");
        assert_eq!(
            server_final,
            "v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="
        );
    }

    #[test]
    fn what_is_not_the_exchange_is_refused() {
        for first in [
            &b""[..],
            b"p=tls-unique,,n=user,r=x",
            b"n,a=other,n=user,r=x",
            b"n,,n=user,r=",
            b"n,,m=ext,n=user,r=x",
            b"n,,n=us=er,r=x",
            b"\xFF,,n=user,r=x",
        ] {
            assert!(begin(first).is_none(), "{first:?}");
        }
        for last in [
            CLIENT_FINAL.replace("c=biws", "c=eSws"),
            CLIENT_FINAL.replace("$k0", "$k1"),
            CLIENT_FINAL.replace("dHzb", "dHzc"),
            CLIENT_FINAL.replace(",p=", ",q="),
            String::new(),
        ] {
            let (scram, _) = begin(CLIENT_FIRST).unwrap();
            assert!(scram.finish(last.as_bytes()).is_none(), "{last}");
        }
    }

    #[test]
    fn a_name_that_nobody_has_is_answered_as_any_other_and_refused_at_the_end() {
        let (known, first) = begin(b"n,,n=user,r=x").unwrap();
        let (unknown, second) = begin(b"n,,n=nobody,r=x").unwrap();
        assert_eq!(first, second);
        assert!(known.keys.is_some());
        let last = CLIENT_FINAL.replace("rOprNGfwEbeRWgbNEkqO", "x");
        assert!(unknown.finish(last.as_bytes()).is_none());
    }

    #[test]
    fn of_two_users_of_one_name_the_first_counts() {
        let users = ["one", "two"].map(|password| User::new("u", password));
        let first = Keys::of(&users[0], b"", 1).unwrap();
        let credentials = Credentials::of(&Settings {
            users: users.to_vec(),
            authentications: vec![Authentication::ScramSha256 {
                salt: Vec::new(),
                iterations: 1,
                server_nonce: None,
            }],
            ..Settings::default()
        });
        assert_eq!(credentials.0["u"].stored_key, first.stored_key);
    }

    #[test]
    fn names_have_two_signs_that_are_written_in_another_way() {
        assert_eq!(decode_name("a=2Cb=3Dc").as_deref(), Some("a,b=c"));
        assert_eq!(decode_name("a=2c"), None);
        assert_eq!(decode_name(""), None);
    }

    #[test]
    fn nonces_differ_and_repeat() {
        assert_ne!(nonce(1, b"x"), nonce(2, b"x"));
        assert_eq!(nonce(1, b"x"), nonce(1, b"x"));
    }
}
