//! The main job, word for word: credential → token → guarded call → collected recording, by the real binary.

#![expect(
    clippy::unwrap_used,
    clippy::too_many_lines,
    clippy::unused_async,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and walks the whole way in one piece with real processes in real time"
)]

use ringfence_testkit::process::{Binary, ServerProcess};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

const SCOPES: [&str; 6] = [
    "--scope",
    "interaction-content:read",
    "--scope",
    "users:read",
    "--scope",
    "stats",
];
const WEEK: [&str; 4] = [
    "--since",
    "2026-03-01T00:00:00Z",
    "--until",
    "2026-03-08T00:00:00Z",
];
const CONTENT_V3: &str = "application/vnd.newvoicemedia.v3+json";
const RECORDED: &str = "0190a1b2-3333-4d5e-8f60-7a8b9c0d0001";

struct Walk {
    server_side: Binary,
    client_side: Binary,
    server: ServerProcess,
    http: reqwest::Client,
    id: String,
    secret: String,
    _folder: tempfile::TempDir,
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_becomes_a_collected_recording() {
    let walk = Walk::begin().await;

    // The curl line of the guide, with the form it sends.
    let form = format!(
        "grant_type=client_credentials&client_id={}&client_secret={}&scope=interaction-content%3Aread",
        walk.id, walk.secret
    );
    let answer = walk.post_form("/Auth/connect/token", form).await;
    assert_eq!(answer.status(), 200);
    let body: Value = answer.json().await.unwrap();
    assert_eq!(
        (&body["token_type"], &body["expires_in"]),
        (&"Bearer".into(), &900.into())
    );
    let token = body["access_token"].as_str().unwrap();

    let listing = walk
        .content(
            token,
            "?start=2026-03-01T00:00:00Z&end=2026-03-07T23:00:00Z&limit=1000",
        )
        .await;
    assert_eq!(listing.status(), 200);
    let listing: Value = listing.json().await.unwrap();
    assert_eq!(
        listing["items"].as_array().unwrap().len(),
        7,
        "seven of the nine demo calls are recorded: {listing}"
    );

    let file = walk
        .content(token, &format!("/{RECORDED}/content/callRecording"))
        .await;
    assert_eq!(file.status(), 200);
    assert_eq!(
        file.bytes().await.unwrap(),
        std::fs::read(demo_calls().join("0001.wav")).unwrap()
    );

    let check = walk.client(&["--json", "connection", "check", "acme"]);
    let checks: Value = serde_json::from_slice(&check.stdout).unwrap();
    for line in checks["checks"].as_array().unwrap() {
        assert!(
            matches!(line["result"].as_str(), Some("pass" | "unknown")),
            "{line}"
        );
        assert!(
            line["id"].is_string() && line["title"].is_string() && line["advice"].is_string(),
            "{line}"
        );
    }
    assert_eq!(check.status.code(), Some(0));

    let first = walk.collect();
    assert_eq!(first["balanced"], true, "{first}");
    assert_eq!(
        (&first["listed"], &first["fetched"], &first["failed"]),
        (&7.into(), &7.into(), &0.into()),
        "{first}"
    );
    let again = walk.collect();
    assert_eq!(
        (&again["listed"], &again["already_had"], &again["fetched"]),
        (&7.into(), &7.into(), &0.into()),
        "{again}"
    );
    let verified = walk.client(&["--json", "collect", "verify", "acme"]);
    assert_eq!(
        verified.status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&verified.stdout)
    );
    assert_eq!(
        wav_files(&walk.client_side.data_dir.join("corpus/acme/audio")),
        7
    );
    for act in ["status", "report"] {
        let output = walk.client(&["--json", "collect", act, "acme"]);
        serde_json::from_slice::<Value>(&output.stdout).unwrap();
    }

