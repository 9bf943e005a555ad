//! The notation in which packets are written down in these tests: `30 07 0003'a/b' 6869`.

/// The bytes that a text stands for: pairs of hexadecimal digits, and characters between `'`.
/// Space is free.
#[track_caller]
pub(crate) fn wire(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (index, part) in text.split('\'').enumerate() {
        // Every second part lies between two `'`.
        if index % 2 == 1 {
            bytes.extend_from_slice(part.as_bytes());
            continue;
        }
        let digits: Vec<_> = part.chars().filter(|c| !c.is_whitespace()).collect();
        assert!(digits.len() % 2 == 0, "half a byte in {text:?}");
        for pair in digits.chunks_exact(2) {
            let pair = String::from_iter(pair);
            let byte = u8::from_str_radix(&pair, 16);
            bytes.push(byte.unwrap_or_else(|_| panic!("{pair:?} is no byte, in {text:?}")));
        }
    }
    bytes
}

/// The bytes as pairs of hexadecimal digits, for messages.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let pairs: Vec<_> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
    pairs.join(" ")
}

/// A number as a variable byte integer, by the algorithm that section 1.5.5 gives in words: tests do
/// not lean on what they test.
pub(crate) fn var_int(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let mut byte = value % 128;
        value /= 128;
        if value > 0 {
            byte += 128;
        }
        bytes.push(byte as u8);
        if value == 0 {
            return bytes;
        }
    }
}

/// A packet of this first byte around this body.
pub(crate) fn framed(first: u8, body: &[u8]) -> Vec<u8> {
    [&[first], &var_int(body.len())[..], body].concat()
}

#[test]
fn notation_is_read_as_it_is_written() {
    assert_eq!(wire("30 07 0003'a/b' 6869"), b"\x30\x07\x00\x03a/bhi");
    assert_eq!(wire("''"), b"");
    assert_eq!(hex(&[0x0A, 0xFF]), "0A FF");
    assert_eq!(framed(0xC0, &[]), [0xC0, 0]);
    assert_eq!(framed(0x30, &[7; 200])[..4], [0x30, 0xC8, 0x01, 7]);
}
