//! Commands of the shim protocol, as our client is told them.

use std::time::Duration;

use nack_client::{
    Disconnect as ClientDisconnect, DisconnectReason, Options, Publish as ClientPublish,
    RetainHandling, Subscribe as ClientSubscribe, Unsubscribe as ClientUnsubscribe,
};
use nack_codec::{Properties as Block, Property, QoS, Version};

use super::super::{
    AckMode, Connect, Disconnect, Failure, FailureKind, Properties, Publish, Subscribe,
    Unsubscribe, Until,
};

/// The fields that are understood.
pub(super) const FIELDS: [&str; 25] = [
    "url",
    "version",
    "client_id",
    "clean_start",
    "keep_alive",
    "username",
    "password_hex",
    "will",
    "props",
    "connect_timeout_ms",
    "auto_reconnect",
    "ack_mode",
    "store",
    "receive_maximum",
    "max_packet_size",
    "topic",
    "payload_hex",
    "qos",
    "retain",
    "until",
    "filters",
    "no_local",
    "retain_as_published",
    "retain_handling",
    "reason",
];

pub(super) fn options(command: &Connect) -> Result<(Options, Version), Failure> {
    let version = match command.version {
        None => Version::V5,
        Some(level) => Version::from_level(level).ok_or_else(|| usage("the version is 4 or 5"))?,
    };
    let lacks = [
        ("auto_reconnect", command.auto_reconnect == Some(true)),
        ("ack_mode manual", command.ack_mode == Some(AckMode::Manual)),
        (
            "store",
            command
                .store
                .as_deref()
                .is_some_and(|store| store != "memory"),
        ),
        ("ca_file", command.ca_file.is_some()),
        ("cert_file", command.cert_file.is_some()),
        (
            "topic_alias_maximum",
            command
                .topic_alias_maximum
                .is_some_and(|maximum| maximum > 0),
        ),
        (
            "password without username",
            command.password.is_some() && command.username.is_none(),
        ),
    ];
    if let Some((what, _)) = lacks.iter().find(|(_, asked)| *asked) {
        return Err(Failure::unsupported(what));
    }
    // The transport is open when the client gets it, so the address is never looked at.
    let mut options = Options::new(command.url.as_str()).version(version);
    if let Some(client_id) = &command.client_id {
        options = options.client_id(client_id.as_str());
    }
    if let Some(clean_start) = command.clean_start {
        options = options.clean_start(clean_start);
    }
    if let Some(seconds) = command.keep_alive {
        options = options.keep_alive(Duration::from_secs(u64::from(seconds)));
    }
    options = match (&command.username, &command.password) {
        (Some(name), Some(password)) => options.credentials(name.as_str(), password.clone()),
        (Some(name), None) => options.user_name(name.as_str()),
        (None, _) => options,
    };
    if let Some(will) = &command.will {
        let mut props = will.props.clone();
        if let Some(seconds) = props.will_delay_interval.take() {
            options = options.will_delay_interval(seconds);
        }
        let message = message(&will.topic, &will.payload, will.qos, will.retain, props)?;
        options = options.will(message);
    }
    if let Some(milliseconds) = command.connect_timeout_ms {
        options = options.connect_timeout(Duration::from_millis(milliseconds));
    }
    if let Some(maximum) = command.receive_maximum {
        options = options.receive_maximum(maximum);
    }
    if let Some(bytes) = command.max_packet_size {
        options = options.maximum_packet_size(bytes);
    }
    let mut props = command.props.clone();
    if let Some(seconds) = props.session_expiry_interval.take() {
        options = options.session_expiry_interval(seconds);
    }
    for (name, value) in props.user_property.drain(..) {
        options = options.user_property(&name, &value);
    }
    none_left(&props)?;
    Ok((options, version))
}

pub(super) fn publish(command: &Publish) -> Result<ClientPublish, Failure> {
    if command.until != Until::Done {
        return Err(Failure::unsupported("until"));
    }
    let Publish {
        topic,
        payload,
        qos,
        retain,
        props,
        ..
    } = command;
    message(topic, payload, *qos, *retain, props.clone())
}

fn message(
    topic: &str,
    payload: &[u8],
    qos: u8,
    retain: bool,
    mut props: Properties,
) -> Result<ClientPublish, Failure> {
    let mut message = ClientPublish::new(topic, payload.to_vec())
        .qos(quality(qos)?)
        .retain(retain);
    match props.payload_format_indicator.take() {
        Some(1) => message = message.payload_is_utf8(),
        Some(0) | None => {}
        Some(_) => return Err(usage("the payload format indicator is 0 or 1")),
    }
    if let Some(seconds) = props.message_expiry_interval.take() {
        message = message.message_expiry_interval(seconds);
    }
    if let Some(text) = props.content_type.take() {
        message = message.content_type(&text);
    }
    if let Some(topic) = props.response_topic.take() {
        message = message.response_topic(&topic);
    }
    if let Some(data) = props.correlation_data.take() {
        message = message.correlation_data(&data);
    }
    for (name, value) in props.user_property.drain(..) {
        message = message.user_property(&name, &value);
    }
    none_left(&props)?;
    Ok(message)
}

