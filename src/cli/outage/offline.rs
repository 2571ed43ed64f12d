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
    reason::counted,
    time::Clock,
};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// What to do about a line of a spool that is cut short.
pub(super) const CUT_SHORT: &str = "where a paper with that number was printed, it counts: take a copy of the spool \
                                    that is whole, or register the scan as paper when the days of the outage are over: \
                                    origin paper register";

/// What is issued on paper, and by which rules.
pub(in crate::cli) struct Offline<'a> {
    pub(in crate::cli) file: &'a Source,
    pub(in crate::cli) block: &'a Path,
    pub(in crate::cli) out: Option<&'a Path>,
    pub(in crate::cli) agreements: Option<&'a Path>,
    pub(in crate::cli) lists: &'a ListsArgument,
}

/// Where the spool of a block stands: beside its file and nowhere else, so that no two of them give the same numbers.
fn spool_of(block: &Path) -> PathBuf {
    let mut name = block.as_os_str().to_owned();
    name.push(".spool");
    name.into()
}

impl Offline<'_> {
    pub(in crate::cli) fn run(self, console: Console) -> Outcome {
        let path = spool_of(self.block);
        files::apart(Some(&path), [self.file.clone(), Source::File(self.block.to_owned())])?;
        let block = BlockFile::load(self.block)?;
        let (rules, lists) = (agreements::load(self.agreements)?, self.lists.read()?);
        let mut spool = Spool::of_block(&path, &block)?;
        if let Some(cut) = spool.cut_short() {
            console.message(format!("warning: {cut}, which is given to nothing any more; {CUT_SHORT}"));
        }
        if let Some(page) = spool.lost().map(|number| self.page_of(number)).find(|page| page.exists()) {
            return Err(there_already(&page, &path));
        }
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
            spool.give_up_cut()?;
            let counts = format!("{issued} issued, {before} issued before, {refused} refused");
            let Some(number) = spool.next_number() else {
                return Err(Failure::new(Exit::Failed, "every number of the block is given")
                    .note(counts)
                    .help("take another block: origin office reserve"));
            };
            let page = self.page_of(number.as_str());
            if page.exists() {
                return Err(there_already(&page, &path).note(counts));
            }
            let entry = Self::entry(&block, &spool, (particulars, number, instant), name)?;
            // Noted first: a number that stands on a paper is never given to another.
            spool.note(entry.clone())?;
            let printed = self.print(&block, &entry)?;
            issued += 1;
            say(console, row.number, "issued on paper", &entry, &printed);
        }
        let left = spool.left();
        let left = counted(left, "number", "numbers");
        console.message(format!("{issued} issued, {before} issued before, {refused} refused; {left} left"));
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

    /// Writes the paper, as it was hashed; another one is never overwritten.
    fn print(&self, block: &BlockFile, entry: &Entry) -> Result<PathBuf, Failure> {
        let page = printed::as_hashed(block, entry)?;
        let path = self.page_of(&entry.number);
        if fs::read(&path).is_ok_and(|there| there == page.as_bytes()) {
            return Ok(path);
        }
        if path.exists() {
            return Err(there_already(&path, &spool_of(self.block)));
        }
        files::replace_in(&path, page.as_bytes())?;
        Ok(path)
    }

    /// The file of a paper.
    fn page_of(&self, number: &str) -> PathBuf {
        let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') { c } else { '_' };
        let name = number.chars().map(plain).collect::<String>() + ".txt";
        self.out.unwrap_or(Path::new(".")).join(name)
    }
}

/// A paper of the number is there that the spool knows nothing of.
fn there_already(page: &Path, spool: &Path) -> Failure {
    let message = format!("`{}` is there already, and `{}` does not say that paper", page.display(), spool.display());
    Failure::new(Exit::Failed, message)
        .note("its number was given before, and is not given twice; nothing was overwritten")
        .help(
            "put the spool back in which it is noted, or take another block; where that file is no paper of this block, \
             name another folder: --out DIR",
        )
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
