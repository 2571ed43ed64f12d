//! `origin trust sign` and `merge`: signatures, one signer at a time.

use crate::{
    cli::{
        Outcome,
        arguments::{self, Keys},
        console::{Console, Exit, Failure},
        files::{self, Source},
    },
    encoding::json::{self, Limits},
    keys::KeyName,
    trust::{Anchor, ListDraft, MAX_LIST_BYTES, MAX_SECTION_BYTES, SectionText},
};
use std::{path::PathBuf, process::ExitCode};

/// Nesting of a section's JSON.
const SECTION_DEPTH: usize = 5;

/// Sign a draft: a section with its root key, a list with a federation signer's key
///
/// Signers sign copies of one draft, byte for byte; `trust merge` puts their signatures together.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The draft; `-` is standard input
    #[arg(value_name = "FILE")]
    file: Source,
    /// The key's name in its folder
    #[arg(long, value_name = "NAME")]
    key: KeyName,
    #[command(flatten)]
    keys: Keys,
    /// The anchor that holds now, where a list changes its signers and one of the old ones signs
    #[arg(long, value_name = "FILE")]
    anchor: Option<PathBuf>,
    /// Where the signed copy goes [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        let anchors = self.anchor.iter().cloned().map(Source::File);
        files::apart(self.output.as_deref(), anchors.chain([self.file.clone()]))?;
        let draft = self.file.read_text(MAX_LIST_BYTES)?;
        let anchor = self.anchor.as_deref().map(arguments::open_anchor).transpose()?;
        let signed = match draft_of(&draft) {
            DraftOf::Section => self.section(&draft)?,
            DraftOf::List => self.list(&draft, anchor.as_ref(), console)?,
        };
        files::deliver(console, self.output.as_deref(), signed.as_bytes())?;
        Ok(ExitCode::SUCCESS)
    }

    fn section(&self, draft: &str) -> Result<String, Failure> {
        let limits = Limits { bytes: MAX_SECTION_BYTES, depth: SECTION_DEPTH };
        let text: SectionText = json::from_slice(draft.as_bytes(), limits).map_err(|error| {
            Failure::new(Exit::Configuration, format!("`{}` is no draft of a section: {error}", self.file))
        })?;
        let key = self.keys.open()?.root(&self.key).map_err(arguments::key_failure)?;
        Ok(key.sign(text).map_err(super::refused)?.note().to_string())
    }

    fn list(&self, draft: &str, anchor: Option<&Anchor>, console: Console) -> Result<String, Failure> {
        let mut draft = ListDraft::parse(draft).map_err(|error| {
            let said = error.to_string();
            let missing = ["grpc", "https"].iter().find(|name| said.contains(&format!("missing field `{name}`")));
            let failure = super::refused(error);
            match missing {
                Some(name) => failure.help(format!("a node without such an address has `\"{name}\": null`")),
                None => failure,
            }
        })?;
        let key = self.keys.open()?.federation(&self.key).map_err(arguments::key_failure)?;
        key.sign(&mut draft, anchor).map_err(super::refused)?;
        progress(console, &draft)?;
        Ok(draft.to_string())
    }
}

/// Put the signatures of several copies of one draft together
#[derive(Debug, clap::Args)]
pub(super) struct Merge {
    /// The signed copies
    #[arg(value_name = "FILE", required = true, num_args = 1..)]
    files: Vec<Source>,
    /// Where the merged list goes [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl Merge {
    pub(super) fn run(self, console: Console) -> Outcome {
        let mut merged: Option<ListDraft> = None;
        for file in &self.files {
            let named = |error| super::refused(error).note(format!("in {file}"));
            let draft = ListDraft::parse(&file.read_text(MAX_LIST_BYTES)?).map_err(named)?;
            match &mut merged {
                None => merged = Some(draft),
                Some(merged) => merged.merge(&draft).map_err(named)?,
            }
        }
        if let Some(merged) = merged {
            progress(console, &merged)?;
            files::deliver(console, self.output.as_deref(), merged.to_string().as_bytes())?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// Says who has signed and whether that is enough.
fn progress(console: Console, draft: &ListDraft) -> Result<(), Failure> {
    let text = draft.text();
    let signed = draft.signed_by(&text.signers).map_err(super::refused)?;
    let names = signed.iter().map(|key| key.name()).collect::<Vec<_>>().join(", ");
    let enough = usize::try_from(text.k).is_ok_and(|k| signed.len() >= k);
    let rest = if enough { "; that is enough" } else { "" };
    console.message(format!("signed by {} of the {} needed: {names}{rest}", signed.len(), text.k));
    Ok(())
}

/// Which document it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DraftOf {
    Section,
    List,
}

/// A list has `sections` among its outermost members; anything else is read as a section, and refused as one.
pub(super) fn draft_of(text: &str) -> DraftOf {
    #[derive(serde::Deserialize)]
    struct Peek {
        sections: Option<serde::de::IgnoredAny>,
    }
    let json = text.split_once("\n\n\u{2014} ").map_or(text, |(json, _)| json);
    match serde_json::from_str::<Peek>(json) {
        Ok(Peek { sections: Some(_) }) => DraftOf::List,
        _ => DraftOf::Section,
    }
}
