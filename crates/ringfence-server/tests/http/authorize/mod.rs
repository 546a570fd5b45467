//! OpenID Connect as applications and people meet it, from the outside.
//!
//! Tests that begin with `oidcc_` do what the module of that name of the OpenID Foundation's conformance suite does;
//! `cNN_` proves line NN of the OAuth checklist.

mod basic_op;
mod connected;
mod discovery;
mod form_post;
mod logout;
mod request;
mod sign_in;
mod userinfo;

use reqwest::Method;
use ringfence_app::users::{UserEdit, user_edit};
use ringfence_core::account::Account;
use ringfence_core::application::Application;
use ringfence_core::encoding::base64url_decode;
use ringfence_core::secret::Secret;
use ringfence_core::sign_in::id_token::{IdTokenRule, KeySet};
use ringfence_core::user::{Role, User};
use ringfence_testkit::applications::{CALLBACK, TestApplication};
use ringfence_testkit::test_app::{TestApp, actor};
use serde_json::Value;
use std::collections::BTreeMap;

const PASSWORD: &str = "correct horse battery";
/// RFC 7636, appendix B.
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const AFTERWARDS: &str = "https://app.example/bye";
const FORM: &str = "application/x-www-form-urlencoded";

/// A server with a VBC account, somebody of it, and an application.
struct House {
    app: TestApp,
    account: Account,
    user: User,
    of: TestApplication,
}

/// Somebody's browser: it keeps cookies and goes where it is sent, as long as that is within the service.
struct Person<'h> {
    house: &'h House,
    cookies: BTreeMap<String, String>,
}

/// What a browser shows.
#[derive(Clone, Debug)]
struct Page {
    status: u16,
    /// The path that was asked for, with its query.
    path: String,
    location: String,
    policy: String,
    headers: Vec<(String, String)>,
    text: String,
}

impl House {
    async fn new() -> Self {
        Self::on(TestApp::sqlite().await, |_| {}).await
    }

    async fn with(change: impl FnOnce(&mut Application)) -> Self {
        Self::on(TestApp::sqlite().await, change).await
    }

    /// One on each engine.
    async fn both() -> Vec<Self> {
        let mut houses = Vec::new();
        for app in TestApp::both().await {
            houses.push(Self::on(app, |_| {}).await);
        }
        houses
    }

    async fn on(app: TestApp, change: impl FnOnce(&mut Application)) -> Self {
        let account = app.vbc_account("acme").await;
        let user = person(&app, &account, "sam@acme.example").await;
        let developer = app.developer("dana.api").await;
        let of = app
            .application_with(&developer, "Dialer", |application| {
                if let Some(keys) = &mut application.keys {
                    let url = ringfence_core::callback::CallbackUrl::parse(AFTERWARDS).unwrap();
                    keys.post_logout.push(url);
                }
                change(application);
            })
            .await;
        Self {
            app,
            account,
            user,
            of,
        }
    }

