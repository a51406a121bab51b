//! Schema, rows, views and queries against a real engine.

mod world;

use furrow_core::control::Scope;
use furrow_core::ids::{Epoch, Origin, Property, SessionKey, Tenant};
use furrow_core::output::{ScoreUpdate, Scores};
use furrow_core::time::LogTime;
use furrow_store::migrate::schema_version;
use furrow_store::{
    BatchLimit, BatchRow, Block, InsertError, MigrateError, PublishedRules, RuleSetRow,
    SessionDetail, SessionList, SessionOrder,
};
use world::{World, batch, conversion, key, noon, origin, refusal, signal, update};

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

fn list() -> SessionList {
    SessionList {
        tenant: Tenant("demo".into()),
        property: Property("shop".into()),
        limit: 100,
        frustration_min: 0,
        before_ms: None,
        order: SessionOrder::Newest,
    }
}

fn batch_rows(batches: &[furrow_store::ArchivedBatch]) -> Vec<BatchRow> {
    batches.iter().cloned().map(BatchRow::from).collect()
}

const ALL: BatchLimit = BatchLimit {
    count_max: 1_000,
    bytes_max: 1 << 30,
};

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
async fn ordinals_at_or_above_the_count_are_hidden() {
    let world = World::migrated().await;
    let mut longer = update(1, 10);
    longer.session.signals = 4;
    longer.session.page_views = 3;
    longer.session.conversions = 2;
    longer
        .signals
        .extend([signal(2, noon()), signal(3, noon())]);
    longer.page_views.push(world::page_view(2, "/x"));
    longer.conversions.push(conversion(1, "order-2", noon()));
    world.insert(&[longer.clone()], "longer").await;
    assert_eq!(world.reader.session(&key(1)).await.unwrap(), detail(longer));

    // A truer row counts fewer; the rows that it no longer counts stay stored.
    let shorter = update(1, 11);
    let mut block = Block::default();
    block.push(&shorter);
    world
        .writer
        .insert(&block.sessions, "shorter")
        .await
        .unwrap();
    assert_eq!(
        world.reader.session(&key(1)).await.unwrap(),
        detail(shorter)
    );
    for view in ["v_signals", "v_page_views"] {
        assert_eq!(
            world.read(&format!("SELECT count() FROM {view}")).await,
            "2\n",
            "{view}"
        );
    }
    assert_eq!(
        world.read("SELECT order_id FROM v_conversions").await,
        "order-1\n"
    );
}

#[tokio::test]
async fn rows_without_their_session_are_hidden() {
    let world = World::migrated().await;
    let mut block = Block::default();
    block.push(&update(1, 10));
    world.writer.insert(&block.signals, "t").await.unwrap();
    assert_eq!(world.read("SELECT count() FROM v_signals").await, "0\n");
}

#[tokio::test]
async fn an_order_id_counts_once_where_it_came_first() {
    let world = World::migrated().await;
    let converted = |number, offset, orders: &[(&str, i64)]| {
        let mut update = update(number, offset);
        update.conversions = (0..)
            .zip(orders)
            .map(|(n, (id, at))| conversion(n, id, noon() + at))
            .collect();
        update.session.conversions = u32::try_from(orders.len()).unwrap();
        update
    };
    let mut elsewhere = converted(3, 12, &[("a", 0)]);
    elsewhere.session.key.property = Property("other".into());
    let updates = [
        converted(1, 10, &[("a", 100), ("b", 300), ("", 400), ("", 500)]),
        converted(2, 11, &[("b", 200), ("a", 150), ("a", 160)]),
        elsewhere,
    ];
    world.insert(&updates, "t").await;
    let all = format!(
        "SELECT property, order_id, session, toUnixTimestamp64Milli(at) - {} \
         FROM v_conversions ORDER BY property, at",
        noon()
    );
    let (one, two, three) = (key(1).session, key(2).session, key(3).session);
    assert_eq!(
        world.read(&all).await,
        format!(
            "other\ta\t{three}\t0\nshop\ta\t{one}\t100\nshop\tb\t{two}\t200\nshop\t\t{one}\t400\n\
             shop\t\t{one}\t500\n"
        )
    );
    // A condition from outside must not choose another first one.
    let narrowed =
        format!("SELECT count() FROM v_conversions WHERE session = '{two}' AND order_id = 'a'");
    assert_eq!(world.read(&narrowed).await, "0\n");
    let late = format!(
        "SELECT count() FROM v_conversions WHERE order_id = 'b' AND at > \
         fromUnixTimestamp64Milli({})",
        noon() + 250
    );
    assert_eq!(world.read(&late).await, "0\n");
    // A session still shows what it reported itself.
    let read = world.reader.session(&key(2)).await.unwrap().unwrap();
    assert_eq!(read.conversions.len(), 3);
}

