//! Uses of applications: read off each answered request whose token, or whose request for one, was an application's.

use super::locked;
use crate::context::Ctx;
use crate::error::Error;
use crate::gateway::Who;
use crate::traffic::{Answered, ROUTE_VBC_TOKEN};
use ringfence_core::id::{AccountId, ApplicationId};
use ringfence_core::time::Timestamp;
use ringfence_store::applications::usage::{
    HourDelta, UseDelta, application_hours_add, application_uses_add,
};
use ringfence_store::credentials::usage::Tally;
use std::collections::{BTreeMap, HashMap};
use std::net::IpAddr;
use std::sync::Mutex;

const N_SHARDS: usize = 16;
// Past this many different applications and accounts in one second, further ones are not counted until the flush.
const MOST_A_SHARD: usize = 4_096;
const MS_AN_HOUR: i64 = 3_600_000;

type Key = (ApplicationId, Option<AccountId>);

/// What applications were used for since the last flush. Sixteen short locks, so that callers hardly ever meet.
#[derive(Debug, Default)]
pub struct ApplicationUsage {
    shards: [Mutex<HashMap<Key, Use>>; N_SHARDS],
}

#[derive(Clone, Debug, Default)]
struct Use {
    // The last use; none when only refusals came in.
    last: Option<(Timestamp, Option<IpAddr>, &'static str)>,
    noted_at: Timestamp,
    uses: i64,
    tally: Tally,
}

impl ApplicationUsage {
    /// Notes a request of an application that was answered.
    pub fn note(&self, application_id: ApplicationId, answered: &Answered, who: Who) {
        let key = (application_id, who.account_id);
        let shard = usize::from(application_id.as_bytes()[15]) % N_SHARDS;
        let mut shard = locked(&self.shards[shard]);
        if shard.len() >= MOST_A_SHARD && !shard.contains_key(&key) {
            return;
        }
        let entry = shard.entry(key).or_default();
        entry.noted_at = answered.at;
        let tally = &mut entry.tally;
        if answered.reason.is_some() {
            tally.refused += 1;
            return;
        }
        match answered.status {
            ..400 if answered.route == ROUTE_VBC_TOKEN => tally.tokens += 1,
            ..400 => tally.ok += 1,
            400..500 => tally.wrong += 1,
            500.. => tally.failed += 1,
        }
        entry.last = Some((answered.at, answered.from, answered.route));
        entry.uses += 1;
    }

    fn take(&self) -> BTreeMap<Key, Use> {
        let mut taken = BTreeMap::new();
        for shard in &self.shards {
            taken.extend(std::mem::take(&mut *locked(shard)));
        }
        taken
    }
}

/// Writes down what applications were used for since the last time.
///
/// # Errors
/// The store refused it; these uses are lost, which design §5 allows.
pub(super) async fn applications_flush(ctx: &Ctx) -> Result<(), Error> {
    // In order, so that two nodes lock the same rows one after the other.
    let taken = ctx.usage.applications.take();
    if taken.is_empty() {
        return Ok(());
    }
    let (mut uses, mut hours) = (Vec::new(), Vec::new());
    for ((application_id, account_id), used) in taken {
        if let Some((at, from, route)) = used.last {
            uses.push(UseDelta {
                application_id,
                account_id,
                at,
                from: from.map(|ip| ip.to_string()).unwrap_or_default(),
                route: route.to_owned(),
                uses: used.uses,
            });
        }
        hours.push(HourDelta {
            application_id,
            account_id,
            hour: used.noted_at.ms().div_euclid(MS_AN_HOUR),
            tally: used.tally,
        });
    }
    let mut tx = ctx.db.begin_write().await?;
    application_uses_add(&mut tx, &uses).await?;
    application_hours_add(&mut tx, &hours).await?;
    tx.commit().await?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gateway::WhoScopes;
    use ringfence_core::client::Client;
    use ringfence_core::id::RequestId;
    use ringfence_core::user_scope::UserScopes;

    #[test]
    fn each_request_stands_in_one_column_and_refusals_are_no_use() {
        let usage = ApplicationUsage::default();
        let id = ApplicationId::from_bytes([3; 16]);
        let account = AccountId::from_bytes([1; 16]);
        let who = Who {
            account_id: Some(account),
            client: Client::Application(id),
            owner_id: None,
            scopes: WhoScopes::Person(UserScopes::default().plain()),
        };
        let note = |route, status, reason| {
            let answered = Answered {
                id: RequestId::from_bytes([1; 16]),
                at: Timestamp::from_ms(7_200_500),
                who: Some(who),
                route,
                method: "GET",
                status,
                reason,
                took_us: 5,
                from: None,
            };
            usage.note(id, &answered, who);
        };
        note(ROUTE_VBC_TOKEN, 200, None);
        note(ROUTE_VBC_TOKEN, 400, Some("invalid_grant"));
        note("/t/vbc.prod/x", 200, None);
        note("/t/vbc.prod/x", 404, None);
        note("/t/vbc.prod/x", 502, None);
        note("/t/vbc.prod/x", 401, Some("token_expired"));
        let taken = usage.take();
        let used = &taken[&(id, Some(account))];
        let expected = Tally {
            tokens: 1,
            ok: 1,
            refused: 2,
            wrong: 1,
            failed: 1,
        };
        assert_eq!((used.tally, used.uses), (expected, 4));
        assert!(usage.take().is_empty());
    }
}
