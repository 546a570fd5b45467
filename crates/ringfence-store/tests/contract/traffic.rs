//! Counts and log of answered requests.

use crate::harness::{account, stores};
use ringfence_core::client::Client;
use ringfence_core::id::{AccountId, ApplicationId, CredentialId, RequestId, UserId};
use ringfence_core::time::Timestamp;
use ringfence_store::applications::usage::{
    HourDelta, UseDelta, application_hours_add, application_sums, application_uses_add,
};
use ringfence_store::credentials::usage::Tally as Uses;
use ringfence_store::db::Db;
use ringfence_store::traffic::Whose;
use ringfence_store::traffic::counts::{
    ClientKind, CountsOf, SlotKey, Span, Tally, counts_add, counts_by_bucket, counts_by_client,
    counts_by_reason, counts_take,
};
use ringfence_store::traffic::log::{
    LogQuery, LoggedRequest, request_find, requests_add, requests_crowded, requests_list,
    requests_prune, requests_thin,
};

const HOUR_MS: i64 = 3_600_000;
const BEGIN: i64 = 1_772_000_000_000 - 1_772_000_000_000 % HOUR_MS;

fn client(n: u8) -> Client {
    Client::Credential(CredentialId::from_bytes([n; 16]))
}

fn application(n: u8) -> Client {
    Client::Application(ApplicationId::from_bytes([n; 16]))
}

fn key(account_id: Option<AccountId>, minute: i64, reason: &str) -> SlotKey {
    SlotKey {
        account_id,
        at: Timestamp::from_ms(BEGIN + minute * 60_000),
        span: Span::Minute,
        route: "/stats/interactions".to_owned(),
        method: "GET".to_owned(),
        status_class: if reason.is_empty() { 2 } else { 4 },
        reason: reason.to_owned(),
        client: (!reason.is_empty()).then(|| client(1)),
    }
}

const fn tally(n: i64) -> Tally {
    Tally {
        n,
        n_unlogged: 1,
        sum_us: n * 10,
        max_us: n,
    }
}

async fn add(db: &Db, counts: &[(SlotKey, Tally)]) {
    let mut tx = db.begin_write().await.unwrap();
    counts_add(&mut tx, counts).await.unwrap();
    tx.commit().await.unwrap();
}

fn request(n: u16, account_id: Option<AccountId>, reason: Option<&str>) -> LoggedRequest {
    let at = Timestamp::from_ms(BEGIN + i64::from(n) * 1000);
    let mut bytes = [0; 16];
    bytes[..6].copy_from_slice(&at.ms().to_be_bytes()[2..]);
    bytes[14..].copy_from_slice(&n.to_be_bytes());
    LoggedRequest {
        id: RequestId::from_bytes(bytes),
        at,
        account_id,
        client: account_id.map(|_| client(1)),
        owner_id: account_id.map(|_| UserId::from_bytes([2; 16])),
        route: "/stats/interactions".to_owned(),
        method: "GET".to_owned(),
        status: if reason.is_some() { 403 } else { 200 },
        reason: reason.map(str::to_owned),
        duration_us: 1_234,
        address: Some([192, 0, 2, 1].into()),
        scopes: "stats".to_owned(),
    }
}

