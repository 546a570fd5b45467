//! What a credential can do now, what it sees, and who can change that.

use super::{World, hidden};
use ringfence_app::accounts::{account_resume, account_suspend};
use ringfence_app::users::{UserEdit, user_edit};
use ringfence_core::interaction::Direction;
use ringfence_core::permission::Permission;
use ringfence_core::user::Role;
use ringfence_testkit::calls::call;
use ringfence_testkit::test_app::actor;

async fn with_calls(world: &World) {
    let now = world.app.ctx.now();
    for n in 0..5 {
        let mut made = call(&world.account, n);
        made.started_at = now.plus_secs(-3_600 * (i64::from(n) + 1));
        made.ended_at = Some(made.started_at.plus_secs(60));
        if n < 2 {
            made.direction = Direction::Outbound;
        }
        world.app.store_recorded(&made).await;
    }
}

#[tokio::test]
async fn a_permission_taken_away_shows_at_once() {
    let world = World::new().await;
    with_calls(&world).await;
    let made = world
        .app
        .credential(
            &world.account,
            &world.admin,
            "interaction-content:read users:read stats",
        )
        .await;
    let path = format!("/admin/credentials/{}", made.credential.id);
    let (_, page) = world.sam.page(&path).await;
    assert!(page.contains("3 of 3 scopes work"), "{page}");
    assert!(page.contains("By line: interactions on 1 line."));
    assert!(page.contains("No rule hides any"));
    world
        .permit(&world.admin, Permission::ViewOutboundContent, false)
        .await;
    let (_, page) = world.sam.page(&path).await;
    assert!(page.contains("2 outbound"), "{page}");
    assert!(page.contains("“View outbound interaction content” is No"));
    assert!(page.contains("sam (admin)"), "who can change it, by name");
    world
        .permit(&world.admin, Permission::AccessGroupsContent, true)
        .await;
    let (_, page) = world.sam.page(&path).await;
    assert!(
        page.contains("3 inbound")
            && page.contains("By group: interactions handled by agents of 0 groups")
    );

    let (_, checklist) = world.sam.page(&format!("{path}/checklist")).await;
    assert!(checklist.contains("Not ready"));
    assert!(checklist.contains("No: View outbound interaction content."));
    assert!(checklist.contains("Of 5 calls in the last 7 days 5 have a recording"));
    assert_eq!(checklist.matches("<li class=").count(), 9);
}

#[tokio::test]
async fn an_archive_is_judged_by_its_latest_week() {
    let world = World::new().await;
    let began_at = world.app.ctx.now().plus_secs(-40 * 86_400);
    for n in 0..3 {
        let mut made = call(&world.account, n);
        made.started_at = began_at.plus_secs(60 * i64::from(n));
        made.ended_at = Some(made.started_at.plus_secs(30));
        world.app.store_recorded(&made).await;
    }
    let made = world
        .app
        .credential(&world.account, &world.admin, "interaction-content:read")
        .await;
    let path = format!("/admin/credentials/{}/checklist", made.credential.id);
    let (_, checklist) = world.sam.page(&path).await;
    let week = format!(
        "Of 3 calls in the 7 days up to {} (the latest with calls) 3 have a recording",
        began_at.to_iso_date()
    );
    assert!(checklist.contains(&week), "{checklist}");
}

