//! The demonstration's ground: three countries, each with a node of its own that hosts its authorities, all made by
//! `origin init` as an operator would, under one trust list that two of three signers signed; and a fourth that comes
//! later.

use crate::{
    cli::{
        arguments, check_config,
        console::{Exit, Failure},
        files,
        init::{
            Answers, OfficeAnswer, PartnerAnswer, SigningKeys, make_node, offline_signer, render_authority, render_node,
        },
        ports,
        process::failed,
        trust::later,
    },
    exchange::driver::mark_new,
    node::{Configuration, OPERATOR_TOKEN, system::SystemClock},
    time::{Clock, ZoneName, whole_seconds},
    trust::{Anchor, Cosigning, ListDraft, ListText, Section},
};
use std::{
    collections::BTreeMap,
    fs,
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
};

/// How long the demonstration's list is good: longer than anybody leaves it up.
const VALID_SECONDS: u64 = 90 * 24 * 60 * 60;
/// How many of the three signers must sign a list.
const SIGNERS_ASKED: u32 = 2;
/// How many witnesses must have seen a head grow: between two of three countries there is one more.
const WITNESSES_ASKED: u32 = 1;
/// How many where the addressee has no node that could hold the log.
const WITNESSES_WITHOUT_REPLICA: u32 = 2;

/// An authority of the demonstration.
pub(super) struct Cast {
    /// Its folder, and the first label of its host.
    pub(super) short: &'static str,
    pub(super) name: &'static str,
    pub(super) country: &'static str,
    time_zone: &'static str,
    /// Code, name and place of its office.
    pub(super) office: (&'static str, &'static str, &'static str),
    more_offices: &'static [(&'static str, &'static str, &'static str)],
    agreements: &'static [&'static str],
    /// Whether it is its country's customs, to whom certificates are addressed.
    customs: bool,
}

/// A country with its node.
pub(super) struct Country {
    /// Its folder, and the first label of its node's name.
    pub(super) short: &'static str,
    /// What people call it.
    pub(super) name: &'static str,
    /// The first of the four ports it listens on when an operator runs it.
    port: u16,
    /// Who is hosted there; the first made the node, whose TLS identity is his.
    pub(super) cast: &'static [Cast],
}

/// All parties are fictitious, and their hosts are of the domain reserved for examples (RFC 2606).
pub(super) const COUNTRIES: [Country; 3] = [
    Country {
        short: "pakistan",
        name: "Pakistan",
        port: 9443,
        cast: &[
            Cast {
                short: "tdap",
                name: "a trade authority of Pakistan",
                country: "PK",
                time_zone: "Asia/Karachi",
                office: ("LHE", "Lahore Office", "Lahore"),
                more_offices: &[("KHI", "Karachi Office", "Karachi")],
                agreements: &["CPFTA"],
                customs: false,
            },
            Cast {
                short: "kcci",
                name: "a chamber of Karachi",
                country: "PK",
                time_zone: "Asia/Karachi",
                office: ("KCCI", "Karachi Chamber", "Karachi"),
                more_offices: &[],
                agreements: &["NONPREF"],
                customs: false,
            },
            Cast {
                short: "pakistan-customs",
                name: "customs of Pakistan",
                country: "PK",
                time_zone: "Asia/Karachi",
                office: ("KHI", "Port of Karachi", "Karachi"),
                more_offices: &[],
                agreements: &[],
                customs: true,
            },
        ],
    },
    Country {
        short: "china",
        name: "China",
        port: 9453,
        cast: &[
            Cast {
                short: "gacc",
                name: "customs of China",
                country: "CN",
                time_zone: "Asia/Shanghai",
                office: ("NGB", "Ningbo Customs", "Ningbo"),
                more_offices: &[],
                agreements: &["CPFTA"],
                customs: true,
            },
            Cast {
                short: "ccpit",
                name: "a trade council of China",
                country: "CN",
                time_zone: "Asia/Shanghai",
                office: ("NGB", "Ningbo Office", "Ningbo"),
                more_offices: &[],
                agreements: &["NONPREF"],
                customs: false,
            },
        ],
    },
    Country {
        short: "kenya",
        name: "Kenya",
        port: 9463,
        cast: &[Cast {
            short: "kra",
            name: "a revenue authority of Kenya",
            country: "KE",
            time_zone: "Africa/Nairobi",
            office: ("NBO", "Nairobi Office", "Nairobi"),
            more_offices: &[("MBA", "Mombasa Office", "Mombasa")],
            agreements: &["COMESA", "NONPREF"],
            customs: true,
        }],
    },
];