async fn log(db: &Db, requests: &[LoggedRequest]) {
    let mut tx = db.begin_write().await.unwrap();
    requests_add(&mut tx, requests).await.unwrap();
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn counts_add_up_in_buckets_of_any_length_also_after_minutes_became_hours() {
    for store in stores().await {
        let id = account(&store.db).await.id;
        let mine = Some(id);
        let first = [
            (key(mine, 0, ""), tally(5)),
            (key(mine, 1, ""), tally(7)),
            (key(mine, 1, "scope_missing"), tally(2)),
        ];
        add(&store.db, &first).await;
        add(&store.db, &[(key(mine, 1, ""), tally(3))]).await;
        add(&store.db, &[(key(None, 1, "token_missing"), tally(9))]).await;
        let mut of_application = key(mine, 1, "not_subscribed");
        of_application.client = Some(application(3));
        add(&store.db, &[(of_application, tally(4))]).await;
        for pass in ["minutes", "hours"] {
            let mut tx = store.db.begin_read().await.unwrap();
            let from = Timestamp::from_ms(BEGIN);
            let of = CountsOf::Account(mine);
            let buckets = counts_by_bucket(&mut tx, of, from, HOUR_MS).await.unwrap();
            let admitted = buckets.iter().find(|b| !b.refused).unwrap();
            let expected = Tally {
                n: 15,
                n_unlogged: 3,
                sum_us: 150,
                max_us: 7,
            };
            assert_eq!(admitted.tally, expected, "{} {pass}", store.engine);
            assert_eq!(buckets.len(), 2, "{} {pass}", store.engine);
            assert_eq!(buckets.iter().map(|b| b.tally.n).sum::<i64>(), 21);
            let reasons = counts_by_reason(&mut tx, CountsOf::All, from)
                .await
                .unwrap();
            let reasons: Vec<_> = reasons.iter().map(|r| (r.reason.as_str(), r.n)).collect();
            assert_eq!(
                reasons,
                [
                    ("token_missing", 9),
                    ("not_subscribed", 4),
                    ("scope_missing", 2)
                ]
            );
            let worst = counts_by_client(&mut tx, (of, ClientKind::Credentials), from, 10)
                .await
                .unwrap();
            assert_eq!(
                (worst.len(), worst[0].n, worst[0].reason.as_str()),
                (1, 2, "scope_missing")
            );
            let worst = counts_by_client(&mut tx, (of, ClientKind::Applications), from, 10)
                .await
                .unwrap();
            assert_eq!(worst.len(), 1, "{} {pass}", store.engine);
            assert_eq!((worst[0].client, worst[0].n), (application(3), 4));
            tx.commit().await.unwrap();

            let mut tx = store.db.begin_write().await.unwrap();
            let before = Timestamp::from_ms(BEGIN + HOUR_MS);
            let taken = counts_take(&mut tx, Span::Minute, before, 100)
                .await
                .unwrap();
            let mut hours = std::collections::BTreeMap::new();
            for (mut key, tally) in taken {
                key.at = Span::Hour.slot(key.at);
                key.span = Span::Hour;
                hours.entry(key).or_insert_with(Tally::default).merge(tally);
            }
            let hours: Vec<_> = hours.into_iter().collect();
            counts_add(&mut tx, &hours).await.unwrap();
            tx.commit().await.unwrap();
        }
    }
}

#[tokio::test]
async fn eight_nodes_that_put_minutes_together_lose_and_double_nothing() {
    for store in stores().await {
        let id = account(&store.db).await.id;
        let counts: Vec<_> = (0..60).map(|n| (key(Some(id), n, ""), tally(1))).collect();
        add(&store.db, &counts).await;
        let nodes = (0..8).map(|_| {
            let db = store.db.clone();
            tokio::spawn(async move {
                loop {
                    let mut tx = db.begin_write().await.unwrap();
                    let before = Timestamp::from_ms(BEGIN + HOUR_MS);
                    let taken = counts_take(&mut tx, Span::Minute, before, 7).await.unwrap();
                    let n: i64 = taken.iter().map(|(_, tally)| tally.n).sum();
                    let Some((mut key, _)) = taken.into_iter().next() else {
                        return;
                    };
                    key.at = Span::Hour.slot(key.at);
                    key.span = Span::Hour;
                    let sum = Tally {
                        n,
                        ..Tally::default()
                    };
                    counts_add(&mut tx, &[(key, sum)]).await.unwrap();
                    tx.commit().await.unwrap();
                }
            })
        });
        for node in nodes.collect::<Vec<_>>() {
            node.await.unwrap();
        }
        let mut tx = store.db.begin_read().await.unwrap();
        let of = CountsOf::Account(Some(id));
        let all = counts_by_bucket(&mut tx, of, Timestamp::from_ms(0), HOUR_MS)
            .await
            .unwrap();
        let n: i64 = all.iter().map(|b| b.tally.n).sum();
        assert_eq!(n, 60, "{}", store.engine);
    }
}

#[tokio::test]
async fn a_request_is_found_by_those_whose_it_is() {
    for store in stores().await {
        let id = account(&store.db).await.id;
        let mine = request(1, Some(id), Some("scope_missing"));
        let nobodys = request(2, None, Some("token_missing"));
        log(&store.db, &[mine.clone(), nobodys.clone()]).await;
        log(&store.db, std::slice::from_ref(&mine)).await;
        let mut tx = store.db.begin_read().await.unwrap();
        let owner = UserId::from_bytes([2; 16]);
        let other = UserId::from_bytes([3; 16]);
        let cases = [
            (Whose::All, true, true),
            (Whose::Nobody, false, true),
            (Whose::Account(id), true, false),
            (Whose::Account(AccountId::from_bytes([9; 16])), false, false),
            (Whose::Owner(id, owner), true, false),
            (Whose::Owner(id, other), false, false),
        ];
        for (whose, sees_mine, sees_nobodys) in cases {
            let found = request_find(&mut tx, whose, mine.id).await.unwrap();
            assert_eq!(found, sees_mine.then(|| mine.clone()), "{whose:?}");
            let found = request_find(&mut tx, whose, nobodys.id).await.unwrap();
            assert_eq!(found, sees_nobodys.then(|| nobodys.clone()), "{whose:?}");
        }
    }
}

#[tokio::test]
async fn the_list_goes_back_page_by_page_and_filters() {
    for store in stores().await {
        let id = account(&store.db).await.id;
        let reason = |n: u16| n.is_multiple_of(3).then_some("scope_missing");
        let all: Vec<_> = (0..30).map(|n| request(n, Some(id), reason(n))).collect();
        log(&store.db, &all).await;
        let mut tx = store.db.begin_read().await.unwrap();
        let mut query = LogQuery::of(Whose::Account(id), 7);
        let mut seen = Vec::new();
        loop {
            let page = requests_list(&mut tx, &query).await.unwrap();
            let Some(last) = page.last() else { break };
            query.before = Some(last.id);
            seen.extend(page);
        }
        seen.reverse();
        assert_eq!(seen, all, "{}", store.engine);

        let count = async |change: fn(&mut LogQuery), tx: &mut ringfence_store::db::Tx| {
            let mut query = LogQuery::of(Whose::All, 100);
            change(&mut query);
            requests_list(tx, &query).await.unwrap().len()
        };
        assert_eq!(count(|q| q.refused = Some(true), &mut tx).await, 10);
        assert_eq!(count(|q| q.refused = Some(false), &mut tx).await, 20);
        assert_eq!(count(|q| q.status_class = Some(4), &mut tx).await, 10);
        let by_reason = |q: &mut LogQuery| q.reason = Some("scope_missing".to_owned());
        assert_eq!(count(by_reason, &mut tx).await, 10);
        let by_time = |q: &mut LogQuery| q.from = Some(Timestamp::from_ms(BEGIN + 25_000));
        assert_eq!(count(by_time, &mut tx).await, 5);
        let by_other = |q: &mut LogQuery| q.client = Some(client(7));
        assert_eq!(count(by_other, &mut tx).await, 0);
    }
}

#[tokio::test]
async fn the_log_is_bounded_by_age_and_number() {
    for store in stores().await {
        let id = account(&store.db).await.id;
        let reason = |n: u16| (n < 10).then_some("scope_missing");
        let all: Vec<_> = (0..30).map(|n| request(n, Some(id), reason(n))).collect();
        log(&store.db, &all).await;
        let mut tx = store.db.begin_write().await.unwrap();
        let before = Timestamp::from_ms(BEGIN + 3_000);
        assert_eq!(requests_prune(&mut tx, before, 100).await.unwrap(), 3);
        let crowded = requests_crowded(&mut tx, 5).await.unwrap();
        assert_eq!(crowded, [id.to_string()]);
        let gone = requests_thin(&mut tx, &crowded[0], 5, 100).await.unwrap();
        assert_eq!(gone, 2 + 15, "{}", store.engine);
        let left = requests_list(&mut tx, &LogQuery::of(Whose::All, 100))
            .await
            .unwrap();
        let left: Vec<_> = left.iter().rev().map(|r| r.id).collect();
        let newest: Vec<_> = all[5..10].iter().chain(&all[25..]).map(|r| r.id).collect();
        assert_eq!(left, newest, "the newest of each kind stay");
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn requests_of_an_application_are_found_and_its_uses_add_up() {
    for store in stores().await {
        let id = account(&store.db).await.id;
        let mut of_application = request(1, Some(id), None);
        of_application.client = Some(application(3));
        log(
            &store.db,
            &[of_application.clone(), request(2, Some(id), None)],
        )
        .await;
        let mut tx = store.db.begin_read().await.unwrap();
        let mut query = LogQuery::of(Whose::Account(id), 10);
        query.client = Some(application(3));
        let found = requests_list(&mut tx, &query).await.unwrap();
        assert_eq!(found, [of_application], "{}", store.engine);
        query.client = Some(client(3));
        assert!(requests_list(&mut tx, &query).await.unwrap().is_empty());
        drop(tx);

        let app = ApplicationId::from_bytes([3; 16]);
        let at = |n| Timestamp::from_ms(BEGIN + n);
        let used = |account_id, n| UseDelta {
            application_id: app,
            account_id,
            at: at(n),
            from: "192.0.2.1".to_owned(),
            route: "/token".to_owned(),
            uses: n,
        };
        let hour = |account_id, n| HourDelta {
            application_id: app,
            account_id,
            hour: 7,
            tally: Uses {
                tokens: n,
                ok: 1,
                ..Uses::default()
            },
        };
        let mut tx = store.db.begin_write().await.unwrap();
        for n in [2, 3] {
            let uses = [used(None, n), used(Some(id), 10 * n)];
            application_uses_add(&mut tx, &uses).await.unwrap();
            let hours = [hour(None, n), hour(Some(id), 10 * n)];
            application_hours_add(&mut tx, &hours).await.unwrap();
        }
        tx.commit().await.unwrap();
        let mut tx = store.db.begin_read().await.unwrap();
        for (of, tokens, ok, uses) in [(Some(id), 50, 2, 50), (None, 55, 4, 55)] {
            let sums = application_sums(&mut tx, of, 7, 10).await.unwrap();
            assert_eq!(sums.len(), 1, "{}", store.engine);
            let last = sums[0].last.as_ref().unwrap();
            assert_eq!((sums[0].tally.tokens, sums[0].tally.ok), (tokens, ok));
            assert_eq!((last.at, last.uses), (at(30), uses), "{}", store.engine);
        }
        assert!(
            application_sums(&mut tx, Some(id), 8, 10)
                .await
                .unwrap()
                .is_empty()
        );
    }
}
