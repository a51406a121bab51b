//! How far a long file is read, on standard error if that is a terminal.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::Write;
use std::path::Path;

/// Files below this are read in a moment.
const LONG_FILE_BYTES: u64 = 8 << 20;
/// How often the bar is drawn anew, per second.
const DRAWN_HZ: u8 = 10;

/// A bar for the file if it is long, else one that is not seen. Standard input
/// has no length.
pub(crate) fn of(file: &Path) -> ProgressBar {
    let length = match std::fs::metadata(file) {
        Ok(about) if about.is_file() && about.len() >= LONG_FILE_BYTES => about.len(),
        Ok(_) | Err(_) => return ProgressBar::hidden(),
    };
    let style = ProgressStyle::with_template("{bar:40} {bytes} of {total_bytes}, {eta} left")
        .expect("the template is one");
    // A stream that is no terminal draws nothing.
    ProgressBar::with_draw_target(Some(length), ProgressDrawTarget::stderr_with_hz(DRAWN_HZ))
        .with_style(style)
}

/// Says what is wrong with a line, above the bar.
pub(crate) fn tell(bar: &ProgressBar, line: u64, why: &str) {
    bar.suspend(|| {
        // Nobody is left to tell when standard error is gone.
        let _ = writeln!(std::io::stderr(), "line {line}: {why}");
    });
}
