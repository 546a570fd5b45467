//! The handle that a test holds.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::Context as _;
use ringfence_core::context::{Clock, SystemClock};
use tokio::sync::oneshot;

use super::account::FakeAccount;
use super::log::{RequestLog, Route};
use super::quota::Quota;
use super::serve;
use super::switches::{Answer, Switches};

/// A change that happens right after the answer it is tied to was made.
pub(super) type Edit = Box<dyn FnOnce(&mut FakeAccount, &mut Switches) + Send>;

/// Everything a request may look at or change.
pub(super) struct World {
    pub(super) account: FakeAccount,
    pub(super) switches: Switches,
    pub(super) tokens: HashMap<String, IssuedToken>,
    pub(super) n_tokens: u64,
    pub(super) n_responses: u64,
    pub(super) quota: Quota,
    pub(super) script: BTreeMap<Route, VecDeque<Answer>>,
    /// By route and by how many answers of it were made.
    pub(super) edits: BTreeMap<(Route, usize), Vec<Edit>>,
    pub(super) answered: BTreeMap<Route, usize>,
}

/// A token that was given out.
pub(super) struct IssuedToken {
    pub(super) expires_at_ms: u64,
    pub(super) scopes: Vec<String>,
}

/// What the server's threads share.
pub(super) struct Shared {
    pub(super) world: Mutex<World>,
    pub(super) log: Mutex<RequestLog>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) open: AtomicUsize,
    pub(super) in_flight: AtomicUsize,
}

impl Shared {
    pub(super) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn log(&self) -> MutexGuard<'_, RequestLog> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn now(&self) -> i64 {
        self.clock.now().ms()
    }
}

/// A running platform; it stops when dropped.
pub struct FakePlatform {
    shared: Arc<Shared>,
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl FakePlatform {
    /// Starts on the machine's clock with every switch at its default.
    ///
    /// # Errors
    /// No port or no thread is to be had.
    pub fn start(account: FakeAccount) -> anyhow::Result<Self> {
        Self::start_with(account, Switches::default(), Arc::new(SystemClock::new()))
    }

    /// Starts on a given clock.
    ///
    /// # Errors
    /// No port or no thread is to be had.
    pub fn start_with(
        account: FakeAccount,
        switches: Switches,
        clock: Arc<dyn Clock>,
    ) -> anyhow::Result<Self> {
        let shared = Arc::new(Shared {
            world: Mutex::new(World {
                account,
                switches,
                tokens: HashMap::new(),
                n_tokens: 0,
                n_responses: 0,
                quota: Quota::default(),
                script: BTreeMap::new(),
                edits: BTreeMap::new(),
                answered: BTreeMap::new(),
            }),
            log: Mutex::new(RequestLog::default()),
            clock,
            open: AtomicUsize::new(0),
            in_flight: AtomicUsize::new(0),
        });
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).context("no free port")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        let for_thread = Arc::clone(&shared);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        let thread = std::thread::Builder::new()
            .name("fake-platform".to_owned())
            .spawn(move || {
                runtime.block_on(serve::run(listener, for_thread, stopped));
                // Requests that hang on purpose must not hold the test up.
                runtime.shutdown_background();
            })?;
        Ok(Self {
            shared,
            address,
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// `http://127.0.0.1:port`: the base address of every API and of the token endpoint.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where it listens.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// Changes switches, also in mid-run.
    pub fn set(&self, change: impl FnOnce(&mut Switches)) {
        change(&mut self.shared.world().switches);
    }

    /// Changes the account, also in mid-run.
    pub fn edit<T>(&self, change: impl FnOnce(&mut FakeAccount) -> T) -> T {
        change(&mut self.shared.world().account)
    }

    /// Queues answers that replace the next ones of a route.
    pub fn script(&self, route: Route, answers: impl IntoIterator<Item = Answer>) {
        self.shared
            .world()
            .script
            .entry(route)
            .or_default()
            .extend(answers);
    }

    /// Runs a change right after the `nth` answer of a route (from 1) was made.
    pub fn after(
        &self,
        route: Route,
        nth: usize,
        change: impl FnOnce(&mut FakeAccount, &mut Switches) + Send + 'static,
    ) {
        self.shared
            .world()
            .edits
            .entry((route, nth))
            .or_default()
            .push(Box::new(change));
    }

    /// Forgets every token that was given out.
    pub fn revoke_tokens(&self) {
        self.shared.world().tokens.clear();
    }

    /// A copy of what was seen so far.
    #[must_use]
    pub fn log(&self) -> RequestLog {
        self.shared.log().clone()
    }

    /// Forgets what was seen so far.
    pub fn clear_log(&self) {
        let mut log = self.shared.log();
        log.requests.clear();
    }

    /// Requests of the other client of the quota: admitted and refused.
    #[must_use]
    pub fn other_client(&self) -> (u64, u64) {
        self.shared.world().quota.other()
    }

    /// A copy of the account as it is now.
    #[must_use]
    pub fn account(&self) -> FakeAccount {
        self.shared.world().account.clone()
    }
}

impl Drop for FakePlatform {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            let _ = stop.send(());
        }
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
