//! `origin key rotate`: another key takes the place of one in use. One command, given again after each thing that only
//! people can do; where it stands is read from the key folder, the trust list and the configuration, and nowhere else.

use super::succession::{Successor, switch};
use crate::{
    api::client::{wire, within_deadline},
    cli::{
        Outcome,
        account::{Door, authority},
        arguments,
        console::{Colour, Console, Exit, Failure},
        files, remote,
        trust::{Offline, add_keys, install, later, refused, whole_seconds},
    },
    keys::{KeyStore, KeyUse, Passphrase},
    node::{AuthorityConfiguration, Configuration, system::SystemClock, system::SystemRandom},
    statement::Issuer,
    time::Clock,
    trust::{ListDraft, ListText, MAX_LIST_BYTES, MAX_SECTION_BYTES, Section, TrustList},
};
use serde_json::json;
use std::{path::PathBuf, process::ExitCode};

/// Which of an authority's keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Which {
    /// Signs statements
    Statement,
    /// Signs status lists
    Status,
}

impl Which {
    /// The member of the configuration that names it.
    pub(super) const fn member(self) -> &'static str {
        match self {
            Self::Statement => "statement_key",
            Self::Status => "status_key",
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Statement => "statement",
            Self::Status => "status",
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
    door: Door,
}

/// Where the rotation stands.
struct Rotation<'a> {
    given: &'a Arguments,
    console: Console,
    configuration: Configuration,
    authority: AuthorityConfiguration,
    successor: Successor,
    /// Where drafts lie, beside the list in use.
    drafts: PathBuf,
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        let configuration = self.door.configuration()?;
        let issuer = authority(self.issuer.clone(), &configuration)?;
        let hosted = configuration.authorities.iter().find(|one| one.issuer == issuer).cloned();
        let hosted =
            hosted.ok_or_else(|| Failure::new(Exit::Usage, format!("{issuer} is not an authority of this node")))?;
        let trust = arguments::open_trust(&configuration.trust.list, &configuration.trust.anchor)?;
        let present = match self.r#use {
            Which::Statement => &hosted.statement_key,
            Which::Status => &hosted.status_key,
        };
        let successor = Successor::of(present, self.r#use, &hosted, &trust)?;
        let drafts = configuration.trust.list.with_file_name("next");
        let rotation = Rotation { given: &self, console, configuration, authority: hosted, successor, drafts };
        rotation.go(trust)
    }
}

