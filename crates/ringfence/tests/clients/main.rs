//! Other people's client libraries against the real server: Python's `authlib`, JavaScript's `openid-client`, Rust's
//! `openidconnect`. Each discovers, gets tokens by code with PKCE, has its library validate the ID token, asks who the
//! person is, refreshes, revokes and signs out.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::too_many_lines,
    clippy::disallowed_methods,
    reason = "a test fails by panicking, tells what was not checked, and asks whether missing tools may be skipped"
)]

mod another_ringfence;
mod openidconnect_client;
mod person;
mod world;

use person::Person;
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use world::World;

/// What each library does, in this order.
const STEPS: [&str; 7] = [
    "discovery",
    "code with PKCE",
    "ID token",
    "userinfo",
    "refresh",
    "revocation",
    "logout",
];

#[tokio::test(flavor = "multi_thread")]
async fn authlib_of_python_gets_all_it_asks_for() {
    let script = scripts().join("authlib_client.py");
    let Ok(python) = std::env::var("RINGFENCE_TEST_PYTHON") else {
        lacking("RINGFENCE_TEST_PYTHON names no Python with authlib");
        return;
    };
    run(Command::new(python).arg(script)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn openid_client_of_javascript_gets_all_it_asks_for() {
    let scripts = scripts();
    if !scripts.join("node_modules/openid-client").exists() {
        lacking("tests/clients lacks its packages: npm ci");
        return;
    }
    run(Command::new("node").arg(scripts.join("openid_client.mjs"))).await;
}

/// Runs a script; where it asks for a person, one signs in and allows.
async fn run(command: &mut Command) {
    let world = World::start();
    let mut person = Person::new(&world);
    let mut child = command
        .env("RINGFENCE_CLIENT", world.told().to_string())
        .env("NODE_EXTRA_CA_CERTS", &world.certificate_file)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut steps: Vec<String> = Vec::new();
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        let said: Value = serde_json::from_str(&line).unwrap_or_else(|_| json!({ "said": line }));
        if let Some(url) = said["visit"].as_str() {
            let sent_to = person.visit(url).await;
            writeln!(input, "{sent_to}").unwrap();
        } else if let Some(step) = said["step"].as_str() {
            steps.push(step.to_owned());
        }
    }
    drop(input);
    let done = child.wait_with_output().unwrap();
    let faults = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "after {steps:?}: {faults}");
    assert_eq!(steps, STEPS);
}

fn scripts() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../tests/clients")
}

fn lacking(what: &str) {
    assert!(
        std::env::var_os("RINGFENCE_REQUIRE_ALL").is_none(),
        "{what}"
    );
    println!("NOT CHECKED: {what}");
}
