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

pub(crate) struct Follower {
    quiet: bool,
    journal: Option<Box<dyn Write + Send>>,
    capture: Option<Capture<BufWriter<File>>>,
    /// The number of the entry that comes next.
    next: u64,
    opened: u32,
    open: u32,
    /// A file that could not be written any more.
    failed: Option<io::Error>,
}

impl Follower {
    /// Opens the files that are written.
    pub(crate) fn new(arguments: &Broker) -> Result<Self, crate::serve::Failure> {
        let create = |path: &Path| {
            File::create(path)
                .map_err(|error| format!("{} cannot be written: {error}", path.display()))
        };
        let journal: Option<Box<dyn Write + Send>> = match &arguments.journal {
            Some(path) if path.as_os_str() == "-" => Some(Box::new(io::stdout())),
            // Not buffered: whoever follows the file sees each entry when it comes.
            Some(path) => Some(Box::new(create(path)?)),
            None => None,
        };
        let capture = match &arguments.pcap {
            Some(path) => {
                let file = BufWriter::new(create(path)?);
                Some(Capture::new(file, SystemTime::now())?)
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
    pub(crate) fn catch_up(&mut self, broker: &MockBroker) -> io::Result<()> {
        for entry in &broker.journal() {
            self.take(entry);
        }
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        match &mut self.capture {
            Some(capture) => capture.flush(),
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

    fn write(&mut self, entry: &Entry) -> io::Result<()> {
        if let Some(journal) = &mut self.journal {
            let mut line = serde_json::to_vec(&JournalEntry::from(entry))?;
            line.push(b'\n');
            journal.write_all(&line)?;
            journal.flush()?;
        }
        match &mut self.capture {
            Some(capture) => capture.add(entry),
            None => Ok(()),
        }
    }
}
