//! Tokens, users and permissions on the wire.

use super::{number, short, text};
use crate::upstream::auth::AuthError;
use serde_json::Value;

/// An access token as issued.
#[derive(Debug)]
pub struct IssuedToken {
    /// The token.
    pub access_token: String,
    /// Its life, where that makes sense.
    pub expires_in_secs: Option<u64>,
}

/// A user (vcc-api §15.3).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ListedUser {
    /// The platform's id.
    pub user_id: String,
    /// The sign-in name.
    pub username: String,
    /// The person's name.
    pub name: String,
    /// The e-mail address.
    pub email: String,
    /// The role.
    pub role: String,
    /// Whether the user is not archived.
    pub active: bool,
    /// The agent id, for agents.
    pub agent_id: Option<String>,
}

/// Reads a token answer.
#[must_use]
pub fn token(body: &[u8]) -> Option<IssuedToken> {
    let value: Value = serde_json::from_slice(body).ok()?;
    let access_token = text(&value, "access_token").filter(|t| {
        !t.is_empty() && t.len() <= 65_536 && t.bytes().all(|b| b.is_ascii_graphic())
    })?;
    Some(IssuedToken {
        access_token,
        expires_in_secs: number(value.get("expires_in")).and_then(|n| u64::try_from(n).ok()),
    })
}

/// Reads a refused token request. The platform's words are shortened and the request is not repeated in them.
#[must_use]
pub fn token_refusal(status: u16, body: &[u8]) -> AuthError {
    let value: Value = serde_json::from_slice(body).unwrap_or_default();
    let error = text(&value, "error").unwrap_or_default();
    let description = text(&value, "error_description").unwrap_or_default();
    let said = short(&match (error.as_str(), description.as_str()) {
        ("", _) => format!("status {status}"),
        (error, "") => error.to_owned(),
        (error, description) => format!("{error}: {description}"),
    });
    match error.as_str() {
        "invalid_client" | "unauthorized_client" | "invalid_grant" | "access_denied" => {
            AuthError::Credential(said)
        }
        "invalid_scope" => AuthError::Scope(quoted(&description)),
        _ if status == 401 || status == 403 => AuthError::Credential(said),
        _ if error.is_empty() => AuthError::Unreachable(said),
        _ => AuthError::Refused(said),
    }
}

/// Reads a users list in any of its three shapes (vcc-api §15.2); `None` is no such list.
#[must_use]
pub fn users(body: &[u8]) -> Option<Vec<ListedUser>> {
    let value: Value = serde_json::from_slice(body).ok()?;
    let list = value
        .as_array()
        .or_else(|| value.get("users").and_then(Value::as_array))
        .or_else(|| value.get("items").and_then(Value::as_array))?;
    Some(list.iter().filter_map(user).collect())
}

/// Reads one user.
#[must_use]
pub fn user_one(body: &[u8]) -> Option<ListedUser> {
    user(&serde_json::from_slice(body).ok()?)
}

fn user(value: &Value) -> Option<ListedUser> {
    let account = value.get("userAccountConfiguration");
    let agent = account.and_then(|a| a.get("agentConfiguration"));
    Some(ListedUser {
        user_id: text(value, "userId")?,
        username: text(value, "username").unwrap_or_default(),
        name: text(value, "name").unwrap_or_default(),
        email: text(value, "email").unwrap_or_default(),
        role: account.and_then(|a| text(a, "role")).unwrap_or_default(),
        active: value.get("active").and_then(Value::as_bool).unwrap_or(true),
        agent_id: agent
            .and_then(|a| text(a, "agentDisplayId"))
            .filter(|id| !id.is_empty()),
    })
}

/// Reads a list of a user's permissions: pairs of two members of each entry.
#[must_use]
pub fn pairs(body: &[u8], list: &str, first: &str, second: &str) -> Option<Vec<(String, String)>> {
    let value: Value = serde_json::from_slice(body).ok()?;
    let entries = value
        .get(list)
        .and_then(Value::as_array)
        .or_else(|| value.as_array())?;
    Some(
        entries
            .iter()
            .filter_map(|e| Some((text(e, first)?, text(e, second).unwrap_or_default())))
            .collect(),
    )
}

fn quoted(description: &str) -> String {
    let inner = description.split('"').nth(1).unwrap_or_default();
    let plain = inner
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b":-_.".contains(&b));
    if plain && inner.len() <= 64 {
        inner.to_owned()
    } else {
        String::new()
    }
}
