//! Applications from the command line, with the real binary: made, used, and taken away everywhere within a second.
//!
//! Real processes: one node on SQLite, three on one PostgreSQL. Each right has a victim of its own; a neighbour's calls go
//! on all the while on every node and none may fail.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::too_many_lines,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, tells its figures, and measures what real processes do in real time"
)]

use ringfence_testkit::process::{Binary, ServerProcess, data_dir_with_key};
use serde_json::{Value, json};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

const KEY: &str = "2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a2a";
const LIMIT: Duration = Duration::from_secs(1);
const PASSWORD: &str = "Correct-Horse-7-Battery";
const CALL: &str = "/t/vbc.prod/provisioning/api/accounts/self";
const FORM: &str = "application/x-www-form-urlencoded";
const RIGHTS: [&str; 6] = [
    "suspend application",
    "remove subscription",
    "block subscription",
    "clean up keys",
    "delete application",
    "disable user",
];

#[test]
fn an_application_is_made_changed_and_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let cli = binary(&folder.path().join("data"), None);
    let _ = cli.json(&[
        "developer",
        "create",
        "dana.api",
        "--email",
        "dana@example.com",
    ]);
    let _ = cli.json(&[
        "developer",
        "create",
        "rita.api",
        "--email",
        "rita@example.com",
    ]);
    let made = cli.json(&["app", "create", "Call board", "--developer", "dana.api"]);
    assert_eq!(
        (&made["quota"], &made["status"], &made["keys"]),
        (&json!("10PerMin"), &json!("APPROVED"), &Value::Null)
    );
    let id = made["id"].as_str().unwrap();
    fails(
        &cli,
        &["app", "create", "Call board", "--developer", "dana.api"],
        "an application named Call board exists",
    );
    fails(
        &cli,
        &["app", "create", "X", "--developer", "nobody.api"],
        "developer nobody.api not found",
    );

    fails(
        &cli,
        &["app", "keys", "generate", id],
        "needs a callback URL",
    );
    let callback = ["--callback", "http://localhost"];
    let keys = cli.json(&[&["app", "keys", "generate", id][..], &callback].concat());
    let secret = keys["consumer_secret"].as_str().unwrap();
    assert_eq!(
        (secret.len(), keys["consumer_key"].as_str().unwrap().len()),
        (28, 28)
    );
    assert_eq!(
        keys["keys"]["grant_types"],
        json!(["authorization_code", "refresh_token"])
    );
    let shown = cli.json(&["app", "show", id]);
    assert!(!shown.to_string().contains(secret), "shown once");
    assert_eq!(shown["consumer_key"], keys["consumer_key"]);
    let again = [&["app", "keys", "generate", id][..], &callback].concat();
    fails(&cli, &again, "has keys already");
    let update = [
        "app",
        "keys",
        "update",
        id,
        "--grant",
        "password",
        "--pkce-optional",
        "yes",
    ];
    let updated = cli.json(&update);
    assert_eq!(updated["keys"]["grant_types"], json!(["password"]));
    assert_eq!(updated["keys"]["pkce_optional"], true);
    fails(
        &cli,
        &["app", "keys", "update", id],
        "at least one thing to change",
    );
    let new = cli.json(&["app", "keys", "regenerate", id]);
    assert_ne!(new["consumer_secret"], keys["consumer_secret"]);

    let added = cli.json(&["subscription", "add", id, "Provisioning"]);
    let subscription = added["id"].as_str().unwrap();
    fails(
        &cli,
        &["subscription", "add", id, "Provisioning"],
        "subscribed",
    );
    fails(
        &cli,
        &["subscription", "add", id, "Voicemail"],
        "VonageIntegrationSuite",
    );
    let blocked = cli.json(&["subscription", "block", subscription]);
    assert_eq!(blocked["status"], "BLOCKED");
    let unblocked = cli.json(&["subscription", "unblock", subscription]);
    assert_eq!(unblocked["status"], "UNBLOCKED");
    let list = cli.json(&["subscription", "list", id]);
    assert_eq!(
        (list.as_array().unwrap().len(), &list[0]["id"]),
        (1, &added["id"])
    );

    let edit = ["app", "edit", id, "--name", "Board", "--quota", "Unlimited"];
    let edited = cli.json(&[&edit[..], &["--developer", "rita.api"]].concat());
    assert_eq!(
        (&edited["name"], &edited["quota"], &edited["developer"]),
        (&json!("Board"), &json!("Unlimited"), &json!("rita.api"))
    );
    for (args, member, value) in [
        (&["app", "verify", id][..], "verified", json!(true)),
        (
            &["app", "verify", id, "--undo"][..],
            "verified",
            json!(false),
        ),
        (&["app", "suspend", id][..], "status", json!("SUSPENDED")),
        (&["app", "resume", id][..], "status", json!("APPROVED")),
    ] {
        assert_eq!(cli.json(args)[member], value, "{args:?}");
    }
    let count = |args: &[&str]| cli.json(args).as_array().unwrap().len();
    assert_eq!(count(&["app", "list"]), 1);
    assert_eq!(count(&["app", "list", "--developer", "dana.api"]), 0);
    assert_eq!(count(&["app", "list", "--search", "BOA"]), 1);
    let removed = cli.json(&["subscription", "remove", subscription]);
    assert_eq!(removed["removed"], true);
    assert_eq!(
        cli.json(&["app", "keys", "clean-up", id])["keys"],
        Value::Null
    );
    assert_eq!(cli.json(&["app", "delete", id])["deleted"], true);
    fails(&cli, &["app", "show", id], "not found");

    let help = cli.output(&["app", "create", "--help"], "");
    let help = String::from_utf8(help.stdout).unwrap();
    assert!(help.contains("ringfence subscription add APPLICATION Provisioning"));
    let audit = cli.json(&["audit", "list"]).to_string();
    for act in [
        "application.create",
        "application.owner",
        "subscription.block",
    ] {
        assert!(audit.contains(act), "{act}");
    }
    assert!(!audit.contains(secret));
}

