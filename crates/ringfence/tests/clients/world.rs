//! A server over TLS with a person of a VBC account and an application, made on the command line.

use ringfence_testkit::process::{Binary, ServerProcess};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

pub(crate) const USERNAME: &str = "vic.mora@acme.example";
pub(crate) const PASSWORD: &str = "a sentence that nobody guesses 7";
/// Nobody is there: where people are sent back to is read off the redirect.
pub(crate) const CALLBACK: &str = "https://board.example/callback";
pub(crate) const POST_LOGOUT: &str = "https://board.example/bye";

pub(crate) struct World {
    pub(crate) binary: Binary,
    pub(crate) application: String,
    pub(crate) url: String,
    pub(crate) certificate: String,
    pub(crate) certificate_file: PathBuf,
    pub(crate) key: String,
    pub(crate) secret: String,
    subject: String,
    _server: ServerProcess,
    _folder: tempfile::TempDir,
}

impl World {
    /// Starts the server and makes everything.
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let binary = Binary {
            path: PathBuf::from(env!("CARGO_BIN_EXE_ringfence")),
            data_dir: folder.path().join("data"),
            database_url: None,
        };
        act(&binary, &["account", "create", "acme", "--kind", "vbc"], "");
        let user = act(
            &binary,
            &[
                "user",
                "create",
                USERNAME,
                "--account",
                "acme",
                "--role",
                "Admin",
                "--name",
                "Vic Mora",
                "--password-stdin",
            ],
            PASSWORD,
        );
        let developer = ["developer", "create", "dana.api", "--name", "Dana Reed"];
        let developer = [&developer[..], &["--email", "dana@example.com"]].concat();
        act(&binary, &developer, "");
        let app = ["app", "create", "Call board", "--developer", "dana.api"];
        let app = act(&binary, &app, "");
        let id = text(&app, "id");
        act(&binary, &["subscription", "add", &id, "Provisioning"], "");
        let keys = ["app", "keys", "generate", &id, "--callback", CALLBACK];
        let keys = act(
            &binary,
            &[&keys[..], &["--post-logout", POST_LOGOUT]].concat(),
            "",
        );

        let (certificate, private) = certificate(folder.path());
        let port = free_port();
        let url = format!("https://localhost:{port}");
        let settings = folder.path().join("ringfence.toml");
        std::fs::write(&settings, format!("[server]\npublic_url = \"{url}\"\n")).unwrap();
        let path = |path: &Path| path.display().to_string();
        let server = binary.serve(
            &format!("127.0.0.1:{port}"),
            &[
                "--config",
                &path(&settings),
                "--tls-cert",
                &path(&certificate),
                "--tls-key",
                &path(&private),
            ],
        );
        Self {
            binary,
            application: id,
            url,
            certificate: std::fs::read_to_string(&certificate).unwrap(),
            certificate_file: certificate,
            key: text(&keys, "consumer_key"),
            secret: text(&keys, "consumer_secret"),
            subject: text(&user, "id"),
            _server: server,
            _folder: folder,
        }
    }

    /// The issuer of the application's tokens.
    pub(crate) fn issuer(&self) -> String {
        format!("{}/oauth2/token", self.url)
    }

    /// The person's id, which is the subject of their tokens.
    pub(crate) fn subject(&self) -> &str {
        &self.subject
    }

    /// What a client is told.
    pub(crate) fn told(&self) -> Value {
        json!({
            "issuer": self.issuer(),
            "client_id": self.key,
            "client_secret": self.secret,
            "redirect_uri": CALLBACK,
            "post_logout": POST_LOGOUT,
            "subject": self.subject,
            "certificate": self.certificate_file,
        })
    }

    /// An HTTP client that trusts the server and follows no redirect.
    pub(crate) fn http(&self) -> reqwest::Client {
        let certificate = reqwest::Certificate::from_pem(self.certificate.as_bytes()).unwrap();
        reqwest::Client::builder()
            .tls_certs_only([certificate])
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap()
    }
}

fn act(binary: &Binary, args: &[&str], stdin: &str) -> Value {
    let args = [&["--json"], args].concat();
    let done = binary.output(&args, stdin);
    let faults = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{args:?}: {faults}");
    serde_json::from_slice(&done.stdout).unwrap()
}

fn text(value: &Value, member: &str) -> String {
    let found = value[member].as_str();
    found
        .unwrap_or_else(|| panic!("{member} in {value}"))
        .to_owned()
}

/// A certificate for localhost that vouches for itself, and its key.
fn certificate(folder: &Path) -> (PathBuf, PathBuf) {
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
    let made = rcgen::generate_simple_self_signed(names).unwrap();
    let (certificate, key) = (folder.join("server.pem"), folder.join("server.key"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    (certificate, key)
}

/// A port that nobody listens on.
pub(crate) fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}
