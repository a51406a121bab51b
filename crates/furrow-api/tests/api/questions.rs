//! Questions over JSON and gRPC, and their answers.

use crate::samples::{batch, now_ms, page_view, pointer_path, press, session_id, update};
use crate::world::{Answer, World, away, config, engine};
use furrow_core::ids::SessionKey;
use furrow_core::output::ScoreUpdate;
use furrow_proto::{encode_batch, json, v1};
use furrow_store::{ArchivedBatch, BatchRow, Block, Entry, Store};
use serde_json::Value;
use tempfile::TempDir;
use tonic::Code;
use tonic_types::StatusExt;

fn same<M: Sent>(answer: &Answer, message: &M) {
    assert_eq!(answer.status, 200, "{}", answer.body);
    let message: Value = serde_json::from_str(&message.mapped()).unwrap();
    assert_eq!(answer.json(), message);
}

/// What both ways of asking answer with.
trait Sent {
    fn mapped(&self) -> String;
}

macro_rules! sent {
    ($($message:ident),+) => {
        $(impl Sent for v1::$message {
            fn mapped(&self) -> String {
                json::to_json(self)
            }
        })+
    };
}

sent!(ListSessionsResponse, GetSessionResponse, GetTrailResponse);

/// Two sessions of the shop and one of another property, with the archive of
/// the first.
async fn filled(writer: &Store, began_ms: i64) -> SessionKey {
    let updates = [
        update("shop", began_ms, 1, 7_000),
        update("shop", began_ms + 60_000, 2, 1_500),
        update("blog", began_ms, 3, 3_000),
    ];
    let mut block = Block::default();
    updates.iter().for_each(|u| block.push(u));
    writer.insert(&block.signals, "a").await.unwrap();
    writer.insert(&block.page_views, "a").await.unwrap();
    writer.insert(&block.conversions, "a").await.unwrap();
    writer.insert(&block.sessions, "a").await.unwrap();
    let ScoreUpdate {
        origin, session, ..
    } = updates[0].clone();
    let sent = batch(
        session_id(began_ms, 1),
        0,
        began_ms,
        (0, "/lamp"),
        vec![
            (0, page_view(0, "/lamp", (1_000, 700))),
            (100, pointer_path((10, 20), &[(16, 3, 4), (16, 3, 4)])),
            (1_500, press(began_ms + 500, (16, 28))),
        ],
    );
    let archived = ArchivedBatch {
        key: session.key.clone(),
        sender: sent.sender,
        sequence: 0,
        visitor: None,
        origin,
        appended: session.first_record,
        received_ms: sent.sent.0,
        entry: Entry::Publish,
        payload: encode_batch(&sent).into(),
    };
    writer
        .insert(&[BatchRow::from(archived)], "a")
        .await
        .unwrap();
    session.key
}

