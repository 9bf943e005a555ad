//! What is wrong with a file is shown in its line.

use nack_mock_broker::MockBroker;
use nack_mock_broker::scenario::ScenarioFile;

/// What is said about a file, by its reader or by what makes rules of it.
fn wrong(name: &str, text: &str) -> String {
    match ScenarioFile::parse(name, text) {
        Err(error) => error.to_string(),
        Ok(file) => {
            let authority = std::cell::OnceCell::new();
            let base = file.apply_base(MockBroker::builder()).map(drop);
            let listeners = file.listeners(&authority).map(drop);
            let wrong = base.and(listeners).and_then(|()| file.rules().map(drop));
            wrong.unwrap_err().to_string()
        }
    }
}

fn all_wrong(name: &str, texts: &[&str]) -> String {
    let told: Vec<String> = texts.iter().map(|text| wrong(name, text)).collect();
    told.join("\n\n")
}

#[test]
fn what_is_mistyped_is_told_with_what_was_meant() {
    let told = all_wrong(
        "plant.toml",
        &[
            "nmae = \"a\"\n",
            "[[step]]\non = { packet = \"PUBLISH\" }\nreply = { packet = \"PUBACK\", raeson = \"quota-exceeded\" }\n",
            "[[step]]\non = { packet = \"PUBLISHED\" }\n",
            "[[step]]\non = { packet = \"PUBLISH\" }\nreply = { packet = \"PUBACK\", reason = \"qouta-exceeded\" }\n",
            "[[step]]\non = { packet = \"CONNECT\", has = [\"recieve_maximum\"] }\n",
            "[[step]]\non = { packet = \"CONNECT\" }\nreply = { packet = \"CONNACK\", properties = { reason_sting = \"no\" } }\n",
            "[[step]]\non = {}\ndrive = { close = \"finn\" }\n",
            "[[listen]]\ntls = { fault = \"expried\" }\n",
            "[[step]]\non = { colour = 3 }\n",
        ],
    );
    insta::assert_snapshot!(told);
}

#[test]
fn what_is_of_the_wrong_kind_is_told_with_what_was_expected() {
    let told = all_wrong(
        "plant.toml",
        &[
            "name = \n",
            "versions = [3]\n",
            "[[step]]\non = { qos = 300 }\n",
            "[[step]]\non = { qos = 3 }\n",
            "[[step]]\non = { packet = 3 }\n",
            "[[step]]\non = { reason = 300 }\n",
            "[[step]]\non = {}\nreply = { reason = 0x87 }\n",
            "[[step]]\non = {}\nreply = \"PUBACK\"\n",
            "[[step]]\non = []\n",
            "[[step]]\non = {}\nexpect = \"sometimes\"\n",
            "[[step]]\non = {}\ndrive = { send_hex = \"6 02\" }\n",
            "[[step]]\non = {}\ndrive = { delay_ms = 1.5 }\n",
            "base = \"loud\"\n",
            "[base.limits]\nmaximum_qos = 3\n",
            "base = { upstream = \"127.0.0.1:1\", users = [] , limits = { receive_maximum = 1 } }\n",
            "[[base.access]]\npermission = \"deny\"\ntopic = \"a/#/b\"\n",
            "[[base.authentication]]\nmethod = \"SCRAM-SHA-256\"\nsuccess = \"yes\"\n",
            "[[step]]\nclient = { cmd = \"publish\" }\n",
            "# ö\n[[step]]\nname = \"ä\"\non = {}\n[[step]]\n    on = { packet = \"PUBLISH\", topic = \"a/#/b\" }\n",
            "[[listen]]\naddress = \"127.0.0.1:0\"\nunix = \"a\"\n",
            "[[listen]]\nwebsocket = { fault = \"pings\", status = 404 }\n",
            "[[step]]\non = {}\n[step]\n",
        ],
    );
    insta::assert_snapshot!(told);
}

#[test]
fn what_a_packet_never_has_is_told_with_the_packets_that_have_it() {
    let told = all_wrong(
        "plant.toml",
        &[
            "[[step]]\non = { packet = \"PUBLISH\", reason = 0x97 }\n",
            "[[step]]\non = { packet = \"PUBACK\", reason = \"server-busy\" }\n",
            "[[step]]\non = { packet = \"CONNACK\", to_client = true, has = \"topic_alias\" }\n",
            "[[step]]\non = { packet = \"PUBLISH\", lacks = [\"topic_alias\", \"reason_string\"] }\n",
            "[[step]]\nforbid = { packet = \"PINGREQ\", properties = { user_property = { a = \"b\" } } }\n",
        ],
    );
    insta::assert_snapshot!(told);
}

#[test]
fn numbers_and_lists_that_would_do_nothing_are_refused() {
    let told = all_wrong(
        "plant.toml",
        &[
            "[[listen]]\ntls = { fault = \"expired\", fault_times = 0 }\n",
            "[[listen]]\nwebsocket = { fault = \"pings\", fault_times = 0 }\n",
            "[[step]]\non = {}\ndrive = { as_usual = true, split = [] }\n",
        ],
    );
    insta::assert_snapshot!(told);
}

#[test]
fn json_is_told_in_the_same_way() {
    let told = all_wrong(
        "plant.json",
        &[
            "{\n  \"step\": [\n    { \"on\": { \"pakcet\": \"PUBLISH\" } }\n  ]\n}\n",
            "{\n  \"step\": [\n    { \"on\": { \"packet\": \"PUBLISH\" }\n  ]\n}\n",
            "{ \"step\": [{ \"on\": { \"nth\": -1 } }] }",
        ],
    );
    insta::assert_snapshot!(told);
}

#[test]
fn toml_and_json_are_one_model() {
    let toml = ScenarioFile::parse(
        "a",
        r#"
        name = "a"
        versions = [5, "3.1.1"]
        seed = 7
        [base]
        users = [{ name = "u", password = { hex = "00 FF" } }]
        [base.limits]
        receive_maximum = 3
        [[listen]]
        address = "127.0.0.1:0"
        tls = { fault = "expired" }
        [[step]]
        on = { packet = "connect", properties = { user_property = { b = "1", a = "2" } } }
        reply = { packet = "connack", reason = 0x87 }
        drive = { delay_ms = 5 }
        expect = "1..=2"
        "#,
    );
    let toml = toml.unwrap().scenario().clone();
    let json = serde_json::to_string(&toml).unwrap();
    let again = ScenarioFile::parse("b", &json).unwrap();
    assert_eq!(*again.scenario(), toml);
    let on = toml.steps[0].on.as_ref().unwrap();
    let user = &on.properties.as_ref().unwrap().user_property;
    let first = &user.as_ref().unwrap().0[0];
    assert_eq!(first, &("b".to_owned(), "1".to_owned()), "the order stays");
}

#[test]
fn the_scenario_of_the_readme_is_one() {
    let readme = include_str!("../../../README.md");
    let (_, behind) = readme.split_once("```toml\n").unwrap();
    let (text, _) = behind.split_once("```").unwrap();
    let file = ScenarioFile::parse("README.md", text).unwrap();
    assert_eq!(file.rules().unwrap().len(), 3);
}