/// The country that joins later.
pub(super) const ZAMBIA: Country = Country {
    short: "zambia",
    name: "Zambia",
    port: 9473,
    cast: &[Cast {
        short: "zra",
        name: "a revenue authority of Zambia",
        country: "ZM",
        time_zone: "Africa/Lusaka",
        office: ("LUN", "Lusaka Office", "Lusaka"),
        more_offices: &[],
        agreements: &["COMESA"],
        customs: true,
    }],
};

/// Everybody who is there from the beginning, in the order of the countries.
pub(super) fn everybody() -> impl Iterator<Item = &'static Cast> {
    COUNTRIES.iter().flat_map(|country| country.cast)
}

impl Country {
    /// The name of its node in the trust list.
    pub(super) fn node(&self) -> String {
        format!("node.{}.origin.example", self.short)
    }
}

/// Where a node listens: ports that were free a moment ago.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ports {
    pub(super) public: SocketAddr,
    pub(super) client: SocketAddr,
    pub(super) admin: SocketAddr,
    pub(super) partner: SocketAddr,
}

impl Ports {
    /// Those of one node, free now.
    fn free() -> Result<Self, Failure> {
        let [public, client, admin, partner] = [ports::free()?, ports::free()?, ports::free()?, ports::free()?];
        Ok(Self { public, client, admin, partner })
    }

    /// Those an operator is given.
    fn usual(country: &Country) -> Self {
        let at = |nth: u16| SocketAddr::from((Ipv4Addr::LOCALHOST, country.port + nth));
        Self { public: at(0), client: at(1), admin: at(2), partner: at(3) }
    }

    /// Those of a configuration that is there.
    fn of(configuration: &Configuration) -> Option<Self> {
        let Configuration { public, client, admin, partner, .. } = configuration;
        Some(Self { public: public.listen, client: client.listen, admin: *admin, partner: partner.as_ref()?.listen })
    }
}

/// A node that was made.
pub(super) struct Site {
    pub(super) country: &'static Country,
    pub(super) configuration: PathBuf,
    /// The folder of everything that is its own.
    pub(super) home: PathBuf,
    pub(super) ports: Ports,
    /// What its clients trust.
    pub(super) ca: PathBuf,
    pub(super) operator_token: PathBuf,
}

impl Cast {
    /// Its host.
    pub(super) fn host(&self) -> String {
        format!("{}.origin.example", self.short)
    }

    /// The URL it owns.
    pub(super) fn issuer(&self) -> String {
        format!("https://{}", self.host())
    }

    /// Its zone.
    pub(super) fn zone(&self) -> Result<ZoneName, Failure> {
        ZoneName::new(self.time_zone).map_err(failed)
    }

    /// Whether it issues certificates.
    pub(super) const fn issues(&self) -> bool {
        !self.agreements.is_empty()
    }

    /// The codes of its offices.
    pub(super) fn offices(&self) -> Vec<String> {
        std::iter::once(&self.office).chain(self.more_offices).map(|(code, ..)| (*code).to_owned()).collect()
    }

