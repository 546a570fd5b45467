//! `[region.emea]`, `[region.nam]`, `[region.apac]`

use serde::{Deserialize, Serialize};

use super::key::{Key, Kind, Section};
use super::server::url_faults;

/// The three regions.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Regions {
    /// Europe, the Middle East and Africa.
    pub emea: Region,
    /// North America.
    pub nam: Region,
    /// Asia and the Pacific.
    pub apac: Region,
}

/// How a region is reached.
#[derive(Debug, Clone, PartialEq, Default, Deserialize, Serialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Region {
    /// Host names that mean this region.
    pub hosts: Vec<String>,
    /// The region's own public address.
    pub public_url: Option<String>,
}

impl Default for Regions {
    fn default() -> Self {
        Self {
            emea: Region::of("emea"),
            nam: Region::of("nam"),
            apac: Region::of("apac"),
        }
    }
}

impl Region {
    fn of(name: &str) -> Self {
        // The platform's present hosts, then the ones its older samples use.
        let hosts = [
            "cc.vonage.com",
            "api.cc.vonage.com",
            "newvoicemedia.com",
            "api.newvoicemedia.com",
        ];
        Self {
            hosts: hosts.iter().map(|host| format!("{name}.{host}")).collect(),
            public_url: None,
        }
    }
}

const KEYS: &[Key] = &[
    Key {
        name: "hosts",
        kind: Kind::List,
        meaning: "Host names that mean this region: a token of another region is refused on them.",
        example: "",
    },
    Key {
        name: "public_url",
        kind: Kind::Text,
        meaning: "The region's own address in issuers and discovery documents. Without it: server.public_url.",
        example: "\"https://calls.example.com\"",
    },
];

pub(super) const SECTIONS: [Section; 3] = [
    Section {
        path: "region.emea",
        meaning: "How the region is reached. Any other host name serves every region.",
        keys: KEYS,
    },
    Section {
        path: "region.nam",
        meaning: "As above.",
        keys: KEYS,
    },
    Section {
        path: "region.apac",
        meaning: "As above.",
        keys: KEYS,
    },
];

impl Regions {
    /// The regions with their names.
    pub(crate) fn named(&self) -> [(&'static str, &Region); 3] {
        [
            ("emea", &self.emea),
            ("nam", &self.nam),
            ("apac", &self.apac),
        ]
    }

    pub(super) fn faults(&self, faults: &mut Vec<String>) {
        let mut seen: Vec<&str> = Vec::new();
        for (name, region) in self.named() {
            if let Some(url) = &region.public_url {
                url_faults(&format!("region.{name}.public_url"), url, faults);
            }
            for host in &region.hosts {
                if seen.contains(&host.as_str()) {
                    faults.push(format!(
                        "region.{name}.hosts: {host} belongs to another region already"
                    ));
                }
                seen.push(host);
            }
        }
    }
}
