//! What a credential can do now, whether it is ready for a partner, and how much it is used.

use super::super::entity::json;
use super::super::error::{ManageError, Refusals};
use super::super::query::Query;
use super::{at, id};
use crate::app::App;
use crate::web::person::Signed;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use http::{StatusCode, Uri};
use ringfence_app::manage::credentials::checklist::{Check, credential_checklist};
use ringfence_app::manage::credentials::effective::{Effective, ReachNow, credential_effective};
use ringfence_app::manage::credentials::rules::{Cut, Keeper};
use ringfence_app::manage::credentials::usage::{Bucket, Step, credential_usage};
use ringfence_core::scope::Scope;
use ringfence_core::time::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;
use utoipa::ToSchema;

/// What a credential can do now.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Effective)]
pub(super) struct EffectiveBody {
    /// Why nothing works; empty when something may.
    barred: Vec<RuleBody>,
    /// Each scope it holds.
    scopes: Vec<ScopeBody>,
    /// Scopes that were never used although others were.
    unused_scopes: Vec<&'static str>,
    /// The content it sees where `interaction-content:read` works.
    content: ContentBody,
}

/// A rule that cuts something, and who can change it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CuttingRule)]
struct RuleBody {
    /// Its name.
    code: &'static str,
    /// The rule, in a sentence.
    text: String,
    /// Who can change it, by name.
    who: String,
}

/// A scope that the credential holds.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ScopeNow)]
struct ScopeBody {
    /// The scope.
    scope: &'static str,
    /// Whether it works now.
    works: bool,
    /// Why not.
    cut: Option<RuleBody>,
    /// When it was last in a token.
    last_issued_at: Option<String>,
    /// When it last opened a call.
    last_opened_at: Option<String>,
}

/// The content a credential sees.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ContentNow)]
struct ContentBody {
    /// The owner's feature permissions, by name.
    permissions: BTreeMap<&'static str, bool>,
    /// What decides which interactions are within reach: `account`, `lines` or `groups`.
    reach_by: &'static str,
    /// How many lines or groups; null for `account`.
    reach: Option<usize>,
    /// From when on interactions were counted.
    since: String,
    /// The instant after the last that was counted: now, or in an archive just after its newest call.
    until: String,
    /// Interactions with content that it sees.
    seen: i64,
    /// Those it does not see, by rule.
    hidden: Vec<HiddenBody>,
    /// Whether counting stopped before the end.
    cut_short: bool,
}

/// Interactions that a rule hides.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Hidden)]
struct HiddenBody {
    /// How many.
    interactions: i64,
    /// `inbound` or `outbound`.
    direction: &'static str,
    /// The rule.
    rule: RuleBody,
}

/// The handoff checklist.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Checklist)]
pub(super) struct ChecklistBody {
    /// When it was checked.
    checked_at: String,
    /// The nine lines.
    checks: Vec<CheckBody>,
}

/// A line of the handoff checklist.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Check)]
struct CheckBody {
    /// Its name.
    id: &'static str,
    /// What must be true.
    title: &'static str,
    /// `pass`, `fail` or `unknown`.
    result: &'static str,
    /// What was found.
    found: String,
    /// What to do; empty when there is nothing to do.
    advice: String,
    /// Who can do it; empty when there is nothing to do.
    who: String,
}

/// How much a credential is used.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = CredentialUsage)]
pub(super) struct UsageBody {
    /// Stretches of time, the oldest first, also the empty ones.
    buckets: Vec<BucketBody>,
}

/// A stretch of time and what happened in it.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = UsageBucket)]
struct BucketBody {
    /// Its first instant.
    from: String,
    /// Tokens issued.
    tokens: i64,
    /// Calls answered.
    ok: i64,
    /// Calls refused at the gateway.
    refused: i64,
    /// Calls answered with 4xx.
    wrong: i64,
    /// Calls answered with 5xx.
    failed: i64,
}

pub(crate) fn effective_route() -> MethodRouter<App> {
    get(effective)
}

pub(crate) fn checklist_route() -> MethodRouter<App> {
    get(checklist)
}

pub(crate) fn usage_route() -> MethodRouter<App> {
    get(usage)
}

#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account}/credentials/{credentialId}/effective",
    operation_id = "credential_effective",
    tag = "Credentials",
    summary = "What can this credential do now",
    description = "Read at this moment: each scope, the content it sees of the last 7 days, the rule that cuts what is missing, and who can change that rule.",
    params(
        ("account" = String, Path, description = "The account's name"),
        ("credentialId" = String, Path, description = "The credential's id"),
    ),
    responses((status = 200, description = "What it can do", body = EffectiveBody), Refusals)
)]
pub(super) async fn effective(
    State(app): State<App>,
    Signed(caller): Signed,
    Path((account, credential)): Path<(String, String)>,
) -> Result<Response, ManageError> {
    let caller = at(&app, &caller, &account).await?;
    let found = credential_effective(&app.ctx, &caller, id(&credential)?).await?;
    Ok(json(StatusCode::OK, &effective_body(&found)))
}

