//! Every id is its own type, made by one macro.

use crate::context::Random;
use crate::time::Timestamp;
use thiserror::Error;
use uuid::Uuid;

/// The text is not a UUID of 36 characters.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
#[error("not an id of 36 characters, such as 0190a1b2-3333-4d5e-8f60-7a8b9c0d0001")]
pub struct IdError;

macro_rules! id {
    ($(#[$doc:meta] $name:ident;)*) => {$(
        #[$doc]
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// Makes a new id whose order follows the time (UUID version 7, RFC 9562).
            pub fn new(now: Timestamp, random: &dyn Random) -> Self {
                Self(uuid_v7(now, random))
            }

            /// Parses the hyphenated text of 36 characters, in any case.
            ///
            /// # Errors
            /// The text is anything else.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                if text.len() != 36 {
                    return Err(IdError);
                }
                Uuid::try_parse(text).map(Self).map_err(|_| IdError)
            }

            /// Takes the 16 bytes of the UUID.
            #[must_use]
            pub const fn from_bytes(bytes: [u8; 16]) -> Self {
                Self(Uuid::from_bytes(bytes))
            }

            /// The 16 bytes of the UUID.
            #[must_use]
            pub const fn as_bytes(&self) -> &[u8; 16] {
                self.0.as_bytes()
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{}({})", stringify!($name), self.0.hyphenated())
            }
        }

        impl std::str::FromStr for $name {
            type Err = IdError;
            fn from_str(text: &str) -> Result<Self, IdError> {
                Self::parse(text)
            }
        }
    )*};
}

id! {
    /// A tenant.
    AccountId;
    /// A person of an account.
    UserId;
    /// A group of users.
    GroupId;
    /// An API credential; its text is the `client_id`.
    CredentialId;
    /// A signing key; its text is the `kid`.
    KeyId;
    /// One access token (`jti`).
    TokenId;
    /// An interaction: one call, chat or similar.
    InteractionId;
    /// Interactions that belong together, such as a call and the callback it led to.
    ConversationId;
    /// One participant's involvement in an interaction.
    ChannelId;
    /// A connection to a platform to collect from.
    ConnectionId;
    /// One collection run.
    RunId;
    /// An OpenID Connect provider that an account keeps.
    ProviderId;
    /// One request; shown to callers and in logs.
    RequestId;
    /// One line of the audit trail.
    AuditId;
    /// Somebody's stay after signing in, as they see it in the list of theirs; not what the cookie holds.
    SessionId;
    /// A person who builds applications in the Developer Portal; belongs to no account.
    DeveloperId;
    /// A personal token of a developer; not its text.
    DeveloperTokenId;
    /// An application of a developer.
    ApplicationId;
    /// The pair of consumer key and secret of an application, as the Portal REST API names it.
    KeyMappingId;
    /// An application's subscription to an API suite.
    SubscriptionId;
    /// What a person allowed an application: the family of refresh and access tokens that came of it.
    GrantId;
}

impl InteractionId {
    /// Derives an id from an account and a foreign system's own name for the call, always the same one (UUID version 5).
    #[must_use]
    pub fn derived(account: AccountId, foreign: &str) -> Self {
        Self(Uuid::new_v5(&account.0, foreign.as_bytes()))
    }
}

impl ChannelId {
    /// Derives the id of an interaction's n-th channel, always the same one; the first equals the interaction's (vcc-api §10.2).
    #[must_use]
    pub fn derived(interaction: InteractionId, index: u32) -> Self {
        if index == 0 {
            return Self(interaction.0);
        }
        Self(Uuid::new_v5(&interaction.0, &index.to_be_bytes()))
    }
}

impl ConversationId {
    /// Derives the id of a conversation of one interaction, always the same one.
    #[must_use]
    pub fn derived(interaction: InteractionId) -> Self {
        Self(Uuid::new_v5(&interaction.0, b"conversation"))
    }
}

fn uuid_v7(now: Timestamp, random: &dyn Random) -> Uuid {
    let mut bytes = [0_u8; 16];
    random.fill(&mut bytes);
    let ms = now.ms().max(0).to_be_bytes();
    bytes[..6].copy_from_slice(&ms[2..]);
    bytes[6] = (bytes[6] & 0x0f) | 0x70;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    Uuid::from_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::context::SystemRandom;

    #[test]
    fn ids_follow_the_time_and_round_trip() {
        let early = AccountId::new(Timestamp::from_ms(1_000), &SystemRandom);
        let late = AccountId::new(Timestamp::from_ms(2_000), &SystemRandom);
        assert!(early < late);
        assert_eq!(AccountId::parse(&early.to_string()), Ok(early));
        assert_eq!(
            AccountId::parse(&early.to_string().to_uppercase()),
            Ok(early)
        );
        assert_eq!(
            AccountId::parse("0190a1b233334d5e8f607a8b9c0d0001"),
            Err(IdError)
        );
    }

    #[test]
    fn derived_ids_are_stable() {
        let account = AccountId::from_bytes([7; 16]);
        let call = InteractionId::derived(account, "1700000000.12");
        assert_eq!(call, InteractionId::derived(account, "1700000000.12"));
        assert_eq!(ChannelId::derived(call, 0).to_string(), call.to_string());
        assert_ne!(ChannelId::derived(call, 1), ChannelId::derived(call, 2));
    }
}
