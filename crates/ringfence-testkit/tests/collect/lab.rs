//! One collector, one stand-in platform, one folder; and the questions that tests ask of them.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ringfence_collect::connection::{ConnectionName, NewConnection, Place, connection_add};
use ringfence_collect::context::{CollectCtx, Wait};
use ringfence_collect::error::Error;
use ringfence_collect::run::{RunOptions, collect_run};
use ringfence_collect::verify::corpus_verify;
use ringfence_core::context::{Clock, SystemRandom};
use ringfence_core::seal::{MasterKey, Purpose};
use ringfence_core::secret::Secret;
use ringfence_core::time::Timestamp;
use ringfence_store::db::Db;
use ringfence_testkit::clock::FastClock;
use ringfence_testkit::fake::{FakeAccount, FakePlatform, Switches, sha256_hex};
use tempfile::TempDir;
use url::Url;

use crate::outcome::Run;

/// The day on which calls are made.
const DAY: &str = "2026-03-02";
/// Real time is this many times slower.
const SPEED: u32 = 200;
const NAME: &str = "acme";

/// An instant of the day of calls; hours past 24 are those of the next day.
pub fn at(time: &str) -> i64 {
    let (sign, time) = time.strip_prefix('-').map_or((1, time), |rest| (-1, rest));
    let parts: Vec<i64> = time.split(':').map(|part| part.parse().unwrap()).collect();
    let midnight = Timestamp::parse(&format!("{DAY}T00:00:00Z")).unwrap().ms();
    midnight + sign * ((parts[0] * 60 + parts[1]) * 60 + parts[2]) * 1000
}

/// So many seconds in milliseconds.
pub const fn step(seconds: i64) -> i64 {
    seconds * 1000
}

/// A variable of the environment.
#[expect(
    clippy::disallowed_methods,
    reason = "how a test run is told what it may use"
)]
pub fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// A clock that begins five days after the day of calls.
pub fn fast_clock() -> Arc<FastClock> {
    clock_of(SPEED)
}

fn clock_of(speed: u32) -> Arc<FastClock> {
    Arc::new(FastClock::new(
        Timestamp::from_ms(at("00:00:00") + 5 * 86_400_000),
        speed,
    ))
}

/// An error with its causes.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text.push_str(": ");
        text.push_str(&next.to_string());
        cause = next.source();
    }
    text
}

/// One collector, one platform, one folder.
pub struct Lab {
    pub platform: FakePlatform,
    pub clock: Arc<FastClock>,
    platforms_clock: Arc<FastClock>,
    desk: Desk,
    _folder: TempDir,
}

/// The collector's side: a folder and an address.
pub struct Desk {
    ctx: CollectCtx,
    name: ConnectionName,
    folder: PathBuf,
}

impl Deref for Lab {
    type Target = Desk;

    fn deref(&self) -> &Desk {
        &self.desk
    }
}

impl Lab {
    pub async fn new(account: FakeAccount) -> Self {
        Self::with(account, Switches::default()).await
    }

    pub async fn with(account: FakeAccount, switches: Switches) -> Self {
        Self::at_speed(account, switches, SPEED).await
    }

    /// Slower where the pace itself is measured.
    pub async fn at_speed(account: FakeAccount, switches: Switches, speed: u32) -> Self {
        let clock = clock_of(speed);
        let platforms_clock = clock_of(speed);
        let platform = FakePlatform::start_with(
            account,
            switches,
            Arc::clone(&platforms_clock) as Arc<dyn Clock>,
        )
        .unwrap();
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("lab");
        std::fs::create_dir(&inner).unwrap();
        let desk = Desk::open(inner, &platform.url(), Arc::clone(&clock)).await;
        Self {
            platform,
            clock,
            platforms_clock,
            desk,
            _folder: folder,
        }
    }

    pub fn now(&self) -> i64 {
        i64::try_from(self.clock.monotonic_ms()).unwrap()
    }

    pub fn platform_now(&self) -> i64 {
        self.platforms_clock.now().ms()
    }

    /// Lets time pass at once, for both sides.
    pub fn let_pass(&self, ms: u64) {
        self.clock.advance(ms);
        self.platforms_clock.advance(ms);
    }

