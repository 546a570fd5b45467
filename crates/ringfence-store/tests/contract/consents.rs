//! What people allowed applications: kept once, widened, listed and taken back; and what their grants tell of it.

use crate::harness::{account, stores};
use ringfence_core::context::SystemRandom;
use ringfence_core::family::{Grant, GrantKind, TokenFacts};
use ringfence_core::grant::Authorization;
use ringfence_core::id::{AccountId, ApplicationId, GrantId, SessionId, TokenId, UserId};
use ringfence_core::time::Timestamp;
use ringfence_core::user::{PermissionOverrides, Role, User, Username};
use ringfence_core::user_scope::UserScopes;
use ringfence_store::consents::{
    Consent, consent_delete, consent_delete_of_account, consent_find, consent_list,
    consent_list_of_account, consent_set,
};
use ringfence_store::db::Tx;
use ringfence_store::grants::people::connections_of_account;
use ringfence_store::grants::{Whose, grant_insert, grants_end, grants_rebind};
use ringfence_store::users::user_insert;

const NOW: Timestamp = Timestamp::from_ms(1_772_000_000_000);
const APPLICATION: ApplicationId = ApplicationId::from_bytes([2; 16]);

async fn user(tx: &mut Tx, account_id: AccountId, name: &str) -> UserId {
    let user = User {
        id: UserId::new(NOW, &SystemRandom),
        account_id,
        username: Username::parse(name).unwrap(),
        name: name.to_owned(),
        email: String::new(),
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
    user_insert(tx, &user).await.unwrap();
    user.id
}

fn grant(user_id: UserId, account_id: AccountId, session_id: SessionId) -> Grant {
    Grant {
        id: GrantId::new(NOW, &SystemRandom),
        kind: GrantKind::Code,
        authorization: Authorization {
            application_id: APPLICATION,
            user_id,
            account_id,
            scope: UserScopes::parse("openid").unwrap(),
            auth_time: NOW,
            method: "password".to_owned(),
            session_id: Some(session_id),
            nonce: None,
            acr: None,
            claims: None,
            epoch: 0,
        },
        generation: 1,
        token: TokenFacts {
            id: TokenId::new(NOW, &SystemRandom),
            scope: UserScopes::parse("openid").unwrap(),
            iat: NOW,
            exp: NOW.plus_secs(86_400),
        },
        created_at: NOW,
        rotated_at: NOW,
        idle_end: NOW.plus_secs(604_800),
        absolute_end: NOW.plus_secs(7_776_000),
        ended_at: None,
    }
}

#[tokio::test]
async fn a_consent_is_kept_once_a_person_and_application() {
    for store in stores().await {
        let account = account(&store.db).await;
        let mut tx = store.db.begin_write().await.unwrap();
        let (sam, ann) = (
            user(&mut tx, account.id, "sam").await,
            user(&mut tx, account.id, "ann").await,
        );
        let mut consent = Consent {
            user_id: sam,
            application_id: APPLICATION,
            account_id: account.id,
            scope: UserScopes::parse("openid").unwrap(),
            given_at: NOW,
        };
        consent_set(&mut tx, &consent).await.unwrap();
        consent.scope = UserScopes::parse("openid email").unwrap();
        consent.given_at = NOW.plus_secs(60);
        consent_set(&mut tx, &consent).await.unwrap();
        let found = consent_find(&mut tx, sam, APPLICATION).await.unwrap();
        assert_eq!(found, Some(consent.clone()), "{}", store.engine);
        assert_eq!(consent_find(&mut tx, ann, APPLICATION).await.unwrap(), None);
        let other = Consent {
            user_id: ann,
            ..consent.clone()
        };
        consent_set(&mut tx, &other).await.unwrap();
        assert_eq!(consent_list(&mut tx, sam).await.unwrap(), [consent.clone()]);
        assert_eq!(
            consent_list_of_account(&mut tx, account.id)
                .await
                .unwrap()
                .len(),
            2
        );
        assert!(consent_delete(&mut tx, sam, APPLICATION).await.unwrap());
        assert!(!consent_delete(&mut tx, sam, APPLICATION).await.unwrap());
        let n = consent_delete_of_account(&mut tx, account.id, APPLICATION).await;
        assert_eq!(n.unwrap(), 1, "{}", store.engine);
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn an_accounts_connections_are_its_peoples_live_grants() {
    for store in stores().await {
        let account = account(&store.db).await;
        let (old, new) = (
            SessionId::from_bytes([5; 16]),
            SessionId::from_bytes([6; 16]),
        );
        let mut tx = store.db.begin_write().await.unwrap();
        let (sam, ann) = (
            user(&mut tx, account.id, "sam").await,
            user(&mut tx, account.id, "ann").await,
        );
        for (person, stay) in [(sam, old), (sam, old), (ann, new)] {
            grant_insert(&mut tx, &grant(person, account.id, stay))
                .await
                .unwrap();
        }
        let found = connections_of_account(&mut tx, account.id, NOW)
            .await
            .unwrap();
        let mut people: Vec<UserId> = found.iter().map(|c| c.user_id).collect();
        people.sort_unstable();
        let mut both = vec![sam, ann];
        both.sort_unstable();
        assert_eq!(people, both, "{}", store.engine);
        assert!(
            found
                .iter()
                .all(|c| c.application_id == APPLICATION && c.last_at == NOW)
        );
        // What belonged to the old stay belongs to the new one, and ends with it.
        grants_rebind(&mut tx, sam, (old, new)).await.unwrap();
        for (person, stay, n) in [(sam, old, 0), (sam, new, 2), (ann, new, 1)] {
            let whose = Whose::Stay(person, stay);
            let ended = grants_end(&mut tx, whose, NOW).await.unwrap();
            assert_eq!(ended.len(), n, "{}", store.engine);
        }
        let found = connections_of_account(&mut tx, account.id, NOW)
            .await
            .unwrap();
        assert_eq!(found, []);
        tx.commit().await.unwrap();
    }
}
