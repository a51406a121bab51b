//! Tests of the whole, and of the tree itself; what several of them need lies here.
//!
//! ```text
//! furrow  the real binary, started on a folder and ports of its own
//! place   where built and fetched things lie
//! wait    waiting for what can be observed, with a bound
//! ```

mod furrow;
pub mod place;
mod wait;

pub use furrow::{Furrow, Options, Ports, Refused, bare_command, get, is_running};
pub use wait::until;