#[tokio::test]
async fn frustration_now_halves_its_load_every_90_seconds() {
    let world = World::migrated().await;
    let now: i64 = world
        .read("SELECT toUnixTimestamp64Milli(now64(3))")
        .await
        .trim()
        .parse()
        .unwrap();
    let interacted = |number: u8, ago_ms: i64, value: u16| {
        let mut update = update(number, u64::from(number));
        update.session.last_interaction_ms = now - ago_ms;
        update.session.frustration_now = value;
        update
    };
    let updates = [
        interacted(1, 90_000, 8_000),
        interacted(2, -600_000, 8_000),
        interacted(3, 3_600_000, 10_000),
        interacted(4, -600_000, 10_000),
    ];
    world.insert(&updates, "t").await;
    let sql = "SELECT frustration_now FROM v_sessions ORDER BY session";
    let values: Vec<f64> = world
        .read(sql)
        .await
        .lines()
        .map(|l| l.parse().unwrap())
        .collect();
    // 10 (1 - sqrt(0.2)), with some seconds for the test itself.
    assert!((5.2..=5.53).contains(&values[0]), "{values:?}");
    // A moment that lies ahead has not decayed.
    assert!((values[1] - 8.0).abs() < 1e-9, "{values:?}");
    assert!((0.0..0.001).contains(&values[2]), "{values:?}");
    assert!((9.999..=10.0).contains(&values[3]), "{values:?}");
}

#[tokio::test]
async fn an_unscored_session_is_seen_without_scores() {
    let world = World::migrated().await;
    let mut unscored = update(1, 1);
    unscored.session.scored = false;
    world.insert(&[unscored, update(2, 2)], "t").await;
    let sql = "SELECT scored, frustration, engagement, technical, experience, frustration_now IS NULL, \
               confidence FROM v_sessions ORDER BY session";
    assert_eq!(
        world.read(sql).await,
        "false\t\\N\t\\N\t\\N\t\\N\t1\t0.789\ntrue\t7.321\t4.999\t0.001\t10\t0\t0.789\n"
    );
    let read = world.reader.session(&key(1)).await.unwrap().unwrap();
    assert!(!read.session.scored);
    assert_eq!(read.session.scores, Scores::default());
}

#[tokio::test]
async fn sessions_are_listed_in_order_within_bounds() {
    let world = World::migrated().await;
    let mut updates: Vec<_> = (1..=4).map(|n| update(n, u64::from(n))).collect();
    for (update, (frustration, at)) in
        updates
            .iter_mut()
            .zip([(3_000, 100), (9_000, 50), (0, 400), (3_000, 300)])
    {
        update.session.scores.frustration = frustration;
        update.session.last_interaction_ms = noon() + at;
    }
    updates[2].session.scored = false;
    let mut elsewhere = update(9, 9);
    elsewhere.session.key.tenant = Tenant("other".into());
    updates.push(elsewhere);
    world.insert(&updates, "t").await;

    let ids = async |list: SessionList| -> Vec<SessionKey> {
        world
            .reader
            .sessions(&list)
            .await
            .unwrap()
            .into_iter()
            .map(|s| s.key)
            .collect()
    };
    assert_eq!(ids(list()).await, [key(3), key(4), key(1), key(2)]);
    let frustrated = SessionList {
        order: SessionOrder::MostFrustrated,
        ..list()
    };
    assert_eq!(ids(frustrated).await, [key(2), key(4), key(1), key(3)]);
    assert_eq!(
        ids(SessionList { limit: 2, ..list() }).await,
        [key(3), key(4)]
    );
    let paged = SessionList {
        before_ms: Some(noon() + 300),
        ..list()
    };
    assert_eq!(ids(paged).await, [key(1), key(2)]);
    let least = SessionList {
        frustration_min: 3_000,
        ..list()
    };
    assert_eq!(ids(least).await, [key(4), key(1), key(2)]);
    let nobody = SessionList {
        property: Property("' OR 1 = 1 --".into()),
        ..list()
    };
    assert_eq!(ids(nobody).await, []);
}

#[tokio::test]
async fn a_listed_session_is_whole() {
    let world = World::migrated().await;
    world.insert(&[update(1, 1)], "t").await;
    assert_eq!(
        world.reader.sessions(&list()).await.unwrap(),
        [update(1, 1).session]
    );
}

#[tokio::test]
async fn batches_read_back_in_log_order_byte_by_byte() {
    let world = World::migrated().await;
    let bytes: Vec<u8> = (0..=255).cycle().take(100_000).collect();
    let batches = [
        batch(1, 1, 20, &[]),
        batch(1, 0, 10, &bytes),
        batch(2, 0, 15, b"other"),
    ];
    world
        .writer
        .insert(&batch_rows(&batches), "t")
        .await
        .unwrap();
    let read = world.reader.session_batches(&key(1), ALL).await.unwrap();
    assert_eq!(read.batches, [batches[1].clone(), batches[0].clone()]);
    assert_eq!(read.left_out, 0);
    let none = world.reader.session_batches(&key(3), ALL).await.unwrap();
    assert!(none.batches.is_empty() && none.left_out == 0);
    let sql = "SELECT sender, sequence, entry, epoch, partition, offset, length(payload) FROM v_batches \
               ORDER BY offset";
    assert!(
        world
            .read(sql)
            .await
            .starts_with("01020300ff060708\t0\tbeacon\t3\t5\t10\t100000\n")
    );
}

