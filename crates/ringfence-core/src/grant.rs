//! What a person allowed an application: carried by an authorization code and by the grant it becomes.

use crate::id::{AccountId, ApplicationId, SessionId, UserId};
use crate::time::Timestamp;
use crate::user_scope::UserScopes;

/// What a person allowed an application, and how they had proved who they are.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Authorization {
    /// The application.
    pub application_id: ApplicationId,
    /// The person.
    pub user_id: UserId,
    /// The person's account.
    pub account_id: AccountId,
    /// What was granted.
    pub scope: UserScopes,
    /// When the person proved who they are.
    pub auth_time: Timestamp,
    /// How: `password`, `password+totp`, `passkey`, `sso:NAME`, `link`.
    pub method: String,
    /// Their stay at the portal; `None` for the password grant.
    pub session_id: Option<SessionId>,
    /// Goes into the ID token as sent.
    pub nonce: Option<String>,
    /// The authentication context class that was asked for and met.
    pub acr: Option<String>,
    /// What of the `claims` parameter can be answered, as JSON.
    pub claims: Option<String>,
    /// The sum of the epochs of account, user and application at the time; a higher present sum ends it.
    pub epoch: u64,
}
