//! One figure as it is printed.

use super::asked::Asked;
use hdrhistogram::Histogram;
use serde::Serialize;
use std::{fmt, time::Duration};

/// The figures there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, clap::ValueEnum)]
pub(super) enum Name {
    /// Certificates a second that are durable and published, by streams of 64 rows a message
    #[value(name = "issue_stream")]
    #[serde(rename = "issue_stream")]
    IssueStream,
    /// The same by 64 callers, each with one call for one certificate
    #[value(name = "issue_unary_64")]
    #[serde(rename = "issue_unary_64")]
    IssueUnary64,
    /// Verdicts a second on all cores, each by a verifier that has seen nothing before
    #[value(name = "verify_cold")]
    #[serde(rename = "verify_cold")]
    VerifyCold,
    /// Verdicts a second on all cores where checkpoint and status list were seen before
    #[value(name = "verify_warm")]
    #[serde(rename = "verify_warm")]
    VerifyWarm,
    /// Verdicts a second by one call each
    #[value(name = "verify_rpc")]
    #[serde(rename = "verify_rpc")]
    VerifyRpc,
    /// Bytes on the disk for each byte of certificate, index and hashes included
    #[value(name = "disk_ratio")]
    #[serde(rename = "disk_ratio")]
    DiskRatio,
    /// Seconds from the start to the first answer, after a kill -9 with 100,000 certificates
    #[value(name = "restart_100k")]
    #[serde(rename = "restart_100k")]
    Restart100k,
    /// Certificates a second at 100,000 entries (--full: 1,000,000), beside those at 10,000
    #[value(name = "issue_growth")]
    #[serde(rename = "issue_growth")]
    IssueGrowth,
    /// Certificates a second while a partner that was empty catches up, every signature checked and everything
    /// durable; then the most memory its process took
    #[value(name = "catch_up")]
    #[serde(rename = "catch_up")]
    CatchUp,
    /// The second line of `catch_up`.
    #[value(skip)]
    #[serde(rename = "catch_up_memory")]
    CatchUpMemory,
    /// Milliseconds from asking for a certificate until a partner holds it and its cosignature is in the bundle
    #[value(name = "cosigned_latency")]
    #[serde(rename = "cosigned_latency")]
    CosignedLatency,
    /// The same until customs of the importing country find it among their arrivals too, with all it says
    #[value(name = "arrival_latency")]
    #[serde(rename = "arrival_latency")]
    ArrivalLatency,
    /// Certificates a second while eight partners pull, each its log, with cores and disks that are not the issuer's, beside
    /// those without; then what seven of them get while the eighth has stopped reading
    #[value(name = "partners_8")]
    #[serde(rename = "partners_8")]
    Partners8,
    /// The second line of `partners_8`.
    #[value(skip)]
    #[serde(rename = "partner_stalled")]
    PartnerStalled,
    /// Certificates a second while fifty partners pull, each its log, with cores and disks that are not the issuer's, beside
    /// those without; then what the slowest of them gets, beside an even share
    #[value(name = "partners_50")]
    #[serde(rename = "partners_50")]
    Partners50,
    /// The second line of `partners_50`.
    #[value(skip)]
    #[serde(rename = "partner_slowest")]
    PartnerSlowest,
    /// Milliseconds for what is left of a certificate, asked of customs with 20,000 write-offs (--full: 1,000,000), beside
    /// an empty call
    #[value(name = "balance")]
    #[serde(rename = "balance")]
    Balance,
    /// Milliseconds, of 99 in 100, for a declaration of 50 lines held against a certificate of 50 items that are all alike,
    /// by customs to whom 30,000 certificates came (--full: 1,000,000), beside an empty call
    #[value(name = "match_declaration")]
    #[serde(rename = "match_declaration")]
    MatchDeclaration,
    /// Checks a second, on one core, of an application of 20 items with 12 materials each: every rule of form and origin
    #[value(name = "check_application")]
    #[serde(rename = "check_application")]
    CheckApplication,
    /// Exports a second, on one core, of an opened certificate of 5 items: UN/CEFACT JSON, UBL XML and CSV in turn
    #[value(name = "export")]
    #[serde(rename = "export")]
    Export,
    /// Applications a second that are imported by streams of 64 rows a message, each checked and durable
    #[value(name = "import_applications")]
    #[serde(rename = "import_applications")]
    ImportApplications,
    /// Certificates a second from the application to the certificate, examined by machine and signed under a policy
    #[value(name = "auto_issue")]
    #[serde(rename = "auto_issue")]
    AutoIssue,
    /// Milliseconds for the first page of an office's queue while 20,000 applications wait (--full: 1,000,000)
    #[value(name = "queue_first_page")]
    #[serde(rename = "queue_first_page")]
    QueueFirstPage,
    /// Certificates of five items printed a second by one caller, the time for one of a hundred, and the size of the first
    #[value(name = "pdf")]
    #[serde(rename = "pdf")]
    Pdf,
    /// Milliseconds for a printed certificate of a hundred items; measured with pdf
    #[value(name = "pdf_long")]
    #[serde(rename = "pdf_long")]
    PdfLong,
    /// Kilobytes of a printed certificate of five items; measured with pdf
    #[value(name = "pdf_size")]
    #[serde(rename = "pdf_size")]
    PdfSize,
    /// Milliseconds to find a stamp on a photograph of twelve million pixels and to judge it, beside adding the pixels up
    #[value(name = "stamp_photo")]
    #[serde(rename = "stamp_photo")]
    StampPhoto,
}

