//! What the token service of applications has answered outlives `kill -9`: a refresh token that was used is used, one that
//! was given works, and what was revoked is refused, on every node.
//!
//! Real processes: one node on SQLite, two on one PostgreSQL. Each round kills all of them right after the answer.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking and waits for what real processes do in real time"
)]

use ringfence_testkit::process::{Binary, ServerProcess, data_dir_with_key};
use serde_json::Value;
use std::path::Path;
use std::time::{Duration, Instant};

const KEY: &str = "2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a";
const PASSWORD: &str = "Correct-Horse-7-Battery";
const CALL: &str = "/t/vbc.prod/provisioning/v1/api/accounts/self";
const GONE: &str = "Persisted access token data not found";

#[tokio::test(flavor = "multi_thread")]
async fn answers_outlive_kill_9_with_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = data_dir_with_key(folder.path(), "node", KEY);
    answers_outlive_kill_9(&[binary(&data_dir, None)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_outlive_kill_9_with_two_nodes_on_postgres() {
    let Some(store) = ringfence_testkit::stores::postgres().await else {
        return;
    };
    let nodes = ["a", "b"].map(|name| {
        let data_dir = data_dir_with_key(store.folder.path(), name, KEY);
        binary(&data_dir, Some(store.url.clone()))
    });
    answers_outlive_kill_9(&nodes).await;
}

/// An application, and what sends its requests.
struct Cluster<'n> {
    binaries: &'n [Binary],
    servers: Vec<ServerProcess>,
    http: reqwest::Client,
    key: String,
    secret: String,
}

async fn answers_outlive_kill_9(binaries: &[Binary]) {
    let (key, secret) = registered(&binaries[0]);
    let mut cluster = Cluster {
        binaries,
        servers: binaries.iter().map(|b| serve(b, "127.0.0.1:0")).collect(),
        http: reqwest::Client::builder()
            .timeout(Duration::from_secs(10))
            .build()
            .unwrap(),
        key,
        secret,
    };
    let first = cluster.by_password().await;
    cluster.kill_and_restart_all();

    let mut refresh = text(&first, "refresh_token");
    let mut access = text(&first, "access_token");
    for _ in 0..3 {
        let (status, next) = cluster.refresh(0, &refresh).await;
        assert_eq!(status, 200, "{next}");
        cluster.kill_and_restart_all();
        cluster
            .assert_called(&text(&next, "access_token"), 200)
            .await;
        cluster.assert_called(&access, 401).await;
        // An answer that was lost in the crash can be had again on any node, and is the same one.
        let last = cluster.servers.len() - 1;
        let (status, again) = cluster.refresh(last, &refresh).await;
        assert_eq!(status, 200, "{again}");
        assert_eq!(text(&again, "refresh_token"), text(&next, "refresh_token"));
        (refresh, access) = (text(&next, "refresh_token"), text(&next, "access_token"));
    }

    // The very first one was used up before two crashes: showing it ends the family, also over another crash.
    let (status, reused) = cluster.refresh(0, &text(&first, "refresh_token")).await;
    assert_eq!(
        (status, text(&reused, "error_description")),
        (400, GONE.to_owned())
    );
    cluster.kill_and_restart_all();
    cluster.assert_called(&access, 401).await;
    let (status, _) = cluster.refresh(0, &refresh).await;
    assert_eq!(status, 400);

    let revoked = cluster.by_password().await;
    let neighbour = cluster.by_password_with("openid device_7").await;
    let mut form = cluster.proof();
    form.push(("token", text(&revoked, "refresh_token")));
    assert_eq!(cluster.post(0, "/revoke", &form).await.0, 200);
    cluster.kill_and_restart_all();
    cluster
        .assert_called(&text(&revoked, "access_token"), 401)
        .await;
    cluster
        .assert_called(&text(&neighbour, "access_token"), 200)
        .await;
    for node in 0..cluster.servers.len() {
        let (status, body) = cluster
            .refresh(node, &text(&revoked, "refresh_token"))
            .await;
        assert_eq!(
            (status, text(&body, "error_description")),
            (400, GONE.to_owned())
        );
    }
}

/// Registers an application with keys; gives its key and secret.
fn registered(cli: &Binary) -> (String, String) {
    let _ = cli.json(&[
        "account",
        "create",
        "northwind",
        "--region",
        "nam",
        "--kind",
        "vbc",
    ]);
    let person = [
        "user",
        "create",
        "api_user",
        "--account",
        "northwind",
        "--role",
        "Admin",
        "--password-stdin",
    ];
    let made = cli.output(&person, PASSWORD);
    assert!(
        made.status.success(),
        "{}",
        String::from_utf8_lossy(&made.stderr)
    );
    let _ = cli.json(&[
        "developer",
        "create",
        "dana.api",
        "--name",
        "Dana Dev",
        "--email",
        "dana@example.com",
    ]);
    let app = cli.json(&[
        "app",
        "create",
        "Nightly",
        "--developer",
        "dana.api",
        "--quota",
        "Unlimited",
    ]);
    let id = app["id"].as_str().unwrap();
    let _ = cli.json(&["subscription", "add", id, "Provisioning"]);
    let grants = ["--grant", "password", "--grant", "refresh_token"];
    let keys = cli.json(&[&["app", "keys", "generate", id][..], &grants].concat());
    (text(&keys, "consumer_key"), text(&keys, "consumer_secret"))
}

impl Cluster<'_> {
    fn proof(&self) -> Vec<(&'static str, String)> {
        vec![
            ("client_id", self.key.clone()),
            ("client_secret", self.secret.clone()),
        ]
    }

    async fn by_password(&self) -> Value {
        self.by_password_with("openid").await
    }

    async fn by_password_with(&self, scope: &str) -> Value {
        let mut form = self.proof();
        form.extend([
            ("grant_type", "password".to_owned()),
            ("scope", scope.to_owned()),
            ("username", "api_user@vbc.prod".to_owned()),
            ("password", PASSWORD.to_owned()),
        ]);
        let (status, body) = self.post(0, "/token", &form).await;
        assert_eq!(status, 200, "{body}");
        body
    }

    async fn refresh(&self, node: usize, token: &str) -> (u16, Value) {
        let mut form = self.proof();
        form.extend([
            ("grant_type", "refresh_token".to_owned()),
            ("refresh_token", token.to_owned()),
        ]);
        self.post(node, "/token", &form).await
    }

    async fn post(&self, node: usize, path: &str, form: &[(&str, String)]) -> (u16, Value) {
        let body: Vec<String> = form
            .iter()
            .map(|(name, value)| format!("{name}={}", value.replace('@', "%40").replace(' ', "+")))
            .collect();
        let request = self
            .http
            .post(format!("{}{path}", self.servers[node].url))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body.join("&"));
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let body = answer.text().await.unwrap();
        (status, serde_json::from_str(&body).unwrap_or(Value::Null))
    }

    /// Every node answers so to a call with that token, within a second.
    async fn assert_called(&self, token: &str, wanted: u16) {
        let began = Instant::now();
        for server in &self.servers {
            loop {
                let request = self.http.get(format!("{}{CALL}", server.url));
                let status = request.bearer_auth(token).send().await.unwrap().status();
                if status == wanted {
                    break;
                }
                let in_time = began.elapsed() < Duration::from_secs(1);
                assert!(in_time, "{}: {status} instead of {wanted}", server.url);
            }
        }
    }

    fn kill_and_restart_all(&mut self) {
        let addresses: Vec<String> = self
            .servers
            .iter()
            .map(|s| s.address().to_owned())
            .collect();
        for server in self.servers.drain(..) {
            server.kill();
        }
        for (binary, address) in self.binaries.iter().zip(&addresses) {
            self.servers.push(serve(binary, address));
        }
    }
}

// Nodes of one installation share the address that clients know, which stands in every token. Two restarts may take longer
// than the ten seconds in which a lost answer can usually be had again.
fn serve(binary: &Binary, listen: &str) -> ServerProcess {
    let settings = binary.data_dir.join("ringfence.toml");
    let text = "[server]\npublic_url = \"http://ringfence.test\"\n[vbc]\nretry_window_secs = 60\n";
    std::fs::write(&settings, text).unwrap();
    binary.serve(listen, &["--config", settings.to_str().unwrap()])
}

fn binary(data_dir: &Path, database_url: Option<String>) -> Binary {
    Binary {
        path: env!("CARGO_BIN_EXE_ringfence").into(),
        data_dir: data_dir.to_owned(),
        database_url,
    }
}

fn text(body: &Value, name: &str) -> String {
    body[name].as_str().unwrap_or_default().to_owned()
}
