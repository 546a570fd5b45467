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

    /// Whether somebody should look at it.
    #[must_use]
    pub const fn is_finding(self) -> bool {
        !matches!(self, Self::NotEligible | Self::Pending)
    }
}
