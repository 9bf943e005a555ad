//! What steps and flags are called where they fail.

use super::program::{Folder, run};

/// The lines that say which rules were not hit.
fn unmet(arguments: &[&str]) -> Vec<String> {
    let ends = ["--listen", "127.0.0.1:0", "--exit-after", "1ms"];
    let output = run(&[arguments, &ends].concat());
    assert_eq!(output.status.code(), Some(1));
    let stderr = String::from_utf8(output.stderr).unwrap();
    let lines = stderr.lines().filter(|line| line.starts_with("rule "));
    lines.map(str::to_owned).collect()
}

#[test]
fn a_step_without_a_name_is_called_by_its_file_and_number() {
    assert_eq!(
        unmet(&["run", "fault/busy-at-first"]),
        [
            "rule fault/busy-at-first, step 1: expected 2 times, came not at all",
            "rule let in: expected at least once, came not at all",
        ]
    );
}

#[test]
fn names_that_are_there_twice_are_told_with_their_file() {
    let folder = Folder::new("names");
    let step = "[[step]]\nname = \"let in\"\non = { packet = \"CONNECT\" }\n";
    let own = "[[step]]\nname = \"own\"\non = { packet = \"CONNECT\" }\n";
    let [a, b] = ["a.toml", "b.toml"].map(|name| folder.file(name));
    std::fs::write(&a, [step, own].concat()).unwrap();
    std::fs::write(&b, [own.replace("own", "other").as_str(), step].concat()).unwrap();
    let expected = "expected at least once, came not at all";
    assert_eq!(
        unmet(&["run", &a, &b]),
        [
            format!("rule {a}, step 1: let in: {expected}"),
            format!("rule own: {expected}"),
            format!("rule other: {expected}"),
            format!("rule {b}, step 2: let in: {expected}"),
        ]
    );
}
