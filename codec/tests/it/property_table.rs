//! Table 2-4 once more, written down from the standard: every property with examples of its bytes,
//! values that it must not have, and the packets that may carry it.

use nack_codec::PacketType::{
    Auth, Connack, Connect, Disconnect, Puback, Pubcomp, Publish, Pubrec, Pubrel, Suback,
    Subscribe, Unsuback, Unsubscribe,
};
use nack_codec::{Binary, PacketType, Properties, Property, PropertyOwner, QoS, Text, TopicName};

use crate::notation::{framed, var_int, wire};

/// One property.
pub(crate) struct Row {
    pub(crate) id: u8,
    pub(crate) name: &'static str,
    /// Where it is allowed; [`WILL`] for the will of CONNECT.
    pub(crate) owners: Vec<PropertyOwner>,
    pub(crate) examples: Vec<Example>,
    /// Bytes that hold this number, which the property must not have.
    pub(crate) out_of_range: &'static [(&'static str, u32)],
}

/// Bytes of a property and what they are.
pub(crate) struct Example {
    pub(crate) notation: &'static str,
    pub(crate) value: Property<'static>,
    /// Whether the accessor of the property finds the value.
    pub(crate) found: fn(&Properties<&[u8]>) -> bool,
}

pub(crate) const WILL: PropertyOwner = PropertyOwner::Will;

/// Everything that has properties.
pub(crate) const OWNERS: &[PropertyOwner] = &[
    of(Connect),
    WILL,
    of(Connack),
    of(Publish),
    of(Puback),
    of(Pubrec),
    of(Pubrel),
    of(Pubcomp),
    of(Subscribe),
    of(Suback),
    of(Unsubscribe),
    of(Unsuback),
    of(Disconnect),
    of(Auth),
];

const fn of(packet: PacketType) -> PropertyOwner {
    PropertyOwner::Packet(packet)
}

impl Row {
    /// Whether one packet of this kind may carry the property more than once.
    pub(crate) fn may_repeat_in(&self, owner: PropertyOwner) -> bool {
        self.id == 0x26 || (self.id == 0x0B && owner == of(Publish))
    }
}

