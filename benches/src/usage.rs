//! Processor time, memory and disk space, as Linux counts them. Elsewhere
//! nothing is known.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::Duration;

/// A block of `stat`, whatever the file system's own are.
const BLOCK_BYTES: u64 = 512;

/// Processor time that a process has taken.
#[must_use]
pub fn cpu(pid: u32) -> Option<Duration> {
    cpu_of(&format!("/proc/{pid}/stat"))
}

/// Processor time of this process's threads by their name.
#[must_use]
pub fn threads_cpu(name: &str) -> Duration {
    let threads = fs::read_dir("/proc/self/task").into_iter().flatten();
    threads
        .filter_map(|thread| {
            let path = thread.ok()?.path();
            let comm = fs::read_to_string(path.join("comm")).ok()?;
            if comm.trim_end() != name {
                return None;
            }
            cpu_of(path.join("stat").to_str()?)
        })
        .sum()
}

fn cpu_of(path: &str) -> Option<Duration> {
    let text = fs::read_to_string(path).ok()?;
    // The program's name may hold spaces and parentheses. After it, user and
    // system time are the 12th and 13th fields.
    let (_, rest) = text.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(11);
    let user: u64 = fields.next()?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    let ticks = rustix::param::clock_ticks_per_second();
    Some(Duration::from_secs_f64(
        (user + system) as f64 / ticks as f64,
    ))
}

/// The most memory that a process had resident since [`forget_peak`], bytes.
#[must_use]
pub fn peak_rss(pid: u32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib * 1_024)
}

/// Lets the peak begin anew. Where that is not allowed it stays that of the
/// process's whole life.
pub fn forget_peak(pid: u32) {
    let _ = fs::write(format!("/proc/{pid}/clear_refs"), "5");
}

/// Disk space that a folder takes, bytes.
#[must_use]
pub fn disk_bytes(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            // Files go while we look.
            let metadata = entry.metadata().ok()?;
            Some(match metadata.is_dir() {
                true => disk_bytes(&entry.path()),
                false => metadata.blocks() * BLOCK_BYTES,
            })
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_has_memory() {
        let pid = std::process::id();
        assert!(cpu(pid).is_some());
        assert!(peak_rss(pid).unwrap() > 1 << 20);
    }
}
