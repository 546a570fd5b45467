//! The whole server in the test's process, over a real store and a real socket.

use crate::clock::TestClock;
use crate::stores::TestStore;
use ringfence_app::accounts::{NewAccount, account_create};
use ringfence_app::context::{Actor, Ctx, Settings, spawn};
use ringfence_app::credentials::{NewCredential, NewSecret, credential_create};
use ringfence_app::developer_session::developer_session_begin;
use ringfence_app::directory::follow;
use ringfence_app::session::{SignedIn, session_begin};
use ringfence_app::sign_in::Visitor;
use ringfence_app::users::{NewUser, UserEdit, user_create, user_edit};
use ringfence_core::account::{Account, AccountKind, AccountName, Region, TokenAlg};
use ringfence_core::context::SystemRandom;
use ringfence_core::credential::CredentialName;
use ringfence_core::developer::Developer;
use ringfence_core::permission::Permission;
use ringfence_core::scope::ScopeSet;
use ringfence_core::seal::MasterKey;
use ringfence_core::user::{AgentNumber, Line, Role, User, Username};
use ringfence_server::app::{App, Limits};
use ringfence_server::gateway::routes::{RouteSetting, RouteTable};
use ringfence_server::router::router;
use ringfence_server::web::listener::{ListenerSettings, listener_serve};
use ringfence_store::blobs::BlobStore;
use ringfence_store::db::Db;
use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::Arc;
use tokio::net::TcpListener;
use tokio::sync::Notify;

/// The master key of every test: nodes of one test share it.
const MASTER_KEY: [u8; 32] = [42; 32];

/// What a test wants of its server, beyond the defaults.
#[derive(Clone, Debug, Default)]
pub struct Setup {
    /// Settings of the acts; `public_url` is set to the address the server gets unless one is given.
    pub settings: Settings,
    /// Bounds of requests.
    pub limits: Limits,
    /// Routes to programs behind the gateway.
    pub routes: Vec<RouteSetting>,
    /// Bounds of the listener.
    pub listener: ListenerSettings,
}

/// A running server and the means to fill it.
#[derive(Debug)]
pub struct TestApp {
    /// The context of its acts.
    pub ctx: Ctx,
    /// Its clock.
    pub clock: Arc<TestClock>,
    /// `http://127.0.0.1:PORT`.
    pub base: String,
    /// Its address.
    pub address: SocketAddr,
    /// A client that follows no redirect.
    pub http: reqwest::Client,
    /// Which engine it runs on, for messages.
    pub engine: &'static str,
    /// Goes away with the test, and takes the SQLite file with it.
    pub folder: Option<tempfile::TempDir>,
    stop: Arc<Notify>,
    tasks: Vec<tokio::task::JoinHandle<Option<()>>>,
}

impl TestApp {
    /// Starts on a fresh SQLite file with default settings.
    pub async fn sqlite() -> Self {
        Self::start(crate::stores::sqlite(), Settings::default()).await
    }

    /// Starts one server on each engine.
    pub async fn both() -> Vec<Self> {
        let mut apps = Vec::new();
        for store in crate::stores::both().await {
            apps.push(Self::start(store, Settings::default()).await);
        }
        apps
    }

    /// Starts on a store with settings of the test's own; `public_url` is set to the address it gets unless one is given.
    pub async fn start(store: TestStore, settings: Settings) -> Self {
        let mut app = Self::node(
            &store.url,
            store.engine,
            &store.folder.path().join("blobs"),
            settings,
        )
        .await;
        app.folder = Some(store.folder);
        app
    }

    /// Starts on a fresh SQLite file, set up as the test wants.
    pub async fn set_up(setup: Setup) -> Self {
        let store = crate::stores::sqlite();
        let blobs = store.folder.path().join("blobs");
        let mut app = Self::node_set_up(&store.url, store.engine, &blobs, setup).await;
        app.folder = Some(store.folder);
        app
    }

    /// Starts one more node on a store that another test value owns.
    pub async fn node(url: &str, engine: &'static str, blobs: &Path, settings: Settings) -> Self {
        let setup = Setup {
            settings,
            ..Setup::default()
        };
        Self::node_set_up(url, engine, blobs, setup).await
    }

