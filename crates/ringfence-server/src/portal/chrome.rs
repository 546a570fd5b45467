//! What surrounds every page of somebody who is signed in: navigation, account, notice.

use super::notice::{Notice, notice_of};
use axum::extract::FromRequestParts;
use http::StatusCode;
use http::request::Parts;
use ringfence_app::caller::Caller;
use ringfence_app::developer_caller::DeveloperCaller;
use ringfence_app::manage::recordings::recordings_any;
use ringfence_core::user::Role;

/// One of the two portals: where its frame leads.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Site {
    /// What its frame says.
    pub(crate) name: &'static str,
    /// Its first page.
    pub(crate) home: &'static str,
    /// The page of who is signed in.
    pub(crate) me: &'static str,
    /// Where they sign in.
    pub(crate) login: &'static str,
    /// What signs them out.
    pub(crate) logout: &'static str,
}

/// The Admin Portal.
const ADMIN: Site = Site {
    name: "Ringfence",
    home: "/admin",
    me: "/admin/me",
    login: "/login",
    logout: "/logout",
};

/// The Developer Portal.
const DEVELOPERS: Site = Site {
    name: "Ringfence Developers",
    home: "/devportal",
    me: "/devportal/me",
    login: "/devportal/login",
    logout: "/devportal/logout",
};

impl Site {
    /// The portal that a path belongs to.
    fn at(path: &str) -> Self {
        if is_developers(path) {
            DEVELOPERS
        } else {
            ADMIN
        }
    }
}

impl Default for Site {
    fn default() -> Self {
        ADMIN
    }
}

/// Whether a path is one of the Developer Portal.
pub(super) fn is_developers(path: &str) -> bool {
    path == "/devportal" || path.starts_with("/devportal/")
}

/// The frame of a page. Templates that extend `base.html` hold one in the field `chrome`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Chrome {
    /// Which portal it frames.
    pub(crate) site: Site,
    /// Who is signed in; `None` on public pages.
    pub(crate) person: Option<Person>,
    /// Where they may go.
    pub(crate) nav: Vec<NavGroup>,
    /// What was just done.
    pub(crate) notice: Option<Notice>,
}

/// Who is signed in, for the frame.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) name: String,
    pub(crate) username: String,
    pub(crate) role: &'static str,
    pub(crate) account: String,
    pub(crate) home: String,
    /// They look at another account than their own.
    pub(crate) is_away: bool,
    pub(crate) is_operator: bool,
}

/// Links under one heading.
#[derive(Debug, Clone)]
pub(crate) struct NavGroup {
    pub(crate) title: &'static str,
    pub(crate) items: Vec<NavItem>,
}

/// One link.
#[derive(Debug, Clone)]
pub(crate) struct NavItem {
    pub(crate) href: &'static str,
    pub(crate) label: &'static str,
    /// What is there, for the start page.
    pub(crate) text: &'static str,
    pub(crate) is_current: bool,
}

/// Who finds a link in the navigation.
#[derive(Clone, Copy)]
enum For {
    /// Those who can see any recording, and admins, who can change that.
    Listeners,
    Supervisors,
    Admins,
    Operators,
}

