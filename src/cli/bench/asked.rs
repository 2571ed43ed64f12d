//! What is promised of each figure, on a machine of two cores that makes the load as well.

use super::figure::{Figure, Name};
use std::fmt;

/// What of a figure is held against a bound.
#[derive(Debug, Clone, Copy)]
pub(super) enum Part {
    /// The value itself.
    Value,
    /// The value beside the limit of the same run.
    Ratio,
    /// The call in the middle, in milliseconds.
    Median,
    /// What 99 calls in 100 do not exceed, in milliseconds.
    Slow,
}

/// One bound.
#[derive(Debug, Clone, Copy)]
pub(super) enum Asked {
    AtLeast(Part, f64),
    AtMost(Part, f64),
}

use Asked::{AtLeast, AtMost};

impl Asked {
    /// Whether a figure keeps it. A figure that has no such part does not.
    pub(super) fn is_met(self, figure: &Figure) -> bool {
        let (Self::AtLeast(part, bound) | Self::AtMost(part, bound)) = self;
        let seen = match part {
            Part::Value => Some(figure.value),
            Part::Ratio => Some(figure.ratio),
            Part::Median => figure.percentiles.map(|calls| calls.p50),
            Part::Slow => figure.percentiles.map(|calls| calls.p99),
        };
        seen.is_some_and(|seen| if matches!(self, Self::AtLeast(..)) { seen >= bound } else { seen <= bound })
    }
}

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (side, part, bound) = match self {
            Self::AtLeast(part, bound) => ("at least", part, bound),
            Self::AtMost(part, bound) => ("at most", part, bound),
        };
        match part {
            Part::Value => write!(f, "{side} {bound}"),
            Part::Ratio => write!(f, "ratio {side} {bound}"),
            Part::Median => write!(f, "p50 {side} {bound} ms"),
            Part::Slow => write!(f, "p99 {side} {bound} ms"),
        }
    }
}

impl Name {
    /// What is promised of it.
    pub(super) const fn asked(self) -> &'static [Asked] {
        match self {
            Self::IssueStream => &[AtLeast(Part::Value, 10_000.0)],
            Self::IssueUnary64 | Self::VerifyRpc | Self::Export => &[AtLeast(Part::Value, 5_000.0)],
            Self::VerifyCold => &[AtLeast(Part::Value, 3_000.0)],
            Self::VerifyWarm => &[AtLeast(Part::Value, 10_000.0)],
            Self::DiskRatio => &[AtMost(Part::Value, 1.3)],
            Self::Restart100k => &[AtMost(Part::Value, 2.0)],
            Self::IssueGrowth => &[AtLeast(Part::Ratio, 0.8)],
            Self::CatchUp => &[AtLeast(Part::Value, 15_000.0)],
            // Flat: a hundred times as many entries take no more than a quarter more.
            Self::CatchUpMemory => &[AtMost(Part::Ratio, 1.25)],
            Self::CosignedLatency | Self::ArrivalLatency => &[AtMost(Part::Median, 30.0), AtMost(Part::Slow, 150.0)],
            Self::Partners8 => &[AtLeast(Part::Ratio, 0.7)],
            // Seven get what they got with the eighth, but for the noise of the machine.
            Self::PartnerStalled => &[AtLeast(Part::Ratio, 0.9)],
            Self::Partners50 => &[AtLeast(Part::Ratio, 0.6)],
            // Nobody starves.
            Self::PartnerSlowest => &[AtLeast(Part::Ratio, 0.5)],
            Self::Balance => &[AtMost(Part::Value, 1.0)],
            Self::MatchDeclaration | Self::StampPhoto => &[AtMost(Part::Value, 50.0)],
            Self::CheckApplication => &[AtMost(Part::Slow, 5.0)],
            Self::ImportApplications => &[AtLeast(Part::Value, 2_000.0)],
            Self::AutoIssue => &[AtLeast(Part::Value, 1_500.0)],
            Self::QueueFirstPage => &[AtMost(Part::Value, 20.0)],
            Self::Pdf => &[AtLeast(Part::Value, 50.0)],
            Self::PdfLong => &[AtMost(Part::Value, 150.0)],
            Self::PdfSize => &[AtMost(Part::Value, 120.0)],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::figure::{Calls, Limit},
        *,
    };
    use clap::ValueEnum as _;
    use std::{fs, time::Duration};

    fn unmet(figure: &Figure) -> Vec<String> {
        figure.name.asked().iter().filter(|asked| !asked.is_met(figure)).map(ToString::to_string).collect()
    }

    #[test]
    fn a_figure_that_misses_what_is_promised_says_by_which_bound() {
        let limit = || Limit::new(20_000.0, "signatures");
        assert!(unmet(&Figure::new(Name::IssueStream, 10_000.0, "certificates/s", limit())).is_empty());
        assert_eq!(unmet(&Figure::new(Name::IssueStream, 9_999.0, "certificates/s", limit())), ["at least 10000"]);
        assert_eq!(
            unmet(&Figure::new(Name::Partners50, 5_900.0, "/s", Limit::new(10_000.0, "alone"))),
            ["ratio at least 0.6"]
        );
    }

    #[test]
    fn a_latency_is_held_at_the_middle_and_at_the_slow_end() {
        let arrival = |slow| {
            let mut calls = Calls::none().unwrap();
            (0..97).for_each(|_| calls.note(Duration::from_millis(12)));
            (0..3).for_each(|_| calls.note(Duration::from_millis(slow)));
            Figure::new(Name::ArrivalLatency, 12.0, "ms", Limit::new(1.0, "syncs")).with_calls(&calls)
        };
        assert!(unmet(&arrival(100)).is_empty());
        assert_eq!(unmet(&arrival(200)), ["p99 at most 150 ms"]);
        let without = Figure::new(Name::ArrivalLatency, 12.0, "ms", Limit::new(1.0, "syncs"));
        assert_eq!(unmet(&without).len(), 2);
    }

    #[test]
    fn the_page_has_every_figure_with_what_is_promised_of_it() {
        let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/bench.md")).unwrap();
        let rows = page.lines().filter(|line| line.starts_with("| `")).collect::<Vec<_>>();
        let beside = [Name::CatchUpMemory, Name::PartnerStalled, Name::PartnerSlowest];
        let names = Name::value_variants().iter().chain(&beside).collect::<Vec<_>>();
        for name in &names {
            let asked = name.asked().iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            let (begin, end) = (format!("| `{}` |", name.as_str()), format!("| {asked} |"));
            assert!(rows.iter().any(|row| row.starts_with(&begin) && row.ends_with(&end)), "{begin} … {end}");
        }
        assert_eq!(rows.len(), names.len(), "the page has a figure that there is not");
    }
}
