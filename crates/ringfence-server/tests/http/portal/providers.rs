//! Single sign-on per account: the pages, and signing in through a provider that an account keeps.

use crate::manage::{operator, person};
use ringfence_app::context::Settings;
use ringfence_app::providers::{NewProvider, ProviderEdit, provider_create, provider_edit};
use ringfence_app::sign_in::sso::SsoSettings;
use ringfence_app::users::{UserEdit, user_edit, user_list};
use ringfence_core::account::Account;
use ringfence_core::secret::Secret;
use ringfence_core::sign_in::account_provider::{IssuerUrl, LetsIn, MailDomain, ProviderName};
use ringfence_core::user::{Role, User};
use ringfence_testkit::provider::{Behaviour, CLIENT_ID, CLIENT_SECRET, TestProvider};
use ringfence_testkit::test_app::{TestApp, actor};
use serde_json::{Value, json};

const BEGIN: &str = "/login/sso/acme.corp?next=%2Fadmin%2Fme";
const REFUSED: &str = "/login?again=sso";
const INSIDE: &str = "/admin/me";

struct World {
    app: TestApp,
    upstream: TestProvider,
    account: Account,
    sam: User,
}

/// An account whose provider lets people in as the test wants.
async fn world(lets_in: LetsIn) -> World {
    let upstream = TestProvider::start().await;
    let settings = Settings {
        sso: SsoSettings {
            private_addresses: true,
            extra_roots: None,
        },
        ..Settings::default()
    };
    let app = TestApp::start(ringfence_testkit::stores::sqlite(), settings).await;
    let account = app.account("acme").await;
    let sam = app.user(&account, "sam", Role::Admin, None).await;
    keep(&app, &account, &upstream.issuer, lets_in).await;
    app.caught_up().await;
    World {
        app,
        upstream,
        account,
        sam,
    }
}

async fn keep(app: &TestApp, account: &Account, issuer: &str, lets_in: LetsIn) {
    let new = NewProvider {
        name: ProviderName::parse("corp").unwrap(),
        title: "Example Corp".to_owned(),
        issuer: IssuerUrl::parse(issuer).unwrap(),
        client_id: CLIENT_ID.to_owned(),
        client_secret: Secret::new(CLIENT_SECRET.to_owned()),
        scopes: vec!["email".to_owned()],
        username_claim: "preferred_username".to_owned(),
        lets_in,
        ask_code: false,
        active: true,
        domains: vec![MailDomain::parse(&format!("{}.example", account.name)).unwrap()],
    };
    provider_create(&app.ctx, &actor(), &account.name, new)
        .await
        .unwrap();
}

const BY_NAME: LetsIn = LetsIn {
    by_username: true,
    by_email: false,
    as_new_agents: false,
};

fn claims(changes: &Value) -> Behaviour {
    Behaviour {
        claims: changes.as_object().unwrap().clone(),
        ..Behaviour::default()
    }
}

fn location(answer: &reqwest::Response) -> String {
    answer.headers()["location"].to_str().unwrap().to_owned()
}

fn cookie(answer: &reqwest::Response, name: &str) -> Option<String> {
    let lines = answer.headers().get_all("set-cookie").iter();
    let mut values = lines.filter_map(|line| {
        let (found, rest) = line.to_str().unwrap().split_once('=')?;
        (found == name).then(|| rest.split(';').next().unwrap().to_owned())
    });
    values.next().filter(|value| !value.is_empty())
}

/// Where a whole sign-in leads, and the session it began.
async fn sign_in(app: &TestApp, begin: &str) -> (String, Option<String>) {
    let answer = app.browser(None).get(begin).await;
    assert_eq!(answer.status(), 303, "{begin}");
    let step = cookie(&answer, "__Host-ringfence-step").unwrap();
    let there = app.http.get(location(&answer)).send().await.unwrap();
    let back = location(&there);
    let path = back.strip_prefix(&app.base).unwrap();
    let answer = app
        .browser(None)
        .send(reqwest::Method::GET, path, |request| {
            request
                .header("cookie", format!("__Host-ringfence-step={step}"))
                .header("sec-fetch-site", "cross-site")
        })
        .await;
    (location(&answer), cookie(&answer, "__Host-ringfence"))
}

#[tokio::test]
async fn people_come_in_through_their_accounts_provider() {
    let world = world(BY_NAME).await;
    let app = &world.app;
    let page = app.browser(None).page("/login").await.1;
    assert!(!page.contains("Example Corp"), "nobody said which account");
    for named in ["acme", "ACME", "sue%40Acme.example"] {
        let path = format!("/login?account={named}&next=%2Fadmin%2Fme");
        let page = app.browser(None).page(&path).await.1;
        let link = "/login/sso/acme.corp?next=%2Fadmin%2Fme";
        assert!(page.contains(link), "{named}: {page}");
    }
    for unknown in ["beta", "sue%40beta.example", "%3Cscript%3E"] {
        let path = format!("/login?account={unknown}");
        let (status, page) = app.browser(None).page(&path).await;
        assert_eq!(status, 200);
        assert!(page.contains("No other way in is offered"), "{page}");
        assert!(!page.contains("<script>"));
    }
    let (to, session) = sign_in(app, BEGIN).await;
    assert_eq!(to, INSIDE);
    let page = app.browser(session.as_deref()).page(INSIDE).await.1;
    assert!(page.contains("acme.corp"), "how they came: {page}");
    // Who came once is known by the provider's subject, whatever they are called there now.
    let renamed = claims(&json!({"preferred_username": "renamed"}));
    world.upstream.behave(renamed);
    assert_eq!(sign_in(app, BEGIN).await.0, INSIDE);
    let other = claims(&json!({"sub": "subject-2"}));
    world.upstream.behave(other);
    assert_eq!(sign_in(app, BEGIN).await.0, REFUSED, "the name is taken");
}

