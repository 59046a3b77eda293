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
#[error("no answer from the API server within {0:?}")]
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
    use futures::stream::BoxStream;
    use http_body_util::{BodyExt, StreamBody};
    use tower::ServiceExt;
    use tower::util::BoxService;

    type Chunk = Result<Frame<Bytes>, BoxError>;

    type StalledBody = StreamBody<BoxStream<'static, Chunk>>;

    const SHORT: Duration = Duration::from_millis(200);

    /// Answers after `head`, then sends one chunk and never ends.
    fn stalling(head: Duration) -> BoxService<Request<RequestBody>, Response<StalledBody>, BoxError> {
        tower::service_fn(move |_: Request<RequestBody>| async move {
            tokio::time::sleep(head).await;
            let chunk: Chunk = Ok(Frame::data(Bytes::from_static(b"chunk")));
            let chunks = futures::stream::iter([chunk]).chain(futures::stream::pending()).boxed();
            Ok::<_, BoxError>(Response::new(StreamBody::new(chunks)))
        })
        .boxed()
    }

    /// What follows the first chunk; `None`: nothing for five times the limit.
    async fn after_first_chunk(uri: &str, head: Duration) -> Result<Option<String>, BoxError> {
        let request = Request::get(uri).body(RequestBody::empty()).unwrap();
        let service = CallLimitLayer { limit: SHORT }.layer(stalling(head));
        let mut body = service.oneshot(request).await?.into_body();
        assert!(body.frame().await.unwrap()?.is_data());
        let next = tokio::time::timeout(SHORT * 5, body.frame()).await.ok().flatten();
        Ok(next.map(|frame| frame.map_or_else(|error| error.to_string(), |_| "another chunk".to_owned())))
    }

    #[tokio::test]
    async fn ends_a_call_when_head_or_body_take_too_long_but_lets_a_watch_stay_open() {
        let too_long = "no answer from the API server within 200ms".to_owned();
        let late = after_first_chunk("/api/v1/pods", SHORT * 5).await;
        assert_eq!(late.unwrap_err().to_string(), too_long);
        let stalled = after_first_chunk("/api/v1/pods?limit=5", Duration::ZERO).await.unwrap();
        assert_eq!(stalled, Some(too_long));
        let watch = after_first_chunk("/api/v1/pods?watch=true&x=1", Duration::ZERO)
            .await
            .unwrap();
        assert_eq!(watch, None);
    }
}
