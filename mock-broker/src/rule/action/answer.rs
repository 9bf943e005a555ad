//! The packets that a rule can answer with: a function a packet, and what can be said of each.

use std::marker::PhantomData;

use bytes::{BufMut, Bytes, BytesMut};
use nack_codec::{PacketType, Property, PropertyId, QoS, Version};

use super::reply::{Body, Codes, RawProperty, Reply};
use super::{Action, Form, Mutation, Reason, Treatment};

/// A packet to a client. `P` says which, and with that what else can be said of it.
///
/// Nothing is checked: an answer can carry any code, any property, any identifier.
#[derive(Clone, Debug)]
#[must_use = "an answer says nothing until a rule or `MockBroker::send` sends it"]
pub struct Answer<P> {
    pub(super) reply: Reply,
    treatment: Treatment,
    packet: PhantomData<P>,
}

macro_rules! packets {
    ($($(#[$doc:meta])* $name:ident)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, Debug)]
            #[non_exhaustive]
            pub struct $name;
        )*
    };
}

packets! {
    /// Marks an [`Answer`] as CONNACK.
    Connack
    /// Marks an [`Answer`] as PUBACK, PUBREC, PUBREL or PUBCOMP.
    Ack
    /// Marks an [`Answer`] as SUBACK or UNSUBACK.
    Suback
    /// Marks an [`Answer`] as DISCONNECT.
    Disconnect
    /// Marks an [`Answer`] as AUTH.
    Auth
    /// Marks an [`Answer`] as PUBLISH.
    Publish
    /// Marks an [`Answer`] as PINGRESP.
    Pingresp
}

/// CONNACK: lets the client in, or refuses it.
///
/// A code other than 0 closes the connection behind the packet, as the standard demands of a
/// server; see [`stay_open`](Answer::stay_open).
pub fn connack(reason: impl Into<Reason>) -> Answer<Connack> {
    let reason = reason.into();
    Answer::new(Body::Connack {
        reason,
        session_present: None,
    })
}

/// PUBACK: the answer to a QoS 1 message.
///
/// About a packet without an identifier, as a QoS 0 message is, no acknowledgement is sent unless it
/// is told one by [`packet_id`](Answer::packet_id): the packet is handled as usual, and the journal
/// says so. The same holds for all acknowledgements.
pub fn puback(reason: impl Into<Reason>) -> Answer<Ack> {
    ack(PacketType::Puback, reason.into())
}

/// PUBREC: the first answer to a QoS 2 message.
pub fn pubrec(reason: impl Into<Reason>) -> Answer<Ack> {
    ack(PacketType::Pubrec, reason.into())
}

/// PUBREL: lets go of a QoS 2 message to the client.
pub fn pubrel(reason: impl Into<Reason>) -> Answer<Ack> {
    ack(PacketType::Pubrel, reason.into())
}

/// PUBCOMP: the last answer to a QoS 2 message.
pub fn pubcomp(reason: impl Into<Reason>) -> Answer<Ack> {
    ack(PacketType::Pubcomp, reason.into())
}

fn ack(packet: PacketType, reason: Reason) -> Answer<Ack> {
    Answer::new(Body::Ack { packet, reason })
}

/// SUBACK with these codes, as many as are given.
pub fn suback<R: Into<Reason>>(codes: impl IntoIterator<Item = R>) -> Answer<Suback> {
    list(PacketType::Suback, codes)
}

/// SUBACK with this code for each topic filter of the request.
pub fn suback_each(code: impl Into<Reason>) -> Answer<Suback> {
    each(PacketType::Suback, code.into())
}

/// UNSUBACK with these codes, as many as are given.
///
/// On a 3.1.1 connection, whose UNSUBACK has no codes, codes below 0x80 are left out.
pub fn unsuback<R: Into<Reason>>(codes: impl IntoIterator<Item = R>) -> Answer<Suback> {
    list(PacketType::Unsuback, codes)
}

/// UNSUBACK with this code for each topic filter of the request.
///
/// On a 3.1.1 connection, whose UNSUBACK has no codes, a code below 0x80 is left out.
pub fn unsuback_each(code: impl Into<Reason>) -> Answer<Suback> {
    each(PacketType::Unsuback, code.into())
}

/// SUBACK with these codes for these topic filters, where the request has them; the others are
/// answered as usual.
///
/// In front of another broker, that is asked about all topic filters that are not refused here, and
/// the codes are put into the SUBACK that it sends. Where nobody decides about the others, as for a
/// client that a rule has let in there, they have the first of the codes.
///
/// ```
/// use nack_mock_broker::{ReasonCode, Rule, action, matcher};
///
/// let rule = Rule::given(matcher::subscribe().filter("secret/#"))
///     .then(action::suback_for([("secret/#", ReasonCode::NotAuthorized)]));
/// ```
pub fn suback_for<F: Into<String>, R: Into<Reason>>(
    codes: impl IntoIterator<Item = (F, R)>,
) -> Answer<Suback> {
    by_filter(PacketType::Suback, codes)
}

/// UNSUBACK with these codes for these topic filters, where the request has them; the others are
/// answered as usual, as with [`suback_for`].
pub fn unsuback_for<F: Into<String>, R: Into<Reason>>(
    codes: impl IntoIterator<Item = (F, R)>,
) -> Answer<Suback> {
    by_filter(PacketType::Unsuback, codes)
}

fn by_filter<F: Into<String>, R: Into<Reason>>(
    packet: PacketType,
    codes: impl IntoIterator<Item = (F, R)>,
) -> Answer<Suback> {
    let codes = codes.into_iter();
    let (filters, reasons) = codes
        .map(|(filter, reason)| (filter.into(), reason.into()))
        .unzip();
    let codes = Codes::For { filters, reasons };
    Answer::new(Body::Suback { packet, codes })
}

fn list<R: Into<Reason>>(packet: PacketType, codes: impl IntoIterator<Item = R>) -> Answer<Suback> {
    let codes = Codes::List(codes.into_iter().map(Into::into).collect());
    Answer::new(Body::Suback { packet, codes })
}

fn each(packet: PacketType, code: Reason) -> Answer<Suback> {
    let codes = Codes::Each(code);
    Answer::new(Body::Suback { packet, codes })
}

/// DISCONNECT: the server ends the connection and says why.
///
/// Closes the connection behind the packet, as the standard demands of its sender; see
/// [`stay_open`](Answer::stay_open). 3.1.1 has no DISCONNECT from a server: one with a number is
/// sent all the same, and in place of one with a [named reason](Reason) the connection is closed.
pub fn disconnect(reason: impl Into<Reason>) -> Answer<Disconnect> {
    let reason = reason.into();
    Answer::new(Body::Disconnect { reason })
}

/// AUTH: a step of an enhanced authentication.
///
/// In answer to a CONNECT or AUTH it has the authentication method of that, unless it is told one,
/// or a [`form`](Answer::form) without properties.
pub fn auth(reason: impl Into<Reason>) -> Answer<Auth> {
    let reason = reason.into();
    Answer::new(Body::Auth { reason })
}

/// PUBLISH: a message to this client, whether it subscribed or not. QoS 0 unless said otherwise.
pub fn publish(topic: impl AsRef<[u8]>, payload: impl AsRef<[u8]>) -> Answer<Publish> {
    Answer::new(Body::Publish {
        topic: Bytes::copy_from_slice(topic.as_ref()),
        payload: Bytes::copy_from_slice(payload.as_ref()),
        qos: 0,
        retain: false,
        dup: false,
    })
}

/// PINGRESP: the answer to PINGREQ.
pub fn pingresp() -> Answer<Pingresp> {
    Answer::new(Body::Pingresp)
}

impl<P> Answer<P> {
    fn new(body: Body) -> Self {
        Self {
            reply: Reply::new(body),
            treatment: Treatment::default(),
            packet: PhantomData,
        }
    }

    /// Writes the packet as this version has it, whatever the connection speaks.
    pub const fn version(mut self, version: Version) -> Self {
        self.reply.version = Some(version);
        self
    }

    /// Writes these lower four bits of the first byte instead of the right ones.
    pub const fn flags(mut self, flags: u8) -> Self {
        self.reply.flags = Some(flags & 0x0F);
        self
    }

    /// How much of the packet is written.
    pub const fn form(mut self, form: Form) -> Self {
        self.reply.form = Some(form);
        self
    }

    /// Says this packet identifier instead of that of the request; 0 too. Without a request, and
    /// without this, it is 1; about a packet without an identifier, nothing
    /// [is sent](crate::action::puback).
    ///
    /// In a PUBLISH above QoS 0 it is the next free one unless said otherwise; in a PUBLISH of
    /// QoS 0 it is written although it does not belong there; in packets that have no place for
    /// an identifier it is ignored.
    pub const fn packet_id(mut self, packet_id: u16) -> Self {
        self.reply.packet_id = Some(packet_id);
        self
    }

    /// Changes the bytes of the packet; called again, changes them further.
    ///
    /// The base behaviour believes what the packet says without the change.
    pub fn mutate(mut self, mutation: Mutation) -> Self {
        self.treatment.add(mutation);
        self
    }

    /// Sends the packet so many times, 10,000 at the most; 0 is not at all.
    pub const fn repeat(mut self, copies: u32) -> Self {
        self.treatment.repeat(copies);
        self
    }

    /// Holds the packet back, on its connection, until [`release`](super::release) sends it.
    pub const fn hold(mut self) -> Self {
        self.treatment.hold();
        self
    }

    /// Leaves the connection open behind a packet that ends it: a DISCONNECT, or a CONNACK that
    /// refuses.
    pub const fn stay_open(mut self) -> Self {
        self.reply.stay_open = true;
        self
    }

    /// Adds a property behind the others, wherever it belongs and however often it is there. On a
    /// 3.1.1 connection, whose packets have none, it is left out unless a [`form`](Self::form) is
    /// asked for, as all properties are.
    pub fn property(self, property: Property<'_>) -> Self {
        self.raw_property(property.id() as u8, encode_value(property))
    }

    /// Adds a property of this identifier whose value is these bytes, as they are.
    pub fn raw_property(mut self, id: u8, value: impl AsRef<[u8]>) -> Self {
        let value = Bytes::copy_from_slice(value.as_ref());
        self.reply.properties.push(RawProperty { id, value });
        self
    }

    /// Adds a user property.
    pub fn user_property(self, name: &str, value: &str) -> Self {
        let mut bytes = prefixed(name.as_bytes());
        bytes.extend_from_slice(&prefixed(value.as_bytes()));
        self.raw_property(PropertyId::UserProperty as u8, bytes)
    }

    /// Adds a subscription identifier; 0 too.
    pub fn subscription_identifier(self, identifier: u32) -> Self {
        let id = PropertyId::SubscriptionIdentifier as u8;
        self.raw_property(id, var_int(identifier))
    }
}

macro_rules! property_methods {
    ($($(#[$doc:meta])* $name:ident($value:ident: $type:ty) = $id:ident $bytes:expr;)*) => {
        impl<P> Answer<P> {
            $(
                $(#[$doc])*
                pub fn $name(self, $value: $type) -> Self {
                    self.raw_property(PropertyId::$id as u8, $bytes)
                }
            )*
        }
    };
}

property_methods! {
    /// Adds a reason string.
    reason_string(text: &str) = ReasonString prefixed(text.as_bytes());
    /// Adds a server reference.
    server_reference(text: &str) = ServerReference prefixed(text.as_bytes());
    /// Adds a session expiry interval, in seconds.
    session_expiry_interval(seconds: u32) = SessionExpiryInterval seconds.to_be_bytes();
    /// Adds an assigned client identifier.
    assigned_client_identifier(text: &str) = AssignedClientIdentifier prefixed(text.as_bytes());
    /// Adds a server keep alive, in seconds.
    server_keep_alive(seconds: u16) = ServerKeepAlive seconds.to_be_bytes();
    /// Adds an authentication method.
    authentication_method(text: &str) = AuthenticationMethod prefixed(text.as_bytes());
    /// Adds authentication data.
    authentication_data(data: &[u8]) = AuthenticationData prefixed(data);
    /// Adds response information.
    response_information(text: &str) = ResponseInformation prefixed(text.as_bytes());
    /// Adds a receive maximum; 0 too.
    receive_maximum(count: u16) = ReceiveMaximum count.to_be_bytes();
    /// Adds a topic alias maximum.
    topic_alias_maximum(highest: u16) = TopicAliasMaximum highest.to_be_bytes();
    /// Adds a topic alias; 0 too.
    topic_alias(alias: u16) = TopicAlias alias.to_be_bytes();
    /// Adds a maximum QoS; any number.
    maximum_qos(qos: u8) = MaximumQos [qos];
    /// Adds retain available.
    retain_available(available: bool) = RetainAvailable [u8::from(available)];
    /// Adds a maximum packet size, in bytes; 0 too.
    maximum_packet_size(bytes: u32) = MaximumPacketSize bytes.to_be_bytes();
    /// Adds wildcard subscription available.
    wildcard_subscription_available(available: bool) = WildcardSubscriptionAvailable [u8::from(available)];
    /// Adds subscription identifiers available.
    subscription_identifier_available(available: bool) = SubscriptionIdentifierAvailable [u8::from(available)];
    /// Adds shared subscription available.
    shared_subscription_available(available: bool) = SharedSubscriptionAvailable [u8::from(available)];
    /// Adds a payload format indicator; any number.
    payload_format_indicator(format: u8) = PayloadFormatIndicator [format];
    /// Adds a message expiry interval, in seconds.
    message_expiry_interval(seconds: u32) = MessageExpiryInterval seconds.to_be_bytes();
    /// Adds a content type.
    content_type(text: &str) = ContentType prefixed(text.as_bytes());
    /// Adds a response topic; with wildcards too.
    response_topic(topic: &str) = ResponseTopic prefixed(topic.as_bytes());
    /// Adds correlation data.
    correlation_data(data: &[u8]) = CorrelationData prefixed(data);
}

impl Answer<Connack> {
    /// Says that there is a session, or that there is none, whatever is true.
    pub const fn session_present(mut self, present: bool) -> Self {
        if let Body::Connack {
            session_present, ..
        } = &mut self.reply.body
        {
            *session_present = Some(present);
        }
        self
    }
}

impl Answer<Publish> {
    /// Sends the message at this QoS.
    pub const fn qos(mut self, level: QoS) -> Self {
        if let Body::Publish { qos, .. } = &mut self.reply.body {
            *qos = level as u8;
        }
        self
    }

    /// Whether RETAIN is set.
    pub const fn retain(mut self, set: bool) -> Self {
        if let Body::Publish { retain, .. } = &mut self.reply.body {
            *retain = set;
        }
        self
    }

    /// Whether DUP is set.
    pub const fn dup(mut self, set: bool) -> Self {
        if let Body::Publish { dup, .. } = &mut self.reply.body {
            *dup = set;
        }
        self
    }
}

impl<P> From<Answer<P>> for Action {
    fn from(answer: Answer<P>) -> Self {
        Self::send(answer.reply).treated(answer.treatment)
    }
}

/// The bytes behind their two-byte length; of more than 65,535 bytes the length says the lower 16
/// bits.
pub(crate) fn prefixed(bytes: &[u8]) -> BytesMut {
    let mut prefixed = BytesMut::with_capacity(2 + bytes.len());
    prefixed.put_u16(bytes.len() as u16);
    prefixed.extend_from_slice(bytes);
    prefixed
}

fn var_int(value: u32) -> BytesMut {
    let mut bytes = BytesMut::with_capacity(5);
    super::encode::put_var_int(&mut bytes, value);
    bytes
}

/// The bytes of a property's value.
pub(crate) fn encode_value(property: Property<'_>) -> BytesMut {
    let flag = |value: bool| BytesMut::from(&[u8::from(value)][..]);
    let short = |value: u16| BytesMut::from(&value.to_be_bytes()[..]);
    let long = |value: u32| BytesMut::from(&value.to_be_bytes()[..]);
    match property {
        Property::PayloadFormatIndicator(value)
        | Property::RequestProblemInformation(value)
        | Property::RequestResponseInformation(value)
        | Property::RetainAvailable(value)
        | Property::WildcardSubscriptionAvailable(value)
        | Property::SubscriptionIdentifierAvailable(value)
        | Property::SharedSubscriptionAvailable(value) => flag(value),
        Property::MaximumQos(qos) => BytesMut::from(&[qos as u8][..]),
        Property::ServerKeepAlive(value)
        | Property::ReceiveMaximum(value)
        | Property::TopicAliasMaximum(value)
        | Property::TopicAlias(value) => short(value),
        Property::MessageExpiryInterval(value)
        | Property::SessionExpiryInterval(value)
        | Property::WillDelayInterval(value)
        | Property::MaximumPacketSize(value) => long(value),
        Property::SubscriptionIdentifier(value) => var_int(value),
        Property::ContentType(text)
        | Property::AssignedClientIdentifier(text)
        | Property::AuthenticationMethod(text)
        | Property::ResponseInformation(text)
        | Property::ServerReference(text)
        | Property::ReasonString(text) => prefixed(text.get().as_bytes()),
        Property::ResponseTopic(topic) => prefixed(topic.get().as_bytes()),
        Property::CorrelationData(data) | Property::AuthenticationData(data) => {
            prefixed(data.get())
        }
        Property::UserProperty(name, value) => {
            let mut bytes = prefixed(name.get().as_bytes());
            bytes.extend_from_slice(&prefixed(value.get().as_bytes()));
            bytes
        }
    }
}
