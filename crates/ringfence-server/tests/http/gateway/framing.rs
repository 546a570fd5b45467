//! Where one request ends and the next begins.

use super::{Bench, raw};

const CHUNKED: &str = "transfer-encoding: chunked";

/// A request to smuggle behind another.
const SECOND: &str = "GET /livez HTTP/1.1\r\nhost: a\r\n\r\n";

async fn send(bench: &Bench, head: &[&str], body: &str) -> super::Answer {
    let bearer = bench.bearer();
    let text = format!("{}\r\n{bearer}\r\n\r\n{body}", head.join("\r\n"));
    raw(bench.app.address, text.as_bytes()).await
}

#[tokio::test]
async fn c99_ambiguous_lengths_are_refused_and_the_connection_closed() {
    let bench = Bench::new().await;
    let post = "POST /up/1 HTTP/1.1\r\nhost: a";
    let old = "POST /up/1 HTTP/1.0\r\nhost: a";
    let cases: &[(&[&str], &str)] = &[
        (&[post, "content-length: 4", CHUNKED], "0\r\n\r\n"),
        (&[post, CHUNKED, "content-length: 4"], "0\r\n\r\n"),
        (&[post, "content-length: +5"], "hello"),
        (&[post, "content-length: -1"], ""),
        (&[post, "content-length: 0x5"], "hello"),
        (&[post, "content-length: 5 5"], "hello"),
        (&[post, "content-length: 5, 5"], "hello"),
        (&[post, "content-length: 5", "content-length: 6"], "hello"),
        (&[post, "content-length: 5", "content-length: 5"], "hello"),
        (&[post, "content-length:"], ""),
        (&[post, "content-length : 5"], "hello"),
        (&[post, "content_length: 5"], "hello"),
        (&[post, " content-length: 5"], "hello"),
        (&[post, "x: a\r\n content-length: 5"], "hello"),
        (&[post, "x: a\ncontent-length: 5"], "hello"),
        (&[post, "x: a\rcontent-length: 5"], "hello"),
        (&[post, "transfer-encoding: gzip, chunked"], "0\r\n\r\n"),
        (&[post, "transfer-encoding: chunked, identity"], "0\r\n\r\n"),
        (&[post, "transfer-encoding: identity"], "hello"),
        (&[post, "transfer-encoding: xchunked"], "0\r\n\r\n"),
        (&[post, "transfer-encoding:\x0bchunked"], "0\r\n\r\n"),
        (&[post, CHUNKED, CHUNKED], "0\r\n\r\n"),
        (&[post, "transfer_encoding: chunked"], "0\r\n\r\n"),
        (&[old, CHUNKED], "0\r\n\r\n"),
    ];
    for (head, body) in cases {
        let answer = send(&bench, head, &format!("{body}{SECOND}")).await;
        assert_eq!(answer.status, 400, "{head:?}: {answer:?}");
        assert!(answer.closed, "{head:?}");
        assert!(
            !answer.text.contains("HTTP/1.1 200"),
            "{head:?}: {answer:?}"
        );
    }
    assert_eq!(bench.upstream.n_received(), 0);
}

#[tokio::test]
async fn c99_bad_chunks_are_refused_and_the_connection_closed() {
    let bench = Bench::new().await;
    let head = &["POST /up/1 HTTP/1.1\r\nhost: a", CHUNKED];
    let bodies = [
        "+5\r\nhello\r\n0\r\n\r\n",
        "0x5\r\nhello\r\n0\r\n\r\n",
        "5 \r\nhello\r\n0\r\n\r\n",
        "5\nhello\r\n0\r\n\r\n",
        "5\r\nhello0\r\n\r\n",
        "5\r\nhello!\r\n0\r\n\r\n",
        "\r\nhello\r\n0\r\n\r\n",
        "-1\r\n\r\n",
        "g\r\nhello\r\n0\r\n\r\n",
        "ffffffffffffffff1\r\nhello\r\n",
        "5;x\ny\r\nhello\r\n0\r\n\r\n",
        "0\r\ncontent-length: 5\r\n\r\n",
        "0\r\nx: a\n\r\n",
    ];
    for body in bodies {
        let answer = send(&bench, head, &format!("{body}{SECOND}")).await;
        assert!(answer.closed, "{body:?}: {answer:?}");
        assert!(
            [0, 400, 502].contains(&answer.status),
            "{body:?}: {answer:?}"
        );
        assert!(
            !answer.text.contains("HTTP/1.1 200"),
            "{body:?}: {answer:?}"
        );
    }
    assert_eq!(bench.upstream.n_received(), 0);
}

