//! A token for the application itself (RFC 6749 §4.4). The VBC APIs refuse it (vbc-api §3.3); it touches no database.

use super::client_auth::ApplicationCaller;
use super::mint::{application_mint, facts_new};
use super::{GrantRequest, GrantedTokens};
use crate::context::Ctx;
use crate::token::TokenError;
use crate::token::client_credentials::ScopeRefusal;
use ringfence_core::scope::ScopeError;
use ringfence_core::time::Timestamp;
use ringfence_core::user_scope::UserScopes;

/// Gives an application a token of its own: no refresh token, no ID token (checklist 31).
pub(super) fn application_grant(
    ctx: &Ctx,
    caller: &ApplicationCaller,
    request: &GrantRequest,
) -> Result<GrantedTokens, TokenError> {
    let scope = scope_parse(request.scope.as_deref())?;
    // The other scopes are about a person, and here is none.
    if let Some(of_people) = scope.iter().next() {
        let value = of_people.as_str().to_owned();
        return Err(TokenError::InvalidScope(ScopeRefusal::Value(value)));
    }
    let facts = facts_new(ctx, scope, Timestamp::from_ms(i64::MAX));
    Ok(GrantedTokens {
        access_token: application_mint(ctx, caller, &facts)?,
        refresh_token: None,
        scope: facts.scope,
        id_token: None,
        expires_in_secs: facts.exp.secs() - facts.iat.secs(),
    })
}

/// The scopes that were asked for; none is `default`.
pub(super) fn scope_parse(asked: Option<&str>) -> Result<UserScopes, TokenError> {
    let asked = asked.unwrap_or_default();
    UserScopes::parse(asked).map_err(|error| {
        TokenError::InvalidScope(match error {
            ScopeError::Syntax => ScopeRefusal::Syntax,
            ScopeError::Unknown | ScopeError::Empty => ScopeRefusal::Value(asked.to_owned()),
        })
    })
}
