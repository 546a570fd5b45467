//! What may happen once happens once: links, steps, codes, recovery codes, passkeys; and failures add up.

use crate::harness::{Store, account, stores};
use ringfence_core::context::SystemRandom;
use ringfence_core::credential::StoredDigest;
use ringfence_core::id::UserId;
use ringfence_core::sign_in::link::LinkPurpose;
use ringfence_core::sign_in::patience::Failures;
use ringfence_core::time::Timestamp;
use ringfence_core::user::{PermissionOverrides, Role, User, Username};
use ringfence_store::db::{Error, Tx};
use ringfence_store::sign_in::failures::{
    failures_forget, failures_lock, failures_prune, failures_set, failures_take_back,
};
use ringfence_store::sign_in::identities::{identity_find, identity_insert};
use ringfence_store::sign_in::links::{Link, link_find, link_insert, link_prune, link_use};
use ringfence_store::sign_in::passkeys::{Passkey, passkey_find, passkey_insert, passkey_use};
use ringfence_store::sign_in::people::{user_ids_by_email, user_ids_by_username, user_signs_in};
use ringfence_store::sign_in::steps::{step_prune, step_take};
use ringfence_store::sign_in::totp::{
    Totp, recovery_code_count, recovery_code_use, recovery_codes_set, totp_delete, totp_find,
    totp_insert, totp_step_take,
};
use ringfence_store::users::{user_insert, user_password_set};

const NOW: Timestamp = Timestamp::from_ms(1_772_000_000_000);

fn digest(n: u8) -> StoredDigest {
    StoredDigest([n; 32])
}

async fn user(store: &Store) -> UserId {
    let account = account(&store.db).await;
    let user = User {
        id: UserId::new(NOW, &SystemRandom),
        account_id: account.id,
        username: Username::parse("sam").unwrap(),
        name: "Sam".to_owned(),
        email: "Sam@example.com".to_owned(),
        role: Role::Admin,
        active: true,
        locked: false,
        operator: false,
        agent: None,
        permissions: PermissionOverrides::default(),
        lines: Vec::new(),
        groups: Vec::new(),
        readable_groups: Vec::new(),
        epoch: 0,
        created_at: NOW,
        last_login_at: None,
    };
    let mut tx = store.db.begin_write().await.unwrap();
    user_insert(&mut tx, &user).await.unwrap();
    let found = user_ids_by_username(&mut tx, &user.username).await.unwrap();
    assert_eq!(found, [(user.id, account.id)]);
    let found = user_ids_by_email(&mut tx, account.id, "sam@EXAMPLE.com").await;
    assert_eq!(found.unwrap(), [user.id]);
    tx.commit().await.unwrap();
    user.id
}

/// What may happen once.
#[derive(Clone, Debug)]
enum Once {
    Link,
    Step,
    Code(UserId),
    RecoveryCode(UserId),
    Passkey(Passkey),
    Identity(UserId),
}

async fn act(tx: &mut Tx, once: &Once) -> Result<bool, Error> {
    match once {
        Once::Link => link_use(tx, digest(1), LinkPurpose::Invite, NOW).await,
        Once::Step => step_take(tx, "step", NOW).await,
        Once::Code(id) => totp_step_take(tx, *id, 7).await,
        Once::RecoveryCode(id) => recovery_code_use(tx, *id, digest(1)).await,
        Once::Passkey(passkey) => passkey_use(tx, passkey, 2, NOW).await,
        Once::Identity(id) => identity_insert(tx, ("issuer", "subject"), *id, NOW).await,
    }
}

