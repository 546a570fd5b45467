//! The preflight: every line of the customer's handoff checklist, tried as far as it can be.

mod access;
mod evidence;
mod owner;

use crate::connection::{ConnectionName, connection_open};
use crate::context::CollectCtx;
use crate::error::Error;
use crate::list;
use crate::upstream::line::Line;
use std::collections::BTreeMap;

/// How a check ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CheckResult {
    /// As it should be.
    Pass,
    /// To be mended.
    Fail,
    /// It cannot be known from here.
    Unknown,
}

impl CheckResult {
    /// The word in reports.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Unknown => "unknown",
        }
    }
}

/// A line of the checklist.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CheckLine {
    /// Its id.
    pub id: &'static str,
    /// What the customer says with it.
    pub title: &'static str,
    /// How it ended.
    pub result: CheckResult,
    /// What was seen, and what to do.
    pub advice: String,
}

/// The titles of the checklist, in its order, and of what it needs besides.
const TITLES: [(&str, &str); 15] = [
    (
        "admin-portal",
        "An admin user with access to the VCC Admin Portal",
    ),
    (
        "api-credentials-area",
        "API Credentials is available in the portal",
    ),
    (
        "credential",
        "An API credential for this integration exists and is active",
    ),
    (
        "scope-interaction-content",
        "The credential has the scope interaction-content:read",
    ),
    ("scope-users", "The credential has the scope users:read"),
    ("scope-stats", "The credential has the scope stats"),
    (
        "id-and-secret",
        "The client id and secret were copied right after saving",
    ),
    ("region", "The region is known and its hosts answer"),
    ("users", "Users can be read"),
    ("statistics", "Statistics can be read"),
    ("recording-enabled", "Call recording is enabled"),
    (
        "view-inbound",
        "The owner has View inbound interaction content = Yes",
    ),
    (
        "view-outbound",
        "The owner has View outbound interaction content = Yes",
    ),
    (
        "access-groups",
        "The owner has Access groups of users' content = Yes",
    ),
    (
        "content",
        "Recordings are available through the Interaction Content API",
    ),
];

#[derive(Default)]
struct Sheet(BTreeMap<&'static str, (CheckResult, String)>);

impl Sheet {
    fn set(&mut self, id: &'static str, result: CheckResult, advice: impl Into<String>) {
        self.0.insert(id, (result, advice.into()));
    }

    fn lines(mut self) -> Vec<CheckLine> {
        TITLES
            .iter()
            .map(|&(id, title)| {
                let (result, advice) = self.0.remove(id).unwrap_or_else(|| {
                    (
                        CheckResult::Unknown,
                        "not tried, because a line above fails".to_owned(),
                    )
                });
                CheckLine {
                    id,
                    title,
                    result,
                    advice,
                }
            })
            .collect()
    }
}

/// Goes through the checklist.
///
/// # Errors
/// There is no such connection, or the store fails. What the platform does wrong is a line, not an error.
pub async fn connection_check(
    ctx: &CollectCtx,
    name: &ConnectionName,
) -> Result<Vec<CheckLine>, Error> {
    let (connection, secret) = connection_open(ctx, name).await?;
    let client_id = connection.client_id.clone();
    let line = Line::new(ctx, connection.hosts.clone(), client_id, secret)
        .map_err(|e| list::refusal(e, "the platform"))?;
    let mut sheet = Sheet::default();
    sheet.set(
        "admin-portal",
        CheckResult::Unknown,
        "only the customer knows; with --owner on the connection, the owner's licence is read",
    );
    let Some(content) = access::tokens(ctx, &line, &mut sheet).await else {
        return Ok(sheet.lines());
    };
    let view = access::people(ctx, &line, &connection, &mut sheet).await;
    let seen = evidence::evidence(ctx, &line, &content, &mut sheet).await;
    evidence::judge_recordings(&content, &seen, &mut sheet).await;
    owner::judge_owner(&view, &seen, connection.owner.is_some(), &mut sheet);
    Ok(sheet.lines())
}
