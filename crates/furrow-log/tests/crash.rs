//! What was acknowledged survives the process: a child of this test appends and says what was
//! acknowledged, and is killed, or runs into a full disk.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use furrow_log::{
    AppendError, EmbeddedSettings, Log, Offset, Partition, ReadLimit, Receipt, Topic, TopicPlan,
};
use tempfile::TempDir;

const PARTITIONS: u32 = 3;
const IN_FLIGHT: usize = 64;
const KILLS: u64 = 8;

/// Tells the child where its log is, and with which number its records begin.
const CHILD: &str = "FURROW_LOG_TEST_CHILD";

fn topic() -> Topic {
    Topic::new("crash")
}

/// Small tables and segments, so that kills meet flushes and rolls.
fn small() -> EmbeddedSettings {
    EmbeddedSettings {
        memtable_bytes: 64 << 10,
        segment_bytes_max: 256 << 10,
        ..EmbeddedSettings::default()
    }
}

/// The bytes of the record with this number; their length is anything up to 2 KiB.
fn payload(number: u64) -> Vec<u8> {
    let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let length = usize::try_from(mixed >> 53).unwrap();
    let mut payload = number.to_be_bytes().to_vec();
    payload.extend(mixed.to_le_bytes().iter().cycle().take(length));
    payload
}

/// What the child said: the number of each record that was acknowledged, and where it is.
type Acknowledged = BTreeMap<u64, (u32, u64)>;

fn parse(line: &str) -> Option<(u64, (u32, u64))> {
    let mut words = line.strip_prefix("acknowledged ")?.split(' ');
    let number = words.next()?.parse().ok()?;
    let partition = words.next()?.parse().ok()?;
    // The last word ends with a full stop, or the line was cut when the child was killed.
    let offset = words.next()?.strip_suffix('.')?.parse().ok()?;
    Some((number, (partition, offset)))
}

async fn check_all_there(log: &Log, acknowledged: &Acknowledged) {
    let mut found: BTreeMap<u64, (u32, u64)> = BTreeMap::new();
    for partition in 0..PARTITIONS {
        let mut from = 0;
        loop {
            let limit = ReadLimit::default();
            let topic = topic();
            let read = log.read(&topic, Partition(partition), Offset(from), limit);
            let records = read.await.unwrap();
            if records.is_empty() {
                break;
            }
            for record in records {
                assert_eq!(record.offset, Offset(from));
                let number = u64::from_be_bytes(*record.payload.first_chunk().unwrap());
                assert!(
                    record.payload == payload(number),
                    "record {number} has other bytes"
                );
                assert_eq!(
                    found.insert(number, (partition, from)),
                    None,
                    "{number} twice"
                );
                from += 1;
            }
        }
    }
    for (number, place) in acknowledged {
        assert_eq!(found.get(number), Some(place), "record {number}");
    }
}

fn child(dir: &Path, first: u64, test: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command
        .args(["--exact", test, "--nocapture"])
        .env(CHILD, format!("{first} {}", dir.display()))
        .stdout(Stdio::piped())
        .stderr(Stdio::null());
    command
}

/// In a child: its first number and its folder.
fn told() -> Option<(u64, String)> {
    let told = std::env::var(CHILD).ok()?;
    let (first, dir) = told.split_once(' ')?;
    Some((first.parse().unwrap(), dir.to_owned()))
}

/// Not a test by itself: what [`what_was_acknowledged_survives_kills`] kills.
#[tokio::test]
async fn a_child_appends_until_it_is_killed() {
    let Some((first, dir)) = told() else { return };
    let log = Log::open(Path::new(&dir), small()).unwrap();
    log.create_topic(&topic(), &TopicPlan::of(PARTITIONS))
        .await
        .unwrap();
    let mut waiting: VecDeque<(u64, Receipt)> = VecDeque::new();
    for number in first.. {
        let receipt = log
            .append(&topic(), &number.to_be_bytes(), payload(number).into())
            .unwrap();
        waiting.push_back((number, receipt));
        if waiting.len() == IN_FLIGHT {
            let (number, receipt) = waiting.pop_front().unwrap();
            say(number, receipt).await.unwrap();
        }
    }
}