#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account}/credentials/{credentialId}/checklist",
    operation_id = "credential_checklist",
    tag = "Credentials",
    summary = "Is this credential ready for a partner",
    description = "The customer handoff checklist, each of its nine lines checked.",
    params(
        ("account" = String, Path, description = "The account's name"),
        ("credentialId" = String, Path, description = "The credential's id"),
    ),
    responses((status = 200, description = "The nine lines", body = ChecklistBody), Refusals)
)]
pub(super) async fn checklist(
    State(app): State<App>,
    Signed(caller): Signed,
    Path((account, credential)): Path<(String, String)>,
) -> Result<Response, ManageError> {
    let caller = at(&app, &caller, &account).await?;
    let found = credential_checklist(&app.ctx, &caller, id(&credential)?).await?;
    let body = ChecklistBody {
        checked_at: found.checked_at.to_iso_millis(),
        checks: found.checks.into_iter().map(check).collect(),
    };
    Ok(json(StatusCode::OK, &body))
}

#[utoipa::path(
    get,
    path = "/api/v1/accounts/{account}/credentials/{credentialId}/usage",
    operation_id = "credential_usage",
    tag = "Credentials",
    summary = "How much is this credential used",
    params(
        ("account" = String, Path, description = "The account's name"),
        ("credentialId" = String, Path, description = "The credential's id"),
        ("by" = Option<String>, Query, description = "`day` (standard): the last 30 days, UTC; `hour`: the last 48 hours"),
    ),
    responses((status = 200, description = "Tokens and calls by outcome", body = UsageBody), Refusals)
)]
pub(super) async fn usage(
    State(app): State<App>,
    Signed(caller): Signed,
    Path((account, credential)): Path<(String, String)>,
    uri: Uri,
) -> Result<Response, ManageError> {
    let caller = at(&app, &caller, &account).await?;
    let query = Query::read(&uri, &["by"])?;
    let step = query.parsed("by", |text| match text {
        "day" => Ok(Step::Day),
        "hour" => Ok(Step::Hour),
        _ => Err("by is day or hour"),
    })?;
    let step = step.unwrap_or_default();
    let found = credential_usage(&app.ctx, &caller, id(&credential)?, step).await?;
    let body = UsageBody {
        buckets: found.iter().map(bucket).collect(),
    };
    Ok(json(StatusCode::OK, &body))
}

fn effective_body(found: &Effective) -> EffectiveBody {
    let cut = |cut: Cut| RuleBody {
        code: cut.as_str(),
        text: cut.text(),
        who: found.keepers(cut.keeper()),
    };
    let scopes = found.scopes.iter().map(|now| ScopeBody {
        scope: now.scope.as_str(),
        works: now.cut.is_none(),
        cut: now.cut.map(cut),
        last_issued_at: now.issued_at.map(Timestamp::to_iso_millis),
        last_opened_at: now.opened_at.map(Timestamp::to_iso_millis),
    });
    EffectiveBody {
        barred: found
            .bars
            .iter()
            .map(|bar| cut(Cut::Barred(*bar)))
            .collect(),
        scopes: scopes.collect(),
        unused_scopes: found.unused_scopes().iter().map(Scope::as_str).collect(),
        content: content(found),
    }
}

fn content(found: &Effective) -> ContentBody {
    let content = &found.content;
    let (reach_by, reach) = match content.reach {
        ReachNow::Account => ("account", None),
        ReachNow::Lines(n) => ("lines", Some(n)),
        ReachNow::Groups(n) => ("groups", Some(n)),
    };
    let hidden = content.hidden.iter().map(|hidden| HiddenBody {
        interactions: hidden.n_interactions,
        direction: hidden.direction.as_str(),
        rule: RuleBody {
            code: hidden.by.as_str(),
            text: hidden.by.text().to_owned(),
            who: found.keepers(Keeper::Admins),
        },
    });
    let permissions = content.permissions.iter();
    ContentBody {
        permissions: permissions
            .map(|now| (now.permission.info().name, now.yes))
            .collect(),
        reach_by,
        reach,
        since: content.week.from.to_iso_millis(),
        until: content.week.until.to_iso_millis(),
        seen: content.n_seen,
        hidden: hidden.collect(),
        cut_short: content.cut_short,
    }
}

fn check(check: Check) -> CheckBody {
    CheckBody {
        id: check.id,
        title: check.title,
        result: check.verdict.as_str(),
        found: check.found,
        advice: check.advice,
        who: check.who,
    }
}

fn bucket(bucket: &Bucket) -> BucketBody {
    BucketBody {
        from: bucket.from.to_iso_millis(),
        tokens: bucket.tally.tokens,
        ok: bucket.tally.ok,
        refused: bucket.tally.refused,
        wrong: bucket.tally.wrong,
        failed: bucket.tally.failed,
    }
}
