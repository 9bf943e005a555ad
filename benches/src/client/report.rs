//! What was measured, for people and for programs.

use std::fmt::Write as _;

use serde::Serialize;

use super::Task;
use super::measure::Spent;

/// What one client spent on one task, at its best.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figure {
    /// The client's name.
    pub client: &'static str,
    /// What it did.
    pub task: Task,
    /// Microseconds of its thread's processor time per message.
    pub cpu_us: f64,
    /// Messages per second.
    pub rate: f64,
}

/// What all of them spent.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// Of how many rounds the best counted.
    pub rounds: u32,
    /// A client and a task each.
    pub figures: Vec<Figure>,
}

impl Figure {
    pub(super) fn new(client: &'static str, task: Task, spent: Spent) -> Self {
        let messages = f64::from(task.messages);
        Self {
            client,
            task,
            cpu_us: spent.cpu.as_secs_f64() * 1e6 / messages,
            rate: messages / spent.time.as_secs_f64(),
        }
    }
}

impl Report {
    /// Adds a round's figure, or takes over what it did better.
    pub(super) fn add(&mut self, figure: Figure) {
        let same = |other: &&mut Figure| other.client == figure.client && other.task == figure.task;
        match self.figures.iter_mut().find(same) {
            None => self.figures.push(figure),
            Some(best) => {
                best.cpu_us = best.cpu_us.min(figure.cpu_us);
                best.rate = best.rate.max(figure.rate);
            }
        }
    }
}

/// A row a task and a column a client: processor time per message and rate, and for all but the
/// first client how many times the first's the processor time is.
pub fn table(report: &Report) -> String {
    let mut tasks: Vec<Task> = Vec::new();
    let mut clients: Vec<&str> = Vec::new();
    for figure in &report.figures {
        if !tasks.contains(&figure.task) {
            tasks.push(figure.task);
        }
        if !clients.contains(&figure.client) {
            clients.push(figure.client);
        }
    }
    let mut text = format!("{:<28}", "CPU µs/message, messages/s");
    for client in &clients {
        let _ = write!(text, "{client:>26}");
    }
    text.push('\n');
    for task in tasks {
        let _ = write!(text, "{:<28}", task.title());
        let mut first = None;
        for client in &clients {
            let of_both = |it: &&Figure| it.task == task && it.client == *client;
            let cell = match report.figures.iter().find(of_both) {
                None => "-".to_owned(),
                Some(figure) => {
                    let ours = *first.get_or_insert(figure.cpu_us);
                    let rate = figure.rate / 1e3;
                    match client == &clients[0] {
                        true => format!("{:.2} {rate:.0} k", figure.cpu_us),
                        false => {
                            let ratio = figure.cpu_us / ours;
                            format!("{:.2} ({ratio:.2} x) {rate:.0} k", figure.cpu_us)
                        }
                    }
                }
            };
            let _ = write!(text, "{cell:>26}");
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(client: &'static str, cpu_us: f64, rate: f64) -> Figure {
        Figure {
            client,
            task: Task::all(100)[1],
            cpu_us,
            rate,
        }
    }

    #[test]
    fn the_best_round_counts_and_ratios_are_to_the_first_client() {
        let mut report = Report {
            rounds: 2,
            figures: Vec::new(),
        };
        report.add(figure("ours", 2.0, 100_000.0));
        report.add(figure("theirs", 3.0, 50_000.0));
        report.add(figure("ours", 1.5, 90_000.0));
        let text = table(&report);
        let row = text.lines().nth(1).unwrap();
        assert!(row.starts_with("publish QoS 1, 16 in flight "), "{row}");
        assert!(row.contains(" 1.50 100 k "), "{row}");
        assert!(row.ends_with("3.00 (2.00 x) 50 k"), "{row}");
    }
}
