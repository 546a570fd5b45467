//! Applications with keys and subscriptions: what must be there once, versions, and lists.

use crate::harness::{Store, stores};
use ringfence_core::application::{
    AppQuota, Application, ApplicationKeys, ApplicationName, ApplicationStatus, GrantTypes, Plan,
    Subscription, SubscriptionStatus,
};
use ringfence_core::callback::CallbackUrl;
use ringfence_core::consumer::ConsumerKey;
use ringfence_core::context::SystemRandom;
use ringfence_core::credential::StoredDigest;
use ringfence_core::developer::{Developer, DeveloperName};
use ringfence_core::id::{ApplicationId, DeveloperId, KeyMappingId, SubscriptionId};
use ringfence_core::suite::Suite;
use ringfence_core::time::Timestamp;
use ringfence_store::applications::subscriptions::{
    subscription_delete, subscription_find, subscription_insert, subscription_status_set,
};
use ringfence_store::applications::{
    ApplicationOrder, ApplicationSearch, application_delete, application_find,
    application_id_by_key, application_id_by_mapping, application_insert, application_keys_set,
    application_load_all, application_search, application_update,
};
use ringfence_store::db::Error;
use ringfence_store::developers::developer_insert;

const NOW: Timestamp = Timestamp::from_ms(1_772_000_000_000);

async fn developer(store: &Store, name: &str) -> DeveloperId {
    let developer = Developer {
        id: DeveloperId::new(NOW, &SystemRandom),
        username: DeveloperName::parse(name).unwrap(),
        name: name.to_owned(),
        email: format!("{name}@example.com"),
        company: String::new(),
        active: true,
        epoch: 0,
        created_at: NOW,
        last_login_at: None,
    };
    let mut tx = store.db.begin_write().await.unwrap();
    developer_insert(&mut tx, &developer, None).await.unwrap();
    tx.commit().await.unwrap();
    developer.id
}

fn application(developer_id: DeveloperId, name: &str) -> Application {
    Application {
        id: ApplicationId::new(NOW, &SystemRandom),
        developer_id,
        name: ApplicationName::parse(name).unwrap(),
        description: "What it is for".to_owned(),
        quota: AppQuota::TwentyPerMin,
        status: ApplicationStatus::Approved,
        verified: false,
        epoch: 0,
        created_at: NOW,
        version: 1,
        keys: None,
        subscriptions: Vec::new(),
    }
}

fn keys() -> ApplicationKeys {
    let url = |text| CallbackUrl::parse(text).unwrap();
    ApplicationKeys {
        mapping_id: KeyMappingId::new(NOW, &SystemRandom),
        consumer_key: ConsumerKey::generate(&SystemRandom),
        secret: Some(StoredDigest([7; 32])),
        grant_types: GrantTypes::parse("authorization_code refresh_token").unwrap(),
        callbacks: vec![url("https://a.example/cb"), url("http://localhost")],
        post_logout: vec![url("https://a.example/bye")],
        pkce_optional: true,
        made_at: NOW,
        secret_made_at: NOW,
    }
}

fn subscription(suite: Suite) -> Subscription {
    Subscription {
        id: SubscriptionId::new(NOW, &SystemRandom),
        suite,
        plan: Plan::Standard,
        status: SubscriptionStatus::Unblocked,
        made_at: NOW,
    }
}

