//! The runner with cases that do not behave.

use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};

use nack_codec::Version;
use nack_conformance::subject::{Endpoint, Hello, InProcess, Launcher, Subject};
use nack_conformance::verify::{must, should};
use nack_conformance::{Capability, Case, Finding, Outcome, Run, Runner, Stage, Verdict, runs};

fn run(body: impl AsyncFn(&mut Stage) -> Result<(), Finding> + Send + Sync + 'static) -> Vec<Run> {
    let case = Case::new("a/case", "it does as it is told", "A", body);
    runs(&[Arc::new(
        case.cites(Version::V5, ["MQTT-3.1.0-1", "MQTT-4.13.2-1"]),
    )])
}

fn outcome(runs: &[Run]) -> Outcome {
    let runner = Runner::new(Arc::new(InProcess::new())).patience(Duration::from_millis(200));
    runner.run(runs, |_, _| {}).remove(0)
}

#[test]
fn a_case_that_returns_nothing_passes() {
    let outcome = outcome(&run(async |stage| stage.connect().await.map(|_| ())));
    assert_eq!(outcome.verdict, Verdict::Pass);
    assert!(
        outcome.trace.iter().any(|line| line.contains("CONNECT")),
        "{:?}",
        outcome.trace
    );
}

#[test]
fn what_was_noted_and_what_was_returned_are_both_kept() {
    let outcome = outcome(&run(async |stage| {
        stage.note(should("MQTT-3.1.0-1").equal("a", &1, &2));
        must("MQTT-4.13.2-1").equal("b", &1, &2)
    }));
    assert_eq!(outcome.verdict, Verdict::Fail);
    assert_eq!(outcome.findings.len(), 2);
}

#[test]
fn a_case_that_hangs_is_over_at_once() {
    let began = Instant::now();
    let outcome = outcome(&run(async |_| {
        std::future::pending::<()>().await;
        Ok(())
    }));
    assert_eq!(outcome.verdict, Verdict::Timeout);
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[test]
fn a_case_that_never_yields_loses_its_thread_and_the_others_go_on() {
    let mut runs_of_both = run(async |_| {
        loop {
            std::thread::park();
        }
    });
    runs_of_both.extend(run(async |_| Ok(())));
    let runner = Runner::new(Arc::new(InProcess::new())).patience(Duration::from_millis(200));
    let outcomes = runner.run(&runs_of_both, |_, _| {});
    assert_eq!(outcomes[0].verdict, Verdict::Timeout);
    assert_eq!(outcomes[1].verdict, Verdict::Pass);
}

#[test]
fn a_panic_is_a_crash_and_says_where() {
    let outcome = outcome(&run(async |_| panic!("on purpose")));
    assert_eq!(outcome.verdict, Verdict::Crash);
    let received = &outcome.findings[0].received;
    assert!(
        received.contains("on purpose") && received.contains("runner.rs"),
        "{received}"
    );
}

#[test]
fn a_panic_in_a_task_that_nobody_awaits_is_a_crash_too() {
    let outcome = outcome(&run(async |stage| {
        drop(tokio::spawn(async { panic!("in the background") }));
        stage.settle().await;
        Ok(())
    }));
    assert_eq!(outcome.verdict, Verdict::Crash);
}

#[test]
fn a_finding_by_a_sentence_that_the_case_does_not_cite_is_a_crash() {
    let outcome = outcome(&run(async |_| must("MQTT-3.1.0-2").equal("a", &1, &2)));
    assert_eq!(outcome.verdict, Verdict::Crash);
}

#[test]
fn outcomes_are_in_the_order_of_the_runs_whatever_ends_first() {
    let (open, gate) = mpsc::channel();
    let gate = Mutex::new(gate);
    let slow = run(async move |_| {
        gate.lock().unwrap().recv().unwrap();
        Err(Finding::inconclusive("the other ends first", "it did"))
    });
    let all = [slow, run(async |_| Ok(()))].concat();
    let runner = Runner::new(Arc::new(InProcess::new())).jobs(NonZeroUsize::new(2).unwrap());
    let mut ended = Vec::new();
    let outcomes = runner.run(&all, |_, outcome| {
        ended.push(outcome.verdict);
        // Only the first to end finds somebody who waits.
        let _ = open.send(());
    });
    let verdicts: Vec<Verdict> = outcomes.iter().map(|outcome| outcome.verdict).collect();
    assert_eq!(verdicts, [Verdict::Inconclusive, Verdict::Pass]);
    assert_eq!(ended, [Verdict::Pass, Verdict::Inconclusive]);
}

struct Lacks;

impl Launcher for Lacks {
    fn hello(&self) -> Hello {
        Hello {
            caps: vec![Capability::V5],
            ..Hello::default()
        }
    }

    fn launch(&self, endpoint: Endpoint) -> Box<dyn Subject> {
        InProcess::new().launch(endpoint)
    }
}

#[test]
fn a_case_whose_capability_is_lacking_is_skipped_and_never_passed() {
    let case = Case::new("a/case", "it needs QoS 2", "A", async |_| Ok(()));
    let case = case
        .cites(Version::V5, ["MQTT-3.1.0-1"])
        .requires([Capability::Qos2]);
    let outcome = Runner::new(Arc::new(Lacks))
        .run(&runs(&[Arc::new(case)]), |_, _| {})
        .remove(0);
    assert_eq!(outcome.verdict, Verdict::Skipped);
    assert_eq!(outcome.lacking, Some(Capability::Qos2));
}
