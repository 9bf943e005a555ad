//! Our client against the whole suite, judged strictly: a test a packet, listing its failures.

use std::fmt::Write as _;
use std::num::NonZeroUsize;
use std::sync::Arc;

use nack_conformance::subject::InProcess;
use nack_conformance::{Run, Runner, Strictness, Verdict, cases, report, runs};

/// Plays all cases of this group; `least` of them there must be.
#[track_caller]
fn all_pass(group: &str, least: usize) {
    let chosen: Vec<Run> = runs(&cases::all())
        .into_iter()
        .filter(|run| run.case.group() == group)
        .collect();
    assert!(
        chosen.len() >= least,
        "there are only {} cases of {group}",
        chosen.len()
    );
    let jobs = NonZeroUsize::new(2).unwrap();
    let runner = Runner::new(Arc::new(InProcess::new())).jobs(jobs);
    let outcomes = runner.run(&chosen, |_, _| {});
    let mut failures = String::new();
    for (run, outcome) in chosen.iter().zip(&outcomes) {
        // Nothing may be skipped either: our client can do all that these cases need.
        if outcome.verdict.breaks_build(Strictness::Strict) || outcome.verdict == Verdict::Skipped {
            writeln!(failures, "{}", report::failure(run, outcome, None)).unwrap();
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

#[test]
fn connack_reaches_the_caller_of_connect() {
    all_pass("CONNACK", 500);
}

#[test]
fn puback_reaches_the_caller_of_publish() {
    all_pass("PUBACK", 290);
}

#[test]
fn pubrec_reaches_the_caller_of_publish() {
    all_pass("PUBREC", 290);
}

#[test]
fn pubrel_ends_a_delivery() {
    all_pass("PUBREL", 260);
}

#[test]
fn pubcomp_reaches_the_caller_of_publish() {
    all_pass("PUBCOMP", 260);
}

#[test]
fn suback_reaches_the_caller_of_subscribe() {
    all_pass("SUBACK", 630);
}

#[test]
fn unsuback_reaches_the_caller_of_unsubscribe() {
    all_pass("UNSUBACK", 305);
}

#[test]
fn disconnect_reaches_everybody_who_waits() {
    all_pass("DISCONNECT", 400);
}

#[test]
fn auth_unasked_is_a_violation() {
    all_pass("AUTH", 260);
}

#[test]
fn every_group_has_its_test() {
    let mut groups: Vec<String> = cases::all()
        .iter()
        .map(|case| case.group().to_owned())
        .collect();
    groups.dedup();
    groups.sort_unstable();
    groups.dedup();
    let tested = [
        "AUTH",
        "CONNACK",
        "DISCONNECT",
        "PUBACK",
        "PUBCOMP",
        "PUBREC",
        "PUBREL",
        "SUBACK",
        "UNSUBACK",
    ];
    assert_eq!(groups, tested);
}
