//! `origin partner add`: a node, and the authorities it hosts, in the next trust list.

use crate::{
    api::client::{wire, within_deadline},
    certificate::Country,
    cli::{
        Outcome,
        account::OperatorDoor,
        arguments,
        console::{Colour, Console, Exit, Failure},
        files::{self, Source},
        remote,
        trust::{addressee, later, node_entry, put_entry, refused},
    },
    log::Origin,
    node::{Configuration, system::SystemClock},
    statement::{Addressee, Issuer},
    time::{Clock, whole_seconds},
    trust::{ListDraft, ListText, MAX_SECTION_BYTES, Section},
};
use std::{collections::BTreeMap, path::PathBuf, process::ExitCode};

/// Draft the next trust list with a node in it, for the signers to sign
///
/// Takes over the list in use here; puts in the node's entry and the sections of the authorities it hosts. Customs among
/// them become the addressee of their country, if it has none. Logs that were kept for that country are asked of the
/// running node: what stands in them already needs no cosignature of the newcomer, what comes after does.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The node's entry, its `trust/node.json`
    #[arg(value_name = "FILE")]
    entry: PathBuf,
    /// Signed sections of the authorities it hosts, each a `trust/section.note`
    #[arg(long = "section", value_name = "FILE")]
    sections: Vec<PathBuf>,
    /// Which authority is the addressee for a country, where it is not the customs authority that comes
    #[arg(long = "addressee", value_name = "XX=AUTHORITY", value_parser = addressee)]
    addressees: Vec<(Country, Issuer)>,
    /// Name the node among those whose cosignatures as witnesses count
    #[arg(long)]
    witness: bool,
    /// For how long the list holds
    #[arg(long, value_name = "TIME", value_parser = arguments::seconds, default_value = "90d")]
    valid: u64,
    /// Where the draft goes [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    door: OperatorDoor,
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        let read = self.sections.iter().chain([&self.entry]);
        files::apart(self.output.as_deref(), read.cloned().map(Source::File))?;
        let configuration = self.door.configuration()?;
        let trust = arguments::open_trust(&configuration.trust.list, &configuration.trust.anchor)?;
        let issued = whole_seconds(SystemClock.now());
        let mut text = ListText::following(&trust, issued, later(issued, self.valid)?);
        let known = text.clone();
        let node = node_entry(&self.entry)?;
        let name = node.name.clone();
        if node.grpc.is_none() || node.spki.is_empty() {
            return Err(Failure::new(
                Exit::Configuration,
                format!("{name} says neither where it is reached nor its TLS key"),
            )
            .help("its operator makes it with a door to partners: origin init --partner ADDR --partner-url URL"));
        }
        put_entry(console, &mut text.nodes, node);
        let mut addressees = self.addressees.clone();
        for path in &self.sections {
            let note = files::read_text(path, MAX_SECTION_BYTES, Exit::Configuration)?;
            let named = |error| refused(error).note(format!("in {}", path.display()));
            let section = Section::open(&note).map_err(named)?;
            // Else nobody sees it before all have signed, when the list is installed.
            if let Some(old) = trust.section(section.iss()) {
                section.check_after(old).map_err(named)?;
            }
            let said = section.text();
            if said.node.as_ref() != Some(&name) {
                let error = format!("the section of {} does not name {name} as its node", said.iss);
                return Err(Failure::new(Exit::Configuration, error).note(format!("in {}", path.display())));
            }
            let customs = said.roles.iter().any(|role| role.as_str() == "customs");
            let named = text.addressees.contains_key(&said.country)
                || addressees.iter().any(|(country, _)| *country == said.country);
            if customs && !named {
                addressees.push((said.country, said.iss.clone()));
            }
            text.put(&section, None);
        }
        for (country, iss) in addressees {
            if text.addressees.insert(country, iss.clone()).as_ref() == Some(&iss) {
                continue;
            }
            console.message(format!("{iss} becomes the addressee for {country}"));
            for (origin, size) in remote::converse(self.kept_for(console, &configuration, country))? {
                console.message(format!("its replica is asked for in {origin} from entry {size} on"));
                text.cosigning.replica_from.insert(origin, size);
            }
        }
        if self.witness && !text.cosigning.of.contains(&name) {
            text.cosigning.of.push(name.clone());
        }
        if text == known {
            let version = trust.version();
            console.message(format!(
                "trust list {version} has {name} as it is here: nothing changes, no list was written"
            ));
            return Ok(ExitCode::SUCCESS);
        }
        let (version, k, of) = (text.version, text.k, text.signers.len());
        let draft = ListDraft::new(text).map_err(refused)?;
        files::deliver(console, self.output.as_deref(), draft.to_string().as_bytes())?;
        let next = console.paint_message(Colour::Green, "next:");
        console.message(format!("{next} trust list {version} names {name} when {k} of {of} signers have signed it"));
        let file = self.output.as_deref().map_or("LIST".into(), |path| path.display().to_string());
        console.message(format!(
            "  origin trust sign {file} --key federation --keys OFFLINE/keys --passphrase-file OFFLINE/keys.passphrase -o signed.note"
        ));
        let mut list = "signed.note";
        if k > 1 {
            list = "list.note";
            console.message(format!("  origin trust merge signed.note OTHER.note -o {list}"));
        }
        console.message(format!("  origin trust install {list} --config {}", self.door.config().display()));
        Ok(ExitCode::SUCCESS)
    }

    /// The logs addressed to a country, with their sizes, as the running node knows them: its own, and those it watches.
    async fn kept_for(
        &self,
        console: Console,
        configuration: &Configuration,
        country: Country,
    ) -> Result<BTreeMap<Origin, u64>, Failure> {
        let (connection, address) = self.door.open(configuration).await?;
        let refused = |status: tonic::Status| remote::refused(console, &address, &status);
        let own = connection.admin().get_status(within_deadline(wire::GetStatusRequest {})).await.map_err(refused)?;
        let others = connection.admin().list_partners(within_deadline(wire::ListPartnersRequest {})).await;
        let others = others.map_err(refused)?.into_inner().known_logs;
        let label = Addressee::Country(country).label();
        let own = own.into_inner().authorities.into_iter().flat_map(|one| one.logs);
        let logs = own.chain(others).filter_map(|log| Some((log.origin.parse::<Origin>().ok()?, log.size)));
        Ok(logs.filter(|(origin, _)| origin.addressee() == label).collect())
    }
}
