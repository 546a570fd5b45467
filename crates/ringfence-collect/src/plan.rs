//! What to do about each content item: the listing minus the ledger. Pure.

use crate::upstream::wire::{ListedContent, ListedInteraction};
use ringfence_store::collect::items::{CollectedItem, ItemState};

/// How often an item is tried over all runs before it is left alone.
pub const MAX_ATTEMPTS: i64 = 6;

/// An item to fetch.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Work {
    /// The item; its state is what it is before the fetch.
    pub item: CollectedItem,
    /// Its length as listed: a hint.
    pub length_hint: Option<u64>,
    /// How long an agent talked, by the statistics.
    pub talk_ms: Option<i64>,
}

/// What to do about an item.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Step {
    /// Fetch it.
    Fetch(Box<Work>),
    /// It is at home, in this version.
    AlreadyHad,
    /// It was refused too often; the reason stands in the ledger.
    StillRefused,
}

/// Plans one listed interaction against what the ledger knows of it.
#[must_use]
pub fn plan(
    listed: &ListedInteraction,
    known: &[CollectedItem],
    talk_ms: Option<i64>,
) -> Vec<Step> {
    listed
        .content
        .iter()
        .filter(|content| is_audio(content))
        .map(|content| {
            let guid = listed.guid.to_string();
            let before = known
                .iter()
                .find(|item| item.guid == guid && item.content_key == content.key);
            let version = content.modified_at.map_or(0, |at| at.ms());
            let same = before.filter(|item| item.version == version);
            match same.map(|item| (item.state, item.attempts)) {
                Some((ItemState::Verified, _)) => return Step::AlreadyHad,
                Some((ItemState::Refused | ItemState::Failed, n)) if n >= MAX_ATTEMPTS => {
                    return Step::StillRefused;
                }
                // A damaged or vanished item that is listed again is simply fetched.
                Some(_) | None => {}
            }
            Step::Fetch(Box::new(Work {
                item: CollectedItem {
                    // A call keeps the place it was first seen at, whatever is said later.
                    started_at: before.map_or(listed.start, |item| item.started_at),
                    guid,
                    content_key: content.key.clone(),
                    version,
                    kind: content.kind.clone(),
                    media_type: content.media_type.clone(),
                    direction: listed.direction.as_str().to_owned(),
                    connect_from: listed.connect_from.clone(),
                    connect_to: listed.connect_to.clone(),
                    agents: listed.agent_ids.join(" "),
                    state: before.map_or(ItemState::Failed, |item| item.state),
                    reason: None,
                    detail: String::new(),
                    attempts: same.map_or(0, |item| item.attempts),
                },
                length_hint: content.length_hint,
                talk_ms: talk_ms.filter(|_| content.kind.eq_ignore_ascii_case("callRecording")),
            }))
        })
        .collect()
}

/// Whether an item is a recording of sound.
#[must_use]
pub fn is_audio(content: &ListedContent) -> bool {
    let kind = content.kind.to_ascii_lowercase();
    let by_kind = ["callrecording", "voicemail", "ivraudiorecording"].contains(&kind.as_str());
    by_kind
        || content
            .media_type
            .to_ascii_lowercase()
            .starts_with("audio/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::upstream::wire::Direction;
    use ringfence_core::id::InteractionId;
    use ringfence_core::time::Timestamp;

    fn listed(modified: i64) -> ListedInteraction {
        let content = |key: &str, kind: &str, media_type: &str| ListedContent {
            key: key.to_owned(),
            kind: kind.to_owned(),
            media_type: media_type.to_owned(),
            length_hint: None,
            modified_at: Some(Timestamp::from_ms(modified)),
        };
        ListedInteraction {
            guid: InteractionId::from_bytes([7; 16]),
            start: Timestamp::from_ms(1_000),
            connect_from: String::new(),
            connect_to: String::new(),
            direction: Direction::Inbound,
            agent_ids: Vec::new(),
            content: vec![
                content("callRecording", "callRecording", "audio/wav"),
                content("transcript", "transcript", "application/json"),
                content("v1", "voicemail", ""),
            ],
        }
    }

    fn known(state: ItemState, attempts: i64) -> Vec<CollectedItem> {
        let Step::Fetch(work) = plan(&listed(5), &[], None).remove(0) else {
            panic!("a new item is fetched");
        };
        vec![CollectedItem {
            state,
            attempts,
            ..work.item
        }]
    }

    #[test]
    fn takes_sound_and_leaves_the_rest() {
        let steps = plan(&listed(5), &[], Some(9));
        assert_eq!(steps.len(), 2);
        let Step::Fetch(work) = &steps[0] else {
            panic!("fetched")
        };
        assert_eq!(work.talk_ms, Some(9));
        let Step::Fetch(voicemail) = &steps[1] else {
            panic!("fetched")
        };
        assert_eq!(voicemail.talk_ms, None);
    }

    #[test]
    fn fetches_what_is_new_changed_damaged_or_failed() {
        let first = |listed: &ListedInteraction, known: &[CollectedItem]| {
            plan(listed, known, None).remove(0)
        };
        let at_home = known(ItemState::Verified, 0);
        assert_eq!(first(&listed(5), &at_home), Step::AlreadyHad);
        assert!(matches!(first(&listed(6), &at_home), Step::Fetch(_)));
        for state in [ItemState::Damaged, ItemState::Failed, ItemState::Gone] {
            let before = known(state, 1);
            assert!(
                matches!(first(&listed(5), &before), Step::Fetch(_)),
                "{state:?}"
            );
        }
    }

    #[test]
    fn leaves_alone_what_was_refused_too_often_until_it_changes() {
        let refused = known(ItemState::Refused, MAX_ATTEMPTS);
        assert_eq!(plan(&listed(5), &refused, None)[0], Step::StillRefused);
        assert!(matches!(
            plan(&listed(6), &refused, None)[0],
            Step::Fetch(_)
        ));
    }
}
