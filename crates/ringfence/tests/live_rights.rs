//! A right taken away is gone on every node within one second, and stays gone after `kill -9` and restart.
//!
//! Real processes: one node on SQLite, three on one PostgreSQL. Each right has a victim of
//! its own; a neighbour's calls go on all the while on every node and none may fail.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::too_many_lines,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, tells its figures, and measures what real processes do in real time"
)]

use ringfence_testkit::process::{Binary, ServerProcess, data_dir_with_key};
use serde_json::Value;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

const KEY: &str = "2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a";
const LIMIT: Duration = Duration::from_secs(1);
const SCOPES: [&str; 4] = ["--scope", "users:read", "--scope", "stats"];
const CALL: &str = "/useradmin/users?limit=1";
const ACCEPT: &str = "application/vnd.newvoicemedia.v4+json";

#[tokio::test(flavor = "multi_thread")]
async fn rights_end_within_a_second_on_one_node_with_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = data_dir_with_key(folder.path(), "node", KEY);
    rights_end_within_a_second(1, &[binary(&data_dir, None)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rights_end_within_a_second_on_three_nodes_with_postgres() {
    let Some(store) = ringfence_testkit::stores::postgres().await else {
        return;
    };
    let nodes = ["a", "b", "c"].map(|name| {
        let data_dir = data_dir_with_key(store.folder.path(), name, KEY);
        binary(&data_dir, Some(store.url.clone()))
    });
    rights_end_within_a_second(3, &nodes).await;
}

/// A credential, its secret and a token of it.
struct Victim {
    id: String,
    secret: String,
    token: String,
}

struct Cluster<'n> {
    binaries: &'n [Binary],
    servers: Vec<ServerProcess>,
    http: reqwest::Client,
}

async fn rights_end_within_a_second(n_nodes: usize, binaries: &[Binary]) {
    assert_eq!(binaries.len(), n_nodes);
    let mut cluster = Cluster {
        binaries,
        servers: binaries.iter().map(|b| serve(b, "127.0.0.1:0")).collect(),
        http: reqwest::Client::builder()
            .timeout(Duration::from_secs(10))
            .build()
            .unwrap(),
    };
    let cli = &binaries[0];
    for account in ["victims", "suspended"] {
        let _ = cli.json(&["account", "create", account]);
    }
    // The neighbour's tokens are of another key, so that withdrawing the victims' key is none of its business.
    let _ = cli.json(&["account", "create", "neighbours", "--token-alg", "ES256"]);
    let neighbour = cluster.victim("neighbours", "neighbour").await;

    let stop = Arc::new(AtomicBool::new(false));
    let n_good = Arc::new(AtomicU64::new(0));
    let mut neighbours = Vec::new();
    for server in &cluster.servers {
        let (http, url, token) = (
            cluster.http.clone(),
            format!("{}{CALL}", server.url),
            neighbour.token.clone(),
        );
        let (stop, n_good) = (Arc::clone(&stop), Arc::clone(&n_good));
        neighbours.push(tokio::spawn(async move {
            while !stop.load(Ordering::SeqCst) {
                let answer = http
                    .get(&url)
                    .bearer_auth(&token)
                    .header("accept", ACCEPT)
                    .send()
                    .await
                    .unwrap();
                assert_eq!(answer.status(), 200, "a neighbour's good call failed");
                n_good.fetch_add(1, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }));
    }

    let mut gone = Vec::new();
    for right in [
        "disable owner",
        "change licence",
        "take scope off",
        "delete credential",
        "retire secret",
        "revoke token",
        "suspend account",
    ] {
        let account = if right == "suspend account" {
            "suspended"
        } else {
            "victims"
        };
        let victim = cluster.victim(account, &right.replace(' ', "-")).await;
        cluster.take_away(right, account, &victim).await;
        cluster.assert_refused_within_limit(right, &victim).await;
        gone.push((right, victim));
    }
    let victim = cluster.victim("victims", "withdraw-key").await;
    let keys = cli.json(&["keys", "list"]);
    let signing = |k: &&Value| k["alg"] == "RS256" && k["state"] == "in use";
    let kid = keys.as_array().unwrap().iter().find(signing).unwrap()["kid"]
        .as_str()
        .unwrap()
        .to_owned();
    let _ = cli.json(&["keys", "withdraw", &kid]);
    cluster
        .assert_refused_within_limit("withdraw key", &victim)
        .await;
    gone.push(("withdraw key", victim));

    stop.store(true, Ordering::SeqCst);
    for task in neighbours {
        task.await.unwrap();
    }
    assert!(
        n_good.load(Ordering::SeqCst) > 20,
        "the neighbour called all the while"
    );

    cluster.kill_and_restart_all();
    for (right, victim) in &gone {
        for server in &cluster.servers {
            let status = cluster.call(server, &victim.token).await;
            assert!(
                matches!(status, 401 | 403),
                "{right}: {status} after kill -9 and restart"
            );
        }
    }
    for server in &cluster.servers {
        assert_eq!(
            cluster.call(server, &neighbour.token).await,
            200,
            "the neighbour's token outlives the restart"
        );
    }
}

impl Cluster<'_> {
    /// Makes an owner and a credential, and gets a token that works on every node.
    async fn victim(&self, account: &str, name: &str) -> Victim {
        let cli = &self.binaries[0];
        let owner = format!("{name}@example.com");
        let _ = cli.json(&[
            "user",
            "create",
            &owner,
            "--account",
            account,
            "--role",
            "Admin",
        ]);
        let create = [
            "credential",
            "create",
            "--account",
            account,
            "--owner",
            &owner,
            "--name",
            name,
        ];
        let made = cli.json(&[&create[..], &SCOPES].concat());
        let text = |key: &str| made[key].as_str().unwrap().to_owned();
        let (id, secret) = (text("client_id"), text("client_secret"));
        let token = self.token(&id, &secret).await;
        for server in &self.servers {
            let began = Instant::now();
            while self.call(server, &token).await != 200 {
                assert!(
                    began.elapsed() < LIMIT,
                    "{name}: a new credential works everywhere within a second"
                );
            }
        }
        Victim { id, secret, token }
    }

    async fn token(&self, id: &str, secret: &str) -> String {
        let began = Instant::now();
        loop {
            let form = format!(
                "grant_type=client_credentials&client_id={id}&client_secret={secret}&scope=users%3Aread+stats"
            );
            let answer = self.post("/Auth/connect/token", form).await;
            if answer.status() == 200 {
                let body: Value = answer.json().await.unwrap();
                return body["access_token"].as_str().unwrap().to_owned();
            }
            assert!(began.elapsed() < LIMIT, "{}", answer.text().await.unwrap());
            // The node may not have heard of the credential yet, and failures are counted.
            tokio::time::sleep(Duration::from_millis(60)).await;
        }
    }

    async fn post(&self, path: &str, form: String) -> reqwest::Response {
        let request = self
            .http
            .post(format!("{}{path}", self.servers[0].url))
            .body(form);
        request
            .header("content-type", "application/x-www-form-urlencoded")
            .send()
            .await
            .unwrap()
    }

    async fn take_away(&self, right: &str, account: &str, victim: &Victim) {
        let cli = &self.binaries[0];
        let owner = format!("{}@example.com", right.replace(' ', "-"));
        let _ = match right {
            "disable owner" => cli.json(&["user", "disable", &owner, "--account", account]),
            "change licence" => cli.json(&[
                "user",
                "set",
                &owner,
                "--account",
                account,
                "--role",
                "Agent",
            ]),
            "take scope off" => cli.json(&["credential", "edit", &victim.id, "--scope", "stats"]),
            "delete credential" => cli.json(&["credential", "delete", &victim.id]),
            "retire secret" => cli.json(&["credential", "retire", &victim.id, "--secret", "1"]),
            "suspend account" => cli.json(&["account", "suspend", account]),
            "revoke token" => {
                let Victim { id, secret, token } = victim;
                let form = format!("client_id={id}&client_secret={secret}&token={token}");
                assert_eq!(
                    self.post("/Auth/connect/revocation", form).await.status(),
                    200
                );
                Value::Null
            }
            other => panic!("no such right: {other}"),
        };
    }

    async fn assert_refused_within_limit(&self, right: &str, victim: &Victim) {
        let began = Instant::now();
        for server in &self.servers {
            loop {
                let status = self.call(server, &victim.token).await;
                if matches!(status, 401 | 403) {
                    break;
                }
                assert_eq!(status, 200, "{right}");
                assert!(
                    began.elapsed() < LIMIT,
                    "{right}: still admitted by {} after a second",
                    server.url
                );
            }
        }
        println!("{right}: refused everywhere after {:?}", began.elapsed());
    }

    async fn call(&self, server: &ServerProcess, token: &str) -> u16 {
        let request = self
            .http
            .get(format!("{}{CALL}", server.url))
            .bearer_auth(token)
            .header("accept", ACCEPT);
        request.send().await.unwrap().status().as_u16()
    }

    fn kill_and_restart_all(&mut self) {
        let addresses = self
            .servers
            .iter()
            .map(|s| s.address().to_owned())
            .collect::<Vec<_>>();
        for server in self.servers.drain(..) {
            server.kill();
        }
        for (binary, address) in self.binaries.iter().zip(&addresses) {
            self.servers.push(serve(binary, address));
        }
    }
}

// Nodes of one installation share the address that clients know, which stands in every token.
fn serve(binary: &Binary, listen: &str) -> ServerProcess {
    let settings = binary.data_dir.join("ringfence.toml");
    std::fs::write(
        &settings,
        "[server]\npublic_url = \"http://ringfence.test\"\n",
    )
    .unwrap();
    binary.serve(listen, &["--config", settings.to_str().unwrap()])
}

fn binary(data_dir: &Path, database_url: Option<String>) -> Binary {
    Binary {
        path: env!("CARGO_BIN_EXE_ringfence").into(),
        data_dir: data_dir.to_owned(),
        database_url,
    }
}
