//! Which address a request comes from, when programs in front of us pass requests on.
//!
//! `X-Forwarded-For` is what anybody can write. It is read only when the connection comes from a configured proxy,
//! and then from the right, up to the first address that is not a proxy.

use std::net::IpAddr;

use http::HeaderMap;
use ringfence_core::credential::Network;

/// The networks of the proxies in front of us.
#[derive(Debug, Clone, Default)]
pub struct Proxies(pub Vec<Network>);

impl Proxies {
    /// Whether the address belongs to a configured proxy.
    #[must_use]
    pub fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(address))
    }

    /// The address of the client behind the proxies; the peer's own when it is no proxy.
    #[must_use]
    pub fn client_address(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let peer = peer.to_canonical();
        if !self.trusts(peer) {
            return peer;
        }
        let mut client = peer;
        let lines: Vec<&str> = headers
            .get_all("x-forwarded-for")
            .iter()
            .filter_map(|value| value.to_str().ok())
            .collect();
        for entry in lines.iter().rev().flat_map(|line| line.rsplit(',')) {
            // What a trusted proxy did not write as a plain address ends what can be known.
            let Ok(address) = entry.trim().parse::<IpAddr>() else {
                break;
            };
            client = address.to_canonical();
            if !self.trusts(client) {
                break;
            }
        }
        client
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn client(peer: &str, forwarded_for: &[&str]) -> String {
        let proxies = Proxies(vec![Network::parse("10.0.0.0/8").unwrap()]);
        let mut headers = HeaderMap::new();
        for line in forwarded_for {
            headers.append("x-forwarded-for", HeaderValue::from_str(line).unwrap());
        }
        proxies
            .client_address(peer.parse().unwrap(), &headers)
            .to_string()
    }

    #[test]
    fn believes_only_configured_proxies() {
        assert_eq!(client("203.0.113.9", &["198.51.100.1"]), "203.0.113.9");
        assert_eq!(client("10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(client("::ffff:10.0.0.1", &["198.51.100.1"]), "198.51.100.1");
    }

    #[test]
    fn reads_from_the_right_up_to_the_first_stranger() {
        let forged = &["127.0.0.1, 198.51.100.1, 10.0.0.7"];
        assert_eq!(client("10.0.0.1", forged), "198.51.100.1");
        let two_lines = &["127.0.0.1", "198.51.100.1, 10.0.0.7"];
        assert_eq!(client("10.0.0.1", two_lines), "198.51.100.1");
        assert_eq!(client("10.0.0.1", &["198.51.100.1, unknown"]), "10.0.0.1");
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
    }
}
