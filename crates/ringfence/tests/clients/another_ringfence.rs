//! Another Ringfence as the client: its people sign in through this one, with a private certificate between them.

use crate::person::Person;
use crate::world::{USERNAME, World, free_port};
use ringfence_testkit::process::Binary;
use serde_json::Value;

#[tokio::test(flavor = "multi_thread")]
async fn people_of_another_ringfence_come_in_through_this_one() {
    let provider = World::start();
    let folder = tempfile::tempdir().unwrap();
    let house = Binary {
        path: provider.binary.path.clone(),
        data_dir: folder.path().join("data"),
        database_url: None,
    };
    let port = free_port();
    let url = format!("http://127.0.0.1:{port}");
    let settings = folder.path().join("ringfence.toml");
    let text = format!(
        "[server]\npublic_url = \"{url}\"\n\n[sign_in]\nprivate_providers = true\nextra_roots_file = \"{}\"\n",
        provider.certificate_file.display()
    );
    std::fs::write(&settings, text).unwrap();
    let settings = settings.display().to_string();
    let act = |args: &[&str], stdin: &str| -> Value {
        let args = [&["--json", "--config", &settings], args].concat();
        let done = house.output(&args, stdin);
        let faults = String::from_utf8_lossy(&done.stderr);
        assert!(done.status.success(), "{args:?}: {faults}");
        serde_json::from_slice(&done.stdout).unwrap()
    };
    act(&["account", "create", "house"], "");
    let user = ["user", "create", USERNAME, "--account", "house"];
    act(&[&user[..], &["--role", "Supervisor"]].concat(), "");
    let what = [
        "provider",
        "add",
        "corp",
        "--account",
        "house",
        "--title",
        "Corp",
    ];
    let there = ["--issuer", &provider.issuer(), "--client-id", &provider.key];
    let add = [&what[..], &there, &["--client-secret-stdin"]].concat();
    let added = act(&add, &provider.secret);
    let redirect = added["redirect_uri"].as_str().unwrap();
    assert_eq!(redirect, format!("{url}/login/sso/house.corp/callback"));
    let update = ["app", "keys", "update", &provider.application];
    let _ = provider
        .binary
        .json(&[&update[..], &["--callback", redirect]].concat());

    let checks = act(&["provider", "check", "corp", "--account", "house"], "");
    for line in checks["checks"].as_array().unwrap() {
        assert_eq!(line["result"], "pass", "{line}");
    }
    let _server = house.serve(&format!("127.0.0.1:{port}"), &["--config", &settings]);
    let mut person = Person::new(&provider).at_home_at(&url);
    let begin = format!("{url}/login/sso/house.corp?next=%2Fadmin%2Fme");
    assert_eq!(person.visit(&begin).await, format!("{url}/admin/me"));
    assert!(person.seen.contains("house.corp"), "{}", person.seen);
    assert!(
        person.seen.contains("<strong>house</strong>"),
        "{}",
        person.seen
    );

    // Switched off, nobody comes in any more.
    act(&["provider", "off", "corp", "--account", "house"], "");
    let answer = provider.http().get(&begin).send().await.unwrap();
    assert_eq!(answer.status(), 404);
}
