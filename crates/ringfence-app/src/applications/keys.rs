//! The keys of an application: the pair that names it at the token service, and what it may do there (vbc-api §2.4).
//!
//! A secret is shown in the one answer that made it; its keyed digest is all that stays. A new one ends the old one at
//! once. Clean-up ends the keys with every token they made.

use super::{found, own_found, save, version_check};
use crate::context::{Actor, Ctx};
use crate::developer_caller::DeveloperCaller;
use crate::error::Error;
use ringfence_core::application::{Application, ApplicationKeys, GrantType, GrantTypes};
use ringfence_core::callback::CallbackUrl;
use ringfence_core::consumer::{ConsumerKey, consumer_secret_generate};
use ringfence_core::id::{ApplicationId, KeyMappingId};
use ringfence_core::secret::Secret;
use ringfence_store::applications as store;
use ringfence_store::db::Tx;
use serde_json::json;

/// What new keys are made from.
#[derive(Clone, Debug)]
pub struct NewKeys {
    /// The ticked grants.
    pub grant_types: GrantTypes,
    /// Where people may be sent back to after allowing it; at least one when *Code* is ticked, else none.
    pub callbacks: Vec<CallbackUrl>,
    /// Where people may be sent after signing out.
    pub post_logout: Vec<CallbackUrl>,
    /// It cannot keep a secret: a native or browser application.
    pub public: bool,
    /// Legacy: *Code* without PKCE is taken.
    pub pkce_optional: bool,
}

/// What to change of keys; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct KeysEdit {
    /// The ticked grants.
    pub grant_types: Option<GrantTypes>,
    /// Where people may be sent back to.
    pub callbacks: Option<Vec<CallbackUrl>>,
    /// Where people may be sent after signing out.
    pub post_logout: Option<Vec<CallbackUrl>>,
    /// Legacy: *Code* without PKCE is taken.
    pub pkce_optional: Option<bool>,
}

/// Makes the pair of key and secret. A public application gets no secret.
///
/// # Errors
/// [`Error::Conflict`] when there are keys already; [`Error::Invalid`] when grants and callbacks do not go together.
pub async fn keys_generate(
    ctx: &Ctx,
    caller: &DeveloperCaller,
    id: ApplicationId,
    new: NewKeys,
) -> Result<(Application, Option<Secret<String>>), Error> {
    let now = ctx.now();
    let mut tx = ctx.db.begin_write().await?;
    let mut application = own_found(&mut tx, caller, id).await?;
    if application.keys.is_some() {
        return Err(Error::Conflict(
            "the application has keys already; update them, or clean them up first".to_owned(),
        ));
    }
    let secret = (!new.public).then(|| consumer_secret_generate(&*ctx.random));
    let digest = secret.as_ref().map(|s| ctx.digest_key.digest(s.expose()));
    let keys = ApplicationKeys {
        mapping_id: KeyMappingId::new(now, &*ctx.random),
        consumer_key: ConsumerKey::generate(&*ctx.random),
        secret: digest,
        grant_types: new.grant_types,
        callbacks: new.callbacks,
        post_logout: new.post_logout,
        pkce_optional: new.pkce_optional,
        made_at: now,
        secret_made_at: now,
    };
    keys_check(ctx, &keys, GrantTypes::EMPTY)?;
    let detail = told(&keys);
    application.keys = Some(keys);
    application.verified = false;
    let told = ("application.keys.generate", detail);
    let application = keys_save(ctx, tx, application, told, &caller.actor()).await?;
    Ok((application, secret))
}

/// Changes grants, callbacks and switches. Key and secret stay. Other callbacks are no longer those that an operator has
/// verified.
///
/// # Errors
/// [`Error::NotFound`] when there are no keys; [`Error::Stale`] when the application has changed since that version was
/// read; [`Error::Invalid`] when grants and callbacks do not go together.
pub async fn keys_update(
    ctx: &Ctx,
    caller: &DeveloperCaller,
    id: ApplicationId,
    version: Option<u32>,
    edit: KeysEdit,
) -> Result<Application, Error> {
    let mut tx = ctx.db.begin_write().await?;
    let mut application = own_found(&mut tx, caller, id).await?;
    version_check(&application, version)?;
    let keys = application.keys.as_mut().ok_or_else(no_keys)?;
    let before = keys.grant_types;
    if let Some(grant_types) = edit.grant_types {
        keys.grant_types = grant_types;
    }
    if let Some(callbacks) = edit.callbacks {
        application.verified &= keys.callbacks == callbacks;
        keys.callbacks = callbacks;
    }
    if let Some(post_logout) = edit.post_logout {
        keys.post_logout = post_logout;
    }
    if let Some(pkce_optional) = edit.pkce_optional {
        keys.pkce_optional = pkce_optional;
    }
    keys_check(ctx, keys, before)?;
    let detail = told(keys);
    let told = ("application.keys.update", detail);
    keys_save(ctx, tx, application, told, &caller.actor()).await
}

