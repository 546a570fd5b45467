//! The access matrix: every operation of the router against nobody, another tenant, the wrong scope and the right one.
//!
//! The rows come from the router itself, so a new operation is asked without anybody
//! remembering to add it here. There are no exceptions.

use reqwest::Method;
use ringfence_core::account::Account;
use ringfence_core::id::InteractionId;
use ringfence_core::scope::{CATALOGUE, Scope, ScopeSet};
use ringfence_core::user::{Role, User};
use ringfence_server::router::{Access, Rule, rules};
use ringfence_testkit::test_app::{TestApp, actor};

/// A tenant with a person, and a token for each set of scopes asked for.
struct Tenant {
    account: Account,
    admin: User,
}

impl Tenant {
    async fn new(app: &TestApp, name: &str) -> Self {
        let account = app.account(name).await;
        let admin = app
            .user(
                &account,
                &format!("admin@{name}.example"),
                Role::Admin,
                Some("2041"),
            )
            .await;
        let edit = ringfence_app::users::UserEdit {
            groups: Some(vec!["Sales".to_owned()]),
            ..ringfence_app::users::UserEdit::default()
        };
        let admin = ringfence_app::users::user_edit(&app.ctx, &actor(), admin.id, edit)
            .await
            .unwrap();
        Self { account, admin }
    }

    async fn token(&self, app: &TestApp, scopes: ScopeSet) -> String {
        let scopes = scopes.to_string();
        let credential = app.credential(&self.account, &self.admin, &scopes).await;
        app.token(&credential, &scopes).await
    }
}

#[tokio::test]
async fn every_operation_asks_for_what_its_rule_says() {
    let app = TestApp::sqlite().await;
    let (acme, rival) = (
        Tenant::new(&app, "acme").await,
        Tenant::new(&app, "rival").await,
    );
    let mut n_guarded = 0;
    for rule in rules() {
        let what = format!("{} {}", rule.method, rule.path);
        let path = concrete(&rule, &acme.admin);
        let nobody = ask(&app, &rule, &path, None).await;
        match rule.access {
            // Any page may post these: they change nothing by themselves. What was sent here is no such form.
            Access::Public if matches!(what.as_str(), "POST /authorize" | "POST /oidc/logout") => {
                assert_eq!(nobody.status(), 400, "{what}");
            }
            // A form that no page of ours sent is refused before anybody looks at it.
            Access::Public if rule.method != "GET" => assert_eq!(nobody.status(), 403, "{what}"),
            Access::Public => assert!(!matches!(nobody.status().as_u16(), 401 | 403), "{what}"),
            Access::Client => {
                assert!(
                    matches!(nobody.status().as_u16(), 400 | 401),
                    "{what}: {}",
                    nobody.status()
                );
                let all: ScopeSet = CATALOGUE.iter().map(|i| i.scope).collect();
                let bearer = acme.token(&app, all).await;
                let answer = ask(&app, &rule, &path, Some(&bearer)).await;
                assert!(
                    matches!(answer.status().as_u16(), 400 | 401),
                    "{what}: a bearer token is no client secret"
                );
            }
            // A form that no page of ours sent is refused before anybody asks who sends it.
            Access::Session if rule.method != "GET" => assert_eq!(nobody.status(), 403, "{what}"),
            Access::Session => assert_eq!(nobody.status(), 303, "{what}"),
            Access::Manage(_) | Access::DeveloperApi(_) => {
                assert_eq!(nobody.status(), 401, "{what}");
            }
            Access::Developer if rule.method != "GET" => assert_eq!(nobody.status(), 403, "{what}"),
            Access::Developer => assert_eq!(nobody.status(), 303, "{what}"),
            Access::User(_) => {
                assert_eq!(nobody.status(), 401, "{what}");
                let all: ScopeSet = CATALOGUE.iter().map(|i| i.scope).collect();
                let bearer = acme.token(&app, all).await;
                let answer = ask(&app, &rule, &path, Some(&bearer)).await;
                assert_eq!(
                    answer.status(),
                    401,
                    "{what}: a credential's token is no person's"
                );
            }
            Access::Token(scopes) => {
                n_guarded += 1;
                assert_eq!(nobody.status(), 401, "{what}");
                let challenge = nobody.headers()["www-authenticate"].to_str().unwrap();
                assert!(
                    challenge.starts_with("Bearer") && !challenge.contains("error="),
                    "{what}: {challenge}"
                );
                asks_for_one_of(&app, (&acme, &rival), &rule, scopes).await;
            }
        }
    }
    assert!(n_guarded >= 25, "the router lists its operations");
}