    /// A browser of nobody.
    fn browser(&self) -> Person<'_> {
        Person {
            house: self,
            cookies: BTreeMap::new(),
        }
    }

    /// A browser in which somebody is signed in.
    async fn signed_in(&self, user: &User) -> Person<'_> {
        self.app.caught_up().await;
        let mut browser = self.browser();
        let page = browser.go("/login").await;
        browser.sign_in(&page, user.username.as_str()).await;
        browser
    }

    fn issuer(&self) -> String {
        self.app.url("/oauth2/token")
    }

    /// A good request, with parameters changed, added, or left out when their value is empty.
    fn request(&self, changes: &[(&str, &str)]) -> String {
        let mut fields: Vec<(&str, &str)> = vec![
            ("response_type", "code"),
            ("client_id", &self.of.key),
            ("redirect_uri", CALLBACK),
            ("scope", "openid"),
            ("state", "st4te"),
            ("nonce", "n0nce"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        for change in changes {
            match fields.iter_mut().find(|(name, _)| *name == change.0) {
                Some(field) => field.1 = change.1,
                None => fields.push(*change),
            }
        }
        fields.retain(|(_, value)| !value.is_empty());
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(fields);
        query.finish()
    }

    fn asking(&self, changes: &[(&str, &str)]) -> String {
        format!("/authorize?{}", self.request(changes))
    }

    /// Asks the token endpoint with the secret in the header.
    async fn token(&self, fields: &[(&str, &str)]) -> (u16, Value) {
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(fields);
        let request = self
            .app
            .http
            .post(self.app.url("/token"))
            .basic_auth(&self.of.key, Some(self.of.secret.expose()))
            .header("content-type", FORM)
            .body(body.finish());
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        (status, answer.json().await.unwrap())
    }

    async fn exchange(&self, code: &str) -> (u16, Value) {
        self.token(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ])
        .await
    }

    /// The claims of an ID token, verified as our own sign-in through other providers verifies one.
    async fn verified(&self, token: &str, nonce: &str) -> Value {
        let keys = self.app.http.get(self.app.url("/oauth2/jwks")).send().await;
        let keys = keys.unwrap().bytes().await.unwrap();
        let rule = IdTokenRule {
            issuer: &self.issuer(),
            client_id: &self.of.key,
            nonce,
            name_claim: "sub",
        };
        let keys = KeySet::parse(&keys).unwrap();
        keys.verify(token, rule, self.app.ctx.now()).unwrap();
        claims(token)
    }
}

impl Person<'_> {
    /// One request, as a browser sends it from a page of ours; nothing is followed.
    async fn send(&mut self, method: Method, path: &str, form: Option<&str>) -> Page {
        self.send_from("same-origin", method, path, form).await
    }

    async fn send_from(
        &mut self,
        site: &str,
        method: Method,
        path: &str,
        form: Option<&str>,
    ) -> Page {
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(n, v)| format!("{n}={v}"))
            .collect();
        let app = &self.house.app;
        let mut request = app
            .http
            .request(method, app.url(path))
            .header("sec-fetch-site", site);
        // A cookie that is SameSite=Lax does not come along with another site's form.
        let is_foreign_form = site == "cross-site" && form.is_some();
        if !cookies.is_empty() && !is_foreign_form {
            request = request.header("cookie", cookies.join("; "));
        }
        if let Some(form) = form {
            request = request.header("content-type", FORM).body(form.to_owned());
        }
        let answer = request.send().await.unwrap();
        for line in answer.headers().get_all("set-cookie") {
            let line = line.to_str().unwrap();
            let (name, rest) = line.split_once('=').unwrap();
            let value = rest.split(';').next().unwrap();
            if value.is_empty() {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let header = |name: &str| {
            let value = answer
                .headers()
                .get(name)
                .map(|v| v.to_str().unwrap().to_owned());
            value.unwrap_or_default()
        };
        let headers = answer.headers().iter();
        Page {
            status: answer.status().as_u16(),
            path: path.to_owned(),
            location: header("location"),
            policy: header("content-security-policy"),
            headers: headers
                .map(|(n, v)| (n.as_str().to_owned(), v.to_str().unwrap().to_owned()))
                .collect(),
            text: answer.text().await.unwrap(),
        }
    }

    /// Opens a page and goes on as long as that stays within the service.
    async fn go(&mut self, path: &str) -> Page {
        let page = self.send(Method::GET, path, None).await;
        self.follow(page).await
    }

    async fn follow(&mut self, mut page: Page) -> Page {
        for _ in 0..8 {
            let within = page
                .location
                .strip_prefix(&self.house.app.base)
                .map(str::to_owned);
            let path = within.unwrap_or_else(|| page.location.clone());
            if !(page.status == 302 || page.status == 303) || !path.starts_with('/') {
                return page;
            }
            page = self.send(Method::GET, &path, None).await;
        }
        assert!(page.location.is_empty(), "sent round in a circle");
        page
    }

    async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Page {
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(fields);
        let body = body.finish();
        self.send(Method::POST, path, Some(&body)).await
    }

    /// Fills in the sign-in page and goes on.
    async fn sign_in(&mut self, page: &Page, username: &str) -> Page {
        assert!(
            page.text.contains("<h1>Sign in</h1>"),
            "{} {}",
            page.path,
            page.text
        );
        let next = page.field("next");
        let fields = [
            ("username", username),
            ("password", PASSWORD),
            ("next", &next),
        ];
        let page = self.post("/login", &fields).await;
        assert_eq!(page.status, 303, "{}", page.text);
        self.follow(page).await
    }

    /// Answers the question.
    async fn choose(&mut self, page: &Page, choice: &str) -> Page {
        assert!(
            page.is_question(),
            "{} {} {}",
            page.status,
            page.path,
            page.text
        );
        let step = page.field("step");
        self.post("/authorize/answer", &[("step", &step), ("choice", choice)])
            .await
    }

    /// Signs in where that is wanted, allows what is asked, and gives where it ends.
    async fn through(&mut self, path: &str) -> Page {
        let username = self.house.user.username.as_str();
        let mut page = self.go(path).await;
        if page.path.starts_with("/login") {
            page = self.sign_in(&page, username).await;
        }
        if page.is_question() {
            page = self.choose(&page, "allow").await;
        }
        page
    }

    /// The whole walk, to the tokens.
    async fn tokens(&mut self, changes: &[(&str, &str)]) -> Value {
        let asking = self.house.asking(changes);
        let page = self.through(&asking).await;
        let answer = page.answer();
        let (status, tokens) = self.house.exchange(&answer["code"]).await;
        assert_eq!(status, 200, "{tokens}");
        tokens
    }
}

