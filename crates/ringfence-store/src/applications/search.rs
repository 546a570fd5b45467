//! Lists of applications.

use super::{TABLE, application, subscriptions};
use crate::db::{Arg, Error, Tx};
use crate::search::like_contains;
use ringfence_core::application::{Application, ApplicationStatus};
use ringfence_core::id::{ApplicationId, DeveloperId};

/// In which order applications are listed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ApplicationOrder {
    /// By name.
    #[default]
    Name,
    /// By quota.
    Quota,
    /// By status.
    Status,
    /// By when they were made.
    Created,
}

/// Which applications are wanted.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ApplicationSearch {
    /// One developer's; `None` for everybody's.
    pub developer_id: Option<DeveloperId>,
    /// The name holds this text, in any case.
    pub text: String,
    /// In use or suspended; `None` for both.
    pub status: Option<ApplicationStatus>,
    /// In which order.
    pub order: ApplicationOrder,
    /// From the last to the first.
    pub descending: bool,
    /// How many are passed over.
    pub offset: u32,
    /// How many are given at most.
    pub limit: u32,
}

/// A page of applications, and how many there are in all.
///
/// # Errors
/// The database broke off, or a row is damaged.
pub async fn application_search(
    tx: &mut Tx,
    search: &ApplicationSearch,
) -> Result<(Vec<Application>, u64), Error> {
    const CONDITIONS: &str = "($1 = '' OR developer_id = $1) AND LOWER(name) LIKE $2 ESCAPE '!' AND ($3 = '' OR status = $3)";
    let developer = search.developer_id.map(|id| id.to_string());
    let status = search.status.map(ApplicationStatus::as_str);
    let mut args: Vec<Arg> = vec![
        developer.unwrap_or_default().into(),
        like_contains(&search.text.to_lowercase()).into(),
        status.unwrap_or_default().into(),
    ];
    let counted = format!("SELECT COUNT(*) AS n FROM applications WHERE {CONDITIONS}");
    let rows = tx.fetch_all_built(counted, &args).await?;
    let total = rows.first().map_or(Ok(0), |row| row.number(TABLE, "n"))?;
    let key = match search.order {
        ApplicationOrder::Name => "LOWER(name)",
        // Letters sort as sizes do: 10, 20, 50, then Unlimited.
        ApplicationOrder::Quota => "quota",
        ApplicationOrder::Status => "status",
        ApplicationOrder::Created => "created_at",
    };
    let direction = if search.descending { "DESC" } else { "ASC" };
    args.push(search.limit.into());
    args.push(search.offset.into());
    let listed = format!(
        "SELECT * FROM applications WHERE {CONDITIONS} ORDER BY {key} {direction}, id {direction} LIMIT $4 OFFSET $5"
    );
    let rows = tx.fetch_all_built(listed, &args).await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in &rows {
        let id = row.parsed(TABLE, "id", ApplicationId::parse)?;
        let subscribed = subscriptions::subscription_list(tx, id).await?;
        found.push(application(row, subscribed)?);
    }
    Ok((found, total))
}
