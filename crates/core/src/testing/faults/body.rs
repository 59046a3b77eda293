//! Answers that can be made up, cut, or silenced.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use futures::task::AtomicWaker;
use http_body::{Body, Frame};
use tower::BoxError;

/// The body of an answer.
#[derive(Debug)]
pub struct FaultyBody<B> {
    source: Source<B>,
}

#[derive(Debug)]
enum Source<B> {
    Server(B),
    Watch(B, Arc<Control>),
    MadeUp(Option<Bytes>),
}

/// The test's hand on one open watch.
#[derive(Debug, Default)]
pub(super) struct Control {
    cut: AtomicBool,
    silent: AtomicBool,
    waker: AtomicWaker,
}

impl Control {
    pub fn cut(&self) {
        self.cut.store(true, Ordering::Release);
        self.waker.wake();
    }

    pub fn silence(&self, on: bool) {
        self.silent.store(on, Ordering::Release);
        self.waker.wake();
    }
}

impl<B> FaultyBody<B> {
    pub(super) fn server(body: B) -> Self {
        Self {
            source: Source::Server(body),
        }
    }

    pub(super) fn watch(body: B, control: Arc<Control>) -> Self {
        Self {
            source: Source::Watch(body, control),
        }
    }

    pub(super) fn made_up(text: String) -> Self {
        Self {
            source: Source::MadeUp(Some(text.into())),
        }
    }
}

impl<B> Body for FaultyBody<B>
where
    B: Body<Data = Bytes> + Unpin,
    B::Error: Into<BoxError>,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let body = match &mut self.source {
            Source::MadeUp(text) => return Poll::Ready(text.take().map(|text| Ok(Frame::data(text)))),
            Source::Server(body) => body,
            Source::Watch(body, control) => {
                control.waker.register(cx.waker());
                if control.cut.load(Ordering::Acquire) {
                    return Poll::Ready(Some(Err("connection reset by test".into())));
                }
                if control.silent.load(Ordering::Acquire) {
                    return Poll::Pending;
                }
                body
            }
        };
        Pin::new(body)
            .poll_frame(cx)
            .map(|frame| frame.map(|frame| frame.map_err(Into::into)))
    }
}
