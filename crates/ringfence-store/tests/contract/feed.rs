//! The feed's order is the order of commits.

use crate::harness::stores;
use ringfence_core::time::Timestamp;
use ringfence_store::feed::{FeedKind, feed_after, feed_append, feed_head, feed_prune};

#[tokio::test(flavor = "multi_thread")]
async fn a_reader_that_follows_misses_nothing_among_eight_writers() {
    for store in stores().await {
        let mut writers = Vec::new();
        for writer in 0..8 {
            let db = store.db.clone();
            writers.push(tokio::spawn(async move {
                for n in 0..25 {
                    let mut tx = db.begin_write().await.unwrap();
                    feed_append(
                        &mut tx,
                        FeedKind::User,
                        &format!("{writer}-{n}"),
                        Timestamp::from_ms(n),
                    )
                    .await
                    .unwrap();
                    tx.commit().await.unwrap();
                }
            }));
        }
        let mut seen = Vec::new();
        let mut last = 0;
        while seen.len() < 200 {
            let mut tx = store.db.begin_read().await.unwrap();
            for line in feed_after(&mut tx, last, 50).await.unwrap() {
                assert_eq!(
                    line.seq,
                    last + 1,
                    "{}: a number became visible out of order",
                    store.engine
                );
                last = line.seq;
                seen.push(line.subject_id);
            }
        }
        for writer in writers {
            writer.await.unwrap();
        }
        seen.sort();
        seen.dedup();
        assert_eq!(seen.len(), 200, "{}", store.engine);
    }
}

#[tokio::test]
async fn pruning_says_how_far_it_went() {
    for store in stores().await {
        let mut tx = store.db.begin_write().await.unwrap();
        for n in 0..4 {
            feed_append(&mut tx, FeedKind::Key, "k", Timestamp::from_ms(n * 10))
                .await
                .unwrap();
        }
        assert_eq!(
            feed_prune(&mut tx, Timestamp::from_ms(20)).await.unwrap(),
            2
        );
        let head = feed_head(&mut tx).await.unwrap();
        assert_eq!((head.seq, head.pruned), (4, 2));
        assert_eq!(
            feed_prune(&mut tx, Timestamp::from_ms(20)).await.unwrap(),
            0
        );
    }
}
