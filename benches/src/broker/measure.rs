//! One broker after the other is asked the same, several times in turn.

use std::io;
use std::path::Path;
use std::time::Duration;

use nack_codec::QoS;
use thiserror::Error;

use super::connections::bytes_per_connection;
use super::load::route;
use super::process::{Kind, StartError};
use super::report::{Figures, Report};

/// How much is asked of a broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Effort {
    /// How many messages a run routes.
    pub messages: u32,
    /// How many idle connections are held.
    pub connections: u32,
    /// How often all of it is done; the best run counts.
    pub rounds: u32,
}

/// A measurement that could not be made.
#[derive(Debug, Error)]
pub enum MeasureError {
    /// A broker did not start.
    #[error(transparent)]
    Start(#[from] StartError),
    /// A client could not do its part.
    #[error("{broker}: {what}")]
    Load {
        /// Which broker.
        broker: String,
        /// What was measured.
        what: &'static str,
        /// What went wrong.
        source: io::Error,
    },
}

/// Measures each broker in turn, and again for each round, so that what disturbs the machine
/// disturbs all of them; tells `progress` what it does.
///
/// # Errors
///
/// Where a broker cannot be started, or does not do what is asked of it.
pub fn measure(
    brokers: &[Kind],
    effort: Effort,
    folder: &Path,
    progress: impl Fn(&str),
) -> Result<Report, MeasureError> {
    let mut report = Report::new(brokers, effort);
    for round in 1..=effort.rounds {
        for (kind, best) in brokers.iter().zip(&mut report.brokers) {
            progress(&format!("{} of {}: {}", round, effort.rounds, kind.name()));
            best.improve(one(kind, effort, folder)?);
        }
    }
    Ok(report)
}

fn one(kind: &Kind, effort: Effort, folder: &Path) -> Result<Figures, MeasureError> {
    let failed = |what| {
        move |source| MeasureError::Load {
            broker: kind.name(),
            what,
            source,
        }
    };
    let broker = kind.start(folder)?;
    let mut figures = Figures {
        broker: kind.name(),
        start_us: micros(broker.started()),
        bytes_per_connection: 0,
        qos0_rate: 0.0,
        qos0_cpu_us: 0.0,
        qos1_rate: 0.0,
        qos1_cpu_us: 0.0,
    };
    for qos in [QoS::AtMostOnce, QoS::AtLeastOnce] {
        let measured = (|| {
            // Once to warm up: buffers, queues, the scheduler's idea of who needs a processor.
            route(broker.address(), qos, effort.messages / 10)?;
            let before = broker.cpu()?;
            let time = route(broker.address(), qos, effort.messages)?;
            Ok((time, broker.cpu()? - before))
        })();
        let (time, cpu) = measured.map_err(failed("routing"))?;
        let messages = f64::from(effort.messages);
        let rate = messages / time.as_secs_f64();
        let cpu_us = micros(cpu) / messages;
        match qos {
            QoS::AtMostOnce => (figures.qos0_rate, figures.qos0_cpu_us) = (rate, cpu_us),
            _ => (figures.qos1_rate, figures.qos1_cpu_us) = (rate, cpu_us),
        }
    }
    drop(broker);
    let broker = kind.start(folder)?;
    figures.bytes_per_connection =
        bytes_per_connection(&broker, effort.connections).map_err(failed("idle connections"))?;
    Ok(figures)
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
