//! Evidence bundles of what was issued, fetched beside the stream and written whole.

use super::{ledger::Done, report::Report};
use crate::{
    api::client::{Connection, Refusal, wire, within_deadline},
    cli::{
        console::{Exit, Failure},
        files,
    },
    statement::{Bundle, Presentation},
};
use std::{
    collections::VecDeque,
    path::{Path, PathBuf},
};
use tokio::task::JoinSet;

/// Bundles fetched at once.
const AT_ONCE: usize = 32;

/// The bundles still to come.
pub(super) struct Downloads {
    connection: Connection,
    folder: PathBuf,
    wanted: VecDeque<Wanted>,
    under_way: JoinSet<Result<Come, Missed>>,
    missing: Missing,
    awaiting: usize,
}

/// A bundle that is to be fetched.
struct Wanted {
    row: usize,
    number: String,
    jti: String,
    path: PathBuf,
}

/// A bundle that came.
struct Come {
    number: String,
    path: PathBuf,
    awaiting_cosignatures: bool,
}

/// Why a bundle did not come.
enum Missed {
    /// The node has no such certificate; the row, and its number.
    Unknown(usize, String),
    /// Anything else, in words.
    Failed(String),
}

/// Bundles that did not come.
#[derive(Default)]
struct Missing {
    unknown: Vec<(usize, String)>,
    failed: Vec<String>,
}

/// Most bundles that are named one by one.
const NAMED: usize = 10;

impl Missing {
    fn add(&mut self, missed: Missed) {
        match missed {
            Missed::Unknown(row, number) => self.unknown.push((row, number)),
            Missed::Failed(why) => self.failed.push(why),
        }
    }

    /// What is said of them; nothing where all came. What the node does not know no repetition fetches: it is another
    /// node by now, or has not got back yet what it lost.
    fn told(mut self) -> Option<Failure> {
        self.unknown.sort_unstable();
        let (unknown, failed) = (self.unknown.len(), self.failed.len());
        let error = match (unknown, failed) {
            (0, 0) => return None,
            (0, failed) => format!("bundles that could not be fetched: {failed}"),
            (unknown, 0) => format!("certificates that were issued and that the node does not know: {unknown}"),
            (unknown, failed) => format!(
                "certificates that were issued and that the node does not know: {unknown}; other bundles that could not be \
                 fetched: {failed}"
            ),
        };
        let named = self.unknown.iter().map(|(row, number)| format!("row {row}: the node does not know {number}"));
        let mut failure = named.chain(self.failed).take(NAMED).fold(Failure::new(Exit::Failed, error), Failure::note);
        if unknown + failed > NAMED {
            failure = failure.note(format!("and {} more", unknown + failed - NAMED));
        }
        Some(if unknown > 0 {
            failure.help(
                "if the node was made anew and has nothing to get back (its operator knows: origin partner status), put \
                 these rows into a file of their own and issue them anew, under a new file of request ids: --requests FILE",
            )
        } else {
            failure.help("the certificates are issued: the same command fetches what is missing")
        })
    }
}

impl Downloads {
    pub(super) fn new(connection: Connection, folder: PathBuf) -> Self {
        let (wanted, under_way) = (VecDeque::new(), JoinSet::new());
        Self { connection, folder, wanted, under_way, missing: Missing::default(), awaiting: 0 }
    }

    /// Notes that the bundle of a certificate is to be fetched, unless it is there already. It never waits: whoever
    /// notes it has results to take, and a stream of results that nobody takes leaves the node no room to send.
    pub(super) fn want(&mut self, row: usize, done: &Done) {
        let path = self.folder.join(file_name(&done.number, &done.jti));
        if path.exists() {
            // The same again is fetched once; what else has that name is not overwritten, and not taken for it.
            if !is_bundle_of(&path, &done.jti) {
                let why = "is there already and is no bundle of this certificate: move it away";
                self.missing.add(Missed::Failed(format!("{}: `{}` {why}", done.number, path.display())));
            }
            return;
        }
        self.wanted.push_back(Wanted { row, number: done.number.clone(), jti: done.jti.clone(), path });
        self.start();
    }

    /// How many have not been begun.
    pub(super) fn waiting(&self) -> usize {
        self.wanted.len()
    }

    /// Whether none is under way.
    pub(super) fn is_idle(&self) -> bool {
        self.under_way.is_empty()
    }

    fn start(&mut self) {
        while self.under_way.len() < AT_ONCE {
            let Some(Wanted { row, number, jti, path }) = self.wanted.pop_front() else { return };
            let connection = self.connection.clone();
            self.under_way.spawn(async move {
                match fetch(&connection, jti, path).await {
                    Ok((path, awaiting_cosignatures)) => Ok(Come { number, path, awaiting_cosignatures }),
                    Err(refusal) if refusal.reason == "CERTIFICATE_UNKNOWN" => Err(Missed::Unknown(row, number)),
                    Err(refusal) => Err(Missed::Failed(format!("{number}: {}", refusal.message))),
                }
            });
        }
    }

