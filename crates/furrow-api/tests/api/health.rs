//! The pipeline's health, over JSON and gRPC.

use crate::world::{BOUND, DEAD_LETTERS, SCORES, World, away, config};
use furrow_core::ids::{Epoch, Origin};
use furrow_log::{Partition, Topic};
use furrow_proto::record::DeadLetter;
use furrow_proto::v1;
use serde_json::Value;
use std::time::Duration;

#[tokio::test(flavor = "multi_thread")]
async fn the_pipeline_s_health_is_told_from_the_log_in_both_ways() {
    let world = World::with(config(), away()).await;
    let told = async |enough: fn(&Value) -> bool| {
        let asking = async {
            let mut look = tokio::time::interval(Duration::from_millis(50));
            loop {
                look.tick().await;
                let answer = world.get("/api/v1/health").await;
                assert_eq!(answer.status, 200, "{}", answer.body);
                let health = answer.json();
                if enough(&health) {
                    return health;
                }
            }
        };
        tokio::time::timeout(BOUND, asking).await.unwrap()
    };
    let letter = DeadLetter {
        origin: Origin {
            epoch: Epoch(0),
            partition: 0,
            offset: 0,
        },
        reason: "unreadable".into(),
        detail: "".into(),
        record: bytes::Bytes::new(),
    };
    let topic = Topic::new(DEAD_LETTERS);
    let appended = world.log.append(&topic, b"key", letter.encode()).unwrap();
    appended.await.unwrap();
    world.append("shop", 1, 9_000).await;

    // Nobody has joined the group: a role that is absent is behind.
    let health = told(|health| health["lags"][0]["records"] == "1").await;
    let lag = &health["lags"][0];
    assert_eq!(
        (&lag["role"], &lag["topic"]),
        (&"sink".into(), &"scores".into())
    );
    assert_eq!(lag["partitions"], 2);
    assert_eq!(lag["secondsMax"], 300);
    let letters = serde_json::json!([{ "reason": "unreadable", "count": "1" }]);
    assert_eq!(health["deadLetters"], letters);
    assert_eq!(health["retentionS"], "3600");
    told(|health| health["lags"][0]["seconds"].as_f64() > Some(0.0)).await;

    let member = world.log.join("sink", &[Topic::new(SCORES)]).await.unwrap();
    for partition in [0, 1].map(Partition) {
        let scores = Topic::new(SCORES);
        let end = world.log.bounds(&scores, partition).await.unwrap().end;
        member.commit(&scores, partition, end).unwrap();
    }
    let level = told(|health| health["lags"][0]["records"] == "0").await;
    assert_eq!(level["lags"][0]["seconds"], 0.0);

    let mut grpc = world.grpc().await;
    let asked = v1::GetHealthRequest {};
    let answer = grpc.get_health(asked).await.unwrap().into_inner();
    assert_eq!(answer.lags[0].role, "sink");
    assert_eq!(answer.dead_letters[0].count, 1);
    let answer = world.get("/api/v1/health?tenant=x").await;
    assert_eq!(answer.status, 400);
    drop((grpc, member));
    world.end().await;
}
