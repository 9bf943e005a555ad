//! The broker as a process: what clients meet, what scripts wait for, how it ends.

use super::program::{Client, Folder, Running, run, start, told};

#[test]
fn a_flag_is_a_fault() {
    let broker = start(&[
        "--connack",
        "not-authorized",
        "--exit-after",
        "1-connection",
    ]);
    let mut client = broker.connect();
    client.send(Client::CONNECT);
    client.expects(b"\x20\x03\x00\x87\x00");
    client.expects_end();
    drop(client);
    let (code, stdout, stderr) = broker.end();
    assert_eq!((code, stdout.as_str()), (0, ""));
    assert!(
        stderr.contains("← #1 CONNACK 0x87 not authorized [rule --connack not-authorized]"),
        "{stderr}"
    );
}

#[test]
fn a_fault_may_be_about_some_packets_alone() {
    let broker = start(&[
        "--puback",
        "plant/#=0x97",
        "--pingresp",
        "drop",
        "--suback",
        "secret=not-authorized",
        "--exit-after",
        "1-connection",
        "--quiet",
    ]);
    let mut client = broker.connect();
    client.let_in();
    client.send(b"\x32\x06\x00\x01t\x00\x01\x00");
    client.expects(b"\x40\x02\x00\x01");
    client.send(b"\x32\x0C\x00\x07plant/1\x00\x02\x00");
    client.expects(b"\x40\x03\x00\x02\x97");
    client.send(b"\xC0\x00");
    client.send(b"\x82\x0C\x00\x03\x00\x00\x06secret\x00");
    client.expects(b"\x90\x04\x00\x03\x00\x87");
    drop(client);
    let (code, _, stderr) = broker.end();
    assert_eq!((code, stderr.as_str()), (0, ""));
}

#[test]
fn a_rule_that_never_fired_is_a_failure_with_what_came_instead() {
    let broker = start(&[
        "--puback",
        "plant/#=0x97",
        "--exit-after",
        "1-connection",
        "-q",
    ]);
    let mut client = broker.connect();
    client.let_in();
    client.send(b"\x32\x06\x00\x01t\x00\x01\x00");
    client.expects(b"\x40\x02\x00\x01");
    drop(client);
    let (code, _, stderr) = broker.end();
    assert_eq!(code, 1);
    insta::assert_snapshot!(stderr);
}

#[test]
fn who_expects_nothing_is_content() {
    let broker = start(&["--puback", "0x97", "--lenient", "--exit-after", "50ms"]);
    assert_eq!(broker.end().0, 0);
}

#[test]
fn it_may_end_once_all_that_is_expected_has_happened() {
    let broker = start(&["run", "v5/connack-server-busy", "--exit-after", "satisfied"]);
    let mut client = broker.connect();
    client.send(Client::CONNECT);
    client.expects(b"\x20\x03\x00\x89\x00");
    drop(client);
    assert_eq!(broker.end().0, 0);
}

#[cfg(unix)]
#[test]
fn a_signal_ends_it_and_it_still_judges() {
    for signal in ["-INT", "-TERM"] {
        let broker = start(&["--connack", "server-busy"]);
        broker.signal(signal);
        let (code, _, stderr) = broker.end();
        assert_eq!(code, 1);
        assert!(
            stderr.contains("rule --connack server-busy: expected"),
            "{stderr}"
        );
    }
}

#[cfg(unix)]
#[test]
fn clients_are_told_that_it_ends_and_nothing_that_rules_expect_changes() {
    let folder = Folder::new("goodbye");
    let path = folder.file("plant.toml");
    let text = "[[step]]\non = { packet = \"DISCONNECT\", to_client = true }\nreply = { packet = \"DISCONNECT\", reason = 0x80 }\nexpect = 0\n";
    std::fs::write(&path, text).unwrap();
    let broker = start(&["run", &path]);
    let mut client = broker.connect();
    client.let_in();
    broker.signal("-TERM");
    client.expects(b"\xE0\x01\x80");
    client.expects_end();
    drop(client);
    assert_eq!(broker.end().0, 0);
    let broker = start(&[]);
    let mut client = broker.connect();
    client.let_in();
    broker.signal("-INT");
    client.expects(b"\xE0\x01\x8B");
    client.expects_end();
    drop(client);
    let (code, _, stderr) = broker.end();
    assert_eq!(code, 0);
    assert!(
        stderr.contains("← #1 DISCONNECT 0x8B server shutting down"),
        "{stderr}"
    );
}