fn text(text: &'static str) -> Text<&'static str> {
    Text::new(text).expect("fits")
}

fn topic(topic: &'static str) -> TopicName<&'static str> {
    TopicName::new(topic).expect("has no wildcard")
}

fn binary(bytes: &'static [u8]) -> Binary<&'static [u8]> {
    Binary::new(bytes).expect("fits")
}

/// Every property, lowest identifier first.
pub(crate) fn rows() -> Vec<Row> {
    macro_rules! rows {
        ($($id:literal $name:literal in [$($owner:expr),*] $([except $($bad:literal is $number:literal),*])?
            { $($notation:literal => $variant:ident($($value:expr),*), $found:expr;)* })*) => {
            vec![$(Row {
                id: $id,
                name: $name,
                owners: Vec::from([$($owner),*]),
                examples: vec![$(Example {
                    notation: $notation,
                    value: Property::$variant($($value),*),
                    found: $found,
                }),*],
                out_of_range: &[$($(($bad, $number)),*)?],
            }),*]
        };
    }
    let mut rows = rows! {
        0x01 "payload format indicator" in [of(Publish), WILL] [except "02" is 2, "FF" is 255] {
            "01 00" => PayloadFormatIndicator(false), |p| p.payload_format_indicator() == Some(false);
            "01 01" => PayloadFormatIndicator(true), |p| p.payload_format_indicator() == Some(true);
        }
        0x02 "message expiry interval" in [of(Publish), WILL] {
            "02 0000003C" => MessageExpiryInterval(60), |p| p.message_expiry_interval() == Some(60);
            "02 FFFFFFFF" => MessageExpiryInterval(0xFFFF_FFFF), |p| p.message_expiry_interval() == Some(0xFFFF_FFFF);
        }
        0x03 "content type" in [of(Publish), WILL] {
            "03 0004'text'" => ContentType(text("text")), |p| p.content_type() == Some("text");
        }
        0x08 "response topic" in [of(Publish), WILL] {
            "08 0003'r/1'" => ResponseTopic(topic("r/1")), |p| p.response_topic() == Some(topic("r/1"));
        }
        0x09 "correlation data" in [of(Publish), WILL] {
            "09 0003 CA00FE" => CorrelationData(binary(&[0xCA, 0, 0xFE])), |p| p.correlation_data() == Some(&[0xCA, 0, 0xFE]);
        }
        0x0B "subscription identifier" in [of(Publish), of(Subscribe)] [except "00" is 0] {
            "0B 01" => SubscriptionIdentifier(1), |p| p.subscription_identifiers().eq([1]);
            "0B FFFFFF7F" => SubscriptionIdentifier(268_435_455), |p| p.subscription_identifiers().eq([268_435_455]);
        }
        0x11 "session expiry interval" in [of(Connect), of(Connack), of(Disconnect)] {
            "11 0000000A" => SessionExpiryInterval(10), |p| p.session_expiry_interval() == Some(10);
            "11 FFFFFFFF" => SessionExpiryInterval(0xFFFF_FFFF), |p| p.session_expiry_interval() == Some(0xFFFF_FFFF);
        }
        0x12 "assigned client identifier" in [of(Connack)] {
            "12 0002'id'" => AssignedClientIdentifier(text("id")), |p| p.assigned_client_identifier() == Some("id");
        }
        0x13 "server keep alive" in [of(Connack)] {
            "13 001E" => ServerKeepAlive(30), |p| p.server_keep_alive() == Some(30);
            "13 0000" => ServerKeepAlive(0), |p| p.server_keep_alive() == Some(0);
        }
        0x15 "authentication method" in [of(Connect), of(Connack), of(Auth)] {
            "15 0001'm'" => AuthenticationMethod(text("m")), |p| p.authentication_method() == Some("m");
        }
        0x16 "authentication data" in [of(Connect), of(Connack), of(Auth)] {
            "16 0002 00FF" => AuthenticationData(binary(&[0, 0xFF])), |p| p.authentication_data() == Some(&[0, 0xFF]);
        }
        0x17 "request problem information" in [of(Connect)] [except "02" is 2] {
            "17 00" => RequestProblemInformation(false), |p| p.request_problem_information() == Some(false);
            "17 01" => RequestProblemInformation(true), |p| p.request_problem_information() == Some(true);
        }
        0x18 "will delay interval" in [WILL] {
            "18 00000005" => WillDelayInterval(5), |p| p.will_delay_interval() == Some(5);
        }
        0x19 "request response information" in [of(Connect)] [except "02" is 2] {
            "19 00" => RequestResponseInformation(false), |p| p.request_response_information() == Some(false);
            "19 01" => RequestResponseInformation(true), |p| p.request_response_information() == Some(true);
        }
        0x1A "response information" in [of(Connack)] {
            "1A 0002'r/'" => ResponseInformation(text("r/")), |p| p.response_information() == Some("r/");
        }
        0x1C "server reference" in [of(Connack), of(Disconnect)] {
            "1C 0002's2'" => ServerReference(text("s2")), |p| p.server_reference() == Some("s2");
        }
        0x1F "reason string" in [
            of(Connack), of(Puback), of(Pubrec), of(Pubrel), of(Pubcomp), of(Suback), of(Unsuback),
            of(Disconnect), of(Auth)
        ] {
            "1F 0003'bye'" => ReasonString(text("bye")), |p| p.reason_string() == Some("bye");
        }
        0x21 "receive maximum" in [of(Connect), of(Connack)] [except "0000" is 0] {
            "21 0001" => ReceiveMaximum(1), |p| p.receive_maximum() == Some(1);
            "21 FFFF" => ReceiveMaximum(65_535), |p| p.receive_maximum() == Some(65_535);
        }
        0x22 "topic alias maximum" in [of(Connect), of(Connack)] {
            "22 0000" => TopicAliasMaximum(0), |p| p.topic_alias_maximum() == Some(0);
            "22 FFFF" => TopicAliasMaximum(65_535), |p| p.topic_alias_maximum() == Some(65_535);
        }
        0x23 "topic alias" in [of(Publish)] [except "0000" is 0] {
            "23 0001" => TopicAlias(1), |p| p.topic_alias() == Some(1);
            "23 FFFF" => TopicAlias(65_535), |p| p.topic_alias() == Some(65_535);
        }
        0x24 "maximum QoS" in [of(Connack)] [except "02" is 2, "03" is 3, "FF" is 255] {
            "24 00" => MaximumQos(QoS::AtMostOnce), |p| p.maximum_qos() == Some(QoS::AtMostOnce);
            "24 01" => MaximumQos(QoS::AtLeastOnce), |p| p.maximum_qos() == Some(QoS::AtLeastOnce);
        }
        0x25 "retain available" in [of(Connack)] [except "02" is 2] {
            "25 00" => RetainAvailable(false), |p| p.retain_available() == Some(false);
            "25 01" => RetainAvailable(true), |p| p.retain_available() == Some(true);
        }
        0x26 "user property" in [] {
            "26 0001'k'0001'v'" => UserProperty(text("k"), text("v")), |p| p.user_properties().eq([("k", "v")]);
            "26 0000 0000" => UserProperty(text(""), text("")), |p| p.user_properties().eq([("", "")]);
        }
        0x27 "maximum packet size" in [of(Connect), of(Connack)] [except "00000000" is 0] {
            "27 00000001" => MaximumPacketSize(1), |p| p.maximum_packet_size() == Some(1);
            "27 FFFFFFFF" => MaximumPacketSize(0xFFFF_FFFF), |p| p.maximum_packet_size() == Some(0xFFFF_FFFF);
        }
        0x28 "wildcard subscription available" in [of(Connack)] [except "02" is 2] {
            "28 00" => WildcardSubscriptionAvailable(false), |p| p.wildcard_subscription_available() == Some(false);
            "28 01" => WildcardSubscriptionAvailable(true), |p| p.wildcard_subscription_available() == Some(true);
        }
        0x29 "subscription identifier available" in [of(Connack)] [except "02" is 2] {
            "29 00" => SubscriptionIdentifierAvailable(false), |p| p.subscription_identifier_available() == Some(false);
            "29 01" => SubscriptionIdentifierAvailable(true), |p| p.subscription_identifier_available() == Some(true);
        }
        0x2A "shared subscription available" in [of(Connack)] [except "02" is 2] {
            "2A 00" => SharedSubscriptionAvailable(false), |p| p.shared_subscription_available() == Some(false);
            "2A 01" => SharedSubscriptionAvailable(true), |p| p.shared_subscription_available() == Some(true);
        }
    };
    for row in &mut rows {
        if row.id == 0x26 {
            row.owners.extend(OWNERS);
        }
    }
    rows
}

/// A packet of MQTT 5.0 with these properties, and where in it the block lies.
pub(crate) fn packet_with_properties(owner: PropertyOwner, block: &[u8]) -> (Vec<u8>, usize) {
    let (first, before, after) = match owner {
        WILL => (0x10, "0004'MQTT' 05 06 003C 00 0001'a'", "0001'w' 0000"),
        PropertyOwner::Packet(packet) => match packet {
            Connect => (0x10, "0004'MQTT' 05 02 003C", "0001'a'"),
            Connack => (0x20, "00 00", ""),
            Publish => (0x32, "0001't' 000A", "'hi'"),
            Puback => (0x40, "000A 00", ""),
            Pubrec => (0x50, "000A 00", ""),
            Pubrel => (0x62, "000A 00", ""),
            Pubcomp => (0x70, "000A 00", ""),
            Subscribe => (0x82, "000A", "0001'f' 00"),
            Suback => (0x90, "000A", "00"),
            Unsubscribe => (0xA2, "000A", "0001'f'"),
            Unsuback => (0xB0, "000A", "00"),
            Disconnect => (0xE0, "00", ""),
            Auth => (0xF0, "18", ""),
            other => panic!("{other} has no properties"),
        },
    };
    let (before, after) = (wire(before), wire(after));
    let body = [&before[..], &var_int(block.len()), block, &after].concat();
    let packet = framed(first, &body);
    let offset = packet.len() - after.len() - block.len();
    (packet, offset)
}

/// The authentication method, where a block of this owner with this property needs it in front.
pub(crate) fn needed_before(owner: PropertyOwner, id: u8) -> Vec<u8> {
    let needed = id != 0x15 && owner == of(Auth) || id == 0x16 && owner == of(Connect);
    if needed {
        wire("15 0001'm'")
    } else {
        Vec::new()
    }
}
