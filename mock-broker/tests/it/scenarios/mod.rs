//! Rules as data: steps, files, and what ships.

mod steps;
