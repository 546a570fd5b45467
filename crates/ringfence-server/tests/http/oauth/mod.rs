//! The token service. A test's number is that of the line of the OAuth checklist it proves.

mod access_token;
mod client_auth;
mod client_credentials;
mod introspection;
mod keys;
mod malformed;
mod metadata;
mod revocation;
mod token_request;

use std::net::IpAddr;

use ringfence_app::context::Settings;
use ringfence_app::credentials::NewSecret;
use ringfence_app::token::{FailureLimits, Rate};
use ringfence_core::account::Account;
use ringfence_core::encoding::{base64, base64url_decode};
use ringfence_core::user::User;
use ringfence_testkit::test_app::TestApp;
use serde_json::Value;

const TOKEN: &str = "/Auth/connect/token";
const INTROSPECT: &str = "/Auth/connect/introspect";
const REVOKE: &str = "/Auth/connect/revocation";
const FORM: &str = "application/x-www-form-urlencoded";
const SCOPES: &str = "interaction-content:read users:read stats";

/// A server with an account, an admin and a credential.
struct Bench {
    app: TestApp,
    account: Account,
    owner: User,
    credential: NewSecret,
}

/// An answer, read to its end.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    text: String,
}

impl Bench {
    async fn new() -> Self {
        Self::on(TestApp::sqlite().await).await
    }

    /// One on each engine.
    async fn both() -> Vec<Self> {
        let mut benches = Vec::new();
        for app in TestApp::both().await {
            benches.push(Self::on(app).await);
        }
        benches
    }

    /// One whose failures are not slowed.
    async fn patient() -> Self {
        let none = Rate {
            burst: u32::MAX,
            every_ms: 0,
        };
        let failure_limits = FailureLimits {
            pair: none,
            address: none,
            client: none,
        };
        let settings = Settings {
            failure_limits,
            ..Settings::default()
        };
        Self::on(TestApp::start(ringfence_testkit::stores::sqlite(), settings).await).await
    }

    async fn on(app: TestApp) -> Self {
        let account = app.account("acme").await;
        let owner = app
            .admin(&account, "sam.lee@acme.example", &["+441632960900"])
            .await;
        let credential = app.credential(&account, &owner, SCOPES).await;
        Self {
            app,
            account,
            owner,
            credential,
        }
    }

    fn id(&self) -> String {
        self.credential.credential.id.to_string()
    }

    fn secret(&self) -> &str {
        self.credential.secret.expose()
    }

    fn basic(&self) -> String {
        basic(&self.id(), self.secret())
    }

    /// The parameters of a good token request.
    fn good(&self) -> [(&str, String); 4] {
        [
            ("grant_type", "client_credentials".to_owned()),
            ("client_id", self.id()),
            ("client_secret", self.secret().to_owned()),
            ("scope", "stats".to_owned()),
        ]
    }

    /// Sends a form, with more headers.
    async fn send(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut request = self.app.http.post(self.app.url(path)).body(body.to_owned());
        if !headers.iter().any(|(name, _)| *name == "content-type") {
            request = request.header("content-type", FORM);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        answer(request.send().await.unwrap()).await
    }

    /// Asks for a token with a form of these parameters.
    async fn ask(&self, parameters: &[(&str, String)]) -> Answer {
        self.send(TOKEN, &[], &form(parameters)).await
    }

    /// Asks for a token with Basic and these parameters.
    async fn ask_basic(&self, authorization: &str, parameters: &[(&str, String)]) -> Answer {
        self.send(
            TOKEN,
            &[("authorization", authorization)],
            &form(parameters),
        )
        .await
    }

    /// Asks for a token with any id, secret and scopes.
    async fn ask_as(&self, id: &str, secret: &str, scope: &str) -> Answer {
        let mut parameters = self.good();
        (parameters[1].1, parameters[2].1) = (id.to_owned(), secret.to_owned());
        parameters[3].1 = scope.to_owned();
        self.ask(&parameters).await
    }

    async fn token(&self) -> String {
        self.app.token(&self.credential, "stats").await
    }

    /// Asks about a token, as a credential.
    async fn introspect(&self, asker: &NewSecret, token: &str) -> Answer {
        let authorization = basic_of(asker);
        let body = form(&[("token", token.to_owned())]);
        self.send(INTROSPECT, &[("authorization", &authorization)], &body)
            .await
    }

    /// Gives a token up, as a credential.
    async fn revoke(&self, asker: &NewSecret, token: &str) -> Answer {
        let authorization = basic_of(asker);
        let body = form(&[("token", token.to_owned())]);
        self.send(REVOKE, &[("authorization", &authorization)], &body)
            .await
    }

    async fn get(&self, path: &str) -> Answer {
        answer(self.app.http.get(self.app.url(path)).send().await.unwrap()).await
    }

    async fn jwks(&self) -> Vec<Value> {
        let set = self
            .get("/Auth/.well-known/openid-configuration/jwks")
            .await
            .json();
        set["keys"].as_array().unwrap().clone()
    }
}

impl Answer {
    fn header(&self, name: &str) -> Option<&str> {
        let mut all = self.headers.iter().filter(|(n, _)| n == name);
        let first = all.next().map(|(_, value)| value.as_str());
        assert!(all.next().is_none(), "{name} is repeated");
        first
    }

    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap()
    }

    /// The error code, with the status.
    fn refusal(&self) -> (u16, String) {
        (
            self.status,
            self.json()["error"].as_str().unwrap_or_default().to_owned(),
        )
    }

    fn description(&self) -> String {
        self.json()["error_description"]
            .as_str()
            .unwrap_or_default()
            .to_owned()
    }

    /// Without what differs between any two answers.
    fn stable(&self) -> Self {
        let mut stable = self.clone();
        stable
            .headers
            .retain(|(name, _)| name != "date" && name != "x-request-id");
        stable.headers.sort();
        if let Ok(mut json) = serde_json::from_str::<Value>(&self.text)
            && json.get("access_token").is_some()
        {
            json["access_token"] = "…".into();
            stable.text = json.to_string();
        }
        stable.headers.retain(|(name, _)| name != "content-length");
        stable
    }
}

async fn answer(response: reqwest::Response) -> Answer {
    let status = response.status().as_u16();
    let text_of = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    let headers = response
        .headers()
        .iter()
        .map(|(n, v)| (n.to_string(), text_of(v.as_bytes())))
        .collect();
    Answer {
        status,
        headers,
        text: response.text().await.unwrap(),
    }
}

/// Form-encodes everything that is not a letter or digit.
fn encode(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

fn form(parameters: &[(&str, String)]) -> String {
    let pairs: Vec<String> = parameters
        .iter()
        .map(|(n, v)| format!("{n}={}", encode(v)))
        .collect();
    pairs.join("&")
}

fn basic(id: &str, secret: &str) -> String {
    format!(
        "Basic {}",
        base64(format!("{}:{}", encode(id), encode(secret)).as_bytes())
    )
}

fn basic_of(credential: &NewSecret) -> String {
    basic(
        &credential.credential.id.to_string(),
        credential.secret.expose(),
    )
}

/// One of a token's first two parts as JSON: 0 the header, 1 the claims.
fn part(token: &str, n: usize) -> Value {
    let part = token.split('.').nth(n).unwrap();
    serde_json::from_slice(&base64url_decode(part).unwrap()).unwrap()
}

fn loopback(last: u8) -> IpAddr {
    IpAddr::from([127, 0, 0, last])
}
