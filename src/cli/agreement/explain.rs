//! `origin agreement explain`: the rules for a product, and what they say of goods made as declared.

use super::named;
use crate::{
    agreement::{Agreement, CodeKind, Edition, Lists, OriginJudgement, OriginRule},
    certificate::{AgreementCode, Asked, HsDigits, Particulars},
    cli::{
        Outcome, agreements, arguments,
        certificate::findings_text,
        console::{Colour, Console, Exit, Failure},
        files::{self, Source},
        list::ListsArgument,
        origin,
        rows::Rows,
        tree::plain,
    },
    production::Production,
    time::Date,
};
use serde_json::json;
use std::{path::PathBuf, process::ExitCode};

/// Bytes of a declaration.
const MOST_BYTES: usize = 1 << 20;

/// Show the rules of origin for a product, or judge declared production by them, line by line
///
/// With a certificate and a declaration: exit code 0 if nothing forbids the claims, 1 otherwise.
#[derive(Debug, clap::Args)]
#[command(group = clap::ArgGroup::new("what").required(true).multiple(true).args(["hs", "certificate"]))]
pub(super) struct Arguments {
    /// The agreement's code, such as CPFTA
    #[arg(value_name = "CODE", value_parser = arguments::agreement)]
    agreement: AgreementCode,
    /// The goods, by at least six digits of the Harmonized System
    #[arg(long, value_name = "DIGITS")]
    hs: Option<HsDigits>,
    /// The certificate, TOML or JSON; `-` is standard input
    #[arg(long, value_name = "FILE", requires = "production")]
    certificate: Option<Source>,
    /// How its goods were made, TOML or JSON (see origin agreement template)
    #[arg(long, value_name = "FILE", requires = "certificate")]
    production: Option<PathBuf>,
    #[command(flatten)]
    lists: ListsArgument,
    /// The day to judge by [default: today in the time zone of this machine]
    #[arg(long, value_name = "DATE", value_parser = arguments::date)]
    on: Option<Date>,
    /// Folder of agreement files [default: those that come with the program]
    #[arg(long, value_name = "DIR")]
    agreements: Option<PathBuf>,
}

impl Arguments {
    pub(super) fn run(self, console: Console) -> Outcome {
        let all = agreements::load(self.agreements.as_deref())?;
        let agreement = named(&all, &self.agreement)?;
        let on = self.on.unwrap_or_else(arguments::today);
        match (&self.certificate, &self.production, &self.hs) {
            (Some(certificate), Some(production), _) => {
                let lists = self.lists.read()?;
                let (particulars, production) = (particulars(certificate)?, declared(production)?);
                if particulars.agreement != agreement.code {
                    let error = format!("the certificate is of {}, not of {}", particulars.agreement, agreement.code);
                    return Err(Failure::new(Exit::Failed, error));
                }
                let mut judgement = agreement.judge_origin(&particulars, &production, lists.rates(), on);
                agreement.check_codes(&particulars, on, &lists, &mut judgement.findings);
                agreement.name_boxes(&mut judgement.findings, &Asked::of(&particulars), on);
                Ok(tell(console, &particulars, &judgement, on))
            }
            (_, _, Some(code)) => {
                let lists = self.lists.read()?;
                show(console, agreement, code, on, &lists)
            }
            _ => Err(Failure::new(Exit::Usage, "name the goods by --hs, or give --certificate and --production")),
        }
    }
}

fn refused(what: &str, findings: &impl std::fmt::Display) -> Failure {
    let failure = Failure::new(Exit::Failed, format!("the {what} cannot be read as it stands"));
    findings.to_string().lines().fold(failure, Failure::note)
}

fn particulars(source: &Source) -> Result<Particulars, Failure> {
    let row = Rows::open(source)?.next().transpose()?;
    let row = row.ok_or_else(|| Failure::new(Exit::Failed, format!("`{source}` is empty")))?;
    let reading = row.read();
    reading.particulars.ok_or_else(|| refused("certificate", &reading.findings))
}