/// Makes another secret. The old one is refused from now on; tokens stay.
///
/// # Errors
/// [`Error::NotFound`] when there are no keys; [`Error::Conflict`] for a public application, which has no secret.
pub async fn secret_regenerate(
    ctx: &Ctx,
    caller: &DeveloperCaller,
    id: ApplicationId,
) -> Result<(Application, Secret<String>), Error> {
    let mut tx = ctx.db.begin_write().await?;
    let mut application = own_found(&mut tx, caller, id).await?;
    let keys = application.keys.as_mut().ok_or_else(no_keys)?;
    if keys.is_public() {
        return Err(Error::Conflict(
            "a public application has no secret".to_owned(),
        ));
    }
    let secret = consumer_secret_generate(&*ctx.random);
    keys.secret = Some(ctx.digest_key.digest(secret.expose()));
    keys.secret_made_at = ctx.now();
    let told = ("application.secret", json!({}));
    let application = keys_save(ctx, tx, application, told, &caller.actor()).await?;
    Ok((application, secret))
}

/// Uses keys that exist for an application. A pair of keys is one application's, so only its own are taken, with their
/// secret.
///
/// # Errors
/// [`Error::NotFound`] when there are no such keys of the developer's, or the secret is another one;
/// [`Error::Conflict`] when the application has others, or another one has these.
pub async fn keys_map(
    ctx: &Ctx,
    caller: &DeveloperCaller,
    id: ApplicationId,
    (key, secret): (ConsumerKey, Option<&Secret<String>>),
) -> Result<Application, Error> {
    let mut tx = ctx.db.begin_read().await?;
    let application = own_found(&mut tx, caller, id).await?;
    let holder = store::application_id_by_key(&mut tx, key).await?;
    let holder = found(&mut tx, holder.ok_or_else(no_keys)?).await?;
    // A wrong secret reads like a key that is not there, so that nobody learns whose keys there are.
    if holder.developer_id != caller.developer.id || !secret_fits(ctx, &holder, secret) {
        return Err(no_keys());
    }
    if holder.id == application.id {
        return Ok(application);
    }
    Err(Error::Conflict(if application.keys.is_some() {
        "the application has other keys; clean them up first".to_owned()
    } else {
        format!("the keys are those of the application {}", holder.name)
    }))
}

/// Whether a secret is that of an application's keys. Keys of a public application have none, and none fits them.
#[must_use]
pub fn secret_fits(ctx: &Ctx, application: &Application, secret: Option<&Secret<String>>) -> bool {
    let kept = application.keys.as_ref().map(|keys| &keys.secret);
    match (kept, secret) {
        (Some(Some(kept)), Some(secret)) => {
            let presented = ctx.digest_key.digest(secret.expose());
            kept.matches(&presented)
        }
        (Some(None), None) => true,
        (Some(_) | None, _) => false,
    }
}

/// Ends the keys, with every token and grant they made. The application can have new ones.
///
/// # Errors
/// [`Error::NotFound`] when there are no keys.
pub async fn keys_clean_up(
    ctx: &Ctx,
    caller: &DeveloperCaller,
    id: ApplicationId,
) -> Result<Application, Error> {
    let mut tx = ctx.db.begin_write().await?;
    let mut application = own_found(&mut tx, caller, id).await?;
    let keys = application.keys.take().ok_or_else(no_keys)?;
    application.epoch += 1;
    let detail = json!({"consumer_key": keys.consumer_key.as_str()});
    let told = ("application.keys.clean_up", detail);
    keys_save(ctx, tx, application, told, &caller.actor()).await
}

async fn keys_save(
    ctx: &Ctx,
    mut tx: Tx,
    application: Application,
    told: (&'static str, serde_json::Value),
    actor: &Actor,
) -> Result<Application, Error> {
    store::application_keys_set(&mut tx, application.id, application.keys.as_ref()).await?;
    save(ctx, tx, application, told, actor).await
}

/// Whether grants, callbacks and switches go together. Grants that were ticked before may stay.
fn keys_check(ctx: &Ctx, keys: &ApplicationKeys, before: GrantTypes) -> Result<(), Error> {
    keys.check().map_err(Error::invalid)?;
    let adds_password =
        keys.grant_types.contains(GrantType::Password) && !before.contains(GrantType::Password);
    if adds_password && !ctx.settings.vbc.password_grant {
        return Err(Error::Invalid(
            "the grant Password is switched off on this installation; use Code".to_owned(),
        ));
    }
    Ok(())
}

fn told(keys: &ApplicationKeys) -> serde_json::Value {
    let urls = |urls: &[CallbackUrl]| {
        urls.iter()
            .map(|u| u.as_str().to_owned())
            .collect::<Vec<_>>()
    };
    json!({
        "consumer_key": keys.consumer_key.as_str(),
        "grant_types": keys.grant_types.to_string(),
        "callbacks": urls(&keys.callbacks),
        "post_logout": urls(&keys.post_logout),
        "public": keys.is_public(),
        "pkce_optional": keys.pkce_optional,
    })
}

fn no_keys() -> Error {
    Error::NotFound("keys".to_owned())
}
