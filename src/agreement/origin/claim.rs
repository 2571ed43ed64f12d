//! What the certificate claims, held against what the declaration supports.

use super::{
    exact::Exact,
    outcome::{Answer, ItemOrigin, Outcome, Reckoning, RuleResult, Support},
};
use crate::{
    agreement::edition::{Edition, PercentPrinted},
    certificate::{ContentBasis, Criterion, CriterionCode, Finding, Findings, HsDigits, Percentage, Severity},
    encoding::Decimal,
};
use std::{collections::BTreeMap, fmt::Write};

/// What the form prints for a criterion of an item, where everything it shows is known; without the letters that
/// some forms put behind it.
pub(super) fn printed(
    edition: &Edition,
    code: &CriterionCode,
    hs: Option<&HsDigits>,
    percentage: Option<Decimal>,
) -> Option<String> {
    let template = edition.criteria.iter().find(|rule| rule.code == *code)?.printed.value()?;
    let template =
        if template.contains("{heading}") { template.replace("{heading}", hs?.heading()) } else { template.clone() };
    if !template.contains("{percent}") {
        return Some(template);
    }
    let exact = Exact::of(percentage?);
    let percent = match edition.percent_printed.value() {
        Some(PercentPrinted::AsStated) => exact.shown(6),
        Some(PercentPrinted::Truncated) | None => exact.shown(0),
    };
    Some(template.replace("{percent}", &percent))
}

/// The first line that answers as the whole does: what decided.
fn deciding(reckoning: &Reckoning) -> &str {
    let lines = reckoning.lines.iter().filter(|line| line.answer == Some(reckoning.answer));
    lines.map(|line| line.text.as_str()).next().unwrap_or("no part of the rule is met")
}

fn some_of(doubts: &[String]) -> String {
    const SHOWN: usize = 3;
    let mut text = doubts.iter().take(SHOWN).cloned().collect::<Vec<_>>().join("; ");
    if doubts.len() > SHOWN {
        // Writing to a String cannot fail.
        let _ = write!(text, "; and {} more", doubts.len() - SHOWN);
    }
    text
}

fn supported(support: &Support) -> String {
    let percentage = support.percentage.map(|percent| format!(", {} %", Exact::of(percent).shown(2)));
    let printed = support.printed.as_ref().map(|text| format!(", printed `{text}`"));
    format!(
        "what is declared supports `{}`{} on the {} basis{}",
        support.criterion,
        percentage.unwrap_or_default(),
        support.basis,
        printed.unwrap_or_default()
    )
}

/// Says what there is to say of one item; `path` is that of its criterion, and `open` why nothing is known where no
/// rule is open.
pub(super) fn say(
    item: &ItemOrigin,
    claimed: Option<&Criterion>,
    code: &str,
    open: Option<&str>,
    path: &str,
    findings: &mut Findings,
) {
    let result = claimed.and_then(|claimed| item.rules.iter().find(|rule| rule.criterion == claimed.code));
    match (claimed, result) {
        (Some(claimed), Some(result)) => {
            let basis = claimed.percentage.as_ref().and_then(|percentage| percentage.basis);
            let (basis, reckoning) = match basis {
                Some(basis) => (basis, result.on(basis)),
                None => result.best(),
            };
            claim(item, claimed, result, (basis, reckoning), path, findings);
        }
        (Some(claimed), None) => {
            let message = format!(
                "whether `{}` may be claimed for these goods is not known: no such rule of {code} is held for them",
                claimed.code
            );
            let mut finding = Finding::unknown("ORIGIN_CLAIM", format!("{path}.code"), message);
            finding.help = item.supports.as_ref().map(supported);
            findings.push(finding);
        }
        (None, _) => outcome(item, code, open, path, findings),
    }
}

/// An item that claims nothing.
fn outcome(item: &ItemOrigin, code: &str, open: Option<&str>, path: &str, findings: &mut Findings) {
    match item.outcome {
        Outcome::Qualifies => {}
        Outcome::DoesNotQualify => {
            let reasons = item.rules.iter().map(|rule| format!("{}: {}", rule.rule, deciding(rule.best().1)));
            let message =
                format!("the goods do not originate under {code}: {}", reasons.collect::<Vec<_>>().join("; "));
            findings.push(Finding::error("ORIGIN", path, message));
        }
        Outcome::Unknown => {
            let unsure = item.rules.iter().find(|rule| rule.best().1.answer != Answer::NotMet);
            let why = match unsure {
                Some(rule) if rule.best().1.answer == Answer::Met => {
                    format!("`{}` is met, by a rule that is not confirmed: {}", rule.criterion, rule.rule)
                }
                Some(rule) => some_of(&rule.best().1.doubts),
                None => open.unwrap_or("no rule held here is met").to_owned(),
            };
            let message = format!("whether the goods originate under {code} is not known: {why}");
            findings.push(Finding::unknown("ORIGIN", path, message));
        }
    }
}

