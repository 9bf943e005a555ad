//! SUBACK and UNSUBACK: what becomes of each topic filter of a request.

use nack_codec::{PacketType, Version};
use nack_mock_broker::matcher::{PacketMatcher, subscribe, unsubscribe};

use super::answers;
use super::bystanders::{self, Bystanders};
use super::form::{Form, frame};
use super::told::{self, Told};
use super::{path, subscriptions, table, table_statement};
use crate::outcome::Finding;
use crate::subject::{Answer, Failure, Filter, Subscribe, Subscribed, Unsubscribe};
use crate::verify::api;
use crate::{Capability, Case, Stage};

/// Where among the filters of a request the code stands.
#[derive(Clone, Copy, Debug)]
struct Place {
    name: &'static str,
    index: usize,
    filters: usize,
}

const ALONE: Place = Place {
    name: "",
    index: 0,
    filters: 1,
};

const AMONG_OTHERS: [Place; 3] = [
    Place {
        name: "first-of-three",
        index: 0,
        filters: 3,
    },
    Place {
        name: "second-of-three",
        index: 1,
        filters: 3,
    },
    Place {
        name: "third-of-three",
        index: 2,
        filters: 3,
    },
];

const FILTERS: [&str; 3] = ["probe/a", "probe/b", "probe/c"];

pub(super) fn cases() -> impl Iterator<Item = Case> {
    let answers = [
        (Version::V5, PacketType::Suback),
        (Version::V5, PacketType::Unsuback),
        (Version::V311, PacketType::Suback),
    ];
    answers.into_iter().flat_map(|(version, packet)| {
        table::listed(version, packet).iter().flat_map(move |code| {
            let told = move |form| Told {
                version,
                packet,
                code: *code,
                form,
            };
            let forms = Form::of(packet, code.number).map(move |form| case(told(form), ALONE));
            // In 3.1.1 there is one form.
            let forms = forms.take(if version == Version::V311 {
                1
            } else {
                usize::MAX
            });
            let places = AMONG_OTHERS.map(move |place| case(told(Form::Empty), place));
            forms.chain(places)
        })
    })
}

fn case(told: Told, place: Place) -> Case {
    let (version, packet) = (told.version, told.packet);
    let form = match (place.filters, version) {
        (1, Version::V5) => told.form.name(),
        (1, Version::V311) => "plain",
        _ => place.name,
    };
    let request = match packet {
        PacketType::Suback => "subscribing",
        _ => "unsubscribing",
    };
    let title = match (told.code.refuses, place.filters) {
        (true, 1) => format!("{request} fails by {told}, and nothing else does"),
        (true, _) => format!("{request} fails for that one filter by {told}"),
        (false, _) => format!("{request} succeeds by {told}"),
    };
    let id = path(packet, told.code.number, form);
    let case = Case::new(id, title, packet.name(), async move |stage| {
        answered(stage, told, codes(told, place)).await
    });
    cites(case, told)
}

/// What a case about the answer to such a request proves.
pub(super) fn cites(case: Case, told: Told) -> Case {
    let (version, packet) = (told.version, told.packet);
    let case = case
        .cites(version, [table_statement(version, packet)])
        .cites(version, bystanders::SENTENCES)
        .cites(version, subscriptions::SENTENCES);
    let order = match packet {
        PacketType::Suback => "MQTT-3.9.3-1",
        _ => "MQTT-3.11.3-1",
    };
    let case = case.cites(version, [order]);
    match version {
        Version::V5 => case.cites(version, told::SENTENCES),
        Version::V311 => case.cites(version, told::SENTENCES_V311),
    }
}

