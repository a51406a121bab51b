//! Score updates from the log to whoever listens.
//!
//! One task reads the topic's end and sends every update to all listeners
//! through a ring of bounded length. A listener that is further behind than
//! the ring is long missed something: it is told so and let go, reads the
//! sessions again, and listens again.

use crate::config::{Limits, Scope};
use crate::metrics::Metrics;
use crate::refusal::Refusal;
use furrow_log::{Log, ReadError, Stored, Tail, Topic, TopicError};
use furrow_proto::record::decode_score_update;
use furrow_proto::{json, v1};
use std::sync::{Arc, OnceLock};
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast};
use tokio_util::sync::CancellationToken;

/// What the task tells all listeners.
#[derive(Debug, Clone)]
enum Told {
    Update(Arc<Update>),
    /// The log moved on without us.
    Missed,
}

/// One score update, in the forms in which it leaves.
#[derive(Debug)]
pub(crate) struct Update {
    scope: Scope,
    pub(crate) message: v1::WatchScoresResponse,
    json: OnceLock<String>,
}

impl Update {
    /// The JSON mapping, made once however many listen.
    pub(crate) fn json(&self) -> &str {
        self.json.get_or_init(|| json::to_json(&self.message))
    }
}

/// Where listeners sign up.
#[derive(Debug, Clone)]
pub(crate) struct Live {
    told: broadcast::Sender<Told>,
    places: Arc<Semaphore>,
    metrics: Metrics,
    ending: CancellationToken,
}

/// The task that reads the log.
#[derive(Debug)]
pub(crate) struct Feed {
    log: Log,
    topic: Topic,
    tail: Tail,
    live: Live,
}

/// Begins at the log's end as it is now.
pub(crate) async fn open(
    log: Log,
    topic: Topic,
    limits: &Limits,
    metrics: Metrics,
) -> Result<(Live, Feed), TopicError> {
    let tail = log.tail(&topic).await?;
    let live = Live {
        told: broadcast::Sender::new(limits.live_updates_max),
        places: Arc::new(Semaphore::new(limits.listeners_max)),
        metrics,
        ending: CancellationToken::new(),
    };
    Ok((
        live.clone(),
        Feed {
            log,
            topic,
            tail,
            live,
        },
    ))
}

impl Feed {
    /// Reads until `token` fires; then every listener's stream ends.
    pub(crate) async fn run(mut self, token: CancellationToken) -> Result<(), ReadError> {
        let _ending = self.live.ending.clone().drop_guard();
        loop {
            let next = tokio::select! {
                // The end comes first: a busy log must not put it off.
                biased;
                () = token.cancelled() => return Ok(()),
                next = self.tail.next() => next,
            };
            match next {
                Ok((_, records)) => records.iter().for_each(|record| self.live.tell(record)),
                Err(ReadError::Gone { .. } | ReadError::Beyond { .. }) => {
                    tracing::warn!("the live view lost its place in the log and starts at its end");
                    self.tail = self.log.tail(&self.topic).await?;
                    self.live.told.send(Told::Missed).ok();
                }
                Err(
                    error @ (ReadError::Topic(_)
                    | ReadError::Broker(_)
                    | ReadError::Closed
                    | ReadError::Storage(_)),
                ) => {
                    return Err(error);
                }
            }
        }
    }
}

impl Live {
    fn tell(&self, record: &Stored) {
        self.metrics.live_updates.inc();
        // Nobody pays for a decoding that nobody hears.
        if self.told.receiver_count() == 0 {
            return;
        }
        match decode_score_update(&record.payload) {
            Ok(update) => {
                let key = &update.session.key;
                let scope = Scope {
                    tenant: key.tenant.0.to_string(),
                    property: key.property.0.to_string(),
                };
                let message = v1::WatchScoresResponse {
                    update: Some((&update).into()),
                };
                let update = Update {
                    scope,
                    message,
                    json: OnceLock::new(),
                };
                // No receiver is no fault: listeners come and go.
                self.told.send(Told::Update(Arc::new(update))).ok();
            }
            Err(error) => tracing::warn!(%error, offset = record.offset.0, "score update skipped"),
        }
    }

    /// Signs up. Whatever is appended from now on is heard.
    pub(crate) fn listen(&self, scope: Scope) -> Result<Listener, Refusal> {
        let place = Arc::clone(&self.places)
            .try_acquire_owned()
            .map_err(|_| Refusal::Busy("live listeners"))?;
        self.metrics.live_listeners.inc();
        Ok(Listener {
            scope,
            told: self.told.subscribe(),
            metrics: self.metrics.clone(),
            ending: self.ending.clone(),
            _place: place,
        })
    }
}

/// One who listens; dropping it leaves.
#[derive(Debug)]
pub(crate) struct Listener {
    scope: Scope,
    told: broadcast::Receiver<Told>,
    metrics: Metrics,
    ending: CancellationToken,
    _place: OwnedSemaphorePermit,
}

