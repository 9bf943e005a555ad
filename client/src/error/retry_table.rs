//! Which refusal leads to which advice, in one place.

use std::sync::Arc;

use nack_codec::{PacketType, ReasonCode};

use super::{Refusal, Retry};

/// Which refusal leads to which advice: the table behind `retry()` of every error.
///
/// The standard says what a code means, and not always whether it lasts, so applications disagree
/// with this table and are right to: an access list that is filled while devices come on-line makes
/// [`NotAuthorized`](ReasonCode::NotAuthorized) pass. [`with`](Self::with) and
/// [`with_in`](Self::with_in) change it, and [`Options::retry_table`](crate::Options::retry_table)
/// gives it to a client:
///
/// ```
/// use nack_client::{Options, PacketType, ReasonCode, Retry, RetryTable};
///
/// let table = RetryTable::new()
///     .with(ReasonCode::QuotaExceeded, Retry::Never)
///     .with_in(PacketType::Suback, ReasonCode::NotAuthorized, Retry::Later);
/// let options = Options::new("broker.example").retry_table(table);
/// ```
///
/// Where nothing was changed, it says:
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
#[derive(Clone, Debug, Default)]
pub struct RetryTable {
    /// Shared with every refusal, which is asked when the connection may be gone.
    changes: Arc<Vec<Change>>,
}

#[derive(Clone, Debug)]
struct Change {
    /// `None` for every packet.
    packet: Option<PacketType>,
    code: ReasonCode,
    advice: Retry,
}

impl RetryTable {
    /// The table as it is printed above.
    pub fn new() -> Self {
        Self::default()
    }

    /// Gives other advice about a code, in whichever packet it comes. What is said later holds.
    ///
    /// [`Retry::Elsewhere`] without a server stands for the one that the broker names, if it does.
    /// [`Later`](Retry::Later) about a DISCONNECT means a new connection, and is given as
    /// [`Reconnect`](Retry::Reconnect).
    pub fn with(self, code: ReasonCode, advice: Retry) -> Self {
        self.changed(None, code, advice)
    }

    /// The same, about the code in just this packet.
    pub fn with_in(self, packet: PacketType, code: ReasonCode, advice: Retry) -> Self {
        self.changed(Some(packet), code, advice)
    }

    fn changed(mut self, packet: Option<PacketType>, code: ReasonCode, advice: Retry) -> Self {
        Arc::make_mut(&mut self.changes).push(Change {
            packet,
            code,
            advice,
        });
        self
    }

    /// The advice about a refusal, whichever table its own client has.
    pub fn advice(&self, refusal: &Refusal<'_>) -> Retry {
        match self.about(refusal.packet(), refusal.code()) {
            Retry::Elsewhere(None) => {
                Retry::Elsewhere(refusal.server_reference().map(str::to_owned))
            }
            advice => advice,
        }
    }

    fn about(&self, packet: PacketType, code: ReasonCode) -> Retry {
        self.changes
            .iter()
            .rev()
            .find(|change| {
                change.code == code && change.packet.is_none_or(|wanted| wanted == packet)
            })
            .map_or_else(|| by_default(packet, code), |change| change.advice.clone())
    }
}

fn by_default(packet: PacketType, code: ReasonCode) -> Retry {
    use ReasonCode as Code;

    let ends_connection = matches!(packet, PacketType::Connack | PacketType::Disconnect);
    match code {
        Code::UnspecifiedError if ends_connection => Retry::Later,
        Code::UnspecifiedError | Code::PacketIdentifierNotFound => Retry::CallerDecides,
        Code::ServerUnavailable
        | Code::ServerBusy
        | Code::ServerShuttingDown
        | Code::KeepAliveTimeout
        | Code::MessageRateTooHigh
        | Code::QuotaExceeded
        | Code::AdministrativeAction
        | Code::ConnectionRateExceeded
        | Code::MaximumConnectTime => Retry::Later,
        Code::PacketIdentifierInUse => Retry::NewSession,
        Code::UseAnotherServer | Code::ServerMoved => Retry::Elsewhere(None),
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
        | Code::WildcardSubscriptionsNotSupported => Retry::Never,
        // Only a DISCONNECT with 0x00 comes here among the codes below 0x80: the broker ended
        // the connection in order, and says nothing against a new one.
        Code::Success
        | Code::GrantedQos1
        | Code::GrantedQos2
        | Code::DisconnectWithWillMessage
        | Code::NoMatchingSubscribers
        | Code::NoSubscriptionExisted
        | Code::ContinueAuthentication
        | Code::ReAuthenticate => Retry::Later,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_said_last_holds() {
        let code = ReasonCode::ServerBusy;
        let table = RetryTable::new()
            .with_in(PacketType::Connack, code, Retry::Never)
            .with(code, Retry::CallerDecides)
            .with_in(PacketType::Disconnect, code, Retry::NewSession);
        assert_eq!(table.about(PacketType::Connack, code), Retry::CallerDecides);
        assert_eq!(table.about(PacketType::Disconnect, code), Retry::NewSession);
        let other = ReasonCode::ServerUnavailable;
        assert_eq!(table.about(PacketType::Connack, other), Retry::Later);
    }

    #[test]
    fn a_table_is_not_changed_by_changing_its_copy() {
        let code = ReasonCode::ServerBusy;
        let table = RetryTable::new().with(code, Retry::Never);
        let copy = table.clone().with(code, Retry::NewSession);
        assert_eq!(table.about(PacketType::Connack, code), Retry::Never);
        assert_eq!(copy.about(PacketType::Connack, code), Retry::NewSession);
    }
}
