use super::account::{token, token_refusal, users};
use super::*;
use crate::upstream::auth::AuthError;

const GUID: &str = "0190a1b2-3333-4d5e-8f60-7a8b9c0d0001";

#[test]
fn reads_a_page_of_content_and_counts_what_it_cannot_read() {
    let body = format!(
        r#"{{"items":[
            {{"guid":"{GUID}","start":"2026-03-02T09:15:30Z","direction":"inbound","new":{{"x":1}},
              "handlingAgents":[{{"id":2041}}],
              "content":[{{"contentKey":"callRecording","type":"callRecording","contentType":"audio/wav",
                "contentLength":"12","lastModified":"2026-03-02T09:19:10.1234567Z"}},{{"type":"x"}}]}},
            {{"guid":"../../etc/passwd","start":"2026-03-02T09:15:30Z"}},
            {{"guid":"{GUID}","start":7}}],
          "meta":{{"nextContinuationToken":"abc"}}}}"#
    );
    let page = listed_page(body.as_bytes()).unwrap();
    assert_eq!(page.n_damaged, 2);
    assert_eq!(page.next.as_deref(), Some("abc"));
    let call = &page.interactions[0];
    assert_eq!(call.agent_ids, ["2041"]);
    assert_eq!(call.content.len(), 1);
    assert_eq!(call.content[0].length_hint, Some(12));
    assert_eq!(
        call.content[0].modified_at.unwrap().to_iso_millis(),
        "2026-03-02T09:19:10.123Z"
    );
}

#[test]
fn what_is_no_page_is_not_an_empty_page() {
    for body in [
        "",
        "{}",
        "[]",
        "<html>",
        r#"{"items":null}"#,
        r#"{"items":[{"guid":"#,
    ] {
        assert!(listed_page(body.as_bytes()).is_none(), "{body}");
        assert!(counted_page(body.as_bytes()).is_none(), "{body}");
    }
    let deep = format!(r#"{{"items":{}"#, "[".repeat(1_000_000));
    assert!(listed_page(deep.as_bytes()).is_none());
}

#[test]
fn talk_is_the_agents_connected_time() {
    let page = counted_page(
        format!(
            r#"{{"items":[{{"guid":"{GUID}","start":"2026-03-02T09:15:30.250Z","duration":184200,"direction":"Inbound",
            "medium":"Phone","status":"Completed","channels":[
              {{"party":{{"role":"External"}},"events":[{{"type":"Connected","duration":184200}}]}},
              {{"party":{{"role":"Agent","id":"2041"}},"events":[
                {{"type":"Ringing","duration":4000}},{{"type":"Connected","duration":90000}},{{"type":"Connected","duration":1000}}]}}]}},
            {{"guid":"{GUID}","start":"2026-03-02T09:15:30.250Z","duration":9000,"channels":[
              {{"party":{{"role":"External"}},"events":[{{"type":"Ringing","duration":9000}}]}}]}},
            {{"guid":"{GUID}","start":"2026-03-02T09:15:30.250Z","duration":9000,"channels":null}}],
          "meta":{{"totalCount":3}},"upTo":"2026-03-02T09:20:00.000Z"}}"#
        )
        .as_bytes(),
    )
    .unwrap();
    assert_eq!(page.total, Some(3));
    assert_eq!(page.interactions[0].agent_id.as_deref(), Some("2041"));
    assert_eq!(page.interactions[0].talk_ms, Some(91_000));
    assert_eq!(page.interactions[1].talk_ms, Some(0));
    assert_eq!(page.interactions[2].talk_ms, Some(9_000));
}

#[test]
fn users_come_in_three_shapes() {
    let one = r#"{"userId":"u1","username":"sam","active":false,
        "userAccountConfiguration":{"role":"Supervisor","agentConfiguration":{"agentDisplayId":"2041"}}}"#;
    for body in [
        format!("[{one}]"),
        format!(r#"{{"users":[{one}]}}"#),
        format!(r#"{{"meta":{{}},"items":[{one}]}}"#),
    ] {
        let users = users(body.as_bytes()).unwrap();
        assert_eq!(users[0].agent_id.as_deref(), Some("2041"));
        assert_eq!(users[0].role, "Supervisor");
        assert!(!users[0].active);
    }
    assert_eq!(users(b"{}"), None);
}

#[test]
fn token_refusals_say_what_to_mend() {
    let scope = br#"{"error":"invalid_scope","error_description":"\"stats\" is an invalid scope"}"#;
    assert_eq!(
        token_refusal(400, scope),
        AuthError::Scope("stats".to_owned())
    );
    let client = br#"{"error":"invalid_client"}"#;
    assert!(matches!(
        token_refusal(400, client),
        AuthError::Credential(_)
    ));
    assert!(matches!(
        token_refusal(401, b"<html>"),
        AuthError::Credential(_)
    ));
    assert!(matches!(
        token_refusal(404, b"<html>"),
        AuthError::Unreachable(_)
    ));
}

#[test]
fn a_token_must_fit_a_header() {
    assert!(token(br#"{"access_token":"a b","expires_in":7200}"#).is_none());
    assert!(token(br#"{"access_token":"","expires_in":7200}"#).is_none());
    let issued = token(br#"{"access_token":"abc","expires_in":-1}"#).unwrap();
    assert_eq!(issued.expires_in_secs, None);
}