/// An item that claims a criterion for which a rule is held.
fn claim(
    item: &ItemOrigin,
    claimed: &Criterion,
    result: &RuleResult,
    (basis, reckoning): (ContentBasis, &Reckoning),
    path: &str,
    findings: &mut Findings,
) {
    let sourced = |mut finding: Finding| {
        finding.article.clone_from(&result.article);
        finding
    };
    let name = &claimed.code;
    match (reckoning.answer, result.confirmed) {
        (Answer::Met, true) => {}
        (Answer::Met, false) => {
            let message =
                format!("`{name}` is met by what is declared, and its rule is not confirmed: {}", result.rule);
            let mut finding = Finding::unknown("ORIGIN_CLAIM", format!("{path}.code"), message);
            finding.help.clone_from(&result.note);
            findings.push(sourced(finding));
        }
        (Answer::Unknown, _) => {
            let doubts = some_of(&reckoning.doubts);
            let message = format!("whether `{name}` ({}) is met is not known: {doubts}", result.rule);
            findings.push(sourced(Finding::unknown("ORIGIN_CLAIM", format!("{path}.code"), message)));
        }
        (Answer::NotMet, confirmed) => {
            let why = deciding(reckoning);
            let mut message =
                format!("`{name}` ({}) is claimed, and is not met on the {basis} basis: {why}", result.rule);
            let severity = if confirmed { Severity::Error } else { Severity::Warning };
            if !confirmed {
                message.push_str("; the rule is not confirmed");
            }
            let mut finding = Finding::new(severity, "ORIGIN_CLAIM", format!("{path}.code"), message);
            finding.help = item.supports.as_ref().map(supported);
            findings.push(sourced(finding));
        }
    }
    if let Some(percentage) = &claimed.percentage {
        stated(percentage, result, (basis, reckoning), path, findings);
    }
    if reckoning.answer == Answer::Met && reckoning.de_minimis && !claimed.de_minimis {
        let message = "the tolerance for small quantities is used, and the criterion does not say so";
        let finding = Finding::warning("DE_MINIMIS", format!("{path}.de_minimis"), message);
        findings.push(sourced(finding.with_help("set `de_minimis = true`")));
    }
}

/// The percentage stated against the one the figures give.
fn stated(
    percentage: &Percentage,
    result: &RuleResult,
    (basis, reckoning): (ContentBasis, &Reckoning),
    path: &str,
    findings: &mut Findings,
) {
    let (Some(given), true) = (reckoning.percentage, reckoning.exact) else { return };
    let text = percentage.exact.to_string();
    let places = text.split_once('.').map_or(0, |(_, digits)| digits.len());
    // Stated with fewer digits, it is the same figure cut off.
    let places = u32::try_from(places).unwrap_or(6);
    if Exact::of(given).shown(places) == Exact::of(percentage.exact).shown(places) {
        return;
    }
    let better = if reckoning.at_most { percentage.exact < given } else { percentage.exact > given };
    let working = reckoning
        .lines
        .iter()
        .find(|line| line.text.contains(&Exact::of(given).shown(2)))
        .map_or_else(String::new, |line| format!(" ({})", line.text));
    let message = format!(
        "{text} % is stated; the materials listed give {} % on the {basis} basis{working}",
        Exact::of(given).shown(2)
    );
    let severity = if better && result.confirmed { Severity::Error } else { Severity::Warning };
    let mut finding = Finding::new(severity, PERCENTAGE_STATED, format!("{path}.percentage.exact"), message);
    finding.article.clone_from(&result.article);
    if reckoning.answer == Answer::Met {
        finding.help = Some(format!("write `{}`", Exact::of(given).shown(places)));
    }
    findings.push(finding);
}

/// Another percentage is stated than the figures give.
const PERCENTAGE_STATED: &str = "PERCENTAGE_STATED";

/// Tells a percentage that does not qualify together with the one that the materials give, so that who reads that 38 %
/// is too little reads in the same place that 41 % may be written, and why.
pub fn with_alternatives(findings: &mut Findings) {
    let stated = findings.iter().filter(|one| one.rule == PERCENTAGE_STATED && one.help.is_some());
    let stated = stated.map(|one| (one.path.clone(), one.clone())).collect::<BTreeMap<_, _>>();
    let mut told = Vec::new();
    for refused in findings.0.iter_mut().filter(|one| one.rule == "THRESHOLD" && one.severity == Severity::Error) {
        let Some(other) = stated.get(&refused.path) else { continue };
        let gives = other.message.split_once("; ").map_or(other.message.as_str(), |(_, gives)| gives);
        // What is asked, and by which article, the refusal says itself: a long line is cut off at its end.
        let gives = match gives.rsplit_once("; ") {
            Some((figures, _)) if figures.contains('(') => format!("{figures})"),
            _ => gives.to_owned(),
        };
        let article = other.article.as_ref().filter(|article| refused.article.as_ref() != Some(*article));
        let article = article.map(|article| format!(" ({article})")).unwrap_or_default();
        refused.help = Some(format!("{}: {gives}{article}", other.help.as_deref().unwrap_or_default()));
        told.push(refused.path.clone());
    }
    findings.0.retain(|one| one.rule != PERCENTAGE_STATED || !told.contains(&one.path));
}
