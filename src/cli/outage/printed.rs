//! The paper of a certificate that no node could issue: plain text, to be printed and signed by hand.

use super::{block::BlockFile, spool::Entry};
use crate::{
    certificate::{Instant, Particulars},
    cli::{
        console::{Exit, Failure},
        tree::render,
    },
    encoding::hex,
    time::Date,
};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

/// The page of what a spool holds.
pub(super) fn of(block: &BlockFile, entry: &Entry) -> Result<String, Failure> {
    let wrong = |error: &dyn std::fmt::Display| Failure::new(Exit::Failed, format!("{}: {error}", entry.number));
    let instant: Instant = entry.issued_at.parse().map_err(|error| wrong(&error))?;
    let day = block.zone()?.date_at(instant.timestamp());
    let particulars = Particulars::read_json(entry.certificate.to_string().as_bytes()).particulars;
    let particulars = particulars.ok_or_else(|| wrong(&"the spool holds what is no certificate"))?;
    let shown = shown(&particulars).map_err(|error| wrong(&error))?;
    Ok(page(block, &entry.number, (day, &entry.issued_at), &shown))
}

/// The same, if it is the page that was hashed when it was issued.
pub(super) fn as_hashed(block: &BlockFile, entry: &Entry) -> Result<String, Failure> {
    let page = of(block, entry)?;
    if hex::encode(&Sha256::digest(&page)) == entry.paper_sha256 {
        return Ok(page);
    }
    let message = format!("{}: what the spool holds is not what was printed", entry.number);
    Err(Failure::new(Exit::Failed, message).note("it was changed since; nothing was done"))
}

/// The page. It follows from what it is made of, so that printed again it has the same hash: in form 1 of the spool it never
/// changes.
fn page(block: &BlockFile, number: &str, (day, instant): (Date, &str), certificate: &Value) -> String {
    let host = block.authority.strip_prefix("https://").unwrap_or(&block.authority);
    let mut text = format!(
        "CERTIFICATE OF ORIGIN\n\nNumber          {number}\nDate of issue   {day}\nIssued at       {instant} (UTC)\n\
         Authority       {host}\nOffice          {}\nAgreement       {}\n\n\
         Issued on paper while no electronic certificate could be issued. It is registered under the same number within\n\
         {} days, and is then found electronically.\n\n",
        block.office, block.agreement, block.register_within_days
    );
    text.push_str(&render(certificate));
    text.push_str(
        "\n\nExporter's declaration: name, signature, date\n\n\n____________________________________________\n\n\
         Certification: name of the signatory, signature, stamp\n\n\n____________________________________________\n",
    );
    text
}

/// The particulars without what is absent: a page has no lines of nothing.
fn shown(particulars: &Particulars) -> Result<Value, serde_json::Error> {
    fn lean(value: Value) -> Value {
        match value {
            Value::Object(members) => Value::Object(
                members.into_iter().filter(|(_, one)| !is_nothing(one)).map(|(k, v)| (k, lean(v))).collect(),
            ),
            Value::Array(elements) => Value::Array(elements.into_iter().map(lean).collect()),
            other => other,
        }
    }
    fn is_nothing(value: &Value) -> bool {
        value.is_null() || value.as_array().is_some_and(Vec::is_empty)
    }
    serde_json::from_str(&particulars.to_json()).map(lean)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_page_of_form_1_never_changes_and_what_was_changed_is_not_printed() {
        let block: BlockFile = serde_json::from_value(json!({
            "authority": "https://tdap.gov.pk", "block": "b1", "office": "KHI", "agreement": "NONPREF", "to": "KE",
            "reserved_on": "2026-11-29", "time_zone": "Asia/Karachi", "register_within_days": 5, "numbers": ["N-1"],
        }))
        .unwrap();
        let mut entry = Entry {
            previous: String::new(),
            number: "N-1".to_owned(),
            issued_at: "2026-11-29T20:15:00Z".to_owned(),
            row: String::new(),
            paper_sha256: String::new(),
            certificate: json!({
                "agreement": "NONPREF", "from": "PK", "to": "KE",
                "reference": {"number": "N-1", "place": {"name": "Karachi"}, "office": {"code": "KHI", "body": "TDAP"}},
                "exporter": {"party": {"name": "Indus Rice Mills", "address": ["Larkana"], "country": "PK"}},
                "consignee": {"to_order": true},
                "goods": {"items": [{"number": 1, "description": "Basmati rice", "origin": "PK",
                    "packages": [{"count": 500, "kind": "BG"}], "hs": {"code": "100630", "edition": "2022"},
                    "gross_weight": {"value": "25000", "unit": "KGM"}}]},
            }),
        };
        let page = of(&block, &entry).unwrap();
        assert!(page.contains("Date of issue   2026-11-30\n"), "the date is the office's: {page}");
        assert!(page.contains("description: Basmati rice\n"), "{page}");
        entry.paper_sha256 = hex::encode(&Sha256::digest(&page));
        assert_eq!(entry.paper_sha256, "e2c24bcd230abd80068efa8841af877818086d8c071edf0f7da14d4430d84ad2", "{page}");
        assert_eq!(as_hashed(&block, &entry).unwrap(), page);
        entry.certificate["goods"]["items"][0]["description"] = json!("Broken rice");
        assert!(as_hashed(&block, &entry).is_err_and(|failure| failure.sentence().contains("not what was printed")));
    }
}
