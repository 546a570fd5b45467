//! Content items: what was recorded or written down of an interaction (vcc-api §11.3).

use crate::digest::ContentDigest;
use crate::id::InteractionId;
use crate::interaction::{Address, Direction};
use crate::time::Timestamp;
use crate::user::{AgentNumber, Line};
use thiserror::Error;

/// Kind of a content item, the `type` of the APIs.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ContentKind {
    /// The recording of a call; one for each interaction.
    CallRecording,
    /// What was said, as text.
    Transcript,
    /// Categories found by analysis.
    CategorizationResult,
    /// Sentiment found by analysis.
    SentimentSummary,
    /// What was written in a chat.
    ChatTranscript,
    /// A file sent in a chat.
    Attachment,
    /// A message left for an agent.
    Voicemail,
    /// What the agent's screen showed.
    ScreenRecording,
    /// Video and screen share with the customer.
    VideoRecording,
    /// Audio captured by the IVR Data Collector.
    IvrAudioRecording,
    /// A summary made by a model.
    ConversationSummary,
    /// The log of an interaction.
    InteractionLog,
}

/// The key of a content item within its interaction: a fixed word or an id.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ContentKey(Box<str>);

/// A content item. Its bytes lie in the blob store under their digest and never change.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ContentItem {
    /// Its key within the interaction.
    pub key: ContentKey,
    /// What it is.
    pub kind: ContentKind,
    /// Its media type, such as `audio/wav`.
    pub media_type: String,
    /// How many bytes it has.
    pub size_bytes: u64,
    /// The digest of its bytes, which is where they lie.
    pub sha256: ContentDigest,
    /// When it was put in place.
    pub last_modified: Timestamp,
    /// The agent it belongs to (voicemail).
    pub owner_agent: Option<AgentNumber>,
    /// The id of the interaction plan it belongs to (IVR audio).
    pub owner_plan: Option<String>,
    /// Free-form properties, as the text of a JSON object.
    pub properties: Option<String>,
    /// Whether it must not be deleted.
    pub legal_hold: bool,
}

/// An interaction as the Interaction Content API lists it, with all its items.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ContentListing {
    /// Its id.
    pub id: InteractionId,
    /// When it began.
    pub started_at: Timestamp,
    /// Who began it.
    pub direction: Direction,
    /// The address that began it.
    pub connect_from: Address,
    /// The address that was contacted.
    pub connect_to: Address,
    /// The address whose permission gates its content.
    pub line: Line,
    /// The agents who handled it, by number.
    pub agents: Vec<AgentNumber>,
    /// Its items, by key, whoever may see them.
    pub items: Vec<ContentItem>,
}

/// A value of this module is not one of those allowed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum ContentError {
    /// Not a kind.
    #[error(
        "the type is not one of callRecording, transcript, categorizationResult, sentimentSummary, chatTranscript, attachment, voicemail, screenRecording, videoRecording, ivrAudioRecording, conversationSummary, interactionLog"
    )]
    Kind,
    /// Not a key.
    #[error("a content key has 1 to 36 characters of 0-9 a-z A-Z ! - _ . , * ' ( )")]
    Key,
}

impl ContentKind {
    /// Every kind.
    pub const ALL: [Self; 12] = [
        Self::CallRecording,
        Self::Transcript,
        Self::CategorizationResult,
        Self::SentimentSummary,
        Self::ChatTranscript,
        Self::Attachment,
        Self::Voicemail,
        Self::ScreenRecording,
        Self::VideoRecording,
        Self::IvrAudioRecording,
        Self::ConversationSummary,
        Self::InteractionLog,
    ];

