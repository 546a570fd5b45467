//! C27: `collect verify` at any time.

use ringfence_testkit::fake::{FakeAccount, guid};

use crate::lab::{Lab, at, step};

#[tokio::test]
async fn one_flipped_bit_is_found_named_and_fetched_again() {
    let lab = Lab::new(FakeAccount::sample(12, at("09:00:00"), step(60))).await;
    lab.run().await;
    lab.verify().await.unwrap();
    let hash = lab
        .platform
        .account()
        .call(&guid(7))
        .unwrap()
        .recording()
        .unwrap()
        .audio
        .sha256_hex();
    let path = lab.path_of(&hash);
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[9_000] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    let found = lab.verify().await.expect_err("a flipped bit is a finding");
    assert!(found.contains(&guid(7)) || found.contains(&hash), "{found}");
    let run = lab.run().await;
    assert!(run.balanced, "{run:?}");
    lab.verify().await.unwrap();
    lab.all_is_right().await.unwrap();
}

#[tokio::test]
async fn a_file_that_is_gone_is_found_named_and_fetched_again() {
    let lab = Lab::new(FakeAccount::sample(12, at("09:00:00"), step(60))).await;
    lab.run().await;
    let hash = lab
        .platform
        .account()
        .call(&guid(7))
        .unwrap()
        .recording()
        .unwrap()
        .audio
        .sha256_hex();
    std::fs::remove_file(lab.path_of(&hash)).unwrap();
    let found = lab.verify().await.expect_err("a missing file is a finding");
    assert!(found.contains(&guid(7)) || found.contains(&hash), "{found}");
    lab.run().await;
    lab.verify().await.unwrap();
    lab.all_is_right().await.unwrap();
}
