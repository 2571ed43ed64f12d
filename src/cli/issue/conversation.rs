//! The stream of rows and the stream of results, and what happens when the line breaks.
//!
//! Rows in flight are kept until their result came: after a break they are sent again under the same request ids,
//! and the node answers what it answered, or would have. In one task, so that the ledger needs no lock.

use super::{
    download::Downloads,
    ledger::{Done, Known, Ledger, RowKey},
    patience::{LONGEST, Next, Patience, minutes},
    report::{Refused, Report},
};
use crate::{
    agreement::{Agreements, Lists},
    api::client::{Connection, Refusal, wire, within_deadline},
    certificate::{Finding, Findings},
    cli::{
        agreements, arguments,
        certificate::judge_row,
        console::{Exit, Failure},
        remote::{self, NodeArguments, date_text},
        rows::{Row, Rows},
    },
    node::system::SystemClock,
    reason::some_of,
    time::{Clock, unix_ms},
};
use bytes::Bytes;
use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    path::PathBuf,
    sync::OnceLock,
    time::{Duration, Instant},
};
use tokio::sync::mpsc;
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::Streaming;
use uuid::Uuid;

/// Rows of one message: 16 to 64 are fastest.
const BATCH: usize = 64;
/// Bytes of the rows of one message: a node takes no message of more than 4 MiB.
const BATCH_BYTES: usize = 3 << 20;
/// Rows whose ids are made durable together: one sync costs as much as issuing ten of them.
const LOT: usize = 256;
/// Rows in flight: enough to keep a node's writer busy through the longest round trip.
const WINDOW: usize = 4096;
/// Attempts to reach the node again after the line broke, with twice the pause each time.
const ATTEMPTS: u32 = 6;
const PAUSE: Duration = Duration::from_millis(500);
/// A node keeps request ids for seven days; ten minutes before that they are no longer relied on.
const KEPT: u64 = (7 * 86_400 - 600) * 1_000;
/// The node got back what it had lost since the request was made, and cannot say whether it was carried out.
const BEFORE_RECALL: &str = "REQUEST_BEFORE_RECALL";

/// A row on its way.
#[derive(Clone)]
struct Flight {
    row: usize,
    key: RowKey,
    json: Bytes,
}

/// What there is to say of a row that does not read and goes to no node, by the rules that come with the program.
fn everything_about(row: &Row, read: Findings) -> Findings {
    static RULES: OnceLock<Option<Agreements>> = OnceLock::new();
    match RULES.get_or_init(|| agreements::load(None).ok()) {
        Some(rules) => judge_row(row, rules, &Lists::none(), arguments::today()),
        None => read,
    }
}

/// Both directions of one stream.
struct Line {
    /// Bounded by the window of rows in flight, not by the channel: a bound here could wait for results that are
    /// only taken after it.
    out: mpsc::UnboundedSender<wire::IssueCertificatesRequest>,
    back: Streaming<wire::IssueCertificatesResponse>,
}

/// One run of the command.
pub(super) struct Conversation<'a> {
    node: &'a NodeArguments,
    token: &'a str,
    connection: Connection,
    /// For calls beside the stream. On one connection they share its window of unread bytes with the results, and
    /// results that are taken late would shut them out, with each waiting for the other.
    beside: Connection,
    ledger: Ledger,
    report: Report,
    downloads: Option<Downloads>,
    /// Rows of which a person says that no certificate is there, as long as they were not asked for anew.
    anew: BTreeSet<usize>,
    /// Those of them that were not met in the file yet.
    unmet: BTreeSet<usize>,
    in_flight: HashMap<Uuid, Flight>,
    waiting: VecDeque<(Uuid, Flight)>,
    pause: Option<Duration>,
    patience: Patience,
}

impl<'a> Conversation<'a> {
    pub(super) fn new(
        node: &'a NodeArguments,
        token: &'a str,
        [connection, beside]: [Connection; 2],
        ledger: Ledger,
        report: Report,
        out: Option<PathBuf>,
        anew: BTreeSet<usize>,
    ) -> Self {
        let downloads = out.map(|folder| Downloads::new(beside.clone(), folder));
        Self {
            node,
            token,
            connection,
            beside,
            ledger,
            report,
            downloads,
            unmet: anew.clone(),
            anew,
            in_flight: HashMap::new(),
            waiting: VecDeque::new(),
            pause: None,
            patience: Patience::default(),
        }
    }