impl Name {
    /// All that take no longer than a minute.
    pub(super) const USUAL: [Self; 20] = [
        Self::IssueStream,
        Self::IssueUnary64,
        Self::VerifyCold,
        Self::VerifyWarm,
        Self::VerifyRpc,
        Self::DiskRatio,
        Self::Restart100k,
        Self::CatchUp,
        Self::CosignedLatency,
        Self::ArrivalLatency,
        Self::Partners8,
        Self::Balance,
        Self::MatchDeclaration,
        Self::CheckApplication,
        Self::Export,
        Self::ImportApplications,
        Self::AutoIssue,
        Self::QueueFirstPage,
        Self::Pdf,
        Self::StampPhoto,
    ];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::IssueStream => "issue_stream",
            Self::IssueUnary64 => "issue_unary_64",
            Self::VerifyCold => "verify_cold",
            Self::VerifyWarm => "verify_warm",
            Self::VerifyRpc => "verify_rpc",
            Self::DiskRatio => "disk_ratio",
            Self::Restart100k => "restart_100k",
            Self::IssueGrowth => "issue_growth",
            Self::CatchUp => "catch_up",
            Self::CatchUpMemory => "catch_up_memory",
            Self::CosignedLatency => "cosigned_latency",
            Self::ArrivalLatency => "arrival_latency",
            Self::Partners8 => "partners_8",
            Self::PartnerStalled => "partner_stalled",
            Self::Partners50 => "partners_50",
            Self::PartnerSlowest => "partner_slowest",
            Self::Balance => "balance",
            Self::MatchDeclaration => "match_declaration",
            Self::CheckApplication => "check_application",
            Self::Export => "export",
            Self::ImportApplications => "import_applications",
            Self::AutoIssue => "auto_issue",
            Self::QueueFirstPage => "queue_first_page",
            Self::Pdf => "pdf",
            Self::PdfLong => "pdf_long",
            Self::PdfSize => "pdf_size",
            Self::StampPhoto => "stamp_photo",
        }
    }
}

/// What was measured, beside what bounds it.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Figure {
    pub(super) name: Name,
    pub(super) value: f64,
    pub(super) unit: &'static str,
    /// In the same unit, from the same run.
    pub(super) limit: f64,
    pub(super) ratio: f64,
    pub(super) percentiles: Option<Percentiles>,
    /// What the limit is, for people.
    #[serde(skip)]
    limited_by: String,
}

/// How long calls took, in milliseconds.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Percentiles {
    pub(super) p50: f64,
    p90: f64,
    pub(super) p99: f64,
    p999: f64,
    max: f64,
}

impl Figure {
    pub(super) fn new(name: Name, value: f64, unit: &'static str, limit: Limit) -> Self {
        let ratio = if limit.value > 0.0 { value / limit.value } else { 0.0 };
        Self { name, value, unit, limit: limit.value, ratio, percentiles: None, limited_by: limit.what }
    }

    /// Adds how long its calls took.
    pub(super) fn with_calls(mut self, calls: &Calls) -> Self {
        self.percentiles = Some(calls.percentiles());
        self
    }

    /// What is promised of it and not kept.
    pub(super) fn missed(&self) -> impl Iterator<Item = Asked> {
        self.name.asked().iter().copied().filter(|asked| !asked.is_met(self))
    }

    /// One line for machines.
    pub(super) fn to_json(&self) -> String {
        #[derive(Serialize)]
        struct Line<'a> {
            #[serde(flatten)]
            figure: &'a Figure,
            missed: Vec<String>,
        }
        let missed = self.missed().map(|asked| asked.to_string()).collect();
        serde_json::to_string(&Line { figure: self, missed }).unwrap_or_default()
    }
}

impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let decimals = if self.value.max(self.limit) < 100.0 { 2 } else { 0 };
        write!(
            f,
            "{:16} {:>9.decimals$} {:15} limit {:>9.decimals$} ({}), ratio {:.2}",
            self.name.as_str(),
            self.value,
            self.unit,
            self.limit,
            self.limited_by,
            self.ratio,
        )?;
        if let Some(Percentiles { p50, p99, max, .. }) = &self.percentiles {
            write!(f, "; p50 {p50:.2} ms, p99 {p99:.2} ms, max {max:.2} ms")?;
        }
        self.missed().try_for_each(|asked| write!(f, "; MISSED: {asked}"))
    }
}

