//! What the credential's owner may see: read where that is possible, judged from what is absent otherwise.

use super::evidence::Evidence;
use super::{CheckResult, Sheet};
use crate::coverage::{Causes, OwnerView, Rules, line_of};
use ringfence_core::gap::GapReason;
use ringfence_core::permission::Permission;
use ringfence_store::collect::interactions::{CollectedInteraction, Stratum};
use std::collections::{BTreeMap, HashSet};

const MIN_TALK_MS: i64 = 1_000;
const DELAY_MS: i64 = 1_800_000;

pub(super) fn judge_owner(
    owner: &OwnerView,
    evidence: &Evidence,
    is_named: bool,
    sheet: &mut Sheet,
) {
    let visible: HashSet<String> = evidence.listed.iter().map(|i| i.guid.to_string()).collect();
    let rules = Rules {
        min_talk_ms: MIN_TALK_MS,
        delay_ms: DELAY_MS,
        now: evidence.now,
    };
    let strata = strata(&evidence.calls, &visible, rules);
    let causes = Causes::new(&strata, owner, rules);
    let suspicions: Vec<String> = evidence
        .calls
        .iter()
        .filter(|call| !visible.contains(&call.guid))
        .map(|call| causes.explain(call))
        .filter(|(reason, _)| {
            matches!(
                reason,
                GapReason::PermissionSuspected | GapReason::PermissionConfirmed
            )
        })
        .map(|(_, detail)| detail)
        .collect();
    let seen = |direction: &str| {
        evidence
            .listed
            .iter()
            .any(|i| i.direction.as_str() == direction)
    };
    let lines = [
        (
            "view-inbound",
            Permission::ViewInboundContent,
            owner.inbound,
            seen("inbound"),
        ),
        (
            "view-outbound",
            Permission::ViewOutboundContent,
            owner.outbound,
            seen("outbound"),
        ),
        (
            "access-groups",
            Permission::AccessGroupsContent,
            owner.groups,
            false,
        ),
    ];
    for (id, permission, known, proven) in lines {
        let title = permission.info().title;
        let suspicion = suspicions.iter().find(|s| s.contains(title));
        match (known, suspicion) {
            (Some(true), _) => sheet.set(id, CheckResult::Pass, "it is Yes"),
            (Some(false), _) => sheet.set(id, CheckResult::Fail, format!(
                "it is No: set *{title}* to Yes in the owner's feature permissions"
            )),
            (None, _) if proven => sheet.set(id, CheckResult::Pass, "such recordings can be seen"),
            (None, Some(suspicion)) => sheet.set(id, CheckResult::Fail, suspicion.clone()),
            (None, None) => sheet.set(id, CheckResult::Unknown, if is_named {
                "the platform does not tell; look at the owner's feature permissions in the VCC Admin Portal"
            } else {
                "nothing speaks against it; to know, add the connection with --owner USERNAME, or look at the owner's \
                 feature permissions in the VCC Admin Portal"
            }),
        }
    }
}

fn strata(calls: &[CollectedInteraction], visible: &HashSet<String>, rules: Rules) -> Vec<Stratum> {
    let mut counts: BTreeMap<(String, String, Option<String>), (i64, i64)> = BTreeMap::new();
    for call in calls {
        let talk_ms = call.talk_ms.or(call.duration_ms).unwrap_or_default();
        let old_enough = rules.now.ms_since(call.started_at) >= rules.delay_ms;
        let voice = call.medium.starts_with("Phone") && call.direction != "internal";
        if !voice || !call.completed || talk_ms < rules.min_talk_ms || !old_enough {
            continue;
        }
        let key = (
            call.direction.clone(),
            line_of(call).to_owned(),
            call.agent.clone(),
        );
        let count = counts.entry(key).or_default();
        count.0 += 1;
        count.1 += i64::from(visible.contains(&call.guid));
    }
    counts
        .into_iter()
        .map(
            |((direction, line, agent), (n_eligible, n_visible))| Stratum {
                direction,
                line,
                agent,
                n_eligible,
                n_visible,
            },
        )
        .collect()
}
