//! A program behind the gateway that writes down, byte for byte, what reaches it.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use ringfence_app::context::spawn;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};

/// A request as it came.
#[derive(Debug, Clone, Default)]
pub(super) struct Received {
    pub(super) method: String,
    pub(super) target: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Received {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let mut all = self.headers.iter().filter(|(n, _)| n == name);
        let first = all.next().map(|(_, value)| value.as_str());
        assert!(all.next().is_none(), "{name} is repeated: {self:?}");
        first
    }
}

/// The program and what it has received.
#[derive(Debug)]
pub(super) struct Upstream {
    pub(super) address: SocketAddr,
    received: Arc<Mutex<Vec<Received>>>,
    /// Lets a response that waits go on.
    pub(super) go_on: Arc<Notify>,
    /// How many bytes of bodies have arrived.
    pub(super) n_body_bytes: watch::Receiver<usize>,
    task: tokio::task::JoinHandle<Option<()>>,
}

impl Drop for Upstream {
    fn drop(&mut self) {
        self.task.abort();
    }
}

#[derive(Clone)]
struct Shared {
    received: Arc<Mutex<Vec<Received>>>,
    go_on: Arc<Notify>,
    n_body_bytes: Arc<watch::Sender<usize>>,
}

impl Upstream {
    pub(super) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (count, n_body_bytes) = watch::channel(0);
        let shared = Shared {
            received: Arc::default(),
            go_on: Arc::default(),
            n_body_bytes: Arc::new(count),
        };
        let (received, go_on) = (Arc::clone(&shared.received), Arc::clone(&shared.go_on));
        let task = spawn("upstream", async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shared = shared.clone();
                // A connection that breaks off is the other side's matter.
                spawn("upstream connection", async move {
                    connection(stream, shared).await
                });
            }
        });
        Self {
            address,
            received,
            go_on,
            n_body_bytes,
            task,
        }
    }

    pub(super) fn n_received(&self) -> usize {
        self.received.lock().unwrap().len()
    }

    pub(super) fn last(&self) -> Received {
        let all = self.received.lock().unwrap();
        all.last().cloned().expect("something has arrived")
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}

async fn connection(mut stream: TcpStream, shared: Shared) -> std::io::Result<()> {
    let mut buffer = Vec::new();
    loop {
        let Some(mut request) = head(&mut stream, &mut buffer).await? else {
            return Ok(());
        };
        request.body = body(&mut stream, &mut buffer, &request, &shared).await?;
        let target = request.target.clone();
        shared.received.lock().unwrap().push(request);
        let path = target.split('?').next().unwrap_or_default();
        let answer: &[u8] = match path.rsplit('/').next().unwrap_or_default() {
            "cut" => return Ok(()),
            "half" => {
                let half = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf";
                return stream.write_all(half).await;
            }
            "garbage" => b"this is no HTTP\r\n\r\n",
            "switch" => b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n",
            "slow" => {
                shared.go_on.notified().await;
                b"HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\nslow"
            }
            "trickle" => {
                let begin = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\none\r\n";
                stream.write_all(begin).await?;
                shared.go_on.notified().await;
                b"3\r\ntwo\r\n0\r\n\r\n"
            }
            "claims" => {
                b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nx-ringfence-account: forged\r\nx-request-id: forged\r\nconnection: x-private\r\nx-private: 1\r\nkeep-alive: timeout=5\r\n\r\nok"
            }
            _ => b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ncontent-length: 4\r\n\r\necho",
        };
        stream.write_all(answer).await?;
    }
}

async fn head(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> std::io::Result<Option<Received>> {
    let end = loop {
        if let Some(at) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
            break at;
        }
        if more(stream, buffer).await? == 0 {
            return Ok(None);
        }
    };
    let text = String::from_utf8_lossy(&buffer[..end]).into_owned();
    buffer.drain(..end + 4);
    let mut lines = text.split("\r\n");
    let mut words = lines.next().unwrap_or_default().split(' ');
    let mut word = || words.next().unwrap_or_default().to_owned();
    let headers = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    Ok(Some(Received {
        method: word(),
        target: word(),
        headers,
        body: Vec::new(),
    }))
}

async fn body(
    stream: &mut TcpStream,
    buffer: &mut Vec<u8>,
    request: &Received,
    shared: &Shared,
) -> std::io::Result<Vec<u8>> {
    let mut body = Vec::new();
    if request.header("transfer-encoding") == Some("chunked") {
        loop {
            let line = line(stream, buffer).await?;
            let size = usize::from_str_radix(line.trim(), 16).map_err(std::io::Error::other)?;
            body.extend(exactly(stream, buffer, size + 2, shared).await?);
            body.truncate(body.len() - 2);
            if size == 0 {
                return Ok(body);
            }
        }
    }
    let length = request.header("content-length").unwrap_or("0");
    let length = length.parse().map_err(std::io::Error::other)?;
    exactly(stream, buffer, length, shared).await
}

async fn line(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> std::io::Result<String> {
    loop {
        if let Some(at) = buffer.windows(2).position(|two| two == b"\r\n") {
            let line = String::from_utf8_lossy(&buffer[..at]).into_owned();
            buffer.drain(..at + 2);
            return Ok(line);
        }
        if more(stream, buffer).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
}

async fn exactly(
    stream: &mut TcpStream,
    buffer: &mut Vec<u8>,
    length: usize,
    shared: &Shared,
) -> std::io::Result<Vec<u8>> {
    let mut told = 0;
    loop {
        let have = buffer.len().min(length);
        shared.n_body_bytes.send_modify(|n| *n += have - told);
        told = have;
        if have == length {
            return Ok(buffer.drain(..length).collect());
        }
        if more(stream, buffer).await? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
    }
}

async fn more(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> std::io::Result<usize> {
    let mut part = vec![0; 16 * 1024];
    let n_read = stream.read(&mut part).await?;
    buffer.extend_from_slice(&part[..n_read]);
    Ok(n_read)
}