impl Page {
    /// The value of a hidden field.
    fn field(&self, name: &str) -> String {
        let begin = format!("name=\"{name}\" value=\"");
        assert!(self.text.contains(&begin), "no {name}: {}", self.text);
        let (_, rest) = self.text.split_once(&begin).unwrap();
        unescaped(rest.split('"').next().unwrap())
    }

    fn is_question(&self) -> bool {
        self.text.contains("action=\"/authorize/answer\"")
    }

    /// What the application is told, by redirect.
    fn answer(&self) -> BTreeMap<String, String> {
        assert!(
            matches!(self.status, 302 | 303),
            "{} {}",
            self.status,
            self.text
        );
        let (to, query) = self.location.split_once('?').unwrap();
        assert_eq!(to, CALLBACK);
        url::form_urlencoded::parse(query.as_bytes())
            .into_owned()
            .collect()
    }

    /// The code of an error that went to the application.
    fn error(&self) -> String {
        let answer = self.answer();
        answer.get("error").cloned().unwrap_or_default()
    }

    fn header(&self, name: &str) -> &str {
        let mut all = self.headers.iter();
        all.find(|(n, _)| n == name).map_or("", |(_, value)| value)
    }
}

fn unescaped(text: &str) -> String {
    text.replace("&#38;", "&")
        .replace("&#34;", "\"")
        .replace("&#39;", "'")
        .replace("&#60;", "<")
        .replace("&#62;", ">")
}

async fn person(app: &TestApp, account: &Account, username: &str) -> User {
    let user = app.user(account, username, Role::Admin, None).await;
    let edit = UserEdit {
        password: Some(Secret::new(PASSWORD.to_owned())),
        ..UserEdit::default()
    };
    user_edit(&app.ctx, &actor(), user.id, edit).await.unwrap();
    app.caught_up().await;
    user
}

/// The claims of a token, unverified.
fn claims(token: &str) -> Value {
    let payload = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&base64url_decode(payload).unwrap()).unwrap()
}
