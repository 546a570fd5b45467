//! Every switch of the stand-in, in every position: nothing undocumented may matter.

use ringfence_testkit::fake::{
    DigestHeaders, DownloadFault, EtagMode, FakeAccount, OwnPermissions, Paging, RangeMode,
    RetryAfter, Switches, UsersShape, guid,
};

use crate::lab::{Lab, at, step};

fn positions() -> Vec<(String, Switches)> {
    let mut all = vec![("as it comes".to_owned(), Switches::default())];
    let mut add = |name: String, turn: &dyn Fn(&mut Switches)| {
        let mut switches = Switches::default();
        turn(&mut switches);
        all.push((name, switches));
    };
    for retry_after in [
        RetryAfter::Seconds,
        RetryAfter::HttpDate,
        RetryAfter::Absent,
    ] {
        add(format!("quota, {retry_after:?}"), &|s| {
            s.quota_per_minute = Some(50);
            s.retry_after = retry_after;
        });
    }
    add("refusals count".to_owned(), &|s| {
        s.quota_per_minute = Some(50);
        s.refusals_count = true;
    });
    for digests in [
        DigestHeaders::ReprDigest,
        DigestHeaders::Digest,
        DigestHeaders::ContentMd5,
        DigestHeaders::All,
    ] {
        add(format!("digests {digests:?}"), &|s| s.digests = digests);
    }
    add("end exclusive".to_owned(), &|s| s.end_inclusive = false);
    add("hidden is 403".to_owned(), &|s| s.hidden_status = 403);
    for etag in [EtagMode::Weak, EtagMode::Missing, EtagMode::Changing] {
        add(format!("etag {etag:?}"), &|s| s.etag = etag);
    }
    add("no last-modified".to_owned(), &|s| s.last_modified = false);
    for range in [
        RangeMode::Ignored,
        RangeMode::NotSatisfiable,
        RangeMode::StartsEarlier(7),
        RangeMode::Multipart,
    ] {
        add(format!("range {range:?}"), &|s| s.range = range);
    }
    add("tokens of three seconds".to_owned(), &|s| {
        s.token_life_ms = 3_000;
    });
    for users_shape in [UsersShape::Users, UsersShape::MetaItems, UsersShape::Bare] {
        add(format!("users {users_shape:?}"), &|s| {
            s.users_shape = users_shape;
        });
    }
    add("milliseconds kept".to_owned(), &|s| {
        s.truncate_start = false;
    });
    add("offset paging".to_owned(), &|s| s.paging = Paging::Offset);
    add("pages of three".to_owned(), &|s| s.search_page_cap = 3);
    add("newest first".to_owned(), &|s| s.search_newest_first = true);
    for own_permissions in [OwnPermissions::OtherKeys, OwnPermissions::Refused] {
        add(format!("own permissions {own_permissions:?}"), &|s| {
            s.own_permissions = own_permissions;
        });
    }
    add("no listed length".to_owned(), &|s| {
        s.listed_length_missing = true;
    });
    add("listed length off".to_owned(), &|s| {
        s.listed_length_off = 100;
    });
    all
}

#[tokio::test]
async fn every_position_ends_with_the_same_corpus() {
    let mut corpus = None;
    for (name, switches) in positions() {
        let mut account = FakeAccount::sample(60, at("23:40:00"), step(30) + 7);
        for (number, fault) in [
            (7, DownloadFault::CutWithLength(9_000)),
            (20, DownloadFault::Chunked),
            (31, DownloadFault::ResetAfter(4_000)),
        ] {
            account.call_mut(&guid(number)).unwrap().items[0]
                .faults
                .push_back(fault);
        }
        // Three seconds must be more than a busy machine takes for one request.
        let speed = if switches.token_life_ms < 10_000 {
            20
        } else {
            200
        };
        let lab = Lab::at_speed(account, switches, speed).await;
        let run = lab.run().await;
        assert_eq!(
            (run.listed, run.fetched, run.refused, run.failed),
            (60, 60, 0, 0),
            "{name}: {run:?}"
        );
        assert!(run.balanced && run.gaps.is_empty(), "{name}: {run:?}");
        lab.all_is_right()
            .await
            .unwrap_or_else(|why| panic!("{name}: {why}"));
        let again = lab.run().await;
        assert_eq!(
            (again.listed, again.already_had),
            (60, 60),
            "{name}: {again:?}"
        );
        let files = lab.files();
        assert_eq!(
            *corpus.get_or_insert_with(|| files.clone()),
            files,
            "{name}"
        );
    }
}
