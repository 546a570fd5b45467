//! C26: names come from hashes, never from the server.

use ringfence_testkit::fake::{Call, FakeAccount, Item};

use crate::lab::{Lab, at};

#[tokio::test]
async fn hostile_names_stay_inside_the_corpus() {
    let mut account = FakeAccount::empty();
    let long = "k".repeat(4_000);
    let keys = [
        "../../../../tmp/evil",
        "..\\..\\evil",
        "a\u{0}b",
        "CON",
        "..",
        ".",
        "a/b/c",
        &long,
        "%2e%2e%2f",
        "-rf",
    ];
    for (number, key) in keys.iter().enumerate() {
        let number = number as u64;
        let mut call = Call::recorded(
            number,
            at("09:00:00") + i64::try_from(number).unwrap() * 60_000,
            5_000,
        );
        call.items
            .push(Item::other(key, "voicemail", "audio/wav", b"", 0));
        call.items[1].audio = ringfence_testkit::fake::Wav::call(500 + number, 4_000).into();
        call.items[1].appears_at = call.start;
        call.items[0].disposition =
            Some("attachment; filename=\"../../../../tmp/evil.wav\"".to_owned());
        call.from = "../../etc/passwd".to_owned();
        account.put(call);
    }
    let lab = Lab::new(account).await;
    let outside = lab.outside();
    let run = lab.run().await;
    assert!(run.balanced, "{run:?}");
    assert!(run.fetched >= 10, "{run:?}");
    lab.files_are_whole().unwrap();
    assert_eq!(
        lab.outside(),
        outside,
        "nothing was written beside the corpus"
    );
    for path in lab.every_path() {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        assert!(
            !name.contains("evil") && !name.contains("passwd") && name.len() <= 120,
            "{}",
            path.display()
        );
    }
}
