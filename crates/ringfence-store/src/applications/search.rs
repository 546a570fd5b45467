//! Lists of applications.

use super::{TABLE, application, subscriptions};
use crate::db::{Error, Tx};
use crate::search::like_contains;
use ringfence_core::application::Application;
use ringfence_core::id::{ApplicationId, DeveloperId};

/// In which order applications are listed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum ApplicationOrder {
    /// By name.
    #[default]
    Name,
    /// The newest first.
    Newest,
}

/// Which applications are wanted.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ApplicationSearch {
    /// One developer's; `None` for everybody's.
    pub developer_id: Option<DeveloperId>,
    /// The name holds this text, in any case.
    pub text: String,
    /// In which order.
    pub order: ApplicationOrder,
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
    let developer = search
        .developer_id
        .map_or_else(String::new, |id| id.to_string());
    let text = like_contains(&search.text.to_lowercase());
    let row = tx
        .fetch_one(
            "SELECT COUNT(*) AS n FROM applications
             WHERE ($1 = '' OR developer_id = $1) AND LOWER(name) LIKE $2 ESCAPE '!'",
            &[developer.as_str().into(), text.as_str().into()],
        )
        .await?;
    let total = row.number(TABLE, "n")?;
    let newest_first = search.order == ApplicationOrder::Newest;
    let rows = tx
        .fetch_all(
            "SELECT * FROM applications
             WHERE ($1 = '' OR developer_id = $1) AND LOWER(name) LIKE $2 ESCAPE '!'
             ORDER BY CASE WHEN $3 THEN -created_at ELSE 0 END, LOWER(name), id LIMIT $4 OFFSET $5",
            &[
                developer.into(),
                text.into(),
                newest_first.into(),
                search.limit.into(),
                search.offset.into(),
            ],
        )
        .await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in &rows {
        let id = row.parsed(TABLE, "id", ApplicationId::parse)?;
        let subscribed = subscriptions::subscription_list(tx, id).await?;
        found.push(application(row, subscribed)?);
    }
    Ok((found, total))
}
