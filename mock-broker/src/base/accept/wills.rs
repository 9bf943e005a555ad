//! Wills: what is published when a client is gone without a goodbye (section 3.1.2.5).

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::limits::DELAYED_WILLS;
use super::message::Message;
use super::session::Expiry;
use super::{Accept, Guest};
use crate::base::settings::may_publish;

/// The will of a connected client.
pub(super) struct Will {
    message: Arc<Message>,
    delay: Duration,
}

/// The will of a client that is gone, and may come back in time.
pub(super) struct Delayed {
    message: Arc<Message>,
    due: Instant,
}

/// How a client left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Farewell {
    /// With a DISCONNECT of code 0: its will is not wanted any more (`[MQTT-3.1.2-10]`).
    Normal,
    /// In any other way: its will is published (`[MQTT-3.1.2-8]`).
    Abnormal,
}

impl Will {
    pub(super) fn new(will: &nack_codec::Will<'_>, publisher: Arc<str>) -> Self {
        let delay = will.properties.will_delay_interval().unwrap_or(0);
        Self {
            message: Arc::new(Message::of_will(will, publisher)),
            delay: Duration::from_secs(delay.into()),
        }
    }
}

impl Accept {
    /// Publishes the will of a client that left, or has it wait: until its delay has passed or the
    /// session ends, whichever is first (section 3.1.3.2.2).
    pub(super) fn execute_will(&mut self, guest: Guest, farewell: Farewell) {
        if farewell == Farewell::Normal {
            return;
        }
        let may = |will: &Will| {
            let topic = will.message.topic.borrow();
            may_publish(&self.settings.access, guest.subject(), topic)
        };
        let Some(will) = guest.will.as_ref().filter(|will| may(will)) else {
            return;
        };
        let message = will.message.restarted();
        let wait = match self.sessions.get(&guest.client_id) {
            None => Duration::ZERO,
            Some(session) => match session.expiry {
                Expiry::AtOnce => Duration::ZERO,
                Expiry::After(expiry) => will.delay.min(expiry),
                Expiry::Never => will.delay,
            },
        };
        if wait.is_zero() || self.delayed.len() >= DELAYED_WILLS {
            self.route(&Arc::new(message));
            return;
        }
        let delayed = Delayed {
            message: Arc::new(message),
            due: Instant::now() + wait,
        };
        self.delayed.insert(guest.client_id, delayed);
        self.alarm.notify_one();
    }

    /// The client's session ends, and with that the will waits no longer.
    pub(super) fn hasten_will(&mut self, client_id: &str) {
        if let Some(delayed) = self.delayed.remove(client_id) {
            self.route(&Arc::new(delayed.message.restarted()));
        }
    }

    /// When the next will is due.
    pub(super) fn next_will(&self) -> Option<Instant> {
        self.delayed.values().map(|delayed| delayed.due).min()
    }

    pub(super) fn publish_due_wills(&mut self) {
        let now = Instant::now();
        let due: Vec<_> = self
            .delayed
            .iter()
            .filter(|(_, delayed)| delayed.due <= now)
            .map(|(client_id, _)| client_id.clone())
            .collect();
        for client_id in due {
            self.hasten_will(&client_id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{Behaviour, Settings};
    use crate::journal::Source;
    use crate::{Direction, Received, TransportKind};
    use bytes::BytesMut;
    use nack_codec::{
        Binary, Connect, Packet, Properties, Property, QoS, Text, TopicName, Version, Will,
    };

    /// Lets a client in whose will waits for a minute, and loses it.
    fn lose(accept: &mut Accept, connection: u32) {
        let mut delay = Properties::new();
        delay.push(Property::WillDelayInterval(60)).unwrap();
        let mut expiry = Properties::new();
        expiry.push(Property::SessionExpiryInterval(60)).unwrap();
        let client_id = connection.to_string();
        let connect = Packet::Connect(Box::new(Connect {
            version: Version::V5,
            clean_start: true,
            keep_alive: 0,
            client_id: Text::try_from(client_id.as_str()).unwrap(),
            will: Some(Will {
                qos: QoS::AtMostOnce,
                retain: true,
                topic: TopicName::new("will").unwrap(),
                payload: Binary::new(&b"gone"[..]).unwrap(),
                properties: delay.borrow(),
            }),
            user_name: None,
            password: None,
            properties: expiry.borrow(),
        }));
        let mut bytes = BytesMut::new();
        connect.encode(Version::V5, &mut bytes).unwrap();
        let source = Source::stranger(connection, TransportKind::Memory);
        let bytes = bytes.freeze();
        accept.handle(&Received::new(&source, Direction::FromClient, &bytes, None).unwrap());
        accept.ended(connection);
    }

    #[test]
    fn a_will_for_which_there_is_no_room_does_not_wait() {
        let mut accept = Accept::new(u32::MAX, Settings::default());
        lose(&mut accept, 1);
        assert_eq!((accept.delayed.len(), accept.clear_retained()), (1, 0));
        let delayed = accept.delayed.remove("1").unwrap();
        for number in 0..DELAYED_WILLS {
            let delayed = Delayed {
                message: delayed.message.clone(),
                due: delayed.due,
            };
            accept.delayed.insert(number.to_string().into(), delayed);
        }
        lose(&mut accept, u32::MAX);
        assert_eq!(accept.delayed.len(), DELAYED_WILLS);
        assert_eq!(accept.clear_retained(), 1);
    }
}
