//! Rules as data: steps, files, and what ships.

mod faults;
mod files;
mod generated;
mod shipped;
mod steps;
mod transports;
