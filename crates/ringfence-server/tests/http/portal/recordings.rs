//! `/admin/recordings`: who sees and hears what, live; and what is written down about it.

use ringfence_app::users::{UserEdit, user_edit};
use ringfence_core::account::Account;
use ringfence_core::content::ContentKind;
use ringfence_core::interaction::{Direction, Interaction};
use ringfence_core::permission::Permission;
use ringfence_core::user::{Line, Role, User};
use ringfence_core::wav::SampleFormat;
use ringfence_core::wav::reader::WavReader;
use ringfence_testkit::calls::call;
use ringfence_testkit::test_app::{Browser, TestApp, actor};

const LINE: &str = "+441632960900";
const WEEK: &str = "/admin/recordings?from=2026-03-01&to=2026-03-07";

/// Two channels of µ-law: the agent speaks in the first half, the customer in the second.
fn stereo(frames: usize) -> Vec<u8> {
    let mut data = Vec::with_capacity(frames * 2);
    for n in 0..frames {
        let loud = if n % 8 < 4 { 0x80 } else { 0x00 };
        data.extend(if n < frames / 2 {
            [loud, 0xff]
        } else {
            [0xff, loud]
        });
    }
    let n = |n: usize| u32::try_from(n).unwrap().to_le_bytes();
    let mut wav = b"RIFF".to_vec();
    wav.extend(n(36 + data.len()));
    wav.extend(b"WAVEfmt ");
    wav.extend(n(16));
    wav.extend([7, 0, 2, 0]);
    wav.extend(n(8_000));
    wav.extend(n(16_000));
    wav.extend([2, 0, 8, 0]);
    wav.extend(b"data");
    wav.extend(n(data.len()));
    wav.extend(data);
    wav
}

struct World {
    app: TestApp,
    account: Account,
    admin: User,
    call: Interaction,
}

impl World {
    async fn new() -> Self {
        Self::on(TestApp::sqlite().await).await
    }

    /// A call of agent 2041 with a recording and a transcript, and an admin who reaches its line.
    async fn on(app: TestApp) -> Self {
        let account = app.account("acme").await;
        let admin = app.admin(&account, "ada@acme.example", &[LINE]).await;
        app.user(&account, "agnes@acme.example", Role::Agent, Some("2041"))
            .await;
        let call = call(&account, 0);
        app.store_call(&call).await;
        app.store_item(&call, ContentKind::CallRecording, &stereo(16_000))
            .await;
        let said =
            br#"{"segments":[{"speaker":"Agent","offset":1500,"text":"Good <day> to you"}]}"#;
        app.store_item(&call, ContentKind::Transcript, said).await;
        app.caught_up().await;
        Self {
            app,
            account,
            admin,
            call,
        }
    }

    fn path(&self) -> String {
        format!("/admin/recordings/{}", self.call.id)
    }

    fn audio(&self) -> String {
        format!("{}/content/callRecording", self.path())
    }

    async fn edit(&self, user: &User, permissions: &[(Permission, bool)], lines: Option<&[&str]>) {
        let edit = UserEdit {
            permissions: permissions.to_vec(),
            lines: lines.map(|lines| lines.iter().map(|l| Line::parse(l).unwrap()).collect()),
            ..UserEdit::default()
        };
        user_edit(&self.app.ctx, &actor(), user.id, edit)
            .await
            .unwrap();
        self.app.caught_up().await;
    }

    async fn person(&self, username: &str, role: Role) -> (User, Browser) {
        let user = self.app.user(&self.account, username, role, None).await;
        self.app.caught_up().await;
        let browser = self.app.session(&user).await;
        (user, browser)
    }

    /// How many lines of the audit trail tell of an act, by the audit's own table.
    async fn n_audited(&self, act: &str) -> usize {
        let mut tx = self.app.ctx.db.begin_read().await.unwrap();
        let rows = tx
            .fetch_all("SELECT detail FROM audit WHERE act = $1", &[act.into()])
            .await
            .unwrap();
        rows.len()
    }
}

