//! What those who run the installation do with anybody's application: look, suspend, verify, block, hand over.

use super::subscriptions::{Subscribed, subscribed};
use super::{change, delete, found, save, version_check};
use crate::context::{Actor, Ctx};
use crate::developer_caller::DeveloperCaller;
use crate::error::Error;
use ringfence_core::application::{Application, ApplicationStatus, SubscriptionStatus};
use ringfence_core::developer::{Developer, DeveloperName};
use ringfence_core::id::{ApplicationId, SubscriptionId};
use ringfence_store::applications::subscriptions as store;
use ringfence_store::applications::{ApplicationSearch, application_search};
use ringfence_store::db::Tx;
use ringfence_store::developers;
use ringfence_store::feed::feed_lock;
use serde_json::json;

/// An application and whose it is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OwnedApplication {
    /// The application.
    pub application: Application,
    /// Its developer.
    pub developer: Developer,
}

/// What operators decide about an application; what is `None` stays.
#[derive(Clone, Copy, Debug, Default)]
pub struct Verdict {
    /// Whether it may act.
    pub status: Option<ApplicationStatus>,
    /// Whether consent pages call it verified.
    pub verified: Option<bool>,
}

/// A page of anybody's applications, and how many there are in all.
///
/// # Errors
/// The store broke off.
pub async fn application_all(
    ctx: &Ctx,
    search: &ApplicationSearch,
) -> Result<(Vec<OwnedApplication>, u64), Error> {
    let mut tx = ctx.db.begin_read().await?;
    let (found, total) = application_search(&mut tx, search).await?;
    let mut all = Vec::with_capacity(found.len());
    for application in found {
        all.push(owned(&mut tx, application).await?);
    }
    Ok((all, total))
}

/// Anybody's application.
///
/// # Errors
/// [`Error::NotFound`] when there is none of that id.
pub async fn application_look(ctx: &Ctx, id: ApplicationId) -> Result<OwnedApplication, Error> {
    let mut tx = ctx.db.begin_read().await?;
    let application = found(&mut tx, id).await?;
    owned(&mut tx, application).await
}

/// The developer of that name, with somebody else acting in their place: the command line does what the portal does.
///
/// # Errors
/// [`Error::NotFound`] when there is none.
pub async fn developer_stand_in(
    ctx: &Ctx,
    actor: &Actor,
    name: &DeveloperName,
) -> Result<DeveloperCaller, Error> {
    let mut tx = ctx.db.begin_read().await?;
    let developer = developer_named(&mut tx, name).await?;
    Ok(DeveloperCaller::in_place_of(developer, actor.clone()))
}

/// The developer of an application, with somebody else acting in their place.
///
/// # Errors
/// [`Error::NotFound`] when there is no such application.
pub async fn owner_stand_in(
    ctx: &Ctx,
    actor: &Actor,
    id: ApplicationId,
) -> Result<DeveloperCaller, Error> {
    let developer = application_look(ctx, id).await?.developer;
    Ok(DeveloperCaller::in_place_of(developer, actor.clone()))
}

/// The developer of a subscription's application, with somebody else acting in their place.
///
/// # Errors
/// [`Error::NotFound`] when there is no such subscription.
pub async fn subscription_owner_stand_in(
    ctx: &Ctx,
    actor: &Actor,
    id: SubscriptionId,
) -> Result<DeveloperCaller, Error> {
    let mut tx = ctx.db.begin_read().await?;
    let application = subscribed(&mut tx, id).await?.application;
    let developer = owned(&mut tx, application).await?.developer;
    Ok(DeveloperCaller::in_place_of(developer, actor.clone()))
}