    /// The text of the APIs: `callRecording`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CallRecording => "callRecording",
            Self::Transcript => "transcript",
            Self::CategorizationResult => "categorizationResult",
            Self::SentimentSummary => "sentimentSummary",
            Self::ChatTranscript => "chatTranscript",
            Self::Attachment => "attachment",
            Self::Voicemail => "voicemail",
            Self::ScreenRecording => "screenRecording",
            Self::VideoRecording => "videoRecording",
            Self::IvrAudioRecording => "ivrAudioRecording",
            Self::ConversationSummary => "conversationSummary",
            Self::InteractionLog => "interactionLog",
        }
    }

    /// Parses the text, in any case.
    ///
    /// # Errors
    /// The text is no kind.
    pub fn parse(text: &str) -> Result<Self, ContentError> {
        Self::ALL
            .into_iter()
            .find(|k| k.as_str().eq_ignore_ascii_case(text))
            .ok_or(ContentError::Kind)
    }

    /// The media type its bytes have unless told otherwise.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::CallRecording | Self::Voicemail | Self::IvrAudioRecording => "audio/wav",
            Self::Transcript
            | Self::CategorizationResult
            | Self::SentimentSummary
            | Self::ChatTranscript
            | Self::ConversationSummary
            | Self::InteractionLog => "application/json",
            Self::ScreenRecording | Self::VideoRecording => "video/webm",
            Self::Attachment => "application/octet-stream",
        }
    }

    /// Whether the key is the kind's own name, so that an interaction has at most one.
    #[must_use]
    pub const fn has_fixed_key(self) -> bool {
        match self {
            Self::CallRecording
            | Self::Transcript
            | Self::CategorizationResult
            | Self::SentimentSummary => true,
            Self::ChatTranscript
            | Self::Attachment
            | Self::Voicemail
            | Self::ScreenRecording
            | Self::VideoRecording
            | Self::IvrAudioRecording
            | Self::ConversationSummary
            | Self::InteractionLog => false,
        }
    }
}

impl ContentKey {
    /// Parses a key. Fixed words are brought to their usual spelling, since callers write them in any case.
    ///
    /// # Errors
    /// The text is empty, too long or holds another character.
    pub fn parse(text: &str) -> Result<Self, ContentError> {
        let good = |b: u8| b.is_ascii_alphanumeric() || b"!-_.,*'()".contains(&b);
        if text.is_empty() || text.len() > 36 || !text.bytes().all(good) {
            return Err(ContentError::Key);
        }
        let fixed = ContentKind::parse(text).ok().filter(|k| k.has_fixed_key());
        let text = match fixed {
            Some(kind) => kind.as_str(),
            None => text,
        };
        Ok(Self(text.into()))
    }

    /// The key for a file of this kind: the kind's name, or an id that follows from the
    /// interaction and the bytes, so that the same file always gets the same key.
    #[must_use]
    pub fn derived(kind: ContentKind, interaction: InteractionId, sha256: ContentDigest) -> Self {
        if kind.has_fixed_key() {
            return Self::fixed(kind);
        }
        let name = format!("{}:{sha256}", kind.as_str());
        let namespace = uuid::Uuid::from_bytes(*interaction.as_bytes());
        let id = uuid::Uuid::new_v5(&namespace, name.as_bytes());
        Self(id.hyphenated().to_string().into())
    }

    /// The key that is the kind's own name.
    #[must_use]
    pub fn fixed(kind: ContentKind) -> Self {
        Self(kind.as_str().into())
    }

    /// The key as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_and_fixed_keys_are_read_in_any_case() {
        for kind in ContentKind::ALL {
            assert_eq!(ContentKind::parse(&kind.as_str().to_lowercase()), Ok(kind));
        }
        let key = ContentKey::parse("callrecording").unwrap();
        assert_eq!(key.as_str(), "callRecording");
        assert_eq!(
            ContentKey::parse("Voicemail").unwrap().as_str(),
            "Voicemail"
        );
    }

    #[test]
    fn refuses_keys_that_could_name_a_path() {
        for text in ["", "../etc", "a/b", "a\\b", "a\0", "é", &"k".repeat(37)] {
            assert_eq!(ContentKey::parse(text), Err(ContentError::Key), "{text}");
        }
    }

    #[test]
    fn derived_keys_are_stable_and_valid() {
        let call = InteractionId::from_bytes([7; 16]);
        let one = ContentKey::derived(ContentKind::Voicemail, call, ContentDigest::of(b"one"));
        assert_eq!(
            one,
            ContentKey::derived(ContentKind::Voicemail, call, ContentDigest::of(b"one"))
        );
        assert_ne!(
            one,
            ContentKey::derived(ContentKind::Voicemail, call, ContentDigest::of(b"two"))
        );
        assert_eq!(ContentKey::parse(one.as_str()), Ok(one));
    }
}
