//! The customer handoff checklist: nine lines that must be true before a partner can collect recordings, each checked by
//! itself.

use super::effective::{Effective, ReachNow, effective};
use super::rules::{Bar, HiddenBy, Keeper};
use super::seen;
use crate::caller::Caller;
use crate::context::Ctx;
use crate::error::Error;
use ringfence_core::account::AccountStatus;
use ringfence_core::id::CredentialId;
use ringfence_core::permission::Permission;
use ringfence_core::scope::Scope;
use ringfence_core::time::Timestamp;
use ringfence_store::credentials::{SecretUse, secret_uses};
use ringfence_store::interactions::recorded_count_to;

const MOST_COUNTED: u32 = 10_000;

/// The scopes a collecting partner needs.
pub const NEEDED: [Scope; 3] = [
    Scope::InteractionContentRead,
    Scope::UsersRead,
    Scope::Stats,
];

/// What came of a check.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verdict {
    /// It is so.
    Pass,
    /// It is not so.
    Fail,
    /// It cannot be known from here.
    Unknown,
}

/// A line of the checklist.
#[derive(Clone, Debug)]
pub struct Check {
    /// Its name for programs.
    pub id: &'static str,
    /// What must be true.
    pub title: &'static str,
    /// Whether it is.
    pub verdict: Verdict,
    /// What was found.
    pub found: String,
    /// What to do; empty when there is nothing to do.
    pub advice: String,
    /// Who can do it; empty when there is nothing to do.
    pub who: String,
}

/// The checklist of a credential.
#[derive(Debug)]
pub struct Checklist {
    /// What the credential can do now.
    pub effective: Effective,
    /// The nine lines.
    pub checks: Vec<Check>,
    /// When they were checked.
    pub checked_at: Timestamp,
}

/// Checks the nine lines for a credential that the caller may see.
///
/// # Errors
/// [`Error::NotFound`] when there is none that the caller may know of.
pub async fn credential_checklist(
    ctx: &Ctx,
    caller: &Caller,
    id: CredentialId,
) -> Result<Checklist, Error> {
    let mut tx = ctx.db.begin_read().await?;
    let credential = seen(&mut tx, caller, id).await?.credential;
    let effective = effective(ctx, &mut tx, caller, id).await?;
    let uses = secret_uses(&mut tx, id).await?;
    let now = ctx.now();
    let week = effective.content.week;
    let window = (week.from, week.until);
    let recorded = recorded_count_to(&mut tx, credential.account_id, window, MOST_COUNTED).await?;
    let checks = vec![
        admin(&effective),
        available(&effective),
        named(&effective),
        scopes(&effective),
        copied(&effective, &uses),
        region(&effective),
        recording(&week.words(), recorded),
        permissions(&effective),
        content(&effective, recorded),
    ];
    Ok(Checklist {
        effective,
        checks,
        checked_at: now,
    })
}

impl Verdict {
    /// Its name for programs.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Fail => "fail",
            Self::Unknown => "unknown",
        }
    }
}

fn admin(effective: &Effective) -> Check {
    let check = Check::of("admin", "An admin user has access to the Admin Portal");
    if effective.admins.is_empty() {
        let found = "The account has no admin who is active and not locked.";
        return check.fail(
            found,
            "Make or enable an admin user.",
            &effective.keepers(Keeper::Operator),
        );
    }
    check.pass(&format!("Admins: {}.", list(effective)))
}

fn available(effective: &Effective) -> Check {
    let check = Check::of("available", "API Credentials is available in the portal");
    match effective.account.status {
        AccountStatus::Active => check.pass("This page is part of it."),
        AccountStatus::Suspended => check.fail(
            "The account is suspended, so nobody of it can sign in.",
            "Resume the account.",
            &effective.keepers(Keeper::Operator),
        ),
    }
}

fn named(effective: &Effective) -> Check {
    let check = Check::of(
        "credential",
        "There is an API credential named for this integration, or one that has all three scopes",
    );
    let name = effective.shown.credential.name.as_str();
    let missing = missing(effective);
    if missing.is_empty() {
        return check.pass(&format!("“{name}” has all three scopes."));
    }
    check.fail(
        &format!("“{name}” lacks {}.", missing.join(", ")),
        "Edit the credential and add what is missing, or make a new one.",
        &effective.keepers(Keeper::Owner),
    )
}

fn scopes(effective: &Effective) -> Check {
    let check = Check::of(
        "scopes",
        "The scopes interaction-content:read, users:read and stats are there and work",
    );
    let missing = missing(effective);
    if !missing.is_empty() {
        return check.fail(
            &format!("Not held: {}.", missing.join(", ")),
            "Edit the credential and add them. A supervisor's licence allows no stats: an admin must own such a credential.",
            &effective.keepers(Keeper::Owner),
        );
    }
    let cut = effective
        .scopes
        .iter()
        .filter(|s| NEEDED.contains(&s.scope))
        .find_map(|s| s.cut.map(|cut| (s.scope, cut)));
    match cut {
        Some((scope, cut)) => check.fail(
            &format!(
                "{} is held and does not work. {}",
                scope.as_str(),
                cut.text()
            ),
            "Change that rule, or let somebody else own the credential.",
            &effective.keepers(cut.keeper()),
        ),
        None => check.pass("All three are held and work now."),
    }
}

