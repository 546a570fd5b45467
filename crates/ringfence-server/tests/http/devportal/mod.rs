//! The Developer Portal, page by page.

mod apis;
mod applications;
mod console;
mod keys;
mod me;
mod operators;
mod sign_in;

use ringfence_app::context::Actor;
use ringfence_app::developers::{NewDeveloper, developer_create};
use ringfence_core::developer::{Developer, DeveloperName};
use ringfence_core::secret::Secret;
use ringfence_testkit::test_app::{Browser, TestApp};

const PASSWORD: &str = "a sentence that nobody guesses 7";

/// A developer with a password.
async fn dana(app: &TestApp) -> Developer {
    let new = NewDeveloper {
        username: DeveloperName::parse("dana.api").unwrap(),
        name: "Dana Dev".to_owned(),
        email: "dana@example.com".to_owned(),
        company: "Example Software".to_owned(),
        password: Some(Secret::new(PASSWORD.to_owned())),
    };
    let actor = Actor("test".to_owned());
    developer_create(&app.ctx, &actor, new).await.unwrap()
}

/// Adds an application by its form and gives where it is.
async fn added(browser: &Browser, name: &str) -> String {
    let fields = [("name", name), ("quota", "10PerMin"), ("description", "")];
    let answer = browser.post_form("/devportal/applications", &fields).await;
    assert_eq!(answer.status(), 303);
    let location = answer.headers()["location"].to_str().unwrap();
    location.split('?').next().unwrap().to_owned()
}

/// The text between two others.
fn between<'t>(text: &'t str, before: &str, after: &str) -> &'t str {
    let (_, rest) = text.split_once(before).expect("the text has the beginning");
    rest.split_once(after).unwrap().0
}
