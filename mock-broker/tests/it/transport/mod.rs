//! What lies below MQTT: where a broker listens, how connections are opened and closed there, and
//! what can be wrong with it.

mod listeners;
mod listening;
#[cfg(feature = "tls")]
mod tls;
#[cfg(unix)]
mod unix;
#[cfg(feature = "websocket")]
mod websocket;
