//! Each operation of the fact sheet has a route, and answers here as the sheet says.
//!
//! The rows are those of `vbc/endpoints.csv`. A row without a route fails, and so does one that no call below is made for:
//! whoever adds a row adds its call.

#![expect(clippy::panic, reason = "a row that nothing calls ends the test")]

use crate::store_api::{PORTAL, Program, STORE, text};
use ringfence_app::import::provisioning::provisioning_import;
use ringfence_app::token::grant::authorization_code::{NewCode, code_issue};
use ringfence_app::users::{NewUser, user_create};
use ringfence_core::account::Account;
use ringfence_core::grant::Authorization;
use ringfence_core::pkce::CodeChallenge;
use ringfence_core::secret::Secret;
use ringfence_core::user::{Role, User, Username};
use ringfence_core::user_scope::UserScopes;
use ringfence_server::router::rules;
use ringfence_testkit::applications::{CALLBACK, TestApplication};
use ringfence_testkit::test_app::{TestApp, actor};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const SHEET: &str = include_str!("vbc/endpoints.csv");
const PASSWORD: &str = "Correct-Horse-7-Battery";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

/// An operation of the sheet.
#[derive(Debug)]
struct Row {
    api: String,
    method: String,
    /// Its path without host, with `[/v1]` where both forms are meant.
    path: String,
    summary: String,
}

#[test]
fn the_sheet_is_whole() {
    let mut n_rows: BTreeMap<String, usize> = BTreeMap::new();
    for row in sheet() {
        *n_rows.entry(row.api).or_default() += 1;
    }
    let expected = [
        ("Account", 3),
        ("DevPortal", 20),
        ("Extension", 2),
        ("OAuth", 11),
        ("User", 2),
    ];
    let expected = expected.map(|(api, n)| (api.to_owned(), n));
    assert_eq!(n_rows, BTreeMap::from(expected));
}

#[test]
fn every_row_has_its_routes() {
    let routed: BTreeSet<String> = rules()
        .iter()
        .map(|rule| format!("{} {}", rule.method, shape(rule.path)))
        .collect();
    for row in sheet() {
        for path in forms(&row) {
            let wanted = format!("{} {}", row.method, shape(&path));
            assert!(
                routed.contains(&wanted),
                "no route: {wanted} ({})",
                row.summary
            );
        }
    }
}

#[tokio::test]
async fn every_row_answers_as_documented() {
    let world = World::new().await;
    for row in sheet() {
        for (n, path) in forms(&row).into_iter().enumerate() {
            let name = format!("{} {n}", row.summary.chars().take(40).collect::<String>());
            let status = world.call(&row, &path, &name).await;
            let expected = documented(&row);
            assert_eq!(status, expected, "{} {path} ({})", row.method, row.summary);
        }
    }
}

/// The status of success (vbc-api §1, §2.7).
fn documented(row: &Row) -> u16 {
    let made = ["/applications", "/subscriptions"];
    match (row.api.as_str(), row.method.as_str()) {
        ("OAuth", "GET") if row.path == "/authorize" => 302,
        ("DevPortal", "POST") if made.iter().any(|end| row.path.ends_with(end)) => 201,
        (_, _) => 200,
    }
}

/// Everything that a row's call needs.
struct World {
    app: TestApp,
    account: Account,
    user: User,
    of: TestApplication,
    token: String,
}

impl World {
    async fn new() -> Self {
        let app = TestApp::sqlite().await;
        let account = app.vbc_account("widgets").await;
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../demo/widgets.jsonl");
        provisioning_import(&app.ctx, &actor(), account.id, Path::new(file))
            .await
            .unwrap();
        let new = NewUser {
            operator: false,
            username: Username::parse("api_tester").unwrap(),
            name: "API USER".to_owned(),
            email: "api_tester@example.com".to_owned(),
            role: Role::Admin,
            agent: None,
            password: Some(Secret::new(PASSWORD.to_owned())),
        };
        let user = user_create(&app.ctx, &actor(), &account.name, new)
            .await
            .unwrap();
        let developer = app.developer("dana.api").await;
        let of = app.application(&developer, "Nightly").await;
        let token = app.user_token(&of, &user, "openid").await;
        Self {
            app,
            account,
            user,
            of,
            token,
        }
    }

    async fn call(&self, row: &Row, path: &str, name: &str) -> u16 {
        match row.api.as_str() {
            "OAuth" => self.oauth(row, path).await,
            "Account" | "Extension" | "User" => {
                let path = path
                    .replace("{account_id}", "4711")
                    .replace("{location_id}", "9001")
                    .replace("{external_id}", "2003")
                    .replace("{user_id}", "815");
                self.get(&path, &self.token).await
            }
            "DevPortal" => self.portal(row, path, name).await,
            other => panic!("no test calls the rows of {other}"),
        }
    }

