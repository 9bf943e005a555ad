//! Reason codes: one table of all of them (section 2.4), and a type a packet with just the codes
//! that this packet may carry.

#[macro_use]
mod packet_reasons;

mod auth;
mod connack;
mod disconnect;
mod puback;
mod pubcomp;
mod pubrec;
mod pubrel;
mod suback;
mod unsuback;

pub use auth::AuthReason;
pub use connack::ConnackReason;
pub use disconnect::{DisconnectReason, Role};
pub use puback::PubackReason;
pub use pubcomp::PubcompReason;
pub use pubrec::PubrecReason;
pub use pubrel::PubrelReason;
pub use suback::SubackReason;
pub use unsuback::UnsubackReason;

use std::fmt;

/// A number that is not in the table of its packet: reserved, or another packet's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[error("0x{code:02X} is not a reason code of {packet}")]
#[expect(
    clippy::exhaustive_structs,
    reason = "this is all that there is to say"
)]
pub struct UnknownReason {
    /// The number.
    pub code: u8,
    /// The packet whose table was asked, in the standard's spelling.
    pub packet: &'static str,
}

macro_rules! reason_codes {
    ($($(#[$doc:meta])* $name:ident = $value:literal, $text:literal;)*) => {
        /// Every reason code of MQTT 5.0. Below 0x80 is success.
        ///
        /// 0x00 has a name a packet; here it is [`Success`](Self::Success).
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[expect(clippy::exhaustive_enums, reason = "closed by the standard")]
        #[repr(u8)]
        pub enum ReasonCode {
            $($(#[$doc])* $name = $value,)*
        }

        impl ReasonCode {
            /// Every code, lowest first.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The code of this number, if the table has it.
            pub const fn from_u8(code: u8) -> Option<Self> {
                match code {
                    $($value => Some(Self::$name),)*
                    _ => None,
                }
            }

            /// The standard's name in lower case.
            pub const fn text(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }
    };
}

reason_codes! {
    /// Success; in DISCONNECT a normal disconnection, in SUBACK granted QoS 0.
    Success = 0x00, "success";
    /// The subscription was accepted at QoS 1.
    GrantedQos1 = 0x01, "granted QoS 1";
    /// The subscription was accepted at QoS 2.
    GrantedQos2 = 0x02, "granted QoS 2";
    /// The client leaves and wants its will published.
    DisconnectWithWillMessage = 0x04, "disconnect with will message";
    /// The message was accepted, and nobody subscribes to its topic.
    NoMatchingSubscribers = 0x10, "no matching subscribers";
    /// There was no subscription of this filter to end.
    NoSubscriptionExisted = 0x11, "no subscription existed";
    /// Another step of the authentication follows.
    ContinueAuthentication = 0x18, "continue authentication";
    /// The client begins a new authentication on an open connection.
    ReAuthenticate = 0x19, "re-authenticate";
    /// A refusal for no stated reason.
    UnspecifiedError = 0x80, "unspecified error";
    /// The packet could not be parsed.
    MalformedPacket = 0x81, "malformed packet";
    /// The packet broke a rule of the protocol.
    ProtocolError = 0x82, "protocol error";
    /// Valid, and not accepted by this implementation.
    ImplementationSpecificError = 0x83, "implementation specific error";
    /// The server does not speak the version that the client asked for.
    UnsupportedProtocolVersion = 0x84, "unsupported protocol version";
    /// The client identifier is not allowed.
    ClientIdentifierNotValid = 0x85, "client identifier not valid";
    /// The user name or the password is wrong.
    BadUserNameOrPassword = 0x86, "bad user name or password";
    /// The client may not do this.
    NotAuthorized = 0x87, "not authorized";
    /// The server is not available.
    ServerUnavailable = 0x88, "server unavailable";
    /// The server is busy; try again later.
    ServerBusy = 0x89, "server busy";
    /// The client was banned by an administrator.
    Banned = 0x8A, "banned";
    /// The server is shutting down.
    ServerShuttingDown = 0x8B, "server shutting down";
    /// The authentication method is not supported, or not the one in use.
    BadAuthenticationMethod = 0x8C, "bad authentication method";
    /// Nothing came for one and a half times the keep alive.
    KeepAliveTimeout = 0x8D, "keep alive timeout";
    /// Another connection uses the same client identifier.
    SessionTakenOver = 0x8E, "session taken over";
    /// The topic filter is well formed, and not accepted.
    TopicFilterInvalid = 0x8F, "topic filter invalid";
    /// The topic name is well formed, and not accepted.
    TopicNameInvalid = 0x90, "topic name invalid";
    /// The packet identifier is already in use.
    PacketIdentifierInUse = 0x91, "packet identifier in use";
    /// The packet identifier is not known.
    PacketIdentifierNotFound = 0x92, "packet identifier not found";
    /// More messages were sent than the receive maximum allows.
    ReceiveMaximumExceeded = 0x93, "receive maximum exceeded";
    /// The topic alias is zero or above the maximum.
    TopicAliasInvalid = 0x94, "topic alias invalid";
    /// The packet is larger than the maximum packet size.
    PacketTooLarge = 0x95, "packet too large";
    /// The rate of messages is too high.
    MessageRateTooHigh = 0x96, "message rate too high";
    /// A limit of the implementation or of an administrator was exceeded.
    QuotaExceeded = 0x97, "quota exceeded";
    /// The connection was closed by an administrator.
    AdministrativeAction = 0x98, "administrative action";
    /// The payload is not what its format indicator says.
    PayloadFormatInvalid = 0x99, "payload format invalid";
    /// The server has no retained messages.
    RetainNotSupported = 0x9A, "retain not supported";
    /// The QoS is above what the server supports.
    QosNotSupported = 0x9B, "QoS not supported";
    /// Use another server for now.
    UseAnotherServer = 0x9C, "use another server";
    /// Use another server from now on.
    ServerMoved = 0x9D, "server moved";
    /// The server has no shared subscriptions.
    SharedSubscriptionsNotSupported = 0x9E, "shared subscriptions not supported";
    /// Connections are made too fast.
    ConnectionRateExceeded = 0x9F, "connection rate exceeded";
    /// The connection was open for as long as it is allowed to be.
    MaximumConnectTime = 0xA0, "maximum connect time";
    /// The server has no subscription identifiers.
    SubscriptionIdentifiersNotSupported = 0xA1, "subscription identifiers not supported";
    /// The server has no wildcard subscriptions.
    WildcardSubscriptionsNotSupported = 0xA2, "wildcard subscriptions not supported";
}

impl ReasonCode {
    /// Whether this code says no: 0x80 and above.
    pub const fn is_error(self) -> bool {
        self as u8 >= 0x80
    }
}

impl fmt::Display for ReasonCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_number_has_at_most_one_code_and_comes_back() {
        let known: Vec<_> = (0..=u8::MAX).filter_map(ReasonCode::from_u8).collect();
        assert_eq!(known, ReasonCode::ALL);
        assert_eq!(known.len(), 43);
        for code in known {
            assert_eq!(ReasonCode::from_u8(code as u8), Some(code));
        }
    }

    #[test]
    fn success_is_named_as_its_packet_names_it() {
        assert_eq!(SubackReason::GrantedQos0.to_string(), "granted QoS 0");
        assert_eq!(
            DisconnectReason::NormalDisconnection.to_string(),
            "normal disconnection"
        );
        assert_eq!(PubackReason::Success.to_string(), "success");
        assert_eq!(SubackReason::GrantedQos0.code(), ReasonCode::Success);
    }

    #[test]
    fn a_code_of_another_packet_is_unknown_and_says_so() {
        let error = PubackReason::try_from(0x8A).unwrap_err();
        assert_eq!(error.to_string(), "0x8A is not a reason code of PUBACK");
    }
}