#[tokio::test]
async fn a_provider_lets_in_whom_its_account_says_and_nobody_who_runs_the_installation() {
    let nobody = LetsIn::default();
    let world_by_name = world(nobody).await;
    assert_eq!(sign_in(&world_by_name.app, BEGIN).await.0, REFUSED);

    let by_email = LetsIn {
        by_email: true,
        ..nobody
    };
    let one = world(by_email).await;
    for (verified, to) in [(json!(false), REFUSED), (json!(true), INSIDE)] {
        one.upstream.behave(claims(&json!({
            "preferred_username": "nobody",
            "email": "SAM@example.com",
            "email_verified": verified,
        })));
        assert_eq!(sign_in(&one.app, BEGIN).await.0, to);
    }

    // Whoever keeps the provider could say that they are anybody: an operator is not among them.
    let two = world(BY_NAME).await;
    let edit = |operator| UserEdit {
        operator: Some(operator),
        ..UserEdit::default()
    };
    let (ctx, id) = (&two.app.ctx, two.sam.id);
    user_edit(ctx, &actor(), id, edit(true)).await.unwrap();
    two.app.caught_up().await;
    assert_eq!(sign_in(&two.app, BEGIN).await.0, REFUSED);
    user_edit(ctx, &actor(), id, edit(false)).await.unwrap();
    two.app.caught_up().await;
    assert_eq!(sign_in(&two.app, BEGIN).await.0, INSIDE);
    user_edit(ctx, &actor(), id, edit(true)).await.unwrap();
    two.app.caught_up().await;
    assert_eq!(
        sign_in(&two.app, BEGIN).await.0,
        REFUSED,
        "nor one who came before"
    );
}

#[tokio::test]
async fn who_is_unknown_is_made_an_agent_only_where_the_account_wants_it() {
    let stranger = |changes: Value| {
        let mut all = json!({
            "sub": "subject-9",
            "preferred_username": "nia",
            "name": "Nia New",
            "email": "nia@corp.example",
            "email_verified": true,
        });
        for (name, value) in changes.as_object().unwrap() {
            all[name] = value.clone();
        }
        claims(&all)
    };
    let off = world(BY_NAME).await;
    off.upstream.behave(stranger(json!({})));
    assert_eq!(sign_in(&off.app, BEGIN).await.0, REFUSED);

    let lets_in = LetsIn {
        as_new_agents: true,
        ..LetsIn::default()
    };
    let on = world(lets_in).await;
    for (bad, why) in [
        (json!({"email_verified": false}), "an address of anybody"),
        (json!({"preferred_username": "a b\u{0}"}), "no user name"),
        (json!({"preferred_username": "sam"}), "a name that is taken"),
    ] {
        on.upstream.behave(stranger(bad));
        assert_eq!(sign_in(&on.app, BEGIN).await.0, REFUSED, "{why}");
    }
    on.upstream.behave(stranger(json!({})));
    assert_eq!(sign_in(&on.app, BEGIN).await.0, INSIDE);
    assert_eq!(sign_in(&on.app, BEGIN).await.0, INSIDE, "made once");
    let people = user_list(&on.app.ctx, &on.account.name).await.unwrap();
    let nia = people
        .iter()
        .find(|u| u.username.as_str() == "nia")
        .unwrap();
    assert_eq!((people.len(), nia.role), (2, Role::Agent));
    assert_eq!(
        (nia.name.as_str(), nia.email.as_str()),
        ("Nia New", "nia@corp.example")
    );
}

#[tokio::test]
async fn the_same_person_there_is_two_people_in_two_accounts() {
    let world = world(BY_NAME).await;
    let beta = world.app.account("beta").await;
    world.app.user(&beta, "sam", Role::Admin, None).await;
    keep(&world.app, &beta, &world.upstream.issuer, BY_NAME).await;
    world.app.caught_up().await;
    let (_, acme) = sign_in(&world.app, BEGIN).await;
    let (_, other) = sign_in(&world.app, "/login/sso/beta.corp?next=%2Fadmin").await;
    for (session, account) in [(acme, "acme"), (other, "beta")] {
        let page = world.app.browser(session.as_deref()).page("/admin").await.1;
        let place = format!("<strong>{account}</strong>");
        assert!(page.contains(&place), "{account}: {page}");
    }
}