#[tokio::test]
async fn a_ready_credential_passes_all_it_can() {
    let world = World::new().await;
    with_calls(&world).await;
    let edit = UserEdit {
        permissions: vec![(Permission::AccessGroupsContent, true)],
        groups: Some(vec!["Sales".to_owned()]),
        agent: Some(ringfence_core::user::AgentNumber::parse("77").unwrap()),
        ..UserEdit::default()
    };
    user_edit(&world.app.ctx, &actor(), world.admin.id, edit)
        .await
        .unwrap();
    let abe = ringfence_app::users::user_list(&world.app.ctx, &world.account.name)
        .await
        .unwrap();
    let abe = abe.iter().find(|u| u.username.as_str() == "abe").unwrap();
    let edit = UserEdit {
        groups: Some(vec!["Sales".to_owned()]),
        ..UserEdit::default()
    };
    user_edit(&world.app.ctx, &actor(), abe.id, edit)
        .await
        .unwrap();
    let made = world
        .app
        .credential(
            &world.account,
            &world.admin,
            "interaction-content:read users:read stats",
        )
        .await;
    let path = format!("/admin/credentials/{}/checklist", made.credential.id);
    let (_, page) = world.sam.page(&path).await;
    assert!(page.contains("Nothing fails; 1 of 9"), "{page}");
    assert!(page.contains("nobody can look into a notebook"));
    world.app.token(&made, "stats").await;
    ringfence_app::usage::flush(&world.app.ctx).await.unwrap();
    let (_, page) = world.sam.page(&path).await;
    assert!(page.contains("Ready: all 9 lines pass"), "{page}");
    assert!(page.contains("It sees all 5 interactions"));
}

#[tokio::test]
async fn says_which_rule_cuts_a_scope() {
    let world = World::new().await;
    let made = world
        .app
        .credential(&world.account, &world.supervisor, "users:read")
        .await;
    let path = format!("/admin/credentials/{}", made.credential.id);
    let set = async |edit: UserEdit| {
        user_edit(&world.app.ctx, &actor(), world.supervisor.id, edit)
            .await
            .unwrap();
    };
    let (_, page) = world.sam.page(&path).await;
    assert!(page.contains("1 of 1 scopes work"));
    set(UserEdit {
        role: Some(Role::Agent),
        ..UserEdit::default()
    })
    .await;
    let (_, page) = world.sam.page(&path).await;
    assert!(page.contains("0 of 1 scopes work"));
    assert!(page.contains("Agent licence does not allow this scope"));
    set(UserEdit {
        active: Some(false),
        ..UserEdit::default()
    })
    .await;
    let (_, page) = world.sam.page(&path).await;
    assert!(page.contains("The owner is archived.") && page.contains("sam (admin)"));
}

#[tokio::test]
async fn use_is_counted_by_scope_address_and_outcome() {
    let world = World::new().await;
    let made = world
        .app
        .credential(&world.account, &world.admin, "stats users:read")
        .await;
    let path = format!("/admin/credentials/{}", made.credential.id);
    let token = world.app.token(&made, "stats").await;
    for (url, status) in [
        ("/stats/agent-status", 200),
        ("/stats/agent-status", 200),
        ("/stats/interactions/nonsense", 404),
        ("/useradmin/users", 401),
    ] {
        let answer = world
            .app
            .http
            .get(world.app.url(url))
            .bearer_auth(&token)
            .header("accept", "application/vnd.newvoicemedia.v3+json")
            .send()
            .await
            .unwrap();
        if status == 200 {
            assert_eq!(answer.status(), status);
        } else {
            assert!(answer.status().is_client_error());
        }
    }
    ringfence_app::usage::flush(&world.app.ctx).await.unwrap();
    let (_, page) = world.sam.page(&path).await;
    assert!(page.contains("127.0.0.1"), "{page}");
    assert!(
        page.contains(
            "1 tokens; 2 calls answered, 1 refused at the gateway, 1 answered with 4xx, 0 with 5xx."
        ),
        "{page}"
    );
    assert!(page.contains("Never used so far: <span class=\"mono\">users:read</span>"));
    assert!(page.contains("/stats/interactions/{guid}"));
    let (status, page) = world.sam.page(&format!("{path}/usage?by=hour")).await;
    assert_eq!(status, 200);
    assert!(page.contains("1 tokens; 2 calls answered"));
}

