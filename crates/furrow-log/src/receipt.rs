//! The answer to an append.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::sync::oneshot;

use crate::{AppendError, Appended};

/// Resolves once the record is durable, or is known not to be.
///
/// Dropping a receipt does not cancel its append.
#[derive(Debug)]
#[must_use = "only a receipt says whether the record is durable"]
pub struct Receipt(oneshot::Receiver<Result<Appended, AppendError>>);

impl Receipt {
    pub(crate) fn new(answer: oneshot::Receiver<Result<Appended, AppendError>>) -> Self {
        Self(answer)
    }
}

impl Future for Receipt {
    type Output = Result<Appended, AppendError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(match ready!(Pin::new(&mut self.0).poll(cx)) {
            Ok(answer) => answer,
            Err(_) => Err(AppendError::Closed),
        })
    }
}
