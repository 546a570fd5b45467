//! The settings: one file per section, every key documented, unknown keys refused.
//!
//! Order of precedence: built-in default, then the TOML file, then `RINGFENCE_*` variables, then command-line flags
//! (which the caller applies). This module alone reads the environment. [`Config`] does not leave the binary: each
//! crate gets the few values it needs as its own small struct.
//!
//! Read `key.rs` for how a key is described, then any section.

mod blobs;
mod collect;
mod database;
mod directory;
mod environment;
mod gateway;
mod hidden;
mod key;
mod keys;
mod log;
mod region;
mod sample;
mod server;
mod sign_in;
#[cfg(test)]
mod tests;
mod token;
mod traffic;
mod vbc;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

pub(crate) use blobs::{BlobKind, Blobs};
pub(crate) use collect::Collect;
pub(crate) use database::Database;
pub(crate) use directory::Directory;
pub(crate) use environment::Environment;
pub(crate) use gateway::{Gateway, QuotaProfile};
pub(crate) use hidden::Hidden;
pub(crate) use keys::Keys;
pub(crate) use log::{Log, LogFormat};
pub(crate) use region::Regions;
pub(crate) use sample::sample;
pub(crate) use server::{Role, Server};
pub(crate) use sign_in::SignIn;
pub(crate) use token::{Algorithm, Token};
pub(crate) use traffic::Traffic;
pub(crate) use vbc::Vbc;

use key::{Key, Kind, Section};

/// Every setting of the binary.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Config {
    /// Where everything of this installation lies.
    pub data_dir: PathBuf,
    /// The database.
    pub database: Database,
    /// The listener and its limits.
    pub server: Server,
    /// Access tokens.
    pub token: Token,
    /// Tokens of applications.
    pub vbc: Vbc,
    /// Signing keys and the master key.
    pub keys: Keys,
    /// Live rights.
    pub directory: Directory,
    /// How people sign in.
    pub sign_in: SignIn,
    /// Where recordings lie.
    pub blobs: Blobs,
    /// Quotas and upstream routes.
    pub gateway: Gateway,
    /// The record of requests.
    pub traffic: Traffic,
    /// Host names and public address of each region.
    pub region: Regions,
    /// The collector.
    pub collect: Collect,
    /// The log.
    pub log: Log,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            data_dir: PathBuf::from("./ringfence-data"),
            database: Database::default(),
            server: Server::default(),
            token: Token::default(),
            vbc: Vbc::default(),
            keys: Keys::default(),
            directory: Directory::default(),
            sign_in: SignIn::default(),
            blobs: Blobs::default(),
            gateway: Gateway::default(),
            traffic: Traffic::default(),
            region: Regions::default(),
            collect: Collect::default(),
            log: Log::default(),
        }
    }
}

/// The keys that stand above all sections.
const TOP: Section = Section {
    path: "",
    meaning: "",
    keys: &[Key {
        name: "data_dir",
        kind: Kind::Text,
        meaning: "Folder of this installation: the SQLite database, recordings, the master key, the corpus.\n\
                  Made with mode 0700 when it does not exist. Flag: --data-dir.",
        example: "",
    }],
};

/// Every section, in the order of the sample.
fn sections() -> Vec<Section> {
    let mut sections = vec![
        TOP,
        database::SECTION,
        server::SECTION,
        token::SECTION,
        vbc::SECTION,
        keys::SECTION,
        directory::SECTION,
        sign_in::SECTION,
        blobs::SECTION,
        gateway::SECTION,
        traffic::SECTION,
    ];
    sections.extend(region::SECTIONS);
    sections.extend([collect::SECTION, log::SECTION]);
    sections
}

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// The file named by `--config` or `RINGFENCE_CONFIG` cannot be read.
    #[error("cannot read the configuration file {}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is not TOML, or holds an unknown key or a value of the wrong kind.
    #[error("{origin}: {message}")]
    Malformed {
        /// The file, or the variables.
        origin: String,
        /// The parser's words, with line and column.
        message: String,
    },
    /// A `RINGFENCE_*` variable does not hold what its key needs.
    #[error("{variable} needs {needs}")]
    Variable {
        /// The variable's name. Its value may be a secret and is not repeated.
        variable: String,
        /// What it should hold.
        needs: &'static str,
    },
    /// Each value is well formed, but they make no sense together.
    #[error("{}", faults.join("\n"))]
    Senseless {
        /// One sentence for each fault.
        faults: Vec<String>,
    },
}

