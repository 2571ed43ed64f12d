//! `origin partner rehearse`: a month of traffic with a partner before either side goes live, and what it showed.

mod desk;
mod life;
mod month;
mod points;
mod record;
mod report;
mod stage;
mod traffic;
mod trouble;

use crate::{
    api::client::wire,
    cli::{
        Outcome, arguments,
        console::{Console, Exit, Failure},
        files::Source,
        process::failed,
        remote::{self, TlsArguments},
    },
    node::system::SystemClock,
    reason::counted,
    statement::Issuer,
    time::{Clock, Timestamp},
    trust::NodeName,
    verification::Headline,
};
use month::{Between, Month};
use points::Point;
use record::Shelves;
use report::{Report, Seen};
use stage::{Known, Stage};
use std::{
    ffi::OsString,
    path::PathBuf,
    process::ExitCode,
    time::{Duration, Instant},
};
use traffic::Traffic;

/// Certificates that the points of the report are gone through with, each with one of its own.
const CAST: u32 = 10;
/// Certificates issued while the partner cannot reach the node: one in so many of the month, and no more than that.
const PAST: (usize, usize) = (10, 200);
/// The longest the clocks of two nodes may be apart: a snapshot of a status that is further off is a finding. A node says
/// `PARTNER_CLOCK` to its operator from five seconds on, long before anything is refused for it.
const CLOCKS_APART_MS: u64 = 5 * 60 * 1_000;

