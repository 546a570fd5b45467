//! Signing keys: their life, their rotation, their withdrawal, and what never leaves.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use ringfence_app::keys::{keys_list, keys_rotate, keys_tick, keys_withdraw};
use ringfence_core::account::TokenAlg;
use ringfence_core::encoding::base64url_decode;
use ringfence_core::id::KeyId;
use ringfence_core::key_schedule::{KeySchedule, KeyState};
use ringfence_testkit::stores;
use ringfence_testkit::test_app::actor;

use super::*;

const SCHEDULE: KeySchedule = KeySchedule {
    announce_secs: 100,
    use_secs: 10_000,
    retire_secs: 1_000,
};

async fn scheduled(store: stores::TestStore) -> Bench {
    let settings = Settings {
        keys: SCHEDULE,
        ..Settings::default()
    };
    Bench::on(TestApp::start(store, settings).await).await
}

impl Bench {
    /// Lets time pass and the schedule run, as it would.
    async fn pass(&self, secs: u32) {
        self.app.clock.advance_secs(secs);
        self.app.caught_up().await;
        keys_tick(&self.app.ctx).await.unwrap();
        self.app.caught_up().await;
    }

    async fn kids(&self) -> Vec<String> {
        self.jwks()
            .await
            .iter()
            .map(|key| key["kid"].as_str().unwrap().to_owned())
            .collect()
    }

    async fn kid(&self) -> String {
        part(&self.token().await, 0)["kid"]
            .as_str()
            .unwrap()
            .to_owned()
    }
}

#[tokio::test]
async fn c76_keys_follow_one_another_by_schedule() {
    for store in stores::both().await {
        let bench = scheduled(store).await;
        let first = bench.kid().await;
        assert_eq!(bench.kids().await.len(), 2, "one key of each algorithm");
        bench.pass(9_899).await;
        assert_eq!(bench.kids().await.len(), 2);
        bench.pass(2).await;
        let announced = bench.kids().await;
        assert_eq!(announced.len(), 4, "the successors are published");
        assert_eq!(bench.kid().await, first, "and do not sign yet");
        let token = bench.token().await;
        bench.pass(101).await;
        let second = bench.kid().await;
        assert!(
            second != first && announced.contains(&second),
            "now one of them signs"
        );
        assert_eq!(
            bench.introspect(&bench.credential, &token).await.json()["active"],
            true
        );
        bench.pass(700).await;
        assert_eq!(
            bench.introspect(&bench.credential, &token).await.json()["active"],
            true
        );
        assert!(
            bench.kids().await.contains(&first),
            "the old one is kept while its tokens live"
        );
        bench.pass(301).await;
        assert!(!bench.kids().await.contains(&first), "and then no longer");
        assert_eq!(
            keys_list(&bench.app.ctx).await.unwrap().len(),
            2,
            "the store forgets it too"
        );
    }
}

#[tokio::test]
async fn c76_nodes_of_one_store_make_one_successor() {
    for store in stores::both().await {
        let (url, engine, blobs) = (
            store.url.clone(),
            store.engine,
            store.folder.path().join("blobs"),
        );
        let settings = Settings {
            keys: SCHEDULE,
            ..Settings::default()
        };
        let bench = Bench::on(TestApp::start(store, settings.clone()).await).await;
        let mut nodes = Vec::new();
        for _ in 0..4 {
            let node = TestApp::node(&url, engine, &blobs, settings.clone()).await;
            node.clock.advance_secs(9_950);
            node.caught_up().await;
            nodes.push(node);
        }
        let ticks = nodes.iter().map(|node| keys_tick(&node.ctx));
        for done in futures_util::future::join_all(ticks).await {
            done.unwrap();
        }
        let keys = keys_list(&bench.app.ctx).await.unwrap();
        assert_eq!(keys.len(), 4, "{engine}: {keys:?}");
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the test awaits the task, so its panic is not lost"
)]
fn load_spawn<T: Send + 'static>(
    load: impl Future<Output = T> + Send + 'static,
) -> tokio::task::JoinHandle<T> {
    tokio::spawn(load)
}

