//! The gateway's pages: traffic and refusals ([`overview`]), requests one by one ([`requests`]), one of them ([`request`]).

mod overview;
mod request;
mod requests;

pub(crate) use overview::overview_route;
pub(crate) use request::request_route;
pub(crate) use requests::requests_route;

use ringfence_app::manage::traffic::Breadth;

/// A choice of a page: a link, or the one that is open.
#[derive(Debug)]
struct Tab {
    label: &'static str,
    href: String,
    is_current: bool,
}

/// Whose traffic an operator may choose to see, as it stands in the address.
const BREADTHS: [(&str, &str, Breadth); 3] = [
    ("", "This account", Breadth::Account),
    ("all", "Whole installation", Breadth::Installation),
    ("nobody", "Without a valid token", Breadth::Nobody),
];

fn breadth_of(text: &str) -> Breadth {
    let found = BREADTHS.iter().find(|(name, _, _)| *name == text);
    found.map_or(Breadth::Account, |(_, _, breadth)| *breadth)
}

/// A duration for people: milliseconds with what digits they have.
fn duration(us: i64) -> String {
    match us {
        ..1_000 => format!("0.{} ms", us.max(0) / 100),
        1_000..100_000 => format!("{}.{} ms", us / 1_000, us % 1_000 / 100),
        100_000..10_000_000 => format!("{} ms", us / 1_000),
        _ => format!("{} s", us / 1_000_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_short() {
        let all: Vec<String> = [0, 950, 4_120, 99_990, 250_000, 12_000_000]
            .into_iter()
            .map(duration)
            .collect();
        assert_eq!(
            all,
            ["0.0 ms", "0.9 ms", "4.1 ms", "99.9 ms", "250 ms", "12 s"]
        );
    }
}
