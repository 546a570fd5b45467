//! Every operation of the fact sheet's table has a route, and every route of the suites a row (vbc-api §1).

use super::provisioning::Lab;
use ringfence_core::suite::Suite;
use ringfence_server::router::{Access, rules};
use std::collections::BTreeSet;

const ROWS: &str = include_str!("provisioning.csv");

/// Method and path of each row, with and without the version where it is optional.
fn documented() -> BTreeSet<(String, String)> {
    let mut all = BTreeSet::new();
    for row in ROWS.lines().skip(1) {
        let (_, operation) = row.split_once(',').unwrap();
        let (method, path) = operation.split_once(',').unwrap();
        for version in ["", "/v1"] {
            all.insert((method.to_owned(), path.replace("[/v1]", version)));
        }
    }
    all
}

#[test]
fn every_row_has_its_route_and_every_route_its_row() {
    let guarded = |access| matches!(access, Access::User(Some(Suite::Provisioning)));
    let routed: BTreeSet<_> = rules()
        .into_iter()
        .filter(|rule| guarded(rule.access))
        .map(|rule| (rule.method.to_owned(), rule.path.to_owned()))
        .collect();
    assert_eq!(routed, documented());
}

#[tokio::test]
async fn every_row_is_answered_to_whom_it_may_concern() {
    let lab = Lab::sqlite().await;
    for (method, path) in documented() {
        let path = path
            .replace("{accountId}", "4711")
            .replace("{locationId}", "9001")
            .replace("{externalId}", "ext0001")
            .replace("{userId}", "815");
        let request = lab
            .app
            .http
            .request(method.parse().unwrap(), lab.app.url(&path));
        let answer = request.bearer_auth(&lab.token).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        let body: serde_json::Value = answer.json().await.unwrap();
        assert!(body["_links"]["self"]["href"].is_string(), "{path}");
        assert!(body["_embedded"].is_object(), "{path}");
    }
}
