//! Follows what happens: the log for people, the capture file, and when it is over.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::time::{Duration, SystemTime};

use nack_mock_broker::json::JournalEntry;
use nack_mock_broker::{Capture, Entry, EntryKind, MockBroker, RuleGuard};

use crate::arguments::{Broker, ExitAfter};

/// How long clients have to read what was sent to them, once all that is expected has happened.
const GRACE: Duration = Duration::from_secs(1);

/// What people call the place that `-` is.
const STDOUT: &str = "stdout";

pub(crate) struct Follower {
    quiet: bool,
    journal: Option<Output<Box<dyn Write + Send>>>,
    capture: Option<Output<Capture<BufWriter<File>>>>,
    /// The number of the entry that comes next.
    next: u64,
    opened: u32,
    open: u32,
    /// A file that could not be written any more.
    failed: Option<Unwritable>,
}

/// What is written to, and what people call it.
struct Output<W> {
    name: String,
    to: W,
}

/// A file that cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("{name} cannot be written: {cause}")]
pub(crate) struct Unwritable {
    name: String,
    cause: io::Error,
}

impl Unwritable {
    pub(crate) fn file(path: &Path, cause: io::Error) -> Self {
        let name = path.display().to_string();
        Self { name, cause }
    }

    pub(crate) fn stdout(cause: io::Error) -> Self {
        let name = STDOUT.to_owned();
        Self { name, cause }
    }
}

impl<W> Output<W> {
    fn write(&mut self, write: impl FnOnce(&mut W) -> io::Result<()>) -> Result<(), Unwritable> {
        write(&mut self.to).map_err(|cause| Unwritable {
            name: self.name.clone(),
            cause,
        })
    }
}

impl Follower {
    /// Opens the files that are written.
    pub(crate) fn new(arguments: &Broker) -> Result<Self, Unwritable> {
        let create =
            |path: &Path| File::create(path).map_err(|cause| Unwritable::file(path, cause));
        let journal = match &arguments.journal {
            Some(path) => {
                let (name, to): (_, Box<dyn Write + Send>) = match path.as_os_str() == "-" {
                    true => (STDOUT.to_owned(), Box::new(io::stdout())),
                    // Not buffered: whoever follows the file sees each entry when it comes.
                    false => (path.display().to_string(), Box::new(create(path)?)),
                };
                Some(Output { name, to })
            }
            None => None,
        };
        let capture = match &arguments.pcap {
            Some(path) => {
                let file = BufWriter::new(create(path)?);
                let unwritable = |cause| Unwritable::file(path, cause);
                let mut to = Capture::new(file, SystemTime::now()).map_err(unwritable)?;
                to.flush().map_err(unwritable)?;
                let name = path.display().to_string();
                Some(Output { name, to })
            }
            None => None,
        };
        Ok(Self {
            quiet: arguments.quiet,
            journal,
            capture,
            next: 0,
            opened: 0,
            open: 0,
            failed: None,
        })
    }

    /// Follows until it is over by what the command line says of connections and expectations.
    pub(crate) async fn follow(
        &mut self,
        broker: &MockBroker,
        guards: &[RuleGuard],
        ends: &[ExitAfter],
    ) {
        let satisfied = async {
            if !ends.contains(&ExitAfter::Satisfied) {
                std::future::pending::<()>().await;
            }
            for guard in guards {
                guard.wait_until_satisfied().await;
            }
        };
        let over = |follower: &Self| {
            follower.failed.is_some()
                || ends.iter().any(|end| match end {
                    ExitAfter::Connections(count) => {
                        follower.opened >= *count && follower.open == 0
                    }
                    ExitAfter::Time(_) | ExitAfter::Satisfied => false,
                })
        };
        tokio::select! {
            () = self.take_until(broker, over) => return,
            () = satisfied => {}
        }
        let all_closed = self.take_until(broker, |follower| follower.open == 0);
        // Who stays connected has had the time to read.
        let _ = tokio::time::timeout(GRACE, all_closed).await;
    }

    async fn take_until(
        &mut self,
        broker: &MockBroker,
        over: impl Fn(&Self) -> bool + Send + Sync,
    ) {
        if self.next > 0 && over(self) {
            return;
        }
        broker
            .wait_for_entry(|entry| {
                self.take(entry);
                over(self)
            })
            .await;
    }

    /// Takes what came since, at the end.
    ///
    /// # Errors
    ///
    /// Where a file could not be written.
    pub(crate) fn catch_up(&mut self, broker: &MockBroker) -> Result<(), Unwritable> {
        for entry in &broker.journal() {
            self.take(entry);
        }
        match self.failed.take() {
            Some(error) => Err(error),
            None => Ok(()),
        }
    }

    fn take(&mut self, entry: &Entry) {
        if entry.number() < self.next {
            return;
        }
        self.next = entry.number() + 1;
        match entry.kind() {
            EntryKind::Opened => {
                self.opened += 1;
                self.open += 1;
            }
            EntryKind::Closed(_) => self.open = self.open.saturating_sub(1),
            _ => {}
        }
        if !self.quiet {
            let at = entry.at().as_secs_f64();
            // Whoever reads the log may have gone; the broker goes on.
            let _ = writeln!(io::stderr(), "{at:>9.3} {entry}");
        }
        if let Err(error) = self.write(entry) {
            self.failed.get_or_insert(error);
        }
    }

    fn write(&mut self, entry: &Entry) -> Result<(), Unwritable> {
        if let Some(journal) = &mut self.journal {
            journal.write(|journal| {
                let mut line = serde_json::to_vec(&JournalEntry::from(entry))?;
                line.push(b'\n');
                journal.write_all(&line)?;
                journal.flush()
            })?;
        }
        match &mut self.capture {
            Some(capture) => capture.write(|capture| {
                capture.add(entry)?;
                // Whoever opens the file, or kills the program, has what happened up to then.
                capture.flush()
            }),
            None => Ok(()),
        }
    }
}