#[tokio::test]
async fn switching_off_ends_nothing_but_new_sign_ins() {
    let world = world(BY_NAME).await;
    let app = &world.app;
    let (_, session) = sign_in(app, BEGIN).await;
    let name = ProviderName::parse("corp").unwrap();
    let edit = |active| ProviderEdit {
        active: Some(active),
        ..ProviderEdit::default()
    };
    let whose = (&world.account.name, &name);
    provider_edit(&app.ctx, &actor(), whose, edit(false))
        .await
        .unwrap();
    assert_eq!(app.browser(None).get(BEGIN).await.status(), 404);
    let page = app.browser(None).page("/login?account=acme").await.1;
    assert!(!page.contains("Example Corp"));
    let inside = app.browser(session.as_deref());
    assert_eq!(inside.page(INSIDE).await.0, 200, "the session goes on");
    provider_edit(&app.ctx, &actor(), whose, edit(true))
        .await
        .unwrap();
    assert_eq!(sign_in(app, BEGIN).await.0, INSIDE);
    // Nobody of a suspended account comes in.
    ringfence_app::accounts::account_suspend(&app.ctx, &actor(), &world.account.name)
        .await
        .unwrap();
    app.caught_up().await;
    assert_eq!(app.browser(None).get(BEGIN).await.status(), 404);
}

#[tokio::test]
async fn an_admin_adds_changes_tries_and_deletes_a_provider_by_pages() {
    let app = TestApp::sqlite().await;
    let account = app.account("acme").await;
    let (_, sam) = person(&app, &account, "sam@acme.example", Role::Admin).await;
    assert!(
        sam.page("/admin/providers")
            .await
            .1
            .contains("No providers yet")
    );
    let fields = [
        ("name", "corp"),
        ("title", "Example Corp"),
        ("issuer", "https://id.invalid"),
        ("client_id", "us"),
        ("client_secret", "s3cr3t+thing"),
        ("scopes", "profile email"),
        ("username_claim", "email"),
        ("by_username", "yes"),
    ];
    let bad = fields.map(|(name, value)| match name {
        "issuer" => (name, "http://id.invalid"),
        "client_secret" => (name, ""),
        _ => (name, value),
    });
    let answer = sam.post_form("/admin/providers", &bad).await;
    assert_eq!(answer.status(), 422);
    let page = answer.text().await.unwrap();
    assert!(page.contains("href=\"#issuer\"") && page.contains("href=\"#client_secret\""));
    let answer = sam.post_form("/admin/providers", &fields).await;
    assert_eq!(
        location(&answer),
        "/admin/providers/corp?notice=provider-created"
    );
    let answer = sam.post_form("/admin/providers", &fields).await;
    assert_eq!(answer.status(), 422, "the name is taken");
    let page = answer.text().await.unwrap();
    assert!(!page.contains("s3cr3t"), "a secret is not sent back");

    let page = sam.page("/admin/providers/corp").await.1;
    let redirect = format!("{}/login/sso/acme.corp/callback", app.base);
    assert!(page.contains(&redirect) && page.contains("is not shown again"));
    let checked = sam.post_form("/admin/providers/corp/check", &[]).await;
    assert_eq!(checked.status(), 200);
    assert!(checked.text().await.unwrap().contains("cannot be reached"));

    let form = sam.page("/admin/providers/corp/edit").await.1;
    assert!(form.contains("name=\"version\" value=\"1\"") && !form.contains("s3cr3t"));
    assert!(
        !form.contains("name=\"domains\""),
        "an operator's to vouch for"
    );
    let edit = [
        ("version", "1"),
        ("title", "Corp"),
        ("client_id", "us"),
        ("username_claim", "email"),
        ("by_email", "yes"),
    ];
    let answer = sam.post_form("/admin/providers/corp/edit", &edit).await;
    assert_eq!(
        location(&answer),
        "/admin/providers/corp?notice=provider-saved"
    );
    let stale = sam.post_form("/admin/providers/corp/edit", &edit).await;
    assert_eq!(stale.status(), 409);

    for (act, notice) in [("off", "provider-off"), ("on", "provider-on")] {
        let path = format!("/admin/providers/corp/switch/{act}");
        let asked = sam.page(&path).await.1;
        assert!(asked.contains(&format!("action=\"{path}\"")), "{asked}");
        let done = sam.post_form(&path, &[]).await;
        assert!(location(&done).ends_with(notice));
    }
    let asked = sam.page("/admin/providers/corp/delete").await.1;
    assert!(asked.contains("What happens to people"));
    let (_, _, olga) = operator(&app).await;
    olga.post_form("/admin/open", &[("account", "acme")]).await;
    let form = olga.page("/admin/providers/corp/edit").await.1;
    assert!(form.contains("name=\"domains\""));
    let done = sam.post_form("/admin/providers/corp/delete", &[]).await;
    assert!(location(&done).ends_with("notice=provider-deleted"));
    assert_eq!(sam.page("/admin/providers/corp").await.0, 404);
}
