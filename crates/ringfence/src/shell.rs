//! What every command works with: the settings, the store, and where its words go.

use crate::config::{Algorithm, BlobKind, Config, Gateway, QuotaProfile, SignIn};
use crate::failure::Usage;
use crate::master_key;
use anyhow::Context as _;
use ringfence_app::context::{Ctx, Settings};
use ringfence_app::quota::{Limits, Rate};
use ringfence_app::session::SessionLimits;
use ringfence_app::sign_in::sso::{Keeper, Provider, SsoSettings};
use ringfence_app::traffic::TrafficLimits;
use ringfence_core::account::{AccountName, Region, TokenAlg};
use ringfence_core::context::{SystemClock, SystemRandom};
use ringfence_core::key_schedule::KeySchedule;
use ringfence_core::seal::MasterKey;
use ringfence_core::secret::Secret;
use ringfence_store::blobs::{BlobStore, S3Settings};
use ringfence_store::db::Db;
use std::io::Read as _;
use std::sync::Arc;

const LONGEST_SECRET: u64 = 4096;

/// The settings in force and how to speak.
#[derive(Debug)]
pub(crate) struct Shell {
    /// File, variables and flags together.
    pub(crate) config: Config,
    /// Whether `--data-dir` was given.
    pub(crate) data_dir_given: bool,
    /// Machines read: one JSON value on standard output.
    pub(crate) json: bool,
    /// How many more `-v` than `-q` were given.
    pub(crate) louder: i32,
}

impl Shell {
    /// Opens the store with everything an act needs, but the directory.
    pub(crate) async fn open(&self, public_url: Option<String>) -> anyhow::Result<Ctx> {
        let (db, master) = self.open_db().await?;
        let blobs = self.open_blobs().await?;
        let settings = self.settings(public_url)?;
        let ctx = Ctx::new(
            db,
            blobs,
            Arc::new(SystemClock::new()),
            Arc::new(SystemRandom),
            &master,
            settings,
        )?;
        Ok(ctx)
    }

    /// Opens the database and the master key.
    pub(crate) async fn open_db(&self) -> anyhow::Result<(Db, MasterKey)> {
        // The key first: a key file is made only where there is no database yet.
        let master = master_key::load_or_make(&self.config, &SystemRandom)?;
        let db = Db::open(
            &self.config.database_url(),
            self.config.database.max_connections,
        )
        .await
        .context("cannot open the database")?;
        Ok((db, master))
    }

    /// Opens the blob store that the settings mean.
    pub(crate) async fn open_blobs(&self) -> anyhow::Result<BlobStore> {
        let blobs = &self.config.blobs;
        let path = self.config.blobs_path();
        let opened = match blobs.kind {
            BlobKind::Local => BlobStore::open_disk(&path).await,
            BlobKind::S3 => {
                let settings = S3Settings {
                    bucket: blobs.bucket.clone().unwrap_or_default(),
                    prefix: blobs.prefix.clone().unwrap_or_default(),
                    region: blobs
                        .region
                        .clone()
                        .unwrap_or_else(|| "us-east-1".to_owned()),
                    endpoint: blobs.endpoint.clone(),
                    access_key_id: blobs.access_key_id.clone().unwrap_or_default(),
                    secret_access_key: blobs
                        .secret_access_key
                        .as_ref()
                        .map(|k| k.reveal().to_owned())
                        .unwrap_or_default(),
                };
                BlobStore::open_s3(&settings, &path.join("spool")).await
            }
        };
        opened.context("cannot open the blob store")
    }

    fn settings(&self, public_url: Option<String>) -> anyhow::Result<Settings> {
        let config = &self.config;
        let mut hosts = Vec::new();
        for (name, region) in config.region.named() {
            let parsed = Region::parse(name).context("a region of the settings")?;
            hosts.extend(
                region
                    .hosts
                    .iter()
                    .map(|host| (host.to_lowercase(), parsed)),
            );
        }
        Ok(Settings {
            public_url: config
                .server
                .public_url
                .clone()
                .or(public_url)
                .unwrap_or_else(|| format!("http://{}", config.server.listen))
                .trim_end_matches('/')
                .to_owned(),
            hosts,
            token_ttl_secs: config.token.ttl_secs,
            clock_skew_secs: config.token.clock_skew_secs,
            max_staleness_ms: config.directory.max_staleness_secs.saturating_mul(1000),
            poll_ms: config.directory.poll_ms,
            keys: KeySchedule {
                announce_secs: config.keys.announce_secs,
                use_secs: config.keys.rotate_secs,
                retire_secs: config.keys.retire_secs,
            },
            limits: quota_limits(&config.gateway),
            session_limits: SessionLimits {
                idle_secs: config.sign_in.session_idle_secs,
                longest_secs: config.sign_in.session_longest_secs,
            },
            vbc: config.vbc.settings(),
            providers: providers(&config.sign_in)?,
            sso: sso_settings(&config.sign_in)?,
            traffic: TrafficLimits {
                admitted_per_second: config.traffic.admitted_per_second,
                refused_per_second: config.traffic.refused_per_second,
                days_kept: config.traffic.days_kept,
                requests_per_account: config.traffic.requests_per_account,
            },
            ..Settings::default()
        })
    }

