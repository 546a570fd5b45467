//! What an application may call: at most one subscription to each suite (vbc-api §2.3).

use super::{MOST_APPLICATIONS, change, found, own_found};
use crate::context::Ctx;
use crate::developer_caller::DeveloperCaller;
use crate::error::Error;
use ringfence_core::application::{Application, Plan, Subscription, SubscriptionStatus};
use ringfence_core::id::{ApplicationId, SubscriptionId};
use ringfence_core::suite::Suite;
use ringfence_store::applications::subscriptions as store;
use ringfence_store::applications::{ApplicationSearch, application_search};
use ringfence_store::db::Tx;
use ringfence_store::feed::feed_lock;
use serde_json::json;

/// Which subscriptions to list.
#[derive(Clone, Copy, Debug, Default)]
pub struct SubscriptionQuery {
    /// Of this application alone.
    pub application_id: Option<ApplicationId>,
    /// To this suite alone.
    pub suite: Option<Suite>,
}

/// A subscription and the application that has it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Subscribed {
    /// The application.
    pub application: Application,
    /// The subscription.
    pub subscription: Subscription,
}

/// Subscribes an application to a suite, from the next call on.
///
/// # Errors
/// [`Error::NotFound`] when the developer has no such application; [`Error::Conflict`] when it is subscribed already.
pub async fn subscription_add(
    ctx: &Ctx,
    caller: &DeveloperCaller,
    id: ApplicationId,
    (suite, plan): (Suite, Plan),
) -> Result<Subscribed, Error> {
    let now = ctx.now();
    let mut tx = ctx.db.begin_write().await?;
    let mut application = own_found(&mut tx, caller, id).await?;
    if application.subscription(suite).is_some() {
        return Err(Error::Conflict(format!(
            "the application is subscribed to {} already",
            suite.name()
        )));
    }
    let subscription = Subscription {
        id: SubscriptionId::new(now, &*ctx.random),
        suite,
        plan,
        status: SubscriptionStatus::Unblocked,
        made_at: now,
    };
    store::subscription_insert(&mut tx, application.id, &subscription).await?;
    let detail = json!({"suite": suite.name(), "plan": plan.as_str()});
    let actor = caller.actor();
    ctx.record(
        &mut tx,
        change(&application, "subscription.add", detail, &actor),
    )
    .await?;
    ctx.commit(tx).await?;
    application.subscriptions.push(subscription.clone());
    Ok(Subscribed {
        application,
        subscription,
    })
}

/// Ends a subscription: calls to its suite are refused from now on, with every token.
///
/// # Errors
/// [`Error::NotFound`] when the developer has no such subscription; [`Error::Forbidden`] when an operator has blocked it.
pub async fn subscription_remove(
    ctx: &Ctx,
    caller: &DeveloperCaller,
    id: SubscriptionId,
) -> Result<Subscribed, Error> {
    let mut tx = ctx.db.begin_write().await?;
    // An operator may be blocking it at the same moment.
    feed_lock(&mut tx).await?;
    let subscribed = own_subscription(&mut tx, caller, id).await?;
    if subscribed.subscription.status == SubscriptionStatus::Blocked && !caller.stands_in() {
        // Else a developer would lift the block by subscribing anew.
        return Err(Error::Forbidden(
            "the subscription is blocked; ask an operator of this installation".to_owned(),
        ));
    }
    store::subscription_delete(&mut tx, id).await?;
    let detail = json!({"suite": subscribed.subscription.suite.name()});
    let actor = caller.actor();
    let told = change(
        &subscribed.application,
        "subscription.remove",
        detail,
        &actor,
    );
    ctx.record(&mut tx, told).await?;
    ctx.commit(tx).await?;
    Ok(subscribed)
}

/// The developer's subscriptions, by application and suite.
///
/// # Errors
/// [`Error::NotFound`] when an application is named that the developer does not have.
pub async fn subscription_list(
    ctx: &Ctx,
    caller: &DeveloperCaller,
    query: SubscriptionQuery,
) -> Result<Vec<Subscribed>, Error> {
    let mut tx = ctx.db.begin_read().await?;
    let applications = match query.application_id {
        Some(id) => vec![own_found(&mut tx, caller, id).await?],
        None => {
            let all = ApplicationSearch {
                developer_id: Some(caller.developer.id),
                limit: MOST_APPLICATIONS,
                ..ApplicationSearch::default()
            };
            application_search(&mut tx, &all).await?.0
        }
    };
    let mut all = Vec::new();
    for application in applications {
        for subscription in &application.subscriptions {
            if query.suite.is_none_or(|suite| suite == subscription.suite) {
                all.push(Subscribed {
                    application: application.clone(),
                    subscription: subscription.clone(),
                });
            }
        }
    }
    Ok(all)
}

/// One subscription of the developer's.
///
/// # Errors
/// [`Error::NotFound`] when there is none of that id.
pub async fn subscription_show(
    ctx: &Ctx,
    caller: &DeveloperCaller,
    id: SubscriptionId,
) -> Result<Subscribed, Error> {
    let mut tx = ctx.db.begin_read().await?;
    own_subscription(&mut tx, caller, id).await
}

async fn own_subscription(
    tx: &mut Tx,
    caller: &DeveloperCaller,
    id: SubscriptionId,
) -> Result<Subscribed, Error> {
    let subscribed = subscribed(tx, id).await?;
    if subscribed.application.developer_id == caller.developer.id {
        Ok(subscribed)
    } else {
        Err(no_subscription(id))
    }
}

/// The subscription, whoever's it is.
pub(super) async fn subscribed(tx: &mut Tx, id: SubscriptionId) -> Result<Subscribed, Error> {
    let one = store::subscription_find(tx, id).await?;
    let (application_id, subscription) = one.ok_or_else(|| no_subscription(id))?;
    Ok(Subscribed {
        application: found(tx, application_id).await?,
        subscription,
    })
}

fn no_subscription(id: SubscriptionId) -> Error {
    Error::NotFound(format!("subscription {id}"))
}
