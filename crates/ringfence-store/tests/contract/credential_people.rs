//! What people see of credentials: the list, the uses, and secrets handed over by a link.

use crate::harness::{account, stores};
use ringfence_core::account::Account;
use ringfence_core::context::SystemRandom;
use ringfence_core::credential::{Credential, CredentialName, Owner, SecretInfo, StoredDigest};
use ringfence_core::id::{CredentialId, UserId};
use ringfence_core::scope::{Scope, ScopeSet};
use ringfence_core::time::Timestamp;
use ringfence_core::user::{Role, User, Username};
use ringfence_store::credentials::handover::{self, Handover};
use ringfence_store::credentials::search::{
    CredentialSearch, SortBy, Whose, account_level_exists, credential_search,
    credential_search_count,
};
use ringfence_store::credentials::usage::{
    AddressDelta, HourDelta, ScopeDelta, SecretUseDelta, Tally, address_list, addresses_add,
    hour_list, hours_add, scope_uses, scope_uses_set, secret_uses_add, usage_prune,
};
use ringfence_store::credentials::{self as table};
use ringfence_store::db::{Db, Tx};
use ringfence_store::users::{admin_names, user_insert};

const NOW: Timestamp = Timestamp::from_ms(1_772_000_000_000);

async fn person(tx: &mut Tx, account: &Account, username: &str, name: &str, role: Role) -> User {
    let user = User {
        id: UserId::new(NOW, &SystemRandom),
        account_id: account.id,
        username: Username::parse(username).unwrap(),
        name: name.to_owned(),
        email: String::new(),
        role,
        active: true,
        locked: false,
        operator: false,
        agent: None,
        permissions: Default::default(),
        lines: Vec::new(),
        groups: Vec::new(),
        readable_groups: Vec::new(),
        epoch: 0,
        created_at: NOW,
        last_login_at: None,
    };
    user_insert(tx, &user).await.unwrap();
    user
}

async fn credential(tx: &mut Tx, account: &Account, owner: Owner, name: &str) -> CredentialId {
    // Longer names are later ones, so that the order by id is known.
    let created_at = NOW.plus_ms(i64::try_from(name.len()).unwrap());
    let credential = Credential {
        id: CredentialId::new(created_at, &SystemRandom),
        account_id: account.id,
        owner,
        name: CredentialName::parse(name).unwrap(),
        scopes: ScopeSet::parse("stats users:read").unwrap(),
        token_alg: None,
        token_ttl_secs: None,
        networks: Vec::new(),
        expires_at: None,
        secrets: vec![SecretInfo {
            number: 1,
            digest: StoredDigest([9; 32]),
            created_at: NOW,
            expires_at: None,
        }],
        epoch: 0,
        created_at,
        version: 1,
    };
    table::credential_insert(tx, &credential).await.unwrap();
    credential.id
}

fn searches<'a>(
    base: CredentialSearch<'a>,
    sam: UserId,
    after: &'a str,
    [first, second, legacy]: [CredentialId; 3],
) -> Vec<(CredentialSearch<'a>, Vec<CredentialId>)> {
    vec![
        (base, vec![second, first]),
        (
            CredentialSearch {
                descending: true,
                ..base
            },
            vec![first, second],
        ),
        (
            CredentialSearch {
                sort: SortBy::Owner,
                ..base
            },
            vec![second, first],
        ),
        (
            CredentialSearch {
                sort: SortBy::LastUse,
                descending: true,
                ..base
            },
            vec![first, second],
        ),
        (
            CredentialSearch {
                whose: Whose::One(sam),
                ..base
            },
            vec![first],
        ),
        (
            CredentialSearch {
                whose: Whose::Account,
                ..base
            },
            vec![legacy],
        ),
        (
            CredentialSearch {
                text: "SAM lee",
                ..base
            },
            vec![first],
        ),
        (
            CredentialSearch {
                text: "_100%",
                ..base
            },
            vec![second],
        ),
        (
            CredentialSearch {
                sort: SortBy::Id,
                after,
                ..base
            },
            vec![second],
        ),
        (
            CredentialSearch {
                text: "n%n",
                ..base
            },
            vec![],
        ),
    ]
}

