//! Stopping loses no request.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use ringfence_app::context::spawn;
use ringfence_server::web::listener::ListenerSettings;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

use super::{Bench, parse, read_all};

#[tokio::test]
async fn a_request_under_way_is_finished_after_the_signal() {
    let bench = Bench::with(|setup| {
        setup.listener = ListenerSettings {
            linger: Duration::from_millis(20),
            ..ListenerSettings::default()
        };
    })
    .await;
    let mut stream = TcpStream::connect(bench.app.address).await.unwrap();
    let head = format!(
        "GET /up/slow HTTP/1.1\r\nhost: a\r\n{}\r\n\r\n",
        bench.bearer()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    while bench.upstream.n_received() == 0 {
        tokio::task::yield_now().await;
    }
    bench.app.drain();
    // Once the listener is closed, a new connection is refused, and the old one still waits for its answer.
    while TcpStream::connect(bench.app.address).await.is_ok() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    bench.upstream.go_on.notify_one();
    let (text, closed) = read_all(&mut stream).await;
    let answer = parse(&text, closed);
    assert_eq!(
        (answer.status, answer.text.as_str(), answer.closed),
        (200, "slow", true)
    );
    assert_eq!(answer.header("connection"), Some("close"));
}

/// Callers that keep their connections, and callers that make a new one each time: none sees a failure.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_request_fails_while_the_server_drains_under_load() {
    let bench = Arc::new(Bench::new().await);
    let n_answered = Arc::new(AtomicUsize::new(0));
    let gone = Arc::new(AtomicBool::new(false));
    let callers: Vec<_> = (0..16)
        .map(|n| {
            let (bench, n_answered, gone) = (
                Arc::clone(&bench),
                Arc::clone(&n_answered),
                Arc::clone(&gone),
            );
            spawn("caller", async move {
                let kept = n % 2 == 0;
                let client = reqwest::Client::builder()
                    .pool_max_idle_per_host(usize::from(kept))
                    .retry(reqwest::retry::never())
                    .build()
                    .unwrap();
                loop {
                    let call = client.get(bench.app.url("/up/1")).bearer_auth(&bench.token);
                    match call.send().await {
                        Ok(answer) => {
                            assert_eq!(answer.status(), 200);
                            assert_eq!(answer.text().await.unwrap(), "echo");
                            n_answered.fetch_add(1, Ordering::Relaxed);
                        }
                        // Nobody listens any more: this call was never taken.
                        Err(fault) if fault.is_connect() => break,
                        Err(fault) => panic!("a call failed: {fault:?}"),
                    }
                }
                gone.store(true, Ordering::Relaxed);
            })
        })
        .collect();
    while n_answered.load(Ordering::Relaxed) < 200 {
        tokio::task::yield_now().await;
    }
    let before = n_answered.load(Ordering::Relaxed);
    bench.app.drain();
    for caller in callers {
        assert!(caller.await.unwrap().is_some(), "a caller saw a failure");
    }
    assert!(gone.load(Ordering::Relaxed));
    assert!(
        n_answered.load(Ordering::Relaxed) > before,
        "calls were taken during the drain"
    );
}
