//! The properties of a packet, by name.

use nack_codec::{Properties, Property};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::data::data;
use crate::scenario::Data;

macro_rules! properties {
    ($($name:ident: $type:ty = $property:ident($value:ident) $map:expr;)*) => {
        /// The properties of a packet; those that it does not have are absent.
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
        #[expect(clippy::exhaustive_structs, reason = "closed by the standard")]
        #[expect(missing_docs, reason = "the names are those of the standard")]
        pub struct DecodedProperties {
            $(
                #[serde(default, skip_serializing_if = "Option::is_none")]
                pub $name: Option<$type>,
            )*
            #[serde(default, skip_serializing_if = "Vec::is_empty")]
            pub subscription_identifier: Vec<u32>,
            /// Pairs of a name and a value.
            #[serde(default, skip_serializing_if = "Vec::is_empty")]
            pub user_property: Vec<[String; 2]>,
        }

        impl DecodedProperties {
            fn add(&mut self, property: Property<'_>, room: usize) {
                let _ = room;
                match property {
                    $(Property::$property($value) => self.$name = Some($map(room)),)*
                    Property::SubscriptionIdentifier(number) => {
                        self.subscription_identifier.push(number);
                    }
                    Property::UserProperty(name, value) => {
                        let pair = [name.get().to_owned(), value.get().to_owned()];
                        self.user_property.push(pair);
                    }
                }
            }
        }
    };
}

properties! {
    payload_format_indicator: u8 = PayloadFormatIndicator(it) |_| u8::from(it);
    message_expiry_interval: u32 = MessageExpiryInterval(it) |_| it;
    content_type: String = ContentType(it) |_| it.get().to_owned();
    response_topic: String = ResponseTopic(it) |_| it.get().to_owned();
    correlation_data: Data = CorrelationData(it) |room| data(it.get(), room);
    session_expiry_interval: u32 = SessionExpiryInterval(it) |_| it;
    assigned_client_identifier: String = AssignedClientIdentifier(it) |_| it.get().to_owned();
    server_keep_alive: u16 = ServerKeepAlive(it) |_| it;
    authentication_method: String = AuthenticationMethod(it) |_| it.get().to_owned();
    authentication_data: Data = AuthenticationData(it) |room| data(it.get(), room);
    request_problem_information: u8 = RequestProblemInformation(it) |_| u8::from(it);
    will_delay_interval: u32 = WillDelayInterval(it) |_| it;
    request_response_information: u8 = RequestResponseInformation(it) |_| u8::from(it);
    response_information: String = ResponseInformation(it) |_| it.get().to_owned();
    server_reference: String = ServerReference(it) |_| it.get().to_owned();
    reason_string: String = ReasonString(it) |_| it.get().to_owned();
    receive_maximum: u16 = ReceiveMaximum(it) |_| it;
    topic_alias_maximum: u16 = TopicAliasMaximum(it) |_| it;
    topic_alias: u16 = TopicAlias(it) |_| it;
    maximum_qos: u8 = MaximumQos(it) |_| it as u8;
    retain_available: u8 = RetainAvailable(it) |_| u8::from(it);
    maximum_packet_size: u32 = MaximumPacketSize(it) |_| it;
    wildcard_subscription_available: u8 = WildcardSubscriptionAvailable(it) |_| u8::from(it);
    subscription_identifier_available: u8 = SubscriptionIdentifierAvailable(it) |_| u8::from(it);
    shared_subscription_available: u8 = SharedSubscriptionAvailable(it) |_| u8::from(it);
}

impl DecodedProperties {
    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

pub(super) fn properties(block: Properties<&[u8]>, room: usize) -> DecodedProperties {
    let mut properties = DecodedProperties::default();
    for property in block.iter() {
        properties.add(property, room);
    }
    properties
}
