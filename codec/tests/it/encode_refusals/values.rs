//! The types of values: what is too long or holds what it must not does not come to be.

use nack_codec::{Binary, PacketId, Text, TextError, TopicError, TopicFilter, TopicName};

#[test]
fn values_that_cannot_be_said_do_not_exist() {
    let long = "x".repeat(65_536);
    assert_eq!(Text::new(&long[1..]).map(Text::get), Ok(&long[1..]));
    assert_eq!(
        Text::new(&long[..]),
        Err(TextError::TooLong { length: 65_536 })
    );
    assert_eq!(Text::new("a\0"), Err(TextError::Nul { offset: 1 }));
    assert!(Binary::new(&long.as_bytes()[1..]).is_some());
    assert!(Binary::new(long.as_bytes()).is_none());
    assert!(TopicName::new(&long[1..]).is_ok());
    let too_long = TopicError::Text(TextError::TooLong { length: 65_536 });
    assert_eq!(TopicName::new(&long[..]), Err(too_long));
    assert_eq!(TopicFilter::new(&long[..]), Err(too_long));
    assert_eq!(
        TopicFilter::new("a\0"),
        Err(TopicError::Text(TextError::Nul { offset: 1 }))
    );
    assert_eq!(PacketId::new(0), None);
    assert_eq!(PacketId::MAX.next(), PacketId::MIN);
}
