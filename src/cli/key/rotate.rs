//! `origin key rotate`: another key takes the place of one in use. One command, given again after each thing that only
//! people can do; where it stands is read from the key folder, the trust list and the configuration, and nowhere else.

use super::{
    handover::{Handover, Said},
    succession::{Successor, switch},
};
use crate::{
    api::client::{wire, within_deadline},
    cli::{
        Outcome,
        account::{OperatorDoor, hosted},
        arguments,
        console::{Console, Exit, Failure},
        remote,
        trust::install,
    },
    keys::KeyName,
    node::AuthorityConfiguration,
    statement::Issuer,
    trust::TrustList,
};
use std::{path::PathBuf, process::ExitCode};

/// Which of an authority's keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Which {
    /// Signs statements
    Statement,
    /// Signs status lists
    Status,
    /// Signs the stamp on paper
    Stamp,
}

impl Which {
    /// The member of the configuration that names it.
    pub(super) const fn member(self) -> &'static str {
        match self {
            Self::Statement => "statement_key",
            Self::Status => "status_key",
            Self::Stamp => "stamp_key",
        }
    }

    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Statement => "statement",
            Self::Status => "status",
            Self::Stamp => "stamp",
        }
    }

    /// The key of this use that a configuration names.
    pub(super) fn in_use(self, authority: &AuthorityConfiguration) -> Result<&KeyName, Failure> {
        let none = || {
            Failure::new(Exit::Configuration, format!("{} has no stamp key", authority.issuer))
                .help("docs/stamp.md says how a node gets its first one")
        };
        match self {
            Self::Statement => Ok(&authority.statement_key),
            Self::Status => Ok(&authority.status_key),
            Self::Stamp => authority.stamp_key.as_ref().ok_or_else(none),
        }
    }
}

/// Put a new key in the place of one that a node signs with
///
/// Makes the key, drafts the authority's section and the next trust list, signs what the keys of --offline can sign,
/// and says what others still have to sign. Give it again when that is done: once the list names the key, it says so to
/// everyone in the log to `all`, and has the node sign with it from its next start on. What the old key signed stays
/// good. Nothing is done twice.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Which of its keys
    #[arg(long, value_enum, value_name = "USE", default_value = "statement")]
    r#use: Which,
    /// The authority, where the node hosts several
    #[arg(long, value_name = "AUTHORITY", value_parser = arguments::issuer)]
    issuer: Option<Issuer>,
    /// The folder with the root key, such as the `offline` that `origin init` made, while its medium is here
    #[arg(long, value_name = "DIR")]
    offline: Option<PathBuf>,
    /// The section, if the root key signed it elsewhere
    #[arg(long, value_name = "FILE", conflicts_with = "offline")]
    section: Option<PathBuf>,
    /// Why, for everyone to read
    #[arg(long, value_name = "TEXT", default_value = "rotation")]
    reason: String,
    /// For how long the next trust list holds
    #[arg(long, value_name = "TIME", value_parser = arguments::seconds, default_value = "90d")]
    valid: u64,
    #[command(flatten)]
    door: OperatorDoor,
}

/// Where the rotation stands.
struct Rotation<'a>(Handover<'a>);

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        let configuration = self.door.configuration()?;
        let hosted = hosted(self.issuer.clone(), &configuration)?;
        let trust = arguments::open_trust(&configuration.trust.list, &configuration.trust.anchor)?;
        let present = self.r#use.in_use(&hosted)?;
        let successor = Successor::of(present, self.r#use, &hosted, &trust)?;
        let (word, config) = (self.r#use.word(), self.door.config().display());
        let again = format!("--use {word} --issuer {} --config {config}", hosted.issuer.host());
        let handover = Handover {
            console,
            door: &self.door,
            configuration,
            authority: hosted,
            which: self.r#use,
            successor,
            closings: Vec::new(),
            offline: self.offline.clone(),
            section: self.section.clone(),
            valid: self.valid,
            command: "origin key rotate".to_owned(),
            again,
        };
        Rotation(handover).go(trust, &self.reason)
    }
}

impl Rotation<'_> {
    fn go(&self, mut trust: TrustList, reason: &str) -> Outcome {
        let at = &self.0;
        if !at.successor.made {
            self.is_the_one_in_use()?;
            at.make()?;
        }
        if !at.is_listed(&trust)? {
            let Some(section) = at.section(&trust)? else { return Ok(ExitCode::SUCCESS) };
            let Some(list) = at.list(&trust, Some(&section))? else { return Ok(ExitCode::SUCCESS) };
            trust = install(&list, &at.configuration.trust.list, &at.configuration.trust.anchor)?;
            at.say(format!("trust list {} is installed: it lists {}", trust.version(), at.successor.name));
        }
        self.announce(&trust, reason)?;
        switch(at.door.config(), &at.configuration, &at.authority.issuer, at.which, &at.successor)?;
        at.say(format!("`{}` is the node's {} key in its configuration", at.successor.name, at.which.word()));
        at.clear();
        at.next("restart", "restart the node: it signs with the new key from then on", &[]);
        Ok(ExitCode::SUCCESS)
    }

    /// Has the running node say it to everyone.
    fn announce(&self, trust: &TrustList, reason: &str) -> Result<(), Failure> {
        let at = &self.0;
        let said = at.announce(&at.successor.kid, wire::KeyAct::Opened, reason);
        let said = said.map_err(|failure| {
            failure.note(format!("trust list {} lists the key; only the running node can say so", trust.version()))
        })?;
        match said {
            Said::At(said) => {
                at.say(format!("said to everyone: entry {} of {} opens `{}`", said.index, said.log, at.successor.kid));
                Ok(())
            }
            Said::NotYet => {
                let error = format!("`{}` is closed, and the node says nothing with it", at.successor.present);
                Err(Failure::new(Exit::Failed, error).help("go on with: origin key revoke"))
            }
        }
    }

    /// A rotation that ended without a restart must not be followed by another one.
    fn is_the_one_in_use(&self) -> Result<(), Failure> {
        let request = wire::ListKeysRequest { issuer: self.0.authority.issuer.to_string() };
        let running = remote::converse(async {
            let (connection, _) = self.0.door.open(&self.0.configuration).await?;
            Ok(connection.admin().list_keys(within_deadline(request)).await.ok())
        });
        // A node that does not run reads its configuration when it starts.
        let Ok(Some(keys)) = running else { return Ok(()) };
        let present = self.0.successor.present.to_string();
        if keys.into_inner().keys.iter().any(|key| key.name == present) {
            return Ok(());
        }
        Err(Failure::new(Exit::Failed, format!("the node was not restarted since `{present}` took its place"))
            .help("restart the node before its key is rotated again"))
    }
}
