//! A token of the application itself, to try with: like one of the grant Client Credentials, but shorter-lived if asked.

use super::keys::secret_fits;
use super::own_found;
use crate::context::{Ctx, Note};
use crate::developer_caller::DeveloperCaller;
use crate::error::Error;
use ringfence_core::account::{Region, TokenAlg};
use ringfence_core::application::{Application, ApplicationStatus, GrantType};
use ringfence_core::id::{ApplicationId, TokenId};
use ringfence_core::issuer::vbc_audience;
use ringfence_core::jwt::user_claims::{Subject, UserClaims};
use ringfence_core::secret::Secret;
use ringfence_core::time::Timestamp;
use ringfence_core::user_scope::UserScopes;
use serde_json::json;

/// What a test token is made from.
#[derive(Debug)]
pub struct NewTestToken {
    /// The application's secret: who has the keys may try them.
    pub secret: Secret<String>,
    /// What it is asked for; there is no person, so only `default` and a device.
    pub scope: UserScopes,
    /// How long it is to live, in seconds; the life of other tokens if not given, and at most that.
    pub life_secs: Option<i64>,
}

/// A token just made.
#[derive(Debug)]
pub struct TestToken {
    /// The token.
    pub access_token: Secret<String>,
    /// What it may be used for.
    pub scope: UserScopes,
    /// How long it lives, in seconds.
    pub expires_in_secs: i64,
}

/// Makes a token of the application itself.
///
/// # Errors
/// [`Error::NotFound`] when there are no keys; [`Error::Unauthenticated`] when the secret is another one;
/// [`Error::Invalid`] when Client Credentials is not ticked, or scope or life cannot be; [`Error::Forbidden`] when the
/// application is suspended.
pub async fn test_token(
    ctx: &Ctx,
    caller: &DeveloperCaller,
    id: ApplicationId,
    new: &NewTestToken,
) -> Result<TestToken, Error> {
    let mut tx = ctx.db.begin_read().await?;
    let application = own_found(&mut tx, caller, id).await?;
    drop(tx);
    if !secret_fits(ctx, &application, Some(&new.secret)) {
        return Err(Error::Unauthenticated);
    }
    let (claims, life_secs) = claims(ctx, &application, new)?;
    let now = ctx.now();
    let snapshot = ctx.directory.snapshot();
    let Some(key) = snapshot.signing_key(TokenAlg::default(), now) else {
        return Err(Error::Unavailable("no signing key is in use".to_owned()));
    };
    let token = key.signing.sign_access_token(claims.to_json().as_bytes());
    let token = token.map_err(Error::internal)?;
    let mut tx = ctx.db.begin_write().await?;
    let note = Note {
        account_id: None,
        act: "application.token",
        subject: application.id.to_string(),
        detail: json!({"jti": claims.jti.to_string(), "life_secs": life_secs}),
        actor: &caller.actor(),
    };
    ctx.note(&mut tx, note).await?;
    tx.commit().await?;
    Ok(TestToken {
        access_token: Secret::new(token),
        scope: claims.scope,
        expires_in_secs: life_secs,
    })
}

fn claims(
    ctx: &Ctx,
    application: &Application,
    new: &NewTestToken,
) -> Result<(UserClaims, i64), Error> {
    let keys = application.keys.as_ref();
    let keys = keys.ok_or_else(|| Error::NotFound("keys".to_owned()))?;
    if application.status == ApplicationStatus::Suspended {
        return Err(Error::Forbidden("the application is suspended".to_owned()));
    }
    if !keys.grant_types.contains(GrantType::ClientCredentials) {
        return Err(Error::Invalid(
            "tick the grant Client Credentials to make tokens of the application itself".to_owned(),
        ));
    }
    if let Some(of_people) = new.scope.iter().next() {
        return Err(Error::Invalid(format!(
            "the scope {} is about a person, and here is none",
            of_people.as_str()
        )));
    }
    let longest = i64::from(ctx.settings.vbc.access_ttl_secs);
    let life_secs = new.life_secs.unwrap_or(longest);
    if !(1..=longest).contains(&life_secs) {
        return Err(Error::Invalid(format!(
            "a token lives 1 to {longest} seconds"
        )));
    }
    let now = ctx.now();
    let iat = Timestamp::from_secs(now.secs());
    let claims = UserClaims {
        iss: ctx.token.vbc_issuer.clone(),
        // It is for no account, so it is of the first region.
        aud: vbc_audience(Region::ALL[0]),
        exp: iat.plus_secs(life_secs),
        iat,
        nbf: iat,
        jti: TokenId::new(now, &*ctx.random),
        client_id: keys.consumer_key,
        application: application.id,
        scope: new.scope.clone(),
        subject: Subject::Application,
        epoch: u64::from(application.epoch),
    };
    Ok((claims, life_secs))
}