/// Replay a month of traffic with a partner, and report point by point whether it conforms
///
/// For the time before go-live. Both sides make a node of their own for it (`origin init DIR --rehearsal`), under a trust list of
/// their own: what it issues can never be taken for a real certificate. This command runs that node itself, issues a
/// month's certificates to the partner's customs, has a part of them suspended, withdrawn, cancelled, replaced, copied, and
/// with the partner's people decided on, written off and asked about; lets the partner miss some and catch up; rotates a
/// key; and in the end stops the node and reads the logs again from their first entries.
///
/// Everything bears the date of the node's clock: it is a month's traffic, not a month's time. What the partner gave no
/// token for, or nobody brought, is said to be not exercised. Exit code 0 if every point passed, 3 if one failed, 5 if
/// none failed and not all were exercised.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// The configuration of the rehearsal's node, which must not run
    #[arg(long, value_name = "FILE", default_value = "node.toml", env = "ORIGIN_CONFIG")]
    config: PathBuf,
    /// The authority, where the node hosts several
    #[arg(long, value_name = "AUTHORITY", value_parser = arguments::issuer)]
    issuer: Option<Issuer>,
    /// The partner's node, as the trust list names it; needed where it names several others
    #[arg(long, value_name = "NODE")]
    with: Option<NodeName>,
    /// Certificates of a past month, as `origin issue` takes them: dates are moved to today, numbers are given anew
    /// [default: those that come with the program]
    #[arg(long, value_name = "FILE")]
    certificates: Option<Source>,
    /// How many are issued, each of the file in its turn [default: as many as there are in the file, or 300]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(i64::from(CAST)..=1_000_000))]
    count: Option<u32>,
    /// The longest the partner is waited for, at each point
    #[arg(long, value_name = "TIME", value_parser = arguments::seconds, default_value = "60s")]
    patience: u64,
    /// The partner's gRPC address for people's systems, HOST:PORT
    #[arg(long, value_name = "ADDR", value_parser = remote::address)]
    door: Option<String>,
    #[command(flatten)]
    tls: TlsArguments,
    /// File with the token of a customs officer of the partner
    #[arg(long, value_name = "FILE", requires = "door")]
    officer: Option<Source>,
    /// File with the token of a customs supervisor of the partner, another person
    #[arg(long, value_name = "FILE", requires = "officer")]
    supervisor: Option<Source>,
    /// File with the token of an auditor of the partner's customs
    #[arg(long, value_name = "FILE", requires = "door")]
    auditor: Option<Source>,
    /// The folder with the root key and the federation's, for the rotation of a key, such as the `offline` of `origin init`
    #[arg(long, value_name = "DIR")]
    offline: Option<PathBuf>,
    /// Where a package for the partner is put, and its answer waited for
    #[arg(long, value_name = "DIR")]
    carrier: Option<PathBuf>,
    /// How long that answer is waited for
    #[arg(long, value_name = "TIME", value_parser = arguments::seconds, default_value = "10min", requires = "carrier")]
    carrier_wait: u64,
    /// Who vouches for the own node's client door [default: ca.crt.pem beside its certificate]
    #[arg(long, value_name = "FILE")]
    own_ca: Option<PathBuf>,
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        remote::converse(self.rehearse(console))
    }

    fn month(&self, known: &Known) -> Result<Month, Failure> {
        let between = Between {
            from: known.own.country,
            to: known.partner.country,
            offices: &known.own.offices,
            today: known.today(),
        };
        let month = match &self.certificates {
            Some(file) => Month::read(file, &between)?,
            None => Month::samples(&between)?,
        };
        let usual = if self.certificates.is_some() { month.documents.len() } else { 300 };
        let count = self.count.map_or(Ok(usual), |count| usize::try_from(count).map_err(failed))?;
        Ok(month.scaled(count.max(usize::try_from(CAST).map_err(failed)?)))
    }

    async fn rehearse(self, console: Console) -> Result<ExitCode, Failure> {
        let known = Known::read(&self)?;
        let month = self.month(&known)?;
        let heading = format!(
            "rehearsal of {} with {}: a month's traffic, {} certificates",
            known.own.issuer.host(),
            known.partner.node,
            month.documents.len()
        );
        console.message(&heading);
        let began = SystemClock.now();
        let mut stage = Stage::open(console, &self, known).await?;
        let mut report = Report::new(console);
        match self.go(&mut stage, &mut report, &month).await {
            Ok((shelves, traffic)) => {
                stage.node.kill();
                self.read_again(&stage, &mut report, &shelves, &traffic).await;
            }
            // The node itself failed: what was seen until then stands.
            Err(failure) => {
                console.failure(&failure);
                report.end(&format!("the rehearsal ended before: {}", failure.sentence()));
            }
        }
        report.end("it was not come to");
        let heading = format!("{heading}, replayed in {:.0} s", report.elapsed().as_secs_f64());
        Ok(report.print(&heading, &self.basis(&stage, &month, began)))
    }

    /// Everything that takes a node that runs.
    async fn go(&self, stage: &mut Stage, report: &mut Report, month: &Month) -> Result<(Shelves, Traffic), Failure> {
        met(stage, report).await;
        let traffic = traffic::send(stage, month.documents.clone()).await?;
        report
            .hold(Point::Issued, async { traffic::issued(stage, &traffic, month.documents.len(), month.passed_over) })
            .await;
        report.hold(Point::Held, traffic::held(stage, &traffic)).await;
        report.hold(Point::Cosigned, traffic::cosigned(stage, &traffic)).await;
        report.hold(Point::Bundles, traffic::bundles(stage, &traffic)).await;
        report.hold(Point::Arrivals, traffic::arrivals(stage, &traffic)).await;
        let mut parts = traffic.sent.iter().map(|sent| sent.number.as_str());
        let mut part = || parts.next().unwrap_or_default();
        let suspended = part();
        report.hold(Point::Suspended, stage.suspended(suspended)).await;
        report.hold(Point::Reinstated, stage.reinstated(suspended)).await;
        report.hold(Point::Withdrawn, stage.withdrawn(part())).await;
        report.hold(Point::Cancelled, stage.cancelled(part())).await;
        let replaced = part();
        let document = traffic.document(replaced, &month.documents);
        report.hold(Point::Replaced, stage.replaced(replaced, document.map_or("", String::as_str))).await;
        report.hold(Point::TrueCopy, stage.true_copy(part())).await;
        report.hold(Point::Accepted, stage.accepted(part())).await;
        report.hold(Point::Denied, stage.denied(part())).await;
        let used = part();
        report.hold(Point::WrittenOff, stage.written_off(used)).await;
        report.hold(Point::Exceeded, stage.exceeded(used)).await;
        report.hold(Point::UsedStands, stage.used_stands(used)).await;
        report.hold(Point::Enquiry, stage.enquiry(part())).await;
        // One that nothing was done with.
        let untouched = part();
        if report.passed(Point::Cosigned) {
            self.bad_days(stage, report, month).await?;
            self.rotated(stage, report, (month, untouched)).await;
        }
        report
            .hold(Point::Snapshots, async {
                let bundle = stage.verdict(untouched, Headline::Valid).await?;
                stage.snapshots(&bundle)
            })
            .await;
        if report.passed(Point::Held) {
            traffic::receipted(stage, &traffic).await?;
        }
        let state = stage.node.partners().await?;
        report.hold(Point::Findings, async { findings(stage, &state) }).await;
        stage.dismiss().await?;
        Ok((Shelves::of(stage, &state), traffic))
    }

    /// The partner cannot reach the node; some go by file, some are caught up with.
    async fn bad_days(&self, stage: &mut Stage, report: &mut Report, month: &Month) -> Result<(), Failure> {
        let count = (month.documents.len() / PAST.0).clamp(1, PAST.1);
        let documents = month.some_of(count);
        let elsewhere = stage.cut_off().await?;
        let by_file = stage.issue_past(&documents).await;
        let wait = Duration::from_secs(self.carrier_wait);
        report
            .hold(Point::Package, async {
                stage.package(self.carrier.as_deref(), wait, by_file.as_ref().map_err(Clone::clone)?).await
            })
            .await;
        let missed = stage.issue_past(&documents).await;
        drop(elsewhere);
        let begun = Instant::now();
        stage.back().await?;
        report
            .hold(Point::Outage, async { stage.caught_up(begun, missed.as_ref().map_err(Clone::clone)?).await })
            .await;
        Ok(())
    }

    async fn rotated(&self, stage: &mut Stage, report: &mut Report, (month, old): (&Month, &str)) {
        let document = month.documents.first().cloned().unwrap_or_default();
        report.hold(Point::Rotation, stage.rotated(self.offline.as_deref(), old, &document)).await;
    }

    /// The node is stopped: its logs are read from their first entries.
    async fn read_again(&self, stage: &Stage, report: &mut Report, shelves: &Shelves, traffic: &Traffic) {
        report.hold(Point::OwnLogs, async { stage.own_logs() }).await;
        report.hold(Point::PartnerLogs, async { stage.partner_logs(shelves) }).await;
        report.hold(Point::Receipts, async { stage.receipts(shelves, traffic.sizes()) }).await;
        let tls = self.tls.as_arguments();
        let tls = tls.iter().map(OsString::as_os_str).collect::<Vec<_>>();
        let asked = (self.door.as_deref(), self.auditor.as_ref());
        report.hold(Point::PartnerDoor, async { stage.partner_door(shelves, asked, &tls) }).await;
    }

    /// What the report rests on.
    fn basis(&self, stage: &Stage, month: &Month, began: Timestamp) -> Vec<(&'static str, String)> {
        let trust = &stage.trust;
        let address = trust.node(&stage.partner.node).and_then(|node| node.grpc.as_ref());
        let people = match (&stage.door, &self.door) {
            (Some(_), Some(door)) => format!("people of the partner at {door}, by tokens that it gave"),
            _ => "nobody of the partner".to_owned(),
        };
        vec![
            ("began", began.to_string()),
            (
                "trust_list",
                format!("version {}, SHA-256 {}, next due {}", trust.version(), trust.digest(), trust.next_update()),
            ),
            ("program", format!("origin {} here; the partner does not say which", env!("CARGO_PKG_VERSION"))),
            ("partner", format!("{} at {}", stage.partner.node, address.map_or_else(String::new, ToString::to_string))),
            ("addressee", format!("{} for {}", stage.partner.customs, stage.partner.country)),
            ("certificates", month.source.clone()),
            ("people", people),
            (
                "dates",
                "the node's clock: every certificate is dated the day it was issued, and no time was compressed"
                    .to_owned(),
            ),
            ("held_to", "what the partner showed to this node, and what it signed; not what it does unseen".to_owned()),
        ]
    }
}

