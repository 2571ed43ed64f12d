//! `origin inspect`: shows what a file says, and says that it does not verify.

use super::{
    Outcome,
    console::{Colour, Console, Exit, Failure},
    files::{self, Source},
    scan, tree,
};
use crate::{
    document::read::{PAPER_MAX, Paper},
    encoding::base64,
    log::{Checkpoint, LogProof, SignedNote},
    reason::Reasoned,
    statement::{Bundle, Completeness, MAX_BUNDLE_BYTES, Presentation, SignedStamp},
    time::Timestamp,
    verification::StampView,
};
use serde_json::{Map, Value, json};
use std::process::ExitCode;

/// Show what a token, a bundle, a paper or a stamp says, without verifying it
///
/// Nothing is checked but the form: not who signed, not whether it still stands. `origin verify` does that.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// Token, evidence bundle, paper (PDF, PNG, JPEG) or stamp; `-` is standard input
    #[arg(value_name = "FILE")]
    file: Source,
}

/// Claims that count seconds.
const SECONDS: [&str; 4] = ["iat", "exp", "nbf", "as_of"];

const WARNING: &str = "shown as it stands, NOT verified: `origin verify` says whether to rely on it";

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        let bytes = self.file.read(PAPER_MAX)?;
        let shown = match scan::read(&bytes, &self.file.to_string()) {
            Some(paper) => self.paper(&paper?)?,
            None if bytes.len() > MAX_BUNDLE_BYTES => {
                let why = format!("`{}` is longer than {MAX_BUNDLE_BYTES} bytes", self.file);
                return Err(Failure::new(Exit::Failed, why));
            }
            None => self.shown(&files::text(bytes, &self.file.to_string(), Exit::Failed)?)?,
        };
        if console.is_json() {
            console.data(json!({ "verified": false, "shown": shown }));
        } else {
            console.message(format!("{} {WARNING}", console.paint_message(Colour::Yellow, "note:")));
            console.raw(tree::render(&with_instants(shown)).as_bytes());
        }
        Ok(ExitCode::SUCCESS)
    }

    fn shown(&self, text: &str) -> Result<Value, Failure> {
        let text = text.trim_matches(|c: char| c.is_ascii_whitespace());
        if SignedStamp::is_one(text) {
            return Ok(json!({ "stamp": self.stamp(text)? }));
        }
        if text.starts_with('{') {
            let bundle = Bundle::parse(text.as_bytes()).map_err(|error| self.refused(&error))?;
            return self.bundle(&bundle);
        }
        Ok(json!({ "certificate": self.statement(text)? }))
    }

    fn stamp(&self, text: &str) -> Result<Value, Failure> {
        let signed = SignedStamp::pasted(text).map_err(|error| self.refused(&error))?;
        Ok(json!(StampView { kid: signed.kid, stamp: signed.stamp }))
    }

    /// What a paper carries, and what its codes say.
    fn paper(&self, paper: &Paper) -> Result<Value, Failure> {
        let marks = paper.marks.iter().map(|mark| (mark.code().to_owned(), mark.sentence())).collect::<Vec<_>>();
        let mut shown = Map::from_iter([("paper".to_owned(), scan::json(paper, &marks))]);
        if let Some(token) = &paper.attachment {
            shown.insert("attachment".to_owned(), self.shown(token)?);
        }
        let stamps = paper.stamps().map(|text| self.stamp(text)).collect::<Result<Vec<_>, _>>()?;
        if !stamps.is_empty() {
            shown.insert("stamps".to_owned(), Value::Array(stamps));
        }
        Ok(Value::Object(shown))
    }

    fn refused(&self, error: &(impl Reasoned + ?Sized)) -> Failure {
        Failure::new(Exit::Failed, format!("`{}` cannot be shown: {error}", self.file))
            .note(format!("reason {}", error.reason()))
    }

    fn bundle(&self, bundle: &Bundle) -> Result<Value, Failure> {
        let mut shown = Map::new();
        shown.insert("certificate".to_owned(), self.statement(&bundle.token)?);
        if let Some(proof) = &bundle.proof {
            shown.insert("proof".to_owned(), log_proof(proof));
        }
        if let Some(status) = &bundle.status {
            shown.insert("status_list".to_owned(), jws(status));
        }
        if let Some(path) = &bundle.status_path {
            shown.insert("status_path".to_owned(), json!(path));
        }
        if let Some(leaf) = &bundle.status_statement {
            shown.insert("status_snapshot".to_owned(), jws(leaf));
        }
        if let Some(proof) = &bundle.status_proof {
            shown.insert("status_snapshot_proof".to_owned(), log_proof(proof));
        }
        for (name, statements) in [("status_changes", &bundle.changes), ("endorsements", &bundle.endorsements)] {
            let all = statements
                .iter()
                .map(|one| Ok(json!({ "statement": self.statement(&one.token)?, "proof": log_proof(&one.proof) })))
                .collect::<Result<Vec<_>, Failure>>()?;
            if !all.is_empty() {
                shown.insert(name.to_owned(), Value::Array(all));
            }
        }
        Ok(Value::Object(shown))
    }

    fn statement(&self, token: &str) -> Result<Value, Failure> {
        let presentation = Presentation::parse(token).map_err(|error| self.refused(&error))?;
        let form = match presentation.open() {
            Ok(opened) => match opened.completeness {
                Completeness::Complete => json!("complete"),
                Completeness::Redacted { missing } => json!({ "redacted": missing }),
                Completeness::Incomplete { missing } => json!({ "incomplete": missing }),
            },
            Err(error) => json!({ "not_in_form": error.to_string() }),
        };
        let mut shown = jws(presentation.jwt());
        if let Some(members) = shown.as_object_mut() {
            members.insert("form".to_owned(), form);
            let all = presentation.disclosures().map(disclosure).collect::<Vec<_>>();
            members.insert("disclosures".to_owned(), Value::Array(all));
        }
        Ok(shown)
    }
}

