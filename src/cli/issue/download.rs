//! Evidence bundles of what was issued, fetched beside the stream and written whole.

use super::{ledger::Done, report::Report};
use crate::{
    api::client::{Connection, Refusal, wire, within_deadline},
    cli::{
        console::{Exit, Failure},
        files,
    },
};
use std::{collections::VecDeque, path::PathBuf};
use tokio::task::JoinSet;

/// Bundles fetched at once.
const AT_ONCE: usize = 32;

/// The bundles still to come.
pub(super) struct Downloads {
    connection: Connection,
    folder: PathBuf,
    wanted: VecDeque<Wanted>,
    under_way: JoinSet<Result<Come, String>>,
    failed: Vec<String>,
    awaiting: usize,
}

/// A bundle that is to be fetched.
struct Wanted {
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

impl Downloads {
    pub(super) fn new(connection: Connection, folder: PathBuf) -> Self {
        let (wanted, under_way) = (VecDeque::new(), JoinSet::new());
        Self { connection, folder, wanted, under_way, failed: Vec::new(), awaiting: 0 }
    }

    /// Notes that the bundle of a certificate is to be fetched, unless it is there already. It never waits: whoever
    /// notes it has results to take, and a stream of results that nobody takes leaves the node no room to send.
    pub(super) fn want(&mut self, done: &Done) {
        let path = self.folder.join(file_name(&done.number, &done.jti));
        if path.exists() {
            return;
        }
        self.wanted.push_back(Wanted { number: done.number.clone(), jti: done.jti.clone(), path });
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
            let Some(Wanted { number, jti, path }) = self.wanted.pop_front() else { return };
            let connection = self.connection.clone();
            self.under_way.spawn(async move {
                match fetch(&connection, jti, path).await {
                    Ok((path, awaiting_cosignatures)) => Ok(Come { number, path, awaiting_cosignatures }),
                    Err(why) => Err(format!("{number}: {why}")),
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
            Some(Ok(Err(why))) => self.failed.push(why),
            Some(Err(error)) => self.failed.push(error.to_string()),
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
        if self.failed.is_empty() {
            return Ok(());
        }
        let failure = Failure::new(Exit::Failed, format!("{} bundles could not be fetched", self.failed.len()));
        let failure = self.failed.iter().take(10).fold(failure, Failure::note);
        Err(failure.help("the certificates are issued: the same command fetches what is missing"))
    }
}

/// Fetches a bundle into its file. One that the partners have yet to cosign gets a name that says so, and the same
/// command fetches it again.
async fn fetch(connection: &Connection, jti: String, path: PathBuf) -> Result<(PathBuf, bool), String> {
    let name = wire::CertificateName { name: Some(wire::certificate_name::Name::Jti(jti)) };
    let request =
        wire::DownloadCertificateRequest { certificate: Some(name), format: wire::DownloadFormat::Bundle.into() };
    let answer = connection.certificates().download_certificate(within_deadline(request)).await;
    let answer = answer.map_err(|status| Refusal::from(&status).message)?.into_inner();
    let early = path.with_extension("").with_extension("awaiting.coo.json");
    let (path, other) = if answer.awaiting_cosignatures { (early, None) } else { (path, Some(early)) };
    files::replace(&path, &answer.content, 0o644).map_err(|failure| failure.sentence().to_owned())?;
    if let Some(early) = other {
        // It is not there unless an earlier run was too early.
        let _ = std::fs::remove_file(early);
    }
    Ok((path, answer.awaiting_cosignatures))
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
}
