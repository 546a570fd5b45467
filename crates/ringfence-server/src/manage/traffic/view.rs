//! What traffic, refusals and requests look like on the wire.

use ringfence_app::manage::traffic::{
    ApplicationTraffic, Ends, Explained, LoggedRequest, Outcome, RefusalsShown, RouteTraffic, Step,
    TrafficShown, api_of,
};
use ringfence_app::traffic::reasons::reason_info;
use ringfence_core::client::Client;
use serde::Serialize;
use utoipa::ToSchema;

/// How requests ended.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Ends)]
pub(super) struct EndsView {
    /// Answered with a status below 400.
    answered: i64,
    /// Admitted, and answered with 400 to 499.
    wrong: i64,
    /// Refused.
    refused: i64,
    /// Admitted, and failed with 500 or above.
    failed: i64,
}

/// Traffic of a period.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Traffic)]
pub(super) struct TrafficView {
    /// From when on.
    from: String,
    /// How long one interval is.
    interval_seconds: i64,
    /// All together.
    total: EndsView,
    /// Requests that are counted and cannot be looked up one by one.
    not_kept: i64,
    /// One for each interval, the oldest first.
    intervals: Vec<IntervalView>,
    /// By API, the busiest first.
    apis: Vec<RouteView>,
    /// By route, the slowest first.
    slowest: Vec<RouteView>,
}

/// The requests of one interval.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TrafficInterval)]
pub(super) struct IntervalView {
    /// When it begins.
    at: String,
    #[serde(flatten)]
    ends: EndsView,
}

/// The requests of one API or route.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RouteTraffic)]
pub(super) struct RouteView {
    /// The API's name, or the route's template.
    name: String,
    #[serde(flatten)]
    ends: EndsView,
    /// The mean duration.
    mean_microseconds: i64,
    /// The longest duration.
    longest_microseconds: i64,
}

/// Refusals of a period.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = TrafficRefusals)]
pub(super) struct RefusalsView {
    /// By reason, the most frequent first.
    reasons: Vec<ReasonView>,
    /// The credentials refused most often.
    credentials: Vec<RefusedView>,
    /// The applications refused most often.
    applications: Vec<RefusedApplicationView>,
}

/// Refusals for one reason.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RefusalReason)]
pub(super) struct ReasonView {
    /// The reason code.
    reason: String,
    /// What happened.
    what: &'static str,
    /// What to do.
    todo: &'static str,
    /// Who can.
    who: &'static str,
    /// How many.
    count: i64,
    /// About when last.
    last_at: String,
}

/// A credential that was refused.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RefusedCredential)]
pub(super) struct RefusedView {
    /// Its id.
    client_id: String,
    /// Its name; null when it was deleted.
    name: Option<String>,
    /// How often.
    count: i64,
    /// The most frequent reason.
    reason: String,
    /// About when last.
    last_at: String,
}

/// An application that was refused.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RefusedApplication)]
pub(super) struct RefusedApplicationView {
    /// Its id.
    application_id: String,
    /// Its name; null when it was deleted.
    name: Option<String>,
    /// How often.
    count: i64,
    /// The most frequent reason.
    reason: String,
    /// About when last.
    last_at: String,
}

/// An application that acted for people of the account in the last 30 days.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ApplicationTraffic)]
pub(super) struct ApplicationTrafficView {
    /// Its id.
    application_id: String,
    /// Its name; null when it was deleted.
    name: Option<String>,
    /// Tokens that it got.
    tokens: i64,
    /// Calls answered with a status below 400.
    answered: i64,
    /// Calls admitted, and answered with 400 to 499.
    wrong: i64,
    /// Calls and requests for tokens that were refused.
    refused: i64,
    /// Calls admitted, and failed with 500 or above.
    failed: i64,
    /// When it was last used; null when it was only refused.
    last_used_at: Option<String>,
    /// From which address that was.
    last_used_from: Option<String>,
    /// On which route that was.
    last_used_route: Option<String>,
    /// How often it was ever used.
    uses: i64,
}

/// One request.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = LoggedRequest)]
pub(super) struct RequestView {
    /// Its id, as in `x-request-id`.
    id: String,
    /// When it came.
    at: String,
    /// The credential; null when the token did not tell, or was an application's.
    client_id: Option<String>,
    /// The application; null when the token did not tell, or was a credential's.
    application_id: Option<String>,
    /// The person that the credential or application acted for, when one is known.
    user_id: Option<String>,
    /// The API.
    api: String,
    /// The route's template or name.
    route: String,
    /// The method.
    method: String,
    /// The status of the answer.
    status: u16,
    /// Why it was refused; null when it was not.
    reason: Option<String>,
    /// How long the answer took.
    duration_microseconds: i64,
    /// Where it came from.
    address: Option<String>,
    /// The scopes of its token.
    scopes: Vec<String>,
}

/// One request with its full explanation.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ExplainedRequest)]
pub(super) struct ExplainedView {
    #[serde(flatten)]
    request: RequestView,
    /// What the reason means.
    what: Option<&'static str>,
    /// What to do.
    todo: Option<&'static str>,
    /// Who can put it right.
    who: Option<String>,
    /// The scopes of which one is needed.
    needed_scopes: Vec<String>,
    /// Each rule, in the order in which they are asked.
    rules: Vec<RuleView>,
}

