//! Where scores are: a ClickHouse server, or an engine of our own.

use crate::config::Config;
use anyhow::{Context, Result};
use furrow_store::engine::{self, Account, START_TIMEOUT_DEFAULT};
use furrow_store::{Connection, Database, Engine, EngineSettings, Password, Store};
use std::path::Path;

/// A writer and a reader, and the engine that they speak to if it is ours.
pub(crate) struct Open {
    pub(crate) writer: Store,
    pub(crate) reader: Store,
    pub(crate) url: String,
    pub(crate) engine: Option<Engine>,
}

/// Starts the engine if need be.
pub(crate) async fn open(config: &Config, data: &Path) -> Result<Open> {
    let database: Database = config.store.database.parse()?;
    if config.store.url.is_empty() {
        let settings = EngineSettings {
            library: config.engine.library(),
            data_dir: engine_dir(data),
            program: std::env::current_exe().context("where this program is")?,
            arguments: vec!["engine".into()],
            http_port: config.engine.port,
            databases: vec![database.clone()],
            memory_bytes_max: config.engine.memory_bytes_max,
            start_timeout: START_TIMEOUT_DEFAULT,
        };
        let engine = Engine::start(settings).await?;
        let writer = engine.connection(Account::Writer, &database);
        let reader = engine.connection(Account::Reader, &database);
        return Ok(Open {
            writer: Store::connect(&writer)?,
            reader: Store::connect(&reader)?,
            url: writer.url,
            engine: Some(engine),
        });
    }
    Ok(Open {
        writer: Store::connect(&server(config, Account::Writer)?)?,
        reader: Store::connect(&server(config, Account::Reader)?)?,
        url: config.store.url.clone(),
        engine: None,
    })
}

/// A handle to a store that is running already.
pub(crate) fn attach(config: &Config, data: &Path, account: Account) -> Result<Store> {
    let connection = if config.store.url.is_empty() {
        engine::attach(&engine_dir(data), account, &config.store.database.parse()?)?
    } else {
        server(config, account)?
    };
    Ok(Store::connect(&connection)?)
}

fn server(config: &Config, account: Account) -> Result<Connection> {
    let store = &config.store;
    let (user, password) = match account {
        Account::Writer => (&store.writer, &store.writer_password),
        Account::Reader => (&store.reader, &store.reader_password),
    };
    Ok(Connection {
        url: store.url.clone(),
        user: user.clone(),
        password: Password::new(password.expose()),
        database: store.database.parse()?,
    })
}

fn engine_dir(data: &Path) -> std::path::PathBuf {
    data.join("clickhouse")
}
