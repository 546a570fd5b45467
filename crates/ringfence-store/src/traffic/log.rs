//! Answered requests one by one, the newest first. Ids follow the time, so they are also the order.

use super::{Whose, account_text};
use crate::collect::{flat, placeholders};
use crate::db::{Arg, Error, Row, Tx};
use ringfence_core::client::Client;
use ringfence_core::id::{AccountId, ApplicationId, CredentialId, RequestId, UserId};
use ringfence_core::time::Timestamp;
use std::net::IpAddr;

const TABLE: &str = "request_log";
const ROWS_A_STATEMENT: usize = 500;
const COLUMNS: usize = 13;

/// One answered request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LoggedRequest {
    /// Its id, as the caller was told.
    pub id: RequestId,
    /// When it came.
    pub at: Timestamp,
    /// The account of its token; `None` when it showed no valid one.
    pub account_id: Option<AccountId>,
    /// The credential or application of its token.
    pub client: Option<Client>,
    /// The person it acted for.
    pub owner_id: Option<UserId>,
    /// The route's template or name.
    pub route: String,
    /// The method.
    pub method: String,
    /// The status of the answer.
    pub status: u16,
    /// The reason code; `None` when it was not refused.
    pub reason: Option<String>,
    /// How long the answer took, in microseconds.
    pub duration_us: i64,
    /// Where it came from.
    pub address: Option<IpAddr>,
    /// The token's scopes, separated by spaces; empty when there was none that could be read.
    pub scopes: String,
}

/// Which requests are listed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LogQuery {
    /// Whose.
    pub whose: Whose,
    /// Only those older than this one.
    pub before: Option<RequestId>,
    /// Only those from this instant on.
    pub from: Option<Timestamp>,
    /// Only this credential's or application's.
    pub client: Option<Client>,
    /// Only on this route.
    pub route: Option<String>,
    /// Only those refused for this reason.
    pub reason: Option<String>,
    /// Only those with a status that begins with this digit.
    pub status_class: Option<u8>,
    /// Only refused ones (true) or only others (false).
    pub refused: Option<bool>,
    /// At most so many.
    pub limit: u32,
}

impl LogQuery {
    /// The newest of somebody's requests.
    #[must_use]
    pub const fn of(whose: Whose, limit: u32) -> Self {
        Self {
            whose,
            before: None,
            from: None,
            client: None,
            route: None,
            reason: None,
            status_class: None,
            refused: None,
            limit,
        }
    }
}

/// Adds requests; one that is there stays as it is.
///
/// # Errors
/// The database refused it or broke off.
pub async fn requests_add(tx: &mut Tx, requests: &[LoggedRequest]) -> Result<(), Error> {
    for part in requests.chunks(ROWS_A_STATEMENT) {
        let sql = format!(
            "INSERT INTO request_log (id, at, account_id, credential_id, application_id, owner_id, route, method,
                 status, reason, duration_us, address, scopes)
             VALUES {} ON CONFLICT (id) DO NOTHING",
            placeholders(part.len(), COLUMNS)
        );
        tx.execute_built(sql, &flat(part.iter().map(request_args)))
            .await?;
    }
    Ok(())
}

/// The request of that id, if it is one of theirs.
///
/// # Errors
/// The database refused it or broke off, or the row is damaged.
pub async fn request_find(
    tx: &mut Tx,
    whose: Whose,
    id: RequestId,
) -> Result<Option<LoggedRequest>, Error> {
    let mut filter = Filter::of(whose);
    filter.add("id = ", id.to_string());
    let rows = tx.fetch_all_built(filter.select(1), &filter.args).await?;
    rows.first().map(request_read).transpose()
}

/// Requests, the newest first.
///
/// # Errors
/// The database refused it or broke off, or a row is damaged.
pub async fn requests_list(tx: &mut Tx, query: &LogQuery) -> Result<Vec<LoggedRequest>, Error> {
    let mut filter = Filter::of(query.whose);
    if let Some(before) = query.before {
        filter.add("id < ", before.to_string());
    }
    if let Some(from) = query.from {
        filter.add("id >= ", first_id(from).to_string());
    }
    match query.client {
        Some(Client::Credential(id)) => filter.add("credential_id = ", id.to_string()),
        Some(Client::Application(id)) => filter.add("application_id = ", id.to_string()),
        None => {}
    }
    if let Some(route) = &query.route {
        filter.add("route = ", route.as_str());
    }
    if let Some(reason) = &query.reason {
        filter.add("reason = ", reason.as_str());
    }
    if let Some(class) = query.status_class {
        filter.add("status >= ", i64::from(class) * 100);
        filter.add("status < ", i64::from(class) * 100 + 100);
    }
    match query.refused {
        Some(true) => filter.say("reason <> ''"),
        Some(false) => filter.say("reason = ''"),
        None => {}
    }
    let sql = filter.select(query.limit);
    let rows = tx.fetch_all_built(sql, &filter.args).await?;
    rows.iter().map(request_read).collect()
}

/// Removes requests from before an instant, at most so many; says how many went.
///
/// # Errors
/// The database refused it or broke off.
pub async fn requests_prune(tx: &mut Tx, before: Timestamp, limit: u32) -> Result<u64, Error> {
    tx.execute(
        "DELETE FROM request_log WHERE id IN (SELECT id FROM request_log WHERE id < $1 ORDER BY id LIMIT $2)",
        &[first_id(before).to_string().into(), limit.into()],
    )
    .await
}

