//! Interactions are written, found and replaced as a whole.

use crate::harness::{account, stores};
use ringfence_core::account::Account;
use ringfence_core::id::{ChannelId, ConversationId, InteractionId};
use ringfence_core::interaction::{
    Address, Channel, ChannelEvent, Direction, Interaction, PartyRole, PlanMapping, QueueKind,
    QueueVisit,
};
use ringfence_core::time::Timestamp;
use ringfence_core::user::{AgentNumber, Line};
use ringfence_store::interactions::{
    interaction_delete, interaction_find, interaction_insert, interaction_replace,
    interactions_from_rows,
};

/// A call with every part filled in.
pub(crate) fn call(account: &Account, n: u8) -> Interaction {
    let id = InteractionId::from_bytes([n; 16]);
    let started_at = Timestamp::from_ms(1_772_442_930_250 + i64::from(n) * 60_000);
    let event = |kind: &str, offset_ms, duration_ms| ChannelEvent {
        kind: kind.to_owned(),
        offset_ms,
        name: (kind == "Queue").then(|| "Billing \"new\"".to_owned()),
        duration_ms,
    };
    Interaction {
        id,
        account_id: account.id,
        conversation_id: ConversationId::derived(id),
        started_at,
        ended_at: Some(started_at.plus_ms(184_200)),
        processed_at: started_at.plus_ms(200_000),
        direction: Direction::Inbound,
        medium: "Phone".to_owned(),
        medium_manager: "VCC".to_owned(),
        service_name: Some("Billing".to_owned()),
        connect_from: Address::parse("+441632960101").unwrap(),
        connect_to: Address::parse("+441632960900").unwrap(),
        line: Line::parse("+441632960900").unwrap(),
        categorized_at: Some(started_at.plus_ms(190_000)),
        outcome: Some("Handled by agent".to_owned()),
        plan: Some(PlanMapping {
            address_name: "Main line".to_owned(),
            mapping_name: "Weekdays".to_owned(),
            interaction_plan_name: "Billing plan".to_owned(),
            reporting_group: "Billing".to_owned(),
        }),
        channels: vec![
            Channel {
                id: ChannelId::derived(id, 0),
                offset_ms: 0,
                duration_ms: Some(184_200),
                end_reason: Some("Released".to_owned()),
                integration_type: None,
                role: PartyRole::External,
                agent: None,
                touchpoint: Some(Address::parse("+441632960101").unwrap()),
                events: vec![
                    event("Queue", 10, Some(5_000)),
                    event("Connected", 5_010, None),
                ],
            },
            Channel {
                id: ChannelId::derived(id, 1),
                offset_ms: 5_010,
                duration_ms: None,
                end_reason: None,
                integration_type: None,
                role: PartyRole::Agent,
                agent: Some(AgentNumber::parse("2041").unwrap()),
                touchpoint: None,
                events: Vec::new(),
            },
        ],
        queue_visits: vec![QueueVisit {
            queue: "Billing".to_owned(),
            kind: QueueKind::Acd,
            entered_at: started_at.plus_ms(10),
            left_at: Some(started_at.plus_ms(5_010)),
            plan: None,
            skills: vec!["Billing".to_owned(), "English".to_owned()],
            category: Some("Answered".to_owned()),
            reason: Some("Delivered".to_owned()),
            target_ms: Some(20_000),
            role: PartyRole::External,
        }],
    }
}

#[tokio::test]
async fn an_interaction_is_read_as_it_was_written() {
    for store in stores().await {
        let account = account(&store.db).await;
        let mut ongoing = call(&account, 2);
        ongoing.ended_at = None;
        ongoing.plan = None;
        ongoing.queue_visits[0].left_at = None;
        let mut tx = store.db.begin_write().await.unwrap();
        for interaction in [&call(&account, 1), &ongoing] {
            assert!(interaction_insert(&mut tx, interaction).await.unwrap());
            assert!(!interaction_insert(&mut tx, interaction).await.unwrap());
        }
        tx.commit().await.unwrap();

        let mut tx = store.db.begin_read().await.unwrap();
        for written in [call(&account, 1), ongoing] {
            let read = interaction_find(&mut tx, account.id, written.id).await;
            assert_eq!(read.unwrap(), Some(written), "{}", store.engine);
        }
        let unknown = InteractionId::from_bytes([9; 16]);
        assert_eq!(
            interaction_find(&mut tx, account.id, unknown)
                .await
                .unwrap(),
            None
        );
    }
}

#[tokio::test]
async fn a_replaced_interaction_keeps_nothing_of_the_old_one() {
    for store in stores().await {
        let account = account(&store.db).await;
        let mut new = call(&account, 1);
        new.channels.truncate(1);
        new.queue_visits.clear();
        new.connect_from = Address::parse("sam@acme.example").unwrap();
        let mut tx = store.db.begin_write().await.unwrap();
        assert!(
            interaction_replace(&mut tx, &call(&account, 1))
                .await
                .unwrap()
        );
        assert!(!interaction_replace(&mut tx, &new).await.unwrap());
        let read = interaction_find(&mut tx, account.id, new.id).await.unwrap();
        assert_eq!(read, Some(new.clone()), "{}", store.engine);
        let agents = tx
            .fetch_one("SELECT COUNT(*) AS n FROM interaction_agents", &[])
            .await
            .unwrap();
        assert_eq!(agents.int("n").unwrap(), 0, "{}", store.engine);

        assert!(
            interaction_delete(&mut tx, account.id, new.id)
                .await
                .unwrap()
        );
        assert!(
            !interaction_delete(&mut tx, account.id, new.id)
                .await
                .unwrap()
        );
        let left = tx
            .fetch_one("SELECT COUNT(*) AS n FROM channels", &[])
            .await;
        assert_eq!(left.unwrap().int("n").unwrap(), 0, "{}", store.engine);
    }
}

#[tokio::test]
async fn many_rows_are_completed_in_their_order() {
    for store in stores().await {
        let account = account(&store.db).await;
        let mut tx = store.db.begin_write().await.unwrap();
        for n in [3, 1, 2] {
            interaction_insert(&mut tx, &call(&account, n))
                .await
                .unwrap();
        }
        let rows = tx
            .fetch_all("SELECT * FROM interactions ORDER BY started_at DESC", &[])
            .await
            .unwrap();
        let read = interactions_from_rows(&mut tx, account.id, &rows)
            .await
            .unwrap();
        let written: Vec<Interaction> = [3, 2, 1].map(|n| call(&account, n)).into();
        assert_eq!(read, written, "{}", store.engine);
    }
}

#[tokio::test]
async fn eight_writers_of_one_interaction_have_one_winner() {
    for store in stores().await {
        let account = account(&store.db).await;
        let writers: Vec<_> = (0..8)
            .map(|_| {
                let (db, interaction) = (store.db.clone(), call(&account, 1));
                tokio::spawn(async move {
                    let mut tx = db.begin_write().await.unwrap();
                    let added = interaction_insert(&mut tx, &interaction).await.unwrap();
                    tx.commit().await.unwrap();
                    added
                })
            })
            .collect();
        let mut winners = 0;
        for writer in writers {
            winners += u32::from(writer.await.unwrap());
        }
        assert_eq!(winners, 1, "{}", store.engine);
    }
}
