//! Who is calling: client authentication and what failures show.

use std::time::Instant;

use ringfence_app::credentials::{
    CredentialEdit, credential_delete, credential_edit, credential_rotate,
};
use ringfence_app::users::{UserEdit, user_edit};
use ringfence_core::user::Role;
use ringfence_testkit::test_app::actor;

use super::*;

fn grant() -> Vec<(&'static str, String)> {
    vec![
        ("grant_type", "client_credentials".to_owned()),
        ("scope", "stats".to_owned()),
    ]
}

#[tokio::test]
async fn c6_body_and_basic_both_authenticate() {
    for bench in Bench::both().await {
        assert_eq!(
            bench.ask(&bench.good()).await.status,
            200,
            "{}",
            bench.app.engine
        );
        assert_eq!(bench.ask_basic(&bench.basic(), &grant()).await.status, 200);
    }
}

#[tokio::test]
async fn c6_basic_values_are_form_decoded_after_the_first_colon() {
    let bench = Bench::patient().await;
    let escaped = |text: &str| {
        text.bytes()
            .map(|b| format!("%{b:02x}"))
            .collect::<String>()
    };
    let all = format!("{}:{}", escaped(&bench.id()), escaped(bench.secret()));
    let answer = bench
        .ask_basic(&format!("basic {}", base64(all.as_bytes())), &grant())
        .await;
    assert_eq!(answer.status, 200);
    // A further colon belongs to the secret, so it changes it.
    for changed in [
        format!("{}::{}", bench.id(), bench.secret()),
        format!("{}:{}:", bench.id(), bench.secret()),
    ] {
        let answer = bench
            .ask_basic(&format!("Basic {}", base64(changed.as_bytes())), &grant())
            .await;
        assert_eq!(answer.refusal(), (401, "invalid_client".to_owned()));
    }
}

#[tokio::test]
async fn c7_loose_basic_is_refused_and_never_repaired() {
    let bench = Bench::patient().await;
    let plain = format!("{}:{}", bench.id(), bench.secret());
    let good = base64(plain.as_bytes());
    assert_eq!(
        bench
            .ask_basic(&format!("Basic {good}"), &grant())
            .await
            .status,
        200
    );
    let values = [
        format!("Basic  {good}"),
        format!("Basic\t{good}"),
        format!("Basic {good}="),
        format!("Basic {good} x"),
        format!("Basic {}", good.replacen('Z', "!", 1)),
        format!("Basic {}", base64(plain.replace(':', "").as_bytes())),
        format!("Basic {}", base64(format!("{plain}\n").as_bytes())),
        format!("Basic {}", base64(format!(" {plain}").as_bytes())),
        format!("Basic {}", base64(format!("{plain}%0").as_bytes())),
        format!("Basic {}", base64(format!("{plain}\0").as_bytes())),
        format!("Basi {good}"),
        good.clone(),
        "Basic".to_owned(),
    ];
    for value in values {
        let answer = bench.ask_basic(&value, &grant()).await;
        assert_eq!(
            answer.refusal(),
            (401, "invalid_client".to_owned()),
            "{value:?}"
        );
    }
}

#[tokio::test]
async fn c8_two_methods_in_one_request_are_refused() {
    let bench = Bench::new().await;
    let mut both = grant();
    both.push(("client_secret", bench.secret().to_owned()));
    let answer = bench.ask_basic(&bench.basic(), &both).await;
    assert_eq!(answer.refusal(), (400, "invalid_request".to_owned()));
    let mut assertion = bench.good().to_vec();
    assertion.push(("client_assertion", "a.b.c".to_owned()));
    assert_eq!(
        bench.ask(&assertion).await.refusal(),
        (400, "invalid_request".to_owned())
    );
    // The id alone beside Basic is no second method.
    let mut with_id = grant();
    with_id.push(("client_id", bench.id()));
    assert_eq!(bench.ask_basic(&bench.basic(), &with_id).await.status, 200);
}

#[tokio::test]
async fn c9_another_client_id_in_the_body_is_refused() {
    let bench = Bench::new().await;
    let other = bench
        .app
        .credential(&bench.account, &bench.owner, "stats")
        .await;
    for id in [
        other.credential.id.to_string(),
        bench.id().to_uppercase(),
        "x".to_owned(),
    ] {
        let mut parameters = grant();
        parameters.push(("client_id", id.clone()));
        let answer = bench.ask_basic(&bench.basic(), &parameters).await;
        assert_eq!(
            answer.refusal(),
            (400, "invalid_request".to_owned()),
            "{id}"
        );
    }
}

