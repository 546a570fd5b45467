//! The preflight: every line of the customer's handoff checklist, tried as far as it can be.

use crate::connection::{Connection, ConnectionName, connection_open};
use crate::context::CollectCtx;
use crate::coverage::{Causes, OwnerView, Rules, line_of};
use crate::error::Error;
use crate::gap::GapReason;
use crate::lane::collected;
use crate::list::{self, ContentPages, StatsPages, Window};
use crate::plan::is_audio;
use crate::upstream::access::{self, CONTENT_SCOPE, STATS_SCOPE, USERS_SCOPE};
use crate::upstream::auth::AuthError;
use crate::upstream::client::{Api, Line, Request, Tries, Upstream};
use crate::upstream::wire::ListedInteraction;
use reqwest::header::RANGE;
use ringfence_core::permission::Permission;
use ringfence_core::time::Timestamp;
use ringfence_store::collect::interactions::{CollectedInteraction, Stratum};
use std::collections::{BTreeMap, HashSet};

const DAY_MS: i64 = 86_400_000;
const MIN_TALK_MS: i64 = 1_000;
const DELAY_MS: i64 = 1_800_000;
// A sample of calls tells enough; more would cost requests.
const MAX_SAMPLE: usize = 5_000;

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

impl Default for CheckResult {
    fn default() -> Self {
        Self::Unknown
    }
}

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
    let Some(content) = tokens(ctx, &line, &mut sheet).await else {
        return Ok(sheet.lines());
    };
    let owner = people(ctx, &line, &connection, &mut sheet).await;
    let evidence = evidence(ctx, &line, &content, &mut sheet).await;
    judge_recordings(&content, &evidence, &mut sheet).await;
    judge_owner(&owner, &evidence, connection.owner.is_some(), &mut sheet);
    Ok(sheet.lines())
}

// Tries each scope alone; gives the door to content, if it opens.
async fn tokens(ctx: &CollectCtx, line: &Line, sheet: &mut Sheet) -> Option<Upstream> {
    let scopes = [
        ("scope-interaction-content", CONTENT_SCOPE),
        ("scope-users", USERS_SCOPE),
        ("scope-stats", STATS_SCOPE),
    ];
    let mut content = None;
    for (id, scope) in scopes {
        let upstream = Upstream::new(ctx, line, &[scope]).ok()?;
        match upstream.tokens().token().await {
            Ok(token) => {
                sheet.set(
                    id,
                    CheckResult::Pass,
                    format!("a token was issued for {} s", token.expires_in_secs),
                );
                sheet.set("region", CheckResult::Pass, "the token endpoint answers");
                sheet.set("id-and-secret", CheckResult::Pass, "they are accepted");
                sheet.set("credential", CheckResult::Pass, "it is active");
                sheet.set(
                    "api-credentials-area",
                    CheckResult::Pass,
                    "a credential made there is in use",
                );
                if scope == CONTENT_SCOPE {
                    content = Some(upstream);
                }
            }
            Err(AuthError::Scope(_)) => {
                sheet.set("region", CheckResult::Pass, "the token endpoint answers");
                sheet.set("id-and-secret", CheckResult::Pass, "they are accepted");
                sheet.set("credential", CheckResult::Pass, "it is active");
                sheet.set(
                    "api-credentials-area",
                    CheckResult::Pass,
                    "a credential made there is in use",
                );
                sheet.set(id, CheckResult::Fail, format!(
                    "the credential lacks {scope}: edit it in the API Credentials area and add the scope"
                ));
            }
            Err(AuthError::Credential(said)) => {
                sheet.set("region", CheckResult::Pass, "the token endpoint answers");
                sheet.set("id-and-secret", CheckResult::Fail, format!(
                    "they are not accepted ({said}): copy both anew; a lost secret needs a new credential"
                ));
                sheet.set("credential", CheckResult::Fail, "deleted or suspended, or its owner is no longer active; or id and secret are wrong");
                return None;
            }
            Err(AuthError::Refused(said)) => {
                sheet.set(
                    id,
                    CheckResult::Fail,
                    format!("the token request is refused: {said}"),
                );
            }
            Err(AuthError::Unreachable(said)) => {
                sheet.set("region", CheckResult::Fail, format!(
                    "the token endpoint does not answer properly ({said}): check the region or address of the connection"
                ));
                return None;
            }
        }
    }
    content
}

