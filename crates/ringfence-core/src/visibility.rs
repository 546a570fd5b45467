//! Which content a person may see: the rule of vcc-api §5.2, in one place.
//!
//! An item is visible when two gates open: the kind gate (direction and feature
//! permissions) and the reach gate (the line, or the groups of the handling agents). The
//! store's search asks the same question in SQL; a contract test compares the two.

use crate::content::ContentKind;
use crate::id::{GroupId, UserId};
use crate::interaction::Direction;
use crate::permission::{Permission, PermissionSet};
use crate::user::Line;

/// Somebody who looks at content, with what they may reach now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Viewer<'v> {
    /// The person; `None` for a legacy account-level credential, which reaches all of its account.
    pub user_id: Option<UserId>,
    /// The feature permissions in force.
    pub permissions: PermissionSet,
    /// The lines they may reach.
    pub lines: &'v [Line],
    /// The groups whose agents' content they may reach.
    pub groups: &'v [GroupId],
}

/// What decides whether an interaction is within reach.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reach {
    /// Nothing: all of the account is.
    Account,
    /// The line.
    Lines(UserId),
    /// The groups that the handling agents belong to now.
    Groups(UserId),
}

/// What the gates look at in an interaction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Subject<'s> {
    /// Who began it.
    pub direction: Direction,
    /// The line whose permission gates its content.
    pub line: &'s Line,
    /// The groups that active agents who handled it belong to now; an archived agent belongs to none.
    pub agent_groups: &'s [GroupId],
}

impl Viewer<'_> {
    /// What decides whether an interaction is within this viewer's reach.
    #[must_use]
    pub const fn reach(&self) -> Reach {
        let Some(user_id) = self.user_id else {
            return Reach::Account;
        };
        if self.permissions.contains(Permission::AccessGroupsContent) {
            Reach::Groups(user_id)
        } else {
            Reach::Lines(user_id)
        }
    }

    /// The kind gate: whether items of a kind may be seen where they are within reach.
    #[must_use]
    pub const fn kind_opens(&self, direction: Direction, kind: ContentKind) -> bool {
        let by_direction = match direction {
            Direction::Inbound => self.permissions.contains(Permission::ViewInboundContent),
            Direction::Outbound => self.permissions.contains(Permission::ViewOutboundContent),
            // The Interaction Content API has no word for these, so it does not show them.
            Direction::Internal => return false,
        };
        match kind {
            ContentKind::ScreenRecording => {
                by_direction && self.permissions.contains(Permission::ViewScreenRecordings)
            }
            ContentKind::IvrAudioRecording => self.permissions.contains(Permission::ViewIvrData),
            ContentKind::CallRecording
            | ContentKind::Transcript
            | ContentKind::CategorizationResult
            | ContentKind::SentimentSummary
            | ContentKind::ChatTranscript
            | ContentKind::Attachment
            | ContentKind::Voicemail
            | ContentKind::VideoRecording
            | ContentKind::ConversationSummary
            | ContentKind::InteractionLog => by_direction,
        }
    }

    /// The reach gate: whether the interaction is one this viewer may reach.
    #[must_use]
    pub fn reaches(&self, subject: &Subject<'_>) -> bool {
        match self.reach() {
            Reach::Account => true,
            Reach::Lines(_) => self.lines.contains(subject.line),
            Reach::Groups(_) => subject
                .agent_groups
                .iter()
                .any(|group| self.groups.contains(group)),
        }
    }

    /// Both gates: whether an item of this kind may be seen.
    #[must_use]
    pub fn sees(&self, subject: &Subject<'_>, kind: ContentKind) -> bool {
        self.kind_opens(subject.direction, kind) && self.reaches(subject)
    }

    /// Whether the viewer may delete what they may see.
    #[must_use]
    pub const fn may_delete(&self) -> bool {
        self.permissions.contains(Permission::DeleteContent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Permission::{
        AccessGroupsContent, ViewInboundContent, ViewIvrData, ViewOutboundContent,
        ViewScreenRecordings,
    };

    fn set(permissions: &[Permission]) -> PermissionSet {
        permissions
            .iter()
            .fold(PermissionSet::EMPTY, |set, p| set.with(*p))
    }

    #[test]
    fn the_direction_and_the_kind_open_the_first_gate() {
        use ContentKind::{CallRecording, IvrAudioRecording, ScreenRecording, Transcript};
        use Direction::{Inbound, Internal, Outbound};
        let cases: [(&[Permission], Direction, ContentKind, bool); 14] = [
            (&[], Inbound, CallRecording, false),
            (&[ViewInboundContent], Inbound, CallRecording, true),
            (&[ViewInboundContent], Outbound, CallRecording, false),
            (&[ViewOutboundContent], Outbound, CallRecording, true),
            (&[ViewOutboundContent], Inbound, Transcript, false),
            (&[ViewInboundContent], Inbound, ScreenRecording, false),
            (&[ViewScreenRecordings], Inbound, ScreenRecording, false),
            (
                &[ViewScreenRecordings, ViewInboundContent],
                Inbound,
                ScreenRecording,
                true,
            ),
            (
                &[ViewScreenRecordings, ViewInboundContent],
                Outbound,
                ScreenRecording,
                false,
            ),
            (&[ViewInboundContent], Inbound, IvrAudioRecording, false),
            (&[ViewIvrData], Inbound, IvrAudioRecording, true),
            (&[ViewIvrData], Outbound, IvrAudioRecording, true),
            (&[ViewIvrData], Internal, IvrAudioRecording, false),
            (
                &[ViewInboundContent, ViewOutboundContent],
                Internal,
                CallRecording,
                false,
            ),
        ];
        for (permissions, direction, kind, opens) in cases {
            let viewer = Viewer {
                user_id: Some(UserId::from_bytes([1; 16])),
                permissions: set(permissions),
                lines: &[],
                groups: &[],
            };
            let case = format!("{permissions:?} {direction:?} {kind:?}");
            assert_eq!(viewer.kind_opens(direction, kind), opens, "{case}");
        }
    }

    #[test]
    fn lines_decide_unless_groups_do() {
        let (sales, billing) = (GroupId::from_bytes([1; 16]), GroupId::from_bytes([2; 16]));
        let lines = [Line::parse("+441632960900").unwrap()];
        let other = Line::parse("+441632960901").unwrap();
        let by_line = Viewer {
            user_id: Some(UserId::from_bytes([1; 16])),
            permissions: set(&[ViewInboundContent]),
            lines: &lines,
            groups: &[sales],
        };
        let by_group = Viewer {
            permissions: by_line.permissions.with(AccessGroupsContent),
            ..by_line
        };
        let account = Viewer {
            user_id: None,
            ..by_line
        };
        let cases: [(&Line, &[GroupId], [bool; 3]); 5] = [
            (&lines[0], &[], [true, false, true]),
            (&lines[0], &[billing], [true, false, true]),
            (&lines[0], &[sales, billing], [true, true, true]),
            (&other, &[sales], [false, true, true]),
            (&other, &[], [false, false, true]),
        ];
        for (line, agent_groups, expected) in cases {
            let subject = Subject {
                direction: Direction::Inbound,
                line,
                agent_groups,
            };
            for (viewer, sees) in [by_line, by_group, account].into_iter().zip(expected) {
                let kind = ContentKind::CallRecording;
                assert_eq!(viewer.sees(&subject, kind), sees, "{viewer:?} {subject:?}");
            }
        }
    }
}
