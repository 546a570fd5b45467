//! Calls and content for tests, put into the store as an import would.

use crate::test_app::TestApp;
use ringfence_core::account::Account;
use ringfence_core::content::{ContentItem, ContentKey, ContentKind};
use ringfence_core::digest::ContentDigest;
use ringfence_core::id::{ChannelId, ConversationId, InteractionId, RequestId};
use ringfence_core::interaction::{
    Address, Channel, ChannelEvent, Direction, Interaction, PartyRole, QueueKind, QueueVisit,
};
use ringfence_core::time::Timestamp;
use ringfence_core::user::{AgentNumber, Line};
use ringfence_store::blobs::ledger::blob_claim;
use ringfence_store::contents::{content_hold_set, content_insert, content_list};
use ringfence_store::interactions::interaction_insert;
use ringfence_store::leases::{lease_release, lease_take};

/// When call 0 began: a quarter of a second into a second.
pub const FIRST_START: &str = "2026-03-02T09:15:30.250Z";

/// An inbound call of three minutes that agent 2041 handled after a stay in a queue. Call `n` began `n` minutes after the
/// first, on the line `+441632960900`.
#[must_use]
pub fn call(account: &Account, n: u8) -> Interaction {
    let mut bytes = [0x41; 16];
    bytes[15] = n;
    let id = InteractionId::from_bytes(bytes);
    let first = Timestamp::parse(FIRST_START).expect("an instant");
    let started_at = first.plus_secs(i64::from(n) * 60);
    let address = |text: &str| Address::parse(text).expect("a good address");
    let event = |kind: &str, offset_ms, duration_ms| ChannelEvent {
        kind: kind.to_owned(),
        offset_ms,
        name: None,
        duration_ms: Some(duration_ms),
    };
    let channel = |n: u32, role, agent: Option<&str>, touchpoint: &str, offset_ms: u64| Channel {
        id: ChannelId::derived(id, n),
        offset_ms,
        duration_ms: Some(184_200 - offset_ms),
        end_reason: Some("Released".to_owned()),
        integration_type: None,
        role,
        agent: agent.map(|a| AgentNumber::parse(a).expect("a good agent id")),
        touchpoint: Some(address(touchpoint)),
        events: vec![
            event("Ringing", offset_ms, 0),
            event("Connected", offset_ms, 184_200 - offset_ms),
        ],
    };
    Interaction {
        id,
        account_id: account.id,
        conversation_id: ConversationId::derived(id),
        started_at,
        ended_at: Some(started_at.plus_ms(184_200)),
        processed_at: started_at.plus_ms(3_600_000),
        direction: Direction::Inbound,
        medium: "Phone".to_owned(),
        medium_manager: "VCC".to_owned(),
        service_name: Some("Billing".to_owned()),
        connect_from: address("+441632960101"),
        connect_to: address("+441632960900"),
        line: Line::parse("+441632960900").expect("a good line"),
        categorized_at: None,
        outcome: Some("Handled by agent".to_owned()),
        plan: None,
        channels: vec![
            channel(0, PartyRole::External, None, "+441632960101", 0),
            channel(1, PartyRole::Agent, Some("2041"), "+441632960201", 4_100),
        ],
        queue_visits: vec![QueueVisit {
            queue: "Billing queue".to_owned(),
            kind: QueueKind::Acd,
            entered_at: started_at.plus_ms(750),
            left_at: Some(started_at.plus_ms(5_950)),
            plan: Some("01632960900".to_owned()),
            skills: vec!["Billing".to_owned()],
            category: Some("Answered".to_owned()),
            reason: Some("Delivered".to_owned()),
            target_ms: Some(20_000),
            role: PartyRole::External,
        }],
    }
}

/// The bytes of an item in tests: `n_bytes` of a pattern without a short period.
#[must_use]
pub fn bytes(n_bytes: u32) -> Vec<u8> {
    let byte = |n: u32| n.wrapping_mul(2_654_435_761).to_be_bytes()[0];
    (0..n_bytes).map(byte).collect()
}

