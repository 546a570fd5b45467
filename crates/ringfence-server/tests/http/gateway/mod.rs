//! The gateway. A test's number is that of the line of the OAuth checklist it proves.

mod denial;
mod drain;
mod forwarding;
mod framing;
mod headers;
mod paths;
mod placement;
mod quotas;
mod tls;
mod tokens;
mod upstream;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use ringfence_app::credentials::NewSecret;
use ringfence_app::directory::snapshot::KeyEntry;
use ringfence_core::account::{Account, TokenAlg};
use ringfence_core::encoding::{base64url, base64url_decode};
use ringfence_core::user::User;
use ringfence_server::gateway::routes::RouteSetting;
use ringfence_testkit::test_app::{Setup, TestApp};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use upstream::Upstream;

const SCOPES: &str = "stats users:read";

/// A server with a program behind it, an account, an admin, a credential and a token.
struct Bench {
    app: TestApp,
    upstream: Upstream,
    account: Account,
    owner: User,
    credential: NewSecret,
    token: String,
}

/// An answer, read to its end.
#[derive(Clone, Debug)]
struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    text: String,
    /// The server closed the connection, as seen by a client that did not ask for it.
    closed: bool,
}

impl Bench {
    async fn new() -> Self {
        Self::with(|_| {}).await
    }

    async fn with(change: impl FnOnce(&mut Setup)) -> Self {
        let upstream = Upstream::start().await;
        let mut setup = Setup {
            routes: routes(&upstream.url()),
            ..Setup::default()
        };
        change(&mut setup);
        let app = TestApp::set_up(setup).await;
        let account = app.account("acme").await;
        let owner = app.admin(&account, "sam.lee@acme.example", &[]).await;
        let credential = app.credential(&account, &owner, SCOPES).await;
        let token = app.token(&credential, SCOPES).await;
        Self {
            app,
            upstream,
            account,
            owner,
            credential,
            token,
        }
    }

    /// A good call with the bench's token.
    async fn call(&self) -> Answer {
        self.call_with(&self.token).await
    }

    /// A good call with a token.
    async fn call_with(&self, token: &str) -> Answer {
        let line = format!("authorization: Bearer {token}");
        self.get("/up/1", &[&line]).await
    }

    /// A GET with these header lines.
    async fn get(&self, target: &str, lines: &[&str]) -> Answer {
        self.send("GET", target, lines, "").await
    }

    /// A GET with the bench's token and these header lines.
    async fn get_good(&self, target: &str, lines: &[&str]) -> Answer {
        let bearer = format!("authorization: Bearer {}", self.token);
        let mut all = vec![bearer.as_str()];
        all.extend(lines);
        self.get(target, &all).await
    }

    /// A request written by hand, so that no client tidies it up.
    async fn send(&self, method: &str, target: &str, lines: &[&str], body: &str) -> Answer {
        let mut text = format!("{method} {target} HTTP/1.1\r\nhost: api.example\r\n");
        for line in lines {
            text.push_str(line);
            text.push_str("\r\n");
        }
        if !body.is_empty() {
            text.push_str(&format!("content-length: {}\r\n", body.len()));
        }
        text.push_str("\r\n");
        text.push_str(body);
        raw(self.app.address, text.as_bytes()).await
    }

    /// The bench's token as header line.
    fn bearer(&self) -> String {
        format!("authorization: Bearer {}", self.token)
    }

    fn key(&self) -> Arc<KeyEntry> {
        let snapshot = self.app.ctx.directory.snapshot();
        let now = self.app.ctx.now();
        Arc::clone(snapshot.signing_key(TokenAlg::Rs256, now).unwrap())
    }

    /// Header and claims of the bench's token.
    fn parts(&self) -> (Value, Value) {
        let part = |n: usize| {
            let part = self.token.split('.').nth(n).unwrap();
            serde_json::from_slice(&base64url_decode(part).unwrap()).unwrap()
        };
        (part(0), part(1))
    }

    /// A token with this header and these claims, signed rightly by the server's own key.
    fn forge(&self, header: &str, claims: &str) -> String {
        let input = format!(
            "{}.{}",
            base64url(header.as_bytes()),
            base64url(claims.as_bytes())
        );
        let signature = self.key().signing.sign(input.as_bytes()).unwrap();
        format!("{input}.{}", base64url(&signature))
    }

