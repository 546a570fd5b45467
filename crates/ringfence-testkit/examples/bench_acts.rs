//! What the acts cost by themselves, on one thread: issuing a token against the raw signature of the same library with
//! the same key, and admitting a call.
//!
//! Arguments: data folder of an installation, file of client ids, the secret they share, RS256 or ES256.
//! Prints one JSON object. Rates are per second of processor time, so that a busy machine does not lower them.

#![expect(
    clippy::print_stdout,
    reason = "a program of the benches: it prints its figures"
)]

use anyhow::{Context as _, anyhow};
use aws_lc_rs::rand::SystemRandom as LcRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use ringfence_app::context::{Ctx, Settings};
use ringfence_app::directory::follow;
use ringfence_app::gateway::{AdmitRequest, RouteRule, gateway_admit};
use ringfence_app::quota::{Limits, QuotaClass, Rate};
use ringfence_app::token::{ClientProof, Origin, TokenRequest, token_issue};
use ringfence_app::traffic::Answered;
use ringfence_core::account::TokenAlg;
use ringfence_core::context::{SystemClock, SystemRandom};
use ringfence_core::id::RequestId;
use ringfence_core::scope::ScopeSet;
use ringfence_core::seal::MasterKey;
use ringfence_core::secret::Secret;
use ringfence_store::blobs::BlobStore;
use ringfence_store::db::Db;
use std::path::Path;
use std::sync::Arc;

/// Calls of one kind are measured for about this long.
const MEASURED_SECS: f64 = 2.0;
/// How many tokens take turns at the gate.
const N_TOKENS: usize = 1_000;

fn main() -> anyhow::Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [folder, ids, secret, alg] = &args[..] else {
        anyhow::bail!("folder, file of ids, secret, algorithm");
    };
    let folder = Path::new(folder);
    let ids: Vec<String> = std::fs::read_to_string(ids)?
        .lines()
        .map(str::to_owned)
        .collect();
    let alg = TokenAlg::parse(alg).map_err(|_| anyhow!("not an algorithm"))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let ctx = runtime.block_on(context(folder))?;

    let raw_per_s = raw_signatures(&ctx, alg)?;
    let size_before = store_size(folder)?;
    let mut number = 0;
    let issue_per_s = per_second(|| {
        number = (number + 1) % ids.len();
        token(&ctx, &ids[number], secret).map(drop)
    })?;
    let store_bytes = store_size(folder)?.abs_diff(size_before);

    let tokens = ids
        .iter()
        .take(N_TOKENS)
        .map(|id| token(&ctx, id, secret))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let route = RouteRule {
        name: "bench",
        scopes: ScopeSet::parse("interaction-content:read")?,
        class: QuotaClass::General,
        rate: None,
    };
    let mut number = 0;
    let mut admit = || {
        number = (number + 1) % tokens.len();
        let request = AdmitRequest {
            token: &tokens[number],
            route,
            source: Some([127, 0, 0, 1].into()),
            host_region: None,
        };
        gateway_admit(&ctx, &request)
            .map(drop)
            .map_err(|refusal| anyhow!("refused: {}", refusal.reason.code()))
    };
    for _ in 0..N_TOKENS {
        admit()?;
    }
    let admit_per_s = per_second(admit)?;
    let note_per_s = notes(&ctx, &tokens[0], route)?;
    println!(
        "{}",
        serde_json::json!({
            "raw_per_s": raw_per_s, "issue_per_s": issue_per_s, "store_bytes": store_bytes,
            "admit_us": 1e6 / admit_per_s, "note_us": 1e6 / note_per_s,
        })
    );
    Ok(())
}

