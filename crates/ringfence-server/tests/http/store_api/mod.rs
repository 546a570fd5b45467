//! The Portal REST API (vbc-api §2.7), one file a noun.

mod access;
mod applications;
mod catalogue;
mod keys;
mod subscriptions;
mod tokens;

use ringfence_app::developer_tokens::{NewDeveloperToken, developer_token_make};
use ringfence_core::developer::Developer;
use ringfence_core::developer_scope::DeveloperScopes;
use ringfence_testkit::test_app::{TestApp, actor};
use serde_json::{Value, json};

pub(crate) const STORE: &str = "/api/am/store/v1";
pub(crate) const PORTAL: &str = "/api/am/devportal/v2";

/// A developer's program.
pub(crate) struct Program<'a> {
    pub(crate) app: &'a TestApp,
    pub(crate) developer: Developer,
    pub(crate) token: String,
    pub(crate) base: &'static str,
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) location: Option<String>,
    pub(crate) challenge: Option<String>,
    pub(crate) body: Value,
}

impl<'a> Program<'a> {
    /// A new developer's, with a token that may do everything.
    pub(crate) async fn new(app: &'a TestApp, name: &str) -> Self {
        let developer = app.developer(name).await;
        let token = token_of(app, &developer, "apim:subscribe").await;
        Self {
            app,
            developer,
            token,
            base: STORE,
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send("POST", path, Some(body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.send("PUT", path, Some(body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send("DELETE", path, None).await
    }

    pub(crate) async fn send(&self, method: &str, path: &str, body: Option<Value>) -> Answer {
        let url = self.app.url(&format!("{}{path}", self.base));
        let request = self.app.http.request(method.parse().unwrap(), url);
        let request = request.bearer_auth(&self.token);
        let request = match &body {
            Some(body) => request.json(body),
            None => request,
        };
        read(request.send().await.unwrap()).await
    }

    /// Registers an application and gives its path.
    pub(crate) async fn application(&self, name: &str) -> String {
        let body = json!({"name": name, "throttlingPolicy": "10PerMin"});
        let made = self.post("/applications", body).await;
        assert_eq!(made.status, 201, "{made:?}");
        format!("/applications/{}", text(&made.body["applicationId"]))
    }

    /// Makes keys of an application for these grants.
    pub(crate) async fn keys(&self, application: &str, grants: &[&str]) -> Value {
        let body = json!({
            "keyType": "PRODUCTION",
            "grantTypesToBeSupported": grants,
            "callbackUrl": "https://app.example/cb",
        });
        let path = format!("{application}/generate-keys");
        let made = self.post(&path, body).await;
        assert_eq!(made.status, 200, "{made:?}");
        made.body
    }
}

impl Answer {
    /// The status and the platform's code of a refusal, whose body has all its members.
    pub(crate) fn refusal(&self) -> (u16, i64) {
        for member in ["message", "description", "moreInfo"] {
            assert!(self.body[member].is_string(), "{member}: {self:?}");
        }
        assert!(self.body["error"].is_array(), "{self:?}");
        (self.status, self.body["code"].as_i64().unwrap_or(-1))
    }
}

/// A personal token of a developer.
pub(crate) async fn token_of(app: &TestApp, developer: &Developer, scopes: &str) -> String {
    let new = NewDeveloperToken {
        name: "ci".to_owned(),
        scopes: DeveloperScopes::parse(scopes).unwrap(),
        days: 30,
    };
    let actor = actor();
    let made = developer_token_make(&app.ctx, &actor, developer, new);
    made.await.unwrap().text.expose().clone()
}

pub(crate) async fn read(answer: reqwest::Response) -> Answer {
    let header = |name: &str| {
        let value = answer.headers().get(name)?;
        Some(value.to_str().unwrap().to_owned())
    };
    let (status, location) = (answer.status().as_u16(), header("location"));
    let challenge = header("www-authenticate");
    let text = answer.text().await.unwrap();
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    Answer {
        status,
        location,
        challenge,
        body,
    }
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}
