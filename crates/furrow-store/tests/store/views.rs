//! What the views say, and the queries over them.

use crate::detail;
use crate::world::{self, World, batch, conversion, key, noon, signal, update};
use furrow_core::ids::{Property, SessionKey, Tenant};
use furrow_core::output::RunningScores;
use furrow_store::{BatchRow, Block, CANARY, CanarySeen, SessionList, SessionOrder};

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
async fn the_canary_is_seen_by_itself_and_in_nobody_s_figures() {
    let world = World::migrated().await;
    let mut canary = update(1, 10);
    canary.session.key.tenant = Tenant(CANARY.into());
    canary.session.key.property = Property(CANARY.into());
    canary.signals.clear();
    canary.conversions.clear();
    let session = canary.session.key.session;
    let seen = async || world.reader.canary(session).await.unwrap();
    assert_eq!(seen().await, CanarySeen::default());
    world.insert(&[canary, update(2, 11)], "t").await;
    let scored = CanarySeen {
        archived: false,
        scored: true,
    };
    assert_eq!(seen().await, scored);
    let mut sent = batch(1, 0, 10, b"x");
    sent.key.tenant = Tenant(CANARY.into());
    sent.key.property = Property(CANARY.into());
    let rows = [BatchRow::from(sent)];
    world.writer.insert(&rows, "t").await.unwrap();
    let both = CanarySeen {
        archived: true,
        scored: true,
    };
    assert_eq!(seen().await, both);
    assert_eq!(world.read("SELECT count() FROM v_batches").await, "0\n");
    for view in ["v_sessions", "v_session_rows"] {
        let query = format!("SELECT session FROM {view}");
        let other = format!("{}\n", key(2).session);
        assert_eq!(world.read(&query).await, other, "{view}");
    }
    for view in ["v_page_views", "v_page_view_rows"] {
        let query = format!("SELECT uniqExact(session) FROM {view}");
        assert_eq!(world.read(&query).await, "1\n", "{view}");
    }
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
async fn running_scores_halve_their_load_every_90_seconds() {
    let world = World::migrated().await;
    let now: i64 = world
        .read("SELECT toUnixTimestamp64Milli(now64(3))")
        .await
        .trim()
        .parse()
        .unwrap();
    let interacted = |number: u8, ago_ms: i64, value: u16| {
        let mut update = update(number, u64::from(number));
        let running = RunningScores {
            frustration: value,
            exit_risk: value,
            ..update.session.running
        };
        update.session.last_interaction_ms = now - ago_ms;
        update.session.running = running;
        update.session.page_views = 1;
        update.page_views.truncate(1);
        update.page_views[0].last_interaction_ms = now - ago_ms;
        update.page_views[0].running = running;
        update
    };
    let updates = [
        interacted(1, 90_000, 8_000),
        interacted(2, -600_000, 8_000),
        interacted(3, 3_600_000, 10_000),
        interacted(4, -600_000, 10_000),
    ];
    world.insert(&updates, "t").await;
    for view in ["v_sessions", "v_page_views"] {
        for score in ["frustration_now", "exit_risk_now"] {
            let sql = format!("SELECT {score} FROM {view} ORDER BY session");
            let values: Vec<f64> = world
                .read(&sql)
                .await
                .lines()
                .map(|l| l.parse().unwrap())
                .collect();
            let told = format!("{score} of {view}: {values:?}");
            // 10 (1 - sqrt(0.2)), with some seconds for the test itself.
            assert!((5.2..=5.53).contains(&values[0]), "{told}");
            // A moment that lies ahead has not decayed.
            assert!((values[1] - 8.0).abs() < 1e-9, "{told}");
            assert!((0.0..0.001).contains(&values[2]), "{told}");
            assert!((9.999..=10.0).contains(&values[3]), "{told}");
        }
    }
}

const SCORES: &str =
    "frustration, confusion, engagement, navigation, form, technical, exit_risk, experience";
const RUNNING: [&str; 7] = [
    "frustration",
    "confusion",
    "engagement",
    "navigation",
    "form",
    "technical",
    "exit_risk",
];

#[tokio::test]
async fn what_is_unscored_is_seen_without_scores() {
    let world = World::migrated().await;
    let mut unscored = update(1, 1);
    unscored.session.scored = false;
    unscored.session.page_views = 1;
    unscored.page_views.truncate(1);
    unscored.page_views[0].scored = false;
    let mut scored = update(2, 2);
    scored.session.page_views = 1;
    scored.page_views.truncate(1);
    world.insert(&[unscored.clone(), scored], "t").await;
    let nothing = "\\N\t".repeat(8);
    for (view, scores, confidence) in [
        (
            "v_sessions",
            "7.321\t3.003\t4.999\t1.234\t0.002\t0.001\t9.999\t10\t",
            "0.789",
        ),
        (
            "v_page_views",
            "0.01\t0.011\t0.02\t0.021\t0.022\t0.03\t0.031\t0.04\t",
            "0.567",
        ),
    ] {
        let sql = format!("SELECT scored, {SCORES}, confidence FROM {view} ORDER BY session");
        assert_eq!(
            world.read(&sql).await,
            format!("false\t{nothing}{confidence}\ntrue\t{scores}{confidence}\n"),
            "{view}"
        );
        for score in RUNNING {
            let sql = format!("SELECT {score}_now IS NULL FROM {view} ORDER BY session");
            assert_eq!(world.read(&sql).await, "1\n0\n", "{score} of {view}");
        }
    }
    let read = world.reader.session(&key(1)).await.unwrap();
    assert_eq!(read, detail(unscored));
}

#[tokio::test]
async fn measures_are_read_by_name_and_contributors_by_field() {
    let world = World::migrated().await;
    world.insert(&[update(1, 1)], "t").await;
    let sql = "SELECT measures['path_px'], mapKeys(measures), contributors[1].signal, \
               contributors[1].share FROM v_sessions";
    assert_eq!(
        world.read(sql).await,
        "12345.6789\t['path_px','straightness_ratio','area_ratio']\trage_press\t0.667\n"
    );
    let sql =
        "SELECT measures['jerk_log'], contributors[1].text FROM v_page_views ORDER BY ordinal";
    assert_eq!(
        world.read(sql).await,
        "0.25\tthrash, 3 times\n1.25\tthrash, 3 times\n"
    );
}

#[tokio::test]
async fn sessions_are_listed_in_order_within_bounds() {
    let world = World::migrated().await;
    let mut updates: Vec<_> = (1..=4).map(|n| update(n, u64::from(n))).collect();
    for (update, (frustration, at)) in
        updates
            .iter_mut()
            .zip([(3_000, 100), (9_000, 50), (10_000, 400), (3_000, 300)])
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
