//! `cargo xtask bench`: counts the instructions of the codec, and compares them with an earlier
//! count; measures times on request.

use std::{
    fs, io,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Map, Value};

use crate::{ci::Verdict, failure::Failure, process, program::Program, project};

const COUNTER: Program = Program {
    package: "nack-benches",
    name: "count",
    release: true,
    // The other codecs, which take minutes to compile.
    default_features: false,
};

/// What a message costs a client.
const CLIENT: Program = Program {
    name: "client",
    ..COUNTER
};

/// What a message, a connection and a rule cost the mock broker.
const BROKER: Program = Program {
    name: "broker",
    ..COUNTER
};

/// The mock broker, as it is measured.
const MOCK_BROKER: Program = Program {
    package: "nack-mock-broker",
    name: "mock-broker",
    release: true,
    default_features: true,
};

/// The name that stands for the counts in the repository.
const COMMITTED: &str = "committed";

/// Count instructions and allocations per packet, and compare them with an earlier count.
///
/// Ours alone is counted, in seconds: --save before a change, --compare after it. With --peers the
/// others are too, on the same bytes: some minutes, and some more to compile them the first time.
/// Counts do not depend on the machine's load; they do on the compiler, so a comparison with
/// another compiler's counts is shown and fails nothing.
///
/// --client and --broker measure times of whole programs instead: our client beside rumqttc's,
/// and the mock broker as a server beside Mosquitto, where that is installed.
///
/// Exit code 0: counted, nothing is slower; 1: something is; 2: wrong usage; 3: nothing was counted.
#[derive(Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Arguments {
    /// Keep the counts under this name; `committed` is the file in the repository, which has the
    /// other codecs' counts too: they are counted as with --peers.
    #[arg(long, value_name = "NAME", value_parser = name)]
    save: Option<String>,
    /// Compare with the counts of this name; `committed` is the file in the repository.
    #[arg(long, value_name = "NAME", value_parser = name)]
    compare: Option<String>,
    /// By how many percent instructions may grow before that is called slower.
    #[arg(long, value_name = "PERCENT", default_value_t = 3.0)]
    threshold: f64,
    /// Count or time the other codecs too.
    #[arg(long)]
    peers: bool,
    /// Measure times instead, with criterion; --save and --compare then name its baselines.
    #[arg(long)]
    time: bool,
    /// Measure what a message costs the client instead; the others' with --peers.
    #[arg(long, conflicts_with_all = ["save", "compare", "time"])]
    client: bool,
    /// Measure the mock broker instead: start, idle connections, routing, and 1,000 rules.
    #[arg(long, conflicts_with_all = ["save", "compare", "time", "client", "peers"])]
    broker: bool,
    /// More arguments for the counting program (`-- --help` shows them), or for criterion.
    #[arg(last = true, value_name = "ARGUMENTS")]
    passed_on: Vec<String>,
}

pub(crate) fn run(arguments: &Arguments) -> Result<(), Failure> {
    if arguments.time {
        return process::run(&mut process::cargo(time_arguments(arguments)));
    }
    if arguments.client {
        let client = Program {
            default_features: arguments.peers,
            ..CLIENT
        };
        return client.run(&arguments.passed_on);
    }
    if arguments.broker {
        let mock_broker = MOCK_BROKER.build()?;
        let program = ["--mock-broker".into(), mock_broker.into_os_string()];
        let passed_on = arguments.passed_on.iter().map(Into::into);
        return BROKER.run(program.into_iter().chain(passed_on));
    }
    needs_valgrind()?;
    let root = project::root();
    if !with_peers(arguments) {
        return COUNTER.run(count_arguments(arguments, &root));
    }
    let mut list = count_arguments(arguments, &root);
    if arguments.passed_on.is_empty() {
        // What is compiled with us moves our figures a little, as the compiler inlines otherwise.
        // So ours are always counted in the same program, which is the one without the others.
        let ours = file("ours", &root).to_string_lossy().into_owned();
        COUNTER.run(["--save", &ours])?;
        list.extend(["--ours".to_owned(), ours]);
    }
    let counter = Program {
        default_features: true,
        ..COUNTER
    };
    counter.run(list)
}

/// The counts in the repository are never saved without the other codecs': reports need both.
fn with_peers(arguments: &Arguments) -> bool {
    arguments.peers || !arguments.time && arguments.save.as_deref() == Some(COMMITTED)
}

/// Compares with the counts in the repository; says so where they are another compiler's.
pub(crate) fn check_instructions() -> Result<Verdict, Failure> {
    const THIS_RUN: &str = "ci";
    let root = project::root();
    run(&Arguments {
        save: Some(THIS_RUN.to_owned()),
        compare: Some(COMMITTED.to_owned()),
        threshold: 3.0,
        peers: false,
        time: false,
        client: false,
        broker: false,
        passed_on: Vec::new(),
    })?;
    let differences = differences(
        &read(&file(COMMITTED, &root))?,
        &read(&file(THIS_RUN, &root))?,
    );
    if differences.is_empty() {
        return Ok(Verdict::Passed);
    }
    Ok(Verdict::NotChecked(format!(
        "not comparable: {}",
        differences.join("; ")
    )))
}

