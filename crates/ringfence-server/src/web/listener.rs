//! Accepts connections, speaks HTTP/1.1 and HTTP/2 on them, and drains them when told to stop.

use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use http::header::CONNECTION;
use http::{HeaderValue, Request, Response, Version};
use hyper::body::Incoming;
use hyper::server::conn::{http1, http2};
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::io::AsyncReadExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt;

use crate::web::guarded_io::{GuardedIo, Stream};
use crate::web::tls::Tls;

/// Bounds and times of the listener.
#[derive(Debug, Clone)]
pub struct ListenerSettings {
    /// Most connections open together; the next wait in the kernel's queue.
    pub n_connections_max: usize,
    /// Largest request head; a longer one is answered 431.
    pub head_bytes_max: usize,
    /// Most header lines in a request; more are answered 431.
    pub n_headers_max: usize,
    /// How long a client may take for a TLS handshake or a request head, and how long a connection may idle.
    pub head_timeout: Duration,
    /// After the signal to stop: how long new requests are still taken, each answered with `Connection: close`.
    pub linger: Duration,
    /// After that: how long requests under way may take to finish.
    pub drain: Duration,
}

impl Default for ListenerSettings {
    fn default() -> Self {
        Self {
            n_connections_max: 10_000,
            head_bytes_max: 16 * 1024,
            n_headers_max: 100,
            head_timeout: Duration::from_secs(30),
            linger: Duration::from_millis(500),
            drain: Duration::from_secs(30),
        }
    }
}

/// The address of the program at the other end of the connection, as an extension of each request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer(pub SocketAddr);

/// Whether the connection that brought a request is encrypted, as an extension of each request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Encrypted(pub bool);

/// How long a new connection may stay silent once the listener is closed.
const FIRST_BYTES_GRACE: Duration = Duration::from_secs(1);

/// Where a draining listener stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd)]
enum Phase {
    Serving,
    /// Requests are taken, each answer closes its connection.
    Lingering,
    /// Idle connections are closed; requests under way finish.
    Closing,
}

/// How a drain ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DrainReport {
    /// Connections that had to be cut because a request on them did not finish in time.
    pub n_cut: usize,
}

/// Serves until `stop` is ready, then drains: no request that was taken is lost, unless it outlasts the drain.
///
/// # Errors
/// The listener's own address cannot be read.
pub async fn listener_serve(
    listener: TcpListener,
    tls: Option<Tls>,
    router: Router,
    settings: ListenerSettings,
    stop: impl Future<Output = ()>,
) -> io::Result<DrainReport> {
    let address = listener.local_addr()?;
    let (phase_set, phase) = watch::channel(Phase::Serving);
    let door = Door {
        tls: tls.map(|tls| TlsAcceptor::from(tls.config)),
        router,
        settings: Arc::new(settings),
        phase,
        places: Arc::new(Semaphore::new(0)),
    };
    door.places.add_permits(door.settings.n_connections_max);
    let mut connections = JoinSet::new();

    let mut stop = std::pin::pin!(stop);
    loop {
        tokio::select! {
            biased;
            () = &mut stop => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            accepted = door.accept(&listener) => door.open(accepted, &mut connections),
        }
    }
    tracing::info!(%address, n_connections = connections.len(), "listener drains");
    phase_set.send_replace(Phase::Lingering);
    let mut lingered = std::pin::pin!(tokio::time::sleep(door.settings.linger));
    while !connections.is_empty() {
        tokio::select! {
            () = &mut lingered => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => {}
            accepted = door.accept(&listener) => door.open(accepted, &mut connections),
        }
    }
    door.last_accepts(listener, &mut connections)?;
    phase_set.send_replace(Phase::Closing);
    let finished = timeout(door.settings.drain, async {
        while connections.join_next().await.is_some() {}
    });
    let n_cut = match finished.await {
        Ok(()) => 0,
        Err(_) => connections.len(),
    };
    connections.shutdown().await;
    tracing::info!(%address, n_cut, "listener drained");
    Ok(DrainReport { n_cut })
}

#[derive(Clone)]
struct Door {
    tls: Option<TlsAcceptor>,
    router: Router,
    settings: Arc<ListenerSettings>,
    phase: watch::Receiver<Phase>,
    places: Arc<Semaphore>,
}

type Accepted = (TcpStream, SocketAddr, OwnedSemaphorePermit);

