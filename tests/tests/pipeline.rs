//! The whole pipeline, over its real ports, into a real ClickHouse.

#![allow(clippy::unwrap_used, reason = "all of this file is tests")]

use furrow_tests::Furrow;

#[test]
fn it_starts() {
    let furrow = Furrow::options().demo().start();
    assert_eq!(furrow.number("SELECT count() FROM v_sessions"), 0);
    assert!(furrow.engine_pid().is_some());
}
