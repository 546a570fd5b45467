//! Applications of developers: keys, grants, subscriptions and quotas (vbc-api §2.2–§2.4).

use crate::callback::CallbackUrl;
use crate::consumer::ConsumerKey;
use crate::credential::StoredDigest;
use crate::id::{ApplicationId, DeveloperId, KeyMappingId, SubscriptionId};
use crate::suite::Suite;
use crate::time::Timestamp;
use thiserror::Error;

/// The longest description, in characters.
pub const LONGEST_DESCRIPTION: usize = 512;

/// What a developer calls an application.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ApplicationName(Box<str>);

/// How many requests each token may make.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum AppQuota {
    /// 10 a minute.
    #[default]
    TenPerMin,
    /// 20 a minute.
    TwentyPerMin,
    /// 50 a minute.
    FiftyPerMin,
    /// No limit.
    Unlimited,
}

/// Whether an application may act.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum ApplicationStatus {
    /// In use.
    Approved,
    /// Every token of it is refused.
    Suspended,
}

/// A way of getting tokens.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[repr(u8)]
pub enum GrantType {
    /// A person signs in and allows it.
    AuthorizationCode,
    /// The application knows the person's password: legacy.
    Password,
    /// A new token for the last one.
    RefreshToken,
    /// For the application itself.
    ClientCredentials,
}

/// A set of ways of getting tokens.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
pub struct GrantTypes(u8);

/// A size of subscription.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Default)]
pub enum Plan {
    /// The only one (vbc-api §2.3).
    #[default]
    Standard,
}

/// Whether a subscription opens its suite.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum SubscriptionStatus {
    /// It does.
    Unblocked,
    /// It waits for approval.
    OnHold,
    /// It was blocked.
    Blocked,
    /// It was blocked for production keys.
    ProdOnlyBlocked,
    /// It was refused.
    Rejected,
    /// It waits for another plan.
    TierUpdatePending,
}

/// An application's subscription to a suite; at most one for each.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Subscription {
    /// Its id.
    pub id: SubscriptionId,
    /// What it opens.
    pub suite: Suite,
    /// How much of it.
    pub plan: Plan,
    /// Whether it is in force.
    pub status: SubscriptionStatus,
    /// When it was made.
    pub made_at: Timestamp,
}

/// An application's one pair of key and secret, with what it may be used for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ApplicationKeys {
    /// Its id in the Portal REST API.
    pub mapping_id: KeyMappingId,
    /// The `client_id`.
    pub consumer_key: ConsumerKey,
    /// The keyed digest of the secret; `None` for a public client, which cannot keep one.
    pub secret: Option<StoredDigest>,
    /// The grants that are ticked.
    pub grant_types: GrantTypes,
    /// Where people may be sent back to with a code.
    pub callbacks: Vec<CallbackUrl>,
    /// Where people may be sent back to after signing out.
    pub post_logout: Vec<CallbackUrl>,
    /// Legacy: codes without PKCE are taken.
    pub pkce_optional: bool,
    /// When the pair was made.
    pub made_at: Timestamp,
    /// When the present secret was made.
    pub secret_made_at: Timestamp,
}

/// An application of a developer.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Application {
    /// Its id.
    pub id: ApplicationId,
    /// Whose it is.
    pub developer_id: DeveloperId,
    /// Its name, unique among its developer's.
    pub name: ApplicationName,
    /// What it is for.
    pub description: String,
    /// How many requests each of its tokens may make.
    pub quota: AppQuota,
    /// Whether it may act.
    pub status: ApplicationStatus,
    /// An operator has looked at it; until then consent pages call it unverified.
    pub verified: bool,
    /// Tokens of an earlier epoch are refused.
    pub epoch: u32,
    /// When it was made.
    pub created_at: Timestamp,
    /// Rises with each edit.
    pub version: u32,
    /// Its keys, once they were generated.
    pub keys: Option<ApplicationKeys>,
    /// What it is subscribed to.
    pub subscriptions: Vec<Subscription>,
}

/// A value of this module is not one of those allowed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum ApplicationError {
    /// Not a name.
    #[error("an application name has 1 to 70 characters, all of which show")]
    Name,
    /// Too long a description.
    #[error("a description has at most 512 characters, all of which show")]
    Description,
    /// Not a quota.
    #[error("the quota is not one of 10PerMin, 20PerMin, 50PerMin, Unlimited")]
    Quota,
    /// Not a status.
    #[error("the status is not one of APPROVED, SUSPENDED")]
    Status,
    /// Not a grant.
    #[error(
        "the grant type is not one of authorization_code, password, refresh_token, client_credentials"
    )]
    GrantType,
    /// Not a plan.
    #[error("the business plan is not Standard")]
    Plan,
    /// Not a subscription's status.
    #[error(
        "the status is not one of UNBLOCKED, ON_HOLD, BLOCKED, PROD_ONLY_BLOCKED, REJECTED, TIER_UPDATE_PENDING"
    )]
    SubscriptionStatus,
    /// No grant is ticked.
    #[error("tick at least one grant type")]
    NoGrant,
    /// Code is ticked without a callback URL.
    #[error("the grant type Code needs a callback URL")]
    CallbackMissing,
    /// A public client with a grant that needs a secret.
    #[error(
        "a public client, which keeps no secret, can use only the grant types Code and Refresh Token"
    )]
    PublicGrant,
    /// A public client without PKCE.
    #[error("a public client always uses PKCE")]
    PublicPkce,
}

