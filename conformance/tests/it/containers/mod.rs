//! Our client against Mosquitto, which runs in a container: a process of its own, behind a network
//! that can be cut.
//!
//! Where Docker or the image is missing the tests say so and pass; with `NACK_REQUIRE_DOCKER=1`
//! they fail. `NACK_MOSQUITTO_IMAGE` names another image than `eclipse-mosquitto:2`.

mod agreement;
mod losses;
mod mosquitto;
mod needs;
mod refusals;
