//! The byte stream of one connection, plain or TLS, with the framing guard between network and parser.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};
use tokio_rustls::server::TlsStream;

use crate::web::framing::Framing;

/// A connection's stream.
#[derive(Debug)]
pub(crate) enum Stream {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// What the connection's task may know about its bytes.
#[derive(Debug)]
pub(crate) struct Signs {
    /// A message has begun and not ended.
    in_message: AtomicBool,
}

impl Signs {
    pub(crate) fn in_message(&self) -> bool {
        self.in_message.load(Ordering::Relaxed)
    }
}

/// Hands bytes on until one is ambiguous; then hands on bytes that no parser takes, and the end.
///
/// The parser so answers 400 by itself and closes, whatever it was in the middle of.
#[derive(Debug)]
pub(crate) struct GuardedIo {
    stream: Stream,
    /// Bytes read before it was known which protocol they speak.
    prefix: Vec<u8>,
    /// Absent for HTTP/2, which frames its messages itself.
    framing: Option<Framing>,
    signs: Arc<Signs>,
    ended: bool,
    /// The other side will send no more.
    heard_out: bool,
    closing: Closing,
}

/// How far a connection is closed from our side.
#[derive(Debug)]
enum Closing {
    /// It is not.
    Open,
    /// Our side is shut; what the other side still sends is read and thrown away until then.
    ///
    /// A connection closed with bytes unread is reset, and a reset may overtake the answer that says why.
    Lingering(Pin<Box<Sleep>>),
}

const LINGER: Duration = Duration::from_millis(500);

/// No method, header name or header value may hold a NUL. The parser looks at a head only once its end has come.
const HEAD_POISON: &[u8] = b"\0\r\n\r\n";

/// Within a body nothing may end anything: what follows is the end of the stream, in the middle of a chunk.
const BODY_POISON: &[u8] = b"\0";

impl GuardedIo {
    pub(crate) fn new(stream: Stream, prefix: Vec<u8>, http1: bool) -> Self {
        let signs = Signs {
            in_message: AtomicBool::new(!prefix.is_empty()),
        };
        Self {
            stream,
            prefix,
            framing: http1.then(Framing::new),
            signs: Arc::new(signs),
            ended: false,
            heard_out: false,
            closing: Closing::Open,
        }
    }

    pub(crate) fn signs(&self) -> Arc<Signs> {
        Arc::clone(&self.signs)
    }

    /// Checks the bytes filled since `before` and replaces what may not be handed on.
    fn guard(&mut self, before: usize, buffer: &mut ReadBuf<'_>) {
        let Some(framing) = &mut self.framing else {
            return;
        };
        let fresh = buffer.filled().get(before..).unwrap_or_default();
        if let Err(refused) = framing.feed(fresh) {
            tracing::info!(reason = %refused.fault, "connection refused for its framing");
            buffer.set_filled(before + refused.good);
            let poison = if framing.in_head() {
                HEAD_POISON
            } else {
                BODY_POISON
            };
            let room = buffer.remaining().min(poison.len());
            buffer.put_slice(poison.get(..room).unwrap_or_default());
            self.ended = true;
        }
        self.signs
            .in_message
            .store(framing.in_message() && !self.ended, Ordering::Relaxed);
    }
}

impl AsyncRead for GuardedIo {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.ended || buffer.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        if self.prefix.is_empty() {
            match Pin::new(&mut self.stream).poll_read(cx, buffer) {
                Poll::Ready(Ok(())) => {}
                other => return other,
            }
            if buffer.filled().len() == before {
                self.heard_out = true;
            }
        } else {
            let taken = self.prefix.len().min(buffer.remaining());
            let rest = self.prefix.split_off(taken);
            buffer.put_slice(&self.prefix);
            self.prefix = rest;
        }
        self.guard(before, buffer);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for GuardedIo {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if let Closing::Open = this.closing {
            ready!(Pin::new(&mut this.stream).poll_shutdown(cx))?;
            this.closing = Closing::Lingering(Box::pin(sleep(LINGER)));
        }
        let Closing::Lingering(timer) = &mut this.closing else {
            return Poll::Ready(Ok(()));
        };
        let mut scratch = [0; 4096];
        while !this.heard_out && timer.as_mut().poll(cx).is_pending() {
            let mut buffer = ReadBuf::new(&mut scratch);
            match Pin::new(&mut this.stream).poll_read(cx, &mut buffer) {
                Poll::Ready(Ok(())) if !buffer.filled().is_empty() => {}
                Poll::Ready(_) => this.heard_out = true,
                Poll::Pending => return Poll::Pending,
            }
        }
        Poll::Ready(Ok(()))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        match &self.stream {
            Stream::Plain(stream) => stream.is_write_vectored(),
            Stream::Tls(stream) => stream.is_write_vectored(),
        }
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_read(cx, buffer),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_read(cx, buffer),
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write(cx, bytes),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_write(cx, bytes),
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_flush(cx),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_flush(cx),
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_shutdown(cx),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_shutdown(cx),
        }
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        match self.get_mut() {
            Self::Plain(stream) => Pin::new(stream).poll_write_vectored(cx, slices),
            Self::Tls(stream) => Pin::new(stream.as_mut()).poll_write_vectored(cx, slices),
        }
    }
}
