//! Calls of applications in the record of requests: counted, listed, explained, with each application's last use.

use crate::manage::{operator, read};
use ringfence_app::context::Ctx;
use ringfence_app::gateway::{Who, WhoScopes};
use ringfence_app::traffic::{Answered, ROUTE_VBC_TOKEN, answered_note};
use ringfence_app::usage;
use ringfence_app::users::{UserEdit, user_edit};
use ringfence_core::account::Account;
use ringfence_core::client::Client;
use ringfence_core::id::RequestId;
use ringfence_core::user::{Role, User};
use ringfence_core::user_scope::UserScopes;
use ringfence_testkit::applications::TestApplication;
use ringfence_testkit::test_app::{Browser, TestApp, actor};

struct World {
    app: TestApp,
    account: Account,
    vic: User,
    of: TestApplication,
    admin: Browser,
}

impl World {
    async fn on(app: TestApp) -> Self {
        let account = app.vbc_account("acme").await;
        let vic = app
            .user(&account, "vic@acme.example", Role::Admin, None)
            .await;
        let dana = app.developer("dana.api").await;
        let of = app.application(&dana, "Call board").await;
        app.caught_up().await;
        let admin = app.session(&vic).await;
        Self {
            app,
            account,
            vic,
            of,
            admin,
        }
    }

    /// Calls a VBC API with a token, and gives status and request id.
    async fn call(&self, token: &str) -> (u16, String) {
        let path = "/t/vbc.prod/provisioning/v1/api/accounts/self";
        let answer = self.app.http.get(self.app.url(path)).bearer_auth(token);
        let answer = answer.send().await.unwrap();
        let id = answer.headers()["x-request-id"].to_str().unwrap();
        (answer.status().as_u16(), id.to_owned())
    }

    /// What the Management API says of two tokens asked for, a call answered and one refused to `other`.
    async fn api_tells(&self, other: &User, refused: &str) {
        let app_id = self.of.application.id;
        let path = "/api/v1/accounts/acme/application-traffic";
        let (status, traffic) = read(self.admin.get(path).await).await;
        assert_eq!(status, 200, "{traffic}");
        let one = &traffic["items"][0];
        assert_eq!(one["applicationId"], app_id.to_string());
        let figures = ["tokens", "answered", "refused", "wrong", "uses"].map(|name| &one[name]);
        assert_eq!(figures, [1, 1, 2, 0, 2], "{one}");
        assert_eq!(
            one["lastUsedRoute"],
            "/t/vbc.prod/provisioning/v1/api/accounts/{accountId}"
        );
        let path = format!("/api/v1/accounts/acme/requests?applicationId={app_id}");
        let (_, requests) = read(self.admin.get(&path).await).await;
        let items = requests["items"].as_array().unwrap();
        assert_eq!(items.len(), 4, "{requests}");
        assert!(items.iter().all(|item| item["clientId"].is_null()));
        let (_, refusals) = read(self.admin.get("/api/v1/accounts/acme/refusals").await).await;
        assert_eq!(refusals["applications"][0]["count"], 2, "{refusals}");
        assert_eq!(refusals["credentials"].as_array().unwrap().len(), 0);
        let (_, explained) = {
            let path = format!("/api/v1/accounts/acme/requests/{refused}");
            read(self.admin.get(&path).await).await
        };
        let rules = explained["rules"].as_array().unwrap();
        let failed: Vec<_> = rules.iter().filter(|r| r["outcome"] == "failed").collect();
        assert_eq!(
            failed[0]["rule"],
            "The person it acts for is active and not locked"
        );
        assert_eq!(explained["userId"], other.id.to_string());
    }

