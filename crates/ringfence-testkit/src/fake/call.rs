//! Calls and the files of calls.

use std::collections::VecDeque;

use super::audio::{Audio, Wav};
use super::switches::DownloadFault;

/// Who began the call.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Direction {
    /// The customer.
    Inbound,
    /// The agent.
    Outbound,
    /// A colleague; never has content here.
    Internal,
}

/// One file of a call.
#[derive(Clone, Debug)]
pub struct Item {
    /// Used verbatim in the path.
    pub key: String,
    /// `callRecording`, `voicemail`, …
    pub kind: String,
    /// Media type.
    pub media_type: String,
    /// The bytes.
    pub audio: Audio,
    /// When it last changed, in milliseconds since the epoch.
    pub last_modified: i64,
    /// When the search begins to show it.
    pub appears_at: i64,
    /// When it was deleted.
    pub deleted_at: Option<i64>,
    /// One fault per request, in order; the last one repeats if `fault_for_ever`.
    pub faults: VecDeque<DownloadFault>,
    /// Keeps the last fault.
    pub fault_for_ever: bool,
    /// Sent as `Content-Disposition` when present.
    pub disposition: Option<String>,
}

/// One interaction.
#[derive(Clone, Debug)]
pub struct Call {
    /// Its identifier.
    pub guid: String,
    /// When it began, in milliseconds since the epoch.
    pub start: i64,
    /// How long it lasted; the agent talks for all of it but four seconds.
    pub duration_ms: u64,
    /// Who began.
    pub direction: Direction,
    /// Initiating address.
    pub from: String,
    /// Receiving address.
    pub to: String,
    /// Agent who handled it; `None` for a call that nobody took.
    pub agent: Option<String>,
    /// Address whose permission gates the content.
    pub line: String,
    /// Group of the agent.
    pub group: String,
    /// `Phone`, `Email`, …
    pub medium: String,
    /// When statistics begin to show it.
    pub known_at: i64,
    /// When a disposition was set, or anything else was processed.
    pub processed_at: Option<i64>,
    /// Files.
    pub items: Vec<Item>,
    /// More members for the search's row.
    pub extra: serde_json::Map<String, serde_json::Value>,
    /// More members for the statistics' row.
    pub stats_extra: serde_json::Map<String, serde_json::Value>,
}

/// A GUID that says which number it has.
#[must_use]
pub fn guid(number: u64) -> String {
    format!("0190a1b2-{:04x}-4d5e-8f60-{number:012x}", number % 0xffff)
}

/// Agents of a sample account: number, name, group, line.
pub(super) const AGENTS: [(&str, &str, &str, &str); 4] = [
    ("2041", "Sam Lee", "Sales", "+441632960900"),
    ("2042", "Ana Diaz", "Sales", "+441632960900"),
    ("2043", "Kim Park", "Billing", "+441632960901"),
    ("2044", "Lou Marsh", "Billing", "+441632960901"),
];

impl Call {
    /// A finished, recorded call between a customer and an agent of [`FakeAccount::sample`].
    #[must_use]
    pub fn recorded(number: u64, start: i64, duration_ms: u64) -> Self {
        let mut call = Self::unrecorded(number, start, duration_ms);
        call.items
            .push(Item::recording(Wav::call(number, duration_ms), call.end()));
        call
    }

    /// The same without a recording.
    #[must_use]
    pub fn unrecorded(number: u64, start: i64, duration_ms: u64) -> Self {
        let (agent, _, group, line) = AGENTS[usize::try_from(number % 4).unwrap_or(0)];
        let customer = format!("+4416329601{:02}", number % 100);
        let direction = if (number / 4).is_multiple_of(2) {
            Direction::Inbound
        } else {
            Direction::Outbound
        };
        let (from, to) = match direction {
            Direction::Inbound | Direction::Internal => (customer, line.to_owned()),
            Direction::Outbound => (line.to_owned(), customer),
        };
        Self {
            guid: guid(number),
            start,
            duration_ms,
            direction,
            from,
            to,
            agent: Some(agent.to_owned()),
            line: line.to_owned(),
            group: group.to_owned(),
            medium: "Phone".to_owned(),
            known_at: start,
            processed_at: None,
            items: Vec::new(),
            extra: serde_json::Map::new(),
            stats_extra: serde_json::Map::new(),
        }
    }

    /// The same with other bytes in its recording.
    #[must_use]
    pub fn with_audio(mut self, audio: impl Into<Audio>) -> Self {
        let at = self.end();
        self.items.retain(|item| item.key != "callRecording");
        self.items.push(Item::recording(audio, at));
        self
    }

    /// The same with faults, one per request for its recording.
    #[must_use]
    pub fn with_faults(mut self, faults: &[DownloadFault]) -> Self {
        for item in &mut self.items {
            item.faults = faults.iter().copied().collect();
        }
        self
    }

    /// The same with one fault that never ends.
    #[must_use]
    pub fn always(self, fault: DownloadFault) -> Self {
        let mut call = self.with_faults(&[fault]);
        for item in &mut call.items {
            item.fault_for_ever = true;
        }
        call
    }

    /// The same with content that appears late.
    #[must_use]
    pub fn appearing_after(mut self, delay_ms: i64) -> Self {
        let end = self.end();
        for item in &mut self.items {
            item.appears_at = end + delay_ms;
            item.last_modified = end + delay_ms;
        }
        self
    }

    /// When it ended.
    #[must_use]
    pub fn end(&self) -> i64 {
        self.start + i64::try_from(self.duration_ms).unwrap_or(i64::MAX)
    }

    /// Its recording.
    #[must_use]
    pub fn recording(&self) -> Option<&Item> {
        self.items.iter().find(|item| item.kind == "callRecording")
    }
}

impl Item {
    /// A call recording.
    #[must_use]
    pub fn recording(audio: impl Into<Audio>, at: i64) -> Self {
        Self {
            key: "callRecording".to_owned(),
            kind: "callRecording".to_owned(),
            media_type: "audio/wav".to_owned(),
            audio: audio.into(),
            last_modified: at,
            appears_at: at,
            deleted_at: None,
            faults: VecDeque::new(),
            fault_for_ever: false,
            disposition: None,
        }
    }

    /// Another file.
    #[must_use]
    pub fn other(key: &str, kind: &str, media_type: &str, bytes: &[u8], at: i64) -> Self {
        Self {
            key: key.to_owned(),
            kind: kind.to_owned(),
            media_type: media_type.to_owned(),
            ..Self::recording(bytes.to_vec(), at)
        }
    }

    pub(super) fn there(&self, now: i64) -> bool {
        self.appears_at <= now && self.deleted_at.is_none_or(|at| now < at)
    }

    pub(super) fn take_fault(&mut self) -> DownloadFault {
        if self.fault_for_ever && self.faults.len() == 1 {
            return self.faults.front().copied().unwrap_or(DownloadFault::None);
        }
        self.faults.pop_front().unwrap_or(DownloadFault::None)
    }
}
