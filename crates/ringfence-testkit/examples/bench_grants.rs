//! Grants of people over HTTP: codes exchanged, tokens refreshed, passwords shown; as fast as the server answers, or at a
//! given rate at random instants.
//!
//! Arguments: code, refresh or password; data folder; database URL; address; consumer key; secret; seconds; connections;
//! rate a second, 0 for as fast as can be. Prints one JSON object.

#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a program of the benches: it prints its figures and waits on blocking threads"
)]

use anyhow::{Context as _, ensure};
use ringfence_app::context::{Ctx, Settings};
use ringfence_app::directory::follow;
use ringfence_app::token::grant::authorization_code::{NewCode, code_issue};
use ringfence_core::consumer::ConsumerKey;
use ringfence_core::context::{SystemClock, SystemRandom};
use ringfence_core::grant::Authorization;
use ringfence_core::id::{AccountId, UserId};
use ringfence_core::seal::MasterKey;
use ringfence_core::user_scope::UserScopes;
use ringfence_store::blobs::BlobStore;
use ringfence_store::db::Db;
use std::collections::VecDeque;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const CALLBACK: &str = "http://localhost";
const N_USERS: usize = 8;
const MOST_CODES: usize = 12_000;
// What each connection has in turn, so that none uses a token that another one is refreshing.
const TOKENS_A_CONNECTION: usize = 16;

/// What requests are made of.
enum Supply {
    Codes(Mutex<VecDeque<String>>),
    RefreshTokens(Mutex<VecDeque<String>>),
    Passwords(AtomicUsize),
}

struct Plan {
    address: String,
    proof: String,
    supply: Supply,
    /// When each request is due; none when each follows the answer before.
    due: Option<Vec<Duration>>,
    next: AtomicUsize,
    began: Instant,
    ends: Duration,
}

fn main() -> anyhow::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [
        mode,
        folder,
        database,
        address,
        key,
        secret,
        secs,
        connections,
        rate,
    ] = &args[..]
    else {
        anyhow::bail!("mode, folder, database, address, key, secret, seconds, connections, rate");
    };
    let (secs, rate): (f64, f64) = (secs.parse()?, rate.parse()?);
    let n_connections: usize = connections.parse()?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let proof = format!("client_id={key}&client_secret={secret}");
    let due = (rate > 0.0).then(|| arrivals(rate, secs));
    let n_codes = match mode.as_str() {
        "code" => due.as_ref().map_or(MOST_CODES, Vec::len).min(MOST_CODES),
        "refresh" => n_connections * TOKENS_A_CONNECTION,
        _ => 0,
    };
    let codes = runtime.block_on(codes(Path::new(folder), database, key, n_codes))?;
    let supply = match mode.as_str() {
        "code" => Supply::Codes(Mutex::new(codes)),
        "refresh" => Supply::RefreshTokens(Mutex::new(refresh_tokens(address, &proof, codes)?)),
        "password" => Supply::Passwords(AtomicUsize::new(0)),
        other => anyhow::bail!("no such mode: {other}"),
    };
    let plan = Plan {
        address: address.clone(),
        proof,
        supply,
        due,
        next: AtomicUsize::new(0),
        began: Instant::now() + Duration::from_millis(50),
        ends: Duration::from_secs_f64(secs),
    };
    let outcomes: Vec<anyhow::Result<Vec<Option<f64>>>> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..n_connections)
            .map(|_| scope.spawn(|| work(&plan)))
            .collect();
        let joined = workers.into_iter().map(|worker| {
            worker
                .join()
                .unwrap_or_else(|_| Err(anyhow::anyhow!("a worker panicked")))
        });
        joined.collect()
    });
    let took = plan.began.elapsed().as_secs_f64();
    print(outcomes, took)
}

