//! `/admin/collections` and `/api/v1/connections`: what is collected, what is missing, and why. Operators only.

use crate::manage::{operator, person, read};
use ringfence_core::user::Role;
use ringfence_testkit::test_app::TestApp;
use serde_json::json;

#[tokio::test]
async fn only_operators_see_collections() {
    let app = TestApp::sqlite().await;
    let (account, _, olga) = operator(&app).await;
    let (done, _) = app.store_collection().await;
    let (_, ada) = person(&app, &account, "ada@house.example", Role::Admin).await;
    for path in [
        "/admin/collections".to_owned(),
        "/admin/collections/remote.acme".to_owned(),
        format!("/admin/collections/remote.acme/runs/{done}"),
        "/admin/collections/remote.acme/gaps".to_owned(),
        "/admin/collections/remote.acme/gaps.csv".to_owned(),
        "/api/v1/connections".to_owned(),
        "/api/v1/connections/remote.acme".to_owned(),
        "/api/v1/connections/remote.acme/runs".to_owned(),
        format!("/api/v1/connections/remote.acme/runs/{done}"),
        "/api/v1/connections/remote.acme/coverage".to_owned(),
        "/api/v1/connections/remote.acme/gaps".to_owned(),
        "/api/v1/connections/remote.acme/gaps.csv".to_owned(),
    ] {
        assert_eq!(olga.get(&path).await.status(), 200, "{path}");
        assert_eq!(ada.get(&path).await.status(), 404, "{path}");
        let other = path.replace("remote.acme", "nobody");
        if other != path {
            assert_eq!(olga.get(&other).await.status(), 404, "{other}");
        }
    }
}

#[tokio::test]
async fn without_connections_the_page_says_which_command_makes_one() {
    let app = TestApp::sqlite().await;
    let (_, _, olga) = operator(&app).await;
    let (_, text) = olga.page("/admin/collections").await;
    assert!(text.contains("No connections yet") && text.contains("ringfence connection add"));
}

#[tokio::test]
async fn coverage_runs_and_gaps_are_told() {
    for app in TestApp::both().await {
        let (_, _, olga) = operator(&app).await;
        let (done, at_work) = app.store_collection().await;
        let (_, text) = olga.page("/admin/collections").await;
        assert!(
            text.contains("remote.acme") && text.contains("Running"),
            "{text}"
        );
        assert!(!text.contains("sealed"), "no secret, sealed or not");

        let (status, text) = olga.page("/admin/collections/remote.acme").await;
        assert_eq!(status, 200, "{}", app.engine);
        assert!(text.contains("class=\"fill-ok\"") && text.contains("class=\"fill-bad\""));
        assert!(text.contains(
            "3 at home, 0 may still come, 0 need no recording, 27 hidden by a permission, 3 missing"
        ));
        assert!(text.contains("gaps?from=2026-03-02&#38;to=2026-03-02"));
        assert!(text.contains("gaps?reason=permission_suspected"));
        assert!(
            text.contains("1,234 listed = 1,200 fetched + 30 already had + 3 refused + 1 failed")
        );
        assert!(text.contains("1 of 4 windows of time done"));
        assert!(
            text.contains("Interrupted"),
            "an earlier run that never ended"
        );
        assert!(text.contains("data-refresh"));
        assert!(text.len() < 100_000);

        let (_, text) = olga
            .page(&format!("/admin/collections/remote.acme/runs/{done}"))
            .await;
        assert!(text.contains("Adds up") && text.contains("cut &#60;short&#62;"));
        assert!(text.contains(
            "33 calls by the statistics: 3 with a recording at home, 30 with an explained gap"
        ));
        assert!(!text.contains("data-refresh"));
        let (_, text) = olga
            .page(&format!("/admin/collections/remote.acme/runs/{at_work}"))
            .await;
        assert!(text.contains("so far") && text.contains("data-refresh"));
        let (_, body) = read(
            olga.get(&format!("/api/v1/connections/remote.acme/runs/{at_work}"))
                .await,
        )
        .await;
        assert_eq!(
            (&body["state"], &body["windowsDone"]),
            (&json!("running"), &json!(1))
        );
    }
}

#[tokio::test]
async fn gaps_are_filtered_paged_and_saved_without_formulas() {
    for app in TestApp::both().await {
        let (_, _, olga) = operator(&app).await;
        app.store_collection().await;
        let gaps = "/admin/collections/remote.acme/gaps";
        let (_, text) = olga.page(gaps).await;
        assert!(text.contains("Page 1, 30 in all"), "{}", app.engine);
        assert!(text.contains("page=2") && text.contains("outbound &#60;calls&#62;"));
        let rows = |text: &str| text.matches("<tr><th scope=\"row\">").count();
        assert_eq!(rows(&text), 25);
        let (_, text) = olga.page(&format!("{gaps}?page=2&order=oldest")).await;
        assert_eq!(rows(&text), 5);
        for (query, n) in [
            ("reason=corrupt", 3),
            ("reason=nonsense&direction=inbound", 0),
            ("q=0190a1b2-3333-4d5e-8f60-000000000005", 1),
            ("q=%2B4416&reason=corrupt", 3),
            ("from=2026-03-03&to=2026-03-03", 9),
        ] {
            let (_, text) = olga.page(&format!("{gaps}?{query}")).await;
            assert_eq!(rows(&text), n, "{query}");
            let answer = olga.get(&format!("{gaps}.csv?{query}")).await;
            assert_eq!(answer.headers()["content-type"], "text/csv; charset=utf-8");
            let csv = answer.text().await.unwrap();
            assert_eq!(csv.lines().count(), n + 1, "{query}");
            assert!(!csv.contains(",=") && !csv.contains(",+"), "{csv}");
        }
        let api = "/api/v1/connections/remote.acme/gaps";
        let (mut n, mut cursor) = (0, String::new());
        loop {
            let (_, page) = read(olga.get(&format!("{api}?limit=20{cursor}")).await).await;
            n += page["items"].as_array().unwrap().len();
            match page["nextCursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => break,
            }
        }
        assert_eq!(n, 30);
        assert_eq!(
            olga.get(&format!("{api}?reason=nonsense")).await.status(),
            400
        );
        let (_, days) = read(
            olga.get("/api/v1/connections/remote.acme/coverage?days=2")
                .await,
        )
        .await;
        assert_eq!(days["items"][0]["recorded"], json!(3));
        assert_eq!(days["items"][1]["gaps"]["corrupt"], json!(3), "{days}");
    }
}
