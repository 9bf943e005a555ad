//! Brokers as servers: how soon they are there, what an idle connection costs, how many messages
//! they route and what each costs them, and what a thousand rules add to it.
//!
//! Each broker is a process of its own, and is asked the same by the same clients over loopback.
//! What counts is what the broker's own process spent, which the other processes of the machine
//! hardly change, and ratios within one run.

mod connections;
mod load;
mod measure;
mod process;
mod report;

pub use measure::{Effort, MeasureError, measure};
pub use process::{Kind, StartError};
pub use report::{Figures, Report, table};