async fn say(number: u64, receipt: Receipt) -> Result<(), AppendError> {
    let appended = receipt.await?;
    let mut out = std::io::stdout().lock();
    writeln!(
        out,
        "acknowledged {number} {} {}.",
        appended.partition, appended.offset
    )
    .unwrap();
    out.flush().unwrap();
    Ok(())
}

/// Reads what the child says until it has said enough, then kills it.
fn kill_after(mut child: Child, enough: usize, acknowledged: &mut Acknowledged) {
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let said: Vec<_> = lines
        .by_ref()
        .map_while(Result::ok)
        .filter_map(|line| parse(&line))
        .take(enough)
        .collect();
    child.kill().unwrap();
    assert_eq!(said.len(), enough, "the child ended early");
    acknowledged.extend(said);
    // What it had said before it was killed counts as well.
    acknowledged.extend(lines.map_while(Result::ok).filter_map(|line| parse(&line)));
    child.wait().unwrap();
}

#[tokio::test]
async fn what_was_acknowledged_survives_kills() {
    let dir: TempDir = tempfile::tempdir().unwrap();
    let mut acknowledged = Acknowledged::new();
    for round in 0..KILLS {
        let mut child = child(
            dir.path(),
            round << 32,
            "a_child_appends_until_it_is_killed",
        );
        let enough = 1 + 977 * usize::try_from(round).unwrap() % 4_000;
        kill_after(child.spawn().unwrap(), enough, &mut acknowledged);
        let log = Log::open(dir.path(), small()).unwrap();
        check_all_there(&log, &acknowledged).await;
        log.close().await.unwrap();
    }
    assert!(acknowledged.len() > 4_000);
}

/// Not a test by itself: what [`a_full_disk_stops_the_log_and_loses_nothing`] starts.
#[tokio::test]
async fn a_child_appends_until_the_disk_is_full() {
    let Some((first, dir)) = told() else { return };
    // Nothing is flushed to tables, so the journal is the first file to meet the limit.
    let settings = EmbeddedSettings {
        memtable_bytes: 1 << 30,
        ..EmbeddedSettings::default()
    };
    let log = Log::open(Path::new(&dir), settings).unwrap();
    log.create_topic(&topic(), &TopicPlan::of(PARTITIONS))
        .await
        .unwrap();
    let mut waiting = VecDeque::new();
    for number in first..first + 400_000 {
        match log.append(&topic(), &number.to_be_bytes(), payload(number).into()) {
            Ok(receipt) => waiting.push_back((number, receipt)),
            Err(AppendError::Storage(_)) => break,
            Err(error) => panic!("{error}"),
        }
        if waiting.len() == 1_000 {
            let (number, receipt) = waiting.pop_front().unwrap();
            if say(number, receipt).await.is_err() {
                break;
            }
        }
    }
    let failure = log.failed().await.to_string();
    let error = log.append(&topic(), b"", payload(0).into()).unwrap_err();
    assert_eq!(error.to_string(), failure);
    assert!(waiting.pop_back().unwrap().1.await.is_err());
    assert!(log.close().await.is_err());
    println!("ended in order");
}

#[cfg(unix)]
#[tokio::test]
async fn a_full_disk_stops_the_log_and_loses_nothing() {
    let dir: TempDir = tempfile::tempdir().unwrap();
    let inner = child(dir.path(), 0, "a_child_appends_until_the_disk_is_full");
    // A limit on a file's size stands for the full disk. It is above the 64 MiB that a journal
    // begins with, whether the shell counts 512 or 1,024 bytes.
    let output = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 140000; exec \"$0\" \"$@\""])
        .arg(inner.get_program())
        .args(inner.get_args())
        .envs(
            inner
                .get_envs()
                .filter_map(|(name, value)| Some((name, value?))),
        )
        .output()
        .unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(
        said.contains("ended in order"),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let acknowledged: Acknowledged = said.lines().filter_map(parse).collect();
    assert!(acknowledged.len() > 10_000, "{}", acknowledged.len());
    let log = Log::open(dir.path(), EmbeddedSettings::default()).unwrap();
    check_all_there(&log, &acknowledged).await;
    let receipt = log.append(&topic(), b"", payload(u64::MAX).into()).unwrap();
    receipt.await.unwrap();
}
