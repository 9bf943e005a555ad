//! The variable byte integer (section 1.5.5), used by the remaining length and by properties.

use crate::DecodeErrorKind;

/// The largest number that a variable byte integer can hold: four groups of seven bits.
pub const VAR_INT_MAX: u32 = 268_435_455;

/// How many bytes the shortest form of `value` takes, 1 to 4 (`[MQTT-1.5.5-1]`).
#[inline]
pub(crate) const fn var_int_len(value: u32) -> usize {
    match value {
        0..=0x7F => 1,
        0x80..=0x3FFF => 2,
        0x4000..=0x1F_FFFF => 3,
        _ => 4,
    }
}

/// Reads one integer from the front of `bytes`: the value and how many bytes it took, or `None`
/// where more bytes are needed.
///
/// A fifth byte and a form that is not the shortest are refused (`[MQTT-1.5.5-1]`).
#[inline]
pub(crate) fn read_var_int(bytes: &[u8]) -> Result<Option<(u32, usize)>, DecodeErrorKind> {
    match *bytes {
        [first, ..] if first < 0x80 => Ok(Some((u32::from(first), 1))),
        [first, second, ..] if second < 0x80 => {
            if second == 0 {
                return Err(DecodeErrorKind::VarIntNotMinimal);
            }
            Ok(Some((u32::from(first & 0x7F) | u32::from(second) << 7, 2)))
        }
        _ => read_long_var_int(bytes),
    }
}

/// The same where only the good case is of interest: `None` where there is no whole, legal integer.
#[inline]
pub(crate) fn whole_var_int(bytes: &[u8]) -> Option<(u32, usize)> {
    match *bytes {
        [first, ..] if first < 0x80 => Some((u32::from(first), 1)),
        [first, second, ..] if second < 0x80 && second > 0 => {
            Some((u32::from(first & 0x7F) | u32::from(second) << 7, 2))
        }
        [first, second, third, ..] if second >= 0x80 && third < 0x80 && third > 0 => {
            let low = u32::from(first & 0x7F) | u32::from(second & 0x7F) << 7;
            Some((low | u32::from(third) << 14, 3))
        }
        _ => read_long_var_int(bytes).ok().flatten(),
    }
}

fn read_long_var_int(bytes: &[u8]) -> Result<Option<(u32, usize)>, DecodeErrorKind> {
    let mut value = 0;
    for (index, byte) in bytes.iter().take(4).enumerate() {
        value |= u32::from(byte & 0x7F) << (7 * index);
        if *byte < 0x80 {
            if *byte == 0 && index > 0 {
                return Err(DecodeErrorKind::VarIntNotMinimal);
            }
            return Ok(Some((value, index + 1)));
        }
    }
    if bytes.len() >= 4 {
        Err(DecodeErrorKind::VarIntTooLong)
    } else {
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_at_the_borders_take_the_shortest_form() {
        for (bytes, value) in [
            (&[0x00][..], 0),
            (&[0x7F], 127),
            (&[0x80, 0x01], 128),
            (&[0xFF, 0x7F], 16_383),
            (&[0x80, 0x80, 0x01], 16_384),
            (&[0xFF, 0xFF, 0x7F], 2_097_151),
            (&[0x80, 0x80, 0x80, 0x01], 2_097_152),
            (&[0xFF, 0xFF, 0xFF, 0x7F], VAR_INT_MAX),
        ] {
            assert_eq!(read_var_int(bytes), Ok(Some((value, bytes.len()))));
            assert_eq!(whole_var_int(bytes), Some((value, bytes.len())));
            assert_eq!(var_int_len(value), bytes.len());
            assert_eq!(read_var_int(&bytes[..bytes.len() - 1]), Ok(None));
        }
    }

    #[test]
    fn padded_forms_are_refused() {
        for bytes in [
            &[0x80, 0x00][..],
            &[0xFF, 0x00],
            &[0x80, 0x80, 0x00],
            &[0x81, 0x80, 0x80, 0x00],
        ] {
            assert_eq!(read_var_int(bytes), Err(DecodeErrorKind::VarIntNotMinimal));
        }
    }

    #[test]
    fn a_fourth_continuation_bit_is_refused_without_waiting_for_a_fifth_byte() {
        assert_eq!(
            read_var_int(&[0x80, 0x80, 0x80, 0x80]),
            Err(DecodeErrorKind::VarIntTooLong)
        );
        assert_eq!(
            read_var_int(&[0xFF; 5]),
            Err(DecodeErrorKind::VarIntTooLong)
        );
    }
}
