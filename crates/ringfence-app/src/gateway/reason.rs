//! Why a call is refused: the code, the class, and one sentence for the caller.

use crate::directory::rights::Barred;
use crate::quota::Exhausted;
use crate::quota_window::WindowSpent;
use crate::token::standing::Fallen;
use ringfence_core::jwt::verify::TokenFault;

/// Why a call is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reason {
    /// There is no token.
    TokenMissing,
    /// The token stands in the query or the body, where none is taken.
    TokenMisplaced,
    /// Tokens stand in more than one place.
    TokenTwice,
    /// The `Authorization` header names the scheme and holds no token.
    TokenUnreadable,
    /// A form is longer than can be searched for tokens.
    FormTooLong,
    /// The token is not one of ours, or its time is over.
    Token(TokenFault),
    /// The token names a subject that is not its client.
    SubjectWrong,
    /// The token does not stand any more.
    Fallen(Fallen),
    /// The token is for another region's APIs.
    RegionWrong,
    /// The credential may not be used from that address.
    NetworkRefused,
    /// The credential may have the scope; this token was not asked for it.
    ScopeNotAsked,
    /// The token has the scope; its credential or the owner's licence no longer allows it.
    ScopeWithdrawn,
    /// Neither has the scope.
    ScopeMissing,
    /// The application is not subscribed to the suite.
    NotSubscribed,
    /// The application's subscription to the suite is blocked.
    SubscriptionBlocked,
    /// The application's subscription to the suite waits for approval, or was rejected.
    SubscriptionInactive,
    /// The token is an application's own, and acts for nobody.
    NoPerson,
    /// A limit is used up.
    Quota(Exhausted),
    /// A limit of an application is used up until its next minute.
    Window(WindowSpent),
    /// This node has not heard of changes for too long, and does not guess.
    DirectoryStale,
}

/// What a caller can do about a refusal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RefusalClass {
    /// Send the request in another way.
    BadRequest,
    /// Send less.
    TooLarge,
    /// Get a token, or another one.
    Unauthenticated,
    /// Get a right.
    Forbidden,
    /// Wait.
    TooMany,
    /// Wait; it is our fault.
    Unavailable,
}

