//! The suite is tested to fail: each saboteur is caught, and each case catches one.

use std::num::NonZeroUsize;
use std::sync::Arc;

use nack_conformance::saboteur::Saboteur;
use nack_conformance::subject::{InProcess, Launcher};
use nack_conformance::{Filter, Outcome, Run, Runner, Verdict, cases, runs};

fn play(saboteur: &Saboteur, runs: &[Run]) -> Vec<Outcome> {
    let honest: Arc<dyn Launcher> = Arc::new(InProcess::new());
    let jobs = NonZeroUsize::new(2).unwrap();
    Runner::new(saboteur.launcher(honest))
        .jobs(jobs)
        .run(runs, |_, _| {})
}

/// A case that only finds that it never got to its point has caught nobody, and none of the
/// saboteurs makes anything panic.
const fn catches(outcome: &Outcome) -> bool {
    matches!(
        outcome.verdict,
        Verdict::Weak | Verdict::Api | Verdict::Fail | Verdict::Timeout
    )
}

#[test]
fn every_case_catches_a_saboteur() {
    let mut blind = runs(&cases::all());
    // The first saboteurs are caught by most cases, so that few are left for the others.
    for saboteur in Saboteur::all() {
        let outcomes = play(&saboteur, &blind);
        let mut outcomes = outcomes.iter();
        blind.retain(|_| !outcomes.next().is_some_and(catches));
    }
    let names: Vec<String> = blind.iter().map(Run::name).collect();
    assert!(
        blind.is_empty(),
        "{} cases catch nobody: {names:#?}",
        blind.len()
    );
}

/// Each saboteur, a case that catches it, and the sentence that the case finds broken.
const CAUGHT: &[(&str, &str, Verdict, &str)] = {
    use Verdict::{Api, Fail, Timeout, Weak};

    &[
        (
            "swallows_refusals",
            "puback/0x97/empty-properties@5",
            Api,
            "API-refusal-is-error",
        ),
        (
            "reports_wrong_code",
            "suback/0x80/plain@3.1.1",
            Api,
            "API-reason-code",
        ),
        (
            "forgets_codes",
            "disconnect/0x8B/no-properties@5",
            Api,
            "API-reason-code",
        ),
        (
            "fears_quiet_success",
            "pubrec/0x10/empty-properties@5",
            Api,
            "API-refusal-is-error",
        ),
        (
            "mixes_up_filters",
            "suback/0x87/second-of-three@5",
            Api,
            "MQTT-3.9.3-1",
        ),
        (
            "drops_reason_string",
            "connack/0x87/reason-string@5",
            Api,
            "API-reason-string",
        ),
        (
            "drops_user_properties",
            "unsuback/0x87/everything@5",
            Api,
            "API-user-properties",
        ),
        (
            "drops_server_reference",
            "connack/0x9D/server-reference@5",
            Api,
            "API-server-reference",
        ),
        (
            "wrong_fate",
            "pubcomp/0x92/no-properties@5",
            Api,
            "API-delivery",
        ),
        (
            "trusts_in_retries",
            "connack/0x86/empty-properties@5",
            Api,
            "API-retry",
        ),
        (
            "advises_for_the_mildest",
            "suback/0x97/before-0x87@5",
            Api,
            "API-retry",
        ),
        (
            "advises_for_the_mildest",
            "unsuback/0x91/before-0x80@5",
            Api,
            "API-retry",
        ),
        (
            "keeps_ended_filters",
            "unsuback/0x00/empty-properties@5",
            Api,
            "API-unsubscribed",
        ),
        (
            "keeps_ended_filters",
            "unsuback/0x87/before-0x80@5",
            Api,
            "API-unsubscribed",
        ),
        (
            "ends_refused_filters",
            "unsuback/0x87/third-of-three@5",
            Api,
            "API-delivered",
        ),
        (
            "hides_disconnect",
            "disconnect/0x8E/empty-properties@5",
            Api,
            "API-every-waiter",
        ),
        (
            "hides_violations",
            "suback/0x03/reserved@3.1.1",
            Api,
            "API-violation",
        ),
        (
            "keeps_messages",
            "pubrel/0x00/short@5",
            Api,
            "API-delivered",
        ),
        (
            "releases_refused",
            "pubrec/0x87/no-properties@5",
            Fail,
            "MQTT-4.3.3-4",
        ),
        (
            "resends_refused",
            "puback/0x80/no-properties@5",
            Fail,
            "MQTT-4.4.0-2",
        ),
        (
            "leaks_quota",
            "pubrec/0x97/no-properties@5",
            Fail,
            "U5-4.9-quota-restored",
        ),
        (
            "ignores_receive_maximum",
            "puback/0x00/short@5",
            Fail,
            "MQTT-3.3.4-7",
        ),
        (
            "blocks_behind_messages",
            "puback/0x00/short@5",
            Fail,
            "MQTT-3.3.4-8",
        ),
        (
            "hangs_up_on_refusal",
            "puback/0x87/no-properties@5",
            Api,
            "API-undisturbed",
        ),
        (
            "never_completes",
            "pubrel/0x92/no-properties@5",
            Fail,
            "MQTT-4.3.3-11",
        ),
        (
            "answers_auth",
            "auth/0x18/reason-string@5",
            Fail,
            "MQTT-4.12.0-7",
        ),
        (
            "accepts_any_code",
            "suback/0x7F/reserved@5",
            Api,
            "API-violation",
        ),
        (
            "stays_connected",
            "connack/0x88/empty-properties@5",
            Fail,
            "MQTT-4.13.2-1",
        ),
        (
            "stays_connected",
            "suback/0x81/reserved@3.1.1",
            Fail,
            "MQTT-4.8.0-1",
        ),
        (
            "keeps_reason_to_itself",
            "puback/0xFF/reserved@5",
            Weak,
            "U5-4.13.1-client-says-why",
        ),
        (
            "talks_on",
            "connack/0x05/plain@3.1.1",
            Api,
            "API-refused-connection-closes",
        ),
        (
            "talks_on",
            "disconnect/0x00/short@5",
            Weak,
            "U5-3.14.4-receiver-closes",
        ),
        (
            "hangs_on_lost_connection",
            "disconnect/0x8B/empty-properties@5",
            Timeout,
            "",
        ),
        (
            "needs_property_length",
            "puback/0x87/no-properties@5",
            Api,
            "API-refusal-is-error",
        ),
    ]
};

#[test]
fn saboteurs_break_the_sentence_that_they_are_about() {
    let all = Saboteur::all();
    for (name, case, verdict, statement) in CAUGHT {
        let saboteur = all.iter().find(|known| known.name() == *name).unwrap();
        let runs = Filter::new(*case).pick(&runs(&cases::all()));
        assert_eq!(runs.len(), 1, "{case}");
        let outcome = &play(saboteur, &runs)[0];
        let found = outcome
            .findings
            .iter()
            .find(|finding| finding.verdict == *verdict);
        let Some(finding) = found else {
            panic!("{name}: {verdict} was to be found: {:#?}", outcome.findings);
        };
        assert_eq!(
            finding.statement.unwrap_or_default(),
            *statement,
            "{name}: {finding:#?}"
        );
        // Time that passes in vain is not waited for.
        assert!(
            outcome.elapsed.as_secs() < 5,
            "{name}: {:?}",
            outcome.elapsed
        );
    }
}

#[test]
fn every_saboteur_is_caught_by_a_case_of_the_list() {
    for saboteur in Saboteur::all() {
        assert!(
            CAUGHT.iter().any(|(name, ..)| *name == saboteur.name()),
            "{saboteur:?}"
        );
    }
}