    /// Every item the owner can see now is stored with exactly its bytes, and every file is whole.
    pub async fn all_is_right(&self) -> Result<(), String> {
        let files = self.files_are_whole()?;
        let stored = self.desk.stored().await;
        let account = self.platform.account();
        let now = self.platform_now();
        for call in account.calls().filter(|call| account.visible(call)) {
            for item in call
                .items
                .iter()
                .filter(|item| item.appears_at <= now && item.deleted_at.is_none())
            {
                let right = item.audio.sha256_hex();
                match stored.get(&(call.guid.clone(), item.key.clone())) {
                    None => return Err(format!("{} {} is not stored", call.guid, item.key)),
                    Some(hash) if *hash != right => {
                        return Err(format!("{} {} is stored wrong", call.guid, item.key));
                    }
                    Some(hash) if !files.contains(hash) => {
                        return Err(format!("{} has a row and no file", call.guid));
                    }
                    Some(_) => {}
                }
            }
        }
        Ok(())
    }

    /// Names of what lies beside the collector's folder.
    pub fn outside(&self) -> Vec<PathBuf> {
        let mut beside: Vec<PathBuf> = std::fs::read_dir(self._folder.path())
            .unwrap()
            .map(|e| e.unwrap().path())
            .collect();
        beside.sort();
        beside
    }
}

impl Desk {
    /// Opens the folder, and adds the connection when it is new.
    pub async fn open(folder: PathBuf, url: &str, clock: Arc<FastClock>) -> Self {
        let db = Db::open(
            &format!("sqlite:{}", folder.join("ringfence.db").display()),
            4,
        )
        .await
        .unwrap();
        let master = MasterKey::from_bytes([7; MasterKey::LEN]);
        let ctx = CollectCtx {
            db,
            wait: Arc::clone(&clock) as Arc<dyn Wait>,
            clock,
            random: Arc::new(SystemRandom),
            sealer: Arc::new(master.sealer(Purpose::ConnectionSecrets).unwrap()),
            corpus_root: folder.join("corpus"),
            pace: None,
            retry: None,
            max_attempts: None,
        };
        let name = ConnectionName::parse(NAME).unwrap();
        let account = FakeAccount::empty();
        let new = NewConnection {
            name: name.clone(),
            place: Place::Url(Url::parse(url).unwrap()),
            client_id: account.client_id,
            client_secret: Secret::new(account.client_secret),
            owner: Some(account.owner.username),
        };
        match connection_add(&ctx, &new).await {
            Ok(_) | Err(Error::Exists(_)) => {}
            Err(error) => panic!("{error}"),
        }
        Self { ctx, name, folder }
    }

    /// Collects the day of calls, the night before it and the day after.
    pub async fn run(&self) -> Run {
        self.try_run()
            .await
            .unwrap_or_else(|error| panic!("{error}"))
    }

    pub async fn try_run(&self) -> Result<Run, String> {
        self.collect(Some(at("-24:00:00")), Some(at("48:00:00")))
            .await
    }

    /// Collects between two instants.
    pub async fn run_between(&self, since: i64, until: i64) -> Run {
        self.collect(Some(since), Some(until))
            .await
            .unwrap_or_else(|error| panic!("{error}"))
    }

    /// Collects from where the last run ended up to the platform's present.
    pub async fn run_open(&self) -> Run {
        self.collect(None, None)
            .await
            .unwrap_or_else(|error| panic!("{error}"))
    }

    async fn collect(&self, since: Option<i64>, until: Option<i64>) -> Result<Run, String> {
        let options = RunOptions {
            since: since.map(Timestamp::from_ms),
            until: until.map(Timestamp::from_ms),
            ..RunOptions::default()
        };
        let report = collect_run(&self.ctx, &self.name, &options)
            .await
            .map_err(|error| chain(&error))?;
        Ok(Run::read(report.to_json()))
    }

    /// What the ledger holds: the newest version of each item and its hash.
    pub async fn stored(&self) -> BTreeMap<(String, String), String> {
        let sql = "SELECT guid, content_key, sha256 FROM collect_recordings ORDER BY version";
        let rows = self.query(sql, &["guid", "content_key", "sha256"]).await;
        rows.into_iter()
            .map(|row| ((row[0].clone(), row[1].clone()), row[2].clone()))
            .collect()
    }

