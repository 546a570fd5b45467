//! Recordings and the ways their bodies break.

use std::sync::Arc;

use reqwest::StatusCode;
use reqwest::header::{IF_RANGE, RANGE};
use ringfence_core::context::SystemClock;
use ringfence_core::time::Timestamp;
use ringfence_testkit::fake::{
    Audio, Call, DigestHeaders, DownloadFault, EtagMode, FakeAccount, FakePlatform, HeaderLength,
    Item, RangeMode, Switches, Wav, guid, gzip_stored, md5, sha256_hex,
};

use super::caller::{Caller, begin, guids};

#[test]
fn digests_agree_with_published_vectors() {
    let hex = |bytes: [u8; 16]| bytes.iter().map(|b| format!("{b:02x}")).collect::<String>();
    assert_eq!(hex(md5(b"")), "d41d8cd98f00b204e9800998ecf8427e");
    assert_eq!(
        hex(md5(b"message digest")),
        "f96b697d7cb7938d525a2f31aaf161d0"
    );
    assert_eq!(hex(md5(&[b'1'; 0])), "d41d8cd98f00b204e9800998ecf8427e");
    let eighty =
        b"12345678901234567890123456789012345678901234567890123456789012345678901234567890";
    assert_eq!(hex(md5(eighty)), "57edf4a22be3c955ac49da2e2107b67a");
    assert_eq!(
        sha256_hex(b"abc"),
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    );
    let lazy = Audio::from(Wav::call(7, 20_000));
    assert_eq!(lazy.sha256_hex(), sha256_hex(&lazy.bytes()));
    assert_eq!(lazy.total(), 160_044);
    let packed = gzip_stored(b"abc");
    assert_eq!(
        &packed[packed.len() - 8..],
        [0xc2, 0x41, 0x24, 0x35, 3, 0, 0, 0]
    );
}

#[test]
fn wav_headers_claim_what_they_are_told_to() {
    let claimed = |header| {
        let bytes = Audio::from(Wav::call(1, 1000).with_header(header)).bytes();
        assert_eq!(bytes.len(), 8044);
        u32::from_le_bytes(bytes[40..44].try_into().unwrap())
    };
    assert_eq!(claimed(HeaderLength::Right), 8000);
    assert_eq!(claimed(HeaderLength::Zero), 0);
    assert_eq!(claimed(HeaderLength::Max), u32::MAX);
    assert_eq!(claimed(HeaderLength::EightMore), 8008);
    assert_eq!(claimed(HeaderLength::EightFewer), 7992);
    assert_eq!(Audio::from(Wav::call(1, 1000).cut_at(4044)).total(), 4044);
}

#[tokio::test]
async fn ranges_do_what_the_switch_says() {
    let platform = FakePlatform::start(FakeAccount::sample(1, begin(), 1000)).unwrap();
    let caller = Caller::new(&platform).await;
    let whole = platform
        .account()
        .call(&guid(0))
        .unwrap()
        .recording()
        .unwrap()
        .audio
        .bytes();
    let full = caller.file(0).await.unwrap();
    let etag = full.headers()["etag"].to_str().unwrap().to_owned();
    assert_eq!(full.bytes().await.unwrap(), whole);
    let part = caller
        .part(0, &[(RANGE, "bytes=1000-"), (IF_RANGE, &etag)])
        .await
        .unwrap();
    assert_eq!(part.status(), StatusCode::PARTIAL_CONTENT);
    assert_eq!(
        part.headers()["content-range"],
        format!("bytes 1000-{}/{}", whole.len() - 1, whole.len()).as_str()
    );
    assert_eq!(part.bytes().await.unwrap(), whole[1000..]);
    let stale = caller
        .part(0, &[(RANGE, "bytes=1000-"), (IF_RANGE, "\"other\"")])
        .await
        .unwrap();
    assert_eq!(stale.status(), StatusCode::OK);
    for (mode, status, first) in [
        (RangeMode::Ignored, 200, whole.len()),
        (RangeMode::NotSatisfiable, 416, 0),
        (RangeMode::StartsEarlier(500), 206, whole.len() - 500),
        (RangeMode::TotalChanged, 206, whole.len() - 1000),
        (RangeMode::EntityChanged, 206, whole.len() - 1000),
    ] {
        platform.set(|s| s.range = mode);
        let answer = caller.part(0, &[(RANGE, "bytes=1000-")]).await.unwrap();
        assert_eq!(answer.status().as_u16(), status, "{mode:?}");
        let body = answer.bytes().await.unwrap();
        assert!(
            status == 416 || body.len() == first,
            "{mode:?}: {}",
            body.len()
        );
        if mode == RangeMode::EntityChanged {
            assert_ne!(body, whole[1000..]);
        }
    }
    platform.set(|s| {
        s.etag = EtagMode::Missing;
        s.last_modified = false;
        s.digests = DigestHeaders::All;
    });
    let answer = caller.file(0).await.unwrap();
    assert!(!answer.headers().contains_key("etag"));
    assert!(
        answer.headers()["repr-digest"]
            .to_str()
            .unwrap()
            .starts_with("sha-256=:")
    );
    assert_eq!(answer.headers()["content-md5"].len(), 24);
}

