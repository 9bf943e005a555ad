//! The program: what it prints where, and its exit codes.

use std::process::{Command, Output};

fn run(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_nack-conformance"))
        .args(arguments)
        .output()
        .unwrap()
}

#[track_caller]
fn check(arguments: &[&str], code: i32) -> (String, String) {
    let output = run(arguments);
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let (out, err) = (text(output.stdout), text(output.stderr));
    assert_eq!(output.status.code(), Some(code), "{out}{err}");
    (out, err)
}

#[test]
fn passing_cases_end_with_0_and_a_table() {
    let (out, err) = check(&["--filter", "puback/0x87/*"], 0);
    assert!(out.contains("MQTT 5.0\n  PUBACK "), "{out}");
    assert!(out.contains("\n5 passed, 0 failed, 0 skipped in "), "{out}");
    // There is no progress bar where nobody sees it.
    assert_eq!(err, "");
}

#[test]
fn failures_end_with_1_and_the_command_that_repeats_them() {
    let name = "pubrec/0x87/no-properties@5";
    let (out, _) = check(&["--filter", name, "--saboteur", "releases_refused"], 1);
    assert!(out.contains("FAIL pubrec/0x87/no-properties@5\n"), "{out}");
    assert!(out.contains("by        MQTT-4.3.3-4: "), "{out}");
    assert!(out.contains("→ #1 PUBREL id="), "{out}");
    assert!(
        out.contains(&format!(
            "repeat    cargo xtask conformance --filter '{name}' --saboteur releases_refused\n"
        )),
        "{out}"
    );
    assert!(out.contains("\n0 passed, 1 failed, 0 skipped in "), "{out}");
}

#[test]
fn only_so_many_failures_are_shown_and_the_others_counted() {
    let failing = [
        "--filter",
        "puback/0x87",
        "--saboteur",
        "reports_wrong_code",
    ];
    let (out, _) = check(&[&failing[..], &["--show", "2"]].concat(), 1);
    assert_eq!(out.matches("\n  repeat ").count(), 2, "{out}");
    assert!(out.contains("… and 3 more failures"), "{out}");
    let (out, _) = check(&[&failing[..], &["--show", "0"]].concat(), 1);
    assert_eq!(out.matches("\n  repeat ").count(), 5, "{out}");
}

#[test]
fn wrong_usage_ends_with_2() {
    check(&["--no-such-flag"], 2);
    check(&["--version", "3.1"], 2);
    check(&["--jobs", "0"], 2);
    let (_, err) = check(&["--filter", "puback/0x87", "--saboteur", "nobody"], 2);
    assert!(err.contains("leaks_quota"), "{err}");
    let (out, err) = check(
        &[
            "--filter",
            "puback/0x87",
            "--json",
            "/no/such/folder/x.json",
        ],
        2,
    );
    assert!(
        err.contains("/no/such/folder/x.json cannot be written"),
        "{err}"
    );
    // What was found is told all the same.
    assert!(out.contains("\n5 passed, 0 failed"), "{out}");
}

#[test]
fn nothing_that_matches_ends_with_3_and_proves_nothing() {
    let (out, err) = check(&["--filter", "puback/0x87", "--version", "3.1.1"], 3);
    assert_eq!(out, "");
    assert!(err.contains("nothing matched"), "{err}");
}

#[test]
fn listing_runs_nothing_and_filters_all_the_same() {
    let (out, _) = check(
        &["--list", "--filter", "connack/*", "--version", "3.1.1"],
        0,
    );
    assert!(out.contains("connack/0x05/plain@3.1.1"), "{out}");
    assert!(out.contains("MQTT-3.2.2-6"), "{out}");
    assert!(out.ends_with("\n256 cases\n"), "{out}");
    assert!(!out.contains("@5 "), "{out}");
}

#[test]
fn a_list_can_be_json_alone() {
    let picked = [
        "--list",
        "--filter",
        "puback/0x97/no-properties@5",
        "--json",
        "-",
    ];
    let (out, err) = check(&picked, 0);
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    let run = &json["runs"][0];
    assert_eq!(run["name"], "puback/0x97/no-properties@5");
    assert!(run["statements"].is_array() && run["title"].is_string());
    assert_eq!(run.get("verdict"), None);
    assert_eq!(err, "");
}

#[test]
fn several_filters_pick_what_any_of_them_picks_once() {
    let filters = [
        "--list",
        "--filter",
        "puback/0x87",
        "--filter",
        "*/0x87/everything@5",
    ];
    let (out, _) = check(&filters, 0);
    assert_eq!(out.matches("puback/0x87/everything@5").count(), 1, "{out}");
    assert!(out.contains("unsuback/0x87/everything@5"), "{out}");
}

#[test]
fn json_on_the_standard_output_is_alone_there() {
    let (out, err) = check(&["--filter", "puback/0x97", "--json", "-"], 0);
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(json["counts"]["pass"], 5);
    assert!(err.contains("5 passed, 0 failed"), "{err}");
}

#[test]
fn help_teaches_names_examples_and_exit_codes() {
    let (out, _) = check(&["--help"], 0);
    for part in [
        "Names:",
        "Examples:",
        "Exit codes:",
        "--saboteur",
        "--filter",
    ] {
        assert!(out.contains(part), "{part}: {out}");
    }
}
