//! Clients that we did not write against the mock broker. A mistake of our codec that our own client
//! shares would show here.

mod mosquitto;
mod peer;
mod rumqttc;