    /// The signature of tokens where neither account nor credential says otherwise.
    pub(crate) const fn default_token_alg(&self) -> TokenAlg {
        match self.config.token.algorithm {
            Algorithm::Rs256 => TokenAlg::Rs256,
            Algorithm::Es256 => TokenAlg::Es256,
        }
    }

    /// Prints what machines read, and nothing else goes to standard output.
    pub(crate) fn print_json(&self, value: &serde_json::Value) {
        anstream::println!("{value}");
    }

    /// Prints a line for people; silent under `--json`.
    pub(crate) fn say(&self, line: impl std::fmt::Display) {
        if !self.json {
            anstream::println!("{line}");
        }
    }

    /// Prints rows under headings; silent under `--json`.
    pub(crate) fn table(&self, headings: &[&str], rows: &[Vec<String>]) {
        if self.json {
            return;
        }
        let mut table = comfy_table::Table::new();
        table
            .load_style(comfy_table::presets::NOTHING)
            .set_header(headings);
        for row in rows {
            table.add_row(row);
        }
        anstream::println!("{table}");
    }
}

/// Reads a secret from standard input, without the line's end.
pub(crate) fn secret_from_stdin(what: &str) -> anyhow::Result<String> {
    let mut text = String::new();
    std::io::stdin()
        .take(LONGEST_SECRET + 1)
        .read_to_string(&mut text)
        .context("standard input is not text")?;
    let text = text.trim_end_matches(['\r', '\n']).to_owned();
    if text.is_empty() || text.len() as u64 > LONGEST_SECRET {
        return Err(Usage(format!(
            "give the {what} on standard input, at most {LONGEST_SECRET} bytes"
        ))
        .into());
    }
    Ok(text)
}

/// Reads a span of time: `90s`, `15m`, `24h`, `7d`.
pub(crate) fn span_secs(text: &str) -> Result<u32, String> {
    let unit = text.char_indices().last().map(|(at, _)| text.split_at(at));
    let (digits, factor) = match unit {
        Some((digits, "s")) => (digits, 1),
        Some((digits, "m")) => (digits, 60),
        Some((digits, "h")) => (digits, 3_600),
        Some((digits, "d")) => (digits, 86_400),
        Some(_) | None => return Err("a span is a number and s, m, h or d, such as 24h".to_owned()),
    };
    let number: u32 = digits
        .parse()
        .map_err(|_| "a span is a number and s, m, h or d, such as 24h".to_owned())?;
    number
        .checked_mul(factor)
        .ok_or_else(|| "that span is too long".to_owned())
}

/// The providers that people sign in through, with their secrets.
fn providers(sign_in: &SignIn) -> anyhow::Result<Vec<Provider>> {
    let mut providers = Vec::new();
    for one in &sign_in.providers {
        let secret = match (&one.client_secret, &one.client_secret_file) {
            (Some(secret), _) => secret.reveal().to_owned(),
            (None, Some(file)) => std::fs::read_to_string(file)
                .with_context(|| format!("cannot read {}", file.display()))?
                .trim_end_matches(['\r', '\n'])
                .to_owned(),
            (None, None) => String::new(),
        };
        providers.push(Provider {
            name: one.name.clone(),
            title: one.title.clone().unwrap_or_else(|| one.name.clone()),
            issuer: one.issuer.clone(),
            client_id: one.client_id.clone(),
            client_secret: Secret::new(secret),
            account: AccountName::parse(&one.account).context("sign_in.provider")?,
            scopes: one.scopes.clone(),
            username_claim: one.username_claim.clone(),
            link_by_email: one.link_by_email,
            ask_code: one.ask_code,
            keeper: Keeper::Settings,
        });
    }
    Ok(providers)
}

/// How providers are spoken with.
fn sso_settings(sign_in: &SignIn) -> anyhow::Result<SsoSettings> {
    let read = |file: &std::path::PathBuf| {
        std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))
    };
    Ok(SsoSettings {
        private_addresses: sign_in.private_providers,
        extra_roots: sign_in.extra_roots_file.as_ref().map(read).transpose()?,
    })
}

/// How many calls the settings let an account make.
fn quota_limits(gateway: &Gateway) -> Limits {
    match gateway.quota_profile {
        QuotaProfile::Vcc => Limits::vcc(),
        QuotaProfile::Open => Limits {
            account: Some(Rate::per_minute(gateway.requests_per_minute)),
            ..Limits::open()
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_have_a_number_and_a_unit() {
        assert_eq!(span_secs("24h"), Ok(86_400));
        assert_eq!(span_secs("0s"), Ok(0));
        for bad in ["", "h", "24", "1.5h", "-1h", "24hé", "9999999d"] {
            assert!(span_secs(bad).is_err(), "{bad}");
        }
    }
}
