//! The record of requests by the real binary: soon there, and still there after `kill -9` but for the last second.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and waits for a real process in real time"
)]

use ringfence_testkit::process::{Binary, ServerProcess};
use serde_json::Value;
use std::path::PathBuf;
use std::time::{Duration, Instant};

const REQUESTS: &str = "/api/v1/accounts/acme/requests?limit=200";

struct Scene {
    binary: Binary,
    http: reqwest::Client,
    form: String,
    _folder: tempfile::TempDir,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let binary = Binary {
            path: PathBuf::from(env!("CARGO_BIN_EXE_ringfence")),
            data_dir: folder.path().join("data"),
            database_url: None,
        };
        let account = ["account", "create", "acme", "--region", "emea"];
        let _ = binary.json(&[&account[..], &["--kind", "vcc"]].concat());
        let user = ["user", "create", "sam@acme.example", "--account", "acme"];
        let _ = binary.json(&[&user[..], &["--role", "Admin", "--name", "Sam"]].concat());
        let credential = ["credential", "create", "--account", "acme", "--owner"];
        let named = ["sam@acme.example", "--name", "watch", "--scope"];
        let scopes = ["management:read", "--scope", "stats"];
        let made = binary.json(&[&credential[..], &named, &scopes].concat());
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        let form = format!(
            "grant_type=client_credentials&client_id={}&client_secret={}&scope=management%3Aread",
            text("client_id"),
            text("client_secret")
        );
        Self {
            binary,
            http: reqwest::Client::new(),
            form,
            _folder: folder,
        }
    }

    async fn token(&self, server: &ServerProcess) -> String {
        let answer = self
            .http
            .post(format!("{}/Auth/connect/token", server.url))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(self.form.clone())
            .send()
            .await
            .unwrap();
        let body: Value = answer.json().await.unwrap();
        body["access_token"].as_str().unwrap().to_owned()
    }

    /// Makes a call that is refused, and gives its request id.
    async fn refused(&self, server: &ServerProcess, token: &str) -> String {
        let answer = self
            .http
            .get(format!("{}/stats/interactions", server.url))
            .bearer_auth(token)
            .send()
            .await
            .unwrap();
        assert!(matches!(answer.status().as_u16(), 401 | 403));
        answer.headers()["x-request-id"]
            .to_str()
            .unwrap()
            .to_owned()
    }

    async fn recorded(&self, server: &ServerProcess, token: &str) -> Vec<String> {
        let answer = self
            .http
            .get(format!("{}{REQUESTS}", server.url))
            .bearer_auth(token)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 200);
        let page: Value = answer.json().await.unwrap();
        let items = page["items"].as_array().unwrap().iter();
        items
            .map(|item| item["id"].as_str().unwrap().to_owned())
            .collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_loses_at_most_the_last_second() {
    let scene = Scene::new();
    let server = scene.binary.serve("127.0.0.1:0", &[]);
    let token = scene.token(&server).await;
    let first = scene.refused(&server, &token).await;
    let made = Instant::now();
    while !scene.recorded(&server, &token).await.contains(&first) {
        assert!(
            made.elapsed() < Duration::from_secs(2),
            "a call is on record within two seconds"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }

    let mut calls = Vec::new();
    let began = Instant::now();
    while began.elapsed() < Duration::from_secs(3) {
        let id = scene.refused(&server, &token).await;
        calls.push((Instant::now(), id));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let killed = Instant::now();
    server.kill();

    let server = scene.binary.serve("127.0.0.1:0", &[]);
    // Issuer and keys are the installation's; a new port makes another issuer, so another token is asked for.
    let token = scene.token(&server).await;
    let recorded = scene.recorded(&server, &token).await;
    assert!(recorded.contains(&first));
    // A flush takes a moment by itself on a busy machine.
    let lost_at_most = Duration::from_millis(1_500);
    for (at, id) in &calls {
        if killed.duration_since(*at) > lost_at_most {
            assert!(recorded.contains(id), "{id} is lost");
        }
    }
}
