//! What recordings sound like, and who listened.

use crate::harness::{account, stores};
use ringfence_core::content::{ContentItem, ContentKey, ContentKind};
use ringfence_core::digest::ContentDigest;
use ringfence_core::id::InteractionId;
use ringfence_core::time::Timestamp;
use ringfence_core::wav::peaks::Peaks;
use ringfence_store::sounds::{
    Hearing, StoredSound, hearing_known, hearing_note, sound_find, sound_put,
};

const AT: Timestamp = Timestamp::from_secs(1_772_000_000);

#[tokio::test]
async fn a_sound_is_kept_only_as_long_as_something_names_its_bytes() {
    for store in stores().await {
        let account = account(&store.db).await;
        let sha256 = ContentDigest::of(b"abc");
        let sound = StoredSound {
            format: "mulaw".to_owned(),
            channels: 2,
            sample_rate: 8_000,
            duration_ms: 1_500,
            peaks: Some(Peaks {
                channels: vec![vec![0, 255], vec![7, 8]],
            }),
        };
        let mut tx = store.db.begin_write().await.unwrap();
        sound_put(&mut tx, sha256, &sound).await.unwrap();
        assert_eq!(
            sound_find(&mut tx, sha256).await.unwrap(),
            None,
            "{}",
            store.engine
        );
        let made = crate::interactions::call(&account, 1);
        ringfence_store::interactions::interaction_insert(&mut tx, &made)
            .await
            .unwrap();
        ringfence_store::blobs::ledger::blob_claim(&mut tx, sha256, 3, AT)
            .await
            .unwrap();
        let item = ContentItem {
            key: ContentKey::fixed(ContentKind::CallRecording),
            kind: ContentKind::CallRecording,
            media_type: "audio/wav".to_owned(),
            size_bytes: 3,
            sha256,
            last_modified: AT,
            owner_agent: None,
            owner_plan: None,
            properties: None,
            legal_hold: false,
        };
        ringfence_store::contents::content_insert(&mut tx, account.id, made.id, &item)
            .await
            .unwrap();
        sound_put(&mut tx, sha256, &sound).await.unwrap();
        let undrawn = StoredSound {
            peaks: None,
            ..sound.clone()
        };
        sound_put(&mut tx, sha256, &undrawn).await.unwrap();
        assert_eq!(sound_find(&mut tx, sha256).await.unwrap(), Some(sound));
    }
}

#[tokio::test]
async fn one_listening_is_noted_once() {
    for store in stores().await {
        let account = account(&store.db).await;
        let key = ContentKey::fixed(ContentKind::CallRecording);
        let hearing = Hearing {
            account_id: account.id,
            interaction_id: InteractionId::from_bytes([1; 16]),
            key: &key,
            actor: "user:a",
        };
        let before = AT.plus_secs(-900);
        let mut tx = store.db.begin_write().await.unwrap();
        assert!(!hearing_known(&mut tx, hearing, before).await.unwrap());
        assert!(hearing_note(&mut tx, hearing, before, AT).await.unwrap());
        assert!(hearing_known(&mut tx, hearing, before).await.unwrap());
        assert!(!hearing_note(&mut tx, hearing, before, AT).await.unwrap());
        let other = Hearing {
            actor: "user:b",
            ..hearing
        };
        assert!(hearing_note(&mut tx, other, before, AT).await.unwrap());
        let later = AT.plus_secs(901);
        assert!(
            hearing_note(&mut tx, hearing, AT.plus_secs(1), later)
                .await
                .unwrap(),
            "{}",
            store.engine
        );
    }
}