fn print(outcomes: Vec<anyhow::Result<Vec<Option<f64>>>>, took: f64) -> anyhow::Result<()> {
    let mut took_ms = Vec::new();
    let mut failed = 0;
    for outcome in outcomes {
        for answer in outcome? {
            match answer {
                Some(ms) => took_ms.push(ms),
                None => failed += 1,
            }
        }
    }
    took_ms.sort_by(f64::total_cmp);
    let at = |per_mille: usize| took_ms.get(took_ms.len() * per_mille / 1000).copied();
    let n = u32::try_from(took_ms.len())?;
    println!(
        "{}",
        serde_json::json!({
            "granted": n, "failed": failed, "per_s": f64::from(n) / took,
            "p50_ms": at(500), "p99_ms": at(990), "max_ms": took_ms.last(),
        })
    );
    Ok(())
}

/// Makes codes as a consent does, straight in the store.
async fn codes(
    folder: &Path,
    database: &str,
    key: &str,
    n: usize,
) -> anyhow::Result<VecDeque<String>> {
    let hex = std::fs::read_to_string(folder.join("master.key"))?;
    let mut master = [0; 32];
    for (byte, pair) in master.iter_mut().zip(hex.trim().as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair)?, 16)?;
    }
    let ctx = Ctx::new(
        Db::open(database, 4).await?,
        BlobStore::open_disk(&folder.join("blobs")).await?,
        Arc::new(SystemClock::new()),
        Arc::new(SystemRandom),
        &MasterKey::from_bytes(master),
        Settings::default(),
    )?;
    follow::load(&ctx).await?;
    let snapshot = ctx.directory.snapshot();
    let application = snapshot
        .application_by_key(ConsumerKey::parse(key)?)
        .context("the application is there")?;
    let (user_id, account_id) = somebody(&ctx).await?;
    let live = snapshot
        .live_user(application.id, user_id)
        .map_err(|barred| anyhow::anyhow!(barred.code()))?;
    let mut codes = VecDeque::with_capacity(n);
    for _ in 0..n {
        let new = NewCode {
            authorization: Authorization {
                application_id: application.id,
                user_id,
                account_id,
                scope: UserScopes::parse("openid")?,
                auth_time: ctx.now(),
                method: "password".to_owned(),
                session_id: None,
                nonce: None,
                acr: None,
                claims: None,
                epoch: live.epoch,
            },
            redirect_uri: CALLBACK.to_owned(),
            challenge: None,
        };
        codes.push_back(code_issue(&ctx, new).await?.expose().to_owned());
    }
    Ok(codes)
}

/// The first of the bench's people.
async fn somebody(ctx: &Ctx) -> anyhow::Result<(UserId, AccountId)> {
    let mut tx = ctx.db.begin_read().await?;
    let sql = "SELECT id, account_id FROM users WHERE username = 'bench0'";
    let row = tx.fetch_one(sql, &[]).await?;
    Ok((
        UserId::parse(&row.text("id")?)?,
        AccountId::parse(&row.text("account_id")?)?,
    ))
}

/// Refresh tokens to begin with, one for each code.
fn refresh_tokens(
    address: &str,
    proof: &str,
    codes: VecDeque<String>,
) -> anyhow::Result<VecDeque<String>> {
    let mut connection = Connection::open(address)?;
    let mut tokens = VecDeque::with_capacity(codes.len());
    for code in codes {
        let answer = connection.ask(address, &exchange(proof, &code))?;
        let answer = answer.context("a code was not taken")?;
        tokens.push_back(refresh_token(&answer).context("no refresh token came")?);
    }
    Ok(tokens)
}

impl Supply {
    fn request(&self, proof: &str) -> Option<String> {
        let pop = |queue: &Mutex<VecDeque<String>>| queue.lock().ok()?.pop_front();
        match self {
            Self::Codes(codes) => pop(codes).map(|code| exchange(proof, &code)),
            Self::RefreshTokens(tokens) => pop(tokens)
                .map(|token| format!("grant_type=refresh_token&{proof}&refresh_token={token}")),
            Self::Passwords(number) => {
                let n = number.fetch_add(1, Ordering::Relaxed);
                Some(format!(
                    "grant_type=password&{proof}&scope=openid&username=bench{}%40vbc.prod&password=Correct-Horse-7-Battery",
                    n % N_USERS
                ))
            }
        }
    }

