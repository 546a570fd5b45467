//! The ways in which a token request can be malformed, with what each is answered.

use super::*;

/// A malformed request and its answer.
pub(super) struct Malformed {
    pub name: &'static str,
    pub header: Option<(&'static str, String)>,
    pub body: String,
    pub status: u16,
    pub code: &'static str,
}

impl Bench {
    /// Sends one, by whichever path.
    pub(super) async fn send_malformed(&self, path: &str, request: &Malformed) -> Answer {
        let header = request.header.iter();
        let headers: Vec<(&str, &str)> = header.map(|(n, v)| (*n, v.as_str())).collect();
        self.send(path, &headers, &request.body).await
    }
}

fn case(name: &'static str, code: &'static str, body: String) -> Malformed {
    Malformed {
        name,
        header: None,
        body,
        status: 400,
        code,
    }
}

/// Text that no answer may hold: part of what the requests send.
pub(super) const MARK: &str = "Zm9vYmFyLW1hcms";

/// All of them.
pub(super) fn malformed(bench: &Bench) -> Vec<Malformed> {
    let mut all = malformed_forms(bench);
    all.extend(malformed_clients(bench));
    all.extend(malformed_grants(bench));
    all
}

fn malformed_forms(bench: &Bench) -> Vec<Malformed> {
    let good = form(&bench.good());
    let with = |name, extra: &str| case(name, "invalid_request", format!("{good}&{extra}"));
    let of_type = |name, content_type: &str, body: &str| Malformed {
        header: Some(("content-type", content_type.to_owned())),
        ..case(name, "invalid_request", body.to_owned())
    };
    let many: Vec<String> = (0..100).map(|n| format!("p{n}=1")).collect();
    let deep = "[".repeat(10_000);
    vec![
        of_type("json", "application/json", "{}"),
        of_type("deep json", "application/json", &deep),
        of_type("no content type", "", &good),
        with("repeated grant", "grant_type=client_credentials"),
        with("repeated unknown", &format!("x={MARK}&x={MARK}")),
        with("repeated by escape", "%73cope=stats"),
        with("broken escape", &format!("x=%zz{MARK}")),
        with("not utf-8", "x=%ff"),
        with("nul", "x=%00"),
        with("too many", &many.join("&")),
        Malformed {
            status: 413,
            ..with("large", &format!("x={}", "a".repeat(1_000_000)))
        },
    ]
}

fn malformed_clients(bench: &Bench) -> Vec<Malformed> {
    let good = form(&bench.good());
    let grant = "grant_type=client_credentials&scope=stats".to_owned();
    vec![
        case("empty", "invalid_client", String::new()),
        case("no client", "invalid_client", grant.clone()),
        case(
            "unknown client",
            "invalid_client",
            good.replace(&encode(&bench.id()), MARK),
        ),
        Malformed {
            header: Some(("authorization", format!("Bearer {MARK}"))),
            status: 401,
            ..case("bearer", "invalid_client", grant)
        },
    ]
}

fn malformed_grants(bench: &Bench) -> Vec<Malformed> {
    let good = form(&bench.good());
    let grant = |name, from, to| case(name, "unsupported_grant_type", good.replace(from, to));
    let scope = |name, value| case(name, "invalid_scope", good.replace("=stats", value));
    vec![
        grant("unknown grant", "client%5Fcredentials", MARK),
        grant("no grant", "grant_type=", "x="),
        scope("unknown scope", "=%3Cscript%3EZm9v"),
        scope("sql", "=%27+OR+1%3D1+--"),
        scope("no scope", "="),
    ]
}