/// Whether an operation takes tokens with one of its scopes, no others, and none of another tenant.
async fn asks_for_one_of(
    app: &TestApp,
    (acme, rival): (&Tenant, &Tenant),
    rule: &Rule,
    scopes: &[Scope],
) {
    let what = format!("{} {}", rule.method, rule.path);
    let path = concrete(rule, &acme.admin);
    let wrong: ScopeSet = CATALOGUE
        .iter()
        .map(|i| i.scope)
        .filter(|s| !scopes.contains(s))
        .collect();
    let answer = ask(app, rule, &path, Some(&acme.token(app, wrong).await)).await;
    assert_eq!(answer.status(), 403, "{what}");
    let challenge = answer.headers()["www-authenticate"].to_str().unwrap();
    assert!(
        challenge.contains("error=\"insufficient_scope\""),
        "{what}: {challenge}"
    );
    for scope in scopes {
        let right = ScopeSet::EMPTY.with(*scope);
        let answer = ask(app, rule, &path, Some(&acme.token(app, right).await)).await;
        let status = answer.status().as_u16();
        assert!(!matches!(status, 401 | 403 | 405), "{what}: {status}");
        assert!(status < 500, "{what}: {status}");
        if names_a_thing_of_acme(rule) {
            let theirs = ask(app, rule, &path, Some(&rival.token(app, right).await)).await;
            assert_eq!(
                theirs.status(),
                404,
                "{what}: a thing of another tenant does not exist"
            );
        }
    }
}

#[tokio::test]
async fn a_method_or_path_without_a_rule_is_refused() {
    let app = TestApp::sqlite().await;
    let acme = Tenant::new(&app, "acme").await;
    let token = acme
        .token(
            &app,
            CATALOGUE.iter().map(|i| i.scope).collect::<ScopeSet>(),
        )
        .await;
    for (method, path) in [
        (Method::PUT, "/stats/interactions"),
        (Method::DELETE, "/useradmin/users"),
        (Method::TRACE, "/stats/interactions"),
        (Method::GET, "/stats"),
        (Method::GET, "/useradmin/users/x/y/z"),
        (Method::GET, "/"),
    ] {
        let request = app
            .http
            .request(method.clone(), app.url(path))
            .bearer_auth(&token);
        let status = request.send().await.unwrap().status().as_u16();
        assert!(
            matches!(status, 400 | 404 | 405 | 501),
            "{method} {path}: {status}"
        );
    }
}

fn concrete(rule: &Rule, admin: &User) -> String {
    rule.path
        .replace("{guid}", &InteractionId::from_bytes([7; 16]).to_string())
        .replace("{contentKey}", "callRecording")
        .replace("{*path}", "nowhere")
        .replace("{userId}", &admin.id.to_string())
        .replace("{username}", admin.username.as_str())
        .replace("{agentDisplayId}", "2041")
        .replace("{groupId}", &admin.groups[0].to_string())
}

// The interaction of the matrix exists for nobody; the by-name look-ups find the other tenant's own people.
fn names_a_thing_of_acme(rule: &Rule) -> bool {
    ["{userId}", "{groupId}", "{username}"]
        .iter()
        .any(|hole| rule.path.contains(hole))
}

async fn ask(app: &TestApp, rule: &Rule, path: &str, token: Option<&str>) -> reqwest::Response {
    let method = Method::from_bytes(rule.method.as_bytes()).unwrap();
    let version = if rule.path.starts_with("/useradmin") {
        4
    } else {
        3
    };
    let mut request = app.http.request(method, app.url(path)).header(
        "accept",
        format!("application/vnd.newvoicemedia.v{version}+json"),
    );
    if rule.method != "GET" {
        request = request
            .header("content-type", "application/json")
            .body(body(rule));
    }
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    request.send().await.unwrap()
}

// A body that is good for its operation, so that what is refused is the caller and not the body.
fn body(rule: &Rule) -> &'static str {
    match rule.path.rsplit_once('/').map(|(_, last)| last) {
        Some("delete-batch") => r#"{"guids":["07070707-0707-0707-0707-070707070707"]}"#,
        Some("groups") if rule.path.contains("permissions") => r#"{"groupPermissions":[]}"#,
        Some("groups") => r#"{"agentGroups":[]}"#,
        Some("addresses") => r#"{"addressPermissions":[]}"#,
        Some("accessPermissions") => r#"{"accessPermissions":[]}"#,
        Some("users") if rule.method == "PUT" => r#"{"users":[]}"#,
        _ => "{}",
    }
}

#[test]
fn the_scopes_of_an_operation_are_those_of_the_fact_sheet() {
    // vcc-api §2: what each API asks of a token.
    for rule in rules() {
        let Access::Token(scopes) = rule.access else {
            continue;
        };
        let writes = rule.method != "GET";
        let expected: &[Scope] = match rule.path.split('/').nth(1) {
            Some("stats") => &[Scope::Stats],
            Some("interaction-content") if writes => &[Scope::InteractionContentDelete],
            Some("interaction-content") => &[Scope::InteractionContentRead],
            Some("useradmin") if writes => &[Scope::UsersWrite],
            Some("useradmin") => &[Scope::UsersRead, Scope::UsersWrite],
            other => panic!("no row of the fact sheet for {other:?}"),
        };
        assert_eq!(scopes, expected, "{} {}", rule.method, rule.path);
    }
}
