//! The layer itself: asks the plan about each call.

use std::task::{Context, Poll};

use bytes::Bytes;
use futures::future::BoxFuture;
use http::{Request, Response};
use kube::client::Body;
use tower::{BoxError, Layer, Service};

use super::body::FaultyBody;
use super::call::{Call, Verb};
use super::plan::{Fault, FaultPlan, Verdict, When};

/// Puts a [`FaultPlan`] in front of a client's service; the outermost layer, so faults are not retried by kube.
#[derive(Debug, Clone)]
pub struct FaultLayer {
    plan: FaultPlan,
}

impl FaultLayer {
    /// A layer that follows that plan.
    pub fn new(plan: &FaultPlan) -> Self {
        Self { plan: plan.clone() }
    }
}

impl<S> Layer<S> for FaultLayer {
    type Service = FaultService<S>;

    fn layer(&self, inner: S) -> Self::Service {
        FaultService {
            inner,
            plan: self.plan.clone(),
        }
    }
}

/// See [`FaultLayer`].
#[derive(Debug)]
pub struct FaultService<S> {
    inner: S,
    plan: FaultPlan,
}

impl<S, B> Service<Request<Body>> for FaultService<S>
where
    S: Service<Request<Body>, Response = Response<B>, Error = BoxError>,
    S::Future: Send + 'static,
    B: http_body::Body<Data = Bytes> + Send + 'static,
{
    type Response = Response<FaultyBody<B>>;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Self::Response, BoxError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<Body>) -> Self::Future {
        let call = Call::of(&request);
        let verdict = self.plan.judge(&call);
        // Nothing is sent before this future is polled.
        let answer = self.inner.call(request);
        Box::pin(carry_out(self.plan.clone(), call, verdict, answer))
    }
}

async fn carry_out<B>(
    plan: FaultPlan,
    call: Call,
    verdict: Verdict,
    answer: impl Future<Output = Result<Response<B>, BoxError>> + Send,
) -> Result<Response<FaultyBody<B>>, BoxError> {
    match verdict {
        Verdict::Pass => {}
        Verdict::Fail(Fault::Slow(wait)) => tokio::time::sleep(wait).await,
        Verdict::Fail(Fault::Status(code)) => return Ok(made_up(code)),
        Verdict::Fail(Fault::Error(When::Before)) => return Err(lost(&call)),
        Verdict::Fail(Fault::Error(When::After)) => {
            finish(answer.await?);
            return Err(lost(&call));
        }
        Verdict::Die(when) => {
            if when == When::After {
                finish(answer.await?);
            }
            plan.die();
            return std::future::pending().await;
        }
        Verdict::Dead => return std::future::pending().await,
    }
    let answer = answer.await?;
    Ok(answer.map(|body| match call.verb {
        Verb::Watch => FaultyBody::watch(body, plan.watch_opened()),
        _ => FaultyBody::server(body),
    }))
}

/// The server answers after its write; what it says is lost.
fn finish<B>(answer: Response<B>) {
    drop(answer);
}

fn lost(call: &Call) -> BoxError {
    format!("connection reset by test: {call}").into()
}

fn made_up<B>(code: u16) -> Response<FaultyBody<B>> {
    let reason = match code {
        409 => "Conflict",
        410 => "Expired",
        429 => "TooManyRequests",
        500 => "InternalError",
        503 => "ServiceUnavailable",
        _ => "",
    };
    let status = serde_json::json!({
        "kind": "Status", "apiVersion": "v1", "status": "Failure",
        "message": "made up by a test", "reason": reason, "code": code,
    });
    let mut answer = Response::new(FaultyBody::made_up(status.to_string()));
    *answer.status_mut() = http::StatusCode::from_u16(code).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    answer
}