    fn answers(&self, node: &str, ports: Ports, made_the_node: bool) -> Result<Answers, Failure> {
        let office = |(code, name, place): &(&str, &str, &str)| {
            Ok::<_, Failure>(OfficeAnswer {
                code: code.parse().map_err(failed)?,
                name: (*name).to_owned(),
                place: (*place).to_owned(),
            })
        };
        let roles = [(!self.agreements.is_empty()).then_some("issuer"), self.customs.then_some("customs")];
        let partner = PartnerAnswer {
            listen: ports.partner,
            url: Some(format!("https://{}", ports.partner).parse().map_err(failed)?),
        };
        Ok(Answers {
            issuer: self.issuer().parse().map_err(failed)?,
            country: self.country.parse().map_err(failed)?,
            time_zone: self.zone()?,
            name: self.name.parse().map_err(failed)?,
            offices: std::iter::once(&self.office).chain(self.more_offices).map(office).collect::<Result<_, _>>()?,
            agreements: self.agreements.iter().map(|code| code.parse().map_err(failed)).collect::<Result<_, _>>()?,
            roles: roles.into_iter().flatten().map(|role| role.parse().map_err(failed)).collect::<Result<_, _>>()?,
            node: node.parse().map_err(failed)?,
            addresses: vec!["localhost".to_owned(), "127.0.0.1".to_owned()],
            public: ports.public,
            client: ports.client,
            admin: ports.admin,
            partner: made_the_node.then_some(partner),
        })
    }
}

/// Makes the three nodes on free ports.
pub(super) fn lay(folder: &Path) -> Result<Vec<Site>, Failure> {
    let sites = COUNTRIES.iter().map(|country| raise(folder, country, Ports::free()?));
    under_one_list(folder, sites.collect::<Result<_, _>>()?)
}

/// Makes the three nodes where their configurations say they listen; a configuration that is not there is written.
pub(super) fn prepare(folder: &Path) -> Result<Vec<Site>, Failure> {
    let place = |country: &'static Country| {
        let file = configuration_of(folder, country);
        let ports = if file.exists() { Ports::of(&check_config::load(&file)?) } else { Some(Ports::usual(country)) };
        let none = || Failure::new(Exit::Configuration, format!("`{}` has no [partner]", file.display()));
        Ok::<_, Failure>((country, ports.ok_or_else(none)?))
    };
    let places = COUNTRIES.iter().map(place).collect::<Result<Vec<_>, _>>()?;
    for below in COUNTRIES.iter().map(|country| country.short).chain(["trust"]) {
        let home = folder.join(below);
        if home.exists() {
            let error = format!("`{}` is there already; nothing was changed", home.display());
            return Err(Failure::new(Exit::Failed, error)
                .help("its keys are in use; remove the folders of all three countries and `trust` to begin anew"));
        }
    }
    let sites = places.into_iter().map(|(country, ports)| raise(folder, country, ports));
    under_one_list(folder, sites.collect::<Result<_, _>>()?)
}

/// Makes the node of the country that joins later; its trust list comes with its joining.
pub(super) fn join(folder: &Path) -> Result<Site, Failure> {
    raise(folder, &ZAMBIA, Ports::free()?)
}

fn configuration_of(folder: &Path, country: &Country) -> PathBuf {
    folder.join(country.short).with_extension("toml")
}

/// Makes the keys and sections of a country's authorities, and the configuration of the node that hosts them.
fn raise(folder: &Path, country: &'static Country, ports: Ports) -> Result<Site, Failure> {
    let home = folder.join(country.short);
    fs::create_dir(&home).map_err(failed)?;
    let mut text = String::new();
    for (nth, one) in country.cast.iter().enumerate() {
        let answers = one.answers(&country.node(), ports, nth == 0)?;
        let (own, below) = (home.join(one.short), format!("{}/{}/", country.short, one.short));
        make_node(&own, &answers, None, VALID_SECONDS)?;
        // One node hosts all of them, by a configuration of its own.
        fs::remove_file(own.join("node.toml")).and_then(|()| fs::remove_dir_all(own.join("data"))).map_err(failed)?;
        if nth == 0 {
            text.push_str(&render_node(&answers, &format!("{}/", country.short), &below));
        }
        text.push_str(&render_authority(&answers, &SigningKeys::first(), &below));
    }
    let configuration = configuration_of(folder, country);
    if !configuration.exists() {
        files::replace(&configuration, text.as_bytes(), 0o644)?;
    }
    fs::create_dir(home.join("trust")).map_err(failed)?;
    mark_new(&home.join("data/partners")).map_err(failed)?;
    let operator_token = home.join("data").join(OPERATOR_TOKEN);
    let ca = first_of(country, &home)?.join("tls/ca.crt.pem");
    Ok(Site { country, configuration, home, ports, ca, operator_token })
}

