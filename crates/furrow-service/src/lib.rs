//! The chassis that every role stands on.
//!
//! ```text
//! config      one value: compiled-in defaults < file < environment
//! telemetry   logs, for people on a terminal, as JSON otherwise
//! supervise   named tasks, signals, shutdown with a bound
//! observe     /healthz, /readyz and /metrics
//! lag         how far a role is behind, as gauges and in its readiness
//! law         what must add up
//! meter       metrics, made and registered in one go
//! exposition  reads what /metrics says
//! clock       what time it is
//! net         listening, with an error that says what to do
//! ```
//!
//! A role is composed from its configuration, bound, served until the
//! supervisor's token fires, and then drains.

pub mod clock;
pub mod config;
pub mod exposition;
pub mod lag;
pub mod law;
pub mod meter;
pub mod net;
pub mod observe;
pub mod supervise;
pub mod telemetry;
