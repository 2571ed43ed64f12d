//! `origin log prove`: that an entry stands in a log, as C2SP tlog-proof.

use super::source::{From, Source};
use crate::{
    cli::{
        Outcome, arguments,
        console::{Console, Exit, Failure},
        files, remote,
    },
    log::{LogProof, inclusion_proof},
    statement::{Jti, Presentation},
};
use serde_json::json;
use std::{path::PathBuf, process::ExitCode};

/// Print the proof that an entry stands in a log, as C2SP tlog-proof
///
/// The proof is made from the entries themselves and holds against the newest checkpoint.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    #[command(flatten)]
    from: From,
    #[command(flatten)]
    which: Which,
    /// Where the proof goes [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct Which {
    /// The entry's index, from 0
    #[arg(long, value_name = "INDEX")]
    index: Option<u64>,
    /// The statement's identifier
    #[arg(long, value_name = "JTI", value_parser = arguments::jti)]
    id: Option<Jti>,
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        remote::converse(async {
            let source = self.from.open(console).await?;
            let head = source.head().await?;
            let size = head.checkpoint.head.size;
            let index = match (self.which.index, self.which.id) {
                (Some(index), _) => index,
                (None, Some(jti)) => find(&source, size, jti).await?,
                (None, None) => return Err(Failure::new(Exit::Usage, "name the entry: --index or --id")),
            };
            if index >= size {
                return Err(Failure::new(
                    Exit::Failed,
                    format!("the log has {size} entries, from 0; there is no {index}"),
                ));
            }
            let levels = source.read_all(&head, |_, _| Ok(())).await?;
            let hashes = inclusion_proof(index, size, &levels)
                .map_err(|error| Failure::new(Exit::Failed, format!("no proof can be made: {error}")))?;
            let proof = LogProof::new(index, hashes, head.note).to_string();
            if console.is_json() {
                console
                    .data(json!({ "log": source.origin().to_string(), "index": index, "size": size, "proof": proof }));
            } else {
                files::deliver(console, self.output.as_deref(), proof.as_bytes())?;
            }
            Ok(ExitCode::SUCCESS)
        })
    }
}

/// Identifiers rise strictly within a log, so one is found by halving.
async fn find(source: &Source, size: u64, jti: Jti) -> Result<u64, Failure> {
    let (mut low, mut high) = (0, size);
    while low < high {
        let middle = low + (high - low) / 2;
        let leaf = source.entries(middle, middle + 1).await?;
        let no_disclosures: [&str; 0] = [];
        let found = leaf.first().map(|leaf| Presentation::from_leaf(leaf, &no_disclosures)).transpose();
        let found = found.map_err(|error| Failure::new(Exit::Failed, format!("entry {middle}: {error}")))?;
        match found.map(|statement| statement.envelope().jti.cmp(&jti)) {
            Some(std::cmp::Ordering::Equal) => return Ok(middle),
            Some(std::cmp::Ordering::Less) => low = middle + 1,
            _ => high = middle,
        }
    }
    Err(Failure::new(Exit::Failed, format!("{jti} is not in {}", source.origin())))
}
