//! Runs cases side by side, each with its own broker, its own subject and its own clock.

use std::collections::HashMap;
use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime;

use crate::outcome::{Finding, Outcome};
use crate::selection::Run;
use crate::stage::Stage;
use crate::subject::Launcher;

mod panics;

/// Runs cases against one kind of subject.
#[derive(Clone)]
pub struct Runner {
    launcher: Arc<dyn Launcher>,
    jobs: NonZeroUsize,
    limit: Duration,
    patience: Duration,
}

impl Runner {
    /// Runs one case at a time, until [`jobs`](Self::jobs) says otherwise.
    pub fn new(launcher: Arc<dyn Launcher>) -> Self {
        Self {
            launcher,
            jobs: NonZeroUsize::MIN,
            // By the clock of the case, which jumps to its next timer whenever nothing else is to
            // be done: a case that hangs is over at once.
            limit: Duration::from_secs(60),
            // By the wall clock, against a case that is busy for ever; the slowest takes a second.
            patience: Duration::from_secs(60),
        }
    }

    /// How many cases run at a time.
    #[must_use = "the runner is returned"]
    pub const fn jobs(mut self, jobs: NonZeroUsize) -> Self {
        self.jobs = jobs;
        self
    }

    /// How long a case may take, by its own clock.
    #[must_use = "the runner is returned"]
    pub const fn limit(mut self, limit: Duration) -> Self {
        self.limit = limit;
        self
    }

    /// How long a case may take by the wall clock, before its thread is given up.
    #[must_use = "the runner is returned"]
    pub const fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Runs all of `runs`, calls `finished` for each as it ends, and returns the outcomes in the
    /// order of `runs`.
    pub fn run(&self, runs: &[Run], mut finished: impl FnMut(&Run, &Outcome)) -> Vec<Outcome> {
        panics::install();
        let queue = Arc::new(Queue {
            runs: runs.to_vec(),
            next: AtomicUsize::new(0),
        });
        let mut outcomes: Vec<Option<Outcome>> = runs.iter().map(|_| None).collect();
        let mut decided = 0;
        let (sender, receiver) = mpsc::channel();
        let mut workers = 0..;
        let mut hire = || {
            let worker = workers.next().unwrap_or_default();
            let (runner, queue, sender) = (self.clone(), Arc::clone(&queue), sender.clone());
            thread::spawn(move || runner.work(worker, &queue, &sender));
        };
        for _ in 0..self.jobs.get().min(runs.len()) {
            hire();
        }
        let mut busy: HashMap<u64, (usize, Instant)> = HashMap::new();
        while decided < runs.len() {
            let mut over = Vec::new();
            match receiver.recv_timeout(self.patience.min(Duration::from_millis(500))) {
                Ok(News::Began { worker, index }) => {
                    busy.insert(worker, (index, Instant::now()));
                }
                Ok(News::Ended {
                    worker,
                    index,
                    outcome,
                }) => {
                    // A worker that was given up may come to an end after all.
                    if busy.remove(&worker).is_some() {
                        over.push((index, *outcome));
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            let stuck = busy
                .iter()
                .filter(|(_, (_, since))| since.elapsed() >= self.patience);
            let stuck: Vec<(u64, usize)> = stuck
                .map(|(worker, (index, _))| (*worker, *index))
                .collect();
            for (worker, index) in stuck {
                busy.remove(&worker);
                over.push((index, Outcome::new(vec![Finding::timeout(self.patience)])));
                hire();
            }
            for (index, outcome) in over {
                finished(&runs[index], &outcome);
                outcomes[index] = Some(outcome);
                decided += 1;
            }
        }
        let lost = || Outcome::new(vec![Finding::crash("the thread of the case died")]);
        outcomes
            .into_iter()
            .map(|outcome| outcome.unwrap_or_else(lost))
            .collect()
    }

    fn work(&self, worker: u64, queue: &Queue, sender: &mpsc::Sender<News>) {
        loop {
            let index = queue.next.fetch_add(1, Ordering::Relaxed);
            let Some(run) = queue.runs.get(index) else {
                return;
            };
            if sender.send(News::Began { worker, index }).is_err() {
                return;
            }
            let outcome = Box::new(self.play(run));
            if sender
                .send(News::Ended {
                    worker,
                    index,
                    outcome,
                })
                .is_err()
            {
                return;
            }
        }
    }

    /// Plays one case on this thread.
    pub fn play(&self, run: &Run) -> Outcome {
        let hello = self.launcher.hello();
        if let Some(lacking) = run.case.needs(run.version).find(|need| !hello.has(*need)) {
            return Outcome::skipped(lacking);
        }
        let began = Instant::now();
        panics::install();
        let watch = panics::watch();
        let played = catch_unwind(AssertUnwindSafe(|| {
            let runtime = runtime::Builder::new_current_thread()
                .enable_time()
                .start_paused(true)
                .build()
                .expect("a runtime without a socket needs nothing from the system");
            runtime.block_on(self.perform(run))
        }));
        let (mut findings, trace) = played.unwrap_or_default();
        findings.extend(watch.messages().into_iter().map(Finding::crash));
        let stray = findings.iter().filter_map(|finding| finding.statement);
        let stray = stray.filter(|statement| !run.case.proves(run.version, statement));
        let stray: Vec<Finding> = stray
            .map(|statement| Finding::crash(format!("the case finds by {statement}, uncited")))
            .collect();
        findings.extend(stray);
        Outcome {
            trace,
            elapsed: began.elapsed(),
            ..Outcome::new(findings)
        }
    }

    async fn perform(&self, run: &Run) -> (Vec<Finding>, Vec<String>) {
        let mut stage = Stage::set(run.version, &*self.launcher);
        let result = tokio::time::timeout(self.limit, run.case.play(&mut stage)).await;
        let last = match result {
            Ok(Ok(())) => None,
            Ok(Err(finding)) => Some(finding),
            Err(_) => Some(Finding::timeout(self.limit)),
        };
        stage.clear(last)
    }
}

impl std::fmt::Debug for Runner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Runner")
            .field("jobs", &self.jobs)
            .finish_non_exhaustive()
    }
}

struct Queue {
    runs: Vec<Run>,
    next: AtomicUsize,
}

enum News {
    Began {
        worker: u64,
        index: usize,
    },
    Ended {
        worker: u64,
        index: usize,
        outcome: Box<Outcome>,
    },
}
