//! Names what came where another protocol is spoken.

/// What bytes begin with, if it is a protocol that is often taken for another, but for MQTT.
pub(super) fn named(begin: &[u8]) -> Option<&'static str> {
    let method = begin.split(|byte| *byte == b' ').next().unwrap_or_default();
    if begin.starts_with(&[22, 3]) {
        // A record of a handshake, of any version since SSL 3.0.
        Some("a ClientHello of TLS")
    } else if (3..8).contains(&method.len()) && method.iter().all(u8::is_ascii_uppercase) {
        Some("a request of plain HTTP")
    } else {
        None
    }
}

/// What bytes begin with, where MQTT is not spoken at once.
#[cfg(any(feature = "tls", feature = "websocket"))]
pub(super) fn stranger(begin: &[u8]) -> String {
    let is_mqtt = begin.first() == Some(&0x10)
        && begin
            .windows(4)
            .any(|word| word == b"MQTT" || word == b"MQIs");
    if is_mqtt {
        return "a CONNECT of plain MQTT".to_owned();
    }
    match named(begin) {
        Some(named) => named.to_owned(),
        None => format!("\"{}\"", begin[..begin.len().min(16)].escape_ascii()),
    }
}

#[cfg(all(test, any(feature = "tls", feature = "websocket")))]
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
