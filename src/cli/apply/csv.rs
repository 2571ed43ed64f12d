//! A table as rows of JSON: the first line names fields by their path, such as `goods.items[0].hs.code`.

use crate::cli::console::{Exit, Failure};
use serde_json::{Map, Value};

/// Bytes of a table that is read.
pub(super) const MOST: usize = 256 << 20;
/// Elements of a list in a table.
const LONGEST_LIST: usize = 1_000;
/// Members that are counts and places; everything else is a text.
const COUNTED: [&str; 3] = ["number", "count", "item"];

/// The rows of a table as JSON texts, each with its line counted from 1 below the heading.
pub(super) fn rows(text: &str) -> Result<Vec<String>, Failure> {
    let mut records = records(text.trim_start_matches('\u{feff}'))?.into_iter();
    let paths = records.next().ok_or_else(|| wrong("it has no heading"))?;
    let steps = paths.iter().map(|path| steps(path)).collect::<Result<Vec<_>, _>>()?;
    records
        .filter(|record| record.iter().any(|field| !field.is_empty()))
        .map(|record| {
            let mut row = Value::Object(Map::new());
            for (steps, field) in steps.iter().zip(&record).filter(|(_, field)| !field.is_empty()) {
                put(&mut row, steps, field);
            }
            Ok(row.to_string())
        })
        .collect()
}

enum Step {
    Member(String),
    Element(usize),
}

fn steps(path: &str) -> Result<Vec<Step>, Failure> {
    let mut steps = Vec::new();
    for part in path.trim().split('.') {
        let (name, places) = part.split_once('[').map_or((part, ""), |(name, rest)| (name, rest));
        if name.is_empty() {
            return Err(wrong(&format!("`{path}` in its heading is no field, such as goods.items[0].hs.code")));
        }
        steps.push(Step::Member(name.to_owned()));
        for place in places.split('[').filter(|place| !place.is_empty()) {
            let place = place.trim_end_matches(']').parse::<usize>().ok().filter(|at| *at < LONGEST_LIST);
            steps.push(Step::Element(
                place.ok_or_else(|| wrong(&format!("`{path}` in its heading counts no element")))?,
            ));
        }
    }
    Ok(steps)
}

fn put(at: &mut Value, steps: &[Step], field: &str) {
    let Some((step, rest)) = steps.split_first() else { return };
    let below = match step {
        Step::Member(name) => {
            if !at.is_object() {
                *at = Value::Object(Map::new());
            }
            let Value::Object(members) = at else { return };
            if rest.is_empty() {
                members.insert(name.clone(), value(name, field));
                return;
            }
            members.entry(name.clone()).or_insert(Value::Null)
        }
        Step::Element(place) => {
            if !at.is_array() {
                *at = Value::Array(Vec::new());
            }
            let Value::Array(elements) = at else { return };
            if elements.len() <= *place {
                elements.resize(*place + 1, Value::Null);
            }
            let Some(element) = elements.get_mut(*place) else { return };
            if rest.is_empty() {
                *element = Value::String(field.to_owned());
                return;
            }
            element
        }
    };
    put(below, rest, field);
}

fn value(name: &str, field: &str) -> Value {
    match (field, field.parse::<u32>()) {
        ("true", _) => Value::Bool(true),
        ("false", _) => Value::Bool(false),
        (_, Ok(count)) if COUNTED.contains(&name) && count < 1_000_000 && field == count.to_string() => count.into(),
        _ => Value::String(field.to_owned()),
    }
}

/// The records of a table (RFC 4180): commas, quotes doubled inside quotes, lines that may be quoted.
fn records(text: &str) -> Result<Vec<Vec<String>>, Failure> {
    let (mut records, mut record, mut field) = (Vec::new(), Vec::new(), String::new());
    let (mut quoted, mut was_quoted) = (false, false);
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        match (quoted, c) {
            (true, '"') if characters.peek() == Some(&'"') => {
                characters.next();
                field.push('"');
            }
            (true, '"') => (quoted, was_quoted) = (false, true),
            (true, c) => field.push(c),
            (false, '"') if field.is_empty() && !was_quoted => quoted = true,
            (false, ',') => {
                record.push(std::mem::take(&mut field));
                was_quoted = false;
            }
            (false, '\r') if characters.peek() == Some(&'\n') => {}
            (false, '\n') => {
                record.push(std::mem::take(&mut field));
                records.push(std::mem::take(&mut record));
                was_quoted = false;
            }
            (false, c) => field.push(c),
        }
    }
    if quoted {
        return Err(wrong("a quote is not closed"));
    }
    if !field.is_empty() || !record.is_empty() {
        record.push(field);
        records.push(record);
    }
    Ok(records)
}

fn wrong(why: &str) -> Failure {
    Failure::new(Exit::Failed, format!("the table cannot be read: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_heading_of_paths_makes_documents_of_rows() {
        let table = "agreement,goods.items[0].number,goods.items[0].description,exporter.party.address[1]\r\n\
                     CPFTA,1,\"Balls, \"\"best\"\"\",Sialkot\r\n,,,\n\"CPFTA\",x,=A1,\n";
        assert_eq!(
            rows(table).unwrap(),
            [
                r#"{"agreement":"CPFTA","exporter":{"party":{"address":[null,"Sialkot"]}},"goods":{"items":[{"description":"Balls, \"best\"","number":1}]}}"#,
                r#"{"agreement":"CPFTA","goods":{"items":[{"description":"=A1","number":"x"}]}}"#,
            ]
        );
    }

    #[test]
    fn a_table_that_is_none_is_refused() {
        for wrong in ["", "a,,b\n1,2,3\n", "a\n\"open\n", "a[9999999].b\n1\n"] {
            assert!(rows(wrong).is_err(), "{wrong}");
        }
    }
}
