//! What the reports say.

use std::sync::Arc;

use nack_codec::Version;
use nack_conformance::report::{self, Report};
use nack_conformance::subject::{InProcess, Launcher};
use nack_conformance::verify::{api, must};
use nack_conformance::{Case, Outcome, Run, Runner, Strictness, runs};

fn played() -> (Vec<Run>, Vec<Outcome>) {
    let group = "CONNACK";
    let good = Case::new("connack/good", "all is well", group, async |_| Ok(()))
        .cites(Version::V311, ["MQTT-3.1.0-1"])
        .cites(Version::V5, ["MQTT-3.1.0-1"]);
    let bad = Case::new(
        "connack/bad",
        "the client connects twice",
        group,
        async |stage| {
            stage.connect().await?;
            stage.note(api("API-reason-code").equal("code", &Some(0x87), &None));
            must("MQTT-3.1.0-2").equal("CONNECT packets", &2, &stage.connections())
        },
    )
    .cites(Version::V5, ["MQTT-3.1.0-2", "API-reason-code"]);
    let other = Case::new("auth/weak", "it is not strict", "AUTH", async |_| {
        api("API-reason-code").equal("code", &1, &2)
    })
    .cites(Version::V5, ["API-reason-code"]);
    let runs = runs(&[Arc::new(good), Arc::new(bad), Arc::new(other)]);
    let outcomes = Runner::new(Arc::new(InProcess::new())).run(&runs, |_, _| {});
    (runs, outcomes)
}

#[test]
fn the_table_counts_verdicts_by_version_and_group() {
    let (runs, outcomes) = played();
    let subject = InProcess::new().hello();
    let strictness = Strictness::Strict;
    let report = Report {
        subject: &subject,
        strictness,
        runs: &runs,
        outcomes: &outcomes,
    };
    insta::assert_snapshot!(report::table(&report), @r"
                  pass     api    fail
MQTT 3.1.1
  CONNACK            1       -       -
MQTT 5.0
  CONNACK            1       -       1
  AUTH               -       1       -
all                  2       1       1
");
    assert_eq!(report.failures().count(), 2);
    let lenient = Report {
        strictness: Strictness::Standard,
        ..report
    };
    assert_eq!(lenient.failures().count(), 1);
}

#[test]
fn a_failure_says_all_that_is_needed_to_repeat_it() {
    let (runs, outcomes) = played();
    let at = runs
        .iter()
        .position(|run| run.name() == "connack/bad@5")
        .unwrap();
    insta::assert_snapshot!(report::failure(&runs[at], &outcomes[at], None), @r#"
FAIL connack/bad@5
    the client connects twice (MQTT 5.0)
  by        API-reason-code: An application learns the reason code that its own request was answered with
  expected  code: Some(135)
  received  code: None
  by        MQTT-3.1.0-2: A second CONNECT is a Protocol Error for the server, which closes
  expected  CONNECT packets: 2
  received  CONNECT packets: 1
  wire
        0.000 → #1 opened
        0.000 → #1 CONNECT v5 client="case-5" clean_start receive_maximum=256 | 10 16 00 04 4D 51 54 54 05 02 00 00 03 21 01 00 00 06 63 61 73 65 2D 35
        0.000 ← #1 CONNACK success | 20 03 00 00 00
  repeat    cargo xtask conformance --filter 'connack/bad@5'
"#);
}

#[test]
fn json_has_every_run_and_the_counts() {
    let (runs, outcomes) = played();
    let subject = InProcess::new().hello();
    let strictness = Strictness::Strict;
    let report = Report {
        subject: &subject,
        strictness,
        runs: &runs,
        outcomes: &outcomes,
    };
    let mut json = Vec::new();
    report::write_json(&report, &mut json).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&json).unwrap();
    assert_eq!(json["format"], 1);
    assert_eq!(json["counts"]["pass"], 2);
    assert_eq!(json["counts"]["fail"], 1);
    assert_eq!(json["failures"], 2);
    let runs = json["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 4);
    let bad = runs
        .iter()
        .find(|run| run["name"] == "connack/bad@5")
        .unwrap();
    assert_eq!(bad["verdict"], "fail");
    assert_eq!(bad["findings"][1]["statement"], "MQTT-3.1.0-2");
    assert_eq!(bad["findings"][1]["received"], "CONNECT packets: 1");
    assert!(
        bad["trace"]
            .as_array()
            .is_some_and(|trace| !trace.is_empty())
    );
    let good = runs
        .iter()
        .find(|run| run["name"] == "connack/good@5")
        .unwrap();
    assert!(good.get("trace").is_none());
}
