//! Widgets as people build and break them, pressed in a real Chromium: what the SDK tells of these
//! presses is scored by the real binary. The widgets are JavaScript, in `web/pages`, each a test of
//! Node's runner; a table of false alarms and of what was found stands at the end of its output.

#![allow(clippy::unwrap_used, reason = "all of this file is tests")]

use furrow_tests::{browser, place};
use std::process::Stdio;

#[test]
fn nobody_who_is_answered_rages_and_everybody_who_is_not_does() {
    let command = serde_json::to_string(&[place::furrow()]).unwrap();
    let status = browser::script("pages", "pages.test.mjs")
        .env("FURROW_COMMAND", command)
        .stdin(Stdio::null())
        .status()
        .expect("node can be started: run `cargo xtask setup`");
    assert!(status.success(), "a widget was misjudged; see above");
}
