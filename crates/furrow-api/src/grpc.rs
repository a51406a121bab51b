//! Questions over gRPC.

use crate::live::Listener;
use crate::query::Queries;
use crate::refusal::Refusal;
use furrow_proto::v1;
use furrow_proto::v1::query_service_server::QueryService;
use futures_util::stream::{self, BoxStream, StreamExt};
use tonic::{Request, Response, Status};

#[tonic::async_trait]
impl QueryService for Queries {
    type WatchScoresStream = BoxStream<'static, Result<v1::WatchScoresResponse, Status>>;

    async fn list_sessions(
        &self,
        request: Request<v1::ListSessionsRequest>,
    ) -> Result<Response<v1::ListSessionsResponse>, Status> {
        answered(Queries::list_sessions(self, request.into_inner()).await)
    }

    async fn get_session(
        &self,
        request: Request<v1::GetSessionRequest>,
    ) -> Result<Response<v1::GetSessionResponse>, Status> {
        answered(Queries::get_session(self, request.into_inner()).await)
    }

    async fn get_trail(
        &self,
        request: Request<v1::GetTrailRequest>,
    ) -> Result<Response<v1::GetTrailResponse>, Status> {
        answered(Queries::get_trail(self, request.into_inner()).await)
    }

    async fn watch_scores(
        &self,
        request: Request<v1::WatchScoresRequest>,
    ) -> Result<Response<Self::WatchScoresStream>, Status> {
        let listener = Queries::watch_scores(self, request.into_inner())?;
        Ok(Response::new(updates(listener)))
    }

    async fn get_health(
        &self,
        _: Request<v1::GetHealthRequest>,
    ) -> Result<Response<v1::GetHealthResponse>, Status> {
        answered(Ok(Queries::get_health(self)))
    }
}

fn answered<T>(answer: Result<T, Refusal>) -> Result<Response<T>, Status> {
    Ok(Response::new(answer?))
}

/// Updates until the listener is let go, which ends the call with the reason.
fn updates(listener: Listener) -> BoxStream<'static, Result<v1::WatchScoresResponse, Status>> {
    stream::unfold(Some(listener), |listener| async move {
        let mut listener = listener?;
        match listener.next().await {
            Ok(update) => Some((Ok(update.message.clone()), Some(listener))),
            Err(reason) => Some((Err(reason.into()), None)),
        }
    })
    .boxed()
}
