//! Agreement files into agreements, or every mistake of every file.

use super::{
    edition::Edition,
    fields::{Fault, Faults, Fields, read_from_text, read_table},
    origin::OriginRules,
    parties::Parties,
};
use crate::{
    certificate::{
        AgreementCode, ContentBasis, Country, CriterionCode, Currency, EditionCode, FormCode, HsEdition, Language,
    },
    encoding::{Decimal, hex},
    reason::{Class, Reasoned},
    time::Date,
};
use sha2::{Digest, Sha256};
use std::{collections::BTreeMap, fmt};

read_from_text!(
    AgreementCode,
    ContentBasis,
    Country,
    CriterionCode,
    Currency,
    EditionCode,
    FormCode,
    HsEdition,
    Language,
    Decimal
);

/// The version of the file format this house reads.
const FORMAT: u32 = 1;

/// An agreement, or a scheme of certificates that rests on none, with all its editions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreement {
    /// Its code.
    pub code: AgreementCode,
    /// Its name.
    pub title: String,
    /// Whether certificates under it give preference.
    pub preferential: bool,
    /// Who belongs to it.
    pub parties: Parties,
    /// Its editions, earliest first, never two on one day.
    pub editions: Vec<Edition>,
    /// Its rules of origin, where a file of them is installed.
    pub rules: Option<OriginRules>,
}

impl Agreement {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        fields.format(FORMAT);
        let (code, title) = (fields.required("code"), fields.required("title"));
        let preferential = fields.required("preferential");
        let parties = fields.section_required("parties", Parties::read);
        let mut editions = fields.list("editions", Edition::read);
        if editions.is_empty() {
            fields.faults().add("editions", "an agreement has at least one edition");
        }
        editions.sort_by_key(|edition| edition.in_force.from);
        for pair in editions.windows(2) {
            if let [before, after] = pair
                && before.in_force.covers(after.in_force.from)
            {
                let message = format!("editions `{}` and `{}` are in force on one day", before.code, after.code);
                fields.faults().add("editions", message);
            }
        }
        Some(Self { code: code?, title: title?, preferential: preferential?, parties: parties?, editions, rules: None })
    }

    /// The edition in force on `date`.
    #[must_use]
    pub fn edition_on(&self, date: Date) -> Option<&Edition> {
        self.editions.iter().find(|edition| edition.in_force.covers(date))
    }

    /// The edition with this code.
    #[must_use]
    pub fn edition(&self, code: &EditionCode) -> Option<&Edition> {
        self.editions.iter().find(|edition| edition.code == *code)
    }
}

/// Every agreement an operator installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Agreements {
    by_code: BTreeMap<AgreementCode, Agreement>,
    digest: String,
}

impl Agreements {
    /// Reads files, given as name and TOML text: agreements, and rules of origin, which say `rules_of`.
    pub fn load<N: AsRef<str>, T: AsRef<str>>(
        files: impl IntoIterator<Item = (N, T)>,
    ) -> Result<Self, AgreementErrors> {
        let mut files: Vec<(N, T)> = files.into_iter().collect();
        files.sort_by(|a, b| a.0.as_ref().cmp(b.0.as_ref()));
        let mut faults = Vec::new();
        let mut by_code = BTreeMap::new();
        let mut digest = Sha256::new();
        let mut rule_files = Vec::new();
        for (name, text) in &files {
            let (name, text) = (name.as_ref(), text.as_ref());
            for part in [name, text] {
                // Lengths first, so that no two sets of files hash alike.
                digest.update((part.len() as u64).to_be_bytes());
                digest.update(part.as_bytes());
            }
            let found = Faults::of(name);
            let table = read_table(text, &found);
            if let Some(table) = table.as_ref().filter(|table| table.contains_key("rules_of")) {
                rule_files.push((table.clone(), found));
                continue;
            }
            if let Some(agreement) = table.and_then(|table| read_agreement(&table, &found)) {
                if by_code.contains_key(&agreement.code) {
                    found.add("code", format!("`{}` stands in another file too", agreement.code));
                }
                by_code.insert(agreement.code.clone(), agreement);
            }
            faults.extend(found.into_vec());
        }
        for (table, found) in rule_files {
            read_rules(&table, &mut by_code, &found);
            faults.extend(found.into_vec());
        }
        if faults.is_empty() {
            Ok(Self { by_code, digest: hex::encode(&digest.finalize()) })
        } else {
            Err(AgreementErrors(faults))
        }
    }

    /// The agreement with this code.
    #[must_use]
    pub fn get(&self, code: &AgreementCode) -> Option<&Agreement> {
        self.by_code.get(code)
    }

    /// Every agreement, by code.
    pub fn iter(&self) -> impl Iterator<Item = &Agreement> {
        self.by_code.values()
    }

    /// SHA-256 over names and contents of the files, in hexadecimal: what a verdict rests on.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }
}

fn read_agreement(table: &toml::Table, faults: &Faults) -> Option<Agreement> {
    let mut fields = Fields::root(table, faults);
    let agreement = Agreement::read(&mut fields);
    fields.close();
    agreement
}

/// Reads a file of rules of origin and gives them to their agreement.
fn read_rules(table: &toml::Table, agreements: &mut BTreeMap<AgreementCode, Agreement>, faults: &Faults) {
    let mut fields = Fields::root(table, faults);
    fields.format(FORMAT);
    let Some(code) = fields.required::<AgreementCode>("rules_of") else { return };
    let Some(agreement) = agreements.get_mut(&code) else {
        faults.add("rules_of", format!("there is no agreement `{code}` among the files"));
        return;
    };
    if agreement.rules.is_some() {
        faults.add("rules_of", format!("the rules of `{code}` stand in another file too"));
    }
    let rules = OriginRules::read(&mut fields, agreement);
    fields.close();
    agreement.rules = Some(rules);
}

/// Every mistake of every file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgreementErrors(pub Vec<Fault>);

impl fmt::Display for AgreementErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, fault) in self.0.iter().enumerate() {
            let line_end = if index == 0 { "" } else { "\n" };
            write!(f, "{line_end}{}: ", fault.file)?;
            if !fault.path.is_empty() {
                write!(f, "{}: ", fault.path)?;
            }
            f.write_str(&fault.message)?;
        }
        Ok(())
    }
}

impl std::error::Error for AgreementErrors {}

impl Reasoned for AgreementErrors {
    fn reason(&self) -> &'static str {
        "AGREEMENT_FILES_INVALID"
    }

    fn class(&self) -> Class {
        Class::Fatal
    }
}

#[cfg(test)]
mod tests;