/// How many of eight who try at the same moment succeed.
async fn winners(store: &Store, once: &Once) -> usize {
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let (db, once) = (store.db.clone(), once.clone());
        tasks.spawn(async move {
            let mut tx = db.begin_write().await.unwrap();
            let won = act(&mut tx, &once).await.unwrap();
            tx.commit().await.unwrap();
            won
        });
    }
    let outcomes = tasks.join_all().await;
    outcomes.into_iter().filter(|won| *won).count()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_eight_at_the_same_moment_one_wins() {
    for store in stores().await {
        let id = user(&store).await;
        let passkey = Passkey {
            id: "key".to_owned(),
            user_id: id,
            name: "Laptop".to_owned(),
            public_key: vec![1, 2],
            counter: 1,
            synced: true,
            created_at: NOW,
            last_used_at: None,
        };
        let totp = Totp {
            sealed: vec![9],
            last_step: 6,
            created_at: NOW,
        };
        let link = Link {
            purpose: LinkPurpose::Invite,
            user_id: Some(id),
            created_at: NOW,
            expires_at: NOW.plus_secs(1),
        };
        let mut tx = store.db.begin_write().await.unwrap();
        assert!(!user_signs_in(&mut tx).await.unwrap(), "{}", store.engine);
        link_insert(&mut tx, digest(1), link).await.unwrap();
        totp_insert(&mut tx, id, &totp).await.unwrap();
        let codes = [digest(1), digest(2)];
        recovery_codes_set(&mut tx, id, &codes).await.unwrap();
        passkey_insert(&mut tx, &passkey).await.unwrap();
        assert!(user_signs_in(&mut tx).await.unwrap(), "{}", store.engine);
        tx.commit().await.unwrap();
        for once in [
            Once::Link,
            Once::Step,
            Once::Code(id),
            Once::RecoveryCode(id),
            Once::Passkey(passkey.clone()),
            Once::Identity(id),
        ] {
            assert_eq!(
                winners(&store, &once).await,
                1,
                "{}: {once:?}",
                store.engine
            );
        }
        let mut tx = store.db.begin_write().await.unwrap();
        assert_eq!(recovery_code_count(&mut tx, id).await.unwrap(), 1);
        let used = passkey_find(&mut tx, "key").await.unwrap().unwrap();
        assert_eq!((used.counter, used.last_used_at), (2, Some(NOW)));
        let found = identity_find(&mut tx, "issuer", "subject").await.unwrap();
        assert_eq!(found, Some(id));
        assert!(
            !identity_insert(&mut tx, ("issuer", "other"), id, NOW)
                .await
                .unwrap(),
            "{}: one subject a person and issuer",
            store.engine
        );
        assert!(totp_delete(&mut tx, id).await.unwrap());
        assert_eq!(totp_find(&mut tx, id).await.unwrap(), None);
        assert_eq!(recovery_code_count(&mut tx, id).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn links_run_out_and_are_replaced() {
    for store in stores().await {
        let id = user(&store).await;
        let link = Link {
            purpose: LinkPurpose::Invite,
            user_id: Some(id),
            created_at: NOW,
            expires_at: NOW.plus_secs(60),
        };
        let mut tx = store.db.begin_write().await.unwrap();
        for n in [1, 2] {
            link_insert(&mut tx, digest(n), link).await.unwrap();
        }
        let purpose = LinkPurpose::Invite;
        let find = async |tx: &mut Tx, n, purpose, at| {
            link_find(tx, digest(n), purpose, at).await.unwrap()
        };
        assert_eq!(find(&mut tx, 1, purpose, NOW).await, None, "replaced");
        assert_eq!(find(&mut tx, 2, purpose, NOW).await, Some(Some(id)));
        assert_eq!(find(&mut tx, 2, LinkPurpose::SetUp, NOW).await, None);
        let late = NOW.plus_secs(60);
        assert_eq!(find(&mut tx, 2, purpose, late).await, None, "run out");
        assert!(!link_use(&mut tx, digest(2), purpose, late).await.unwrap());
        assert_eq!(link_prune(&mut tx, late).await.unwrap(), 1);
        assert!(step_take(&mut tx, "a", NOW).await.unwrap());
        assert_eq!(step_prune(&mut tx, NOW).await.unwrap(), 1);
        user_password_set(&mut tx, id, Some("hash")).await.unwrap();
        assert!(user_signs_in(&mut tx).await.unwrap(), "{}", store.engine);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_failures_at_the_same_moment_are_eight() {
    for store in stores().await {
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let db = store.db.clone();
            tasks.spawn(async move {
                let mut tx = db.begin_write().await.unwrap();
                let failures = failures_lock(&mut tx, digest(1), NOW).await.unwrap();
                let more = Failures {
                    n: failures.n + 1,
                    last_at: NOW,
                };
                failures_set(&mut tx, digest(1), more).await.unwrap();
                tx.commit().await.unwrap();
            });
        }
        tasks.join_all().await;
        let mut tx = store.db.begin_write().await.unwrap();
        failures_take_back(&mut tx, digest(1)).await.unwrap();
        let failures = failures_lock(&mut tx, digest(1), NOW).await.unwrap();
        assert_eq!(failures.n, 7, "{}", store.engine);
        failures_forget(&mut tx, digest(1)).await.unwrap();
        failures_take_back(&mut tx, digest(1)).await.unwrap();
        let failures = failures_lock(&mut tx, digest(1), NOW).await.unwrap();
        assert_eq!(failures.n, 0, "{}", store.engine);
        let later = NOW.plus_secs(1);
        assert_eq!(failures_prune(&mut tx, later).await.unwrap(), 1);
    }
}
