//! The VCC APIs: what they answer, and to whom.

mod delete;
mod download;
mod permissions;
mod refusals;
mod search;
mod stats;
mod users;
mod users_lists;

use ringfence_app::users::{UserEdit, user_edit};
use ringfence_core::account::Account;
use ringfence_core::permission::Permission;
use ringfence_core::user::{Line, Role, User};
use ringfence_testkit::test_app::{TestApp, actor};
use serde_json::Value;

/// The line of the calls that the kit makes.
const LINE: &str = "+441632960900";
const ALL_SCOPES: &str =
    "interaction-content:read interaction-content:delete stats users:read users:write";
const CONTENT: &str = "application/vnd.newvoicemedia.v3+json";
const USERS: &str = "application/vnd.newvoicemedia.v4+json";

/// A server with an account whose admin may see and delete content of one line, and a token of theirs.
struct World {
    app: TestApp,
    account: Account,
    owner: User,
    token: String,
}

/// An answer, read to its end.
#[derive(Debug)]
struct Answer {
    status: u16,
    headers: reqwest::header::HeaderMap,
    bytes: Vec<u8>,
}

impl World {
    async fn new() -> Self {
        Self::on(TestApp::sqlite().await).await
    }

    async fn on(app: TestApp) -> Self {
        let account = app.account("acme").await;
        let owner = app.admin(&account, "sam.lee@acme.example", &[LINE]).await;
        let credential = app.credential(&account, &owner, ALL_SCOPES).await;
        let token = app.token(&credential, ALL_SCOPES).await;
        Self {
            app,
            account,
            owner,
            token,
        }
    }

    /// Changes what the owner may do or reach, and waits until this node knows.
    async fn edit(&self, edit: UserEdit) {
        user_edit(&self.app.ctx, &actor(), self.owner.id, edit)
            .await
            .unwrap();
        self.app.caught_up().await;
    }

    async fn permit(&self, permissions: &[(Permission, bool)]) {
        self.edit(UserEdit {
            permissions: permissions.to_vec(),
            ..UserEdit::default()
        })
        .await;
    }

    async fn lines(&self, lines: &[&str]) {
        self.edit(UserEdit {
            lines: Some(lines.iter().map(|l| Line::parse(l).unwrap()).collect()),
            ..UserEdit::default()
        })
        .await;
    }

    async fn agent(&self, username: &str, number: &str) -> User {
        self.app
            .user(&self.account, username, Role::Agent, Some(number))
            .await
    }

    async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send_body(method, path, headers, None).await
    }

    async fn send_body(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Answer {
        let bearer = format!("Bearer {}", self.token);
        let mut all = vec![
            ("authorization", bearer.as_str()),
            ("accept", version(path)),
        ];
        for (name, value) in headers {
            all.retain(|(known, _)| known != name);
            all.push((name, value));
        }
        send(&self.app, method, path, &all, body).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[]).await
    }

    async fn put(&self, method: &str, path: &str, body: &Value) -> Answer {
        let json = [("content-type", "application/json")];
        self.send_body(method, path, &json, Some(body)).await
    }
}

/// A request without anything that was not asked for.
async fn send(
    app: &TestApp,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: Option<&Value>,
) -> Answer {
    let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
    let mut request = app.http.request(method, app.url(path));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    if let Some(body) = body {
        request = request.body(body.to_string());
    }
    let response = request.send().await.unwrap();
    Answer {
        status: response.status().as_u16(),
        headers: response.headers().clone(),
        bytes: response.bytes().await.unwrap().to_vec(),
    }
}

/// The version that calls of a path name unless told otherwise.
fn version(path: &str) -> &'static str {
    if path.to_ascii_lowercase().starts_with("/useradmin") {
        USERS
    } else {
        CONTENT
    }
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap()
    }

    /// The body of an answer that must be a success.
    fn good(&self) -> Value {
        assert_eq!(self.status, 200, "{}", String::from_utf8_lossy(&self.bytes));
        self.json()
    }

    fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// The values of one member of each item of a list.
    fn each(&self, list: &str, member: &str) -> Vec<String> {
        let body = self.good();
        let items = body[list].as_array().unwrap();
        items
            .iter()
            .map(|i| i[member].as_str().unwrap().to_owned())
            .collect()
    }
}
