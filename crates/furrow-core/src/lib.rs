//! The pure core of Furrow: interactions in, scores out.
//!
//! ```text
//! ids          identities
//! time         the client's clock and the log's
//! interaction  what a client sends, checked
//! rules        every threshold and weight
//! answer       did the page answer a press?
//! measures     numbers from samples, in one pass
//! signals      recognised behaviours, one detector a file
//! scores       from firings to scores
//! sequence     the order of one sender's batches
//! session      one session's state, and what a batch does to it
//! ledger       what becomes of records
//! explain      a session in words and rows
//! control      whose sessions fold under which rules
//! entry        what a partition keeps under a session's key
//! beginning    where a replay begins, and what it has to know there
//! partition    one partition's state, and what a record does to it
//! output       what a fold puts out
//! ```
//!
//! No clock, no I/O, no randomness, no platform mathematics: state is a
//! function of the log, and a replay gives the same bytes on any machine.

pub mod answer;
pub mod beginning;
pub mod control;
mod entry;
pub mod explain;
pub mod ids;
pub mod interaction;
pub mod ledger;
pub mod measures;
pub mod output;
pub mod partition;
pub mod rules;
pub mod scores;
pub mod sequence;
pub mod session;
pub mod signals;
pub mod time;
