//! The suite's own tests: our client passes it, each case can fail, and what it cites exists.

#![expect(
    clippy::unwrap_used,
    reason = "the helpers of tests panic as tests do, and clippy knows only the tests themselves"
)]

mod cases;
mod catalogue;
mod command_line;
mod containers;
mod foreign_clients;
mod happy_paths;
mod properties;
mod report;
mod rumqttd;
mod runner;
mod saboteurs;
mod skip;
mod transcripts;
mod upstream;
