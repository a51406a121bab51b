//! A real Chromium against a real `furrow up --demo`: what people do in the shop, followed to the
//! rows in ClickHouse and to the dashboard. The visits themselves are JavaScript, in `web/e2e`;
//! each is a test of Node's runner, and says there what it found.

#![allow(clippy::unwrap_used, reason = "all of this file is tests")]

use furrow_tests::{Furrow, browser};
use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::{Mutex, PoisonError};

/// Two browsers at once would measure each other.
static ONE_BROWSER: Mutex<()> = Mutex::new(());

/// Node on one of the scripts, told where this pipeline is.
fn script(name: &str, furrow: &Furrow) -> Command {
    let asking = furrow.command();
    let words: Vec<_> = [asking.get_program()]
        .into_iter()
        .chain(asking.get_args())
        .map(OsStr::to_string_lossy)
        .collect();
    let mut node = browser::script("e2e", name);
    node.envs(
        asking
            .get_envs()
            .filter_map(|(key, value)| Some((key, value?))),
    )
    .env("FURROW_SHOP", furrow.shop_url())
    .env("FURROW_DASHBOARD", furrow.dashboard_url())
    .env("FURROW_COMMAND", serde_json::to_string(&words).unwrap());
    node
}

/// The script's process, ended with the test however that ends.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail only for a child that has ended.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn what_visitors_do_shows_in_the_rows_and_on_the_dashboard() {
    let _alone = ONE_BROWSER.lock().unwrap_or_else(PoisonError::into_inner);
    let furrow = Furrow::options().demo().start();
    // Its output goes past the capture of this test: it names each visit, and what was measured.
    let status = script("visits.test.mjs", &furrow)
        .stdin(Stdio::null())
        .status()
        .expect("node can be started: run `cargo xtask setup`");
    assert!(status.success(), "a visit failed; see above");
}

#[test]
fn every_signal_and_every_interaction_of_a_visitor_shows_in_the_rows() {
    let _alone = ONE_BROWSER.lock().unwrap_or_else(PoisonError::into_inner);
    let furrow = Furrow::options().demo().start();
    // Nothing is measured here, so both go at the same time.
    let mut running = ["signals.test.mjs", "interactions.test.mjs"].map(|name| {
        let child = script(name, &furrow).stdin(Stdio::null()).spawn();
        (
            name,
            Running(child.expect("node can be started: run `cargo xtask setup`")),
        )
    });
    for (name, child) in &mut running {
        let status = child.0.wait().unwrap();
        assert!(status.success(), "a visit of {name} failed; see above");
    }
}

#[test]
fn what_is_done_during_an_outage_arrives_once() {
    let _alone = ONE_BROWSER.lock().unwrap_or_else(PoisonError::into_inner);
    let mut furrow = Furrow::options().demo().start();
    let child = script("outage.test.mjs", &furrow)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node can be started: run `cargo xtask setup`");
    let mut running = Running(child);
    let mut answers = running.0.stdin.take().unwrap();
    let lines = BufReader::new(running.0.stdout.take().unwrap());
    for line in lines.lines() {
        let line = line.unwrap();
        match line.strip_prefix("furrow: ") {
            Some("kill") => {
                furrow.kill();
                answer(&mut answers, "kill done");
            }
            Some("start") => {
                furrow.start_again();
                answer(&mut answers, "start done");
            }
            Some(other) => panic!("the script asks for {other:?}"),
            None => pass_on(&line),
        }
    }
    let status = running.0.wait().unwrap();
    assert!(status.success(), "it failed; see above");
}

fn answer(script: &mut ChildStdin, line: &str) {
    writeln!(script, "{line}").expect("the script waits for the answer");
}

/// Past the capture of this test, as the other test's output goes.
fn pass_on(line: &str) {
    // Nobody reads where standard output is closed.
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}
