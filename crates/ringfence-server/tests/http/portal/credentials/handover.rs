//! A secret that reaches a partner by a link or sealed to their key, and never in clear.

use super::made::{holds, store_bytes};
use super::{World, hidden, text_of};
use ringfence_core::secret::ClientSecret;
use ringfence_testkit::logs;
use ringfence_testkit::test_app::TestApp;

async fn linked(world: &World) -> String {
    let (_, form) = world.sam.page("/admin/credentials/new").await;
    let nonce = hidden(&form, "nonce");
    let fields = [
        ("nonce", nonce.as_str()),
        ("name", "for the partner"),
        ("scope", "stats"),
        ("deliver", "link"),
        ("hours", "24"),
    ];
    let answer = world.sam.post_form("/admin/credentials", &fields).await;
    assert_eq!(answer.status(), 200);
    let page = answer.text().await.unwrap();
    assert!(
        !page.contains("rfs_"),
        "whoever makes the link does not see the secret"
    );
    let url = text_of(&page, "link");
    url.strip_prefix(&world.app.base).unwrap().to_owned()
}

#[tokio::test]
async fn a_link_opens_once() {
    for app in TestApp::both().await {
        let world = World::on(app).await;
        let path = linked(&world).await;
        let partner = world.app.browser(None);
        for _ in 0..2 {
            let (status, page) = partner.page(&path).await;
            assert_eq!(status, 200, "looking changes nothing");
            assert!(page.contains("It opens once") && !page.contains("rfs_"));
        }
        let mut openers = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let (partner, path) = (partner.clone(), path.clone());
            openers.spawn(async move {
                let post = reqwest::Method::POST;
                let answer = partner.send(post, &path, |request| request).await;
                assert_eq!(answer.headers()["cache-control"], "no-store");
                (answer.status().as_u16(), answer.text().await.unwrap())
            });
        }
        let answers = openers.join_all().await;
        let won: Vec<&String> = answers
            .iter()
            .filter(|(status, _)| *status == 200)
            .map(|(_, page)| page)
            .collect();
        assert_eq!(won.len(), 1, "{}", world.app.engine);
        let (id, secret) = (text_of(won[0], "id"), text_of(won[0], "secret"));
        assert!(ClientSecret::parse(&secret).is_ok());
        assert!(won[0].contains(">emea<"));
        for (status, page) in &answers {
            assert!(*status == 200 || (*status == 410 && !page.contains("rfs_")));
        }
        let (status, page) = partner.page(&path).await;
        assert_eq!(status, 410);
        assert!(page.contains("If that was not you"));
        let (_, page) = world.sam.page(&format!("/admin/credentials/{id}")).await;
        assert!(page.contains("Handed over by link") && page.contains("Opened"));
        assert_eq!(
            partner
                .page(&format!("/handover/{}", "A".repeat(43)))
                .await
                .0,
            404
        );
        assert_eq!(partner.page("/handover/short").await.0, 404);
    }
}

#[tokio::test]
async fn the_store_and_the_log_reveal_nothing() {
    logs::keep();
    let world = World::new().await;
    let path = linked(&world).await;
    let link = path.rsplit('/').next().unwrap();
    let stored = store_bytes(&world.app).await;
    assert!(!holds(&stored, link) && !holds(&stored, "rfs_emea"));
    let answer = world.app.browser(None).post_form(&path, &[]).await;
    let secret = text_of(&answer.text().await.unwrap(), "secret");
    let stored = store_bytes(&world.app).await;
    assert!(!holds(&stored, &secret) && !holds(&stored, link));
    assert!(holds(&stored, "credential.handover_open"));
    let logged = logs::logged();
    assert!(
        holds(&logged, "/handover/{link}"),
        "the log is what was searched"
    );
    assert!(!holds(&logged, &secret) && !holds(&logged, link));
}

#[tokio::test]
async fn a_link_to_a_retired_secret_is_gone() {
    let world = World::new().await;
    let path = linked(&world).await;
    let (_, list) = world.sam.page("/admin/credentials").await;
    let (_, rest) = list.split_once("<td class=\"mono\">").unwrap();
    let id = rest.split_once('<').unwrap().0;
    let retire = format!("/admin/credentials/{id}/secrets/1/retire");
    assert_eq!(world.sam.post_form(&retire, &[]).await.status(), 303);
    let answer = world.app.browser(None).post_form(&path, &[]).await;
    assert_eq!(answer.status(), 404);
}

#[tokio::test]
async fn a_file_is_sealed_to_the_partners_key() {
    let world = World::new().await;
    let (_, form) = world.sam.page("/admin/credentials/new").await;
    let nonce = hidden(&form, "nonce");
    let with = |recipient: &'static str| {
        [
            ("nonce".to_owned(), nonce.clone()),
            ("name".to_owned(), "sealed".to_owned()),
            ("scope".to_owned(), "stats".to_owned()),
            ("deliver".to_owned(), "age".to_owned()),
            ("recipient".to_owned(), recipient.to_owned()),
        ]
    };
    let post = async |recipient| {
        let fields = with(recipient);
        let fields: Vec<(&str, &str)> = fields
            .iter()
            .map(|(n, v)| (n.as_str(), v.as_str()))
            .collect();
        let answer = world.sam.post_form("/admin/credentials", &fields).await;
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    let (status, page) =
        post("AGE-SECRET-KEY-1QQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQQ").await;
    assert_eq!(status, 422);
    assert!(page.contains("This is a private key") && !page.contains("AGE-SECRET-KEY"));
    let (status, _) = post("age1nonsense").await;
    assert_eq!(status, 422);
    let (status, page) =
        post("age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p").await;
    assert_eq!(status, 200, "{page}");
    assert!(!page.contains("rfs_"));
    assert!(page.contains("-----BEGIN AGE ENCRYPTED FILE-----"));
    assert!(
        page.contains(".age\" href=\"data:application/octet-stream;base64,YWdlLWVuY3J5cHRpb24")
    );
}
