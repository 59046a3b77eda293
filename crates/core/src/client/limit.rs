//! A layer that ends calls which take too long, and counts all of them.
//!
//! A watch must answer in time too, but may then stay open; kube's watcher notices one that falls silent.

use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{Method, Request, Response};
use http_body::{Body, Frame, SizeHint};
use kube::client::Body as RequestBody;
use tokio::time::{Instant, Sleep, sleep_until, timeout_at};
use tower::{BoxError, Layer, Service};

use crate::metrics::names::API_REQUESTS;

/// Longest time for a call, kube's retries included, until the whole answer is read.
const LIMIT: Duration = Duration::from_secs(30);

/// Makes [`CallLimit`]s.
#[derive(Debug, Clone, Copy)]
pub struct CallLimitLayer {
    limit: Duration,
}

impl Default for CallLimitLayer {
    fn default() -> Self {
        Self { limit: LIMIT }
    }
}

impl<S> Layer<S> for CallLimitLayer {
    type Service = CallLimit<S>;

    fn layer(&self, inner: S) -> Self::Service {
        CallLimit {
            inner,
            limit: self.limit,
        }
    }
}

/// Ends calls that take too long, and counts all of them.
#[derive(Debug, Clone)]
pub struct CallLimit<S> {
    inner: S,
    limit: Duration,
}

/// A call that took too long.
#[derive(Debug, thiserror::Error)]
#[error("no answer from the API server within {}s", .0.as_secs())]
struct TooLong(Duration);

impl<S, B> Service<Request<RequestBody>> for CallLimit<S>
where
    S: Service<Request<RequestBody>, Response = Response<B>, Error = BoxError>,
    S::Future: Send + 'static,
{
    type Response = Response<LimitedBody<B>>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<RequestBody>) -> Self::Future {
        let (verb, limit) = (verb(&request), self.limit);
        let answer = self.inner.call(request);
        Box::pin(async move {
            let deadline = Instant::now() + limit;
            let answer = timeout_at(deadline, answer)
                .await
                .unwrap_or_else(|_| Err(TooLong(limit).into()));
            let code = answer
                .as_ref()
                .map_or_else(|_| "error".to_owned(), |answer| answer.status().as_str().to_owned());
            metrics::counter!(API_REQUESTS, "verb" => verb, "code" => code).increment(1);
            let deadline = (verb != "watch").then(|| (Box::pin(sleep_until(deadline)), limit));
            Ok(answer?.map(|inner| LimitedBody { inner, deadline }))
        })
    }
}

/// The verb as the audit log names it, except that a list is a `get`.
fn verb<B>(request: &Request<B>) -> &'static str {
    let watch = request
        .uri()
        .query()
        .is_some_and(|query| query.split('&').any(|part| part == "watch=true"));
    match *request.method() {
        Method::GET if watch => "watch",
        Method::GET => "get",
        Method::POST => "create",
        Method::PUT => "update",
        Method::PATCH => "patch",
        Method::DELETE => "delete",
        _ => "other",
    }
}

/// An answer whose reading ends with the call's limit.
#[derive(Debug)]
pub struct LimitedBody<B> {
    inner: B,
    deadline: Option<(Pin<Box<Sleep>>, Duration)>,
}

impl<B> Body for LimitedBody<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        if let Poll::Ready(frame) = Pin::new(&mut self.inner).poll_frame(cx) {
            return Poll::Ready(frame.map(|frame| frame.map_err(Into::into)));
        }
        if let Some((deadline, limit)) = &mut self.deadline
            && deadline.as_mut().poll(cx).is_ready()
        {
            return Poll::Ready(Some(Err(TooLong(*limit).into())));
        }
        Poll::Pending
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::StreamExt;
    use http_body_util::{BodyExt, StreamBody};
    use tower::ServiceExt;

    type Chunk = Result<Frame<Bytes>, BoxError>;

    /// Answers after `head`, then sends one chunk and never ends.
    fn stalling(
        head: Duration,
    ) -> impl Service<Request<RequestBody>, Response = Response<LimitedBody<StalledBody>>, Error = BoxError> {
        let service = tower::service_fn(move |_: Request<RequestBody>| async move {
            tokio::time::sleep(head).await;
            let chunk: Chunk = Ok(Frame::data(Bytes::from_static(b"chunk")));
            let chunks = futures::stream::iter([chunk]).chain(futures::stream::pending()).boxed();
            Ok::<_, BoxError>(Response::new(StreamBody::new(chunks)))
        });
        CallLimitLayer::default().layer(service.boxed())
    }
    type StalledBody = StreamBody<futures::stream::BoxStream<'static, Chunk>>;

    async fn call(uri: &str, head: Duration) -> Result<Option<Result<Bytes, BoxError>>, BoxError> {
        let request = Request::get(uri).body(RequestBody::empty()).unwrap();
        let mut body = stalling(head).oneshot(request).await?.into_body();
        assert!(body.frame().await.unwrap()?.is_data());
        let next = tokio::time::timeout(Duration::from_mins(5), body.frame())
            .await
            .ok()
            .flatten();
        Ok(next.map(|frame| frame.map(|frame| frame.into_data().unwrap_or_default())))
    }

    #[tokio::test(start_paused = true)]
    async fn ends_a_call_when_head_or_body_take_too_long_but_lets_a_watch_stay_open() {
        let text = "no answer from the API server within 30s";
        let late = call("/api/v1/pods", Duration::from_secs(31)).await;
        assert_eq!(late.unwrap_err().to_string(), text);
        let stalled = call("/api/v1/pods?limit=5", Duration::from_secs(1)).await.unwrap();
        assert_eq!(stalled.unwrap().unwrap_err().to_string(), text);
        let watch = call("/api/v1/pods?watch=true&x=1", Duration::from_secs(1))
            .await
            .unwrap();
        assert!(watch.is_none(), "still open after five minutes");
    }
}
