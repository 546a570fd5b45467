//! The gateway's traffic: how many calls, which refusals, and one request with its full explanation.
//!
//! Admins see their account's, supervisors the requests of their own credentials, operators everything; requests that
//! showed no valid token belong to no account and are the operators' alone.

mod applications;
mod explain;
mod now;
mod period;

pub use applications::{ApplicationTraffic, applications_show};
pub use explain::{Explained, NamedRoute, Outcome, Step, request_explain};
pub use period::Period;

use crate::caller::Caller;
use crate::context::Ctx;
use crate::error::Error;
use crate::manage::slice::Slice;
use crate::traffic::{ROUTE_NONE, ROUTE_OTHER, ROUTE_TOKEN, ROUTE_VBC_TOKEN};
use ringfence_core::account::AccountName;
use ringfence_core::client::Client;
use ringfence_core::id::{AccountId, ApplicationId, CredentialId, RequestId};
use ringfence_core::suite::Suite;
use ringfence_core::time::Timestamp;
use ringfence_core::user::Role;
use ringfence_store::credentials::credential_find;
use ringfence_store::db::Tx;
use ringfence_store::traffic::Whose;
use ringfence_store::traffic::counts::{
    ClientKind, CountsOf, Tally, counts_by_bucket, counts_by_client, counts_by_reason,
};
use ringfence_store::traffic::log::{LogQuery, requests_list};
use std::collections::BTreeMap;

pub use ringfence_store::traffic::counts::{BucketCount, ReasonCount};
pub use ringfence_store::traffic::log::LoggedRequest;

const MOST_REFUSED: u32 = 10;
const SLOWEST: usize = 10;
/// Where the paths of the VBC APIs begin.
const VBC: &str = "/t/vbc.prod";

/// Whose traffic is looked at.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Breadth {
    /// The account that the caller looks at.
    #[default]
    Account,
    /// All of the installation, for operators.
    Installation,
    /// What showed no valid token, for operators.
    Nobody,
}

/// How requests ended, added up.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Ends {
    /// Answered with a status below 400.
    pub answered: i64,
    /// Admitted, and answered with 400 to 499.
    pub wrong: i64,
    /// Refused.
    pub refused: i64,
    /// Admitted, and failed with 500 or above.
    pub failed: i64,
}

/// The requests of one API or route.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RouteTraffic {
    /// The API's name, or the route's template.
    pub name: String,
    /// How they ended.
    pub ends: Ends,
    /// How many, how long.
    pub tally: Tally,
}

/// One bar of the chart.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Bar {
    /// When it begins.
    pub at: Timestamp,
    /// How its requests ended.
    pub ends: Ends,
}

/// A credential that is refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RefusedCredential {
    /// Its account.
    pub account: Option<AccountName>,
    /// Its id.
    pub credential_id: CredentialId,
    /// Its name; `None` when it was deleted.
    pub name: Option<String>,
    /// How often.
    pub n: i64,
    /// The most frequent reason's code.
    pub reason: String,
    /// About when last.
    pub last_at: Timestamp,
}

/// Traffic over a period.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TrafficShown {
    /// From when on.
    pub from: Timestamp,
    /// How long one bar is, in seconds.
    pub bar_secs: i64,
    /// The bars, oldest first, without gaps.
    pub bars: Vec<Bar>,
    /// By API, the busiest first.
    pub apis: Vec<RouteTraffic>,
    /// Routes by their mean duration, the slowest first.
    pub slowest: Vec<RouteTraffic>,
    /// All together.
    pub ends: Ends,
    /// Admitted requests that were counted and not kept one by one.
    pub n_unlogged: i64,
    /// Refused ones of that kind.
    pub n_refused_unlogged: i64,
}

/// An application that is refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RefusedApplication {
    /// The account it acted for; `None` when it acted for nobody.
    pub account: Option<AccountName>,
    /// Its id.
    pub application_id: ApplicationId,
    /// Its name; `None` when it was deleted.
    pub name: Option<String>,
    /// How often.
    pub n: i64,
    /// The most frequent reason's code.
    pub reason: String,
    /// About when last.
    pub last_at: Timestamp,
}

