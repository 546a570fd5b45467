//! The access matrix for people: every page and every operation of the Management API against nobody, an agent, a
//! supervisor, an admin, an operator, another tenant's admin, and tokens without and with a management scope.
//!
//! The rows come from the router. A path that is not in [`WHO`] fails: say there who may open it.

use crate::manage::operator;
use ringfence_core::account::Account;
use ringfence_core::scope::{Scope, ScopeSet};
use ringfence_core::user::{Role, User};
use ringfence_server::router::{Access, Rule, rules};
use ringfence_testkit::test_app::{Browser, TestApp, actor};

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Who {
    Everybody,
    Supervisors,
    Admins,
    Operators,
}

use Who::{Admins, Everybody, Operators, Supervisors};

/// Who may open what, by the longest beginning that fits.
const WHO: &[(&str, Who)] = &[
    ("/logout", Everybody),
    ("/admin", Everybody),
    ("/admin/accounts", Operators),
    ("/admin/applications", Operators),
    ("/admin/audit", Admins),
    ("/admin/audit/installation", Operators),
    ("/admin/collections", Operators),
    ("/admin/connected", Admins),
    ("/admin/credentials", Supervisors),
    ("/admin/explorer", Supervisors),
    ("/admin/gateway", Supervisors),
    ("/admin/groups", Admins),
    ("/admin/developers", Operators),
    ("/admin/keys", Operators),
    ("/admin/providers", Admins),
    ("/admin/users", Admins),
    ("/api/v1/accounts", Everybody),
    ("/api/v1/accounts/{account}/application-traffic", Admins),
    ("/api/v1/accounts/{account}/audit", Admins),
    ("/api/v1/accounts/{account}/credentials", Supervisors),
    ("/api/v1/accounts/{account}/groups", Admins),
    ("/api/v1/accounts/{account}/interactions", Everybody),
    ("/api/v1/accounts/{account}/providers", Admins),
    ("/api/v1/accounts/{account}/provisioning", Admins),
    ("/api/v1/accounts/{account}/refusals", Admins),
    ("/api/v1/accounts/{account}/requests", Supervisors),
    ("/api/v1/accounts/{account}/traffic", Admins),
    ("/api/v1/accounts/{account}/users", Admins),
    ("/api/v1/applications", Operators),
    ("/api/v1/audit", Operators),
    ("/api/v1/connections", Operators),
    ("/api/v1/explorer", Supervisors),
    ("/api/v1/developers", Operators),
    ("/api/v1/keys", Operators),
    ("/api/v1/me", Everybody),
    ("/api/v1/traffic", Operators),
];

fn who(rule: &Rule) -> Who {
    // Everybody sees their own account; operators make and change accounts.
    let is_account = matches!(rule.path, "/api/v1/accounts" | "/api/v1/accounts/{account}");
    if is_account && rule.method != "GET" {
        return Operators;
    }
    let fits = |beginning: &str| {
        let rest = rule.path.strip_prefix(beginning);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let found = WHO.iter().filter(|(beginning, _)| fits(beginning));
    let longest = found.max_by_key(|(beginning, _)| beginning.len());
    assert!(
        longest.is_some(),
        "{}: say in WHO who may open it",
        rule.path
    );
    longest.unwrap().1
}

/// Everybody of the matrix.
struct People {
    acme: Account,
    admin: User,
    kid: String,
    insiders: Vec<(Who, Browser)>,
    rival: Browser,
    nobody: Browser,
}

impl People {
    async fn new(app: &TestApp) -> Self {
        let (_, _, olga) = operator(app).await;
        let (acme, rival) = (app.account("acme").await, app.account("rival").await);
        let user = |account: &Account, name: &'static str, role| {
            let account = account.clone();
            async move { app.user(&account, name, role, None).await }
        };
        let admin = user(&acme, "admin@acme.example", Role::Admin).await;
        let edit = ringfence_app::users::UserEdit {
            groups: Some(vec!["Sales".to_owned()]),
            ..ringfence_app::users::UserEdit::default()
        };
        let admin = ringfence_app::users::user_edit(&app.ctx, &actor(), admin.id, edit)
            .await
            .unwrap();
        let supervisor = user(&acme, "sue@acme.example", Role::Supervisor).await;
        let agent = user(&acme, "al@acme.example", Role::Agent).await;
        let stranger = user(&rival, "ron@rival.example", Role::Admin).await;
        app.caught_up().await;
        // The operator looks at the account of the others.
        olga.post_form("/admin/open", &[("account", "acme")]).await;
        let keys = ringfence_app::keys::keys_list(&app.ctx).await.unwrap();
        Self {
            kid: keys[0].times.id.to_string(),
            insiders: vec![
                (Everybody, app.session(&agent).await),
                (Supervisors, app.session(&supervisor).await),
                (Admins, app.session(&admin).await),
                (Operators, olga),
            ],
            rival: app.session(&stranger).await,
            nobody: app.browser(None),
            acme,
            admin,
        }
    }

    /// The rule's path with things that are there; holes that are left name nothing.
    fn path(&self, rule: &Rule) -> String {
        let mut path = rule
            .path
            .replace("{account}", self.acme.name.as_str())
            .replace("{userId}", &self.admin.id.to_string())
            .replace("{groupId}", &self.admin.groups[0].to_string())
            .replace("{kid}", &self.kid)
            .replace("{act}", "unlock");
        while let Some((before, rest)) = path.split_once('{') {
            let (_, after) = rest.split_once('}').unwrap();
            path = format!("{before}07070707-0707-0707-0707-070707070707{after}");
        }
        path
    }
}