/// One rule of a request.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = ExplainedRule)]
pub(super) struct RuleView {
    /// The rule.
    rule: &'static str,
    /// What it said then: `passed`, `failed` or `notReached`.
    outcome: &'static str,
    /// How it stands now; null where that cannot be known without the token.
    now: Option<NowView>,
}

/// How a rule stands now.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = RuleNow)]
pub(super) struct NowView {
    /// Whether it would be met.
    holds: bool,
    /// In a sentence.
    text: String,
    /// Who can change it.
    who: String,
}

pub(super) fn traffic_view(shown: &TrafficShown) -> TrafficView {
    TrafficView {
        from: shown.from.to_iso_millis(),
        interval_seconds: shown.bar_secs,
        total: ends_view(shown.ends),
        not_kept: shown.n_unlogged + shown.n_refused_unlogged,
        intervals: shown
            .bars
            .iter()
            .map(|bar| IntervalView {
                at: bar.at.to_iso_millis(),
                ends: ends_view(bar.ends),
            })
            .collect(),
        apis: shown.apis.iter().map(route_view).collect(),
        slowest: shown.slowest.iter().map(route_view).collect(),
    }
}

fn route_view(route: &RouteTraffic) -> RouteView {
    RouteView {
        name: route.name.clone(),
        ends: ends_view(route.ends),
        mean_microseconds: route.mean_us(),
        longest_microseconds: route.tally.max_us,
    }
}

fn ends_view(ends: Ends) -> EndsView {
    EndsView {
        answered: ends.answered,
        wrong: ends.wrong,
        refused: ends.refused,
        failed: ends.failed,
    }
}

pub(super) fn refusals_view(shown: RefusalsShown) -> RefusalsView {
    let mut reasons = Vec::new();
    for count in shown.reasons {
        let info = reason_info(&count.reason);
        reasons.push(ReasonView {
            what: info.map_or("", |info| info.what),
            todo: info.map_or("", |info| info.todo),
            who: info.map_or("", |info| info.remedy.text()),
            reason: count.reason,
            count: count.n,
            last_at: count.last_at.to_iso_millis(),
        });
    }
    let mut credentials = Vec::new();
    for refused in shown.credentials {
        credentials.push(RefusedView {
            client_id: refused.credential_id.to_string(),
            name: refused.name,
            count: refused.n,
            reason: refused.reason,
            last_at: refused.last_at.to_iso_millis(),
        });
    }
    let mut applications = Vec::new();
    for refused in shown.applications {
        applications.push(RefusedApplicationView {
            application_id: refused.application_id.to_string(),
            name: refused.name,
            count: refused.n,
            reason: refused.reason,
            last_at: refused.last_at.to_iso_millis(),
        });
    }
    RefusalsView {
        reasons,
        credentials,
        applications,
    }
}

pub(super) fn application_view(shown: ApplicationTraffic) -> ApplicationTrafficView {
    let last = shown.last;
    let text = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
    ApplicationTrafficView {
        application_id: shown.application_id.to_string(),
        name: shown.name,
        tokens: shown.tally.tokens,
        answered: shown.tally.ok,
        wrong: shown.tally.wrong,
        refused: shown.tally.refused,
        failed: shown.tally.failed,
        last_used_at: last.as_ref().map(|last| last.at.to_iso_millis()),
        last_used_from: last.as_ref().and_then(|last| text(&last.from)),
        last_used_route: last.as_ref().and_then(|last| text(&last.route)),
        uses: last.as_ref().map_or(0, |last| last.uses),
    }
}

pub(super) fn request_view(request: &LoggedRequest) -> RequestView {
    let credential = request.client.and_then(Client::credential);
    let application = request.client.and_then(Client::application);
    RequestView {
        id: request.id.to_string(),
        at: request.at.to_iso_millis(),
        client_id: credential.map(|id| id.to_string()),
        application_id: application.map(|id| id.to_string()),
        user_id: request.owner_id.map(|id| id.to_string()),
        api: api_of(&request.route).to_owned(),
        route: request.route.clone(),
        method: request.method.clone(),
        status: request.status,
        reason: request.reason.clone(),
        duration_microseconds: request.duration_us,
        address: request.address.map(|address| address.to_string()),
        scopes: words(&request.scopes),
    }
}

pub(super) fn explained_view(found: Explained) -> ExplainedView {
    ExplainedView {
        request: request_view(&found.request),
        what: found.reason.map(|reason| reason.what),
        todo: found.reason.map(|reason| reason.todo),
        who: found.changer,
        needed_scopes: words(&found.needed),
        rules: found.steps.into_iter().map(rule_view).collect(),
    }
}

fn rule_view(step: Step) -> RuleView {
    RuleView {
        rule: step.title,
        outcome: match step.outcome {
            Outcome::Passed => "passed",
            Outcome::Failed => "failed",
            Outcome::NotReached => "notReached",
        },
        now: step.now.map(|now| NowView {
            holds: now.holds,
            text: now.text,
            who: now.changer,
        }),
    }
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}
