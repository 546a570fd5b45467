//! Providers of accounts: their names, their versions, and who is who there.

use crate::harness::{account, stores};
use ringfence_core::account::AccountName;
use ringfence_core::context::SystemRandom;
use ringfence_core::id::{AccountId, ProviderId, UserId};
use ringfence_core::sign_in::account_provider::{
    AccountProvider, IssuerUrl, LetsIn, MailDomain, ProviderName,
};
use ringfence_core::time::Timestamp;
use ringfence_core::user::{PermissionOverrides, Role, User, Username};
use ringfence_store::accounts::account_insert;
use ringfence_store::db::{Db, Error};
use ringfence_store::providers::{
    StoredProvider, provider_delete, provider_find, provider_identity_count,
    provider_identity_find, provider_identity_insert, provider_insert, provider_list,
    provider_update, providers_by_domain,
};
use ringfence_store::users::user_insert;
use std::sync::Arc;

const NOW: Timestamp = Timestamp::from_ms(1_772_000_000_000);

fn provider(account_id: AccountId, name: &str) -> StoredProvider {
    StoredProvider {
        provider: AccountProvider {
            id: ProviderId::new(NOW, &SystemRandom),
            account_id,
            name: ProviderName::parse(name).unwrap(),
            title: "Example Corp".to_owned(),
            issuer: IssuerUrl::parse("https://id.example").unwrap(),
            client_id: "us".to_owned(),
            scopes: vec!["profile".to_owned(), "email".to_owned()],
            username_claim: "preferred_username".to_owned(),
            lets_in: LetsIn {
                by_username: true,
                by_email: false,
                as_new_agents: false,
            },
            ask_code: false,
            active: true,
            domains: vec![MailDomain::parse("acme.example").unwrap()],
            version: 1,
            created_at: NOW,
        },
        sealed: vec![0, 255, 7],
    }
}

async fn user(db: &Db, account_id: AccountId, name: &str) -> UserId {
    let user = User {
        id: UserId::new(NOW, &SystemRandom),
        account_id,
        username: Username::parse(name).unwrap(),
        name: name.to_owned(),
        email: format!("{name}@example.com"),
        role: Role::Agent,
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
    let mut tx = db.begin_write().await.unwrap();
    user_insert(&mut tx, &user).await.unwrap();
    tx.commit().await.unwrap();
    user.id
}

#[tokio::test]
async fn what_is_kept_comes_back_and_goes_whole() {
    for store in stores().await {
        let acme = account(&store.db).await;
        let mut beta = acme.clone();
        beta.id = AccountId::new(NOW, &SystemRandom);
        beta.name = AccountName::parse("beta").unwrap();
        let mut tx = store.db.begin_write().await.unwrap();
        account_insert(&mut tx, &beta).await.unwrap();
        let (corp, other) = (provider(acme.id, "corp"), provider(beta.id, "corp"));
        provider_insert(&mut tx, &corp).await.unwrap();
        provider_insert(&mut tx, &other).await.unwrap();
        tx.commit().await.unwrap();

        let mut tx = store.db.begin_write().await.unwrap();
        let twice = provider_insert(&mut tx, &provider(acme.id, "corp")).await;
        assert!(matches!(twice, Err(Error::Duplicate)), "{}", store.engine);
        drop(tx);

        let mut tx = store.db.begin_read().await.unwrap();
        let name = ProviderName::parse("corp").unwrap();
        let found = provider_find(&mut tx, acme.id, &name).await.unwrap();
        assert_eq!(found.as_ref(), Some(&corp), "{}", store.engine);
        let listed = provider_list(&mut tx, acme.id).await.unwrap();
        assert_eq!(listed, std::slice::from_ref(&corp.provider));
        let domain = MailDomain::parse("acme.example").unwrap();
        let offered = providers_by_domain(&mut tx, &domain).await.unwrap();
        assert_eq!(offered.len(), 2, "{}", store.engine);
        drop(tx);

        let sam = user(&store.db, acme.id, "sam").await;
        let mut tx = store.db.begin_write().await.unwrap();
        let id = corp.provider.id;
        assert!(
            provider_identity_insert(&mut tx, (id, "s1"), sam, NOW)
                .await
                .unwrap()
        );
        for (at, subject) in [(id, "s1"), (id, "s2")] {
            let again = provider_identity_insert(&mut tx, (at, subject), sam, NOW).await;
            assert!(!again.unwrap(), "{} {subject}", store.engine);
        }
        // The same subject elsewhere is somebody else's business.
        assert_eq!(
            provider_identity_find(&mut tx, other.provider.id, "s1")
                .await
                .unwrap(),
            None
        );
        assert_eq!(
            provider_identity_find(&mut tx, id, "s1").await.unwrap(),
            Some(sam)
        );
        assert_eq!(provider_identity_count(&mut tx, id).await.unwrap(), 1);
        provider_delete(&mut tx, id).await.unwrap();
        assert_eq!(provider_find(&mut tx, acme.id, &name).await.unwrap(), None);
        assert_eq!(provider_identity_count(&mut tx, id).await.unwrap(), 0);
        assert_eq!(
            providers_by_domain(&mut tx, &domain).await.unwrap().len(),
            1
        );
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn of_eight_changes_of_one_version_one_is_kept() {
    for store in stores().await {
        let acme = account(&store.db).await;
        let corp = provider(acme.id, "corp");
        let mut tx = store.db.begin_write().await.unwrap();
        provider_insert(&mut tx, &corp).await.unwrap();
        tx.commit().await.unwrap();
        let db = Arc::new(store.db);
        let mut tasks = Vec::new();
        for n in 0..8 {
            let (db, mut changed) = (Arc::clone(&db), corp.clone());
            changed.provider.title = format!("Title {n}");
            changed.provider.version = 2;
            changed.provider.domains.clear();
            tasks.push(tokio::spawn(async move {
                let mut tx = db.begin_write().await.unwrap();
                let won = provider_update(&mut tx, &changed).await.unwrap();
                tx.commit().await.unwrap();
                won
            }));
        }
        let mut n_won = 0;
        for task in tasks {
            n_won += usize::from(task.await.unwrap());
        }
        assert_eq!(n_won, 1, "{}", store.engine);
        let mut tx = db.begin_read().await.unwrap();
        let listed = provider_list(&mut tx, acme.id).await.unwrap();
        assert_eq!((listed[0].version, listed[0].domains.len()), (2, 0));
    }
}
