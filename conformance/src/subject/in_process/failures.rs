//! The errors of our client, as the shim protocol tells them.

use std::error::Error;

use nack_client::{
    ConnectError, ConnectionLost, Delivery as ClientDelivery, DisconnectError, Invalid,
    PublishError, Refusal, Retry, SubscribeError, UnsubscribeError,
};
use nack_codec::{PacketType, ReasonCode, Version};

use super::super::{Advice, Delivery, Failure, FailureKind, Properties};

/// Tells an error of one operation. The version says whose statement a violation breaks.
pub(super) trait Explain {
    fn explain(&self, version: Version) -> Failure;
}

impl Explain for ConnectError {
    fn explain(&self, version: Version) -> Failure {
        let failure = match self {
            Self::Refused(refused) => typed(
                refused.as_refusal(),
                refused.reason().as_u8(),
                PacketType::Connack,
            ),
            Self::ConnectionLost(lost) => of_lost(lost, version),
            Self::Timeout(_) => kind(FailureKind::Timeout),
            Self::Resolve(_) | Self::Io(_) => kind(FailureKind::Closed),
            Self::Invalid(invalid) => of_invalid(invalid),
            Self::Reentrant(_) => kind(FailureKind::Usage),
            _ => kind(FailureKind::Other),
        };
        finish(failure, self, &self.retry(), None)
    }
}

impl Explain for PublishError {
    fn explain(&self, version: Version) -> Failure {
        let failure = match self {
            Self::Refused(refused) => {
                let code = ReasonCode::from(refused.reason()) as u8;
                typed(refused.as_refusal(), code, refused.packet())
            }
            Self::ConnectionLost { cause, .. } => of_lost(cause, version),
            Self::Timeout { .. } => kind(FailureKind::Timeout),
            Self::Invalid(invalid) => of_invalid(invalid),
            Self::NotConnected => kind(FailureKind::Closed),
            _ => kind(FailureKind::Other),
        };
        finish(failure, self, &self.retry(), Some(self.delivery()))
    }
}

impl Explain for SubscribeError {
    fn explain(&self, version: Version) -> Failure {
        let failure = match self {
            Self::Refused(refused) => {
                let verdicts = refused.verdicts().iter();
                let reasons = verdicts.map(|verdict| verdict.reason.as_u8()).collect();
                let code = refused.reason().as_u8();
                Failure {
                    reasons,
                    ..typed(refused.as_refusal(), code, PacketType::Suback)
                }
            }
            Self::ConnectionLost(lost) => of_lost(lost, version),
            Self::Timeout(_) => kind(FailureKind::Timeout),
            Self::Invalid(invalid) => of_invalid(invalid),
            Self::NotConnected => kind(FailureKind::Closed),
            _ => kind(FailureKind::Other),
        };
        finish(failure, self, &self.retry(), None)
    }
}

impl Explain for UnsubscribeError {
    fn explain(&self, version: Version) -> Failure {
        let failure = match self {
            Self::Refused(refused) => {
                let verdicts = refused.verdicts().iter();
                let reasons = verdicts.map(|verdict| verdict.reason.as_u8()).collect();
                let code = refused.reason().as_u8();
                Failure {
                    reasons,
                    ..typed(refused.as_refusal(), code, PacketType::Unsuback)
                }
            }
            Self::ConnectionLost(lost) => of_lost(lost, version),
            Self::Timeout(_) => kind(FailureKind::Timeout),
            Self::Invalid(invalid) => of_invalid(invalid),
            Self::NotConnected => kind(FailureKind::Closed),
            _ => kind(FailureKind::Other),
        };
        finish(failure, self, &self.retry(), None)
    }
}

impl Explain for DisconnectError {
    fn explain(&self, version: Version) -> Failure {
        let failure = match self {
            Self::ConnectionLost(lost) => of_lost(lost, version),
            Self::Timeout(_) => kind(FailureKind::Timeout),
            Self::Invalid(invalid) => of_invalid(invalid),
            Self::NotConnected => kind(FailureKind::Closed),
            _ => kind(FailureKind::Other),
        };
        finish(failure, self, &self.retry(), None)
    }
}

