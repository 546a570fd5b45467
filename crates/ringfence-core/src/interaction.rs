//! Interactions: calls, chats and the like, with who took part and where they waited.

use crate::id::{AccountId, ChannelId, ConversationId, InteractionId};
use crate::time::Timestamp;
use crate::user::{AgentNumber, Line};
use thiserror::Error;

/// Who began it (vcc-api §10.2, §11.2).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Direction {
    /// The customer.
    Inbound,
    /// The agent.
    Outbound,
    /// Between agents.
    Internal,
}

/// Part of a participant in an interaction.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum PartyRole {
    /// Somebody outside, as a rule the customer.
    External,
    /// An agent of the account.
    Agent,
}

/// Kind of a queue (vcc-api §10.9).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum QueueKind {
    /// People wait for an agent.
    Acd,
    /// People wait for a callback.
    Virtual,
}

/// A number, e-mail address or chat handle at one end of an interaction.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Address(Box<str>);

/// One interaction as it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Interaction {
    /// Its id, the `guid` of the APIs.
    pub id: InteractionId,
    /// The account it belongs to.
    pub account_id: AccountId,
    /// The conversation it belongs to.
    pub conversation_id: ConversationId,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended; none while it goes on.
    pub ended_at: Option<Timestamp>,
    /// When what is known of it last changed.
    pub processed_at: Timestamp,
    /// Who began it.
    pub direction: Direction,
    /// `Phone` for calls.
    pub medium: String,
    /// `VCC` for the contact centre itself.
    pub medium_manager: String,
    /// What it was about: a destination, plan or queue.
    pub service_name: Option<String>,
    /// The address that began it.
    pub connect_from: Address,
    /// The address that was contacted.
    pub connect_to: Address,
    /// The address whose permission gates its content.
    pub line: Line,
    /// When a disposition was set.
    pub categorized_at: Option<Timestamp>,
    /// How it went, such as `Handled by agent`.
    pub outcome: Option<String>,
    /// The interaction plan it went through.
    pub plan: Option<PlanMapping>,
    /// Who took part; the first is as a rule the customer.
    pub channels: Vec<Channel>,
    /// Where they waited.
    pub queue_visits: Vec<QueueVisit>,
}

/// The four names of an interaction plan mapping.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PlanMapping {
    /// Name of the address.
    pub address_name: String,
    /// Name of the mapping.
    pub mapping_name: String,
    /// Name of the plan.
    pub interaction_plan_name: String,
    /// The reporting group.
    pub reporting_group: String,
}

/// One participant's involvement.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Channel {
    /// Its id.
    pub id: ChannelId,
    /// From the interaction's start to its own.
    pub offset_ms: u64,
    /// How long it lasted; none while it goes on.
    pub duration_ms: Option<u64>,
    /// Why it ended, such as `Released`.
    pub end_reason: Option<String>,
    /// The kind of integration behind it.
    pub integration_type: Option<String>,
    /// Part of the participant.
    pub role: PartyRole,
    /// The agent, when it is one.
    pub agent: Option<AgentNumber>,
    /// The participant's address.
    pub touchpoint: Option<Address>,
    /// What happened, in order.
    pub events: Vec<ChannelEvent>,
}

/// Something that happened on a channel. The platform's full list of kinds is not published, so the text is kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ChannelEvent {
    /// `Ringing`, `Connected`, `Queue` and others.
    pub kind: String,
    /// From the interaction's start.
    pub offset_ms: u64,
    /// A name, such as the queue's.
    pub name: Option<String>,
    /// How long it lasted; none while it goes on.
    pub duration_ms: Option<u64>,
}

/// One stay in a queue.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct QueueVisit {
    /// The queue's name.
    pub queue: String,
    /// Its kind.
    pub kind: QueueKind,
    /// When the stay began.
    pub entered_at: Timestamp,
    /// When it ended; none while queued.
    pub left_at: Option<Timestamp>,
    /// The plan or address that led there.
    pub plan: Option<String>,
    /// Skills asked for.
    pub skills: Vec<String>,
    /// `Answered`, `Abandoned`, `Breakout` and others.
    pub category: Option<String>,
    /// Such as `Delivered`.
    pub reason: Option<String>,
    /// How soon it should be answered.
    pub target_ms: Option<u64>,
    /// Who waited.
    pub role: PartyRole,
}

