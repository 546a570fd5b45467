//! C9: token expiry at any moment, also inside a back-off or a body. C10 in part: a refused credential.

use ringfence_testkit::fake::{
    Answer, Call, DownloadFault, FakeAccount, Route, Switches, TokenFault,
};

use crate::lab::{Lab, at, step};

#[tokio::test]
async fn tokens_of_three_seconds_are_enough() {
    // Pauses of 250 real milliseconds are five seconds here: each of these bodies outlives its token.
    let mut account = FakeAccount::sample(24, at("09:00:00"), step(60));
    for number in [3, 9, 15] {
        let call = account
            .call_mut(&ringfence_testkit::fake::guid(number))
            .unwrap();
        call.items[0]
            .faults
            .push_back(DownloadFault::PauseAfter(10_000, 250));
    }
    let switches = Switches {
        token_life_ms: 3_000,
        ..Switches::default()
    };
    let lab = Lab::at_speed(account, switches, 20).await;
    lab.platform
        .script(Route::Search, [Answer::Status(503), Answer::Pass]);
    let began = lab.now();
    let run = lab.run().await;
    let lasted_ms = lab.now() - began;
    assert_eq!((run.fetched, run.failed), (24, 0), "{run:?}");
    lab.all_is_right().await.unwrap();
    let n_tokens = i64::try_from(lab.platform.log().count(Route::Token)).unwrap();
    // A token is renewed at nine tenths of its life; one more for the first.
    assert!(
        n_tokens <= lasted_ms / 2_700 + 2,
        "{n_tokens} token requests in {lasted_ms} ms"
    );
}

#[tokio::test]
async fn one_request_serves_everyone_who_waits() {
    let lab = Lab::new(FakeAccount::sample(40, at("09:00:00"), step(60))).await;
    lab.platform.script(Route::Token, [Answer::Late(30)]);
    let run = lab.run().await;
    assert_eq!(run.fetched, 40, "{run:?}");
    assert_eq!(lab.platform.log().count(Route::Token), 1);
}

#[tokio::test]
async fn a_token_that_dies_early_is_replaced() {
    let mut account = FakeAccount::sample(12, at("09:00:00"), step(60));
    account.put(
        Call::recorded(100, at("10:00:00"), 8_000).with_faults(&[DownloadFault::TokenExpired]),
    );
    let lab = Lab::at_speed(account, Switches::default(), 20).await;
    lab.platform.after(Route::Search, 1, |_, switches| {
        switches.token_claims_secs = Some(900);
    });
    lab.platform.set(|switches| {
        switches.token_life_ms = 2_000;
        switches.token_claims_secs = Some(7200);
    });
    let run = lab.run().await;
    assert_eq!((run.fetched, run.failed), (13, 0), "{run:?}");
    lab.all_is_right().await.unwrap();
}

#[tokio::test]
async fn strange_lives_do_no_harm() {
    for claims in [0, -1, 1, i64::MAX] {
        let switches = Switches {
            token_claims_secs: Some(claims),
            ..Switches::default()
        };
        let lab = Lab::with(FakeAccount::sample(4, at("09:00:00"), step(60)), switches).await;
        let run = lab.run().await;
        assert_eq!(run.fetched, 4, "{claims}: {run:?}");
        assert!(lab.platform.log().count(Route::Token) <= 40, "{claims}");
    }
}

#[tokio::test]
async fn a_refused_credential_stops_the_run_and_is_not_hammered() {
    let lab = Lab::new(FakeAccount::sample(8, at("09:00:00"), step(60))).await;
    lab.run().await;
    let before = lab.stored().await;
    lab.platform.clear_log();
    lab.platform.revoke_tokens();
    lab.platform
        .set(|switches| switches.token_fault = Some(TokenFault::InvalidClient));
    let refused = lab
        .try_run()
        .await
        .expect_err("a refused credential is no finished run");
    assert!(refused.contains("client id or secret"), "{refused}");
    assert!(lab.platform.log().count(Route::Token) <= 5);
    assert_eq!(lab.stored().await, before, "state is kept");
    lab.platform.set(|switches| switches.token_fault = None);
    assert_eq!(lab.run().await.already_had, 8);
}

#[tokio::test]
async fn a_credential_that_is_refused_in_mid_run_stops_it() {
    let mut account = FakeAccount::sample(40, at("09:00:00"), step(60));
    let call = account
        .call_mut(&ringfence_testkit::fake::guid(30))
        .unwrap();
    call.items[0].faults.push_back(DownloadFault::TokenExpired);
    let lab = Lab::new(account).await;
    lab.platform.after(Route::Download, 5, |_, switches| {
        switches.token_fault = Some(TokenFault::InvalidClient);
    });
    let refused = lab
        .try_run()
        .await
        .expect_err("a refused credential is no finished run");
    assert!(refused.contains("client id or secret"), "{refused}");
    let at_home = lab.stored().await.len();
    assert!(
        (10..40).contains(&at_home),
        "what came before is kept: {at_home}"
    );
    lab.platform.set(|switches| switches.token_fault = None);
    let run = lab.run().await;
    assert_eq!(run.already_had + run.fetched, 40, "{run:?}");
    lab.all_is_right().await.unwrap();
}

#[tokio::test]
async fn the_content_scope_is_needed_and_the_others_are_missed_aloud() {
    for (scope, word) in [
        ("interaction-content:read", None),
        ("stats", Some("stats")),
        ("users:read", Some("users:read")),
    ] {
        let mut account = FakeAccount::sample(8, at("09:00:00"), step(60));
        account.scopes.retain(|held| held != scope);
        let lab = Lab::new(account).await;
        match (lab.try_run().await, word) {
            (Err(refused), None) => assert!(refused.contains(scope), "{refused}"),
            (Ok(run), Some(word)) => {
                assert_eq!(run.fetched, 8, "{scope}: {run:?}");
                assert!(
                    run.whole["notes"].to_string().contains(word),
                    "{scope}: {run:?}"
                );
            }
            (other, _) => panic!("{scope}: {other:?}"),
        }
        assert!(lab.platform.log().count(Route::Token) <= 5, "{scope}");
    }
}
