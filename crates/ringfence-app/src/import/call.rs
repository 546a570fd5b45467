//! From what a list says of a call to an interaction with channels and queue visits.

use ringfence_core::id::{AccountId, ChannelId, ConversationId, InteractionId};
use ringfence_core::interaction::{
    Address, Channel, ChannelEvent, Direction, Interaction, PartyRole, QueueKind, QueueVisit,
};
use ringfence_core::time::Timestamp;
use ringfence_core::user::{AgentNumber, Line};

/// What a list says of a call.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Call {
    pub id: InteractionId,
    pub started_at: Timestamp,
    pub duration_ms: u64,
    /// From the start until two people talked; none when they never did.
    pub connected_after_ms: Option<u64>,
    pub direction: Direction,
    pub connect_from: Address,
    pub connect_to: Address,
    pub agent: Option<AgentNumber>,
    pub line: Line,
    pub queue: Option<String>,
}

impl Call {
    /// The interaction this call is. A list knows of one agent and one queue, so there
    /// are at most two channels and one visit; a wait that the list does not tell is 0.
    pub(crate) fn interaction(&self, account_id: AccountId, now: Timestamp) -> Interaction {
        let ms = i64::try_from(self.duration_ms).unwrap_or(i64::MAX);
        let handled = self.connected_after_ms.is_some() && self.agent.is_some();
        let mut channels = vec![self.customer_channel()];
        channels.extend(self.agent_channel());
        Interaction {
            id: self.id,
            account_id,
            conversation_id: ConversationId::derived(self.id),
            started_at: self.started_at,
            ended_at: Some(self.started_at.plus_ms(ms)),
            processed_at: now,
            direction: self.direction,
            medium: "Phone".to_owned(),
            medium_manager: "VCC".to_owned(),
            service_name: self.queue.clone(),
            connect_from: self.connect_from.clone(),
            connect_to: self.connect_to.clone(),
            line: self.line.clone(),
            categorized_at: None,
            outcome: handled.then(|| "Handled by agent".to_owned()),
            plan: None,
            channels,
            queue_visits: self.queue_visit().into_iter().collect(),
        }
    }

    /// The first thing in which a stored interaction contradicts this call.
    pub(crate) fn contradiction(&self, stored: &Interaction) -> Option<&'static str> {
        let new = self.interaction(stored.account_id, stored.processed_at);
        [
            ("start", new.started_at != stored.started_at),
            ("duration", new.ended_at != stored.ended_at),
            ("direction", new.direction != stored.direction),
            ("connect_from", new.connect_from != stored.connect_from),
            ("connect_to", new.connect_to != stored.connect_to),
            ("line", new.line != stored.line),
            ("queue", new.service_name != stored.service_name),
            ("agent", new.handling_agents() != stored.handling_agents()),
        ]
        .into_iter()
        .find_map(|(name, differs)| differs.then_some(name))
    }

    // Until somebody talked, or to the end when nobody did.
    fn wait_ms(&self) -> u64 {
        self.connected_after_ms
            .unwrap_or(self.duration_ms)
            .min(self.duration_ms)
    }

    fn customer_channel(&self) -> Channel {
        let (touchpoint, waiting) = match self.direction {
            Direction::Inbound => (&self.connect_from, self.queue.as_ref().map(|_| "Queue")),
            Direction::Outbound | Direction::Internal => (&self.connect_to, None),
        };
        let wait_ms = self.wait_ms();
        let mut events = vec![event(waiting.unwrap_or("Ringing"), 0, wait_ms)];
        if waiting.is_some() {
            events[0].name.clone_from(&self.queue);
        }
        if self.connected_after_ms.is_some() {
            events.push(event("Connected", wait_ms, self.duration_ms - wait_ms));
        }
        Channel {
            id: ChannelId::derived(self.id, 0),
            offset_ms: 0,
            duration_ms: Some(self.duration_ms),
            end_reason: Some("Released".to_owned()),
            integration_type: None,
            role: PartyRole::External,
            agent: None,
            touchpoint: Some(touchpoint.clone()),
            events,
        }
    }

    fn agent_channel(&self) -> Option<Channel> {
        let agent = self.agent.clone()?;
        // Who calls is there from the start; who is called, from the answer on.
        let offset_ms = match self.direction {
            Direction::Inbound => self.wait_ms(),
            Direction::Outbound | Direction::Internal => 0,
        };
        let wait_ms = self.wait_ms();
        let connected = self
            .connected_after_ms
            .map(|_| event("Connected", wait_ms, self.duration_ms - wait_ms));
        Some(Channel {
            id: ChannelId::derived(self.id, 1),
            offset_ms,
            duration_ms: Some(self.duration_ms - offset_ms),
            end_reason: Some("Released".to_owned()),
            integration_type: None,
            role: PartyRole::Agent,
            agent: Some(agent),
            touchpoint: None,
            events: connected.into_iter().collect(),
        })
    }

    fn queue_visit(&self) -> Option<QueueVisit> {
        let queue = self.queue.clone()?;
        if self.direction != Direction::Inbound {
            return None;
        }
        let answered = self.connected_after_ms.is_some();
        let wait_ms = i64::try_from(self.wait_ms()).unwrap_or(i64::MAX);
        Some(QueueVisit {
            queue,
            kind: QueueKind::Acd,
            entered_at: self.started_at,
            left_at: Some(self.started_at.plus_ms(wait_ms)),
            plan: Some(self.line.as_str().to_owned()),
            skills: Vec::new(),
            category: Some(if answered { "Answered" } else { "Abandoned" }.to_owned()),
            reason: answered.then(|| "Delivered".to_owned()),
            target_ms: None,
            role: PartyRole::External,
        })
    }
}