impl ApplicationName {
    /// Parses a name.
    ///
    /// # Errors
    /// The text is blank, longer than 70 characters, or holds a character that does not show.
    pub fn parse(text: &str) -> Result<Self, ApplicationError> {
        let text = text.trim();
        if text.is_empty() || text.chars().count() > 70 || !text.chars().all(shows) {
            return Err(ApplicationError::Name);
        }
        Ok(Self(text.into()))
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for ApplicationName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a character shows as itself: no control character, and none that turns or hides its neighbours.
#[must_use]
pub fn shows(sign: char) -> bool {
    !sign.is_control()
        && !matches!(
            sign,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}'
        )
}

/// Lets a description through that is short enough.
///
/// # Errors
/// It is too long.
pub fn description_parse(text: &str) -> Result<String, ApplicationError> {
    let text = text.trim();
    if text.chars().count() > LONGEST_DESCRIPTION
        || !text.chars().all(|c| c == '\n' || c == '\r' || shows(c))
    {
        return Err(ApplicationError::Description);
    }
    Ok(text.to_owned())
}

impl AppQuota {
    /// Every quota.
    pub const ALL: [Self; 4] = [
        Self::TenPerMin,
        Self::TwentyPerMin,
        Self::FiftyPerMin,
        Self::Unlimited,
    ];

    /// Its name in the portal.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TenPerMin => "10PerMin",
            Self::TwentyPerMin => "20PerMin",
            Self::FiftyPerMin => "50PerMin",
            Self::Unlimited => "Unlimited",
        }
    }

    /// How many requests a minute; `None` for any number.
    #[must_use]
    pub const fn per_minute(self) -> Option<u32> {
        match self {
            Self::TenPerMin => Some(10),
            Self::TwentyPerMin => Some(20),
            Self::FiftyPerMin => Some(50),
            Self::Unlimited => None,
        }
    }

    /// Parses the name.
    ///
    /// # Errors
    /// The text is no quota.
    pub fn parse(text: &str) -> Result<Self, ApplicationError> {
        Self::ALL
            .into_iter()
            .find(|quota| quota.as_str() == text)
            .ok_or(ApplicationError::Quota)
    }
}

impl ApplicationStatus {
    /// `APPROVED` or `SUSPENDED`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Approved => "APPROVED",
            Self::Suspended => "SUSPENDED",
        }
    }

    /// Parses the text.
    ///
    /// # Errors
    /// The text is no status.
    pub fn parse(text: &str) -> Result<Self, ApplicationError> {
        [Self::Approved, Self::Suspended]
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or(ApplicationError::Status)
    }
}

impl Plan {
    /// Its name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "Standard",
        }
    }

    /// Parses the name.
    ///
    /// # Errors
    /// The text is no plan.
    pub fn parse(text: &str) -> Result<Self, ApplicationError> {
        if text == Self::Standard.as_str() {
            Ok(Self::Standard)
        } else {
            Err(ApplicationError::Plan)
        }
    }
}

impl SubscriptionStatus {
    const ALL: [Self; 6] = [
        Self::Unblocked,
        Self::OnHold,
        Self::Blocked,
        Self::ProdOnlyBlocked,
        Self::Rejected,
        Self::TierUpdatePending,
    ];

    /// The platform's word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unblocked => "UNBLOCKED",
            Self::OnHold => "ON_HOLD",
            Self::Blocked => "BLOCKED",
            Self::ProdOnlyBlocked => "PROD_ONLY_BLOCKED",
            Self::Rejected => "REJECTED",
            Self::TierUpdatePending => "TIER_UPDATE_PENDING",
        }
    }

    /// Parses the platform's word.
    ///
    /// # Errors
    /// The text is no status.
    pub fn parse(text: &str) -> Result<Self, ApplicationError> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or(ApplicationError::SubscriptionStatus)
    }
}

impl GrantType {
    /// Every grant, in the order of the Production Keys page but with the code first.
    pub const ALL: [Self; 4] = [
        Self::AuthorizationCode,
        Self::Password,
        Self::RefreshToken,
        Self::ClientCredentials,
    ];

    /// Its value in requests.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AuthorizationCode => "authorization_code",
            Self::Password => "password",
            Self::RefreshToken => "refresh_token",
            Self::ClientCredentials => "client_credentials",
        }
    }

    /// Parses the value.
    ///
    /// # Errors
    /// The text is no grant.
    pub fn parse(text: &str) -> Result<Self, ApplicationError> {
        Self::ALL
            .into_iter()
            .find(|grant| grant.as_str() == text)
            .ok_or(ApplicationError::GrantType)
    }
}

