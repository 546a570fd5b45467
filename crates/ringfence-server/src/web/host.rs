//! Which region a host name stands for.

use http::HeaderMap;
use http::header::HOST;
use ringfence_app::context::Settings;
use ringfence_core::account::Region;

/// The host that a request names: in its target, or else in its header. The hall has seen to it that they agree.
pub(crate) fn host_named<'r>(headers: &'r HeaderMap, uri: &'r http::Uri) -> &'r str {
    let header = headers.get(HOST).and_then(|host| host.to_str().ok());
    header.or_else(|| uri.host()).unwrap_or_default()
}

/// The region that a host name belongs to, when it belongs to one alone.
pub(crate) fn region_of(host: &str, settings: &Settings) -> Option<Region> {
    let name = match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        Some(_) | None => host,
    };
    let mut regions = settings
        .hosts
        .iter()
        .filter(|(known, _)| known.eq_ignore_ascii_case(name));
    let (_, region) = regions.next()?;
    regions.all(|(_, other)| other == region).then_some(*region)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_of_one_region_names_it() {
        let settings = Settings {
            hosts: vec![
                ("emea.cc.example".to_owned(), Region::Emea),
                ("shared.example".to_owned(), Region::Emea),
                ("shared.example".to_owned(), Region::Nam),
            ],
            ..Settings::default()
        };
        assert_eq!(
            region_of("EMEA.cc.example:8443", &settings),
            Some(Region::Emea)
        );
        assert_eq!(region_of("shared.example", &settings), None);
        assert_eq!(region_of("[::1]:8080", &settings), None);
        assert_eq!(region_of("", &settings), None);
    }
}