    /// Starts one more node on a store that another test value owns, set up as the test wants.
    pub async fn node_set_up(url: &str, engine: &'static str, blobs: &Path, setup: Setup) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port is free");
        let address = listener
            .local_addr()
            .expect("a bound socket has an address");
        let base = format!("http://{address}");
        let clock = Arc::new(TestClock::default());
        let public_url = match setup.settings.public_url {
            given if given == Settings::default().public_url => base.clone(),
            given => given,
        };
        let settings = Settings {
            public_url,
            ..setup.settings
        };
        let db = Db::open(url, 8).await.expect("the test's store opens");
        let blobs = BlobStore::open_disk(blobs)
            .await
            .expect("the blob store opens");
        let master = MasterKey::from_bytes(MASTER_KEY);
        let random = Arc::new(SystemRandom);
        let ctx = Ctx::new(
            db,
            blobs,
            Arc::<TestClock>::clone(&clock),
            random,
            &master,
            settings,
        )
        .expect("keys derive");
        follow::load(&ctx).await.expect("the directory loads");
        ringfence_app::keys::keys_tick(&ctx)
            .await
            .expect("the first keys are made");
        follow::catch_up(&ctx).await.expect("the feed can be read");
        let follower = spawn("follow", follow::run(ctx.clone()));
        let routes = RouteTable::from_settings(&setup.routes).expect("the test's routes are good");
        let service = App::new(ctx.clone(), setup.limits)
            .with_upstreams(routes)
            .expect("connections can be encrypted");
        let service = router(service);
        let stop = Arc::new(Notify::new());
        let stopped = Arc::clone(&stop);
        let server = spawn("serve", async move {
            let stop = async move { stopped.notified().await };
            listener_serve(listener, None, service, setup.listener, stop)
                .await
                .expect("the server runs");
        });
        let http = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .expect("a client can be built");
        Self {
            ctx,
            clock,
            base,
            address,
            http,
            engine,
            folder: None,
            stop,
            tasks: vec![follower, server],
        }
    }

    /// Has the server drain, as SIGTERM does.
    pub fn drain(&self) {
        self.stop.notify_one();
    }

    /// The full URL of a path.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// A client whose connections come from that address of this machine.
    #[must_use]
    pub fn http_from(&self, address: IpAddr) -> reqwest::Client {
        reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .local_address(address)
            .build()
            .expect("a client can be built")
    }

    /// Makes a VCC account in EMEA.
    pub async fn account(&self, name: &str) -> Account {
        self.account_in(name, Region::Emea, TokenAlg::Rs256).await
    }

    /// Makes a VCC account.
    pub async fn account_in(&self, name: &str, region: Region, token_alg: TokenAlg) -> Account {
        let name = AccountName::parse(name).expect("the test names a good account");
        let new = NewAccount {
            name,
            region,
            kind: AccountKind::Vcc,
            token_alg,
        };
        account_create(&self.ctx, &actor(), new)
            .await
            .expect("the account is made")
    }

    /// Makes a person.
    pub async fn user(
        &self,
        account: &Account,
        username: &str,
        role: Role,
        agent: Option<&str>,
    ) -> User {
        let new = NewUser {
            operator: false,
            username: Username::parse(username).expect("the test names a good user"),
            name: username.to_owned(),
            email: format!("{username}@example.com"),
            role,
            agent: agent.map(|a| AgentNumber::parse(a).expect("the test gives a good agent id")),
            password: None,
        };
        user_create(&self.ctx, &actor(), &account.name, new)
            .await
            .expect("the user is made")
    }

    /// Makes an admin who sees content of one line, inbound and outbound, and may delete it.
    pub async fn admin(&self, account: &Account, username: &str, lines: &[&str]) -> User {
        let user = self.user(account, username, Role::Admin, None).await;
        let edit = UserEdit {
            permissions: vec![(Permission::DeleteContent, true)],
            lines: Some(
                lines
                    .iter()
                    .map(|l| Line::parse(l).expect("the test names good lines"))
                    .collect(),
            ),
            ..UserEdit::default()
        };
        user_edit(&self.ctx, &actor(), user.id, edit)
            .await
            .expect("the user is edited")
    }

    /// Makes a credential of a person.
    pub async fn credential(&self, account: &Account, owner: &User, scopes: &str) -> NewSecret {
        self.credential_with(account, Some(owner), scopes, |_| {})
            .await
    }

    /// Makes a credential, changed by the test before it is; `None` for a legacy account-level one.
    pub async fn credential_with(
        &self,
        account: &Account,
        owner: Option<&User>,
        scopes: &str,
        change: impl FnOnce(&mut NewCredential),
    ) -> NewSecret {
        let mut new = NewCredential {
            owner: owner.map(|o| o.username.clone()),
            name: CredentialName::parse("nightly").expect("a good name"),
            scopes: ScopeSet::parse(scopes).expect("the test names good scopes"),
            token_alg: None,
            token_ttl_secs: None,
            networks: Vec::new(),
            expires_at: None,
            secret_expires_at: None,
        };
        change(&mut new);
        let made = credential_create(&self.ctx, &actor(), &account.name, new)
            .await
            .expect("the credential is made");
        self.caught_up().await;
        made
    }

