//! Tests of the whole, and of the tree itself; what several of them need lies here.
//!
//! ```text
//! furrow  the real binary, started on a folder and ports of its own
//! client  what sends batches to it
//! visit   seeded visits to a shop, as batches
//! random  numbers that a seed repeats
//! place   where built and fetched things lie
//! wait    waiting for what can be observed, with a bound
//! ```

pub mod client;
mod furrow;
pub mod place;
pub mod random;
pub mod visit;
mod wait;

pub use furrow::{Answer, Furrow, Options, Ports, Refused, bare_command, is_running, request};
pub use wait::until;
