//! Searches the bytes of a string for what it may not hold, a block at once.

use super::text::Wildcards;

/// One vector register of any processor that has them.
const BLOCK: usize = 16;

/// Whether all bytes are ASCII, none is U+0000, and none is a wildcard where these are refused.
///
/// Nearly every string that comes is, so that nothing else needs to be looked for in it.
#[inline(always)]
pub(crate) fn is_plain(bytes: &[u8], wildcards: Wildcards) -> bool {
    let Some(last) = bytes.last_chunk::<BLOCK>() else {
        return short_is_plain(bytes, wildcards);
    };
    // The last block is looked at by itself, some of its bytes for the second time.
    let (blocks, _) = bytes[..bytes.len() - 1].as_chunks::<BLOCK>();
    for block in blocks {
        if !block_is_plain(block, wildcards) {
            return false;
        }
    }
    block_is_plain(last, wildcards)
}

/// The same for less than a block: two words that overlap, which together hold every byte.
#[inline(always)]
fn short_is_plain(bytes: &[u8], wildcards: Wildcards) -> bool {
    if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        let (first, last) = (u64::from_ne_bytes(*first), u64::from_ne_bytes(*last));
        return word_is_plain(first, wildcards) & word_is_plain(last, wildcards);
    }
    let word = if let (Some(first), Some(last)) = (bytes.first_chunk(), bytes.last_chunk()) {
        u64::from(u32::from_ne_bytes(*first)) << 32 | u64::from(u32::from_ne_bytes(*last))
    } else if let (Some(first), Some(last)) = (bytes.first(), bytes.last()) {
        let middle = bytes[bytes.len() / 2];
        u64::from_ne_bytes([*first, middle, *last, b'-', b'-', b'-', b'-', b'-'])
    } else {
        return true;
    };
    word_is_plain(word, wildcards)
}

/// The lowest bit of every byte of a word.
const LOW_BITS: u64 = u64::from_ne_bytes([0x01; 8]);
/// The highest bit of every byte of a word.
const HIGH_BITS: u64 = u64::from_ne_bytes([0x80; 8]);

#[inline(always)]
const fn word_is_plain(word: u64, wildcards: Wildcards) -> bool {
    // Taking 1 from each byte sets the highest bit of those that are 0. It borrows from the
    // neighbour of such a byte alone, so that no word is found to hold one that does not.
    let mut found = word | word.wrapping_sub(LOW_BITS);
    if matches!(wildcards, Wildcards::Refused) {
        // 0 in place of either wildcard: they differ in one bit, 0x08.
        let wildcard = (word | u64::from_ne_bytes([0x08; 8])) ^ u64::from_ne_bytes([b'+'; 8]);
        found |= wildcard.wrapping_sub(LOW_BITS);
    }
    found & HIGH_BITS == 0
}

/// Looks at every byte, whatever it finds: this is what compiles to a few vector instructions.
#[inline(always)]
fn block_is_plain<const N: usize>(block: &[u8; N], wildcards: Wildcards) -> bool {
    let mut found = false;
    for byte in block {
        found |= is_suspect(*byte, wildcards);
    }
    !found
}

#[inline(always)]
const fn is_suspect(byte: u8, wildcards: Wildcards) -> bool {
    // As a signed number, a byte beyond ASCII is negative: one comparison finds it and U+0000.
    let foreign = (byte as i8) < 1;
    // The two wildcards differ in one bit: 0x23 and 0x2B.
    let wildcard = byte | 0x08 == b'+';
    match wildcards {
        Wildcards::Allowed => foreign,
        Wildcards::Refused => foreign | wildcard,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn naive(bytes: &[u8], wildcards: Wildcards) -> bool {
        bytes.iter().all(|byte| match byte {
            0 | 0x80.. => false,
            b'#' | b'+' => wildcards == Wildcards::Allowed,
            _ => true,
        })
    }

    #[test]
    fn every_byte_is_judged_at_every_place_of_every_length() {
        for length in 0..=40 {
            for offset in 0..length {
                for byte in 0..=u8::MAX {
                    let mut bytes = vec![b'a'; length];
                    bytes[offset] = byte;
                    for wildcards in [Wildcards::Allowed, Wildcards::Refused] {
                        assert_eq!(
                            is_plain(&bytes, wildcards),
                            naive(&bytes, wildcards),
                            "{byte:#04x} at {offset} of {length}, wildcards {wildcards:?}"
                        );
                    }
                }
            }
        }
    }

    #[test]
    fn a_string_without_bytes_is_plain() {
        assert!(is_plain(&[], Wildcards::Refused));
    }
}
