//! The portal as people use it: the real binary, Debian's Chromium, and the scripts of `tests/browser/`.
//!
//! The pictures that they take are build output: `target/screenshots/`.

#![expect(
    clippy::unwrap_used,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, and asks whether missing tools may be skipped"
)]

use ringfence_testkit::process::Binary;
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

const PASSWORD: &str = "a sentence that nobody guesses 7";
const PROVIDER_SECRET: &str = "a secret: with + and %";
const N_CREDENTIALS: usize = 300;

#[test]
fn every_page_is_fit_for_everybody() {
    let Some(tools) = Tools::find() else { return };
    let house = House::furnished();
    house.crowd();
    let server = house.binary.serve("127.0.0.1:0", &[]);
    house.collect(&server.url);
    tools.run("pages.mjs", &house.world(&server.url));
}

#[test]
fn acts_work_as_people_do_them() {
    let Some(tools) = Tools::find() else { return };
    let house = House::furnished();
    let server = house.binary.serve("127.0.0.1:0", &[]);
    tools.run("acts.mjs", &house.world(&server.url));
}

#[test]
fn a_developer_walks_from_sign_in_to_the_first_call_and_every_page_is_fit_for_everybody() {
    let Some(tools) = Tools::find() else { return };
    let folder = tempfile::tempdir().unwrap();
    let house = House {
        binary: binary(folder.path()),
        _folder: folder,
    };
    house.act(&["account", "create", "widgets", "--kind", "vbc"]);
    let user = [
        "user",
        "create",
        "api_user_4711",
        "--account",
        "widgets",
        "--role",
        "Admin",
        "--password-stdin",
    ];
    house.act_with(&user, PASSWORD);
    let mut developer = vec!["developer", "create", "dana.api", "--name", "Dana Dev"];
    developer.extend(["--email", "dana@example.com", "--password-stdin"]);
    house.act_with(&developer, PASSWORD);
    let server = house.binary.serve("127.0.0.1:0", &[]);
    let person = |username: &str| json!({ "username": username, "password": PASSWORD });
    let world = json!({
        "url": server.url,
        "people": { "developer": person("dana.api"), "user": person("api_user_4711") },
    });
    tools.run("devportal.mjs", &world);
}

#[test]
fn every_way_in_works() {
    let Some(tools) = Tools::find() else { return };
    let house = House::furnished();
    // Browsers allow passkeys at localhost, and at no bare address.
    let port = free_port();
    let settings = house.binary.data_dir.join("localhost.toml");
    let text = format!("[server]\npublic_url = \"http://localhost:{port}\"\n");
    std::fs::write(&settings, text).unwrap();
    let settings = settings.display().to_string();
    let _server = house
        .binary
        .serve(&format!("127.0.0.1:{port}"), &["--config", &settings]);
    tools.run(
        "ways_in.mjs",
        &house.world(&format!("http://localhost:{port}")),
    );
}

#[test]
fn somebody_comes_in_through_another_server() {
    let Some(tools) = Tools::find() else { return };
    let house = House::furnished();
    let (port, provider) = (free_port(), free_port());
    let url = format!("http://localhost:{port}");
    let settings = house.binary.data_dir.join("provider.toml");
    let text = format!(
        "[server]\npublic_url = \"{url}\"\n\n[sign_in]\nprivate_providers = true\n\n[[sign_in.provider]]\nname = \"corp\"\ntitle = \"Example Corp\"\n\
         issuer = \"http://localhost:{provider}\"\nclient_id = \"ringfence\"\nclient_secret = \"{PROVIDER_SECRET}\"\n\
         account = \"acme\"\n"
    );
    std::fs::write(&settings, text).unwrap();
    let settings = settings.display().to_string();
    let listen = format!("127.0.0.1:{port}");
    let _server = house.binary.serve(&listen, &["--config", &settings]);
    let mut world = house.world(&url);
    house.provider(
        "house",
        "House Keys",
        &format!("http://localhost:{provider}"),
    );
    world["provider"] = json!({ "port": provider, "secret": PROVIDER_SECRET });
    tools.run("provider.mjs", &world);
}

#[test]
fn an_application_asks_a_person() {
    let Some(tools) = Tools::find() else { return };
    let house = House::furnished();
    let port = free_port();
    let origin = format!("http://localhost:{port}");
    let application = house.application(&origin);
    let server = house.binary.serve("127.0.0.1:0", &[]);
    let mut world = house.world(&server.url);
    world["elsewhere"] = json!(origin);
    world["application"] = json!({
        "port": port,
        "id": application["id"],
        "key": application["consumer_key"],
        "secret": application["consumer_secret"],
    });
    world["people"]["caller"] = json!({ "username": username("caller"), "password": PASSWORD });
    tools.run("authorize.mjs", &world);
}

