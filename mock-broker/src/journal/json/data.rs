//! Bytes, as text where they are some.

use crate::scenario::{Data, Hex};

/// Bytes as text where they are some.
pub(super) fn data(bytes: &[u8], room: usize) -> Data {
    if bytes.len() <= room {
        return match std::str::from_utf8(bytes) {
            Ok(text) => Data::Text(text.to_owned()),
            Err(_) => Data::Hex(Hex(bytes.to_vec())),
        };
    }
    let shown = &bytes[..room];
    match std::str::from_utf8(shown) {
        Ok(text) => Data::Text(text.to_owned()),
        // The cut went through a character.
        Err(error) if error.error_len().is_none() => {
            let whole = &shown[..error.valid_up_to()];
            Data::Text(String::from_utf8_lossy(whole).into_owned())
        }
        Err(_) => Data::Hex(Hex(shown.to_vec())),
    }
}
