//! Calls passed on: streaming both ways, and what happens when the upstream fails.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{Bench, read_all};

#[tokio::test]
async fn a_call_arrives_whole_and_its_answer_comes_back() {
    let bench = Bench::new().await;
    let body = "x".repeat(300_000);
    let lines = [bench.bearer(), "content-type: text/plain".to_owned()];
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let answer = bench.send("PUT", "/up/7?a=b", &lines, &body).await;
    assert_eq!((answer.status, answer.text.as_str()), (200, "echo"));
    assert_eq!(answer.header("content-type"), Some("text/plain"));
    let received = bench.upstream.last();
    assert_eq!(
        (received.method.as_str(), received.target.as_str()),
        ("PUT", "/up/7?a=b")
    );
    assert_eq!(received.body, body.as_bytes());
    assert_eq!(received.header("content-length"), Some("300000"));
    assert_eq!(received.header("content-type"), Some("text/plain"));
}

#[tokio::test]
async fn an_answer_streams_before_it_is_whole() {
    let bench = Bench::new().await;
    let mut stream = TcpStream::connect(bench.app.address).await.unwrap();
    let head = format!(
        "GET /up/trickle HTTP/1.1\r\nhost: a\r\n{}\r\n\r\n",
        bench.bearer()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut seen = Vec::new();
    while !seen.ends_with(b"one\r\n") {
        assert!(
            stream.read_buf(&mut seen).await.unwrap() > 0,
            "the first part comes by itself"
        );
    }
    bench.upstream.go_on.notify_one();
    let (rest, _) = read_all(&mut stream).await;
    assert!(String::from_utf8_lossy(&rest).contains("two"));
}

#[tokio::test]
async fn a_body_streams_before_it_is_whole() {
    let bench = Bench::new().await;
    let mut stream = TcpStream::connect(bench.app.address).await.unwrap();
    let head = format!(
        "POST /up/1 HTTP/1.1\r\nhost: a\r\n{}\r\ncontent-length: 6\r\n\r\none",
        bench.bearer()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut n_body_bytes = bench.upstream.n_body_bytes.clone();
    n_body_bytes.wait_for(|n| *n == 3).await.unwrap();
    stream.write_all(b"two").await.unwrap();
    let (answer, _) = read_all(&mut stream).await;
    assert!(answer.starts_with(b"HTTP/1.1 200"));
    assert_eq!(bench.upstream.last().body, b"onetwo");
}

#[tokio::test]
async fn a_failing_upstream_is_named_by_kind() {
    let bench = Bench::new().await;
    for (target, status, reason) in [
        ("/absent/1", 502, "upstream_unreachable"),
        ("/up/cut", 502, "upstream_broken"),
        ("/up/garbage", 502, "upstream_broken"),
        ("/up/switch", 502, "upstream_upgrade"),
        ("/hasty/slow", 504, "upstream_timeout"),
    ] {
        let answer = bench.get_good(target, &[]).await;
        assert_eq!(
            (answer.status, answer.reason().as_str()),
            (status, reason),
            "{target}"
        );
        assert!(
            !answer.text.contains("127.0.0.1"),
            "no address goes out: {answer:?}"
        );
    }
    assert_eq!(
        bench.call().await.status,
        200,
        "and the next call goes through"
    );
    let metrics = bench.get("/metrics", &[]).await.text;
    assert!(
        metrics.contains("ringfence_upstream_faults_total"),
        "{metrics}"
    );
}

#[tokio::test]
async fn an_answer_cut_short_is_cut_short_for_the_caller_too() {
    let bench = Bench::new().await;
    let answer = bench.get_good("/up/half", &[]).await;
    assert!(answer.closed && answer.text.len() < 10, "{answer:?}");
}

#[tokio::test]
async fn an_upstream_that_closed_a_kept_connection_fails_no_call() {
    let bench = Bench::new().await;
    for _ in 0..20 {
        // Each leaves a dead connection in the pool, or none; reading again is harmless and is done.
        assert_eq!(bench.get_good("/up/cut", &[]).await.status, 502);
        assert_eq!(bench.call().await.status, 200);
    }
}

#[tokio::test]
async fn a_body_longer_than_the_route_allows_is_refused_under_way() {
    let bench = Bench::new().await;
    let mut stream = TcpStream::connect(bench.app.address).await.unwrap();
    let head = format!(
        "POST /up/1 HTTP/1.1\r\nhost: a\r\n{}\r\ntransfer-encoding: chunked\r\n\r\n",
        bench.bearer()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(0x10000));
    for _ in 0..20 {
        // The server may have closed by now.
        if stream.write_all(chunk.as_bytes()).await.is_err() {
            break;
        }
    }
    let (answer, closed) = read_all(&mut stream).await;
    let answer = super::parse(&answer, closed);
    // A reset may overtake the answer; the call reaches nobody either way.
    assert!([0, 413].contains(&answer.status), "{answer:?}");
    assert!(closed);
    assert_eq!(bench.upstream.n_received(), 0);
}

#[tokio::test]
async fn a_body_that_stops_coming_is_given_up() {
    let bench = Bench::new().await;
    let head = format!(
        "POST /hasty/1 HTTP/1.1\r\nhost: a\r\n{}\r\ncontent-length: 6\r\n\r\none",
        bench.bearer()
    );
    let answer = super::raw(bench.app.address, head.as_bytes()).await;
    assert!([408, 504].contains(&answer.status), "{answer:?}");
    assert_eq!(bench.upstream.n_received(), 0);
}
