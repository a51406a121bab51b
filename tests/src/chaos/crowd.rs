//! Simulated visitors whose clients send through all gateways until each batch is acknowledged.

use crate::client::{ingest, keyed};
use crate::compare::Identity;
use crate::random::Random;
use furrow_core::interaction::Batch;
use furrow_core::time::ClientTime;
use furrow_proto::encode_batch;
use furrow_proto::ingest::{IngestClient, RawBatch};
use furrow_sim::{Script, SiteModel, Visitor};
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;
use tonic::transport::Channel;

const CLIENTS: u64 = 12;
/// One client's pace while it is answered.
const BATCH_INTERVAL: Duration = Duration::from_millis(60);
/// How long one call may take before its batch is sent again, elsewhere: a gateway that stands
/// still answers nothing.
const CALL_MAX: Duration = Duration::from_secs(5);
/// How long a visit's last batches may take to be acknowledged.
const FINISH_MAX: Duration = Duration::from_secs(300);
/// One batch in so many goes through another gateway again after it was acknowledged.
const AGAIN_ONCE_IN: u64 = 10;
/// One batch in so many goes through two gateways at the same time.
const TWO_WAYS_ONCE_IN: u64 = 20;

/// What came of it.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    /// Acknowledged at least once.
    pub(crate) acknowledged: BTreeSet<Identity>,
    /// Acknowledged once more, on purpose.
    pub(crate) again: u64,
    /// Calls that failed or were not answered, after which the batch was sent again.
    pub(crate) failed: u64,
}

/// Clients at work.
pub(crate) struct Crowd {
    runtime: Runtime,
    leaving: Arc<AtomicBool>,
    clients: Vec<JoinHandle<Sent>>,
}

impl Crowd {
    pub(crate) fn start(gateways: &[SocketAddr], random: &mut Random) -> Crowd {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime can be made");
        let leaving = Arc::new(AtomicBool::new(false));
        let clients = (0..CLIENTS)
            .map(|_| {
                let entered = runtime.enter();
                let client = Client {
                    gateways: gateways.iter().copied().map(ingest).collect(),
                    random: Random::new(random.number()),
                    sent: Sent::default(),
                };
                drop(entered);
                runtime.spawn(client.visit_until(Arc::clone(&leaving)))
            })
            .collect();
        Crowd {
            runtime,
            leaving,
            clients,
        }
    }

    /// Waits until everybody has finished their visit.
    pub(crate) fn finish(self) -> Sent {
        self.leaving.store(true, Ordering::Relaxed);
        self.runtime.block_on(async {
            let mut all = Sent::default();
            for client in self.clients {
                let bounded = tokio::time::timeout(FINISH_MAX, client).await;
                let sent = bounded
                    .expect("clients finish when nothing is killed any more")
                    .expect("a client does not panic");
                let before = all.acknowledged.len() + sent.acknowledged.len();
                all.acknowledged.extend(sent.acknowledged);
                assert_eq!(all.acknowledged.len(), before, "identities are unique");
                all.again += sent.again;
                all.failed += sent.failed;
            }
            all
        })
    }
}

struct Client {
    gateways: Vec<IngestClient<Channel>>,
    random: Random,
    sent: Sent,
}

impl Client {
    async fn visit_until(mut self, leaving: Arc<AtomicBool>) -> Sent {
        let site = SiteModel::shop();
        let mut pace = tokio::time::interval(BATCH_INTERVAL);
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !leaving.load(Ordering::Relaxed) {
            let script = ended_by(now_ms(), self.random.number(), &site);
            for sent in script.sent {
                pace.tick().await;
                self.deliver(&sent.batch).await;
            }
        }
        self.sent
    }

    /// Sends a batch until it is acknowledged, always the same bytes.
    async fn deliver(&mut self, batch: &Batch) {
        // It leaves now, and says so: its times stay true.
        let sent = batch.sent.max(ClientTime(now_ms()));
        let bytes = encode_batch(&Batch {
            sent,
            ..batch.clone()
        });
        let mut gateway = self.any_gateway();
        if self.random.once_in(TWO_WAYS_ONCE_IN) {
            let (here, there) = (self.gateway(gateway), self.gateway(gateway + 1));
            let (one, other) = tokio::join!(publish(here, &bytes), publish(there, &bytes));
            match (one, other) {
                (true, true) => return self.acknowledge(batch, 1),
                (true, false) | (false, true) => return self.acknowledge(batch, 0),
                (false, false) => self.sent.failed += 2,
            }
        }
        while !publish(self.gateway(gateway), &bytes).await {
            self.sent.failed += 1;
            gateway += 1;
            // A gateway that is away refuses at once; its clients need not spin.
            tokio::time::sleep(BATCH_INTERVAL).await;
        }
        let mut again = 0;
        if self.random.once_in(AGAIN_ONCE_IN) {
            again = u64::from(publish(self.gateway(gateway + 1), &bytes).await);
        }
        self.acknowledge(batch, again);
    }

    fn acknowledge(&mut self, batch: &Batch, again: u64) {
        let (session, sender) = (batch.session.to_string(), batch.sender.to_string());
        let new = self
            .sent
            .acknowledged
            .insert((session, sender, batch.sequence));
        assert!(new, "a script tells each batch once");
        self.sent.again += again;
    }

    fn any_gateway(&mut self) -> usize {
        usize::from(self.random.once_in(2))
    }

    fn gateway(&self, number: usize) -> IngestClient<Channel> {
        self.gateways[number % self.gateways.len()].clone()
    }
}

/// Whether it was acknowledged.
async fn publish(mut gateway: IngestClient<Channel>, batch: &[u8]) -> bool {
    let call = gateway.publish(keyed(RawBatch(batch.to_vec().into())));
    matches!(tokio::time::timeout(CALL_MAX, call).await, Ok(Ok(_)))
}

/// A visitor's first session, which ends then: what they did must lie behind when it is sent.
fn ended_by(end_ms: i64, seed: u64, site: &SiteModel) -> Script {
    let script = Visitor::new(seed, 0, site).script(end_ms);
    let lasted_ms = i64::from(script.lasted_ms());
    script.moved_by(-lasted_ms)
}

fn now_ms() -> i64 {
    let since = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .expect("the clock is past 1970");
    i64::try_from(since.as_millis()).expect("it is not the far future")
}
