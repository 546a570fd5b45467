//! Each operation of the VCC APIs in words: what it takes, what it gives. A test holds this against the router.

use super::Api;

/// An operation, described.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Operation {
    /// The method.
    pub(crate) method: &'static str,
    /// The path template, as in the router.
    pub(crate) path: &'static str,
    /// Its API.
    pub(crate) api: Api,
    /// What it does, in a few words.
    pub(crate) summary: &'static str,
    /// More of it; may be empty.
    pub(crate) about: &'static str,
    /// What the query takes.
    pub(crate) query: &'static [Param],
    /// An example of the JSON body it takes, if it takes one.
    pub(crate) body: Option<&'static str>,
    /// The status of success.
    pub(crate) status: u16,
    /// An example of the JSON it gives; empty for a file or for nothing.
    pub(crate) gives: &'static str,
}

/// A value of the query or the path.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Param {
    /// Its name.
    pub(crate) name: &'static str,
    /// `string`, `integer`, `boolean` or `date-time`.
    pub(crate) kind: &'static str,
    /// It must be there.
    pub(crate) required: bool,
    /// What it means.
    pub(crate) about: &'static str,
    /// An example; may be empty.
    pub(crate) example: &'static str,
}

impl Operation {
    const fn new(
        api: Api,
        method: &'static str,
        path: &'static str,
        summary: &'static str,
        gives: &'static str,
    ) -> Self {
        Self {
            method,
            path,
            api,
            summary,
            about: "",
            query: &[],
            body: None,
            status: 200,
            gives,
        }
    }

    const fn about(self, about: &'static str) -> Self {
        Self { about, ..self }
    }

    const fn query(self, query: &'static [Param]) -> Self {
        Self { query, ..self }
    }

    const fn body(self, body: &'static str) -> Self {
        Self {
            body: Some(body),
            ..self
        }
    }

    const fn status(self, status: u16) -> Self {
        Self { status, ..self }
    }
}

impl Api {
    /// What people call it.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::Content => "Interaction Content",
            Self::Stats => "Insights Stats",
            Self::Users => "User Admin",
        }
    }

    /// The version that a new program names in `Accept`.
    pub(crate) const fn accept(self) -> &'static str {
        match self {
            Self::Content | Self::Stats => "application/vnd.newvoicemedia.v3+json",
            Self::Users => "application/vnd.newvoicemedia.v4+json",
        }
    }
}

/// What a value in a path means.
pub(crate) fn path_param(name: &str) -> (&'static str, &'static str) {
    const ID: &str = "0190a1b2-3333-4d5e-8f60-7a8b9c0d0001";
    match name {
        "guid" => ("The interaction’s id", ID),
        "contentKey" => ("The key of one content item of it", "callRecording"),
        "userId" => ("The user’s id", ID),
        "groupId" => ("The group’s id", ID),
        "username" => ("The user name", "sam.lee@acme.example"),
        "agentDisplayId" => ("The agent’s number", "2041"),
        _ => ("", ""),
    }
}

const fn may(name: &'static str, kind: &'static str, about: &'static str) -> Param {
    Param {
        name,
        kind,
        required: false,
        about,
        example: "",
    }
}

const fn must(
    name: &'static str,
    kind: &'static str,
    about: &'static str,
    example: &'static str,
) -> Param {
    Param {
        name,
        kind,
        required: true,
        about,
        example,
    }
}

const START: Param = must(
    "start",
    "date-time",
    "The beginning of the window, which belongs to it",
    "2026-03-01T00:00:00Z",
);
const LIMIT: Param = may("limit", "integer", "Most items of a page; 25 if not given");
const PAGE: Param = may("page", "integer", "The page, from 1");
const INCLUDE: Param = may(
    "include",
    "string",
    "Started, StartedOrEnded or Processed within the window; Started if not given",
);
const UNTIL: Param = may(
    "end",
    "date-time",
    "The end of the window; now if not given",
);
const OVERAGES: Param = may("allowOverages", "boolean", "Accepted and without effect");

