//! Database and blob store.

use ringfence_core::context::{Clock as _, Random as _, SystemClock, SystemRandom};
use ringfence_store::blobs::{BlobError, BlobStore};
use ringfence_store::db::{self, Db};
use ringfence_store::health::{Schema, clock_read, schema_compare};

use super::Check;
use crate::config::{BlobKind, Config};
use crate::shell::Shell;

/// Clocks of two machines further apart than this make tokens look unborn or expired.
const MOST_CLOCK_DIFFERENCE_MS: i64 = 2_000;

pub(super) async fn database(config: &Config) -> Vec<Check> {
    let file = config.data_dir.join("ringfence.db");
    if config.database.url.is_none() && !file.exists() {
        return vec![Check::pass(
            "database",
            format!("{} will be made on first start", file.display()),
        )];
    }
    match ask(config).await {
        Ok(checks) => checks,
        Err(fault) => vec![Check::fail(
            "database",
            format!("{fault}: {}", source(&fault)),
            "check database.url, and that the server runs and lets this machine in",
        )],
    }
}

async fn ask(config: &Config) -> Result<Vec<Check>, db::Error> {
    let db = Db::connect(&config.database_url(), 2).await?;
    let mut tx = db.begin_read().await?;
    let clock = SystemClock::new();
    let before = clock.now();
    let there = clock_read(&mut tx).await?;
    let after = clock.now();
    let mut checks = vec![schema(&schema_compare(&mut tx).await?)];
    if let Some(there) = there {
        // The reading lies somewhere between the two of ours; a slow answer is no difference.
        let apart = (before.ms() - there.ms())
            .max(there.ms() - after.ms())
            .max(0);
        let title = format!("this clock and the database's differ by {apart} ms");
        checks.push(if apart > MOST_CLOCK_DIFFERENCE_MS {
            Check::fail(
                "clock",
                title,
                "keep both by NTP: tokens of one node look unborn or expired to another",
            )
        } else {
            Check::pass("clock", title)
        });
    }
    drop(tx);
    db.close().await;
    Ok(checks)
}

fn schema(schema: &Schema) -> Check {
    match schema {
        Schema::Empty => Check::pass(
            "database",
            "the database is reached; its tables are made on first start",
        ),
        Schema::Current => Check::pass(
            "database",
            "the database is reached and its schema is current",
        ),
        Schema::Behind(versions) => Check::unknown(
            "database",
            format!(
                "the schema lacks {} of this program's changes",
                versions.len()
            ),
            "the next start applies them; take a backup first",
        ),
        Schema::Ahead(_) => Check::fail(
            "database",
            "a newer Ringfence has changed the schema",
            "run that version here too: this one refuses to start",
        ),
    }
}

pub(super) async fn blobs(shell: &Shell) -> Check {
    let config = &shell.config;
    let place = match config.blobs.kind {
        BlobKind::Local => config.blobs_path().display().to_string(),
        BlobKind::S3 => format!(
            "bucket {}",
            config.blobs.bucket.as_deref().unwrap_or_default()
        ),
    };
    if config.blobs.kind == BlobKind::Local && !config.blobs_path().exists() {
        return Check::pass("blobs", format!("{place} will be made on first start"));
    }
    let tried = match shell.open_blobs().await {
        Ok(store) => write_and_remove(&store).await.map_err(anyhow::Error::from),
        Err(fault) => Err(fault),
    };
    match tried {
        Ok(()) => Check::pass(
            "blobs",
            format!("{place} takes recordings and gives them back"),
        ),
        Err(fault) => Check::fail(
            "blobs",
            format!("{place}: {fault:#}"),
            "check the settings of [blobs] and the rights on it",
        ),
    }
}

/// Writes a blob that nobody else has, reads its length, and takes it away.
async fn write_and_remove(store: &BlobStore) -> Result<(), BlobError> {
    let mut probe = [0_u8; 32];
    SystemRandom.fill(&mut probe);
    let mut writer = store.writer().await?;
    writer.write(&probe).await?;
    let staged = writer.finish().await?;
    let sha256 = staged.sha256;
    store.publish(staged).await?;
    let found = store.size(sha256).await?;
    store.remove(sha256).await?;
    match found {
        Some(_) => Ok(()),
        None => Err(BlobError::Missing(sha256)),
    }
}

fn source(fault: &db::Error) -> String {
    std::error::Error::source(fault).map_or_else(String::new, ToString::to_string)
}
