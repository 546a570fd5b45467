//! What statistics speak of: windows, stays in queues, and what agents do now (vcc-api §10).

use crate::id::{ChannelId, InteractionId};
use crate::interaction::{ChannelEvent, Direction, QueueVisit};
use crate::time::Timestamp;
use crate::user::AgentNumber;

/// What must fall into the window (vcc-api §10.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Include {
    /// The start.
    Started,
    /// The start or the end.
    StartedOrEnded,
    /// The start, the end, or the last change.
    Processed,
}

/// A visit to a queue with what the API says of its interaction.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WindowedVisit {
    /// The interaction.
    pub interaction_id: InteractionId,
    /// Its medium.
    pub medium: String,
    /// Who manages the medium.
    pub medium_manager: String,
    /// The visit.
    pub visit: QueueVisit,
}

/// An agent and when their latest interaction ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AgentActivity {
    /// Their number.
    pub agent: AgentNumber,
    /// The end of the interaction they began last; none when it goes on or there is none.
    pub last_ended_at: Option<Timestamp>,
}

/// An agent's part in an interaction that goes on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OngoingChannel {
    /// The agent.
    pub agent: AgentNumber,
    /// The interaction.
    pub interaction_id: InteractionId,
    /// The agent's channel.
    pub channel_id: ChannelId,
    /// When the interaction began.
    pub started_at: Timestamp,
    /// When the agent joined, from its start.
    pub offset_ms: u64,
    /// Who began it.
    pub direction: Direction,
    /// Its medium.
    pub medium: String,
    /// Who manages the medium.
    pub medium_manager: String,
    /// What happened on the channel, in order.
    pub events: Vec<ChannelEvent>,
}

/// How much of an agent's attention an interaction takes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Workload {
    /// A call.
    Call,
    /// A conversation in writing, as it happens.
    SemiLive,
    /// Something that can wait, such as a case or an e-mail.
    NonLive,
}

impl Include {
    /// Parses the text of the API, in any case; `None` when it is none of them.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [
            ("Started", Self::Started),
            ("StartedOrEnded", Self::StartedOrEnded),
            ("Processed", Self::Processed),
        ]
        .into_iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(text))
        .map(|(_, include)| include)
    }
}

impl OngoingChannel {
    /// How much of the agent's attention it takes, by its medium.
    #[must_use]
    pub fn workload(&self) -> Workload {
        let begins = |word: &str| {
            let start = self.medium.get(..word.len());
            start.is_some_and(|start| start.eq_ignore_ascii_case(word))
        };
        if begins("Phone") || begins("Call") {
            Workload::Call
        } else if begins("Chat") || begins("Web chat") || begins("Message") {
            Workload::SemiLive
        } else {
            Workload::NonLive
        }
    }

    /// When what goes on now began: the last event, or the agent's joining.
    #[must_use]
    pub fn since(&self) -> Timestamp {
        let offset_ms = self.events.last().map_or(self.offset_ms, |e| e.offset_ms);
        self.started_at
            .plus_ms(i64::try_from(offset_ms).unwrap_or(i64::MAX))
    }

    /// What goes on now: the kind of the last event. A channel without events is taken to be connected.
    #[must_use]
    pub fn state(&self) -> &str {
        self.events.last().map_or("Connected", |e| &e.kind)
    }
}
