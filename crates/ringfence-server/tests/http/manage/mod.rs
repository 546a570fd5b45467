//! The Management API, noun by noun.

mod accounts;
mod applications;
mod audit;
mod credentials;
mod description;
mod interactions;
mod keys;
mod providers;
mod provisioning;
mod users;

use ringfence_app::users::{UserEdit, user_edit};
use ringfence_core::account::Account;
use ringfence_core::user::{Role, User};
use ringfence_testkit::test_app::{Browser, TestApp, actor};
use serde_json::Value;

/// An account with an admin who is an operator, signed in.
pub(crate) async fn operator(app: &TestApp) -> (Account, User, Browser) {
    let account = app.account("house").await;
    let user = app
        .user(&account, "olga@house.example", Role::Admin, None)
        .await;
    let edit = UserEdit {
        operator: Some(true),
        ..UserEdit::default()
    };
    let user = user_edit(&app.ctx, &actor(), user.id, edit).await.unwrap();
    app.caught_up().await;
    let browser = app.session(&user).await;
    (account, user, browser)
}

/// Somebody of an account, signed in.
pub(crate) async fn person(
    app: &TestApp,
    account: &Account,
    username: &str,
    role: Role,
) -> (User, Browser) {
    let user = app.user(account, username, role, None).await;
    app.caught_up().await;
    let browser = app.session(&user).await;
    (user, browser)
}

/// The status and JSON of an answer.
pub(crate) async fn read(answer: reqwest::Response) -> (u16, Value) {
    let status = answer.status().as_u16();
    let text = answer.text().await.unwrap();
    let value = serde_json::from_str(&text).unwrap_or(Value::String(text));
    (status, value)
}