    /// Sends every row and takes every result.
    pub(super) async fn run(&mut self, mut rows: Rows) -> Result<(), Failure> {
        let mut line = self.dial().await?;
        let mut more = true;
        loop {
            // As long as there is room for a whole lot, rows go out; then results and bundles come in.
            while more && self.has_room() {
                more = self.fill(&mut rows).await?;
                self.send(&line).await;
            }
            self.send(&line).await;
            if self.in_flight.is_empty() && !more {
                return Ok(());
            }
            let (awaited, loading) =
                (!self.in_flight.is_empty(), self.downloads.as_ref().is_some_and(|d| !d.is_idle()));
            let ended = tokio::select! {
                ended = line.back.message(), if awaited => ended,
                () = one_bundle(self.downloads.as_mut(), &self.report), if loading => continue,
                // Neither rows nor bundles are under way: there is room for more rows.
                else => continue,
            };
            match ended {
                Ok(Some(message)) => {
                    for result in message.results {
                        self.take(result)?;
                    }
                }
                Ok(None) => line = self.again("the node ended the stream").await?,
                Err(status) => {
                    let refusal = Refusal::from(&status);
                    let passing = refusal.unreachable || refusal.retry_after.is_some();
                    if !passing {
                        return Err(remote::refused(self.report.console(), &self.node.node, &status));
                    }
                    line = self.again(&refusal.message).await?;
                }
            }
        }
    }

    /// Rows that were read and have no answer.
    pub(super) fn open(&self) -> u64 {
        u64::try_from(self.waiting.len() + self.in_flight.len()).unwrap_or(u64::MAX)
    }

    /// Why it is no success where a person named rows to be asked for anew that are not in the file.
    pub(super) fn unmet(&self) -> Option<Failure> {
        let rows = (!self.unmet.is_empty()).then(|| some_of(&self.unmet))?;
        let why = format!("--anew names rows that are not there: {rows}");
        Some(Failure::new(Exit::Failed, why).help("name them by the numbers that this command gives them"))
    }

    /// Waits for the bundles and makes the ledger durable, however the run ended.
    pub(super) async fn end(self) -> (Report, Result<(), Failure>) {
        let Self { mut ledger, report, downloads, .. } = self;
        let mut ended = ledger.sync();
        if let Some(downloads) = downloads {
            ended = ended.and(downloads.finish(&report).await);
        }
        (report, ended)
    }

    async fn dial(&self) -> Result<Line, Failure> {
        let (out, outgoing) = mpsc::unbounded_channel();
        let answer = self.connection.certificates().issue_certificates(UnboundedReceiverStream::new(outgoing)).await;
        let back = answer.map_err(|status| remote::refused(self.report.console(), &self.node.node, &status))?;
        Ok(Line { out, back: back.into_inner() })
    }

    /// Reaches the node again; everything in flight waits to be sent once more.
    async fn again(&mut self, why: &str) -> Result<Line, Failure> {
        self.waiting.extend(self.in_flight.drain());
        let mut pause = PAUSE;
        for attempt in 1..=ATTEMPTS {
            self.report.message(&format!("the line broke ({why}); attempt {attempt} of {ATTEMPTS} to go on"));
            tokio::time::sleep(pause).await;
            pause = pause.saturating_mul(2);
            let Ok(connection) = self.node.connect(Some(self.token)).await else { continue };
            self.connection = connection;
            if let Ok(line) = self.dial().await {
                return Ok(line);
            }
        }
        Err(remote::unreachable(&self.node.node, why))
    }

    /// Bundles that nobody had time to fetch count as well: else a file of a million rows would be held in memory.
    fn has_room(&self) -> bool {
        let bundles = self.downloads.as_ref().map_or(0, Downloads::waiting);
        self.waiting.len() + self.in_flight.len() + bundles + LOT <= WINDOW
    }

    /// Reads a lot of rows; their ids are durable when this returns. False where the file had ended before.
    async fn fill(&mut self, rows: &mut Rows) -> Result<bool, Failure> {
        let mut any = false;
        for _ in 0..LOT {
            let Some(row) = rows.next() else { break };
            any = true;
            self.admit(&row?).await?;
        }
        self.ledger.sync()?;
        Ok(any)
    }

