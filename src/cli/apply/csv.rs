//! A table as rows of JSON: the first line names fields by their path, such as `goods.items[0].hs.code`.

use crate::{
    certificate::schema::{self, Written, written_at},
    cli::{
        console::{Exit, Failure},
        rows::{Row, RowText},
    },
    encoding::csv::{CsvError, Records},
    production,
};
use serde_json::{Map, Value};
use std::io::Read;

/// Bytes of one row.
const ROW_BYTES: usize = 1 << 20;
/// Elements of a list in a table.
const LONGEST_LIST: usize = 1_000;

/// The rows of a table as JSON documents, one at a time: a million rows need no more memory than the longest. A row
/// that cannot be read is refused with its line, and those behind it follow.
pub(super) struct Table<R> {
    records: Records<R>,
    fields: Vec<(Vec<Step>, Written)>,
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
            && let Some(separator) = [';', '\t'].into_iter().find(|separator| only.contains(*separator))
        {
            let separated = format!("its heading is separated by `{}`", separator.escape_default());
            return Err(wrong(&separated).help("separate fields with commas"));
        }
        let fields = head.iter().map(|path| steps(path)).collect::<Result<Vec<_>, _>>()?;
        once(&head, &fields)?;
        let (certificate, made) = (schema::input(), production::schema());
        let written = head.iter().map(|path| written(path.trim(), &certificate, &made));
        Ok(Self { records, fields: fields.into_iter().zip(written).collect(), next: 1 })
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
                let given = self.fields.iter().zip(&record.fields).filter(|(_, field)| !field.is_empty());
                for ((steps, written), field) in given {
                    put(&mut row, steps, value(*written, field));
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

fn put(at: &mut Value, steps: &[Step], value: Value) {
    let Some((step, rest)) = steps.split_first() else { return };
    let below = match step {
        Step::Member(name) => {
            if !at.is_object() {
                *at = Value::Object(Map::new());
            }
            let Value::Object(members) = at else { return };
            if rest.is_empty() {
                members.insert(name.clone(), value);
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
                *element = value;
                return;
            }
            element
        }
    };
    put(below, rest, value);
}

/// How the cells of a column are written: as the field is that its heading names. A row that says more than a certificate
/// has that in a member of its own.
fn written(path: &str, certificate: &Value, made: &Value) -> Written {
    match path.split_once('.') {
        Some(("certificate", inside)) => written_at(certificate, inside),
        Some(("production", inside)) => written_at(made, inside),
        _ => written_at(certificate, path),
    }
}

/// What a cell says. One that is not written as its field is stays a text, and is refused with the name of the field.
fn value(written: Written, field: &str) -> Value {
    let read = match written {
        // Spreadsheets write TRUE and FALSE.
        Written::Truth => field.to_ascii_lowercase().parse::<bool>().ok().map(Value::Bool),
        Written::Whole => field.parse::<u64>().ok().filter(|whole| whole.to_string() == field).map(Value::from),
        Written::Text => None,
    };
    read.unwrap_or_else(|| Value::String(field.to_owned()))
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

    /// An invoice whose number is digits alone, goods that are called TRUE: a cell is what its field is, whatever it looks
    /// like and whatever the last name of its path is elsewhere.
    #[test]
    fn a_cell_is_written_as_its_field_is() {
        for (path, cell, written) in [
            ("commercial.invoices[0].number", "260042", r#""260042""#),
            ("commercial.item_values[0].item", "1", "1"),
            ("goods.totals.packages", "1500000", "1500000"),
            ("goods.items[0].number", "007", r#""007""#),
            ("goods.items[0].description", "TRUE", r#""TRUE""#),
            ("consignee.to_order", "TRUE", "true"),
            ("consignee.to_order", "yes", r#""yes""#),
            ("certificate.goods.items[0].number", "2", "2"),
            ("production.items[0].item", "2", "2"),
            ("production.items[0].materials_complete", "True", "true"),
        ] {
            let read = rows(&format!("{path},to\n{cell},CN\n")).unwrap();
            let [RowText::Json(text)] = read.as_slice() else { panic!("{path}: {read:?}") };
            let row: Value = serde_json::from_str(text).unwrap();
            let pointer = format!("/{}", path.replace(['.', '['], "/").replace(']', ""));
            assert_eq!(row.pointer(&pointer).unwrap().to_string(), written, "{path}");
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