#[tokio::test]
async fn the_list_is_searched_sorted_and_cut() {
    for store in stores().await {
        let account = account(&store.db).await;
        let mut tx = store.db.begin_write().await.unwrap();
        let sam = person(&mut tx, &account, "sam", "Sam Lee", Role::Admin).await;
        let ann = person(&mut tx, &account, "ann", "Ann_100%", Role::Supervisor).await;
        let first = credential(&mut tx, &account, Owner::User(sam.id), "Beta").await;
        let second = credential(&mut tx, &account, Owner::User(ann.id), "alpha").await;
        let legacy = credential(&mut tx, &account, Owner::Account, "Old one").await;
        let used = SecretUseDelta {
            credential_id: first,
            number: 1,
            at: NOW.plus_secs(5),
            from: String::new(),
            route: "token".to_owned(),
            uses: 2,
        };
        secret_uses_add(&mut tx, &[used]).await.unwrap();
        let base = CredentialSearch {
            account_id: account.id,
            whose: Whose::Users,
            text: "",
            sort: SortBy::Name,
            descending: false,
            after: "",
        };
        let after = first.to_string();
        let cases = searches(base, sam.id, &after, [first, second, legacy]);
        for (search, expected) in cases {
            let found = credential_search(&mut tx, &search, 0, 10).await.unwrap();
            let ids: Vec<_> = found.iter().map(|line| line.credential.id).collect();
            assert_eq!(ids, expected, "{} {search:?}", store.engine);
            let n = credential_search_count(&mut tx, &search).await.unwrap();
            assert_eq!(usize::try_from(n).unwrap(), expected.len());
        }
        let line = &credential_search(&mut tx, &base, 1, 1).await.unwrap()[0];
        assert_eq!(line.owner, Some((sam.username.clone(), sam.name.clone())));
        assert_eq!(line.last_used_at, Some(NOW.plus_secs(5)));
        assert!(account_level_exists(&mut tx, account.id).await.unwrap());
        assert!(table::credential_delete(&mut tx, legacy).await.unwrap());
        assert!(!account_level_exists(&mut tx, account.id).await.unwrap());
        let admins = admin_names(&mut tx, account.id, 5).await.unwrap();
        assert_eq!(admins, vec![(sam.username, sam.name)]);
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn uses_add_up_and_are_cleaned_away() {
    for store in stores().await {
        let account = account(&store.db).await;
        let mut tx = store.db.begin_write().await.unwrap();
        let id = credential(&mut tx, &account, Owner::Account, "nightly").await;
        let gone = CredentialId::new(NOW, &SystemRandom);
        for n in 0..14 {
            let deltas = [id, gone].map(|credential_id| AddressDelta {
                credential_id,
                number: 1,
                address: format!("203.0.113.{}", n % 13),
                at: NOW.plus_secs(n),
                uses: 2,
            });
            addresses_add(&mut tx, &deltas).await.unwrap();
        }
        let addresses = address_list(&mut tx, id).await.unwrap();
        assert_eq!(addresses.len(), 10);
        assert_eq!(addresses[0].address, "203.0.113.0");
        assert_eq!(addresses[0].uses, 4);
        assert_eq!(addresses[0].first_used_at, NOW);
        assert_eq!(addresses[0].last_used_at, NOW.plus_secs(13));
        for (issued_at, opened_at) in [(Some(NOW), None), (None, Some(NOW.plus_secs(1)))] {
            let delta = ScopeDelta {
                credential_id: id,
                scope: Scope::Stats,
                issued_at,
                opened_at,
            };
            scope_uses_set(&mut tx, &[delta]).await.unwrap();
        }
        let scopes = scope_uses(&mut tx, id).await.unwrap();
        assert_eq!(
            (scopes[0].issued_at, scopes[0].opened_at),
            (Some(NOW), Some(NOW.plus_secs(1)))
        );
        let tally = Tally {
            tokens: 1,
            ok: 2,
            refused: 3,
            wrong: 4,
            failed: 5,
        };
        for hour in [7, 9, 9] {
            let delta = HourDelta {
                credential_id: id,
                hour,
                tally,
            };
            hours_add(&mut tx, &[delta]).await.unwrap();
        }
        usage_prune(&mut tx, 8).await.unwrap();
        let hours = hour_list(&mut tx, id, 0).await.unwrap();
        assert_eq!(hours.len(), 1);
        assert_eq!((hours[0].0, hours[0].1.failed), (9, 10));
        assert_eq!(address_list(&mut tx, gone).await.unwrap(), vec![]);
        tx.commit().await.unwrap();
    }
}

fn link(credential_id: CredentialId) -> Handover {
    Handover {
        id: "ab".repeat(32),
        credential_id,
        number: 1,
        sealed: vec![1, 2, 3],
        created_at: NOW,
        created_by: "cli".to_owned(),
        expires_at: NOW.plus_secs(60),
        opened_at: None,
        opened_from: None,
    }
}

async fn open(db: Db, id: String, at: Timestamp) -> bool {
    let mut tx = db.begin_write().await.unwrap();
    let won = handover::handover_open(&mut tx, &id, at, Some("203.0.113.9"))
        .await
        .unwrap();
    tx.commit().await.unwrap();
    won
}

#[tokio::test]
async fn a_link_opens_once_for_one_of_eight() {
    for store in stores().await {
        let account = account(&store.db).await;
        let mut tx = store.db.begin_write().await.unwrap();
        let id = credential(&mut tx, &account, Owner::Account, "nightly").await;
        let link = link(id);
        handover::handover_insert(&mut tx, &link).await.unwrap();
        let found = handover::handover_find(&mut tx, &link.id).await.unwrap();
        assert_eq!(found.as_ref(), Some(&link));
        tx.commit().await.unwrap();
        assert!(!open(store.db.clone(), link.id.clone(), link.expires_at).await);
        let openers: Vec<_> = (0..8)
            .map(|_| tokio::spawn(open(store.db.clone(), link.id.clone(), NOW.plus_secs(1))))
            .collect();
        let mut winners = 0;
        for opener in openers {
            winners += u32::from(opener.await.unwrap());
        }
        assert_eq!(winners, 1, "{}", store.engine);
        let mut tx = store.db.begin_write().await.unwrap();
        let opened = handover::handover_list(&mut tx, id).await.unwrap();
        assert_eq!(opened[0].sealed, Vec::<u8>::new());
        assert_eq!(opened[0].opened_from.as_deref(), Some("203.0.113.9"));
        handover::handover_prune(&mut tx, NOW, NOW.plus_secs(120))
            .await
            .unwrap();
        assert!(
            handover::handover_list(&mut tx, id)
                .await
                .unwrap()
                .is_empty()
        );
    }
}

#[tokio::test]
async fn a_request_makes_one_secret() {
    for store in stores().await {
        let account = account(&store.db).await;
        let mut tx = store.db.begin_write().await.unwrap();
        let sam = person(&mut tx, &account, "sam", "Sam Lee", Role::Admin).await;
        let id = credential(&mut tx, &account, Owner::User(sam.id), "nightly").await;
        for first in [true, false] {
            let taken = handover::secret_request_take(&mut tx, sam.id, "form", (id, 1), NOW)
                .await
                .unwrap();
            assert_eq!(taken, first);
        }
        let found = handover::secret_request_find(&mut tx, sam.id, "form")
            .await
            .unwrap();
        assert_eq!(found, Some((id, 1)));
        assert_eq!(
            handover::secret_request_find(&mut tx, sam.id, "other")
                .await
                .unwrap(),
            None
        );
    }
}
