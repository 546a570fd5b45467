//! Rotation with overlap, and retiring.

use super::{World, hidden, text_of};

#[tokio::test]
async fn rotation_overlaps_and_shows_who_has_not_changed_over() {
    let world = World::new().await;
    let made = world
        .app
        .credential(&world.account, &world.admin, "stats")
        .await;
    let path = format!("/admin/credentials/{}", made.credential.id);
    world.app.token(&made, "stats").await;
    ringfence_app::usage::flush(&world.app.ctx).await.unwrap();
    let (_, page) = world.sam.page(&path).await;
    assert!(page.contains("The only one that works"));

    let (_, form) = world.sam.page(&format!("{path}/rotate")).await;
    let nonce = hidden(&form, "nonce");
    let fields = [
        ("nonce", nonce.as_str()),
        ("overlap", "86400"),
        ("deliver", "show"),
    ];
    let answer = world
        .sam
        .post_form(&format!("{path}/rotate"), &fields)
        .await;
    assert_eq!(answer.headers()["cache-control"], "no-store");
    let page = answer.text().await.unwrap();
    assert!(page.contains("has a new secret, number 2"));
    let secret = text_of(&page, "secret");
    let again = world
        .sam
        .post_form(&format!("{path}/rotate"), &fields)
        .await;
    let again = again.text().await.unwrap();
    assert!(again.contains("cannot be shown again") && !again.contains(&secret));

    world.app.caught_up().await;
    let (_, page) = world.sam.page(&path).await;
    assert!(page.contains("Still used within the last day") && page.contains("The newest."));
    // Both still work.
    world.app.token(&made, "stats").await;

    let (_, confirm) = world.sam.page(&format!("{path}/secrets/1/retire")).await;
    assert!(confirm.contains("Still in use") && confirm.contains("127.0.0.1"));
    assert!(confirm.contains("The other secrets and their tokens keep working"));
    let answer = world
        .sam
        .post_form(&format!("{path}/secrets/1/retire"), &[])
        .await;
    assert_eq!(answer.status(), 303);
    world.app.caught_up().await;
    assert!(
        !world
            .app
            .token_answer(&made, "stats")
            .await
            .status()
            .is_success()
    );
    assert_eq!(
        world.sam.page(&format!("{path}/secrets/1/retire")).await.0,
        404
    );
    let (_, confirm) = world.sam.page(&format!("{path}/secrets/2/retire")).await;
    assert!(confirm.contains("nothing can use the credential until you rotate"));
}