#[test]
fn a_newcomer_walks_from_the_demos_link_to_a_lost_permission_by_keyboard() {
    let Some(tools) = Tools::find() else { return };
    let folder = tempfile::tempdir().unwrap();
    let binary = binary(folder.path());
    let demo = Demo::start(&binary);
    let said = &demo.said;
    assert!(
        demo.link.is_some(),
        "the demo prints no link to the portal:\n{said}"
    );
    let link = demo.link.clone().unwrap_or_default();
    let origin = link.split("/").take(3).collect::<Vec<_>>().join("/");
    let world = json!({ "url": origin, "link": link });
    tools.run("walk.mjs", &world);
}

/// Node with the packages of `tests/browser/`, and a browser.
struct Tools {
    scripts: PathBuf,
    chromium: String,
}

impl Tools {
    fn find() -> Option<Self> {
        let scripts = root().join("tests/browser");
        let chromium = std::env::var("RINGFENCE_TEST_CHROMIUM")
            .unwrap_or_else(|_| "/usr/bin/chromium".to_owned());
        let lacking = if Command::new("node").arg("--version").output().is_err() {
            "node is not installed"
        } else if !Path::new(&chromium).exists() {
            "there is no Chromium"
        } else if !scripts.join("node_modules/playwright-core").exists() {
            "tests/browser lacks its packages: npm ci"
        } else {
            return Some(Self { scripts, chromium });
        };
        assert!(
            std::env::var_os("RINGFENCE_REQUIRE_ALL").is_none(),
            "{lacking}"
        );
        None
    }

    /// Runs a script; its faults are the test's.
    fn run(&self, script: &str, world: &Value) {
        let mut world = world.clone();
        world["chromium"] = json!(self.chromium);
        world["pictures"] = json!(root().join("target/screenshots"));
        let done = Command::new("node")
            .arg(self.scripts.join(script))
            .env("RINGFENCE_BROWSER", world.to_string())
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&done.stdout);
        let faults = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{script}\n{said}\n{faults}");
    }
}

/// A data folder with two accounts, a person of each kind, credentials and a week of calls.
struct House {
    binary: Binary,
    _folder: tempfile::TempDir,
}

