//! Schema, rows and rights against a real engine.

mod archive;
mod rule_sets;
mod views;
#[path = "../world/mod.rs"]
mod world;

use furrow_core::ids::{Epoch, Origin, Property};
use furrow_core::output::ScoreUpdate;
use furrow_store::migrate::schema_version;
use furrow_store::{Block, InsertError, MigrateError, SessionDetail};
use world::{World, key, origin, refusal, update};

fn detail(update: ScoreUpdate) -> Option<SessionDetail> {
    let ScoreUpdate {
        session,
        signals,
        page_views,
        conversions,
        ..
    } = update;
    Some(SessionDetail {
        session,
        signals,
        page_views,
        conversions,
    })
}

#[tokio::test]
async fn migrations_apply_from_empty_and_again() {
    let world = World::migrated().await;
    let tables = "SELECT name, uuid FROM system.tables WHERE database = currentDatabase() \
                  AND engine != 'View' ORDER BY name";
    let first = world.write(tables).await;
    for table in [
        "batches",
        "conversions",
        "page_views",
        "rule_sets",
        "schema_migrations",
        "sessions",
        "signals",
    ] {
        assert!(first.contains(&format!("{table}\t")), "{table} in {first}");
    }
    world.writer.migrate().await.unwrap();
    assert_eq!(world.write(tables).await, first);
    let ledger = "SELECT count(), max(number) FROM schema_migrations";
    assert_eq!(
        world.write(ledger).await,
        format!("{0}\t{0}\n", schema_version())
    );
}

#[tokio::test]
async fn two_processes_may_migrate_at_once() {
    let world = World::empty();
    let (one, other) = tokio::join!(world.writer.migrate(), world.writer.migrate());
    one.unwrap();
    other.unwrap();
    world.insert(&[update(1, 1)], "t").await;
    assert_eq!(world.read("SELECT count() FROM v_sessions").await, "1\n");
}

#[tokio::test]
async fn a_migration_that_was_cut_short_is_done_again() {
    let world = World::migrated().await;
    world.write("DROP VIEW v_signals").await;
    world
        .write("ALTER TABLE schema_migrations DELETE WHERE number = 2 SETTINGS mutations_sync = 1")
        .await;
    world.writer.migrate().await.unwrap();
    assert_eq!(world.read("SELECT count() FROM v_signals").await, "0\n");
}

#[tokio::test]
async fn a_database_newer_than_the_program_is_refused() {
    let world = World::migrated().await;
    world
        .write("INSERT INTO schema_migrations (number, name, hash) SELECT 900, 'future', 'x'")
        .await;
    let error = world.writer.migrate().await.unwrap_err();
    assert!(
        matches!(error, MigrateError::Newer { found: 900, .. }),
        "{error}"
    );
}

#[tokio::test]
async fn a_database_of_another_origin_is_refused() {
    let world = World::empty();
    world.writer.migrate().await.unwrap();
    world.write("ALTER TABLE schema_migrations UPDATE hash = 'x' WHERE number = 1 SETTINGS mutations_sync = 1").await;
    let error = world.writer.migrate().await.unwrap_err();
    assert!(
        matches!(error, MigrateError::Different { number: 1, .. }),
        "{error}"
    );
}

#[tokio::test]
async fn an_update_reads_back_as_it_was_inserted() {
    let world = World::migrated().await;
    world.insert(&[update(1, 10), update(2, 11)], "t").await;
    for number in [1, 2] {
        let read = world.reader.session(&key(number)).await.unwrap();
        assert_eq!(read, detail(update(number, 0)));
    }
    assert_eq!(world.reader.session(&key(3)).await.unwrap(), None);
}

#[tokio::test]
async fn a_session_id_of_another_property_is_another_session() {
    let world = World::migrated().await;
    let mut other = update(1, 11);
    other.session.key.property = Property("other".into());
    other.session.batches = 99;
    world.insert(&[update(1, 10), other.clone()], "t").await;
    assert_eq!(
        world.reader.session(&key(1)).await.unwrap(),
        detail(update(1, 0))
    );
    assert_eq!(
        world.reader.session(&other.session.key).await.unwrap(),
        detail(other)
    );
}

#[tokio::test]
async fn the_higher_version_stands_in_either_order_of_insertion() {
    let world = World::migrated().await;
    for (number, first, second) in [(1, 10, 20), (2, 20, 10)] {
        for offset in [first, second] {
            let mut update = update(number, offset);
            update.session.batches = u32::try_from(offset).unwrap();
            update.signals[0].intensity_milli = u16::try_from(offset).unwrap();
            world.insert(&[update], &format!("{number}-{offset}")).await;
        }
        let read = world.reader.session(&key(number)).await.unwrap().unwrap();
        assert_eq!(read.session.batches, 20);
        assert_eq!(read.signals[0].intensity_milli, 20);
    }
    let rows = "SELECT count() FROM v_sessions";
    assert_eq!(world.read(rows).await, "2\n");
}

#[tokio::test]
async fn a_new_life_of_the_topic_outranks_every_offset_of_the_old_one() {
    let world = World::migrated().await;
    let mut newer = update(1, 0);
    newer.origin = Origin {
        epoch: Epoch(4),
        ..origin(0)
    };
    newer.session.batches = 1;
    world.insert(&[newer], "new").await;
    world.insert(&[update(1, (1 << 48) - 1)], "old").await;
    assert_eq!(
        world
            .reader
            .session(&key(1))
            .await
            .unwrap()
            .unwrap()
            .session
            .batches,
        1
    );
}