/// A limit and what it is made of.
#[derive(Debug, Clone)]
pub(super) struct Limit {
    pub(super) value: f64,
    what: String,
}

impl Limit {
    pub(super) fn new(value: f64, what: impl Into<String>) -> Self {
        Self { value, what: what.into() }
    }

    /// Both have to be done on the same cores: their costs add up.
    pub(super) fn and(self, other: Self) -> Self {
        let value = 1.0 / (1.0 / self.value + 1.0 / other.value);
        Self { value, what: format!("{} and {}", self.what, other.what) }
    }

    /// Each goes on while the other does: the slower one bounds.
    pub(super) fn or(self, other: Self) -> Self {
        if other.value < self.value { other } else { self }
    }
}

/// Times of calls, to three digits. Beyond an hour they count as an hour.
#[derive(Debug, Clone)]
pub(super) struct Calls(Histogram<u64>);

impl Calls {
    /// None yet.
    pub(super) fn none() -> Result<Self, crate::cli::console::Failure> {
        Histogram::new_with_max(3_600_000_000, 3)
            .map(Self)
            .map_err(|error| crate::cli::console::Failure::new(crate::cli::console::Exit::Failed, error))
    }

    pub(super) fn note(&mut self, took: Duration) {
        self.0.saturating_record(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    }

    pub(super) fn add(&mut self, other: &Self) {
        // Both have the same bounds, so that nothing can fail to fit.
        let _ = self.0.add(&other.0);
    }

    /// The call in the middle, in milliseconds.
    pub(super) fn median(&self) -> f64 {
        self.percentiles().p50
    }

    /// What they took on average, in milliseconds.
    pub(super) fn mean(&self) -> f64 {
        self.0.mean() / 1_000.0
    }

    /// What 99 in 100 do not exceed, in milliseconds.
    pub(super) fn slow(&self) -> f64 {
        self.percentiles().p99
    }

    fn percentiles(&self) -> Percentiles {
        let at = |quantile| real(self.0.value_at_quantile(quantile)) / 1_000.0;
        Percentiles { p50: at(0.5), p90: at(0.9), p99: at(0.99), p999: at(0.999), max: real(self.0.max()) / 1_000.0 }
    }
}

/// A count as a real number.
#[allow(clippy::cast_precision_loss, reason = "a figure for people; 2^52 of anything are out of reach")]
pub(super) fn real(count: u64) -> f64 {
    count as f64
}

/// How many a second.
pub(super) fn rate(count: u64, within: Duration) -> f64 {
    real(count) / within.as_secs_f64().max(f64::MIN_POSITIVE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::ValueEnum;

    #[test]
    fn a_figure_is_one_json_object_with_its_limit_and_its_calls() {
        let mut calls = Calls::none().unwrap();
        (1..=1_000).for_each(|n| calls.note(Duration::from_millis(n)));
        let limit = Limit::new(20_000.0, "signatures");
        let figure = Figure::new(Name::IssueUnary64, 5_000.0, "certificates/s", limit).with_calls(&calls);
        let json: serde_json::Value = serde_json::from_str(&figure.to_json()).unwrap();
        assert_eq!(json["name"], "issue_unary_64");
        assert_eq!((json["value"].as_f64(), json["limit"].as_f64()), (Some(5_000.0), Some(20_000.0)));
        assert_eq!((json["unit"].as_str(), json["ratio"].as_f64()), (Some("certificates/s"), Some(0.25)));
        let median = json["percentiles"]["p50"].as_f64().unwrap();
        assert!((median - 500.0).abs() < 1.0, "{median}");
        assert_eq!(json["missed"], serde_json::json!([]));
        assert_eq!(json.as_object().unwrap().len(), 7);
    }

    #[test]
    fn a_figure_without_calls_says_null() {
        let figure = Figure::new(Name::DiskRatio, 1.1, "x payload", Limit::new(1.0, "the payload"));
        let json: serde_json::Value = serde_json::from_str(&figure.to_json()).unwrap();
        assert_eq!(json["percentiles"], serde_json::Value::Null);
    }

    #[test]
    fn costs_on_the_same_cores_add_up_and_others_bound_by_the_slowest() {
        let both = Limit::new(100.0, "a").and(Limit::new(100.0, "b"));
        assert!((both.value - 50.0).abs() < 1e-9);
        assert!((both.or(Limit::new(80.0, "c")).value - 50.0).abs() < 1e-9);
    }

    #[test]
    fn every_name_is_written_the_same_everywhere() {
        for name in Name::value_variants() {
            let value = name.to_possible_value().unwrap();
            assert_eq!(value.get_name(), name.as_str());
            assert_eq!(serde_json::to_value(name).unwrap(), name.as_str());
        }
    }
}
