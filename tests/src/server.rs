//! A ClickHouse server as an operator runs one: the engine in a process of its own, with the users
//! that `deploy/` gives it.

use crate::http::request;
use crate::place;
use crate::wait::until;
use furrow_test_broker::free_port;
use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// How long a start may take.
const START_MAX: Duration = Duration::from_secs(60);

/// The passwords of its users.
const WRITER_PASSWORD: &str = "writes";
const READER_PASSWORD: &str = "reads";

/// Whoever starts the listeners, and nobody else.
const USERS: &str = "<clickhouse>
    <profiles><default /></profiles>
    <quotas><default /></quotas>
    <users><default>
        <password />
        <networks><ip>127.0.0.1</ip></networks>
        <profile>default</profile>
        <quota>default</quota>
        <grants>
            <query>GRANT SYSTEM LISTEN ON *.*</query>
            <query>GRANT SELECT ON system.numbers</query>
        </grants>
    </default></users>
</clickhouse>";

/// A running server. It ends when this is dropped, and when this process ends.
#[derive(Debug)]
pub struct Server {
    folder: TempDir,
    address: SocketAddr,
    child: Option<Child>,
}

impl Server {
    /// Starts one and waits until it answers.
    ///
    /// # Panics
    /// When it does not come up, or the set-up has not fetched the engine.
    #[must_use]
    pub fn start() -> Server {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let address = free_port();
        let root = folder.path();
        let users = place::tree().join("deploy/clickhouse/users.xml");
        fs::create_dir(root.join("users.d")).expect("a folder of its own takes folders");
        fs::copy(users, root.join("users.d/furrow.xml")).expect("deploy/ has the users");
        let write = |name: &str, text: &str| {
            fs::write(root.join(name), text).expect("a folder of its own takes files");
        };
        write("users.xml", USERS);
        write("config.xml", &config(root, address));
        let mut server = Server {
            folder,
            address,
            child: None,
        };
        server.launch();
        server
    }

    /// Starts it again on the same folder and port, and waits until it answers.
    ///
    /// # Panics
    /// When it is running, or does not come up.
    pub fn launch(&mut self) {
        assert!(self.child.is_none(), "the server is running");
        let root = self.folder.path();
        // It ends with its standard input, which this process holds.
        let child = Command::new(place::furrow())
            .args(["engine", "--library"])
            .arg(place::engine())
            .arg("--data")
            .arg(root.join("data"))
            .arg("--config")
            .arg(root.join("config.xml"))
            .env("FURROW_WRITER_PASSWORD", WRITER_PASSWORD)
            .env("FURROW_READER_PASSWORD", READER_PASSWORD)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the binary can be started");
        self.child = Some(child);
        until("the server answers", START_MAX, || {
            let answer = request(self.address, "GET", "/ping", &[], b"").ok()?;
            (answer.status == 200).then_some(())
        });
    }

    /// `kill -9`, and waits until it is gone.
    ///
    /// # Panics
    /// When it is not running.
    pub fn kill(&mut self) {
        let mut child = self.child.take().expect("the server is running");
        child.kill().expect("an own child can be killed");
        child.wait().expect("an own child can be waited for");
    }

    /// The settings that name it, as variables of the environment.
    #[must_use]
    pub fn variables(&self) -> [(String, String); 3] {
        [
            ("URL", format!("http://{}", self.address)),
            ("WRITER_PASSWORD", WRITER_PASSWORD.to_owned()),
            ("READER_PASSWORD", READER_PASSWORD.to_owned()),
        ]
        .map(|(setting, value)| (format!("FURROW__STORE__{setting}"), value))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.child.is_some() {
            self.kill();
        }
    }
}

fn config(root: &Path, address: SocketAddr) -> String {
    format!(
        "<clickhouse>
    <logger><log>{root}/engine.log</log><size>16M</size><count>1</count></logger>
    <listen_host>127.0.0.1</listen_host>
    <http_port>{port}</http_port>
    <users_config>{root}/users.xml</users_config>
    <max_server_memory_usage>1500000000</max_server_memory_usage>
    <mark_cache_size>67108864</mark_cache_size>
    <background_pool_size>2</background_pool_size>
    <background_schedule_pool_size>8</background_schedule_pool_size>
    <merge_tree>
        <number_of_free_entries_in_pool_to_execute_mutation>2</number_of_free_entries_in_pool_to_execute_mutation>
        <number_of_free_entries_in_pool_to_lower_max_size_of_merge>2</number_of_free_entries_in_pool_to_lower_max_size_of_merge>
        <number_of_free_entries_in_pool_to_execute_optimize_entire_partition>2</number_of_free_entries_in_pool_to_execute_optimize_entire_partition>
    </merge_tree>
</clickhouse>",
        root = root.display(),
        port = address.port(),
    )
}