#[tokio::test]
async fn the_same_rows_under_the_same_token_are_stored_once() {
    let world = World::migrated().await;
    for _ in 0..2 {
        world.insert(&[update(1, 10)], "token").await;
    }
    assert_eq!(world.write("SELECT count() FROM sessions").await, "1\n");
    assert_eq!(world.write("SELECT count() FROM signals").await, "2\n");
    world.insert(&[update(1, 10)], "other token").await;
    assert_eq!(world.write("SELECT sum(rows) FROM system.parts WHERE active AND database = currentDatabase() AND table = 'signals'").await, "4\n");
    assert_eq!(world.read("SELECT count() FROM v_signals").await, "2\n");
}

#[tokio::test]
async fn counts_say_how_much_there_is() {
    let world = World::migrated().await;
    let nothing = world.reader.counts().await.unwrap();
    assert_eq!(
        (nothing.sessions, nothing.batches, nothing.newest_record),
        (0, 0, None)
    );
    world.insert(&[update(1, 1), update(2, 2)], "t").await;
    let some = world.reader.counts().await.unwrap();
    assert_eq!((some.sessions, some.signals, some.page_views), (2, 4, 4));
    assert_eq!(some.newest_record, Some(update(1, 1).session.last_record));
    // Both sessions report the same order.
    assert_eq!(some.conversions, 1);
}

#[tokio::test]
async fn the_reader_sees_the_views_alone_and_writes_nothing() {
    let world = World::migrated().await;
    world.insert(&[update(1, 1)], "t").await;
    let other = World::migrated().await;
    assert_eq!(world.read("SELECT count() FROM v_signals").await, "2\n");
    let database = &other.database;
    for sql in [
        "SELECT * FROM sessions".to_owned(),
        "SELECT * FROM batches".to_owned(),
        "INSERT INTO sessions (tenant) VALUES ('x')".to_owned(),
        "INSERT INTO v_sessions (tenant) VALUES ('x')".to_owned(),
        "DROP VIEW v_sessions".to_owned(),
        "TRUNCATE TABLE sessions".to_owned(),
        "CREATE TABLE mine (x UInt8) ENGINE = Memory".to_owned(),
        format!("SELECT * FROM {database}.sessions"),
        "SELECT * FROM system.users".to_owned(),
        "SELECT * FROM system.query_log".to_owned(),
        "SELECT * FROM file('/etc/passwd', 'LineAsString')".to_owned(),
        "SELECT * FROM url('http://127.0.0.1/', 'LineAsString')".to_owned(),
        "SYSTEM SHUTDOWN".to_owned(),
    ] {
        let code = refusal(&world.reader, &sql).await;
        assert!(matches!(code, Some(497 | 164 | 60)), "{sql}: {code:?}");
    }
    let raise = "SELECT 1 SETTINGS max_memory_usage = 1000000000000";
    assert_eq!(refusal(&world.reader, raise).await, Some(452));
}

#[tokio::test]
async fn the_writer_stays_in_its_databases() {
    let world = World::migrated().await;
    for sql in [
        "CREATE DATABASE elsewhere ENGINE = Atomic",
        "SELECT * FROM file('/etc/passwd', 'LineAsString')",
        "CREATE USER mallory",
    ] {
        assert_eq!(refusal(&world.writer, sql).await, Some(497), "{sql}");
    }
}

#[tokio::test]
async fn free_sql_answers_in_the_format_asked_for() {
    let world = World::migrated().await;
    world.insert(&[update(1, 1)], "t").await;
    let read = async |sql: &str, format: &str| {
        let bytes = world
            .reader
            .sql(sql, format)
            .unwrap()
            .collect()
            .await
            .unwrap();
        String::from_utf8(bytes.to_vec()).unwrap()
    };
    let sql = "SELECT tenant, '?' AS mark FROM v_sessions";
    assert_eq!(read(sql, "TSVWithNames").await, "tenant\tmark\ndemo\t?\n");
    assert_eq!(
        read(sql, "JSONEachRow").await,
        "{\"tenant\":\"demo\",\"mark\":\"?\"}\n"
    );
    assert_eq!(
        read(&format!("{sql} FORMAT CSV"), "TSV").await,
        "\"demo\",\"?\"\n"
    );
    let late = "SELECT throwIf(number = 900000) FROM (SELECT number FROM v_sessions ARRAY JOIN range(1000000) AS number) SETTINGS max_block_size = 1000";
    assert_eq!(refusal(&world.reader, late).await, Some(395));
}

#[tokio::test]
async fn rows_for_a_missing_table_are_a_crash_and_stay_with_the_caller() {
    let world = World::migrated().await;
    let mut block = Block::default();
    block.push(&update(1, 1));
    world.write("DROP TABLE signals SYNC").await;
    let error = world.writer.insert(&block.signals, "t").await.unwrap_err();
    assert!(
        matches!(
            error,
            InsertError::Crash {
                table: "signals",
                ..
            }
        ),
        "{error:?}"
    );
    assert_eq!(block.signals.len(), 2);
    let error = world.reader.insert(&block.sessions, "t").await.unwrap_err();
    assert!(matches!(error, InsertError::Crash { .. }), "{error:?}");
}

#[tokio::test]
async fn every_table_is_synced_before_an_insert_is_confirmed() {
    let world = World::migrated().await;
    let sql = "SELECT count() FROM system.tables WHERE database = currentDatabase() AND engine = \
               'ReplacingMergeTree' AND engine_full LIKE '%fsync_after_insert = 1%' AND engine_full \
               LIKE '%fsync_part_directory = 1%' AND engine_full LIKE \
               '%non_replicated_deduplication_window = %' AND engine_full LIKE '% TTL %'";
    assert_eq!(world.write(sql).await, "5\n");
}
