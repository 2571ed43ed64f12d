//! `origin key`: keys at rest.

mod handover;
mod hit;
mod revoke;
mod rotate;
mod succession;

use super::{
    Outcome,
    arguments::{self, Keys},
    check_config,
    console::{Console, Exit, Failure},
};
use crate::{
    encoding::base64,
    keys::{KeyName, KeyStore, KeyUse, PublicSide},
    log::Shard,
    node::system::{SystemClock, SystemRandom},
    statement::{Issuer, Kid},
    time::{Clock as _, Date, ZoneName},
    trust::{NodeName, SignerName},
};
use clap::Subcommand;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Make keys, see which there are, put new ones in the place of old ones, and close those that others may have
#[derive(Debug, clap::Args)]
#[command(arg_required_else_help = true)]
pub(super) struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    New(New),
    List(List),
    Rotate(rotate::Arguments),
    Revoke(Box<revoke::Arguments>),
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        match self.command {
            Command::New(arguments) => arguments.run(console),
            Command::List(arguments) => arguments.run(console),
            Command::Rotate(arguments) => arguments.run(console),
            Command::Revoke(arguments) => arguments.run(console),
        }
    }
}

/// What a key is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Use {
    /// Signs an authority's section of the trust list; keep it offline
    Root,
    /// Signs trust lists, one of the federation's k of n
    Federation,
    /// Signs statements
    Statement,
    /// Signs status lists
    Status,
    /// Signs the stamp on paper
    Stamp,
    /// Signs the heads of an authority's logs of one year
    Log,
    /// Cosigns logs this node holds in full
    Replica,
    /// Cosigns logs whose growth this node watches
    Witness,
}

/// Make a key
///
/// The private half is written encrypted (PKCS#8, scrypt), the public half beside it. A key has one use, for ever;
/// none is ever overwritten. What a key may sign is said by the trust list alone.
#[derive(Debug, clap::Args)]
struct New {
    /// The key's name in its folder
    #[arg(value_name = "NAME")]
    name: KeyName,
    /// What it is for
    #[arg(long, value_enum, value_name = "USE")]
    r#use: Use,
    /// The authority: for root, statement, status, stamp and log keys
    #[arg(long, value_name = "AUTHORITY", value_parser = arguments::issuer)]
    issuer: Option<Issuer>,
    /// The key id, unique to the authority for ever: for statement, status and stamp keys [default: the name]
    #[arg(long, value_name = "KID")]
    kid: Option<Kid>,
    /// The shard, such as 2026: for log keys
    #[arg(long, value_name = "SHARD")]
    shard: Option<Shard>,
    /// The node: for replica and witness keys
    #[arg(long, value_name = "NAME")]
    node: Option<NodeName>,
    /// The signer, such as comesa.int/trust: for federation keys
    #[arg(long, value_name = "NAME")]
    signer: Option<SignerName>,
    #[command(flatten)]
    keys: Keys,
}

impl New {
    fn run(self, console: Console) -> Outcome {
        let key_use = self.key_use()?;
        let store = KeyStore::create(&self.keys.keys, self.keys.passphrase()?).map_err(arguments::key_failure)?;
        let side = store.make(&self.name, key_use, &SystemRandom).map_err(arguments::key_failure)?;
        if console.is_json() {
            console.data(described(&side));
        } else {
            console.message(format!("made the key `{}` in {}", side.name, self.keys.keys.display()));
            console.data(line(&side));
        }
        Ok(ExitCode::SUCCESS)
    }

    /// What the use needs, and nothing that it does not.
    fn key_use(&self) -> Result<KeyUse, Failure> {
        let word = self.r#use;
        let issuer = || self.issuer.clone().ok_or_else(|| wants(word, "--issuer AUTHORITY"));
        let node = || self.node.clone().ok_or_else(|| wants(word, "--node NAME"));
        let named = || self.name.as_str().parse::<Kid>().map_err(|error| Failure::new(Exit::Usage, error));
        let kid = || self.kid.clone().map_or_else(named, Ok);
        let made = match word {
            Use::Root => KeyUse::Root { iss: issuer()? },
            Use::Federation => {
                KeyUse::Federation { signer: self.signer.clone().ok_or_else(|| wants(word, "--signer NAME"))? }
            }
            Use::Statement => KeyUse::Statement { iss: issuer()?, kid: kid()? },
            Use::Status => KeyUse::Status { iss: issuer()?, kid: kid()? },
            Use::Stamp => KeyUse::Stamp { iss: issuer()?, kid: kid()? },
            Use::Log => KeyUse::Log {
                iss: issuer()?,
                shard: self.shard.ok_or_else(|| wants(word, "--shard SHARD, such as --shard 2026"))?,
            },
            Use::Replica => KeyUse::Replica { node: node()? },
            Use::Witness => KeyUse::Witness { node: node()? },
        };
        let idle = [
            ("--issuer", self.issuer.is_some() && made.issuer().is_none()),
            ("--kid", self.kid.is_some() && !matches!(word, Use::Statement | Use::Status | Use::Stamp)),
            ("--shard", self.shard.is_some() && word != Use::Log),
            ("--node", self.node.is_some() && !matches!(word, Use::Replica | Use::Witness)),
            ("--signer", self.signer.is_some() && word != Use::Federation),
        ];
        match idle.into_iter().find_map(|(flag, given)| given.then_some(flag)) {
            Some(flag) => {
                Err(Failure::new(Exit::Usage, format!("a {} key has no {flag}", made.word())).help("leave it out"))
            }
            None => Ok(made),
        }
    }
}

