//! The listener with TLS, over HTTP/1.1 and HTTP/2.

use ringfence_app::context::spawn;
use ringfence_server::app::{App, Limits};
use ringfence_server::gateway::routes::RouteTable;
use ringfence_server::router::router;
use ringfence_server::web::listener::{ListenerSettings, listener_serve};
use ringfence_server::web::tls::Tls;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::Bench;

/// A second listener of the bench's server, with TLS, and a client that trusts it.
async fn encrypted(bench: &Bench) -> (String, reqwest::ClientBuilder) {
    let tls = Tls::self_signed(&["localhost".to_owned()]).unwrap();
    let certificate = reqwest::Certificate::from_pem(tls.certificate_pem.as_bytes()).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!(
        "https://localhost:{}",
        listener.local_addr().unwrap().port()
    );
    let routes = RouteTable::from_settings(&super::routes(&bench.upstream.url())).unwrap();
    let app = App::new(bench.app.ctx.clone(), Limits::default());
    let service = router(app.with_upstreams(routes).unwrap());
    let never = std::future::pending();
    let settings = ListenerSettings::default();
    let serve = listener_serve(listener, Some(tls), service, settings, never);
    drop(spawn("serve", serve));
    let client = reqwest::Client::builder().tls_certs_only([certificate]);
    (base, client)
}

#[tokio::test]
async fn calls_go_through_over_both_versions() {
    let bench = Bench::new().await;
    let (base, client) = encrypted(&bench).await;
    let both = client.build().unwrap();
    let call = both
        .post(format!("{base}/up/1?a=%2e"))
        .bearer_auth(&bench.token);
    let answer = call.body("hello").send().await.unwrap();
    assert_eq!(answer.version(), reqwest::Version::HTTP_2);
    assert_eq!(answer.status(), 200);
    assert!(answer.headers().contains_key("x-request-id"));
    let received = bench.upstream.last();
    assert_eq!(
        (received.target.as_str(), received.body.as_slice()),
        ("/up/1?a=%2e", &b"hello"[..])
    );
    assert_eq!(received.header("x-forwarded-proto"), Some("https"));
    let host = base.strip_prefix("https://").unwrap();
    assert_eq!(received.header("x-forwarded-host"), Some(host));
    let refused = both.get(format!("{base}/up/1")).send().await.unwrap();
    assert_eq!(refused.status(), 401);

    let (base, client) = encrypted(&bench).await;
    let old = client.http1_only().build().unwrap();
    let call = old.get(format!("{base}/up/2")).bearer_auth(&bench.token);
    let answer = call.send().await.unwrap();
    assert_eq!(
        (answer.version(), answer.status().as_u16()),
        (reqwest::Version::HTTP_11, 200)
    );
}

#[tokio::test]
async fn c95_paths_with_two_readings_are_refused_over_http2_too() {
    let bench = Bench::new().await;
    // Known beforehand, without TLS: the preface says so.
    let client = reqwest::Client::builder()
        .http2_prior_knowledge()
        .build()
        .unwrap();
    let url = |path: &str| format!("{}{path}", bench.app.base);
    let good = client
        .get(url("/up/1"))
        .bearer_auth(&bench.token)
        .send()
        .await
        .unwrap();
    assert_eq!(
        (good.version(), good.status().as_u16()),
        (reqwest::Version::HTTP_2, 200)
    );
    for path in ["/up/a%2fb", "/up/1;x", "/up//1", "/up/%00"] {
        let answer = client
            .get(url(path))
            .bearer_auth(&bench.token)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 400, "{path}");
    }
    assert_eq!(bench.upstream.n_received(), 1);
}

#[tokio::test]
async fn plain_bytes_on_a_tls_port_are_turned_away() {
    let bench = Bench::new().await;
    let (base, _) = encrypted(&bench).await;
    let port: u16 = base.rsplit(':').next().unwrap().parse().unwrap();
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    stream
        .write_all(b"GET /livez HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    let mut answer = Vec::new();
    // A reset is as good an end as any.
    let _ = stream.read_to_end(&mut answer).await;
    assert!(!answer.starts_with(b"HTTP/1.1 200"), "{answer:?}");
}
