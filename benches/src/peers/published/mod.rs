//! The codecs of others, a file each.
//!
//! Each is driven as its own client drives it: from a read buffer that grows, with as few steps as
//! its interface allows. Where there is a choice, it gets the faster way.

mod mqtt_proto;
mod mqttbytes;
mod mqttrs;
mod rmqtt;
mod rumqtt_family;
mod rumqttc_next;
mod rumqttc_v4;
mod rumqttc_v5;
mod rumqttd;

use nack_codec::Version;

use super::{Decoder, Encoder, MAXIMUM_PACKET_SIZE, Output, Visitor, unexpected};
use crate::Workload;

/// Shows all of them to `visitor`.
pub(super) fn visit(visitor: &mut impl Visitor) {
    both::<mqttrs::Mqttrs>(visitor);
    both::<mqttbytes::V4>(visitor);
    both::<mqttbytes::V5>(visitor);
    both::<mqtt_proto::V3>(visitor);
    both::<mqtt_proto::V5>(visitor);
    both::<rmqtt::V3>(visitor);
    both::<rmqtt::V5>(visitor);
    both::<rumqttc_v4::RumqttcV4>(visitor);
    both::<rumqttc_v5::RumqttcV5>(visitor);
    both::<rumqttc_next::RumqttcNext>(visitor);
    both::<rumqttd::V4>(visitor);
    both::<rumqttd::V5>(visitor);
}

fn both<C: Decoder + Encoder>(visitor: &mut impl Visitor) {
    visitor.decoder::<C>();
    visitor.encoder::<C>();
}

/// A codec of 3.1.1 alone: it can still read and write the PUBACK that is the same in both.
fn only_v311(workload: Workload) -> Option<&'static str> {
    match workload.version() {
        Version::V5 if !workload.is_puback() => Some("a codec of 3.1.1 alone"),
        _ => None,
    }
}

fn only_v5(workload: Workload) -> Option<&'static str> {
    match workload.version() {
        Version::V311 => Some("a codec of 5.0 alone"),
        Version::V5 => None,
    }
}

/// The length of the fixed header at the front of `bytes`, and the remaining length in it: for
/// codecs that do not say how long a packet is, so that their clients must look themselves.
fn fixed_header(bytes: &[u8]) -> Option<(usize, usize)> {
    let mut remaining = 0;
    for (index, byte) in bytes.get(1..)?.iter().take(4).enumerate() {
        remaining |= usize::from(byte & 0x7F) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((2 + index, remaining));
        }
    }
    None
}