#[tokio::test]
async fn c10_credentials_in_the_query_are_refused_even_when_right() {
    let bench = Bench::new().await;
    let query = format!("client_id={}&client_secret={}", bench.id(), bench.secret());
    for body in [form(&grant()), form(&bench.good())] {
        for path in [TOKEN, INTROSPECT, REVOKE] {
            let answer = bench.send(&format!("{path}?{query}"), &[], &body).await;
            assert_eq!(
                answer.refusal(),
                (400, "invalid_request".to_owned()),
                "{path}"
            );
        }
    }
}

#[tokio::test]
async fn c11_failed_authentication_names_the_scheme() {
    let bench = Bench::new().await;
    let by_basic = bench
        .ask_basic(&basic(&bench.id(), "wrong"), &grant())
        .await;
    let by_body = bench.ask_as(&bench.id(), "wrong", "stats").await;
    let refusal = r#"{"error":"invalid_client"}"#;
    assert_eq!((by_basic.status, by_basic.text.as_str()), (401, refusal));
    let challenge = by_basic.header("www-authenticate").unwrap();
    assert!(challenge.starts_with("Basic realm="));
    // vcc-api §3.1: a client that did not use the header gets 400 and no challenge.
    assert_eq!((by_body.status, by_body.text.as_str()), (400, refusal));
    assert_eq!(by_body.header("www-authenticate"), None);
}

/// Requests that fail for reasons nobody may tell apart: id and secret of each.
async fn failures(bench: &Bench) -> Vec<(&'static str, String, String)> {
    let app = &bench.app;
    let pair = |made: &NewSecret| {
        (
            made.credential.id.to_string(),
            made.secret.expose().to_owned(),
        )
    };
    let gone = app
        .user(&bench.account, "gone@acme.example", Role::Admin, None)
        .await;
    let of_gone = app.credential(&bench.account, &gone, "stats").await;
    let edit = UserEdit {
        active: Some(false),
        ..UserEdit::default()
    };
    user_edit(&app.ctx, &actor(), gone.id, edit).await.unwrap();
    let expired = app
        .credential_with(&bench.account, Some(&bench.owner), "stats", |new| {
            new.secret_expires_at = Some(app.ctx.now().plus_ms(1));
        })
        .await;
    let over = app
        .credential_with(&bench.account, Some(&bench.owner), "stats", |new| {
            new.expires_at = Some(app.ctx.now().plus_ms(1));
        })
        .await;
    let deleted = app.credential(&bench.account, &bench.owner, "stats").await;
    credential_delete(&app.ctx, &actor(), deleted.credential.id)
        .await
        .unwrap();
    app.caught_up().await;
    tokio::time::sleep(std::time::Duration::from_millis(2)).await;
    let mut all = vec![
        (
            "unknown client",
            "0190a1b2-3333-4d5e-8f60-7a8b9c0d0001".to_owned(),
            bench.secret().to_owned(),
        ),
        (
            "wrong secret",
            bench.id(),
            bench.secret().replace("rfs_", "rfs."),
        ),
        (
            "no id of ours",
            "somebody".to_owned(),
            bench.secret().to_owned(),
        ),
    ];
    for (name, made) in [
        ("disabled owner", of_gone),
        ("expired secret", expired),
        ("expired credential", over),
        ("deleted", deleted),
    ] {
        let (id, secret) = pair(&made);
        all.push((name, id, secret));
    }
    all
}

#[tokio::test]
async fn c12_unknown_client_and_wrong_secret_look_alike() {
    for bench in Bench::both().await {
        let mut seen: Option<(Answer, Answer)> = None;
        for (name, id, secret) in failures(&bench).await {
            let by_body = bench.ask_as(&id, &secret, "stats").await.stable();
            let by_basic = bench
                .ask_basic(&basic(&id, &secret), &grant())
                .await
                .stable();
            assert_eq!((by_body.status, by_basic.status), (400, 401), "{name}");
            let first = seen.get_or_insert_with(|| (by_body.clone(), by_basic.clone()));
            assert_eq!((&by_body, &by_basic), (&first.0, &first.1), "{name}");
        }
    }
}

