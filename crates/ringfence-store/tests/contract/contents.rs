//! Content items name bytes that are there, and the sweeper only takes bytes that nothing names.

use crate::harness::{Store, account, stores};
use crate::interactions::call;
use ringfence_core::account::Account;
use ringfence_core::content::{ContentItem, ContentKey, ContentKind};
use ringfence_core::digest::ContentDigest;
use ringfence_core::time::Timestamp;
use ringfence_core::user::AgentNumber;
use ringfence_store::blobs::ledger::{blob_claim, blob_forget, blob_sweep_begin};
use ringfence_store::contents::{
    content_delete, content_find, content_hold_set, content_insert, content_list,
};
use ringfence_store::interactions::{interaction_delete, interaction_insert};

const NOW: Timestamp = Timestamp::from_ms(1_772_442_930_250);

fn item(bytes: &[u8]) -> ContentItem {
    ContentItem {
        key: ContentKey::parse("callRecording").unwrap(),
        kind: ContentKind::CallRecording,
        media_type: "audio/wav".to_owned(),
        size_bytes: bytes.len() as u64,
        sha256: ContentDigest::of(bytes),
        last_modified: NOW,
        owner_agent: Some(AgentNumber::parse("2041").unwrap()),
        owner_plan: None,
        properties: Some("{\"a\":1}".to_owned()),
        legal_hold: false,
    }
}

async fn with_item(store: &Store, bytes: &[u8]) -> (Account, ContentItem) {
    let account = account(&store.db).await;
    let item = item(bytes);
    let call = call(&account, 1);
    let mut tx = store.db.begin_write().await.unwrap();
    interaction_insert(&mut tx, &call).await.unwrap();
    assert!(
        blob_claim(&mut tx, item.sha256, item.size_bytes, NOW)
            .await
            .unwrap()
    );
    assert!(
        content_insert(&mut tx, account.id, call.id, &item)
            .await
            .unwrap()
    );
    tx.commit().await.unwrap();
    (account, item)
}

#[tokio::test]
async fn an_item_is_read_as_it_was_written_and_added_once() {
    for store in stores().await {
        let (account, item) = with_item(&store, b"one").await;
        let call = call(&account, 1);
        let mut tx = store.db.begin_write().await.unwrap();
        assert!(
            !content_insert(&mut tx, account.id, call.id, &item)
                .await
                .unwrap()
        );
        let found = content_find(&mut tx, account.id, call.id, &item.key).await;
        assert_eq!(found.unwrap(), Some(item.clone()), "{}", store.engine);
        let all = content_list(&mut tx, account.id, call.id).await.unwrap();
        assert_eq!(all, [item], "{}", store.engine);
    }
}

#[tokio::test]
async fn an_item_needs_its_blob_and_its_interaction() {
    for store in stores().await {
        let account = account(&store.db).await;
        let call = call(&account, 1);
        let mut tx = store.db.begin_write().await.unwrap();
        interaction_insert(&mut tx, &call).await.unwrap();
        let refused = content_insert(&mut tx, account.id, call.id, &item(b"one")).await;
        assert!(refused.is_err(), "{}: no blob", store.engine);
        drop(tx);
        let mut tx = store.db.begin_write().await.unwrap();
        blob_claim(&mut tx, item(b"one").sha256, 3, NOW)
            .await
            .unwrap();
        let refused = content_insert(&mut tx, account.id, call.id, &item(b"one")).await;
        assert!(refused.is_err(), "{}: no interaction", store.engine);
    }
}

#[tokio::test]
async fn legal_hold_wins_over_deletion() {
    for store in stores().await {
        let (account, item) = with_item(&store, b"one").await;
        let call = call(&account, 1);
        let mut tx = store.db.begin_write().await.unwrap();
        assert!(
            content_hold_set(&mut tx, account.id, call.id, &item.key, true)
                .await
                .unwrap()
        );
        assert!(
            !content_delete(&mut tx, account.id, call.id, &item.key)
                .await
                .unwrap()
        );
        assert!(
            content_hold_set(&mut tx, account.id, call.id, &item.key, false)
                .await
                .unwrap()
        );
        assert!(
            content_delete(&mut tx, account.id, call.id, &item.key)
                .await
                .unwrap()
        );
        assert!(
            interaction_delete(&mut tx, account.id, call.id)
                .await
                .unwrap()
        );
    }
}

#[tokio::test]
async fn the_sweeper_takes_only_what_nothing_names_and_nobody_claimed_lately() {
    for store in stores().await {
        let (account, kept) = with_item(&store, b"kept").await;
        let (old, fresh) = (ContentDigest::of(b"old"), ContentDigest::of(b"fresh"));
        let later = NOW.plus_secs(86_400);
        let mut tx = store.db.begin_write().await.unwrap();
        blob_claim(&mut tx, old, 3, NOW).await.unwrap();
        blob_claim(&mut tx, fresh, 5, later).await.unwrap();
        let taken = blob_sweep_begin(&mut tx, later, later, 10).await.unwrap();
        assert_eq!(taken, [old], "{}", store.engine);
        // While it is being removed nobody may count on it; a dead sweeper's work is taken up again.
        assert!(!blob_claim(&mut tx, old, 3, later).await.unwrap());
        assert_eq!(
            blob_sweep_begin(&mut tx, later, later, 10).await.unwrap(),
            []
        );
        let much_later = later.plus_secs(86_400);
        let mut taken = blob_sweep_begin(&mut tx, much_later, much_later, 10)
            .await
            .unwrap();
        taken.sort();
        let mut left = [old, fresh];
        left.sort();
        assert_eq!(taken, left, "{}", store.engine);
        blob_forget(&mut tx, old).await.unwrap();
        assert!(blob_claim(&mut tx, old, 3, later).await.unwrap());
        blob_forget(&mut tx, kept.sha256).await.unwrap();
        let call = call(&account, 1);
        assert!(
            content_delete(&mut tx, account.id, call.id, &kept.key)
                .await
                .unwrap()
        );
        let taken = blob_sweep_begin(&mut tx, later, later, 10).await.unwrap();
        assert_eq!(taken, [kept.sha256], "{}", store.engine);
    }
}

#[tokio::test]
async fn a_claim_made_while_the_sweeper_waits_keeps_the_blob() {
    for store in stores().await {
        let old = ContentDigest::of(b"old");
        let later = NOW.plus_secs(86_400);
        let mut tx = store.db.begin_write().await.unwrap();
        blob_claim(&mut tx, old, 3, NOW).await.unwrap();
        tx.commit().await.unwrap();

        let mut claim = store.db.begin_write().await.unwrap();
        assert!(blob_claim(&mut claim, old, 3, later).await.unwrap());
        let db = store.db.clone();
        let sweeper = tokio::spawn(async move {
            let mut tx = db.begin_write().await.unwrap();
            let taken = blob_sweep_begin(&mut tx, later, later, 10).await.unwrap();
            tx.commit().await.unwrap();
            taken
        });
        // Lets the sweeper reach the lock; the outcome must be the same if it has not.
        tokio::task::yield_now().await;
        claim.commit().await.unwrap();
        assert_eq!(sweeper.await.unwrap(), [], "{}", store.engine);
    }
}
