//! Making sections and lists: drafts that are signed one signer at a time and merged.
//!
//! A draft's text is fixed when it is first written; signers sign those exact bytes. Whatever is made here
//! passes the same checks as what is opened.

use super::{
    Anchor, Closing, Cosigning, ListText, RootChange, Section, SectionEntry, SectionText, SignerName, TrustError,
    TrustList, list::MAX_LIST_BYTES, texts::has_signed,
};
use crate::{
    log::{LogError, NoteSignature, SignedNote, VerifierKey, sign_note},
    signature::Signer,
    time::Timestamp,
};
use serde::Serialize;
use std::collections::BTreeMap;

/// JSON for people: indented, ended by a newline, as a note wants its text.
fn render(value: &impl Serialize) -> Result<String, TrustError> {
    let mut text = serde_json::to_string_pretty(value).map_err(|e| TrustError::ListMalformed(e.to_string()))?;
    text.push('\n');
    Ok(text)
}

/// Signs `text` as `key`, which must be the signer's.
fn sign_as(text: &str, key: &VerifierKey, signer: &dyn Signer) -> Result<NoteSignature, TrustError> {
    if key.public_key() != Some(&signer.public_key()) {
        return Err(TrustError::OtherSigner(key.name().to_owned()));
    }
    sign_note(text, key.name(), signer).map_err(|e| match e {
        LogError::Sign(e) => TrustError::Sign(e),
        e => TrustError::ListMalformed(e.to_string()),
    })
}

impl SectionText {
    /// Signs the section with the root key it names.
    pub fn sign(self, root: &dyn Signer) -> Result<Section, TrustError> {
        self.check()?;
        let text = render(&self)?;
        let line = sign_as(&text, &self.root, root)?;
        let malformed =
            |e: LogError| TrustError::SectionMalformed { iss: self.iss.to_string(), problem: e.to_string() };
        let note = SignedNote::new(text, vec![line]).map_err(malformed)?;
        // Opened as a stranger would, so that limits hold for what is made as well.
        Section::open(&note.to_string())
    }
}

impl Section {
    /// The text of the next section: the same, one serial on.
    #[must_use]
    pub fn successor(&self) -> SectionText {
        let mut text = self.text().clone();
        text.serial = text.serial.saturating_add(1);
        text
    }
}

impl ListText {
    /// An empty list, the first of its federation.
    #[must_use]
    pub const fn first(issued: Timestamp, next_update: Timestamp) -> Self {
        Self {
            version: 1,
            issued,
            next_update,
            k: 1,
            signers: Vec::new(),
            sections: Vec::new(),
            closings: Vec::new(),
            shards: Vec::new(),
            nodes: Vec::new(),
            addressees: BTreeMap::new(),
            cosigning: Cosigning::if_it_has_a_node(),
        }
    }

    /// The text of the list that follows `list`: the same, one version on.
    #[must_use]
    pub fn following(list: &TrustList, issued: Timestamp, next_update: Timestamp) -> Self {
        let version = list.version().saturating_add(1);
        Self { version, issued, next_update, ..list.text().clone() }
    }

    /// Puts a section in, in place of the authority's older one; a root change goes behind the earlier ones.
    pub fn put(&mut self, section: &Section, change: Option<&RootChange>) {
        let note = section.note().to_string();
        let change = change.map(|change| change.note().to_string());
        let of_same =
            |entry: &&mut SectionEntry| Section::open(&entry.note).is_ok_and(|other| other.iss() == section.iss());
        match self.sections.iter_mut().find(of_same) {
            Some(entry) => {
                entry.note = note;
                entry.root_history.extend(change);
            }
            None => self.sections.push(SectionEntry { note, root_history: change.into_iter().collect() }),
        }
    }
}

impl ListText {
    /// Closes keys. A closing that names the same log gives way: a compromise may be corrected, and ends a key that was
    /// rotated or retired before no later than it had ended.
    pub fn close(&mut self, closings: impl IntoIterator<Item = Closing>) {
        for new in closings {
            let same = |old: &&mut Closing| (&old.iss, &old.kid, &old.origin) == (&new.iss, &new.kid, &new.origin);
            match self.closings.iter_mut().find(same) {
                Some(old) if old.reason == new.reason => *old = new,
                Some(old) => {
                    old.until_index = old.until_index.min(new.until_index);
                    old.reason = old.reason.max(new.reason);
                }
                None => self.closings.push(new),
            }
        }
    }
}

