//! The eight HTTP faults that make common downloaders keep a wrong file and say all is well.
//!
//! Each row is met in two ways: the fault passes, and then the right file must be there; or it
//! stays, and then no file may be there and the call must be named as a gap.

use ringfence_testkit::fake::{
    Call, DigestHeaders, DownloadFault, EtagMode, FakeAccount, RangeMode, Switches, Wav, guid,
};

use crate::lab::{Lab, at};

const SIZE_MS: u64 = 30_000;
const HALF: u64 = SIZE_MS * 8 / 2;

struct Row {
    name: &'static str,
    /// What the first downloads meet.
    faults: Vec<DownloadFault>,
    switches: Switches,
    /// Whether the last of the faults may stay; a stitched resume cannot without another cut.
    stays: bool,
}

fn rows() -> Vec<Row> {
    let plain = Switches::default;
    let digests = || Switches {
        digests: DigestHeaders::ReprDigest,
        ..plain()
    };
    let row = |name, faults: &[DownloadFault], switches| Row {
        name,
        faults: faults.to_vec(),
        switches,
        stays: true,
    };
    let mut rows = vec![
        row(
            "1 cut body with Content-Length",
            &[DownloadFault::CutWithLength(HALF)],
            plain(),
        ),
        row(
            "2 cut body without length, chunked",
            &[DownloadFault::CutChunked(HALF)],
            plain(),
        ),
        row(
            "2 cut body without length, closed",
            &[DownloadFault::CutClose(HALF)],
            plain(),
        ),
        row(
            "3 200 with a JSON error",
            &[DownloadFault::JsonBody],
            plain(),
        ),
        row(
            "3 200 with a JSON error as audio",
            &[DownloadFault::JsonBodyAsAudio],
            plain(),
        ),
        row(
            "4 200 with an HTML page",
            &[DownloadFault::HtmlBody],
            plain(),
        ),
        row(
            "4 200 with an HTML page as audio",
            &[DownloadFault::HtmlBodyAsAudio],
            plain(),
        ),
        row("5 gzip, announced", &[DownloadFault::Gzip], plain()),
        row(
            "5 gzip, unannounced",
            &[DownloadFault::GzipUnannounced],
            plain(),
        ),
        row("6 empty 200", &[DownloadFault::Empty], plain()),
        row("6 204", &[DownloadFault::NoContent], plain()),
        row(
            "7 flipped byte, right digest",
            &[DownloadFault::FlippedByte(HALF)],
            digests(),
        ),
        row(
            "7 right bytes, wrong digest",
            &[DownloadFault::WrongDigest],
            digests(),
        ),
    ];
    rows.extend(resumes());
    rows
}

/// The eighth fault in its kinds: the first download is cut, and the resume is answered like this.
fn resumes() -> Vec<Row> {
    let ranges = [
        (
            "8 resume starts elsewhere",
            RangeMode::StartsEarlier(1000),
            EtagMode::Strong,
        ),
        ("8 resume ignored", RangeMode::Ignored, EtagMode::Strong),
        (
            "8 resume of another entity",
            RangeMode::EntityChanged,
            EtagMode::Strong,
        ),
        (
            "8 resume of another entity, weak tag",
            RangeMode::EntityChanged,
            EtagMode::Weak,
        ),
        (
            "8 resume of another entity, no tag",
            RangeMode::EntityChanged,
            EtagMode::Missing,
        ),
        (
            "8 resume with another total",
            RangeMode::TotalChanged,
            EtagMode::Strong,
        ),
    ];
    let mut rows = Vec::new();
    for (name, range, etag) in ranges {
        let switches = Switches {
            range,
            etag,
            ..Switches::default()
        };
        let faults = vec![DownloadFault::CutWithLength(HALF)];
        rows.push(Row {
            name,
            faults,
            switches,
            stays: false,
        });
    }
    rows
}

#[tokio::test]
async fn eight_faults_of_eight_end_right_or_named() {
    let mut table = String::from("\nfault                                  passes      stays\n");
    let mut wrong = Vec::new();
    for row in rows() {
        let passing = passes(&row).await;
        let staying = if row.stays { stays(&row).await } else { Ok(()) };
        let word = |result: &Result<(), String>| if result.is_ok() { "right" } else { "WRONG" };
        let last = if row.stays { word(&staying) } else { "-" };
        table.push_str(&format!(
            "{:<38} {:<11} {}\n",
            row.name,
            word(&passing),
            last
        ));
        for (how, result) in [("passes", passing), ("stays", staying)] {
            if let Err(why) = result {
                wrong.push(format!("{} ({how}): {why}", row.name));
            }
        }
    }
    println!("{table}");
    assert!(wrong.is_empty(), "{table}\n{}", wrong.join("\n"));
}

async fn passes(row: &Row) -> Result<(), String> {
    let call = Call::recorded(1, at("09:00:00"), SIZE_MS).with_faults(&row.faults);
    let account = FakeAccount::sample(0, 0, 0).with(call).with(neighbour());
    let lab = Lab::with(account, row.switches.clone()).await;
    let run = lab.run().await;
    lab.all_is_right().await?;
    if run.fetched != 2 || !run.balanced {
        return Err(format!("{run:?}"));
    }
    Ok(())
}

async fn stays(row: &Row) -> Result<(), String> {
    let call = match row.faults.last() {
        Some(fault) => Call::recorded(1, at("09:00:00"), SIZE_MS).always(*fault),
        None => return Err("a row without a fault".to_owned()),
    };
    let account = FakeAccount::sample(0, 0, 0).with(call).with(neighbour());
    let lab = Lab::with(account, row.switches.clone()).await;
    let run = lab.run().await;
    lab.files_are_whole()?;
    let stored = lab.stored().await;
    if stored.contains_key(&(guid(1), "callRecording".to_owned())) {
        // A fault that resuming can pass, byte by byte, may end with the right file only.
        return lab.all_is_right().await;
    }
    if run.gap(&guid(1)).is_none() {
        return Err(format!("no file and no gap: {run:?}"));
    }
    if !run.balanced || run.fetched != 1 {
        return Err(format!("the neighbour was to be fetched: {run:?}"));
    }
    Ok(())
}

fn neighbour() -> Call {
    Call::unrecorded(2, at("09:10:00"), SIZE_MS).with_audio(Wav::call(2, SIZE_MS))
}
