//! The wire forms of a packet: how much of its variable header is written.

/// How much of a packet is written, for packets that have more than one form.
///
/// Without a form, a packet is written in the shortest form that says all that it was told to say.
/// With one, what does not fit into it is left out, and what the version does not have is written.
///
/// | | PUBACK, PUBREC, PUBREL, PUBCOMP | CONNACK | SUBACK, UNSUBACK | DISCONNECT, AUTH | PUBLISH |
/// | --- | --- | --- | --- | --- | --- |
/// | `Short` | identifier | flags | identifier | nothing | topic, identifier |
/// | `NoProperties` | identifier, code | flags, code | identifier, codes | code | topic, identifier, payload |
/// | `Full` | … and properties | … and properties | … with properties | … and properties | … with properties |
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[expect(
    clippy::exhaustive_enums,
    reason = "a packet ends before the code, before the properties, or behind them"
)]
pub enum Form {
    /// Neither code nor property length: an acknowledgement of remaining length 2, a DISCONNECT of
    /// remaining length 0. Legal in MQTT 5.0 for acknowledgements, DISCONNECT and AUTH that say
    /// success, and the only form of these packets in 3.1.1.
    Short,
    /// A code and no property length: an acknowledgement of remaining length 3, a DISCONNECT of
    /// remaining length 1, a CONNACK as in 3.1.1. Legal in MQTT 5.0 for acknowledgements and
    /// DISCONNECT without properties.
    NoProperties,
    /// Code, property length and properties, whatever the version. Legal in MQTT 5.0 always.
    Full,
}