    /// Waits for one that is under way, and begins the next. Nothing is lost where the wait is given up.
    pub(super) async fn one(&mut self, report: &Report) {
        match self.under_way.join_next().await {
            Some(Ok(Ok(Come { number, path, awaiting_cosignatures }))) => {
                self.awaiting += usize::from(awaiting_cosignatures);
                report.bundle(&number, &path);
            }
            Some(Ok(Err(missed))) => self.missing.add(missed),
            Some(Err(error)) => self.missing.add(Missed::Failed(error.to_string())),
            None => {}
        }
        self.start();
    }

    /// Waits for the last one. Bundles that could not be had are named: the certificates are issued all the same.
    pub(super) async fn finish(mut self, report: &Report) -> Result<(), Failure> {
        while !self.is_idle() {
            self.one(report).await;
        }
        if self.awaiting > 0 {
            report.awaiting(self.awaiting);
        }
        self.missing.told().map_or(Ok(()), Err)
    }
}

/// Fetches a bundle into its file. One that the partners have yet to cosign gets a name that says so, and the same
/// command fetches it again.
async fn fetch(connection: &Connection, jti: String, path: PathBuf) -> Result<(PathBuf, bool), Refusal> {
    let name = wire::CertificateName { name: Some(wire::certificate_name::Name::Jti(jti)) };
    let request =
        wire::DownloadCertificateRequest { certificate: Some(name), format: wire::DownloadFormat::Bundle.into() };
    let answer = connection.certificates().download_certificate(within_deadline(request)).await;
    let answer = answer.map_err(|status| Refusal::from(&status))?.into_inner();
    let early = path.with_extension("").with_extension("awaiting.coo.json");
    let (path, other) = if answer.awaiting_cosignatures { (early, None) } else { (path, Some(early)) };
    let unwritten = |failure: Failure| Refusal { message: failure.sentence().to_owned(), ..Refusal::default() };
    files::replace(&path, &answer.content, 0o644).map_err(unwritten)?;
    if let Some(early) = other {
        // It is not there unless an earlier run was too early.
        let _ = std::fs::remove_file(early);
    }
    Ok((path, answer.awaiting_cosignatures))
}

/// Whether a file is the bundle of this certificate.
fn is_bundle_of(path: &Path, jti: &str) -> bool {
    let bundle = std::fs::read(path).ok().and_then(|text| Bundle::parse(&text).ok());
    let presented = bundle.and_then(|bundle| Presentation::parse(&bundle.token).ok());
    presented.is_some_and(|presented| presented.envelope().jti.to_string() == jti)
}

/// A name that stays in its folder whatever a number is made of.
fn file_name(number: &str, jti: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    let stem = number.chars().map(|c| if plain(c) { c } else { '_' }).take(100).collect::<String>();
    // Two numbers may become one name; the identifier tells them apart.
    let tail = if number.chars().all(plain) && !number.is_empty() { String::new() } else { format!("-{jti}") };
    format!("{stem}{tail}.coo.json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_cannot_lead_out_of_the_folder_or_onto_another_file() {
        assert_eq!(file_name("PK-CN-2026-KHI-000001", "J1"), "PK-CN-2026-KHI-000001.coo.json");
        assert_eq!(file_name("../../etc/passwd", "J1"), "______etc_passwd-J1.coo.json");
        assert_ne!(file_name("A/1", "J1"), file_name("A.1", "J2"));
    }

    #[test]
    fn certificates_that_a_node_made_anew_does_not_know_are_named_by_row_and_never_asked_to_be_fetched_again() {
        let mut missing = Missing::default();
        assert!(Missing::default().told().is_none());
        missing.add(Missed::Failed("PK-9: the disk is full".to_owned()));
        for row in (1..=12).rev() {
            missing.add(Missed::Unknown(row, format!("PK-{row}")));
        }
        let told = missing.told().unwrap();
        assert!(told.sentence().contains("does not know: 12; other bundles that could not be fetched: 1"));
        assert_eq!(told.notes()[0], "row 1: the node does not know PK-1");
        assert_eq!((told.notes().len(), told.notes()[10].as_str()), (11, "and 3 more"));
        let said = format!("{told:?}");
        assert!(said.contains("--requests FILE") && !said.contains("fetches what is missing"), "{said}");
    }

    #[test]
    fn bundles_that_did_not_come_are_fetched_by_the_same_command() {
        let missing = Missing { unknown: Vec::new(), failed: vec!["PK-1: the disk is full".to_owned()] };
        let told = missing.told().unwrap();
        assert_eq!(told.sentence(), "bundles that could not be fetched: 1");
        assert!(format!("{told:?}").contains("the same command fetches what is missing"));
    }
}
