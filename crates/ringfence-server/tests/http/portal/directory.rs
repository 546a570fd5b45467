//! Users, groups and accounts, as an admin and an operator use them.

use crate::manage::{operator, person};
use ringfence_core::user::Role;
use ringfence_testkit::test_app::TestApp;

fn location(answer: &reqwest::Response) -> String {
    answer.headers()["location"].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_admin_makes_finds_and_edits_a_user() {
    for app in TestApp::both().await {
        let acme = app.account("acme").await;
        let (_, sam) = person(&app, &acme, "sam@acme.example", Role::Admin).await;
        let (status, text) = sam.page("/admin/users/new").await;
        assert_eq!(status, 200);
        assert!(
            !text.contains("Runs the installation"),
            "only operators make operators"
        );
        let wrong = [
            ("username", "has space"),
            ("role", "Agent"),
            ("name", "Kim <b>"),
        ];
        let answer = sam.post_form("/admin/users", &wrong).await;
        assert_eq!(answer.status(), 422);
        let text = answer.text().await.unwrap();
        assert!(
            text.contains("aria-invalid") && text.contains("Kim &#60;b&#62;"),
            "{text}"
        );
        let fields = [
            ("username", "kim@acme.example"),
            ("role", "Supervisor"),
            ("name", "Kim"),
        ];
        let answer = sam.post_form("/admin/users", &fields).await;
        assert_eq!(answer.status(), 303, "{}", app.engine);
        let path = location(&answer);
        assert!(sam.page(&path).await.1.contains("The user is made."));
        let again = sam.post_form("/admin/users", &fields).await;
        assert_eq!(again.status(), 422, "the name is taken");

        for (query, found) in [
            ("?q=kim", true),
            ("?role=Admin", false),
            ("?state=disabled", false),
            ("?sort=-seen", true),
            ("?page=2", false),
        ] {
            let (status, text) = sam.page(&format!("/admin/users{query}")).await;
            assert_eq!(status, 200);
            assert_eq!(text.contains(">kim@acme.example</a>"), found, "{query}");
        }
    }
}

#[tokio::test]
async fn an_edit_says_what_it_takes_away_and_asks_once() {
    let app = TestApp::sqlite().await;
    let acme = app.account("acme").await;
    let (_, sam) = person(&app, &acme, "sam@acme.example", Role::Admin).await;
    let (kim, _) = person(&app, &acme, "kim@acme.example", Role::Admin).await;
    let scopes = "stats interaction-content:read";
    let credential = app.credential(&acme, &kim, scopes).await;
    let token = app.token(&credential, "stats").await;
    let path = format!("/admin/users/{}/edit", kim.id);
    let (_, text) = sam.page(&path).await;
    let version = value_of(&text, "version");
    let fields = |confirmed, version| {
        [
            ("username", "kim@acme.example"),
            ("name", "Kim"),
            ("email", "kim@acme.example"),
            ("role", "Supervisor"),
            ("view-inbound-content", "default"),
            ("lines", "+441\r\n+442\r\n"),
            ("groups", "Sales"),
            ("confirmed", confirmed),
            ("version", version),
        ]
    };
    let answer = sam.post_form(&path, &fields("", &version)).await;
    assert_eq!(answer.status(), 422);
    let text = answer.text().await.unwrap();
    assert!(text.contains("What this takes away") && text.contains("<code>stats</code>"));
    assert!(
        text.contains("no longer see content of inbound interactions"),
        "{text}"
    );
    let call = || {
        let request = app.http.get(app.url("/stats/agent-status"));
        request
            .bearer_auth(&token)
            .header("accept", "application/vnd.newvoicemedia.v3+json")
            .send()
    };
    assert_ne!(
        call().await.unwrap().status(),
        403,
        "nothing was changed yet"
    );
    let answer = sam.post_form(&path, &fields("yes", &version)).await;
    assert_eq!(answer.status(), 303);
    let (_, text) = sam.page(&location(&answer)).await;
    assert!(text.contains("Sales") && text.contains("+442") && text.contains("Saved."));
    app.caught_up().await;
    assert_eq!(
        call().await.unwrap().status(),
        403,
        "the licence no longer allows it"
    );
    let stale = sam.post_form(&path, &fields("yes", &version)).await;
    assert_eq!(stale.status(), 409, "somebody else saved meanwhile");
}

#[tokio::test]
async fn disabling_names_the_credentials_that_stop() {
    let app = TestApp::sqlite().await;
    let acme = app.account("acme").await;
    let (sam_user, sam) = person(&app, &acme, "sam@acme.example", Role::Admin).await;
    let (kim, kims) = person(&app, &acme, "kim@acme.example", Role::Admin).await;
    app.credential(&acme, &kim, "stats").await;
    let path = format!("/admin/users/{}/switch/disable", kim.id);
    let (_, text) = sam.page(&path).await;
    assert!(
        text.contains("nightly") && text.contains("stops working"),
        "{text}"
    );
    assert_eq!(sam.post_form(&path, &[]).await.status(), 303);
    app.caught_up().await;
    assert_eq!(kims.page("/admin").await.0, 303, "their sessions ended");
    let enable = format!("/admin/users/{}/switch/enable", kim.id);
    let answer = sam.post_form(&enable, &[]).await;
    assert!(location(&answer).contains("notice=user-enabled"));
    let own = format!("/admin/users/{}/switch/disable", sam_user.id);
    assert_eq!(sam.post_form(&own, &[]).await.status(), 409);
    let odd = format!("/admin/users/{}/switch/explode", kim.id);
    assert_eq!(sam.page(&odd).await.0, 404);
}

#[tokio::test]
async fn groups_have_members() {
    let app = TestApp::sqlite().await;
    let acme = app.account("acme").await;
    let (_, sam) = person(&app, &acme, "sam@acme.example", Role::Admin).await;
    assert!(sam.page("/admin/groups").await.1.contains("No groups yet"));
    let made = sam.post_form("/admin/groups", &[("name", "Sales")]).await;
    assert_eq!(made.status(), 303);
    assert!(
        sam.page(&location(&made))
            .await
            .1
            .contains("No active members")
    );
    let again = sam.post_form("/admin/groups", &[("name", "Sales")]).await;
    assert_eq!(again.status(), 422);
    assert!(
        sam.page("/admin/groups?q=sal")
            .await
            .1
            .contains(">Sales</a>")
    );
}

#[tokio::test]
async fn an_operator_looks_after_accounts() {
    let app = TestApp::sqlite().await;
    let (_, _, olga) = operator(&app).await;
    let fields = [
        ("name", "acme"),
        ("region", "nam"),
        ("kind", "vcc"),
        ("algorithm", "RS256"),
    ];
    let made = olga.post_form("/admin/accounts", &fields).await;
    assert_eq!(made.status(), 303);
    let (_, text) = olga.page(&location(&made)).await;
    assert!(text.contains("nam") && text.contains("Suspend"));
    assert_eq!(
        olga.post_form("/admin/accounts", &fields).await.status(),
        422
    );
    let acme = ringfence_app::accounts::account_show(
        &app.ctx,
        &ringfence_core::account::AccountName::parse("acme").unwrap(),
    )
    .await
    .unwrap();
    let (_, sam) = person(&app, &acme, "sam@acme.example", Role::Admin).await;
    let (_, text) = olga.page("/admin/accounts/acme/suspend").await;
    assert!(text.contains("What stops working"));
    let done = olga.post_form("/admin/accounts/acme/suspend", &[]).await;
    assert_eq!(done.status(), 303);
    app.caught_up().await;
    assert_eq!(
        sam.page("/admin").await.0,
        303,
        "nobody of it is signed in any more"
    );
    olga.post_form("/admin/accounts/acme/resume", &[]).await;
    let opened = olga.post_form("/admin/open", &[("account", "acme")]).await;
    assert_eq!(opened.status(), 303);
    assert!(
        olga.page("/admin/users")
            .await
            .1
            .contains("sam@acme.example")
    );
}

#[tokio::test]
async fn nobody_else_knows_of_these_pages() {
    let app = TestApp::sqlite().await;
    let (acme, rival) = (app.account("acme").await, app.account("rival").await);
    let (user, sam) = person(&app, &acme, "sam@acme.example", Role::Admin).await;
    let one = format!("/admin/users/{}", user.id);
    for path in [
        "/admin/accounts",
        "/admin/accounts/new",
        "/admin/accounts/acme",
    ] {
        assert_eq!(
            sam.page(path).await.0,
            404,
            "an admin is no operator: {path}"
        );
    }
    let strangers = [
        person(&app, &acme, "sue@acme.example", Role::Supervisor)
            .await
            .1,
        person(&app, &acme, "al@acme.example", Role::Agent).await.1,
    ];
    for stranger in &strangers {
        for path in [
            "/admin/users",
            "/admin/users/new",
            "/admin/groups",
            "/admin/groups/new",
            &one,
        ] {
            assert_eq!(stranger.page(path).await.0, 404, "{path}");
        }
        let fields = [("username", "x"), ("role", "Admin")];
        assert_eq!(
            stranger.post_form("/admin/users", &fields).await.status(),
            404
        );
        assert_eq!(
            stranger
                .post_form("/admin/groups", &[("name", "x")])
                .await
                .status(),
            404
        );
    }
    let (_, ron) = person(&app, &rival, "ron@rival.example", Role::Admin).await;
    for act in ["", "/edit", "/switch/disable"] {
        assert_eq!(ron.page(&format!("{one}{act}")).await.0, 404, "{act}");
    }
}

#[tokio::test]
async fn an_invitation_is_a_link_that_is_shown_once() {
    let app = TestApp::sqlite().await;
    let acme = app.account("acme").await;
    let (me, sam) = person(&app, &acme, "sam@acme.example", Role::Admin).await;
    let (kim, _) = person(&app, &acme, "kim@acme.example", Role::Agent).await;
    let path = format!("/admin/users/{}/invite", kim.id);
    // One's own would ask for neither the old password nor a code.
    let own = format!("/admin/users/{}/invite", me.id);
    assert_eq!(sam.post_form(&own, &[]).await.status(), 403);
    let answer = sam.post_form(&path, &[]).await;
    assert_eq!(answer.status(), 200);
    let text = answer.text().await.unwrap();
    let (_, rest) = text.split_once("<code id=\"link\">").unwrap();
    let link = rest.split('<').next().unwrap();
    let link = link.strip_prefix(&app.base).unwrap();
    assert!(
        app.browser(None)
            .page(link)
            .await
            .1
            .contains("kim@acme.example")
    );
    let (_, audit) = sam.page("/admin/audit?act=user").await;
    assert!(audit.contains("made a sign-in link for the user kim@acme.example"));
    let handle = link.rsplit('/').next().unwrap();
    assert!(!audit.contains(handle));
}

#[tokio::test]
async fn the_audit_page_tells_in_sentences_and_keeps_its_filters() {
    let app = TestApp::sqlite().await;
    let acme = app.account("acme").await;
    let (_, sam) = person(&app, &acme, "sam@acme.example", Role::Admin).await;
    for n in 0..60 {
        let name = format!("G{n}");
        sam.post_form("/admin/groups", &[("name", &name)]).await;
    }
    let (status, text) = sam
        .page("/admin/audit?act=group&actor=sam@acme.example")
        .await;
    assert_eq!(status, 200);
    assert!(
        text.contains("sam@acme.example made the group G59."),
        "{text}"
    );
    assert!(text.contains("before=") && text.contains("actor=sam%40acme.example"));
    assert!(text.len() < 100_000, "{} bytes", text.len());
    let (status, text) = sam.page("/admin/audit?since=tomorrow").await;
    assert_eq!(status, 200);
    assert!(text.contains("error-summary"));
    assert!(
        sam.page("/admin/audit?until=2000-01-01")
            .await
            .1
            .contains("Nothing found")
    );
}

fn value_of(page: &str, field: &str) -> String {
    let (_, rest) = page
        .split_once(&format!("name=\"{field}\" value=\""))
        .unwrap();
    rest.split('"').next().unwrap().to_owned()
}
