//! Authorization codes (checklist D, C40).

use super::*;

const UNKNOWN: &str = "Invalid authorization code";
const USED: &str = "Inactive authorization code";
const EXPIRED: &str = "Expired or revoked authorization code";

#[tokio::test]
async fn c55_c56_a_code_works_once_and_a_second_use_ends_what_came_of_it() {
    for bench in Bench::both().await {
        let code = bench.code(&bench.of, "openid").await;
        let first = bench.exchange(&bench.of, &code).await.granted();
        assert!(bench.admitted(&access(&first)).await);
        let second = bench.exchange(&bench.of, &code).await;
        assert_eq!(second.refusal(), invalid_grant(USED));
        assert!(
            !bench.admitted(&access(&first)).await,
            "{}",
            bench.app.engine
        );
        let refreshed = bench.refresh(&bench.of, &refresh_of(&first)).await;
        assert_eq!(refreshed.refusal(), invalid_grant(REFRESH_GONE));
        let ended = bench.audit("grant.revoke").await;
        assert_eq!(ended[0]["reason"], "code_reused");
    }
}

#[tokio::test]
async fn c57_a_code_lives_sixty_seconds() {
    let bench = Bench::new().await;
    let (early, late) = (
        bench.code(&bench.of, "").await,
        bench.code(&bench.of, "").await,
    );
    bench.app.clock.advance_secs(59);
    bench.app.caught_up().await;
    assert_eq!(bench.exchange(&bench.of, &early).await.status, 200);
    bench.app.clock.advance_secs(1);
    bench.app.caught_up().await;
    assert_eq!(
        bench.exchange(&bench.of, &late).await.refusal(),
        invalid_grant(EXPIRED)
    );
}

#[tokio::test]
async fn c58_a_code_is_bound_to_its_redirect_and_its_challenge() {
    for bench in Bench::both().await {
        let cases = [
            (
                "redirect_uri",
                Some("https://app.example/callback/"),
                "Callback url mismatch",
            ),
            ("redirect_uri", None, "Callback url mismatch"),
            (
                "code_verifier",
                Some("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXl"),
                "PKCE validation failed",
            ),
            ("code_verifier", Some("short"), "PKCE validation failed"),
            ("code_verifier", None, "PKCE validation failed"),
        ];
        for (name, value, description) in cases {
            let code = bench.code(&bench.of, "openid").await;
            let mut parameters = exchange_form(&bench.of, &code);
            parameters.retain(|(n, _)| *n != name);
            parameters.extend(value.map(|value| (name, value.to_owned())));
            let wrong = bench.ask(&parameters).await;
            assert_eq!(
                wrong.refusal(),
                invalid_grant(description),
                "{name} {value:?}"
            );
            // c59: the application itself has shown it wrongly, so it is used up.
            let right = bench.exchange(&bench.of, &code).await;
            assert_eq!(right.refusal(), invalid_grant(USED), "{name} {value:?}");
        }
    }
}

#[tokio::test]
async fn c40_a_verifier_without_a_challenge_is_refused() {
    let bench = Bench::new().await;
    let without = async || {
        bench
            .code_with(&bench.of, "openid", |new| new.challenge = None)
            .await
    };
    let code = without().await;
    let downgraded = bench.exchange(&bench.of, &code).await;
    assert_eq!(
        downgraded.refusal(),
        invalid_grant("PKCE validation failed")
    );
    let code = without().await;
    let mut legacy = exchange_form(&bench.of, &code);
    legacy.retain(|(name, _)| *name != "code_verifier");
    assert_eq!(bench.ask(&legacy).await.status, 200, "a legacy application");
}

#[tokio::test]
async fn c59_another_application_cannot_use_up_a_code() {
    for bench in Bench::both().await {
        let rival = bench.application("Rival", |_| {}).await;
        let code = bench.code(&bench.of, "openid").await;
        let stolen = bench.exchange(&rival, &code).await;
        assert_eq!(stolen.refusal(), invalid_grant(UNKNOWN));
        assert_eq!(
            bench.exchange(&bench.of, &code).await.status,
            200,
            "{}",
            bench.app.engine
        );
        let seen = bench.audit("application.stranger").await;
        assert_eq!(seen[0]["reason"], "code_of_another_application");
        // Nor can somebody who only knows a public client's name.
        let native = bench.public().await;
        let code = bench.code(&native, "openid").await;
        let mut guess = exchange_form(&native, &code);
        guess.retain(|(name, _)| *name != "code_verifier");
        assert_eq!(
            bench.ask(&guess).await.refusal(),
            invalid_grant("PKCE validation failed")
        );
        assert_eq!(bench.exchange(&native, &code).await.status, 200);
    }
}

#[tokio::test]
async fn c60_codes_are_long_and_kept_as_digests_alone() {
    let bench = Bench::new().await;
    let code = bench.code(&bench.of, "openid").await;
    assert_eq!(code.len(), 43);
    let body = bench.exchange(&bench.of, &code).await.granted();
    let folder = bench.app.folder.as_ref().unwrap().path();
    let mut stored = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            stored.extend(std::fs::read(path).unwrap());
        }
    }
    let signature = access(&body).split('.').nth(2).unwrap().to_owned();
    let contains = |needle: &str| stored.windows(needle.len()).any(|w| w == needle.as_bytes());
    assert!(contains(CALLBACK), "the files read are the store");
    for secret in [code.as_str(), &refresh_of(&body), &signature, PASSWORD] {
        assert!(!contains(secret));
    }
}

#[tokio::test]
async fn unknown_codes_and_a_person_who_may_not_act_any_more() {
    let bench = Bench::new().await;
    for unknown in ["x", &"a".repeat(43), "0b1c2d3e-4f50-3617-8291-a0b1c2d3e4f5"] {
        let answer = bench.exchange(&bench.of, unknown).await;
        assert_eq!(answer.refusal(), invalid_grant(UNKNOWN), "{unknown}");
    }
    let code = bench.code(&bench.of, "openid").await;
    person_edit(&bench.app, &bench.user, |edit| edit.active = Some(false)).await;
    assert_eq!(
        bench.exchange(&bench.of, &code).await.refusal(),
        invalid_grant(EXPIRED)
    );
}