#[tokio::test]
async fn an_application_comes_back_as_it_was_written() {
    for store in stores().await {
        let dana = developer(&store, "dana.api").await;
        let mut one = application(dana, "Board");
        let mut tx = store.db.begin_write().await.unwrap();
        application_insert(&mut tx, &one).await.unwrap();
        let found = application_find(&mut tx, one.id).await.unwrap();
        assert_eq!(found.as_ref(), Some(&one), "{}", store.engine);
        for public in [false, true] {
            let mut keys = keys();
            if public {
                (keys.secret, keys.post_logout) = (None, Vec::new());
            }
            application_keys_set(&mut tx, one.id, Some(&keys))
                .await
                .unwrap();
            let by_key = application_id_by_key(&mut tx, keys.consumer_key).await;
            assert_eq!(by_key.unwrap(), Some(one.id));
            let by_mapping = application_id_by_mapping(&mut tx, keys.mapping_id).await;
            assert_eq!(by_mapping.unwrap(), Some(one.id));
            one.keys = Some(keys);
            let found = application_find(&mut tx, one.id).await.unwrap();
            assert_eq!(found.as_ref(), Some(&one));
        }
        let (mut first, second) = (
            subscription(Suite::Provisioning),
            subscription(Suite::Telephony),
        );
        for subscription in [&first, &second] {
            subscription_insert(&mut tx, one.id, subscription)
                .await
                .unwrap();
        }
        first.status = SubscriptionStatus::Blocked;
        assert!(
            subscription_status_set(&mut tx, first.id, first.status)
                .await
                .unwrap()
        );
        let found = subscription_find(&mut tx, first.id).await.unwrap();
        assert_eq!(found, Some((one.id, first.clone())));
        one.subscriptions = vec![first, second];
        // Made in the same millisecond, they come in the order of their ids.
        one.subscriptions
            .sort_by_key(|subscription| subscription.id);
        assert_eq!(application_load_all(&mut tx).await.unwrap(), [one.clone()]);
        assert!(
            subscription_delete(&mut tx, one.subscriptions[1].id)
                .await
                .unwrap()
        );
        assert!(
            !subscription_delete(&mut tx, one.subscriptions[1].id)
                .await
                .unwrap()
        );
        application_keys_set(&mut tx, one.id, None).await.unwrap();
        let bare = application_find(&mut tx, one.id).await.unwrap().unwrap();
        assert_eq!((bare.keys, bare.subscriptions.len()), (None, 1));
        assert!(application_delete(&mut tx, one.id).await.unwrap());
        assert!(!application_delete(&mut tx, one.id).await.unwrap());
        assert_eq!(application_find(&mut tx, one.id).await.unwrap(), None);
    }
}

#[tokio::test]
async fn of_two_edits_of_one_version_the_first_wins() {
    for store in stores().await {
        let dana = developer(&store, "dana.api").await;
        let mut one = application(dana, "Board");
        let mut tx = store.db.begin_write().await.unwrap();
        application_insert(&mut tx, &one).await.unwrap();
        one.version = 2;
        one.epoch = 1;
        one.status = ApplicationStatus::Suspended;
        assert!(application_update(&mut tx, &one).await.unwrap());
        assert!(
            !application_update(&mut tx, &one).await.unwrap(),
            "{}",
            store.engine
        );
        let found = application_find(&mut tx, one.id).await.unwrap();
        assert_eq!(found, Some(one));
    }
}

#[tokio::test]
async fn names_keys_and_suites_are_taken_once() {
    for store in stores().await {
        let dana = developer(&store, "dana.api").await;
        let rita = developer(&store, "rita.api").await;
        let (one, other) = (application(dana, "Board"), application(dana, "Other"));
        let keys = keys();
        let mut tx = store.db.begin_write().await.unwrap();
        for made in [&one, &other, &application(rita, "Board")] {
            application_insert(&mut tx, made).await.unwrap();
        }
        application_keys_set(&mut tx, one.id, Some(&keys))
            .await
            .unwrap();
        subscription_insert(&mut tx, one.id, &subscription(Suite::Reports))
            .await
            .unwrap();
        tx.commit().await.unwrap();
        let duplicate = |outcome: Result<(), Error>| {
            assert!(matches!(outcome, Err(Error::Duplicate)), "{}", store.engine);
        };
        let mut tx = store.db.begin_write().await.unwrap();
        duplicate(application_insert(&mut tx, &application(dana, "Board")).await);
        drop(tx);
        let mut tx = store.db.begin_write().await.unwrap();
        duplicate(application_keys_set(&mut tx, other.id, Some(&keys)).await);
        drop(tx);
        let mut tx = store.db.begin_write().await.unwrap();
        let second = subscription(Suite::Reports);
        duplicate(subscription_insert(&mut tx, one.id, &second).await);
        drop(tx);
        let mut renamed = other.clone();
        renamed.name = one.name.clone();
        renamed.version = 2;
        let mut tx = store.db.begin_write().await.unwrap();
        let outcome = application_update(&mut tx, &renamed).await;
        duplicate(outcome.map(|_| ()));
    }
}

