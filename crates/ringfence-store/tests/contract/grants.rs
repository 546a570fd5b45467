//! Codes, refresh tokens and rotations work once; grants end once, for everybody whose they are.

use crate::harness::{Store, stores};
use ringfence_core::context::SystemRandom;
use ringfence_core::credential::StoredDigest;
use ringfence_core::family::{Grant, GrantKind, TokenFacts};
use ringfence_core::grant::Authorization;
use ringfence_core::id::{AccountId, ApplicationId, GrantId, SessionId, TokenId, UserId};
use ringfence_core::pkce::CodeChallenge;
use ringfence_core::time::Timestamp;
use ringfence_core::user_scope::UserScopes;
use ringfence_store::db::Tx;
use ringfence_store::grants::codes::{Code, code_find, code_insert, code_prune, code_use};
use ringfence_store::grants::lockouts::{
    lockout_count, lockout_find, lockout_forget, lockout_prune,
};
use ringfence_store::grants::refresh::{RefreshPlace, refresh_find, refresh_insert, refresh_prune};
use ringfence_store::grants::{
    Rotation, Whose, grant_end, grant_find, grant_insert, grant_list, grant_prune, grant_reusable,
    grant_rotate, grants_end,
};

const NOW: Timestamp = Timestamp::from_ms(1_772_000_000_000);
const APPLICATION: ApplicationId = ApplicationId::from_bytes([2; 16]);
const USER: UserId = UserId::from_bytes([3; 16]);
const STAY: SessionId = SessionId::from_bytes([5; 16]);
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn digest(n: u8) -> StoredDigest {
    StoredDigest([n; 32])
}

fn scopes(text: &str) -> UserScopes {
    UserScopes::parse(text).unwrap()
}

fn authorization(scope: &str) -> Authorization {
    Authorization {
        application_id: APPLICATION,
        user_id: USER,
        account_id: AccountId::from_bytes([4; 16]),
        scope: scopes(scope),
        auth_time: NOW.plus_secs(-30),
        method: "password+totp".to_owned(),
        session_id: Some(STAY),
        nonce: Some("n-0S6 _Wz'A\u{e9}".to_owned()),
        acr: Some("urn:x".to_owned()),
        claims: Some("{\"userinfo\":{}}".to_owned()),
        epoch: 7,
    }
}

fn token(scope: &str) -> TokenFacts {
    TokenFacts {
        id: TokenId::new(NOW, &SystemRandom),
        scope: scopes(scope),
        iat: NOW,
        exp: NOW.plus_secs(86_400),
    }
}

fn grant(scope: &str, kind: GrantKind) -> Grant {
    Grant {
        id: GrantId::new(NOW, &SystemRandom),
        kind,
        authorization: authorization(scope),
        generation: 1,
        token: token(scope),
        created_at: NOW,
        rotated_at: NOW,
        idle_end: NOW.plus_secs(604_800),
        absolute_end: NOW.plus_secs(7_776_000),
        ended_at: None,
    }
}

fn code() -> Code {
    Code {
        authorization: authorization("openid email device_7"),
        redirect_uri: "https://app.example/cb?x=1".to_owned(),
        challenge: Some(CodeChallenge::parse(CHALLENGE).unwrap()),
        expires_at: NOW.plus_secs(60),
        used_at: None,
        grant_id: None,
    }
}

async fn kept(store: &Store, grant: &Grant) {
    let mut tx = store.db.begin_write().await.unwrap();
    grant_insert(&mut tx, grant).await.unwrap();
    tx.commit().await.unwrap();
}