    /// Decides what is to be done with a row.
    async fn admit(&mut self, row: &Row) -> Result<(), Failure> {
        self.unmet.remove(&row.number);
        let key = self.ledger.name(row.written());
        let known = self.ledger.known(&key);
        if let Known::Done(done) = known {
            self.report.issued(row.number, &done, true, &Findings::default());
            self.bundle(row.number, &done);
            return Ok(());
        }
        let reading = row.read();
        let forgotten = matches!(&known, Known::Asked(id) if !is_kept(*id));
        // What does not read is refused by the node, which has its own rules and knows whom it struck off. It is not asked
        // anew what it has forgotten: a node that reads more than this program may have issued it.
        let Some(json) = row.json(&reading).filter(|_| reading.particulars.is_some() || !forgotten) else {
            let message = row.refusal().to_owned();
            let reason = "CERTIFICATE_INVALID".to_owned();
            let findings = everything_about(row, reading.findings);
            self.report.row_refused(row.number, &Refused { reason, message, findings, help: None });
            return Ok(());
        };
        let request_id = match known {
            Known::Asked(id) if is_kept(id) => id,
            Known::Asked(_) => {
                let number = reading.particulars.and_then(|one| one.reference.number).map(|number| number.to_string());
                match self.find(row.number, &key, number).await? {
                    Found::Settled => return Ok(()),
                    Found::Never => self.fresh(&key)?,
                }
            }
            Known::New | Known::Done(_) => self.fresh(&key)?,
        };
        self.waiting.push_back((request_id, Flight { row: row.number, key, json: json.into() }));
        Ok(())
    }

    fn fresh(&mut self, key: &RowKey) -> Result<Uuid, Failure> {
        let id = Uuid::now_v7();
        self.ledger.asked(key, id)?;
        Ok(id)
    }

    /// A row that was asked for more than seven days ago: the node has forgotten the request, so the certificate
    /// itself is looked for.
    async fn find(&mut self, row: usize, key: &RowKey, number: Option<String>) -> Result<Found, Failure> {
        let Some(number) = number else {
            self.report.row_refused(
                row,
                &Refused {
                    reason: "REQUEST_ID_EXPIRED".to_owned(),
                    message: "it was asked for more than seven days ago, and without a number of its own nobody can \
                              say here whether it was issued"
                        .to_owned(),
                    findings: Findings::default(),
                    help: Some(
                        "look for it: origin certificate list; then give the row its number, or take it out".to_owned(),
                    ),
                },
            );
            return Ok(Found::Settled);
        };
        let name = wire::CertificateName { name: Some(wire::certificate_name::Name::Number(number)) };
        let request = wire::GetCertificateRequest { certificate: Some(name) };
        match self.beside.certificates().get_certificate(within_deadline(request)).await {
            Ok(answer) => {
                let found = answer.into_inner().certificate.unwrap_or_default();
                let done = Done {
                    number: found.number,
                    jti: found.jti,
                    log: found.log,
                    index: found.index,
                    issued_on: date_text(found.issued_on.as_ref()),
                };
                self.ledger.done(key, &done)?;
                self.report.issued(row, &done, true, &Findings::default());
                self.bundle(row, &done);
                Ok(Found::Settled)
            }
            Err(status) if Refusal::from(&status).reason == "CERTIFICATE_UNKNOWN" => Ok(Found::Never),
            Err(status) => Err(remote::refused(self.report.console(), &self.node.node, &status)),
        }
    }

    /// Sends what waits. Where the stream takes nothing more it is over, and its other direction says why.
    async fn send(&mut self, line: &Line) {
        if let Some(pause) = self.pause.take() {
            tokio::time::sleep(pause).await;
        }
        while !self.waiting.is_empty() {
            let mut bytes = 0_usize;
            let fits = self.waiting.iter().take(BATCH).take_while(|(_, flight)| {
                bytes = bytes.saturating_add(flight.json.len());
                bytes <= BATCH_BYTES
            });
            let rows = fits.count().max(1);
            let batch = self.waiting.drain(..rows).collect::<Vec<_>>();
            let rows = batch
                .iter()
                .map(|(id, flight)| wire::IssueRow {
                    request_id: id.to_string(),
                    certificate_json: flight.json.clone(),
                })
                .collect();
            self.in_flight.extend(batch);
            let _ =
                line.out.send(wire::IssueCertificatesRequest { rows, contents: wire::IssueContents::Receipt.into() });
        }
    }

