//! Has each client do each task, several times in turn.

use std::fs;
use std::io;
use std::thread;
use std::time::{Duration, Instant};

use thiserror::Error;

use super::report::{Figure, Report};
use super::{CLIENTS, Run, Task, sink};

/// A client that could not do its task.
#[derive(Debug, Error)]
#[error("{client}: {task}")]
pub struct MeasureError {
    client: &'static str,
    task: String,
    source: Box<dyn std::error::Error + Send + Sync>,
}

/// Has every client do each task in turn, and again for each round, so that what disturbs the
/// machine disturbs all of them; the least that a client spent counts. Tells `progress` what it
/// does.
///
/// # Errors
///
/// Where a client fails: its name, its task, and the reason.
pub fn measure(
    tasks: &[Task],
    rounds: u32,
    progress: impl Fn(&str),
) -> Result<Report, MeasureError> {
    let mut report = Report {
        rounds,
        figures: Vec::new(),
    };
    for task in tasks {
        for round in 1..=rounds {
            progress(&format!("{} ({round} of {rounds})", task.title()));
            for (name, run) in CLIENTS {
                let spent = one(*run, *task).map_err(|source| MeasureError {
                    client: name,
                    task: task.title(),
                    source,
                })?;
                report.add(Figure::new(name, *task, spent));
            }
        }
    }
    Ok(report)
}

fn one(run: Run, task: Task) -> super::Spent {
    let address = sink::start(task)?;
    let client = thread::spawn(move || run(address, task));
    client.join().map_err(|_| "the client panicked")?
}

/// What a client spent on its task.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spent {
    /// The processor time of its thread.
    pub(super) cpu: Duration,
    /// The time by the clock.
    pub(super) time: Duration,
}

/// Measures the thread that it is started on.
pub(super) struct Stopwatch {
    cpu: Duration,
    begin: Instant,
}

impl Stopwatch {
    pub(super) fn start() -> Self {
        Self {
            cpu: cpu_of_this_thread().unwrap_or_default(),
            begin: Instant::now(),
        }
    }

    pub(super) fn stop(self) -> Spent {
        Spent {
            time: self.begin.elapsed(),
            cpu: cpu_of_this_thread().unwrap_or_default() - self.cpu,
        }
    }
}

fn cpu_of_this_thread() -> io::Result<Duration> {
    let text = fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanoseconds = text.split(' ').next().and_then(|text| text.parse().ok());
    nanoseconds
        .map(Duration::from_nanos)
        .ok_or_else(|| io::Error::other("an unknown schedstat"))
}

/// Runs a client on a runtime of one thread: this one.
pub(super) fn block_on(client: impl Future<Output = super::Spent>) -> super::Spent {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(client)
}