/// Refusals over a period.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RefusalsShown {
    /// By reason, the most frequent first.
    pub reasons: Vec<ReasonCount>,
    /// The credentials refused most often.
    pub credentials: Vec<RefusedCredential>,
    /// The applications refused most often.
    pub applications: Vec<RefusedApplication>,
}

/// Which requests are looked up.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct RequestFilter {
    /// Whose.
    pub breadth: Breadth,
    /// Only older ones than this.
    pub before: Option<RequestId>,
    /// Only those of this credential or application.
    pub client: Option<Client>,
    /// Only those on this route.
    pub route: Option<String>,
    /// Only those refused for this reason.
    pub reason: Option<String>,
    /// Only those whose status begins with this digit.
    pub status_class: Option<u8>,
    /// Only refused ones, or only others.
    pub refused: Option<bool>,
}

/// Traffic of a period, by API and status.
///
/// # Errors
/// [`Error::NotFound`] for anybody who may not see it.
pub async fn traffic_show(
    ctx: &Ctx,
    caller: &Caller,
    breadth: Breadth,
    period: Period,
) -> Result<TrafficShown, Error> {
    let of = counts_of(caller, breadth)?;
    let (from, bar_ms) = period.begin(ctx.now());
    let mut tx = ctx.db.begin_read().await?;
    let counts = counts_by_bucket(&mut tx, of, from, bar_ms).await?;
    drop(tx);
    Ok(sum(&counts, from, period))
}

/// Refusals of a period, by reason and credential.
///
/// # Errors
/// [`Error::NotFound`] for anybody who may not see them.
pub async fn refusals_show(
    ctx: &Ctx,
    caller: &Caller,
    breadth: Breadth,
    period: Period,
) -> Result<RefusalsShown, Error> {
    let of = counts_of(caller, breadth)?;
    let (from, _) = period.begin(ctx.now());
    let mut tx = ctx.db.begin_read().await?;
    let reasons = counts_by_reason(&mut tx, of, from).await?;
    let (mut credentials, mut applications) = (Vec::new(), Vec::new());
    for kind in [ClientKind::Credentials, ClientKind::Applications] {
        for count in counts_by_client(&mut tx, (of, kind), from, MOST_REFUSED).await? {
            let account = count.account_id.and_then(|id| account_named(ctx, id));
            let name = client_name(ctx, &mut tx, count.client).await?;
            match count.client {
                Client::Credential(credential_id) => credentials.push(RefusedCredential {
                    account,
                    credential_id,
                    name,
                    n: count.n,
                    reason: count.reason,
                    last_at: count.last_at,
                }),
                Client::Application(application_id) => applications.push(RefusedApplication {
                    account,
                    application_id,
                    name,
                    n: count.n,
                    reason: count.reason,
                    last_at: count.last_at,
                }),
            }
        }
    }
    Ok(RefusalsShown {
        reasons,
        credentials,
        applications,
    })
}

/// Requests one by one, the newest first.
///
/// # Errors
/// [`Error::NotFound`] for anybody who may not see any.
pub async fn request_list(
    ctx: &Ctx,
    caller: &Caller,
    filter: &RequestFilter,
    limit: u32,
) -> Result<Slice<LoggedRequest>, Error> {
    let query = LogQuery {
        whose: whose(caller, filter.breadth)?,
        before: filter.before,
        from: None,
        client: filter.client,
        route: filter.route.clone(),
        reason: filter.reason.clone(),
        status_class: filter.status_class,
        refused: filter.refused,
        limit: limit.saturating_add(1),
    };
    let mut tx = ctx.db.begin_read().await?;
    let found = requests_list(&mut tx, &query).await?;
    Ok(Slice::cut(found, limit, |last| last.id.to_string()))
}

