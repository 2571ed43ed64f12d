//! `origin key revoke`: a key that somebody else may have is stopped, what it signed since is listed, and another takes its
//! place. One command, given again after each thing that only people can do.

use super::{
    handover::{Handover, Said},
    hit::{Hit, ask},
    rotate::Which,
    succession::{Successor, switch},
};
use crate::{
    api::client::wire,
    cli::{
        Outcome,
        account::{OperatorDoor, hosted},
        arguments,
        console::{Console, Exit, Failure},
        files::{self, Source},
        trust::{install, use_it},
    },
    keys::{KeyName, KeyStore, KeyUse},
    log::{LogProof, Origin},
    node::{AuthorityConfiguration, system::SystemClock},
    reason::counted,
    statement::{Bundle, Issuer, Kid, MAX_BUNDLE_BYTES},
    time::{Clock, Timestamp},
    trust::{Closing, ClosingReason, ListedUse, TrustList},
};
use std::{path::PathBuf, process::ExitCode};

/// Close a key that somebody else may have, and list what that hits
///
/// The running node signs nothing with it from then on, also after a restart. It is closed in each log at the size that
/// partners had cosigned before the time given: certificates and reinstatements past it count no more; cancellations,
/// withdrawals and suspensions stay in force until they are restated. Each certificate that is hit is shown and written to
/// a file, which `origin certificate reissue` takes. If the node signs with the key, another is made in its place. The next
/// trust list is drafted with all of it, and signed with what --offline has; give the command again when others have
/// signed, and once more when the node was restarted. Nothing is done twice. Where it went with what was lost how much partners
/// had cosigned, the node stops all the same, and the list is drafted once --until says where the key is closed; given again
/// with another, the next list corrects the one before.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The key id of a statement, status or stamp key
    #[arg(value_name = "KID")]
    key: Kid,
    /// Since when somebody else may have had it
    #[arg(long, value_name = "INSTANT", value_parser = arguments::instant)]
    suspected_since: Timestamp,
    /// Close it in this log there: with ENTRIES that partners say they had cosigned before it was suspect, where what this
    /// node knew of that was lost; with 0 all falls that it signed there
    #[arg(long, value_name = "LOG=ENTRIES", value_parser = until)]
    until: Vec<(Origin, u64)>,
    /// What proves that more was signed of a log than this node knows of, where --until says more: a bundle, or a signed head
    #[arg(long, value_name = "FILE", requires = "until")]
    head: Vec<PathBuf>,
    /// Only show where it would be closed and what that hits; nothing is stopped, written or drafted
    #[arg(long)]
    dry_run: bool,
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
    #[arg(long, value_name = "TEXT", default_value = "compromised")]
    reason: String,
    /// For how long the next trust list holds
    #[arg(long, value_name = "TIME", value_parser = arguments::seconds, default_value = "90d")]
    valid: u64,
    /// Where the certificates that are hit are listed, one a line [default: KID.hit.jsonl]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    door: OperatorDoor,
}

