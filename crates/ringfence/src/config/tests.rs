use std::path::{Path, PathBuf};

use super::*;

fn environment(pairs: &[(&str, &str)]) -> Environment {
    Environment::new(
        pairs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
    )
}

fn parse(text: &str) -> Result<Config, Error> {
    Config::parse(text, "test", &Environment::default())
}

fn refusal(text: &str) -> String {
    parse(text)
        .expect_err("the settings should be refused")
        .to_string()
}

#[test]
fn the_committed_sample_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../ringfence.sample.toml");
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    let current = sample();
    if committed != current {
        std::fs::write(&path, current).unwrap();
        panic!(
            "ringfence.sample.toml was out of date and is written anew: look at it and commit it"
        );
    }
}

#[test]
fn the_sample_changes_nothing() {
    assert_eq!(parse(&sample()).unwrap(), Config::default());
}

#[test]
fn the_examples_in_the_sample_are_valid() {
    // One at a time, because some exclude each other. The keys of a route and of a provider are tried together below.
    let outside = sample()
        .replace(gateway::ROUTE_SAMPLE, "")
        .replace(sign_in::PROVIDER_SAMPLE, "");
    for line in outside
        .lines()
        .filter(|line| line.starts_with('#') && !line.starts_with("# "))
    {
        let key = line.trim_start_matches('#');
        let result: Result<Config, _> = toml::from_str(&outside.replacen(line, key, 1));
        assert!(result.is_ok(), "{key}: {result:?}");
    }
    let together = |table: &str| {
        let keys = table.lines().filter(|line| !line.starts_with("# "));
        let keys: String = keys
            .map(|line| format!("{}\n", line.trim_start_matches('#')))
            .collect();
        toml::from_str::<Config>(&keys).unwrap()
    };
    let config = together(gateway::ROUTE_SAMPLE);
    assert_eq!(config.gateway.routes[0].requests_per_minute, Some(600));
    let config = together(sign_in::PROVIDER_SAMPLE);
    assert_eq!(config.sign_in.providers[0].name, "corp");
}

#[test]
fn every_key_with_a_default_is_described_and_no_other() {
    let defaults = toml::Value::try_from(Config::default()).unwrap();
    for section in sections() {
        let parts = section.path.split('.').filter(|part| !part.is_empty());
        let table = parts.fold(&defaults, |inner, part| inner.get(part).unwrap());
        for (name, value) in table
            .as_table()
            .unwrap()
            .iter()
            .filter(|(_, value)| !value.is_table())
        {
            let key = section.keys.iter().find(|key| key.name == name);
            let key = key.unwrap_or_else(|| panic!("{}.{name} is not described", section.path));
            let fits = match key.kind {
                Kind::Text => value.is_str(),
                Kind::Number => value.is_integer(),
                Kind::Flag => value.is_bool(),
                Kind::List => value.is_array(),
            };
            assert!(fits, "{}.{name} is no {:?}", section.path, key.kind);
        }
        for key in section.keys {
            assert_eq!(
                table.get(key.name).is_none(),
                !key.example.is_empty(),
                "{}.{}: example or default",
                section.path,
                key.name
            );
            assert!(!key.meaning.is_empty());
        }
    }
}

#[test]
fn refuses_an_unknown_key_and_says_where() {
    let message = refusal("[server]\nlisten = \"127.0.0.1:1\"\nlistn = 3\n");
    assert!(
        message.contains("line 3") && message.contains("listn"),
        "{message}"
    );
}

#[test]
fn variables_override_the_file() {
    let variables = environment(&[
        ("RINGFENCE_DATA_DIR", "/var/lib/ringfence"),
        ("RINGFENCE_DATABASE_URL", "postgres://u:p@h/d"),
        ("RINGFENCE_SERVER_LISTEN", "0.0.0.0:443"),
        ("RINGFENCE_SERVER_ROLES", "issue, guard"),
        ("RINGFENCE_SERVER_TLS_SELF_SIGNED", "true"),
        ("RINGFENCE_TOKEN_TTL_SECS", "600"),
        ("RINGFENCE_REGION_NAM_PUBLIC_URL", "https://nam.example"),
    ]);
    let config = Config::parse(
        "[server]\nlisten = \"127.0.0.1:1\"\ndrain_secs = 7\n",
        "test",
        &variables,
    )
    .unwrap();
    assert_eq!(config.data_dir, PathBuf::from("/var/lib/ringfence"));
    assert_eq!(config.database_url(), "postgres://u:p@h/d");
    assert_eq!(config.server.listen.to_string(), "0.0.0.0:443");
    assert_eq!(config.server.roles, [Role::Issue, Role::Guard]);
    assert!(config.server.tls_self_signed);
    assert_eq!(config.server.drain_secs, 7);
    assert_eq!(config.token.ttl_secs, 600);
    assert_eq!(
        config.region.nam.public_url.as_deref(),
        Some("https://nam.example")
    );
    assert!(
        config
            .region
            .nam
            .hosts
            .contains(&"nam.api.cc.vonage.com".to_owned())
    );
    assert!(variables.unknown().is_empty());
}

