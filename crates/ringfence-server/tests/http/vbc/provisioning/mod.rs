//! The Provisioning suite: Account, Extension and User APIs (vbc-api §5).

mod account;
mod extensions;
mod import;
mod metadata;
mod rights;
mod users;

use ringfence_app::import::provisioning::{ProvisioningReport, provisioning_import};
use ringfence_core::account::Account;
use ringfence_core::application::Application;
use ringfence_core::user::{User, Username};
use ringfence_testkit::applications::TestApplication;
use ringfence_testkit::test_app::{TestApp, actor};
use serde_json::Value;
use std::path::Path;

/// Where the paths of the suite begin.
pub(crate) const ROOT: &str = "/t/vbc.prod/provisioning";

/// The sample account, an application, and a token of its Account Administrator.
pub(crate) struct Lab {
    pub(crate) app: TestApp,
    pub(crate) account: Account,
    pub(crate) application: TestApplication,
    pub(crate) token: String,
}

impl Lab {
    pub(crate) async fn sqlite() -> Self {
        Self::on(TestApp::sqlite().await, |_| {}).await
    }

    pub(crate) async fn both() -> Vec<Self> {
        let mut labs = Vec::new();
        for app in TestApp::both().await {
            labs.push(Self::on(app, |_| {}).await);
        }
        labs
    }

    pub(crate) async fn on(app: TestApp, change: impl FnOnce(&mut Application)) -> Self {
        let account = app.vbc_account("widgets").await;
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../demo/widgets.jsonl");
        load(&app, &account, Path::new(file)).await;
        let developer = app.developer("dana.api").await;
        let application = app.application_with(&developer, "Sync", change).await;
        let pat = user(&app, &account, "pat.example").await;
        let token = app.user_token(&application, &pat, "openid").await;
        Self {
            app,
            account,
            application,
            token,
        }
    }

    pub(crate) async fn get(&self, path: &str) -> (u16, Value) {
        self.get_with(&self.token, path).await
    }

    pub(crate) async fn get_with(&self, token: &str, path: &str) -> (u16, Value) {
        let answer = self.answer(token, path).await;
        let status = answer.status().as_u16();
        let text = answer.text().await.unwrap();
        (
            status,
            serde_json::from_str(&text).unwrap_or(Value::String(text)),
        )
    }

    pub(crate) async fn answer(&self, token: &str, path: &str) -> reqwest::Response {
        let url = self.app.url(&format!("{ROOT}{path}"));
        let request = self.app.http.get(url).bearer_auth(token);
        request.send().await.unwrap()
    }

    pub(crate) async fn token_of(&self, username: &str) -> String {
        let user = user(&self.app, &self.account, username).await;
        self.app
            .user_token(&self.application, &user, "openid")
            .await
    }

    /// The full address of a path below the account.
    pub(crate) fn href(&self, below: &str) -> String {
        self.app.url(&format!("{ROOT}/api/accounts/4711{below}"))
    }
}

pub(crate) async fn load(app: &TestApp, account: &Account, file: &Path) -> ProvisioningReport {
    provisioning_import(&app.ctx, &actor(), account.id, file)
        .await
        .unwrap()
}

pub(crate) async fn user(app: &TestApp, account: &Account, username: &str) -> User {
    let username = Username::parse(username).unwrap();
    ringfence_app::users::user_show(&app.ctx, &account.name, &username)
        .await
        .unwrap()
}

/// The values of a member of each item.
pub(crate) fn each<'v>(items: &'v Value, member: &str) -> Vec<&'v str> {
    let items = items.as_array().unwrap();
    items.iter().map(|i| i[member].as_str().unwrap()).collect()
}
