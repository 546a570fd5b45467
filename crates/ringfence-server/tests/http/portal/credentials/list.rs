//! Who sees, edits and deletes what (vcc-api §4.1), and the list.

use super::World;
use ringfence_core::credential::CredentialName;

#[tokio::test]
async fn the_rules_of_who_may_do_what() {
    let world = World::new().await;
    let app = &world.app;
    let own = app
        .credential(&world.account, &world.admin, "stats users:read")
        .await;
    let sues = app
        .credential(&world.account, &world.supervisor, "users:read")
        .await;
    let legacy = app
        .credential_with(&world.account, None, "stats", |_| {})
        .await;
    let path = |made: &ringfence_app::credentials::NewSecret| {
        format!("/admin/credentials/{}", made.credential.id)
    };
    // Each row: whose page, the status of looking, editing and deleting, as admin and as supervisor.
    for (made, as_admin, as_supervisor) in [
        (&own, [200, 200, 200], [404, 404, 404]),
        (&sues, [200, 403, 200], [200, 200, 200]),
        (&legacy, [200, 200, 200], [404, 404, 404]),
    ] {
        for (browser, expected) in [(&world.sam, as_admin), (&world.sue, as_supervisor)] {
            let page = path(made);
            for (part, status) in ["", "/edit", "/delete"].into_iter().zip(expected) {
                let got = browser.page(&format!("{page}{part}")).await.0;
                assert_eq!(got, status, "{page}{part}");
            }
        }
        for browser in [&world.agent, &world.rival] {
            for part in [
                "",
                "/edit",
                "/delete",
                "/rotate",
                "/checklist",
                "/usage",
                "/secrets/1/retire",
            ] {
                assert_eq!(browser.page(&format!("{}{part}", path(made))).await.0, 404);
            }
            let answer = browser
                .post_form(&format!("{}/delete", path(made)), &[])
                .await;
            assert_eq!(answer.status(), 404);
        }
        let stranger = app.browser(None).get(&path(made)).await;
        assert_eq!(stranger.status(), 303);
    }
    // What the form would not offer is refused as well.
    let answer = world
        .sam
        .post_form(
            &format!("{}/edit", path(&sues)),
            &[("name", "mine"), ("scope", "stats"), ("version", "1")],
        )
        .await;
    assert_eq!(answer.status(), 403);
    let answer = world
        .sam
        .post_form(&format!("{}/delete", path(&sues)), &[])
        .await;
    assert_eq!(answer.status(), 303);
    assert_eq!(
        answer.headers()["location"],
        "/admin/credentials?notice=credential-deleted"
    );
    assert_eq!(world.sue.page(&path(&sues)).await.0, 404);
}

#[tokio::test]
async fn an_area_that_does_not_exist_for_agents() {
    let world = World::new().await;
    assert_eq!(world.agent.page("/admin/credentials").await.0, 404);
    assert_eq!(world.agent.page("/admin/credentials/new").await.0, 404);
    let (_, start) = world.agent.page("/admin").await;
    assert!(!start.contains("/admin/credentials"));
    let stranger = world.app.browser(None).get("/admin/credentials").await;
    assert_eq!(
        stranger.headers()["location"],
        "/login?next=%2Fadmin%2Fcredentials"
    );
}

#[tokio::test]
async fn tabs_filters_and_whose_are_shown() {
    let world = World::new().await;
    let app = &world.app;
    let named = |name: &'static str| {
        move |new: &mut ringfence_app::credentials::NewCredential| {
            new.name = CredentialName::parse(name).unwrap();
        }
    };
    let owners = [
        (Some(&world.admin), "sams own"),
        (Some(&world.supervisor), "sues own"),
    ];
    for (owner, name) in owners {
        app.credential_with(&world.account, owner, "users:read", named(name))
            .await;
    }
    let (_, page) = world.sam.page("/admin/credentials").await;
    assert!(page.contains("sams own") && page.contains("sues own"));
    assert!(!page.contains("tab=accounts"), "no account-level ones yet");
    assert!(page.contains("All Credentials") && page.contains("My Credentials"));
    assert!(page.contains("Create New"));
    assert!(page.contains("Delete sams own"));

    app.credential_with(&world.account, None, "stats", named("the old one"))
        .await;
    let (_, page) = world.sam.page("/admin/credentials").await;
    assert!(page.contains("tab=accounts") && !page.contains("the old one"));
    let (_, page) = world.sam.page("/admin/credentials?tab=accounts").await;
    assert!(page.contains("the old one") && !page.contains("sams own"));
    assert!(!page.contains("Create New"), "never created");

    let (_, page) = world.sam.page("/admin/credentials?show=mine").await;
    assert!(page.contains("sams own") && !page.contains("sues own"));
    let (_, page) = world.sam.page("/admin/credentials?q=SUES").await;
    assert!(!page.contains("sams own") && page.contains("sues own"));
    let (_, page) = world.sam.page("/admin/credentials?q=%25").await;
    assert!(page.contains("Nothing found"));

    let (_, page) = world.sue.page("/admin/credentials").await;
    assert!(!page.contains("sams own") && page.contains("sues own"));
    assert!(!page.contains("tab=accounts") && !page.contains("All Credentials"));
    assert_eq!(
        world.sue.page("/admin/credentials?tab=accounts").await.0,
        404
    );
    let (_, page) = world.rival.page("/admin/credentials").await;
    assert!(page.contains("No credentials yet"));
}

#[tokio::test]
async fn long_lists_are_paged_and_sorted() {
    let world = World::new().await;
    for n in 0..27 {
        world
            .app
            .credential_with(&world.account, Some(&world.admin), "stats", |new| {
                new.name = CredentialName::parse(&format!("job {n:02}")).unwrap();
            })
            .await;
    }
    let (_, page) = world.sam.page("/admin/credentials").await;
    assert!(page.contains("1–25 of 27") && page.contains("job 00") && !page.contains("job 26"));
    let (_, page) = world.sam.page("/admin/credentials?page=2").await;
    assert!(page.contains("26–27 of 27") && page.contains("job 26"));
    let (_, page) = world.sam.page("/admin/credentials?sort=-name").await;
    assert!(page.contains("aria-sort=\"descending\""));
    assert!(page.contains("job 26") && !page.contains("job 00"));
}
