//! A right taken away is gone at the next call, also for a token that was let through a moment before.

use ringfence_app::accounts::{account_resume, account_suspend};
use ringfence_app::credentials::{CredentialEdit, credential_delete, credential_edit};
use ringfence_app::keys::{keys_rotate, keys_withdraw};
use ringfence_app::users::{UserEdit, user_edit};
use ringfence_core::account::Region;
use ringfence_core::scope::ScopeSet;
use ringfence_core::user::Role;
use ringfence_testkit::test_app::actor;

use super::Bench;

/// The bench's token is refused for that reason, and nothing reaches the upstream.
async fn denied(bench: &Bench, status: u16, reason: &str) {
    bench.app.caught_up().await;
    let n_before = bench.upstream.n_received();
    let answer = bench.call().await;
    assert_eq!((answer.status, answer.reason().as_str()), (status, reason));
    assert!(answer.challenge().contains(reason), "{answer:?}");
    assert_eq!(
        bench.upstream.n_received(),
        n_before,
        "{reason}: nothing arrives"
    );
}

async fn allowed(bench: &Bench) {
    bench.app.caught_up().await;
    assert_eq!(bench.call().await.status, 200);
}

fn role(role: Role) -> UserEdit {
    UserEdit {
        role: Some(role),
        ..UserEdit::default()
    }
}

#[tokio::test]
async fn c101_c93_the_owner_and_their_licence_count_now() {
    let bench = Bench::new().await;
    let (ctx, who, owner) = (&bench.app.ctx, actor(), bench.owner.id);
    allowed(&bench).await;
    let active = |active| UserEdit {
        active: Some(active),
        ..UserEdit::default()
    };
    user_edit(ctx, &who, owner, active(false)).await.unwrap();
    denied(&bench, 401, "owner_inactive").await;

    let bench = Bench::new().await;
    let (ctx, owner) = (&bench.app.ctx, bench.owner.id);
    allowed(&bench).await;
    user_edit(ctx, &who, owner, role(Role::Supervisor))
        .await
        .unwrap();
    denied(&bench, 403, "scope_withdrawn").await;
    assert_eq!(
        bench.get_good("/people/1", &[]).await.status,
        200,
        "what the licence still allows"
    );
}

#[tokio::test]
async fn c101_c93_the_account_counts_now() {
    let bench = Bench::new().await;
    let (ctx, who) = (&bench.app.ctx, actor());
    let other = bench.app.account("other").await;
    let neighbour = bench.app.admin(&other, "kim@other.example", &[]).await;
    let neighbour = bench.app.credential(&other, &neighbour, "stats").await;
    let neighbour = bench.app.token(&neighbour, "stats").await;
    allowed(&bench).await;
    account_suspend(ctx, &who, &bench.account.name)
        .await
        .unwrap();
    denied(&bench, 401, "account_suspended").await;
    assert_eq!(bench.call_with(&neighbour).await.status, 200);
    account_resume(ctx, &who, &bench.account.name)
        .await
        .unwrap();
}

#[tokio::test]
async fn c101_c93_the_credential_counts_now() {
    let bench = Bench::new().await;
    let (ctx, who) = (&bench.app.ctx, actor());
    let id = bench.credential.credential.id;
    allowed(&bench).await;
    let fewer = CredentialEdit {
        scopes: Some(ScopeSet::parse("users:read").unwrap()),
        ..CredentialEdit::default()
    };
    credential_edit(ctx, &who, id, fewer).await.unwrap();
    bench.app.caught_up().await;
    let answer = bench.call().await;
    assert!([401, 403].contains(&answer.status), "{answer:?}");

    let bench = Bench::new().await;
    allowed(&bench).await;
    let id = bench.credential.credential.id;
    credential_delete(&bench.app.ctx, &who, id).await.unwrap();
    denied(&bench, 401, "credential_unknown").await;
}