#[tokio::test]
async fn an_edit_is_of_the_version_that_was_read() {
    let world = World::new().await;
    let made = world
        .app
        .credential(&world.account, &world.admin, "stats")
        .await;
    let path = format!("/admin/credentials/{}", made.credential.id);
    let (_, page) = world.sam.page(&format!("{path}/edit")).await;
    let version = hidden(&page, "version");
    let fields = [
        ("version", version.as_str()),
        ("name", "hourly"),
        ("scope", "stats"),
        ("scope", "users:read"),
        ("networks", "203.0.113.0/24\n2001:db8::/32"),
        ("token_ttl", "600"),
        ("expires", "2099-12-31"),
    ];
    let answer = world.sam.post_form(&format!("{path}/edit"), &fields).await;
    assert_eq!(answer.status(), 303);
    let (_, page) = world.sam.page(&path).await;
    for text in [
        "hourly",
        "users:read",
        "2001:db8::/32",
        "600 seconds",
        "2100-01-01 00:00 UTC",
    ] {
        assert!(page.contains(text), "{text}");
    }
    let stale = world.sam.post_form(&format!("{path}/edit"), &fields).await;
    assert_eq!(stale.status(), 409);
    let (_, page) = world.sam.page(&format!("{path}/edit")).await;
    assert!(page.contains("value=\"2099-12-31\"") && page.contains("value=\"users:read\" checked"));
    let version = hidden(&page, "version");
    let answer = world
        .sam
        .post_form(
            &format!("{path}/edit"),
            &[
                ("version", version.as_str()),
                ("name", ""),
                ("token_ttl", "x"),
            ],
        )
        .await;
    assert_eq!(answer.status(), 422);
}

#[tokio::test]
async fn a_suspended_account_is_named_to_its_operator() {
    let world = World::new().await;
    let made = world
        .app
        .credential(&world.account, &world.admin, "stats")
        .await;
    let home = world.app.account("house").await;
    let olga = world.app.user(&home, "olga", Role::Admin, None).await;
    let edit = UserEdit {
        operator: Some(true),
        ..UserEdit::default()
    };
    user_edit(&world.app.ctx, &actor(), olga.id, edit)
        .await
        .unwrap();
    account_suspend(&world.app.ctx, &actor(), &world.account.name)
        .await
        .unwrap();
    world.app.caught_up().await;
    let browser = world.app.session(&olga).await;
    browser
        .post_form("/admin/open", &[("account", "acme")])
        .await;
    let path = format!("/admin/credentials/{}", made.credential.id);
    let (status, page) = browser.page(&path).await;
    assert_eq!(status, 200);
    assert!(
        page.contains("The account is suspended.")
            && page.contains("whoever runs this installation")
    );
    // An operator is no user there: nothing can be made, and only deleted.
    assert_eq!(browser.page("/admin/credentials/new").await.0, 403);
    assert_eq!(browser.page(&format!("{path}/edit")).await.0, 403);
    assert_eq!(browser.page(&format!("{path}/delete")).await.0, 200);

    // Nor do they get at the account's content by a secret of a credential that reads all of it.
    account_resume(&world.app.ctx, &actor(), &world.account.name)
        .await
        .unwrap();
    let legacy = world
        .app
        .credential_with(&world.account, None, "interaction-content:read", |_| {})
        .await;
    let id = legacy.credential.id.to_string();
    let path = format!("/admin/credentials/{id}");
    assert_eq!(browser.page(&path).await.0, 200);
    for part in ["edit", "rotate"] {
        let page = format!("{path}/{part}");
        assert_eq!(browser.page(&page).await.0, 403, "{part}");
    }
    let secrets = format!("/api/v1/accounts/acme/credentials/{id}/secrets");
    let answer = browser
        .api(
            "POST",
            &secrets,
            Some(&serde_json::json!({"overlapSecs": 3_600})),
        )
        .await;
    assert_eq!(answer.status(), 403);
    let operation = [
        ("operation", "GET /interaction-content/interactions"),
        ("credential", &id),
        ("query.start", "2026-03-01T00:00:00Z"),
        ("query.end", "2026-03-02T00:00:00Z"),
    ];
    let answer = browser.post_form("/admin/explorer", &operation).await;
    assert_ne!(answer.status(), 200);
    assert_eq!(browser.page(&format!("{path}/delete")).await.0, 200);
}
