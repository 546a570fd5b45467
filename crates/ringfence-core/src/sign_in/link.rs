//! One-time links: who holds one may set up the server, or set a password for one person.

/// How long a link works, in seconds.
pub const LINK_TTL_SECS: i64 = 86_400;

/// What a link is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LinkPurpose {
    /// Makes the first operator of a server that nobody can sign in to.
    SetUp,
    /// Lets one person set a password and signs them in.
    Invite,
}

impl LinkPurpose {
    /// The text that is stored, and that keeps digests of different uses apart.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::SetUp => "set-up",
            Self::Invite => "invite",
        }
    }
}