impl House {
    fn furnished() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let house = Self {
            binary: binary(folder.path()),
            _folder: folder,
        };
        for name in ["acme", "beta"] {
            house.act(&[
                "account", "create", name, "--region", "emea", "--kind", "vcc",
            ]);
        }
        house.people();
        house.agent_of_calls();
        let calls = root().join("demo/calls");
        house.act(&[
            "import",
            "recordings",
            "--account",
            "acme",
            &calls.display().to_string(),
        ]);
        for (owner, name) in [("admin", "Nightly collection"), ("supervisor", "Wallboard")] {
            house.credential(owner, name);
        }
        house.provider("corp", "Example Corp", "https://id.example.com");
        house
    }

    /// Somebody of a Business Communications account, and an application that may ask them.
    fn application(&self, origin: &str) -> Value {
        let account = ["--region", "nam", "--kind", "vbc"];
        self.act(&[&["account", "create", "voice"][..], &account].concat());
        let name = username("caller");
        let person = [
            "--account",
            "voice",
            "--role",
            "Admin",
            "--name",
            "Cal Moreno",
        ];
        let create = [
            &["user", "create", &name][..],
            &person,
            &["--password-stdin"],
        ];
        self.act_with(&create.concat(), PASSWORD);
        let developer = [
            "--email",
            "dana@example.com",
            "--company",
            "Example Software",
        ];
        self.act(&[&["developer", "create", "dana.api"][..], &developer].concat());
        let what = ["--developer", "dana.api", "--quota", "Unlimited"];
        let does = ["--description", "Shows who is calling, and dials for you."];
        let made = [&["app", "create", "Call board"][..], &what, &does].concat();
        let made = self.binary.json(&made);
        let id = made["id"].as_str().unwrap();
        self.act(&["subscription", "add", id, "Provisioning"]);
        let (callback, bye) = (format!("{origin}/callback"), format!("{origin}/bye"));
        let places = ["--callback", &callback, "--post-logout", &bye];
        let grants = ["--grant", "authorization_code", "--grant", "refresh_token"];
        let generate = [&["app", "keys", "generate", id][..], &grants, &places].concat();
        self.binary.json(&generate)
    }

    /// A provider that the account acme keeps.
    fn provider(&self, name: &str, title: &str, issuer: &str) {
        let what = [
            "provider",
            "add",
            name,
            "--account",
            "acme",
            "--title",
            title,
        ];
        let there = ["--issuer", issuer, "--client-id", "ringfence"];
        let args = [&what[..], &there, &["--client-secret-stdin"]].concat();
        self.act_with(&args, PROVIDER_SECRET);
    }

    /// One of each kind, and an admin who sees and deletes content.
    fn people(&self) {
        for (kind, account, role, name) in [
            ("admin", "acme", "Admin", "Sam Lee"),
            ("supervisor", "acme", "Supervisor", "Jo Park"),
            ("agent", "acme", "Agent", "Ana Silva"),
            ("operator", "acme", "Admin", "Olu Ade"),
            ("stranger", "beta", "Admin", "Max Roth"),
        ] {
            let username = username(kind);
            let operator = if kind == "operator" { "yes" } else { "no" };
            let args = [
                "user",
                "create",
                &username,
                "--account",
                account,
                "--role",
                role,
                "--name",
                name,
                "--operator",
                operator,
                "--password-stdin",
            ];
            self.act_with(&args, PASSWORD);
        }
        let sam = username("admin");
        let all_content = [
            "user",
            "set",
            &sam,
            "--account",
            "acme",
            "--permission",
            "view-inbound-content=yes",
            "--permission",
            "view-outbound-content=yes",
            "--permission",
            "access-groups-content=yes",
            "--permission",
            "delete-content=yes",
            "--line",
            "+441632960900",
            "--group",
            "Sales",
            "--group",
            "Billing",
        ];
        self.act(&all_content);
    }

    /// The agent of some of the calls, so that whoever goes by groups sees those.
    fn agent_of_calls(&self) {
        let agent = [
            "user",
            "create",
            "pat.kim@acme.example",
            "--account",
            "acme",
            "--role",
            "Agent",
            "--name",
            "Pat Kim",
            "--agent-id",
            "2041",
            "--password-stdin",
        ];
        self.act_with(&agent, PASSWORD);
        let group = [
            "user",
            "set",
            "pat.kim@acme.example",
            "--account",
            "acme",
            "--group",
            "Billing",
        ];
        self.act(&group);
    }

    /// Enough rows that lists have pages.
    fn crowd(&self) {
        for n in 0..N_CREDENTIALS {
            self.credential("admin", &format!("Integration {n:03}"));
        }
    }

    /// A collection from the server itself: what its owner sees comes home, the rest are gaps.
    fn collect(&self, url: &str) {
        let owner = username("admin");
        let mut create = vec!["credential", "create", "--account", "acme"];
        create.extend(["--owner", &owner, "--name", "Collector"]);
        for scope in ["interaction-content:read", "users:read", "stats"] {
            create.extend(["--scope", scope]);
        }
        let made = self.binary.json(&create);
        let text = |member: &str| made[member].as_str().unwrap().to_owned();
        let (id, secret) = (text("client_id"), text("client_secret"));
        let mut add = vec!["connection", "add", "acme", "--url", url];
        add.extend(["--client-id", &id, "--client-secret-stdin"]);
        self.act_with(&add, &secret);
        let week = ["--since", "2026-03-01T00:00:00Z"];
        let until = ["--until", "2026-03-08T00:00:00Z"];
        let run = [&["collect", "acme"][..], &week, &until].concat();
        // Gaps are findings: the exit code is 1.
        let done = self.binary.output(&run, "");
        let why = String::from_utf8_lossy(&done.stderr);
        assert!(matches!(done.status.code(), Some(0 | 1)), "collect: {why}");
    }

    fn credential(&self, owner: &str, name: &str) {
        let owner = username(owner);
        let args = [
            "credential",
            "create",
            "--account",
            "acme",
            "--owner",
            &owner,
            "--name",
            name,
            "--scope",
            "interaction-content:read",
            "--scope",
            "users:read",
        ];
        self.act(&args);
    }

    fn act(&self, args: &[&str]) {
        self.act_with(args, "");
    }

    fn act_with(&self, args: &[&str], stdin: &str) {
        let done = self.binary.output(args, stdin);
        let why = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{args:?}: {why}");
    }

    /// What the scripts must know.
    fn world(&self, url: &str) -> Value {
        let person = |kind| json!({ "username": username(kind), "password": PASSWORD });
        json!({
            "url": url,
            "data_dir": self.binary.data_dir,
            "people": {
                "admin": person("admin"),
                "supervisor": person("supervisor"),
                "agent": person("agent"),
                "operator": person("operator"),
                "stranger": person("stranger"),
            },
        })
    }
}

/// `ringfence demo`, up to the link that it prints.
struct Demo {
    link: Option<String>,
    said: String,
    child: Child,
}

impl Demo {
    fn start(binary: &Binary) -> Self {
        let mut child = binary
            .command(&["demo"])
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut said = String::new();
        let mut link = None;
        for line in lines.map_while(Result::ok) {
            said.push_str(&line);
            said.push('\n');
            link = link.or_else(|| portal_link(&line));
            if line.contains("Ctrl-C") {
                break;
            }
        }
        Self { link, said, child }
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The first address in a line that leads to the portal.
fn portal_link(line: &str) -> Option<String> {
    line.split_whitespace()
        .find(|word| {
            word.starts_with("http")
                && ["/setup/", "/invite/", "/login", "/admin"]
                    .iter()
                    .any(|p| word.contains(p))
        })
        .map(str::to_owned)
}

fn binary(folder: &Path) -> Binary {
    Binary {
        path: PathBuf::from(env!("CARGO_BIN_EXE_ringfence")),
        data_dir: folder.join("data"),
        database_url: None,
    }
}

fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

fn username(kind: &str) -> String {
    let account = if kind == "stranger" { "beta" } else { "acme" };
    format!("{kind}@{account}.example")
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