async fn people(
    ctx: &CollectCtx,
    line: &Line,
    connection: &Connection,
    sheet: &mut Sheet,
) -> OwnerView {
    let Ok(upstream) = Upstream::new(ctx, line, &[USERS_SCOPE]) else {
        return OwnerView::default();
    };
    if upstream.tokens().token().await.is_err() {
        sheet.set("users", CheckResult::Fail, "needs the scope users:read");
        return OwnerView::default();
    }
    match access::users_page(&upstream, 1).await {
        Ok(users) if users.is_empty() => {
            sheet.set("users", CheckResult::Unknown, "the list is empty");
        }
        Ok(_) => sheet.set("users", CheckResult::Pass, "the list can be read"),
        Err(error) => sheet.set("users", CheckResult::Fail, error.to_string()),
    }
    let Some(username) = &connection.owner else {
        return OwnerView::default();
    };
    match access::owner(&upstream, username).await {
        Some(owner) if owner.role.eq_ignore_ascii_case("admin") && owner.active => {
            sheet.set(
                "admin-portal",
                CheckResult::Pass,
                "the owner has the Admin licence",
            );
        }
        Some(owner) => sheet.set(
            "admin-portal",
            CheckResult::Unknown,
            format!(
                "the owner's licence is {}, not Admin; another user may be the admin",
                owner.role
            ),
        ),
        None => sheet.set(
            "admin-portal",
            CheckResult::Unknown,
            "the owner named by --owner cannot be read",
        ),
    }
    access::owner_view(&upstream, username).await
}

#[derive(Default)]
struct Evidence {
    calls: Vec<CollectedInteraction>,
    listed: Vec<ListedInteraction>,
    range: Option<(Timestamp, Timestamp)>,
    now: Timestamp,
    has_stats: bool,
}

// The last month in which there were calls: by the statistics, and by what can be seen.
async fn evidence(
    ctx: &CollectCtx,
    line: &Line,
    content: &Upstream,
    sheet: &mut Sheet,
) -> Evidence {
    let mut evidence = Evidence::default();
    let stats = Upstream::new(ctx, line, &[STATS_SCOPE]).ok();
    let stats = match stats {
        Some(stats) if stats.tokens().token().await.is_ok() => Some(stats),
        Some(_) | None => None,
    };
    match &stats {
        None => sheet.set(
            "statistics",
            CheckResult::Fail,
            "needs the scope stats; without it nobody can tell whether recordings are missing",
        ),
        Some(stats) => match list::server_time(stats, true).await {
            Ok(now) => {
                evidence.now = now;
                evidence.has_stats = true;
                sheet.set("statistics", CheckResult::Pass, "they can be read");
            }
            Err(error) => sheet.set("statistics", CheckResult::Fail, error.to_string()),
        },
    }
    if !evidence.has_stats {
        match list::server_time(content, false).await {
            Ok(now) => evidence.now = now,
            Err(error) => {
                sheet.set("content", CheckResult::Fail, error.to_string());
                return evidence;
            }
        }
    }
    let door = stats
        .as_ref()
        .filter(|_| evidence.has_stats)
        .unwrap_or(content);
    let Ok(Some((from, to))) = list::latest(door, evidence.has_stats, evidence.now).await else {
        return evidence;
    };
    evidence.range = Some((from, to));
    if let Some(stats) = stats.as_ref().filter(|_| evidence.has_stats) {
        let mut pages = StatsPages::new(stats, window(from, to));
        while let Ok(Some(page)) = pages.next().await {
            evidence.calls.extend(page.iter().map(collected));
            if evidence.calls.len() >= MAX_SAMPLE {
                break;
            }
        }
    }
    let mut from = from;
    while from < to && evidence.listed.len() < MAX_SAMPLE {
        let end = from.plus_ms(6 * DAY_MS).min(to);
        let mut pages = ContentPages::new(content, window(from, end));
        loop {
            match pages.next().await {
                Ok(Some(batch)) if evidence.listed.len() < MAX_SAMPLE => {
                    evidence.listed.extend(batch.interactions);
                }
                Ok(_) => break,
                Err(error) => {
                    sheet.set("content", CheckResult::Fail, error.to_string());
                    return evidence;
                }
            }
        }
        from = end;
    }
    evidence
}

const fn window(from: Timestamp, to: Timestamp) -> Window {
    Window {
        from,
        to,
        is_last: true,
    }
}