#[test]
fn the_line_for_scripts_names_every_listener() {
    let folder = Folder::new("listeners");
    let socket = format!("unix:{}", folder.file("socket"));
    let broker = Running::start(&[
        "--listen",
        "127.0.0.1:0",
        "--listen",
        "tls://127.0.0.1:0",
        "--listen",
        "ws://127.0.0.1:0/mqtt",
        "--listen",
        &socket,
        "--control",
        "127.0.0.1:0",
        "--json",
        "--exit-after",
        "1ms",
    ]);
    let line: serde_json::Value = serde_json::from_str(&broker.line).unwrap();
    let urls = line["urls"].as_array().unwrap();
    let schemes: Vec<&str> = urls
        .iter()
        .map(|url| url.as_str().unwrap().split(':').next().unwrap())
        .collect();
    assert_eq!(schemes, ["mqtt", "mqtts", "ws", "unix"]);
    assert_eq!(line["addresses"].as_array().unwrap().len(), 3);
    assert!(
        line["control"]
            .as_str()
            .unwrap()
            .starts_with("http://127.0.0.1:")
    );
    assert_eq!(broker.end().0, 0);
}

#[test]
fn the_journal_the_capture_and_the_certificate_are_files() {
    let folder = Folder::new("files");
    let [journal, capture, ca] = ["journal", "capture", "ca"].map(|name| folder.file(name));
    let broker = start(&[
        "--journal",
        &journal,
        "--pcap",
        &capture,
        "--ca",
        &ca,
        "--exit-after",
        "1-connection",
    ]);
    let mut client = broker.connect();
    client.let_in();
    drop(client);
    assert_eq!(broker.end().0, 0);
    let journal = std::fs::read_to_string(journal).unwrap();
    let kinds: Vec<serde_json::Value> = journal
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["kind"].clone())
        .collect();
    assert_eq!(kinds.first().unwrap(), "opened");
    assert_eq!(kinds.len(), 4, "{journal}");
    let capture = std::fs::read(capture).unwrap();
    assert!(capture.starts_with(b"\x0A\x0D\x0D\x0A"));
    let ca = std::fs::read_to_string(ca).unwrap();
    assert!(ca.starts_with("-----BEGIN CERTIFICATE-----"));
}

#[test]
fn the_capture_is_there_while_the_program_runs() {
    let folder = Folder::new("capture");
    let path = folder.file("capture");
    let mut broker = start(&["--pcap", &path, "--journal", "-", "-q"]);
    let begun = std::fs::metadata(&path).unwrap().len();
    assert!(begun > 0);
    let mut client = broker.connect();
    client.let_in();
    client.send(b"\xC0\x00");
    // What stands in front of an entry of the journal is in the capture: opened, CONNECT, CONNACK.
    for _ in 0..4 {
        broker.next_line();
    }
    let capture = std::fs::read(&path).unwrap();
    let holds = |bytes: &[u8]| capture.windows(bytes.len()).any(|it| it == bytes);
    assert!(holds(Client::CONNECT) && holds(b"\x20\x03\x00\x00\x00"));
}

#[test]
fn the_journal_may_go_to_stdout() {
    let broker = start(&["--journal", "-", "--exit-after", "1-connection", "-q"]);
    let mut client = broker.connect();
    client.let_in();
    drop(client);
    let (code, stdout, _) = broker.end();
    assert_eq!((code, stdout.lines().count()), (0, 4), "{stdout}");
}

