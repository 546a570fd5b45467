//! `ringfence import` as a process: killed at any point, on a disk that fills, and how it ends.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use ringfence_core::digest::ContentDigest;
use ringfence_store::db::Db;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const BINARY: &str = env!("CARGO_BIN_EXE_ringfence");
const CALLS: usize = 150;

fn ringfence(data: &Path, args: &[&str]) -> Output {
    Command::new(BINARY)
        .arg("--data-dir")
        .arg(data)
        .args(args)
        .output()
        .unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap()
}

const HEADER: &str = "guid,start,duration_ms,direction,connect_from,connect_to,agent_id,line,queue,type,file,sha256\n";

fn row(n: usize, file: &str) -> String {
    format!(
        "0190a1b2-3333-4d5e-8f60-7a8b9c0d{n:04x},2026-03-02T09:15:30Z,9000,inbound,+441632960101,\
         +441632960900,2041,+441632960900,Billing,callRecording,{file},\n"
    )
}

/// A folder with calls of recorded speech, each a file of its own.
fn calls(folder: &Path) {
    let listed = Command::new("dpkg")
        .args(["-L", "asterisk-core-sounds-en-wav"])
        .output()
        .unwrap();
    let mut sounds: Vec<PathBuf> = String::from_utf8(listed.stdout)
        .unwrap()
        .lines()
        .filter(|line| line.ends_with(".wav"))
        .map(PathBuf::from)
        .collect();
    sounds.sort();
    assert!(
        sounds.len() > CALLS,
        "install asterisk-core-sounds-en-wav: sudo apt-get install asterisk-core-sounds-en-wav"
    );
    let mut manifest = HEADER.to_owned();
    for (n, sound) in sounds.iter().take(CALLS).enumerate() {
        std::fs::copy(sound, folder.join(format!("{n}.wav"))).unwrap();
        manifest += &row(n, &format!("{n}.wav"));
    }
    std::fs::write(folder.join("manifest.csv"), manifest).unwrap();
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.path().is_dir() {
            found.extend(files(&entry.path()));
        } else {
            found.push(entry.path());
        }
    }
    found
}

/// How many items the store has; each with its bytes in place, whole.
async fn items(data: &Path) -> usize {
    let url = format!("sqlite:{}", data.join("ringfence.db").display());
    let db = Db::open(&url, 1).await.unwrap();
    let mut tx = db.begin_read().await.unwrap();
    let rows = tx
        .fetch_all(
            "SELECT sha256, interaction_id AS id FROM content_items",
            &[],
        )
        .await
        .unwrap();
    for row in &rows {
        let sha256 = row.text("sha256").unwrap();
        let (a, b) = (sha256.get(..2).unwrap(), sha256.get(2..4).unwrap());
        let path = data.join("blobs/sha256").join(a).join(b).join(&sha256);
        let bytes = std::fs::read(&path).unwrap();
        assert_eq!(ContentDigest::of(&bytes).to_string(), sha256);
    }
    drop(tx);
    db.close().await;
    rows.len()
}

#[tokio::test]
async fn killed_at_any_point_it_goes_on_where_it_stopped() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("calls");
    let data = folder.path().join("data");
    std::fs::create_dir(&source).unwrap();
    calls(&source);
    assert!(
        ringfence(&data, &["account", "create", "acme"])
            .status
            .success()
    );

    let mut last = 0;
    for published in [1, 2, 20, 63, 64, 65, 90, 120, 140] {
        let mut import = Command::new(BINARY)
            .arg("--data-dir")
            .arg(&data)
            .args(["import", "recordings", "--account", "acme"])
            .arg(&source)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        while files(&data.join("blobs/sha256")).len() < published
            && import.try_wait().unwrap().is_none()
        {
            std::thread::yield_now();
        }
        // SIGKILL: nothing of it runs any more.
        import.kill().unwrap();
        import.wait().unwrap();
        let now = items(&data).await;
        assert!(now >= last, "what was committed stays: {last}, then {now}");
        last = now;
    }

    let done = ringfence(
        &data,
        &[
            "--json",
            "import",
            "recordings",
            "--account",
            "acme",
            source.to_str().unwrap(),
        ],
    );
    assert!(done.status.success(), "{done:?}");
    let report = json(&done);
    let count = |name: &str| report[name].as_u64().unwrap();
    assert_eq!(count("items_new") + count("items_known"), CALLS as u64);
    assert_eq!(count("items_known"), last as u64);
    assert_eq!(count("refused"), 0);
    assert_eq!(items(&data).await, CALLS);
    assert_eq!(files(&data.join("blobs/spool")), Vec::<PathBuf>::new());
    assert_eq!(files(&data.join("blobs/sha256")).len(), CALLS);
}