async fn judge_recordings(content: &Upstream, evidence: &Evidence, sheet: &mut Sheet) {
    if sheet.0.contains_key("content") {
        return;
    }
    let sample = evidence
        .listed
        .iter()
        .find_map(|i| i.content.iter().find(|c| is_audio(c)).map(|c| (i, c)));
    let Some((interaction, item)) = sample else {
        let advice = match evidence.range {
            None => "there were no calls in two years: nothing to see yet",
            Some(_) if evidence.calls.is_empty() => {
                "no recording can be seen: make a recorded call and check again"
            }
            Some(_) => {
                "there are calls, but not one recording can be seen: recording is off, or the owner's permissions hide it all"
            }
        };
        let result = if evidence.calls.is_empty() {
            CheckResult::Unknown
        } else {
            CheckResult::Fail
        };
        sheet.set("recording-enabled", CheckResult::Unknown, advice);
        sheet.set("content", result, advice);
        return;
    };
    sheet.set(
        "recording-enabled",
        CheckResult::Pass,
        format!(
            "{} calls with recordings can be seen",
            evidence.listed.len()
        ),
    );
    let mut request = Request::new(
        Api::Content,
        &[
            "interaction-content",
            "interactions",
            &interaction.guid.to_string(),
            "content",
            &item.key,
        ],
    );
    request.headers.push((RANGE, "bytes=0-1023".to_owned()));
    let mut tries = Tries::default();
    let answer = loop {
        match content.attempt(&request, &mut tries).await {
            Ok(Some(answer)) => break Ok(answer.status().as_u16()),
            Ok(None) => {}
            Err(error) => break Err(error),
        }
    };
    match answer {
        Ok(200 | 206) => sheet.set(
            "content",
            CheckResult::Pass,
            "the first bytes of a recording were read",
        ),
        Ok(status) => sheet.set(
            "content",
            CheckResult::Fail,
            format!("a recording that is listed is not given out (status {status})"),
        ),
        Err(error) => sheet.set("content", CheckResult::Fail, error.to_string()),
    }
}

fn judge_owner(owner: &OwnerView, evidence: &Evidence, is_named: bool, sheet: &mut Sheet) {
    let visible: HashSet<String> = evidence.listed.iter().map(|i| i.guid.to_string()).collect();
    let rules = Rules {
        min_talk_ms: MIN_TALK_MS,
        delay_ms: DELAY_MS,
        now: evidence.now,
    };
    let strata = strata(&evidence.calls, &visible, rules);
    let causes = Causes::new(&strata, owner, rules);
    let suspicions: Vec<String> = evidence
        .calls
        .iter()
        .filter(|call| !visible.contains(&call.guid))
        .map(|call| causes.explain(call))
        .filter(|(reason, _)| {
            matches!(
                reason,
                GapReason::PermissionSuspected | GapReason::PermissionConfirmed
            )
        })
        .map(|(_, detail)| detail)
        .collect();
    let seen = |direction: &str| {
        evidence
            .listed
            .iter()
            .any(|i| i.direction.as_str() == direction)
    };
    let lines = [
        (
            "view-inbound",
            Permission::ViewInboundContent,
            owner.inbound,
            seen("inbound"),
        ),
        (
            "view-outbound",
            Permission::ViewOutboundContent,
            owner.outbound,
            seen("outbound"),
        ),
        (
            "access-groups",
            Permission::AccessGroupsContent,
            owner.groups,
            false,
        ),
    ];
    for (id, permission, known, proven) in lines {
        let title = permission.info().title;
        let suspicion = suspicions.iter().find(|s| s.contains(title));
        match (known, suspicion) {
            (Some(true), _) => sheet.set(id, CheckResult::Pass, "it is Yes"),
            (Some(false), _) => sheet.set(id, CheckResult::Fail, format!(
                "it is No: set *{title}* to Yes in the owner's feature permissions"
            )),
            (None, _) if proven => sheet.set(id, CheckResult::Pass, "such recordings can be seen"),
            (None, Some(suspicion)) => sheet.set(id, CheckResult::Fail, suspicion.clone()),
            (None, None) => sheet.set(id, CheckResult::Unknown, if is_named {
                "the platform does not tell; look at the owner's feature permissions in the VCC Admin Portal"
            } else {
                "nothing speaks against it; to know, add the connection with --owner USERNAME, or look at the owner's \
                 feature permissions in the VCC Admin Portal"
            }),
        }
    }
}

fn strata(calls: &[CollectedInteraction], visible: &HashSet<String>, rules: Rules) -> Vec<Stratum> {
    let mut counts: BTreeMap<(String, String, Option<String>), (i64, i64)> = BTreeMap::new();
    for call in calls {
        let talk_ms = call.talk_ms.or(call.duration_ms).unwrap_or_default();
        let old_enough = rules.now.ms_since(call.started_at) >= rules.delay_ms;
        let voice = call.medium.starts_with("Phone") && call.direction != "internal";
        if !voice || !call.completed || talk_ms < rules.min_talk_ms || !old_enough {
            continue;
        }
        let key = (
            call.direction.clone(),
            line_of(call).to_owned(),
            call.agent.clone(),
        );
        let count = counts.entry(key).or_default();
        count.0 += 1;
        count.1 += i64::from(visible.contains(&call.guid));
    }
    counts
        .into_iter()
        .map(
            |((direction, line, agent), (n_eligible, n_visible))| Stratum {
                direction,
                line,
                agent,
                n_eligible,
                n_visible,
            },
        )
        .collect()
}
