//! `origin partner export`: a package for a partner that is not connected.

use crate::{
    api::client::{Connection, wire},
    cli::{
        Outcome,
        account::OperatorDoor,
        console::{Console, Exit, Failure},
        files::{Draft, Source},
        remote,
    },
    log::Origin,
    reason::counted,
    trust::NodeName,
};
use serde_json::json;
use std::process::ExitCode;

/// Whoever reads a package reads the certificates in it.
const MODE: u32 = 0o600;

/// Make a package for a partner that cannot be reached, to be brought by any carrier
///
/// It has what the logs of this node have for the partner beyond what it is known to hold, with the disclosures that are
/// for it, and this node's answer to the partner's packages. It is sealed by this node and NOT encrypted: whoever has the
/// file reads the certificates in it. Made again before the partner's answer is here, it begins where it began before.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The node it is for, as the trust list names it
    #[arg(value_name = "NODE")]
    partner: NodeName,
    /// This log only, <host>/log/<shard>/<addressee>
    #[arg(long, value_name = "ORIGIN")]
    log: Option<Origin>,
    /// From this entry on, whatever the partner is known to hold
    #[arg(long, value_name = "INDEX", requires = "log")]
    after: Option<u64>,
    /// From the first entry on, for a partner that lost what it had
    #[arg(long, conflicts_with = "after")]
    from_the_start: bool,
    /// Where the package goes; `-` is standard output
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    output: Source,
    #[command(flatten)]
    door: OperatorDoor,
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        let request = wire::ExportPackageRequest {
            partner: self.partner.to_string(),
            log: self.log.as_ref().map(ToString::to_string).unwrap_or_default(),
            after: self.after,
            from_the_start: self.from_the_start,
        };
        let made = remote::converse(async {
            let (connection, address) = self.door.open(&self.door.configuration()?).await?;
            export(console, (&connection, &address), request, &self.output).await
        })?;
        tell(console, &self.partner.to_string(), &made, &self.output);
        Ok(ExitCode::SUCCESS)
    }
}

/// Fetches a package as the node makes it, and puts it in its place when it is whole.
pub(super) async fn export(
    console: Console,
    (connection, address): (&Connection, &str),
    request: wire::ExportPackageRequest,
    to: &Source,
) -> Result<wire::ExportedPackage, Failure> {
    let refused = |status: tonic::Status| remote::refused(console, address, &status);
    let mut parts = connection.admin().export_package(request).await.map_err(refused)?.into_inner();
    let mut draft = to.path().map(|path| Draft::begin(path, MODE)).transpose()?;
    let mut made = None;
    while let Some(part) = parts.message().await.map_err(refused)? {
        match part.part {
            Some(wire::export_package_response::Part::Chunk(chunk)) => match &mut draft {
                Some(draft) => draft.write(&chunk)?,
                None => console.raw(&chunk),
            },
            Some(wire::export_package_response::Part::Made(all)) => made = Some(all),
            None => {}
        }
    }
    let made = made.ok_or_else(|| Failure::new(Exit::Failed, "the node broke off before the package was whole"))?;
    draft.map(Draft::finish).transpose()?;
    Ok(made)
}

/// Says what is in it; beside a package on standard output nothing else stands there.
pub(super) fn tell(console: Console, partner: &str, made: &wire::ExportedPackage, to: &Source) {
    if console.is_json() {
        let logs = made.logs.iter().map(|log| json!({ "origin": log.origin, "after": log.after, "size": log.size }));
        let said = json!({ "partner": partner, "logs": logs.collect::<Vec<_>>() });
        match to {
            Source::Stdin => console.message(said),
            Source::File(_) => console.data(said),
        }
        return;
    }
    for log in &made.logs {
        let wire::ExportedLog { origin, after, size } = log;
        let what = match size.saturating_sub(*after) {
            0 => format!("nothing beyond the {} held", counted(*size, "entry that is", "entries that are")),
            1 => format!("entry {after}"),
            _ => format!("entries {after} to {}", size.saturating_sub(1)),
        };
        console.message(format!("{origin}: {what}"));
    }
    if let Source::File(path) = to {
        console.message(format!("wrote {}; it is not encrypted, and for {partner} alone", path.display()));
    }
}