    // Disabling the owner stops the token within a second.
    let _ = walk.server_side.json(&[
        "user",
        "disable",
        "sam.lee@acme.example",
        "--account",
        "acme",
    ]);
    let began = Instant::now();
    loop {
        let status = walk
            .content(
                token,
                "?start=2026-03-01T00:00:00Z&end=2026-03-07T00:00:00Z",
            )
            .await
            .status();
        if status == 401 {
            break;
        }
        assert!(began.elapsed() < Duration::from_secs(1), "still {status}");
    }
    assert_eq!(
        walk.client(&[&["--json", "collect", "acme"], &WEEK[..]].concat())
            .status
            .code(),
        Some(3)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collection_killed_in_the_middle_ends_balanced() {
    let walk = Walk::begin().await;
    // Killed after ever longer times, from before its first request to after its last.
    let mut kills = 0;
    for wait_ms in (20..2_000).step_by(35) {
        let args = [&["--json", "collect", "acme"], &WEEK[..]].concat();
        let mut child = walk
            .client_side
            .command(&args)
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        tokio::time::sleep(Duration::from_millis(wait_ms)).await;
        if child.try_wait().unwrap().is_some() {
            break;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        kills += 1;
    }
    assert!(kills > 2, "the collection was killed on its way");
    let last = walk.collect();
    assert_eq!(
        (&last["balanced"], &last["listed"], &last["failed"]),
        (&true.into(), &7.into(), &0.into()),
        "{last}"
    );
    assert_eq!(
        wav_files(&walk.client_side.data_dir.join("corpus/acme/audio")),
        7
    );
    assert_eq!(
        walk.client(&["collect", "verify", "acme"]).status.code(),
        Some(0)
    );
}

impl Walk {
    async fn begin() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let binary = |name: &str| Binary {
            path: env!("CARGO_BIN_EXE_ringfence").into(),
            data_dir: folder.path().join(name),
            database_url: None,
        };
        let (server_side, client_side) = (binary("server"), binary("client"));
        let _ = server_side.json(&[
            "account", "create", "acme", "--region", "emea", "--kind", "vcc",
        ]);
        let sam = "sam.lee@acme.example";
        let create = [
            "user",
            "create",
            sam,
            "--account",
            "acme",
            "--role",
            "Admin",
            "--name",
            "Sam Lee",
            "--agent-id",
            "2041",
        ];
        let made = server_side.output(
            &[&create[..], &["--password-stdin"]].concat(),
            "correct horse battery",
        );
        assert!(
            made.status.success(),
            "{}",
            String::from_utf8_lossy(&made.stderr)
        );
        let _ = server_side.json(&[
            "user",
            "create",
            "kim@acme.example",
            "--account",
            "acme",
            "--role",
            "Agent",
            "--agent-id",
            "2042",
        ]);
        let _ = server_side.json(&[
            "user",
            "set",
            "kim@acme.example",
            "--account",
            "acme",
            "--group",
            "Sales",
        ]);
        let _ = server_side.json(&[
            "user",
            "set",
            sam,
            "--account",
            "acme",
            "--permission",
            "view-inbound-content=yes",
            "--permission",
            "view-outbound-content=yes",
            "--permission",
            "access-groups-content=yes",
            "--permission",
            "bulk-download=yes",
            "--permission",
            "delete-content=yes",
            "--line",
            "+441632960900",
            "--group",
            "Sales",
        ]);
        let report = server_side.json(&[
            "import",
            "recordings",
            "--account",
            "acme",
            demo_calls().to_str().unwrap(),
        ]);
        assert_eq!(report["refused"], 0, "{report}");
        let create = [
            "credential",
            "create",
            "--account",
            "acme",
            "--owner",
            sam,
            "--name",
            "nightly",
        ];
        let made = server_side.json(&[&create[..], &SCOPES].concat());
        let text = |key: &str| made[key].as_str().unwrap().to_owned();
        let (id, secret) = (text("client_id"), text("client_secret"));
        let server = server_side.serve("127.0.0.1:0", &[]);
        let add = [
            "connection",
            "add",
            "acme",
            "--url",
            &server.url,
            "--client-id",
            &id,
            "--client-secret-stdin",
        ];
        let added = client_side.output(&add, &secret);
        assert!(
            added.status.success(),
            "{}",
            String::from_utf8_lossy(&added.stderr)
        );
        let http = reqwest::Client::builder()
            .timeout(Duration::from_secs(10))
            .build()
            .unwrap();
        Self {
            server_side,
            client_side,
            server,
            http,
            id,
            secret,
            _folder: folder,
        }
    }

    async fn post_form(&self, path: &str, form: String) -> reqwest::Response {
        let request = self
            .http
            .post(format!("{}{path}", self.server.url))
            .body(form);
        request
            .header("content-type", "application/x-www-form-urlencoded")
            .send()
            .await
            .unwrap()
    }

    async fn content(&self, token: &str, rest: &str) -> reqwest::Response {
        let request = self.http.get(format!(
            "{}/interaction-content/interactions{rest}",
            self.server.url
        ));
        request
            .bearer_auth(token)
            .header("accept", CONTENT_V3)
            .send()
            .await
            .unwrap()
    }

    fn client(&self, args: &[&str]) -> std::process::Output {
        self.client_side.output(args, "")
    }

    /// Runs a collection; gaps are findings, so its exit code may be 0 or 1.
    fn collect(&self) -> Value {
        let output = self.client(&[&["--json", "collect", "acme"], &WEEK[..]].concat());
        let words = String::from_utf8_lossy(&output.stderr);
        assert!(matches!(output.status.code(), Some(0 | 1)), "{words}");
        serde_json::from_slice(&output.stdout).expect("--json prints one JSON value")
    }
}

fn demo_calls() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../demo/calls")
}

fn wav_files(folder: &Path) -> usize {
    let mut count = 0;
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                assert_eq!(path.extension().unwrap(), "wav", "{}", path.display());
                count += 1;
            }
        }
    }
    count
}
