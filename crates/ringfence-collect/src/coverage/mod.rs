//! Absence carries no error: naming why calls have no recording to be seen. Pure.
//!
//! The platform shows only what the credential's owner may see (vcc-api §5). Each call of
//! the statistics that has nothing in the content listing gets one reason of the closed
//! list, and a sentence that names the permission and the check that settles it.
//! [`pass`] feeds this from the ledger.

pub mod pass;

use ringfence_core::gap::GapReason;
use ringfence_core::permission::Permission;
use ringfence_core::time::Timestamp;
use ringfence_store::collect::interactions::{CollectedInteraction, Stratum};

const HOUR_MS: i64 = 3_600_000;
// Recordings appear later than the call ends; how late is not documented (vcc-api §17).
const LATE_MS: i64 = 72 * HOUR_MS;
// A chance below this, shared among all strata, is called a suspicion.
const SUSPICIOUS: f64 = 0.05;

/// What makes a call one that should have a recording.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rules {
    /// Talk of at least this length.
    pub min_talk_ms: i64,
    /// A recording may take this long to appear.
    pub delay_ms: i64,
    /// The platform's time.
    pub now: Timestamp,
}

/// What is known of the permissions of the credential's owner.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct OwnerView {
    /// *View inbound interaction content*.
    pub inbound: Option<bool>,
    /// *View outbound interaction content*.
    pub outbound: Option<bool>,
    /// *Access groups of users' content*.
    pub groups: Option<bool>,
    /// The lines that the owner may reach.
    pub lines: Option<Vec<String>>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Count {
    eligible: i64,
    visible: i64,
}

impl Count {
    const fn add(&mut self, stratum: &Stratum) {
        self.eligible += stratum.n_eligible;
        self.visible += stratum.n_visible;
    }

    #[expect(
        clippy::cast_precision_loss,
        reason = "a share of calls needs no more digits than a double has"
    )]
    fn share(self) -> Option<f64> {
        (self.eligible > 0).then(|| self.visible as f64 / self.eligible as f64)
    }
}

/// The causes of absence in an account, ready to explain single calls.
#[derive(Clone, Debug)]
pub struct Causes<'a> {
    strata: &'a [Stratum],
    owner: &'a OwnerView,
    rules: Rules,
    threshold: f64,
}

impl<'a> Causes<'a> {
    /// Takes the strata of a stretch of time.
    #[must_use]
    pub fn new(strata: &'a [Stratum], owner: &'a OwnerView, rules: Rules) -> Self {
        let n_strata = u32::try_from(strata.len().max(1)).unwrap_or(u32::MAX);
        Self {
            strata,
            owner,
            rules,
            threshold: SUSPICIOUS / f64::from(n_strata),
        }
    }

    /// Why a call has nothing in the content listing.
    #[must_use]
    pub fn explain(&self, call: &CollectedInteraction) -> (GapReason, String) {
        if !call.completed {
            return (GapReason::Pending, "the call is still going on".into());
        }
        if call.direction == "internal" {
            return (
                GapReason::NotEligible,
                "a call between colleagues has no content in this API".into(),
            );
        }
        let talk_ms = call.talk_ms.or(call.duration_ms).unwrap_or_default();
        if talk_ms <= 0 {
            return (GapReason::NotEligible, "nobody talked".into());
        }
        if talk_ms < self.rules.min_talk_ms {
            return (
                GapReason::AbsentShort,
                "the talk was too short to expect a recording".into(),
            );
        }
        if let Some(confirmed) = self.confirmed(call) {
            return (GapReason::PermissionConfirmed, confirmed);
        }
        let ended_at = call
            .started_at
            .plus_ms(call.duration_ms.unwrap_or_default());
        let age_ms = self.rules.now.ms_since(ended_at);
        if age_ms < self.rules.delay_ms {
            return (
                GapReason::Pending,
                "the call is too young: its recording may yet appear".into(),
            );
        }
        if let Some(suspected) = self.suspected(call) {
            return (GapReason::PermissionSuspected, suspected);
        }
        if age_ms < LATE_MS {
            return (
                GapReason::Late,
                "no recording yet; comparable calls have one, so it is looked for again".into(),
            );
        }
        self.by_policy(call)
    }

    fn count(&self, of: impl Fn(&Stratum) -> bool) -> Count {
        let mut count = Count::default();
        self.strata
            .iter()
            .filter(|s| of(s))
            .for_each(|s| count.add(s));
        count
    }

    fn confirmed(&self, call: &CollectedInteraction) -> Option<String> {
        let (view, known) = self.view_of(&call.direction);
        if known == Some(false) {
            return Some(format!(
                "the owner's permission *{view}* is No: set it to Yes"
            ));
        }
        let lines = self.owner.lines.as_ref()?;
        let line = line_of(call);
        let reaches = lines.iter().any(|l| same_line(l, line));
        (self.owner.groups == Some(false) && !reaches).then(|| {
            format!(
                "the owner's permission *{}* is No and the call's line is not among the owner's lines: \
                 set the permission to Yes, or give the owner the line",
                title(Permission::AccessGroupsContent)
            )
        })
    }

