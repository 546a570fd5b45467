//! Why a grant is refused: the rows of vbc-api §3.8 that are `invalid_grant`.

/// What is wrong with a code, a refresh token or a password.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum GrantFault {
    /// No such code, or another application's.
    CodeUnknown,
    /// The code was used before.
    CodeUsed,
    /// The code's time is over, or the person may not act any more.
    CodeExpired,
    /// The code was sent elsewhere.
    RedirectUri,
    /// The verifier is missing, wrong, or was not announced.
    Pkce,
    /// No such refresh token, used up, ended, or another application's.
    RefreshUnknown,
    /// The refresh token's time is over.
    RefreshExpired,
    /// The password is not that of the name, or the name may not be used so.
    Password {
        /// The name as typed.
        username: String,
    },
    /// Too many wrong passwords for the name.
    Locked {
        /// The name as typed.
        username: String,
    },
    /// The name is of another tenant.
    Tenant {
        /// Which.
        tenant: String,
        /// The application's consumer key.
        consumer_key: String,
    },
}

impl GrantFault {
    /// The reason code of the record.
    pub(in crate::token) const fn reason(&self) -> &'static str {
        match self {
            Self::CodeUnknown => "code_unknown",
            Self::CodeUsed => "code_used",
            Self::CodeExpired => "code_expired",
            Self::RedirectUri => "redirect_uri_wrong",
            Self::Pkce => "pkce_wrong",
            Self::RefreshUnknown => "refresh_unknown",
            Self::RefreshExpired => "refresh_expired",
            Self::Password { .. } => "password_wrong",
            Self::Locked { .. } => "password_locked",
            Self::Tenant { .. } => "tenant_wrong",
        }
    }
}

impl std::fmt::Display for GrantFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.reason())
    }
}