impl Config {
    /// Reads the file, if one is named by the caller or by `RINGFENCE_CONFIG`, and applies the variables.
    pub(crate) fn load(file: Option<&Path>, environment: &Environment) -> Result<Self, Error> {
        let file = file
            .map(Path::to_owned)
            .or_else(|| environment.config_file());
        let (text, origin) = match &file {
            Some(path) => {
                let text = std::fs::read_to_string(path).map_err(|source| Error::Unreadable {
                    path: path.clone(),
                    source,
                })?;
                (text, path.display().to_string())
            }
            None => (String::new(), "the environment".to_owned()),
        };
        Self::parse(&text, &origin, environment)
    }

    fn parse(text: &str, origin: &str, environment: &Environment) -> Result<Self, Error> {
        let malformed = |fault: toml::de::Error| Error::Malformed {
            origin: origin.to_owned(),
            message: fault.to_string(),
        };
        // First the file alone, so that a fault in it is reported with its line.
        let _: Self = toml::from_str(text).map_err(malformed)?;
        let file: toml::Table = toml::from_str(text).map_err(malformed)?;
        // The file goes over the defaults key by key: a table it opens keeps the defaults of the keys it leaves out,
        // also where they differ between two tables of one kind, as in the regions.
        let mut table = toml::Table::try_from(Self::default()).unwrap_or_default();
        lay_over(&mut table, file);
        environment.apply(&mut table)?;
        let config: Self = table.try_into().map_err(malformed)?;
        let faults = config.faults();
        if !faults.is_empty() {
            return Err(Error::Senseless { faults });
        }
        Ok(config)
    }

    /// What is well formed but makes no sense, one sentence each.
    fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        self.database.faults(&mut faults);
        self.server.faults(&mut faults);
        self.token.faults(&mut faults);
        self.vbc.faults(&mut faults);
        self.keys.faults(&self.token, &mut faults);
        self.directory.faults(&mut faults);
        self.sign_in.faults(&mut faults);
        self.blobs.faults(&mut faults);
        self.gateway.faults(&mut faults);
        self.traffic.faults(&mut faults);
        self.region.faults(&mut faults);
        self.collect.faults(&mut faults);
        faults
    }

    /// The database this configuration means: the one named, or a SQLite file in the data folder.
    pub(crate) fn database_url(&self) -> String {
        match &self.database.url {
            Some(url) => url.reveal().to_owned(),
            None => format!("sqlite://{}", self.data_dir.join("ringfence.db").display()),
        }
    }

    /// Where recordings lie when they lie on the local disk.
    pub(crate) fn blobs_path(&self) -> PathBuf {
        self.blobs
            .path
            .clone()
            .unwrap_or_else(|| self.data_dir.join("blobs"))
    }

    /// The file that holds the master key, unless the key itself is configured.
    pub(crate) fn master_key_file(&self) -> PathBuf {
        self.keys
            .master_key_file
            .clone()
            .unwrap_or_else(|| self.data_dir.join("master.key"))
    }
}

/// Lays one table over another, going into the tables both have.
fn lay_over(lower: &mut toml::Table, upper: toml::Table) {
    for (name, value) in upper {
        match (lower.get_mut(&name), value) {
            (Some(toml::Value::Table(lower)), toml::Value::Table(upper)) => lay_over(lower, upper),
            (_, value) => {
                lower.insert(name, value);
            }
        }
    }
}
