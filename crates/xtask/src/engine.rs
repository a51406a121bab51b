//! The embedded ClickHouse engine: one shared library, fetched by npm under a pinned version.
//!
//! npm checks the archive against the registry's integrity value; where the library's own hash is
//! pinned here, that is checked too. It is unpacked under another name and renamed when whole.

use std::fs;
use std::path::Path;

use crate::run::{Done, Failure, program, quietly, tell};

const VERSION: &str = "26.7.3-stable.1";
const LIBRARY: &str = "libchdb.so";

/// One platform for which the engine is published.
struct Build {
    os: &'static str,
    arch: &'static str,
    package: &'static str,
    /// Size in bytes and SHA-256 of the library, where it has been seen.
    pinned: Option<(u64, &'static str)>,
}

const BUILDS: &[Build] = &[
    Build {
        os: "linux",
        arch: "x86_64",
        package: "@chdb/lib-linux-x64-gnu",
        pinned: Some((
            566_330_096,
            "36ad4e999882821ef13cf2d0f52c93f48e6ee1b4498b35a201c23ce4b8d15bf5",
        )),
    },
    Build {
        os: "linux",
        arch: "aarch64",
        package: "@chdb/lib-linux-arm64-gnu",
        pinned: None,
    },
    Build {
        os: "macos",
        arch: "x86_64",
        package: "@chdb/lib-darwin-x64",
        pinned: None,
    },
    Build {
        os: "macos",
        arch: "aarch64",
        package: "@chdb/lib-darwin-arm64",
        pinned: None,
    },
];

/// Makes sure that `<cache>/engine/<version>/libchdb.so` is there and whole.
pub(crate) fn fetch(cache: &Path) -> Result<Done, Failure> {
    let (os, arch) = (std::env::consts::OS, std::env::consts::ARCH);
    let known = BUILDS
        .iter()
        .find(|build| build.os == os && build.arch == arch);
    let Some(build) = known else {
        return Err(Failure::new(format!(
            "The embedded engine is not published for {os} on {arch}; Furrow itself runs there with \
             the address of a ClickHouse server in its configuration."
        )));
    };
    let folder = cache.join("engine").join(VERSION);
    let library = folder.join(LIBRARY);
    if is_whole(&library, build) {
        return Ok(Done::Present(format!("{} {VERSION}", build.package)));
    }

    tell("engine", "fetching about 180 MB, once");
    // One set-up at a time works on the cache, so what lies here was left by one that was cut off.
    let partial = cache.join("engine").join(format!(".{VERSION}.partial"));
    let _ = fs::remove_dir_all(&partial);
    let fetched = unpack(build, &partial).and_then(|()| {
        if folder.exists() {
            fs::remove_dir_all(&folder).map_err(Failure::doing(format!(
                "removing the damaged {}",
                folder.display()
            )))?;
        }
        fs::rename(partial.join("package"), &folder).map_err(Failure::doing(format!(
            "moving the engine to {}",
            folder.display()
        )))
    });
    // What cannot be removed now is removed by the next attempt.
    let _ = fs::remove_dir_all(&partial);
    fetched?;
    Ok(Done::Made(format!("{} {VERSION}", build.package)))
}

/// Whether the library is there, and of the pinned size: it was hashed when it was unpacked.
fn is_whole(library: &Path, build: &Build) -> bool {
    fs::metadata(library)
        .is_ok_and(|found| build.pinned.is_none_or(|(bytes, _)| found.len() == bytes))
}

fn unpack(build: &Build, partial: &Path) -> Result<(), Failure> {
    fs::create_dir_all(partial)
        .map_err(Failure::doing(format!("creating {}", partial.display())))?;
    let spec = format!("{}@{VERSION}", build.package);
    let remedy = format!(
        "Check that `npm view {spec}` finds the package (network, registry, proxy of npm) and \
         start again."
    );
    let mut pack = program("npm", &["pack", "--loglevel=error", &spec]);
    let archive = quietly(pack.current_dir(partial), &remedy)?;
    let archive = archive.lines().last().unwrap_or_default().trim().to_owned();
    let mut tar = program("tar", &["-xzf", &archive]);
    quietly(
        tar.current_dir(partial),
        "Is the disk full? The engine takes 570 MB unpacked.",
    )?;

    let library = partial.join("package").join(LIBRARY);
    let bytes = fs::metadata(&library)
        .map_err(Failure::doing(format!("{spec} holds no {LIBRARY}")))?
        .len();
    if let Some((bytes_pinned, sha256_pinned)) = build.pinned {
        let sha256 = sha256(&library)?;
        if bytes != bytes_pinned || sha256 != sha256_pinned {
            return Err(Failure::new(format!(
                "The engine from {spec} is not the one that Furrow was tested with: {bytes} bytes, \
                 SHA-256 {sha256}; expected {bytes_pinned} bytes, {sha256_pinned}. Do not use it."
            )));
        }
    }
    Ok(())
}

/// SHA-256 of a file, by Node, which is there already.
fn sha256(file: &Path) -> Result<String, Failure> {
    const SCRIPT: &str = "const hash = require('crypto').createHash('sha256'); \
        require('fs').createReadStream(process.argv[1]).pipe(hash) \
        .on('finish', () => console.log(hash.digest('hex')))";
    let mut node = program("node", &["-e", SCRIPT]);
    let printed = quietly(node.arg(file), "Is the disk readable?")?;
    Ok(printed.trim().to_owned())
}
