//! What a checkout needs, in order, nothing twice.

use std::fs::{self, File, TryLockError};
use std::path::Path;
use std::process::ExitCode;

use crate::run::{Failure, part, tell};
use crate::{budget, chromium, engine, fuzz, kafka, openssl, place, python, tools, web};

/// What the set-up is for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// Running Furrow.
    Up,
    /// Running it and everything that tests it.
    Test,
}

/// `cargo xtask setup`.
pub(crate) fn setup(args: &[String]) -> Result<ExitCode, Failure> {
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let purpose = match words[..] {
        [] | ["--for", "test"] => Purpose::Test,
        ["--for", "up"] => Purpose::Up,
        _ => {
            return Err(Failure::new(
                "usage: cargo xtask setup [--for up | --for test]",
            ));
        }
    };
    prepare(purpose)?;
    Ok(ExitCode::SUCCESS)
}

/// Brings about what `purpose` needs, one line for each part.
pub(crate) fn prepare(purpose: Purpose) -> Result<(), Failure> {
    let cache = place::cache()?;
    println!("set-up, cached in {}", cache.display());
    fs::create_dir_all(&cache).map_err(Failure::doing(format!("creating {}", cache.display())))?;
    let _alone = alone(&cache.join("setup.lock"))?;

    part("tools", || tools::check(purpose))?;
    part("openssl", openssl::provide)?;
    part("engine", || engine::fetch(&cache))?;
    part("npm packages", web::install)?;
    part("web", web::build)?;
    if purpose == Purpose::Test {
        part("chromium", chromium::provide)?;
        part("C++ compiler", fuzz::provide)?;
        part("valgrind", budget::provide)?;
        part("python", || python::provide(&cache))?;
        part("java", kafka::provide_java)?;
        part("kafka", || kafka::fetch(&cache))?;
    }
    Ok(())
}

/// Waits until no other set-up works on the same cache; the next one then finds everything there.
fn alone(path: &Path) -> Result<File, Failure> {
    let lock = File::create(path).map_err(Failure::doing(format!("opening {}", path.display())))?;
    match lock.try_lock() {
        Ok(()) => return Ok(lock),
        Err(TryLockError::WouldBlock) => tell("set-up", "waiting for another one to finish"),
        Err(TryLockError::Error(cause)) => {
            return Err(Failure::doing(format!("locking {}", path.display()))(cause));
        }
    }
    lock.lock()
        .map_err(Failure::doing(format!("locking {}", path.display())))?;
    Ok(lock)
}
