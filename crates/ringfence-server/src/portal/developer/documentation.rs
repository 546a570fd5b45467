//! How to get a token and call an API, in lines that hold this installation's addresses (seed of the mission: the three
//! flows as the platform documents them).

use super::apis::{groups, suite_named};
use super::catalogue::ops_of;
use super::keys::{Endpoint, endpoints};
use super::suite::{OpGroup, SuiteView};
use crate::app::App;
use crate::portal::chrome::Chrome;
use crate::portal::error::PortalError;
use crate::portal::page::render;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::{MethodRouter, get};

#[derive(Template)]
#[template(path = "developer/documentation.html")]
struct TokensPage {
    chrome: Chrome,
    lines: Lines,
    endpoints: Vec<Endpoint>,
}

#[derive(Template)]
#[template(path = "developer/suite_documentation.html")]
struct SuitePage {
    chrome: Chrome,
    suite: SuiteView,
    lines: Lines,
    call: String,
    groups: Vec<OpGroup>,
    errors: &'static [(&'static str, &'static str, &'static str, &'static str)],
}

/// Lines to copy.
struct Lines {
    authorize: String,
    code: String,
    password: String,
    refresh: String,
    revoke: String,
    answer: &'static str,
}

const ANSWER: &str = r#"{
    "access_token": "eyJ4NXQiOiJ…",
    "refresh_token": "6f1d2c3b-4a59-3e68-9f70-8a9b0c1d2e3f",
    "scope": "openid",
    "id_token": "eyJ4NXQiOiJ…",
    "token_type": "Bearer",
    "expires_in": 86400
}"#;

const ERRORS: &[(&str, &str, &str, &str)] = &[
    (
        "401",
        "900902",
        "No token came with the call",
        "Send the header Authorization",
    ),
    (
        "401",
        "900901",
        "The token is wrong, has run out or was ended",
        "Get another one: refresh, or have the user sign in",
    ),
    (
        "403",
        "900908",
        "The application is not subscribed to the suite",
        "Subscribe it",
    ),
    (
        "403",
        "900910",
        "The token lacks a scope",
        "Ask for the scope openid",
    ),
    (
        "404",
        "404",
        "There is no such resource",
        "Look at the path",
    ),
    (
        "405",
        "405",
        "The resource does not have this method",
        "Look at the method",
    ),
    (
        "429",
        "900803",
        "The quota of the token is used up",
        "Wait until nextAccessTime",
    ),
    (
        "503",
        "700700",
        "The API is in maintenance",
        "Try again later",
    ),
];

/// `GET /devportal/documentation`.
pub(crate) fn tokens_route() -> MethodRouter<App> {
    get(tokens)
}

/// `GET /devportal/apis/{suite}/documentation`.
pub(crate) fn suite_route() -> MethodRouter<App> {
    get(suite)
}

async fn tokens(State(app): State<App>, chrome: Chrome) -> Result<Response, PortalError> {
    render(&TokensPage {
        chrome,
        lines: lines(&app),
        endpoints: endpoints(&app),
    })
}

async fn suite(
    State(app): State<App>,
    Path(name): Path<String>,
    chrome: Chrome,
) -> Result<Response, PortalError> {
    let suite = suite_named(&name)?;
    let first = ops_of(suite).next();
    let path = first.map_or("", |op| op.path);
    render(&SuitePage {
        chrome,
        suite: SuiteView::of(suite, 0),
        lines: lines(&app),
        call: format!(
            "curl '{}{}' \\\n--header \"Authorization: Bearer $ACCESS_TOKEN\"",
            app.ctx.settings.public_url,
            path.replace("{account_id}", "self"),
        ),
        groups: groups(suite),
        errors: ERRORS,
    })
}

fn lines(app: &App) -> Lines {
    let base = &app.ctx.settings.public_url;
    let token = |grant: &str, fields: &[(&str, &str)]| {
        let mut line = format!(
            "curl --request POST '{base}/token' \\\n--header 'Content-Type: application/x-www-form-urlencoded' \\"
        );
        for (name, value) in [("grant_type", grant)].iter().chain(fields) {
            line.push_str(&format!("\n--data-urlencode \"{name}={value}\" \\"));
        }
        line.trim_end_matches([' ', '\\']).to_owned()
    };
    let client = [
        ("client_id", "$VBC_CLIENT_ID"),
        ("client_secret", "$VBC_CLIENT_SECRET"),
    ];
    Lines {
        authorize: format!(
            "{base}/authorize?scope=openid&response_type=code&redirect_uri=$REDIRECT_URI&client_id=$CONSUMER_KEY&state=$STATE&code_challenge=$CODE_CHALLENGE&code_challenge_method=S256"
        ),
        code: token(
            "authorization_code",
            &[
                ("code", "$AUTHORIZATION_CODE"),
                ("redirect_uri", "$REDIRECT_URI"),
                ("code_verifier", "$CODE_VERIFIER"),
            ],
        )
        .replace(
            "x-www-form-urlencoded' \\",
            "x-www-form-urlencoded' \\\n--header \"Authorization: Basic $AUTHORIZATION\" \\",
        ),
        password: token(
            "password",
            &[
                ("scope", "openid"),
                ("username", "$VBC_USERNAME@vbc.prod"),
                ("password", "$VBC_PASSWORD"),
                client[0],
                client[1],
            ],
        ),
        refresh: token(
            "refresh_token",
            &[client[0], client[1], ("refresh_token", "$REFRESH_TOKEN")],
        ),
        revoke: format!(
            "curl --request POST '{base}/revoke' \\\n--data-urlencode \"client_id=$VBC_CLIENT_ID\" \\\n--data-urlencode \"client_secret=$VBC_CLIENT_SECRET\" \\\n--data-urlencode \"token=$REFRESH_TOKEN\""
        ),
        answer: ANSWER,
    }
}