/// An address, its name, what is there, and who finds it.
type Place = (&'static str, &'static str, &'static str, For);

const NAV: &[(&str, &[Place])] = &[
    (
        "Account",
        &[
            (
                "/admin/credentials",
                "API Credentials",
                "Ids and secrets with which programs get tokens, and what each can do now.",
                For::Supervisors,
            ),
            (
                "/admin/users",
                "Users",
                "People, their licence, their permissions, lines and groups.",
                For::Admins,
            ),
            (
                "/admin/groups",
                "Groups",
                "Who belongs together, and whose content they may see.",
                For::Admins,
            ),
            (
                "/admin/providers",
                "Single sign-on",
                "Providers through which people of this account sign in.",
                For::Admins,
            ),
            (
                "/admin/connected",
                "Connected applications",
                "Applications that may act for people of this account.",
                For::Admins,
            ),
            (
                "/admin/recordings",
                "Recordings",
                "Find and hear the calls that you may see.",
                For::Listeners,
            ),
        ],
    ),
    (
        "Activity",
        &[
            (
                "/admin/gateway",
                "Gateway",
                "Traffic by API and status, refusals by reason, and any one request explained.",
                For::Supervisors,
            ),
            (
                "/admin/explorer",
                "API explorer",
                "Every API by its description, with a token of a credential you choose.",
                For::Supervisors,
            ),
            (
                "/admin/audit",
                "Audit trail",
                "Who changed what and when, chained so that nothing can be taken out unseen.",
                For::Admins,
            ),
        ],
    ),
    (
        "Installation",
        &[
            (
                "/admin/accounts",
                "Accounts",
                "The tenants of this installation.",
                For::Operators,
            ),
            (
                "/admin/developers",
                "Developers",
                "Who registers applications in the Developer Portal.",
                For::Operators,
            ),
            (
                "/admin/applications",
                "Applications",
                "What developers have registered, and what each may call.",
                For::Operators,
            ),
            (
                "/admin/keys",
                "Signing keys",
                "The keys that sign tokens, and where each is in its life.",
                For::Operators,
            ),
            (
                "/admin/collections",
                "Collections",
                "What is collected from elsewhere, day by day, and what is missing.",
                For::Operators,
            ),
        ],
    ),
];

/// Address, name and text of what developers find.
const DEVELOPER_NAV: [(&str, &str, &str); 3] = [
    (
        "/devportal/applications",
        "Applications",
        "Your programs, with their keys and subscriptions.",
    ),
    (
        "/devportal/apis",
        "APIs",
        "The suites to subscribe to, tried out and explained.",
    ),
    (
        "/devportal/documentation",
        "Getting tokens",
        "How a program gets a token and calls an API.",
    ),
];

impl Chrome {
    /// The frame around a page at that path.
    pub(crate) fn new(caller: &Caller, path: &str, query: Option<&str>) -> Self {
        let sees = |who: For| match who {
            For::Listeners => caller.role() == Role::Admin || recordings_any(caller),
            For::Supervisors => matches!(caller.role(), Role::Admin | Role::Supervisor),
            For::Admins => caller.role() == Role::Admin,
            For::Operators => caller.is_operator(),
        };
        let item = |(href, label, text, _): &Place| NavItem {
            href,
            label,
            text,
            is_current: is_at(path, href),
        };
        let group = |(title, items): &(&'static str, &[Place])| {
            let items = items.iter().filter(|(_, _, _, who)| sees(*who)).map(item);
            NavGroup {
                title,
                items: items.collect(),
            }
        };
        Self {
            site: ADMIN,
            person: Some(Person {
                name: caller.name.clone(),
                username: caller.username.as_str().to_owned(),
                role: caller.role().as_str(),
                account: caller.account.name.as_str().to_owned(),
                home: caller.home.name.as_str().to_owned(),
                is_away: caller.account.id != caller.home.id,
                is_operator: caller.is_operator(),
            }),
            nav: NAV
                .iter()
                .map(group)
                .filter(|g| !g.items.is_empty())
                .collect(),
            notice: notice_of(query),
        }
    }
}

impl Chrome {
    /// The frame around a page of the Developer Portal.
    pub(crate) fn of_developer(caller: &DeveloperCaller, path: &str, query: Option<&str>) -> Self {
        let developer = &caller.developer;
        let item = |(href, label, text): &(&'static str, &'static str, &'static str)| NavItem {
            href,
            label,
            text,
            is_current: is_at(path, href),
        };
        Self {
            site: DEVELOPERS,
            person: Some(Person {
                name: developer.name.clone(),
                username: developer.username.as_str().to_owned(),
                role: "developer",
                account: "Developer Portal".to_owned(),
                home: String::new(),
                is_away: false,
                is_operator: false,
            }),
            nav: vec![NavGroup {
                title: "Build",
                items: DEVELOPER_NAV.iter().map(item).collect(),
            }],
            notice: notice_of(query),
        }
    }

    /// The frame of who is not signed in.
    pub(crate) fn of_nobody(path: &str, query: Option<&str>) -> Self {
        Self {
            site: Site::at(path),
            notice: notice_of(query),
            ..Self::default()
        }
    }
}

fn is_at(path: &str, href: &str) -> bool {
    path.strip_prefix(href)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

impl<S: Sync> FromRequestParts<S> for Chrome {
    type Rejection = StatusCode;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, StatusCode> {
        let (path, query) = (parts.uri.path(), parts.uri.query());
        if let Some(caller) = parts.extensions.get::<Caller>() {
            return Ok(Self::new(caller, path, query));
        }
        Ok(match parts.extensions.get::<DeveloperCaller>() {
            Some(caller) => Self::of_developer(caller, path, query),
            None => Self::of_nobody(path, query),
        })
    }
}
