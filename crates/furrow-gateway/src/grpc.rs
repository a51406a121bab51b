//! `IngestService`.

use crate::client::Asker;
use crate::config::StreamLimits;
use crate::intake::{Intake, Pending, Writer};
use crate::refusal::Refusal;
use furrow_log::{AppendError, Appended};
use furrow_proto::ingest::{IngestService, RawBatch};
use furrow_proto::record::Entry;
use furrow_proto::v1::Ack;
use furrow_proto::{Reject, RejectReason};
use futures_util::Stream;
use futures_util::stream::unfold;
use std::collections::VecDeque;
use std::pin::Pin;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tonic::{Code, Request, Response, Status, Streaming};
use tonic_types::{ErrorDetails, StatusExt};

/// The service.
pub(crate) struct Ingest {
    pub(crate) intake: Intake,
    pub(crate) limits: StreamLimits,
    pub(crate) retry_after: Duration,
    /// Fires when streams should end.
    pub(crate) draining: CancellationToken,
}

impl Ingest {
    fn asker<T>(request: &Request<T>) -> Asker {
        let asker = request.extensions().get::<Asker>();
        asker
            .expect("the server names the asker of every request")
            .clone()
    }
}

#[tonic::async_trait]
impl IngestService for Ingest {
    async fn publish(&self, request: Request<RawBatch>) -> Result<Response<Ack>, Status> {
        let asker = Ingest::asker(&request);
        let raw = request.into_inner().0;
        let answer = match self.intake.authenticate(&asker) {
            Ok(writer) => match self.intake.begin(Entry::Publish, &writer, raw) {
                Ok(pending) => pending.durable().await,
                Err(refusal) => Err(refusal),
            },
            Err(refusal) => Err(self.intake.refuse(Entry::Publish, refusal)),
        };
        answer
            .map(Response::new)
            .map_err(|refusal| refusal.status())
    }

    type StreamStream = Pin<Box<dyn Stream<Item = Result<Ack, Status>> + Send>>;

    async fn stream(
        &self,
        request: Request<Streaming<RawBatch>>,
    ) -> Result<Response<Self::StreamStream>, Status> {
        let asker = Ingest::asker(&request);
        let writer = self
            .intake
            .authenticate(&asker)
            .map_err(|refusal| refusal.status())?;
        let conversation = Conversation {
            inbound: request.into_inner(),
            writer,
            intake: self.intake.clone(),
            pending: VecDeque::new(),
            reading: Reading::Open,
            unacknowledged_max: self.limits.unacknowledged_max.get(),
            idle_max: Duration::from_millis(self.limits.idle_max_ms),
            retry_after: self.retry_after,
            draining: self.draining.clone(),
        };
        let acks = unfold(conversation, async |mut conversation| {
            conversation.next().await.map(|ack| (ack, conversation))
        });
        Ok(Response::new(Box::pin(acks)))
    }
}

/// One stream. It moves only when the client takes acks, so a client that does
/// not read is not read from.
struct Conversation {
    inbound: Streaming<RawBatch>,
    writer: Writer,
    intake: Intake,
    /// In the order in which they came, which is the order of their acks.
    pending: VecDeque<Pending>,
    reading: Reading,
    unacknowledged_max: usize,
    idle_max: Duration,
    retry_after: Duration,
    draining: CancellationToken,
}

enum Reading {
    Open,
    /// Nothing more is read; this is said after the last ack.
    Ending(Option<Status>),
}

enum Step {
    Answered(Result<Appended, AppendError>),
    Came(Result<Option<RawBatch>, Status>),
    Draining,
    Idle,
    Done,
}

impl Conversation {
    async fn next(&mut self) -> Option<Result<Ack, Status>> {
        loop {
            match self.step().await {
                Step::Answered(answer) => {
                    let pending = self.pending.pop_front().expect("the first was asked");
                    return Some(pending.settle(answer).map_err(|refusal| {
                        self.pending.clear();
                        self.reading = Reading::Ending(None);
                        refusal.status()
                    }));
                }
                Step::Came(Ok(Some(batch))) => {
                    match self.intake.begin(Entry::Stream, &self.writer, batch.0) {
                        Ok(pending) => self.pending.push_back(pending),
                        Err(refusal) => self.reading = Reading::Ending(Some(refusal.status())),
                    }
                }
                Step::Came(Ok(None)) => self.reading = Reading::Ending(None),
                Step::Came(Err(status)) => {
                    self.reading = Reading::Ending(Some(self.unreadable(status)));
                }
                Step::Draining => self.reading = Reading::Ending(Some(self.leaving())),
                Step::Idle => {
                    let status = Status::deadline_exceeded("the stream brought nothing for long");
                    self.reading = Reading::Ending(Some(status));
                }
                Step::Done => match &mut self.reading {
                    Reading::Open => unreachable!("an open stream is read"),
                    Reading::Ending(last) => return last.take().map(Err),
                },
            }
        }
    }

    async fn step(&mut self) -> Step {
        let open = matches!(self.reading, Reading::Open);
        let room = self.pending.len() < self.unacknowledged_max;
        let waiting = !self.pending.is_empty();
        let first = async {
            match self.pending.front_mut() {
                Some(pending) => pending.answered().await,
                None => std::future::pending().await,
            }
        };
        // Biased: acks first, since they make room; then the end, so that a
        // busy client cannot put it off.
        tokio::select! {
            biased;
            answer = first, if waiting => Step::Answered(answer),
            () = self.draining.cancelled(), if open => Step::Draining,
            came = self.inbound.message(), if open && room => Step::Came(came),
            () = tokio::time::sleep(self.idle_max), if open && !waiting => Step::Idle,
            else => Step::Done,
        }
    }

    /// A message over `message_bytes_max` is not read; it is a batch too large
    /// all the same.
    fn unreadable(&self, status: Status) -> Status {
        if status.code() != Code::OutOfRange {
            return status;
        }
        let reject = Reject::new(RejectReason::BatchTooLarge, "", status.message());
        self.intake
            .refuse(Entry::Stream, Refusal::Rejected(reject))
            .status()
    }

    fn leaving(&self) -> Status {
        let details = ErrorDetails::with_retry_info(Some(self.retry_after));
        Status::with_error_details(Code::Unavailable, "shutting down; connect anew", details)
    }
}
