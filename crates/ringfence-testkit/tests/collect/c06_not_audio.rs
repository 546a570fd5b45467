//! C6: what is not audio is never stored as audio.

use ringfence_testkit::fake::{Call, DownloadFault, FakeAccount, Switches, Wav, guid};

use crate::lab::{Lab, at};

const NOT_AUDIO: [DownloadFault; 8] = [
    DownloadFault::JsonBody,
    DownloadFault::JsonBodyAsAudio,
    DownloadFault::HtmlBody,
    DownloadFault::HtmlBodyAsAudio,
    DownloadFault::Gzip,
    DownloadFault::GzipUnannounced,
    DownloadFault::Empty,
    DownloadFault::NoContent,
];

#[tokio::test]
async fn an_error_in_a_200_is_tried_again() {
    for fault in NOT_AUDIO {
        let account = FakeAccount::empty()
            .with(Call::recorded(1, at("09:00:00"), 8_000).with_faults(&[fault]));
        let lab = Lab::new(account).await;
        let run = lab.run().await;
        assert_eq!(run.fetched, 1, "{fault:?}: {run:?}");
        lab.all_is_right().await.unwrap();
    }
}

#[tokio::test]
async fn an_error_in_a_200_that_stays_is_a_named_gap_and_no_file() {
    for fault in NOT_AUDIO {
        let account = FakeAccount::empty()
            .with(Call::recorded(1, at("09:00:00"), 8_000).always(fault))
            .with(Call::recorded(2, at("09:01:00"), 8_000));
        let lab = Lab::new(account).await;
        let run = lab.run().await;
        assert_eq!(
            (run.fetched, run.refused + run.failed),
            (1, 1),
            "{fault:?}: {run:?}"
        );
        let gap = run
            .gap(&guid(1))
            .unwrap_or_else(|| panic!("{fault:?}: no gap in {run:?}"));
        let fits = [
            "not_audio",
            "absent_short",
            "absent_silent",
            "corrupt",
            "dead_letter",
            "truncated",
        ];
        assert!(
            fits.contains(&gap.reason.as_str()),
            "{fault:?}: {}",
            gap.reason
        );
        assert_eq!(lab.files().len(), 1, "{fault:?}: only the neighbour's file");
        assert!(run.balanced);
    }
}

#[tokio::test]
async fn audio_that_only_looks_like_text_is_stored() {
    // The samples of this one begin with what could be the start of a JSON body.
    let mut bytes = ringfence_testkit::fake::Audio::from(Wav::call(9, 8_000)).bytes();
    bytes[44..60].copy_from_slice(b"{\"message\":\"x\"} ");
    let account =
        FakeAccount::empty().with(Call::unrecorded(1, at("09:00:00"), 8_000).with_audio(bytes));
    let lab = Lab::with(account, Switches::default()).await;
    assert_eq!(lab.run().await.fetched, 1);
    lab.all_is_right().await.unwrap();
}
