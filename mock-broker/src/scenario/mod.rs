//! Rules as data: what scenario files and the control API say, and how it becomes rules.
//!
//! A [`Scenario`] is a flat list of [steps](Step). A step says *on* which packet the broker departs
//! from a right one, and how; all that no step is about is answered as usual. The same types read
//! TOML, JSON and the bodies of the control API.
//!
//! ```
//! use nack_mock_broker::{MockBroker, scenario::Step};
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let broker = MockBroker::in_memory();
//! let step: Step = serde_json::from_str(
//!     r#"{
//!         "name": "quota",
//!         "on": { "packet": "PUBLISH", "topic": "plant/#", "nth": 2 },
//!         "reply": { "packet": "PUBACK", "reason": "quota-exceeded" },
//!         "expect": "any"
//!     }"#,
//! )?;
//! let quota = step.rule()?.mount(&broker);
//! assert_eq!(quota.hits(), 0);
//! # Ok(())
//! # }
//! ```

mod load;
mod matching;
mod model;
mod name;
mod rule;
mod shipped;

pub use load::{LoadError, ScenarioFile};
pub use model::{
    BadListen, Base, ClientCertificateName, Close, Data, Drive, Expect, Flag, FlipBits, FormName,
    Hex, Listen, Mutate, On, OneOrMany, Pace, Properties, ProtocolVersion, RawProperty, Reply,
    Scenario, SetByte, Split, Step, TlsFaultName, TlsOptions, TlsVersionName, UserProperties,
    VarInt, WebSocketFaultName, WebSocketOptions,
};
#[cfg(feature = "control")]
pub(crate) use name::nearest;
pub use name::{Code, PacketName, PropertyName, UnknownName};
pub use rule::BadStep;
pub use shipped::{SHIPPED, Shipped, find, shipped};