/// How many of eight who try at the same moment succeed.
async fn winners<F>(store: &Store, act: F) -> usize
where
    F: AsyncFn(&mut Tx, u8) -> bool,
{
    let tries = (0..8).map(|n| {
        let act = &act;
        async move {
            let mut tx = store.db.begin_write().await.unwrap();
            let won = act(&mut tx, n).await;
            tx.commit().await.unwrap();
            won
        }
    });
    let outcomes = futures_util::future::join_all(tries).await;
    outcomes.into_iter().filter(|won| *won).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn c55_of_eight_exchanges_of_one_code_one_wins() {
    for store in stores().await {
        let mut tx = store.db.begin_write().await.unwrap();
        let later = NOW.plus_secs(600);
        code_insert(&mut tx, digest(1), &code(), later)
            .await
            .unwrap();
        assert_eq!(code_find(&mut tx, digest(1)).await.unwrap(), Some(code()));
        assert_eq!(code_find(&mut tx, digest(2)).await.unwrap(), None);
        tx.commit().await.unwrap();
        let won = winners(&store, async |tx, n| {
            let grant = GrantId::from_bytes([n; 16]);
            let times = (NOW, later);
            code_use(tx, digest(1), Some(grant), times).await.unwrap()
        });
        assert_eq!(won.await, 1, "{}", store.engine);
        let mut tx = store.db.begin_write().await.unwrap();
        let used = code_find(&mut tx, digest(1)).await.unwrap().unwrap();
        assert_eq!(used.used_at, Some(NOW));
        assert!(used.grant_id.is_some());
        assert_eq!(code_prune(&mut tx, NOW, 10).await.unwrap(), 0);
        assert_eq!(code_prune(&mut tx, later, 10).await.unwrap(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn c63_of_eight_rotations_of_one_grant_one_wins() {
    for store in stores().await {
        let grant = grant("openid offline_access", GrantKind::Code);
        kept(&store, &grant).await;
        let next = |n: u8| Rotation {
            token: TokenFacts {
                id: TokenId::from_bytes([n; 16]),
                ..token("openid")
            },
            at: NOW.plus_secs(5),
            idle_end: NOW.plus_secs(604_805),
        };
        let won = winners(&store, async |tx, n| {
            grant_rotate(tx, &grant, &next(n)).await.unwrap()
        });
        assert_eq!(won.await, 1, "{}", store.engine);
        let mut tx = store.db.begin_write().await.unwrap();
        let after = grant_find(&mut tx, grant.id).await.unwrap().unwrap();
        assert_eq!((after.generation, after.rotated_at), (2, NOW.plus_secs(5)));
        assert_eq!(after.token.scope, scopes("openid"));
        assert_eq!(after.authorization, grant.authorization);
        assert_eq!(after.absolute_end, grant.absolute_end);
        assert!(grant_end(&mut tx, grant.id, NOW).await.unwrap().is_some());
        let rotated = grant_rotate(&mut tx, &after, &next(9)).await.unwrap();
        assert!(!rotated, "{}: what has ended does not go on", store.engine);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_eight_who_end_a_grant_one_does() {
    for store in stores().await {
        let grant = grant("openid", GrantKind::Code);
        kept(&store, &grant).await;
        let won = winners(&store, async |tx, _| {
            grant_end(tx, grant.id, NOW).await.unwrap().is_some()
        });
        assert_eq!(won.await, 1, "{}", store.engine);
    }
}

#[tokio::test]
async fn grants_end_for_a_person_an_application_or_a_stay() {
    for store in stores().await {
        let bound = grant("openid", GrantKind::Code);
        let outliving = grant("openid offline_access", GrantKind::Code);
        let mut elsewhere = grant("openid", GrantKind::Code);
        elsewhere.authorization.application_id = ApplicationId::from_bytes([9; 16]);
        elsewhere.authorization.session_id = None;
        for grant in [&bound, &outliving, &elsewhere] {
            kept(&store, grant).await;
        }
        let mut tx = store.db.begin_write().await.unwrap();
        assert_eq!(grant_list(&mut tx, USER, NOW).await.unwrap().len(), 3);
        let mut end = async |whose| {
            let ended = grants_end(&mut tx, whose, NOW).await.unwrap();
            ended.into_iter().map(|ended| ended.id).collect::<Vec<_>>()
        };
        assert_eq!(
            end(Whose::Stay(USER, STAY)).await,
            [bound.id],
            "{}",
            store.engine
        );
        let at = Whose::UserAt(USER, APPLICATION);
        assert_eq!(end(at).await, [outliving.id], "{}", store.engine);
        assert_eq!(
            end(Whose::User(USER)).await,
            [elsewhere.id],
            "{}",
            store.engine
        );
        assert_eq!(end(Whose::User(USER)).await, []);
        assert_eq!(grant_list(&mut tx, USER, NOW).await.unwrap(), []);
    }
}

#[tokio::test]
async fn a_grant_by_password_is_found_again_while_its_token_lives() {
    for store in stores().await {
        let by_code = grant("openid", GrantKind::Code);
        let by_password = grant("openid", GrantKind::Password);
        for grant in [&by_code, &by_password] {
            kept(&store, grant).await;
        }
        let mut tx = store.db.begin_write().await.unwrap();
        let mut find = async |scope: &str, at| {
            let found = grant_reusable(&mut tx, (USER, APPLICATION), &scopes(scope), at).await;
            found.unwrap().map(|grant| grant.id)
        };
        assert_eq!(
            find("openid", NOW).await,
            Some(by_password.id),
            "{}",
            store.engine
        );
        assert_eq!(find("openid email", NOW).await, None);
        assert_eq!(find("openid device_7", NOW).await, None);
        assert_eq!(find("openid", by_password.token.exp).await, None);
        grant_end(&mut tx, by_password.id, NOW).await.unwrap();
        let found = grant_reusable(&mut tx, (USER, APPLICATION), &scopes("openid"), NOW).await;
        assert_eq!(found.unwrap(), None);
        let end = by_password.idle_end.plus_secs(86_400);
        assert_eq!(grant_prune(&mut tx, end.plus_ms(-1), 10).await.unwrap(), 0);
        assert_eq!(
            grant_prune(&mut tx, end, 1).await.unwrap(),
            1,
            "at most as many as asked"
        );
        assert_eq!(grant_prune(&mut tx, end, 10).await.unwrap(), 1);
    }
}

#[tokio::test]
async fn refresh_tokens_find_their_place_until_they_are_forgotten() {
    for store in stores().await {
        let mut tx = store.db.begin_write().await.unwrap();
        let place = |generation| RefreshPlace {
            grant_id: GrantId::from_bytes([7; 16]),
            generation,
        };
        for n in [1, 2] {
            let ends = NOW.plus_secs(n.into());
            refresh_insert(&mut tx, digest(n), place(n.into()), ends)
                .await
                .unwrap();
        }
        assert_eq!(
            refresh_find(&mut tx, digest(2)).await.unwrap(),
            Some(place(2))
        );
        assert_eq!(refresh_find(&mut tx, digest(3)).await.unwrap(), None);
        assert_eq!(
            refresh_prune(&mut tx, NOW.plus_secs(2), 10).await.unwrap(),
            1
        );
        assert_eq!(
            refresh_find(&mut tx, digest(1)).await.unwrap(),
            None,
            "{}",
            store.engine
        );
        assert_eq!(
            refresh_prune(&mut tx, NOW.plus_secs(3), 0).await.unwrap(),
            0
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_wrong_passwords_at_the_same_moment_are_eight() {
    for store in stores().await {
        let since = NOW.plus_secs(-1_800);
        let counted = winners(&store, async |tx, _| {
            lockout_count(tx, digest(1), (since, NOW)).await.unwrap() > 0
        });
        assert_eq!(counted.await, 8);
        let mut tx = store.db.begin_write().await.unwrap();
        let found = lockout_find(&mut tx, digest(1)).await.unwrap().unwrap();
        assert_eq!((found.n, found.last_at), (8, NOW), "{}", store.engine);
        let later = (NOW.plus_ms(1), NOW.plus_secs(1_800));
        let n = lockout_count(&mut tx, digest(1), later).await.unwrap();
        assert_eq!(n, 1, "{}: old ones are forgotten", store.engine);
        lockout_forget(&mut tx, digest(1)).await.unwrap();
        assert_eq!(lockout_find(&mut tx, digest(1)).await.unwrap(), None);
        lockout_count(&mut tx, digest(2), (since, NOW))
            .await
            .unwrap();
        assert_eq!(lockout_prune(&mut tx, NOW).await.unwrap(), 0);
        assert_eq!(lockout_prune(&mut tx, NOW.plus_ms(1)).await.unwrap(), 1);
    }
}
