//! What building Kafka's client needs: OpenSSL's headers, pkg-config to find them, and make.

use crate::place;
use crate::run::{Done, Failure, program, quietly, tell};
use crate::tools;

/// The oldest OpenSSL that is still looked after.
const OPENSSL_MIN: &str = "3.0";

const REMEDY: &str = "Kafka's client is built from source, with the system's OpenSSL. Install make, \
    pkg-config and OpenSSL 3 with its headers (Debian: `apt-get install make pkg-config libssl-dev`; \
    macOS: `brew install pkg-config openssl@3`) and start again.";

/// Finds them, or installs them where that needs no question.
pub(crate) fn provide() -> Result<Done, Failure> {
    if let Some(found) = found() {
        return Ok(Done::Present(found));
    }
    if place::on_path(&["apt-get"]).is_some() {
        tell("openssl", "installing Debian's packages");
    }
    tools::install_debian(&["make", "pkg-config", "libssl-dev"])
        .unwrap_or_else(|| Err(Failure::new(REMEDY)))?;
    found().map(Done::Made).ok_or_else(|| Failure::new(REMEDY))
}

/// What is there, if all of it is. A build that is told where OpenSSL lies asks no pkg-config.
fn found() -> Option<String> {
    quietly(&mut program("make", &["--version"]), REMEDY).ok()?;
    if let Some(folder) = std::env::var_os("OPENSSL_DIR") {
        return Some(format!("OpenSSL in {}", folder.to_string_lossy()));
    }
    let least = format!("--atleast-version={OPENSSL_MIN}");
    quietly(&mut program("pkg-config", &[&least, "openssl"]), REMEDY).ok()?;
    let version = quietly(
        &mut program("pkg-config", &["--modversion", "openssl"]),
        REMEDY,
    )
    .ok()?;
    Some(format!("OpenSSL {}", version.trim()))
}
