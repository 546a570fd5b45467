//! Sends prepared requests at a given rate, at random instants, and prints how long each took from when it was due.
//!
//! A request that waits for a free connection waits on the clock, so a slow answer is not hidden by the ones it delays.
//! Arguments: address, file of requests separated by NUL, rate per second, seconds, connections.

#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a program of the benches: it prints its figures and waits on blocking threads"
)]

use anyhow::{Context as _, ensure};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

struct Plan {
    address: String,
    requests: Vec<Vec<u8>>,
    due: Vec<Duration>,
    next: AtomicUsize,
}

fn main() -> anyhow::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [address, file, rate, secs, connections] = &args[..] else {
        anyhow::bail!("address, requests, rate, seconds, connections");
    };
    let (rate, secs): (f64, f64) = (rate.parse()?, secs.parse()?);
    let requests: Vec<Vec<u8>> = std::fs::read(file)?
        .split(|b| *b == 0)
        .filter(|r| !r.is_empty())
        .map(<[u8]>::to_vec)
        .collect();
    ensure!(!requests.is_empty() && rate > 0.0, "nothing to send");
    let plan = Plan {
        address: address.clone(),
        due: arrivals(rate, secs),
        requests,
        next: AtomicUsize::new(0),
    };
    let began = Instant::now() + Duration::from_millis(50);
    let n_connections: usize = connections.parse()?;
    let outcomes: Vec<anyhow::Result<Vec<Option<f64>>>> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..n_connections)
            .map(|_| scope.spawn(|| work(&plan, began)))
            .collect();
        workers
            .into_iter()
            .map(|w| {
                w.join()
                    .unwrap_or_else(|_| Err(anyhow::anyhow!("a worker panicked")))
            })
            .collect()
    });
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
    println!(
        "{}",
        serde_json::json!({
            "sent": plan.due.len(), "failed": failed,
            "p50_ms": at(500), "p90_ms": at(900), "p99_ms": at(990), "max_ms": took_ms.last(),
        })
    );
    Ok(())
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

fn work(plan: &Plan, began: Instant) -> anyhow::Result<Vec<Option<f64>>> {
    let mut stream = TcpStream::connect(&plan.address).context("cannot connect")?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(Duration::from_secs(10)))?;
    let mut took_ms = Vec::new();
    let mut room = vec![0; 64 * 1024];
    loop {
        let number = plan.next.fetch_add(1, Ordering::Relaxed);
        let Some(due) = plan.due.get(number).map(|due| began + *due) else {
            return Ok(took_ms);
        };
        std::thread::sleep(due.saturating_duration_since(Instant::now()));
        stream.write_all(&plan.requests[number % plan.requests.len()])?;
        let good = answer_read(&mut stream, &mut room)?;
        took_ms.push(good.then(|| due.elapsed().as_secs_f64() * 1000.0));
    }
}

/// Reads one answer with a `Content-Length`. True when it is a 2xx.
fn answer_read(stream: &mut TcpStream, room: &mut [u8]) -> anyhow::Result<bool> {
    let mut filled = 0;
    let mut whole = usize::MAX;
    while filled < whole {
        let n_read = stream.read(&mut room[filled..])?;
        ensure!(n_read > 0, "the server closed the connection");
        filled += n_read;
        if whole == usize::MAX
            && let Some(head) = room[..filled].windows(4).position(|w| w == b"\r\n\r\n")
        {
            whole = head + 4 + content_length(&room[..head])?;
            ensure!(
                whole <= room.len(),
                "an answer is too long for this program"
            );
        }
    }
    Ok(room.starts_with(b"HTTP/1.1 2"))
}

fn content_length(head: &[u8]) -> anyhow::Result<usize> {
    let head = std::str::from_utf8(head)?;
    let mut lines = head.split("\r\n").filter_map(|line| line.split_once(':'));
    let (_, value) = lines
        .find(|(name, _)| name.eq_ignore_ascii_case("content-length"))
        .context("an answer without a length")?;
    Ok(value.trim().parse()?)
}
