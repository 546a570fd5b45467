//! The path checked is the path forwarded.

use ringfence_core::path::CleanPath;

use super::Bench;

/// Targets that some program reads in another way than another.
const TWO_READINGS: &[&str] = &[
    "/up/../people/1",
    "/up/./1",
    "/up/%2e%2e/people/1",
    "/up/%2E./1",
    "/up/.%2e/1",
    "/up/..%2fpeople",
    "/up/a%2fb",
    "/up/a%2Fb",
    "/up/a%5cb",
    "/up/a%5Cb",
    "/up/a\\b",
    "/up/..\\people",
    "/up//1",
    "//up/1",
    "/up/1//",
    "/up/1;x=1",
    "/up;/1",
    "/up/..;/people/1",
    "/up/1%3bx",
    "/up/*",
    "/up/1%00",
    "/up/1%0a",
    "/up/1%0d%0aX-Evil:1",
    "/up/1%7f",
    "/up/%252e%252e/people",
    "/up/a%252fb",
    "/up/%c0%ae%c0%ae/people",
    "/up/%e0%80%af",
    "/up/%ff",
    "/up/%EF%BC%8F",
    "/up/%",
    "/up/%4",
    "/up/%zz",
    "/up/1%3fadmin=1",
    "/up/1%23x",
];

/// Targets with one reading, though unusual.
const ONE_READING: &[&str] = &[
    "/up/1",
    "/up/1?",
    "/up/1?a=../../x&b=%2e%2e%2f;c=\\*",
    "/up/a%20b",
    "/up/a+b",
    "/up/sam%40acme.example",
    "/up/sam@acme.example",
    "/up/caf%C3%A9",
    "/up/caf%c3%a9",
    "/up/...",
    "/up/a..b",
    "/up/~a!$&'()+,=:",
    "/up/%41",
];

#[tokio::test]
async fn c95_paths_with_two_readings_are_refused_and_reach_nobody() {
    let bench = Bench::new().await;
    for target in TWO_READINGS {
        let answer = bench.get_good(target, &[]).await;
        assert_eq!(answer.status, 400, "{target}: {answer:?}");
        assert!(answer.closed, "{target}");
    }
    for target in ["*", "up/1", "/up/\u{7f}1", "/up/\u{1}"] {
        let answer = bench.get_good(target, &[]).await;
        assert_eq!(answer.status, 400, "{target:?}: {answer:?}");
    }
    assert_eq!(bench.upstream.n_received(), 0);
}

#[tokio::test]
async fn c95_every_other_path_arrives_byte_for_byte() {
    let bench = Bench::new().await;
    for target in ONE_READING {
        let answer = bench.get_good(target, &[]).await;
        assert_eq!(answer.status, 200, "{target}: {answer:?}");
        assert_eq!(bench.upstream.last().target, *target);
    }
    // A target with a host in it is the same path.
    let whole = bench.get_good("http://api.example/up/1?x", &[]).await;
    assert_eq!(whole.status, 200, "{whole:?}");
    assert_eq!(bench.upstream.last().target, "/up/1?x");
    assert_eq!(bench.upstream.n_received(), ONE_READING.len() + 1);
}

/// Whatever is made of these pieces: either it is refused, or the upstream gets the very same bytes.
#[tokio::test]
async fn c95_what_is_checked_and_what_arrives_never_differ() {
    const PIECES: &[&str] = &[
        "/", "/", "up", "people", "..", ".", "%2e", "%2f", "%5c", ";", "%3b", "*", "\\", "%25",
        "%00", "%41", "a", "?", "%c0%af", "~",
    ];
    let bench = Bench::with(|setup| {
        let mut all = setup.routes[0].clone();
        all.name = "all".to_owned();
        all.path = "/{rest...}".to_owned();
        setup.routes = vec![all];
    })
    .await;
    // A fixed sequence, so that a failure comes again.
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut n_forwarded = 0;
    for _ in 0..400 {
        let mut target = String::from("/up/");
        for _ in 0..4 {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            let index = usize::try_from(state % PIECES.len() as u64).unwrap();
            target.push_str(PIECES[index]);
        }
        let answer = bench.get_good(&target, &[]).await;
        let path = target.split('?').next().unwrap();
        if answer.status == 200 {
            n_forwarded += 1;
            assert_eq!(bench.upstream.last().target, target);
            assert!(CleanPath::parse(path).is_ok(), "{target}");
        } else {
            assert_eq!(answer.status, 400, "{target}: {answer:?}");
            assert!(CleanPath::parse(path).is_err(), "{target}");
        }
        assert_eq!(bench.upstream.n_received(), n_forwarded, "{target}");
    }
    assert!(n_forwarded > 10, "only {n_forwarded} were forwarded");
}

#[tokio::test]
async fn c96_a_method_or_path_without_a_rule_is_refused() {
    let bench = Bench::new().await;
    for target in [
        "/", "/up", "/up/", "/up/1/2", "/Up/1", "/people", "/other/1", "/%75p/1",
    ] {
        let answer = bench.get_good(target, &[]).await;
        assert_eq!(
            (answer.status, answer.reason().as_str()),
            (404, "no_route"),
            "{target}"
        );
    }
    let bearer = bench.bearer();
    for method in ["DELETE", "PATCH", "HEAD", "OPTIONS", "PROPFIND", "get"] {
        let answer = bench.send(method, "/up/1", &[&bearer], "").await;
        assert_eq!(answer.status, 405, "{method}: {answer:?}");
        assert_eq!(answer.header("allow"), Some("GET, POST, PUT"), "{method}");
    }
    for method in ["TRACE", "CONNECT"] {
        let target = if method == "CONNECT" {
            "api.example:80"
        } else {
            "/up/1"
        };
        let answer = bench.send(method, target, &[&bearer], "").await;
        assert!(
            answer.status >= 400 && answer.closed,
            "{method}: {answer:?}"
        );
    }
    // The more exact rule decides, not the first that would let the caller through.
    let admins = bench.get_good("/people/admins/1", &[]).await;
    assert_eq!(admins.status, 403);
    assert_eq!(bench.upstream.n_received(), 0);
}

#[tokio::test]
async fn method_override_headers_change_nothing() {
    let bench = Bench::new().await;
    let answer = bench
        .get_good("/up/1", &["x-http-method-override: DELETE"])
        .await;
    assert_eq!(answer.status, 200);
    assert_eq!(bench.upstream.last().method, "GET");
    let original = [
        "x-original-url: /people/admins/1",
        "x-rewrite-url: /people/admins/1",
    ];
    assert_eq!(bench.get_good("/up/1", &original).await.status, 200);
    assert_eq!(bench.upstream.last().target, "/up/1");
}

#[tokio::test]
async fn rfc9112_3_2_one_host_or_none() {
    let bench = Bench::new().await;
    let answer = bench.get_good("/up/1", &["host: other.example"]).await;
    assert_eq!(
        (answer.status, answer.reason().as_str()),
        (400, "host_ambiguous")
    );
    let answer = bench.get_good("http://other.example/up/1", &[]).await;
    assert_eq!(answer.status, 400);
    assert_eq!(bench.upstream.n_received(), 0);
}