const SEARCH: &[Param] = &[
    START,
    must(
        "end",
        "date-time",
        "The end of the window, at most seven days after its beginning; it belongs to it",
        "2026-03-08T00:00:00Z",
    ),
    may("handlingAgentId", "string", "Only those this agent handled"),
    may(
        "connectFrom",
        "string",
        "Only those from an address that begins so",
    ),
    may(
        "connectTo",
        "string",
        "Only those to an address that begins so",
    ),
    may("direction", "string", "inbound or outbound"),
    may(
        "limit",
        "integer",
        "Most items of a page, up to 1000; 25 if not given",
    ),
    may(
        "continuationToken",
        "string",
        "Where to go on: meta.nextContinuationToken of the page before",
    ),
];
const WINDOW: &[Param] = &[START, UNTIL, INCLUDE, LIMIT, PAGE];
const LIST: &[Param] = &[LIMIT, PAGE];
const USERS: &[Param] = &[
    may(
        "include",
        "string",
        "Active, Archived or All; Active if not given",
    ),
    LIMIT,
    PAGE,
];

const INTERACTION: &str = r#"{"guid":"0190a1b2-3333-4d5e-8f60-7a8b9c0d0001","start":"2026-03-02T09:15:30Z","connectFrom":"+441632960101","connectTo":"+441632960900","direction":"inbound","handlingAgents":[{"id":"2041"}],"content":[{"contentKey":"callRecording","type":"callRecording","contentType":"audio/wav","contentLength":2947244,"lastModified":"2026-03-02T09:19:10Z"}]}"#;
const STATISTICS: &str = r#"{"items":[],"meta":{"page":1,"count":0,"pageCount":0,"totalCount":0}}"#;
const USER: &str = r#"{"userId":"0190a1b2-3333-4d5e-8f60-7a8b9c0d0001","username":"sam.lee@acme.example","name":"Sam Lee","email":"sam.lee@acme.example","active":true,"locked":false,"userAccountConfiguration":{"role":"Supervisor"}}"#;
const USER_NEW: &str = r#"{"username":"alex.ray@acme.example","name":"Alex Ray","email":"alex.ray@acme.example","userAccountConfiguration":{"role":"Agent"}}"#;
const GROUPS_OF: &str = r#"{"agentGroups":[{"groupId":"0190a1b2-3333-4d5e-8f60-7a8b9c0d0001"}]}"#;
const GROUP_RIGHTS: &str = r#"{"groupPermissions":[{"groupId":"0190a1b2-3333-4d5e-8f60-7a8b9c0d0001","groupPermission":"Read"}]}"#;
const LINES: &str = r#"{"addressPermissions":[{"addressName":"+441632960900"}]}"#;
const RIGHTS: &str = r#"{"accessPermissions":[{"permissionKey":"ViewOutboundInteractionContent","permissionLevel":"Yes"}]}"#;
const MEMBERS: &str = r#"{"users":[{"userId":"0190a1b2-3333-4d5e-8f60-7a8b9c0d0001"}]}"#;

const fn content(
    method: &'static str,
    path: &'static str,
    summary: &'static str,
    gives: &'static str,
) -> Operation {
    Operation::new(Api::Content, method, path, summary, gives)
}

const fn stats(path: &'static str, summary: &'static str, gives: &'static str) -> Operation {
    Operation::new(Api::Stats, "GET", path, summary, gives)
}

const fn users(
    method: &'static str,
    path: &'static str,
    summary: &'static str,
    gives: &'static str,
) -> Operation {
    Operation::new(Api::Users, method, path, summary, gives)
}

const SEEN: &str = "What the credential’s owner may not see now is not listed and answers 404.";
const LOST: &str =
    "This cannot be undone. The owner needs the permission to delete, and sight of what goes.";

