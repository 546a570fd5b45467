//! Guards the house: what the compiler and clippy cannot see. Each failure names the file and the rule.
//!
//! Changing an edge between crates means changing the tables here and in `deny.toml` on purpose.

#![expect(clippy::panic, reason = "a test fails by panicking")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Each crate and the crates of ours it may name outside tests.
const EDGES: &[(&str, &[&str])] = &[
    ("ringfence-core", &[]),
    ("ringfence-store", &["ringfence-core"]),
    ("ringfence-app", &["ringfence-core", "ringfence-store"]),
    ("ringfence-server", &["ringfence-core", "ringfence-app"]),
    ("ringfence-collect", &["ringfence-core", "ringfence-store"]),
    (
        "ringfence",
        &[
            "ringfence-core",
            "ringfence-store",
            "ringfence-app",
            "ringfence-server",
            "ringfence-collect",
        ],
    ),
    (
        "ringfence-testkit",
        &[
            "ringfence-core",
            "ringfence-store",
            "ringfence-app",
            "ringfence-server",
            "ringfence-collect",
        ],
    ),
];

/// Crates whose tests may use the test kit. Core and store bring their own small harness.
const TESTKIT_USERS: &[&str] = &[
    "ringfence-app",
    "ringfence-server",
    "ringfence-collect",
    "ringfence",
];

/// External crates that only one crate of ours may name. The test kit may name all of them.
const OWNED: &[(&str, &[&str])] = &[
    (
        "ringfence-core",
        &[
            "age",
            "aws-lc-rs",
            "base64",
            "jiff",
            "jsonwebtoken",
            "subtle",
            "uuid",
        ],
    ),
    ("ringfence-store", &["object_store", "sqlx"]),
    (
        "ringfence-server",
        &[
            "askama",
            "axum",
            "axum-extra",
            "hyper",
            "hyper-util",
            "tower",
            "tower-http",
            "qrcodegen",
            "utoipa",
        ],
    ),
    ("ringfence-collect", &["arrow", "parquet", "reqwest"]),
    (
        "ringfence",
        &["clap", "clap_complete", "toml", "tracing-subscriber"],
    ),
];

/// A file longer than this is split; clippy watches the functions.
const MOST_LINES: usize = 600;

/// Written apart, so that this file does not refuse itself.
const FORBIDDEN: &[(&str, &str)] = &[
    (
        concat!("#[", "allow("),
        "silence a lint with #[expect(…, reason = …)]",
    ),
    (
        concat!("#![", "allow("),
        "silence a lint with #[expect(…, reason = …)]",
    ),
    (concat!("#[", "ignore"), "a test runs or does not exist"),
    (concat!("#[", "should_panic"), "assert on the error instead"),
    (concat!("tod", "o!("), "what is not built is left out"),
    (
        concat!("unimple", "mented!("),
        "what is not built is left out",
    ),
];

#[test]
fn crates_name_only_the_floors_below() {
    for (name, allowed) in EDGES {
        let manifest = manifest(name);
        for dependency in dependencies(&manifest, &["dependencies", "build-dependencies"]) {
            assert!(
                !dependency.starts_with("ringfence") || allowed.contains(&dependency.as_str()),
                "{name} may not depend on {dependency}"
            );
        }
        for dependency in dependencies(&manifest, &["dev-dependencies"]) {
            let kit = dependency == "ringfence-testkit" && TESTKIT_USERS.contains(name);
            assert!(
                !dependency.starts_with("ringfence")
                    || allowed.contains(&dependency.as_str())
                    || kit,
                "tests of {name} may not depend on {dependency}"
            );
        }
    }
}

#[test]
fn every_crate_is_in_the_table_and_inherits_the_lints() {
    let known: BTreeSet<&str> = EDGES.iter().map(|(name, _)| *name).collect();
    for folder in children(&root().join("crates")) {
        let name = file_name(&folder);
        assert!(
            known.contains(name.as_str()),
            "crates/{name} is not in the table of edges: a new crate needs a decision file"
        );
        let manifest = manifest(&name);
        assert_eq!(
            manifest["package"]["name"].as_str(),
            Some(name.as_str()),
            "a folder has the name of its crate"
        );
        assert_eq!(
            manifest
                .get("lints")
                .and_then(|lints| lints.get("workspace"))
                .and_then(toml::Value::as_bool),
            Some(true),
            "crates/{name} does not inherit the workspace's lints"
        );
    }
}

#[test]
fn external_crates_stay_with_the_crate_that_owns_them() {
    for (name, _) in EDGES {
        if *name == "ringfence-testkit" {
            continue;
        }
        let named = dependencies(&manifest(name), &["dependencies", "build-dependencies"]);
        for (owner, externals) in OWNED {
            for external in *externals {
                assert!(
                    owner == name || !named.contains(*external),
                    "{name} names {external}, which belongs to {owner}"
                );
            }
        }
    }
}

