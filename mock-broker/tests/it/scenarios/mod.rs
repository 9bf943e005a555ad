//! Rules as data: steps, files, and what ships.

mod files;
mod generated;
mod shipped;
mod steps;
