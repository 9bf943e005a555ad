//! The broker as it is seen and driven from outside of its process.

mod pcap;