/// A value of this module is not one of those allowed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum InteractionError {
    /// Not a direction.
    #[error("the direction is not one of inbound, outbound, internal")]
    Direction,
    /// Not a role.
    #[error("the party's role is not one of External, Agent")]
    Role,
    /// Not a kind of queue.
    #[error("the kind of queue is not one of ACD, Virtual")]
    QueueKind,
    /// Not an address.
    #[error(
        "an address has 1 to 256 printable characters; one that starts with + is a number of 1 to 15 digits"
    )]
    Address,
}

impl Direction {
    /// Every direction.
    pub const ALL: [Self; 3] = [Self::Inbound, Self::Outbound, Self::Internal];

    /// `inbound`, `outbound` or `internal`, as the Interaction Content API writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
            Self::Internal => "internal",
        }
    }

    /// `Inbound`, `Outbound` or `Internal`, as the Insights Stats API writes it.
    #[must_use]
    pub const fn as_capitalised(self) -> &'static str {
        match self {
            Self::Inbound => "Inbound",
            Self::Outbound => "Outbound",
            Self::Internal => "Internal",
        }
    }

    /// Parses either text, in any case.
    ///
    /// # Errors
    /// The text is no direction.
    pub fn parse(text: &str) -> Result<Self, InteractionError> {
        Self::ALL
            .into_iter()
            .find(|d| d.as_str().eq_ignore_ascii_case(text))
            .ok_or(InteractionError::Direction)
    }
}

impl PartyRole {
    /// `External` or `Agent`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::External => "External",
            Self::Agent => "Agent",
        }
    }

    /// Parses the text.
    ///
    /// # Errors
    /// The text is no role.
    pub fn parse(text: &str) -> Result<Self, InteractionError> {
        [Self::External, Self::Agent]
            .into_iter()
            .find(|r| r.as_str() == text)
            .ok_or(InteractionError::Role)
    }
}

impl QueueKind {
    /// `ACD` or `Virtual`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Acd => "ACD",
            Self::Virtual => "Virtual",
        }
    }

    /// Parses the text, in any case.
    ///
    /// # Errors
    /// The text is no kind of queue.
    pub fn parse(text: &str) -> Result<Self, InteractionError> {
        [Self::Acd, Self::Virtual]
            .into_iter()
            .find(|k| k.as_str().eq_ignore_ascii_case(text))
            .ok_or(InteractionError::QueueKind)
    }
}

impl Address {
    /// Parses an address.
    ///
    /// # Errors
    /// The text is empty, too long, holds a control character, or starts like an
    /// international number and is none (E.164: 1 to 15 digits).
    pub fn parse(text: &str) -> Result<Self, InteractionError> {
        let trimmed = text.trim() == text;
        if text.is_empty() || text.len() > 256 || !trimmed || text.chars().any(char::is_control) {
            return Err(InteractionError::Address);
        }
        if let Some(digits) = text.strip_prefix('+')
            && !(matches!(digits.len(), 1..=15) && digits.bytes().all(|b| b.is_ascii_digit()))
        {
            return Err(InteractionError::Address);
        }
        Ok(Self(text.into()))
    }

    /// The address as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Interaction {
    /// How long it lasted; none while it goes on.
    #[must_use]
    pub fn duration_ms(&self) -> Option<u64> {
        let ms = self.ended_at?.ms_since(self.started_at);
        Some(u64::try_from(ms).unwrap_or(0))
    }

    /// The agents who handled it, each once, in order of their channels.
    #[must_use]
    pub fn handling_agents(&self) -> Vec<&AgentNumber> {
        let mut agents: Vec<&AgentNumber> = Vec::new();
        for agent in self.channels.iter().filter_map(|c| c.agent.as_ref()) {
            if !agents.contains(&agent) {
                agents.push(agent);
            }
        }
        agents
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_numbers_or_handles() {
        for good in [
            "+441632960101",
            "01632960101",
            "2041",
            "sam@acme.example",
            "anonymous",
            "Web chat 7",
        ] {
            assert_eq!(Address::parse(good).unwrap().as_str(), good);
        }
        for bad in [
            "",
            " ",
            "+",
            "+44 1632",
            "+44abc",
            "+1234567890123456",
            "a\nb",
            &"x".repeat(257),
        ] {
            assert_eq!(Address::parse(bad), Err(InteractionError::Address), "{bad}");
        }
    }

    #[test]
    fn directions_are_read_in_both_spellings() {
        for direction in Direction::ALL {
            assert_eq!(Direction::parse(direction.as_str()), Ok(direction));
            assert_eq!(Direction::parse(direction.as_capitalised()), Ok(direction));
        }
        assert!(Direction::parse("sideways").is_err());
    }
}
