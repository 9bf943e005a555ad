//! SUBSCRIBE and UNSUBSCRIBE: what is granted, and the retained messages that come with it.

use nack_codec::{
    PacketType, QoS, ReasonCode, RetainHandling, SubackReason, Subscribe, Subscription,
    TopicFilter, Unsubscribe,
};

use super::Accept;
use super::granting::unavailable;
use super::limits::{FILTER_LEVELS, SUBSCRIPTIONS};
use super::session::Waiting;
use super::subscriptions::Subscriber;
use crate::Reason;
use crate::action::Step;
use crate::action::reply::{Body, Codes, Reply};
use crate::base::settings::may_subscribe;

impl Accept {
    pub(super) fn subscribe(&mut self, number: u32, subscribe: &Subscribe<'_>) -> Vec<Step> {
        if let Some(refusal) = self.refuse_subscribe(number, subscribe) {
            return refusal;
        }
        let codes = self.grants(number, subscribe);
        // What is granted is below 3 in either version.
        let granted: Vec<u8> = codes.iter().map(|code| code.code()).collect();
        self.subscribe_answered(number, subscribe, &granted);
        let body = Body::Suback {
            packet: PacketType::Suback,
            codes: Codes::List(codes),
        };
        vec![answer(body, subscribe.packet_id.get())]
    }

    /// What each subscription is answered; nothing is changed by that.
    pub(super) fn grants(&self, number: u32, subscribe: &Subscribe<'_>) -> Vec<Reason> {
        let Some(guest) = self.guests.get(&number) else {
            return Vec::new();
        };
        let limits = &guest.limits;
        let mut levels = self.subscriptions.levels();
        let mut count = self
            .session_of(number)
            .map_or(0, |session| session.subscriptions);
        let code = |subscription: Subscription<'_>| {
            if !self.is_subscribed(number, subscription.filter) {
                count += 1;
                levels += subscription.filter.get().split('/').count();
            }
            if !self.may_subscribe(number, subscription) {
                ReasonCode::NotAuthorized.into()
            } else if let Some(reason) = unavailable(limits, subscription.filter) {
                reason.into()
            } else if count > SUBSCRIPTIONS || levels > FILTER_LEVELS {
                ReasonCode::QuotaExceeded.into()
            } else {
                // [MQTT-3.2.2-10]
                subscription.options.qos.min(limits.maximum_qos).into()
            }
        };
        subscribe.subscriptions.iter().map(code).collect()
    }

    pub(super) fn is_subscribed(&self, number: u32, filter: TopicFilter<&str>) -> bool {
        let guest = self.guests.get(&number);
        guest.is_some_and(|guest| self.subscriptions.contains(filter, &guest.client_id))
    }

    fn may_subscribe(&self, number: u32, subscription: Subscription<'_>) -> bool {
        let wanted = match subscription.filter.shared() {
            Ok(Some(shared)) => shared.filter.get(),
            _ => subscription.filter.get(),
        };
        self.guests
            .get(&number)
            .is_none_or(|guest| may_subscribe(&self.settings.access, guest.subject(), wanted))
    }

    /// The SUBSCRIBE was answered with these codes, one a filter.
    pub(super) fn subscribe_answered(
        &mut self,
        number: u32,
        subscribe: &Subscribe<'_>,
        codes: &[u8],
    ) {
        let identifier = subscribe.properties.subscription_identifiers().next();
        for (subscription, code) in subscribe.subscriptions.iter().zip(codes) {
            let granted = SubackReason::from_u8(*code).and_then(SubackReason::granted);
            if let Some(granted) = granted {
                self.subscribe_one(number, subscription, granted, identifier);
            }
        }
    }

    fn subscribe_one(
        &mut self,
        number: u32,
        subscription: Subscription<'_>,
        granted: QoS,
        identifier: Option<u32>,
    ) {
        let Some(guest) = self.guests.get(&number) else {
            return;
        };
        let client_id = guest.client_id.clone();
        let filter = subscription.filter;
        let mut options = subscription.options;
        options.qos = granted;
        let subscriber = Subscriber {
            session: client_id.clone(),
            options,
            identifier,
        };
        let is_new = self.subscriptions.add(filter, subscriber);
        if let Some(session) = self.sessions.get_mut(&client_id) {
            session.subscriptions += usize::from(is_new);
        }
        let wanted = match options.retain_handling {
            // [MQTT-3.3.1-9]
            RetainHandling::Send => true,
            // [MQTT-3.3.1-10]
            RetainHandling::SendIfNew => is_new,
            // [MQTT-3.3.1-11]
            RetainHandling::DoNotSend => false,
        };
        let is_shared = matches!(filter.shared(), Ok(Some(_)));
        if !wanted || is_shared {
            return;
        }
        for message in self.retained.matching(filter) {
            if options.no_local && message.publisher == client_id {
                continue;
            }
            let waiting = Waiting {
                qos: message.qos.min(granted),
                message,
                // 3.1.1 [MQTT-3.3.1-8]
                retain: true,
                identifiers: identifier.into_iter().collect(),
            };
            self.enqueue(&client_id, waiting);
        }
    }

    pub(super) fn unsubscribe(&mut self, number: u32, unsubscribe: &Unsubscribe<'_>) -> Vec<Step> {
        let codes = unsubscribe
            .filters
            .iter()
            .map(|filter| match self.unsubscribe_one(number, filter) {
                true => ReasonCode::Success.into(),
                false => ReasonCode::NoSubscriptionExisted.into(),
            })
            .collect();
        let body = Body::Suback {
            packet: PacketType::Unsuback,
            codes: Codes::List(codes),
        };
        vec![answer(body, unsubscribe.packet_id.get())]
    }

    /// The UNSUBSCRIBE was answered with these codes, one a filter; in 3.1.1, with none.
    pub(super) fn unsubscribe_answered(
        &mut self,
        number: u32,
        unsubscribe: &Unsubscribe<'_>,
        codes: &[u8],
    ) {
        for (index, filter) in unsubscribe.filters.iter().enumerate() {
            if codes.get(index).is_none_or(|code| *code < 0x80) {
                self.unsubscribe_one(number, filter);
            }
        }
    }

    fn unsubscribe_one(&mut self, number: u32, filter: TopicFilter<&str>) -> bool {
        let Some(guest) = self.guests.get(&number) else {
            return false;
        };
        let client_id = guest.client_id.clone();
        let was_there = self.subscriptions.remove(filter, &client_id);
        if let Some(session) = self.sessions.get_mut(&client_id) {
            session.subscriptions -= usize::from(was_there);
        }
        was_there
    }
}

fn answer(body: Body, packet_id: u16) -> Step {
    let mut reply = Reply::new(body);
    reply.packet_id = Some(packet_id);
    Step::Send(reply)
}
