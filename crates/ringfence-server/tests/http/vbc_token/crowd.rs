//! Many at the same moment, on several nodes, and over restarts (checklist 55, 63).

use super::*;
use futures_util::future::join_all;

const N_CALLERS: usize = 100;

/// Two nodes on one store, with its URL.
async fn two_nodes(settings: &Settings) -> Vec<(Bench, TestApp, String)> {
    let mut all = Vec::new();
    for store in ringfence_testkit::stores::both().await {
        let (url, engine) = (store.url.clone(), store.engine);
        let blobs = store.folder.path().join("blobs");
        let settings = Settings {
            public_url: "http://ringfence.test".to_owned(),
            ..settings.clone()
        };
        let bench = Bench::on(TestApp::start(store, settings.clone()).await).await;
        let other = TestApp::node(&url, engine, &blobs, settings).await;
        all.push((bench, other, url));
    }
    all
}

/// What the two nodes answer to one request, sent a hundred times at once.
async fn crowd(nodes: [&TestApp; 2], body: &str) -> Vec<Answer> {
    let calls = (0..N_CALLERS).map(|n| send_to(nodes[n % 2], TOKEN, &[], body));
    join_all(calls).await
}

/// A node that starts later on the same store.
async fn restarted(bench: &Bench, url: &str) -> TestApp {
    let blobs = bench.app.folder.as_ref().unwrap().path().join("blobs");
    let settings = bench.app.ctx.settings.clone();
    TestApp::node(url, bench.app.engine, &blobs, settings).await
}

#[tokio::test(flavor = "multi_thread")]
async fn c55_of_a_hundred_exchanges_on_two_nodes_one_succeeds() {
    for (bench, other, url) in two_nodes(&Settings::default()).await {
        let code = bench.code(&bench.of, "openid").await;
        let body = form(&exchange_form(&bench.of, &code));
        let answers = crowd([&bench.app, &other], &body).await;
        let (good, bad): (Vec<_>, Vec<_>) = answers.iter().partition(|a| a.status == 200);
        assert_eq!(good.len(), 1, "{}", bench.app.engine);
        for answer in bad {
            let refusal = answer.refusal();
            assert_eq!(refusal, invalid_grant("Inactive authorization code"));
        }
        // c56: the others were second uses, so what the winner got has ended, also after a restart.
        let winner = good[0].json();
        other.caught_up().await;
        assert!(!bench.admitted(&access(&winner)).await);
        assert!(!admitted(&other, &access(&winner)));
        let later = restarted(&bench, &url).await;
        assert!(!admitted(&later, &access(&winner)));
        let again = send_to(
            &later,
            TOKEN,
            &[],
            &form(&refresh_form(&bench.of, &refresh_of(&winner))),
        )
        .await;
        assert_eq!(again.refusal(), invalid_grant(REFRESH_GONE));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn c63_of_a_hundred_uses_of_a_refresh_token_one_makes_the_next() {
    let mut settings = Settings::default();
    settings.vbc.retry_window_secs = 0;
    for (bench, other, _) in two_nodes(&settings).await {
        let begun = bench.tokens(&bench.of, "openid").await;
        let body = form(&refresh_form(&bench.of, &refresh_of(&begun)));
        let answers = crowd([&bench.app, &other], &body).await;
        let good = answers.iter().filter(|answer| answer.status == 200).count();
        assert_eq!(good, 1, "{}", bench.app.engine);
        let bad = answers.iter().filter(|answer| answer.status != 200);
        for answer in bad {
            assert_eq!(answer.refusal(), invalid_grant(REFRESH_GONE));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn c63_c64_a_hundred_uses_within_the_window_give_one_branch() {
    for (bench, other, url) in two_nodes(&Settings::default()).await {
        let begun = bench.tokens(&bench.of, "openid").await;
        let body = form(&refresh_form(&bench.of, &refresh_of(&begun)));
        let answers = crowd([&bench.app, &other], &body).await;
        let bodies: Vec<Value> = answers.iter().map(Answer::granted).collect();
        let first = &bodies[0];
        for body in &bodies {
            assert_eq!(refresh_of(body), refresh_of(first), "{}", bench.app.engine);
            assert_eq!(access(body), access(first));
        }
        other.caught_up().await;
        assert!(bench.admitted(&access(first)).await && admitted(&other, &access(first)));
        assert!(
            !bench.admitted(&access(&begun)).await,
            "the one before has ended"
        );
        // The branch goes on after a restart, and the old token stays used.
        let later = restarted(&bench, &url).await;
        let next = form(&refresh_form(&bench.of, &refresh_of(first)));
        let next = send_to(&later, TOKEN, &[], &next).await.granted();
        assert_ne!(refresh_of(&next), refresh_of(first));
        let reused = send_to(&later, TOKEN, &[], &body).await;
        assert_eq!(reused.refusal(), invalid_grant(REFRESH_GONE));
        later.caught_up().await;
        assert!(!admitted(&later, &access(&next)), "c62: reuse ends all");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn c61_a_public_clients_hundred_uses_are_reuse() {
    for (bench, other, _) in two_nodes(&Settings::default()).await {
        let native = bench.public().await;
        other.caught_up().await;
        let begun = bench.tokens(&native, "openid").await;
        let body = form(&refresh_form(&native, &refresh_of(&begun)));
        let answers = crowd([&bench.app, &other], &body).await;
        let good: Vec<_> = answers.iter().filter(|a| a.status == 200).collect();
        assert_eq!(good.len(), 1, "{}", bench.app.engine);
        let winner = good[0].json();
        assert!(
            !bench.admitted(&access(&winner)).await,
            "and the family has ended"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_people_refresh_while_others_revoke_and_nobody_waits_for_ever() {
    for (bench, other, _) in two_nodes(&Settings::default()).await {
        let mut begun = Vec::new();
        for _ in 0..20 {
            begun.push(bench.tokens(&bench.of, "openid").await);
        }
        let nodes = [&bench.app, &other];
        let acts = begun.iter().enumerate().flat_map(|(n, body)| {
            let refresh = form(&refresh_form(&bench.of, &refresh_of(body)));
            let mut revoke = proof(&bench.of);
            revoke.push(("token", access(body)));
            let revoke = form(&revoke);
            [
                (nodes[n % 2], TOKEN, refresh),
                (nodes[(n + 1) % 2], REVOKE, revoke),
            ]
        });
        let acts: Vec<_> = acts.collect();
        let calls = acts
            .iter()
            .map(|(node, path, body)| send_to(node, path, &[], body));
        for answer in join_all(calls).await {
            assert!(
                matches!(answer.status, 200 | 400),
                "{}: {}",
                bench.app.engine,
                answer.text
            );
        }
        for body in &begun {
            assert!(!bench.admitted(&access(body)).await);
        }
    }
}
