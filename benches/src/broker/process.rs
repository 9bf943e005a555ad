//! A broker in a process of its own: started, asked for its address, looked at from outside.

use std::fs;
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use thiserror::Error;

/// Which broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Ours: the program, and how many rules it is given that match nothing.
    Mock {
        /// The program `mock-broker`.
        program: PathBuf,
        /// How many rules.
        rules: usize,
    },
    /// Eclipse Mosquitto: the program.
    Mosquitto {
        /// The program `mosquitto`.
        program: PathBuf,
    },
}

/// A broker that could not be started.
#[derive(Debug, Error)]
pub enum StartError {
    /// The program cannot be run.
    #[error("cannot run {}", program.display())]
    Run {
        /// The program.
        program: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The program ran, and did not listen.
    #[error("{} does not listen: {said}", program.display())]
    Silent {
        /// The program.
        program: PathBuf,
        /// What it printed instead of an address.
        said: String,
    },
    /// A file or a port that a broker needs could not be had.
    #[error("cannot prepare a broker")]
    Prepare(#[from] io::Error),
}

/// How long a broker may take until it listens.
const PATIENCE: Duration = Duration::from_secs(10);

/// A broker that runs; dropping it ends it.
pub(super) struct Broker {
    child: Child,
    address: SocketAddr,
    started: Duration,
}

impl Kind {
    /// What it is called in tables.
    pub fn name(&self) -> String {
        match self {
            Self::Mock { rules: 0, .. } => "mock-broker".to_owned(),
            Self::Mock { rules, .. } => format!("{rules} rules"),
            Self::Mosquitto { .. } => "mosquitto".to_owned(),
        }
    }

    pub(super) fn start(&self, folder: &Path) -> Result<Broker, StartError> {
        match self {
            Self::Mock { program, rules } => start_mock(program, *rules, folder),
            Self::Mosquitto { program } => start_mosquitto(program, folder),
        }
    }
}

fn start_mock(program: &Path, rules: usize, folder: &Path) -> Result<Broker, StartError> {
    let mut command = Command::new(program);
    if rules > 0 {
        let file = folder.join("rules.toml");
        let mut text = String::from("name = \"rules-that-match-nothing\"\n");
        for rule in 0..rules {
            text += &format!(
                "\n[[step]]\non = {{ packet = \"PUBLISH\", topic = \"nothing/{rule}/#\" }}\n\
                 reply = {{ packet = \"PUBACK\", reason = 0x97 }}\nexpect = \"any\"\n"
            );
        }
        fs::write(&file, text)?;
        command.arg("run").arg(file);
    }
    command.args(["--listen", "127.0.0.1:0", "--quiet"]);
    let begin = Instant::now();
    let mut child = spawn(program, command.stdout(Stdio::piped()))?;
    let mut line = String::new();
    if let Some(stdout) = child.stdout.take() {
        BufReader::new(stdout).read_line(&mut line)?;
    }
    let started = begin.elapsed();
    // `listening on mqtt://127.0.0.1:41877`
    let url = line.split_whitespace().last().unwrap_or_default();
    let address = url.trim_start_matches("mqtt://").parse();
    match address {
        Ok(address) => Ok(Broker {
            child,
            address,
            started,
        }),
        Err(_) => {
            end(&mut child);
            Err(StartError::Silent {
                program: program.to_owned(),
                said: line,
            })
        }
    }
}

fn start_mosquitto(program: &Path, folder: &Path) -> Result<Broker, StartError> {
    // It cannot say which port the system chose, so one is chosen for it.
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
        .local_addr()?
        .port();
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let config = folder.join("mosquitto.conf");
    let mut file = fs::File::create(&config)?;
    // Nothing is dropped or held back for want of room: both brokers are to do the same work.
    writeln!(
        file,
        "listener {port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\n\
         max_inflight_messages 0\nmax_queued_messages 0\nlog_type error"
    )?;
    let begin = Instant::now();
    let mut child = spawn(program, Command::new(program).arg("-c").arg(&config))?;
    while begin.elapsed() < PATIENCE {
        if TcpStream::connect(address).is_ok() {
            return Ok(Broker {
                child,
                address,
                started: begin.elapsed(),
            });
        }
        std::thread::sleep(Duration::from_micros(200));
    }
    end(&mut child);
    Err(StartError::Silent {
        program: program.to_owned(),
        said: format!("nothing on {address} in {PATIENCE:?}"),
    })
}

fn spawn(program: &Path, command: &mut Command) -> Result<Child, StartError> {
    let command = command.stdin(Stdio::null()).stderr(Stdio::null());
    command.spawn().map_err(|source| StartError::Run {
        program: program.to_owned(),
        source,
    })
}

fn end(child: &mut Child) {
    // It may have ended by itself.
    let _ = child.kill();
    let _ = child.wait();
}

impl Broker {
    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// From the call until it listened.
    pub(super) const fn started(&self) -> Duration {
        self.started
    }

    /// The processor time that all its threads have spent.
    pub(super) fn cpu(&self) -> io::Result<Duration> {
        let mut nanoseconds = 0;
        for task in fs::read_dir(self.proc("task"))? {
            let text = fs::read_to_string(task?.path().join("schedstat"))?;
            let spent = text
                .split(' ')
                .next()
                .and_then(|text| text.parse::<u64>().ok());
            nanoseconds += spent.ok_or_else(|| io::Error::other("an unknown schedstat"))?;
        }
        Ok(Duration::from_nanos(nanoseconds))
    }

    /// The memory that it holds, in bytes.
    pub(super) fn resident(&self) -> io::Result<u64> {
        let text = fs::read_to_string(self.proc("status"))?;
        let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes =
            line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
        let kilobytes = kilobytes.ok_or_else(|| io::Error::other("an unknown status"))?;
        Ok(kilobytes * 1024)
    }

    fn proc(&self, entry: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/{entry}", self.child.id()))
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}
