//! The suite's own tests: our client passes it, each case can fail, and what it cites exists.

mod cases;
mod catalogue;
mod command_line;
mod properties;
mod report;
mod rumqttd;
mod runner;
mod saboteurs;
mod transcripts;
