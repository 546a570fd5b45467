//! The list of an account's credentials as people look at it: searched, sorted, a page at a time.

use crate::credentials::credential;
use crate::db::{Arg, Error, Tx};
use ringfence_core::credential::Credential;
use ringfence_core::id::{AccountId, UserId};
use ringfence_core::time::Timestamp;
use ringfence_core::user::Username;

const LAST_USE: &str =
    "(SELECT MAX(s.last_used_at) FROM credential_secrets s WHERE s.credential_id = c.id)";
const LAST_USE_OR_NEVER: &str = "COALESCE((SELECT MAX(s.last_used_at) FROM credential_secrets s WHERE s.credential_id = c.id), 0)";

/// Which credentials to list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Whose {
    /// Those of people.
    Users,
    /// Those of one person.
    One(UserId),
    /// The deprecated ones of the account itself.
    Account,
}

/// In which order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SortBy {
    /// By id, which is by when it was made.
    Id,
    /// By name.
    Name,
    /// By the owner's name.
    Owner,
    /// By when it was made.
    Created,
    /// By when it was last used.
    LastUse,
}

/// What to look for.
#[derive(Clone, Copy, Debug)]
pub struct CredentialSearch<'s> {
    /// The account.
    pub account_id: AccountId,
    /// Whose.
    pub whose: Whose,
    /// A part of the name, the client id, the owner's name or user name, or a scope. Empty finds all.
    pub text: &'s str,
    /// The order.
    pub sort: SortBy,
    /// From the last to the first.
    pub descending: bool,
    /// Only those with a later id than this text; empty for all.
    pub after: &'s str,
}

/// A line of the list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CredentialLine {
    /// The credential, without its secrets.
    pub credential: Credential,
    /// The owner's user name and name; `None` for an account-level one.
    pub owner: Option<(Username, String)>,
    /// The last use of any of its live secrets.
    pub last_used_at: Option<Timestamp>,
}

/// A page of what the search finds.
///
/// # Errors
/// The database broke off, or a row is damaged.
pub async fn credential_search(
    tx: &mut Tx,
    search: &CredentialSearch<'_>,
    offset: i64,
    limit: u32,
) -> Result<Vec<CredentialLine>, Error> {
    let (conditions, mut args) = conditions(search);
    let key = match search.sort {
        SortBy::Id => "c.id",
        SortBy::Name => "LOWER(c.name)",
        SortBy::Owner => "(SELECT LOWER(o.name) FROM users o WHERE o.id = c.owner_id)",
        SortBy::Created => "c.created_at",
        SortBy::LastUse => LAST_USE_OR_NEVER,
    };
    let direction = if search.descending { "DESC" } else { "ASC" };
    let order = format!("{key} {direction}, c.id {direction}");
    args.push(limit.into());
    args.push(offset.into());
    let (limit, offset) = (args.len() - 1, args.len());
    // The page is found first, by an index where there is one; only its lines are then made up.
    let sql = format!(
        "SELECT c.*, u.username AS owner_username, u.name AS owner_name, {LAST_USE} AS last_used
         FROM (SELECT c.id FROM credentials c WHERE {conditions} ORDER BY {order} LIMIT ${limit} OFFSET ${offset}) page
         JOIN credentials c ON c.id = page.id LEFT JOIN users u ON u.id = c.owner_id ORDER BY {order}"
    );
    let rows = tx.fetch_all_built(sql, &args).await?;
    rows.iter()
        .map(|row| {
            let username = row.opt_parsed("users", "owner_username", Username::parse)?;
            let name = row.opt_text("owner_name")?;
            Ok(CredentialLine {
                credential: credential(row)?,
                owner: username.zip(name),
                last_used_at: row.opt_int("last_used")?.map(Timestamp::from_ms),
            })
        })
        .collect()
}

/// How many credentials the search finds.
///
/// # Errors
/// The database broke off.
pub async fn credential_search_count(
    tx: &mut Tx,
    search: &CredentialSearch<'_>,
) -> Result<i64, Error> {
    let (conditions, args) = conditions(search);
    let sql = format!("SELECT COUNT(*) AS n FROM credentials c WHERE {conditions}");
    let rows = tx.fetch_all_built(sql, &args).await?;
    rows.first().map_or(Ok(0), |row| row.int("n"))
}

/// Whether the account still has account-level credentials.
///
/// # Errors
/// The database broke off.
pub async fn account_level_exists(tx: &mut Tx, account_id: AccountId) -> Result<bool, Error> {
    let row = tx
        .fetch_optional(
            "SELECT id FROM credentials WHERE account_id = $1 AND owner_id IS NULL LIMIT 1",
            &[account_id.to_string().into()],
        )
        .await?;
    Ok(row.is_some())
}

fn conditions(search: &CredentialSearch<'_>) -> (String, Vec<Arg>) {
    let mut args: Vec<Arg> = vec![search.account_id.to_string().into()];
    let mut sql = "c.account_id = $1".to_owned();
    match search.whose {
        Whose::Users => sql.push_str(" AND c.owner_id IS NOT NULL"),
        Whose::Account => sql.push_str(" AND c.owner_id IS NULL"),
        Whose::One(user_id) => {
            args.push(user_id.to_string().into());
            sql.push_str(" AND c.owner_id = $2");
        }
    }
    if !search.after.is_empty() {
        args.push(search.after.into());
        sql.push_str(&format!(" AND c.id > ${}", args.len()));
    }
    if !search.text.is_empty() {
        args.push(like(search.text).into());
        // Ids, scopes and user names are in lower case.
        sql.push_str(
            &" AND (LOWER(c.name) LIKE $n ESCAPE '!' OR c.id LIKE $n ESCAPE '!' OR c.scopes LIKE $n ESCAPE '!'
                OR c.owner_id IN (SELECT u.id FROM users u WHERE u.account_id = $1
                    AND (LOWER(u.name) LIKE $n ESCAPE '!' OR u.username LIKE $n ESCAPE '!')))"
                .replace("$n", &format!("${}", args.len())),
        );
    }
    (sql, args)
}

/// A pattern that finds the text anywhere.
fn like(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for c in text.to_lowercase().chars() {
        if matches!(c, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}
