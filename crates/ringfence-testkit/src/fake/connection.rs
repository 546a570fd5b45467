//! Connections: counted, and ended with a reset when a handler says so.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::extract::connect_info::Connected;
use axum::serve::{IncomingStream, Listener};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::{TcpListener, TcpStream};

use super::platform::Shared;

/// Lets a handler say that the connection is to end with a reset.
#[derive(Clone, Debug)]
pub(super) struct Peer {
    pub(super) reset: Arc<AtomicBool>,
}

impl Connected<IncomingStream<'_, Counting>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Counting>) -> Self {
        stream.remote_addr().clone()
    }
}

pub(super) struct Counting {
    pub(super) listener: TcpListener,
    pub(super) shared: Arc<Shared>,
}

impl Listener for Counting {
    type Io = Tapped;
    type Addr = Peer;

    async fn accept(&mut self) -> (Tapped, Peer) {
        let stream = loop {
            match self.listener.accept().await {
                Ok((stream, _)) => break stream,
                Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        };
        let _ = stream.set_nodelay(true);
        let open = self.shared.open.fetch_add(1, Ordering::SeqCst) + 1;
        {
            let mut log = self.shared.log();
            log.n_connections += 1;
            log.max_open_connections = log.max_open_connections.max(open);
        }
        let peer = Peer {
            reset: Arc::new(AtomicBool::new(false)),
        };
        (
            Tapped {
                stream,
                peer: peer.clone(),
                shared: Arc::clone(&self.shared),
            },
            peer,
        )
    }

    fn local_addr(&self) -> io::Result<Peer> {
        Ok(Peer {
            reset: Arc::new(AtomicBool::new(false)),
        })
    }
}

/// A connection that knows whether to end with a reset.
pub(super) struct Tapped {
    stream: TcpStream,
    peer: Peer,
    shared: Arc<Shared>,
}

impl Drop for Tapped {
    fn drop(&mut self) {
        self.shared.open.fetch_sub(1, Ordering::SeqCst);
        if self.peer.reset.load(Ordering::SeqCst) {
            let _ = self.stream.set_zero_linger();
        }
    }
}

impl AsyncRead for Tapped {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Tapped {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