pub(super) fn subscribe(command: &Subscribe) -> Result<ClientSubscribe, Failure> {
    let mut filters = command.filters.iter();
    let first = filters.next().ok_or_else(|| usage("there is no filter"))?;
    let mut request = ClientSubscribe::to(&first.filter);
    let mut options = first;
    loop {
        request =
            request
                .qos(quality(options.qos)?)
                .retain_handling(match options.retain_handling {
                    0 => RetainHandling::Send,
                    1 => RetainHandling::SendIfNew,
                    2 => RetainHandling::DoNotSend,
                    _ => return Err(usage("retain handling is 0, 1 or 2")),
                });
        if options.no_local {
            request = request.no_local();
        }
        if options.retain_as_published {
            request = request.retain_as_published();
        }
        let Some(next) = filters.next() else {
            break;
        };
        request = request.and(&next.filter);
        options = next;
    }
    let mut props = command.props.clone();
    for (name, value) in props.user_property.drain(..) {
        request = request.user_property(&name, &value);
    }
    none_left(&props)?;
    Ok(request)
}

pub(super) fn unsubscribe(command: &Unsubscribe) -> Result<ClientUnsubscribe, Failure> {
    let mut filters = command.filters.iter();
    let first = filters.next().ok_or_else(|| usage("there is no filter"))?;
    let mut request = filters.fold(ClientUnsubscribe::new(first), |request, filter| {
        request.and(filter)
    });
    let mut props = command.props.clone();
    for (name, value) in props.user_property.drain(..) {
        request = request.user_property(&name, &value);
    }
    none_left(&props)?;
    Ok(request)
}

pub(super) fn disconnect(command: &Disconnect) -> Result<ClientDisconnect, Failure> {
    let reason = match command.reason {
        None => DisconnectReason::NormalDisconnection,
        Some(code) => DisconnectReason::from_u8(code)
            .ok_or_else(|| usage("DISCONNECT has no such reason code"))?,
    };
    let mut request = ClientDisconnect::with(reason);
    let mut props = command.props.clone();
    if let Some(text) = props.reason_string.take() {
        request = request.reason_string(&text);
    }
    if let Some(seconds) = props.session_expiry_interval.take() {
        request = request.session_expiry_interval(seconds);
    }
    for (name, value) in props.user_property.drain(..) {
        request = request.user_property(&name, &value);
    }
    none_left(&props)?;
    Ok(request)
}

/// The properties of a packet, as the shim protocol shows them.
pub(super) fn shown(block: &Block) -> Properties {
    let mut shown = Properties::default();
    for property in block.iter() {
        show(&mut shown, property);
    }
    shown
}

fn show(shown: &mut Properties, property: Property<'_>) {
    let text = |text: &str| Some(text.to_owned());
    match property {
        Property::PayloadFormatIndicator(value) => {
            shown.payload_format_indicator = Some(value.into());
        }
        Property::MessageExpiryInterval(value) => shown.message_expiry_interval = Some(value),
        Property::ContentType(value) => shown.content_type = text(value.get()),
        Property::ResponseTopic(value) => shown.response_topic = text(value.get()),
        Property::CorrelationData(value) => shown.correlation_data = Some(value.get().to_vec()),
        Property::SubscriptionIdentifier(value) => shown.subscription_identifier.push(value),
        Property::SessionExpiryInterval(value) => shown.session_expiry_interval = Some(value),
        Property::AssignedClientIdentifier(value) => {
            shown.assigned_client_identifier = text(value.get());
        }
        Property::ServerKeepAlive(value) => shown.server_keep_alive = Some(value),
        Property::AuthenticationMethod(value) => shown.authentication_method = text(value.get()),
        Property::AuthenticationData(value) => {
            shown.authentication_data = Some(value.get().to_vec());
        }
        Property::RequestProblemInformation(value) => {
            shown.request_problem_information = Some(value.into());
        }
        Property::WillDelayInterval(value) => shown.will_delay_interval = Some(value),
        Property::RequestResponseInformation(value) => {
            shown.request_response_information = Some(value.into());
        }
        Property::ResponseInformation(value) => shown.response_information = text(value.get()),
        Property::ServerReference(value) => shown.server_reference = text(value.get()),
        Property::ReasonString(value) => shown.reason_string = text(value.get()),
        Property::ReceiveMaximum(value) => shown.receive_maximum = Some(value),
        Property::TopicAliasMaximum(value) => shown.topic_alias_maximum = Some(value),
        Property::TopicAlias(value) => shown.topic_alias = Some(value),
        Property::MaximumQos(value) => shown.maximum_qos = Some(value as u8),
        Property::RetainAvailable(value) => shown.retain_available = Some(value.into()),
        Property::UserProperty(name, value) => {
            shown
                .user_property
                .push((name.get().to_owned(), value.get().to_owned()));
        }
        Property::MaximumPacketSize(value) => shown.maximum_packet_size = Some(value),
        Property::WildcardSubscriptionAvailable(value) => {
            shown.wildcard_subscription_available = Some(value.into());
        }
        Property::SubscriptionIdentifierAvailable(value) => {
            shown.subscription_identifier_available = Some(value.into());
        }
        Property::SharedSubscriptionAvailable(value) => {
            shown.shared_subscription_available = Some(value.into());
        }
    }
}

/// A property that our client cannot send would be left out in silence.
fn none_left(props: &Properties) -> Result<(), Failure> {
    if props.is_empty() {
        return Ok(());
    }
    Err(Failure::unsupported("a property"))
}

fn quality(qos: u8) -> Result<QoS, Failure> {
    QoS::from_u8(qos).ok_or_else(|| usage("QoS is 0, 1 or 2"))
}

fn usage(text: &str) -> Failure {
    Failure::new(FailureKind::Usage, text)
}
