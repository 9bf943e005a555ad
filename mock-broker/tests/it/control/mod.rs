//! The broker as it is seen and driven from outside of its process.

#[cfg(feature = "control")]
mod adapters;
#[cfg(feature = "control")]
mod flood;
#[cfg(feature = "control")]
mod http;
#[cfg(feature = "scenario")]
mod json;
mod pcap;
#[cfg(feature = "control")]
mod server;
#[cfg(feature = "control")]
mod waiting;
