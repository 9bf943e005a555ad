//! Tests of the session without a runtime.