    /// Waits until this node's directory holds every committed change.
    pub async fn caught_up(&self) {
        follow::catch_up(&self.ctx)
            .await
            .expect("the feed can be read");
    }

    /// Asks the token endpoint and gives the whole answer.
    pub async fn token_answer(&self, credential: &NewSecret, scopes: &str) -> reqwest::Response {
        let id = credential.credential.id.to_string();
        let form = format!(
            "grant_type=client_credentials&client_id={id}&client_secret={}&scope={}",
            credential.secret.expose(),
            scopes.replace(':', "%3A").replace(' ', "+"),
        );
        self.http
            .post(self.url("/Auth/connect/token"))
            .header("content-type", "application/x-www-form-urlencoded")
            .body(form)
            .send()
            .await
            .expect("the token endpoint answers")
    }

    /// Gets a token.
    pub async fn token(&self, credential: &NewSecret, scopes: &str) -> String {
        let answer = self.token_answer(credential, scopes).await;
        assert_eq!(
            answer.status(),
            200,
            "{}",
            answer.text().await.unwrap_or_default()
        );
        let body: serde_json::Value = answer.json().await.expect("the token endpoint speaks JSON");
        body["access_token"].as_str().expect("a token").to_owned()
    }
}

/// Somebody's browser: the cookie of a stay, and the headers of a request that our own page makes.
#[derive(Clone, Debug)]
pub struct Browser {
    base: String,
    http: reqwest::Client,
    cookie: String,
}

impl TestApp {
    /// Signs somebody in, as if their proof had been checked.
    pub async fn session(&self, user: &User) -> Browser {
        let how = SignedIn {
            method: "password".to_owned(),
            address: None,
            browser: "test".to_owned(),
        };
        let handle = session_begin(&self.ctx, user.id, how)
            .await
            .expect("the person may sign in");
        self.browser(Some(handle.expose()))
    }

    /// Signs a developer in at the Developer Portal, as if their password had been checked.
    pub async fn developer_session(&self, developer: &Developer) -> Browser {
        let visitor = Visitor {
            address: None,
            browser: "test".to_owned(),
        };
        let handle = developer_session_begin(&self.ctx, developer, &visitor)
            .await
            .expect("the developer may sign in");
        Browser {
            cookie: format!("__Host-ringfence-dev={}", handle.expose()),
            ..self.browser(None)
        }
    }

    /// A browser with that cookie, or of nobody.
    #[must_use]
    pub fn browser(&self, cookie: Option<&str>) -> Browser {
        Browser {
            base: self.base.clone(),
            http: self.http.clone(),
            cookie: cookie.map_or_else(String::new, |value| format!("__Host-ringfence={value}")),
        }
    }
}

impl Browser {
    /// Opens a page.
    pub async fn get(&self, path: &str) -> reqwest::Response {
        self.send(reqwest::Method::GET, path, |r| r).await
    }

    /// Opens a page and gives its status and text.
    pub async fn page(&self, path: &str) -> (u16, String) {
        let answer = self.get(path).await;
        let status = answer.status().as_u16();
        (status, answer.text().await.expect("the page is text"))
    }

    /// Sends a form.
    pub async fn post_form(&self, path: &str, fields: &[(&str, &str)]) -> reqwest::Response {
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(fields);
        let body = body.finish();
        self.send(reqwest::Method::POST, path, |request| {
            request
                .header("content-type", "application/x-www-form-urlencoded")
                .body(body)
        })
        .await
    }

    /// Calls the Management API.
    pub async fn api(
        &self,
        method: &str,
        path: &str,
        body: Option<&serde_json::Value>,
    ) -> reqwest::Response {
        let method = method.parse().expect("the test names a good method");
        self.send(method, path, |request| match body {
            Some(body) => request.json(body),
            None => request,
        })
        .await
    }

    /// Sends a request of our own page, changed by the test before it goes.
    pub async fn send(
        &self,
        method: reqwest::Method,
        path: &str,
        change: impl FnOnce(reqwest::RequestBuilder) -> reqwest::RequestBuilder,
    ) -> reqwest::Response {
        let request = self
            .http
            .request(method, format!("{}{path}", self.base))
            .header("sec-fetch-site", "same-origin")
            .header("cookie", &self.cookie);
        change(request).send().await.expect("the server answers")
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
    }
}

/// Who does what tests do.
#[must_use]
pub fn actor() -> Actor {
    Actor("test".to_owned())
}
