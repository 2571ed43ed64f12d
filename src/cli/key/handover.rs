//! One key taking the place of another, whether by rotation or after a compromise: it is made, listed and named in the
//! configuration. Where that stands is read from the key folder, the trust list and the configuration, and nowhere else.

use super::{rotate::Which, succession::Successor};
use crate::{
    api::client::{Refusal, wire, within_deadline},
    cli::{
        account::OperatorDoor,
        arguments,
        console::{Colour, Console, Exit, Failure},
        files, remote,
        trust::{Offline, add_keys, later, refused},
    },
    keys::{KeyStore, KeyUse, Passphrase},
    node::{AuthorityConfiguration, Configuration, system::SystemClock, system::SystemRandom},
    statement::Kid,
    time::{Clock, whole_seconds},
    trust::{Closing, ListDraft, ListText, MAX_LIST_BYTES, MAX_SECTION_BYTES, Section, TrustList},
};
use serde_json::json;
use std::path::PathBuf;

/// One key that takes the place of another.
pub(super) struct Handover<'a> {
    pub(super) console: Console,
    pub(super) door: &'a OperatorDoor,
    pub(super) configuration: Configuration,
    pub(super) authority: AuthorityConfiguration,
    pub(super) which: Which,
    pub(super) successor: Successor,
    /// What is closed in the same list.
    pub(super) closings: Vec<Closing>,
    /// The folder with the root key, while its medium is here.
    pub(super) offline: Option<PathBuf>,
    /// The section, if the root key signed it elsewhere.
    pub(super) section: Option<PathBuf>,
    /// For how many seconds the next list holds.
    pub(super) valid: u64,
    /// The command that does all this.
    pub(super) command: String,
    /// What it was given and needs again.
    pub(super) again: String,
}

