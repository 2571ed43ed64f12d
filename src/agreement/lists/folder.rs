//! The folder an operator installs lists in: `lists.toml` names the tables of codes with their editions and days;
//! every other `.toml` file holds rates of exchange or holidays, and says which.

use super::{
    Lists,
    changes::Changes,
    code_list::{CodeKind, CodeList},
    read::Reading,
};
use crate::{
    agreement::{
        edition::InForce,
        fields::{Faults, Fields, read_from_text, read_table},
        load::AgreementErrors,
        origin::{Rate, Rates},
    },
    certificate::HsEdition,
    encoding::csv::Records,
    time::Date,
};
use std::{collections::BTreeSet, io::Read};

/// The version of the file format this house reads.
pub(super) const FORMAT: u32 = 1;
/// The file that names the tables.
const NAMES: &str = "lists.toml";
/// Bytes of one row of a table.
const MOST_ROW: usize = 64 << 10;

/// A file that was opened: its bytes, read once.
pub type Opened = Box<dyn Read>;

/// A file that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Present {
    /// Its name in the folder.
    pub name: String,
    /// Its text, for a `.toml` file.
    pub text: Option<String>,
}

/// What a row of `lists.toml` names.
enum Named {
    Codes(CodeKind),
    Changes(HsEdition, HsEdition),
}

/// A row of `lists.toml`.
struct Entry {
    named: Named,
    edition: String,
    files: Vec<String>,
    holds: InForce,
    source: Option<String>,
}

#[derive(Clone)]
struct KindName(String);

impl std::str::FromStr for KindName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == CHANGES || text.parse::<CodeKind>().is_ok() {
            return Ok(Self(text.to_owned()));
        }
        let known = CodeKind::ALL.iter().map(|kind| kind.as_str()).collect::<Vec<_>>().join(", ");
        Err(format!("`{text}` is no kind of list: {known}, {CHANGES}"))
    }
}

read_from_text!(KindName);

const CHANGES: &str = "hs_changes";

impl Entry {
    fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let kind: Option<KindName> = fields.required("kind");
        let edition: Option<String> = fields.required("edition");
        let files: Option<Vec<String>> = fields.required("files");
        let (source, until) = (fields.optional("source"), fields.optional::<Date>("until"));
        let into = fields.optional::<HsEdition>("into");
        let kind = kind?.0;
        let is_changes = kind == CHANGES;
        let hs = |edition: &Option<String>| edition.as_ref().and_then(|text| text.parse::<HsEdition>().ok());
        if (is_changes || kind == CodeKind::Hs.as_str()) && edition.is_some() && hs(&edition).is_none() {
            fields.faults().add(&fields.at("edition"), "an edition of the HS is expected: 2012, 2017, 2022 or 2028");
        }
        // A table of changes holds for ever: what became of a code does not change again.
        let from =
            if is_changes { fields.optional::<Date>("from").or(Some(Date::ZERO)) } else { fields.required("from") };
        let named = if is_changes {
            if into.is_none() {
                fields.faults().add(&fields.at("into"), "is missing: the edition the codes became");
            }
            Named::Changes(hs(&edition)?, into?)
        } else {
            if into.is_some() {
                fields.faults().add(&fields.at("into"), format!("is for a list of kind `{CHANGES}` alone"));
            }
            Named::Codes(kind.parse().ok()?)
        };
        let files = files?;
        if files.is_empty() {
            fields.faults().add(&fields.at("files"), "names no file");
        }
        // Names lead nowhere but into this folder.
        if let Some(bad) = files.iter().find(|name| name.contains(['/', '\\']) || name.starts_with('.')) {
            fields.faults().add(&fields.at("files"), format!("`{bad}` is not the name of a file in this folder"));
        }
        let from = from?;
        if until.is_some_and(|until| until < from) {
            fields.faults().add(&fields.at("until"), format!("is before {from}"));
        }
        Some(Self { named, edition: edition?, files, holds: InForce { from, until }, source })
    }
}

impl Lists {
    /// Reads what lies in a folder: `present` are its files, `open` opens one of the tables that `lists.toml` names.
    pub fn load(
        present: &[Present],
        open: &mut dyn FnMut(&str) -> Result<Opened, String>,
    ) -> Result<Self, AgreementErrors> {
        let mut lists = Self::none();
        let (mut faults, mut rates, mut named) = (Vec::new(), Vec::<Rate>::new(), BTreeSet::new());
        for file in present {
            let Some(text) = &file.text else { continue };
            let found = Faults::of(&file.name);
            if let Some(table) = read_table(text, &found) {
                let mut fields = Fields::root(&table, &found);
                fields.format(FORMAT);
                if file.name == NAMES {
                    let entries = fields.list("lists", Entry::read);
                    fields.close();
                    named.extend(entries.iter().flat_map(|entry| entry.files.iter().cloned()));
                    lists.tables(entries, &found, open);
                } else if table.contains_key("holidays") {
                    lists.holidays.read(&mut fields);
                    fields.close();
                } else if table.contains_key("rates") {
                    Rates::read(&mut fields, &mut rates);
                    fields.close();
                } else {
                    found.add("", "holds neither `[[rates]]` nor `[[holidays]]`");
                }
            }
            faults.extend(found.into_vec());
        }
        lists.rates = Rates::of(rates, &mut faults);
        lists.codes.sort_by_key(|list| (list.kind, list.holds.from));
        lists.notes = present
            .iter()
            .filter(|file| file.text.is_none() && file.name.to_lowercase().ends_with(".csv"))
            .filter(|file| !named.contains(&file.name))
            .map(|file| format!("`{}` lies in the folder, and {NAMES} does not name it", file.name))
            .collect();
        if faults.is_empty() { Ok(lists) } else { Err(AgreementErrors(faults)) }
    }

    fn tables(&mut self, entries: Vec<Entry>, found: &Faults, open: &mut dyn FnMut(&str) -> Result<Opened, String>) {
        for (place, entry) in entries.into_iter().enumerate() {
            let path = format!("lists[{place}]");
            let mut tables = Vec::new();
            for name in &entry.files {
                match open(name) {
                    Ok(from) => tables.push((name, Records::new(from, MOST_ROW).or_western())),
                    Err(why) => found.add(&format!("{path}.files"), why),
                }
            }
            match entry.named {
                Named::Changes(from, into) => {
                    for (name, records) in tables {
                        let of_file = Faults::of(name);
                        self.changes.extend(Changes::read((from, into), records, &of_file));
                        told(found, &path, of_file);
                    }
                }
                Named::Codes(kind) => {
                    if self.edition(kind, &entry.edition).is_some() {
                        found.add(&path, format!("{} {} stands here twice", kind.name(), entry.edition));
                        continue;
                    }
                    let mut reading = Reading::new(kind);
                    let whole = Faults::of(NAMES);
                    if tables.is_empty() {
                        continue;
                    }
                    for (name, records) in tables {
                        let of_file = Faults::of(name);
                        reading.file(records, &of_file);
                        told(found, &path, of_file);
                    }
                    let table = reading.finish(&whole);
                    told(found, &path, whole);
                    let Entry { edition, holds, source, .. } = entry;
                    self.codes.push(CodeList { kind, edition, holds, source, table });
                }
            }
        }
    }
}

/// Puts the faults of a table among those of the file that names it.
fn told(found: &Faults, path: &str, of_file: Faults) {
    for fault in of_file.into_vec() {
        let place = if fault.path.is_empty() { String::new() } else { format!("{}: ", fault.path) };
        found.add(path, format!("{}: {place}{}", fault.file, fault.message));
    }
}