/// `LOG=ENTRIES`.
fn until(text: &str) -> Result<(Origin, u64), String> {
    let wrong = || "write LOG=ENTRIES, such as tdap.gov.pk/log/2026/customs.gov.cn=15".to_owned();
    let (log, entries) = text.rsplit_once('=').ok_or_else(wrong)?;
    Ok((log.parse().map_err(|_| wrong())?, entries.parse().map_err(|_| wrong())?))
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        if self.suspected_since > SystemClock.now() {
            return Err(Failure::new(Exit::Usage, format!("{} has not come yet", self.suspected_since)));
        }
        files::apart(self.output.as_deref(), self.section.iter().cloned().map(Source::File))?;
        let configuration = self.door.configuration()?;
        let hosted = hosted(self.issuer.clone(), &configuration)?;
        let issuer = hosted.issuer.clone();
        let trust = arguments::open_trust(&configuration.trust.list, &configuration.trust.anchor)?;
        let which = self.which(&issuer, &trust)?;
        let said = trust.closings(&issuer, &self.key).unwrap_or_default();
        self.until.iter().try_for_each(|(log, entries)| may_lie(said, log, *entries))?;
        let proven = proven(&self.head, &trust)?;
        let closed = (self.suspected_since, self.until.as_slice(), proven.as_slice());
        let look = |only_ask| {
            let hit = ask(console, &self.door, &configuration, (&issuer, &self.key), closed, only_ask)?;
            Ok::<_, Failure>(hit.without_later(said, &self.until))
        };
        // What is refused is refused before anything is stopped.
        let asked = look(true)?;
        if self.dry_run {
            asked.show(console);
            return asked.unknown(said).map_or(Ok(ExitCode::SUCCESS), Err);
        }
        let hit = look(false)?;
        hit.show(console);
        console.message(format!("nothing is signed with `{}` any more", self.key));
        // Who has the key does not wait until partners were asked.
        if let Some(unknown) = hit.unknown(said) {
            return Err(unknown);
        }
        let file = self.output.clone().unwrap_or_else(|| format!("{}.hit.jsonl", self.key).into());
        files::replace(&file, hit.rows().as_bytes(), 0o644)?;
        let written = counted(hit.certificates(), "certificate", "certificates");
        console.message(format!("wrote {written} to {}", file.display()));

        let (iss, config) = (&issuer, self.door.config().display());
        let present = which.in_use(&hosted)?;
        let successor = match key_in_use(present, &hosted)? {
            kid if kid == self.key => {
                let successor = Successor::of(present, which, &hosted, &trust)?;
                self.is_of_after(&successor, &hosted, &trust)?;
                successor
            }
            kid => Successor { present: self.key.clone(), name: present.clone(), kid, made: true },
        };
        let until = self.until.iter().map(|(log, entries)| format!("--until {log}={entries} "));
        let heads = self.head.iter().map(|file| format!("--head {} ", file.display()));
        let until = until.chain(heads).collect::<Vec<_>>().concat();
        let since = self.suspected_since;
        let again = format!("--suspected-since {since} {until}--issuer {} --config {config}", iss.host());
        let handover = Handover {
            console,
            door: &self.door,
            which,
            successor,
            closings: self.closings(iss, &hit, said),
            offline: self.offline.clone(),
            section: self.section.clone(),
            valid: self.valid,
            command: format!("origin key revoke {}", self.key),
            again,
            authority: hosted.clone(),
            configuration,
        };
        self.go(&handover, trust, *present != handover.successor.name)?;
        if hit.certificates() > 0 {
            let file = file.display();
            console.message(format!("then: origin certificate reissue {file} --reason TEXT --token-file SIGNATORY"));
        }
        Ok(ExitCode::SUCCESS)
    }

    /// What the list says that the key signs.
    fn which(&self, issuer: &Issuer, trust: &TrustList) -> Result<Which, Failure> {
        let unknown = || {
            Failure::new(Exit::Usage, format!("the trust list names no key `{}` of {issuer}", self.key))
                .note(
                    "a log key closes its shard, and a root key is replaced by a change of root; neither has a key id",
                )
                .help("origin trust show names the keys")
        };
        match trust.key(issuer, &self.key).ok_or_else(unknown)?.r#use {
            ListedUse::Statement => Ok(Which::Statement),
            ListedUse::Status => Ok(Which::Status),
            ListedUse::Stamp => Ok(Which::Stamp),
        }
    }

    /// A successor that was made before the key was suspect lay beside it, and may have been taken with it.
    fn is_of_after(
        &self,
        successor: &Successor,
        hosted: &AuthorityConfiguration,
        trust: &TrustList,
    ) -> Result<(), Failure> {
        let file = hosted.keys.join(format!("{}.key.pem", successor.name));
        let made = std::fs::metadata(&file).and_then(|about| about.modified()).ok();
        let made = made.and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
        let since = u64::try_from(self.suspected_since.as_second()).unwrap_or(0);
        if !successor.made || made.is_none_or(|made| made.as_secs() >= since) {
            return Ok(());
        }
        let name = &successor.name;
        let failure = Failure::new(Exit::Failed, format!("`{name}` follows it, and lay beside it when it was suspect"));
        Err(match trust.key(&hosted.issuer, &successor.kid) {
            Some(_) => failure.help(format!("revoke it first: origin key revoke {}", successor.kid)),
            None => failure.help(format!("move {} and its public half away: another is made", file.display())),
        })
    }

    fn closings(&self, iss: &Issuer, hit: &Hit, said: &[Closing]) -> Vec<Closing> {
        let (iss, kid, reason) = (iss.clone(), self.key.clone(), ClosingReason::Compromised);
        let ends = hit.ends.iter();
        ends.map(|(origin, end)| Closing {
            iss: iss.clone(),
            kid: kid.clone(),
            origin: origin.clone(),
            until_index: if self.says(origin) { end.until_index } else { no_later(said, origin, end.until_index) },
            reason,
        })
        .collect()
    }

    /// Whether the operator says where the key is closed in a log.
    fn says(&self, origin: &Origin) -> bool {
        self.until.iter().any(|(log, _)| log == origin)
    }

    /// Whether the list closes the key there, or earlier; where the operator says it, there.
    fn is_closed(&self, trust: &TrustList, wanted: &[Closing]) -> bool {
        let closed = |wanted: &Closing| {
            let said = trust.closings(&wanted.iss, &wanted.kid).unwrap_or_default();
            let is_there = !self.says(&wanted.origin) || closed_at(said, &wanted.origin) == wanted.until_index;
            is_there && covers(said, wanted)
        };
        !wanted.is_empty() && wanted.iter().all(closed)
    }

    /// Has the list say so, the node sign with another key, and everyone told, as far as that can be done now.
    fn go(&self, at: &Handover<'_>, mut trust: TrustList, gives_way: bool) -> Result<(), Failure> {
        if gives_way && !at.successor.made {
            at.make()?;
        }
        let section = if gives_way && !at.is_listed(&trust)? {
            let Some(section) = at.section(&trust)? else { return Ok(()) };
            Some(section)
        } else {
            None
        };
        if section.is_some() || !self.is_closed(&trust, &at.closings) {
            let Some(list) = at.list(&trust, section.as_ref())? else { return Ok(()) };
            trust = install(&list, &at.configuration.trust.list, &at.configuration.trust.anchor)?;
            at.say(format!("trust list {} is installed: it closes `{}`", trust.version(), self.key));
            use_it(at.console, at.door, &at.configuration)?;
        }
        at.clear();
        if gives_way {
            switch(at.door.config(), &at.configuration, &at.authority.issuer, at.which, &at.successor)?;
            let word = at.which.word();
            at.say(format!("`{}` is the node's {word} key in its configuration", at.successor.name));
            Self::restart(at);
            return Ok(());
        }
        let opened = (at.successor.kid != self.key).then_some((&at.successor.kid, wire::KeyAct::Opened, "opens"));
        for (key, act, word) in opened.into_iter().chain([(&self.key, wire::KeyAct::Closed, "closes")]) {
            match at.announce(key, act, &self.reason)? {
                Said::At(said) => {
                    at.say(format!("said to everyone: entry {} of {} {word} `{key}`", said.index, said.log));
                }
                Said::NotYet => {
                    Self::restart(at);
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn restart(at: &Handover<'_>) {
        at.next(
            "restart",
            "restart the node: it signs with the new key from then on; then have it say so to everyone",
            &[format!("{} {}", at.command, at.again)],
        );
    }
}

/// How many entries logs had by the heads that these files show.
fn proven(shown: &[PathBuf], trust: &TrustList) -> Result<Vec<(Origin, u64)>, Failure> {
    let mut proven = Vec::new();
    for file in shown {
        let text = files::read_text(file, MAX_BUNDLE_BYTES, Exit::Usage)?;
        let size = |note: String| {
            let origin = note.lines().next()?.parse::<Origin>().ok()?;
            let head = trust.signed_head(&origin, &note)?;
            Some((origin, head.size))
        };
        let heads = notes_in(&text).into_iter().filter_map(size).collect::<Vec<_>>();
        if heads.is_empty() {
            let error = format!("`{}` shows no head that is signed with a log key of the trust list", file.display());
            return Err(Failure::new(Exit::Usage, error).help("it takes a bundle (.coo.json), or the note of a head"));
        }
        proven.extend(heads);
    }
    Ok(proven)
}

/// The notes that the proofs in a bundle rest on; what is no bundle may be a note itself.
fn notes_in(text: &str) -> Vec<String> {
    let Ok(bundle) = Bundle::parse(text.as_bytes()) else { return vec![text.to_owned()] };
    let changes = bundle.changes.into_iter().map(|change| change.proof);
    let proofs = bundle.proof.into_iter().chain(bundle.status_proof).chain(changes);
    proofs.filter_map(|proof| Some(proof.parse::<LogProof>().ok()?.checkpoint)).collect()
}

/// Where closings of a key close it in a log: in one that none of them names it counts for nothing.
fn closed_at(said: &[Closing], origin: &Origin) -> u64 {
    said.iter().find(|one| one.origin == *origin).map_or(0, |one| one.until_index)
}

/// Where the next list closes a key in a log unless the operator says where: one that is compromised ends no later for it,
/// also where another log is what the list is drafted for.
fn no_later(said: &[Closing], origin: &Origin, until_index: u64) -> u64 {
    let is_compromised = said.iter().any(|one| one.reason == ClosingReason::Compromised);
    if is_compromised { until_index.min(closed_at(said, origin)) } else { until_index }
}

/// An end that a list named because another key took over moves back only: a list that says that the key was compromised takes
/// the earlier one of the two.
fn may_lie(said: &[Closing], log: &Origin, entries: u64) -> Result<(), Failure> {
    let end = closed_at(said, log);
    let may_move = said.is_empty() || said.iter().any(|one| one.reason == ClosingReason::Compromised);
    if may_move || entries <= end {
        return Ok(());
    }
    let error = format!("the trust list ends the key in {log} at {end}, for another took its place: it ends no later");
    Err(Failure::new(Exit::Usage, error).help(format!("--until {log}={end}, or less")))
}

/// Whether closings of a key say as much as another would. What is compromised in one log is compromised in all, and in a
/// log that none of them names it counts for nothing: one that began since needs no list of its own.
fn covers(said: &[Closing], wanted: &Closing) -> bool {
    said.iter().any(|one| one.reason == wanted.reason) && closed_at(said, &wanted.origin) <= wanted.until_index
}

/// The key id of a key in the folder.
fn key_in_use(name: &KeyName, authority: &AuthorityConfiguration) -> Result<Kid, Failure> {
    let sides = KeyStore::public_sides(&authority.keys).map_err(arguments::key_failure)?;
    let side = sides.into_iter().find(|side| side.name == *name);
    match side.map(|side| side.key_use) {
        Some(KeyUse::Statement { kid, .. } | KeyUse::Status { kid, .. } | KeyUse::Stamp { kid, .. }) => Ok(kid),
        _ => Err(Failure::new(Exit::Configuration, format!("`{name}` is no such key in {}", authority.keys.display()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_log_that_began_after_the_key_was_closed_needs_no_other_list() {
        let closing = |shard: &str, until_index, reason| Closing {
            iss: "https://tdap.gov.pk".parse().unwrap(),
            kid: "statement-1".parse().unwrap(),
            origin: format!("tdap.gov.pk/log/{shard}").parse().unwrap(),
            until_index,
            reason,
        };
        let (compromised, rotated) = (ClosingReason::Compromised, ClosingReason::Rotated);
        let said = [closing("2026/customs.gov.cn", 4, compromised)];
        assert!(covers(&said, &closing("2026/customs.gov.cn", 4, compromised)));
        assert!(
            covers(&said, &closing("2026/all", 0, compromised)) && covers(&said, &closing("2027/all", 2, compromised))
        );
        // It was suspect before, or was only followed by another till now, or is open.
        assert!(!covers(&said, &closing("2026/customs.gov.cn", 3, compromised)));
        let said = [closing("2026/customs.gov.cn", 4, rotated)];
        assert!(!covers(&said, &closing("2026/all", 0, compromised)));
        assert!(!covers(&[], &closing("2026/all", 0, compromised)));
        // Who says where a key ends that was only followed by another cannot have it end later.
        let log = |shard: &str| format!("tdap.gov.pk/log/{shard}").parse::<Origin>().unwrap();
        let may = |said: &[Closing], shard, entries| may_lie(said, &log(shard), entries).is_ok();
        assert_eq!([4, 5].map(|entries| may(&said, "2026/customs.gov.cn", entries)), [true, false]);
        assert!(!may(&said, "2026/all", 1) && may(&[], "2026/all", 1));
        let said = [closing("2026/customs.gov.cn", 4, compromised)];
        assert!(may(&said, "2026/customs.gov.cn", 5));
        // A list that is drafted for another log moves no end forward.
        let ends = [3, 5].map(|until_index| no_later(&said, &log("2026/customs.gov.cn"), until_index));
        assert_eq!((ends, no_later(&said, &log("2026/all"), 2), no_later(&[], &log("2026/all"), 2)), ([3, 4], 0, 2));
    }
}