fn wants(word: Use, flag: &str) -> Failure {
    use clap::ValueEnum as _;
    let name = word.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default();
    Failure::new(Exit::Usage, format!("a {name} key needs {flag}"))
}

/// The month from which on next year's log key is asked for.
pub(super) const NEXT_YEAR_FROM: i8 = 11;

/// The authorities whose newest log key in a folder is of a year that ends soon, and the year that wants one.
fn without_next_year(sides: &[PublicSide], today: Date) -> Vec<(&Issuer, Shard)> {
    if today.month() < NEXT_YEAR_FROM {
        return Vec::new();
    }
    let next = Shard::of_year(today.year().saturating_add(1));
    let mut newest: BTreeMap<&Issuer, Shard> = BTreeMap::new();
    for side in sides {
        if let KeyUse::Log { iss, shard } = &side.key_use {
            let known = newest.entry(iss).or_insert(*shard);
            *known = (*known).max(*shard);
        }
    }
    // One that made no key for this year either writes no logs from this folder any more.
    let due = newest.into_iter().filter(|(_, shard)| shard.year() == today.year());
    due.map(|(iss, _)| (iss, next)).collect()
}

/// List the public halves of the keys in a folder; needs no passphrase
#[derive(Debug, clap::Args)]
struct List {
    /// The folder of key files [default: those of the configuration, else keys]
    #[arg(long, value_name = "DIR", conflicts_with = "config")]
    keys: Option<PathBuf>,
    /// The node's configuration, which says where its keys are [env: ORIGIN_CONFIG]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl List {
    fn run(self, console: Console) -> Outcome {
        let named = self.keys.is_some();
        let config = self.config.or_else(|| arguments::configuration_of_environment().filter(|_| !named));
        let folders = match config {
            Some(file) => {
                let configuration = check_config::load(&file)?;
                let partner = configuration.partner.into_iter().map(|partner| partner.keys);
                configuration.authorities.into_iter().map(|one| one.keys).chain(partner).collect::<BTreeSet<_>>()
            }
            None => BTreeSet::from([self.keys.unwrap_or_else(|| PathBuf::from("keys"))]),
        };
        folders.iter().try_for_each(|folder| Self::tell(console, folder))?;
        Ok(ExitCode::SUCCESS)
    }

    fn tell(console: Console, folder: &Path) -> Result<(), Failure> {
        let sides = KeyStore::public_sides(folder).map_err(arguments::key_failure)?;
        for side in &sides {
            console.data(if console.is_json() { described(side).to_string() } else { line(side) });
        }
        for (iss, shard) in without_next_year(&sides, ZoneName::utc().date_at(SystemClock.now())) {
            console.message(format!(
                "note: {iss} has no log key for {shard}: without one that the trust list names, nothing is issued from the first of January on"
            ));
            let keys = folder.display();
            console.message(format!(
                "help: put the one back that the trust list names; where it names none: origin key new log-{shard} \
                 --use log --issuer {iss} --shard {shard} --keys {keys} --passphrase-file FILE"
            ));
        }
        Ok(())
    }
}

/// Whose key it is, as columns.
fn whose(key_use: &KeyUse) -> String {
    match key_use {
        KeyUse::Root { iss } => iss.to_string(),
        KeyUse::Federation { signer } => signer.to_string(),
        KeyUse::Statement { iss, kid } | KeyUse::Status { iss, kid } | KeyUse::Stamp { iss, kid } => {
            format!("{iss} {kid}")
        }
        KeyUse::Log { iss, shard } => format!("{iss} {shard}"),
        KeyUse::Replica { node } | KeyUse::Witness { node } => node.to_string(),
    }
}

/// The key as others name it: a verifier key where it has one, else the bare public key.
fn public(side: &PublicSide) -> String {
    side.verifier_key().map_or_else(|| base64::encode_url(side.public_key.as_bytes()), |key| key.to_string())
}

fn line(side: &PublicSide) -> String {
    format!("{:24} {:10} {}  {}", side.name.as_str(), side.key_use.word(), whose(&side.key_use), public(side))
}

fn described(side: &PublicSide) -> Value {
    json!({
        "name": side.name.as_str(),
        "use": side.key_use.word(),
        "of": whose(&side.key_use),
        "x": base64::encode_url(side.public_key.as_bytes()),
        "verifier_key": side.verifier_key().map(|key| key.to_string()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{keys::KeyStore, time::SeededRandom};

    #[test]
    fn next_years_log_key_is_asked_for_while_there_is_time_to_list_it() {
        let (store, random) = (KeyStore::in_memory(), SeededRandom::new(1));
        let iss: Issuer = "https://tdap.gov.pk".parse().unwrap();
        let make = |year: i16| {
            let key_use = KeyUse::Log { iss: iss.clone(), shard: Shard::of_year(year) };
            store.make(&format!("log-{year}").parse().unwrap(), key_use, &random).unwrap()
        };
        let (old, next) = (make(2026), make(2027));
        let asked = |sides: &[PublicSide], day| without_next_year(sides, day).len();
        let sides = [old.clone()];
        assert_eq!(asked(&sides, Date::constant(2026, 10, 31)), 0, "it is early");
        assert_eq!(asked(&sides, Date::constant(2026, 11, 1)), 1);
        assert_eq!(asked(&[old.clone(), next], Date::constant(2026, 12, 31)), 0);
        assert_eq!(asked(&[old], Date::constant(2028, 12, 1)), 0, "a folder that is used no more asks for nothing");
    }
}
