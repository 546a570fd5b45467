use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::*;
use crate::config::Config;

fn shell(folder: &Path) -> Shell {
    let mut config = Config {
        data_dir: folder.join("data"),
        ..Config::default()
    };
    config.server.listen.set_port(0);
    Shell {
        data_dir_given: true,
        config,
        json: false,
        louder: 0,
    }
}

async fn verdict(shell: &Shell, id: &str) -> Verdict {
    let checks = look(shell, &Environment::default()).await;
    checks
        .into_iter()
        .find(|check| check.id == id)
        .unwrap_or_else(|| panic!("no check {id}"))
        .verdict
}

#[tokio::test]
async fn a_new_installation_is_well_and_is_not_made_by_looking() {
    let folder = tempfile::tempdir().unwrap();
    let shell = shell(folder.path());
    let checks = look(&shell, &Environment::default()).await;
    let failed: Vec<_> = checks
        .iter()
        .filter(|check| check.verdict == Verdict::Fail && check.id != "free-space")
        .collect();
    assert!(failed.is_empty(), "{failed:?}");
    assert!(!shell.config.data_dir.exists());
}

#[tokio::test]
async fn an_installation_in_use_is_well() {
    let folder = tempfile::tempdir().unwrap();
    let shell = shell(folder.path());
    drop(shell.open(None).await.unwrap());
    for id in ["data-dir", "master-key", "database", "blobs"] {
        assert_eq!(verdict(&shell, id).await, Verdict::Pass, "{id}");
    }
}

#[tokio::test]
async fn a_key_or_folder_open_to_others_fails() {
    let folder = tempfile::tempdir().unwrap();
    let shell = shell(folder.path());
    drop(shell.open(None).await.unwrap());
    fs::set_permissions(&shell.config.data_dir, fs::Permissions::from_mode(0o755)).unwrap();
    fs::set_permissions(
        shell.config.master_key_file(),
        fs::Permissions::from_mode(0o644),
    )
    .unwrap();
    assert_eq!(verdict(&shell, "data-dir").await, Verdict::Fail);
    assert_eq!(verdict(&shell, "master-key").await, Verdict::Fail);
}

#[tokio::test]
async fn a_lost_key_beside_a_database_fails() {
    let folder = tempfile::tempdir().unwrap();
    let shell = shell(folder.path());
    drop(shell.open(None).await.unwrap());
    fs::remove_file(shell.config.master_key_file()).unwrap();
    assert_eq!(verdict(&shell, "master-key").await, Verdict::Fail);
}

#[tokio::test]
async fn a_damaged_database_fails() {
    let folder = tempfile::tempdir().unwrap();
    let shell = shell(folder.path());
    drop(shell.open(None).await.unwrap());
    for ending in ["", "-wal", "-shm"] {
        let file = shell.config.data_dir.join(format!("ringfence.db{ending}"));
        if file.exists() || ending.is_empty() {
            fs::write(
                file,
                "this is no database at all, not even a little one ".repeat(100),
            )
            .unwrap();
        }
    }
    assert_eq!(verdict(&shell, "database").await, Verdict::Fail);
}

#[tokio::test]
async fn an_unreachable_server_fails() {
    let folder = tempfile::tempdir().unwrap();
    let mut shell = shell(folder.path());
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    shell.config.database.url = Some(crate::config::Hidden::new(format!(
        "postgres://u:p@127.0.0.1:{port}/d"
    )));
    assert_eq!(verdict(&shell, "database").await, Verdict::Fail);
}

#[tokio::test]
async fn a_public_listener_needs_a_public_address_and_tls() {
    let folder = tempfile::tempdir().unwrap();
    let mut shell = shell(folder.path());
    assert_eq!(verdict(&shell, "public-url").await, Verdict::Pass);
    shell.config.server.listen = "0.0.0.0:0".parse().unwrap();
    assert_eq!(verdict(&shell, "public-url").await, Verdict::Fail);
    for (url, expected) in [
        ("http://calls.example.com", Verdict::Fail),
        ("https://calls.example.com", Verdict::Pass),
        ("http://localhost:8080", Verdict::Pass),
        ("http://[::1]:8080", Verdict::Pass),
        ("http://127.0.0.1.example.com", Verdict::Fail),
    ] {
        shell.config.server.public_url = Some(url.to_owned());
        assert_eq!(verdict(&shell, "public-url").await, expected, "{url}");
    }
}

#[tokio::test]
async fn a_taken_port_is_for_a_person_to_judge() {
    let folder = tempfile::tempdir().unwrap();
    let mut shell = shell(folder.path());
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    shell.config.server.listen = taken.local_addr().unwrap();
    assert_eq!(verdict(&shell, "port").await, Verdict::Unknown);
}

#[test]
fn reads_what_df_prints() {
    let df = "Filesystem     1024-blocks     Used Available Capacity Mounted on\n/dev/vda         263174212 19000000  76543210      21% /\n";
    assert_eq!(machine::free_bytes(df), Some(76_543_210 * 1024));
    assert_eq!(machine::free_bytes("df: no such thing\n"), None);
}
