//! Searching people and groups, the audit trail, and keys that make creates safe to repeat.

use crate::harness::{account, stores};
use ringfence_core::account::Account;
use ringfence_core::audit::{AuditEntry, AuditPlace};
use ringfence_core::context::SystemRandom;
use ringfence_core::digest::ContentDigest;
use ringfence_core::id::{AccountId, AuditId, GroupId, UserId};
use ringfence_core::time::Timestamp;
use ringfence_core::user::{Group, PermissionOverrides, Role, User, Username};
use ringfence_store::audit::{AuditFilter, audit_after, audit_append, audit_head, audit_page};
use ringfence_store::db::Db;
use ringfence_store::feed::feed_lock;
use ringfence_store::idempotency::{
    KeptAnswer, idempotency_answer, idempotency_find, idempotency_prune, idempotency_release,
    idempotency_take,
};
use ringfence_store::user_search::{
    UserSearch, UserSort, UserState, group_search, user_search, user_search_count,
};
use ringfence_store::{groups, memberships, users};

const AT: Timestamp = Timestamp::from_ms(1_772_000_000_000);

fn user(account: &Account, username: &str, role: Role) -> User {
    User {
        id: UserId::new(AT, &SystemRandom),
        account_id: account.id,
        username: Username::parse(username).unwrap(),
        name: username.to_uppercase(),
        email: format!("{username}@example.com"),
        role,
        active: true,
        locked: false,
        operator: false,
        agent: None,
        permissions: PermissionOverrides::default(),
        lines: Vec::new(),
        groups: Vec::new(),
        readable_groups: Vec::new(),
        epoch: 0,
        created_at: AT,
        last_login_at: None,
    }
}

#[tokio::test]
async fn people_are_searched_filtered_and_sorted() {
    for store in stores().await {
        let account = account(&store.db).await;
        let mut tx = store.db.begin_write().await.unwrap();
        let mut ann = user(&account, "ann_a", Role::Admin);
        let mut bob = user(&account, "bob%", Role::Agent);
        let cid = user(&account, "cid", Role::Agent);
        ann.locked = true;
        bob.active = false;
        for user in [&ann, &bob, &cid] {
            users::user_insert(&mut tx, user).await.unwrap();
        }
        let group = Group {
            id: GroupId::new(AT, &SystemRandom),
            account_id: account.id,
            display_id: "101".to_owned(),
            name: "Sales".to_owned(),
            max_unexpected_secs: 10,
            max_wrap_up_secs: 60,
        };
        groups::group_insert(&mut tx, &group).await.unwrap();
        for id in [bob.id, cid.id] {
            memberships::member_add(&mut tx, group.id, id)
                .await
                .unwrap();
        }
        let all = UserSearch::default();
        let with = |change: &dyn Fn(&mut UserSearch)| {
            let mut search = all.clone();
            change(&mut search);
            search
        };
        let cases: [(UserSearch, &[&str]); 9] = [
            (all.clone(), &["ann_a", "bob%", "cid"]),
            (with(&|s| s.text = "_".to_owned()), &["ann_a"]),
            (with(&|s| s.text = "%".to_owned()), &["bob%"]),
            (with(&|s| s.text = "CID".to_owned()), &["cid"]),
            (with(&|s| s.role = Some(Role::Agent)), &["bob%", "cid"]),
            (with(&|s| s.state = Some(UserState::Locked)), &["ann_a"]),
            (with(&|s| s.state = Some(UserState::Disabled)), &["bob%"]),
            (with(&|s| s.group = Some(group.id)), &["bob%", "cid"]),
            (with(&|s| s.after = "ann_a".to_owned()), &["bob%", "cid"]),
        ];
        for (search, expected) in cases {
            let found = user_search(&mut tx, account.id, &search, 0, 10)
                .await
                .unwrap();
            let names: Vec<&str> = found.iter().map(|u| u.username.as_str()).collect();
            assert_eq!(names, expected, "{search:?} on {}", store.engine);
            let n = user_search_count(&mut tx, account.id, &search)
                .await
                .unwrap();
            assert_eq!(usize::try_from(n).unwrap(), expected.len());
        }
        for sort in [
            UserSort::Username,
            UserSort::Name,
            UserSort::Role,
            UserSort::LastSignIn,
            UserSort::Created,
        ] {
            let search = UserSearch {
                sort,
                descending: true,
                ..UserSearch::default()
            };
            let page = user_search(&mut tx, account.id, &search, 1, 1)
                .await
                .unwrap();
            assert_eq!(page.len(), 1, "{sort:?} on {}", store.engine);
        }
        let found = group_search(&mut tx, account.id, ("sal", ""), 5)
            .await
            .unwrap();
        assert_eq!(found, [(group, 1)], "archived members do not count");
    }
}

