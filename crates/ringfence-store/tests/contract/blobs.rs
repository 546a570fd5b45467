//! Bytes come back as they went in, appear whole or not at all, and leave nothing behind.

use bytes::Bytes;
use futures_util::TryStreamExt as _;
use object_store::memory::InMemory;
use ringfence_core::digest::ContentDigest;
use ringfence_store::blobs::{BlobError, BlobStore, BlobStream, S3Settings, StagedBlob};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;

async fn places() -> Vec<(BlobStore, TempDir)> {
    let disk = tempfile::tempdir().unwrap();
    let spool = tempfile::tempdir().unwrap();
    let remote = BlobStore::open_remote(Arc::new(InMemory::new()), "/acme/", spool.path());
    let mut places = vec![
        (BlobStore::open_disk(disk.path()).await.unwrap(), disk),
        (remote.await.unwrap(), spool),
    ];
    places.extend(s3().await);
    places
}

/// A bucket of its own on the S3 server that `RINGFENCE_TEST_S3` names.
async fn s3() -> Option<(BlobStore, TempDir)> {
    let Ok(endpoint) = std::env::var("RINGFENCE_TEST_S3") else {
        assert!(
            std::env::var("RINGFENCE_REQUIRE_ALL").is_err(),
            "RINGFENCE_REQUIRE_ALL is set, so RINGFENCE_TEST_S3 must name an S3 server"
        );
        return None;
    };
    let spool = tempfile::tempdir().unwrap();
    let name = spool.path().file_name().unwrap().to_string_lossy();
    let bucket = format!("t{}", name.trim_start_matches('.').to_lowercase());
    bucket_make(endpoint.trim_start_matches("http://"), &bucket);
    let settings = S3Settings {
        bucket,
        prefix: "acme".to_owned(),
        region: "us-east-1".to_owned(),
        endpoint: Some(endpoint),
        access_key_id: "test".to_owned(),
        secret_access_key: "test".to_owned(),
    };
    let store = BlobStore::open_s3(&settings, spool.path()).await.unwrap();
    Some((store, spool))
}

fn bucket_make(host: &str, bucket: &str) {
    let mut server = TcpStream::connect(host).unwrap();
    let request = format!(
        "PUT /{bucket} HTTP/1.1\r\nhost: {host}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
    );
    server.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    server.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

async fn stage(store: &BlobStore, bytes: &[u8]) -> StagedBlob {
    let mut writer = store.writer().await.unwrap();
    for piece in bytes.chunks(1000) {
        writer.write(piece).await.unwrap();
    }
    writer.finish().await.unwrap()
}

async fn all(stream: Result<BlobStream, BlobError>) -> Vec<u8> {
    let pieces: Vec<Bytes> = stream.unwrap().try_collect().await.unwrap();
    pieces.concat()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

#[tokio::test]
async fn bytes_come_back_whole_and_by_range() {
    let bytes: Vec<u8> = (0..300_000_u32).flat_map(u32::to_le_bytes).collect();
    let size = bytes.len() as u64;
    for (store, _folder) in places().await {
        let staged = stage(&store, &bytes).await;
        let sha256 = staged.sha256;
        assert_eq!(
            (sha256, staged.size_bytes),
            (ContentDigest::of(&bytes), size)
        );
        assert_eq!(
            store.size(sha256).await.unwrap(),
            None,
            "staged is not visible"
        );
        assert!(store.publish(staged).await.unwrap());
        assert!(!store.publish(stage(&store, &bytes).await).await.unwrap());
        assert_eq!(store.size(sha256).await.unwrap(), Some(size));
        assert_eq!(all(store.read(sha256, 0..size).await).await, bytes);
        assert_eq!(
            all(store.read(sha256, 999..200_001).await).await,
            bytes[999..200_001]
        );
        assert_eq!(all(store.read(sha256, 5..5).await).await, b"");
        assert!(matches!(
            store.read(sha256, 0..size + 1).await,
            Err(BlobError::Missing(_))
        ));
        store.remove(sha256).await.unwrap();
        store.remove(sha256).await.unwrap();
        assert!(matches!(
            store.read(sha256, 0..1).await,
            Err(BlobError::Missing(_))
        ));
    }
}

#[tokio::test]
async fn what_is_dropped_leaves_no_file() {
    for (store, folder) in places().await {
        let mut writer = store.writer().await.unwrap();
        writer.write(b"half a recor").await.unwrap();
        drop(writer);
        drop(stage(&store, b"never published").await);
        assert_eq!(files(folder.path()), Vec::<PathBuf>::new());
        store.publish(stage(&store, b"one").await).await.unwrap();
        store.publish(stage(&store, b"one").await).await.unwrap();
        assert!(files(folder.path()).iter().all(|f| f.extension().is_none()));
    }
}

#[tokio::test]
async fn a_start_clears_what_dead_processes_left_and_spares_the_living() {
    let folder = tempfile::tempdir().unwrap();
    let first = BlobStore::open_disk(folder.path()).await.unwrap();
    let mut writer = first.writer().await.unwrap();
    writer.write(b"still being written").await.unwrap();
    let left = folder.path().join("spool/1-0.part");
    std::fs::write(&left, b"the process of this one was killed").unwrap();

    let second = BlobStore::open_disk(folder.path()).await.unwrap();
    assert!(!left.exists());
    let staged = writer.finish().await.unwrap();
    let sha256 = staged.sha256;
    assert!(first.publish(staged).await.unwrap());
    assert_eq!(second.size(sha256).await.unwrap(), Some(19));
}

#[tokio::test]
async fn a_damaged_file_of_another_length_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let store = BlobStore::open_disk(folder.path()).await.unwrap();
    let staged = stage(&store, b"whole recording").await;
    let sha256 = staged.sha256;
    store.publish(staged).await.unwrap();
    std::fs::write(&files(&folder.path().join("sha256"))[0], b"whole").unwrap();
    assert!(
        store
            .publish(stage(&store, b"whole recording").await)
            .await
            .unwrap()
    );
    assert_eq!(
        all(store.read(sha256, 0..15).await).await,
        b"whole recording"
    );
}

#[tokio::test]
async fn a_blob_of_several_parts_comes_back_whole() {
    let bytes: Vec<u8> = (0..5_000_000_u32).flat_map(u32::to_le_bytes).collect();
    let size = bytes.len() as u64;
    for (store, _folder) in places().await {
        let staged = stage(&store, &bytes).await;
        let sha256 = staged.sha256;
        assert!(store.publish(staged).await.unwrap(), "it was not there yet");
        assert!(all(store.read(sha256, 0..size).await).await == bytes);
        store.remove(sha256).await.unwrap();
        assert_eq!(store.size(sha256).await.unwrap(), None);
    }
}