#[test]
fn a_scenario_may_be_a_file() {
    let folder = Folder::new("scenario");
    let path = folder.file("plant.toml");
    let text = "[[step]]\non = { packet = \"CONNECT\" }\nreply = { packet = \"CONNACK\", reason = 0x8A }\n";
    std::fs::write(&path, text).unwrap();
    let broker = start(&["run", &path, "--exit-after", "1-connection"]);
    let mut client = broker.connect();
    client.send(Client::CONNECT);
    client.expects(b"\x20\x03\x00\x8A\x00");
    drop(client);
    assert_eq!(broker.end().0, 0);
}

#[test]
fn what_happens_by_chance_can_be_had_again() {
    for (arguments, seed) in [
        (&["run", "fault/bit-flips"][..], "--seed 7"),
        (&["run", "fault/bit-flips", "--seed", "8"], "--seed 8"),
    ] {
        let broker = start(&[arguments, &["--exit-after", "1ms", "--lenient"]].concat());
        let (code, _, stderr) = broker.end();
        assert_eq!(code, 0);
        assert_eq!(stderr, format!("by chance, with {seed}\n"));
    }
    let broker = start(&[
        "run",
        "v5/connack-success",
        "--exit-after",
        "1ms",
        "--lenient",
    ]);
    assert_eq!(broker.end().2, "");
}

#[test]
fn it_stands_in_front_of_a_real_broker() {
    let behind = start(&["-q"]);
    let address = behind.address().to_string();
    let broker = start(&[
        "--upstream",
        &address,
        "--puback",
        "full=quota-exceeded",
        "--exit-after",
        "1-connection",
    ]);
    let mut client = broker.connect();
    client.let_in();
    client.send(b"\x32\x06\x00\x01t\x00\x01\x00");
    client.expects(b"\x40\x02\x00\x01");
    client.send(b"\x32\x09\x00\x04full\x00\x02\x00");
    client.expects(b"\x40\x03\x00\x02\x97");
    drop(client);
    assert_eq!(broker.end().0, 0);
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_that_cannot_be_written_any_more_is_named() {
    for flag in ["--journal", "--pcap"] {
        let broker = start(&[flag, "/dev/full", "-q", "--exit-after", "1-connection"]);
        // The broker may be gone before it could answer anything, and a capture begins before it
        // listens.
        if flag == "--journal" {
            drop(broker.connect());
        }
        let (code, _, stderr) = broker.end();
        assert_eq!(code, 3);
        assert!(
            stderr.starts_with("mock-broker: /dev/full cannot be written: "),
            "{stderr}"
        );
    }
}

#[test]
fn a_port_that_is_taken_is_told() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let output = run(&["--listen", &address]);
    assert_eq!(output.status.code(), Some(3));
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert!(
        stderr.starts_with(&format!("mock-broker: cannot listen on {address}: ")),
        "{stderr}"
    );
}

#[test]
fn what_is_wrong_with_the_command_line_is_told() {
    let told = [
        told(&["--connack", "not-authorised"]),
        told(&["--pingresp", "0x80"]),
        told(&["--pubrel", "t=0x92"]),
        told(&["--puback", "a/#/b=0x97"]),
        told(&["--exit-after", "soon"]),
        told(&["--exit-after", "0-connections"]),
        told(&["--exit-after", "satisfied"]),
        told(&["--puback", "0x97", "--lenient", "--exit-after", "satisfied"]),
        told(&["--publish", "plant"]),
        told(&["--publish", "3:a=b"]),
        told(&["--seed", "abc"]),
        told(&["--control", "0.0.0.0:0", "--listen", "127.0.0.1:0"]),
        told(&["--listen", "http://127.0.0.1"]),
        told(&["--silent", "--upstream", "127.0.0.1:1"]),
        told(&["run", "v5/puback-quota-exeeded"]),
        told(&["rnu"]),
    ];
    insta::assert_snapshot!(told.join("\n"));
}
