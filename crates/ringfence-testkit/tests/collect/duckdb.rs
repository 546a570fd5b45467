//! The corpus is read by DuckDB with no server of ours.
//!
//! `RINGFENCE_TEST_PYTHON` names a Python that has the `duckdb` module.

use std::path::Path;
use std::process::Command;

use ringfence_testkit::fake::{Call, FakeAccount, Switches, Wav, guid};
use serde_json::{Value, json};

use crate::lab::{Lab, at, setting, step};

#[tokio::test]
async fn an_analyst_gets_answers_to_four_questions() {
    let Some(python) = setting("RINGFENCE_TEST_PYTHON") else {
        assert_ne!(
            setting("RINGFENCE_REQUIRE_ALL").as_deref(),
            Some("1"),
            "RINGFENCE_TEST_PYTHON is not set"
        );
        println!("NOT CHECKED: RINGFENCE_TEST_PYTHON is not set");
        return;
    };
    let mut account = FakeAccount::empty();
    for number in 0..24 {
        let start = at("22:00:00") + i64::try_from(number).unwrap() * step(600);
        account.put(Call::recorded(number, start, 9_000));
    }
    // One long call, one that nobody recorded, one that nobody took, and one on another day.
    account.put(Call::unrecorded(5, at("22:50:00"), 60_000).with_audio(Wav::call(5, 60_000)));
    account.put(Call::unrecorded(100, at("23:05:00"), 9_000));
    let mut missed = Call::unrecorded(101, at("23:06:00"), 9_000);
    missed.agent = None;
    account.put(missed);
    let lab = Lab::with(account, Switches::default()).await;
    let run = lab.run().await;
    assert_eq!(run.fetched, 24, "{run:?}");
    lab.run().await;
    let answers = ask(&python, &lab.corpus());

    let talk = answers["talk_by_agent"].as_array().unwrap();
    let names: Vec<&str> = talk.iter().map(|row| row[0].as_str().unwrap()).collect();
    assert_eq!(names, ["Ana Diaz", "Kim Park", "Lou Marsh", "Sam Lee"]);
    // Talk is the call less four seconds of ringing: six calls of five seconds each, the long one
    // is Ana's, and the one that nobody recorded is Sam's.
    assert_eq!(talk[0], json!(["Ana Diaz", 6, 5 * 5 + 56, 6]), "{talk:?}");
    assert_eq!(talk[1], json!(["Kim Park", 6, 30, 6]));
    assert_eq!(talk[3], json!(["Sam Lee", 7, 35, 6]));

    let days: Vec<(&str, i64)> = answers["coverage_by_day"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row[0].as_str().unwrap(), row[2].as_i64().unwrap()))
        .collect();
    assert_eq!(days.iter().map(|(_, n)| n).sum::<i64>(), 26);
    assert!(
        days.iter().any(|(day, _)| *day == "2026-03-02")
            && days.iter().any(|(day, _)| *day == "2026-03-03")
    );
    let recorded: i64 = answers["coverage_by_day"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row[3].as_i64().unwrap())
        .sum();
    assert_eq!(recorded, 24);

    let gaps = answers["gaps_by_reason"].as_array().unwrap();
    assert_eq!(
        gaps.iter().map(|row| row[2].as_i64().unwrap()).sum::<i64>(),
        2,
        "{gaps:?}"
    );
    assert!(gaps.iter().any(|row| row[0] == "not_eligible"), "{gaps:?}");

    let longest = &answers["longest"][0];
    assert_eq!(longest[0], guid(5));
    assert_eq!(longest[2], 60_000);
    assert_eq!((&longest[4], &longest[5]), (&json!(1), &json!(8000)));
    let file = lab.corpus().join(longest[1].as_str().unwrap());
    assert_eq!(
        std::fs::metadata(file).unwrap().len(),
        longest[6].as_u64().unwrap()
    );

    let runs = answers["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 2);
    assert_eq!(runs[0], json!(["done", 24, 24, 0, 0, 0, true]), "{runs:?}");
    assert_eq!(runs[1], json!(["done", 24, 0, 24, 0, 0, true]), "{runs:?}");

    for row in answers["types"].as_array().unwrap() {
        let right = if row[1] == "guid" {
            "UUID"
        } else {
            "TIMESTAMP"
        };
        assert!(row[2].as_str().unwrap().starts_with(right), "{row}");
    }
}

fn ask(python: &str, corpus: &Path) -> Value {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/duckdb/questions.py");
    let output = Command::new(python)
        .arg(script)
        .arg(corpus)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}
