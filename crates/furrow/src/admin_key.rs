//! What may publish rules to a Furrow that was given no key of its own: a
//! random key in the data folder, for who may read that.

use anyhow::{Context, Result};
use furrow_service::config::Secret;
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Random bytes of a key.
const KEY_BYTES: usize = 32;

/// The key in the data folder, if one was made.
pub(crate) fn read(data: &Path) -> Result<Option<Secret>> {
    let path = path(data);
    match fs::read_to_string(&path) {
        Ok(text) => Ok(Some(Secret::new(text.trim()))),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("{} cannot be read", path.display())),
    }
}

/// The key in the data folder, made if there is none. One process at a time
/// may ask: the one that has the folder's log.
pub(crate) fn read_or_make(data: &Path) -> Result<Secret> {
    if let Some(key) = read(data)? {
        return Ok(key);
    }
    let key = random()?;
    let path = path(data);
    let written = write(&path, key.expose());
    written.with_context(|| format!("{} cannot be written", path.display()))?;
    Ok(key)
}

/// A key that nobody can guess.
pub(crate) fn random() -> Result<Secret> {
    let mut bytes = [0; KEY_BYTES];
    getrandom::fill(&mut bytes).context("no random bytes for a key")?;
    let key: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(Secret::new(&key))
}

/// A file that only its owner may read, whole or not at all.
fn write(path: &Path, key: &str) -> std::io::Result<()> {
    let fresh = path.with_extension("new");
    let mut file = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&fresh)?;
    writeln!(file, "{key}")?;
    file.sync_all()?;
    fs::rename(&fresh, path)
}

fn path(data: &Path) -> PathBuf {
    data.join("admin-key")
}
