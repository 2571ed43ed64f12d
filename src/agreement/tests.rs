//! Every agreement that ships, and the clauses a file can state.

mod clauses;
mod figures;
mod shipped;
mod table;
mod windows;

use super::{
    criterion::CriterionRule,
    edition::Edition,
    load::{Agreement, Agreements},
    parties::Side,
    testing::particulars,
};
use crate::{
    agreement::{Holidays, Judgement},
    certificate::{Finding, Ruling, Severity},
    time::Date,
};
use std::{fs, path::Path};

fn date(text: &str) -> Date {
    text.parse().unwrap()
}

/// Name and text of every file of the folder.
fn files() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("node-config/agreements");
    let mut files: Vec<(String, String)> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read_to_string(&path).unwrap()))
        .collect();
    files.sort();
    files
}

fn all() -> Agreements {
    Agreements::load(files()).unwrap_or_else(|errors| panic!("{errors}"))
}

fn get(code: &str) -> Agreement {
    all().get(&code.parse().unwrap()).unwrap_or_else(|| panic!("{code}")).clone()
}

/// The agreement of one shipped file with pieces of its text replaced.
fn changed(name: &str, changes: &[(&str, &str)]) -> Agreement {
    let (_, mut text) = files().into_iter().find(|(file, _)| file == name).unwrap();
    for (old, new) in changes {
        assert!(text.contains(old), "{old} is not in {name}");
        text = text.replace(old, new);
    }
    let all = Agreements::load([(name, text)]).unwrap_or_else(|errors| panic!("{errors}"));
    all.iter().next().unwrap().clone()
}

/// What a certificate is filled in with.
struct Filling {
    from: String,
    to: String,
    issued_on: Date,
    left: Date,
    criterion: Option<(String, Option<String>)>,
}

impl Filling {
    /// For the agreement's first route, issued and shipped on one day, under its first criterion.
    fn of(agreement: &Agreement, edition: &Edition, issued_on: Date) -> Self {
        let members = &agreement.parties.members;
        let on = |side: Side| {
            let one_way = agreement.parties.is_one_way();
            members.iter().filter(move |member| !one_way || member.side == Some(side)).map(|m| m.country.to_string())
        };
        let (from, to) = if agreement.parties.open {
            ("PK".to_owned(), "KE".to_owned())
        } else {
            (on(Side::Beneficiary).next().unwrap(), on(Side::Donor).next_back().unwrap())
        };
        let mut filling = Self { from, to, issued_on, left: issued_on, criterion: None };
        if let Some(rule) = edition.criteria.first() {
            filling.under(rule);
        }
        filling
    }

    /// Under this criterion, at its threshold, to a country it is for.
    fn under(&mut self, rule: &CriterionRule) {
        let threshold =
            rule.value.as_ref().map(|figure| figure.value().map_or("50".to_owned(), |v| v.percent.to_string()));
        self.criterion = Some((rule.code.to_string(), threshold));
        if let Some(to) = rule.to.value().and_then(|all| all.last()) {
            self.to = to.to_string();
        }
    }

    /// The agreement's template, every empty text of an uncommented line filled.
    fn fill(&self, template: &str, edition: &Edition) -> String {
        let mut section = String::new();
        let mut out = String::new();
        let rest_of = |line: &str| line.split_once("  #").map_or(line, |(code, _)| code).to_owned();
        for line in template.lines() {
            if line.starts_with('#') {
                continue;
            }
            let mut line = rest_of(line);
            if line.starts_with('[') {
                section.clone_from(&line);
            }
            while let Some(at) = line.find("\"\"") {
                let before = &line[..at];
                let key: String =
                    before.trim_end_matches(['[', ' ', '=', '{']).rsplit(['{', ',', ' ']).next().unwrap_or("").into();
                let place = if line.starts_with("criterion") { "criterion" } else { section.as_str() };
                let value = self.value(place, &key, edition);
                line.replace_range(at..at + 2, &format!("\"{value}\""));
            }
            if let (Some((_, Some(exact))), true) = (&self.criterion, line.starts_with("criterion = ")) {
                line = line.replace(" }", &format!(", percentage = {{ exact = \"{exact}\" }} }}"));
            }
            out.push_str(&line);
            out.push('\n');
        }
        if !out.contains("\nhs = ") {
            out = out.replace("number = 1\n", "number = 1\nhs = { code = \"950662\", edition = \"2022\" }\n");
        }
        if self.criterion.as_ref().is_some_and(|(_, exact)| exact.is_some()) && !out.contains("item_values") {
            let value =
                "item_values = [{ item = 1, basis = \"fob\", amount = { value = \"10\", currency = \"USD\" } }]";
            out = out.replace("[commercial]\n", &format!("[commercial]\n{value}\n"));
        }
        out
    }

    fn value(&self, section: &str, key: &str, edition: &Edition) -> String {
        let digits = usize::try_from(edition.hs.digits.value().copied().unwrap_or(6).max(6)).unwrap();
        match (section, key) {
            (_, "from") => self.from.clone(),
            (_, "to") => self.to.clone(),
            ("[exporter.party]" | "[producer]", "country") | (_, "origin") => self.from.clone(),
            (_, "country") => self.to.clone(),
            ("[reference]", "code") => "01".to_owned(),
            (_, "planned") => self.left.to_string(),
            ("[commercial]", "date") => self.issued_on.to_string(),
            ("[[goods.items]]", "kind") => "CT".to_owned(),
            ("criterion", "code") => self.criterion.as_ref().map_or_else(String::new, |(code, _)| code.clone()),
            ("[[goods.items]]", "code") => format!("{:0<digits$}", "950662"),
            (_, "incoterm") => "FOB".to_owned(),
            (_, "currency") => "USD".to_owned(),
            ("[exporter.registration]", _) => "470Z10001".to_owned(),
            (_, "value") => "10".to_owned(),
            _ => "Filled".to_owned(),
        }
    }
}

#[track_caller]
fn the_one(judgement: &Judgement, severity: Severity, rule: &str) -> Finding {
    let found = of(judgement, severity, rule);
    assert_eq!(found.len(), 1, "{severity:?} {rule}\n{}", judgement.findings);
    found[0].clone()
}

fn of(judgement: &Judgement, severity: Severity, rule: &str) -> Vec<Finding> {
    judgement.findings.iter().filter(|each| each.severity == severity && each.rule == rule).cloned().collect()
}

#[track_caller]
fn ruling(judgement: &Judgement) -> &Ruling {
    judgement.ruling.as_ref().unwrap_or_else(|| panic!("{}", judgement.findings))
}

/// A certificate of `agreement` with pieces of its file replaced, judged as issued on `issued_on`.
fn judged(agreement: &Agreement, issued_on: &str, changes: &[(&str, &str)]) -> Judgement {
    let issued_on = date(issued_on);
    let edition = agreement.edition_on(issued_on).unwrap();
    let filling = Filling::of(agreement, edition, issued_on);
    judged_as(agreement, edition, &filling, changes)
}

fn judged_as(agreement: &Agreement, edition: &Edition, filling: &Filling, changes: &[(&str, &str)]) -> Judgement {
    let mut text = filling.fill(&agreement.template(), edition);
    for (old, new) in changes {
        assert!(text.contains(old), "{old} is not in\n{text}");
        text = text.replace(old, new);
    }
    agreement.judged(&particulars(&text), filling.issued_on)
}