#[tokio::test]
async fn c77_a_thousand_rotations_refuse_no_token() {
    let settings = Settings {
        keys: KeySchedule {
            announce_secs: 100,
            use_secs: 1_000_000,
            retire_secs: 960,
        },
        // The clock leaps; the load must not take that for a feed that cannot be reached.
        max_staleness_ms: 3_600_000,
        ..Settings::default()
    };
    let bench = Bench::on(TestApp::start(stores::sqlite(), settings).await).await;
    let made = bench
        .app
        .credential_with(&bench.account, Some(&bench.owner), "stats", |new| {
            new.token_alg = Some(TokenAlg::Es256);
        })
        .await;
    let stop = Arc::new(AtomicBool::new(false));
    let load = {
        let (app, stop, id, secret) = (
            bench.app.ctx.clone(),
            Arc::clone(&stop),
            made.credential.id.to_string(),
            made.secret.expose().to_owned(),
        );
        let (http, url) = (bench.app.http.clone(), bench.app.url(TOKEN));
        load_spawn(async move {
            let body = form(&[
                ("grant_type", "client_credentials".to_owned()),
                ("client_id", id),
                ("client_secret", secret),
                ("scope", "stats".to_owned()),
            ]);
            let mut n = 0;
            while !stop.load(Ordering::Relaxed) {
                let answer = answer(
                    http.post(&url)
                        .header("content-type", FORM)
                        .body(body.clone())
                        .send()
                        .await
                        .unwrap(),
                )
                .await;
                assert_eq!(answer.status, 200, "{}", answer.text);
                let kid = part(answer.json()["access_token"].as_str().unwrap(), 0)["kid"]
                    .as_str()
                    .unwrap()
                    .to_owned();
                let published = ringfence_app::keys::keys_publish(&app).unwrap();
                assert!(published.contains(&kid), "signed with an unpublished key");
                n += 1;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            n
        })
    };
    let mut tokens: Vec<(String, i64)> = Vec::new();
    for n in 0..1_000_u32 {
        keys_rotate(&bench.app.ctx, &actor(), Some(TokenAlg::Es256))
            .await
            .unwrap();
        bench.pass(100).await;
        let token = bench.app.token(&made, "stats").await;
        let now = bench.app.ctx.now().secs();
        tokens.push((token, now + 890));
        tokens.retain(|(_, until)| *until > now);
        // The oldest, and one in the middle: each was signed by another key.
        for at in [0, tokens.len() / 2] {
            if n % 9 == 0 {
                let (token, _) = &tokens[at];
                assert_eq!(
                    bench.introspect(&made, token).await.json()["active"],
                    true,
                    "after {n} rotations"
                );
            }
        }
    }
    stop.store(true, Ordering::Relaxed);
    assert!(load.await.unwrap() > 100);
}

#[tokio::test]
async fn c78_a_withdrawn_key_is_refused_everywhere_within_a_second() {
    for store in stores::both().await {
        let (url, engine, blobs) = (
            store.url.clone(),
            store.engine,
            store.folder.path().join("blobs"),
        );
        let bench = Bench::on(TestApp::start(store, Settings::default()).await).await;
        let node = TestApp::node(&url, engine, &blobs, Settings::default()).await;
        let token = bench.token().await;
        let id = KeyId::parse(part(&token, 0)["kid"].as_str().unwrap()).unwrap();
        keys_withdraw(&bench.app.ctx, &actor(), id).await.unwrap();
        assert_eq!(
            bench.introspect(&bench.credential, &token).await.text,
            r#"{"active":false}"#
        );
        let began = Instant::now();
        while node
            .ctx
            .directory
            .snapshot()
            .verifying_key(id, node.ctx.now())
            .is_some()
        {
            assert!(
                began.elapsed() < Duration::from_secs(1),
                "{engine}: the other node still takes the key"
            );
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert!(!bench.kids().await.contains(&id.to_string()));
        let fresh = bench.token().await;
        assert_ne!(part(&fresh, 0)["kid"], id.to_string());
        assert_eq!(
            bench.introspect(&bench.credential, &fresh).await.json()["active"],
            true
        );
        let later = TestApp::node(&url, engine, &blobs, Settings::default()).await;
        assert!(
            later
                .ctx
                .directory
                .snapshot()
                .verifying_key(id, later.ctx.now())
                .is_none(),
            "also after a restart"
        );
    }
}

#[tokio::test]
async fn c79_private_keys_are_sealed_at_rest() {
    let bench = Bench::new().await;
    let snapshot = bench.app.ctx.directory.snapshot();
    let folder = bench.app.folder.as_ref().unwrap().path();
    let mut stored = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            stored.extend(std::fs::read(path).unwrap());
        }
    }
    for key in snapshot.keys() {
        let holds = |needle: &[u8]| stored.windows(needle.len()).any(|window| window == needle);
        assert!(
            holds(key.verifying.as_bytes()),
            "the files read are the store"
        );
        let private = key.signing.to_pkcs8().unwrap();
        for chunk in private.expose().chunks_exact(32) {
            // The public numbers are inside the private key's form too.
            let public = key
                .verifying
                .as_bytes()
                .windows(16)
                .any(|w| chunk.windows(16).any(|c| c == w));
            assert!(public || !holds(chunk), "a part of a private key lies open");
        }
        assert!(!format!("{key:?}").contains("pkcs8"));
    }
}