fn all_is_there(rule: &Rule) -> bool {
    // These are told of accounts of VBC only, which acme is not.
    if rule.path.contains("/provisioning") {
        return false;
    }
    let holes = rule.path.split('{').skip(1);
    holes
        .map(|rest| rest.split('}').next().unwrap_or_default())
        .all(|hole| ["account", "userId", "groupId", "kid", "act"].contains(&hole))
}

fn names_a_thing_of_acme(rule: &Rule) -> bool {
    ["{account}", "{userId}", "{groupId}"]
        .iter()
        .any(|hole| rule.path.contains(hole))
}

async fn send(browser: &Browser, rule: &Rule, path: &str) -> reqwest::Response {
    let method = rule.method.parse().unwrap();
    browser
        .send(method, path, |request| match (rule.method, rule.access) {
            ("GET", _) => request,
            (_, Access::Manage(_)) => request
                .header("content-type", "application/json")
                .body("{}"),
            (_, _) => request
                .header("content-type", "application/x-www-form-urlencoded")
                .body(""),
        })
        .await
}

fn for_people() -> impl Iterator<Item = Rule> {
    rules()
        .into_iter()
        .filter(|rule| matches!(rule.access, Access::Session | Access::Manage(_)))
}

#[tokio::test]
async fn nobody_gets_in_and_is_told_where_the_door_is() {
    let app = TestApp::sqlite().await;
    let people = People::new(&app).await;
    let mut n_rules = 0;
    for rule in for_people() {
        n_rules += 1;
        let what = format!("{} {}", rule.method, rule.path);
        let path = people.path(&rule);
        let answer = send(&people.nobody, &rule, &path).await;
        if rule.access == Access::Session {
            assert_eq!(answer.status(), 303, "{what}");
            let to = answer.headers()["location"].to_str().unwrap();
            assert!(to.starts_with("/login?next="), "{what}: {to}");
        } else {
            assert_eq!(answer.status(), 401, "{what}");
            assert!(answer.headers().contains_key("www-authenticate"), "{what}");
            let kind = answer.headers()["content-type"].to_str().unwrap();
            assert_eq!(kind, "application/problem+json", "{what}");
        }
    }
    assert!(
        n_rules >= 80,
        "{n_rules}: the router lists its pages and operations"
    );
}

#[tokio::test]
async fn people_open_what_is_theirs_and_nothing_else() {
    let app = TestApp::sqlite().await;
    let people = People::new(&app).await;
    for rule in for_people() {
        let who = who(&rule);
        let path = people.path(&rule);
        for (is, browser) in &people.insiders {
            let what = format!("{} {} by {is:?}", rule.method, rule.path);
            let reads = rule.method == "GET";
            if *is >= who && !reads {
                // Doing it would change what the next row finds; each act has tests of its own.
                continue;
            }
            let status = send(browser, &rule, &path).await.status().as_u16();
            if *is < who && reads {
                assert!(matches!(status, 403 | 404), "{what}: {status}");
            } else if *is < who {
                assert!((400..500).contains(&status), "{what}: {status}");
            } else {
                assert!(status < 500 && status != 401, "{what}: {status}");
                // An operator is a guest here: some things are for the account's own people.
                let guest = *is == Operators && status == 403;
                if all_is_there(&rule) && !guest {
                    assert!(!matches!(status, 403 | 404), "{what}: {status}");
                }
            }
        }
        if names_a_thing_of_acme(&rule) {
            let status = send(&people.rival, &rule, &path).await.status().as_u16();
            let what = format!("{} {}: {status}", rule.method, rule.path);
            if rule.method == "GET" {
                assert_eq!(status, 404, "{what}: of another tenant");
            } else {
                assert!((400..500).contains(&status), "{what}: of another tenant");
            }
        }
    }
}

#[tokio::test]
async fn tokens_need_a_management_scope_and_writing_needs_the_one_for_it() {
    let app = TestApp::sqlite().await;
    let people = People::new(&app).await;
    let (manage_read, manage_write) = (Scope::ManagementRead, Scope::ManagementWrite);
    let others: ScopeSet = ScopeSet::of_licence(Role::Admin)
        .iter()
        .filter(|scope| *scope != manage_read && *scope != manage_write)
        .collect();
    let mut tokens = Vec::new();
    for scopes in [
        others,
        ScopeSet::EMPTY.with(manage_read),
        ScopeSet::EMPTY.with(manage_write),
    ] {
        let text = scopes.to_string();
        let credential = app.credential(&people.acme, &people.admin, &text).await;
        tokens.push(app.token(&credential, &text).await);
    }
    for rule in for_people().filter(|rule| rule.access != Access::Session) {
        let path = people.path(&rule);
        let what = format!("{} {}", rule.method, rule.path);
        let call = |token: &str| {
            let request = app
                .http
                .request(rule.method.parse().unwrap(), app.url(&path))
                .bearer_auth(token);
            let request = if rule.method == "GET" {
                request
            } else {
                request
                    .header("content-type", "application/json")
                    .body("{}")
            };
            request.send()
        };
        let refused = call(&tokens[0]).await.unwrap();
        assert_eq!(refused.status(), 403, "{what}");
        let challenge = refused.headers()["www-authenticate"].to_str().unwrap();
        assert!(
            challenge.contains("insufficient_scope"),
            "{what}: {challenge}"
        );
        let reader = call(&tokens[1]).await.unwrap().status().as_u16();
        if rule.method != "GET" {
            assert_eq!(reader, 403, "{what}");
            continue;
        }
        // The owner of the token is an admin: what an operator alone may open does not exist for it.
        for status in [reader, call(&tokens[2]).await.unwrap().status().as_u16()] {
            if who(&rule) == Operators {
                assert_eq!(status, 404, "{what}");
            } else {
                assert!(
                    status < 500 && !matches!(status, 401 | 403),
                    "{what}: {status}"
                );
            }
        }
    }
}
