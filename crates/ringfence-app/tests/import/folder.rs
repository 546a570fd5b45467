//! Folders to import from, and what the store holds afterwards.

use ringfence_app::context::Actor;
use ringfence_app::error::Error;
use ringfence_app::import::{ImportProgress, ImportReport, recordings_import};
use ringfence_core::digest::ContentDigest;
use ringfence_core::id::AccountId;
use ringfence_testkit::test_app::TestApp;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

pub(crate) const HEADER: &str =
    "guid,start,duration_ms,direction,connect_from,connect_to,agent_id,line,queue,type,file,sha256";

/// A folder with files and a list of rows.
pub(crate) struct Folder {
    dir: TempDir,
    rows: Vec<String>,
}

impl Folder {
    pub(crate) fn new() -> Self {
        Self {
            dir: tempfile::tempdir().unwrap(),
            rows: Vec::new(),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Puts a file there and gives its digest.
    pub(crate) fn file(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
        ContentDigest::of(bytes).to_string()
    }

    /// Adds a row for the n-th call; its line in the list is n + 1 when rows are added in order.
    pub(crate) fn row(&mut self, n: usize, kind: &str, file: &str, sha256: &str) {
        self.rows.push(row(n, kind, file, sha256));
    }

    /// Adds a line as it is.
    pub(crate) fn line(&mut self, line: impl Into<String>) {
        self.rows.push(line.into());
    }

    /// Writes `manifest.csv`.
    pub(crate) fn write(&self) {
        let text = format!("{HEADER}\n{}\n", self.rows.join("\n"));
        std::fs::write(self.path().join("manifest.csv"), text).unwrap();
    }
}

pub(crate) fn row(n: usize, kind: &str, file: &str, sha256: &str) -> String {
    format!(
        "{},2026-03-02T09:{:02}:30.250Z,184200,inbound,+441632960101,+441632960900,2041,+441632960900,Billing,{kind},{file},{sha256}",
        guid(n),
        n % 60
    )
}

pub(crate) fn guid(n: usize) -> String {
    format!("0190a1b2-3333-4d5e-8f60-7a8b9c0d{n:04x}")
}

pub(crate) async fn import(
    app: &TestApp,
    account: AccountId,
    folder: &Path,
) -> Result<ImportReport, Error> {
    let mut last = ImportProgress::default();
    let mut on_progress = |now: ImportProgress| {
        assert!(now.manifest_bytes >= last.manifest_bytes && now.rows >= last.rows);
        last = now;
    };
    let actor = Actor::command_line();
    let report = recordings_import(&app.ctx, &actor, account, folder, &mut on_progress).await?;
    assert_eq!(
        last.manifest_bytes, last.manifest_total,
        "the list is read to its end"
    );
    assert_eq!(last.refused, report.n_refused);
    Ok(report)
}

/// New and known interactions, new and known items, refused rows.
pub(crate) fn counts(report: &ImportReport) -> (u64, u64, u64, u64, u64) {
    (
        report.interactions_new,
        report.interactions_known,
        report.items_new,
        report.items_known,
        report.n_refused,
    )
}

/// Every content item of the store has its bytes, whole, and there are no others.
pub(crate) async fn assert_sound(app: &TestApp) {
    let mut tx = app.ctx.db.begin_read().await.unwrap();
    let rows = tx
        .fetch_all(
            "SELECT DISTINCT sha256 FROM content_items ORDER BY sha256",
            &[],
        )
        .await
        .unwrap();
    let named: Vec<String> = rows.iter().map(|r| r.text("sha256").unwrap()).collect();
    let mut stored: Vec<String> = blobs(app)
        .iter()
        .map(|path| {
            let digest = ContentDigest::of(&std::fs::read(path).unwrap()).to_string();
            assert_eq!(path.file_name().unwrap().to_str(), Some(digest.as_str()));
            digest
        })
        .collect();
    stored.sort();
    assert_eq!(stored, named, "{}", app.engine);
}

fn blobs(app: &TestApp) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![app.folder.as_ref().unwrap().path().join("blobs")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path);
            }
        }
    }
    found
}

/// Recorded speech of Debian's `asterisk-core-sounds-en-wav`: 16-bit PCM at 8 kHz.
pub(crate) fn speech() -> Vec<PathBuf> {
    let listed = std::process::Command::new("dpkg")
        .args(["-L", "asterisk-core-sounds-en-wav"])
        .output()
        .expect("dpkg runs");
    let listed = String::from_utf8(listed.stdout).unwrap();
    let mut files: Vec<PathBuf> = listed
        .lines()
        .map(PathBuf::from)
        .filter(|path| path.extension().is_some_and(|e| e == "wav"))
        .collect();
    files.sort();
    assert!(
        files.len() > 100,
        "install asterisk-core-sounds-en-wav: sudo apt-get install asterisk-core-sounds-en-wav"
    );
    files
}