fn copied(effective: &Effective, uses: &[SecretUse]) -> Check {
    let check = Check::of(
        "copied",
        "The client id and client secret were copied right after saving",
    );
    let owner = effective.keepers(Keeper::Owner);
    if effective.bars.contains(&Bar::NoSecret) {
        return check.fail(
            "The credential has no secret that still works.",
            "Rotate: this makes a new secret, shown once or handed over by a link.",
            &owner,
        );
    }
    if uses.iter().any(|used| used.uses > 0) {
        return check.pass("A secret of it has been used.");
    }
    Check {
        found: "No secret of it has been used yet, and nobody can look into a notebook.".to_owned(),
        advice: "Get a token with it. If the secret is lost, rotate.".to_owned(),
        who: owner,
        ..check
    }
}

fn region(effective: &Effective) -> Check {
    let region = effective.account.region.as_str();
    Check::of("region", "The region is known").pass(&format!("It is {region}."))
}

fn recording(week: &str, (calls, recorded): (i64, i64)) -> Check {
    let check = Check::of(
        "recording",
        "Call recording is on for the interactions that are wanted",
    );
    if calls == 0 {
        return Check {
            found: "There has been no call.".to_owned(),
            advice: "Look again after the next calls.".to_owned(),
            ..check
        };
    }
    if recorded == 0 {
        return check.fail(
            &format!("Of {calls} calls in {week} none has a recording."),
            "Turn call recording on.",
            "an admin of the account",
        );
    }
    let found = format!("Of {calls} calls in {week} {recorded} have a recording.");
    if recorded == calls {
        return check.pass(&found);
    }
    Check {
        found: format!("{found} Whether the others are wanted cannot be known from here."),
        advice: "Check that the lines you want recorded are.".to_owned(),
        who: "an admin of the account".to_owned(),
        ..check
    }
}

fn permissions(effective: &Effective) -> Check {
    let check = Check::of(
        "permissions",
        "The owner has View inbound interaction content, View outbound interaction content and Access groups of users' content set to Yes",
    );
    if effective.shown.owner.is_none() {
        return check
            .pass("It is an account-level credential: it has no owner and sees all content.");
    }
    let wanted = [
        Permission::ViewInboundContent,
        Permission::ViewOutboundContent,
        Permission::AccessGroupsContent,
    ];
    let missing: Vec<&str> = effective
        .content
        .permissions
        .iter()
        .filter(|now| wanted.contains(&now.permission) && !now.yes)
        .map(|now| now.permission.info().title)
        .collect();
    if missing.is_empty() {
        return check.pass("All three are Yes.");
    }
    check.fail(
        &format!("No: {}.", missing.join(", ")),
        "Set them to Yes for the owner. Until then recordings are silently missing.",
        &effective.keepers(Keeper::Admins),
    )
}

fn content(effective: &Effective, (calls, _): (i64, i64)) -> Check {
    let check = Check::of(
        "content",
        "Recording content for those interactions is available through the Interaction Content API",
    );
    let week = effective.content.week.words();
    let (seen, hidden) = (effective.content.n_seen, effective.n_hidden());
    if !effective.works(Scope::InteractionContentRead) {
        return check.fail(
            "The credential cannot use interaction-content:read now.",
            "See the line about scopes.",
            &effective.keepers(Keeper::Owner),
        );
    }
    if seen + hidden == 0 {
        let found = match calls {
            0 => "There has been no call.".to_owned(),
            calls => format!("None of {calls} calls in {week} has content yet."),
        };
        return Check {
            found,
            advice: "Look again once calls have been recorded.".to_owned(),
            ..check
        };
    }
    if hidden == 0 {
        return check.pass(&format!(
            "It sees all {seen} interactions with content of {week}."
        ));
    }
    let rules: Vec<&str> = effective
        .content
        .hidden
        .iter()
        .map(|h| h.by.text())
        .collect();
    check.fail(
        &format!(
            "In {week} it sees {seen} interactions with content and does not see {hidden}. {}",
            rules.join(" ")
        ),
        advice_for(effective),
        &effective.keepers(Keeper::Admins),
    )
}

fn advice_for(effective: &Effective) -> &'static str {
    let by = effective.content.hidden.first().map(|h| h.by);
    match (by, effective.content.reach) {
        (Some(HiddenBy::Groups), ReachNow::Groups(0)) => {
            "Open the agents' groups to the owner: they reach none."
        }
        (Some(HiddenBy::Groups), _) => "Open the groups of those agents to the owner.",
        (Some(HiddenBy::Lines), _) => {
            "Open those lines to the owner, or set “Access groups of users' content” to Yes and open the groups."
        }
        (Some(HiddenBy::Inbound | HiddenBy::Outbound | HiddenBy::Kind) | None, _) => {
            "Set the permission to Yes for the owner."
        }
    }
}

fn missing(effective: &Effective) -> Vec<&'static str> {
    let held = effective.shown.credential.scopes;
    let missing = NEEDED.into_iter().filter(|scope| !held.contains(*scope));
    missing.map(Scope::as_str).collect()
}

fn list(effective: &Effective) -> String {
    let names: Vec<&str> = effective
        .admins
        .iter()
        .map(|(_, name)| name.as_str())
        .collect();
    names.join(", ")
}

impl Check {
    fn of(id: &'static str, title: &'static str) -> Self {
        Self {
            id,
            title,
            verdict: Verdict::Unknown,
            found: String::new(),
            advice: String::new(),
            who: String::new(),
        }
    }

    fn pass(self, found: &str) -> Self {
        Self {
            verdict: Verdict::Pass,
            found: found.to_owned(),
            ..self
        }
    }

    fn fail(self, found: &str, advice: &str, who: &str) -> Self {
        Self {
            verdict: Verdict::Fail,
            found: found.to_owned(),
            advice: advice.to_owned(),
            who: who.to_owned(),
            ..self
        }
    }
}
