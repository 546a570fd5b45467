//! The token service of applications. A test's number is that of the line of the OAuth checklist it proves.

mod client_auth;
mod code;
mod crowd;
mod ended;
mod password;
mod refresh;
mod refusals;
mod revocation;
mod shapes;

use ringfence_app::context::{Settings, VbcSettings};
use ringfence_app::gateway::user::{UserAdmitRequest, UserRule, user_admit};
use ringfence_app::token::grant::authorization_code::{NewCode, code_issue};
use ringfence_app::users::{NewUser, UserEdit, user_create, user_edit};
use ringfence_core::account::Account;
use ringfence_core::application::Application;
use ringfence_core::developer::Developer;
use ringfence_core::encoding::{base64, base64url_decode};
use ringfence_core::grant::Authorization;
use ringfence_core::pkce::CodeChallenge;
use ringfence_core::secret::Secret;
use ringfence_core::user::{Role, User, Username};
use ringfence_core::user_scope::UserScopes;
use ringfence_testkit::applications::{CALLBACK, TestApplication};
use ringfence_testkit::test_app::{TestApp, actor};
use serde_json::Value;

const TOKEN: &str = "/token";
const REVOKE: &str = "/revoke";
const FORM: &str = "application/x-www-form-urlencoded";
const LOGIN: &str = "api_user_4711";
const USERNAME: &str = "api_user_4711@vbc.prod";
const PASSWORD: &str = "Correct-Horse-7-Battery";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// A server with a VBC account, a user with a password, a developer and an application.
struct Bench {
    app: TestApp,
    account: Account,
    user: User,
    developer: Developer,
    of: TestApplication,
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

    /// One with other settings of this service.
    async fn with(change: impl FnOnce(&mut VbcSettings)) -> Self {
        let mut settings = Settings::default();
        change(&mut settings.vbc);
        Self::on(TestApp::start(ringfence_testkit::stores::sqlite(), settings).await).await
    }

    async fn on(app: TestApp) -> Self {
        let account = app.vbc_account("northwind").await;
        let user = person(&app, &account, LOGIN).await;
        let developer = app.developer("dana.api").await;
        let of = app.application(&developer, "Nightly").await;
        app.caught_up().await;
        Self {
            app,
            account,
            user,
            developer,
            of,
        }
    }

    /// One more application.
    async fn application(
        &self,
        name: &str,
        change: impl FnOnce(&mut Application),
    ) -> TestApplication {
        self.app
            .application_with(&self.developer, name, change)
            .await
    }

    /// One more application that keeps no secret.
    async fn public(&self) -> TestApplication {
        self.application("Native", |application| {
            let keys = application.keys.as_mut().unwrap();
            keys.secret = None;
            keys.grant_types =
                ringfence_core::application::GrantTypes::parse("authorization_code refresh_token")
                    .unwrap();
        })
        .await
    }

    /// A code for the application, as if the user had just allowed it.
    async fn code(&self, of: &TestApplication, scope: &str) -> String {
        self.code_with(of, scope, |_| {}).await
    }

    async fn code_with(
        &self,
        of: &TestApplication,
        scope: &str,
        change: impl FnOnce(&mut NewCode),
    ) -> String {
        let live = self.app.ctx.directory.snapshot();
        let live = live.live_user(of.application.id, self.user.id).unwrap();
        let mut new = NewCode {
            authorization: Authorization {
                application_id: of.application.id,
                user_id: self.user.id,
                account_id: self.account.id,
                scope: UserScopes::parse(scope).unwrap(),
                auth_time: self.app.ctx.now(),
                method: "password".to_owned(),
                session_id: None,
                nonce: Some("n-0S6_WzA2Mj".to_owned()),
                acr: None,
                claims: None,
                epoch: live.epoch,
            },
            redirect_uri: CALLBACK.to_owned(),
            challenge: Some(CodeChallenge::parse(CHALLENGE).unwrap()),
        };
        change(&mut new);
        let code = code_issue(&self.app.ctx, new).await.unwrap();
        code.expose().to_owned()
    }

    /// Exchanges a code.
    async fn exchange(&self, of: &TestApplication, code: &str) -> Answer {
        self.ask(&exchange_form(of, code)).await
    }

    /// Tokens by a code.
    async fn tokens(&self, of: &TestApplication, scope: &str) -> Value {
        let code = self.code(of, scope).await;
        self.exchange(of, &code).await.granted()
    }

    /// Refreshes.
    async fn refresh(&self, of: &TestApplication, token: &str) -> Answer {
        self.ask(&refresh_form(of, token)).await
    }

    /// Asks by password.
    async fn password(&self, username: &str, password: &str) -> Answer {
        self.ask(&password_form(&self.of, username, password)).await
    }

    /// Revokes, as an application.
    async fn revoke(&self, of: &TestApplication, token: &str) -> Answer {
        let mut parameters = proof(of);
        parameters.push(("token", token.to_owned()));
        self.send(REVOKE, &[], &form(&parameters)).await
    }

    /// Asks the token endpoint with a form of these parameters.
    async fn ask(&self, parameters: &[(&str, String)]) -> Answer {
        self.send(TOKEN, &[], &form(parameters)).await
    }