/// What differs between the circumstances of two counts: every field of text is one.
fn differences(old: &Map<String, Value>, new: &Map<String, Value>) -> Vec<String> {
    let texts = old
        .iter()
        .filter_map(|(field, value)| Some((field, value.as_str()?)));
    texts
        .map(|(field, old)| {
            (
                field,
                old,
                new.get(field).and_then(Value::as_str).unwrap_or("?"),
            )
        })
        .filter(|(_, old, new)| old != new)
        .map(|(field, old, new)| format!("the {field} was {old} and is {new}"))
        .collect()
}

fn read(path: &Path) -> Result<Map<String, Value>, Failure> {
    let failed = |source| Failure::File {
        path: path.to_owned(),
        source,
    };
    let text = fs::read_to_string(path).map_err(failed)?;
    serde_json::from_str(&text).map_err(|error| failed(io::Error::from(error)))
}

fn count_arguments(arguments: &Arguments, root: &Path) -> Vec<String> {
    let mut list = Vec::new();
    let mut option = |option: &str, value: String| list.extend([option.to_owned(), value]);
    let in_file = |name: &String| file(name, root).to_string_lossy().into_owned();
    if let Some(name) = &arguments.save {
        option("--save", in_file(name));
    }
    if let Some(name) = &arguments.compare {
        option("--baseline", in_file(name));
        option("--threshold", arguments.threshold.to_string());
    }
    list.extend(arguments.passed_on.iter().cloned());
    list
}

fn time_arguments(arguments: &Arguments) -> Vec<String> {
    let mut list = ["bench", "--package", "nack-benches", "--bench", "codec"].to_vec();
    if !with_peers(arguments) {
        list.push("--no-default-features");
    }
    list.push("--");
    if let Some(name) = &arguments.save {
        list.extend(["--save-baseline", name]);
    }
    if let Some(name) = &arguments.compare {
        list.extend(["--baseline", name]);
    }
    list.extend(arguments.passed_on.iter().map(String::as_str));
    list.into_iter().map(str::to_owned).collect()
}

/// Where the counts of a name are.
fn file(name: &str, root: &Path) -> PathBuf {
    if name == COMMITTED {
        root.join("benches")
            .join("baseline")
            .join("instructions.json")
    } else {
        root.join("target")
            .join("instructions")
            .join(format!("{name}.json"))
    }
}

/// A name for counts: one that is also a file's.
fn name(text: &str) -> Result<String, &'static str> {
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    if text.is_empty() || text.starts_with(['-', '.']) || !text.chars().all(fits) {
        return Err("a name is made of letters, digits, `-`, `_` and `.`");
    }
    Ok(text.to_owned())
}

fn needs_valgrind() -> Result<(), Failure> {
    if process::answer(Command::new("valgrind").arg("--version")).is_some() {
        return Ok(());
    }
    Err(Failure::Missing {
        what: "valgrind, which counts the instructions,".into(),
        how: "sudo apt-get install valgrind".into(),
    })
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Parser)]
    struct CommandLine {
        #[command(flatten)]
        bench: Arguments,
    }

    #[track_caller]
    fn check(arguments: &[&str], expected: &str) {
        let given = CommandLine::parse_from([&["bench"], arguments].concat()).bench;
        let list = if given.time {
            time_arguments(&given)
        } else {
            count_arguments(&given, Path::new("/r"))
        };
        assert_eq!(list.join(" "), expected);
    }

    #[test]
    fn counts_are_kept_and_compared_by_name() {
        check(&[], "");
        check(&["--save", "old"], "--save /r/target/instructions/old.json");
        check(
            &["--compare", "committed"],
            "--baseline /r/benches/baseline/instructions.json --threshold 3",
        );
        check(
            &["--compare", "old", "--threshold", "0.5"],
            "--baseline /r/target/instructions/old.json --threshold 0.5",
        );
        check(&["--", "-w", "D1"], "-w D1");
    }

    #[test]
    fn other_codecs_are_counted_where_they_are_asked_for_or_committed() {
        for (arguments, expected) in [
            (&[][..], false),
            (&["--peers"], true),
            (&["--save", "old"], false),
            (&["--save", "old", "--peers"], true),
            (&["--compare", "committed"], false),
            (&["--save", "committed"], true),
            (&["--time", "--save", "committed"], false),
        ] {
            let given = CommandLine::parse_from([&["bench"], arguments].concat()).bench;
            assert_eq!(with_peers(&given), expected, "{arguments:?}");
        }
    }

    #[test]
    fn times_are_left_to_criterion() {
        check(
            &["--time", "--compare", "old", "--", "D1"],
            "bench --package nack-benches --bench codec --no-default-features -- --baseline old D1",
        );
        check(
            &["--time", "--peers"],
            "bench --package nack-benches --bench codec --",
        );
    }

    #[test]
    fn name_that_leads_elsewhere_is_refused() {
        for text in ["", "../old", "a/b", ".hidden", "-x"] {
            assert!(name(text).is_err(), "{text}");
        }
        assert_eq!(name("before-1.2_x").unwrap(), "before-1.2_x");
    }

    #[test]
    fn counts_of_another_compiler_are_told_apart() {
        let document = |compiler: &str, results: u8| {
            let text = format!(r#"{{"compiler": "{compiler}", "results": [{results}]}}"#);
            serde_json::from_str::<Map<String, Value>>(&text).unwrap()
        };
        assert!(differences(&document("rustc 1", 1), &document("rustc 1", 2)).is_empty());
        assert_eq!(
            differences(&document("rustc 1", 1), &document("rustc 2", 1)),
            ["the compiler was rustc 1 and is rustc 2"]
        );
    }
}