/// How often an answered call can be noted for the record; the lines are taken out every now and then, as a flush does.
fn notes(ctx: &Ctx, token: &str, route: RouteRule) -> anyhow::Result<f64> {
    let request = AdmitRequest {
        token,
        route,
        source: None,
        host_region: None,
    };
    let admitted = gateway_admit(ctx, &request).map_err(|_| anyhow!("refused"))?;
    let at = ctx.now();
    let mut number = 0_u64;
    per_second(|| {
        number = number
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let mut id = [7; 16];
        id[8..].copy_from_slice(&number.to_be_bytes());
        ctx.traffic.note(Answered {
            id: RequestId::from_bytes(id),
            at,
            who: Some(admitted.who()),
            route: route.name,
            method: "GET",
            status: 200,
            reason: None,
            took_us: 900,
            from: Some([127, 0, 0, 1].into()),
        });
        Ok(())
    })
}

async fn context(folder: &Path) -> anyhow::Result<Ctx> {
    let hex = std::fs::read_to_string(folder.join("master.key"))?;
    let digits = hex.trim().as_bytes().chunks(2);
    let mut master = [0; 32];
    for (byte, pair) in master.iter_mut().zip(digits) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair)?, 16)?;
    }
    let url = format!("sqlite:{}", folder.join("ringfence.db").display());
    let limits = Limits {
        account: Some(Rate::per_minute(4_000_000_000)),
        ..Limits::default()
    };
    let ctx = Ctx::new(
        Db::open(&url, 4).await?,
        BlobStore::open_disk(&folder.join("blobs")).await?,
        Arc::new(SystemClock::new()),
        Arc::new(SystemRandom),
        &MasterKey::from_bytes(master),
        Settings {
            limits,
            ..Settings::default()
        },
    )?;
    follow::load(&ctx).await?;
    Ok(ctx)
}

/// Signatures a second of the cryptographic library alone, with the key that signs this installation's tokens.
fn raw_signatures(ctx: &Ctx, alg: TokenAlg) -> anyhow::Result<f64> {
    let snapshot = ctx.directory.snapshot();
    let key = snapshot
        .signing_key(alg, ctx.now())
        .context("the installation has no key in use; start a server on it once")?;
    let pkcs8 = key.signing.to_pkcs8()?;
    let message = [b'm'; 640];
    let random = LcRandom::new();
    match alg {
        TokenAlg::Rs256 => {
            let pair = RsaKeyPair::from_pkcs8(pkcs8.expose())?;
            let mut signature = vec![0; pair.public_modulus_len()];
            per_second(|| Ok(pair.sign(&RSA_PKCS1_SHA256, &random, &message, &mut signature)?))
        }
        TokenAlg::Es256 => {
            let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.expose())?;
            per_second(|| Ok(pair.sign(&random, &message).map(drop)?))
        }
    }
}

fn token(ctx: &Ctx, id: &str, secret: &str) -> anyhow::Result<String> {
    let request = TokenRequest {
        proof: ClientProof {
            client_id: id.to_owned(),
            secret: Secret::new(secret.to_owned()),
        },
        origin: Origin {
            address: Some([127, 0, 0, 1].into()),
            region: None,
        },
        grant_type: Some("client_credentials".to_owned()),
        scope: Some("interaction-content:read".to_owned()),
    };
    Ok(token_issue(ctx, &request)?.access_token.expose().clone())
}

/// How often an act can be done in a second of this thread's processor time.
fn per_second(mut act: impl FnMut() -> anyhow::Result<()>) -> anyhow::Result<f64> {
    for _ in 0..100 {
        act()?;
    }
    let began = processor_secs()?;
    let mut n_done = 0_u32;
    loop {
        for _ in 0..100 {
            act()?;
        }
        n_done += 100;
        let spent = processor_secs()? - began;
        if spent >= MEASURED_SECS {
            return Ok(f64::from(n_done) / spent);
        }
    }
}

fn processor_secs() -> anyhow::Result<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat")?;
    let nanos: f64 = text.split(' ').next().unwrap_or_default().parse()?;
    Ok(nanos / 1e9)
}

/// Length of the database and its write-ahead log.
fn store_size(folder: &Path) -> anyhow::Result<u64> {
    let mut bytes = 0;
    for name in ["ringfence.db", "ringfence.db-wal"] {
        let path = folder.join(name);
        bytes += path.metadata().map_or(0, |data| data.len());
    }
    Ok(bytes)
}
