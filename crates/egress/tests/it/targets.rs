//! `tests/ssrf.toml`: where nothing may connect to.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::Deserialize;

const LIST: &str = include_str!("../../../../tests/ssrf.toml");

#[derive(Deserialize)]
struct List {
    group: Vec<Group>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    name: String,
    refused: Refused,
    #[serde(default = "told")]
    link: bool,
    #[serde(default)]
    urls: Vec<String>,
    #[serde(default)]
    hosts: Vec<String>,
    #[serde(default)]
    names: BTreeMap<String, String>,
}

#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Refused {
    Address,
    Plain,
    Syntax,
    Url,
}

fn told() -> bool {
    true
}

/// One target.
pub(crate) struct Target {
    /// Of which group, for messages.
    pub(crate) group: String,
    pub(crate) refused: Refused,
    /// Whether its text alone tells.
    pub(crate) link: bool,
    pub(crate) url: String,
    /// What the name server answers; none where it is not to be asked.
    pub(crate) addresses: Vec<IpAddr>,
}

/// Every target, with this port in it.
pub(crate) fn targets(port: u16) -> Vec<Target> {
    let list: List = toml::from_str(LIST).unwrap();
    let mut targets = Vec::new();
    for group in list.group {
        let mut add = |url: String, addresses: &str| {
            targets.push(Target {
                group: group.name.clone(),
                refused: group.refused,
                link: group.link,
                url: url.replace("${PORT}", &port.to_string()),
                addresses: addresses
                    .split_whitespace()
                    .map(|address| address.parse().unwrap())
                    .collect(),
            });
        };
        for url in group.urls {
            add(url, "");
        }
        for host in group.hosts {
            add(format!("https://{host}:{port}/a"), "");
        }
        for (name, addresses) in group.names {
            add(format!("https://{name}:{port}/a"), &addresses);
        }
    }
    targets
}
