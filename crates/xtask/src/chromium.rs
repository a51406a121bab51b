//! A Chromium for the browser tests.

use std::path::{Path, PathBuf};

use crate::place;
use crate::run::{Done, Failure, program, quietly, tell};
use crate::tools;

const NAMES: &[&str] = &[
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];

/// Where the browsers install themselves on macOS.
const APPLICATIONS: &[&str] = &[
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

const REMEDY: &str = "The browser tests need Chromium or Chrome. Install one (Debian: `apt-get \
    install chromium`; macOS: `brew install --cask chromium`), or set CHROME to its path, and \
    start again.";

/// The browser that the tests are to use: `$CHROME`, else one that is installed.
pub(crate) fn find() -> Option<PathBuf> {
    std::env::var_os("CHROME")
        .filter(|path| !path.is_empty())
        .map(PathBuf::from)
        .or_else(|| place::on_path(NAMES))
        .or_else(|| {
            APPLICATIONS
                .iter()
                .map(PathBuf::from)
                .find(|path| path.is_file())
        })
}

/// Finds a browser that starts, or installs one where that needs no question.
pub(crate) fn provide() -> Result<Done, Failure> {
    if let Some(found) = find() {
        return Ok(Done::Present(version(&found)?));
    }
    if place::on_path(&["apt-get"]).is_some() {
        tell("chromium", "installing Debian's package");
    }
    tools::install_debian(&["chromium"]).unwrap_or_else(|| Err(Failure::new(REMEDY)))?;
    let found = find().ok_or_else(|| Failure::new(REMEDY))?;
    Ok(Done::Made(version(&found)?))
}

/// What the browser says it is; on some systems the package of that name is only a pointer.
fn version(browser: &Path) -> Result<String, Failure> {
    let said = quietly(&mut program(browser, &["--version"]), REMEDY)?;
    Ok(format!("{} at {}", said.trim(), browser.display()))
}
