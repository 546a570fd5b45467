//! What applications are subscribed to.

use crate::db::{Error, Row, Tx};
use ringfence_core::application::{Plan, Subscription, SubscriptionStatus};
use ringfence_core::id::{ApplicationId, SubscriptionId};
use ringfence_core::suite::Suite;
use ringfence_core::time::Timestamp;

const TABLE: &str = "subscriptions";

/// Adds a subscription.
///
/// # Errors
/// [`Error::Duplicate`] when the application has one to that suite.
pub async fn subscription_insert(
    tx: &mut Tx,
    application_id: ApplicationId,
    subscription: &Subscription,
) -> Result<(), Error> {
    tx.execute(
        "INSERT INTO subscriptions (id, application_id, suite, plan, status, made_at) VALUES ($1, $2, $3, $4, $5, $6)",
        &[
            subscription.id.to_string().into(),
            application_id.to_string().into(),
            subscription.suite.name().into(),
            subscription.plan.as_str().into(),
            subscription.status.as_str().into(),
            subscription.made_at.into(),
        ],
    )
    .await?;
    Ok(())
}

/// Sets a subscription's status; false when there is none.
///
/// # Errors
/// The database refused it or broke off.
pub async fn subscription_status_set(
    tx: &mut Tx,
    id: SubscriptionId,
    status: SubscriptionStatus,
) -> Result<bool, Error> {
    let updated = tx
        .execute(
            "UPDATE subscriptions SET status = $2 WHERE id = $1",
            &[id.to_string().into(), status.as_str().into()],
        )
        .await?;
    Ok(updated == 1)
}

/// Takes a subscription away; false when there is none.
///
/// # Errors
/// The database refused it or broke off.
pub async fn subscription_delete(tx: &mut Tx, id: SubscriptionId) -> Result<bool, Error> {
    let deleted = tx
        .execute(
            "DELETE FROM subscriptions WHERE id = $1",
            &[id.to_string().into()],
        )
        .await?;
    Ok(deleted == 1)
}

/// Takes all subscriptions of an application away.
///
/// # Errors
/// The database refused it or broke off.
pub(super) async fn subscription_delete_all(tx: &mut Tx, id: ApplicationId) -> Result<(), Error> {
    tx.execute(
        "DELETE FROM subscriptions WHERE application_id = $1",
        &[id.to_string().into()],
    )
    .await?;
    Ok(())
}

/// The subscription of that id, with the application it belongs to.
///
/// # Errors
/// The database broke off, or the row is damaged.
pub async fn subscription_find(
    tx: &mut Tx,
    id: SubscriptionId,
) -> Result<Option<(ApplicationId, Subscription)>, Error> {
    let row = tx
        .fetch_optional(
            "SELECT * FROM subscriptions WHERE id = $1",
            &[id.to_string().into()],
        )
        .await?;
    row.as_ref().map(owned).transpose()
}

/// What an application is subscribed to, the oldest first.
///
/// # Errors
/// The database broke off, or a row is damaged.
pub async fn subscription_list(tx: &mut Tx, id: ApplicationId) -> Result<Vec<Subscription>, Error> {
    let rows = tx
        .fetch_all(
            "SELECT * FROM subscriptions WHERE application_id = $1 ORDER BY made_at, id",
            &[id.to_string().into()],
        )
        .await?;
    rows.iter().map(subscription).collect()
}

/// Every subscription, for the directory.
///
/// # Errors
/// The database broke off, or a row is damaged.
pub(super) async fn subscription_load_all(
    tx: &mut Tx,
) -> Result<Vec<(ApplicationId, Subscription)>, Error> {
    let rows = tx
        .fetch_all("SELECT * FROM subscriptions ORDER BY made_at, id", &[])
        .await?;
    rows.iter().map(owned).collect()
}

fn owned(row: &Row) -> Result<(ApplicationId, Subscription), Error> {
    let application_id = row.parsed(TABLE, "application_id", ApplicationId::parse)?;
    Ok((application_id, subscription(row)?))
}

fn subscription(row: &Row) -> Result<Subscription, Error> {
    Ok(Subscription {
        id: row.parsed(TABLE, "id", SubscriptionId::parse)?,
        suite: row.parsed(TABLE, "suite", Suite::parse)?,
        plan: row.parsed(TABLE, "plan", Plan::parse)?,
        status: row.parsed(TABLE, "status", SubscriptionStatus::parse)?,
        made_at: Timestamp::from_ms(row.int("made_at")?),
    })
}
