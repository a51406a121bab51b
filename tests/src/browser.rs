//! Scripts in `web/` that open a browser.

use crate::place;
use std::path::PathBuf;
use std::process::Command;

const BROWSERS: &[&str] = &[
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
];

/// What scripts need to have been installed and built, in `web/`.
const NEEDED: &[&str] = &[
    "node_modules/playwright-core",
    "sdk/dist",
    "shop/dist",
    "dashboard/dist",
    "pages/dist",
];

/// `$CHROME`, else one that is installed.
fn browser() -> PathBuf {
    std::env::var_os("CHROME")
        .filter(|path| !path.is_empty())
        .map(PathBuf::from)
        .or_else(|| {
            let path = std::env::var_os("PATH")?;
            std::env::split_paths(&path)
                .flat_map(|folder| BROWSERS.iter().map(move |name| folder.join(name)))
                .find(|file| file.is_file())
        })
        .expect("no Chromium: run `cargo xtask setup`, or set CHROME to its path")
}

/// Node on one of the scripts in a folder of `web/`, told where the browser is.
///
/// # Panics
/// When there is no browser, or the web packages have not been built.
#[must_use]
pub fn script(folder: &str, name: &str) -> Command {
    let web = place::tree().join("web");
    for needed in NEEDED {
        let path = web.join(needed);
        assert!(
            path.is_dir(),
            "{} is missing: run `cargo xtask setup`",
            path.display()
        );
    }
    let mut node = Command::new("node");
    node.arg("--test-reporter=spec")
        .arg(name)
        .current_dir(web.join(folder))
        .env("CHROME", browser())
        // Set by a runner above this one, it would silence the script's own.
        .env_remove("NODE_TEST_CONTEXT");
    node
}
