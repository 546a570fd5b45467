//! `[blobs]`

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Hidden;
use super::key::{Key, Kind, Section};

/// Where recordings lie.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Blobs {
    /// Which store.
    pub kind: BlobKind,
    /// The folder of the local store.
    pub path: Option<PathBuf>,
    /// The bucket.
    pub bucket: Option<String>,
    /// What each object's name begins with.
    pub prefix: Option<String>,
    /// The service's address, for anything but AWS.
    pub endpoint: Option<String>,
    /// The service's region.
    pub region: Option<String>,
    /// Who we are to the service.
    pub access_key_id: Option<String>,
    /// The proof of it.
    pub secret_access_key: Option<Hidden>,
}

/// A kind of blob store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum BlobKind {
    /// A folder.
    #[default]
    Local,
    /// An S3-compatible service.
    S3,
}

pub(super) const SECTION: Section = Section {
    path: "blobs",
    meaning: "Where recordings lie.",
    keys: &[
        Key {
            name: "kind",
            kind: Kind::Text,
            meaning: "local (a folder) or s3 (any S3-compatible service).",
            example: "",
        },
        Key {
            name: "path",
            kind: Kind::Text,
            meaning: "local: the folder. Without it: blobs in data_dir.",
            example: "\"/srv/ringfence/blobs\"",
        },
        Key {
            name: "bucket",
            kind: Kind::Text,
            meaning: "s3: the bucket. It must exist.",
            example: "\"recordings\"",
        },
        Key {
            name: "prefix",
            kind: Kind::Text,
            meaning: "s3: what each object's name begins with.",
            example: "\"ringfence/\"",
        },
        Key {
            name: "endpoint",
            kind: Kind::Text,
            meaning: "s3: the service's address. Without it: AWS.",
            example: "\"https://s3.example.com\"",
        },
        Key {
            name: "region",
            kind: Kind::Text,
            meaning: "s3: the region. Without it: us-east-1.",
            example: "\"eu-west-2\"",
        },
        Key {
            name: "access_key_id",
            kind: Kind::Text,
            meaning: "s3: the access key's id.",
            example: "\"AKIA0000000000000000\"",
        },
        Key {
            name: "secret_access_key",
            kind: Kind::Text,
            meaning: "s3: the access key's secret. Better given by the variable than in this file.",
            example: "\"secret\"",
        },
    ],
};

impl Blobs {
    pub(super) fn faults(&self, faults: &mut Vec<String>) {
        match self.kind {
            BlobKind::Local => {
                if self.bucket.is_some() {
                    faults.push("blobs.bucket is set, but blobs.kind is local".to_owned());
                }
            }
            BlobKind::S3 => {
                if self.bucket.as_deref().is_none_or(str::is_empty) {
                    faults.push("blobs.kind is s3, but blobs.bucket is not set".to_owned());
                }
                if self.access_key_id.is_some() != self.secret_access_key.is_some() {
                    faults.push(
                        "blobs.access_key_id and blobs.secret_access_key belong together"
                            .to_owned(),
                    );
                }
            }
        }
    }
}
