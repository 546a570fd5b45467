//! Permission gaps cannot hide: each permission, set wrong, is named in the report.

use ringfence_testkit::fake::{Call, FakeAccount, OwnPermissions, Switches, guid};

use crate::lab::{Lab, at, step};
use crate::outcome::Run;

const INBOUND: &str = "View inbound interaction content";
const OUTBOUND: &str = "View outbound interaction content";
const GROUPS: &str = "Access groups of users' content";

async fn with_owner(own: OwnPermissions, wrong: impl FnOnce(&mut FakeAccount)) -> (Lab, Run) {
    let mut account = FakeAccount::sample(160, at("06:00:00"), step(90));
    wrong(&mut account);
    let lab = Lab::with(
        account,
        Switches {
            own_permissions: own,
            ..Switches::default()
        },
    )
    .await;
    let run = lab.run().await;
    assert!(run.balanced, "{run:?}");
    lab.all_is_right().await.unwrap();
    (lab, run)
}

fn names(run: &Run, right: &str, others: [&str; 2]) {
    assert!(
        run.gaps.iter().all(|gap| !gap.detail.is_empty()),
        "each gap says why"
    );
    let named = run.suspected();
    assert!(named.contains(right), "{right} is not named: {named}");
    for other in others {
        assert!(!named.contains(other), "{other} is named wrongly: {named}");
    }
}

#[tokio::test]
async fn inbound_withheld_is_named() {
    for own in [
        OwnPermissions::Readable,
        OwnPermissions::OtherKeys,
        OwnPermissions::Refused,
    ] {
        let (_lab, run) = with_owner(own, |account| account.owner.view_inbound = false).await;
        assert_eq!((run.fetched, run.gaps.len()), (80, 80), "{own:?}");
        assert!(
            run.gaps
                .iter()
                .all(|gap| gap.reason.starts_with("permission")),
            "{own:?}: {:?}",
            run.gaps[0]
        );
        names(&run, INBOUND, [OUTBOUND, GROUPS]);
    }
}

#[tokio::test]
async fn outbound_withheld_is_named() {
    for own in [
        OwnPermissions::Readable,
        OwnPermissions::OtherKeys,
        OwnPermissions::Refused,
    ] {
        let (_lab, run) = with_owner(own, |account| account.owner.view_outbound = false).await;
        assert_eq!((run.fetched, run.gaps.len()), (80, 80), "{own:?}");
        names(&run, OUTBOUND, [INBOUND, GROUPS]);
    }
}

#[tokio::test]
async fn groups_withheld_is_named() {
    for own in [
        OwnPermissions::Readable,
        OwnPermissions::OtherKeys,
        OwnPermissions::Refused,
    ] {
        let (_lab, run) = with_owner(own, |account| {
            account.owner.access_groups = false;
            account.owner.lines = Some(["+441632960900".to_owned()].into());
        })
        .await;
        assert_eq!((run.fetched, run.gaps.len()), (80, 80), "{own:?}");
        names(&run, GROUPS, [INBOUND, OUTBOUND]);
    }
}

#[tokio::test]
async fn group_access_to_some_groups_only_is_named() {
    let (_lab, run) = with_owner(OwnPermissions::OtherKeys, |account| {
        account.owner.groups = Some(["Sales".to_owned()].into());
    })
    .await;
    assert_eq!((run.fetched, run.gaps.len()), (80, 80));
    names(&run, GROUPS, [INBOUND, OUTBOUND]);
}

#[tokio::test]
async fn own_calls_only_is_named() {
    let (_lab, run) = with_owner(OwnPermissions::OtherKeys, |account| {
        account.owner.username = "sam.lee@acme.example".to_owned();
        account.owner.own_only = true;
    })
    .await;
    assert_eq!((run.fetched, run.gaps.len()), (40, 120));
    names(&run, GROUPS, [INBOUND, OUTBOUND]);
}

#[tokio::test]
async fn everything_withheld_is_no_silence() {
    let (_lab, run) = with_owner(OwnPermissions::OtherKeys, |account| {
        account.owner.view_inbound = false;
        account.owner.view_outbound = false;
    })
    .await;
    assert_eq!((run.fetched, run.gaps.len()), (0, 160));
    let named = run.suspected();
    assert!(
        named.contains(INBOUND) && named.contains(OUTBOUND),
        "{named}"
    );
}

#[tokio::test]
async fn a_healthy_account_raises_no_suspicion() {
    let (_lab, run) = with_owner(OwnPermissions::OtherKeys, |account| {
        // A fraction unrecorded by policy is not a permission.
        for number in (0..160).step_by(9) {
            let call = Call::unrecorded(number, account.call(&guid(number)).unwrap().start, 5_000);
            account.put(call);
        }
    })
    .await;
    assert_eq!(run.gaps.len(), 18);
    let named = run.suspected();
    for right in [INBOUND, OUTBOUND, GROUPS] {
        assert!(!named.contains(right), "{right} is named wrongly: {named}");
    }
}

#[tokio::test]
async fn calls_that_cannot_have_a_recording_are_no_gaps() {
    let mut account = FakeAccount::sample(10, at("09:00:00"), step(60));
    let mut mail = Call::unrecorded(100, at("10:00:00"), 60_000);
    mail.medium = "Email".to_owned();
    let mut missed = Call::unrecorded(101, at("10:01:00"), 20_000);
    missed.agent = None;
    account.put(mail);
    account.put(missed);
    let lab = Lab::new(account).await;
    let run = lab.run().await;
    assert_eq!((run.fetched, run.findings()), (10, 0), "{run:?}");
    assert!(run.gap(&guid(100)).is_none(), "a mail is no call");
    assert_eq!(
        run.gap(&guid(101)).map(|gap| gap.reason.as_str()),
        Some("not_eligible")
    );
}

#[tokio::test]
async fn a_young_call_is_pending_and_then_late_and_then_found() {
    let lab = Lab::new(FakeAccount::sample(10, at("09:00:00"), step(60))).await;
    let now = lab.platform_now();
    lab.platform.edit(|account| {
        account.put(Call::recorded(50, now - 30_000, 5_000).appearing_after(6 * 3_600_000));
    });
    let run = lab.run_open().await;
    assert_eq!(
        run.gap(&guid(50)).map(|gap| gap.reason.as_str()),
        Some("pending"),
        "{run:?}"
    );
    lab.let_pass(7 * 3_600_000);
    let run = lab.run_open().await;
    assert_eq!(run.fetched, 1, "{run:?}");
    assert!(run.gap(&guid(50)).is_none());
    lab.all_is_right().await.unwrap();
}
