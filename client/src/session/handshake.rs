//! CONNECT and CONNACK: how a connection begins, and what it resumes.

use std::time::Instant;

use nack_codec::{Connack, Frame, PacketType, PropertyId, Text, Version};

use super::flow_control::SendQuota;
use super::keep_alive::KeepAlive;
use super::state::Phase;
use super::timers::Timer;
use super::{Connected, Event, Limits, Session};
use crate::error::{ConnectError, Refused, Violation};

impl Session {
    /// A transport is open: CONNECT goes out, and CONNACK must come until `deadline`.
    ///
    /// # Panics
    ///
    /// If the session has a connection already, which only its driver can bring about.
    pub fn handle_connected(&mut self, deadline: Instant) {
        assert_eq!(
            self.phase,
            Phase::Closed,
            "a session has one connection at a time"
        );
        self.held |= self.may_have_begun();
        self.phase = Phase::Connecting;
        self.limits = Limits::default();
        self.outgoing.clear();
        self.timers.stop_all();
        self.timers.set(Timer::Connack, deadline);
        self.inbound.reconnected();
        let connect = self.config.connect();
        connect
            .encode(self.outgoing.buffer())
            .expect("checked when the configuration was made");
        self.unanswered = Some(self.outgoing.end());
    }

    /// Whether the last CONNECT may have begun a session at the broker although nothing came back.
    /// It is then the client's own, with nothing in it, and no reason to close the connection that
    /// resumes it (`[MQTT-3.2.2-4]`). What was answered in any way has begun none, or none that the
    /// client has not noted.
    fn may_have_begun(&self) -> bool {
        let was_sent = self
            .unanswered
            .is_some_and(|end| end <= self.outgoing.written());
        was_sent && !self.config.clean_start && self.config.session_expiry_interval() > 0
    }

    pub(super) fn handle_connack(
        &mut self,
        frame: Frame<'_>,
        connack: &Connack<'_>,
        now: Instant,
    ) -> Result<(), Violation> {
        if self.phase != Phase::Connecting {
            return Err(Violation::SecondConnack);
        }
        if connack.reason.is_error() {
            self.refused(frame, connack);
            return Ok(());
        }
        self.check_session_present(connack)?;
        if connack
            .properties
            .contains(PropertyId::AuthenticationMethod)
        {
            return Err(Violation::UnexpectedAuthenticationMethod);
        }
        self.timers.stop(Timer::Connack);
        self.phase = Phase::Connected;
        self.limits = Limits::granted(connack);
        self.quota = SendQuota::new(self.limits.receive_maximum);
        // [MQTT-3.1.2-21]
        let seconds = connack
            .properties
            .server_keep_alive()
            .unwrap_or(self.config.keep_alive);
        self.keep_alive = KeepAlive::new(seconds, self.config.ping_timeout);
        self.keep_alive.sent(&mut self.timers, now);
        self.session_expiry_interval = connack
            .properties
            .session_expiry_interval()
            .unwrap_or_else(|| self.config.session_expiry_interval());
        if let Some(assigned) = connack.properties.assigned_client_identifier() {
            self.config.client_id = Text::new(assigned)
                .expect("it comes out of a packet")
                .to_owned();
        }
        if !connack.session_present {
            self.forget_session();
        }
        let lost_messages = std::mem::take(&mut self.lost_messages);
        let connected = Connected::new(connack, self.limits, seconds, lost_messages);
        self.events.push_back(Event::Connected(Box::new(connected)));
        self.resume();
        Ok(())
    }

    fn check_session_present(&self, connack: &Connack<'_>) -> Result<(), Violation> {
        if !connack.session_present {
            return Ok(());
        }
        let known = self.held || self.config.resume_session;
        let legal = match self.config.version {
            // [MQTT-3.2.2-2], [MQTT-3.2.2-4]
            Version::V5 => !self.config.clean_start && known,
            // 3.1.1 has no rule for a client that knows nothing of the session.
            Version::V311 => !self.config.clean_start,
        };
        if legal {
            Ok(())
        } else {
            Err(Violation::SessionPresentWithoutState)
        }
    }

    fn refused(&mut self, frame: Frame<'_>, connack: &Connack<'_>) {
        // The packet has its reason in the terms of MQTT 5.0, whatever the broker speaks. A broker
        // that knows only 3.1.1 says so with a return code, to a CONNECT of MQTT 5.0 too.
        let on_the_wire = frame.body().get(1).copied();
        let raw_code = on_the_wire.unwrap_or(connack.reason.as_u8());
        let refused = Refused::new(
            connack.reason,
            raw_code,
            PacketType::Connack,
            &connack.properties,
            self.config.retry_table.clone(),
        );
        // [MQTT-3.2.2-7], [MQTT-4.13.2-1]
        self.fail_connect(ConnectError::Refused(refused));
    }

    pub(super) fn fail_connect(&mut self, error: ConnectError) {
        self.close();
        self.events.push_back(Event::ConnectFailed(error));
    }
}
