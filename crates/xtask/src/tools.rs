//! The programs that must be there already: none of them is fetched.

use crate::place;
use crate::run::{Done, Failure, program, quietly};
use crate::setup::Purpose;

/// The oldest Node whose test runner and module loading the web packages use.
const NODE_MAJOR_MIN: u32 = 20;

/// The oldest Python that the client tools of the tests support.
const PYTHON_MINOR_MIN: u32 = 10;

/// Finds the programs and checks the versions that matter.
pub(crate) fn check(purpose: Purpose) -> Result<Done, Failure> {
    let remedy = format!("Install Node.js {NODE_MAJOR_MIN} or newer, with npm, and start again.");
    let node = quietly(&mut program("node", &["--version"]), &remedy)?;
    let major = node
        .trim()
        .trim_start_matches('v')
        .split('.')
        .next()
        .and_then(|n| n.parse().ok());
    if major.is_none_or(|major: u32| major < NODE_MAJOR_MIN) {
        return Err(Failure::new(format!(
            "Node.js {} is too old.\n{remedy}",
            node.trim()
        )));
    }
    let npm = quietly(&mut program("npm", &["--version"]), &remedy)?;

    let compiler = std::env::var_os("CC").unwrap_or_else(|| "cc".into());
    quietly(
        &mut program(compiler, &["--version"]),
        "Install a C compiler (Debian: `apt-get install gcc libc6-dev`, \
         macOS: `xcode-select --install`) and start again.",
    )?;

    let mut found = format!("node {}, npm {}, C compiler", node.trim(), npm.trim());
    if purpose == Purpose::Test {
        let remedy = format!(
            "Install Python 3.{PYTHON_MINOR_MIN} or newer (Debian: `apt-get install python3 \
             python3-venv`) and start again: the tests include a client made from proto/."
        );
        let python = quietly(&mut program("python3", &["--version"]), &remedy)?;
        let mut parts = python.trim().trim_start_matches("Python ").split('.');
        let is_three = parts.next() == Some("3");
        let minor: Option<u32> = parts.next().and_then(|n| n.parse().ok());
        if !is_three || minor.is_none_or(|minor| minor < PYTHON_MINOR_MIN) {
            return Err(Failure::new(format!(
                "{} is too old.\n{remedy}",
                python.trim()
            )));
        }
        found = format!("{found}, {}", python.trim().to_lowercase());
    }
    Ok(Done::Present(found))
}

/// Installs Debian packages where that is possible without asking: as root, where `apt-get` is.
///
/// `None`: it is not possible here.
pub(crate) fn install_debian(packages: &[&str]) -> Option<Result<(), Failure>> {
    let root = quietly(&mut program("id", &["-u"]), "").is_ok_and(|id| id.trim() == "0");
    if !root || place::on_path(&["apt-get"]).is_none() {
        return None;
    }
    let remedy = format!("Install by hand: {}", packages.join(" "));
    let mut update = program("apt-get", &["update", "-q"]);
    let mut install = program(
        "apt-get",
        &["install", "-q", "-y", "--no-install-recommends"],
    );
    install
        .args(packages)
        .env("DEBIAN_FRONTEND", "noninteractive");
    Some(
        quietly(&mut update, &remedy)
            .and_then(|_| quietly(&mut install, &remedy))
            .map(|_| ()),
    )
}
