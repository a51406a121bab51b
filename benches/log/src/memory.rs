//! What a process has in memory, as Linux counts it.

use anyhow::{Context, Result};
use serde::Serialize;
use std::fs;

/// The memory of one process, bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Memory {
    /// Resident, the program itself included.
    pub resident: u64,
    /// Of it, what it allocated.
    pub anonymous: u64,
    /// The most that was resident since it began.
    pub peak: u64,
}

impl Memory {
    /// Of a process that runs.
    ///
    /// # Errors
    /// Where the system does not tell.
    pub fn of(pid: u32) -> Result<Memory> {
        let file = |name: &str| {
            let path = format!("/proc/{pid}/{name}");
            fs::read_to_string(&path).with_context(|| format!("reading {path}"))
        };
        let (status, sums) = (file("status")?, file("smaps_rollup")?);
        Ok(Memory {
            resident: bytes(&sums, "Rss:").context("no Rss is told")?,
            anonymous: bytes(&sums, "Anonymous:").context("no Anonymous is told")?,
            peak: bytes(&status, "VmHWM:").context("no VmHWM is told")?,
        })
    }
}

/// The value of a line such as `Rss:  1234 kB`.
fn bytes(text: &str, name: &str) -> Option<u64> {
    let value = text.lines().find_map(|line| line.strip_prefix(name))?;
    let kib: u64 = value.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1_024)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn values_are_found_by_their_whole_names() {
        let text = "Rss:            2048 kB\nAnonymous:      4 kB\nAnonHugePages:   8 kB\n";
        assert_eq!(bytes(text, "Rss:"), Some(2 << 20));
        assert_eq!(bytes(text, "Anonymous:"), Some(4_096));
        assert_eq!(bytes(text, "Pss:"), None);
    }

    #[test]
    fn this_process_has_memory_and_had_no_less_at_its_peak() {
        let memory = Memory::of(std::process::id()).unwrap();
        assert!(memory.anonymous > 0 && memory.anonymous <= memory.resident);
        assert!(memory.peak > 0);
    }
}
