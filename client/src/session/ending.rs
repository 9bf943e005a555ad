//! How a connection ends, and what then becomes of all that was pending.

use std::time::{Duration, Instant};

use nack_codec::{
    Disconnect, DisconnectReason, PacketId, Properties, Property, PropertyId, Role, Version,
};

use super::flow_control::SendQuota;
use super::requests::Exchange;
use super::state::Phase;
use super::timers::Timer;
use super::{Event, Outcome, RequestError, Session};
use crate::error::{
    ConnectError, ConnectionLost, Delivery, Invalid, PublishError, ServerDisconnect,
    SubscribeError, UnsubscribeError, Violation,
};
use crate::options;

/// How long the last bytes may take. A peer that does not read them is gone or hostile.
pub(crate) const CLOSE_TIMEOUT: Duration = Duration::from_secs(5);

impl Session {
    /// The caller ends the connection. What is to be written is still written, DISCONNECT last.
    /// Where the broker would not accept a packet of that size, reason string and user properties
    /// are left out of it (`[MQTT-3.14.2-3]`, `[MQTT-3.14.2-4]`).
    ///
    /// # Errors
    ///
    /// Where there is no connection, or the wire cannot carry the request. Nothing has then
    /// happened.
    pub fn disconnect(
        &mut self,
        request: &options::Disconnect,
        now: Instant,
    ) -> Result<(), RequestError> {
        if !matches!(self.phase, Phase::Connecting | Phase::Connected) {
            return Err(RequestError::NotConnected);
        }
        request.properties().check()?;
        let properties = request.properties().block().borrow();
        self.check_disconnect(request.reason, &properties)?;
        self.write_all_unsent();
        self.write_disconnect(request.reason, &properties)?;
        if let Some(seconds) = properties.session_expiry_interval() {
            self.session_expiry_interval = seconds;
            if seconds == 0 {
                self.unanswered = None;
            }
        }
        self.wind_up(ConnectionLost::ByClient, now);
        Ok(())
    }

    fn write_disconnect(
        &mut self,
        reason: DisconnectReason,
        properties: &Properties<&[u8]>,
    ) -> Result<(), Invalid> {
        let version = self.config.version;
        // 3.1.1 asks for the will by closing the transport without a DISCONNECT.
        let in_silence =
            version == Version::V311 && reason == DisconnectReason::DisconnectWithWillMessage;
        let reason = if in_silence {
            DisconnectReason::NormalDisconnection
        } else {
            reason
        };
        let limits = self.limits;
        let buffer = self.outgoing.buffer();
        let start = buffer.len();
        let mut write = |properties| {
            Disconnect { reason, properties }.encode(version, buffer)?;
            let result = limits.check_size(buffer.len() - start);
            if in_silence || result.is_err() {
                buffer.truncate(start);
            }
            result
        };
        match write(*properties) {
            Err(Invalid::PacketTooLarge { .. }) => {
                let mut needed = Properties::new();
                if let Some(seconds) = properties.session_expiry_interval() {
                    needed.push(Property::SessionExpiryInterval(seconds))?;
                }
                write(needed.borrow())
            }
            result => result,
        }
    }

    fn check_disconnect(
        &self,
        reason: DisconnectReason,
        properties: &Properties<&[u8]>,
    ) -> Result<(), Invalid> {
        // [MQTT-3.14.2-1]
        if !reason.may_be_sent_by(Role::Client) {
            return Err(Invalid::DisconnectReason { reason });
        }
        // Section 3.14.2.2.2: a protocol error, and known before it is sent.
        let keeps = properties
            .session_expiry_interval()
            .is_some_and(|seconds| seconds > 0);
        if keeps && self.config.session_expiry_interval() == 0 {
            return Err(Invalid::SessionExpiryInDisconnect);
        }
        Ok(())
    }

    /// The transport is gone.
    pub fn handle_disconnected(&mut self, cause: ConnectionLost) {
        match self.phase {
            Phase::Connecting | Phase::Connected => self.break_off(cause),
            Phase::Closing => self.close(),
            Phase::Closed => {}
        }
    }

    pub(super) fn handle_server_disconnect(
        &mut self,
        packet: &Disconnect<'_>,
    ) -> Result<(), Violation> {
        if self.config.version == Version::V311 {
            return Err(Violation::DisconnectInV311);
        }
        if !packet.reason.may_be_sent_by(Role::Server) {
            return Err(Violation::DisconnectReasonOfClient {
                reason: packet.reason,
            });
        }
        if packet
            .properties
            .contains(PropertyId::SessionExpiryInterval)
        {
            return Err(Violation::SessionExpiryInDisconnect);
        }
        // [MQTT-3.14.4-1]: nothing that is still to be written would be read.
        let disconnect = ServerDisconnect::new(packet, self.config.retry_table.clone());
        self.break_off(ConnectionLost::ByServer(disconnect));
        Ok(())
    }

