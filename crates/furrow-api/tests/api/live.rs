//! What live listeners hear.

use crate::world::{BOUND, World, away, config, until};
use furrow_proto::{json, v1};
use serde_json::Value;
use tonic::Code;

#[tokio::test(flavor = "multi_thread")]
async fn an_update_in_the_log_reaches_live_listeners_of_both_kinds() {
    let world = World::with(config(), away()).await;
    let mut stream = world.send("GET", "/api/v1/live", &[], "").await;
    let mut text = String::new();
    until(&mut stream, &mut text, |t| t.contains("event: ready\n")).await;
    assert!(
        text.to_lowercase()
            .contains("content-type: text/event-stream"),
        "{text}"
    );
    let mut grpc = world.grpc().await;
    let watch = v1::WatchScoresRequest::default();
    let mut watched = grpc.watch_scores(watch).await.unwrap().into_inner();

    world.append("blog", 1, 9_000).await;
    world.append("shop", 2, 4_321).await;
    until(&mut stream, &mut text, |t| {
        t.matches("event: score\n").count() == 1 && t.ends_with("\n\n")
    })
    .await;
    assert!(!text.contains("9000"), "another property's: {text}");
    let data = text.rsplit_once("event: score\n").unwrap().1;
    let data: Value = serde_json::from_str(data.trim().strip_prefix("data: ").unwrap()).unwrap();
    assert_eq!(data["update"]["session"]["scores"]["frustration"], 4_321);
    for part in [&data["update"]["session"], &data["update"]["pageViews"][0]] {
        assert_eq!(part["scores"]["exitRisk"], 4_000);
        assert_eq!(part["running"]["confusion"], 1_400);
        assert_eq!(part["contributors"][0]["signal"], "rage_press");
        assert_eq!(part["measures"][0]["measure"], "path_px");
        assert_eq!(part["measures"][0]["value"], 1_234.5);
    }

    let heard = tokio::time::timeout(BOUND, watched.message())
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    let heard: Value = serde_json::from_str(&json::to_json(&heard)).unwrap();
    assert_eq!(heard, data, "both kinds hear the same");

    // Ending the service ends both streams, with a word to say so.
    world.token.cancel();
    until(&mut stream, &mut text, |t| t.contains("event: resync\n")).await;
    let status = tokio::time::timeout(BOUND, watched.message())
        .await
        .unwrap()
        .unwrap_err();
    assert_eq!(status.code(), Code::Unavailable);
    drop((grpc, watched, stream));
    world.end().await;
}