async fn eight_lines_at_once(db: &Db, account_id: AccountId) {
    // Eight at once: each line follows the one before it.
    let mut crowd = Vec::new();
    for n in 0..8_i64 {
        let (db, id) = (db.clone(), account_id);
        crowd.push(tokio::spawn(async move {
            let mut tx = db.begin_write().await.unwrap();
            feed_lock(&mut tx).await.unwrap();
            let entry = AuditEntry {
                id: AuditId::new(AT, &SystemRandom),
                at: AT.plus_secs(n),
                account_id: (n % 2 == 0).then_some(id),
                actor: format!("user:{}", n % 3),
                act: if n < 4 {
                    "user.set".into()
                } else {
                    "users.odd".into()
                },
                subject: n.to_string(),
                detail: "{}".to_owned(),
            };
            audit_append(&mut tx, &entry).await.unwrap();
            tx.commit().await.unwrap();
        }));
    }
    for one in crowd {
        one.await.unwrap();
    }
}

#[tokio::test]
async fn the_trail_is_one_chain_and_is_read_from_its_end() {
    for store in stores().await {
        let account = account(&store.db).await;
        eight_lines_at_once(&store.db, account.id).await;
        let mut tx = store.db.begin_read().await.unwrap();
        let mut at = AuditPlace::START;
        for line in audit_after(&mut tx, 0, 100).await.unwrap() {
            at = at
                .follow(line.place, line.entry.leaf(line.place.seq))
                .unwrap();
        }
        assert_eq!(at, audit_head(&mut tx).await.unwrap(), "{}", store.engine);
        assert_eq!(at.seq, 8);
        let all = AuditFilter::default;
        for (filter, n) in [
            (all(), 8),
            (
                AuditFilter {
                    account_id: Some(account.id),
                    ..all()
                },
                4,
            ),
            (
                AuditFilter {
                    act: Some("user".to_owned()),
                    ..all()
                },
                4,
            ),
            (
                AuditFilter {
                    act: Some("users.odd".to_owned()),
                    ..all()
                },
                4,
            ),
            (
                AuditFilter {
                    actor: Some("user:0".to_owned()),
                    ..all()
                },
                3,
            ),
            (
                AuditFilter {
                    subject: Some("7".to_owned()),
                    ..all()
                },
                1,
            ),
            (
                AuditFilter {
                    since: Some(AT.plus_secs(6)),
                    ..all()
                },
                2,
            ),
            (
                AuditFilter {
                    until: Some(AT.plus_secs(2)),
                    ..all()
                },
                2,
            ),
        ] {
            let found = audit_page(&mut tx, &filter, i64::MAX, 100).await.unwrap();
            assert_eq!(found.len(), n, "{filter:?} on {}", store.engine);
        }
        let page = audit_page(&mut tx, &all(), 5, 2).await.unwrap();
        let places: Vec<i64> = page.iter().map(|line| line.place.seq).collect();
        assert_eq!(places, [4, 3]);
    }
}

#[tokio::test]
async fn of_eight_who_take_a_key_one_gets_it() {
    for store in stores().await {
        let (name, digest) = (("user:1", "k"), ContentDigest::of(b"a"));
        let mut crowd = Vec::new();
        for _ in 0..8 {
            let db = store.db.clone();
            crowd.push(tokio::spawn(async move {
                let mut tx = db.begin_write().await.unwrap();
                let taken = idempotency_take(&mut tx, name, digest, AT).await.unwrap();
                tx.commit().await.unwrap();
                taken
            }));
        }
        let mut n_taken = 0;
        for one in crowd {
            n_taken += u32::from(one.await.unwrap());
        }
        assert_eq!(n_taken, 1, "{}", store.engine);
        let mut tx = store.db.begin_write().await.unwrap();
        let kept = idempotency_find(&mut tx, name).await.unwrap().unwrap();
        assert_eq!((kept.digest, kept.answer), (digest, None));
        let answer = KeptAnswer {
            status: 201,
            location: Some("/x".to_owned()),
            etag: None,
            body: None,
        };
        idempotency_answer(&mut tx, name, &answer).await.unwrap();
        let kept = idempotency_find(&mut tx, name).await.unwrap().unwrap();
        assert_eq!(kept.answer, Some(answer));
        assert_eq!(
            idempotency_find(&mut tx, ("user:2", "k")).await.unwrap(),
            None
        );
        assert_eq!(
            idempotency_prune(&mut tx, AT.plus_secs(1)).await.unwrap(),
            1
        );
        assert!(idempotency_take(&mut tx, name, digest, AT).await.unwrap());
        idempotency_release(&mut tx, name).await.unwrap();
        assert_eq!(idempotency_find(&mut tx, name).await.unwrap(), None);
    }
}