#[tokio::test]
async fn c12_failures_take_the_same_time() {
    const ROUNDS: usize = 150;
    let bench = Bench::patient().await;
    let kinds = failures(&bench).await;
    let bodies: Vec<String> = kinds
        .iter()
        .map(|(_, id, secret)| {
            form(&[
                ("grant_type", "client_credentials".to_owned()),
                ("client_id", id.clone()),
                ("client_secret", secret.clone()),
                ("scope", "stats".to_owned()),
            ])
        })
        .collect();
    let mut times: Vec<Vec<u128>> = vec![Vec::new(); kinds.len()];
    for round in 0..ROUNDS {
        // Each round starts with another kind, so that none always follows the same one.
        for step in 0..kinds.len() {
            let kind = (round + step) % kinds.len();
            let began = Instant::now();
            let answer = bench.send(TOKEN, &[], &bodies[kind]).await;
            times[kind].push(began.elapsed().as_nanos());
            assert_eq!(answer.status, 400);
        }
    }
    let (reference, others) = times.split_first().unwrap();
    for (kind, sample) in kinds[1..].iter().zip(others) {
        let z = mann_whitney_z(reference, sample);
        // Chance alone exceeds 4.5 once in 150,000 comparisons.
        assert!(z.abs() < 4.5, "{}: z = {z:.2}", kind.0);
    }
}

/// The rank-sum test's statistic: how far apart two samples lie, in standard deviations.
fn mann_whitney_z(a: &[u128], b: &[u128]) -> f64 {
    let mut all: Vec<(u128, bool)> = a
        .iter()
        .map(|t| (*t, true))
        .chain(b.iter().map(|t| (*t, false)))
        .collect();
    all.sort_unstable();
    let count = |n: usize| f64::from(u32::try_from(n).unwrap());
    let ranks: f64 = all
        .iter()
        .enumerate()
        .filter(|(_, (_, of_a))| *of_a)
        .map(|(rank, _)| count(rank + 1))
        .sum();
    let (n_a, n_b) = (count(a.len()), count(b.len()));
    let mean = n_a * (n_a + n_b + 1.0) / 2.0;
    (ranks - mean) / (n_a * n_b * (n_a + n_b + 1.0) / 12.0).sqrt()
}

#[tokio::test]
async fn c13_no_secret_is_stored_as_it_is() {
    let bench = Bench::new().await;
    let rotated = credential_rotate(
        &bench.app.ctx,
        &actor(),
        bench.credential.credential.id,
        60,
        None,
    )
    .await
    .unwrap();
    assert_eq!(bench.ask(&bench.good()).await.status, 200);
    let folder = bench.app.folder.as_ref().unwrap().path();
    let mut stored = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            stored.extend(std::fs::read(path).unwrap());
        }
    }
    assert!(
        contains(&stored, bench.id().as_bytes()),
        "the files read are the store"
    );
    for secret in [bench.secret(), rotated.secret.expose()] {
        let random = secret.split('_').nth(2).unwrap();
        assert!(!contains(&stored, random.as_bytes()));
        assert!(!format!("{:?} {:?}", bench.credential, rotated).contains(random));
    }
}

fn contains(haystack: &[u8], needle: &[u8]) -> bool {
    haystack
        .windows(needle.len())
        .any(|window| window == needle)
}

#[tokio::test]
async fn c14_every_character_of_the_secret_counts() {
    let bench = Bench::patient().await;
    let secret = bench.secret().to_owned();
    let mut wrong = vec![
        format!("{secret}0"),
        format!("{secret} "),
        format!(" {secret}"),
        format!("{secret}{secret}"),
    ];
    for at in 0..secret.len() {
        let mut dropped = secret.clone();
        let other = if dropped.remove(at) == 'A' { 'B' } else { 'A' };
        let mut changed = dropped.clone();
        changed.insert(at, other);
        wrong.extend([dropped, changed]);
    }
    for secret in wrong {
        assert_eq!(
            bench.ask_as(&bench.id(), &secret, "stats").await.status,
            400,
            "{secret:?}"
        );
    }
    assert_eq!(bench.ask(&bench.good()).await.status, 200);
}

#[tokio::test]
async fn c15_repeated_failures_are_slowed_from_their_address_only() {
    let bench = Bench::new().await;
    let mut n_refused = 0;
    let mut last = None;
    for _ in 0..60 {
        let answer = bench.ask_as(&bench.id(), "wrong", "stats").await;
        n_refused += u32::from(answer.status == 400);
        last = Some(answer);
    }
    let last = last.unwrap();
    assert_eq!((n_refused, last.status), (20, 429));
    let wait_secs: u32 = last.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=3).contains(&wait_secs), "{wait_secs}");
    assert_eq!(
        bench.ask(&bench.good()).await.status,
        429,
        "the same address waits too"
    );
    let elsewhere = bench.app.http_from(loopback(2));
    let request = elsewhere
        .post(bench.app.url(TOKEN))
        .header("content-type", FORM)
        .body(form(&bench.good()));
    assert_eq!(
        answer(request.send().await.unwrap()).await.status,
        200,
        "another address does not"
    );
    bench.app.clock.advance_secs(wait_secs);
    bench.app.caught_up().await;
    assert_eq!(
        bench.ask(&bench.good()).await.status,
        200,
        "and after the wait nobody does"
    );
}

