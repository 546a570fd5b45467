//! The token service of applications (vbc-api §3): who is calling, which grant, and the tokens.
//!
//! [`token_grant`] is the walk on one screen; one file a grant stands beside it. A grant of a person is kept in the store
//! with its present tokens: each exchange and refresh is one transaction with one winner. Nothing here knows HTTP.

mod application;
pub mod authorization_code;
mod client_auth;
pub mod end;
mod fault;
mod keep;
mod limits;
mod mint;
mod password;
mod prune;
mod refresh;
mod revoke;
mod tally;

pub use client_auth::ApplicationProof;
pub use fault::GrantFault;
pub(crate) use prune::grants_prune;
pub use revoke::grant_token_revoke;
pub(crate) use tally::tally_flush;

use super::{Origin, TokenError, directory_fresh};
use crate::context::Ctx;
use crate::directory::follow::look_again;
use crate::gateway::{Who, WhoScopes};
use client_auth::ApplicationCaller;
use ringfence_core::application::GrantType;
use ringfence_core::client::Client;
use ringfence_core::id::{AccountId, ApplicationId, UserId};
use ringfence_core::secret::Secret;
use ringfence_core::user_scope::UserScopes;

/// What the grants keep between requests.
#[derive(Debug, Default)]
pub(super) struct Grants {
    tally: tally::Tally,
    limits: limits::Limits,
}

/// An application's request for tokens.
#[derive(Debug)]
pub struct GrantRequest {
    /// Who says to be calling, with the proof.
    pub proof: ApplicationProof,
    /// Where it comes from.
    pub origin: Origin,
    /// The grant asked for.
    pub grant_type: Option<String>,
    /// The scopes asked for.
    pub scope: Option<String>,
    /// The authorization code.
    pub code: Option<Secret<String>>,
    /// Where the code was sent.
    pub redirect_uri: Option<String>,
    /// The verifier that the code's challenge was made of.
    pub code_verifier: Option<Secret<String>>,
    /// The person's name, with the tenant.
    pub username: Option<String>,
    /// The person's password.
    pub password: Option<Secret<String>>,
    /// The refresh token.
    pub refresh_token: Option<Secret<String>>,
}

/// Tokens just given.
#[derive(Debug)]
pub struct GrantedTokens {
    /// The access token.
    pub access_token: Secret<String>,
    /// What gets the next one, where the application may refresh.
    pub refresh_token: Option<Secret<String>>,
    /// What they may be used for.
    pub scope: UserScopes,
    /// Who signed in, when `openid` was granted.
    pub id_token: Option<Secret<String>>,
    /// How long the access token still lives, in seconds.
    pub expires_in_secs: i64,
}

/// Who took part in a request, for the record.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Parties {
    /// The application that asked; that it is the caller is proved unless the request was refused.
    pub application_id: Option<ApplicationId>,
    /// The person the tokens are of, with their account.
    pub user: Option<(AccountId, UserId)>,
}

/// How a request ended, also for the record.
#[derive(Debug)]
pub struct GrantOutcome {
    /// The tokens, or what the caller is told.
    pub result: Result<GrantedTokens, TokenError>,
    /// Who took part.
    pub parties: Parties,
    /// The grant asked for, when it is one of ours.
    pub grant_type: Option<GrantType>,
    /// The true reason of a refusal, which the caller is not always told.
    pub reason: Option<&'static str>,
}

impl GrantOutcome {
    /// Who asked and for whom, as the record of requests has it.
    #[must_use]
    pub fn who(&self) -> Option<Who> {
        let granted = self.result.as_ref().ok();
        let scopes = granted.map(|tokens| tokens.scope.plain());
        let user = self.parties.user;
        Some(Who {
            account_id: user.map(|(account_id, _)| account_id),
            client: Client::Application(self.parties.application_id?),
            owner_id: user.map(|(_, user_id)| user_id),
            scopes: WhoScopes::Person(scopes.unwrap_or_default()),
        })
    }
}

/// What is found out under way, for the record alone.
#[derive(Debug, Default)]
struct Told {
    parties: Parties,
    reason: Option<&'static str>,
}

/// Gives an application tokens, or says why not.
pub async fn token_grant(ctx: &Ctx, request: &GrantRequest) -> GrantOutcome {
    let asked = request.grant_type.as_deref();
    let grant_type = asked.and_then(|text| GrantType::parse(text).ok());
    let mut told = Told::default();
    let mut result = grant_once(ctx, request, grant_type, &mut told).await;
    // An application, a secret or a tick made on another node a moment ago counts for the very next request.
    let may_be_news = matches!(
        result,
        Err(TokenError::InvalidClient
            | TokenError::UnauthorizedClient
            | TokenError::UnsupportedGrantType)
    );
    if may_be_news && grant_type.is_some() && look_again(ctx).await {
        told = Told::default();
        result = grant_once(ctx, request, grant_type, &mut told).await;
    }
    let reason = match &result {
        Ok(_) => None,
        Err(error) => told.reason.or(Some(error.reason())),
    };
    if told.parties.application_id.is_none() {
        told.parties.application_id = client_auth::application_named(ctx, &request.proof);
    }
    GrantOutcome {
        result,
        parties: told.parties,
        grant_type,
        reason,
    }
}

async fn grant_once(
    ctx: &Ctx,
    request: &GrantRequest,
    grant_type: Option<GrantType>,
    told: &mut Told,
) -> Result<GrantedTokens, TokenError> {
    directory_fresh(ctx)?;
    let caller = client_auth::application_authenticate(ctx, request, told)?;
    told.parties.application_id = Some(caller.application.id);
    if request.grant_type.is_none() {
        return Err(TokenError::Missing("grant_type"));
    }
    match grant_type {
        None => Err(TokenError::UnsupportedGrantType),
        Some(GrantType::AuthorizationCode) => {
            caller.require(GrantType::AuthorizationCode)?;
            authorization_code::code_exchange(ctx, &caller, request, told).await
        }
        Some(GrantType::RefreshToken) => {
            caller.require(GrantType::RefreshToken)?;
            refresh::refresh(ctx, &caller, request, told).await
        }
        Some(GrantType::ClientCredentials) => {
            caller.require(GrantType::ClientCredentials)?;
            application::application_grant(ctx, &caller, request)
        }
        // Switched off and not ticked read alike: for those it does not exist (checklist 26).
        Some(GrantType::Password) => {
            let switched_on = ctx.settings.vbc.password_grant;
            if !switched_on || caller.require(GrantType::Password).is_err() {
                return Err(TokenError::UnsupportedGrantType);
            }
            password::password_grant(ctx, &caller, request, told).await
        }
    }
}

impl ApplicationCaller {
    /// Lets a grant through that is ticked for the application.
    fn require(&self, grant: GrantType) -> Result<(), TokenError> {
        if self.grant_types().contains(grant) {
            Ok(())
        } else {
            Err(TokenError::UnauthorizedClient)
        }
    }
}
