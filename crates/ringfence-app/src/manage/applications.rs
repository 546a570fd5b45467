//! Applications of every developer, for operators: look, suspend, verify, block, hand over, delete.

use super::slice::Slice;
use crate::applications::operate::{
    self as acts, OwnedApplication, Verdict, application_all, application_judge, application_look,
    application_owner_set, application_remove,
};
use crate::applications::subscriptions::Subscribed;
use crate::caller::Caller;
use crate::context::Ctx;
use crate::error::Error;
use crate::paging::{Page, PageRequest};
use ringfence_core::application::ApplicationStatus;
use ringfence_core::developer::DeveloperName;
use ringfence_core::id::{ApplicationId, SubscriptionId};
use ringfence_store::applications::{ApplicationOrder, ApplicationSearch};
use ringfence_store::developers::developer_find_by_name;

/// Which applications to list.
#[derive(Clone, Debug, Default)]
pub struct ApplicationQuery {
    /// A part of the name.
    pub text: String,
    /// In use or suspended.
    pub status: Option<ApplicationStatus>,
    /// One developer's alone.
    pub developer: Option<DeveloperName>,
    /// The order.
    pub order: ApplicationOrder,
    /// From the last to the first.
    pub descending: bool,
}

/// What to change of an application; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct ApplicationChange {
    /// Status and mark.
    pub verdict: Verdict,
    /// Whose it is to be.
    pub developer: Option<DeveloperName>,
}

/// A page of everybody's applications.
///
/// # Errors
/// [`Error::NotFound`] for who is no operator.
pub async fn application_page(
    ctx: &Ctx,
    caller: &Caller,
    query: &ApplicationQuery,
    page: PageRequest,
) -> Result<Page<OwnedApplication>, Error> {
    caller.require_operator()?;
    let offset = u32::try_from(page.offset()).unwrap_or(u32::MAX);
    let Some(search) = search(ctx, query, (offset, page.limit())).await? else {
        return Ok(page.page(Vec::new(), 0));
    };
    let (found, total) = application_all(ctx, &search).await?;
    Ok(page.page(found, i64::try_from(total).unwrap_or(i64::MAX)))
}

/// Everybody's applications after so many of them.
///
/// # Errors
/// [`Error::NotFound`] for who is no operator.
pub async fn application_slice(
    ctx: &Ctx,
    caller: &Caller,
    query: &ApplicationQuery,
    (offset, limit): (u32, u32),
) -> Result<Slice<OwnedApplication>, Error> {
    caller.require_operator()?;
    let Some(search) = search(ctx, query, (offset, limit.saturating_add(1))).await? else {
        return Ok(Slice {
            items: Vec::new(),
            next: None,
        });
    };
    let (found, _) = application_all(ctx, &search).await?;
    let after = offset.saturating_add(limit);
    Ok(Slice::cut(found, limit, |_| after.to_string()))
}

/// One application.
///
/// # Errors
/// [`Error::NotFound`] for who is no operator, or when there is none.
pub async fn application_show(
    ctx: &Ctx,
    caller: &Caller,
    id: ApplicationId,
) -> Result<OwnedApplication, Error> {
    caller.require_operator()?;
    application_look(ctx, id).await
}

/// Suspends, resumes, verifies, hands over.
///
/// # Errors
/// [`Error::NotFound`] for who is no operator, or when there is none; [`Error::Stale`] when it has changed since that
/// version was read; [`Error::Conflict`] when the new developer has one of that name.
pub async fn application_change(
    ctx: &Ctx,
    caller: &Caller,
    id: ApplicationId,
    version: Option<u32>,
    change: ApplicationChange,
) -> Result<OwnedApplication, Error> {
    caller.require_operator()?;
    let actor = caller.actor();
    application_judge(ctx, &actor, id, version, change.verdict).await?;
    if let Some(developer) = &change.developer {
        application_owner_set(ctx, &actor, id, developer).await?;
    }
    application_look(ctx, id).await
}

/// Deletes an application with its keys, subscriptions and tokens.
///
/// # Errors
/// [`Error::NotFound`] for who is no operator, or when there is none.
pub async fn application_delete(
    ctx: &Ctx,
    caller: &Caller,
    id: ApplicationId,
) -> Result<(), Error> {
    caller.require_operator()?;
    application_remove(ctx, &caller.actor(), id).await?;
    Ok(())
}

/// Blocks a subscription of an application, or lifts the block.
///
/// # Errors
/// [`Error::NotFound`] for who is no operator, or when the application has no such subscription.
pub async fn subscription_block(
    ctx: &Ctx,
    caller: &Caller,
    id: ApplicationId,
    subscription_id: SubscriptionId,
    blocked: bool,
) -> Result<Subscribed, Error> {
    let application = application_show(ctx, caller, id).await?.application;
    let has_it = |id| application.subscriptions.iter().any(|one| one.id == id);
    if !has_it(subscription_id) {
        return Err(Error::NotFound(format!("subscription {subscription_id}")));
    }
    acts::subscription_block(ctx, &caller.actor(), subscription_id, blocked).await
}

/// What to look for; `None` when there is no such developer.
async fn search(
    ctx: &Ctx,
    query: &ApplicationQuery,
    (offset, limit): (u32, u32),
) -> Result<Option<ApplicationSearch>, Error> {
    let developer_id = match &query.developer {
        None => None,
        Some(name) => {
            let mut tx = ctx.db.begin_read().await?;
            match developer_find_by_name(&mut tx, name).await? {
                Some(developer) => Some(developer.id),
                None => return Ok(None),
            }
        }
    };
    Ok(Some(ApplicationSearch {
        developer_id,
        text: query.text.trim().to_owned(),
        status: query.status,
        order: query.order,
        descending: query.descending,
        offset,
        limit,
    }))
}
