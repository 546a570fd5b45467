//! A credential's own page: what it is, what it can do now, its secrets and its use.

use super::id_of;
use super::usage::{Chart, chart};
use crate::app::App;
use crate::portal::chrome::Chrome;
use crate::portal::error::PortalError;
use crate::portal::page::render;
use crate::portal::time::Moment;
use crate::web::person::Signed;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{MethodRouter, get};
use ringfence_app::manage::credentials::Shown;
use ringfence_app::manage::credentials::effective::{Effective, ReachNow, credential_effective};
use ringfence_app::manage::credentials::handover::LinkState;
use ringfence_app::manage::credentials::rules::{Bar, Keeper};
use ringfence_app::manage::credentials::secrets::{Advice, LinkView, SecretView, secret_list};
use ringfence_app::manage::credentials::usage::{Step, credential_usage};
use ringfence_core::account::Region;
use ringfence_core::interaction::Direction;
use ringfence_core::permission::Permission;
use ringfence_core::scope::Scope;

#[derive(Template)]
#[template(path = "credentials/show.html")]
struct ShowPage {
    chrome: Chrome,
    shown: ShownView,
    bars: Vec<Rule>,
    scopes: Vec<ScopeLine>,
    n_working: usize,
    unused: String,
    content: ContentView,
    secrets: Vec<SecretLine>,
    links: Vec<LinkLine>,
    chart: Chart,
}

/// The facts of a credential, for several pages.
pub(super) struct ShownView {
    pub(super) id: String,
    pub(super) path: String,
    pub(super) name: String,
    pub(super) owner: String,
    pub(super) username: String,
    pub(super) region: &'static str,
    pub(super) created: Moment,
    pub(super) expires: Option<Moment>,
    pub(super) networks: Vec<String>,
    pub(super) token_life: String,
    pub(super) may_edit: bool,
    pub(super) may_delete: bool,
}

struct Rule {
    text: String,
    who: String,
}

struct ScopeLine {
    value: &'static str,
    title: &'static str,
    cut: Option<Rule>,
    issued: Option<Moment>,
    opened: Option<Moment>,
}

struct ContentView {
    has_scope: bool,
    week: String,
    permissions: Vec<PermissionLine>,
    reach: String,
    n_seen: i64,
    n_hidden: i64,
    cut_short: bool,
    hidden: Vec<HiddenLine>,
    who: String,
}

struct PermissionLine {
    title: &'static str,
    yes: bool,
    effect: &'static str,
}

struct HiddenLine {
    direction: &'static str,
    n: i64,
    rule: Rule,
}

struct SecretLine {
    number: u32,
    created: Moment,
    expires: Option<Moment>,
    expired: bool,
    last_use: Option<Moment>,
    from: String,
    route: String,
    uses: i64,
    addresses: Vec<AddressLine>,
    advice: &'static str,
    tone: &'static str,
}

struct AddressLine {
    address: String,
    last_use: Moment,
    uses: i64,
}

struct LinkLine {
    number: u32,
    created: Moment,
    state: &'static str,
    at: Option<Moment>,
    from: String,
}

/// `GET /admin/credentials/{id}`.
pub(crate) fn show_route() -> MethodRouter<App> {
    get(show)
}

async fn show(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<String>,
    chrome: Chrome,
) -> Result<Response, PortalError> {
    let id = id_of(&id)?;
    let effective = credential_effective(&app.ctx, &caller, id).await?;
    let secrets = secret_list(&app.ctx, &caller, id).await?;
    let use_by_day = credential_usage(&app.ctx, &caller, id, Step::Day).await?;
    render(&ShowPage {
        chrome,
        shown: ShownView::of(&effective.shown, effective.account.region),
        bars: effective.bars.iter().map(|b| bar(&effective, *b)).collect(),
        scopes: scopes(&effective),
        n_working: effective.scopes.iter().filter(|s| s.cut.is_none()).count(),
        unused: effective.unused_scopes().to_string(),
        content: content(&effective),
        secrets: secrets.secrets.iter().map(secret).collect(),
        links: secrets.links.iter().map(link).collect(),
        chart: chart(&use_by_day, Step::Day),
    })
}

impl ShownView {
    pub(super) fn of(shown: &Shown, region: Region) -> Self {
        let credential = &shown.credential;
        let owner = shown.owner.as_ref();
        Self {
            id: credential.id.to_string(),
            path: super::path_of(credential.id),
            name: credential.name.as_str().to_owned(),
            owner: owner.map(|o| o.name.clone()).unwrap_or_default(),
            username: owner
                .map(|o| o.username.as_str().to_owned())
                .unwrap_or_default(),
            region: region.as_str(),
            created: Moment(credential.created_at),
            expires: credential.expires_at.map(Moment),
            networks: credential
                .networks
                .iter()
                .map(ToString::to_string)
                .collect(),
            token_life: credential.token_ttl_secs.map_or_else(
                || "The server's standard".to_owned(),
                |secs| format!("{secs} seconds"),
            ),
            may_edit: shown.acts.edit,
            may_delete: shown.acts.delete,
        }
    }
}

