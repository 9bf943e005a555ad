//! What may be tried after an error: the advice, in one place.

use nack_codec::{PacketType, ReasonCode};

use super::Refusal;

/// What may be tried after an error. Computed from the reason code, the packet and the phase, never
/// from text.
///
/// It is advice: a caller that knows its broker better matches on the error first, and asks for
/// advice only about the rest.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Retry {
    /// The same request will fail again: the request, the configuration or the permissions must
    /// change first.
    Never,
    /// The same request may pass later. Back off first, with jitter, and a limit.
    Later,
    /// The connection is gone, and the request may pass on a new one.
    Reconnect,
    /// Ask another server; this one, if the broker named it.
    Elsewhere(Option<String>),
    /// The two sides disagree about the session: connect again with clean start.
    NewSession,
    /// The standard does not say whether the refusal lasts. Do not repeat it automatically.
    CallerDecides,
}

impl Retry {
    /// Whether the same operation on the same server may pass without anything else changing:
    /// [`Later`](Self::Later) or [`Reconnect`](Self::Reconnect).
    pub const fn is_worthwhile(&self) -> bool {
        matches!(self, Self::Later | Self::Reconnect)
    }

    /// The advice for a refusal.
    ///
    /// | code | advice | why |
    /// |---|---|---|
    /// | 0x80 | CONNACK, DISCONNECT: `Later`; acknowledgements: `CallerDecides` | brokers use it for lasting refusals too; 3.1.1 has no other code in SUBACK |
    /// | 0x81, 0x82 | `Never` | the same bytes fail again |
    /// | 0x83 | `Never` | valid, and not wanted by this broker |
    /// | 0x84 – 0x87, 0x8A, 0x8C | `Never` | version, identifier, credentials, permissions or ban must change |
    /// | 0x88, 0x89, 0x8B, 0x9F | `Later` | the broker is not available, busy, stopping, or slowing clients down |
    /// | 0x8D, 0xA0 | `Later` | a fresh connection is what it asks for |
    /// | 0x8E | `Never` | two clients with one identifier would kick each other in turn |
    /// | 0x8F, 0x90, 0x99 | `Never` | filter, topic or payload must change |
    /// | 0x91 | `NewSession` | the two sides disagree about what is in flight |
    /// | 0x92 | `CallerDecides` | the exchange is over, and nobody knows how it ended |
    /// | 0x93, 0x94, 0x95 | `Never` | an announced limit was ignored |
    /// | 0x96, 0x97, 0x98 | `Later` | rate, quota and operators' actions pass |
    /// | 0x9A, 0x9B, 0x9E, 0xA1, 0xA2 | `Never` | the broker does not have the feature |
    /// | 0x9C, 0x9D | `Elsewhere` | with the server reference, if there is one |
    pub fn after(refusal: &Refusal<'_>) -> Self {
        use ReasonCode as Code;

        let ends_connection = matches!(
            refusal.packet(),
            PacketType::Connack | PacketType::Disconnect
        );
        match refusal.code() {
            Code::UnspecifiedError if ends_connection => Self::Later,
            Code::UnspecifiedError | Code::PacketIdentifierNotFound => Self::CallerDecides,
            Code::ServerUnavailable
            | Code::ServerBusy
            | Code::ServerShuttingDown
            | Code::KeepAliveTimeout
            | Code::MessageRateTooHigh
            | Code::QuotaExceeded
            | Code::AdministrativeAction
            | Code::ConnectionRateExceeded
            | Code::MaximumConnectTime => Self::Later,
            Code::PacketIdentifierInUse => Self::NewSession,
            Code::UseAnotherServer | Code::ServerMoved => {
                Self::Elsewhere(refusal.server_reference().map(str::to_owned))
            }
            Code::MalformedPacket
            | Code::ProtocolError
            | Code::ImplementationSpecificError
            | Code::UnsupportedProtocolVersion
            | Code::ClientIdentifierNotValid
            | Code::BadUserNameOrPassword
            | Code::NotAuthorized
            | Code::Banned
            | Code::BadAuthenticationMethod
            | Code::SessionTakenOver
            | Code::TopicFilterInvalid
            | Code::TopicNameInvalid
            | Code::ReceiveMaximumExceeded
            | Code::TopicAliasInvalid
            | Code::PacketTooLarge
            | Code::PayloadFormatInvalid
            | Code::RetainNotSupported
            | Code::QosNotSupported
            | Code::SharedSubscriptionsNotSupported
            | Code::SubscriptionIdentifiersNotSupported
            | Code::WildcardSubscriptionsNotSupported => Self::Never,
            // Only a DISCONNECT with 0x00 comes here among the codes below 0x80: the broker ended
            // the connection in order, and says nothing against a new one.
            Code::Success
            | Code::GrantedQos1
            | Code::GrantedQos2
            | Code::DisconnectWithWillMessage
            | Code::NoMatchingSubscribers
            | Code::NoSubscriptionExisted
            | Code::ContinueAuthentication
            | Code::ReAuthenticate => Self::Later,
        }
    }
}
