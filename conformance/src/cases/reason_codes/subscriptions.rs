//! Which topic filters are subscriptions, seen by what reaches the application.

use nack_codec::PacketType;

use super::answers;
use crate::outcome::Finding;
use crate::subject::{Event, Message};
use crate::verify::api;
use crate::{Capability, Stage};

/// The sentences that a case about subscriptions rests on.
pub(super) const SENTENCES: [&str; 2] = ["API-delivered", "API-unsubscribed"];

/// What SUBACK granted, and what UNSUBACK did not end, are subscriptions like any other; the other
/// filters are none.
pub(super) async fn are(
    stage: &mut Stage,
    packet: PacketType,
    filters: &[&str],
    codes: &[u8],
) -> Result<(), Finding> {
    let is_subscription = |code: u8| match packet {
        PacketType::Suback => code <= 2,
        _ => code >= 0x80,
    };
    for filter in filters {
        let bytes = answers::message(stage.version(), filter, None, 0, filter.as_bytes());
        answers::send(stage, bytes).await?;
    }
    let subscriptions: Vec<&str> = std::iter::zip(filters, codes)
        .filter(|(_, code)| is_subscription(**code))
        .map(|(filter, _)| *filter)
        .collect();
    // What is for no subscription comes apart, or not at all. Where all comes together, that it
    // comes says nothing.
    let come_apart = stage.has(Capability::SubscriptionStreams);
    for filter in &subscriptions {
        let wanted = |message: &Message| come_apart || subscriptions.contains(&&*message.topic);
        let received = stage.event(|event| claimed(event).filter(wanted)).await;
        if let Some(message) = &received {
            is_wanted(&subscriptions, message)?;
        }
        api("API-delivered").that(
            format!("a message for `{filter}`, which is a subscription, is delivered to it"),
            received
                .as_ref()
                .is_some_and(|message| message.topic == *filter),
            || format!("{received:?}"),
        )?;
    }
    stage.settle().await;
    match stage.event_at_hand(claimed).await {
        Some(message) if come_apart => is_wanted(&subscriptions, &message),
        _ => Ok(()),
    }
}

fn is_wanted(subscriptions: &[&str], message: &Message) -> Result<(), Finding> {
    api("API-unsubscribed").that(
        format!("messages for {subscriptions:?}, and for no other filter"),
        subscriptions.contains(&&*message.topic),
        || format!("{message:?}"),
    )
}

fn claimed(event: Event) -> Option<Message> {
    match event {
        Event::Message(message) if !message.unclaimed => Some(message),
        _ => None,
    }
}
