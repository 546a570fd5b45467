//! The corpus: a folder that is read with no server.
//!
//! Audio by content address is the sink's; this room keeps the folder, its lock, and the
//! Parquet tables, which are made anew from the ledger for each day that a run touched.

pub mod schema;
pub mod table;
pub mod write;

use crate::connection::ConnectionName;
use crate::context::CollectCtx;
use crate::corpus::table::Table;
use crate::error::Error;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

/// The folder of one connection's corpus.
#[derive(Clone, Debug)]
pub struct Folder {
    path: PathBuf,
    name: String,
}

/// Held while a run or a verification works on a corpus.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Folder {
    /// The folder of a connection; made if it is missing.
    ///
    /// # Errors
    /// The disk refuses.
    pub fn open(ctx: &CollectCtx, name: &ConnectionName) -> Result<Self, Error> {
        let path = ctx.corpus_root.join(name.as_str());
        fs::create_dir_all(&path).map_err(|e| Error::disk("making the corpus", e))?;
        Ok(Self {
            path,
            name: name.as_str().to_owned(),
        })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Keeps every other process out until the lock is dropped.
    ///
    /// # Errors
    /// Another process holds it, or the disk refuses.
    pub fn lock(&self) -> Result<Lock, Error> {
        let file = File::create(self.path.join(".lock"))
            .map_err(|e| Error::disk("locking the corpus", e))?;
        match file.try_lock() {
            Ok(()) => Ok(Lock { _file: file }),
            Err(fs::TryLockError::WouldBlock) => Err(Error::Busy(self.name.clone())),
            Err(fs::TryLockError::Error(e)) => Err(Error::disk("locking the corpus", e)),
        }
    }

    fn partition(&self, table: &Table, day: &str) -> PathBuf {
        self.path
            .join("tables")
            .join(table.name)
            .join(format!("dt={day}"))
    }
}
