//! Blobs as objects of an S3-compatible store.

use super::spool::StagedBlob;
use super::{BlobError, BlobStream, relative_path};
use futures_util::{StreamExt as _, TryStreamExt as _};
use object_store::aws::AmazonS3Builder;
use object_store::buffered::BufWriter;
use object_store::path::Path as ObjectPath;
use object_store::{GetOptions, GetRange, ObjectStore, ObjectStoreExt as _};
use ringfence_core::digest::ContentDigest;
use std::ops::Range;
use std::sync::Arc;
use tokio::io::AsyncWriteExt as _;

// Files up to this size go in one request, larger ones in parts of this size.
const PART: usize = 8 * 1024 * 1024;

/// How to reach a bucket.
#[derive(Clone)]
pub struct S3Settings {
    /// Name of the bucket.
    pub bucket: String,
    /// Put before every name; may be empty.
    pub prefix: String,
    /// Region of the bucket.
    pub region: String,
    /// URL of a store that is not Amazon's.
    pub endpoint: Option<String>,
    /// Public half of the access key; empty where the machine itself is let in.
    pub access_key_id: String,
    /// Secret half of the access key.
    pub secret_access_key: String,
}

#[derive(Clone, Debug)]
pub(super) struct Remote {
    store: Arc<dyn ObjectStore>,
    prefix: String,
}

impl std::fmt::Debug for S3Settings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("S3Settings")
            .field("bucket", &self.bucket)
            .field("prefix", &self.prefix)
            .field("endpoint", &self.endpoint)
            .field("secret_access_key", &"[redacted]")
            .finish_non_exhaustive()
    }
}

impl S3Settings {
    pub(super) fn connect(&self) -> Result<Arc<dyn ObjectStore>, BlobError> {
        let mut builder = AmazonS3Builder::new()
            .with_bucket_name(&self.bucket)
            .with_region(&self.region);
        if !self.access_key_id.is_empty() {
            builder = builder
                .with_access_key_id(&self.access_key_id)
                .with_secret_access_key(&self.secret_access_key);
        }
        if let Some(endpoint) = &self.endpoint {
            builder = builder
                .with_endpoint(endpoint)
                .with_allow_http(endpoint.starts_with("http://"));
        }
        Ok(Arc::new(builder.build().map_err(BlobError::Remote)?))
    }
}

impl Remote {
    pub(super) fn new(store: Arc<dyn ObjectStore>, prefix: &str) -> Self {
        Self {
            store,
            prefix: prefix.trim_matches('/').to_owned(),
        }
    }

    pub(super) async fn publish(&self, staged: StagedBlob) -> Result<bool, BlobError> {
        if self.size(staged.sha256).await? == Some(staged.size_bytes) {
            return Ok(false);
        }
        let mut file = tokio::fs::File::open(staged.path.as_path()).await?;
        // An object appears when its upload completes, never before.
        let mut upload =
            BufWriter::with_capacity(Arc::clone(&self.store), self.path(staged.sha256), PART);
        let sent = match tokio::io::copy(&mut file, &mut upload).await {
            Ok(sent) => upload.shutdown().await.map(|()| sent),
            Err(error) => Err(error),
        };
        match sent {
            Ok(sent) if sent == staged.size_bytes => Ok(true),
            Ok(_) => Err(BlobError::Missing(staged.sha256)),
            Err(error) => {
                // Parts already sent would cost money for ever.
                let _ = upload.abort().await;
                Err(match error.downcast::<object_store::Error>() {
                    Ok(error) => BlobError::Remote(error),
                    Err(error) => error.into(),
                })
            }
        }
    }

    pub(super) async fn size(&self, sha256: ContentDigest) -> Result<Option<u64>, BlobError> {
        match self.store.head(&self.path(sha256)).await {
            Ok(found) => Ok(Some(found.size)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(BlobError::Remote(error)),
        }
    }

    pub(super) async fn read(
        &self,
        sha256: ContentDigest,
        range: Range<u64>,
    ) -> Result<BlobStream, BlobError> {
        if range.is_empty() {
            return Ok(futures_util::stream::empty().boxed());
        }
        let wanted = range.end - range.start;
        let options = GetOptions {
            range: Some(GetRange::Bounded(range)),
            ..GetOptions::default()
        };
        let found = match self.store.get_opts(&self.path(sha256), options).await {
            Ok(found) => found,
            Err(object_store::Error::NotFound { .. }) => return Err(BlobError::Missing(sha256)),
            Err(error) => return Err(BlobError::Remote(error)),
        };
        if found.range.end - found.range.start != wanted {
            return Err(BlobError::Missing(sha256));
        }
        Ok(found.into_stream().map_err(BlobError::Remote).boxed())
    }

    pub(super) async fn remove(&self, sha256: ContentDigest) -> Result<(), BlobError> {
        match self.store.delete(&self.path(sha256)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(BlobError::Remote(error)),
        }
    }

    fn path(&self, sha256: ContentDigest) -> ObjectPath {
        let name = relative_path(sha256);
        if self.prefix.is_empty() {
            return ObjectPath::from(format!("sha256/{name}"));
        }
        ObjectPath::from(format!("{}/sha256/{name}", self.prefix))
    }
}
