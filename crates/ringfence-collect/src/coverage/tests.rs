use super::*;

const NOW: Timestamp = Timestamp::from_ms(100 * 24 * HOUR_MS);

fn rules() -> Rules {
    Rules {
        min_talk_ms: 1_000,
        delay_ms: HOUR_MS,
        now: NOW,
    }
}

fn stratum(direction: &str, line: &str, agent: &str, eligible: i64, visible: i64) -> Stratum {
    Stratum {
        direction: direction.to_owned(),
        line: line.to_owned(),
        agent: Some(agent.to_owned()),
        n_eligible: eligible,
        n_visible: visible,
    }
}

fn call(direction: &str, line: &str, agent: &str) -> CollectedInteraction {
    let (from, to) = if direction == "outbound" {
        (line, "+1")
    } else {
        ("+1", line)
    };
    CollectedInteraction {
        started_at: NOW.plus_ms(-30 * 24 * HOUR_MS),
        guid: "g".to_owned(),
        conversation: None,
        duration_ms: Some(60_000),
        talk_ms: Some(50_000),
        direction: direction.to_owned(),
        medium: "Phone".to_owned(),
        completed: true,
        connect_from: from.to_owned(),
        connect_to: to.to_owned(),
        service: String::new(),
        agent: Some(agent.to_owned()),
    }
}

fn explain(
    strata: &[Stratum],
    owner: &OwnerView,
    call: &CollectedInteraction,
) -> (GapReason, String) {
    Causes::new(strata, owner, rules()).explain(call)
}

#[test]
fn one_direction_wholly_absent_names_its_permission() {
    for (absent, present, title) in [
        ("inbound", "outbound", "View inbound interaction content"),
        ("outbound", "inbound", "View outbound interaction content"),
    ] {
        let strata = [
            stratum(present, "+2", "1", 20, 20),
            stratum(absent, "+2", "1", 3, 0),
        ];
        let (reason, detail) = explain(&strata, &OwnerView::default(), &call(absent, "+2", "1"));
        assert_eq!(reason, GapReason::PermissionSuspected);
        assert!(detail.contains(title), "{detail}");
        let owner = OwnerView {
            inbound: Some(absent != "inbound"),
            outbound: Some(absent != "outbound"),
            ..OwnerView::default()
        };
        let (reason, detail) = explain(&strata, &owner, &call(absent, "+2", "1"));
        assert_eq!(reason, GapReason::PermissionConfirmed);
        assert!(detail.contains(title), "{detail}");
    }
}

#[test]
fn a_hidden_direction_shows_beside_a_hidden_group() {
    let strata = [
        stratum("inbound", "+2", "1", 2, 2),
        stratum("inbound", "+2", "9", 3, 0),
        stratum("outbound", "+2", "1", 3, 0),
    ];
    let owner = OwnerView::default();
    let (_, detail) = explain(&strata, &owner, &call("outbound", "+2", "1"));
    assert!(
        detail.contains("View outbound interaction content"),
        "{detail}"
    );
    let (_, detail) = explain(&strata, &owner, &call("inbound", "+2", "9"));
    assert!(
        detail.contains("Access groups of users' content"),
        "{detail}"
    );
}

#[test]
fn absent_lines_and_agents_name_access_to_groups() {
    let strata = [
        stratum("inbound", "+2", "1", 20, 19),
        stratum("inbound", "+3", "1", 6, 0),
        stratum("inbound", "+2", "9", 6, 0),
    ];
    for (line, agent) in [("+3", "1"), ("+2", "9")] {
        let (reason, detail) = explain(
            &strata,
            &OwnerView::default(),
            &call("inbound", line, agent),
        );
        assert_eq!(reason, GapReason::PermissionSuspected, "{detail}");
        assert!(
            detail.contains("Access groups of users' content"),
            "{detail}"
        );
    }
}

#[test]
fn a_line_the_owner_lacks_is_confirmed() {
    let owner = OwnerView {
        inbound: Some(true),
        outbound: Some(true),
        groups: Some(false),
        lines: Some(vec!["2".to_owned()]),
    };
    let strata = [
        stratum("inbound", "+2", "1", 2, 2),
        stratum("inbound", "+3", "1", 1, 0),
    ];
    let (reason, detail) = explain(&strata, &owner, &call("inbound", "+3", "1"));
    assert_eq!(reason, GapReason::PermissionConfirmed);
    assert!(
        detail.contains("Access groups of users' content"),
        "{detail}"
    );
    let (reason, _) = explain(&strata, &owner, &call("inbound", "+2", "1"));
    assert_eq!(reason, GapReason::NotRecordedPolicy);
}

#[test]
fn nothing_visible_names_all_that_may_be_wrong() {
    let strata = [
        stratum("inbound", "+2", "1", 4, 0),
        stratum("outbound", "+2", "1", 4, 0),
    ];
    let (reason, detail) = explain(&strata, &OwnerView::default(), &call("inbound", "+2", "1"));
    assert_eq!(reason, GapReason::PermissionSuspected);
    for title in [
        "View inbound interaction content",
        "View outbound interaction content",
        "Access groups of users' content",
        "recording is off",
    ] {
        assert!(detail.contains(title), "{detail}");
    }
    let all_yes = OwnerView {
        inbound: Some(true),
        outbound: Some(true),
        groups: Some(true),
        lines: None,
    };
    let (reason, _) = explain(&strata, &all_yes, &call("inbound", "+2", "1"));
    assert_eq!(reason, GapReason::AbsentSilent);
}

#[test]
fn a_fraction_is_policy_and_few_calls_prove_nothing() {
    let owner = OwnerView::default();
    let strata = [
        stratum("inbound", "+2", "1", 20, 11),
        stratum("inbound", "+3", "2", 1, 0),
    ];
    let (reason, _) = explain(&strata, &owner, &call("inbound", "+2", "1"));
    assert_eq!(reason, GapReason::NotRecordedPolicy);
    let (reason, _) = explain(&strata, &owner, &call("inbound", "+3", "2"));
    assert_eq!(reason, GapReason::AbsentSilent);
}

#[test]
fn what_cannot_have_a_recording_is_not_held_against_anyone() {
    let owner = OwnerView::default();
    let strata = [stratum("inbound", "+2", "1", 20, 20)];
    let with = |change: &dyn Fn(&mut CollectedInteraction)| {
        let mut call = call("inbound", "+2", "1");
        change(&mut call);
        explain(&strata, &owner, &call).0
    };
    assert_eq!(with(&|c| c.completed = false), GapReason::Pending);
    assert_eq!(
        with(&|c| c.direction = "internal".into()),
        GapReason::NotEligible
    );
    assert_eq!(with(&|c| c.talk_ms = Some(0)), GapReason::NotEligible);
    assert_eq!(with(&|c| c.talk_ms = Some(900)), GapReason::AbsentShort);
    assert_eq!(
        with(&|c| c.started_at = NOW.plus_ms(-60_000)),
        GapReason::Pending
    );
    assert_eq!(
        with(&|c| c.started_at = NOW.plus_ms(-5 * HOUR_MS)),
        GapReason::Late
    );
}