/// What two imports on a full disk and one with more room left behind.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    /// Imports from a folder on a disk of that size, in a mount namespace of its own.
    fn import(size: &str, source: &Path) -> Self {
        let out = tempfile::tempdir().unwrap();
        std::fs::create_dir(out.path().join("disk")).unwrap();
        let script = r#"
            set -e
            import() { "$BINARY" --data-dir disk/data --json import recordings --account acme "$CALLS"; }
            mount -t tmpfs -o size="$SIZE" tmpfs disk
            "$BINARY" --data-dir disk/data account create acme >/dev/null
            for try in 1 2; do
                set +e; import >report-$try 2>said-$try; echo $? >code-$try; set -e
                cp -r disk/data full-$try
            done
            mount -o remount,size=64m disk
            import >report
            cp -r disk/data done
        "#;
        let root = Command::new("id").arg("-u").output().unwrap().stdout == b"0\n";
        let namespace: &[&str] = if root { &["-m"] } else { &["-m", "-r"] };
        let ran = Command::new("unshare")
            .args(namespace)
            .args(["sh", "-c", script])
            .current_dir(out.path())
            .env("BINARY", BINARY)
            .env("CALLS", source)
            .env("SIZE", size)
            .output()
            .unwrap();
        assert!(
            ran.status.success(),
            "this test mounts a small disk in a mount namespace: {ran:?}"
        );
        Self(out)
    }

    fn read(&self, name: &str) -> String {
        std::fs::read_to_string(self.0.path().join(name)).unwrap()
    }

    fn assert_stopped(&self, attempt: u8, reason: &str) {
        let said = self.read(&format!("said-{attempt}"));
        assert!(said.contains(reason), "{said}");
        assert_eq!(self.read(&format!("code-{attempt}")), "3\n", "{said}");
        assert_eq!(self.read(&format!("report-{attempt}")), "");
        let spool = self.0.path().join(format!("full-{attempt}/blobs/spool"));
        assert_eq!(files(&spool), Vec::<PathBuf>::new());
    }

    fn count(&self, name: &str) -> u64 {
        let report: Value = serde_json::from_str(&self.read("report")).unwrap();
        report[name].as_u64().unwrap()
    }
}

#[tokio::test]
async fn a_disk_full_of_recordings_stops_it_and_more_room_lets_it_end() {
    let source = tempfile::tempdir().unwrap();
    calls(source.path());
    let disk = SmallDisk::import("8m", source.path());
    let mut stored = 0;
    for attempt in [1, 2] {
        disk.assert_stopped(attempt, "no space is left for recordings");
        stored = items(&disk.0.path().join(format!("full-{attempt}"))).await;
        assert!((1..CALLS).contains(&stored), "{stored}");
    }
    assert_eq!(disk.count("items_known"), stored as u64);
    assert_eq!(disk.count("items_new"), (CALLS - stored) as u64);
    assert_eq!(items(&disk.0.path().join("done")).await, CALLS);
}

#[test]
fn a_disk_full_of_rows_stops_it_and_more_room_lets_it_end() {
    let source = tempfile::tempdir().unwrap();
    let mut manifest = HEADER.to_owned();
    for n in 0..3_000 {
        manifest += &row(n, "");
    }
    std::fs::write(source.path().join("manifest.csv"), manifest).unwrap();
    let disk = SmallDisk::import("3m", source.path());
    for attempt in [1, 2] {
        disk.assert_stopped(attempt, "no space is left for the database");
    }
    let known = disk.count("interactions_known");
    assert!((1..3_000).contains(&known), "{known}");
    assert_eq!(known + disk.count("interactions_new"), 3_000);
}

#[test]
fn it_says_how_it_ended() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../demo/calls");
    let demo = demo.to_str().unwrap();
    assert!(
        ringfence(&data, &["account", "create", "acme"])
            .status
            .success()
    );

    let done = ringfence(
        &data,
        &["--json", "import", "recordings", "--account", "acme", demo],
    );
    assert_eq!(done.status.code(), Some(0), "{done:?}");
    assert_eq!(json(&done)["interactions_new"], 9);

    let bad = folder.path().join("bad");
    std::fs::create_dir(&bad).unwrap();
    let list = std::fs::read_to_string(Path::new(demo).join("manifest.csv")).unwrap();
    std::fs::write(bad.join("manifest.csv"), list.replace(",inbound,", ",in,")).unwrap();
    let bad = bad.to_str().unwrap();
    let done = ringfence(
        &data,
        &["--json", "import", "recordings", "--account", "acme", bad],
    );
    assert_eq!(
        done.status.code(),
        Some(1),
        "refused rows are findings: {done:?}"
    );
    let report = json(&done);
    assert_eq!(report["refused"], 6);
    assert_eq!(report["refusals"][0]["line"], 2);
    let done = ringfence(&data, &["import", "recordings", "--account", "acme", bad]);
    let said = String::from_utf8(done.stdout).unwrap();
    assert!(said.contains("line 2, 0001.wav: direction: "), "{said}");

    let done = ringfence(
        &data,
        &["import", "recordings", "--account", "acme", "/nowhere"],
    );
    assert_eq!(done.status.code(), Some(2), "{done:?}");
    let done = ringfence(&data, &["import", "recordings", "--account", "none", demo]);
    assert_eq!(done.status.code(), Some(2), "{done:?}");
}

#[test]
fn provisioning_is_loaded_from_the_sample_and_again() {
    let data = tempfile::tempdir().unwrap();
    let made = ringfence(
        data.path(),
        &[
            "account", "create", "widgets", "--region", "nam", "--kind", "vbc",
        ],
    );
    assert!(made.status.success(), "{made:?}");
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/../../demo/widgets.jsonl");
    let args = [
        "--json",
        "import",
        "provisioning",
        "--account",
        "widgets",
        sample,
    ];
    let first = ringfence(data.path(), &args);
    assert!(first.status.success(), "{first:?}");
    let report = json(&first);
    assert_eq!(report["extensions"]["created"], 12);
    assert_eq!(report["users"]["created"], 12);
    let again = json(&ringfence(data.path(), &args));
    assert_eq!(again["extensions"]["same"], 12);
    assert_eq!(again["users"]["same"], 12);
    assert_eq!(again["account"]["same"], 1);

    // What is wrong is the caller's to mend: exit 2, with the place.
    let broken = data.path().join("broken.jsonl");
    std::fs::write(&broken, "{\"location\":{\"id\":1}}\n").unwrap();
    let broken = broken.to_str().unwrap();
    let refused = ringfence(
        data.path(),
        &["import", "provisioning", "--account", "widgets", broken],
    );
    assert_eq!(refused.status.code(), Some(2), "{refused:?}");
    let told = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(told.contains("line 1: missing field `name`"), "{told}");
}
