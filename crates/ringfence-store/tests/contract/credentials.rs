//! Credentials and their secrets.

use crate::harness::{account, stores};
use ringfence_core::context::SystemRandom;
use ringfence_core::credential::{
    Credential, CredentialName, Network, Owner, SecretInfo, StoredDigest,
};
use ringfence_core::id::{AccountId, CredentialId};
use ringfence_core::scope::ScopeSet;
use ringfence_core::time::Timestamp;
use ringfence_store::credentials::{self as table, packed, usage};

fn credential(account_id: AccountId) -> Credential {
    let now = Timestamp::from_ms(1_772_000_000_000);
    Credential {
        id: CredentialId::new(now, &SystemRandom),
        account_id,
        owner: Owner::Account,
        name: CredentialName::parse("nightly").unwrap(),
        scopes: ScopeSet::parse("stats users:read").unwrap(),
        token_alg: None,
        token_ttl_secs: Some(600),
        networks: vec![Network::parse("203.0.113.0/24").unwrap()],
        expires_at: Some(now.plus_secs(60)),
        secrets: vec![SecretInfo {
            number: 1,
            digest: StoredDigest([9; 32]),
            created_at: now,
            expires_at: None,
        }],
        epoch: 0,
        created_at: now,
        version: 1,
    }
}