#[tokio::test(flavor = "multi_thread")]
async fn rights_of_applications_end_within_a_second_on_one_node_with_sqlite() {
    let folder = tempfile::tempdir().unwrap();
    let data_dir = data_dir_with_key(folder.path(), "node", KEY);
    rights_end_within_a_second(&[binary(&data_dir, None)]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn rights_of_applications_end_within_a_second_on_three_nodes_with_postgres() {
    let Some(store) = ringfence_testkit::stores::postgres().await else {
        return;
    };
    let nodes = ["a", "b", "c"].map(|name| {
        let data_dir = data_dir_with_key(store.folder.path(), name, KEY);
        binary(&data_dir, Some(store.url.clone()))
    });
    rights_end_within_a_second(&nodes).await;
}

/// An application of its own with its subscription, and a token with which it acts for a person.
struct Victim {
    application: String,
    subscription: String,
    user: String,
    token: String,
}

struct Cluster<'n> {
    binaries: &'n [Binary],
    servers: Vec<ServerProcess>,
    http: reqwest::Client,
}

async fn rights_end_within_a_second(binaries: &[Binary]) {
    let cli = &binaries[0];
    let _ = cli.json(&[
        "account", "create", "widgets", "--kind", "vbc", "--region", "nam",
    ]);
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/../../demo/widgets.jsonl");
    let _ = cli.json(&["import", "provisioning", "--account", "widgets", sample]);
    let _ = cli.json(&[
        "developer",
        "create",
        "dana.api",
        "--email",
        "dana@example.com",
    ]);
    let mut cluster = Cluster {
        binaries,
        servers: binaries.iter().map(|b| serve(b, "127.0.0.1:0")).collect(),
        http: reqwest::Client::builder()
            .timeout(Duration::from_secs(10))
            .build()
            .unwrap(),
    };
    let neighbour = cluster.victim("neighbour").await;
    let stop = Arc::new(AtomicBool::new(false));
    let n_good = Arc::new(AtomicU64::new(0));
    let mut neighbours = Vec::new();
    for server in &cluster.servers {
        let request = cluster.http.get(format!("{}{CALL}", server.url));
        let request = request.bearer_auth(&neighbour.token);
        let (stop, n_good) = (Arc::clone(&stop), Arc::clone(&n_good));
        neighbours.push(tokio::spawn(async move {
            while !stop.load(Ordering::SeqCst) {
                let answer = request.try_clone().unwrap().send().await.unwrap();
                assert_eq!(answer.status(), 200, "a neighbour's good call failed");
                n_good.fetch_add(1, Ordering::SeqCst);
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }));
    }
    let mut gone = Vec::new();
    for right in RIGHTS {
        let victim = cluster.victim(&right.replace(' ', "-")).await;
        take_away(cli, right, &victim);
        cluster.assert_refused_within_limit(right, &victim).await;
        gone.push((right, victim));
    }
    stop.store(true, Ordering::SeqCst);
    for task in neighbours {
        task.await.unwrap();
    }
    let calls = n_good.load(Ordering::SeqCst);
    assert!(calls > 20, "the neighbour called all the while");

    cluster.kill_and_restart_all();
    for server in &cluster.servers {
        for (right, victim) in &gone {
            let status = cluster.call(server, &victim.token).await;
            let refused = matches!(status, 401 | 403);
            assert!(refused, "{right}: {status} after kill -9 and restart");
        }
        let status = cluster.call(server, &neighbour.token).await;
        assert_eq!(status, 200, "the neighbour's token outlives the restart");
    }
}

fn take_away(cli: &Binary, right: &str, victim: &Victim) {
    let (application, subscription) = (victim.application.as_str(), victim.subscription.as_str());
    let _ = match right {
        "suspend application" => cli.json(&["app", "suspend", application]),
        "remove subscription" => cli.json(&["subscription", "remove", subscription]),
        "block subscription" => cli.json(&["subscription", "block", subscription]),
        "clean up keys" => cli.json(&["app", "keys", "clean-up", application]),
        "delete application" => cli.json(&["app", "delete", application]),
        "disable user" => cli.json(&["user", "disable", &victim.user, "--account", "widgets"]),
        other => panic!("no such right: {other}"),
    };
}

impl Cluster<'_> {
    /// Makes a person and an application, and gets a token that works on every node.
    async fn victim(&self, name: &str) -> Victim {
        let cli = &self.binaries[0];
        let user = format!("api_{name}");
        let create = [
            "user",
            "create",
            &user,
            "--account",
            "widgets",
            "--role",
            "Admin",
        ];
        let output = cli.output(&[&create[..], &["--password-stdin"]].concat(), PASSWORD);
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{told}");
        let create = [
            "app",
            "create",
            name,
            "--developer",
            "dana.api",
            "--quota",
            "Unlimited",
        ];
        let application = text(&cli.json(&create), "id");
        let subscription = cli.json(&["subscription", "add", &application, "Provisioning"]);
        let generate = [
            "app",
            "keys",
            "generate",
            &application,
            "--grant",
            "password",
        ];
        let keys = cli.json(&generate);
        let (key, secret) = (text(&keys, "consumer_key"), text(&keys, "consumer_secret"));
        let form = format!(
            "grant_type=password&client_id={key}&client_secret={secret}\
             &username={user}%40vbc.prod&password={PASSWORD}&scope=openid"
        );
        let token = self.token(form).await;
        for server in &self.servers {
            let began = Instant::now();
            while self.call(server, &token).await != 200 {
                let elapsed = began.elapsed();
                assert!(elapsed < LIMIT, "{name}: works everywhere within a second");
            }
        }
        Victim {
            application,
            subscription: text(&subscription, "id"),
            user,
            token,
        }
    }

    async fn token(&self, form: String) -> String {
        let began = Instant::now();
        loop {
            let request = self.http.post(format!("{}/token", self.servers[0].url));
            let request = request.header("content-type", FORM).body(form.clone());
            let answer = request.send().await.unwrap();
            let status = answer.status();
            let body: Value = answer.json().await.unwrap();
            if status == 200 {
                return text(&body, "access_token");
            }
            assert!(began.elapsed() < LIMIT * 3, "{body}");
            // The node may not have heard of the application yet, and failures are counted.
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
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
                let elapsed = began.elapsed();
                assert!(elapsed < LIMIT, "{right}: still admitted by {}", server.url);
            }
        }
        println!("{right}: refused everywhere after {:?}", began.elapsed());
    }

    async fn call(&self, server: &ServerProcess, token: &str) -> u16 {
        let request = self.http.get(format!("{}{CALL}", server.url));
        let answer = request.bearer_auth(token).send().await.unwrap();
        answer.status().as_u16()
    }

    fn kill_and_restart_all(&mut self) {
        let servers: Vec<_> = self.servers.drain(..).collect();
        let addresses = servers.iter().map(|s| s.address().to_owned());
        let addresses: Vec<_> = addresses.collect();
        for server in servers {
            server.kill();
        }
        for (binary, address) in self.binaries.iter().zip(&addresses) {
            self.servers.push(serve(binary, address));
        }
    }
}

/// Runs a command that must fail and say why.
fn fails(cli: &Binary, args: &[&str], why: &str) {
    let output = cli.output(args, "");
    let told = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(2), "{args:?}: {told}");
    assert!(told.contains(why), "{args:?}: {told}");
}

fn text(value: &Value, member: &str) -> String {
    value[member].as_str().unwrap().to_owned()
}

// Nodes of one installation share the address that clients know, which stands in every token.
fn serve(binary: &Binary, listen: &str) -> ServerProcess {
    let settings = binary.data_dir.join("ringfence.toml");
    let text = "[server]\npublic_url = \"http://ringfence.test\"\n";
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
