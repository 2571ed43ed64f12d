//! Which key comes after which, and the line of a configuration that says which is in use.

use super::rotate::Which;
use crate::{
    cli::{
        arguments,
        console::{Exit, Failure},
        files,
    },
    keys::{KeyName, KeyStore, KeyUse},
    node::{AuthorityConfiguration, Configuration},
    statement::{Issuer, Kid},
    trust::TrustList,
};
use std::{fmt::Write as _, path::Path};

/// Bytes of the longest configuration.
const MOST_BYTES: usize = 1 << 20;
/// Keys of one use that an authority may have had: more than one a day for a lifetime.
const MOST: u32 = 32_768;

/// The key that follows the one in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Successor {
    /// The key id of the one in use.
    pub(super) present: Kid,
    /// Its name in the folder, which is its key id too.
    pub(super) name: KeyName,
    pub(super) kid: Kid,
    /// Whether it is in the folder: then a rotation to it is under way.
    pub(super) made: bool,
}

impl Successor {
    /// The next number after the key in use that is in its folder; else the next that no key has had.
    pub(super) fn of(
        present: &KeyName,
        which: Which,
        authority: &AuthorityConfiguration,
        trust: &TrustList,
    ) -> Result<Self, Failure> {
        let sides = KeyStore::public_sides(&authority.keys).map_err(arguments::key_failure)?;
        let kid_of = |key_use: &KeyUse| match (which, key_use) {
            (Which::Statement, KeyUse::Statement { iss, kid })
            | (Which::Status, KeyUse::Status { iss, kid })
            | (Which::Stamp, KeyUse::Stamp { iss, kid })
                if *iss == authority.issuer =>
            {
                Some(kid.clone())
            }
            _ => None,
        };
        let found = sides.iter().find(|side| side.name == *present).and_then(|side| kid_of(&side.key_use));
        let present_kid = found.ok_or_else(|| {
            let error = format!("`{present}` in {} is not that key of {}", authority.keys.display(), authority.issuer);
            Failure::new(Exit::Configuration, error)
        })?;
        let (stem, number) = numbered(present.as_str());
        let named = |number: u32| format!("{stem}-{number}");
        let following = || (number.saturating_add(1)..=MOST).map(named);
        // One that is closed follows nothing any more.
        let made = following()
            .filter_map(|name| sides.iter().find(|side| side.name.as_str() == name))
            .map(|side| Some((side.name.clone(), kid_of(&side.key_use)?)))
            .find(|made| made.as_ref().is_none_or(|(_, kid)| trust.closings(&authority.issuer, kid).is_none()))
            .flatten();
        if let Some((name, kid)) = made {
            return Ok(Self { present: present_kid, name, kid, made: true });
        }
        let parse = |name: String| Some((name.parse::<KeyName>().ok()?, name.parse::<Kid>().ok()?));
        let free = following().filter_map(parse).find(|(_, kid)| trust.key(&authority.issuer, kid).is_none());
        let (name, kid) = free.ok_or_else(|| {
            Failure::new(Exit::Failed, format!("no name follows `{present}`"))
                .help("make the key under a name of your own: origin key new")
        })?;
        Ok(Self { present: present_kid, name, kid, made: false })
    }
}

/// `statement-2` is the second; a name without a number is the first.
fn numbered(name: &str) -> (&str, u32) {
    let split = name.rsplit_once('-').and_then(|(stem, number)| Some((stem, number.parse::<u32>().ok()?)));
    split.unwrap_or((name, 1))
}

/// Has the configuration name the successor; everything else in it, comments included, stays as it is.
pub(super) fn switch(
    file: &Path,
    before: &Configuration,
    issuer: &Issuer,
    which: Which,
    successor: &Successor,
) -> Result<(), Failure> {
    let text = files::read_text(file, MOST_BYTES, Exit::Configuration)?;
    let by_hand = || {
        let error = format!("`{}` could not be changed safely; nothing was written", file.display());
        let line = format!("{} = \"{}\"", which.member(), successor.name);
        Failure::new(Exit::Failed, error).help(format!("write `{line}` into the section of {issuer} yourself"))
    };
    let nth = before.authorities.iter().position(|one| one.issuer == *issuer).ok_or_else(by_hand)?;
    let changed = rewritten(&text, nth, which.member(), successor.name.as_str()).ok_or_else(by_hand)?;
    let folder = file.parent().unwrap_or(Path::new("."));
    let read = Configuration::read(&changed, folder).map_err(|_| by_hand())?;
    let now = read.authorities.iter().find(|one| one.issuer == *issuer).ok_or_else(by_hand)?;
    let key = which.in_use(now)?;
    if *key != successor.name || read.authorities.len() != before.authorities.len() {
        return Err(by_hand());
    }
    files::replace(file, changed.as_bytes(), 0o644)
}

/// The text with one member of the nth `[[authority]]` given another value.
fn rewritten(text: &str, nth: usize, member: &str, value: &str) -> Option<String> {
    let (mut out, mut seen, mut inside, mut done) = (String::with_capacity(text.len()), 0, false, false);
    for line in text.split_inclusive('\n') {
        let bare = line.trim();
        if bare.starts_with('[') {
            let header = bare.replace(' ', "").starts_with("[[authority]]");
            inside = header && seen == nth;
            seen += usize::from(header);
        }
        let named = bare.strip_prefix(member).is_some_and(|rest| rest.trim_start().starts_with('='));
        if inside && named && !done {
            // What follows the value is a comment, and stays.
            let comment = line.split_once('#').map_or("", |(_, comment)| comment.trim_end());
            let comment = if comment.is_empty() { String::new() } else { format!(" #{comment}") };
            // Writing to a String cannot fail.
            let _ = writeln!(out, "{member} = \"{value}\"{comment}");
            done = true;
        } else {
            out.push_str(line);
        }
    }
    done.then_some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_one_use_are_counted() {
        assert_eq!(numbered("statement-1"), ("statement", 1));
        assert_eq!(numbered("statement-17"), ("statement", 17));
        assert_eq!(numbered("card-a"), ("card-a", 1));
    }

    #[test]
    fn only_the_authority_that_rotates_gets_another_key() {
        let text = "a = 1\n[[authority]]\nstatement_key = \"s-1\"\n\n[[authority.office]]\ncode = \"X\"\n\n[[ authority ]]\n\
                    # its key\nstatement_key = \"s-1\" # on the card\nstatus_key = \"t-1\"\n";
        let changed = rewritten(text, 1, "statement_key", "s-2").unwrap();
        assert_eq!(changed, text.replace("\"s-1\" # on", "\"s-2\" # on"));
        assert_eq!(rewritten(text, 2, "statement_key", "s-2"), None);
        assert_eq!(rewritten(text, 0, "status_key", "t-2"), None);
    }
}