/// A request for as many filters as there are codes, which is answered with them; `told` is what
/// its caller is told about, the first refusal if there is one.
pub(super) async fn answered(stage: &mut Stage, told: Told, codes: Vec<u8>) -> Result<(), Finding> {
    answers::open(stage, 16).await?;
    let mut bystanders = Bystanders::begin(stage).await?;
    let filters = &FILTERS[..codes.len()];
    if told.packet == PacketType::Unsuback {
        subscribed(stage, filters).await?;
    }
    let answer = request(stage, told, filters, codes.clone()).await;
    judge(stage, told, &codes, answer)?;
    bystanders.still_wait(stage)?;
    subscriptions::are(stage, told.packet, filters, &codes).await?;
    // The same request, which the broker now grants, on the same connection.
    let granted = vec![0; filters.len()];
    let again = request(stage, told, filters, granted.clone()).await;
    match again {
        Ok(subscribed) => {
            api("API-undisturbed").equal(
                "codes of the next request",
                &granted,
                &subscribed.reasons,
            )?;
        }
        Err(failure) => {
            let expected = "the next request on the connection succeeds";
            return Err(api("API-undisturbed").broken(expected, failure.to_string()));
        }
    }
    bystanders.succeed(stage).await
}

/// The code in its place, and successes of this packet in the others.
fn codes(told: Told, place: Place) -> Vec<u8> {
    let mut codes = match told.packet {
        PacketType::Suback => vec![0x01, 0x02, 0x00],
        _ => vec![0x00, 0x11, 0x00],
    };
    codes.truncate(place.filters);
    codes[place.index] = told.code.number;
    codes
}

async fn subscribed(stage: &mut Stage, filters: &[&str]) -> Result<(), Finding> {
    let (version, count) = (stage.version(), filters.len());
    answers::answer_first(stage, subscribe().filter(FILTERS[0]), move |packet_id| {
        answers::suback(version, packet_id, &vec![2; count])
    });
    let answer = stage.subject().subscribe(subscribe_command(filters)).await;
    answer
        .map(|_| ())
        .map_err(|failure| Finding::inconclusive("the subject subscribes", failure.to_string()))
}

async fn request(
    stage: &mut Stage,
    told: Told,
    filters: &[&str],
    codes: Vec<u8>,
) -> Result<Subscribed, Failure> {
    let matcher: PacketMatcher = match told.packet {
        PacketType::Suback => subscribe().filter(FILTERS[0]),
        _ => unsubscribe().filter(FILTERS[0]),
    };
    answers::answer_first(stage, matcher, move |packet_id| match told.version {
        Version::V5 => told
            .form
            .codes(told.packet, packet_id, told.code.number, &codes),
        Version::V311 => frame(
            told.packet,
            &[&packet_id.to_be_bytes()[..], &codes].concat(),
        ),
    });
    let answer: Answer<Subscribed> = match told.packet {
        PacketType::Suback => stage.subject().subscribe(subscribe_command(filters)),
        _ => stage.subject().unsubscribe(Unsubscribe {
            filters: filters.iter().map(|filter| (*filter).to_owned()).collect(),
            ..Unsubscribe::default()
        }),
    };
    answer.await
}

fn subscribe_command(filters: &[&str]) -> Subscribe {
    Subscribe {
        filters: filters
            .iter()
            .map(|filter| Filter::at(*filter, 2))
            .collect(),
        ..Subscribe::default()
    }
}

fn judge(
    stage: &Stage,
    told: Told,
    codes: &Vec<u8>,
    answer: Result<Subscribed, Failure>,
) -> Result<(), Finding> {
    let order = api(match told.packet {
        PacketType::Suback => "MQTT-3.9.3-1",
        _ => "MQTT-3.11.3-1",
    });
    match answer {
        Err(failure) if told.code.refuses => {
            let advice = told.strictest(codes);
            told.refusal_with_advice(stage, &failure, None, advice)?;
            let tells_all = stage.has(Capability::RefusalAdvice) || !failure.reasons.is_empty();
            match tells_all {
                true => order.equal("codes of the filters", codes, &failure.reasons),
                false => Ok(()),
            }
        }
        Err(failure) => Err(told.not_an_error(&failure)),
        // A client whose interface tells all codes need not raise those that refuse; one that
        // types its errors must.
        Ok(subscribed) if told.code.refuses && stage.has(Capability::RefusalAdvice) => {
            Err(told.not_a_success(subscribed))
        }
        Ok(subscribed) => {
            order.equal("codes of the filters", codes, &subscribed.reasons)?;
            told.texts(stage, &subscribed.props)
        }
    }
}