/// What people call the credentials and applications of some requests. A deleted one has no name.
///
/// # Errors
/// The store broke off.
pub async fn client_names(
    ctx: &Ctx,
    requests: &[LoggedRequest],
) -> Result<Vec<(Client, String)>, Error> {
    let mut clients: Vec<_> = requests.iter().filter_map(|r| r.client).collect();
    clients.sort_unstable();
    clients.dedup();
    let mut tx = ctx.db.begin_read().await?;
    let mut names = Vec::new();
    for client in clients {
        let name = client_name(ctx, &mut tx, client).await?;
        names.extend(name.map(|name| (client, name)));
    }
    Ok(names)
}

async fn client_name(ctx: &Ctx, tx: &mut Tx, client: Client) -> Result<Option<String>, Error> {
    Ok(match client {
        Client::Credential(id) => {
            let found = credential_find(tx, id).await?;
            found.map(|credential| credential.name.as_str().to_owned())
        }
        Client::Application(id) => application_named(ctx, id),
    })
}

fn application_named(ctx: &Ctx, id: ApplicationId) -> Option<String> {
    let snapshot = ctx.directory.look();
    let application = snapshot.application(id)?;
    Some(application.name.as_str().to_owned())
}

/// The API that a route belongs to, as people call it.
#[must_use]
pub fn api_of(route: &str) -> &str {
    match route {
        ROUTE_TOKEN => "Token service",
        ROUTE_VBC_TOKEN => "Token service of applications",
        ROUTE_NONE => "No such path",
        ROUTE_OTHER => "Other",
        _ if route.starts_with("/interaction-content/") => "Interaction Content",
        _ if route.starts_with("/stats/") => "Insights Stats",
        _ if route.starts_with("/useradmin/") => "User Admin",
        _ if route.starts_with("/api/v1") => "Management API",
        "/userinfo" => "User information",
        _ if route.starts_with(VBC) => suite_of(route),
        // An upstream's routes have the name of their API.
        _ => route,
    }
}

/// The suite that a path of the VBC APIs belongs to.
fn suite_of(route: &str) -> &'static str {
    let path = route.strip_prefix(VBC).unwrap_or_default();
    let fits = |suite: &&Suite| {
        let rest = path.strip_prefix(suite.context());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let found = Suite::ALL.iter().find(fits);
    // The accounts, users and extensions of Provisioning also have paths of their own.
    found.map_or(Suite::Provisioning.name(), |suite| suite.name())
}

impl Ends {
    /// All of them.
    #[must_use]
    pub const fn n(&self) -> i64 {
        self.answered + self.wrong + self.refused + self.failed
    }

    fn add(&mut self, count: &BucketCount) {
        let n = count.tally.n;
        match (count.refused, count.status_class) {
            (true, _) => self.refused += n,
            (false, 4) => self.wrong += n,
            (false, 5..) => self.failed += n,
            (false, _) => self.answered += n,
        }
    }
}

impl RouteTraffic {
    /// The mean duration in microseconds.
    #[must_use]
    pub const fn mean_us(&self) -> i64 {
        if self.tally.n == 0 {
            return 0;
        }
        self.tally.sum_us / self.tally.n
    }
}

fn sum(counts: &[BucketCount], from: Timestamp, period: Period) -> TrafficShown {
    let (n_bars, bar_secs) = period.bars();
    let mut bars: Vec<Bar> = (0..n_bars)
        .map(|n| Bar {
            at: from.plus_secs(n * bar_secs),
            ends: Ends::default(),
        })
        .collect();
    let (mut apis, mut routes) = (BTreeMap::new(), BTreeMap::new());
    let mut shown = TrafficShown {
        from,
        bar_secs,
        bars: Vec::new(),
        apis: Vec::new(),
        slowest: Vec::new(),
        ends: Ends::default(),
        n_unlogged: 0,
        n_refused_unlogged: 0,
    };
    for count in counts {
        let place = count.at.ms_since(from) / (bar_secs * 1000);
        let bar = usize::try_from(place).ok().and_then(|n| bars.get_mut(n));
        if let Some(bar) = bar {
            bar.ends.add(count);
        }
        shown.ends.add(count);
        if count.refused {
            shown.n_refused_unlogged += count.tally.n_unlogged;
        } else {
            shown.n_unlogged += count.tally.n_unlogged;
        }
        for (all, name) in [
            (&mut apis, api_of(&count.route)),
            (&mut routes, count.route.as_str()),
        ] {
            let entry: &mut RouteTraffic =
                all.entry(name.to_owned()).or_insert_with(|| RouteTraffic {
                    name: name.to_owned(),
                    ends: Ends::default(),
                    tally: Tally::default(),
                });
            entry.ends.add(count);
            entry.tally.merge(count.tally);
        }
    }
    shown.bars = bars;
    shown.apis = apis.into_values().collect();
    shown
        .apis
        .sort_by_key(|api: &RouteTraffic| std::cmp::Reverse(api.tally.n));
    shown.slowest = routes.into_values().collect();
    shown
        .slowest
        .sort_by_key(|route: &RouteTraffic| std::cmp::Reverse(route.mean_us()));
    shown.slowest.truncate(SLOWEST);
    shown
}