/// Kind and code of the end of a connection; `None` where its own application ended it.
pub(super) fn ended(cause: &ConnectionLost) -> Option<(FailureKind, Option<u8>)> {
    match cause {
        ConnectionLost::ByClient => None,
        // Which version it was does not matter to these two.
        cause => {
            let failure = of_lost(cause, Version::V5);
            Some((failure.kind, failure.reason))
        }
    }
}

/// A refusal of an operation. The typed reason and the code behind it must be the same, and so
/// must the packet: else the application would be told two things.
fn typed(refusal: Refusal<'_>, reason: u8, packet: PacketType) -> Failure {
    if refusal.code() as u8 != reason || refusal.packet() != packet {
        let text = format!("the error contradicts itself: {refusal:?} and 0x{reason:02X}");
        return Failure::new(FailureKind::Other, text);
    }
    Failure {
        props: Box::new(texts(refusal)),
        reason: Some(refusal.raw_code()),
        ..kind(FailureKind::Refused)
    }
}

fn texts(refusal: Refusal<'_>) -> Properties {
    Properties {
        server_reference: refusal.server_reference().map(str::to_owned),
        ..super::texts(refusal.reason_string(), refusal.user_properties())
    }
}

fn of_lost(lost: &ConnectionLost, version: Version) -> Failure {
    match lost {
        ConnectionLost::ByServer(disconnect) => Failure {
            reason: Some(disconnect.reason().as_u8()),
            props: Box::new(texts(disconnect.as_refusal())),
            ..kind(FailureKind::Closed)
        },
        ConnectionLost::KeepAlive(_) => kind(FailureKind::Timeout),
        ConnectionLost::Protocol { violation, .. } => Failure {
            statement: Some(violation.statement(version).to_owned()),
            ..kind(FailureKind::Protocol)
        },
        ConnectionLost::Decode(error) => Failure {
            statement: Some(error.statement().to_owned()),
            ..kind(match error.reason_code() {
                ReasonCode::ProtocolError => FailureKind::Protocol,
                _ => FailureKind::Malformed,
            })
        },
        _ => kind(FailureKind::Closed),
    }
}

fn of_invalid(invalid: &Invalid) -> Failure {
    kind(match invalid {
        Invalid::PacketTooLarge { .. } => FailureKind::TooLarge,
        Invalid::QosNotSupported { .. }
        | Invalid::RetainNotSupported
        | Invalid::WildcardSubscriptionsNotSupported
        | Invalid::SharedSubscriptionsNotSupported
        | Invalid::SubscriptionIdentifiersNotSupported => FailureKind::Limit,
        Invalid::NoPacketIdentifier => FailureKind::Quota,
        _ => FailureKind::Usage,
    })
}

fn kind(kind: FailureKind) -> Failure {
    Failure::new(kind, String::new())
}

fn finish(
    failure: Failure,
    error: &dyn Error,
    retry: &Retry,
    delivery: Option<ClientDelivery>,
) -> Failure {
    let text = if failure.text.is_empty() {
        in_words(error)
    } else {
        failure.text.clone()
    };
    Failure {
        text,
        retry: advice(retry),
        delivery: delivery.map(|delivery| match delivery {
            ClientDelivery::NotSent => Delivery::NotSent,
            ClientDelivery::Rejected => Delivery::Rejected,
            ClientDelivery::InSession => Delivery::InSession,
            ClientDelivery::Unknown => Delivery::Unknown,
        }),
        ..failure
    }
}

/// The advice, without the name of the other server: that is among the texts.
fn advice(retry: &Retry) -> Option<Advice> {
    Some(match retry {
        Retry::Never => Advice::Never,
        Retry::Later => Advice::Later,
        Retry::Reconnect => Advice::Reconnect,
        Retry::Elsewhere(_) => Advice::Elsewhere,
        Retry::NewSession => Advice::NewSession,
        Retry::CallerDecides => Advice::CallerDecides,
        _ => return None,
    })
}

/// An error with its causes.
pub(super) fn in_words(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}
