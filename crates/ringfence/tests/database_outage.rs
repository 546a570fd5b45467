//! PostgreSQL goes away and comes back under load: what is known goes on, nothing is guessed, nothing is lost.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and measures what real processes do in real time"
)]

use ringfence_testkit::gate::TcpGate;
use ringfence_testkit::process::{Binary, ServerProcess};
use serde_json::Value;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

const STALENESS: Duration = Duration::from_secs(4);
const CALL: &str = "/useradmin/users?limit=1";
const ACCEPT: &str = "application/vnd.newvoicemedia.v4+json";

struct Outage {
    binary: Binary,
    server: ServerProcess,
    gate: TcpGate,
    http: reqwest::Client,
    id: String,
    secret: String,
    _folder: tempfile::TempDir,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_serves_from_its_snapshot_then_refuses_then_recovers() {
    let Some(outage) = Outage::begin().await else {
        return;
    };
    let token = outage.token().await.unwrap();
    let load = Load::start(&outage, &token);

    outage.gate.close();
    let closed = Instant::now();
    // Well within the bound every token request and every admission is answered from memory.
    while closed.elapsed() < STALENESS / 2 {
        assert!(outage.token().await.is_ok());
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // What cannot be made durable is not promised.
    assert_eq!(outage.revoke(&token).await, 503);
    let edit = outage
        .binary
        .output(&["credential", "edit", &outage.id, "--name", "other"], "");
    assert_eq!(
        edit.status.code(),
        Some(3),
        "{}",
        String::from_utf8_lossy(&edit.stderr)
    );

    // Past the bound it says so instead of guessing.
    let refused = loop {
        match outage.token().await {
            Ok(_) => assert!(
                closed.elapsed() < STALENESS * 3,
                "a stale node still issues tokens"
            ),
            Err(answer) => break answer,
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert_eq!(refused.status(), 503);
    assert!(refused.headers().contains_key("retry-after"));
    let call = outage.call(&token).await;
    assert_eq!(call.status(), 503);
    assert!(call.headers().contains_key("retry-after"));

    outage.gate.open();
    let opened = Instant::now();
    while outage.token().await.is_err() {
        assert!(
            opened.elapsed() < Duration::from_secs(10),
            "the node does not come back"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(outage.revoke(&token).await, 200);
    let revoked = Instant::now();
    while outage.call(&token).await.status() != 401 {
        assert!(
            revoked.elapsed() < Duration::from_secs(1),
            "the change feed is followed again"
        );
    }
    load.stop().await;
}

/// Calls all the while; an answer other than 200, 401 or 503 is a failure.
struct Load {
    stop: Arc<AtomicBool>,
    n_good: Arc<AtomicU64>,
    task: tokio::task::JoinHandle<()>,
}

impl Load {
    fn start(outage: &Outage, token: &str) -> Self {
        let (stop, n_good) = (
            Arc::new(AtomicBool::new(false)),
            Arc::new(AtomicU64::new(0)),
        );
        let (http, url, token) = (
            outage.http.clone(),
            format!("{}{CALL}", outage.server.url),
            token.to_owned(),
        );
        let (told, counted) = (Arc::clone(&stop), Arc::clone(&n_good));
        let task = tokio::spawn(async move {
            while !told.load(Ordering::SeqCst) {
                let answer = http
                    .get(&url)
                    .bearer_auth(&token)
                    .header("accept", ACCEPT)
                    .send()
                    .await
                    .unwrap();
                let status = answer.status().as_u16();
                // 503 also when the call is admitted and its answer lies in the database.
                assert!(matches!(status, 200 | 401 | 503), "{status}");
                counted.fetch_add(u64::from(status == 200), Ordering::SeqCst);
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        });
        Self { stop, n_good, task }
    }

    async fn stop(self) {
        self.stop.store(true, Ordering::SeqCst);
        self.task.await.unwrap();
        assert!(self.n_good.load(Ordering::SeqCst) > 0, "the load was real");
    }
}

impl Outage {
    async fn begin() -> Option<Self> {
        let store = ringfence_testkit::stores::postgres().await?;
        let (user, rest) = store.url.split_once('@').unwrap();
        let (server, database) = rest.split_once('/').unwrap();
        let server = if server.contains(':') {
            server.to_owned()
        } else {
            format!("{server}:5432")
        };
        let gate = TcpGate::before(server).await;
        let settings = store.folder.path().join("ringfence.toml");
        std::fs::write(
            &settings,
            format!(
                "[directory]\nmax_staleness_secs = {}\n",
                STALENESS.as_secs()
            ),
        )
        .unwrap();
        let binary = Binary {
            path: env!("CARGO_BIN_EXE_ringfence").into(),
            data_dir: store.folder.path().join("node"),
            database_url: Some(format!("{user}@{}/{database}", gate.address)),
        };
        let _ = binary.json(&["account", "create", "acme"]);
        let _ = binary.json(&[
            "user",
            "create",
            "sam",
            "--account",
            "acme",
            "--role",
            "Admin",
        ]);
        let create = [
            "credential",
            "create",
            "--account",
            "acme",
            "--owner",
            "sam",
            "--name",
            "n",
            "--scope",
            "users:read",
        ];
        let made = binary.json(&create);
        let text = |key: &str| made[key].as_str().unwrap().to_owned();
        let (id, secret) = (text("client_id"), text("client_secret"));
        let server = binary.serve("127.0.0.1:0", &["--config", settings.to_str().unwrap()]);
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(30))
            .build()
            .unwrap();
        Some(Self {
            binary,
            server,
            gate,
            http,
            id,
            secret,
            _folder: store.folder,
        })
    }

    async fn form(&self, path: &str, more: &str) -> reqwest::Response {
        let body = format!("client_id={}&client_secret={}&{more}", self.id, self.secret);
        let request = self
            .http
            .post(format!("{}{path}", self.server.url))
            .body(body);
        request
            .header("content-type", "application/x-www-form-urlencoded")
            .send()
            .await
            .unwrap()
    }

    async fn token(&self) -> Result<String, reqwest::Response> {
        let answer = self
            .form(
                "/Auth/connect/token",
                "grant_type=client_credentials&scope=users%3Aread",
            )
            .await;
        if answer.status() != 200 {
            return Err(answer);
        }
        let body: Value = answer.json().await.unwrap();
        Ok(body["access_token"].as_str().unwrap().to_owned())
    }

    async fn revoke(&self, token: &str) -> u16 {
        self.form("/Auth/connect/revocation", &format!("token={token}"))
            .await
            .status()
            .as_u16()
    }

    async fn call(&self, token: &str) -> reqwest::Response {
        let request = self.http.get(format!("{}{CALL}", self.server.url));
        request
            .bearer_auth(token)
            .header("accept", ACCEPT)
            .send()
            .await
            .unwrap()
    }
}
