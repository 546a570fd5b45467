//! What an access token must satisfy by itself (RFC 9068 §4).
//!
//! Live rights come after this: see the directory.

use super::claims::AccessClaims;
use super::json::JsonError;
use super::jws::{Compact, JwsError};
use super::key::{ACCESS_TOKEN_TYP, VerifyingKey};
use super::user_claims::UserClaims;
use crate::id::KeyId;
use crate::time::Timestamp;
use thiserror::Error;

/// Which tokens a resource server takes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TokenRule {
    /// The issuers, compared exactly.
    pub issuers: Vec<String>,
    /// The audiences, compared exactly.
    pub audiences: Vec<String>,
    /// How far clocks may differ; at most 60 seconds.
    pub skew_secs: u32,
}

/// Why a token is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Error)]
pub enum TokenFault {
    /// Not a token of ours.
    #[error("the token is malformed")]
    Malformed(#[source] JwsError),
    /// Of another type: an ID token, a logout token, a client assertion.
    #[error("the token is not an access token")]
    Typ,
    /// No such key, or a withdrawn one.
    #[error("the token names a key that is not known")]
    UnknownKey,
    /// The header names another algorithm than the key's.
    #[error("the token algorithm is not the key's")]
    Algorithm,
    /// The signature is wrong.
    #[error("the token signature is wrong")]
    Signature,
    /// A claim is missing or of the wrong type.
    #[error("the token claims are not acceptable")]
    Claims(#[source] JsonError),
    /// Issued by someone else.
    #[error("the token is from another issuer")]
    Issuer,
    /// Meant for someone else.
    #[error("the token is for another audience")]
    Audience,
    /// Its time is over.
    #[error("the token has expired")]
    Expired,
    /// Its time has not come, or it claims to be made in the future.
    #[error("the token is not valid yet")]
    NotYet,
}

impl TokenFault {
    /// The reason code of logs and of the documentation.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Malformed(_) => "token_malformed",
            Self::Typ => "token_type",
            Self::UnknownKey => "token_key_unknown",
            Self::Algorithm => "token_algorithm",
            Self::Signature => "token_signature",
            Self::Claims(_) => "token_claims",
            Self::Issuer => "token_issuer",
            Self::Audience => "token_audience",
            Self::Expired => "token_expired",
            Self::NotYet => "token_not_yet_valid",
        }
    }
}

/// Verifies a token's form, type, signature, issuer, audience and times.
///
/// # Errors
/// See [`TokenFault`]; each wrong thing singly is enough.
pub fn verify_access<'k>(
    token: &str,
    key_of: impl Fn(KeyId) -> Option<&'k VerifyingKey>,
    rule: &TokenRule,
    now: Timestamp,
) -> Result<AccessClaims, TokenFault> {
    let claims = verify_signed(token, key_of)?;
    check_claims(&claims, rule, now)?;
    Ok(claims)
}

/// Verifies a token's form, type and signature, and reads its claims. They are not acceptable before [`check_claims`].
///
/// # Errors
/// See [`TokenFault`].
pub fn verify_signed<'k>(
    token: &str,
    key_of: impl Fn(KeyId) -> Option<&'k VerifyingKey>,
) -> Result<AccessClaims, TokenFault> {
    let payload = payload_signed(token, key_of)?;
    AccessClaims::parse(&payload).map_err(TokenFault::Claims)
}

/// As [`verify_signed`], for an application's token.
///
/// # Errors
/// See [`TokenFault`].
pub fn verify_signed_user<'k>(
    token: &str,
    key_of: impl Fn(KeyId) -> Option<&'k VerifyingKey>,
) -> Result<UserClaims, TokenFault> {
    let payload = payload_signed(token, key_of)?;
    UserClaims::parse(&payload).map_err(TokenFault::Claims)
}

fn payload_signed<'k>(
    token: &str,
    key_of: impl Fn(KeyId) -> Option<&'k VerifyingKey>,
) -> Result<Vec<u8>, TokenFault> {
    let compact = Compact::parse(token).map_err(TokenFault::Malformed)?;
    if compact.header.typ != ACCESS_TOKEN_TYP {
        return Err(TokenFault::Typ);
    }
    let key_id = KeyId::parse(&compact.header.kid).map_err(|_| TokenFault::UnknownKey)?;
    let key = key_of(key_id).ok_or(TokenFault::UnknownKey)?;
    if key.alg != compact.header.alg {
        return Err(TokenFault::Algorithm);
    }
    // No claim is looked at before the signature is known to be ours.
    if !key.verifies(compact.signing_input.as_bytes(), &compact.signature) {
        return Err(TokenFault::Signature);
    }
    Ok(compact.payload)
}

/// Checks the claims of a token whose signature is known to be right, also when it was verified a while ago.
///
/// # Errors
/// See [`TokenFault`].
pub fn check_claims(
    claims: &AccessClaims,
    rule: &TokenRule,
    now: Timestamp,
) -> Result<(), TokenFault> {
    check_placed(rule, &claims.iss, &claims.aud)?;
    check_times(rule, claims.exp, claims.nbf.max(claims.iat), now)
}

/// As [`check_claims`], for an application's token.
///
/// # Errors
/// See [`TokenFault`].
pub fn check_user_claims(
    claims: &UserClaims,
    rule: &TokenRule,
    now: Timestamp,
) -> Result<(), TokenFault> {
    check_placed(rule, &claims.iss, &claims.aud)?;
    check_times(rule, claims.exp, claims.nbf.max(claims.iat), now)
}

fn check_placed(rule: &TokenRule, iss: &String, aud: &String) -> Result<(), TokenFault> {
    if !rule.issuers.contains(iss) {
        return Err(TokenFault::Issuer);
    }
    if !rule.audiences.contains(aud) {
        return Err(TokenFault::Audience);
    }
    Ok(())
}

fn check_times(
    rule: &TokenRule,
    exp: Timestamp,
    begins: Timestamp,
    now: Timestamp,
) -> Result<(), TokenFault> {
    let skew_secs = i64::from(rule.skew_secs.min(60));
    if now >= exp.plus_secs(skew_secs) {
        return Err(TokenFault::Expired);
    }
    if begins > now.plus_secs(skew_secs) {
        return Err(TokenFault::NotYet);
    }
    Ok(())
}

#[cfg(test)]
#[path = "verify_tests.rs"]
mod tests;
