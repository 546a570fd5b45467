//! API Credentials in the portal, as admin, supervisor, agent, stranger and somebody of another account.

mod handover;
mod list;
mod made;
mod secrets;
mod show;

use ringfence_app::users::{UserEdit, user_edit};
use ringfence_core::account::Account;
use ringfence_core::permission::Permission;
use ringfence_core::user::{Role, User};
use ringfence_testkit::test_app::{Browser, TestApp, actor};

/// An account with one of each, and a rival.
struct World {
    app: TestApp,
    account: Account,
    admin: User,
    supervisor: User,
    sam: Browser,
    sue: Browser,
    agent: Browser,
    rival: Browser,
}

impl World {
    async fn new() -> Self {
        Self::on(TestApp::sqlite().await).await
    }

    async fn on(app: TestApp) -> Self {
        let account = app.account("acme").await;
        let admin = app.admin(&account, "sam", &["+441632960900"]).await;
        let supervisor = app.user(&account, "sue", Role::Supervisor, None).await;
        let agent = app.user(&account, "abe", Role::Agent, Some("2041")).await;
        let other = app.account("rival").await;
        let rival = app.user(&other, "rita", Role::Admin, None).await;
        app.caught_up().await;
        Self {
            sam: app.session(&admin).await,
            sue: app.session(&supervisor).await,
            agent: app.session(&agent).await,
            rival: app.session(&rival).await,
            app,
            account,
            admin,
            supervisor,
        }
    }

    async fn permit(&self, user: &User, permission: Permission, value: bool) {
        let edit = UserEdit {
            permissions: vec![(permission, value)],
            ..UserEdit::default()
        };
        user_edit(&self.app.ctx, &actor(), user.id, edit)
            .await
            .unwrap();
        self.app.caught_up().await;
    }
}

/// The value of a hidden field.
fn hidden(page: &str, name: &str) -> String {
    let (_, rest) = page
        .split_once(&format!("name=\"{name}\" value=\""))
        .expect("a hidden field of that name");
    rest.split_once('"').unwrap().0.to_owned()
}

/// The text of the element with that id.
fn text_of(page: &str, id: &str) -> String {
    let (_, rest) = page
        .split_once(&format!("id=\"{id}\""))
        .expect("an element of that id");
    let (_, rest) = rest.split_once('>').unwrap();
    rest.split_once('<').unwrap().0.to_owned()
}
