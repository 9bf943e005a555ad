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