    /// Everything of the ledger that does not tell when it was made.
    pub async fn catalogue(&self) -> BTreeSet<Vec<String>> {
        let sql = "SELECT guid, content_key, CAST(version AS TEXT) AS version, sha256, CAST(size_bytes AS TEXT) AS size, \
                   extension, codec, CAST(duration_ms AS TEXT) AS duration FROM collect_recordings";
        let columns = [
            "guid",
            "content_key",
            "version",
            "sha256",
            "size",
            "extension",
            "codec",
            "duration",
        ];
        let rows = self.query(sql, &columns).await;
        let n_rows = rows.len();
        let set: BTreeSet<Vec<String>> = rows.into_iter().collect();
        assert_eq!(set.len(), n_rows, "a row twice");
        assert_eq!(
            self.count("collect_manifest").await,
            n_rows,
            "one line of the manifest for each row"
        );
        set
    }

    /// What had to be overlooked in the recording of a call.
    pub async fn notes(&self, guid: &str) -> String {
        let rows = self
            .query(
                "SELECT guid, notes FROM collect_recordings",
                &["guid", "notes"],
            )
            .await;
        rows.into_iter()
            .filter(|row| row[0] == guid)
            .map(|row| row[1].clone())
            .collect()
    }

    pub async fn n_tombstones(&self) -> usize {
        self.count("collect_tombstones").await
    }

    async fn count(&self, table: &str) -> usize {
        self.query(
            &format!("SELECT CAST(COUNT(*) AS TEXT) AS n FROM {table}"),
            &["n"],
        )
        .await[0][0]
            .parse()
            .unwrap()
    }

    async fn query(&self, sql: &str, columns: &[&str]) -> Vec<Vec<String>> {
        let mut tx = self.ctx.db.begin_read().await.unwrap();
        let rows = tx.fetch_all_built(sql.to_owned(), &[]).await.unwrap();
        rows.iter()
            .map(|row| {
                columns
                    .iter()
                    .map(|column| row.text(column).unwrap())
                    .collect()
            })
            .collect()
    }

    /// `collect verify`: an error names what it found.
    pub async fn verify(&self) -> Result<(), String> {
        let report = corpus_verify(&self.ctx, &self.name, |_| {})
            .await
            .map_err(|error| chain(&error))?;
        if report.is_clean() {
            Ok(())
        } else {
            Err(format!("{report:?}"))
        }
    }

    /// Hashes of the published files; each holds what its name says.
    pub fn files(&self) -> BTreeSet<String> {
        self.files_are_whole().unwrap()
    }

    pub fn files_are_whole(&self) -> Result<BTreeSet<String>, String> {
        files_are_whole(&self.folder)
    }

    pub fn n_quarantined(&self) -> usize {
        walk(&self.folder.join("corpus").join(NAME).join("quarantine")).len()
    }

    /// Every file of the collector.
    pub fn every_path(&self) -> Vec<PathBuf> {
        walk(&self.folder)
    }

    /// The corpus.
    pub fn corpus(&self) -> PathBuf {
        self.folder.join("corpus").join(NAME)
    }

    /// Where the file of a hash lies.
    pub fn path_of(&self, hash: &str) -> PathBuf {
        let found = walk(&self.corpus().join("audio"))
            .into_iter()
            .find(|path| path.to_string_lossy().contains(hash));
        found.unwrap_or_else(|| panic!("no file {hash}"))
    }
}

/// Files below `audio/` that hold what their names say; the first that does not is an error.
pub fn files_are_whole(folder: &Path) -> Result<BTreeSet<String>, String> {
    let mut found = BTreeSet::new();
    for path in walk(&folder.join("corpus").join(NAME).join("audio")) {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let hash = sha256_hex(&std::fs::read(&path).unwrap());
        if hash != name {
            return Err(format!("{} holds {hash}", path.display()));
        }
        found.insert(name);
    }
    Ok(found)
}

fn walk(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(walk(&path));
        } else {
            found.push(path);
        }
    }
    found.sort();
    found
}
