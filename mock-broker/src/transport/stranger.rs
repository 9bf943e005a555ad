//! Names what came where another protocol is spoken.

/// What bytes begin with, for people.
pub(super) fn stranger(begin: &[u8]) -> String {
    let mqtt = begin.first() == Some(&0x10)
        && begin
            .windows(4)
            .any(|word| word == b"MQTT" || word == b"MQIs");
    let http = begin
        .split(|byte| *byte == b' ')
        .next()
        .is_some_and(|method| {
            (3..8).contains(&method.len()) && method.iter().all(u8::is_ascii_uppercase)
        });
    // A record of a handshake, of any version since SSL 3.0.
    let tls = begin.starts_with(&[22, 3]);
    if mqtt {
        "a CONNECT of plain MQTT".to_owned()
    } else if http {
        "a request of plain HTTP".to_owned()
    } else if tls {
        "a ClientHello of TLS".to_owned()
    } else {
        let shown = &begin[..begin.len().min(16)];
        format!("\"{}\"", shown.escape_ascii())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strangers_are_named_by_how_they_begin() {
        let check = |begin: &[u8], expected: &str| assert_eq!(stranger(begin), expected);
        check(b"\x10\x0D\x00\x04MQTT\x04", "a CONNECT of plain MQTT");
        check(b"\x10\x0F\x00\x06MQIsdp\x03", "a CONNECT of plain MQTT");
        check(b"GET / HTTP/1.1\r\n", "a request of plain HTTP");
        check(b"\x16\x03\x01\x02\x00", "a ClientHello of TLS");
        check(b"\x10", "\"\\x10\"");
        check(b"", "\"\"");
        check(b"hello, is there anybody?", "\"hello, is there \"");
    }
}
