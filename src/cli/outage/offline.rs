//! `origin issue --offline`: certificates on paper, under the numbers of a block, with no node.

use super::{
    block::BlockFile,
    printed,
    spool::{Entry, Spool},
};
use crate::{
    certificate::{Finding, Findings, Instant, Particulars},
    cli::{
        Outcome, agreements,
        certificate::{findings_text, judge_row},
        console::{Colour, Console, Exit, Failure},
        files::{self, Source},
        list::ListsArgument,
        rows::{Row, Rows},
    },
    encoding::hex,
    node::system::SystemClock,
    time::Clock,
};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

/// What is issued on paper, and by which rules.
pub(in crate::cli) struct Offline<'a> {
    pub(in crate::cli) file: &'a Source,
    pub(in crate::cli) block: &'a Path,
    pub(in crate::cli) spool: Option<&'a Path>,
    pub(in crate::cli) out: Option<&'a Path>,
    pub(in crate::cli) agreements: Option<&'a Path>,
    pub(in crate::cli) lists: &'a ListsArgument,
}

/// Where the spool of a block stands where none is named.
fn spool_of(block: &Path) -> PathBuf {
    let mut name = block.as_os_str().to_owned();
    name.push(".spool");
    name.into()
}

impl Offline<'_> {
    pub(in crate::cli) fn run(self, console: Console) -> Outcome {
        let path = self.spool.map_or_else(|| spool_of(self.block), Path::to_owned);
        files::apart(Some(&path), [self.file.clone(), Source::File(self.block.to_owned())])?;
        let block = BlockFile::load(self.block)?;
        let (rules, lists) = (agreements::load(self.agreements)?, self.lists.read()?);
        let mut spool = Spool::of_block(&path, &block)?;
        let zone = block.zone()?;
        let (mut issued, mut before, mut refused) = (0_u64, 0_u64, 0_u64);
        for row in Rows::open(self.file)? {
            let row = row?;
            let name = hex::encode(&Sha256::digest(row.written().trim().as_bytes()));
            if let Some(known) = spool.entries.iter().find(|entry| entry.row == name).cloned() {
                let printed = self.print(&block, &known)?;
                before += 1;
                say(console, row.number, "issued before", &known, &printed);
                continue;
            }
            let instant = Instant::of(SystemClock.now());
            let day = zone.date_at(instant.timestamp());
            let mut findings = judge_row(&row, &rules, &lists, day);
            let particulars = row.read().particulars;
            if let Some(particulars) = &particulars {
                findings.extend(of_block(&block, particulars));
            }
            let Some(particulars) = particulars.filter(|_| !findings.has_errors()) else {
                refused += 1;
                refuse(console, &row, &findings);
                continue;
            };
            let Some(number) = block.numbers.get(spool.entries.len()) else {
                return Err(Failure::new(Exit::Failed, "every number of the block is given")
                    .note(format!("{issued} issued, {before} issued before, {refused} refused"))
                    .help("take another block: origin office reserve"));
            };
            let entry = Self::entry(&block, &spool, (particulars, number, instant), name)?;
            // Noted first: a number that stands on a paper is never given to another.
            spool.note(entry.clone())?;
            let printed = self.print(&block, &entry)?;
            issued += 1;
            say(console, row.number, "issued on paper", &entry, &printed);
        }
        let left = block.numbers.len().saturating_sub(spool.entries.len());
        console.message(format!("{issued} issued, {before} issued before, {refused} refused; {left} numbers left"));
        if issued > 0 {
            console.message(format!(
                "sign each by hand; when the node is back, within {} days: origin issue --register {}",
                block.register_within_days,
                path.display()
            ));
        }
        Ok(if refused == 0 { ExitCode::SUCCESS } else { ExitCode::from(Exit::Failed.code()) })
    }

    fn entry(
        block: &BlockFile,
        spool: &Spool,
        (mut particulars, number, instant): (Particulars, &crate::certificate::CertificateNumber, Instant),
        row: String,
    ) -> Result<Entry, Failure> {
        particulars.reference.number = Some(number.clone());
        let certificate = serde_json::from_str(&particulars.to_json());
        let certificate = certificate.map_err(|error| Failure::new(Exit::Failed, error))?;
        let mut entry = Entry {
            previous: spool.last().to_owned(),
            number: number.to_string(),
            issued_at: instant.to_string(),
            row,
            paper_sha256: String::new(),
            certificate,
        };
        entry.paper_sha256 = hex::encode(&Sha256::digest(printed::of(block, &entry)?));
        Ok(entry)
    }

    /// Writes the paper, as it was hashed.
    fn print(&self, block: &BlockFile, entry: &Entry) -> Result<PathBuf, Failure> {
        let page = printed::as_hashed(block, entry)?;
        let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') { c } else { '_' };
        let name = entry.number.chars().map(plain).collect::<String>() + ".txt";
        let path = self.out.unwrap_or(Path::new(".")).join(name);
        files::replace_in(&path, page.as_bytes())?;
        Ok(path)
    }
}

/// Whether the numbers of the block were given for this.
fn of_block(block: &BlockFile, particulars: &Particulars) -> Findings {
    let mut findings = Findings::default();
    let mut wrong = |path: &str, message: String| findings.push(Finding::error("BLOCK_OF_ANOTHER", path, message));
    if particulars.agreement != block.agreement {
        wrong("agreement", format!("the block is for certificates under {}", block.agreement));
    }
    if particulars.to != block.to {
        wrong("to", format!("the block is for certificates to {}", block.to));
    }
    if particulars.reference.office.code != block.office {
        wrong("reference.office.code", format!("the block is of office {}", block.office));
    }
    if particulars.reference.number.is_some() {
        wrong("reference.number", "the number comes from the block".to_owned());
    }
    findings
}

fn say(console: Console, row: usize, word: &str, entry: &Entry, printed: &Path) {
    if console.is_json() {
        console.data(json!({
            "row": row, "outcome": word.replace(' ', "_"), "number": entry.number, "issued_at": entry.issued_at,
            "paper_sha256": entry.paper_sha256, "printed": printed.display().to_string(),
        }));
        return;
    }
    let painted = console.paint(Colour::Green, word);
    console.data(format!("row {row}: {painted}  {}  {}  {}", entry.number, entry.issued_at, printed.display()));
}

fn refuse(console: Console, row: &Row, findings: &Findings) {
    if console.is_json() {
        console.data(json!({ "row": row.number, "outcome": "refused", "findings": findings }));
        return;
    }
    console.data(format!("row {}: {}", row.number, console.paint(Colour::Red, "refused")));
    console.raw(findings_text(console, findings).as_bytes());
}