#[test]
fn a_variable_of_the_wrong_kind_is_named_without_its_value() {
    let variables = environment(&[("RINGFENCE_TOKEN_TTL_SECS", "s3cret")]);
    let message = Config::parse("", "test", &variables)
        .expect_err("no number")
        .to_string();
    assert_eq!(message, "RINGFENCE_TOKEN_TTL_SECS needs a whole number");
}

#[test]
fn misspelt_variables_are_found() {
    let variables = environment(&[
        ("RINGFENCE_SERVER_LISTN", "x"),
        ("RINGFENCE_TEST_PG", "x"),
        ("PATH", "x"),
    ]);
    assert_eq!(variables.unknown(), ["RINGFENCE_SERVER_LISTN"]);
}

#[test]
fn secrets_are_not_shown() {
    let text = "[database]\nurl = \"postgres://u:hunter2@h/d\"\n[blobs]\nsecret_access_key = \"hunter2\"\n";
    let config = parse(text).unwrap();
    assert!(!format!("{config:?}").contains("hunter2"));
    assert!(!toml::to_string(&config).unwrap().contains("hunter2"));
}

#[test]
fn refuses_settings_that_make_no_sense() {
    let cases = [
        ("[token]\nttl_secs = 90000", "token.ttl_secs"),
        ("[token]\nclock_skew_secs = 61", "token.clock_skew_secs"),
        ("[keys]\nannounce_secs = 60", "keys.announce_secs"),
        ("[keys]\nretire_secs = 60", "keys.retire_secs"),
        ("[keys]\nmaster_key = \"abc\"", "keys.master_key"),
        ("[directory]\npoll_ms = 5000", "directory.poll_ms"),
        ("[server]\ntls_cert = \"a\"", "server.tls_key"),
        (
            "[server]\npublic_url = \"calls.example\"",
            "server.public_url",
        ),
        (
            "[server]\npublic_url = \"https://calls.example/\"",
            "server.public_url",
        ),
        ("[server]\nroles = []", "server.roles"),
        (
            "[server]\ntrusted_proxies = [\"10.0.0.0/33\"]",
            "server.trusted_proxies",
        ),
        ("[blobs]\nkind = \"s3\"", "blobs.bucket"),
        ("[database]\nurl = \"mysql://h/d\"", "database.url"),
        (
            "[region.emea]\nhosts = [\"nam.cc.vonage.com\"]",
            "belongs to another region",
        ),
        ("[collect]\nparallel = 0", "collect.parallel"),
    ];
    for (text, named) in cases {
        let message = refusal(text);
        assert!(message.contains(named), "{text}: {message}");
    }
}

#[test]
fn reports_every_fault_of_a_route() {
    let route = "[[gateway.route]]\nname = \"x\"\nmethods = [\"get\"]\npath = \"a\"\nscopes = [\"\"]\nupstream = \"h\"\n";
    let message = refusal(route);
    assert_eq!(message.lines().count(), 4, "{message}");
}

#[test]
fn a_missing_file_is_named() {
    let fault = Config::load(
        Some(Path::new("/no/such/file.toml")),
        &Environment::default(),
    )
    .expect_err("no file");
    assert_eq!(
        fault.to_string(),
        "cannot read the configuration file /no/such/file.toml"
    );
}

#[test]
fn paths_default_into_the_data_folder() {
    let config = parse("data_dir = \"d\"").unwrap();
    assert_eq!(config.database_url(), "sqlite://d/ringfence.db");
    assert_eq!(config.blobs_path(), Path::new("d/blobs"));
    assert_eq!(config.master_key_file(), Path::new("d/master.key"));
}
