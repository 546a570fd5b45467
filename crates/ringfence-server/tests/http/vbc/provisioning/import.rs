//! Filling the store from files of the APIs' own objects.

use super::{Lab, load, user};
use ringfence_app::error::Error;
use ringfence_app::import::provisioning::provisioning_import;
use ringfence_core::user::Role;
use ringfence_testkit::test_app::{TestApp, actor};
use std::path::{Path, PathBuf};

fn written(folder: &tempfile::TempDir, text: &str) -> PathBuf {
    let file = folder.path().join("entries");
    std::fs::write(&file, text).unwrap();
    file
}

#[tokio::test]
async fn to_load_the_same_again_changes_nothing() {
    for lab in Lab::both().await {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../demo/widgets.jsonl");
        let report = load(&lab.app, &lab.account, Path::new(file)).await;
        let engine = lab.app.engine;
        assert_eq!(report.account.same, 1, "{engine}");
        assert_eq!(report.locations.same, 2, "{engine}");
        assert_eq!(report.users.same, 12, "{engine}");
        assert_eq!(report.extensions.same, 12, "{engine}");
    }
}

#[tokio::test]
async fn what_the_apis_answer_is_what_is_loaded() {
    for lab in Lab::both().await {
        let folder = tempfile::tempdir().unwrap();
        let (_, answer) = lab
            .get("/api/accounts/4711/extensions?page_size=1000")
            .await;
        let file = written(&folder, &serde_json::to_string_pretty(&answer).unwrap());
        let report = load(&lab.app, &lab.account, &file).await;
        assert_eq!(report.extensions.same, 12, "{}", lab.app.engine);
        let (_, answer) = lab.get("/api/accounts/4711/users").await;
        let file = written(&folder, &answer.to_string());
        let report = load(&lab.app, &lab.account, &file).await;
        assert_eq!(report.users.same, 12, "{}", lab.app.engine);
    }
}

#[tokio::test]
async fn a_document_is_loaded_whole() {
    let app = TestApp::sqlite().await;
    let account = app.vbc_account("widgets").await;
    let folder = tempfile::tempdir().unwrap();
    let text = r#"{
      "locations": [{"id": 1, "name": "Here", "address": {"time_zone": "Europe/Berlin"}}],
      "users": [
        {"login_name": "ann", "email": "ann@widgets.example", "first_name": "Ann", "role": "Admin"},
        {"login_name": "bob", "email": "bob@widgets.example", "first_name": "Bob", "last_name": "B"}
      ],
      "extensions": [{"extension_number": "1", "location_id": 1, "user": {"login_name": "bob"}}]
    }"#;
    let report = load(&app, &account, &written(&folder, text)).await;
    assert_eq!((report.users.created, report.extensions.created), (2, 1));
    assert_eq!(user(&app, &account, "ann").await.role, Role::Admin);
    assert_eq!(user(&app, &account, "bob").await.role, Role::Agent);
    assert_eq!(user(&app, &account, "bob").await.name, "Bob B");
}

#[tokio::test]
async fn what_is_wrong_is_named_with_its_place_and_nothing_is_stored() {
    let app = TestApp::sqlite().await;
    let account = app.vbc_account("widgets").await;
    let folder = tempfile::tempdir().unwrap();
    let good = r#"{"location":{"id":1,"name":"Here","address":{"time_zone":"Europe/Berlin"}}}"#;
    for (line, expected) in [
        (r#"{"location":{"id":2}}"#, "line 2: missing field `name`"),
        (
            r#"{"location":{"id":2,"name":"x","address":{},"colour":1}}"#,
            "line 2: unknown field `colour`",
        ),
        (
            r#"{"location":{"id":0,"name":"x","address":{"time_zone":"Europe/Berlin"}}}"#,
            "line 2, location, id: an id is a number from 1 to 999999999999",
        ),
        (
            r#"{"extension":{"extension_number":"2a","location_id":1}}"#,
            "line 2, extension, extension_number: an extension number has 1 to 15 digits",
        ),
        (
            r#"{"extension":{"extension_number":"2","location_id":1,"dids":[{"phone_number":"+1201"}]}}"#,
            "line 2, extension, dids.phone_number: a phone number has 3 to 15 digits, without a plus sign",
        ),
        (
            "{}",
            "line 2: the object holds no account, location, user or extension",
        ),
        (r#"{"location":"#, "line 2: EOF while parsing a value"),
    ] {
        let file = written(&folder, &format!("{good}\n{line}\n"));
        let refused = provisioning_import(&app.ctx, &actor(), account.id, &file).await;
        let Err(Error::Invalid(text)) = refused else {
            panic!("{line}: {refused:?}");
        };
        assert!(text.starts_with(expected), "{text}");
    }
    let file = written(&folder, good);
    let report = load(&app, &account, &file).await;
    assert_eq!(report.locations.created, 1, "nothing was stored before");
    // What refers to something that is not there shows while storing.
    let orphan = r#"{"extension":{"extension_number":"2","location_id":7}}"#;
    let file = written(&folder, orphan);
    let refused = provisioning_import(&app.ctx, &actor(), account.id, &file).await;
    let text = refused.unwrap_err().to_string();
    let expected = "line 1, extension: the account has no location 7";
    assert!(text.starts_with(expected), "{text}");
}

#[tokio::test]
async fn an_account_of_the_contact_centre_is_not_provisioned() {
    let app = TestApp::sqlite().await;
    let account = app.account("acme").await;
    let folder = tempfile::tempdir().unwrap();
    let file = written(&folder, r#"{"account":{"name":"Acme"}}"#);
    let refused = provisioning_import(&app.ctx, &actor(), account.id, &file).await;
    assert!(matches!(refused, Err(Error::Invalid(_))), "{refused:?}");
}
