//! What became of the codes of one edition of the Harmonized System in another, as a table of correlation says it.

use crate::{
    agreement::fields::Faults,
    certificate::HsEdition,
    encoding::csv::{CsvError, Record},
};

/// Pairs of subheadings, of one edition and of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Changes {
    from: HsEdition,
    into: HsEdition,
    /// Sorted.
    pairs: Vec<([u8; 6], [u8; 6])>,
}

fn subheading(text: &str) -> Option<[u8; 6]> {
    let digits: String = text.chars().filter(|c| !matches!(c, '.' | ' ')).collect();
    let code = <[u8; 6]>::try_from(digits.as_bytes()).ok()?;
    code.iter().all(u8::is_ascii_digit).then_some(code)
}

fn shown(code: &[u8; 6]) -> &str {
    // Only digits ever get in.
    std::str::from_utf8(code).unwrap_or_default()
}

impl Changes {
    /// Reads a table whose first line names the columns `hs<edition>`, such as `hs2017,hs2022`.
    pub(super) fn read(
        (from, into): (HsEdition, HsEdition),
        records: impl Iterator<Item = Result<Record, CsvError>>,
        faults: &Faults,
    ) -> Option<Self> {
        let mut records = records;
        let head = match records.next() {
            Some(Ok(head)) => head.fields,
            Some(Err(error)) => {
                faults.add("", error.to_string());
                return None;
            }
            None => Vec::new(),
        };
        let column = |edition: HsEdition| {
            let name = format!("hs{edition}");
            head.iter().position(|column| column.to_lowercase().replace([' ', '_'], "") == name)
        };
        let (Some(before), Some(after)) = (column(from), column(into)) else {
            faults.add("", format!("the first line names no columns `hs{from}` and `hs{into}`"));
            return None;
        };
        let mut pairs = Vec::new();
        for record in records {
            match record {
                Ok(record) => {
                    let code = |at: usize| record.fields.get(at).and_then(|text| subheading(text));
                    match (code(before), code(after)) {
                        (Some(old), Some(new)) => pairs.push((old, new)),
                        _ => faults.add(&format!("line {}", record.line), "has no two codes of 6 digits"),
                    }
                }
                Err(error) => faults.add("", error.to_string()),
            }
        }
        pairs.sort_unstable();
        pairs.dedup();
        pairs.shrink_to_fit();
        Some(Self { from, into, pairs })
    }

    pub(super) const fn editions(&self) -> (HsEdition, HsEdition) {
        (self.from, self.into)
    }

    /// The codes of `into` that correspond to one of `from`; a table serves in both directions.
    pub(super) fn of(&self, code: &str, from: HsEdition, into: HsEdition) -> Vec<&str> {
        let Some(wanted) = subheading(code) else { return Vec::new() };
        if (from, into) == (self.from, self.into) {
            let at = self.pairs.partition_point(|(old, _)| *old < wanted);
            let rest = self.pairs.get(at..).unwrap_or_default();
            return rest.iter().take_while(|(old, _)| *old == wanted).map(|(_, new)| shown(new)).collect();
        }
        if (into, from) == (self.from, self.into) {
            return self.pairs.iter().filter(|(_, new)| *new == wanted).map(|(old, _)| shown(old)).collect();
        }
        Vec::new()
    }
}