#[tokio::test]
async fn c80_rsa_keys_have_2048_bits_or_more() {
    let bench = Bench::new().await;
    let keys = bench.jwks().await;
    let rsa: Vec<&Value> = keys.iter().filter(|key| key["kty"] == "RSA").collect();
    assert!(!rsa.is_empty());
    for key in rsa {
        let modulus = base64url_decode(key["n"].as_str().unwrap()).unwrap();
        assert!(modulus.len() * 8 >= 2048 && modulus[0] >= 0x80);
    }
}

#[tokio::test]
async fn c81_a_key_has_one_use_and_one_algorithm() {
    let bench = Bench::new().await;
    keys_rotate(&bench.app.ctx, &actor(), None).await.unwrap();
    let keys = bench.jwks().await;
    assert_eq!(keys.len(), 4);
    for key in &keys {
        assert_eq!(key["use"], "sig");
        assert_eq!(
            keys.iter()
                .filter(|other| other["kid"] == key["kid"])
                .count(),
            1
        );
        let number = if key["kty"] == "RSA" { "n" } else { "x" };
        assert_eq!(
            keys.iter()
                .filter(|other| other[number] == key[number])
                .count(),
            1
        );
        assert_eq!(
            key["alg"],
            if key["kty"] == "RSA" {
                "RS256"
            } else {
                "ES256"
            }
        );
    }
    let states: Vec<KeyState> = keys_list(&bench.app.ctx)
        .await
        .unwrap()
        .iter()
        .map(|key| key.state)
        .collect();
    assert_eq!(
        states
            .iter()
            .filter(|state| **state == KeyState::InUse)
            .count(),
        2
    );
    assert_eq!(
        states
            .iter()
            .filter(|state| **state == KeyState::Announced)
            .count(),
        2
    );
}

#[tokio::test]
async fn a_good_call_never_meets_a_node_that_lags_behind() {
    for store in stores::both().await {
        let (url, engine, blobs) = (
            store.url.clone(),
            store.engine,
            store.folder.path().join("blobs"),
        );
        // Neither node looks at the feed by itself within this test.
        let settings = Settings {
            public_url: "http://ringfence.test".to_owned(),
            poll_ms: 30_000,
            ..Settings::default()
        };
        let bench = Bench::on(TestApp::start(store, settings.clone()).await).await;
        let behind = TestApp::node(&url, engine, &blobs, settings).await;
        let call = async |token: String| {
            let request = behind
                .http
                .get(behind.url("/stats/interactions/ongoing"))
                .bearer_auth(token)
                .header("accept", "application/vnd.newvoicemedia.v3+json");
            request.send().await.unwrap().status().as_u16()
        };
        assert_eq!(call(bench.token().await).await, 200, "{engine}");
        let kid = KeyId::parse(&bench.kid().await).unwrap();
        keys_withdraw(&bench.app.ctx, &actor(), kid).await.unwrap();
        assert_eq!(call(bench.token().await).await, 200, "{engine}: a new key");
        let made = bench
            .app
            .credential(&bench.account, &bench.owner, "stats")
            .await;
        let token = bench.app.token(&made, "stats").await;
        assert_eq!(call(token).await, 200, "{engine}: a new credential");
    }
}
