//! `origin trust draft section`: an authority's own entry, from the public halves of its keys.

use super::sign::{DraftOf, draft_of};
use crate::{
    certificate::{Country, Language, Text},
    cli::{
        Outcome, arguments,
        console::{Console, Exit, Failure},
        files::{self, Source},
    },
    keys::{KeyStore, KeyUse, PublicSide},
    log::VerifierKey,
    statement::{Issuer, Kind},
    time::ZoneName,
    trust::{
        Algorithm, KindName, ListedKey, ListedLogKey, ListedUse, MAX_LIST_BYTES, NodeName, Role, Section, SectionText,
    },
};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Draft an authority's section from the public halves of its keys
///
/// A first section names the authority; a later one (--after) takes over the earlier one, with keys added and the
/// serial raised. The earlier one is the newest that there is: once it is listed, the one in the trust list in force
/// (--after LIST --anchor FILE --issuer AUTHORITY). Read and correct the JSON before it is signed.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The authority
    #[arg(long, value_name = "AUTHORITY", value_parser = arguments::issuer, required_unless_present = "after")]
    issuer: Option<Issuer>,
    /// Its country, ISO 3166-1 alpha-2
    #[arg(long, value_name = "XX", value_parser = arguments::country, required_unless_present = "after")]
    country: Option<Country>,
    /// The time zone of its civil dates, such as Asia/Karachi
    #[arg(long, value_name = "ZONE", value_parser = zone, required_unless_present = "after")]
    time_zone: Option<ZoneName>,
    /// Its name in a language; English is always there
    #[arg(long = "name", value_name = "LANGUAGE=NAME", value_parser = name, required_unless_present = "after")]
    names: Vec<(Language, Text)>,
    /// What it is: issuer, customs, secretariat
    #[arg(long = "role", value_name = "ROLE")]
    roles: Vec<Role>,
    /// The node that hosts it
    #[arg(long, value_name = "NAME")]
    node: Option<NodeName>,
    /// Folders with the public halves of its keys: for a first section all, the root key among them; else the new ones
    #[arg(long, value_name = "DIR", required = true)]
    keys: Vec<PathBuf>,
    /// The section that holds now, or the trust list in force that has it
    #[arg(long, value_name = "FILE")]
    after: Option<PathBuf>,
    /// The anchor that the list is opened with
    #[arg(long, value_name = "FILE", requires = "after")]
    anchor: Option<PathBuf>,
    /// Where the draft goes [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

fn zone(text: &str) -> Result<ZoneName, String> {
    ZoneName::new(text).map_err(|error| error.to_string())
}

fn name(text: &str) -> Result<(Language, Text), String> {
    let (language, name) = text.split_once('=').ok_or("write LANGUAGE=NAME, such as `en=Trade Authority`")?;
    let language = language.parse().map_err(|error: crate::certificate::CertificateError| error.to_string())?;
    let name = name.parse().map_err(|error: crate::certificate::CertificateError| error.to_string())?;
    Ok((language, name))
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        files::apart(self.output.as_deref(), self.after.iter().chain(&self.anchor).cloned().map(Source::File))?;
        let mut sides = Vec::new();
        for folder in &self.keys {
            sides.extend(KeyStore::public_sides(folder).map_err(arguments::key_failure)?);
        }
        let text = match &self.after {
            Some(path) => {
                let mut text = self.before(path)?.successor();
                self.change(&mut text);
                add_keys(&mut text, &sides)?;
                text
            }
            None => first(&self, &sides)?,
        };
        let json = serde_json::to_string_pretty(&text).map_err(|error| Failure::new(Exit::Failed, error))?;
        files::deliver(console, self.output.as_deref(), format!("{json}\n").as_bytes())?;
        Ok(ExitCode::SUCCESS)
    }

    /// The section that the next one follows, from its own file or out of a trust list.
    fn before(&self, path: &Path) -> Result<Section, Failure> {
        let text = files::read_text(path, MAX_LIST_BYTES, Exit::Configuration)?;
        let section = match (draft_of(&text), &self.anchor, &self.issuer) {
            (DraftOf::Section, ..) => Section::open(&text).map_err(super::refused)?,
            (DraftOf::List, Some(anchor), Some(issuer)) => {
                let list = arguments::open_trust(path, anchor)?;
                let found = list.section(issuer).cloned();
                found.ok_or_else(|| {
                    Failure::new(Exit::Configuration, format!("the trust list has no section of {issuer}"))
                        .help("a first section is drafted without --after")
                })?
            }
            (DraftOf::List, ..) => {
                let error = format!("`{}` is a trust list: give --anchor and --issuer with it", path.display());
                return Err(Failure::new(Exit::Usage, error));
            }
        };
        match &self.issuer {
            Some(issuer) if issuer != section.iss() => {
                let error = format!("`{}` is the section of {}, not of {issuer}", path.display(), section.iss());
                Err(Failure::new(Exit::Usage, error))
            }
            _ => Ok(section),
        }
    }

    fn change(&self, text: &mut SectionText) {
        if let Some(country) = self.country {
            text.country = country;
        }
        if let Some(zone) = &self.time_zone {
            text.time_zone = zone.clone();
        }
        text.names.extend(self.names.iter().cloned());
        if !self.roles.is_empty() {
            text.roles.clone_from(&self.roles);
        }
        if let Some(node) = &self.node {
            text.node = Some(node.clone());
        }
    }
}