/// Accounts with more lines than so many; empty text stands for none.
///
/// # Errors
/// The database refused it or broke off.
pub async fn requests_crowded(tx: &mut Tx, most: u32) -> Result<Vec<String>, Error> {
    let rows = tx
        .fetch_all(
            "SELECT account_id FROM request_log GROUP BY account_id HAVING COUNT(*) > $1 LIMIT 1000",
            &[most.into()],
        )
        .await?;
    rows.iter().map(|row| row.text("account_id")).collect()
}

/// Keeps the newest lines of an account, so many refused ones and as many others; takes at most `limit` away and says how many.
///
/// # Errors
/// The database refused it or broke off.
pub async fn requests_thin(
    tx: &mut Tx,
    account: &str,
    most: u32,
    limit: u32,
) -> Result<u64, Error> {
    let mut n = 0;
    for refused in ["reason <> ''", "reason = ''"] {
        let sql = format!(
            "DELETE FROM request_log WHERE id IN (
                 SELECT id FROM request_log WHERE account_id = $1 AND {refused} AND id <= (
                     SELECT id FROM request_log WHERE account_id = $1 AND {refused}
                     ORDER BY id DESC LIMIT 1 OFFSET $2)
                 ORDER BY id LIMIT $3)"
        );
        let args = [account.into(), most.into(), limit.into()];
        n += tx.execute_built(sql, &args).await?;
    }
    Ok(n)
}

/// The smallest id that a request of that instant can have.
fn first_id(at: Timestamp) -> RequestId {
    let mut bytes = [0; 16];
    let ms = at.ms().max(0).to_be_bytes();
    bytes[..6].copy_from_slice(&ms[2..]);
    RequestId::from_bytes(bytes)
}

/// Conditions that all must hold, and their values.
struct Filter {
    conditions: Vec<String>,
    args: Vec<Arg>,
}

impl Filter {
    fn of(whose: Whose) -> Self {
        let mut filter = Self {
            conditions: Vec::new(),
            args: Vec::new(),
        };
        match whose {
            Whose::All => {}
            Whose::Nobody => filter.add("account_id = ", ""),
            Whose::Account(account_id) => filter.add("account_id = ", account_id.to_string()),
            Whose::Owner(account_id, owner_id) => {
                filter.add("account_id = ", account_id.to_string());
                filter.add("owner_id = ", owner_id.to_string());
            }
        }
        filter
    }

    /// Adds a condition that ends where its value stands.
    fn add(&mut self, condition: &'static str, value: impl Into<Arg>) {
        self.args.push(value.into());
        let n = self.args.len();
        self.conditions.push(format!("{condition}${n}"));
    }

    fn say(&mut self, condition: &'static str) {
        self.conditions.push(condition.to_owned());
    }

    fn select(&self, limit: u32) -> String {
        let conditions = if self.conditions.is_empty() {
            "1 = 1".to_owned()
        } else {
            self.conditions.join(" AND ")
        };
        format!(
            "SELECT id, at, account_id, credential_id, application_id, owner_id, route, method, status, reason,
                 duration_us, address, scopes
             FROM request_log WHERE {conditions} ORDER BY id DESC LIMIT {limit}"
        )
    }
}

fn request_args(request: &LoggedRequest) -> Vec<Arg> {
    let address = request.address.map(|address| address.to_string());
    let credential = request.client.and_then(Client::credential);
    let application = request.client.and_then(Client::application);
    vec![
        request.id.to_string().into(),
        request.at.into(),
        account_text(request.account_id).into(),
        credential.map(|id| id.to_string()).into(),
        application.map(|id| id.to_string()).into(),
        request.owner_id.map(|id| id.to_string()).into(),
        request.route.as_str().into(),
        request.method.as_str().into(),
        i64::from(request.status).into(),
        request.reason.as_deref().unwrap_or_default().into(),
        request.duration_us.into(),
        address.unwrap_or_default().into(),
        request.scopes.as_str().into(),
    ]
}

fn request_read(row: &Row) -> Result<LoggedRequest, Error> {
    let account = row.text("account_id")?;
    let account_id = match account.as_str() {
        "" => None,
        _ => Some(row.parsed(TABLE, "account_id", AccountId::parse)?),
    };
    let credential = row.opt_parsed(TABLE, "credential_id", CredentialId::parse)?;
    let credential = credential.map(Client::Credential);
    let application = row.opt_parsed(TABLE, "application_id", ApplicationId::parse)?;
    let application = application.map(Client::Application);
    Ok(LoggedRequest {
        id: row.parsed(TABLE, "id", RequestId::parse)?,
        at: Timestamp::from_ms(row.int("at")?),
        account_id,
        client: application.or(credential),
        owner_id: row.opt_parsed(TABLE, "owner_id", UserId::parse)?,
        route: row.text("route")?,
        method: row.text("method")?,
        status: row.number(TABLE, "status")?,
        reason: Some(row.text("reason")?).filter(|reason| !reason.is_empty()),
        duration_us: row.int("duration_us")?,
        address: row.text("address")?.parse().ok(),
        scopes: row.text("scopes")?,
    })
}
