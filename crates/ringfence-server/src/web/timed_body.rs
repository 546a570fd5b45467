//! A body that gives up when nothing of it arrives for a while, and when it is longer than it may be.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tokio::time::{Instant, Sleep, sleep};

/// Why a body ended before its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BodyFault {
    /// Nothing arrived for the whole of the allowed time.
    #[error("the body stalled")]
    Stalled,
    /// It is longer than allowed.
    #[error("the body is too long")]
    TooLong,
}

/// A body with a bound on its length and on the time between its parts.
#[derive(Debug)]
pub struct TimedBody {
    body: Body,
    idle: Duration,
    /// Made when the body first has to be waited for: most never are.
    timer: Option<Pin<Box<Sleep>>>,
    left: u64,
}

impl TimedBody {
    /// Bounds a body.
    #[must_use]
    pub fn new(body: Body, idle: Duration, bytes_max: u64) -> Self {
        Self {
            body,
            idle,
            timer: None,
            left: bytes_max,
        }
    }
}

impl HttpBody for TimedBody {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        let this = &mut *self;
        match Pin::new(&mut this.body).poll_frame(cx) {
            Poll::Ready(frame) => {
                this.timer = None;
                if let Some(Ok(frame)) = &frame {
                    let length = frame.data_ref().map_or(0, |data| data.len() as u64);
                    let Some(left) = this.left.checked_sub(length) else {
                        return Poll::Ready(Some(Err(axum::Error::new(BodyFault::TooLong))));
                    };
                    this.left = left;
                }
                Poll::Ready(frame)
            }
            Poll::Pending => {
                let idle = this.idle;
                let timer = this.timer.get_or_insert_with(|| Box::pin(sleep(idle)));
                ready!(timer.as_mut().poll(cx));
                timer.as_mut().reset(Instant::now() + idle);
                Poll::Ready(Some(Err(axum::Error::new(BodyFault::Stalled))))
            }
        }
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use futures_util::stream;
    use http_body_util::BodyExt;

    use super::*;

    #[tokio::test]
    async fn gives_up_on_a_stalled_body() {
        let never = Body::from_stream(stream::pending::<Result<Bytes, std::io::Error>>());
        let body = TimedBody::new(never, Duration::from_millis(10), 100);
        let fault = body.collect().await.unwrap_err().into_inner();
        assert_eq!(fault.downcast_ref::<BodyFault>(), Some(&BodyFault::Stalled));
    }

    #[tokio::test]
    async fn refuses_a_byte_too_many() {
        let body = |length: usize| {
            TimedBody::new(Body::from(vec![0; length]), Duration::from_secs(5), 100)
        };
        assert_eq!(body(100).collect().await.unwrap().to_bytes().len(), 100);
        let fault = body(101).collect().await.unwrap_err().into_inner();
        assert_eq!(fault.downcast_ref::<BodyFault>(), Some(&BodyFault::TooLong));
    }
}
