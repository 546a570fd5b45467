//! Why a call has no recording at home: the closed list.

/// A reason; each call of the statistics is a verified recording or has exactly one of these.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum GapReason {
    /// The platform records only some calls.
    NotRecordedPolicy,
    /// The call should have no recording.
    NotEligible,
    /// Too young to tell.
    Pending,
    /// Older than recordings usually take, but not by much.
    Late,
    /// The owner's permissions seem to hide it.
    PermissionSuspected,
    /// The owner's permissions do hide it.
    PermissionConfirmed,
    /// Its source no longer has it.
    DeletedAtSource,
    /// Retention ended before it was fetched.
    ExpiredBeforeFetch,
    /// Too short to be recorded.
    AbsentShort,
    /// Absent without any sign of why.
    AbsentSilent,
    /// Cut short at its source.
    Truncated,
    /// Damaged.
    Corrupt,
    /// What is delivered is no audio.
    NotAudio,
    /// Put aside because an offered digest differs.
    Quarantined,
    /// Others used up the quota.
    QuotaStarved,
    /// Tried too often in vain.
    DeadLetter,
    /// Erased at somebody's request.
    ErasedOnRequest,
}

/// What a reason comes to, for pictures.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum GapClass {
    /// It may still come.
    Waiting,
    /// There is to be no recording.
    NotNeeded,
    /// A permission hides it, or seems to.
    Hidden,
    /// It is missing.
    Missing,
}

impl GapReason {
    /// Every reason.
    pub const ALL: [Self; 17] = [
        Self::NotRecordedPolicy,
        Self::NotEligible,
        Self::Pending,
        Self::Late,
        Self::PermissionSuspected,
        Self::PermissionConfirmed,
        Self::DeletedAtSource,
        Self::ExpiredBeforeFetch,
        Self::AbsentShort,
        Self::AbsentSilent,
        Self::Truncated,
        Self::Corrupt,
        Self::NotAudio,
        Self::Quarantined,
        Self::QuotaStarved,
        Self::DeadLetter,
        Self::ErasedOnRequest,
    ];

    /// The word in tables and reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotRecordedPolicy => "not_recorded_policy",
            Self::NotEligible => "not_eligible",
            Self::Pending => "pending",
            Self::Late => "late",
            Self::PermissionSuspected => "permission_suspected",
            Self::PermissionConfirmed => "permission_confirmed",
            Self::DeletedAtSource => "deleted_at_source",
            Self::ExpiredBeforeFetch => "expired_before_fetch",
            Self::AbsentShort => "absent_short",
            Self::AbsentSilent => "absent_silent",
            Self::Truncated => "truncated",
            Self::Corrupt => "corrupt",
            Self::NotAudio => "not_audio",
            Self::Quarantined => "quarantined",
            Self::QuotaStarved => "quota_starved",
            Self::DeadLetter => "dead_letter",
            Self::ErasedOnRequest => "erased_on_request",
        }
    }

    /// Reads the word; `None` is not on the list.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|r| r.as_str() == text)
    }

    /// What people read for it.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::NotRecordedPolicy => "Not recorded by policy",
            Self::NotEligible => "Needs no recording",
            Self::Pending => "Too young to tell",
            Self::Late => "Late",
            Self::PermissionSuspected => "Hidden by a permission, probably",
            Self::PermissionConfirmed => "Hidden by a permission",
            Self::DeletedAtSource => "Deleted at its source",
            Self::ExpiredBeforeFetch => "Expired before it was fetched",
            Self::AbsentShort => "Too short",
            Self::AbsentSilent => "Missing without a sign of why",
            Self::Truncated => "Cut short",
            Self::Corrupt => "Damaged",
            Self::NotAudio => "Not audio",
            Self::Quarantined => "Put aside",
            Self::QuotaStarved => "Quota used up",
            Self::DeadLetter => "Given up",
            Self::ErasedOnRequest => "Erased on request",
        }
    }

    /// What it means, in a sentence or two.
    #[must_use]
    pub const fn explanation(self) -> &'static str {
        match self {
            Self::NotRecordedPolicy => {
                "The platform records only some calls, and this one is not among them."
            }
            Self::NotEligible => {
                "The call should have no recording: nobody talked, or not for long enough."
            }
            Self::Pending => {
                "The call ended a short while ago. Its recording may still appear; the next run looks again."
            }
            Self::Late => {
                "Recordings usually appear sooner than this. It may still come; the next runs look again."
            }
            Self::PermissionSuspected => {
                "Calls like this one are missing together, as they are when the credential's owner lacks a permission. Compare the owner's permissions with the detail."
            }
            Self::PermissionConfirmed => {
                "The permissions of the credential's owner hide this recording. Once an administrator of the platform changes them, the next run fetches it."
            }
            Self::DeletedAtSource => {
                "The platform had a recording and no longer has it. It cannot be fetched any more."
            }
            Self::ExpiredBeforeFetch => {
                "The platform's retention ended before the recording was fetched. It cannot be fetched any more."
            }
            Self::AbsentShort => "The call is so short that platforms do not record it.",
            Self::AbsentSilent => {
                "The call should have a recording and none is shown. Nothing tells why: ask the platform's administrator about this one call."
            }
            Self::Truncated => {
                "The platform delivers a file that ends before its time. It is not accepted as a recording."
            }
            Self::Corrupt => {
                "The file is damaged, at its source or at home. It is fetched again as long as its source has it."
            }
            Self::NotAudio => {
                "What the platform delivers under this key is no audio file, so it is not kept as one."
            }
            Self::Quarantined => {
                "The digest that the platform gives differs from that of the bytes it sends. The file is put aside."
            }
            Self::QuotaStarved => {
                "Other programs used up the platform's quota. The next run tries again."
            }
            Self::DeadLetter => {
                "It was tried so often in vain that runs have given up. The detail says what went wrong."
            }
            Self::ErasedOnRequest => "It was erased because somebody asked for it.",
        }
    }

    /// What it comes to.
    #[must_use]
    pub const fn class(self) -> GapClass {
        match self {
            Self::Pending | Self::Late => GapClass::Waiting,
            Self::NotRecordedPolicy
            | Self::NotEligible
            | Self::AbsentShort
            | Self::ErasedOnRequest => GapClass::NotNeeded,
            Self::PermissionSuspected | Self::PermissionConfirmed => GapClass::Hidden,
            Self::DeletedAtSource
            | Self::ExpiredBeforeFetch
            | Self::AbsentSilent
            | Self::Truncated
            | Self::Corrupt
            | Self::NotAudio
            | Self::Quarantined
            | Self::QuotaStarved
            | Self::DeadLetter => GapClass::Missing,
        }
    }

    /// Whether somebody should look at it.
    #[must_use]
    pub const fn is_finding(self) -> bool {
        !matches!(self, Self::NotEligible | Self::Pending)
    }
}