impl GrantTypes {
    /// None.
    pub const EMPTY: Self = Self(0);

    /// This set and one more.
    #[must_use]
    pub const fn with(self, grant: GrantType) -> Self {
        Self(self.0 | 1 << grant as u8)
    }

    /// Whether the grant is in the set.
    #[must_use]
    pub const fn contains(self, grant: GrantType) -> bool {
        self.0 & (1 << grant as u8) != 0
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The grants of the set.
    pub fn iter(self) -> impl Iterator<Item = GrantType> {
        GrantType::ALL
            .into_iter()
            .filter(move |grant| self.contains(*grant))
    }

    /// Parses values separated by spaces; nothing is an empty set.
    ///
    /// # Errors
    /// A value is no grant.
    pub fn parse(text: &str) -> Result<Self, ApplicationError> {
        text.split(' ')
            .filter(|value| !value.is_empty())
            .try_fold(Self::EMPTY, |set, value| {
                Ok(set.with(GrantType::parse(value)?))
            })
    }
}

impl FromIterator<GrantType> for GrantTypes {
    fn from_iter<I: IntoIterator<Item = GrantType>>(grants: I) -> Self {
        grants.into_iter().fold(Self::EMPTY, Self::with)
    }
}

impl std::fmt::Display for GrantTypes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let values: Vec<&str> = self.iter().map(GrantType::as_str).collect();
        f.write_str(&values.join(" "))
    }
}

impl ApplicationKeys {
    /// Whether it keeps no secret: a program on people's own devices.
    #[must_use]
    pub const fn is_public(&self) -> bool {
        self.secret.is_none()
    }

    /// Checks that what is set fits together.
    ///
    /// # Errors
    /// See [`ApplicationError`].
    pub fn check(&self) -> Result<(), ApplicationError> {
        if self.grant_types.is_empty() {
            return Err(ApplicationError::NoGrant);
        }
        if self.grant_types.contains(GrantType::AuthorizationCode) && self.callbacks.is_empty() {
            return Err(ApplicationError::CallbackMissing);
        }
        if self.is_public() {
            let needs_secret = [GrantType::Password, GrantType::ClientCredentials];
            if needs_secret
                .into_iter()
                .any(|g| self.grant_types.contains(g))
            {
                return Err(ApplicationError::PublicGrant);
            }
            if self.pkce_optional {
                return Err(ApplicationError::PublicPkce);
            }
        }
        Ok(())
    }
}

impl Application {
    /// The subscription to a suite.
    #[must_use]
    pub fn subscription(&self, suite: Suite) -> Option<&Subscription> {
        self.subscriptions.iter().find(|s| s.suite == suite)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(grants: &str, callback: Option<&str>, public: bool) -> ApplicationKeys {
        ApplicationKeys {
            mapping_id: KeyMappingId::from_bytes([1; 16]),
            consumer_key: ConsumerKey::parse("aB3dE5fG7hI9jK1lM3nO5pQ7rS9a").unwrap(),
            secret: (!public).then_some(StoredDigest([0; 32])),
            grant_types: GrantTypes::parse(grants).unwrap(),
            callbacks: callback
                .map(|c| CallbackUrl::parse(c).unwrap())
                .into_iter()
                .collect(),
            post_logout: Vec::new(),
            pkce_optional: false,
            made_at: Timestamp::from_ms(0),
            secret_made_at: Timestamp::from_ms(0),
        }
    }

    #[test]
    fn code_needs_a_callback_and_password_does_not() {
        let checked = |grants, callback| keys(grants, callback, false).check();
        assert_eq!(checked("password refresh_token", None), Ok(()));
        assert_eq!(
            checked("authorization_code", Some("http://localhost")),
            Ok(())
        );
        assert_eq!(
            checked("authorization_code", None),
            Err(ApplicationError::CallbackMissing)
        );
        assert_eq!(checked("", None), Err(ApplicationError::NoGrant));
    }

    #[test]
    fn a_public_client_uses_code_with_pkce_alone() {
        let callback = Some("http://127.0.0.1/cb");
        assert_eq!(
            keys("authorization_code refresh_token", callback, true).check(),
            Ok(())
        );
        assert_eq!(
            keys("authorization_code password", callback, true).check(),
            Err(ApplicationError::PublicGrant)
        );
        let mut legacy = keys("authorization_code", callback, true);
        legacy.pkce_optional = true;
        assert_eq!(legacy.check(), Err(ApplicationError::PublicPkce));
    }

    #[test]
    fn names_are_bounded() {
        assert_eq!(
            ApplicationName::parse(" Nightly ").unwrap().as_str(),
            "Nightly"
        );
        assert!(ApplicationName::parse(&"n".repeat(71)).is_err());
        for hidden in [" ", "Von\u{200b}age", "\u{202e}egnov", "a\nb"] {
            assert!(ApplicationName::parse(hidden).is_err(), "{hidden:?}");
        }
        assert!(description_parse(&"d".repeat(513)).is_err());
    }
}