/// Whether the partner is there, believes the same, and knows the time.
async fn met(stage: &Stage, report: &mut Report) {
    let otherwise = format!("{} is not connected", stage.partner.node);
    report
        .hold(Point::Connected, async {
            let there =
                |state: &wire::ListPartnersResponse| stage.its(state).is_some_and(|its| its.connected_since.is_some());
            let begun = Instant::now();
            stage.node.until(&otherwise, there).await?;
            Ok(Seen::held(format!("connected after {:.1} s", report::seconds(begun.elapsed()))))
        })
        .await;
    if !report.passed(Point::Connected) {
        report.hold(Point::TrustList, async { Ok(Seen::not_exercised("")) }).await;
        report.hold(Point::Clock, async { Ok(Seen::not_exercised("")) }).await;
        return;
    }
    let its = stage.greeted().await;
    report.hold(Point::TrustList, async { same_list(stage, its.as_ref().map_err(Clone::clone)?) }).await;
    report
        .hold(Point::Clock, async {
            let ahead = its.as_ref().map_err(Clone::clone)?.clock_ahead_ms;
            let ahead = ahead.ok_or_else(|| failed("it does not say what time it is"))?;
            if ahead.unsigned_abs() > CLOCKS_APART_MS {
                return Err(failed(format!("its clock is {ahead:+} ms off this one")));
            }
            Ok(Seen::held(format!("{ahead:+} ms")).with("milliseconds_ahead", ahead))
        })
        .await;
}

fn same_list(stage: &Stage, its: &wire::PartnerState) -> Result<Seen, Failure> {
    let (own, there) = (stage.trust.version(), its.trust_version);
    if its.trust_forked {
        return Err(failed(format!("its trust list {there} is another than this node's of the same version"))
            .note("one of the two was not made by the federation's rules: compare origin trust show"));
    }
    if there != own {
        return Err(failed(format!("it uses trust list {there}, and this node {own}")));
    }
    Ok(Seen::held(format!("version {there}")).with("version", there))
}

/// What this node has against the partner's logs.
fn findings(stage: &Stage, state: &wire::ListPartnersResponse) -> Result<Seen, Failure> {
    if let Some(forked) = state.forked.first() {
        return Err(failed(format!("{} has shown two histories", forked.origin)));
    }
    let logs = stage.its(state).into_iter().flat_map(|its| &its.logs).filter(|log| log.inward).collect::<Vec<_>>();
    if let Some(log) = logs.iter().find(|log| log.findings > 0) {
        let entries = counted(log.findings, "entry", "entries");
        return Err(Failure::new(Exit::Failed, format!("{entries} of {} failed a check here", log.origin))
            .note("origin partner findings"));
    }
    if let Some(log) = logs.iter().find(|log| log.missing_disclosures > 0) {
        let entries = counted(log.missing_disclosures, "entry", "entries");
        return Err(failed(format!("{entries} of {} came without disclosures", log.origin)));
    }
    let entries = logs.iter().map(|log| log.held).sum::<u64>();
    Ok(Seen::held(format!("none in {entries} entries of {} logs", logs.len())).with("entries", entries))
}
