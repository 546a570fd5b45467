//! Answered requests: counted for charts ([`counts`]), and one by one for look-up ([`log`]).

pub mod counts;
pub mod log;

use ringfence_core::id::{AccountId, UserId};

/// Whose requests are asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Whose {
    /// Everybody's, also those that belong to no account.
    All,
    /// Those that showed no valid token and belong to no account.
    Nobody,
    /// One account's.
    Account(AccountId),
    /// Those of one person's credentials.
    Owner(AccountId, UserId),
}

/// How an account is written in these tables: empty when there is none.
fn account_text(account_id: Option<AccountId>) -> String {
    account_id.map(|id| id.to_string()).unwrap_or_default()
}