    /// A request for a token as the token service tells of it.
    fn token_asked(&self, ctx: &Ctx, status: u16, reason: Option<&'static str>) {
        let answered = Answered {
            id: RequestId::new(ctx.now(), &*ctx.random),
            at: ctx.now(),
            who: Some(Who {
                account_id: Some(self.account.id),
                client: Client::Application(self.of.application.id),
                owner_id: Some(self.vic.id),
                scopes: WhoScopes::Person(UserScopes::default().plain()),
            }),
            route: ROUTE_VBC_TOKEN,
            method: "POST",
            status,
            reason,
            took_us: 500,
            from: None,
        };
        answered_note(ctx, answered);
    }
}

#[tokio::test]
async fn calls_of_an_application_are_counted_listed_and_explained() {
    for app in TestApp::both().await {
        let world = World::on(app).await;
        let app = &world.app;
        let token = app.user_token(&world.of, &world.vic, "openid").await;
        world.token_asked(&app.ctx, 200, None);
        world.token_asked(&app.ctx, 400, Some("invalid_scope"));
        let (status, id) = world.call(&token).await;
        assert_eq!(status, 200, "{}", app.engine);
        let edit = UserEdit {
            locked: Some(true),
            ..UserEdit::default()
        };
        let other = app
            .user(&world.account, "nia@acme.example", Role::Agent, None)
            .await;
        app.caught_up().await;
        let others = app.user_token(&world.of, &other, "openid").await;
        user_edit(&app.ctx, &actor(), other.id, edit).await.unwrap();
        app.caught_up().await;
        let (status, refused) = world.call(&others).await;
        assert_eq!(status, 401, "{}", app.engine);
        usage::flush(&app.ctx).await.unwrap();

        let (_, page) = world.admin.page("/admin/gateway").await;
        for text in [
            "Applications, last 30 days",
            "Call board",
            "Provisioning",
            "Token service of applications",
            "Applications refused most often",
        ] {
            assert!(page.contains(text), "{text}: {page}");
        }
        let app_id = world.of.application.id;
        let list = format!("/admin/gateway/requests?credential=app:{app_id}");
        let (status, page) = world.admin.page(&list).await;
        assert_eq!(status, 200);
        assert!(
            page.contains(&id) && page.contains(&refused) && page.contains("Application</span>")
        );

        let (_, page) = world
            .admin
            .page(&format!("/admin/gateway/requests/{id}"))
            .await;
        for text in [
            "Call board",
            "Acted for",
            "vic@acme.example",
            "It has keys and may be used.",
            "It is subscribed to Provisioning.",
            "vic@acme.example is active.",
        ] {
            assert!(page.contains(text), "{text}: {page}");
        }
        assert!(!page.contains("The credential exists"), "{page}");
        let path = format!("/admin/gateway/requests/{refused}");
        let (_, page) = world.admin.page(&path).await;
        for text in [
            "user_locked",
            "nia@acme.example is locked.",
            "Would refuse now",
        ] {
            assert!(page.contains(text), "{text}: {page}");
        }

        world.api_tells(&other, &refused).await;
    }
}

#[tokio::test]
async fn what_an_application_does_for_another_account_is_seen_there_and_by_operators() {
    let world = World::on(TestApp::sqlite().await).await;
    let app = &world.app;
    let rival = app.vbc_account("rival").await;
    let ron = app
        .user(&rival, "ron@rival.example", Role::Admin, None)
        .await;
    let (_, _, olga) = operator(app).await;
    app.caught_up().await;
    let token = app.user_token(&world.of, &ron, "").await;
    assert_eq!(world.call(&token).await.0, 200);
    usage::flush(&app.ctx).await.unwrap();
    let path = "/api/v1/accounts/acme/application-traffic";
    let (_, ours) = read(world.admin.get(path).await).await;
    assert_eq!(ours["items"].as_array().unwrap().len(), 0);
    let ron = app.session(&ron).await;
    let path = "/api/v1/accounts/rival/application-traffic";
    let (_, theirs) = read(ron.get(path).await).await;
    assert_eq!(theirs["items"][0]["name"], "Call board");
    let (_, page) = olga.page("/admin/gateway?whose=all").await;
    assert!(page.contains("Call board"), "{page}");
}