#[tokio::test]
async fn a_credential_comes_back_as_it_went_in() {
    for store in stores().await {
        let credential = credential(account(&store.db).await.id);
        let mut tx = store.db.begin_write().await.unwrap();
        table::credential_insert(&mut tx, &credential)
            .await
            .unwrap();
        assert_eq!(
            table::credential_find(&mut tx, credential.id)
                .await
                .unwrap()
                .as_ref(),
            Some(&credential)
        );
        // The packed page for the directory leaves out only the name.
        let page = packed::credential_page(&mut tx, "", 10)
            .await
            .unwrap()
            .unwrap();
        let read = page.credentials().unwrap();
        let unnamed = Credential {
            name: read[0].name.clone(),
            ..credential.clone()
        };
        assert_eq!(read, vec![unnamed], "{}", store.engine);
        let after = credential.id.to_string();
        assert_eq!(page.last_id(), after);
        assert!(
            packed::credential_page(&mut tx, &after, 10)
                .await
                .unwrap()
                .is_none()
        );
        assert!(
            table::credential_delete(&mut tx, credential.id)
                .await
                .unwrap()
        );
        assert!(
            !table::credential_delete(&mut tx, credential.id)
                .await
                .unwrap()
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_eight_editors_of_one_version_one_wins() {
    for store in stores().await {
        let credential = credential(account(&store.db).await.id);
        let mut tx = store.db.begin_write().await.unwrap();
        table::credential_insert(&mut tx, &credential)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let mut editors = Vec::new();
        for _ in 0..8 {
            let (db, credential) = (store.db.clone(), credential.clone());
            editors.push(tokio::spawn(async move {
                let mut tx = db.begin_write().await.unwrap();
                let won = table::credential_update(&mut tx, &credential)
                    .await
                    .unwrap();
                tx.commit().await.unwrap();
                won
            }));
        }
        let mut winners = 0;
        for editor in editors {
            winners += u32::from(editor.await.unwrap());
        }
        assert_eq!(winners, 1, "{}", store.engine);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn eight_rotations_get_eight_numbers() {
    for store in stores().await {
        let credential = credential(account(&store.db).await.id);
        let mut tx = store.db.begin_write().await.unwrap();
        table::credential_insert(&mut tx, &credential)
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let mut takers = Vec::new();
        for _ in 0..8 {
            let (db, id) = (store.db.clone(), credential.id);
            takers.push(tokio::spawn(async move {
                let mut tx = db.begin_write().await.unwrap();
                let number = table::secret_number_take(&mut tx, id)
                    .await
                    .unwrap()
                    .unwrap();
                tx.commit().await.unwrap();
                number
            }));
        }
        let mut numbers = Vec::new();
        for taker in takers {
            numbers.push(taker.await.unwrap());
        }
        numbers.sort_unstable();
        assert_eq!(numbers, (2..10).collect::<Vec<_>>(), "{}", store.engine);
    }
}

#[tokio::test]
async fn removing_one_secret_leaves_the_others() {
    for store in stores().await {
        let mut credential = credential(account(&store.db).await.id);
        let second = SecretInfo {
            number: 2,
            digest: StoredDigest([8; 32]),
            ..credential.secrets[0].clone()
        };
        credential.secrets.push(second.clone());
        let mut tx = store.db.begin_write().await.unwrap();
        table::credential_insert(&mut tx, &credential)
            .await
            .unwrap();
        let soon = Timestamp::from_ms(1_772_000_001_000);
        assert_eq!(
            table::secrets_expire(&mut tx, credential.id, 2, soon)
                .await
                .unwrap(),
            1
        );
        assert!(
            table::secret_delete(&mut tx, credential.id, 1)
                .await
                .unwrap()
        );
        let left = table::credential_find(&mut tx, credential.id)
            .await
            .unwrap()
            .unwrap()
            .secrets;
        assert_eq!(left, vec![second], "{}", store.engine);
    }
}

#[tokio::test]
async fn uses_of_many_secrets_are_added_at_once_and_to_the_right_ones() {
    for store in stores().await {
        let account_id = account(&store.db).await.id;
        let mut tx = store.db.begin_write().await.unwrap();
        let mut deltas = Vec::new();
        for n in 0..700_u32 {
            let mut credential = credential(account_id);
            let mut id = *credential.id.as_bytes();
            id[..4].copy_from_slice(&n.to_be_bytes());
            credential.id = CredentialId::from_bytes(id);
            table::credential_insert(&mut tx, &credential)
                .await
                .unwrap();
            deltas.push(usage::SecretUseDelta {
                credential_id: credential.id,
                number: 1,
                at: Timestamp::from_ms(i64::from(n)),
                from: format!("203.0.113.{}", n % 250),
                route: "token".to_owned(),
                uses: i64::from(n) + 1,
            });
        }
        // A secret that is gone by now is passed over.
        deltas[3].number = 9;
        usage::secret_uses_add(&mut tx, &deltas).await.unwrap();
        usage::secret_uses_add(&mut tx, &deltas[600..])
            .await
            .unwrap();
        for (n, uses) in [(0, 1), (3, 0), (599, 600), (699, 1400)] {
            let used = table::secret_uses(&mut tx, deltas[n].credential_id)
                .await
                .unwrap();
            assert_eq!(
                (used[0].number, used[0].uses),
                (1, uses),
                "{}",
                store.engine
            );
            let at = (uses > 0).then_some(deltas[n].at);
            assert_eq!(used[0].last_used_at, at, "{}", store.engine);
        }
    }
}

#[tokio::test]
async fn pages_hold_every_credential_once_with_all_its_secrets_in_order() {
    for store in stores().await {
        let account_id = account(&store.db).await.id;
        let mut tx = store.db.begin_write().await.unwrap();
        let mut made = Vec::new();
        for n in 0..25_u8 {
            let mut credential = credential(account_id);
            let mut id = *credential.id.as_bytes();
            id[0] = n.wrapping_mul(37);
            credential.id = CredentialId::from_bytes(id);
            for number in 2..=u32::from(n % 4) {
                let second = SecretInfo {
                    number,
                    ..credential.secrets[0].clone()
                };
                credential.secrets.push(second);
            }
            table::credential_insert(&mut tx, &credential)
                .await
                .unwrap();
            let secrets: Vec<u32> = credential.secrets.iter().map(|s| s.number).collect();
            made.push((credential.id, secrets));
        }
        made.sort_unstable();
        let (mut read, mut after) = (Vec::new(), String::new());
        while let Some(page) = packed::credential_page(&mut tx, &after, 10).await.unwrap() {
            page.last_id().clone_into(&mut after);
            for credential in page.credentials().unwrap() {
                let secrets: Vec<u32> = credential.secrets.iter().map(|s| s.number).collect();
                read.push((credential.id, secrets));
            }
        }
        assert_eq!(read, made, "{}", store.engine);
    }
}