#[tokio::test]
async fn what_is_found_follows_the_persons_own_permissions_at_once() {
    for app in TestApp::both().await {
        let world = World::on(app).await;
        let ada = world.app.session(&world.admin).await;
        let (status, text) = ada.page(WEEK).await;
        assert_eq!(status, 200, "{}", world.app.engine);
        assert!(text.contains(&world.path()), "{text}");
        assert!(text.contains("agnes@acme.example (2041)"));
        assert!(text.contains("Your lines decide"), "what is hidden is said");

        // Supervisors see nothing until somebody gives them permissions and lines.
        let (sue, browser) = world.person("sue@acme.example", Role::Supervisor).await;
        let (status, text) = browser.page(WEEK).await;
        assert_eq!(status, 200);
        assert!(text.contains("You see no recordings of this account"));
        assert!(text.contains("View inbound interaction content is No"));
        assert!(text.contains("An administrator can change it: ada@acme.example"));
        assert!(
            !text.contains("href=\"/admin/recordings\""),
            "no link to it"
        );
        assert_eq!(browser.page(&world.path()).await.0, 404);
        assert_eq!(browser.page(&world.audio()).await.0, 404);

        let inbound = (Permission::ViewInboundContent, true);
        world.edit(&sue, &[inbound], Some(&[LINE])).await;
        let (_, text) = browser.page(WEEK).await;
        assert!(text.contains(&world.path()));
        assert!(text.contains("href=\"/admin/recordings\""));
        assert_eq!(browser.get(&world.audio()).await.status(), 200);

        // And taking the permission away shows at once, for the page, the list and the bytes.
        let inbound = (Permission::ViewInboundContent, false);
        world.edit(&sue, &[inbound], None).await;
        assert!(!browser.page(WEEK).await.1.contains(&world.path()));
        assert_eq!(browser.page(&world.path()).await.0, 404);
        assert_eq!(browser.page(&world.audio()).await.0, 404);
    }
}

#[tokio::test]
async fn an_admin_without_lines_is_told_why_there_is_nothing() {
    let world = World::new().await;
    let (bob, browser) = world.person("bob@acme.example", Role::Admin).await;
    let (status, text) = browser.page("/admin/recordings").await;
    assert_eq!(status, 200);
    assert!(text.contains("You have no lines, and your permission Access groups"));
    assert!(text.contains("As an administrator you can change"));
    assert!(text.contains("href=\"/admin/recordings\""));
    let groups = (Permission::AccessGroupsContent, true);
    world.edit(&bob, &[groups], Some(&[LINE])).await;
    let (_, text) = browser.page("/admin/recordings").await;
    assert!(text.contains("there is no group whose content you may reach"));
}

#[tokio::test]
async fn agents_with_permissions_may_listen_and_strangers_may_not() {
    let world = World::new().await;
    let (amy, agent) = world.person("amy@acme.example", Role::Agent).await;
    assert_eq!(agent.page(&world.path()).await.0, 404);
    let inbound = (Permission::ViewInboundContent, true);
    world.edit(&amy, &[inbound], Some(&[LINE])).await;
    assert_eq!(agent.page(&world.path()).await.0, 200);

    let stranger = world.app.browser(None);
    for path in [world.path(), world.audio(), WEEK.to_owned()] {
        assert_eq!(stranger.page(&path).await.0, 303, "{path}");
    }
    // Another account's admin with the same line, who is also an operator and looks at this account.
    let rival = world.app.account("rival").await;
    let eve = world.app.admin(&rival, "eve@rival.example", &[LINE]).await;
    world.app.caught_up().await;
    let browser = world.app.session(&eve).await;
    assert_eq!(browser.page(&world.path()).await.0, 404);
    assert!(!browser.page(WEEK).await.1.contains(&world.path()));
    let operator = UserEdit {
        operator: Some(true),
        ..UserEdit::default()
    };
    user_edit(&world.app.ctx, &actor(), eve.id, operator)
        .await
        .unwrap();
    world.app.caught_up().await;
    let browser = world.app.session(&eve).await;
    let opened = browser
        .post_form("/admin/open", &[("account", "acme")])
        .await;
    assert_eq!(opened.status(), 303);
    let (status, text) = browser.page(WEEK).await;
    assert_eq!(status, 200);
    assert!(text.contains("Recordings belong to the people of the account"));
    assert_eq!(browser.page(&world.path()).await.0, 404);
    assert_eq!(browser.page(&world.audio()).await.0, 404);
}

