//! The audit trail: read page by page, exported, and proven from the file alone.

use super::{operator, person, read};
use ringfence_app::audit::{Proven, TrailFault, TrailProof, TrailScope, trail_check};
use ringfence_core::account::Account;
use ringfence_core::audit::AuditDigest;
use ringfence_core::user::Role;
use ringfence_testkit::test_app::{Browser, TestApp};
use serde_json::{Value, json};

/// Two tenants with some changes each.
async fn busy(app: &TestApp) -> (Account, Account, Browser) {
    let (_, _, olga) = operator(app).await;
    let (acme, rival) = (app.account("acme").await, app.account("rival").await);
    for n in 0..3 {
        for account in [&acme, &rival] {
            let name = format!("u{n}@{}.example", account.name);
            app.user(account, &name, Role::Agent, None).await;
        }
    }
    (acme, rival, olga)
}

fn prove(file: &str, head: Option<AuditDigest>) -> Result<Proven, TrailFault> {
    let mut proof = TrailProof::begin(head);
    for line in file.lines() {
        proof.line(line)?;
    }
    proof.end()
}

async fn file(browser: &Browser, path: &str) -> String {
    let answer = browser.get(path).await;
    assert_eq!(answer.status(), 200, "{path}");
    assert_eq!(answer.headers()["content-type"], "application/jsonl");
    answer.text().await.unwrap()
}

#[tokio::test]
async fn a_whole_trail_and_an_accounts_own_prove_themselves() {
    for app in TestApp::both().await {
        let (acme, _, olga) = busy(&app).await;
        let (_, sam) = person(&app, &acme, "sam@acme.example", Role::Admin).await;
        let (head, _) = trail_check(&app.ctx, None).await.unwrap().unwrap();
        let whole = file(&olga, "/api/v1/audit/export").await;
        let proven = prove(&whole, Some(head.digest)).unwrap();
        assert_eq!(
            (proven.scope, proven.head),
            (TrailScope::Installation, head)
        );

        let own = file(&sam, "/api/v1/accounts/acme/audit/export").await;
        let proven = prove(&own, Some(head.digest)).unwrap();
        assert_eq!(proven.scope, TrailScope::Account(acme.id), "{}", app.engine);
        assert_eq!(proven.head, head, "the chain closes over what is not told");
        let told = own
            .lines()
            .filter(|line| line.contains("\"actor\""))
            .count();
        assert_eq!(u64::try_from(told).unwrap(), proven.n_shown);
        // A digest noted now holds for every later file.
        app.user(&acme, "later@acme.example", Role::Agent, None)
            .await;
        let later = file(&sam, "/api/v1/accounts/acme/audit/export").await;
        assert!(prove(&later, Some(head.digest)).unwrap().head.seq > head.seq);
        assert!(
            trail_check(&app.ctx, Some(head.digest))
                .await
                .unwrap()
                .unwrap()
                .1
        );
        assert!(told >= 5 && told < own.lines().count() - 2);
        for secret in ["rival", "olga", "house"] {
            assert!(!own.contains(secret), "{secret} is told");
        }
    }
}

#[tokio::test]
async fn every_tampering_is_found_and_its_line_named() {
    let app = TestApp::sqlite().await;
    let (acme, rival, olga) = busy(&app).await;
    let (_, sam) = person(&app, &acme, "sam@acme.example", Role::Admin).await;
    let head = trail_check(&app.ctx, None).await.unwrap().unwrap().0.digest;
    let whole = file(&olga, "/api/v1/audit/export").await;
    let own = file(&sam, "/api/v1/accounts/acme/audit/export").await;
    for text in [&whole, &own] {
        let lines: Vec<&str> = text.lines().collect();
        for n in 1..lines.len() {
            // Every digit and letter of every line counts: change one in each third of the line.
            for third in 1..3 {
                let at = lines[n].len() * third / 3;
                let Some(at) = (at..lines[n].len())
                    .find(|at| lines[n].as_bytes()[*at].is_ascii_alphanumeric())
                else {
                    continue;
                };
                let mut changed = lines[n].as_bytes().to_vec();
                changed[at] = if changed[at] == b'1' { b'2' } else { b'1' };
                let mut tampered: Vec<String> = lines.iter().map(|l| (*l).to_owned()).collect();
                tampered[n] = String::from_utf8(changed).unwrap();
                let fault = prove(&tampered.join("\n"), None).unwrap_err();
                assert_eq!(fault.line, n as u64 + 1, "line {n} byte {at}: {fault}");
            }
            let mut dropped = lines.clone();
            dropped.remove(n);
            assert!(
                prove(&dropped.join("\n"), None).is_err(),
                "line {n} dropped"
            );
            if n + 1 < lines.len() {
                let mut swapped = lines.clone();
                swapped.swap(n, n + 1);
                assert!(
                    prove(&swapped.join("\n"), None).is_err(),
                    "line {n} swapped"
                );
            }
            let cut = &lines[..n];
            assert!(prove(&cut.join("\n"), None).is_err(), "cut before {n}");
        }
        let twice = [text.as_str(), lines[1]].join("");
        assert!(prove(&twice, None).is_err(), "something after the end");
    }
    // A well-made shorter trail is only found by the digest that somebody noted.
    let mut lines: Vec<&str> = whole.lines().collect();
    let last: Value = serde_json::from_str(lines[lines.len() - 3]).unwrap();
    let end = json!({"end": {"seq": last["seq"], "digest": last["digest"]}}).to_string();
    lines.truncate(lines.len() - 2);
    lines.push(&end);
    let shorter = lines.join("\n");
    assert!(prove(&shorter, None).is_ok());
    assert!(prove(&shorter, Some(head)).is_err());
    // A trail of one account does not pass for another's, nor hide the account's own lines.
    let other = own.replace(&acme.id.to_string(), &rival.id.to_string());
    assert!(prove(&other, None).is_err());
}