impl Handover<'_> {
    /// Makes the key that follows.
    pub(super) fn make(&self) -> Result<(), Failure> {
        let passphrase = Passphrase::from_file(&self.authority.passphrase_file).map_err(arguments::key_failure)?;
        let store = KeyStore::open(&self.authority.keys, passphrase).map_err(arguments::key_failure)?;
        let (iss, kid) = (self.authority.issuer.clone(), self.successor.kid.clone());
        let key_use = match self.which {
            Which::Statement => KeyUse::Statement { iss, kid },
            Which::Status => KeyUse::Status { iss, kid },
            Which::Stamp => KeyUse::Stamp { iss, kid },
        };
        store.make(&self.successor.name, key_use, &SystemRandom).map_err(arguments::key_failure)?;
        self.say(format!("made the key `{}` in {}", self.successor.name, self.authority.keys.display()));
        Ok(())
    }

    /// Whether the list in use names the key, and by the key that is here.
    pub(super) fn is_listed(&self, trust: &TrustList) -> Result<bool, Failure> {
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
    pub(super) fn section(&self, trust: &TrustList) -> Result<Option<Section>, Failure> {
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
        let brought = match &self.section {
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
            if self.section.is_some() {
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
        if let Some(offline) = &self.offline {
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
                format!("{} --section section.note {}", self.command, self.again),
            ],
        );
        Ok(None)
    }

    /// The next list with that section and these closings, signed by enough; none while others have to sign it.
    pub(super) fn list(&self, trust: &TrustList, section: Option<&Section>) -> Result<Option<String>, Failure> {
        let path = self.draft("list.json");
        let kept =
            if path.exists() { Some(files::read_text(&path, MAX_LIST_BYTES, Exit::Configuration)?) } else { None };
        let kept = kept
            .and_then(|text| ListDraft::parse(&text).ok())
            .filter(|draft| draft.text().version == trust.version().saturating_add(1));
        let before = kept.as_ref().map_or_else(|| trust.text(), ListDraft::text);
        for moved in moved(&before.closings, &self.closings) {
            self.say(moved);
        }
        let kept = kept.filter(|draft| {
            let (text, note) = (draft.text(), section.map(|section| section.note().to_string()));
            note.is_none_or(|note| text.sections.iter().any(|one| one.note == note))
                && self.closings.iter().all(|closing| text.closings.contains(closing))
        });
        // One that others may be signing already is not made anew.
        let mut draft = match kept {
            Some(draft) => draft,
            None => {
                let issued = whole_seconds(SystemClock.now());
                let mut text = ListText::following(trust, issued, later(issued, self.valid)?);
                if let Some(section) = section {
                    text.put(section, None);
                }
                text.close(self.closings.iter().cloned());
                ListDraft::new(text).map_err(refused)?
            }
        };
        if let Some(offline) = &self.offline {
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
        let (list, config) = (path.display(), self.door.config().display());
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
                format!("{} {}", self.command, self.again),
            ],
        );
        Ok(None)
    }

    /// Has the running node use the list that is installed, and say of a key what it says.
    pub(super) fn announce(&self, key: &Kid, act: wire::KeyAct, reason: &str) -> Result<Said, Failure> {
        let request = wire::AnnounceKeyChangeRequest {
            issuer: self.authority.issuer.to_string(),
            key: key.to_string(),
            act: act.into(),
            reason: reason.to_owned(),
        };
        remote::converse(async {
            let (connection, address) = self.door.open(&self.configuration).await?;
            let reload = wire::ReloadTrustListRequest {};
            let reloaded = connection.admin().reload_trust_list(within_deadline(reload)).await;
            reloaded.map_err(|status| remote::refused(self.console, &address, &status))?;
            match connection.admin().announce_key_change(within_deadline(request)).await {
                Ok(answer) => Ok(Said::At(answer.into_inner())),
                Err(status) if Refusal::from(&status).reason == "SIGNING_KEY_CLOSED" => Ok(Said::NotYet),
                Err(status) => Err(remote::refused(self.console, &address, &status)),
            }
        })
    }

    /// Where drafts lie, beside the list in use.
    fn drafts(&self) -> PathBuf {
        self.configuration.trust.list.with_file_name("next")
    }

    fn draft(&self, name: &str) -> PathBuf {
        self.drafts().join(name)
    }

    /// The drafts have served; what is not there need not go.
    pub(super) fn clear(&self) {
        let host = self.authority.issuer.host();
        for name in [format!("{host}.section.json"), format!("{host}.section.note"), "list.json".to_owned()] {
            let _ = std::fs::remove_file(self.draft(&name));
        }
        let _ = std::fs::remove_dir(self.drafts());
    }

    pub(super) fn say(&self, what: impl std::fmt::Display) {
        self.console.message(what);
    }

    /// What people have to do now.
    pub(super) fn next(&self, waits_for: &str, what: &str, commands: &[String]) {
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

/// Where the node said something to everyone.
pub(super) enum Said {
    At(wire::AnnounceKeyChangeResponse),
    /// The key it runs with is closed: it says nothing before it runs with another.
    NotYet,
}

/// Which ends that a list names already others take the place of. A draft that others may have signed is made anew for them.
fn moved(before: &[Closing], after: &[Closing]) -> Vec<String> {
    let named = |one: &Closing| (one.iss.clone(), one.kid.clone(), one.origin.clone(), one.reason);
    let moved = after.iter().filter_map(|new| {
        let old = before.iter().find(|old| named(old) == named(new) && old.until_index != new.until_index)?;
        let (kid, origin, end, was) = (&new.kid, &new.origin, new.until_index, old.until_index);
        Some(format!(
            "`{kid}` is closed in {origin} at {end}, and no more at {was} (--until {origin}={was} leaves it there)"
        ))
    });
    moved.collect()
}

/// Who has to sign: all of those who have not, or so many of them as are wanted.
fn still_to_sign(missing: &[&str], wanted: usize) -> String {
    let names = missing.join(", ");
    if wanted < missing.len() { format!("any {wanted} of {names}") } else { names }
}

#[cfg(test)]
mod tests {
    use super::{moved, still_to_sign};
    use crate::trust::{Closing, ClosingReason};

    #[test]
    fn an_end_that_a_list_or_a_draft_named_is_not_moved_without_a_word() {
        let closing = |shard: &str, until_index| Closing {
            iss: "https://tdap.gov.pk".parse().unwrap(),
            kid: "statement-1".parse().unwrap(),
            origin: format!("tdap.gov.pk/log/{shard}").parse().unwrap(),
            until_index,
            reason: ClosingReason::Compromised,
        };
        let before = [closing("2026/gacc.gov.cn", 5), closing("2026/all", 3)];
        assert!(moved(&before, &before).is_empty() && moved(&[], &before).is_empty());
        let said = moved(&before, &[closing("2026/gacc.gov.cn", 0), closing("2026/all", 3)]);
        let [said] = said.as_slice() else { panic!("{said:?}") };
        let words = "`statement-1` is closed in tdap.gov.pk/log/2026/gacc.gov.cn at 0, and no more at 5";
        assert!(said.starts_with(words) && said.contains("--until tdap.gov.pk/log/2026/gacc.gov.cn=5"), "{said}");
    }

    #[test]
    fn who_still_has_to_sign_is_not_more_than_are_wanted() {
        assert_eq!(
            still_to_sign(&["gacc.gov.cn/trust", "kra.go.ke/trust"], 1),
            "any 1 of gacc.gov.cn/trust, kra.go.ke/trust"
        );
        assert_eq!(still_to_sign(&["gacc.gov.cn/trust"], 1), "gacc.gov.cn/trust");
    }
}