    /// Takes one result.
    fn take(&mut self, result: wire::IssueResult) -> Result<(), Failure> {
        let id = result.request_id.parse::<Uuid>().ok();
        let Some((id, flight)) = id.and_then(|id| Some((id, self.in_flight.remove(&id)?))) else {
            return Err(Failure::new(Exit::Failed, "the node answered a row that was not asked for"));
        };
        match result.outcome {
            Some(wire::issue_result::Outcome::Issued(issued)) => {
                let warnings = Findings(issued.warnings.iter().map(remote::finding).collect::<Vec<Finding>>());
                if self.patience.over() {
                    self.report.goes_on();
                }
                let done = Done::from(issued);
                self.ledger.done(&flight.key, &done)?;
                self.report.issued(flight.row, &done, false, &warnings);
                self.bundle(flight.row, &done);
            }
            Some(wire::issue_result::Outcome::Error(status)) => {
                let refusal = Refusal::from(&status);
                let delay = refusal.retry_after.or_else(|| refusal.waits_for_a_person().then_some(PAUSE));
                if let Some(delay) = delay {
                    match self.patience.asked(&refusal, Instant::now()) {
                        Next::Wait => {}
                        Next::Say(left) => {
                            let Refusal { reason, message, .. } = &refusal;
                            self.report.waits(&format!("{message} [{reason}]"), &minutes(left));
                        }
                        Next::GiveUp => {
                            self.waiting.push_back((id, flight));
                            return Err(gave_up(&refusal));
                        }
                    }
                    self.pause = Some(self.pause.map_or(delay, |pause| pause.max(delay)));
                    self.waiting.push_back((id, flight));
                } else if refusal.reason == BEFORE_RECALL && self.anew.remove(&flight.row) {
                    // Only what the node cannot answer: a row that it knows under its id is not issued twice.
                    let fresh = self.fresh(&flight.key)?;
                    self.ledger.sync()?;
                    self.waiting.push_back((fresh, flight));
                } else {
                    let findings = remote::findings(&refusal);
                    let help = (refusal.reason == BEFORE_RECALL).then(|| look_and_ask_anew(flight.row));
                    let Refusal { reason, message, .. } = refusal;
                    self.report.row_refused(flight.row, &Refused { reason, message, findings, help });
                }
            }
            None => return Err(Failure::new(Exit::Failed, "the node answered a row with nothing")),
        }
        Ok(())
    }

    fn bundle(&mut self, row: usize, done: &Done) {
        if let Some(downloads) = &mut self.downloads {
            downloads.want(row, done);
        }
    }
}

/// Rows without an answer stay noted: the same command sends them again under the ids they have.
fn gave_up(refusal: &Refusal) -> Failure {
    let Refusal { reason, message, .. } = refusal;
    let error = if refusal.waits_for_a_person() {
        format!("the node takes nothing: {message} [{reason}]")
    } else {
        format!("the node has taken nothing for {}: {message} [{reason}]", minutes(LONGEST))
    };
    let failure = Failure::new(Exit::Unreachable, error);
    if reason == "OWN_HISTORY_MISSING" {
        return failure.help(
            "its operator sees who holds what is missing with origin partner status, and what to do with origin doctor; give the \
             same command again once that is over",
        );
    }
    failure.help("tell its operator, and give the same command again once that is over")
}

/// What to do about a row of which nobody can say whether it was issued before the node lost what it had.
fn look_and_ask_anew(row: usize) -> String {
    format!(
        "look for it: origin certificate list; where it is there, take the row out; where it is not, it is asked for under a \
         new id: the same command with --anew {row}"
    )
}

/// Waits for one bundle, where any are under way.
async fn one_bundle(downloads: Option<&mut Downloads>, report: &Report) {
    if let Some(downloads) = downloads {
        downloads.one(report).await;
    }
}

/// What a search for a forgotten row found.
enum Found {
    /// It is reported.
    Settled,
    /// It was never issued.
    Never,
}

/// Whether the node still knows the request.
fn is_kept(id: Uuid) -> bool {
    let asked = id.get_timestamp().map_or(0, |at| {
        let (seconds, nanos) = at.to_unix();
        seconds.saturating_mul(1_000).saturating_add(u64::from(nanos / 1_000_000))
    });
    let now = unix_ms(SystemClock.now());
    now.saturating_sub(asked) < KEPT
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::{NoContext, Timestamp};

    #[test]
    fn a_request_is_relied_on_for_seven_days_and_no_longer() {
        let now = u64::try_from(SystemClock.now().as_second()).unwrap();
        let at = |age: u64| Uuid::new_v7(Timestamp::from_unix(NoContext, now - age, 0));
        assert!(is_kept(at(0)));
        assert!(is_kept(at(6 * 86_400)));
        assert!(!is_kept(at(7 * 86_400 - 300)));
        assert!(!is_kept(at(8 * 86_400)));
    }
}
