//! Fresh stores: an SQLite file with production settings, and a PostgreSQL database of its own.

use ringfence_core::context::SystemRandom;
use ringfence_core::id::AccountId;
use ringfence_core::time::Timestamp;

/// Where a test's store lies.
#[derive(Debug)]
pub struct TestStore {
    /// Its URL.
    pub url: String,
    /// `sqlite` or `postgres`.
    pub engine: &'static str,
    /// A folder that goes away with the test.
    pub folder: tempfile::TempDir,
}

/// A new SQLite file.
#[must_use]
pub fn sqlite() -> TestStore {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let url = format!("sqlite:{}", folder.path().join("ringfence.db").display());
    TestStore {
        url,
        engine: "sqlite",
        folder,
    }
}

/// A new database on the server that `RINGFENCE_TEST_PG` names; `None` when it names none and `RINGFENCE_REQUIRE_PG` does
/// not ask for one.
///
/// # Panics
/// A server is asked for and none is named, or it cannot be reached.
pub async fn postgres() -> Option<TestStore> {
    let Ok(base) = std::env::var("RINGFENCE_TEST_PG") else {
        assert!(
            std::env::var("RINGFENCE_REQUIRE_PG").is_err(),
            "RINGFENCE_REQUIRE_PG is set, so RINGFENCE_TEST_PG must name a PostgreSQL server"
        );
        return None;
    };
    let name =
        format!("t{}", AccountId::new(Timestamp::from_ms(0), &SystemRandom)).replace('-', "");
    let made = tokio::process::Command::new("psql")
        .args([&base, "-qc", &format!("CREATE DATABASE {name}")])
        .status()
        .await
        .expect("psql is installed");
    assert!(
        made.success(),
        "the PostgreSQL server lets us create a database"
    );
    let (server, _) = base
        .rsplit_once('/')
        .expect("a PostgreSQL URL ends with a database");
    Some(TestStore {
        url: format!("{server}/{name}"),
        engine: "postgres",
        folder: tempfile::tempdir().expect("a temporary folder can be made"),
    })
}

/// A new store of each engine.
pub async fn both() -> Vec<TestStore> {
    let mut stores = vec![sqlite()];
    stores.extend(postgres().await);
    stores
}
