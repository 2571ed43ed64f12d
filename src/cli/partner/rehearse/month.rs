//! The month that is replayed: certificates of a file of the office's own, or those that come with the program, each made
//! ready to be issued today by the rehearsing authority.

use crate::{
    certificate::{Country, offset_dates},
    cli::{
        console::{Exit, Failure},
        demo,
        files::Source,
        rows::{RowText, Rows, json_of_toml},
    },
    log::Hash,
    office::Office,
    time::{Date, parse_date},
};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// Rows of a file, at most: a busy month of a large office.
const ROWS_MOST: usize = 1_000_000;

/// For whom a month is made ready.
pub(super) struct Between<'a> {
    pub(super) from: Country,
    pub(super) to: Country,
    pub(super) offices: &'a [Office],
    pub(super) today: Date,
}

/// Certificates to be issued.
#[derive(Debug)]
pub(super) struct Month {
    /// One document each.
    pub(super) documents: Vec<String>,
    /// Where they come from.
    pub(super) source: String,
    /// Rows that are for other countries, or cannot be read.
    pub(super) passed_over: usize,
}

impl Month {
    /// Rows of a file, made ready.
    pub(super) fn read(file: &Source, between: &Between<'_>) -> Result<Self, Failure> {
        let (mut documents, mut passed_over, mut digest) = (Vec::new(), 0, Sha256::new());
        for row in Rows::open(file)?.take(ROWS_MOST) {
            let row = row?;
            digest.update(row.written());
            digest.update("\n");
            let document = match &row.text {
                RowText::Json(text) => serde_json::from_str::<Value>(text).ok(),
                RowText::Toml(text) => json_of_toml(text).ok(),
                RowText::Unreadable(_) => None,
            };
            match document.filter(|document| between.concerns(document)) {
                Some(document) => documents.push(between.ready(document)?),
                None => passed_over += 1,
            }
        }
        let digest = Hash(digest.finalize().into());
        let source = format!("`{file}`, rows of SHA-256 {digest}");
        Self { documents, source, passed_over }.some(between, || {
            "a row has `from`, `to` and the rest of a certificate: origin certificate template".to_owned()
        })
    }

    /// Those that come with the program.
    pub(super) fn samples(between: &Between<'_>) -> Result<Self, Failure> {
        let mut documents = Vec::new();
        for text in demo::samples() {
            let dated = offset_dates(text, between.today).map_err(|error| Failure::new(Exit::Failed, error))?;
            let document = serde_json::from_str(&dated).map_err(|error| Failure::new(Exit::Failed, error))?;
            if between.concerns(&document) {
                documents.push(between.ready(document)?);
            }
        }
        let this = Self { documents, source: "the demonstration's certificates".to_owned(), passed_over: 0 };
        this.some(between, || "give certificates of a past month of yours: --certificates FILE".to_owned())
    }

    fn some(self, between: &Between<'_>, help: impl Fn() -> String) -> Result<Self, Failure> {
        if self.documents.is_empty() {
            let Between { from, to, .. } = between;
            let error = format!("{} has no certificate from {from} to {to} that an office here issues", self.source);
            return Err(Failure::new(Exit::Failed, error).help(help()));
        }
        Ok(self)
    }

    /// So many of them, each in its turn.
    pub(super) fn scaled(self, count: usize) -> Self {
        Self { documents: self.some_of(count), ..self }
    }

    /// So many of its documents, each in its turn.
    pub(super) fn some_of(&self, count: usize) -> Vec<String> {
        self.documents.iter().cycle().take(count).cloned().collect()
    }
}

impl Between<'_> {
    /// Whether it goes from one to the other, under an agreement that an office here issues under.
    fn concerns(&self, document: &Value) -> bool {
        let is = |name: &str, country: Country| text(document, name) == Some(country.as_str());
        is("/from", self.from) && is("/to", self.to) && self.office_for(document).is_some()
    }

    /// The office that the row names, or the first that issues under its agreement.
    fn office_for(&self, document: &Value) -> Option<&Office> {
        let (agreement, named) = (text(document, "/agreement")?, text(document, "/reference/office/code"));
        let issues = |office: &&Office| office.agreements.iter().any(|one| one.as_str() == agreement);
        let able = || self.offices.iter().filter(issues);
        able().find(|office| Some(office.code.as_str()) == named).or_else(|| able().next())
    }

    /// The document as the rehearsing authority issues it today: by one of its offices, with a number of its own series,
    /// every date moved by as many days.
    fn ready(&self, mut document: Value) -> Result<String, Failure> {
        let office = self.office_for(&document).map(|office| office.code.to_string());
        if let (Some(office), Some(code)) = (office, document.pointer_mut("/reference/office/code")) {
            *code = office.into();
        }
        // The number belongs to a certificate that is real.
        if let Some(reference) = document.get_mut("reference").and_then(Value::as_object_mut) {
            reference.remove("number");
        }
        let since = latest(&document).and_then(|latest| self.today.since(latest).ok());
        if let Some(days) = since.map(|span| span.get_days()) {
            shift(&mut document, days).map_err(|date| {
                Failure::new(Exit::Failed, format!("the date {date} cannot be moved by {days} days"))
            })?;
        }
        serde_json::to_string(&document).map_err(|error| Failure::new(Exit::Failed, error))
    }
}