    async fn oauth(&self, row: &Row, path: &str) -> u16 {
        match (row.method.as_str(), path) {
            ("GET", "/authorize") => {
                let query = format!(
                    "response_type=code&client_id={}&redirect_uri={CALLBACK}&scope=openid&state=s\
                     &code_challenge={CHALLENGE}&code_challenge_method=S256",
                    self.of.key
                );
                let status = self.get(&format!("{path}?{query}"), "").await;
                // The way to the login page, as a browser follows it.
                if status == 303 { 302 } else { status }
            }
            ("GET", "/userinfo") => self.get(path, &self.token).await,
            ("GET", "/oauth2/jwks" | "/oauth2/token/.well-known/openid-configuration") => {
                self.get(path, "").await
            }
            ("POST", "/token" | "/t/vbc.prod/oauth2/token") => {
                let grant = row.summary.strip_prefix("grant_type=");
                // The endpoint of the Production Keys page takes the same grants; one of them stands for it.
                let grant = grant.map_or("password", |rest| rest.split(';').next().unwrap());
                self.token(path, grant).await.0
            }
            ("POST", "/revoke" | "/t/vbc.prod/oauth2/revoke") => {
                let (_, granted) = self.token("/token", "password").await;
                let access = text(&granted["access_token"]).to_owned();
                assert_eq!(self.get("/userinfo", &access).await, 200);
                let status = self.form(path, &[("token", &access)]).await.0;
                self.app.caught_up().await;
                assert_eq!(self.get("/userinfo", &access).await, 401, "{path}");
                status
            }
            (method, path) => panic!("no test calls {method} {path}"),
        }
    }