#[tokio::test(flavor = "multi_thread")]
async fn json_and_grpc_answer_alike_from_a_real_store() {
    let data = TempDir::new().unwrap();
    let (engine, writer, reader) = engine(data.path()).await;
    let key = filled(&writer, now_ms() - 3_600_000).await;
    let world = World::with(config(), reader).await;
    let mut grpc = world.grpc().await;

    let all = v1::ListSessionsRequest::default();
    let all = grpc.list_sessions(all).await.unwrap().into_inner();
    assert_eq!(all.sessions.len(), 2, "the first configured property's");
    same(&world.get("/api/v1/sessions").await, &all);
    assert_eq!(all.sessions[1].session_id, key.session.0, "newest first");

    let asked = v1::ListSessionsRequest {
        order: v1::SessionOrder::MostFrustrated.into(),
        limit: 1,
        ..Default::default()
    };
    let worst = grpc.list_sessions(asked).await.unwrap().into_inner();
    assert_eq!(worst.sessions[0].session_id, key.session.0);
    same(
        &world
            .get("/api/v1/sessions?order=most_frustrated&limit=1")
            .await,
        &worst,
    );

    let asked = v1::ListSessionsRequest {
        frustration_min: 5_000,
        ..Default::default()
    };
    let upset = grpc.list_sessions(asked).await.unwrap().into_inner();
    assert_eq!(upset.sessions.len(), 1);
    same(
        &world.get("/api/v1/sessions?frustration_min=5000").await,
        &upset,
    );

    let before_ms = all.sessions[0].last_interaction_ms;
    let asked = v1::ListSessionsRequest {
        before_ms,
        ..Default::default()
    };
    let older = grpc.list_sessions(asked).await.unwrap().into_inner();
    assert_eq!(older.sessions.len(), 1);
    same(
        &world
            .get(&format!("/api/v1/sessions?before_ms={before_ms}"))
            .await,
        &older,
    );

    let other = world
        .get("/api/v1/sessions?tenant=demo&property=blog")
        .await
        .json();
    assert_eq!(other["sessions"].as_array().unwrap().len(), 1);

    let session_id = key.session.to_string();
    let asked = v1::GetSessionRequest {
        session_id: session_id.clone(),
        ..Default::default()
    };
    let one = grpc.get_session(asked).await.unwrap().into_inner();
    assert_eq!(
        (
            one.signals.len(),
            one.page_views.len(),
            one.conversions.len()
        ),
        (1, 1, 1)
    );
    let answer = world.get(&format!("/api/v1/sessions/{session_id}")).await;
    same(&answer, &one);
    let body = answer.json();
    assert_eq!(
        body["session"]["samples"], "3000000000",
        "64 bits travel as text"
    );
    assert_eq!(body["session"]["status"], "SESSION_STATUS_OPEN");

    let asked = v1::GetTrailRequest {
        session_id: session_id.clone(),
        ..Default::default()
    };
    let trail = grpc.get_trail(asked).await.unwrap().into_inner();
    assert_eq!(trail.pages[0].paths[0].x, [10, 13, 16]);
    assert_eq!(trail.pages[0].presses[0].selector, "button#pay");
    same(
        &world
            .get(&format!("/api/v1/sessions/{session_id}/trail"))
            .await,
        &trail,
    );

    let nobody = "01900000-0000-7000-8000-000000000000";
    let asked = v1::GetSessionRequest {
        session_id: nobody.into(),
        ..Default::default()
    };
    assert_eq!(
        grpc.get_session(asked).await.unwrap_err().code(),
        Code::NotFound
    );
    let answer = world.get(&format!("/api/v1/sessions/{nobody}")).await;
    assert_eq!(
        (answer.status, answer.json()["code"].as_i64()),
        (404, Some(5))
    );
    // Nothing is archived, and nothing is wrong: the archive is kept for a shorter time.
    let answer = world.get(&format!("/api/v1/sessions/{nobody}/trail")).await;
    assert_eq!(answer.json()["pages"], serde_json::json!([]));

    drop(grpc);
    world.end().await;
    engine.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_question_is_refused_alike_with_the_field_named() {
    let world = World::with(config(), away()).await;
    let mut grpc = world.grpc().await;
    let long = "x".repeat(65);
    for (query, asked, field) in [
        (
            "limit=501",
            v1::ListSessionsRequest {
                limit: 501,
                ..Default::default()
            },
            "limit",
        ),
        (
            "frustration_min=10001",
            v1::ListSessionsRequest {
                frustration_min: 10_001,
                ..Default::default()
            },
            "frustration_min",
        ),
        (
            "before_ms=-1",
            v1::ListSessionsRequest {
                before_ms: -1,
                ..Default::default()
            },
            "before_ms",
        ),
        (
            "property=nowhere",
            v1::ListSessionsRequest {
                property: "nowhere".into(),
                ..Default::default()
            },
            "property",
        ),
        (
            &format!("tenant={long}"),
            v1::ListSessionsRequest {
                tenant: long.clone(),
                ..Default::default()
            },
            "tenant",
        ),
    ] {
        let status = grpc.list_sessions(asked).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{query}");
        let violations = status.get_details_bad_request().unwrap().field_violations;
        assert_eq!(violations[0].field, field);
        let answer = world.get(&format!("/api/v1/sessions?{query}")).await;
        assert_eq!(answer.status, 400, "{query}");
        let body = answer.json();
        assert_eq!(body["code"], 3, "{query}");
        assert_eq!(body["message"], status.message(), "{query}");
        assert_eq!(
            body["details"][0]["fieldViolations"][0]["field"], field,
            "{query}"
        );
    }
    for (path, field) in [
        ("/api/v1/sessions?limit=many", "limit"),
        ("/api/v1/sessions?order=oldest", "order"),
        ("/api/v1/sessions?colour=red", "colour"),
        ("/api/v1/sessions/seven", "session_id"),
        ("/api/v1/live?limit=1", "limit"),
    ] {
        let answer = world.get(path).await;
        assert_eq!(answer.status, 400, "{path}");
        let body = answer.json();
        assert_eq!(
            body["details"][0]["fieldViolations"][0]["field"], field,
            "{path}"
        );
    }
    assert_eq!(world.get("/api/v1/nothing").await.json()["code"], 5);
    assert_eq!(
        world.ask("POST", "/api/v1/sessions", &[], "").await.status,
        405
    );
    drop(grpc);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_database_that_is_away_is_said_with_when_to_come_back() {
    let world = World::with(config(), away()).await;
    let answer = world.get("/api/v1/sessions").await;
    assert_eq!(answer.status, 503);
    assert_eq!(answer.header("retry-after"), Some("2"));
    let mut grpc = world.grpc().await;
    let status = grpc
        .list_sessions(v1::ListSessionsRequest::default())
        .await
        .unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    assert!(status.get_details_retry_info().is_some());
    drop(grpc);
    world.end().await;
}
