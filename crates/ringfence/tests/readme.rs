//! The README's first ten minutes, run as they stand: what a newcomer is told to type must work.
#![expect(
    clippy::disallowed_methods,
    reason = "a test asks whether a missing tool may be skipped"
)]

use std::path::Path;
use std::process::Command;

/// Joins the shell blocks, leaves out the build, and takes a port of its own.
fn script(readme: &str, port: u16) -> String {
    let blocks: Vec<&str> = readme
        .split("```sh\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .collect();
    assert!(blocks.len() > 5, "the README's shell blocks are not found");
    let lines: String = blocks
        .concat()
        .lines()
        .filter(|line| !line.starts_with("cargo build") && !line.starts_with("export PATH"))
        .map(|line| format!("{line}\n"))
        .collect();
    assert!(
        lines.contains("127.0.0.1:8080"),
        "the README's address has changed"
    );
    let prelude = "set -euo pipefail\ntrap 'kill $(jobs -p) 2>/dev/null; rm -rf \"${D:-}\" \"${C:-}\"' EXIT\n";
    format!(
        "{prelude}{}",
        lines.replace("127.0.0.1:8080", &format!("127.0.0.1:{port}"))
    )
}

#[test]
fn the_first_ten_minutes_work_as_written() {
    if Command::new("curl").arg("--version").output().is_err() {
        assert!(
            std::env::var_os("RINGFENCE_REQUIRE_ALL").is_none(),
            "curl is not installed"
        );
        return;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let readme = std::fs::read_to_string(root.join("README.md")).expect("there is a README");
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let port = free
        .local_addr()
        .expect("a bound socket has an address")
        .port();
    drop(free);
    let binary = Path::new(env!("CARGO_BIN_EXE_ringfence"));
    let folder = binary
        .parent()
        .expect("a binary lies in a folder")
        .display();
    let path = std::env::var("PATH").unwrap_or_default();
    let done = Command::new("bash")
        .arg("-c")
        .arg(script(&readme, port))
        .current_dir(&root)
        .env("PATH", format!("{folder}:{path}"))
        .output()
        .expect("bash runs");
    let (said, faults) = (
        String::from_utf8_lossy(&done.stdout),
        String::from_utf8_lossy(&done.stderr),
    );
    assert!(done.status.success(), "{said}\n{faults}");
    assert!(
        said.contains("0190a1b2-3333-4d5e-8f60-7a8b9c0d0001"),
        "no call is listed:\n{said}"
    );
    assert!(
        said.contains("www-authenticate"),
        "the refusal does not say why:\n{said}"
    );
    assert!(
        said.contains("7 listed = 4 fetched") && said.contains("Gaps: 2."),
        "the second collection does not close the gaps:\n{said}"
    );
}
