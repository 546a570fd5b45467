//! C5: a digest that is offered is verified.

use ringfence_testkit::fake::{Call, DigestHeaders, DownloadFault, FakeAccount, Switches, guid};

use crate::lab::{Lab, at};

const OFFERED: [DigestHeaders; 4] = [
    DigestHeaders::ReprDigest,
    DigestHeaders::Digest,
    DigestHeaders::ContentMd5,
    DigestHeaders::All,
];

fn account(faults: &[DownloadFault], for_ever: bool) -> FakeAccount {
    let call = Call::recorded(1, at("09:00:00"), 8_000);
    let call = if for_ever {
        call.always(faults[0])
    } else {
        call.with_faults(faults)
    };
    FakeAccount::empty()
        .with(call)
        .with(Call::recorded(2, at("09:01:00"), 8_000))
}

#[tokio::test]
async fn one_flipped_byte_is_found_and_fetched_again() {
    for digests in OFFERED {
        let switches = Switches {
            digests,
            ..Switches::default()
        };
        let lab = Lab::with(
            account(&[DownloadFault::FlippedByte(5_000)], false),
            switches,
        )
        .await;
        let run = lab.run().await;
        assert_eq!((run.fetched, run.failed), (2, 0), "{digests:?}: {run:?}");
        lab.all_is_right().await.unwrap();
    }
}

#[tokio::test]
async fn a_file_that_never_fits_its_digest_is_quarantined_and_named() {
    for digests in OFFERED {
        for fault in [
            DownloadFault::WrongDigest,
            DownloadFault::FlippedByte(5_000),
        ] {
            let switches = Switches {
                digests,
                ..Switches::default()
            };
            let lab = Lab::with(account(&[fault], true), switches).await;
            let run = lab.run().await;
            assert_eq!(
                (run.fetched, run.refused),
                (1, 1),
                "{digests:?} {fault:?}: {run:?}"
            );
            let gap = run
                .gap(&guid(1))
                .unwrap_or_else(|| panic!("{digests:?}: no gap in {run:?}"));
            assert_eq!(gap.reason, "quarantined", "{digests:?} {fault:?}");
            assert!(run.balanced);
            lab.files_are_whole().unwrap();
            assert!(lab.n_quarantined() >= 1, "the evidence is kept");
        }
    }
}

#[tokio::test]
async fn an_alarm_ends_when_the_platform_mends_it() {
    let switches = Switches {
        digests: DigestHeaders::ReprDigest,
        ..Switches::default()
    };
    let lab = Lab::with(account(&[DownloadFault::WrongDigest], true), switches).await;
    lab.run().await;
    lab.platform.edit(|account| {
        for item in &mut account.call_mut(&guid(1)).unwrap().items {
            item.faults.clear();
            item.fault_for_ever = false;
        }
    });
    let run = lab.run().await;
    assert_eq!(run.fetched, 1, "{run:?}");
    assert!(run.gap(&guid(1)).is_none());
    lab.all_is_right().await.unwrap();
}