#[tokio::test]
async fn a_changed_row_in_the_store_is_found() {
    let app = TestApp::sqlite().await;
    busy(&app).await;
    let mut tx = app.ctx.db.begin_write().await.unwrap();
    let sql = "UPDATE audit SET detail = '{\"role\":\"Agent\"}' WHERE seq = 5";
    tx.execute(sql, &[]).await.unwrap();
    tx.commit().await.unwrap();
    let fault = trail_check(&app.ctx, None).await.unwrap().unwrap_err();
    assert_eq!(fault.line(), 5);
}

#[tokio::test]
async fn lines_are_found_by_act_actor_subject_and_time() {
    for app in TestApp::both().await {
        let acme = app.account("acme").await;
        let (user, sam) = person(&app, &acme, "sam@acme.example", Role::Admin).await;
        let path = "/api/v1/accounts/acme/audit";
        let made = sam
            .api(
                "POST",
                "/api/v1/accounts/acme/groups",
                Some(&json!({"name": "Sales"})),
            )
            .await;
        assert_eq!(made.status(), 201);
        for (query, n) in [
            ("?act=group", 1),
            ("?act=group.create", 1),
            ("?act=grou", 0),
            ("?actor=sam@acme.example&act=group", 1),
            ("?actor=test&act=group", 0),
            ("?subject=sam@acme.example", 1),
            ("?since=2000-01-01T00:00:00Z&act=group", 1),
            ("?until=2000-01-01T00:00:00Z", 0),
        ] {
            let (status, page) = read(sam.get(&format!("{path}{query}")).await).await;
            assert_eq!(status, 200, "{query}");
            let items = page["items"].as_array().unwrap();
            assert_eq!(items.len(), n, "{query} on {}: {page}", app.engine);
        }
        let (_, page) = read(sam.get(&format!("{path}?act=group")).await).await;
        assert_eq!(
            page["items"][0]["text"],
            "sam@acme.example made the group Sales."
        );
        assert_eq!(
            page["items"][0]["actor"],
            json!(format!("user:{}", user.id))
        );
        // Cursors go back to the first line.
        let (mut seen, mut query) = (0, "?limit=2".to_owned());
        loop {
            let (_, page) = read(sam.get(&format!("{path}{query}")).await).await;
            seen += page["items"].as_array().unwrap().len();
            match page["nextCursor"].as_str() {
                Some(next) => query = format!("?limit=2&cursor={next}"),
                None => break,
            }
        }
        let (_, all) = read(sam.get(&format!("{path}?limit=200")).await).await;
        assert_eq!(seen, all["items"].as_array().unwrap().len());
    }
}

#[tokio::test]
async fn only_admins_and_operators_read() {
    let app = TestApp::sqlite().await;
    let (acme, rival, _) = busy(&app).await;
    let (_, sam) = person(&app, &acme, "sam@acme.example", Role::Admin).await;
    let (_, sue) = person(&app, &acme, "sue@acme.example", Role::Supervisor).await;
    let (_, ron) = person(&app, &rival, "ron@rival.example", Role::Admin).await;
    for path in [
        "/api/v1/audit",
        "/api/v1/audit/export",
        "/admin/audit/installation",
    ] {
        assert_eq!(sam.get(path).await.status(), 404, "{path}");
    }
    for stranger in [&sue, &ron] {
        for path in [
            "/api/v1/accounts/acme/audit",
            "/api/v1/accounts/acme/audit/export",
        ] {
            assert_eq!(stranger.get(path).await.status(), 404, "{path}");
        }
    }
    assert_eq!(sue.get("/admin/audit").await.status(), 404);
    assert_eq!(sue.get("/admin/audit/export").await.status(), 404);
    let (status, text) = ron.page("/admin/audit").await;
    assert_eq!(status, 200);
    assert!(!text.contains("acme"), "nothing of another account is told");
}
