//! C7: truncation is found without `Content-Length`.

use ringfence_testkit::fake::{
    Call, DownloadFault, FakeAccount, HeaderLength, Route, Switches, Wav, WavFormat, guid,
};

use crate::lab::{Lab, at};

const TALK_MS: u64 = 40_000;

fn one(wav: Wav) -> FakeAccount {
    FakeAccount::empty().with(Call::unrecorded(1, at("09:00:00"), TALK_MS).with_audio(wav))
}

#[tokio::test]
async fn odd_header_lengths_are_accepted() {
    for header in [
        HeaderLength::Zero,
        HeaderLength::Max,
        HeaderLength::EightMore,
        HeaderLength::EightFewer,
    ] {
        for (channels, format) in [(1, WavFormat::MuLaw), (2, WavFormat::Pcm16)] {
            let wav = Wav {
                channels,
                format,
                ..Wav::call(1, TALK_MS).with_header(header)
            };
            let lab = Lab::new(one(wav)).await;
            let run = lab.run().await;
            assert_eq!((run.fetched, run.gaps.len()), (1, 0), "{header:?}: {run:?}");
            lab.all_is_right().await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_clean_end_in_mid_body_is_not_believed() {
    // No length, no chunks, no error: all that tells is inside the file, or how long the call was.
    for header in [HeaderLength::Right, HeaderLength::Zero, HeaderLength::Max] {
        let account = FakeAccount::empty().with(
            Call::unrecorded(1, at("09:00:00"), TALK_MS)
                .with_audio(Wav::call(1, TALK_MS).with_header(header))
                .with_faults(&[DownloadFault::CutClose(100_000)]),
        );
        let lab = Lab::with(
            account,
            Switches {
                listed_length_missing: true,
                ..Switches::default()
            },
        )
        .await;
        let run = lab.run().await;
        assert_eq!(run.fetched, 1, "{header:?}: {run:?}");
        lab.all_is_right()
            .await
            .unwrap_or_else(|why| panic!("{header:?}: {why}"));
    }
}

#[tokio::test]
async fn a_file_that_is_shorter_than_its_own_header_says_is_named() {
    for listed_length_missing in [true, false] {
        let wav = Wav::call(1, TALK_MS).cut_at(100_000);
        let lab = Lab::with(
            one(wav),
            Switches {
                listed_length_missing,
                ..Switches::default()
            },
        )
        .await;
        let run = lab.run().await;
        let gap = run
            .gap(&guid(1))
            .unwrap_or_else(|| panic!("no gap in {run:?}"));
        assert_eq!(gap.reason, "truncated");
        assert!(run.balanced);
        assert!(lab.files().is_empty());
    }
}

#[tokio::test]
async fn a_file_that_is_shorter_than_the_talk_is_noted() {
    // The header does not tell the length and the transfer was whole twice: a recording that
    // was paused looks like this too, so it is kept, and says so.
    for header in [HeaderLength::Zero, HeaderLength::Max] {
        let lab = Lab::new(one(Wav::call(1, TALK_MS)
            .with_header(header)
            .cut_at(100_000)))
        .await;
        let run = lab.run().await;
        assert!(run.balanced, "{run:?}");
        let notes = lab.notes(&guid(1)).await;
        let named = run
            .gap(&guid(1))
            .is_some_and(|gap| gap.reason == "truncated");
        assert!(
            named || notes.contains("short_against_talk"),
            "{header:?}: {notes:?} {run:?}"
        );
        assert_eq!(
            lab.platform.log().count(Route::Download),
            2,
            "it was looked at twice"
        );
    }
}

#[tokio::test]
async fn half_a_sample_is_noticed() {
    let wav = Wav {
        channels: 2,
        format: WavFormat::Pcm16,
        ..Wav::call(1, TALK_MS)
    };
    let cut = 44 + 1_200_003;
    for header in [HeaderLength::Right, HeaderLength::Max] {
        let lab = Lab::new(one(wav.clone().with_header(header).cut_at(cut))).await;
        let run = lab.run().await;
        let notes = lab.notes(&guid(1)).await;
        let named = run
            .gap(&guid(1))
            .is_some_and(|gap| gap.reason == "truncated");
        assert!(named || !notes.is_empty(), "{header:?}: {notes:?} {run:?}");
    }
}

#[tokio::test]
async fn a_listed_length_that_is_wrong_does_not_refuse_a_good_file() {
    // The unit of the listed length is not known (vcc-api §11.2): a hint, no proof.
    for listed_length_off in [-44, 44, 1_000_000] {
        let lab = Lab::with(
            one(Wav::call(1, TALK_MS)),
            Switches {
                listed_length_off,
                ..Switches::default()
            },
        )
        .await;
        let run = lab.run().await;
        assert_eq!(
            (run.fetched, run.gaps.len()),
            (1, 0),
            "{listed_length_off}: {run:?}"
        );
        lab.all_is_right().await.unwrap();
    }
}