    /// The bench's token with one claim changed, or taken out by `null`, and signed anew.
    fn with_claim(&self, name: &str, value: Value) -> String {
        let (header, mut claims) = self.parts();
        let members = claims.as_object_mut().unwrap();
        if value.is_null() {
            members.remove(name).unwrap();
        } else {
            members.insert(name.to_owned(), value);
        }
        self.forge(&header.to_string(), &claims.to_string())
    }
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        let mut all = self.headers.iter().filter(|(n, _)| n == name);
        let first = all.next().map(|(_, value)| value.as_str());
        assert!(all.next().is_none(), "{name} is repeated: {self:?}");
        first
    }

    fn reason(&self) -> String {
        let json: Value = serde_json::from_str(&self.text).unwrap_or_default();
        json["reason"].as_str().unwrap_or_default().to_owned()
    }

    fn challenge(&self) -> &str {
        self.header("www-authenticate").unwrap_or_default()
    }
}

/// Sends bytes and reads until the server closes, or has answered and then says nothing for a moment.
async fn raw(address: SocketAddr, bytes: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(address).await.unwrap();
    // The server may answer and close before all is written.
    let _ = stream.write_all(bytes).await;
    let (text, closed) = read_all(&mut stream).await;
    parse(&text, closed)
}

async fn read_all(stream: &mut TcpStream) -> (Vec<u8>, bool) {
    let mut text = Vec::new();
    let mut part = [0; 4096];
    loop {
        let patience = if is_whole(&text) { 50 } else { 10_000 };
        match timeout(Duration::from_millis(patience), stream.read(&mut part)).await {
            Ok(Ok(0) | Err(_)) => return (text, true),
            Ok(Ok(n_read)) => text.extend_from_slice(&part[..n_read]),
            Err(_) => return (text, false),
        }
    }
}

/// Whether one response is there with all the body that its length announces.
fn is_whole(text: &[u8]) -> bool {
    let answer = parse(text, false);
    let length = answer
        .headers
        .iter()
        .find(|(name, _)| name == "content-length");
    let Some(length) = length.and_then(|(_, value)| value.parse::<usize>().ok()) else {
        return answer.text.ends_with("0\r\n\r\n");
    };
    answer.text.len() >= length
}

fn parse(bytes: &[u8], closed: bool) -> Answer {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let mut lines = head.split("\r\n");
    let status = lines.next().and_then(|line| line.split(' ').nth(1));
    Answer {
        status: status.and_then(|s| s.parse().ok()).unwrap_or(0),
        headers: lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect(),
        text: body.to_owned(),
        closed,
    }
}

fn routes(upstream: &str) -> Vec<RouteSetting> {
    let route = |name: &str, methods: &[&str], path: &str, scope: &str| RouteSetting {
        name: name.to_owned(),
        methods: methods.iter().map(|m| (*m).to_owned()).collect(),
        path: path.to_owned(),
        scopes: vec![scope.to_owned()],
        upstream: upstream.to_owned(),
        // Long enough for a busy machine; what waits for it to pass says so.
        head_timeout_ms: 20_000,
        idle_timeout_ms: 20_000,
        body_bytes_max: 1024 * 1024,
        ..RouteSetting::default()
    };
    vec![
        route("up", &["GET", "POST", "PUT"], "/up/{id}", "stats"),
        route("people", &["GET"], "/people/{rest...}", "users:read"),
        route("admins", &["GET"], "/people/admins/{id}", "admin:read"),
        RouteSetting {
            forward_token: true,
            ..route("trusting", &["GET", "POST"], "/trusting/{id}", "stats")
        },
        RouteSetting {
            head_timeout_ms: 300,
            idle_timeout_ms: 300,
            ..route("hasty", &["GET", "POST"], "/hasty/{id}", "stats")
        },
        RouteSetting {
            per_minute: Some(3),
            ..route("scarce", &["GET"], "/scarce/{id}", "stats")
        },
        RouteSetting {
            upstream: "http://127.0.0.1:1".to_owned(),
            ..route("absent", &["GET"], "/absent/{id}", "stats")
        },
    ]
}
