//! What was measured, for people and for programs.

use std::fmt::Write as _;

use serde::Serialize;

use super::{Effort, Kind};

/// What one broker did at its best.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figures {
    /// Its name.
    pub broker: String,
    /// From the start of the program until it listened, in microseconds.
    pub start_us: f64,
    /// What an idle connection costs, in bytes of resident memory.
    pub bytes_per_connection: u64,
    /// Messages per second at QoS 0.
    pub qos0_rate: f64,
    /// Microseconds of the broker's processor time per message at QoS 0.
    pub qos0_cpu_us: f64,
    /// Messages per second at QoS 1.
    pub qos1_rate: f64,
    /// Microseconds of the broker's processor time per message at QoS 1.
    pub qos1_cpu_us: f64,
}

/// What all of them did.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    /// How many messages a run routed.
    pub messages: u32,
    /// How many idle connections were held.
    pub connections: u32,
    /// Of how many rounds the best counted.
    pub rounds: u32,
    /// A broker each.
    pub brokers: Vec<Figures>,
}

impl Report {
    pub(super) fn new(brokers: &[Kind], effort: Effort) -> Self {
        let worst = |kind: &Kind| Figures {
            broker: kind.name(),
            start_us: f64::INFINITY,
            bytes_per_connection: u64::MAX,
            qos0_rate: 0.0,
            qos0_cpu_us: f64::INFINITY,
            qos1_rate: 0.0,
            qos1_cpu_us: f64::INFINITY,
        };
        Self {
            messages: effort.messages,
            connections: effort.connections,
            rounds: effort.rounds,
            brokers: brokers.iter().map(worst).collect(),
        }
    }
}

impl Figures {
    /// Takes over what another round did better.
    pub(super) fn improve(&mut self, round: Self) {
        self.start_us = self.start_us.min(round.start_us);
        self.bytes_per_connection = self.bytes_per_connection.min(round.bytes_per_connection);
        self.qos0_rate = self.qos0_rate.max(round.qos0_rate);
        self.qos0_cpu_us = self.qos0_cpu_us.min(round.qos0_cpu_us);
        self.qos1_rate = self.qos1_rate.max(round.qos1_rate);
        self.qos1_cpu_us = self.qos1_cpu_us.min(round.qos1_cpu_us);
    }
}

/// A row of the table: its title, and what it shows of a broker.
type Row = (&'static str, fn(&Figures) -> f64);

const ROWS: [Row; 7] = [
    ("start until listening, ms", |it| it.start_us / 1e3),
    ("idle connection, kB", |it| {
        it.bytes_per_connection as f64 / 1e3
    }),
    ("idle connections in 1 GiB, thousands", |it| {
        // Zero bytes are a measurement that was too coarse, and show as infinitely many.
        f64::from(1 << 30) / it.bytes_per_connection as f64 / 1e3
    }),
    ("QoS 0, thousand messages/s", |it| it.qos0_rate / 1e3),
    ("QoS 0, CPU µs/message", |it| it.qos0_cpu_us),
    ("QoS 1, thousand messages/s", |it| it.qos1_rate / 1e3),
    ("QoS 1, CPU µs/message", |it| it.qos1_cpu_us),
];

/// A table of all brokers; behind each figure but the first broker's, its ratio to the first's.
pub fn table(report: &Report) -> String {
    let mut text = format!("{:<38}", "");
    for figures in &report.brokers {
        let _ = write!(text, "{:>20}", figures.broker);
    }
    text.push('\n');
    for (title, figure) in ROWS {
        let _ = write!(text, "{title:<38}");
        let mut first = None;
        for figures in &report.brokers {
            let value = figure(figures);
            let cell = match first {
                None => format!("{value:.2}"),
                Some(first) => format!("{value:.2} ({:.2} x)", value / first),
            };
            first = first.or(Some(value));
            let _ = write!(text, "{cell:>20}");
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(broker: &str, factor: f64) -> Figures {
        Figures {
            broker: broker.to_owned(),
            start_us: 2500.0 * factor,
            bytes_per_connection: (5000.0 * factor) as u64,
            qos0_rate: 400_000.0 / factor,
            qos0_cpu_us: 1.5 * factor,
            qos1_rate: 200_000.0 / factor,
            qos1_cpu_us: 3.0 * factor,
        }
    }

    #[test]
    fn the_best_of_each_figure_is_kept() {
        let mut best = figures("ours", 1.0);
        let mut round = figures("ours", 2.0);
        round.start_us = 1.0;
        best.improve(round);
        assert_eq!(best.start_us, 1.0);
        assert_eq!(best.qos1_rate, 200_000.0);
    }

    #[test]
    fn ratios_are_to_the_first_broker() {
        let report = Report {
            messages: 1,
            connections: 1,
            rounds: 1,
            brokers: vec![figures("ours", 1.0), figures("theirs", 2.0)],
        };
        let text = table(&report);
        let row = text
            .lines()
            .find(|line| line.starts_with("QoS 1, CPU"))
            .unwrap();
        assert!(row.ends_with("3.00       6.00 (2.00 x)"), "{row}");
    }
}