/// Every operation of the VCC APIs.
#[rustfmt::skip]
pub(crate) const OPERATIONS: [Operation; 28] = [
    content("GET", "/interaction-content/interactions", "Search interactions that have content",
        r#"{"items":[],"meta":{"nextContinuationToken":null}}"#).query(SEARCH).about(SEEN),
    content("POST", "/interaction-content/interactions/delete-batch", "Delete the content of many interactions",
        r#"{"failures":[]}"#).body(r#"{"guids":["0190a1b2-3333-4d5e-8f60-7a8b9c0d0001"]}"#).about(LOST),
    content("GET", "/interaction-content/interactions/{guid}", "Show an interaction’s content list", INTERACTION).about(SEEN),
    content("DELETE", "/interaction-content/interactions/{guid}", "Delete all content of an interaction", "{}").about(LOST),
    content("GET", "/interaction-content/interactions/{guid}/content/{contentKey}", "Download one content item", "")
        .about("The file itself, with its own media type; one Range is honoured."),
    content("DELETE", "/interaction-content/interactions/{guid}/content/{contentKey}", "Delete one content item", "")
        .status(204).about(LOST),
    stats("/stats/interactions", "List interactions of a window of time", STATISTICS).query(WINDOW),
    stats("/stats/interactions/ongoing", "List interactions that go on now", STATISTICS).query(LIST),
    stats("/stats/interactions/{guid}", "Show one interaction", "{}"),
    stats("/stats/agent-status", "What each agent is doing", STATISTICS).query(LIST),
    stats("/stats/queue-times", "List visits to queues", STATISTICS).query(&[
        START, UNTIL, INCLUDE,
        may("queues", "string", "Only these queues, separated by commas"),
        may("queueType", "string", "ACD, Virtual or All; ACD if not given"),
        LIMIT, PAGE,
    ]),
    users("GET", "/useradmin/users", "List users", r#"{"meta":{"page":1,"count":0,"pageCount":0,"totalCount":0},"users":[]}"#).query(USERS),
    users("POST", "/useradmin/users", "Make a user", USER).body(USER_NEW).query(&[OVERAGES]),
    users("GET", "/useradmin/users/by/username/{username}", "Find a user by user name", USER),
    users("GET", "/useradmin/users/by/agentDisplayId/{agentDisplayId}", "Find a user by agent number", USER),
    users("GET", "/useradmin/users/{userId}", "Show a user", USER),
    users("PATCH", "/useradmin/users/{userId}", "Change a user", USER).body(r#"{"name":"Sam Lee"}"#).query(&[OVERAGES,
        may("acceptArchiveInMultipleAccounts", "boolean", "Accepted and without effect")]),
    users("GET", "/useradmin/users/{userId}/groups", "List a user’s groups", GROUPS_OF).query(LIST),
    users("PUT", "/useradmin/users/{userId}/groups", "Set a user’s groups", GROUPS_OF).body(GROUPS_OF),
    users("GET", "/useradmin/users/{userId}/permissions/groups", "List the groups a user may reach", GROUP_RIGHTS).query(LIST),
    users("PUT", "/useradmin/users/{userId}/permissions/groups", "Set the groups a user may reach", GROUP_RIGHTS).body(GROUP_RIGHTS),
    users("GET", "/useradmin/users/{userId}/permissions/addresses", "List the lines a user may reach", LINES).query(LIST),
    users("PUT", "/useradmin/users/{userId}/permissions/addresses", "Set the lines a user may reach", LINES).body(LINES),
    users("GET", "/useradmin/users/{userId}/permissions/accessPermissions", "List a user’s feature permissions", RIGHTS).query(LIST),
    users("PATCH", "/useradmin/users/{userId}/permissions/accessPermissions", "Change a user’s feature permissions", RIGHTS).body(RIGHTS),
    users("GET", "/useradmin/groups", "List groups", r#"{"meta":{"page":1,"count":0,"pageCount":0,"totalCount":0},"groups":[]}"#).query(LIST),
    users("GET", "/useradmin/groups/{groupId}/users", "List the members of a group", MEMBERS).query(LIST),
    users("PUT", "/useradmin/groups/{groupId}/users", "Set the members of a group", MEMBERS).body(MEMBERS),
];