/// The folder of the authority that made a country's node.
fn first_of(country: &Country, home: &Path) -> Result<PathBuf, Failure> {
    let first = country.cast.first().ok_or_else(|| failed("a country without anybody"))?;
    Ok(home.join(first.short))
}

impl Site {
    /// The folder of the authority that made the node; its federation signer is the country's.
    pub(super) fn first(&self) -> Result<PathBuf, Failure> {
        first_of(self.country, &self.home)
    }
}

/// Gives all of them, and strangers, the list that names them.
fn under_one_list(folder: &Path, sites: Vec<Site>) -> Result<Vec<Site>, Failure> {
    let mut sections = Vec::new();
    for site in &sites {
        for one in site.country.cast {
            let note = fs::read_to_string(site.home.join(one.short).join("trust/section.note")).map_err(failed)?;
            sections.push(Section::open(&note).map_err(failed)?);
        }
    }
    let signers = sites.iter().map(Site::first).collect::<Result<Vec<_>, _>>()?;
    let (list, anchor) = sign_list(&signers, &sections)?;
    let strangers = folder.join("trust");
    fs::create_dir(&strangers).map_err(failed)?;
    for trust in sites.iter().map(|site| site.home.join("trust")).chain([strangers]) {
        files::replace(&trust.join("trust-list.note"), list.as_bytes(), 0o644)?;
        files::replace(&trust.join("anchor.toml"), anchor.as_bytes(), 0o644)?;
    }
    Ok(sites)
}

/// The list that names everybody, and the anchor it is opened with: two of the three signers suffice.
fn sign_list(signers: &[PathBuf], sections: &[Section]) -> Result<(String, String), Failure> {
    let now = whole_seconds(SystemClock.now());
    let mut list = ListText::first(now, later(now, VALID_SECONDS)?);
    list.k = SIGNERS_ASKED;
    let mut keys = Vec::with_capacity(signers.len());
    for own in signers {
        let (store, federation) = offline_signer(own)?;
        list.signers.push(federation.verifier_key().ok_or_else(|| failed("no verifier key"))?);
        keys.push((store, federation));
        let entry = fs::read(own.join("trust/node.json")).map_err(failed)?;
        list.nodes.push(serde_json::from_slice(&entry).map_err(failed)?);
    }
    list.nodes.sort_by(|one, other| one.name.cmp(&other.name));
    for customs in everybody().filter(|one| one.customs) {
        list.addressees.insert(customs.country.parse().map_err(failed)?, customs.issuer().parse().map_err(failed)?);
    }
    let of = list.nodes.iter().map(|node| node.name.clone()).collect();
    let witnesses_without_replica = Some(WITNESSES_WITHOUT_REPLICA);
    let rules = Cosigning::if_it_has_a_node();
    list.cosigning = Cosigning { witnesses: WITNESSES_ASKED, witnesses_without_replica, of, ..rules };
    for section in sections {
        list.put(section, None);
    }
    let signers = list.signers.clone();
    let mut draft = ListDraft::new(list).map_err(failed)?;
    for (store, federation) in keys.iter().take(usize::try_from(SIGNERS_ASKED).map_err(failed)?) {
        store.federation(&federation.name).map_err(arguments::key_failure)?.sign(&mut draft, None).map_err(failed)?;
    }
    let anchor = Anchor::new(SIGNERS_ASKED, signers, BTreeMap::new()).map_err(failed)?;
    let list = draft.finish(&anchor, None).map_err(failed)?;
    Ok((list.to_string(), anchor.to_toml().map_err(failed)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The configurations an operator finds are those the demonstration would write.
    #[test]
    fn the_nodes_an_operator_runs_are_those_of_the_demonstration() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("node-config/demo");
        for country in &COUNTRIES {
            let made = tempfile::tempdir().unwrap();
            let site = raise(made.path(), country, Ports::usual(country)).unwrap();
            let written = fs::read_to_string(&site.configuration).unwrap();
            let path = configuration_of(&folder, country);
            if std::env::var_os("ORIGIN_WRITE_EXAMPLES").is_some() {
                fs::write(&path, &written).unwrap();
            }
            assert_eq!(fs::read_to_string(path).unwrap(), written);
        }
    }
}