/// A list on its way from signer to signer: exact text, and the signatures so far.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListDraft(TrustList);

impl ListDraft {
    /// Fixes the text. It is held to every rule that needs no signature, so that nobody signs what will be
    /// refused.
    pub fn new(text: ListText) -> Result<Self, TrustError> {
        let json = render(&text)?;
        Self::of(text, json, Vec::new())
    }

    fn of(text: ListText, json: String, signatures: Vec<NoteSignature>) -> Result<Self, TrustError> {
        let draft = Self(TrustList::admit(text, json, signatures)?);
        draft.check_signatures()?;
        Ok(draft)
    }

    /// Reads a draft: the bare JSON text, or a note with some of the signatures.
    pub fn parse(draft: &str) -> Result<Self, TrustError> {
        if draft.len() > MAX_LIST_BYTES {
            return Err(TrustError::TooLarge { what: "bytes of a trust list", limit: MAX_LIST_BYTES });
        }
        if draft.contains("\n\n\u{2014} ") {
            let note = SignedNote::parse_within(draft, MAX_LIST_BYTES)
                .map_err(|e| TrustError::ListMalformed(e.to_string()))?;
            let text = ListText::from_json(note.text())?;
            Self::of(text, note.text().to_owned(), note.signatures().to_vec())
        } else {
            let mut json = draft.to_owned();
            if !json.ends_with('\n') {
                json.push('\n');
            }
            Self::of(ListText::from_json(&json)?, json, Vec::new())
        }
    }

    /// What it says.
    #[must_use]
    pub const fn text(&self) -> &ListText {
        self.0.text()
    }

    /// Adds a signature. The signer is one that the draft names or, where signers change, one of those that
    /// count until it is accepted (`before`).
    pub fn sign(&mut self, name: &SignerName, signer: &dyn Signer, before: Option<&Anchor>) -> Result<(), TrustError> {
        let key = self
            .text()
            .signers
            .iter()
            .chain(before.map_or(&[][..], Anchor::signers))
            .find(|key| key.name() == name.as_str() && key.public_key() == Some(&signer.public_key()))
            .ok_or_else(|| TrustError::OtherSigner(name.to_string()))?;
        let line = sign_as(&self.0.json, key, signer)?;
        self.add(line);
        Ok(())
    }

    /// Takes over the signatures of another copy of the same draft.
    pub fn merge(&mut self, other: &Self) -> Result<(), TrustError> {
        if self.0.json != other.0.json {
            return Err(TrustError::OtherText);
        }
        for line in &other.0.signatures {
            self.add(line.clone());
        }
        self.check_signatures()
    }

    fn add(&mut self, line: NoteSignature) {
        let same = |old: &&mut NoteSignature| old.name() == line.name() && old.key_id() == line.key_id();
        match self.0.signatures.iter_mut().find(same) {
            Some(old) => *old = line,
            None => self.0.signatures.push(line),
        }
    }

    /// Which of these signers have signed, in their order.
    pub fn signed_by<'a>(&self, signers: &'a [VerifierKey]) -> Result<Vec<&'a VerifierKey>, TrustError> {
        let Some(note) = self.note()? else { return Ok(Vec::new()) };
        let mut found = Vec::new();
        for signer in signers {
            if has_signed(&note, signer)? {
                found.push(signer);
            }
        }
        Ok(found)
    }

    fn check_signatures(&self) -> Result<(), TrustError> {
        self.signed_by(&self.text().signers).map(|_| ())
    }

    fn note(&self) -> Result<Option<SignedNote>, TrustError> {
        if self.0.signatures.is_empty() {
            return Ok(None);
        }
        SignedNote::new(self.0.json.clone(), self.0.signatures.clone())
            .map(Some)
            .map_err(|e| TrustError::ListMalformed(e.to_string()))
    }

    /// Accepts the finished list, as anybody else will.
    pub fn finish(&self, anchor: &Anchor, known: Option<&TrustList>) -> Result<TrustList, TrustError> {
        TrustList::open(&self.to_string(), anchor, known)
    }
}

/// The draft as a file: the bare text while nobody has signed, a note from then on.
impl std::fmt::Display for ListDraft {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0.signatures.is_empty() { f.write_str(&self.0.json) } else { self.0.fmt(f) }
    }
}
