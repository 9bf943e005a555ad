//! The counting program from outside: its figures, its exit codes, its comparison.

use std::path::Path;
use std::process::{Command, Output};

use nack_benches::count::Document;

fn count(arguments: &[&str]) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_count"));
    program
        .args(arguments)
        .output()
        .expect("cargo has built it")
}

/// Whether this machine can count; where it cannot, the program must say so.
fn has_valgrind() -> bool {
    Command::new("valgrind").arg("--version").output().is_ok()
}

#[track_caller]
fn exits(output: &Output, code: i32) {
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{stderr}");
}

#[test]
fn allocations_are_those_that_a_counter_inside_of_the_process_finds() {
    let output = count(&["-w", "E6", "-p", "built", "--json"]);
    if !has_valgrind() {
        exits(&output, 3);
        assert!(String::from_utf8_lossy(&output.stderr).contains("valgrind"));
        return;
    }
    exits(&output, 0);
    let document: Document = serde_json::from_slice(&output.stdout).unwrap();
    let found = document.figure("E6", "nack (built)").unwrap();
    assert_eq!(
        found.allocations_per_packet,
        crate::allocations::built() as f64 / 1000.0
    );
}

#[test]
fn a_comparison_finds_what_became_slower_and_forgives_another_compiler() {
    let compare = |document: &Document, name: &str, more: &[&str]| {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
        document.write(&path).unwrap();
        let baseline = [
            "-w",
            "E7",
            "-p",
            "nack",
            "--baseline",
            path.to_str().unwrap(),
        ];
        count(&[&baseline, more].concat())
    };
    let output = count(&["-w", "E7", "-p", "nack", "--json"]);
    if !has_valgrind() {
        exits(&output, 3);
        return;
    }
    exits(&output, 0);
    let mut document: Document = serde_json::from_slice(&output.stdout).unwrap();

    // The same again is the same, to the last digit.
    exits(&compare(&document, "same.json", &["--threshold", "0"]), 0);

    for figure in &mut document.results {
        figure.instructions_per_packet *= 0.9;
    }
    let slower = compare(&document, "faster.json", &[]);
    exits(&slower, 1);
    assert!(String::from_utf8_lossy(&slower.stdout).contains("SLOWER"));

    document.compiler = "rustc 1.0.0".to_owned();
    let forgiven = compare(&document, "other-compiler.json", &[]);
    exits(&forgiven, 0);
    assert!(String::from_utf8_lossy(&forgiven.stdout).contains("the compiler was rustc 1.0.0"));
}

#[test]
fn what_matches_nothing_or_is_not_there_is_no_success() {
    exits(&count(&["-p", "nobody"]), 2);
    exits(&count(&["-w", "D10"]), 2);
    exits(&count(&["--no-such-option"]), 2);
    exits(
        &count(&["-w", "D1", "--baseline", "/nowhere/at/all.json"]),
        3,
    );
    exits(&count(&["once", "D1", "nobody", "1"]), 3);
}

#[test]
fn list_names_every_workload_and_help_teaches() {
    let list = count(&["--list"]);
    exits(&list, 0);
    let list = String::from_utf8(list.stdout).unwrap();
    for id in ["D1", "D9", "E1", "E8"] {
        assert!(list.lines().any(|line| line.starts_with(id)), "{list}");
    }
    let help = count(&["--help"]);
    exits(&help, 0);
    assert!(String::from_utf8_lossy(&help.stdout).contains("Exit codes"));
}