impl Listener {
    /// The next update of the property listened to. After an error nothing
    /// comes any more.
    pub(crate) async fn next(&mut self) -> Result<Arc<Update>, Refusal> {
        loop {
            let told = tokio::select! {
                biased;
                () = self.ending.cancelled() => return Err(Refusal::Ending),
                told = self.told.recv() => told,
            };
            match told {
                Ok(Told::Update(update)) if update.scope == self.scope => return Ok(update),
                Ok(Told::Update(_)) => {}
                Ok(Told::Missed) | Err(RecvError::Lagged(_)) => {
                    self.metrics.live_let_go.inc();
                    return Err(Refusal::Behind);
                }
                Err(RecvError::Closed) => return Err(Refusal::Ending),
            }
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.metrics.live_listeners.dec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::samples::update;
    use furrow_log::{EmbeddedSettings, TopicPlan};
    use furrow_proto::record::encode_score_update;
    use std::time::Duration;
    use tempfile::TempDir;

    const SCORES_TOPIC: &str = "furrow.scores.v1";
    /// How long a test waits for what must come.
    const BOUND: Duration = Duration::from_secs(20);

    struct World {
        log: Log,
        live: Live,
        feed: Feed,
        metrics: Metrics,
        _dir: TempDir,
    }

    async fn world(limits: &Limits) -> World {
        let dir = TempDir::new().unwrap();
        let log = Log::open(dir.path(), EmbeddedSettings::default()).unwrap();
        let topic = Topic::new(SCORES_TOPIC);
        log.create_topic(&topic, &TopicPlan::of(2)).await.unwrap();
        let metrics = Metrics::default();
        let opened = open(log.clone(), topic, limits, metrics.clone()).await;
        let (live, feed) = opened.unwrap();
        World {
            log,
            live,
            feed,
            metrics,
            _dir: dir,
        }
    }

    fn shop() -> Scope {
        Config::default().properties[0].clone()
    }

    async fn append(log: &Log, property: &str, number: u8) {
        let update = update(property, 1_790_000_000_000, number, 5_000);
        let payload = encode_score_update(&update);
        log.append(&Topic::new(SCORES_TOPIC), &[number], payload)
            .unwrap()
            .await
            .unwrap();
    }

    fn frustration(update: &Update) -> u32 {
        let session = update
            .message
            .update
            .as_ref()
            .unwrap()
            .session
            .as_ref()
            .unwrap();
        session.scores.as_ref().unwrap().frustration
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_listener_hears_the_updates_of_its_property_alone() {
        let World {
            log,
            live,
            feed,
            _dir,
            ..
        } = world(&Limits::default()).await;
        let mut listener = live.listen(shop()).unwrap();
        let token = CancellationToken::new();
        let fed = tokio::spawn(feed.run(token.clone()));
        append(&log, "other", 1).await;
        append(&log, "shop", 2).await;
        let heard = tokio::time::timeout(BOUND, listener.next())
            .await
            .unwrap()
            .unwrap();
        assert_eq!(frustration(&heard), 5_000);
        assert_eq!(heard.scope, shop());
        token.cancel();
        fed.await.unwrap().unwrap();
        assert_eq!(listener.next().await.unwrap_err(), Refusal::Ending);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_listener_that_falls_behind_is_told_so() {
        let limits = Limits {
            live_updates_max: 4,
            ..Limits::default()
        };
        let World {
            log,
            live,
            feed,
            metrics,
            _dir,
        } = world(&limits).await;
        let mut slow = live.listen(shop()).unwrap();
        let mut quick = live.listen(shop()).unwrap();
        let token = CancellationToken::new();
        let fed = tokio::spawn(feed.run(token.clone()));
        for number in 0..12 {
            append(&log, "shop", number).await;
            tokio::time::timeout(BOUND, quick.next())
                .await
                .unwrap()
                .unwrap();
        }
        assert_eq!(slow.next().await.unwrap_err(), Refusal::Behind);
        assert_eq!(metrics.live_let_go.get(), 1);
        token.cancel();
        fed.await.unwrap().unwrap();
    }

    #[tokio::test]
    async fn listeners_beyond_the_limit_are_shed_until_one_leaves() {
        let limits = Limits {
            listeners_max: 1,
            ..Limits::default()
        };
        let World {
            live,
            metrics,
            _dir,
            ..
        } = world(&limits).await;
        let only = live.listen(shop()).unwrap();
        assert_eq!(metrics.live_listeners.get(), 1);
        assert!(matches!(live.listen(shop()), Err(Refusal::Busy(_))));
        drop(only);
        assert_eq!(metrics.live_listeners.get(), 0);
        assert!(live.listen(shop()).is_ok());
    }
}