    fn suspected(&self, call: &CollectedInteraction) -> Option<String> {
        let (view, known) = self.view_of(&call.direction);
        let all = self.count(|_| true);
        let direction = self.count(|s| s.direction == call.direction);
        let others = self.count(|s| s.direction != call.direction);
        if all.visible == 0 {
            return self.nothing_visible(all);
        }
        if direction.visible == 0 && known != Some(true) {
            let seen = self.count(|s| s.direction != call.direction && s.n_visible > 0);
            let complete = seen.share().is_some_and(|share| share >= 0.9);
            if complete || self.is_unlikely(direction, seen) {
                return Some(format!(
                    "none of {} {} calls can be seen, while {} of {} other calls can: the owner's permission *{view}* is \
                     probably No, or {} recording is off; to tell, look at the owner's feature permissions in the VCC Admin \
                     Portal, or play one {} recording there",
                    direction.eligible,
                    call.direction,
                    others.visible,
                    others.eligible,
                    call.direction,
                    call.direction
                ));
            }
        }
        self.out_of_reach(call)
    }

    fn nothing_visible(&self, all: Count) -> Option<String> {
        let owner = self.owner;
        let mut probable = Vec::new();
        if owner.groups != Some(true) {
            probable.push(format!(
                "*{}* is No and the owner has none of the lines",
                title(Permission::AccessGroupsContent)
            ));
        }
        for (permission, known) in [
            (Permission::ViewInboundContent, owner.inbound),
            (Permission::ViewOutboundContent, owner.outbound),
        ] {
            if known != Some(true) {
                probable.push(format!("*{}* is No", title(permission)));
            }
        }
        if probable.is_empty() {
            return None;
        }
        Some(format!(
            "not one of {} calls can be seen: of the owner's permissions, {}; or recording is off; to tell, look at the \
             owner's feature permissions in the VCC Admin Portal, or play one recording there",
            all.eligible,
            probable.join(", or ")
        ))
    }

    fn out_of_reach(&self, call: &CollectedInteraction) -> Option<String> {
        let line = line_of(call);
        let same = |s: &Stratum| s.direction == call.direction;
        // A line is out of reach both ways, unless one way is hidden altogether.
        let shown = |s: &Stratum| self.count(|o| o.direction == s.direction).visible > 0;
        let on_line = self.count(|s| shown(s) && s.line == line);
        // Only what can be seen at all tells how many calls are recorded: several lines, or several
        // agents, may be out of reach at once.
        let off_line = self.count(|s| shown(s) && s.line != line && s.n_visible > 0);
        let groups = title(Permission::AccessGroupsContent);
        if on_line.visible == 0
            && self.owner.groups != Some(true)
            && self.is_unlikely(on_line, off_line)
        {
            return Some(format!(
                "none of {} calls on this line can be seen, while {} of {} on other lines can: the line is probably not \
                 among the owner's lines and *{groups}* is No; to tell, look at the owner's address permissions",
                on_line.eligible, off_line.visible, off_line.eligible
            ));
        }
        let agent = call.agent.as_ref()?;
        let by_agent = self.count(|s| same(s) && s.agent.as_ref() == Some(agent));
        let by_others =
            self.count(|s| same(s) && s.agent.as_ref() != Some(agent) && s.n_visible > 0);
        (by_agent.visible == 0 && self.is_unlikely(by_agent, by_others)).then(|| {
            format!(
                "none of {} {} calls of this agent can be seen, while {} of {} of others can: *{groups}* is probably Yes \
                 without the agent's group, or the agent's calls are not recorded; to tell, look at the owner's group \
                 permissions",
                by_agent.eligible, call.direction, by_others.visible, by_others.eligible
            )
        })
    }

    fn by_policy(&self, call: &CollectedInteraction) -> (GapReason, String) {
        let line = line_of(call);
        let alike = self.count(|s| s.direction == call.direction && s.line == line);
        let (view, known) = self.view_of(&call.direction);
        if alike.visible == 0 {
            let hint = if known == Some(true) {
                String::new()
            } else {
                format!("; if more of them stay away, look at the owner's permission *{view}*")
            };
            return (
                GapReason::AbsentSilent,
                format!(
                    "none of {} comparable calls has a recording, too few to tell why{hint}",
                    alike.eligible
                ),
            );
        }
        (
            GapReason::NotRecordedPolicy,
            format!(
                "{} of {} comparable calls have a recording, this one has none: the platform records only some of them",
                alike.visible, alike.eligible
            ),
        )
    }

    // Whether so many calls without one recording would be chance, if they were recorded like the others.
    fn is_unlikely(&self, here: Count, elsewhere: Count) -> bool {
        let share = elsewhere.share().unwrap_or(0.5).min(0.95);
        let n = i32::try_from(here.eligible).unwrap_or(i32::MAX);
        n > 0 && share > 0.0 && (1.0 - share).powi(n) <= self.threshold
    }

    fn view_of(&self, direction: &str) -> (&'static str, Option<bool>) {
        if direction == "outbound" {
            (title(Permission::ViewOutboundContent), self.owner.outbound)
        } else {
            (title(Permission::ViewInboundContent), self.owner.inbound)
        }
    }
}

/// The line of a call: the address on the platform's side.
#[must_use]
pub fn line_of(call: &CollectedInteraction) -> &str {
    if call.direction == "outbound" {
        &call.connect_from
    } else {
        &call.connect_to
    }
}

const fn title(permission: Permission) -> &'static str {
    permission.info().title
}

fn same_line(one: &str, other: &str) -> bool {
    let plain = |text: &str| {
        text.trim_start_matches('+')
            .trim_start_matches("00")
            .to_ascii_lowercase()
    };
    !one.is_empty() && plain(one) == plain(other)
}

#[cfg(test)]
mod tests;