#[tokio::test]
async fn c15_one_address_that_tries_many_clients_is_slowed() {
    let bench = Bench::new().await;
    let ids = (0..400).map(|n| format!("0190a1b2-3333-4d5e-8f60-7a8b9c0d{n:04}"));
    let tries = ids.map(|id| async { bench.ask_as(&{ id }, "wrong", "stats").await.status });
    let statuses = futures_util::future::join_all(tries).await;
    let n_refused = statuses.iter().filter(|status| **status == 400).count();
    let n_slowed = statuses.iter().filter(|status| **status == 429).count();
    // A failure is forgiven every 200 ms, so a slow machine may try a few more.
    assert!(
        n_refused >= 300 && n_slowed > 0,
        "{n_refused} tried, {n_slowed} slowed"
    );
    assert_eq!(n_refused + n_slowed, 400);
}

#[tokio::test]
async fn c24_a_credential_authenticates_by_secret_and_nothing_else() {
    let bench = Bench::new().await;
    let assertion_type = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer".to_owned();
    let token = bench.token().await;
    let mut by_assertion = grant();
    by_assertion.push(("client_id", bench.id()));
    by_assertion.push(("client_assertion_type", assertion_type));
    by_assertion.push(("client_assertion", token.clone()));
    let mut public = grant();
    public.push(("client_id", bench.id()));
    for parameters in [by_assertion, public] {
        assert_eq!(
            bench.ask(&parameters).await.refusal(),
            (400, "invalid_client".to_owned())
        );
    }
    let by_token = bench.ask_basic(&format!("Bearer {token}"), &grant()).await;
    assert_eq!(by_token.refusal(), (401, "invalid_client".to_owned()));
}

#[tokio::test]
async fn a_credential_bound_to_networks_works_from_them_only() {
    let bench = Bench::new().await;
    let edit = CredentialEdit {
        networks: Some(vec![
            ringfence_core::credential::Network::parse("127.0.0.2/32").unwrap(),
        ]),
        ..CredentialEdit::default()
    };
    credential_edit(
        &bench.app.ctx,
        &actor(),
        bench.credential.credential.id,
        edit,
    )
    .await
    .unwrap();
    bench.app.caught_up().await;
    assert_eq!(bench.ask(&bench.good()).await.status, 400);
    let inside = bench.app.http_from(loopback(2));
    let request = inside
        .post(bench.app.url(TOKEN))
        .header("content-type", FORM)
        .body(form(&bench.good()));
    assert_eq!(answer(request.send().await.unwrap()).await.status, 200);
}

#[tokio::test]
async fn a_change_of_another_process_counts_for_the_very_next_request() {
    for store in ringfence_testkit::stores::both().await {
        let (url, engine, blobs) = (
            store.url.clone(),
            store.engine,
            store.folder.path().join("blobs"),
        );
        // The feed is looked at so seldom that only a second look can help.
        let settings = Settings {
            poll_ms: 30_000,
            ..Settings::default()
        };
        let bench = Bench::on(TestApp::start(store, settings.clone()).await).await;
        let other = TestApp::node(&url, engine, &blobs, settings).await;
        for _ in 0..3 {
            let made = other
                .credential(&bench.account, &bench.owner, "stats")
                .await;
            let answer = bench.app.token_answer(&made, "stats").await;
            assert_eq!(answer.status(), 200, "{engine}: a new credential");
            let id = made.credential.id;
            let second = credential_rotate(&other.ctx, &actor(), id, 60, None)
                .await
                .unwrap();
            let answer = bench.app.token_answer(&second, "stats").await;
            assert_eq!(answer.status(), 200, "{engine}: a new secret");
            let edit = CredentialEdit {
                scopes: Some(ringfence_core::scope::ScopeSet::parse("stats users:read").unwrap()),
                ..CredentialEdit::default()
            };
            credential_edit(&other.ctx, &actor(), id, edit)
                .await
                .unwrap();
            let answer = bench.app.token_answer(&second, "users:read").await;
            assert_eq!(answer.status(), 200, "{engine}: a new scope");
        }
    }
}
