//! This machine: folders, files, addresses.

use std::fs;
use std::io::ErrorKind;
use std::net::{IpAddr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::Check;
use crate::config::{BlobKind, Config, Environment};
use crate::master_key;

/// Below this, a day's recordings may not fit.
const LEAST_FREE_BYTES: u64 = 1 << 30;

pub(super) fn variables(environment: &Environment) -> Check {
    let unknown = environment.unknown();
    if unknown.is_empty() {
        return Check::pass("variables", "every RINGFENCE_* variable names a setting");
    }
    let title = format!(
        "{} {}",
        unknown.join(", "),
        if unknown.len() == 1 {
            "names no setting"
        } else {
            "name no setting"
        }
    );
    Check::unknown(
        "variables",
        title,
        "if it is misspelt, `ringfence config sample` has the right name",
    )
}

pub(super) fn data_dir(config: &Config) -> Check {
    let folder = &config.data_dir;
    let shown = folder.display();
    if !folder.exists() {
        let parent = existing_parent(folder);
        return match writable(&parent) {
            Ok(()) => Check::pass("data-dir", format!("{shown} will be made on first start")),
            Err(fault) => Check::fail(
                "data-dir",
                format!("{shown} cannot be made: {fault}"),
                format!(
                    "make it, owned by the user that runs Ringfence, or let that user write to {}",
                    parent.display()
                ),
            ),
        };
    }
    if let Err(fault) = writable(folder) {
        return Check::fail(
            "data-dir",
            format!("{shown} cannot be written: {fault}"),
            "give it to the user that runs Ringfence: chown -R USER, chmod 0700",
        );
    }
    match fs::metadata(folder).map(|data| data.permissions().mode() & 0o777) {
        Ok(mode) if mode & 0o077 != 0 => Check::fail(
            "data-dir",
            format!("{shown} is open to other users (mode {mode:04o})"),
            format!("chmod 0700 {shown}"),
        ),
        Ok(_) => Check::pass(
            "data-dir",
            format!("{shown} can be written, by its owner only"),
        ),
        Err(fault) => Check::unknown(
            "data-dir",
            format!("{shown}: {fault}"),
            "look at it as the user that runs Ringfence",
        ),
    }
}

pub(super) async fn free_space(config: &Config) -> Check {
    let folder = match config.blobs.kind {
        BlobKind::Local => existing_parent(&config.blobs_path()),
        BlobKind::S3 => existing_parent(&config.data_dir),
    };
    // `df` rather than a system call: the call needs unsafe code or one more dependency.
    let asked = tokio::process::Command::new("df")
        .arg("-Pk")
        .arg(&folder)
        .output()
        .await;
    let answer = asked
        .ok()
        .filter(|done| done.status.success())
        .map(|done| String::from_utf8_lossy(&done.stdout).into_owned());
    match answer.as_deref().and_then(free_bytes) {
        None => Check::unknown(
            "free-space",
            format!("free space under {} is not known", folder.display()),
            "look with df",
        ),
        Some(free) => {
            let title = format!("{} MiB are free under {}", free >> 20, folder.display());
            if free < LEAST_FREE_BYTES {
                Check::fail(
                    "free-space",
                    title,
                    "make room or give blobs.path a larger disk: an import or collection stops when it is full",
                )
            } else {
                Check::pass("free-space", title)
            }
        }
    }
}

/// The fourth column of the second line of `df -Pk`, in bytes.
pub(super) fn free_bytes(df: &str) -> Option<u64> {
    let blocks: u64 = df.lines().nth(1)?.split_whitespace().nth(3)?.parse().ok()?;
    blocks.checked_mul(1024)
}

pub(super) fn master_key(config: &Config) -> Check {
    if config.keys.master_key.is_some() {
        return Check::pass("master-key", "the master key is given by the settings");
    }
    let path = config.master_key_file();
    let shown = path.display();
    match master_key::read(&path) {
        Ok(None)
            if config.database.url.is_none() && config.data_dir.join("ringfence.db").exists() =>
        {
            Check::fail(
                "master-key",
                format!("{shown} is missing beside an existing database"),
                "put the file back from your copy; without it no stored secret or signing key opens",
            )
        }
        Ok(None) => Check::pass("master-key", format!("{shown} will be made on first start")),
        Err(fault) => Check::fail(
            "master-key",
            format!("{fault:#}"),
            "put the file back from your copy; it holds 64 hexadecimal digits",
        ),
        Ok(Some(_)) => match fs::metadata(&path).map(|data| data.permissions().mode() & 0o777) {
            Ok(mode) if mode & 0o077 != 0 => Check::fail(
                "master-key",
                format!("{shown} can be read by other users (mode {mode:04o})"),
                format!("chmod 0600 {shown}"),
            ),
            Ok(_) => Check::pass(
                "master-key",
                format!("{shown} can be read by its owner only"),
            ),
            Err(fault) => Check::unknown(
                "master-key",
                format!("{shown}: {fault}"),
                "look at it as the user that runs Ringfence",
            ),
        },
    }
}

pub(super) fn public_url(config: &Config) -> Check {
    let listen = config.server.listen;
    match &config.server.public_url {
        None if listen.ip().is_loopback() => Check::pass(
            "public-url",
            format!("only this machine reaches http://{listen}"),
        ),
        None => Check::fail(
            "public-url",
            format!("other machines reach {listen}, but server.public_url is not set"),
            "set server.public_url to the address clients use: tokens and discovery documents name it",
        ),
        Some(url) if url.starts_with("http://") && !is_local(url) => Check::fail(
            "public-url",
            format!("{url} is not encrypted"),
            "use https: give server.tls_cert and server.tls_key, or put a TLS proxy in front",
        ),
        Some(url) => Check::pass("public-url", format!("clients use {url}")),
    }
}

fn is_local(url: &str) -> bool {
    let host = url.trim_start_matches("http://");
    let host = host
        .strip_prefix('[')
        .map_or_else(|| host.split(':').next(), |rest| rest.split(']').next())
        .unwrap_or_default();
    host == "localhost"
        || host
            .parse()
            .is_ok_and(|address: IpAddr| address.is_loopback())
}

pub(super) fn tls(config: &Config) -> Vec<Check> {
    let server = &config.server;
    if server.tls_self_signed {
        return vec![Check::unknown(
            "tls",
            "the certificate is self-signed",
            "good for trying things out; clients must be told to trust it",
        )];
    }
    let (Some(cert), Some(key)) = (&server.tls_cert, &server.tls_key) else {
        return Vec::new();
    };
    let unreadable = [cert, key]
        .into_iter()
        .find_map(|path| fs::read(path).err().map(|fault| (path, fault)));
    if let Some((path, fault)) = unreadable {
        return vec![Check::fail(
            "tls",
            format!("{}: {fault}", path.display()),
            "the user that runs Ringfence must be able to read it",
        )];
    }
    let mode = fs::metadata(key).map_or(0, |data| data.permissions().mode() & 0o777);
    vec![if mode & 0o007 == 0 {
        Check::pass("tls", "certificate and key can be read")
    } else {
        Check::fail(
            "tls",
            format!(
                "{} can be read by everybody (mode {mode:04o})",
                key.display()
            ),
            format!("chmod 0600 {}", key.display()),
        )
    }]
}

pub(super) fn port(config: &Config) -> Check {
    let listen = config.server.listen;
    match TcpListener::bind(listen) {
        Ok(_) => Check::pass("port", format!("{listen} is free to listen on")),
        Err(fault) if fault.kind() == ErrorKind::AddrInUse => Check::unknown(
            "port",
            format!("something listens on {listen}"),
            "fine if it is this Ringfence; otherwise choose another server.listen",
        ),
        Err(fault) => Check::fail(
            "port",
            format!("{listen} cannot be listened on: {fault}"),
            "choose another server.listen; ports below 1024 need a capability",
        ),
    }
}

/// The folder itself, or the nearest one above it that exists.
fn existing_parent(folder: &Path) -> PathBuf {
    let found = folder
        .ancestors()
        .find(|above| above.exists() && !above.as_os_str().is_empty());
    found.unwrap_or(Path::new(".")).to_owned()
}

/// Tries it: permissions alone do not tell of read-only mounts and full quotas.
fn writable(folder: &Path) -> std::io::Result<()> {
    tempfile::tempfile_in(folder).map(drop)
}