#[tokio::test]
async fn the_page_plays_draws_and_tells() {
    let world = World::new().await;
    let browser = world.app.session(&world.admin).await;
    let (status, text) = browser.page(&world.path()).await;
    assert_eq!(status, 200);
    assert!(text.contains("<audio controls preload=\"none\""));
    assert!(
        text.contains("content/callRecording?as=pcm"),
        "µ-law is sent as PCM"
    );
    assert!(text.contains("Waveform: Agent") && text.contains("Waveform: Customer"));
    assert!(text.contains("G.711 µ-law, 8000 Hz"));
    // The agent is loud in the first half and silent in the second.
    let path = text.split("Waveform: Agent\"><path d=\"").nth(1).unwrap();
    let path = path.split('"').next().unwrap();
    assert!(
        path.starts_with("M0 2V46") && path.ends_with("M599 24V25"),
        "drawn from the samples"
    );
    assert!(text.contains("Good &#60;day&#62; to you") && text.contains("0:01"));
    assert!(text.len() < 100_000, "{} bytes", text.len());
    // What it sounds like is kept: the bytes are not read again for the picture.
    let (_, again) = browser.page(&world.path()).await;
    assert!(again.contains(path));
    assert_eq!(
        world.n_audited("content.read").await,
        1,
        "the transcript, once"
    );
}

#[tokio::test]
async fn audio_comes_as_stored_and_as_pcm_with_ranges_and_is_audited_once() {
    let world = World::new().await;
    let browser = world.app.session(&world.admin).await;
    let whole = stereo(16_000);
    let answer = browser.get(&world.audio()).await;
    assert_eq!(answer.headers()["content-type"], "audio/wav");
    assert!(answer.headers().get("content-disposition").is_none());
    assert_eq!(answer.bytes().await.unwrap(), whole);

    let pcm = format!("{}?as=pcm", world.audio());
    let answer = browser.get(&pcm).await;
    assert_eq!(answer.headers()["accept-ranges"], "bytes");
    let view = answer.bytes().await.unwrap();
    let mut reader = WavReader::new();
    reader.feed(&view);
    let facts = reader.finish().unwrap();
    assert_eq!(
        (facts.format, facts.channels, facts.duration_ms),
        (SampleFormat::Pcm16, 2, 2_000)
    );
    for (range, expected) in [("bytes=0-99", 0..100), ("bytes=45-1001", 45..1_002)] {
        let answer = browser
            .send(reqwest::Method::GET, &pcm, |r| r.header("range", range))
            .await;
        assert_eq!(answer.status(), 206, "{range}");
        let total = format!("/{}", view.len());
        assert!(
            answer.headers()["content-range"]
                .to_str()
                .unwrap()
                .ends_with(&total)
        );
        assert_eq!(
            answer.bytes().await.unwrap(),
            view.slice(expected),
            "{range}"
        );
    }
    let answer = browser
        .send(reqwest::Method::GET, &pcm, |r| {
            r.header("range", "bytes=999999-")
        })
        .await;
    assert_eq!(answer.status(), 416);
    assert_eq!(world.n_audited("content.read").await, 1, "one listening");
    let answer = browser.get(&format!("{}?save=1", world.audio())).await;
    let name = answer.headers()["content-disposition"].to_str().unwrap();
    assert!(
        name.starts_with("attachment") && name.contains(".wav"),
        "{name}"
    );
    assert_eq!(world.n_audited("content.read").await, 2, "and one download");
    world.app.clock.advance_secs(1_000);
    world.app.caught_up().await;
    browser.get(&world.audio()).await;
    assert_eq!(
        world.n_audited("content.read").await,
        3,
        "later is another one"
    );
}

#[tokio::test]
async fn what_somebody_made_never_acts_as_a_page_of_ours() {
    let world = World::new().await;
    let item = world
        .app
        .store_item(
            &world.call,
            ContentKind::Attachment,
            b"<script>alert(1)</script>",
        )
        .await;
    let browser = world.app.session(&world.admin).await;
    let path = format!("{}/content/{}", world.path(), item.key.as_str());
    let answer = browser.get(&path).await;
    let header = |name: &str| answer.headers()[name].to_str().unwrap();
    assert_eq!(header("content-type"), "application/octet-stream");
    assert!(header("content-disposition").starts_with("attachment"));
    assert_eq!(header("x-content-type-options"), "nosniff");
}

