//! The commands that run no broker, and what they print.

use super::program::{run, told};

fn stdout(arguments: &[&str]) -> String {
    let output = run(arguments);
    assert_eq!(output.status.code(), Some(0));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn help_teaches() {
    insta::assert_snapshot!(stdout(&["--help"]));
}

#[test]
fn codes_are_explained() {
    let told = [
        told(&["explain", "0x97"]),
        told(&["explain", "normal-disconnection"]),
        told(&["explain", "5"]),
        told(&["explain", "bad-authentication-method"]),
        told(&["explain", "0x80"]),
        told(&["explain", "0x91"]),
        told(&["explain", "97"]),
        told(&["explain", "0x42"]),
        told(&["explain", "quota"]),
        told(&["explain", "999"]),
    ];
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn every_code_is_explained_for_people_and_programs() {
    for code in nack_codec::ReasonCode::ALL {
        let number = format!("0x{:02X}", *code as u8);
        let text = stdout(&["explain", &number]);
        assert!(text.starts_with(&number), "{text}");
        let json = stdout(&["explain", &number, "--json"]);
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(json["code"], *code as u8);
        assert!(!json["packets"].as_array().unwrap().is_empty());
    }
    assert_eq!(stdout(&["explain"]).lines().count(), 43);
}

/// The codes that a cell of a table names: `0x88, 0x89`, `0x84 – 0x87`.
fn codes(cell: &str) -> Vec<u8> {
    let number = |text: &str| {
        let digits = text.trim().strip_prefix("0x").unwrap();
        u8::from_str_radix(digits, 16).unwrap()
    };
    let parts = cell.split(',').map(|part| match part.split_once('–') {
        Some((from, to)) => number(from)..=number(to),
        None => number(part)..=number(part),
    });
    parts.flatten().collect()
}

/// The two know nothing of each other: the advice of the client stands in its documentation.
#[test]
fn a_code_is_explained_as_the_client_advises() {
    let client = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../client/src/error/retry_table.rs"
    );
    let source = std::fs::read_to_string(client).unwrap();
    let mut seen = 0;
    for line in source.lines() {
        let Some(row) = line.trim().strip_prefix("/// | 0x") else {
            continue;
        };
        let mut cells = row.split('|');
        let cell = format!("0x{}", cells.next().unwrap());
        let advice = cells.next().unwrap();
        for code in codes(&cell) {
            let text = stdout(&["explain", &format!("0x{code:02X}")]);
            let behind = text.split_once("\ntry again  ").unwrap().1;
            let told = behind.split("\n3.1.1").next().unwrap();
            let told = told.split("\nnote").next().unwrap();
            for (advised, words) in [
                ("`Later`", "yes, later"),
                ("`Never`", "no: "),
                ("`NewSession`", "after a clean start"),
                ("`CallerDecides`", "that is for you to say"),
                ("`Elsewhere`", "not here"),
            ] {
                assert_eq!(
                    advice.contains(advised),
                    told.contains(words),
                    "0x{code:02X}: {advice} and {told}"
                );
            }
            seen += 1;
        }
    }
    assert_eq!(
        seen,
        nack_codec::ReasonCode::ALL
            .iter()
            .filter(|it| it.is_error())
            .count()
    );
}

#[test]
fn a_code_is_explained_with_the_scenarios_of_both_versions() {
    for (code, name) in [
        ("0x85", "v3/connack-identifier-rejected"),
        ("not-authorized", "v3/suback-failure"),
        ("0x00", "v3/suback-granted-qos-0"),
        ("0x01", "v3/suback-granted-qos-1"),
        ("5", "v3/connack-not-authorized"),
    ] {
        let line = format!("mock-broker run {name}\n");
        let text = stdout(&["explain", code]);
        assert!(text.contains(&line), "{text}");
    }
}

#[test]
fn scenarios_are_listed_and_shown() {
    let list = stdout(&["list", "puback-quota"]);
    assert_eq!(
        list,
        "v5/puback-quota-exceeded  Messages of QoS 1 are refused: PUBACK 0x97 (Quota exceeded).\n"
    );
    let all: serde_json::Value = serde_json::from_str(&stdout(&["list", "--json"])).unwrap();
    assert!(all.as_array().unwrap().len() > 100);
    let text = stdout(&["show", "v5/puback-quota-exceeded"]);
    assert!(text.contains("reason = \"quota-exceeded\""));
    insta::assert_snapshot!(told(&["show", "v5/puback-quota"]));
    insta::assert_snapshot!(told(&["list", "puback-quotaa"]), @r"
    $ mock-broker list puback-quotaa
    --- stderr
    mock-broker: no scenario has `puback-quotaa` in its name or description
    --- exit code 3
    ");
}

#[test]
fn the_schema_is_json() {
    let schema: serde_json::Value = serde_json::from_str(&stdout(&["schema"])).unwrap();
    assert_eq!(schema["title"], "Scenario");
}

#[test]
fn files_are_checked() {
    assert_eq!(
        stdout(&["check", "v5/puback-quota-exceeded"]),
        "v5/puback-quota-exceeded: 2 steps\n"
    );
    let path = std::env::temp_dir().join(format!("nack-check-{}.toml", std::process::id()));
    std::fs::write(&path, "[[step]]\non = { pakcet = \"PUBLISH\" }\n").unwrap();
    let output = run(&["check", path.to_str().unwrap()]);
    std::fs::remove_file(&path).unwrap();
    assert_eq!(output.status.code(), Some(3));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(
        stderr.contains(".toml:2:8: unknown key `pakcet`, did you mean `packet`?"),
        "{stderr}"
    );
    let setup = std::env::temp_dir().join(format!("nack-setup-{}.toml", std::process::id()));
    for (text, stdout, stderr, code) in [
        (
            "base = \"silent\"\n",
            "nack-setup: no step, it only sets the broker up\n",
            "",
            0,
        ),
        (
            "name = \"nothing\"\n",
            "",
            "nack-setup: this says nothing: a scenario has steps (`[[step]]`), or sets the broker \
             up (`[base]`, `[[listen]]`)\n",
            3,
        ),
    ] {
        std::fs::write(&setup, text).unwrap();
        let name = setup.to_str().unwrap();
        let output = run(&["check", name]);
        let said = |bytes: Vec<u8>| {
            let text = String::from_utf8(bytes).unwrap();
            text.replace(name, "nack-setup")
        };
        let told = (said(output.stdout), said(output.stderr));
        assert_eq!(told, (stdout.to_owned(), stderr.to_owned()));
        assert_eq!(output.status.code(), Some(code));
    }
    // Who runs what only sets the broker up is told so, and it runs.
    std::fs::write(&setup, "base = \"silent\"\n").unwrap();
    let output = run(&[
        "run",
        setup.to_str().unwrap(),
        "--listen",
        "127.0.0.1:0",
        "--exit-after",
        "1ms",
    ]);
    std::fs::remove_file(&setup).unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(
        stderr.contains(": no step, it only sets the broker up\n"),
        "{stderr}"
    );
    assert_eq!(output.status.code(), Some(0));
    let folder = run(&["check", env!("CARGO_MANIFEST_DIR")]);
    let stderr = String::from_utf8(folder.stderr).unwrap();
    assert!(stderr.contains("cannot be read"), "{stderr}");
    assert_eq!(folder.status.code(), Some(3));
}