#[tokio::test]
async fn c99_data_after_an_upgrade_that_nobody_took_is_not_read() {
    let bench = Bench::new().await;
    for upgrade in ["websocket", "h2c", "tls/1.2"] {
        let upgrade = format!("upgrade: {upgrade}");
        let head = &[
            "GET /up/1 HTTP/1.1\r\nhost: a",
            "connection: upgrade",
            &upgrade,
        ];
        let answer = send(&bench, head, SECOND).await;
        assert!(answer.closed, "{upgrade}");
        assert_eq!(
            answer.status, 200,
            "{upgrade}: answered as if it had not asked"
        );
        assert_eq!(answer.text, "echo", "{upgrade}: and the rest is not read");
        assert_eq!(bench.upstream.last().header("upgrade"), None);
    }
    let connect = send(
        &bench,
        &["CONNECT api.example:443 HTTP/1.1\r\nhost: api.example:443"],
        SECOND,
    )
    .await;
    assert!(connect.closed && connect.status >= 400, "{connect:?}");
    assert!(!connect.text.contains("200 OK"), "{connect:?}");
}

#[tokio::test]
async fn good_requests_follow_each_other_on_one_connection() {
    let bench = Bench::new().await;
    let bearer = bench.bearer();
    let text = format!(
        "POST /up/1 HTTP/1.1\r\nhost: a\r\n{bearer}\r\n{CHUNKED}\r\n\r\n5;x=y\r\nhello\r\n1\r\n!\r\n0\r\n\r\n\
         POST /up/2 HTTP/1.1\r\nhost: a\r\n{bearer}\r\ncontent-length: 3\r\n\r\nabc\
         GET /up/3 HTTP/1.1\r\nhost: a\r\n{bearer}\r\nconnection: close\r\n\r\n"
    );
    let answer = raw(bench.app.address, text.as_bytes()).await;
    assert_eq!(
        answer.text.matches("HTTP/1.1 200 OK").count(),
        2,
        "{answer:?}"
    );
    assert_eq!((answer.status, answer.closed), (200, true));
    assert_eq!(bench.upstream.n_received(), 3);
    assert_eq!(bench.upstream.last().target, "/up/3");
}

/// The same bytes in any pieces: what is refused whole is refused in parts.
#[tokio::test]
async fn c99_cutting_the_bytes_changes_nothing() {
    use tokio::io::AsyncWriteExt;
    let bench = Bench::new().await;
    let text = format!(
        "POST /up/1 HTTP/1.1\r\nhost: a\r\n{}\r\ncontent-length: 5\r\n{CHUNKED}\r\n\r\n0\r\n\r\n{SECOND}",
        bench.bearer()
    );
    let bytes = text.as_bytes();
    let interesting = bytes.len() - 110..bytes.len() - 40;
    for cut in interesting.step_by(7) {
        let mut stream = tokio::net::TcpStream::connect(bench.app.address)
            .await
            .unwrap();
        stream.set_nodelay(true).unwrap();
        let (first, second) = bytes.split_at(cut);
        stream.write_all(first).await.unwrap();
        stream.flush().await.unwrap();
        // Gives the first part the time to be read by itself; the outcome is the same either way.
        for _ in 0..50 {
            tokio::task::yield_now().await;
        }
        let _ = stream.write_all(second).await;
        let (read, closed) = super::read_all(&mut stream).await;
        let answer = super::parse(&read, closed);
        assert_eq!((answer.status, answer.closed), (400, true), "cut at {cut}");
    }
    assert_eq!(bench.upstream.n_received(), 0);
}