fn event(kind: &str, offset_ms: u64, duration_ms: u64) -> ChannelEvent {
    ChannelEvent {
        kind: kind.to_owned(),
        offset_ms,
        name: None,
        duration_ms: Some(duration_ms),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call() -> Call {
        Call {
            id: InteractionId::from_bytes([7; 16]),
            started_at: Timestamp::from_ms(1_000),
            duration_ms: 60_000,
            connected_after_ms: Some(5_000),
            direction: Direction::Inbound,
            connect_from: Address::parse("+441632960101").unwrap(),
            connect_to: Address::parse("+441632960900").unwrap(),
            agent: Some(AgentNumber::parse("2041").unwrap()),
            line: Line::parse("+441632960900").unwrap(),
            queue: Some("Billing".to_owned()),
        }
    }

    fn interaction(call: &Call) -> Interaction {
        call.interaction(AccountId::from_bytes([1; 16]), Timestamp::from_ms(9))
    }

    #[test]
    fn an_answered_call_waits_then_talks() {
        let made = interaction(&call());
        assert_eq!(made.duration_ms(), Some(60_000));
        assert_eq!(made.channels[0].id.to_string(), made.id.to_string());
        let events: Vec<_> = made.channels[0]
            .events
            .iter()
            .map(|e| (e.kind.as_str(), e.offset_ms))
            .collect();
        assert_eq!(events, [("Queue", 0), ("Connected", 5_000)]);
        assert_eq!(
            (made.channels[1].offset_ms, made.channels[1].duration_ms),
            (5_000, Some(55_000))
        );
        assert_eq!(
            made.queue_visits[0].left_at,
            Some(Timestamp::from_ms(6_000))
        );
        assert_eq!(made.queue_visits[0].category.as_deref(), Some("Answered"));
    }

    #[test]
    fn a_call_nobody_took_is_abandoned() {
        let made = interaction(&Call {
            connected_after_ms: None,
            agent: None,
            ..call()
        });
        assert_eq!(made.channels.len(), 1);
        assert_eq!(made.outcome, None);
        assert_eq!(made.queue_visits[0].category.as_deref(), Some("Abandoned"));
        assert!(
            made.channels[0]
                .events
                .iter()
                .all(|e| e.kind != "Connected")
        );
    }

    #[test]
    fn an_outbound_call_never_queues() {
        let made = interaction(&Call {
            direction: Direction::Outbound,
            ..call()
        });
        assert!(made.queue_visits.is_empty());
        assert_eq!(made.channels[1].offset_ms, 0);
        assert_eq!(made.channels[0].touchpoint, Some(call().connect_to));
    }

    #[test]
    fn names_what_contradicts() {
        let stored = interaction(&call());
        assert_eq!(call().contradiction(&stored), None);
        let other = Call {
            agent: None,
            ..call()
        };
        assert_eq!(other.contradiction(&stored), Some("agent"));
        let other = Call {
            duration_ms: 1,
            ..call()
        };
        assert_eq!(other.contradiction(&stored), Some("duration"));
    }
}