/// What stands at a JSON pointer, if it is text.
fn text<'a>(document: &'a Value, at: &str) -> Option<&'a str> {
    document.pointer(at).and_then(Value::as_str)
}

/// The day on which the row was ready to be issued, as far as it says: the latest of the day its application came in and
/// the dates of its invoices.
fn latest(document: &Value) -> Option<Date> {
    let received = text(document, "/application/received_on").and_then(parse_date);
    let invoices = document.pointer("/commercial/invoices").and_then(Value::as_array).into_iter().flatten();
    let invoices = invoices.filter_map(|invoice| text(invoice, "/date").and_then(parse_date));
    received.into_iter().chain(invoices).max()
}

/// Moves every date by so many days; gives the one that cannot be moved.
fn shift(value: &mut Value, days: i32) -> Result<(), Date> {
    match value {
        Value::String(text) => {
            if let Some(date) = parse_date(text) {
                let moved = jiff::Span::new().try_days(days).and_then(|span| date.checked_add(span));
                *text = moved.map_err(|_| date)?.to_string();
            }
            Ok(())
        }
        Value::Array(all) => all.iter_mut().try_for_each(|one| shift(one, days)),
        Value::Object(members) => members.values_mut().try_for_each(|one| shift(one, days)),
        Value::Null | Value::Bool(_) | Value::Number(_) => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificate::Particulars;

    fn offices() -> Vec<Office> {
        vec![Office {
            code: "ISB".parse().unwrap(),
            name: "Islamabad Office".to_owned(),
            place: "Islamabad".to_owned(),
            agreements: vec!["CPFTA".parse().unwrap()],
            time_zone: crate::time::ZoneName::new("Asia/Karachi").unwrap(),
            fees: crate::office::Fees::default(),
            series_begin: std::collections::BTreeMap::new(),
        }]
    }

    fn between(offices: &[Office]) -> Between<'_> {
        let today = parse_date("2026-11-29").unwrap();
        Between { from: "PK".parse().unwrap(), to: "CN".parse().unwrap(), offices, today }
    }

    #[test]
    fn the_demonstrations_certificates_between_two_countries_may_be_issued_by_an_office_of_the_node() {
        let offices = offices();
        let month = Month::samples(&between(&offices)).unwrap().scaled(5);
        assert_eq!(month.documents.len(), 5);
        for document in &month.documents {
            let particulars = Particulars::read_json(document.as_bytes()).particulars.unwrap();
            assert_eq!((particulars.from.as_str(), particulars.to.as_str()), ("PK", "CN"));
            assert_eq!(particulars.reference.office.code.as_str(), "ISB");
        }
    }

    #[test]
    fn a_row_of_a_past_month_is_moved_to_today_as_a_whole_and_its_number_stays_where_it_was_given() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("month.jsonl");
        let row = r#"{"agreement":"CPFTA","from":"PK","to":"CN","application":{"received_on":"2026-01-30"},"reference":{"number":"260000001","office":{"code":"LHE"}},"transport":{"departure":{"planned":"2026-02-02"}},"note":"2026-01-30 and so on"}"#;
        let other = row.replace("\"CN\"", "\"KE\"");
        std::fs::write(&file, format!("{row}\n{other}\n")).unwrap();
        let offices = offices();
        let month = Month::read(&Source::File(file), &between(&offices)).unwrap();
        assert_eq!((month.documents.len(), month.passed_over), (1, 1));
        let moved: Value = serde_json::from_str(&month.documents[0]).unwrap();
        assert_eq!(moved["application"]["received_on"], "2026-11-29");
        assert_eq!(moved["transport"]["departure"]["planned"], "2026-12-02");
        assert_eq!(moved["note"], "2026-01-30 and so on");
        assert_eq!(moved["reference"].get("number"), None);
    }

    #[test]
    fn a_date_without_quotes_is_moved_too() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("month.toml");
        let row = "agreement = \"CPFTA\"\nfrom = \"PK\"\nto = \"CN\"\napplication.received_on = 2026-01-30\n";
        std::fs::write(&file, row).unwrap();
        let month = Month::read(&Source::File(file), &between(&offices())).unwrap();
        let moved: Value = serde_json::from_str(&month.documents[0]).unwrap();
        assert_eq!(moved["application"]["received_on"], "2026-11-29");
    }
}