fn bar(effective: &Effective, bar: Bar) -> Rule {
    Rule {
        text: bar.text().to_owned(),
        who: effective.keepers(bar.keeper()),
    }
}

fn scopes(effective: &Effective) -> Vec<ScopeLine> {
    let line = |now: &ringfence_app::manage::credentials::effective::ScopeNow| ScopeLine {
        value: now.scope.as_str(),
        title: now.scope.info().title,
        cut: now.cut.map(|cut| Rule {
            text: cut.text(),
            who: effective.keepers(cut.keeper()),
        }),
        issued: now.issued_at.map(Moment),
        opened: now.opened_at.map(Moment),
    };
    effective.scopes.iter().map(line).collect()
}

fn content(effective: &Effective) -> ContentView {
    let content = &effective.content;
    let hidden = content.hidden.iter().map(|hidden| HiddenLine {
        direction: match hidden.direction {
            Direction::Inbound => "inbound",
            Direction::Outbound => "outbound",
            Direction::Internal => "internal",
        },
        n: hidden.n_interactions,
        rule: Rule {
            text: hidden.by.text().to_owned(),
            who: effective.keepers(Keeper::Admins),
        },
    });
    let permissions = content.permissions.iter().map(|now| PermissionLine {
        title: now.permission.info().title,
        yes: now.yes,
        effect: effect(now.permission),
    });
    ContentView {
        has_scope: effective.works(Scope::InteractionContentRead),
        week: effective.content.week.words(),
        permissions: permissions.collect(),
        reach: reach(content.reach),
        n_seen: content.n_seen,
        n_hidden: effective.n_hidden(),
        cut_short: content.cut_short,
        hidden: hidden.collect(),
        who: effective.keepers(Keeper::Admins),
    }
}

fn reach(reach: ReachNow) -> String {
    let s = |n: usize| if n == 1 { "" } else { "s" };
    match reach {
        ReachNow::Account => "All of the account: an account-level credential has no owner whose lines or groups would count.".to_owned(),
        ReachNow::Lines(n) => format!("By line: interactions on {n} line{}.", s(n)),
        ReachNow::Groups(n) => format!(
            "By group: interactions handled by agents of {n} group{}; lines do not count.",
            s(n)
        ),
    }
}

const fn effect(permission: Permission) -> &'static str {
    match permission {
        Permission::ViewInboundContent => "See content of inbound interactions.",
        Permission::ViewOutboundContent => "See content of outbound interactions.",
        Permission::AccessGroupsContent => "Reach is decided by agents' groups instead of by line.",
        Permission::ViewScreenRecordings => "See screen recordings.",
        Permission::DeleteContent => "Delete content that it sees.",
        Permission::ViewIvrData => "See audio that the IVR collected.",
        Permission::BulkDownload => "Needed for every call of the Export API.",
    }
}

fn secret(view: &SecretView) -> SecretLine {
    let (tone, advice) = match view.advice {
        Advice::OnlyOne => (
            "muted",
            "The only one that works. Rotate before you retire it.",
        ),
        Advice::Newest => ("ok", "The newest."),
        Advice::InUse => (
            "warn",
            "Still used within the last day. Not safe to retire yet.",
        ),
        Advice::NotReplaced => (
            "warn",
            "Quiet for a day, but nobody has used a newer one yet. Wait until somebody has.",
        ),
        Advice::Safe => ("ok", "Safe to retire."),
        Advice::Over => ("muted", "Over: it is refused already."),
    };
    let used = &view.used;
    SecretLine {
        number: view.info.number,
        created: Moment(view.info.created_at),
        expires: view.info.expires_at.map(Moment),
        expired: view.expired,
        last_use: used.last_used_at.map(Moment),
        from: used.last_used_from.clone().unwrap_or_default(),
        route: used.last_used_route.clone().unwrap_or_default(),
        uses: used.uses,
        addresses: view
            .addresses
            .iter()
            .map(|a| AddressLine {
                address: a.address.clone(),
                last_use: Moment(a.last_used_at),
                uses: a.uses,
            })
            .collect(),
        advice,
        tone,
    }
}

fn link(view: &LinkView) -> LinkLine {
    let (state, at) = match view.state {
        LinkState::Waiting { expires_at } => ("Waits until", Some(expires_at)),
        LinkState::Opened { at } => ("Opened", Some(at)),
        LinkState::Expired => ("Ran out unopened", None),
    };
    LinkLine {
        number: view.number,
        created: Moment(view.created_at),
        state,
        at: at.map(Moment),
        from: view.opened_from.clone().unwrap_or_default(),
    }
}