    /// Asks for a token by a grant.
    async fn token(&self, path: &str, grant: &str) -> (u16, Value) {
        let mut fields = vec![("grant_type", grant.to_owned())];
        match grant {
            "authorization_code" => {
                fields.push(("code", self.code().await));
                fields.push(("redirect_uri", CALLBACK.to_owned()));
                fields.push(("code_verifier", VERIFIER.to_owned()));
            }
            "password" => {
                fields.push(("username", "api_tester@vbc.prod".to_owned()));
                fields.push(("password", PASSWORD.to_owned()));
                fields.push(("scope", "openid".to_owned()));
            }
            "refresh_token" => {
                let granted = Box::pin(self.token(path, "authorization_code")).await.1;
                let refresh = text(&granted["refresh_token"]).to_owned();
                fields.push(("refresh_token", refresh));
            }
            "client_credentials" => {}
            other => panic!("no test asks by the grant {other}"),
        }
        let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (*n, v.as_str())).collect();
        let (status, body) = self.form(path, &fields).await;
        assert!(body["access_token"].is_string(), "{grant}: {body}");
        (status, body)
    }

    /// A code, as if the user had just allowed it.
    async fn code(&self) -> String {
        let snapshot = self.app.ctx.directory.snapshot();
        let live = snapshot.live_user(self.of.application.id, self.user.id);
        let new = NewCode {
            authorization: Authorization {
                application_id: self.of.application.id,
                user_id: self.user.id,
                account_id: self.account.id,
                scope: UserScopes::parse("openid").unwrap(),
                auth_time: self.app.ctx.now(),
                method: "password".to_owned(),
                session_id: None,
                nonce: None,
                acr: None,
                claims: None,
                epoch: live.unwrap().epoch,
            },
            redirect_uri: CALLBACK.to_owned(),
            challenge: Some(CodeChallenge::parse(CHALLENGE).unwrap()),
        };
        let code = code_issue(&self.app.ctx, new).await.unwrap();
        code.expose().to_owned()
    }

    async fn get(&self, path: &str, token: &str) -> u16 {
        let request = self.app.http.get(self.app.url(path));
        let request = if token.is_empty() {
            request
        } else {
            request.bearer_auth(token)
        };
        request.send().await.unwrap().status().as_u16()
    }

    async fn form(&self, path: &str, fields: &[(&str, &str)]) -> (u16, Value) {
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        body.append_pair("client_id", &self.of.key);
        body.append_pair("client_secret", self.of.secret.expose());
        body.extend_pairs(fields);
        let request = self.app.http.post(self.app.url(path));
        let request = request
            .header("content-type", "application/x-www-form-urlencoded")
            .body(body.finish());
        let answer = request.send().await.unwrap();
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        (status, serde_json::from_str(&text).unwrap_or_default())
    }

    /// Calls an operation of the portal on an application of its own.
    async fn portal(&self, row: &Row, path: &str, name: &str) -> u16 {
        let base = if path.starts_with(PORTAL) {
            PORTAL
        } else {
            STORE
        };
        // A developer a row, who may have a hundred tokens at most.
        let word: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
        let mut dana = Program::new(&self.app, &format!("{word}.api")).await;
        dana.base = base;
        let board = dana.application("Board").await;
        let id = board.trim_start_matches("/applications/").to_owned();
        let below = path.strip_prefix(base).unwrap();
        let keys = match below {
            "/applications/{applicationId}/generate-keys" => Value::Null,
            _ => dana.keys(&board, &["client_credentials"]).await,
        };
        let api = dana.get("/apis").await.body["list"][0]["id"].clone();
        let wanted = json!({"applicationId": id, "apiId": api, "throttlingPolicy": "Standard"});
        let subscription = match below {
            "/subscriptions/{subscriptionId}" => {
                let made = dana.post("/subscriptions", wanted.clone()).await;
                text(&made.body["subscriptionId"]).to_owned()
            }
            _ => String::new(),
        };
        let body = match (row.method.as_str(), below) {
            ("GET" | "DELETE", _) => None,
            ("POST", "/applications") => {
                Some(json!({"name": "Second", "throttlingPolicy": "10PerMin"}))
            }
            ("PUT", "/applications/{applicationId}") => {
                Some(json!({"name": "Renamed", "throttlingPolicy": "Unlimited"}))
            }
            ("POST", "/subscriptions") => Some(wanted),
            ("POST", "/applications/{applicationId}/generate-keys") => Some(json!({
                "keyType": "PRODUCTION", "grantTypesToBeSupported": ["password", "refresh_token"],
                "callbackUrl": "", "validityTime": "3600",
            })),
            ("POST", "/applications/{applicationId}/map-keys") => Some(json!({
                "consumerKey": keys["consumerKey"], "consumerSecret": keys["consumerSecret"],
                "keyManager": "Resident Key Manager", "keyType": "PRODUCTION",
            })),
            ("PUT", "/applications/{applicationId}/keys/{keyType}") => {
                Some(json!({"supportedGrantTypes": ["password"], "callbackUrl": ""}))
            }
            ("POST", rest) if rest.ends_with("/generate-token") => Some(
                json!({"consumerSecret": keys["consumerSecret"], "validityPeriod": 60, "scopes": []}),
            ),
            ("POST", rest) if rest.ends_with("-secret") || rest.ends_with("/clean-up") => {
                Some(json!({}))
            }
            (method, below) => panic!("no test calls {method} {below}"),
        };
        let path = below
            .replace("{applicationId}", &id)
            .replace("{apiId}", text(&api))
            .replace("{keyType}", "PRODUCTION")
            .replace("{policyLevel}", "application")
            .replace("{subscriptionId}", &subscription);
        dana.send(&row.method, &path, body).await.status
    }
}

/// The paths that a row means: with and without a version, and below each beginning of the portal.
fn forms(row: &Row) -> Vec<String> {
    if let Some((before, after)) = row.path.split_once("[/v1]") {
        return vec![format!("{before}{after}"), format!("{before}/v1{after}")];
    }
    match row.path.strip_prefix(STORE) {
        Some(below) => vec![row.path.clone(), format!("{PORTAL}{below}")],
        None => vec![row.path.clone()],
    }
}

/// A path with nameless holes.
fn shape(path: &str) -> String {
    let segments = path.split('/');
    let nameless = segments.map(|part| if part.starts_with('{') { "{}" } else { part });
    nameless.collect::<Vec<_>>().join("/")
}

fn sheet() -> Vec<Row> {
    let mut rows = Vec::new();
    for line in SHEET.lines().skip(1) {
        let cells = cells(line);
        assert_eq!(cells.len(), 6, "{line}");
        let path = match cells[2].split_once("://") {
            Some((_, rest)) => format!("/{}", rest.split_once('/').unwrap().1),
            None => cells[2].clone(),
        };
        rows.push(Row {
            api: cells[0].clone(),
            method: cells[1].clone(),
            path,
            summary: cells[4].clone(),
        });
    }
    rows
}

/// The cells of a line, of which some stand in quotation marks.
fn cells(line: &str) -> Vec<String> {
    let (mut cells, mut quoted) = (vec![String::new()], false);
    for sign in line.chars() {
        match sign {
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            _ => cells.last_mut().unwrap().push(sign),
        }
    }
    cells
}
