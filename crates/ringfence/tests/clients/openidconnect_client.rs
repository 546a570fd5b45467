//! Rust's `openidconnect`.

use crate::STEPS;
use crate::person::Person;
use crate::world::{CALLBACK, POST_LOGOUT, World};
use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreIdToken, CoreJwsSigningAlgorithm, CoreRevocableToken,
    CoreUserInfoClaims,
};
use openidconnect::{
    AccessTokenHash, AuthorizationCode, ClientId, ClientSecret, CsrfToken, HttpRequest,
    HttpResponse, IssuerUrl, LogoutRequest, Nonce, OAuth2TokenResponse as _, PkceCodeChallenge,
    PostLogoutRedirectUrl, ProviderMetadataWithLogout, RedirectUrl, RequestTokenError,
    RevocationUrl, Scope, TokenResponse as _,
};
use std::future::Future;
use std::pin::Pin;
use std::time::{Duration, Instant};
use url::Url;

#[tokio::test(flavor = "multi_thread")]
async fn openidconnect_of_rust_gets_all_it_asks_for() {
    let world = World::start();
    let mut person = Person::new(&world);
    let mut steps = Vec::new();
    let http = sender(world.http());
    let issuer = IssuerUrl::new(world.issuer()).unwrap();
    let metadata = ProviderMetadataWithLogout::discover_async(issuer, &http)
        .await
        .unwrap();
    let out = metadata
        .additional_metadata()
        .end_session_endpoint
        .clone()
        .unwrap();
    // The library's own metadata has no place for this one.
    let discovery = format!("{}/.well-known/openid-configuration", world.issuer());
    let document = world.http().get(discovery).send().await.unwrap();
    let document: serde_json::Value = document.json().await.unwrap();
    let revocation = document["revocation_endpoint"].as_str().unwrap().to_owned();
    steps.push("discovery");

    let client = CoreClient::from_provider_metadata(
        metadata,
        ClientId::new(world.key.clone()),
        Some(ClientSecret::new(world.secret.clone())),
    )
    .set_redirect_uri(RedirectUrl::new(CALLBACK.to_owned()).unwrap())
    .set_revocation_url(RevocationUrl::new(revocation).unwrap());
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let (url, state, nonce) = client
        .authorize_url(
            CoreAuthenticationFlow::AuthorizationCode,
            CsrfToken::new_random,
            Nonce::new_random,
        )
        .add_scope(Scope::new("profile".to_owned()))
        .add_scope(Scope::new("email".to_owned()))
        .add_scope(Scope::new("offline_access".to_owned()))
        .set_pkce_challenge(challenge)
        .url();
    let back = Url::parse(&person.visit(url.as_str()).await).unwrap();
    let value = |name: &str| {
        let found = back.query_pairs().find(|(known, _)| known == name);
        found.map(|(_, value)| value.into_owned())
    };
    assert_eq!(value("state").as_ref(), Some(state.secret()));
    let code = value("code").unwrap_or_else(|| panic!("no code in {back}"));
    let tokens = client
        .exchange_code(AuthorizationCode::new(code))
        .unwrap()
        .set_pkce_verifier(verifier)
        .request_async(&http)
        .await
        .unwrap();
    steps.push("code with PKCE");

    let verifier = client.id_token_verifier();
    let id_token: &CoreIdToken = tokens.id_token().unwrap();
    let claims = id_token.claims(&verifier, &nonce).unwrap();
    assert_eq!(claims.subject().as_str(), world.subject());
    let expected = claims.access_token_hash().unwrap();
    let alg = id_token.signing_alg().unwrap();
    assert!(matches!(
        alg,
        CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256 | CoreJwsSigningAlgorithm::EcdsaP256Sha256
    ));
    let key = id_token.signing_key(&verifier).unwrap();
    let found = AccessTokenHash::from_token(tokens.access_token(), alg, key).unwrap();
    assert_eq!(found, *expected);
    steps.push("ID token");

    let subject = Some(claims.subject().clone());
    let asked = client.user_info(tokens.access_token().clone(), subject.clone());
    let info: CoreUserInfoClaims = asked.unwrap().request_async(&http).await.unwrap();
    assert_eq!(info.subject(), claims.subject());
    steps.push("userinfo");

    let first = tokens.refresh_token().unwrap();
    let asked = client.exchange_refresh_token(first).unwrap();
    let fresh = asked.request_async(&http).await.unwrap();
    let second = fresh.refresh_token().unwrap();
    assert_ne!(first.secret(), second.secret());
    assert_ne!(
        tokens.access_token().secret(),
        fresh.access_token().secret()
    );
    steps.push("refresh");

    let gone = client.revoke_token(CoreRevocableToken::from(second.clone()));
    gone.unwrap().request_async(&http).await.unwrap();
    let began = Instant::now();
    loop {
        let asked = client.user_info(fresh.access_token().clone(), subject.clone());
        let told: Result<CoreUserInfoClaims, _> = asked.unwrap().request_async(&http).await;
        if told.is_err() {
            break;
        }
        assert!(
            began.elapsed() < Duration::from_secs(1),
            "refused within a second"
        );
    }
    let asked = client.exchange_refresh_token(second).unwrap();
    match asked.request_async(&http).await {
        Err(RequestTokenError::ServerResponse(refusal)) => {
            assert_eq!(refusal.error().to_string(), "invalid_grant");
        }
        other => panic!("{other:?}"),
    }
    steps.push("revocation");

    let bye = LogoutRequest::from(out)
        .set_id_token_hint(id_token)
        .set_post_logout_redirect_uri(PostLogoutRedirectUrl::new(POST_LOGOUT.to_owned()).unwrap())
        .set_state(CsrfToken::new("bye".to_owned()));
    let sent_to = person.visit(bye.http_get_url().as_str()).await;
    assert_eq!(sent_to, format!("{POST_LOGOUT}?state=bye"));
    steps.push("logout");
    assert_eq!(steps, STEPS);
}

type Answer = Pin<Box<dyn Future<Output = Result<HttpResponse, reqwest::Error>> + Send>>;

/// How the library sends its requests: through a client that trusts the server.
fn sender(http: reqwest::Client) -> impl Fn(HttpRequest) -> Answer {
    move |request| {
        let http = http.clone();
        Box::pin(async move {
            let answer = http.execute(reqwest::Request::try_from(request)?).await?;
            let (status, headers) = (answer.status(), answer.headers().clone());
            let mut response = HttpResponse::new(answer.bytes().await?.to_vec());
            *response.status_mut() = status;
            *response.headers_mut() = headers;
            Ok(response)
        })
    }
}