    /// Ends the connection because of what the broker did (section 4.13). In MQTT 5.0 the broker is
    /// told why. 3.1.1 has no words for it, and its DISCONNECT would throw the will away.
    pub(super) fn reject(
        &mut self,
        cause: ConnectionLost,
        reason: Option<DisconnectReason>,
        now: Instant,
    ) {
        if self.config.version == Version::V5 {
            let reason = reason
                .filter(|reason| reason.may_be_sent_by(Role::Client))
                .unwrap_or(DisconnectReason::ProtocolError);
            Disconnect {
                reason,
                properties: Properties::empty(),
            }
            .encode(self.config.version, self.outgoing.buffer())
            .expect("a reason without properties can be said in MQTT 5.0");
        }
        self.wind_up(cause, now);
    }

    /// Ends the connection when all is written that is to be written.
    fn wind_up(&mut self, cause: ConnectionLost, now: Instant) {
        self.end(cause);
        if self.outgoing.len() == 0 {
            self.close();
        } else {
            self.phase = Phase::Closing;
            self.timers.stop_all();
            self.timers.set(Timer::Close, now + CLOSE_TIMEOUT);
        }
    }

    /// Ends the connection at once; what is to be written is thrown away.
    pub(super) fn break_off(&mut self, cause: ConnectionLost) {
        self.outgoing.clear();
        self.end(cause);
        self.close();
    }

    /// There is no connection any more.
    pub(super) fn close(&mut self) {
        self.phase = Phase::Closed;
        self.outgoing.clear();
        self.timers.stop_all();
    }

    /// Gives everything that is pending its verdict.
    fn end(&mut self, cause: ConnectionLost) {
        self.end_exchanges(&cause);
        self.quota = SendQuota::new(0);
        let is_kept = self.is_kept();
        if !is_kept {
            self.inbound.forget();
        }
        let was_connected = self.phase == Phase::Connected;
        self.held = is_kept && (was_connected || self.held);
        self.events.push_back(if was_connected {
            Event::ConnectionLost(cause)
        } else {
            Event::ConnectFailed(ConnectError::ConnectionLost(cause))
        });
    }

    /// Whether the next connection resumes the session. With clean start it does not, however long
    /// the broker keeps it (`[MQTT-3.1.2-4]`).
    pub(super) const fn is_kept(&self) -> bool {
        self.session_expiry_interval > 0 && !self.config.clean_start
    }

    fn end_exchanges(&mut self, cause: &ConnectionLost) {
        // What is still in the buffer is written before the transport is closed; only what was
        // thrown away with it was never sent.
        let written = self.outgoing.written();
        let flushing = self.outgoing.len() > 0;
        let lost = |delivery| {
            Outcome::Published(Err(PublishError::ConnectionLost {
                cause: cause.clone(),
                delivery,
            }))
        };
        let fate = |start: u64| {
            if flushing || start < written {
                Delivery::Unknown
            } else {
                Delivery::NotSent
            }
        };
        let kept = self.is_kept();
        let ids: Vec<PacketId> = self.exchanges.in_use().collect();
        for packet_id in ids {
            let Some(exchange) = self.exchanges.get_mut(packet_id) else {
                continue;
            };
            match exchange {
                Exchange::Publish(message) if kept => {
                    message.holds_quota = false;
                    if let Some(operation) = message.operation.take() {
                        message.in_session = true;
                        self.completions
                            .push_back((operation, lost(Delivery::InSession)));
                    }
                }
                Exchange::Publish(message) => {
                    if let Some(operation) = message.operation.take() {
                        let outcome = lost(fate(message.start));
                        self.completions.push_back((operation, outcome));
                    }
                    self.lost_messages += usize::from(message.in_session);
                    self.exchanges.remove(packet_id);
                }
                Exchange::Subscribe(request) => {
                    if let Some(operation) = request.operation.take() {
                        let error = SubscribeError::ConnectionLost(cause.clone());
                        self.completions
                            .push_back((operation, Outcome::Subscribed(Err(error))));
                    }
                    self.exchanges.remove(packet_id);
                }
                Exchange::Unsubscribe(request) => {
                    if let Some(operation) = request.operation.take() {
                        let error = UnsubscribeError::ConnectionLost(cause.clone());
                        self.completions
                            .push_back((operation, Outcome::Unsubscribed(Err(error))));
                    }
                    self.exchanges.remove(packet_id);
                }
            }
        }
        for waiting in self.waiting.drain(..).chain(self.unsent.drain(..)) {
            self.completions
                .push_back((waiting.operation, lost(Delivery::NotSent)));
        }
        for unwritten in self.unwritten.drain(..) {
            self.completions
                .push_back((unwritten.operation, lost(fate(unwritten.start))));
        }
        self.resend.clear();
    }

    /// The broker has no session: what was kept in it is lost (`[MQTT-3.2.2-5]`).
    pub(super) fn forget_session(&mut self) {
        let ids: Vec<PacketId> = self.exchanges.in_use().collect();
        for packet_id in &ids {
            self.exchanges.remove(*packet_id);
        }
        self.lost_messages += ids.len();
        self.inbound.forget();
        self.held = false;
    }
}
