//! The program as its users have it: a process, its output, its exit code.

mod commands;
mod flags;
mod names;
mod places;
mod program;
mod running;
