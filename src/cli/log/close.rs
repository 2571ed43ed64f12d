//! `origin log close`: the final sizes of logs of past years, for the trust list.

use crate::{
    api::client::{wire, within_deadline},
    cli::{
        Outcome,
        account::{OperatorDoor, authority},
        arguments,
        console::{Console, Exit, Failure},
        files, remote,
        trust::{later, refused},
    },
    log::{Origin, Shard},
    node::{Configuration, system::SystemClock},
    reason::counted,
    statement::{Addressee, Issuer},
    time::{Clock as _, whole_seconds},
    trust::{ListDraft, ListText, ShardEnd, TrustList},
};
use serde_json::json;
use std::{
    path::PathBuf,
    process::ExitCode,
    time::{Duration, Instant},
};

/// How often a head is looked at whose cosignatures are waited for.
const LOOK: Duration = Duration::from_secs(1);

/// Close logs of a year that is over
///
/// Each takes nothing more from now on; a last snapshot ends it. When its partners have cosigned that, the draft of the
/// next trust list names its final size, to be signed like any other. From the day on which that list is in use, what
/// stands beyond is void everywhere, and changes of the log's certificates, and their status, stand in the next log to
/// the same addressee. Until then such changes are refused: close in a quiet hour, and install the list soon.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The logs
    #[arg(value_name = "ORIGIN", required_unless_present = "shard", conflicts_with = "shard")]
    logs: Vec<Origin>,
    /// All logs of certificates of this shard, such as 2026; its log to all stays open
    #[arg(long, value_name = "SHARD")]
    shard: Option<Shard>,
    /// Lets them go on instead, as long as no list in use has closed them
    #[arg(long, conflicts_with = "output")]
    take_back: bool,
    /// How long cosignatures are waited for
    #[arg(long, value_name = "TIME", value_parser = arguments::seconds, default_value = "1min")]
    wait: u64,
    /// For how long the next trust list holds
    #[arg(long, value_name = "TIME", value_parser = arguments::seconds, default_value = "90d")]
    valid: u64,
    /// The draft of a list to go on with, as this command or `origin trust draft list` wrote it
    #[arg(long, value_name = "FILE")]
    draft: Option<PathBuf>,
    /// Where the draft goes [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The authority, where the node hosts several
    #[arg(long, value_name = "AUTHORITY", value_parser = arguments::issuer)]
    issuer: Option<Issuer>,
    #[command(flatten)]
    door: OperatorDoor,
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        let configuration = self.door.configuration()?;
        let trust = arguments::open_trust(&configuration.trust.list, &configuration.trust.anchor)?;
        let logs = self.named(console, &configuration, &trust)?;
        let (mut ends, mut waiting) = (Vec::new(), 0_usize);
        for origin in logs {
            if self.take_back {
                let answer = self.ask(console, &configuration, &origin)?;
                let size = counted(answer.size, "entry", "entries");
                console.message(format!(
                    "{origin} goes on at {size}; a draft or list that ends it with as many is not to be signed or installed \
                     any more: it would end the log there, and make void what stands beyond by then"
                ));
                continue;
            }
            let answer = self.ask(console, &configuration, &origin)?;
            if answer.cosigned {
                console.message(format!("{origin} ends with {}", counted(answer.size, "entry", "entries")));
                ends.push(ShardEnd { origin, final_size: answer.size });
            } else {
                waiting += 1;
                let size = counted(answer.size, "entry is", "entries are");
                console.message(format!(
                    "{origin} takes nothing more; its {size} not cosigned yet as the trust list asks"
                ));
            }
        }
        if self.take_back {
            return Ok(ExitCode::SUCCESS);
        }
        if ends.is_empty() {
            return Err(Failure::new(Exit::Failed, "no log can be closed yet").help("give the command again"));
        }
        self.deliver(console, &trust, ends)?;
        if waiting > 0 {
            console.message(format!("note: {waiting} wait for cosignatures: give the command again for them"));
            return Ok(ExitCode::from(Exit::Failed.code()));
        }
        Ok(ExitCode::SUCCESS)
    }

    /// Those that are named, or those of the shard that no list has closed. Nobody's status stands in a log to everyone.
    fn named(
        &self,
        console: Console,
        configuration: &Configuration,
        trust: &TrustList,
    ) -> Result<Vec<Origin>, Failure> {
        let Some(shard) = self.shard else { return Ok(self.logs.clone()) };
        let issuer = authority(self.issuer.clone(), configuration)?;
        let answer = remote::converse(async {
            let (connection, address) = self.door.open(configuration).await?;
            let answer = connection.admin().get_status(within_deadline(wire::GetStatusRequest {})).await;
            answer.map(tonic::Response::into_inner).map_err(|status| remote::refused(console, &address, &status))
        })?;
        let own = answer.authorities.into_iter().filter(|one| one.issuer == issuer.to_string());
        let logs = own.flat_map(|one| one.logs).filter_map(|log| log.origin.parse::<Origin>().ok());
        let open = logs.filter(|log| log.shard() == shard && trust.shard_final_size(log).is_none());
        let everyone = Addressee::Everyone.label();
        let (to_all, logs): (Vec<_>, Vec<_>) = open.partition(|log| log.addressee() == everyone);
        if logs.is_empty() {
            return Err(Failure::new(
                Exit::Failed,
                format!("{issuer} has no open log of certificates of shard {shard}"),
            ));
        }
        for log in to_all.into_iter().filter(|_| !self.take_back) {
            console.message(format!(
                "{log} stays open: no certificates stand in it, whose status a later log would go on with"
            ));
        }
        Ok(logs)
    }

    /// Has a log rest and waits for its partners, or lets it go on.
    fn ask(
        &self,
        console: Console,
        configuration: &Configuration,
        origin: &Origin,
    ) -> Result<wire::CloseLogResponse, Failure> {
        let begun = Instant::now();
        remote::converse(async {
            let (connection, address) = self.door.open(configuration).await?;
            loop {
                let request = wire::CloseLogRequest { log: origin.to_string(), take_back: self.take_back };
                let answer = connection.admin().close_log(within_deadline(request)).await;
                let answer = answer.map_err(|status| remote::refused(console, &address, &status))?.into_inner();
                let late = begun.elapsed() >= Duration::from_secs(self.wait);
                if answer.cosigned || self.take_back || late {
                    return Ok(answer);
                }
                // Cosignatures come to the node; who asks it is not told of them.
                tokio::time::sleep(LOOK).await;
            }
        })
    }

    fn deliver(&self, console: Console, trust: &TrustList, ends: Vec<ShardEnd>) -> Result<(), Failure> {
        let mut text = match &self.draft {
            Some(path) => {
                let kept = files::read_text(path, crate::trust::MAX_LIST_BYTES, Exit::Configuration)?;
                ListDraft::parse(&kept).map_err(refused)?.text().clone()
            }
            None => {
                let issued = whole_seconds(SystemClock.now());
                ListText::following(trust, issued, later(issued, self.valid)?)
            }
        };
        let version = text.version;
        for end in ends {
            text.shards.retain(|one| one.origin != end.origin);
            text.shards.push(end);
        }
        let draft = ListDraft::new(text).map_err(refused)?;
        files::deliver(console, self.output.as_deref(), draft.to_string().as_bytes())?;
        if console.is_json() {
            console.message(json!({ "trust_list": version }));
        } else {
            console.message(format!(
                "next: have trust list {version} signed and installed: origin trust sign, origin trust install"
            ));
        }
        Ok(())
    }
}