impl TestApp {
    /// Stores a call.
    ///
    /// # Panics
    /// It is there already.
    pub async fn store_call(&self, call: &Interaction) {
        let mut tx = self.ctx.db.begin_write().await.expect("the store answers");
        let added = interaction_insert(&mut tx, call).await;
        assert!(
            added.expect("the store takes a call"),
            "a call of that id exists"
        );
        tx.commit().await.expect("the store commits");
    }

    /// Stores an item of a call.
    ///
    /// # Panics
    /// The call has one of that key.
    pub async fn store_item(
        &self,
        call: &Interaction,
        kind: ContentKind,
        bytes: &[u8],
    ) -> ContentItem {
        let sha256 = ContentDigest::of(bytes);
        let item = ContentItem {
            key: ContentKey::derived(kind, call.id, sha256),
            kind,
            media_type: kind.media_type().to_owned(),
            size_bytes: bytes.len() as u64,
            sha256,
            last_modified: call.started_at.plus_secs(220),
            owner_agent: None,
            owner_plan: None,
            properties: None,
            legal_hold: false,
        };
        let mut writer = self.ctx.blobs.writer().await.expect("the spool opens");
        writer.write(bytes).await.expect("the spool takes bytes");
        let staged = writer.finish().await.expect("the spool finishes");
        let mut tx = self.ctx.db.begin_write().await.expect("the store answers");
        blob_claim(&mut tx, sha256, item.size_bytes, self.ctx.now())
            .await
            .expect("the blob is claimed");
        self.ctx
            .blobs
            .publish(staged)
            .await
            .expect("the blob is published");
        let added = content_insert(&mut tx, call.account_id, call.id, &item).await;
        assert!(
            added.expect("the store takes an item"),
            "an item of that key exists"
        );
        tx.commit().await.expect("the store commits");
        item
    }

    /// Stores a call with a recording of 1,000 bytes.
    pub async fn store_recorded(&self, call: &Interaction) -> ContentItem {
        self.store_call(call).await;
        self.store_item(call, ContentKind::CallRecording, &bytes(1_000))
            .await
    }

    /// Puts an item under legal hold.
    ///
    /// # Panics
    /// There is no such item.
    pub async fn hold(&self, call: &Interaction, item: &ContentItem) {
        let mut tx = self.ctx.db.begin_write().await.expect("the store answers");
        let held = content_hold_set(&mut tx, call.account_id, call.id, &item.key, true).await;
        assert!(held.expect("the store holds an item"), "no such item");
        tx.commit().await.expect("the store commits");
    }

    /// The types of the items a call has, in alphabetical order.
    pub async fn kinds(&self, call: &Interaction) -> Vec<&'static str> {
        let mut tx = self.ctx.db.begin_read().await.expect("the store answers");
        let items = content_list(&mut tx, call.account_id, call.id).await;
        let items = items.expect("the store lists items");
        let mut kinds: Vec<&str> = items.iter().map(|i| i.kind.as_str()).collect();
        kinds.sort_unstable();
        kinds
    }

    /// Takes a lease as another request would, for 20 seconds.
    ///
    /// # Panics
    /// Somebody holds it.
    pub async fn take_lease(&self, name: &str) -> RequestId {
        let now = self.ctx.now();
        let holder = RequestId::new(now, &*self.ctx.random);
        let mut tx = self.ctx.db.begin_write().await.expect("the store answers");
        let taken = lease_take(&mut tx, name, holder, now, now.plus_secs(20)).await;
        assert_eq!(taken.expect("the store gives a lease"), Ok(()));
        tx.commit().await.expect("the store commits");
        holder
    }

    /// Gives a lease back.
    pub async fn release_lease(&self, name: &str, holder: RequestId) {
        let mut tx = self.ctx.db.begin_write().await.expect("the store answers");
        lease_release(&mut tx, name, holder)
            .await
            .expect("the store takes a lease back");
        tx.commit().await.expect("the store commits");
    }
}