fn first(given: &Arguments, sides: &[PublicSide]) -> Result<SectionText, Failure> {
    let missing = |flag: &str| Failure::new(Exit::Usage, format!("a first section needs {flag}"));
    let described = Described {
        iss: given.issuer.clone().ok_or_else(|| missing("--issuer"))?,
        country: given.country.ok_or_else(|| missing("--country"))?,
        time_zone: given.time_zone.clone().ok_or_else(|| missing("--time-zone"))?,
        names: given.names.iter().cloned().collect(),
        roles: given.roles.clone(),
        node: given.node.clone(),
    };
    section_text(described, sides)
}

/// What an authority says of itself.
#[derive(Debug, Clone)]
pub(in crate::cli) struct Described {
    pub(in crate::cli) iss: Issuer,
    pub(in crate::cli) country: Country,
    pub(in crate::cli) time_zone: ZoneName,
    pub(in crate::cli) names: BTreeMap<Language, Text>,
    pub(in crate::cli) roles: Vec<Role>,
    pub(in crate::cli) node: Option<NodeName>,
}

/// The first section of an authority, with those of the keys that are its own.
pub(in crate::cli) fn section_text(described: Described, sides: &[PublicSide]) -> Result<SectionText, Failure> {
    let Described { iss, country, time_zone, names, roles, node } = described;
    let root = root_of(&iss, sides)?;
    let mut text = SectionText {
        iss,
        serial: 1,
        country,
        time_zone,
        names,
        root,
        node,
        roles: if roles.is_empty() { vec![role("issuer")?] } else { roles },
        keys: Vec::new(),
        log_keys: Vec::new(),
    };
    add_keys(&mut text, sides)?;
    Ok(text)
}

fn role(word: &str) -> Result<Role, Failure> {
    word.parse().map_err(|error| Failure::new(Exit::Usage, error))
}

fn root_of(iss: &Issuer, sides: &[PublicSide]) -> Result<VerifierKey, Failure> {
    let own = |side: &&PublicSide| matches!(&side.key_use, KeyUse::Root { iss: of } if of == iss);
    sides.iter().find(own).and_then(PublicSide::verifier_key).ok_or_else(|| {
        Failure::new(Exit::Configuration, format!("no root key of {iss} is in the folders given"))
            .help(format!("origin key new root --use root --issuer {iss} --keys DIR --passphrase-file FILE"))
    })
}

/// Adds the authority's keys that the section does not list yet; a key is never taken out.
pub(in crate::cli) fn add_keys(text: &mut SectionText, sides: &[PublicSide]) -> Result<(), Failure> {
    let kinds = Kind::ALL
        .iter()
        .map(|kind| kind.name().parse::<KindName>())
        .collect::<Result<Vec<_>, _>>()
        .map_err(|error| Failure::new(Exit::Failed, error))?;
    for side in sides.iter().filter(|side| side.key_use.issuer() == Some(&text.iss)) {
        let (kid, r#use) = match &side.key_use {
            KeyUse::Statement { kid, .. } => (kid, ListedUse::Statement),
            KeyUse::Status { kid, .. } => (kid, ListedUse::Status),
            KeyUse::Stamp { kid, .. } => (kid, ListedUse::Stamp),
            KeyUse::Log { shard, .. } => {
                if !text.log_keys.iter().any(|key| key.shard == *shard) {
                    text.log_keys.push(ListedLogKey { shard: *shard, x: side.public_key });
                }
                continue;
            }
            _ => continue,
        };
        if text.keys.iter().any(|key| key.kid == *kid) {
            continue;
        }
        text.keys.push(ListedKey {
            kid: kid.clone(),
            alg: Algorithm::EdDSA,
            x: side.public_key,
            r#use,
            kinds: if r#use == ListedUse::Statement { kinds.clone() } else { Vec::new() },
            agreements: None,
            offices: None,
            from: Vec::new(),
        });
    }
    Ok(())
}