impl Door {
    async fn accept(&self, listener: &TcpListener) -> Accepted {
        loop {
            // The semaphore is never closed; if it were, no further connection could be let in.
            let Ok(place) = Arc::clone(&self.places).acquire_owned().await else {
                return std::future::pending().await;
            };
            match listener.accept().await {
                Ok((stream, peer)) => return (stream, peer, place),
                Err(fault) => {
                    tracing::warn!(error = %fault, "a connection could not be accepted");
                    // Out of file handles, most likely: give those in use time to be given back.
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            }
        }
    }

    /// Closes the listener, after taking what the kernel has accepted for us: closing resets the rest.
    fn last_accepts(&self, listener: TcpListener, connections: &mut JoinSet<()>) -> io::Result<()> {
        // Asked directly: the runtime learns of new connections only now and then.
        let listener = listener.into_std()?;
        while let Ok((stream, peer)) = listener.accept() {
            let Ok(place) = Arc::clone(&self.places).try_acquire_owned() else {
                break;
            };
            stream.set_nonblocking(true)?;
            self.open((TcpStream::from_std(stream)?, peer, place), connections);
        }
        Ok(())
    }

    fn open(&self, accepted: Accepted, connections: &mut JoinSet<()>) {
        let door = self.clone();
        connections.spawn(async move {
            let (stream, peer, _place) = accepted;
            if let Err(fault) = door.connection(stream, peer).await {
                tracing::debug!(client.address = %peer.ip(), error = %fault, "connection ended");
            }
        });
    }

    async fn connection(self, stream: TcpStream, peer: SocketAddr) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let limit = self.settings.head_timeout;
        let (stream, agreed_h2) = match &self.tls {
            None => (Stream::Plain(stream), None),
            Some(acceptor) => {
                let stream = timeout(limit, acceptor.accept(stream)).await??;
                let (_, session) = stream.get_ref();
                let h2 = session.alpn_protocol() == Some(b"h2");
                (Stream::Tls(Box::new(stream)), Some(h2))
            }
        };
        let mut stream = stream;
        let mut prefix = Vec::new();
        let h2 = if agreed_h2 == Some(true) {
            true
        } else {
            tokio::select! {
                found = timeout(limit, speaks_h2(&mut stream, &mut prefix)) => found??,
                () = self.patience_with_silence() => return Ok(()),
            }
        };
        let io = GuardedIo::new(stream, prefix, !h2);
        if h2 {
            self.serve_http2(io, peer).await
        } else {
            self.serve_http1(io, peer).await
        }
    }

    /// Ends when a connection that has said nothing yet is owed no more: its request may still be on the way.
    async fn patience_with_silence(&self) {
        let mut phase = self.phase.clone();
        // The sender lives as long as the listener; without it, there is nothing to wait for either.
        let _ = phase.wait_for(|phase| *phase >= Phase::Closing).await;
        tokio::time::sleep(FIRST_BYTES_GRACE).await;
    }

    async fn serve_http1(mut self, io: GuardedIo, peer: SocketAddr) -> io::Result<()> {
        let encrypted = Encrypted(self.tls.is_some());
        let service = service(self.router, self.phase.clone(), Peer(peer), encrypted);
        let signs = io.signs();
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.settings.head_timeout)
            .max_headers(self.settings.n_headers_max)
            .max_header_size(self.settings.head_bytes_max)
            .max_buf_size(self.settings.head_bytes_max.max(64 * 1024))
            .serve_connection(TokioIo::new(io), service);
        let mut connection = std::pin::pin!(connection);
        tokio::select! {
            outcome = &mut connection => return outcome.map_err(io::Error::other),
            _ = self.phase.wait_for(|phase| *phase >= Phase::Closing) => {}
        }
        // A request whose first bytes have arrived is still answered; only an idle connection is closed here. Shutting
        // down one that has read nothing yet would close it, whatever waits in its buffers.
        loop {
            tokio::select! {
                outcome = &mut connection => return outcome.map_err(io::Error::other),
                () = tokio::time::sleep(Duration::from_millis(5)) => {}
            }
            if !signs.in_message() {
                break;
            }
        }
        connection.as_mut().graceful_shutdown();
        connection.await.map_err(io::Error::other)
    }

    async fn serve_http2(mut self, io: GuardedIo, peer: SocketAddr) -> io::Result<()> {
        let encrypted = Encrypted(self.tls.is_some());
        let service = service(self.router, self.phase.clone(), Peer(peer), encrypted);
        let head_bytes_max = u32::try_from(self.settings.head_bytes_max).unwrap_or(u32::MAX);
        let connection = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .max_header_list_size(head_bytes_max)
            .max_concurrent_streams(200)
            .keep_alive_interval(self.settings.head_timeout)
            .keep_alive_timeout(self.settings.head_timeout)
            .serve_connection(TokioIo::new(io), service);
        let mut connection = std::pin::pin!(connection);
        tokio::select! {
            outcome = &mut connection => return outcome.map_err(io::Error::other),
            _ = self.phase.wait_for(|phase| *phase >= Phase::Lingering) => {}
        }
        connection.as_mut().graceful_shutdown();
        connection.await.map_err(io::Error::other)
    }
}

/// Hands each request of one connection to the routes.
fn service(
    router: Router,
    phase: watch::Receiver<Phase>,
    peer: Peer,
    encrypted: Encrypted,
) -> impl Service<
    Request<Incoming>,
    Response = Response<Body>,
    Error = Infallible,
    Future = impl Future<Output = Result<Response<Body>, Infallible>> + Send + 'static,
> {
    service_fn(move |request: Request<Incoming>| {
        let router = router.clone();
        let phase = phase.clone();
        async move {
            let http1 = request.version() <= Version::HTTP_11;
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(peer);
            request.extensions_mut().insert(encrypted);
            let mut response = router.oneshot(request).await?;
            if http1 && *phase.borrow() >= Phase::Lingering {
                let close = HeaderValue::from_static("close");
                response.headers_mut().insert(CONNECTION, close);
            }
            Ok(response)
        }
    })
}

/// Whether the first bytes are HTTP/2's preface, sent by clients that know beforehand.
async fn speaks_h2(stream: &mut Stream, prefix: &mut Vec<u8>) -> io::Result<bool> {
    const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    loop {
        let mut room = [0_u8; 4096];
        let n_read = stream.read(&mut room).await?;
        prefix.extend_from_slice(room.get(..n_read).unwrap_or_default());
        let compared = prefix.len().min(PREFACE.len());
        if prefix.get(..compared) != PREFACE.get(..compared) || n_read == 0 {
            return Ok(false);
        }
        if compared == PREFACE.len() {
            return Ok(true);
        }
    }
}