    /// Sends a form, with more headers.
    async fn send(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        send_to(&self.app, path, headers, body).await
    }

    /// Whether an access token opens anything at this moment.
    async fn admitted(&self, token: &str) -> bool {
        self.app.caught_up().await;
        admitted(&self.app, token)
    }

    /// The lines of the audit trail of one act, as their details.
    async fn audit(&self, act: &str) -> Vec<Value> {
        ringfence_app::usage::flush(&self.app.ctx).await.unwrap();
        let mut tx = self.app.ctx.db.begin_read().await.unwrap();
        let rows = tx
            .fetch_all(
                "SELECT detail FROM audit WHERE act = $1 ORDER BY seq",
                &[act.into()],
            )
            .await
            .unwrap();
        let details = rows.iter().map(|row| row.text("detail").unwrap());
        details
            .map(|detail| serde_json::from_str(&detail).unwrap())
            .collect()
    }
}

/// Somebody with the password that tests know.
async fn person(app: &TestApp, account: &Account, login: &str) -> User {
    let new = NewUser {
        operator: false,
        username: Username::parse(login).unwrap(),
        name: "API USER".to_owned(),
        email: format!("{login}@example.com"),
        role: Role::Admin,
        agent: None,
        password: Some(Secret::new(PASSWORD.to_owned())),
    };
    user_create(&app.ctx, &actor(), &account.name, new)
        .await
        .unwrap()
}

/// Changes somebody.
async fn person_edit(app: &TestApp, user: &User, change: impl FnOnce(&mut UserEdit)) {
    let mut edit = UserEdit::default();
    change(&mut edit);
    user_edit(&app.ctx, &actor(), user.id, edit).await.unwrap();
    app.caught_up().await;
}

/// Whether a node admits an access token to something that needs no scope.
fn admitted(app: &TestApp, token: &str) -> bool {
    let rule = UserRule {
        name: "test",
        suite: None,
        scope: None,
    };
    let request = UserAdmitRequest {
        token,
        rule,
        source: None,
    };
    user_admit(&app.ctx, &request).is_ok()
}

async fn send_to(app: &TestApp, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut request = app.http.post(app.url(path)).body(body.to_owned());
    if !headers.iter().any(|(name, _)| *name == "content-type") {
        request = request.header("content-type", FORM);
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    answer(request.send().await.unwrap()).await
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

    /// The body of a good answer.
    fn granted(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text);
        self.json()
    }

    /// Status, error code and description of a refusal.
    fn refusal(&self) -> (u16, String, String) {
        let json = self.json();
        let text = |name: &str| json[name].as_str().unwrap_or_default().to_owned();
        (self.status, text("error"), text("error_description"))
    }

    /// Status and error code of a refusal.
    fn code(&self) -> (u16, String) {
        let (status, code, _) = self.refusal();
        (status, code)
    }
}

fn proof(of: &TestApplication) -> Vec<(&'static str, String)> {
    let mut parameters = vec![("client_id", of.key.clone())];
    if of.application.keys.as_ref().unwrap().secret.is_some() {
        parameters.push(("client_secret", of.secret.expose().clone()));
    }
    parameters
}

fn exchange_form(of: &TestApplication, code: &str) -> Vec<(&'static str, String)> {
    let mut parameters = proof(of);
    parameters.extend([
        ("grant_type", "authorization_code".to_owned()),
        ("code", code.to_owned()),
        ("redirect_uri", CALLBACK.to_owned()),
        ("code_verifier", VERIFIER.to_owned()),
    ]);
    parameters
}

fn refresh_form(of: &TestApplication, token: &str) -> Vec<(&'static str, String)> {
    let mut parameters = proof(of);
    parameters.extend([
        ("grant_type", "refresh_token".to_owned()),
        ("refresh_token", token.to_owned()),
    ]);
    parameters
}

fn password_form(
    of: &TestApplication,
    username: &str,
    password: &str,
) -> Vec<(&'static str, String)> {
    let mut parameters = proof(of);
    parameters.extend([
        ("grant_type", "password".to_owned()),
        ("scope", "openid".to_owned()),
        ("username", username.to_owned()),
        ("password", password.to_owned()),
    ]);
    parameters
}

fn text(body: &Value, name: &str) -> String {
    body[name].as_str().unwrap_or_default().to_owned()
}

fn access(body: &Value) -> String {
    text(body, "access_token")
}

fn refresh_of(body: &Value) -> String {
    text(body, "refresh_token")
}

fn form(parameters: &[(&str, String)]) -> String {
    let pairs: Vec<String> = parameters
        .iter()
        .map(|(n, v)| format!("{n}={}", encode(v)))
        .collect();
    pairs.join("&")
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

fn basic(of: &TestApplication) -> String {
    let pair = format!("{}:{}", of.key, of.secret.expose());
    format!("Basic {}", base64(pair.as_bytes()))
}

/// The claims of a token.
fn claims(token: &str) -> Value {
    let part = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&base64url_decode(part).unwrap()).unwrap()
}

fn invalid_grant(description: &str) -> (u16, String, String) {
    (400, "invalid_grant".to_owned(), description.to_owned())
}

const REFRESH_GONE: &str = "Persisted access token data not found";