/// Four applications, three of them of that developer, none like another.
async fn several(store: &Store, dana: DeveloperId) {
    let rita = developer(store, "rita.api").await;
    let mut tx = store.db.begin_write().await.unwrap();
    for (owner, name, quota, age) in [
        (dana, "alpha", AppQuota::Unlimited, 3),
        (dana, "Beta", AppQuota::TenPerMin, 1),
        (dana, "100%", AppQuota::FiftyPerMin, 2),
        (rita, "beta", AppQuota::TwentyPerMin, 4),
    ] {
        let mut one = application(owner, name);
        one.quota = quota;
        one.created_at = NOW.plus_secs(-age);
        if name == "100%" {
            one.status = ApplicationStatus::Suspended;
        }
        application_insert(&mut tx, &one).await.unwrap();
    }
    tx.commit().await.unwrap();
}

#[tokio::test]
async fn lists_are_filtered_ordered_and_cut() {
    for store in stores().await {
        let dana = developer(&store, "dana.api").await;
        several(&store, dana).await;
        let mut tx = store.db.begin_write().await.unwrap();
        let all = ApplicationSearch {
            limit: 10,
            ..ApplicationSearch::default()
        };
        let own = ApplicationSearch {
            developer_id: Some(dana),
            ..all.clone()
        };
        let by = |order, descending| ApplicationSearch {
            order,
            descending,
            ..own.clone()
        };
        let text = |text: &str| ApplicationSearch {
            text: text.to_owned(),
            ..all.clone()
        };
        let suspended = ApplicationSearch {
            status: Some(ApplicationStatus::Suspended),
            ..all.clone()
        };
        let cut = ApplicationSearch {
            offset: 1,
            limit: 1,
            ..own.clone()
        };
        for (search, names, total) in [
            (own.clone(), &["100%", "alpha", "Beta"][..], 3),
            (
                by(ApplicationOrder::Name, true),
                &["Beta", "alpha", "100%"],
                3,
            ),
            (
                by(ApplicationOrder::Quota, false),
                &["Beta", "100%", "alpha"],
                3,
            ),
            (
                by(ApplicationOrder::Status, true),
                &["100%", "Beta", "alpha"],
                3,
            ),
            (
                by(ApplicationOrder::Created, true),
                &["Beta", "100%", "alpha"],
                3,
            ),
            (text("BETA"), &["Beta", "beta"], 2),
            (text("%"), &["100%"], 1),
            (text("_"), &[], 0),
            (suspended, &["100%"], 1),
            (cut, &["alpha"], 3),
        ] {
            let (found, n) = application_search(&mut tx, &search).await.unwrap();
            let found: Vec<_> = found.iter().map(|one| one.name.as_str()).collect();
            assert_eq!(n, total, "{} {search:?}", store.engine);
            if search.order == ApplicationOrder::Status || search.text == "BETA" {
                // Those that are alike stand in the order of their ids, which are random here.
                let (mut found, mut names) = (found.clone(), names.to_vec());
                found.sort_unstable();
                names.sort_unstable();
                assert_eq!(found, names);
            } else {
                assert_eq!(found, names, "{} {search:?}", store.engine);
            }
        }
    }
}