#[tokio::test]
async fn bodies_break_as_told() {
    let faults = [
        DownloadFault::CutWithLength(9000),
        DownloadFault::CutChunked(9000),
        DownloadFault::ResetAfter(9000),
        DownloadFault::CutClose(9000),
        DownloadFault::Chunked,
        DownloadFault::FlippedByte(100),
        DownloadFault::JsonBody,
        DownloadFault::Gzip,
        DownloadFault::NoContent,
        DownloadFault::GoneAfter(10),
    ];
    let account = FakeAccount::empty().with(Call::recorded(0, begin(), 5000).with_faults(&faults));
    let platform = FakePlatform::start(account).unwrap();
    let caller = Caller::new(&platform).await;
    let whole = platform
        .account()
        .call(&guid(0))
        .unwrap()
        .recording()
        .unwrap()
        .audio
        .bytes();
    for fault in faults {
        let answer = caller.file(0).await.unwrap();
        let status = answer.status().as_u16();
        let headers = answer.headers().clone();
        let body = answer.bytes().await;
        match fault {
            DownloadFault::CutWithLength(_)
            | DownloadFault::CutChunked(_)
            | DownloadFault::ResetAfter(_)
            | DownloadFault::GoneAfter(_) => {
                assert!(body.is_err(), "{fault:?}");
            }
            DownloadFault::CutClose(_) => {
                assert_eq!(body.unwrap(), whole[..9000], "a clean end, and silent");
            }
            DownloadFault::Chunked => {
                assert!(!headers.contains_key("content-length"));
                assert_eq!(body.unwrap(), whole);
            }
            DownloadFault::FlippedByte(_) => {
                let body = body.unwrap();
                assert_eq!(body.iter().zip(&whole).filter(|(a, b)| a != b).count(), 1);
            }
            DownloadFault::Gzip => {
                assert_eq!(headers["content-encoding"], "gzip");
                assert_eq!(body.unwrap(), gzip_stored(&whole));
            }
            DownloadFault::JsonBody => assert_eq!(headers["content-type"], "application/json"),
            _ => assert_eq!(status, 204),
        }
    }
    assert_eq!(
        caller.file(0).await.unwrap().status(),
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn content_appears_late_and_hostile_keys_travel() {
    let clock = Arc::new(SystemClock::new());
    let now = ringfence_core::context::Clock::now(&*clock).ms();
    let key = "..%2F..%2Fetc%2Fpasswd";
    let mut call = Call::recorded(1, now - 20_000, 5000);
    call.items.push(Item::other(
        "../../etc/passwd",
        "attachment",
        "application/octet-stream",
        b"x",
        now - 15_000,
    ));
    let account = FakeAccount::empty()
        .with(call)
        .with(Call::recorded(2, now - 20_000, 5000).appearing_after(60_000));
    let platform = FakePlatform::start_with(account, Switches::default(), clock).unwrap();
    let caller = Caller::new(&platform).await;
    let from = Timestamp::from_ms(now - 60_000).to_iso_millis();
    let to = Timestamp::from_ms(now).to_iso_millis();
    let page = caller
        .json(
            &format!("/interaction-content/interactions?start={from}&end={to}&limit=10"),
            3,
        )
        .await;
    assert_eq!(guids(&page), [guid(1)]);
    let path = format!(
        "/interaction-content/interactions/{}/content/{key}",
        guid(1)
    );
    assert_eq!(caller.get(&path, 3).await.bytes().await.unwrap(), "x");
}

#[tokio::test]
async fn a_large_file_costs_no_memory() {
    let account = FakeAccount::empty()
        .with(Call::recorded(0, begin(), 5000).with_audio(Wav::call(3, 20_000_000)));
    let platform = FakePlatform::start(account).unwrap();
    let caller = Caller::new(&platform).await;
    let mut answer = caller.file(0).await.unwrap();
    assert_eq!(answer.content_length(), Some(160_000_044));
    let mut n_bytes = 0;
    while let Some(piece) = answer.chunk().await.unwrap() {
        n_bytes += piece.len();
    }
    assert_eq!(n_bytes, 160_000_044);
}
