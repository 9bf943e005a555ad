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

#[cfg(feature = "control")]
pub(crate) use load::{Document, FaultKind};
pub use load::{LoadError, ScenarioFile};
pub use model::{
    Accept, AccessEntry, AuthenticationMethod, BadAddress, BadBase, BadListen, Base, ChallengeStep,
    ClientCertificateName, Close, Coalesce, Corrupt, Data, Drive, Expect, Flag, FlipBits, FormName,
    Hex, LimitOptions, Listen, Mutate, On, OneOrMany, OperationName, Pace, PermissionName,
    Properties, ProtocolVersion, RawProperty, ReleaseOptions, ReleaseOrder, Reply, Scenario,
    SetByte, Step, TlsFaultName, TlsOptions, TlsVersionName, UserEntry, UserProperties, VarInt,
    WebSocketFaultName, WebSocketOptions, address,
};
#[cfg(feature = "control")]
pub(crate) use name::nearest;
pub use name::{Code, PacketName, PropertyName, UnknownName};
pub use rule::BadStep;
#[cfg(feature = "control")]
pub(crate) use rule::unasked;
pub use shipped::{SHIPPED, Shipped, find, shipped};
