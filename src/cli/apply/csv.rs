//! A table as rows of JSON: the first line names fields by their path, such as `goods.items[0].hs.code`.

use crate::{
    cli::{
        console::{Exit, Failure},
        rows::{Row, RowText},
    },
    encoding::csv::{CsvError, Records},
};
use serde_json::{Map, Value};
use std::io::Read;

/// Bytes of one row.
const ROW_BYTES: usize = 1 << 20;
/// Elements of a list in a table.
const LONGEST_LIST: usize = 1_000;
/// Members that are counts and places; everything else is a text.
const COUNTED: [&str; 3] = ["number", "count", "item"];

/// The rows of a table as JSON documents, one at a time: a million rows need no more memory than the longest. A row
/// that cannot be read is refused with its line, and those behind it follow.
pub(super) struct Table<R> {
    records: Records<R>,
    fields: Vec<Vec<Step>>,
    next: usize,
}

impl<R: Read> Table<R> {
    /// Reads the heading.
    pub(super) fn open(from: R) -> Result<Self, Failure> {
        let mut records = Records::new(from, ROW_BYTES);
        let head = match records.next() {
            Some(Ok(head)) => head.fields,
            Some(Err(error)) => return Err(wrong(&error.to_string())),
            None => return Err(wrong("it has no heading")),
        };
        if let [only] = head.as_slice()
            && only.contains(';')
        {
            return Err(wrong("its heading is separated by `;`").help("separate fields with commas"));
        }
        if head.first().is_some_and(|first| first.trim_start().starts_with(['{', '['])) {
            return Err(wrong("it is JSON, not a table").help("give it a name that does not end in .csv"));
        }
        let fields = head.iter().map(|path| steps(path)).collect::<Result<Vec<_>, _>>()?;
        once(&head, &fields)?;
        Ok(Self { records, fields, next: 1 })
    }
}

impl<R: Read> Iterator for Table<R> {
    type Item = Result<Row, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        let text = match self.records.next()? {
            Ok(record) if record.fields.len() > self.fields.len() => {
                let (has, heading) = (record.fields.len(), self.fields.len());
                let why = format!("has {has} fields, and the heading {heading}");
                RowText::Unreadable(format!("line {}: the row {why}", record.line))
            }
            Ok(record) => {
                let mut row = Value::Object(Map::new());
                for (steps, field) in self.fields.iter().zip(&record.fields).filter(|(_, field)| !field.is_empty()) {
                    put(&mut row, steps, field);
                }
                RowText::Json(row.to_string())
            }
            Err(error @ CsvError::Failed { .. }) => return Some(Err(wrong(&error.to_string()))),
            Err(error) => RowText::Unreadable(error.to_string()),
        };
        let number = self.next;
        self.next += 1;
        Some(Ok(Row { number, text }))
    }
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
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

/// Of two columns for one field, or for a field and something inside it, the last would win and nobody hear of it. Sorted,
/// the first of two such stands right before another that begins with it.
fn once(head: &[String], fields: &[Vec<Step>]) -> Result<(), Failure> {
    let mut named = fields.iter().zip(head).collect::<Vec<_>>();
    named.sort();
    for pair in named.windows(2) {
        if let [(field, name), (other, inside)] = pair
            && other.starts_with(field)
        {
            return Err(wrong(&if field.len() == other.len() {
                format!("its heading names `{}` twice", name.trim())
            } else {
                format!("its heading names `{}` and `{}`, which is inside it", name.trim(), inside.trim())
            }));
        }
    }
    Ok(())
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
    match field.parse::<u32>() {
        // Spreadsheets write TRUE and FALSE.
        _ if field.eq_ignore_ascii_case("true") => Value::Bool(true),
        _ if field.eq_ignore_ascii_case("false") => Value::Bool(false),
        Ok(count) if COUNTED.contains(&name) && count < 1_000_000 && field == count.to_string() => count.into(),
        _ => Value::String(field.to_owned()),
    }
}

