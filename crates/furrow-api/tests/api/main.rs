//! The bound api over real sockets, on a real log and a real engine.
#![allow(clippy::unwrap_used)] // The helpers are part of the tests.

mod guard;
mod health;
mod live;
mod questions;
#[path = "../../src/samples.rs"]
mod samples;
mod serving;
mod world;

use furrow_store::engine::child_main;
use std::path::Path;

/// Not a test: the engine's process is this binary, asked for this one test.
#[test]
fn engine_child() {
    let arguments: Vec<_> = std::env::args_os()
        .skip_while(|a| a != "--")
        .skip(1)
        .collect();
    if let [_, library, _, data, _, config] = &arguments[..] {
        child_main(Path::new(library), Path::new(data), Path::new(config));
    }
}
