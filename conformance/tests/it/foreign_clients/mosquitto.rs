//! Mosquitto's programs, `mosquitto_pub` and `mosquitto_sub`, against the mock broker.
//!
//! Where they are not installed the tests say so and pass; with `NACK_REQUIRE_CLIENTS=1` they fail.

use std::process::{Output, Stdio};

use nack_client::Version;
use nack_mock_broker::{MockBroker, ReasonCode, Rule, action, matcher};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use crate::happy_paths::PATIENCE;
use crate::skip::skip;

const REQUIRED: &str = "NACK_REQUIRE_CLIENTS";

const VERSIONS: [Version; 2] = [Version::V5, Version::V311];

/// Whether both programs are installed. It is asked before anything is expected of them.
fn are_installed() -> bool {
    ["mosquitto_pub", "mosquitto_sub"]
        .into_iter()
        .all(|program| {
            let help = std::process::Command::new(program).arg("--help").output();
            let is_installed = help.is_ok();
            if !is_installed {
                skip(
                    REQUIRED,
                    format_args!("{program} is not installed (mosquitto-clients)"),
                );
            }
            is_installed
        })
}

/// A program that runs. It ends when it is dropped.
fn start(program: &str, broker: &MockBroker, version: Version, arguments: &[&str]) -> Child {
    let address = broker.address();
    let version = match version {
        Version::V5 => "5",
        Version::V311 => "311",
    };
    Command::new(program)
        .args(["-h", &address.ip().to_string()])
        .args(["-p", &address.port().to_string(), "-V", version])
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

async fn output(child: Child) -> (Option<i32>, String, String) {
    let output = timeout(PATIENCE, child.wait_with_output()).await;
    let Output {
        status,
        stdout,
        stderr,
    } = output.unwrap().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.code(), text(stdout), text(stderr))
}

#[tokio::test]
async fn messages_of_every_qos_are_passed_on() {
    if !are_installed() {
        return;
    }
    for version in VERSIONS {
        let broker = MockBroker::start().await.unwrap();
        let listen = ["-t", "plant/#", "-q", "2", "-C", "3", "-F", "%t %p %q %r"];
        let listener = start("mosquitto_sub", &broker, version, &listen);
        broker.wait_for(matcher::subscribe()).await;
        for qos in ["0", "1", "2"] {
            let send = ["-t", "plant/3/heat", "-m", "21.5", "-q", qos];
            let sender = start("mosquitto_pub", &broker, version, &send);
            assert_eq!(
                output(sender).await,
                (Some(0), String::new(), String::new())
            );
        }
        let heard = "plant/3/heat 21.5 0 0\nplant/3/heat 21.5 1 0\nplant/3/heat 21.5 2 0\n";
        let expected = (Some(0), heard.to_owned(), String::new());
        assert_eq!(output(listener).await, expected, "{version}");
    }
}

#[tokio::test]
async fn retained_message_comes_to_whoever_subscribes_later() {
    if !are_installed() {
        return;
    }
    for version in VERSIONS {
        let broker = MockBroker::start().await.unwrap();
        let send = ["-t", "plant/3/heat", "-m", "21.5", "-q", "1", "-r"];
        let sender = start("mosquitto_pub", &broker, version, &send);
        assert_eq!(output(sender).await.0, Some(0));
        let listen = ["-t", "plant/+/heat", "-C", "1", "-F", "%t %p %r"];
        let listener = start("mosquitto_sub", &broker, version, &listen);
        assert_eq!(output(listener).await.1, "plant/3/heat 21.5 1\n");
    }
}

#[tokio::test]
async fn session_is_resumed_with_the_messages_that_it_missed() {
    if !are_installed() {
        return;
    }
    for version in VERSIONS {
        let broker = MockBroker::start().await.unwrap();
        let session = ["-i", "sleeper", "-c", "-t", "plant/#", "-q", "2"];
        // -E: leaves as soon as the subscription is granted.
        let begin = [&session[..], &["-E"]].concat();
        let sleeper = start("mosquitto_sub", &broker, version, &begin);
        assert_eq!(output(sleeper).await.0, Some(0));
        for qos in ["1", "2"] {
            let send = ["-t", "plant/3/heat", "-m", "21.5", "-q", qos];
            let sender = start("mosquitto_pub", &broker, version, &send);
            assert_eq!(output(sender).await.0, Some(0));
        }
        let resume = [&session[..], &["-C", "2", "-F", "%p %q"]].concat();
        let awake = start("mosquitto_sub", &broker, version, &resume);
        assert_eq!(output(awake).await.1, "21.5 1\n21.5 2\n", "{version}");
    }
}

#[tokio::test]
async fn will_of_a_killed_client_is_published() {
    if !are_installed() {
        return;
    }
    for version in VERSIONS {
        let broker = MockBroker::start().await.unwrap();
        let listen = ["-i", "watcher", "-t", "status/#", "-C", "1", "-F", "%t %p"];
        let watcher = start("mosquitto_sub", &broker, version, &listen);
        broker
            .wait_for(matcher::subscribe().client("watcher"))
            .await;
        let will = [
            "-i",
            "lost",
            "-t",
            "plant/#",
            "--will-topic",
            "status/lost",
            "--will-payload",
            "gone",
        ];
        let lost = start("mosquitto_sub", &broker, version, &will);
        broker.wait_for(matcher::subscribe().client("lost")).await;
        // It is killed.
        drop(lost);
        assert_eq!(output(watcher).await.1, "status/lost gone\n", "{version}");
    }
}

#[tokio::test]
async fn refusals_are_told() {
    if !are_installed() {
        return;
    }
    for (version, connack, told, suback) in [
        (Version::V5, 0x87, "Connection error: Not authorized", 0x97),
        (
            Version::V311,
            5,
            "Connection error: Connection Refused: not authorised.",
            0x80,
        ),
    ] {
        let broker = MockBroker::start().await.unwrap();
        let _stranger = Rule::given(matcher::connect().client("stranger"))
            .then(action::connack(ReasonCode::NotAuthorized))
            .expect(1)
            .mount(&broker);
        let _full = Rule::given(matcher::subscribe().filter("full"))
            .then(action::suback_each(suback))
            .expect(1)
            .mount(&broker);

        let arguments = ["-i", "stranger", "-t", "a", "-m", "b"];
        let stranger = start("mosquitto_pub", &broker, version, &arguments);
        let (status, _, said) = output(stranger).await;
        assert_eq!(status, Some(connack), "{version}");
        assert_eq!(said.lines().next(), Some(told));

        let listener = start("mosquitto_sub", &broker, version, &["-t", "full"]);
        let said = output(listener).await.2;
        assert_eq!(said, "All subscription requests were denied.\n");
    }
}

#[tokio::test]
async fn refused_message_is_told() {
    if !are_installed() {
        return;
    }
    let broker = MockBroker::start().await.unwrap();
    let _full = Rule::given(matcher::publish().topic("full"))
        .then(action::puback(0x97))
        .expect(1)
        .mount(&broker);
    let send = ["-t", "full", "-m", "21.5", "-q", "1"];
    let sender = start("mosquitto_pub", &broker, Version::V5, &send);
    let said = output(sender).await.2;
    assert_eq!(said, "Warning: Publish 1 failed: Quota exceeded.\n");
}
