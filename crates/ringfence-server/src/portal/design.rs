//! The page that documents the design system: each component as it looks, its rules, and the markup that makes it.
//!
//! A part's markup is written once here; the page shows it rendered and as source, so the two cannot differ.

use super::chrome::Chrome;
use super::error::PortalError;
use super::page::render;
use crate::app::App;
use askama::Template;
use axum::response::Response;
use axum::routing::{MethodRouter, get};

#[derive(Template)]
#[template(path = "portal/design.html")]
struct Design {
    chrome: Chrome,
    parts: &'static [Part],
}

/// `GET /admin/design`.
pub(crate) fn design_route() -> MethodRouter<App> {
    get(design)
}

async fn design(chrome: Chrome) -> Result<Response, PortalError> {
    render(&Design {
        chrome,
        parts: PARTS,
    })
}

/// One component of the design system.
#[derive(Debug)]
struct Part {
    id: &'static str,
    name: &'static str,
    rules: &'static [&'static str],
    markup: &'static str,
}

const PARTS: &[Part] = &[
    Part {
        id: "page-head",
        name: "Page head",
        rules: &[
            "Every page opens with one: its only h1 (here an h3), a sentence where it helps, and the page's own actions.",
            "At most one primary button. It says what it makes or does: “Create new”, not “OK”.",
        ],
        markup: r##"<div class="page-head">
  <div>
    <h3>API credentials</h3>
    <p>Programs use these to call the APIs of this account.</p>
  </div>
  <div class="row"><a class="button primary" href="#page-head">Create new</a></div>
</div>"##,
    },
    Part {
        id: "buttons",
        name: "Buttons",
        rules: &[
            "A link that goes somewhere is an anchor; what changes something is a button in a form.",
            "“danger” opens the question, “danger primary” on the confirm page does it. In tables, buttons are quiet.",
            "A label that repeats in rows carries its subject, visually hidden: “Delete Nightly collection”.",
        ],
        markup: r##"<div class="row">
  <button class="button primary" type="button">Create</button>
  <button class="button" type="button">Cancel</button>
  <button class="button quiet" type="button">Edit<span class="visually-hidden"> Nightly collection</span></button>
  <button class="button danger" type="button">Delete…</button>
  <button class="button danger primary" type="button">Delete this credential</button>
  <button class="button" type="button" disabled>Not now</button>
</div>"##,
    },
    Part {
        id: "field",
        name: "Field",
        rules: &[
            "Label, hint, error, control: in this order, each on its own line. No placeholder instead of a label.",
            "An error says what to do. The control names hint and error by aria-describedby and has aria-invalid.",
            "What was typed is kept, except secrets.",
        ],
        markup: r##"<div class="field">
  <label for="d-name">Name</label>
  <p class="hint" id="d-name-hint">What it is for, so that others recognise it in a year.</p>
  <p class="error" id="d-name-error">Say what the credential is for</p>
  <input id="d-name" name="name" aria-invalid="true" aria-describedby="d-name-hint d-name-error">
</div>
<div class="field">
  <label for="d-expires">Expires</label>
  <select id="d-expires" name="expires"><option>Never</option><option>In 90 days</option></select>
</div>"##,
    },
    Part {
        id: "choices",
        name: "Choices",
        rules: &[
            "Checkboxes and radio buttons stand in a fieldset with a legend, one to a line, the whole line clickable.",
            "What a person may not choose is absent. It is not shown greyed out.",
        ],
        markup: r##"<fieldset class="field">
  <legend>Scopes</legend>
  <p class="hint">Your licence allows these two.</p>
  <div class="choice">
    <input type="checkbox" id="d-scope-1" name="scope" value="interaction-content:read" checked>
    <label for="d-scope-1">Read or download interaction content <span class="hint"><code>interaction-content:read</code></span></label>
  </div>
  <div class="choice">
    <input type="checkbox" id="d-scope-2" name="scope" value="users:read">
    <label for="d-scope-2">Read VCC user details, settings, and presences <span class="hint"><code>users:read</code></span></label>
  </div>
</fieldset>"##,
    },
    Part {
        id: "error-summary",
        name: "Error summary",
        rules: &[
            "A form that was not accepted is shown again with status 422, and this stands above it. It has role=\"alert\", which the sample leaves out, and takes the focus.",
            "Each line links to its field and has the same words as the error there.",
        ],
        markup: r##"<div class="error-summary" tabindex="-1">
  <h3>One thing needs your attention</h3>
  <ul><li><a href="#d-name">Say what the credential is for</a></li></ul>
</div>"##,
    },
    Part {
        id: "filters",
        name: "Filters",
        rules: &[
            "A GET form: the address of the page is its state, and can be sent to a colleague.",
            "Searching is a button press, never something that happens while one types.",
        ],
        markup: r##"<form class="filters" method="get" action="#filters">
  <div class="field"><label for="d-q">Search</label><input type="search" id="d-q" name="q"></div>
  <div class="field">
    <label for="d-show">Show</label>
    <select id="d-show" name="show"><option>All credentials</option><option>My credentials</option></select>
  </div>
  <button class="button">Apply</button>
</form>"##,
    },
    Part {
        id: "tabs",
        name: "Tabs",
        rules: &[
            "Tabs are links to pages of their own; the one that is open has aria-current=\"page\".",
        ],
        markup: r##"<nav class="tabs" aria-label="Level">
  <ul>
    <li><a href="#tabs" aria-current="page">Users</a></li>
    <li><a href="#tabs">Accounts</a></li>
  </ul>
</nav>"##,
    },
    Part {
        id: "table",
        name: "Table and pager",
        rules: &[
            "A table scrolls inside its region, which can be reached and scrolled by keyboard; the page never does.",
            "The row's name is a th with scope=\"row\" and links to its page. Numbers are right-aligned with “num”, actions with “act”.",
            "A sorted column has aria-sort; its header is a link that turns the order round.",
        ],
        markup: r##"<div class="table-wrap" tabindex="0" role="region" aria-label="Credentials, a sample">
  <table class="table">
    <caption class="visually-hidden">Credentials, a sample</caption>
    <thead><tr>
      <th scope="col" aria-sort="ascending"><a href="#table">Name</a></th>
      <th scope="col">Client id</th>
      <th scope="col" class="num">Calls today</th>
      <th scope="col">Last use</th>
      <th scope="col">State</th>
      <th scope="col"><span class="visually-hidden">Actions</span></th>
    </tr></thead>
    <tbody><tr>
      <th scope="row"><a href="#table">Nightly collection</a></th>
      <td class="mono">0190a1b2-3333-4d5e-8f60-7a8b9c0d0001</td>
      <td class="num">12,408</td>
      <td><time class="local" datetime="2026-03-02T09:15:30Z" title="2026-03-02 09:15:30 UTC">2026-03-02 09:15 UTC</time></td>
      <td><span class="badge ok">Active</span></td>
      <td class="act"><a class="button quiet" href="#table">Edit<span class="visually-hidden"> Nightly collection</span></a></td>
    </tr></tbody>
  </table>
</div>
<nav class="pager" aria-label="Pages of the sample">
  <p>1 to 25 of 412</p>
  <ul><li><a class="button" href="#table">Next</a></li></ul>
</nav>"##,
    },
    Part {
        id: "badges",
        name: "Badges",
        rules: &[
            "A state in one or two words. The colour repeats what the word says and never stands for it.",
            "ok works; warn works but will not for long; bad does not work; muted is neither.",
        ],
        markup: r##"<p class="row">
  <span class="badge ok">Active</span>
  <span class="badge warn">Expires in 6 days</span>
  <span class="badge bad">Owner disabled</span>
  <span class="badge muted">Never used</span>
  <span class="badge accent">Operator</span>
</p>"##,
    },
    Part {
        id: "notices",
        name: "Notices",
        rules: &[
            "What just happened has role=\"status\"; what is so needs no role.",
            "First what it means for the reader, then what to do. No “successfully”, no exclamation mark.",
        ],
        markup: r##"<div class="notice ok" role="status"><p>The credential <strong>Staging test</strong> was deleted. Its tokens stopped working at once.</p></div>
<div class="notice warn"><h3>Copy the secret now</h3><p>It is shown this once and cannot be read again.</p></div>
<div class="notice bad"><p>The owner is disabled, so every call of this credential is refused.</p></div>
<div class="notice"><p>Two scopes were not used in 90 days.</p></div>"##,
    },
    Part {
        id: "empty",
        name: "Empty state",
        rules: &[
            "Says what would stand here and how to get the first one. After a search, it offers to clear the search.",
        ],
        markup: r##"<div class="empty">
  <h3>No credentials yet</h3>
  <p>A credential lets a program call the APIs with the permissions of its owner.</p>
  <a class="button primary" href="#empty">Create the first one</a>
</div>"##,
    },
    Part {
        id: "facts",
        name: "Facts and figures",
        rules: &[
            "“dl” for what a thing is, “figures” for three to six numbers at a glance. The unit stands with the number.",
        ],
        markup: r##"<dl class="figures">
  <div><dt>Calls today</dt><dd>12,408</dd></div>
  <div><dt>Refused</dt><dd>31 <small>0.2 %</small></dd></div>
  <div><dt>Slowest of 100</dt><dd>4.1 <small>ms</small></dd></div>
</dl>
<dl class="dl">
  <dt>Owner</dt><dd>Sam Lee</dd>
  <dt>Client id</dt><dd class="mono">0190a1b2-3333-4d5e-8f60-7a8b9c0d0001</dd>
</dl>"##,
    },
    Part {
        id: "secret",
        name: "Shown once, and copied",
        rules: &[
            "The button names the element whose text it copies. It says “Copied” to eye and ear, and is absent without script.",
            "Without script a click into the value selects all of it.",
        ],
        markup: r##"<div class="secret">
  <code id="d-id">0190a1b2-3333-4d5e-8f60-7a8b9c0d0001</code>
  <button class="button copy" type="button" data-copy="#d-id" data-what="Client id">Copy<span class="visually-hidden"> client id</span></button>
</div>
<div class="secret">
  <pre id="d-curl">curl -X POST https://emea.example/Auth/connect/token -d "grant_type=client_credentials"</pre>
  <button class="button copy" type="button" data-copy="#d-curl" data-what="Command">Copy<span class="visually-hidden"> command</span></button>
</div>"##,
    },
    Part {
        id: "checks",
        name: "Checklist",
        rules: &[
            "Each line opens with its result, then what was looked at, then what to do. It prints on paper without the frame.",
        ],
        markup: r##"<ol class="checks">
  <li><span class="badge ok">Pass</span><div><h3>Calls are recorded</h3><p>114 recordings in the last seven days.</p></div></li>
  <li><span class="badge bad">Fail</span><div><h3>The owner may view outbound content</h3><p>Sam Lee lacks <em>View outbound interaction content</em>. An administrator can change it on the user’s page.</p></div></li>
  <li><span class="badge muted">Cannot know</span><div><h3>The secret was handed over safely</h3><p>Ask the person who did it.</p></div></li>
</ol>"##,
    },
    Part {
        id: "chart",
        name: "Chart",
        rules: &[
            "Drawn by the server as SVG, in a figure with a caption. A table or a sentence says the same beside it.",
            "Shapes take “bar”, “fill-ok”, “fill-bad”, “trace”, “grid”, “axis”: never a colour of their own.",
        ],
        markup: r##"<figure class="chart">
  <figcaption>Calls a day</figcaption>
  <svg viewBox="0 0 640 120" role="img" aria-label="Calls a day: 310, 402, 388, 420, 120">
    <path class="grid" d="M40 12H640M40 52H640M40 92H640"/>
    <rect class="bar" x="60" y="30" width="72" height="62" rx="2"/>
    <rect class="bar" x="176" y="12" width="72" height="80" rx="2"/>
    <rect class="bar" x="292" y="15" width="72" height="77" rx="2"/>
    <rect class="bar bad" x="408" y="8" width="72" height="84" rx="2"/>
    <rect class="bar" x="524" y="68" width="72" height="24" rx="2"/>
    <text x="0" y="96">0</text><text x="0" y="16">400</text><text x="60" y="114">1 Mar</text><text x="524" y="114">5 Mar</text>
  </svg>
  <ul class="legend"><li>Served</li><li class="bad">More than a tenth refused</li></ul>
</figure>"##,
    },
    Part {
        id: "player",
        name: "Player",
        rules: &[
            "The browser's own controls play. “wave” holds a label and a picture for each channel; “player.js” makes it a slider.",
            "A part that changes by itself has an id and “data-refresh” with its seconds; “refresh.js” keeps it up to date and can be paused.",
        ],
        markup: r##"<div class="player stack">
  <div class="wave">
    <p class="wave-label">Agent</p>
    <svg viewBox="0 0 8 48" preserveAspectRatio="none" role="img" aria-label="Waveform: Agent"><path d="M0 14V34M1 4V44M2 10V38M3 24V25M4 24V25M5 24V25M6 18V30M7 24V25"/></svg>
    <p class="wave-label">Customer</p>
    <svg viewBox="0 0 8 48" preserveAspectRatio="none" role="img" aria-label="Waveform: Customer"><path d="M0 24V25M1 24V25M2 24V25M3 12V36M4 8V40M5 20V28M6 24V25M7 24V25"/></svg>
  </div>
  <audio controls preload="none" aria-label="Call recording"></audio>
</div>"##,
    },
    Part {
        id: "tiles",
        name: "Tiles",
        rules: &[
            "A list of cards that lead somewhere. The heading holds the link; all of the card can be clicked.",
        ],
        markup: r##"<ul class="tiles">
  <li class="card tile"><h3><a href="#tiles">Provisioning</a></h3><p>What an account is made of.</p><p><span class="badge ok">Served</span></p></li>
  <li class="card tile"><h3><a href="#tiles">Reports</a></h3><p>Call logs of an account.</p><p><span class="badge muted">Not served yet</span></p></li>
</ul>"##,
    },
    Part {
        id: "cards",
        name: "Cards, grids and rows",
        rules: &[
            "“stack” puts 16 pixels between its children, “row” sets them side by side and wraps, “grid-2” makes two columns from 800 pixels.",
            "A card groups what is acted on together. Cards do not stand in cards.",
        ],
        markup: r##"<div class="grid-2">
  <section class="card"><h3>Effective scopes</h3><p>What this credential can do now.</p></section>
  <section class="card danger"><h3>Delete this credential</h3><p>Every token made with it stops working within a second.</p></section>
</div>"##,
    },
];
