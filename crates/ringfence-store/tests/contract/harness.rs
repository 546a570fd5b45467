//! Fresh stores for a test: an SQLite file with production settings, and a PostgreSQL database of its own.

use ringfence_core::account::{Account, AccountKind, AccountName, AccountStatus, Region, TokenAlg};
use ringfence_core::context::SystemRandom;
use ringfence_core::id::AccountId;
use ringfence_core::time::Timestamp;
use ringfence_store::db::Db;
use sqlx::Executor as _;

/// A store and what must live as long as it.
pub struct Store {
    /// The open database.
    pub db: Db,
    /// Which engine, for messages.
    pub engine: &'static str,
    _folder: tempfile::TempDir,
}

/// A fresh store of each engine.
pub async fn stores() -> Vec<Store> {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", folder.path().join("ringfence.db").display());
    let mut stores = vec![Store {
        db: Db::open(&url, 4).await.unwrap(),
        engine: "sqlite",
        _folder: folder,
    }];
    match std::env::var("RINGFENCE_TEST_PG") {
        Ok(base) => stores.push(Store {
            db: Db::open(&postgres_database(&base).await, 8).await.unwrap(),
            engine: "postgres",
            _folder: tempfile::tempdir().unwrap(),
        }),
        Err(_) => assert!(
            std::env::var("RINGFENCE_REQUIRE_PG").is_err(),
            "RINGFENCE_REQUIRE_PG is set, so RINGFENCE_TEST_PG must name a PostgreSQL server"
        ),
    }
    stores
}

/// An account that is in the store.
pub async fn account(db: &Db) -> Account {
    let account = Account {
        id: AccountId::new(Timestamp::from_ms(1_772_000_000_000), &SystemRandom),
        name: AccountName::parse("acme").unwrap(),
        region: Region::Emea,
        kind: AccountKind::Vcc,
        status: AccountStatus::Active,
        token_alg: TokenAlg::Rs256,
        epoch: 0,
        created_at: Timestamp::from_ms(1_772_000_000_000),
    };
    let mut tx = db.begin_write().await.unwrap();
    ringfence_store::accounts::account_insert(&mut tx, &account)
        .await
        .unwrap();
    tx.commit().await.unwrap();
    account
}

async fn postgres_database(base: &str) -> String {
    let name =
        format!("t{}", AccountId::new(Timestamp::from_ms(0), &SystemRandom)).replace('-', "");
    let pool = sqlx::PgPool::connect(base).await.unwrap();
    pool.execute(sqlx::AssertSqlSafe(format!("CREATE DATABASE {name}")))
        .await
        .unwrap();
    pool.close().await;
    let (server, _) = base.rsplit_once('/').unwrap();
    format!("{server}/{name}")
}