#[test]
fn deny_toml_holds_the_same_edges() {
    let deny = read_toml(&root().join("deny.toml"));
    let mut wrappers: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for entry in deny["bans"]["deny"]
        .as_array()
        .expect("bans.deny is a list")
    {
        let name = entry["crate"].as_str().expect("each entry names a crate");
        if let Some(list) = entry.get("wrappers").and_then(toml::Value::as_array) {
            let list = list
                .iter()
                .filter_map(|wrapper| wrapper.as_str().map(str::to_owned))
                .collect();
            wrappers.insert(name.to_owned(), list);
        }
    }
    for (lower, _) in EDGES.iter().filter(|(name, _)| *name != "ringfence-core") {
        let mut expected: BTreeSet<String> = EDGES
            .iter()
            .filter(|(_, allowed)| allowed.contains(lower))
            .map(|(name, _)| (*name).to_owned())
            .collect();
        if *lower == "ringfence-testkit" {
            expected.extend(TESTKIT_USERS.iter().map(|name| (*name).to_owned()));
        }
        assert_eq!(
            wrappers.get(*lower),
            Some(&expected),
            "deny.toml, wrappers of {lower}"
        );
    }
}

#[test]
fn rooms_of_the_server_do_not_import_each_other() {
    let source = root().join("crates/ringfence-server/src");
    let rooms: Vec<String> = children(&source)
        .into_iter()
        .filter(|path| path.is_dir())
        .map(|path| file_name(&path))
        // The table of URLs names what answers each.
        .filter(|name| name != "routes")
        .collect();
    for room in rooms.iter().filter(|room| *room != "web") {
        for file in rust_files(&source.join(room)) {
            for named in names_after_crate(&code_of(&file)) {
                assert!(
                    named == *room || named == "web" || !rooms.contains(&named),
                    "{}: room {room} imports room {named}; they meet in routes/ and router.rs and share only web/",
                    shown(&file)
                );
            }
        }
    }
}

#[test]
fn rooms_and_crates_say_what_they_are_for() {
    for (name, _) in EDGES {
        let source = root().join("crates").join(name).join("src");
        let door = ["lib.rs", "main.rs"]
            .map(|file| source.join(file))
            .into_iter()
            .find(|file| file.exists());
        let mut doors = vec![door.expect("a crate has a lib.rs or a main.rs")];
        doors.extend(
            children(&source)
                .into_iter()
                .map(|room| room.join("mod.rs"))
                .filter(|file| file.exists()),
        );
        for door in doors {
            let text = read(&door);
            let opening = text
                .lines()
                .take_while(|line| line.starts_with("//!"))
                .count();
            assert!(
                (1..=20).contains(&opening),
                "{} opens with {opening} lines of `//!`; 1 to 20 are right",
                shown(&door)
            );
        }
    }
}

#[test]
fn files_stay_short_and_are_named_for_what_they_hold() {
    for file in all_rust_files() {
        let lines = read(&file).lines().count();
        assert!(
            lines <= MOST_LINES,
            "{} has {lines} lines; {MOST_LINES} is the most",
            shown(&file)
        );
        let name = file_name(&file);
        assert!(
            !["utils.rs", "util.rs", "helpers.rs", "common.rs", "misc.rs"].contains(&name.as_str()),
            "{}: name the file for what it holds",
            shown(&file)
        );
    }
}

#[test]
fn nothing_is_silenced_skipped_or_left_for_later() {
    for file in all_rust_files() {
        let text = read(&file);
        for (needle, reason) in FORBIDDEN {
            assert!(
                !text.contains(needle),
                "{}: {needle} … {reason}",
                shown(&file)
            );
        }
    }
}

#[test]
fn both_migration_sets_have_the_same_numbers() {
    let folder = root().join("crates/ringfence-store/migrations");
    let numbers = |engine: &str| -> Vec<String> {
        let mut names: Vec<String> = children(&folder.join(engine))
            .iter()
            .map(|path| file_name(path))
            .collect();
        names.sort();
        names
    };
    let sqlite = numbers("sqlite");
    assert_eq!(sqlite, numbers("postgres"), "the two sets differ");
    assert!(!sqlite.is_empty(), "there are no migrations");
    for (index, name) in sqlite.iter().enumerate() {
        assert!(
            name.starts_with(&format!("{:04}_", index + 1)),
            "{name}: migrations are numbered from 0001 without a hole"
        );
    }
}

#[test]
fn every_reason_code_is_explained_to_integrators() {
    let page = read(&root().join("docs/integrators.md"));
    let mut codes = BTreeSet::new();
    for file in all_rust_files()
        .iter()
        .filter(|file| !shown(file).starts_with("crates/ringfence/"))
        // What the portal calls things there is no refusal.
        .filter(|file| !shown(file).starts_with("crates/ringfence-app/src/manage/"))
    {
        let text = read(file);
        for body in text.split("fn code(self)").skip(1) {
            let body = body.split("\n    }").next().unwrap_or_default();
            codes.extend(body.split('"').skip(1).step_by(2).map(str::to_owned));
        }
    }
    assert!(
        codes.len() > 40,
        "only {} reason codes are found",
        codes.len()
    );
    for code in codes {
        assert!(
            page.contains(&format!("`{code}`")),
            "docs/integrators.md does not explain `{code}`"
        );
    }
}