fn counts_of(caller: &Caller, breadth: Breadth) -> Result<CountsOf, Error> {
    match breadth {
        Breadth::Account => {
            caller.require_admin()?;
            Ok(CountsOf::Account(Some(caller.account.id)))
        }
        Breadth::Installation => {
            caller.require_operator()?;
            Ok(CountsOf::All)
        }
        Breadth::Nobody => {
            caller.require_operator()?;
            Ok(CountsOf::Account(None))
        }
    }
}

fn whose(caller: &Caller, breadth: Breadth) -> Result<Whose, Error> {
    match breadth {
        Breadth::Account => match caller.role() {
            Role::Admin => Ok(Whose::Account(caller.account.id)),
            Role::Supervisor => Ok(Whose::Owner(caller.account.id, caller.user.id)),
            Role::Agent | Role::Wallboard => Err(Error::NotFound("page".to_owned())),
        },
        Breadth::Installation => {
            caller.require_operator()?;
            Ok(Whose::All)
        }
        Breadth::Nobody => {
            caller.require_operator()?;
            Ok(Whose::Nobody)
        }
    }
}

fn account_named(ctx: &Ctx, id: AccountId) -> Option<AccountName> {
    let snapshot = ctx.directory.look();
    snapshot.account(id).map(|account| account.name.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_have_no_gaps_and_end_now() {
        let now = Timestamp::parse("2026-03-02T09:15:30Z").unwrap();
        for (period, begin) in [
            (Period::Hour, "2026-03-02T08:16:00Z"),
            (Period::Day, "2026-03-01T10:00:00Z"),
            (Period::Week, "2026-02-23T12:00:00Z"),
            (Period::Month, "2026-02-01T00:00:00Z"),
        ] {
            let (from, ms) = period.begin(now);
            assert_eq!(from.to_iso_secs(), begin);
            let shown = sum(&[], from, period);
            let last = shown.bars.last().unwrap().at;
            assert!(last <= now && now < last.plus_ms(ms), "{period:?}");
        }
    }

    #[test]
    fn each_request_stands_in_one_column() {
        let at = Timestamp::from_ms(0);
        let count = |status_class, refused, n| BucketCount {
            at,
            route: "/stats/interactions".to_owned(),
            status_class,
            refused,
            tally: Tally {
                n,
                n_unlogged: 1,
                sum_us: n * 100,
                max_us: 150,
            },
        };
        let counts = [
            count(2, false, 10),
            count(4, false, 5),
            count(4, true, 3),
            count(5, false, 2),
            count(5, true, 1),
        ];
        let shown = sum(&counts, at, Period::Hour);
        let ends = Ends {
            answered: 10,
            wrong: 5,
            refused: 4,
            failed: 2,
        };
        assert_eq!(shown.ends, ends);
        assert_eq!(shown.bars[0].ends, ends);
        assert_eq!(shown.apis[0].name, "Insights Stats");
        assert_eq!(shown.apis[0].ends.n(), 21);
        assert_eq!(shown.slowest[0].mean_us(), 100);
        assert_eq!((shown.n_unlogged, shown.n_refused_unlogged), (3, 2));
    }
}