impl Reason {
    /// The stable code in headers, logs, metrics and documentation.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::TokenMissing => "token_missing",
            Self::TokenMisplaced => "token_misplaced",
            Self::TokenTwice => "token_twice",
            Self::TokenUnreadable => "token_unreadable",
            Self::FormTooLong => "form_too_long",
            Self::Token(fault) => fault.code(),
            Self::SubjectWrong => "token_subject",
            Self::Fallen(fallen) => fallen.code(),
            Self::RegionWrong => "region_wrong",
            Self::NetworkRefused => "network_refused",
            Self::ScopeNotAsked => "scope_not_asked",
            Self::ScopeWithdrawn => "scope_withdrawn",
            Self::ScopeMissing => "scope_missing",
            Self::NotSubscribed => "not_subscribed",
            Self::SubscriptionBlocked => "subscription_blocked",
            Self::SubscriptionInactive => "subscription_inactive",
            Self::NoPerson => "token_without_person",
            Self::Quota(exhausted) => exhausted.key.code(),
            Self::Window(spent) => spent.key.code(),
            Self::DirectoryStale => "directory_stale",
        }
    }

    /// Whether a node that lags behind may say this of a good call: what is missing may have been written a moment ago.
    #[must_use]
    pub const fn may_be_news(self) -> bool {
        match self {
            Self::Token(fault) => matches!(fault, TokenFault::UnknownKey),
            Self::Fallen(fallen) => matches!(fallen, Fallen::Barred(_) | Fallen::SecretRetired),
            Self::ScopeWithdrawn
            | Self::NotSubscribed
            | Self::SubscriptionBlocked
            | Self::SubscriptionInactive => true,
            Self::TokenMissing
            | Self::TokenMisplaced
            | Self::TokenTwice
            | Self::TokenUnreadable
            | Self::FormTooLong
            | Self::SubjectWrong
            | Self::RegionWrong
            | Self::NetworkRefused
            | Self::ScopeNotAsked
            | Self::ScopeMissing
            | Self::NoPerson
            | Self::Quota(_)
            | Self::Window(_)
            | Self::DirectoryStale => false,
        }
    }

    /// What the caller can do about it.
    #[must_use]
    pub const fn class(self) -> RefusalClass {
        match self {
            Self::TokenTwice => RefusalClass::BadRequest,
            Self::FormTooLong => RefusalClass::TooLarge,
            Self::TokenMissing
            | Self::TokenMisplaced
            | Self::TokenUnreadable
            | Self::Token(_)
            | Self::SubjectWrong
            | Self::Fallen(_)
            | Self::NoPerson
            | Self::RegionWrong => RefusalClass::Unauthenticated,
            Self::NetworkRefused
            | Self::ScopeNotAsked
            | Self::ScopeWithdrawn
            | Self::ScopeMissing
            | Self::NotSubscribed
            | Self::SubscriptionBlocked
            | Self::SubscriptionInactive => RefusalClass::Forbidden,
            Self::Quota(_) | Self::Window(_) => RefusalClass::TooMany,
            Self::DirectoryStale => RefusalClass::Unavailable,
        }
    }

    /// The error code of RFC 6750 §3.1, when the request carried something to err about.
    #[must_use]
    pub const fn oauth_error(self) -> Option<&'static str> {
        match self {
            Self::TokenMissing
            | Self::Quota(_)
            | Self::Window(_)
            | Self::DirectoryStale
            | Self::FormTooLong => None,
            Self::TokenTwice | Self::TokenMisplaced => Some("invalid_request"),
            Self::TokenUnreadable
            | Self::Token(_)
            | Self::SubjectWrong
            | Self::Fallen(_)
            | Self::NoPerson
            | Self::RegionWrong => Some("invalid_token"),
            // RFC 6750 has no code for a call from the wrong place or without a subscription; this is RFC 6749's.
            Self::NetworkRefused
            | Self::NotSubscribed
            | Self::SubscriptionBlocked
            | Self::SubscriptionInactive => Some("access_denied"),
            Self::ScopeNotAsked | Self::ScopeWithdrawn | Self::ScopeMissing => {
                Some("insufficient_scope")
            }
        }
    }

    /// One sentence for the caller.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::TokenMissing => "The access token is missing",
            Self::TokenMisplaced => "The access token belongs in the Authorization header",
            Self::TokenTwice => "The access token is sent in more than one way",
            Self::TokenUnreadable => "The Authorization header holds no access token",
            Self::FormTooLong => "The form is too long",
            Self::Token(TokenFault::Expired) => "The access token has expired",
            Self::Token(_) | Self::SubjectWrong => "The access token is invalid",
            Self::Fallen(fallen) => fallen_text(fallen),
            Self::RegionWrong => "The access token is for another region",
            Self::NetworkRefused => "The credential may not be used from this address",
            Self::ScopeNotAsked => "The access token was not asked for this scope",
            Self::ScopeWithdrawn => "The credential or its owner no longer has this scope",
            Self::ScopeMissing => "The credential does not have this scope",
            Self::NotSubscribed => "The application is not subscribed to this API",
            Self::SubscriptionBlocked => "The application's subscription to this API is blocked",
            Self::SubscriptionInactive => {
                "The application's subscription to this API is not active"
            }
            Self::NoPerson => "The access token is the application's own and acts for nobody",
            Self::Quota(_) | Self::Window(_) => "Too many requests",
            Self::DirectoryStale => "Rights cannot be checked at the moment",
        }
    }

    /// When to try again, in seconds.
    #[must_use]
    pub const fn retry_after_secs(self) -> Option<u32> {
        match self {
            Self::Quota(exhausted) => Some(exhausted.retry_after_secs),
            Self::Window(spent) => Some(spent.retry_after_secs()),
            Self::DirectoryStale => Some(5),
            Self::TokenMissing
            | Self::TokenMisplaced
            | Self::TokenTwice
            | Self::TokenUnreadable
            | Self::FormTooLong
            | Self::Token(_)
            | Self::SubjectWrong
            | Self::Fallen(_)
            | Self::RegionWrong
            | Self::NetworkRefused
            | Self::ScopeNotAsked
            | Self::ScopeWithdrawn
            | Self::ScopeMissing
            | Self::NotSubscribed
            | Self::SubscriptionBlocked
            | Self::SubscriptionInactive
            | Self::NoPerson => None,
        }
    }
}

const fn fallen_text(fallen: Fallen) -> &'static str {
    match fallen {
        Fallen::TokenRevoked | Fallen::EpochPassed => "The access token was revoked",
        Fallen::GrantRevoked => "What the person allowed the application was taken back",
        Fallen::SecretRetired => "The secret that made the access token was retired",
        Fallen::AccountWrong => "The access token is invalid",
        Fallen::Barred(Barred::CredentialUnknown) => "The credential was deleted",
        Fallen::Barred(Barred::CredentialExpired) => "The credential has expired",
        Fallen::Barred(Barred::AccountSuspended) => "The account is suspended",
        Fallen::Barred(Barred::OwnerInactive) => "The owner of the credential is not active",
        Fallen::Barred(Barred::OwnerLocked) => "The owner of the credential is locked",
        Fallen::Barred(Barred::ApplicationUnknown) => "The application or its keys were deleted",
        Fallen::Barred(Barred::ApplicationSuspended) => "The application is suspended",
        Fallen::Barred(Barred::UserInactive) => "The person is not active",
        Fallen::Barred(Barred::UserLocked) => "The person is locked",
    }
}
