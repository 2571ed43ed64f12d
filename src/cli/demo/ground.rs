//! The demonstration's ground: four authorities, each made by `origin init` as an operator would, hosted by one
//! node under one trust list.

use crate::{
    cli::{
        arguments,
        console::{Exit, Failure},
        files,
        init::{Answers, OfficeAnswer, SigningKeys, make_node, offline_signer, render_authority, render_node},
        trust::{first_list, give_keys, later, whole_seconds},
    },
    node::system::SystemClock,
    time::{Clock, ZoneName},
    trust::{Anchor, ListDraft, Node, NodeName, Section},
};
use std::{collections::BTreeMap, fs, path::Path};

const NODE: &str = "node.origin.example";
/// How long the demonstration's list is good: longer than anybody leaves it up.
const VALID_SECONDS: u64 = 30 * 24 * 60 * 60;

/// An authority of the demonstration.
pub(super) struct Cast {
    /// Its folder, and the first label of its host.
    pub(super) short: &'static str,
    /// What people call it.
    pub(super) name: &'static str,
    country: &'static str,
    time_zone: &'static str,
    /// Code, name and place of its office.
    pub(super) office: (&'static str, &'static str, &'static str),
    more_offices: &'static [(&'static str, &'static str, &'static str)],
    agreements: &'static [&'static str],
}

/// All parties are fictitious, and their hosts are of the domain reserved for examples (RFC 2606).
pub(super) const CAST: [Cast; 4] = [
    Cast {
        short: "tdap",
        name: "a trade authority of Pakistan",
        country: "PK",
        time_zone: "Asia/Karachi",
        office: ("LHE", "Lahore Office", "Lahore"),
        more_offices: &[("KHI", "Karachi Office", "Karachi")],
        agreements: &["CPFTA"],
    },
    Cast {
        short: "kcci",
        name: "a chamber of Karachi",
        country: "PK",
        time_zone: "Asia/Karachi",
        office: ("KCCI", "Karachi Chamber", "Karachi"),
        more_offices: &[],
        agreements: &["NONPREF"],
    },
    Cast {
        short: "kra",
        name: "a revenue authority of Kenya",
        country: "KE",
        time_zone: "Africa/Nairobi",
        office: ("NBO", "Nairobi Office", "Nairobi"),
        more_offices: &[("MBA", "Mombasa Office", "Mombasa")],
        agreements: &["COMESA", "NONPREF"],
    },
    Cast {
        short: "ccpit",
        name: "a trade council of China",
        country: "CN",
        time_zone: "Asia/Shanghai",
        office: ("NGB", "Ningbo Office", "Ningbo"),
        more_offices: &[],
        agreements: &["NONPREF"],
    },
];

impl Cast {
    /// The URL it owns.
    pub(super) fn issuer(&self) -> String {
        format!("https://{}.origin.example", self.short)
    }

    /// Its zone.
    pub(super) fn zone(&self) -> Result<ZoneName, Failure> {
        ZoneName::new(self.time_zone).map_err(failed)
    }

    /// The codes of its offices.
    pub(super) fn offices(&self) -> Vec<String> {
        std::iter::once(&self.office).chain(self.more_offices).map(|(code, ..)| (*code).to_owned()).collect()
    }

    fn answers(&self) -> Result<Answers, Failure> {
        let any_port = std::net::SocketAddr::from(([127, 0, 0, 1], 0));
        let office = |(code, name, place): &(&str, &str, &str)| {
            Ok::<_, Failure>(OfficeAnswer {
                code: code.parse().map_err(failed)?,
                name: (*name).to_owned(),
                place: (*place).to_owned(),
            })
        };
        Ok(Answers {
            issuer: self.issuer().parse().map_err(failed)?,
            country: self.country.parse().map_err(failed)?,
            time_zone: self.zone()?,
            name: self.name.parse().map_err(failed)?,
            offices: std::iter::once(&self.office).chain(self.more_offices).map(office).collect::<Result<_, _>>()?,
            agreements: self.agreements.iter().map(|code| code.parse().map_err(failed)).collect::<Result<_, _>>()?,
            roles: vec!["issuer".parse().map_err(failed)?],
            node: node_name()?,
            addresses: vec!["localhost".to_owned(), "127.0.0.1".to_owned()],
            public: any_port,
            client: any_port,
            admin: any_port,
            partner: None,
        })
    }
}

/// The folder of the first authority, whose TLS identity is the node's.
pub(super) const fn first_folder() -> &'static str {
    let [first, ..] = &CAST;
    first.short
}

/// Makes the keys and sections of every authority, the list that names them all, and the configuration of the
/// node that hosts them; gives the configuration's path.
pub(super) fn lay(folder: &Path) -> Result<std::path::PathBuf, Failure> {
    let mut authorities = String::new();
    let mut sections = Vec::with_capacity(CAST.len());
    let mut first = None;
    for one in &CAST {
        let answers = one.answers()?;
        let own = folder.join(one.short);
        make_node(&own, &answers, None, VALID_SECONDS)?;
        let note = fs::read_to_string(own.join("trust/section.note")).map_err(failed)?;
        sections.push(Section::open(&note).map_err(failed)?);
        authorities.push_str(&render_authority(&answers, &SigningKeys::first(), &format!("{}/", one.short)));
        first.get_or_insert((answers, own, format!("{}/", one.short)));
    }
    let (answers, own, below) = first.ok_or_else(|| Failure::new(Exit::Failed, "nobody to show"))?;
    let trust = folder.join("trust");
    fs::create_dir(&trust).map_err(failed)?;
    sign_list(&own, &trust, &sections)?;
    let text = render_node(&answers, &below) + &authorities;
    let configuration = folder.join("node.toml");
    files::replace(&configuration, text.as_bytes(), 0o644)?;
    Ok(configuration)
}

/// The first authority's federation signer signs the list for all: a federation of one, as `origin init` makes.
fn sign_list(own: &Path, trust: &Path, sections: &[Section]) -> Result<(), Failure> {
    let now = whole_seconds(SystemClock.now());
    let (store, federation) = offline_signer(own)?;
    let signer = federation.verifier_key().ok_or_else(|| Failure::new(Exit::Failed, "no verifier key"))?;
    let mut list = first_list(now, later(now, VALID_SECONDS)?);
    list.signers = vec![signer.clone()];
    list.nodes = vec![Node {
        name: node_name()?,
        replica_vkey: None,
        witness_vkey: None,
        retired: Vec::new(),
        https: None,
        grpc: None,
        spki: Vec::new(),
    }];
    give_keys(&mut list.nodes, &own.join("keys"))?;
    for section in sections {
        list.put(section, None);
    }
    let mut draft = ListDraft::new(list).map_err(failed)?;
    store.federation(&federation.name).map_err(arguments::key_failure)?.sign(&mut draft, None).map_err(failed)?;
    let anchor = Anchor::new(1, vec![signer], BTreeMap::new()).map_err(failed)?;
    let list = draft.finish(&anchor, None).map_err(failed)?;
    files::replace(&trust.join("trust-list.note"), list.to_string().as_bytes(), 0o644)?;
    files::replace(&trust.join("anchor.toml"), anchor.to_toml().map_err(failed)?.as_bytes(), 0o644)
}

fn node_name() -> Result<NodeName, Failure> {
    NODE.parse().map_err(failed)
}

/// An error of a step that has no better sentence.
pub(super) fn failed(error: impl std::fmt::Display) -> Failure {
    Failure::new(Exit::Failed, error)
}
