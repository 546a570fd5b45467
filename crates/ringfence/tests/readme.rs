//! The README's first ten minutes and the developers' first answer, run as they stand: what a newcomer is told to type
//! must work.
#![expect(
    clippy::disallowed_methods,
    reason = "a test asks whether a missing tool may be skipped"
)]

use std::path::Path;
use std::process::Command;

const ADDRESS: &str = "127.0.0.1:8080";

/// What a developer does in a browser: signs in, allows it, and copies the code.
const IN_A_BROWSER: &str = r#"AUTHORIZATION_CODE=$(
    asked="$API/authorize?scope=openid&response_type=code&redirect_uri=$REDIRECT_URI&client_id=$CONSUMER_KEY"
    browser() { curl -sS -b $D/jar -c $D/jar -H 'sec-fetch-site: same-origin' "$@"; }
    to=$(browser -o $D/page -w '%{redirect_url}' "$asked")
    next=$(printf %s "$to" | sed 's/.*[?&]next=//')
    to=$(browser -o $D/page -w '%{redirect_url}' --data "next=$next" \
        --data-urlencode "username=$VBC_USERNAME" --data-urlencode "password=$VBC_PASSWORD" "$API/login")
    browser -o $D/page "$to"
    step=$(sed -n 's/.*name="step" value="\([^"]*\)".*/\1/p' $D/page | head -1)
    browser -o $D/page -w '%{redirect_url}' --data-urlencode "step=$step" --data choice=allow "$API/authorize/answer" |
        sed 's/.*[?&]code=//; s/&.*//'
)"#;

/// Joins the shell blocks of a page, leaves out the build, and takes a port of its own.
fn script(page: &str, port: u16) -> String {
    let blocks: Vec<&str> = page
        .split("```sh\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next())
        .collect();
    assert!(blocks.len() > 5, "the page's shell blocks are not found");
    let lines: String = blocks
        .concat()
        .lines()
        .filter(|line| !line.starts_with("cargo build") && !line.starts_with("export PATH"))
        .map(|line| match line {
            "read -r AUTHORIZATION_CODE" => format!("{IN_A_BROWSER}\n"),
            line => format!("{line}\n"),
        })
        .collect();
    assert!(lines.contains(ADDRESS), "the page's address has changed");
    let prelude = "set -euo pipefail\ntrap 'kill $(jobs -p) 2>/dev/null; rm -rf \"${D:-}\" \"${C:-}\"' EXIT\n";
    format!(
        "{prelude}{}",
        lines.replace(ADDRESS, &format!("127.0.0.1:{port}"))
    )
}

/// Runs a page of the documentation and gives what it printed; `None` without `curl`, where that may be.
fn page_run(page: &str) -> Option<String> {
    if Command::new("curl").arg("--version").output().is_err() {
        assert!(
            std::env::var_os("RINGFENCE_REQUIRE_ALL").is_none(),
            "curl is not installed"
        );
        return None;
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let text = std::fs::read_to_string(root.join(page)).expect("the page is there");
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
        .arg(script(&text, port))
        .current_dir(&root)
        .env("PATH", format!("{folder}:{path}"))
        .output()
        .expect("bash runs");
    let (said, faults) = (
        String::from_utf8_lossy(&done.stdout),
        String::from_utf8_lossy(&done.stderr),
    );
    assert!(done.status.success(), "{said}\n{faults}");
    Some(said.into_owned())
}

#[test]
fn the_first_ten_minutes_work_as_written() {
    let Some(said) = page_run("README.md") else {
        return;
    };
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

#[test]
fn a_developers_first_answer_comes_as_written() {
    let Some(said) = page_run("docs/developers.md") else {
        return;
    };
    for part in [
        "\"name\":\"Example Widgets\"",
        "\"extension_number\"",
        "\"login_name\"",
    ] {
        assert!(said.contains(part), "{part} is not told:\n{said}");
    }
    let (quota, revoked) = (said.find("900803"), said.rfind("900901"));
    assert!(
        quota.is_some() && quota < revoked,
        "the quota and the revocation do not show:\n{said}"
    );
}
