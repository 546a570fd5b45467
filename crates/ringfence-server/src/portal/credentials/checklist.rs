//! The handoff checklist as a page that checks itself.

use super::id_of;
use super::show::ShownView;
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
use ringfence_app::manage::credentials::checklist::{Check, Verdict, credential_checklist};

#[derive(Template)]
#[template(path = "credentials/checklist.html")]
struct ChecklistPage {
    chrome: Chrome,
    shown: ShownView,
    checked: Moment,
    lines: Vec<Line>,
    n_pass: usize,
    n_fail: usize,
    n_unknown: usize,
}

struct Line {
    tone: &'static str,
    word: &'static str,
    title: &'static str,
    found: String,
    advice: String,
    who: String,
}

/// `GET /admin/credentials/{id}/checklist`.
pub(crate) fn checklist_route() -> MethodRouter<App> {
    get(checklist)
}

async fn checklist(
    State(app): State<App>,
    Signed(caller): Signed,
    Path(id): Path<String>,
    chrome: Chrome,
) -> Result<Response, PortalError> {
    let checklist = credential_checklist(&app.ctx, &caller, id_of(&id)?).await?;
    let n = |verdict| {
        let of = checklist.checks.iter().filter(|c| c.verdict == verdict);
        of.count()
    };
    render(&ChecklistPage {
        chrome,
        shown: ShownView::of(
            &checklist.effective.shown,
            checklist.effective.account.region,
        ),
        checked: Moment(checklist.checked_at),
        n_pass: n(Verdict::Pass),
        n_fail: n(Verdict::Fail),
        n_unknown: n(Verdict::Unknown),
        lines: checklist.checks.into_iter().map(line).collect(),
    })
}

fn line(check: Check) -> Line {
    let (tone, word) = match check.verdict {
        Verdict::Pass => ("ok", "Pass"),
        Verdict::Fail => ("bad", "Fail"),
        Verdict::Unknown => ("warn", "Cannot know"),
    };
    Line {
        tone,
        word,
        title: check.title,
        found: check.found,
        advice: check.advice,
        who: check.who,
    }
}
