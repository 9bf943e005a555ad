//! SUBACK and UNSUBACK that refuse two topic filters, each for a reason of its own, and grant one
//! between them: what may be tried is what is right for both.

use nack_codec::{PacketType, Version};

use super::form::Form;
use super::table::{self, Code};
use super::told::Told;
use super::{path, subscribe};
use crate::Case;

pub(super) fn cases() -> impl Iterator<Item = Case> {
    // In 3.1.1 there is one refusal only.
    [PacketType::Suback, PacketType::Unsuback]
        .into_iter()
        .flat_map(|packet| {
            let refusals = move || {
                table::listed(Version::V5, packet)
                    .iter()
                    .filter(|code| code.refuses)
            };
            let pairs = refusals().flat_map(move |first| {
                refusals().map(move |second| (told(packet, *first), told(packet, *second)))
            });
            // Where both give the same advice there is nothing to choose.
            let pairs = pairs.filter(|(first, second)| first.advice() != second.advice());
            pairs.map(|(first, second)| case(first, second))
        })
}

const fn told(packet: PacketType, code: Code) -> Told {
    Told {
        version: Version::V5,
        packet,
        code,
        form: Form::Empty,
    }
}

fn case(first: Told, second: Told) -> Case {
    let packet = first.packet;
    let (request, between) = match packet {
        PacketType::Suback => ("subscribing", 0x01),
        _ => ("unsubscribing", 0x00),
    };
    let codes = [first.code.number, between, second.code.number];
    let id = path(packet, codes[0], &format!("before-0x{:02X}", codes[2]));
    let title = format!(
        "{request} fails for one filter by {first} and for another by 0x{:02X} ({}), with the \
         stricter advice",
        second.code.number, second.code.name
    );
    let case = Case::new(id, title, packet.name(), async move |stage| {
        subscribe::answered(stage, first, codes.to_vec()).await
    });
    subscribe::cites(case, first)
}