    fn answered(&self, answer: &str) {
        if let Self::RefreshTokens(tokens) = self
            && let Some(token) = refresh_token(answer)
            && let Ok(mut tokens) = tokens.lock()
        {
            tokens.push_back(token);
        }
    }
}

fn exchange(proof: &str, code: &str) -> String {
    format!("grant_type=authorization_code&{proof}&code={code}&redirect_uri=http%3A%2F%2Flocalhost")
}

fn refresh_token(answer: &str) -> Option<String> {
    let json: serde_json::Value = serde_json::from_str(answer).ok()?;
    Some(json["refresh_token"].as_str()?.to_owned())
}

/// Instants of independent arrivals: the spans between them are exponential.
fn arrivals(rate: f64, secs: f64) -> Vec<Duration> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut at = 0.0;
    let mut due = Vec::new();
    while at < secs {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        let high = u32::try_from(state >> 32).unwrap_or(u32::MAX);
        let unit = (f64::from(high) + 1.0) / 4_294_967_297.0;
        at -= unit.ln() / rate;
        due.push(Duration::from_secs_f64(at));
    }
    due
}

fn work(plan: &Plan) -> anyhow::Result<Vec<Option<f64>>> {
    let mut connection = Connection::open(&plan.address)?;
    let mut took_ms = Vec::new();
    loop {
        let due = match &plan.due {
            Some(all) => match all.get(plan.next.fetch_add(1, Ordering::Relaxed)) {
                Some(due) => plan.began + *due,
                None => return Ok(took_ms),
            },
            None if plan.began.elapsed() >= plan.ends => return Ok(took_ms),
            None => Instant::now().max(plan.began),
        };
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        let Some(body) = plan.supply.request(&plan.proof) else {
            return Ok(took_ms);
        };
        let answer = connection.ask(&plan.address, &body)?;
        took_ms.push(
            answer
                .as_ref()
                .map(|_| due.elapsed().as_secs_f64() * 1000.0),
        );
        if let Some(answer) = answer {
            plan.supply.answered(&answer);
        }
    }
}

/// One kept connection.
struct Connection {
    stream: TcpStream,
    room: Vec<u8>,
}

impl Connection {
    fn open(address: &str) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).context("cannot connect")?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(Duration::from_secs(30)))?;
        Ok(Self {
            stream,
            room: vec![0; 64 * 1024],
        })
    }

    /// Sends a form to the token endpoint; gives the body of a good answer.
    fn ask(&mut self, address: &str, body: &str) -> anyhow::Result<Option<String>> {
        let request = format!(
            "POST /token HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/x-www-form-urlencoded\r\n\
             content-length: {}\r\n\r\n{body}",
            body.len()
        );
        self.stream.write_all(request.as_bytes())?;
        let mut filled = 0;
        let mut whole = usize::MAX;
        let mut begins = 0;
        while filled < whole {
            let n_read = self.stream.read(&mut self.room[filled..])?;
            ensure!(n_read > 0, "the server closed the connection");
            filled += n_read;
            if whole == usize::MAX
                && let Some(head) = self.room[..filled]
                    .windows(4)
                    .position(|w| w == b"\r\n\r\n")
            {
                begins = head + 4;
                whole = begins + content_length(&self.room[..head])?;
                ensure!(
                    whole <= self.room.len(),
                    "an answer is too long for this program"
                );
            }
        }
        let good = self.room.starts_with(b"HTTP/1.1 2");
        let text = String::from_utf8(self.room[begins..whole].to_vec())?;
        Ok(good.then_some(text))
    }
}

fn content_length(head: &[u8]) -> anyhow::Result<usize> {
    let head = std::str::from_utf8(head)?;
    let mut lines = head.split("\r\n").filter_map(|line| line.split_once(':'));
    let (_, value) = lines
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .context("an answer without a length")?;
    Ok(value.trim().parse()?)
}
