//! `ringfence serve` as a process: SIGTERM under load fails no request, and the process ends well and soon.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and measures what a real process does in real time"
)]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const BINARY: &str = env!("CARGO_BIN_EXE_ringfence");
const N_CALLERS: usize = 12;

/// A process that does not outlive its test.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // It has ended already when the test went well.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(data: &std::path::Path) -> (Server, SocketAddr) {
    let child = Command::new(BINARY)
        .arg("--data-dir")
        .arg(data)
        .args(["--json", "serve", "--listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut server = Server(child);
    let mut line = String::new();
    BufReader::new(server.0.stdout.as_mut().unwrap())
        .read_line(&mut line)
        .unwrap();
    let ready: serde_json::Value = serde_json::from_str(&line).unwrap();
    let url = ready["url"].as_str().unwrap();
    let address = url.strip_prefix("http://").unwrap().parse().unwrap();
    (server, address)
}

/// Whether a whole answer came, and whether the connection may be used again; `None` when nothing came.
fn ask(stream: &mut TcpStream) -> Option<bool> {
    let request = b"GET /livez HTTP/1.1\r\nhost: a\r\n\r\n";
    stream.write_all(request).ok()?;
    let mut answer = Vec::new();
    let mut part = [0; 1024];
    while !answer.ends_with(b"\r\n\r\nok\n") {
        match stream.read(&mut part) {
            Ok(0) | Err(_) => return None,
            Ok(n_read) => answer.extend_from_slice(&part[..n_read]),
        }
    }
    let text = String::from_utf8_lossy(&answer).to_ascii_lowercase();
    assert!(text.starts_with("http/1.1 200"), "{text}");
    Some(!text.contains("connection: close"))
}

/// Calls until nobody listens any more; one in two keeps its connection as long as it may.
fn call_until_gone(address: SocketAddr, keeps: bool, n_answered: &AtomicUsize) -> usize {
    let mut n_failed = 0;
    loop {
        let Ok(mut stream) = TcpStream::connect(address) else {
            return n_failed;
        };
        stream
            .set_read_timeout(Some(Duration::from_secs(10)))
            .unwrap();
        loop {
            match ask(&mut stream) {
                Some(again) => {
                    n_answered.fetch_add(1, Ordering::Relaxed);
                    if !again || !keeps {
                        break;
                    }
                }
                None => {
                    n_failed += 1;
                    break;
                }
            }
        }
    }
}

#[test]
fn sigterm_under_load_fails_no_request() {
    let folder = tempfile::tempdir().unwrap();
    let (mut server, address) = start(folder.path());
    let n_answered = AtomicUsize::new(0);
    let n_failed: usize = std::thread::scope(|scope| {
        let callers: Vec<_> = (0..N_CALLERS)
            .map(|n| {
                let n_answered = &n_answered;
                scope.spawn(move || call_until_gone(address, n % 2 == 0, n_answered))
            })
            .collect();
        while n_answered.load(Ordering::Relaxed) < 500 {
            std::thread::yield_now();
        }
        let pid = server.0.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &pid]).status().unwrap();
        assert!(sent.success());
        callers
            .into_iter()
            .map(|caller| caller.join().unwrap())
            .sum()
    });
    assert_eq!(n_failed, 0, "of {} answered", n_answered.into_inner());
    let stopped = Instant::now();
    let status = server.0.wait().unwrap();
    assert!(status.success(), "{status}");
    assert!(stopped.elapsed() < Duration::from_secs(10));
}
