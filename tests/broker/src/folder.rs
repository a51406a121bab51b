//! What a broker finds on its disk before its first start.

use crate::java;
use crate::ports::free_port;
use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// One broker of a cluster: its number, and where it listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seat {
    pub(crate) number: usize,
    /// For clients and for the other brokers.
    pub(crate) clients: SocketAddr,
    /// For the other controllers.
    pub(crate) controllers: SocketAddr,
}

/// Seats for so many brokers, on ports where nobody listens now.
pub(crate) fn seats(count: usize) -> Vec<Seat> {
    (1..=count)
        .map(|number| Seat {
            number,
            clients: free_port(),
            controllers: free_port(),
        })
        .collect()
}

/// A cluster's identity: 16 bytes in base64url, as Kafka wants it.
pub(crate) fn identity() -> String {
    let random = || RandomState::new().hash_one(std::process::id());
    // Any 21 of its characters and an A, whose low bits are 0, are 16 bytes.
    format!("{:016x}{:016x}", random(), random())[..21].to_owned() + "A"
}

/// A broker's folder, with its settings and its formatted data.
#[derive(Debug)]
pub(crate) struct Folder(TempDir);

impl Folder {
    /// Writes the settings and formats the data with Kafka's own tool.
    pub(crate) fn new(
        identity: &str,
        own: Seat,
        all: &[Seat],
        settings: &[(&str, &str)],
    ) -> Folder {
        let folder = Folder(tempfile::tempdir().expect("a temporary folder can be made"));
        let text = properties(&folder.path().join("data"), own, all, settings);
        fs::write(folder.properties(), text).expect("a file in an own folder can be written");
        let properties = folder.properties();
        let properties = properties.to_str().expect("the path is text");
        let format = ["format", "-t", identity, "-c", properties];
        java::run("kafka.tools.StorageTool", &format);
        folder
    }

    /// Where it keeps its settings.
    pub(crate) fn properties(&self) -> PathBuf {
        self.path().join("server.properties")
    }

    /// What the broker writes to standard output and standard error.
    pub(crate) fn log(&self) -> PathBuf {
        self.path().join("broker.log")
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

/// The settings of one broker; `settings` come last, and the last of two counts.
fn properties(data: &Path, own: Seat, all: &[Seat], settings: &[(&str, &str)]) -> String {
    let Seat {
        number,
        clients,
        controllers,
    } = own;
    let voters: Vec<_> = all
        .iter()
        .map(|seat| format!("{}@{}", seat.number, seat.controllers))
        .collect();
    let replication = all.len().min(3);
    // With three replicas, two are enough to go on.
    let in_sync = replication.div_ceil(2);
    let mut text = format!(
        "process.roles=broker,controller\n\
         node.id={number}\n\
         controller.quorum.voters={}\n\
         listeners=PLAINTEXT://{clients},CONTROLLER://{controllers}\n\
         advertised.listeners=PLAINTEXT://{clients}\n\
         controller.listener.names=CONTROLLER\n\
         log.dirs={}\n\
         auto.create.topics.enable=false\n\
         default.replication.factor={replication}\n\
         min.insync.replicas={in_sync}\n\
         offsets.topic.replication.factor={replication}\n\
         offsets.topic.num.partitions=4\n\
         transaction.state.log.replication.factor={replication}\n\
         transaction.state.log.min.isr={in_sync}\n\
         share.coordinator.state.topic.replication.factor={replication}\n\
         share.coordinator.state.topic.min.isr={in_sync}\n\
         group.initial.rebalance.delay.ms=0\n\
         broker.session.timeout.ms=6000\n\
         initial.broker.registration.timeout.ms=180000\n\
         log.message.timestamp.type=LogAppendTime\n",
        voters.join(","),
        data.display(),
    );
    for (name, value) in settings {
        text += &format!("{name}={value}\n");
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn of(count: usize, settings: &[(&str, &str)]) -> String {
        let seats = seats(count);
        properties(Path::new("/data"), seats[0], &seats, settings)
    }

    #[test]
    fn of_three_brokers_two_are_enough_and_one_is_enough_alone() {
        let three = of(3, &[]);
        assert!(three.contains("\ndefault.replication.factor=3\nmin.insync.replicas=2\n"));
        assert_eq!(three.matches('@').count(), 3);
        let one = of(1, &[]);
        assert!(one.contains("\ndefault.replication.factor=1\nmin.insync.replicas=1\n"));
    }

    #[test]
    fn a_test_s_own_settings_come_last() {
        let text = of(1, &[("log.retention.ms", "1000")]);
        assert!(text.ends_with("\nlog.retention.ms=1000\n"));
    }

    #[test]
    fn a_cluster_s_identity_is_22_characters_of_base64url() {
        let identity = identity();
        assert_eq!(identity.len(), 22);
        assert!(identity.bytes().all(|byte| byte.is_ascii_alphanumeric()));
    }
}