#[test]
fn every_fork_between_the_engines_is_written_down() {
    let page = read(&root().join("docs/decisions/0001-one-sql-text-for-two-engines.md"));
    let store = root().join("crates/ringfence-store");
    for file in rust_files(&store.join("src")) {
        let name = file
            .strip_prefix(store.join("src"))
            .unwrap_or(&file)
            .display()
            .to_string();
        assert!(
            name.starts_with("db/")
                || !code_of(&file).contains("Dialect::")
                || page.contains(&format!("`{name}`")),
            "{} forks between the engines; docs/decisions/0001 must list `{name}`",
            shown(&file)
        );
    }
}

#[test]
fn every_path_in_the_architecture_page_exists() {
    let page = read(&root().join("ARCHITECTURE.md"));
    let paths = paths_named(&page);
    assert!(
        paths.len() > 20,
        "the page names only {} paths: does the reader of this test still find them?",
        paths.len()
    );
    for path in paths {
        let found = [root(), root().join("crates")]
            .iter()
            .any(|base| base.join(&path).exists());
        assert!(found, "ARCHITECTURE.md names {path}, which does not exist");
    }
}

#[test]
fn the_page_reader_finds_paths() {
    let page = "The walk: `ringfence-app/src/token/` and `gateway/admit.rs`\n\n    docs/x.md   text\n`GET /livez` `a/b`";
    let found = paths_named(page);
    assert_eq!(
        found,
        ["ringfence-app/src/token/", "gateway/admit.rs", "docs/x.md"]
            .map(str::to_owned)
            .into()
    );
}

#[test]
fn the_import_reader_finds_rooms() {
    let code = "use crate::{oauth::error, web::{App, vcc}, gateway};\nlet x = crate::manage::y();";
    let expected = ["oauth", "web", "gateway", "manage"]
        .map(str::to_owned)
        .into();
    assert_eq!(names_after_crate(code), expected);
}

/// Paths in backticks, and the first word of lines indented as code, that point into the tree.
fn paths_named(page: &str) -> BTreeSet<String> {
    let mut words: Vec<&str> = page.split('`').skip(1).step_by(2).collect();
    words.extend(
        page.lines()
            .filter(|line| line.starts_with("    "))
            .filter_map(|line| line.split_whitespace().next()),
    );
    let in_tree = |word: &&str| {
        let top = word.split('/').next().unwrap_or_default();
        let known = [
            "crates", "docs", "scripts", "deploy", "bench", "demo", ".ci",
        ]
        .contains(&top)
            || top.starts_with("ringfence-");
        let plain = !word.contains(|c: char| c.is_whitespace() || "*{}<>$".contains(c));
        plain
            && ((known && word.contains('/'))
                || [".rs", ".md", ".toml"]
                    .iter()
                    .any(|end| word.ends_with(end)))
    };
    words
        .into_iter()
        .filter(in_tree)
        .map(str::to_owned)
        .collect()
}

/// The first path segment after each `crate::`, with groups in braces opened.
fn names_after_crate(code: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for rest in code.split("crate::").skip(1) {
        let Some(group) = rest.strip_prefix('{') else {
            names.insert(identifier(rest));
            continue;
        };
        let (mut depth, mut item) = (0_i32, String::new());
        for c in group.chars() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                ',' if depth == 0 => {
                    names.insert(identifier(item.trim()));
                    item.clear();
                }
                _ if depth == 0 => item.push(c),
                _ => {}
            }
        }
        names.insert(identifier(item.trim()));
    }
    names
}

fn identifier(text: &str) -> String {
    text.chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect()
}

/// A file without its comment lines.
fn code_of(file: &Path) -> String {
    let text = read(file);
    text.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .collect::<Vec<_>>()
        .join("\n")
}

fn dependencies(manifest: &toml::Value, tables: &[&str]) -> BTreeSet<String> {
    let tables = tables
        .iter()
        .filter_map(|table| manifest.get(table).and_then(toml::Value::as_table));
    tables.flat_map(|table| table.keys().cloned()).collect()
}

fn manifest(name: &str) -> toml::Value {
    read_toml(&root().join("crates").join(name).join("Cargo.toml"))
}

fn read_toml(path: &Path) -> toml::Value {
    toml::from_str(&read(path)).unwrap_or_else(|fault| panic!("{}: {fault}", shown(path)))
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|fault| panic!("{}: {fault}", shown(path)))
}

fn all_rust_files() -> Vec<PathBuf> {
    let files = rust_files(&root().join("crates"));
    assert!(files.len() > 20, "only {} Rust files found", files.len());
    files
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for path in children(folder) {
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|end| end == "rs") {
            files.push(path);
        }
    }
    files
}

fn children(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut paths: Vec<PathBuf> = entries
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .collect();
    paths.sort();
    paths
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
}

fn shown(path: &Path) -> String {
    path.strip_prefix(root())
        .unwrap_or(path)
        .display()
        .to_string()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
