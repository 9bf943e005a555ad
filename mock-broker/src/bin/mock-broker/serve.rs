//! Runs a broker: listens, says where, logs, and judges at the end.

use std::cell::OnceCell;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use nack_mock_broker::control::{ControlServer, Local, StartError};
use nack_mock_broker::scenario::{self, Expect, Listen, ScenarioFile};
use nack_mock_broker::{Base, MockBroker, Rule, Tls};

use crate::arguments::{Broker, ExitAfter};
use crate::commands::NO_STEP;
use crate::exit;
use crate::follow::{Follower, Unwritable};
use crate::listeners;

/// Longer than any broker runs: the log does not give up.
const FOR_EVER: Duration = Duration::from_secs(60 * 60 * 24 * 365 * 10);

/// The environment variable that holds the token of the control API.
const TOKEN: &str = "MOCK_BROKER_TOKEN";

/// What went wrong before or behind the broker's work, for people.
pub(crate) type Failure = Box<dyn std::error::Error>;

/// Runs a broker with these scenarios until it is told to stop.
pub(crate) fn serve(arguments: &Broker, scenarios: &[String]) -> Result<ExitCode, Failure> {
    let mut rules = match arguments.faults.rules() {
        Ok(rules) => rules,
        Err(message) => return Ok(usage(&message)),
    };
    let files = scenarios.iter().map(|name| scenario::find(name));
    let files: Vec<ScenarioFile> = files.collect::<Result<_, _>>()?;
    let files: Vec<ScenarioFile> = files
        .into_iter()
        .map(|file| seeded(file, arguments.seed))
        .collect();
    for (name, file) in scenarios.iter().zip(&files) {
        let of_file = file.rules()?;
        if of_file.is_empty() {
            eprintln!("{name}: {NO_STEP}");
        }
        rules.extend(told_apart(of_file, file, &files));
        if let Some(told) = without_effect(arguments, file) {
            eprintln!("{name}: {told}");
        }
    }
    if arguments.exit_after.contains(&ExitAfter::Satisfied) {
        let never = match arguments.lenient {
            true => Some("--lenient expects nothing"),
            false if rules.is_empty() => Some("there is no rule"),
            false => None,
        };
        if let Some(never) = never {
            return Ok(usage(&format!(
                "--exit-after satisfied: {never}, so nothing can become satisfied"
            )));
        }
    }
    let authority = OnceCell::new();
    let mut listeners = Vec::new();
    for (name, file) in scenarios.iter().zip(&files) {
        // Asked for its errors, which show the line.
        file.listeners(&authority)?;
        let of_file = file.scenario().listeners.iter().cloned();
        listeners.extend(of_file.map(|listen| (name.clone(), listen)));
    }
    let listeners = match listeners::choose(&arguments.listen, listeners) {
        Ok(listeners) => listeners,
        Err(displaced) => return Ok(usage(&displaced.to_string())),
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(run(arguments, &files, rules, &listeners, &authority))
}

/// What a scenario sets up the broker with, where a flag has it decide nothing.
fn without_effect(arguments: &Broker, file: &ScenarioFile) -> Option<String> {
    let why = match arguments {
        it if it.upstream.is_some() => "--upstream: the broker behind decides",
        it if it.silent => "--silent: nothing is answered",
        _ => return None,
    };
    let Some(scenario::Base::Accept(accept)) = &file.scenario().base else {
        return None;
    };
    let keys = [
        ("`limits`", accept.limits.is_some()),
        ("`users`", !accept.users.is_empty()),
        ("`access`", !accept.access.is_empty()),
        ("`authentication`", !accept.authentication.is_empty()),
    ];
    let there = keys.into_iter().filter(|(_, there)| *there);
    let keys: Vec<&str> = there.map(|(key, _)| key).collect();
    let have = match keys[..] {
        [] => return None,
        [_] => "has",
        _ => "have",
    };
    let keys = keys.join(" and ");
    Some(format!("{keys} of its base {have} no effect with {why}"))
}

/// The rules of a file, of which those with a name that another step has too are told by their place
/// as well.
fn told_apart(rules: Vec<Rule>, file: &ScenarioFile, all: &[ScenarioFile]) -> Vec<Rule> {
    let names = all.iter().flat_map(|file| &file.scenario().steps);
    let names: Vec<&str> = names.filter_map(|step| step.name.as_deref()).collect();
    let steps = file.scenario().steps.iter().enumerate();
    let told = rules.into_iter().zip(steps).map(|(rule, (index, step))| {
        let twice = step.name.as_deref().filter(|name| {
            let same = names.iter().filter(|other| *other == name);
            same.count() > 1
        });
        match twice {
            Some(name) => rule.named(format!("{}: {name}", file.place_of(index))),
            None => rule,
        }
    });
    told.collect()
}

/// Says what chance begins with, where there is chance, so that it can be had again.
fn seeded(file: ScenarioFile, said: Option<u64>) -> ScenarioFile {
    if !file.scenario().has_chance() {
        return file;
    }
    let fresh = || {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
        // Short enough to be typed.
        now.map_or(0, |now| u64::from(now.subsec_nanos()))
    };
    let seed = said.or_else(|| file.scenario().seed).unwrap_or_else(fresh);
    eprintln!("by chance, with --seed {seed}");
    file.with_seed(seed)
}

fn usage(message: &str) -> ExitCode {
    eprintln!("error: {message}\n\nFor more information, try '--help'.");
    ExitCode::from(2)
}

async fn run(
    arguments: &Broker,
    files: &[ScenarioFile],
    rules: Vec<Rule>,
    listeners: &[Listen],
    authority: &OnceCell<Tls>,
) -> Result<ExitCode, Failure> {
    let broker = start(arguments, files, listeners, authority).await?;
    let mut guards = Vec::new();
    for rule in rules {
        let rule = match arguments.lenient {
            true => rule.expect(Expect::ANY),
            false => rule,
        };
        guards.push(rule.mount(&broker));
    }
    if let Some(path) = &arguments.ca {
        let tls = authority.get_or_init(Tls::new);
        write(path, &tls.ca_pem())?;
    }
    if let (Some(certificate), Some(key)) = (&arguments.client_certificate, &arguments.client_key) {
        let identity = authority.get_or_init(Tls::new).client_identity("client");
        write(certificate, identity.certificate_pem())?;
        write(key, identity.key_pem())?;
    }
    let mut follower = Follower::new(arguments)?;
    let control = match arguments.control {
        Some(address) => {
            let token = std::env::var(TOKEN).ok();
            let started = ControlServer::start(Local::new(&broker), address, token).await;
            Some(started.map_err(|error| match error {
                StartError::NoToken { .. } | StartError::BadToken => {
                    format!("--control: {error}; the environment variable {TOKEN} holds the token")
                }
                StartError::Listen { address, cause } => {
                    format!("--control: {address} cannot be listened on: {cause}")
                }
                error => format!("--control: {error}"),
            })?)
        }
        None => None,
    };
    let mut signals = Signals::new()?;
    let control_url = control.as_ref().map(ControlServer::url);
    announce(&broker, control_url.as_deref(), arguments.json).map_err(Unwritable::stdout)?;

    let stopped = follower.follow(&broker, &guards, &arguments.exit_after);
    tokio::select! {
        () = stopped => {}
        () = run_out(&arguments.exit_after) => {}
        signalled = signals.come() => signalled?,
    }
    follower.catch_up(&broker)?;
    let verdict = broker.verify();
    // What becomes of the clients now is in the log, and not held against anybody.
    let stopped = broker.shut_down().await;
    follower.catch_up(&broker)?;
    let _ = broker.verify();
    drop((control, guards, broker));
    stopped?;
    match verdict {
        Ok(()) => Ok(ExitCode::SUCCESS),
        Err(unmet) => {
            eprintln!("{unmet}");
            Ok(ExitCode::from(exit::UNMET))
        }
    }
}

async fn start(
    arguments: &Broker,
    files: &[ScenarioFile],
    listeners: &[Listen],
    authority: &OnceCell<Tls>,
) -> Result<MockBroker, Failure> {
    let mut builder = MockBroker::builder().patience(FOR_EVER);
    for file in files {
        builder = file.apply_base(builder)?;
    }
    if let Some(address) = &arguments.upstream {
        builder = scenario::Base::Upstream(address.clone()).apply(builder)?;
    }
    if let Some(duration) = arguments.refuse_for {
        builder = builder.refuse_for(duration);
    }
    if let Some(limit) = arguments.connect_limit {
        builder = builder.connect_limit(limit);
    }
    if arguments.silent {
        builder = builder.base(Base::Silent);
    }
    for listen in listeners {
        builder = builder.listen(listen.listener(authority)?);
    }
    builder.start().await.map_err(|error| {
        let places: Vec<String> = listeners.iter().map(place).collect();
        format!("cannot listen on {}: {error}", places.join(", ")).into()
    })
}

fn place(listen: &Listen) -> String {
    match (&listen.address, &listen.unix) {
        (Some(address), _) => address.to_string(),
        (None, Some(path)) => path.display().to_string(),
        (None, None) => "127.0.0.1".to_owned(),
    }
}

/// The line that scripts wait for.
fn announce(broker: &MockBroker, control: Option<&str>, json: bool) -> io::Result<()> {
    let urls = broker.urls();
    let mut stdout = io::stdout().lock();
    match json {
        true => {
            let addresses = broker.addresses();
            let line = serde_json::json!({
                "urls": urls,
                "addresses": addresses,
                "control": control,
            });
            writeln!(stdout, "{line}")?;
        }
        false => {
            write!(stdout, "listening on {}", urls.join(" "))?;
            if let Some(control) = control {
                write!(stdout, ", control on {control}")?;
            }
            writeln!(stdout)?;
        }
    }
    stdout.flush()
}

/// Done when the time is over; never, if there is no time.
async fn run_out(ends: &[ExitAfter]) {
    let times = ends.iter().filter_map(|end| match end {
        ExitAfter::Time(time) => Some(*time),
        ExitAfter::Connections(_) | ExitAfter::Satisfied => None,
    });
    match times.min() {
        Some(time) => tokio::time::sleep(time).await,
        None => std::future::pending().await,
    }
}

/// What ends the program from outside. From when it is made, a signal is not lost: scripts may send
/// one as soon as the line for them is there.
struct Signals {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

impl Signals {
    fn new() -> io::Result<Self> {
        #[cfg(unix)]
        use tokio::signal::unix::{SignalKind, signal};
        Ok(Self {
            #[cfg(unix)]
            interrupt: signal(SignalKind::interrupt())?,
            #[cfg(unix)]
            terminate: signal(SignalKind::terminate())?,
        })
    }

    /// Done when somebody wants the program to end.
    async fn come(&mut self) -> io::Result<()> {
        #[cfg(unix)]
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
        #[cfg(not(unix))]
        tokio::signal::ctrl_c().await?;
        Ok(())
    }
}

fn write(path: &Path, text: &str) -> Result<(), Unwritable> {
    std::fs::write(path, text).map_err(|cause| Unwritable::file(path, cause))
}