impl Rotation<'_> {
    fn go(&self, mut trust: TrustList) -> Outcome {
        if !self.successor.made {
            self.is_the_one_in_use()?;
            self.make()?;
        }
        if !self.is_listed(&trust)? {
            let Some(section) = self.section(&trust)? else { return Ok(ExitCode::SUCCESS) };
            let Some(list) = self.list(&trust, &section)? else { return Ok(ExitCode::SUCCESS) };
            trust = install(&list, &self.configuration.trust.list, &self.configuration.trust.anchor)?;
            self.say(format!("trust list {} is installed: it lists {}", trust.version(), self.successor.name));
        }
        self.announce(&trust)?;
        switch(
            self.given.door.config(),
            &self.configuration,
            &self.authority.issuer,
            self.given.r#use,
            &self.successor,
        )?;
        self.say(format!(
            "`{}` is the node's {} key in its configuration",
            self.successor.name,
            self.given.r#use.word()
        ));
        self.clear();
        self.next("restart", "restart the node: it signs with the new key from then on", &[]);
        Ok(ExitCode::SUCCESS)
    }

    /// A rotation that ended without a restart must not be followed by another one.
    fn is_the_one_in_use(&self) -> Result<(), Failure> {
        let request = wire::ListKeysRequest { issuer: self.authority.issuer.to_string() };
        let running = remote::converse(async {
            let (connection, _) = self.given.door.open(&self.configuration).await?;
            Ok(connection.admin().list_keys(within_deadline(request)).await.ok())
        });
        // A node that does not run reads its configuration when it starts.
        let Ok(Some(keys)) = running else { return Ok(()) };
        let present = self.successor.present.to_string();
        if keys.into_inner().keys.iter().any(|key| key.name == present) {
            return Ok(());
        }
        Err(Failure::new(Exit::Failed, format!("the node was not restarted since `{present}` took its place"))
            .help("restart the node before its key is rotated again"))
    }

    fn make(&self) -> Result<(), Failure> {
        let passphrase = Passphrase::from_file(&self.authority.passphrase_file).map_err(arguments::key_failure)?;
        let store = KeyStore::open(&self.authority.keys, passphrase).map_err(arguments::key_failure)?;
        let (iss, kid) = (self.authority.issuer.clone(), self.successor.kid.clone());
        let key_use = match self.given.r#use {
            Which::Statement => KeyUse::Statement { iss, kid },
            Which::Status => KeyUse::Status { iss, kid },
        };
        store.make(&self.successor.name, key_use, &SystemRandom).map_err(arguments::key_failure)?;
        self.say(format!("made the key `{}` in {}", self.successor.name, self.authority.keys.display()));
        Ok(())
    }

    /// Whether the list in use names the key, and by the key that is here.
    fn is_listed(&self, trust: &TrustList) -> Result<bool, Failure> {
        let Some(listed) = trust.key(&self.authority.issuer, &self.successor.kid) else { return Ok(false) };
        let sides = KeyStore::public_sides(&self.authority.keys).map_err(arguments::key_failure)?;
        let here = sides.iter().find(|side| side.name == self.successor.name);
        if here.is_some_and(|side| side.public_key == listed.x) {
            return Ok(true);
        }
        let error = format!("the trust list names another key `{}` than the one here", self.successor.kid);
        Err(Failure::new(Exit::Configuration, error)
            .note("the key that it names may have been made on another machine"))
    }

    /// The section that names the key, signed by the root key; none while somebody has to sign it.
    fn section(&self, trust: &TrustList) -> Result<Option<Section>, Failure> {
        let issuer = &self.authority.issuer;
        let before = trust
            .section(issuer)
            .ok_or_else(|| Failure::new(Exit::Configuration, format!("the trust list has no section of {issuer}")))?;
        let follows = |section: &Section| {
            let text = section.text();
            text.iss == *issuer
                && text.serial > before.text().serial
                && text.keys.iter().any(|key| key.kid == self.successor.kid)
        };
        let kept = self.draft(&format!("{}.section.note", issuer.host()));
        let brought = match &self.given.section {
            Some(path) => Some(path.clone()),
            None => kept.exists().then(|| kept.clone()),
        };
        if let Some(path) = brought {
            let note = files::read_text(&path, MAX_SECTION_BYTES, Exit::Configuration)?;
            let section = Section::open(&note).map_err(refused)?;
            if follows(&section) {
                files::replace_in(&kept, note.as_bytes())?;
                return Ok(Some(section));
            }
            if self.given.section.is_some() {
                let error = format!("`{}` is not the next section of {issuer} with that key", path.display());
                return Err(Failure::new(Exit::Configuration, error));
            }
        }
        let mut text = before.successor();
        let sides = KeyStore::public_sides(&self.authority.keys).map_err(arguments::key_failure)?;
        add_keys(&mut text, &sides)?;
        // What the old key was for is what the new one is for.
        let old = text.keys.iter().find(|key| key.kid == self.successor.present).cloned();
        let new = text.keys.iter_mut().find(|key| key.kid == self.successor.kid);
        if let (Some(old), Some(new)) = (old, new) {
            (new.kinds, new.agreements, new.offices) = (old.kinds, old.agreements, old.offices);
        }
        if let Some(offline) = &self.given.offline {
            let section = Offline::open(offline)?.sign_section(text)?;
            files::replace_in(&kept, section.note().to_string().as_bytes())?;
            self.say(format!("the root key signed section {} of {issuer}", section.text().serial));
            return Ok(Some(section));
        }
        let draft = self.draft(&format!("{}.section.json", issuer.host()));
        let json = serde_json::to_string_pretty(&text).map_err(|error| Failure::new(Exit::Failed, error))?;
        files::replace_in(&draft, format!("{json}\n").as_bytes())?;
        self.next(
            "root",
            "the root key has to sign the section, where it is kept; give this command again with what it signed",
            &[
                format!(
                    "origin trust sign {} --key root --keys OFFLINE/keys --passphrase-file OFFLINE/keys.passphrase -o section.note",
                    draft.display()
                ),
                format!("origin key rotate --section section.note {}", self.again()),
            ],
        );
        Ok(None)
    }

    /// The next list with that section, signed by enough; none while others have to sign it.
    fn list(&self, trust: &TrustList, section: &Section) -> Result<Option<String>, Failure> {
        let path = self.draft("list.json");
        let kept =
            if path.exists() { Some(files::read_text(&path, MAX_LIST_BYTES, Exit::Configuration)?) } else { None };
        let kept = kept.and_then(|text| ListDraft::parse(&text).ok()).filter(|draft| {
            let (text, note) = (draft.text(), section.note().to_string());
            text.version == trust.version().saturating_add(1) && text.sections.iter().any(|one| one.note == note)
        });
        // One that others may be signing already is not made anew.
        let mut draft = match kept {
            Some(draft) => draft,
            None => {
                let issued = whole_seconds(SystemClock.now());
                let mut text = ListText::following(trust, issued, later(issued, self.given.valid)?);
                text.put(section, None);
                ListDraft::new(text).map_err(refused)?
            }
        };
        if let Some(offline) = &self.given.offline {
            Offline::open(offline)?.sign_list(&mut draft)?;
        }
        files::replace_in(&path, draft.to_string().as_bytes())?;
        let text = draft.text();
        let signed = draft.signed_by(&text.signers).map_err(refused)?;
        if usize::try_from(text.k).is_ok_and(|k| signed.len() >= k) {
            return Ok(Some(draft.to_string()));
        }
        let missing = text.signers.iter().filter(|signer| !signed.iter().any(|one| one == signer));
        let missing = missing.map(|signer| signer.name()).collect::<Vec<_>>();
        let wanted = usize::try_from(text.k).unwrap_or(usize::MAX).saturating_sub(signed.len());
        let (list, config) = (path.display(), self.given.door.config().display());
        self.next(
            "signers",
            &format!(
                "trust list {} is signed by {} of the {} needed; still to sign: {}",
                text.version,
                signed.len(),
                text.k,
                still_to_sign(&missing, wanted)
            ),
            &[
                format!("origin trust sign {list} --key federation --keys OFFLINE/keys --passphrase-file OFFLINE/keys.passphrase -o signed.note"),
                format!("origin trust install signed.note --config {config}"),
                format!("origin key rotate {}", self.again()),
            ],
        );
        Ok(None)
    }

    /// Has the running node say it to everyone.
    fn announce(&self, trust: &TrustList) -> Result<(), Failure> {
        let issuer = self.authority.issuer.to_string();
        let said = remote::converse(async {
            let (connection, address) = self.given.door.open(&self.configuration).await?;
            let refused = |status: tonic::Status| remote::refused(self.console, &address, &status);
            let reload = wire::ReloadTrustListRequest {};
            connection.admin().reload_trust_list(within_deadline(reload)).await.map_err(refused)?;
            let request = wire::AnnounceKeyChangeRequest {
                issuer,
                key: self.successor.kid.to_string(),
                act: wire::KeyAct::Opened.into(),
                reason: self.given.reason.clone(),
            };
            let answer = connection.admin().announce_key_change(within_deadline(request)).await;
            answer.map(tonic::Response::into_inner).map_err(refused)
        });
        let said = said.map_err(|failure| {
            failure.note(format!("trust list {} lists the key; only the running node can say so", trust.version()))
        })?;
        self.say(format!("said to everyone: entry {} of {} opens `{}`", said.index, said.log, self.successor.kid));
        Ok(())
    }

    fn draft(&self, name: &str) -> PathBuf {
        self.drafts.join(name)
    }

    /// The drafts have served; what is not there need not go.
    fn clear(&self) {
        let host = self.authority.issuer.host();
        for name in [format!("{host}.section.json"), format!("{host}.section.note"), "list.json".to_owned()] {
            let _ = std::fs::remove_file(self.draft(&name));
        }
        let _ = std::fs::remove_dir(&self.drafts);
    }

    /// What this command was given and needs again.
    fn again(&self) -> String {
        let config = self.given.door.config().display();
        format!("--use {} --issuer {} --config {config}", self.given.r#use.word(), self.authority.issuer.host())
    }

    fn say(&self, what: impl std::fmt::Display) {
        self.console.message(what);
    }

    /// What people have to do now.
    fn next(&self, waits_for: &str, what: &str, commands: &[String]) {
        if self.console.is_json() {
            self.console.data(json!({
                "issuer": self.authority.issuer.to_string(),
                "key": self.successor.kid.to_string(),
                "before": self.successor.present.to_string(),
                "waits_for": waits_for,
                "commands": commands,
            }));
            return;
        }
        self.console.message(format!("{} {what}", self.console.paint_message(Colour::Green, "next:")));
        for command in commands {
            self.console.message(format!("  {command}"));
        }
    }
}

/// Who has to sign: all of those who have not, or so many of them as are wanted.
fn still_to_sign(missing: &[&str], wanted: usize) -> String {
    let names = missing.join(", ");
    if wanted < missing.len() { format!("any {wanted} of {names}") } else { names }
}

#[cfg(test)]
mod tests {
    use super::still_to_sign;

    #[test]
    fn who_still_has_to_sign_is_not_more_than_are_wanted() {
        assert_eq!(
            still_to_sign(&["gacc.gov.cn/trust", "kra.go.ke/trust"], 1),
            "any 1 of gacc.gov.cn/trust, kra.go.ke/trust"
        );
        assert_eq!(still_to_sign(&["gacc.gov.cn/trust"], 1), "gacc.gov.cn/trust");
    }
}