#[tokio::test]
async fn a_batch_that_came_twice_is_archived_once() {
    let world = World::migrated().await;
    world
        .writer
        .insert(&batch_rows(&[batch(1, 0, 10, b"x")]), "a")
        .await
        .unwrap();
    world
        .writer
        .insert(&batch_rows(&[batch(1, 0, 12, b"x")]), "b")
        .await
        .unwrap();
    let read = world.reader.session_batches(&key(1), ALL).await.unwrap();
    assert_eq!(read.batches, [batch(1, 0, 12, b"x")]);
}

fn published(property: Option<&str>, number: u64, appended: i64) -> RuleSetRow {
    RuleSetRow::from(PublishedRules {
        scope: Scope {
            tenant: Tenant("demo".into()),
            property: property.map(|property| Property(property.into())),
        },
        number,
        hash: [7; 32],
        rules: format!("{{\"number\":{number}}}").into(),
        appended: LogTime(appended),
    })
}

#[tokio::test]
async fn rules_are_kept_once_with_the_time_of_their_first_record() {
    let world = World::migrated().await;
    let rows = [
        published(Some("shop"), 8, noon() + 5),
        published(Some("shop"), 8, noon()),
        published(Some("shop"), 8, noon() + 9),
        published(Some("shop"), 9, noon() + 9),
        published(None, 12, noon()),
    ];
    world.writer.insert(&rows[..2], "a").await.unwrap();
    world.writer.insert(&rows[2..], "b").await.unwrap();
    let sql = "SELECT property, number, toUnixTimestamp64Milli(appended), in_force, hash \
               FROM v_rule_sets ORDER BY property, number";
    let (noon, later, hash) = (noon(), noon() + 9, "07".repeat(32));
    let expected = format!(
        "\t12\t{noon}\t1\t{hash}\nshop\t8\t{noon}\t0\t{hash}\nshop\t9\t{later}\t1\t{hash}\n"
    );
    assert_eq!(world.read(sql).await, expected);
}

#[tokio::test]
async fn a_property_s_rules_in_force_are_its_own_or_else_its_tenant_s() {
    let world = World::migrated().await;
    let rows = [
        published(Some("shop"), 8, noon()),
        published(Some("shop"), 9, noon()),
        published(None, 12, noon()),
    ];
    world.writer.insert(&rows, "a").await.unwrap();
    let in_force = async |tenant: &str, property: Option<&str>| {
        let (tenant, property) = (
            Tenant(tenant.into()),
            property.map(|property| Property(property.into())),
        );
        let read = world.reader.rules_in_force(&tenant, property.as_ref());
        read.await.unwrap().map(|rules| rules.rules)
    };
    assert_eq!(
        in_force("demo", Some("shop")).await.unwrap(),
        "{\"number\":9}"
    );
    assert_eq!(
        in_force("demo", Some("blog")).await.unwrap(),
        "{\"number\":12}"
    );
    assert_eq!(in_force("demo", None).await.unwrap(), "{\"number\":12}");
    assert_eq!(in_force("other", Some("shop")).await, None);
}

#[tokio::test]
async fn the_archive_is_read_within_bounds() {
    let world = World::migrated().await;
    let batches: Vec<_> = (0..5)
        .map(|n| batch(1, n, u64::from(n), &[7; 10]))
        .collect();
    world
        .writer
        .insert(&batch_rows(&batches), "t")
        .await
        .unwrap();
    let read = async |count_max, bytes_max| {
        let limit = BatchLimit {
            count_max,
            bytes_max,
        };
        let read = world.reader.session_batches(&key(1), limit).await.unwrap();
        (read.batches.len(), read.left_out)
    };
    assert_eq!(read(3, 1_000).await, (3, 2));
    assert_eq!(read(100, 29).await, (2, 3));
    assert_eq!(read(100, 50).await, (5, 0));
    assert_eq!(read(100, 1).await, (1, 4));
}

#[tokio::test]
async fn a_wrong_clock_chooses_no_partition() {
    let world = World::migrated().await;
    let mut batches = Vec::new();
    for year in 0..200_u64 {
        let mut batch = batch(1, 0, year, b"x");
        let created = year * 31_557_600_000;
        batch.key.session.0[..6].copy_from_slice(&created.to_be_bytes()[2..]);
        batches.push(batch);
    }
    world
        .writer
        .insert(&batch_rows(&batches), "t")
        .await
        .unwrap();
    let sql = "SELECT count(), uniqExact(toYYYYMM(session_created)) FROM v_batches";
    assert_eq!(world.read(sql).await, "200\t1\n");
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
