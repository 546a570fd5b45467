//! The master key of an installation: given by the settings, or a file made on first start.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::Path;

use anyhow::{Context as _, bail};
use ringfence_core::context::Random;
use ringfence_core::encoding;
use ringfence_core::seal::MasterKey;

use crate::config::Config;

/// The key the settings mean. A file is made when there is none yet and nothing sealed by an earlier one can exist.
pub(crate) fn load_or_make(config: &Config, random: &dyn Random) -> anyhow::Result<MasterKey> {
    if let Some(text) = &config.keys.master_key {
        return parse(text.reveal()).context("keys.master_key must be 64 hexadecimal digits");
    }
    let path = config.master_key_file();
    if let Some(key) = read(&path)? {
        return Ok(key);
    }
    let database = config.data_dir.join("ringfence.db");
    if config.database.url.is_none() && database.exists() {
        // Another process may have made both since we looked.
        if let Some(key) = read(&path)? {
            return Ok(key);
        }
        bail!(
            "{} is missing, but {} exists: a new key could not open what the old one sealed. Put the file back from your copy",
            path.display(),
            database.display()
        );
    }
    make(&path, random)?;
    // Of two processes that start together one makes the file; both read the same one.
    read(&path)?.with_context(|| format!("{} went away while starting", path.display()))
}

/// Reads the key file; `None` when there is none.
pub(crate) fn read(path: &Path) -> anyhow::Result<Option<MasterKey>> {
    match fs::read_to_string(path) {
        Ok(text) => {
            let key = parse(text.trim())
                .with_context(|| format!("{} must hold 64 hexadecimal digits", path.display()))?;
            Ok(Some(key))
        }
        Err(fault) if fault.kind() == ErrorKind::NotFound => Ok(None),
        Err(fault) => {
            Err(fault).with_context(|| format!("cannot read the master key {}", path.display()))
        }
    }
}

/// Makes the file with mode 0600, whole or not at all, and never over another one.
fn make(path: &Path, random: &dyn Random) -> anyhow::Result<()> {
    let cannot = || format!("cannot make the master key {}", path.display());
    let folder = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
        .unwrap_or(Path::new("."));
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(folder)
        .with_context(cannot)?;
    let text = encoding::hex(MasterKey::generate(random).expose()) + "\n";
    let mut suffix = [0_u8; 8];
    random.fill(&mut suffix);
    let temporary = folder.join(format!(".master.key.{}", encoding::hex(&suffix)));
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&temporary)
        .with_context(cannot)?;
    let made = file
        .write_all(text.as_bytes())
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::hard_link(&temporary, path));
    let removed = fs::remove_file(&temporary);
    match made {
        Err(fault) if fault.kind() == ErrorKind::AlreadyExists => Ok(()),
        made => made
            .and(removed)
            .and_then(|()| fs::File::open(folder)?.sync_all())
            .with_context(cannot),
    }
}

fn parse(text: &str) -> Option<MasterKey> {
    if text.len() != 2 * MasterKey::LEN {
        return None;
    }
    let mut key = [0_u8; MasterKey::LEN];
    for (byte, digits) in key.iter_mut().zip(text.as_bytes().chunks_exact(2)) {
        let digit = |at: usize| {
            digits
                .get(at)
                .and_then(|digit| char::from(*digit).to_digit(16))
        };
        *byte = u8::try_from(digit(0)? * 16 + digit(1)?).ok()?;
    }
    Some(MasterKey::from_bytes(key))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use ringfence_core::context::SystemRandom;

    use super::*;
    use crate::config::Hidden;

    fn config(folder: &Path) -> Config {
        Config {
            data_dir: folder.join("data"),
            ..Config::default()
        }
    }

    #[test]
    fn makes_the_file_once_for_its_owner_only() {
        let folder = tempfile::tempdir().unwrap();
        let config = config(folder.path());
        let first = load_or_make(&config, &SystemRandom).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&config.master_key_file()), 0o600);
        assert_eq!(mode(&config.data_dir), 0o700);
        assert_eq!(
            load_or_make(&config, &SystemRandom).unwrap().expose(),
            first.expose()
        );
        assert_eq!(
            fs::read_dir(&config.data_dir).unwrap().count(),
            1,
            "no temporary file stays"
        );
    }

    #[test]
    fn eight_at_once_get_one_key() {
        let folder = tempfile::tempdir().unwrap();
        let config = config(folder.path());
        let keys: Vec<[u8; 32]> = std::thread::scope(|scope| {
            let starters: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| *load_or_make(&config, &SystemRandom).unwrap().expose()))
                .collect();
            starters
                .into_iter()
                .map(|starter| starter.join().unwrap())
                .collect()
        });
        assert!(keys.iter().all(|key| *key == keys[0]));
    }

    #[test]
    fn refuses_to_make_a_second_key_for_an_existing_database() {
        let folder = tempfile::tempdir().unwrap();
        let config = config(folder.path());
        fs::create_dir_all(&config.data_dir).unwrap();
        fs::write(config.data_dir.join("ringfence.db"), "").unwrap();
        let fault = load_or_make(&config, &SystemRandom)
            .expect_err("the key is lost")
            .to_string();
        assert!(fault.contains("from your copy"), "{fault}");
        assert!(!config.master_key_file().exists());
    }

    #[test]
    fn refuses_a_damaged_file() {
        let folder = tempfile::tempdir().unwrap();
        let config = config(folder.path());
        fs::create_dir_all(&config.data_dir).unwrap();
        for text in ["", "abc", &"g".repeat(64), &"0".repeat(63), &"é".repeat(32)] {
            fs::write(config.master_key_file(), text).unwrap();
            assert!(load_or_make(&config, &SystemRandom).is_err(), "{text:?}");
        }
    }

    #[test]
    fn the_configured_key_touches_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let mut config = config(folder.path());
        config.keys.master_key = Some(Hidden::new("0A".repeat(32)));
        assert_eq!(
            load_or_make(&config, &SystemRandom).unwrap().expose(),
            &[10; 32]
        );
        assert!(!config.data_dir.exists());
    }
}