#[tokio::test]
async fn a_search_keeps_to_seven_days_and_says_what_is_wrong() {
    let world = World::new().await;
    let browser = world.app.session(&world.admin).await;
    for (query, words) in [
        ("from=2026-03-01&to=2026-03-08", "at most 7 days"),
        ("from=2026-03-02&to=2026-03-01", "must not be before"),
        ("from=March", "year-month-day"),
        ("agent=a%20b&from=2026-03-02", "An agent id has"),
        ("guid=123", "36 characters"),
        ("type=cake", "one of the types"),
    ] {
        let (status, text) = browser.page(&format!("/admin/recordings?{query}")).await;
        assert_eq!(status, 422, "{query}");
        assert!(
            text.contains("error-summary") && text.contains(words),
            "{query}"
        );
    }
    for (query, found) in [
        ("agent=2041", true),
        ("agent=9", false),
        ("direction=outbound", false),
        ("line=%2B441632960900&type=transcript", true),
        ("type=voicemail", false),
        ("order=oldest", true),
        ("page=2", false),
    ] {
        let (status, text) = browser.page(&format!("{WEEK}&{query}")).await;
        assert_eq!(status, 200, "{query}");
        assert_eq!(text.contains(&world.path()), found, "{query}");
    }
    let answer = browser
        .get(&format!("/admin/recordings?guid={}", world.call.id))
        .await;
    assert_eq!(answer.headers()["location"].to_str().unwrap(), world.path());
    // A week without recordings points to one that has some.
    let (_, text) = browser.page("/admin/recordings?from=2026-02-01").await;
    assert!(text.contains("Show its week"), "{text}");
}

#[tokio::test]
async fn deleting_asks_once_and_wants_the_permission() {
    let world = World::new().await;
    let (amy, agent) = world.person("amy@acme.example", Role::Agent).await;
    let inbound = (Permission::ViewInboundContent, true);
    world.edit(&amy, &[inbound], Some(&[LINE])).await;
    let ask = format!("{}/delete", world.audio());
    assert_eq!(agent.page(&ask).await.0, 403);
    assert_eq!(agent.post_form(&ask, &[]).await.status(), 403);
    assert!(!agent.page(&world.path()).await.1.contains("/delete\""));

    let browser = world.app.session(&world.admin).await;
    let (status, text) = browser.page(&ask).await;
    assert_eq!(status, 200);
    assert!(text.contains("cannot be brought back"));
    let done = browser.post_form(&ask, &[]).await;
    assert_eq!(done.status(), 303);
    assert_eq!(world.app.kinds(&world.call).await, ["transcript"]);
    let done = browser
        .post_form(&format!("{}/delete", world.path()), &[])
        .await;
    assert_eq!(
        done.headers()["location"],
        "/admin/recordings?notice=recording-deleted"
    );
    assert!(world.app.kinds(&world.call).await.is_empty());
    assert_eq!(browser.page(&world.path()).await.0, 404);
    assert_eq!(world.n_audited("content.delete").await, 1);
    assert_eq!(world.n_audited("interaction.delete").await, 1);
}

#[tokio::test]
async fn outbound_calls_have_a_gate_of_their_own() {
    let world = World::new().await;
    let mut other = call(&world.account, 1);
    other.direction = Direction::Outbound;
    world.app.store_recorded(&other).await;
    let browser = world.app.session(&world.admin).await;
    let path = format!("/admin/recordings/{}", other.id);
    // Bytes that are no audio are listed and can be saved; there is no player for them.
    let (status, text) = browser.page(&path).await;
    assert_eq!(status, 200);
    assert!(!text.contains("<audio"));
    world
        .edit(
            &world.admin,
            &[(Permission::ViewOutboundContent, false)],
            None,
        )
        .await;
    assert_eq!(browser.page(&path).await.0, 404);
    assert_eq!(browser.page(&world.path()).await.0, 200);
}