/// Suspends, resumes, verifies. Every token of an application that is suspended ends for good.
///
/// # Errors
/// [`Error::NotFound`] when there is none of that id; [`Error::Stale`] when it has changed since that version was read.
pub async fn application_judge(
    ctx: &Ctx,
    actor: &Actor,
    id: ApplicationId,
    version: Option<u32>,
    verdict: Verdict,
) -> Result<Application, Error> {
    let mut tx = ctx.db.begin_write().await?;
    let mut application = found(&mut tx, id).await?;
    version_check(&application, version)?;
    let status = verdict.status.unwrap_or(application.status);
    let verified = verdict.verified.unwrap_or(application.verified);
    let act = match (status != application.status, status) {
        (true, ApplicationStatus::Suspended) => "application.suspend",
        (true, ApplicationStatus::Approved) => "application.resume",
        (false, _) if verified == application.verified => return Ok(application),
        (false, _) if verified => "application.verify",
        (false, _) => "application.unverify",
    };
    if act == "application.suspend" {
        application.epoch += 1;
    }
    application.status = status;
    application.verified = verified;
    let detail = json!({"status": status.as_str(), "verified": verified});
    save(ctx, tx, application, (act, detail), actor).await
}

/// Gives an application to another developer. Keys, subscriptions and tokens stay.
///
/// # Errors
/// [`Error::NotFound`] when application or developer is not there; [`Error::Conflict`] when the new one has an
/// application of that name.
pub async fn application_owner_set(
    ctx: &Ctx,
    actor: &Actor,
    id: ApplicationId,
    to: &DeveloperName,
) -> Result<Application, Error> {
    let mut tx = ctx.db.begin_write().await?;
    let mut application = found(&mut tx, id).await?;
    let developer = developer_named(&mut tx, to).await?;
    if application.developer_id == developer.id {
        return Ok(application);
    }
    let before = application.developer_id;
    application.developer_id = developer.id;
    // Who makes it is part of what was looked at.
    application.verified = false;
    let detail = json!({"from": before.to_string(), "to": developer.id.to_string(), "developer": to.as_str()});
    save(ctx, tx, application, ("application.owner", detail), actor).await
}

/// Deletes anybody's application. Every token of it is refused from now on.
///
/// # Errors
/// [`Error::NotFound`] when there is none of that id.
pub async fn application_remove(
    ctx: &Ctx,
    actor: &Actor,
    id: ApplicationId,
) -> Result<Application, Error> {
    let mut tx = ctx.db.begin_write().await?;
    let application = found(&mut tx, id).await?;
    delete(ctx, tx, application, actor).await
}

/// Blocks a subscription or lifts the block: calls to its suite are refused, or taken again.
///
/// # Errors
/// [`Error::NotFound`] when there is none of that id.
pub async fn subscription_block(
    ctx: &Ctx,
    actor: &Actor,
    id: SubscriptionId,
    blocked: bool,
) -> Result<Subscribed, Error> {
    let mut tx = ctx.db.begin_write().await?;
    // The developer may be removing it at the same moment.
    feed_lock(&mut tx).await?;
    let mut found = subscribed(&mut tx, id).await?;
    let (status, act) = if blocked {
        (SubscriptionStatus::Blocked, "subscription.block")
    } else {
        (SubscriptionStatus::Unblocked, "subscription.unblock")
    };
    if found.subscription.status == status {
        return Ok(found);
    }
    found.subscription.status = status;
    store::subscription_status_set(&mut tx, id, status).await?;
    let detail = json!({"suite": found.subscription.suite.name()});
    ctx.record(&mut tx, change(&found.application, act, detail, actor))
        .await?;
    ctx.commit(tx).await?;
    for one in &mut found.application.subscriptions {
        if one.id == id {
            one.status = status;
        }
    }
    Ok(found)
}

async fn developer_named(tx: &mut Tx, name: &DeveloperName) -> Result<Developer, Error> {
    let developer = developers::developer_find_by_name(tx, name).await?;
    developer.ok_or_else(|| Error::NotFound(format!("developer {name}")))
}

async fn owned(tx: &mut Tx, application: Application) -> Result<OwnedApplication, Error> {
    let developer = developers::developer_find(tx, application.developer_id).await?;
    let developer = developer.ok_or_else(|| Error::NotFound("developer".to_owned()))?;
    Ok(OwnedApplication {
        application,
        developer,
    })
}
