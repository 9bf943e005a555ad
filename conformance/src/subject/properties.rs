//! Properties by the standard's names in snake case, as the shim protocol has them.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::hex;

macro_rules! properties {
    ($($(#[$doc:meta])* $name:ident: $type:ty,)* ; $($(#[$binary_doc:meta])* $binary:ident = $hex:literal,)*) => {
        /// The properties of a packet, those that are there.
        #[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(default)]
        #[expect(clippy::exhaustive_structs, reason = "closed by the standard")]
        pub struct Properties {
            $(
                $(#[$doc])*
                #[serde(skip_serializing_if = "Option::is_none")]
                pub $name: Option<$type>,
            )*
            $(
                $(#[$binary_doc])*
                #[serde(rename = $hex, with = "hex::option", skip_serializing_if = "Option::is_none")]
                pub $binary: Option<Vec<u8>>,
            )*
            /// Names and values of the applications' own, in their order.
            #[serde(skip_serializing_if = "Vec::is_empty")]
            pub user_property: Vec<(String, String)>,
            /// A number in SUBSCRIBE, any number of them in a message.
            #[serde(
                serialize_with = "one_or_many",
                deserialize_with = "from_one_or_many",
                skip_serializing_if = "Vec::is_empty"
            )]
            pub subscription_identifier: Vec<u32>,
        }
    };
}

properties! {
    /// 1 where the payload is text.
    payload_format_indicator: u8,
    /// In seconds.
    message_expiry_interval: u32,
    /// What the payload is.
    content_type: String,
    /// Where an answer is expected.
    response_topic: String,
    /// In seconds.
    session_expiry_interval: u32,
    /// The identifier that the server chose.
    assigned_client_identifier: String,
    /// In seconds.
    server_keep_alive: u16,
    /// The name of the method.
    authentication_method: String,
    /// 0 or 1.
    request_problem_information: u8,
    /// In seconds.
    will_delay_interval: u32,
    /// 0 or 1.
    request_response_information: u8,
    /// From what response topics can be made.
    response_information: String,
    /// Which server to use instead.
    server_reference: String,
    /// What the sender says about its reason code.
    reason_string: String,
    /// How many QoS 1 and 2 messages may be open.
    receive_maximum: u16,
    /// The highest topic alias.
    topic_alias_maximum: u16,
    /// The number that stands for the topic.
    topic_alias: u16,
    /// 0 or 1.
    maximum_qos: u8,
    /// 0 or 1.
    retain_available: u8,
    /// In bytes.
    maximum_packet_size: u32,
    /// 0 or 1.
    wildcard_subscription_available: u8,
    /// 0 or 1.
    subscription_identifier_available: u8,
    /// 0 or 1.
    shared_subscription_available: u8,
    ;
    /// What an answer is to be marked with.
    correlation_data = "correlation_data_hex",
    /// What the authentication method has to say.
    authentication_data = "authentication_data_hex",
}

/// As JSON, which leaves out what is not there: a failure is read by people.
impl fmt::Debug for Properties {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&serde_json::to_string(self).map_err(|_| fmt::Error)?)
    }
}

impl Properties {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

#[derive(Deserialize)]
#[serde(untagged)]
enum OneOrMany {
    One(u32),
    Many(Vec<u32>),
}

fn one_or_many<S: Serializer>(identifiers: &[u32], serializer: S) -> Result<S::Ok, S::Error> {
    match identifiers {
        [one] => serializer.serialize_u32(*one),
        many => many.serialize(serializer),
    }
}

fn from_one_or_many<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u32>, D::Error> {
    Ok(match OneOrMany::deserialize(deserializer)? {
        OneOrMany::One(one) => vec![one],
        OneOrMany::Many(many) => many,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_properties_are_absent_and_repeats_stay_in_order() {
        let json = concat!(
            r#"{"reason_string":"no","correlation_data_hex":"ff","#,
            r#""user_property":[["a","1"],["a","2"]],"subscription_identifier":7}"#
        );
        let properties: Properties = serde_json::from_str(json).unwrap();
        assert_eq!(properties.subscription_identifier, [7]);
        assert_eq!(properties.correlation_data, Some(vec![0xFF]));
        assert_eq!(serde_json::to_string(&properties).unwrap(), json);
        assert_eq!(serde_json::to_string(&Properties::default()).unwrap(), "{}");
    }
}
