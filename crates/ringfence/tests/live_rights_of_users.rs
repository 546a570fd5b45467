//! What a person allowed an application ends on every node within one second, whoever takes it away, and stays ended
//! after `kill -9` and restart.
//!
//! Real processes: one node on SQLite, two on one PostgreSQL. Each right has a person and an application of its own; a
//! neighbour's calls go on all the while on every node and none may fail.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, tells its figures, and measures what real processes do in real time"
)]

use ringfence_testkit::process::{Binary, ServerProcess, data_dir_with_key};
use serde_json::Value;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

const KEY: &str = "2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b";
const LIMIT: Duration = Duration::from_secs(1);
const CALL: &str = "/t/vbc.prod/provisioning/v1/api/accounts/self";
const PASSWORD: &str = "a sentence that nobody guesses 7";
const RIGHTS: [&str; 12] = [
    "disable user",
    "lock user",
    "change password",
    "suspend account",
    "suspend application",
    "remove subscription",
    "block subscription",
    "clean up keys",
    "revoke refresh token",
    "revoke access token",
    "withdraw consent",
    "revoke by support",
];

#[tokio::test(flavor = "multi_thread")]
async fn what_people_allowed_ends_within_a_second_on_one_node_with_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = data_dir_with_key(folder.path(), "node", KEY);
    rights_end_within_a_second(&[binary(&data_dir, None)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_people_allowed_ends_within_a_second_on_two_nodes_with_postgres() {
    let Some(store) = ringfence_testkit::stores::postgres().await else {
        return;
    };
    let nodes = ["a", "b"].map(|name| {
        let data_dir = data_dir_with_key(store.folder.path(), name, KEY);
        binary(&data_dir, Some(store.url.clone()))
    });
    rights_end_within_a_second(&nodes).await;
}

/// A person, an application that acts for them, and its tokens.
struct Victim {
    name: String,
    account: &'static str,
    application: String,
    subscription: String,
    key: String,
    secret: String,
    access: String,
    refresh: String,
}

struct Cluster<'n> {
    binaries: &'n [Binary],
    servers: Vec<ServerProcess>,
    http: reqwest::Client,
}

async fn rights_end_within_a_second(binaries: &[Binary]) {
    let mut cluster = Cluster {
        binaries,
        servers: binaries.iter().map(|b| serve(b, "127.0.0.1:0")).collect(),
        http: reqwest::Client::builder()
            .timeout(Duration::from_secs(10))
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap(),
    };
    for account in ["victims", "suspended"] {
        cluster.act(&["account", "create", account, "--kind", "vbc"]);
    }
    // The neighbour's tokens are of another key, so that withdrawing the victims' key is none of its business.
    let neighbours = ["account", "create", "neighbours", "--kind", "vbc"];
    cluster.act(&[&neighbours[..], &["--token-alg", "ES256"]].concat());
    let dana = ["developer", "create", "dana.api", "--name", "Dana Reed"];
    cluster.act(&[&dana[..], &["--email", "dana@example.com"]].concat());
    let neighbour = cluster.victim("neighbours", "neighbour").await;
    let calling = Calling::start(&cluster, &neighbour);

    let (mut gone, mut figures) = (Vec::new(), Vec::new());
    for right in RIGHTS {
        let account = if right == "suspend account" {
            "suspended"
        } else {
            "victims"
        };
        let victim = cluster.victim(account, &right.replace(' ', "-")).await;
        cluster.take_away(right, &victim).await;
        figures.push((right, cluster.refused_after(right, &victim).await));
        gone.push((right, victim));
    }
    let victim = cluster.victim("victims", "withdraw-key").await;
    let keys = cluster.act(&["keys", "list"]);
    let signing = |k: &&Value| k["alg"] == "RS256" && k["state"] == "in use";
    let kid = keys.as_array().unwrap().iter().find(signing).unwrap();
    cluster.act(&["keys", "withdraw", kid["kid"].as_str().unwrap()]);
    let right = "withdraw key";
    figures.push((right, cluster.refused_after(right, &victim).await));
    gone.push((right, victim));
    assert!(
        calling.stop().await > 20,
        "the neighbour called all the while"
    );

    cluster.kill_and_restart_all();
    for (right, victim) in &gone {
        for server in &cluster.servers {
            let status = cluster.call(server, &victim.access).await;
            assert!(
                matches!(status, 401 | 403),
                "{right}: {status} after kill -9 and restart"
            );
        }
    }
    for server in &cluster.servers {
        assert_eq!(
            cluster.call(server, &neighbour.access).await,
            200,
            "the neighbour's token outlives the restart"
        );
    }
    figures.sort_by_key(|(_, took)| *took);
    for (right, took) in &figures {
        println!(
            "{right}: refused on all {} nodes after {took:?}",
            binaries.len()
        );
    }
}

/// A neighbour that calls every node until it is told to stop.
struct Calling {
    stop: Arc<AtomicBool>,
    n_good: Arc<AtomicU64>,
    tasks: Vec<tokio::task::JoinHandle<()>>,
}

impl Calling {
    fn start(cluster: &Cluster<'_>, neighbour: &Victim) -> Self {
        let (stop, n_good) = (
            Arc::new(AtomicBool::new(false)),
            Arc::new(AtomicU64::new(0)),
        );
        let mut tasks = Vec::new();
        for server in &cluster.servers {
            let (http, url) = (cluster.http.clone(), format!("{}{CALL}", server.url));
            let token = neighbour.access.clone();
            let (stop, n_good) = (Arc::clone(&stop), Arc::clone(&n_good));
            tasks.push(tokio::spawn(async move {
                while !stop.load(Ordering::SeqCst) {
                    let answer = http.get(&url).bearer_auth(&token).send().await.unwrap();
                    assert_eq!(answer.status(), 200, "a neighbour's good call failed");
                    n_good.fetch_add(1, Ordering::SeqCst);
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            }));
        }
        Self {
            stop,
            n_good,
            tasks,
        }
    }

    async fn stop(self) -> u64 {
        self.stop.store(true, Ordering::SeqCst);
        for task in self.tasks {
            task.await.unwrap();
        }
        self.n_good.load(Ordering::SeqCst)
    }
}

impl Cluster<'_> {
    fn act(&self, args: &[&str]) -> Value {
        self.act_with(args, "")
    }

    fn act_with(&self, args: &[&str], stdin: &str) -> Value {
        let args = [&["--json"], args].concat();
        let done = self.binaries[0].output(&args, stdin);
        let faults = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{args:?}: {faults}");
        serde_json::from_slice(&done.stdout).unwrap_or(Value::Null)
    }

    /// Makes a person and an application, and gets tokens that work on every node.
    async fn victim(&self, account: &'static str, name: &str) -> Victim {
        let user = ["user", "create", name, "--account", account];
        let user = [&user[..], &["--role", "Admin", "--password-stdin"]].concat();
        self.act_with(&user, PASSWORD);
        let app = ["app", "create", name, "--developer", "dana.api"];
        let app = self.act(&[&app[..], &["--quota", "Unlimited"]].concat());
        let application = text(&app, "id");
        let subscription = ["subscription", "add", &application, "Provisioning"];
        let subscription = text(&self.act(&subscription), "id");
        let keys = ["app", "keys", "generate", &application];
        let grants = ["--grant", "password", "--grant", "refresh_token"];
        let keys = self.act(&[&keys[..], &grants].concat());
        let mut victim = Victim {
            name: name.to_owned(),
            account,
            application,
            subscription,
            key: text(&keys, "consumer_key"),
            secret: text(&keys, "consumer_secret"),
            access: String::new(),
            refresh: String::new(),
        };
        let tokens = self.tokens(&victim).await;
        victim.access = text(&tokens, "access_token");
        victim.refresh = text(&tokens, "refresh_token");
        for server in &self.servers {
            let began = Instant::now();
            while self.call(server, &victim.access).await != 200 {
                assert!(
                    began.elapsed() < LIMIT,
                    "{name}: a new token works everywhere within a second"
                );
            }
        }
        victim
    }

    async fn tokens(&self, victim: &Victim) -> Value {
        let began = Instant::now();
        let username = format!("{}@vbc.prod", victim.name);
        let fields = [
            ("grant_type", "password"),
            ("username", &username),
            ("password", PASSWORD),
        ];
        loop {
            let answer = self.post("/token", &fields, victim).await;
            if answer.status() == 200 {
                return answer.json().await.unwrap();
            }
            let said = answer.text().await.unwrap();
            assert!(began.elapsed() < LIMIT, "{}: {said}", victim.name);
            // The node may not have heard of the application yet, and failures are counted.
            tokio::time::sleep(Duration::from_millis(60)).await;
        }
    }

    async fn post(&self, path: &str, fields: &[(&str, &str)], as_of: &Victim) -> reqwest::Response {
        let request = self
            .http
            .post(format!("{}{path}", self.servers[0].url))
            .basic_auth(&as_of.key, Some(&as_of.secret));
        form(request, fields).send().await.unwrap()
    }

    async fn take_away(&self, right: &str, victim: &Victim) {
        let Victim {
            name,
            account,
            application,
            subscription,
            ..
        } = victim;
        match right {
            "disable user" => self.act(&["user", "disable", name, "--account", account]),
            "lock user" => {
                self.act(&["user", "set", name, "--account", account, "--locked", "yes"])
            }
            "change password" => {
                let set = [
                    "user",
                    "set",
                    name,
                    "--account",
                    account,
                    "--password-stdin",
                ];
                self.act_with(&set, "another sentence that nobody guesses 8")
            }
            "suspend account" => self.act(&["account", "suspend", account]),
            "suspend application" => self.act(&["app", "suspend", application]),
            "remove subscription" => self.act(&["subscription", "remove", subscription]),
            "block subscription" => self.act(&["subscription", "block", subscription]),
            "clean up keys" => self.act(&["app", "keys", "clean-up", application]),
            "revoke refresh token" => self.revoke(&victim.refresh, victim).await,
            "revoke access token" => self.revoke(&victim.access, victim).await,
            "withdraw consent" => self.withdraw(victim).await,
            "revoke by support" => {
                let who = ["--account", account, "--user", name];
                let held = self.act(&[&["grant", "list"][..], &who].concat());
                assert_eq!(held.as_array().unwrap().len(), 1, "{held}");
                let ended = self.act(&[&["grant", "revoke"][..], &who].concat());
                assert_eq!(ended["ended"], 1);
                ended
            }
            other => panic!("no such right: {other}"),
        };
    }

    async fn revoke(&self, token: &str, victim: &Victim) -> Value {
        let answer = self.post("/revoke", &[("token", token)], victim).await;
        assert_eq!(answer.status(), 200);
        Value::Null
    }

    /// The person takes back on their own page what they allowed.
    async fn withdraw(&self, victim: &Victim) -> Value {
        let fields = [("username", victim.name.as_str()), ("password", PASSWORD)];
        let page = |path: &str| {
            let url = format!("{}{path}", self.servers[0].url);
            self.http.post(url).header("sec-fetch-site", "same-origin")
        };
        let inside = form(page("/login"), &fields).send().await.unwrap();
        let cookies = inside.headers().get_all("set-cookie").iter();
        let cookie = cookies
            .map(|line| line.to_str().unwrap().split(';').next().unwrap())
            .find(|pair| pair.starts_with("__Host-ringfence="))
            .expect("they are signed in")
            .to_owned();
        let path = format!("/admin/me/applications/{}/withdraw", victim.application);
        let done = form(page(&path).header("cookie", cookie), &[]).send().await;
        assert_eq!(done.unwrap().status(), 303);
        Value::Null
    }

    /// How long it took until every node refused the token.
    async fn refused_after(&self, right: &str, victim: &Victim) -> Duration {
        let began = Instant::now();
        for server in &self.servers {
            loop {
                let status = self.call(server, &victim.access).await;
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
        began.elapsed()
    }

    async fn call(&self, server: &ServerProcess, token: &str) -> u16 {
        let request = self.http.get(format!("{}{CALL}", server.url));
        let answer = request.bearer_auth(token).send().await.unwrap();
        answer.status().as_u16()
    }

    fn kill_and_restart_all(&mut self) {
        let addresses: Vec<String> = self
            .servers
            .iter()
            .map(|server| server.address().to_owned())
            .collect();
        for server in self.servers.drain(..) {
            server.kill();
        }
        for (binary, address) in self.binaries.iter().zip(&addresses) {
            self.servers.push(serve(binary, address));
        }
    }
}

fn form(request: reqwest::RequestBuilder, fields: &[(&str, &str)]) -> reqwest::RequestBuilder {
    let mut body = url::form_urlencoded::Serializer::new(String::new());
    body.extend_pairs(fields);
    request
        .header("content-type", "application/x-www-form-urlencoded")
        .body(body.finish())
}

fn text(value: &Value, member: &str) -> String {
    let found = value[member].as_str();
    found
        .unwrap_or_else(|| panic!("{member} in {value}"))
        .to_owned()
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
