//! Statistics, computed from stored calls (vcc-api §10). They are account-wide: no line or group narrows them.

use crate::context::Ctx;
use crate::directory::rights::Live;
use crate::error::Error;
use crate::paging::{Page, PageRequest};
use ringfence_core::id::InteractionId;
use ringfence_core::interaction::{Interaction, QueueKind};
use ringfence_core::statistics::{Include, OngoingChannel, WindowedVisit};
use ringfence_core::time::Timestamp;
use ringfence_core::user::AgentNumber;
use ringfence_store::interactions as store;

/// Most items of a page.
pub const LARGEST_PAGE: u32 = 5_000;

const LONGEST_WINDOW_MS: i64 = 31 * 24 * 3_600_000;
// A change counts this long before the window begins, because it is dated before it is
// committed: whoever polls from one `upTo` to the next must not miss one that was under way.
const CHANGE_GRACE_MS: i64 = 15_000;

/// A window of time; both ends belong to it.
#[derive(Clone, Copy, Debug)]
pub struct Window {
    /// The first instant.
    pub start: Timestamp,
    /// The last instant; the time of the request when not given.
    pub end: Option<Timestamp>,
    /// What must fall into it.
    pub include: Include,
}

/// A page of statistics, and when they were right.
#[derive(Debug)]
pub struct Stats<T> {
    /// The page.
    pub page: Page<T>,
    /// The time of the request.
    pub up_to: Timestamp,
}

/// What an agent does, as far as calls tell.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AgentStatus {
    /// The agent.
    pub agent: AgentNumber,
    /// Since when the workload is what it is; none when the agent never had any.
    pub since: Option<Timestamp>,
    /// The interactions under way.
    pub channels: Vec<OngoingChannel>,
}

/// Interactions of a window of at most 31 days, by start.
///
/// # Errors
/// [`Error::Invalid`] when the window is too long or ends before it begins.
pub async fn stats_interactions(
    ctx: &Ctx,
    live: &Live,
    window: Window,
    page: PageRequest,
) -> Result<Stats<Interaction>, Error> {
    let up_to = ctx.now();
    let window = store_window(live, window, up_to)?;
    if window.end.ms_since(window.start) > LONGEST_WINDOW_MS {
        return Err(Error::Invalid(
            "Request window size limit exceeded 31 days".to_owned(),
        ));
    }
    let mut tx = ctx.db.begin_read().await?;
    let total = store::interaction_window_count(&mut tx, &window).await?;
    let items =
        store::interaction_window_page(&mut tx, &window, page.offset(), page.limit()).await?;
    Ok(Stats {
        page: page.page(items, total),
        up_to,
    })
}

/// Interactions that go on, by start.
///
/// # Errors
/// The store cannot be read.
pub async fn stats_ongoing(
    ctx: &Ctx,
    live: &Live,
    page: PageRequest,
) -> Result<Stats<Interaction>, Error> {
    let up_to = ctx.now();
    let account_id = live.account.id;
    let mut tx = ctx.db.begin_read().await?;
    let total = store::ongoing_count(&mut tx, account_id).await?;
    let items = store::ongoing_page(&mut tx, account_id, page.offset(), page.limit()).await?;
    Ok(Stats {
        page: page.page(items, total),
        up_to,
    })
}

/// One interaction.
///
/// # Errors
/// [`Error::NotFound`] when the account has none of that id.
pub async fn stats_interaction(
    ctx: &Ctx,
    live: &Live,
    id: InteractionId,
) -> Result<Interaction, Error> {
    let mut tx = ctx.db.begin_read().await?;
    let found = store::interaction_find(&mut tx, live.account.id, id).await?;
    found.ok_or_else(crate::interactions::interaction_not_found)
}

/// What the account's agents do now, by number.
///
/// # Errors
/// The store cannot be read.
pub async fn stats_agent_status(
    ctx: &Ctx,
    live: &Live,
    page: PageRequest,
) -> Result<Stats<AgentStatus>, Error> {
    let up_to = ctx.now();
    let account_id = live.account.id;
    let mut tx = ctx.db.begin_read().await?;
    let (agents, total) =
        store::agent_activity_page(&mut tx, account_id, page.offset(), page.limit()).await?;
    let numbers: Vec<AgentNumber> = agents.iter().map(|a| a.agent.clone()).collect();
    let mut ongoing = store::ongoing_channels(&mut tx, account_id, &numbers).await?;
    let mut items = Vec::with_capacity(agents.len());
    for activity in agents {
        let channels: Vec<OngoingChannel> = ongoing
            .extract_if(.., |channel| channel.agent == activity.agent)
            .collect();
        let joined = channels.iter().map(|c| {
            c.started_at
                .plus_ms(i64::try_from(c.offset_ms).unwrap_or(i64::MAX))
        });
        items.push(AgentStatus {
            agent: activity.agent,
            since: joined.max().or(activity.last_ended_at),
            channels,
        });
    }
    Ok(Stats {
        page: page.page(items, total),
        up_to,
    })
}

/// Visits to queues that fall into a window, by time of entering and queue: all queues when none are named, all kinds
/// when none is.
///
/// # Errors
/// [`Error::Invalid`] when the window ends before it begins.
pub async fn stats_queue_times(
    ctx: &Ctx,
    live: &Live,
    window: Window,
    (queues, kind): (&[String], Option<QueueKind>),
    page: PageRequest,
) -> Result<Stats<WindowedVisit>, Error> {
    let up_to = ctx.now();
    let window = store_window(live, window, up_to)?;
    let mut tx = ctx.db.begin_read().await?;
    let total = store::queue_visit_window_count(&mut tx, &window, queues, kind).await?;
    let slice = (page.offset(), page.limit());
    let items = store::queue_visit_window_page(&mut tx, &window, queues, kind, slice).await?;
    Ok(Stats {
        page: page.page(items, total),
        up_to,
    })
}

fn store_window(live: &Live, window: Window, now: Timestamp) -> Result<store::StatsWindow, Error> {
    let end = window.end.unwrap_or(now);
    // Without an end, a clock that is a little ahead of ours gives an empty window, not an error.
    if window.end.is_some_and(|end| end < window.start) {
        return Err(Error::Invalid("end must not be before start".to_owned()));
    }
    Ok(store::StatsWindow {
        account_id: live.account.id,
        start: window.start,
        end,
        changed_since: window.start.plus_ms(-CHANGE_GRACE_MS),
        include: window.include,
    })
}
