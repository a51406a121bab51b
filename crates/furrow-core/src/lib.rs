//! The pure core of Furrow: interactions in, scores out.
//!
//! ```text
//! ids          identities
//! time         the client's clock and the log's
//! interaction  what a client sends, checked
//! output       what a fold puts out
//! ```
//!
//! No clock, no I/O, no randomness, no platform mathematics: state is a
//! function of the log, and a replay gives the same bytes on any machine.

pub mod ids;
pub mod interaction;
pub mod output;
pub mod time;