fn wrong(why: &str) -> Failure {
    Failure::new(Exit::Failed, format!("the table cannot be read: {why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(table: &str) -> Result<Vec<RowText>, Failure> {
        Table::open(table.as_bytes())?.map(|row| row.map(|row| row.text)).collect()
    }

    #[test]
    fn a_heading_of_paths_makes_documents_of_rows() {
        let table = "agreement,goods.items[0].number,goods.items[0].description,exporter.party.address[1]\r\n\
                     CPFTA,1,\"Balls, \"\"best\"\"\",Sialkot\r\n,,,\n\"CPFTA\",x,A1,\n";
        let expected = [
            r#"{"agreement":"CPFTA","exporter":{"party":{"address":[null,"Sialkot"]}},"goods":{"items":[{"description":"Balls, \"best\"","number":1}]}}"#,
            r#"{"agreement":"CPFTA","goods":{"items":[{"description":"A1","number":"x"}]}}"#,
        ];
        assert_eq!(rows(table).unwrap(), expected.map(|row| RowText::Json(row.to_owned())));
    }

    #[test]
    fn true_and_false_are_read_as_spreadsheets_write_them() {
        for (written, read) in [("TRUE", true), ("False", false), ("true", true)] {
            let table = format!("producer.same\n{written}\n");
            assert_eq!(rows(&table).unwrap(), [RowText::Json(format!(r#"{{"producer":{{"same":{read}}}}}"#))]);
        }
    }

    /// The last of two columns for one field would win, and the first be lost without a word.
    #[test]
    fn a_heading_that_names_a_field_twice_is_refused_with_its_name() {
        for (heading, said) in [
            ("to,goods.items[0].number,agreement, to", "names `to` twice"),
            ("goods.items[0].number,to,goods.items[00].number", "twice"),
            ("goods.items[0].number,to,goods.items", "names `goods.items` and `goods.items[0].number`"),
        ] {
            let failure = rows(&format!("{heading}\n1,2,3,4\n")).unwrap_err();
            assert!(failure.sentence().contains(said), "{}", failure.sentence());
        }
        assert!(rows("goods.items[0].number,goods.items[1].number,goods.item\n1,2,3\n").is_ok());
    }

    #[test]
    fn json_under_the_name_of_a_table_is_said_to_be_json() {
        for json in ["{\"agreement\":\"CPFTA\",\"to\":\"CN\"}\n", "[\n{}]\n", "\u{feff}{\n"] {
            let failure = rows(json).unwrap_err();
            assert!(failure.sentence().contains("it is JSON"), "{}", failure.sentence());
        }
    }

    #[test]
    fn a_table_that_is_none_is_refused() {
        for wrong in ["", "a,,b\n1,2,3\n", "\"open\n1\n", "a[9999999].b\n1\n"] {
            assert!(rows(wrong).is_err(), "{wrong}");
        }
    }

    /// Ten thousand rows with one in the middle that opens a quote, one of ten megabytes and one too wide: each is
    /// refused alone. The table is made as it is read, so nothing holds it whole.
    #[test]
    fn bad_rows_in_the_middle_leave_the_others_unharmed() {
        let row = |at: u32| match at {
            5_000 => b"\"open,1\n".to_vec(),
            5_001 => [vec![b'x'; 10 << 20], b",1\n".to_vec()].concat(),
            5_002 => b"a,b,c\n".to_vec(),
            at => format!("row,{at}\n").into_bytes(),
        };
        let stream = Stream {
            rows: (0..10_000).map(row),
            held: std::io::Cursor::new(b"agreement,goods.items[0].number\n".to_vec()),
        };
        let (mut good, mut bad) = (0, Vec::new());
        for row in Table::open(stream).unwrap() {
            let row = row.unwrap();
            match row.text {
                RowText::Unreadable(why) => bad.push((row.number, why)),
                _ => good += 1,
            }
        }
        assert_eq!(good, 9_997);
        let said = bad.iter().map(|(number, why)| (*number, why.split(':').next().unwrap())).collect::<Vec<_>>();
        assert_eq!(said, [(5_001, "line 5002"), (5_002, "line 5003"), (5_003, "line 5004")]);
    }

    struct Stream<I> {
        rows: I,
        held: std::io::Cursor<Vec<u8>>,
    }

    impl<I: Iterator<Item = Vec<u8>>> Read for Stream<I> {
        fn read(&mut self, room: &mut [u8]) -> std::io::Result<usize> {
            match self.held.read(room)? {
                0 => match self.rows.next() {
                    Some(row) => {
                        self.held = std::io::Cursor::new(row);
                        self.held.read(room)
                    }
                    None => Ok(0),
                },
                read => Ok(read),
            }
        }
    }
}