#[tokio::test]
async fn c101_c93_a_revoked_token_is_refused_and_its_neighbour_is_not() {
    let bench = Bench::new().await;
    let neighbour = bench.app.token(&bench.credential, "stats").await;
    allowed(&bench).await;
    let form = format!(
        "token={}&client_id={}&client_secret={}",
        bench.token,
        bench.credential.credential.id,
        bench.credential.secret.expose()
    );
    let answer = bench
        .app
        .http
        .post(bench.app.url("/Auth/connect/revocation"))
        .header("content-type", "application/x-www-form-urlencoded")
        .body(form);
    assert_eq!(answer.send().await.unwrap().status(), 200);
    denied(&bench, 401, "token_revoked").await;
    assert_eq!(bench.call_with(&neighbour).await.status, 200);
}

#[tokio::test]
async fn c93_a_remembered_token_never_outlives_itself_or_its_key() {
    let bench = Bench::new().await;
    allowed(&bench).await;
    // Any other spelling of a remembered token is another token.
    for other in [format!("{}=", bench.token), format!("{}A", bench.token)] {
        assert_eq!(bench.call_with(&other).await.status, 401);
    }
    let id = bench.key().id;
    keys_rotate(&bench.app.ctx, &actor(), None).await.unwrap();
    allowed(&bench).await;
    keys_withdraw(&bench.app.ctx, &actor(), id).await.unwrap();
    denied(&bench, 401, "token_key_unknown").await;

    let bench = Bench::new().await;
    allowed(&bench).await;
    bench.app.clock.advance_secs(931);
    denied(&bench, 401, "token_expired").await;
}

#[tokio::test]
async fn c94_a_remembered_token_is_checked_against_the_route_called() {
    let bench = Bench::new().await;
    let narrow = bench.app.token(&bench.credential, "stats").await;
    assert_eq!(bench.call_with(&narrow).await.status, 200);
    let line = format!("authorization: Bearer {narrow}");
    let other_route = bench.get("/people/1", &[&line]).await;
    assert_eq!(
        (other_route.status, other_route.reason().as_str()),
        (403, "scope_not_asked")
    );
    let other_method = bench.send("DELETE", "/up/1", &[&line], "").await;
    assert_eq!(other_method.status, 405);
    let other_path = bench.get("/up/../people/1", &[&line]).await;
    assert_eq!(other_path.status, 400);
    assert_eq!(bench.upstream.n_received(), 1);
}

#[tokio::test]
async fn c94_a_call_to_another_regions_host_is_refused() {
    let bench = Bench::with(|setup| {
        setup.settings.hosts = vec![
            ("emea.api.example".to_owned(), Region::Emea),
            ("nam.api.example".to_owned(), Region::Nam),
        ];
    })
    .await;
    let to = async |host: &str| {
        let text = format!(
            "GET /up/1 HTTP/1.1\r\nhost: {host}\r\n{}\r\n\r\n",
            bench.bearer()
        );
        super::raw(bench.app.address, text.as_bytes()).await
    };
    assert_eq!(to("emea.api.example").await.status, 200);
    assert_eq!(to("EMEA.API.example:443").await.status, 200);
    let wrong = to("nam.api.example").await;
    assert_eq!(
        (wrong.status, wrong.reason().as_str()),
        (401, "region_wrong")
    );
    assert_eq!(to("elsewhere.example").await.status, 200);
}

#[tokio::test]
async fn c102_names_given_again_give_no_rights() {
    let bench = Bench::new().await;
    let (ctx, who) = (&bench.app.ctx, actor());
    allowed(&bench).await;
    credential_delete(ctx, &who, bench.credential.credential.id)
        .await
        .unwrap();
    // Same name, same owner, same scopes: another credential all the same.
    let namesake = bench
        .app
        .credential(&bench.account, &bench.owner, super::SCOPES)
        .await;
    denied(&bench, 401, "credential_unknown").await;
    let token = bench.app.token(&namesake, "stats").await;
    assert_eq!(bench.call_with(&token).await.status, 200);
    let told = bench.upstream.last();
    let id = namesake.credential.id.to_string();
    assert_eq!(told.header("x-ringfence-client"), Some(id.as_str()));
    let names = format!("{:?}", told.headers);
    assert!(
        !names.contains("nightly") && !names.contains("sam.lee"),
        "{names}"
    );
}