/// Seconds since 1970 with the instant beside them: nobody reads the one, and the other is not what stands there.
fn with_instants(shown: Value) -> Value {
    match shown {
        Value::Object(members) => {
            let told = members.into_iter().map(|(name, member)| {
                let instant = member.as_i64().filter(|_| SECONDS.contains(&name.as_str()));
                let told = match instant.and_then(|second| Timestamp::from_second(second).ok()) {
                    Some(at) => json!(format!("{member} ({at})")),
                    None => with_instants(member),
                };
                (name, told)
            });
            Value::Object(told.collect())
        }
        Value::Array(elements) => Value::Array(elements.into_iter().map(with_instants).collect()),
        other => other,
    }
}

/// Header and payload of a JWT.
fn jws(text: &str) -> Value {
    let mut parts = text.trim_end_matches('~').split('.');
    let mut part = || parts.next().and_then(part_json).unwrap_or_else(|| json!("unreadable"));
    json!({ "header": part(), "payload": part() })
}

fn part_json(text: &str) -> Option<Value> {
    serde_json::from_slice(&base64::decode_url(text).ok()?).ok()
}

/// `[salt, name, value]` of a member, `[salt, value]` of an item; the salt tells nobody anything.
fn disclosure(text: &str) -> Value {
    match part_json(text) {
        Some(Value::Array(parts)) => match parts.as_slice() {
            [_, Value::String(name), value] => json!({ name.as_str(): value }),
            [_, value] => json!({ "item": value }),
            _ => json!("unreadable"),
        },
        _ => json!("unreadable"),
    }
}

fn log_proof(text: &str) -> Value {
    let Ok(proof) = text.parse::<LogProof>() else { return json!("unreadable") };
    let note = SignedNote::parse(&proof.checkpoint).ok();
    let checkpoint = note.as_ref().and_then(|note| note.text().parse::<Checkpoint>().ok());
    json!({
        "index": proof.index,
        "log": checkpoint.as_ref().map(|checkpoint| checkpoint.origin.to_string()),
        "size": checkpoint.as_ref().map(|checkpoint| checkpoint.head.size),
        "root": checkpoint.as_ref().map(|checkpoint| checkpoint.head.root.to_string()),
        "signature_lines": note.as_ref().map(|note| note.signatures().iter().map(|line| line.name()).collect::<Vec<_>>()),
    })
}