fn declared(path: &std::path::Path) -> Result<Production, Failure> {
    let text = files::read_text(path, MOST_BYTES, Exit::Failed)?;
    let json = text.trim_start().starts_with('{');
    let reading = if json { Production::read_json(text.as_bytes()) } else { Production::read_toml(&text) };
    reading.production.ok_or_else(|| refused("declaration of production", &reading.findings))
}

/// The rules for a product.
fn show(console: Console, agreement: &Agreement, code: &HsDigits, on: Date, lists: &Lists) -> Outcome {
    let edition = agreement
        .edition_on(on)
        .ok_or_else(|| Failure::new(Exit::Failed, format!("no edition of {} is in force on {on}", agreement.code)))?;
    let held = agreement.rules.as_ref().and_then(|rules| rules.of(edition)).ok_or_else(|| {
        Failure::new(
            Exit::Failed,
            format!("no rules of origin of {}, edition {}, are held here", agreement.code, edition.code),
        )
        .help("they stand in a file beside the agreement's that says `rules_of`; see origin agreement check --help")
    })?;
    let rules = held.rules_for(Some(code), on);
    if console.is_json() {
        let rules = rules.iter().map(|rule| rule_as_json(rule)).collect::<Vec<_>>();
        console.data(json!({ "agreement": agreement.code, "edition": edition.code, "hs": code, "rules": rules }));
        return Ok(ExitCode::SUCCESS);
    }
    console
        .data(console.paint(Colour::Bold, &format!("{}, edition {}: goods of {code}", agreement.code, edition.code)));
    // Rules are written in codes of one edition, which is seldom the one that holds.
    let written_in = edition.hs.edition.value().and_then(|edition| lists.hs(*edition));
    if let Some(list) = written_in.or_else(|| lists.of(CodeKind::Hs, on)) {
        let described = list.described(code);
        for one in &described {
            console.data(format!("  {:6} {}", one.code, plain(one.name)));
        }
        if !described.iter().any(|one| one.code == code.subheading()) {
            console.data(format!("  {} has no code {}", list.named(), code.subheading()));
        }
    }
    if !rules.iter().any(|rule| rule.hs.is_some()) {
        let note = held.products_complete.note().map(|note| format!(": {note}")).unwrap_or_default();
        console.data(format!("  no rule for this product is held{}", plain(&note)));
    }
    for rule in rules {
        describe(console, edition, rule);
    }
    Ok(ExitCode::SUCCESS)
}

fn describe(console: Console, edition: &Edition, rule: &OriginRule) {
    let range = rule.hs.as_ref().map(|hs| format!(" for {hs}")).unwrap_or_default();
    let confirmed = if rule.confirmed { "" } else { " (not confirmed)" };
    console.data(format!("  {}{range}: {}{confirmed}", rule.criterion, rule.rule));
    if let Some(criterion) = edition.criteria.iter().find(|one| one.code == rule.criterion) {
        console.data(format!("      {}", plain(&criterion.meaning)));
        if let Some(printed) = criterion.printed.value() {
            let printed = printed.replace("{percent}", "<percentage>").replace("{heading}", "<heading>");
            console.data(format!("      the form prints `{}`", plain(&printed)));
        }
    }
    for text in rule.article.iter().chain(&rule.note) {
        console.data(format!("      {}", plain(text)));
    }
}

fn rule_as_json(rule: &OriginRule) -> serde_json::Value {
    json!({
        "criterion": rule.criterion,
        "hs": rule.hs.as_ref().map(ToString::to_string),
        "rule": rule.rule.to_string(),
        "article": rule.article,
        "confirmed": rule.confirmed,
        "note": rule.note,
    })
}

fn tell(console: Console, particulars: &Particulars, judgement: &OriginJudgement, on: Date) -> ExitCode {
    if console.is_json() {
        console.data(json!(judgement));
    } else {
        let certificate = serde_json::from_str(&particulars.to_json()).unwrap_or_default();
        let paint = |colour, text: &str| console.paint(colour, text);
        console.raw(origin::items(&paint, &certificate, &json!(judgement.items)).as_bytes());
        console.raw(findings_text(console, &judgement.findings).as_bytes());
        console.message(format!("judged as of {on}"));
    }
    if judgement.findings.has_errors() { ExitCode::from(Exit::Failed.code()) } else { ExitCode::SUCCESS }
}
