//! One-time links: setting the server up, and invitations.

use super::sign_in::{PASSWORD, cookie, from, signed_in};
use ringfence_app::error::Error;
use ringfence_app::sign_in::link::{FirstOperator, invite_link, setup_finish, setup_link};
use ringfence_app::users::{UserEdit, user_edit};
use ringfence_core::account::{AccountName, Region};
use ringfence_core::secret::Secret;
use ringfence_core::user::{Role, Username};
use ringfence_testkit::test_app::{TestApp, actor};
use std::sync::Arc;

fn first(username: &str) -> FirstOperator {
    FirstOperator {
        account: AccountName::parse("acme").unwrap(),
        region: Region::Emea,
        username: Username::parse(username).unwrap(),
        name: "Olivia".to_owned(),
        password: Secret::new(PASSWORD.to_owned()),
    }
}

#[tokio::test]
async fn the_set_up_link_makes_the_first_operator_and_signs_them_in() {
    for app in TestApp::both().await {
        let link = setup_link(&app.ctx).await.unwrap().unwrap();
        let path = format!("/setup/{}", link.expose());
        let nobody = app.browser(None);
        let (status, page) = nobody.page(&path).await;
        assert_eq!(status, 200, "{}", app.engine);
        assert!(page.contains("Set up Ringfence"));
        let mut fields = vec![
            ("account", "acme"),
            ("region", "emea"),
            ("name", "Olivia"),
            ("username", "olivia@acme.example"),
            ("password", PASSWORD),
            ("password_again", "other"),
        ];
        let answer = nobody.post_form(&path, &fields).await;
        assert_eq!(answer.status(), 422);
        let page = answer.text().await.unwrap();
        assert!(page.contains("value=\"olivia@acme.example\"") && !page.contains(PASSWORD));
        fields[5].1 = PASSWORD;
        let answer = nobody.post_form(&path, &fields).await;
        assert_eq!(answer.status(), 303, "{}", app.engine);
        let browser = app.browser(Some(&cookie(&answer, "__Host-ringfence").unwrap()));
        assert!(
            browser
                .page("/admin/me")
                .await
                .1
                .contains("Admin, operator")
        );
        assert_eq!(nobody.page(&path).await.0, 404, "used up");
        assert_eq!(nobody.post_form(&path, &fields).await.status(), 404);
        assert!(
            setup_link(&app.ctx).await.unwrap().is_none(),
            "somebody can sign in"
        );
        assert_eq!(
            signed_in(&app, "olivia@acme.example")
                .await
                .page("/admin")
                .await
                .0,
            200
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_eight_who_hold_the_set_up_link_one_wins() {
    for app in TestApp::both().await {
        let app = Arc::new(app);
        let token = setup_link(&app.ctx).await.unwrap().unwrap();
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..8 {
            let (app, token) = (Arc::clone(&app), token.clone());
            tasks.spawn(async move {
                let first = first(&format!("olivia{n}"));
                setup_finish(&app.ctx, token.expose(), first, &from(n)).await
            });
        }
        let outcomes = tasks.join_all().await;
        let won = outcomes.iter().filter(|o| o.is_ok()).count();
        assert_eq!(won, 1, "{}: {outcomes:?}", app.engine);
        let lost = |o: &&Result<_, Error>| matches!(o, Err(Error::NotFound(_)));
        assert_eq!(outcomes.iter().filter(lost).count(), 7, "{outcomes:?}");
    }
}

#[tokio::test]
async fn links_run_out_and_newer_ones_replace_older() {
    let app = TestApp::sqlite().await;
    let nobody = app.browser(None);
    let show = |token: String| {
        let nobody = nobody.clone();
        async move { nobody.page(&format!("/setup/{token}")).await.0 }
    };
    let old = setup_link(&app.ctx).await.unwrap().unwrap();
    let new = setup_link(&app.ctx).await.unwrap().unwrap();
    assert_eq!(show(old.expose().to_owned()).await, 404);
    assert_eq!(show(new.expose().to_owned()).await, 200);
    assert_eq!(show("A".repeat(43)).await, 404);
    assert_eq!(show("x".to_owned()).await, 404);
    app.clock.advance_secs(86_400);
    assert_eq!(show(new.expose().to_owned()).await, 404);
}

#[tokio::test]
async fn an_invitation_does_not_outlive_a_promotion_or_a_lock() {
    for app in TestApp::both().await {
        let account = app.account("acme").await;
        let sam = app.user(&account, "sam", Role::Admin, None).await;
        app.caught_up().await;
        let promoted = vec![UserEdit {
            operator: Some(true),
            ..UserEdit::default()
        }];
        let locked = |value| UserEdit {
            locked: Some(value),
            ..UserEdit::default()
        };
        for edits in [promoted, vec![locked(true), locked(false)]] {
            let link = invite_link(&app.ctx, &actor(), sam.id, false)
                .await
                .unwrap();
            let path = format!("/invite/{}", link.expose());
            assert_eq!(app.browser(None).page(&path).await.0, 200);
            for edit in edits {
                user_edit(&app.ctx, &actor(), sam.id, edit).await.unwrap();
            }
            app.caught_up().await;
            let status = app.browser(None).page(&path).await.0;
            assert_eq!(status, 404, "{}", app.engine);
        }
    }
}

#[tokio::test]
async fn of_edits_at_the_same_moment_none_undoes_a_lock() {
    for app in TestApp::both().await {
        let account = app.account("acme").await;
        let sam = app.user(&account, "sam", Role::Admin, None).await;
        let edit = |edit: UserEdit| {
            let ctx = app.ctx.clone();
            let edited = async move { user_edit(&ctx, &actor(), sam.id, edit).await };
            ringfence_app::context::spawn("edit", edited)
        };
        let named = |n: u32| UserEdit {
            name: Some(format!("Sam {n}")),
            ..UserEdit::default()
        };
        let lock = UserEdit {
            locked: Some(true),
            ..UserEdit::default()
        };
        let mut edits: Vec<_> = (0..8).map(|n| edit(named(n))).collect();
        edits.insert(4, edit(lock));
        for edit in edits {
            edit.await.unwrap().unwrap().unwrap();
        }
        app.caught_up().await;
        let seen = app.ctx.directory.snapshot().user(sam.id).cloned().unwrap();
        assert_eq!((seen.locked, seen.epoch), (true, 1), "{}", app.engine);
    }
}

#[tokio::test]
async fn an_invitation_sets_a_password_once() {
    for app in TestApp::both().await {
        let account = app.account("acme").await;
        let sam = app.user(&account, "sam", Role::Supervisor, None).await;
        app.caught_up().await;
        let link = invite_link(&app.ctx, &actor(), sam.id, false)
            .await
            .unwrap();
        let path = format!("/invite/{}", link.expose());
        let nobody = app.browser(None);
        let (status, page) = nobody.page(&path).await;
        assert_eq!(status, 200);
        assert!(page.contains("<strong>sam</strong>"));
        assert_eq!(
            nobody.page(&format!("/setup/{}", link.expose())).await.0,
            404
        );
        let fields = [("password", PASSWORD), ("password_again", PASSWORD)];
        let answer = nobody.post_form(&path, &fields).await;
        assert_eq!(answer.status(), 303, "{}", app.engine);
        let browser = app.browser(Some(&cookie(&answer, "__Host-ringfence").unwrap()));
        assert_eq!(browser.page("/admin/me").await.0, 200);
        assert_eq!(nobody.post_form(&path, &fields).await.status(), 404);
        signed_in(&app, "sam").await;
        let again = invite_link(&app.ctx, &actor(), sam.id, false)
            .await
            .unwrap();
        let edit = UserEdit {
            active: Some(false),
            ..UserEdit::default()
        };
        user_edit(&app.ctx, &actor(), sam.id, edit).await.unwrap();
        app.caught_up().await;
        assert_eq!(
            nobody.page(&format!("/invite/{}", again.expose())).await.0,
            404
        );
    }
}
