//! The lists as they are published: the Harmonized System with a heading line, UN/LOCODE without one, units and
//! packages with one.

use super::{
    code_list::CodeKind,
    table::{CodeTable, Filling, MOST_TEXT},
};
use crate::{
    agreement::fields::Faults,
    encoding::csv::{CsvError, Record},
};

/// Codes of one list at most.
const MOST_CODES: usize = 2_000_000;
/// Mistakes of one file that are reported; the rest are of the same kind as a rule.
const MOST_FAULTS: usize = 20;

/// Reads the files of one list, one after the other.
pub(super) struct Reading {
    kind: CodeKind,
    filling: Filling,
}

/// What of a file's rows is wrong, as far as it is reported.
struct Wrong<'f> {
    faults: &'f Faults,
    count: usize,
}

impl Wrong<'_> {
    fn add(&mut self, line: u64, message: impl Into<String>) {
        self.count += 1;
        if self.count <= MOST_FAULTS {
            self.faults.add(&format!("line {line}"), message);
        }
    }

    fn close(self) {
        if self.count > MOST_FAULTS {
            self.faults.add("", format!("and {} more rows are wrong", self.count - MOST_FAULTS));
        }
    }
}

/// Places of the columns that are read.
enum Columns {
    /// Code, name, and where a row says that it is no longer in use.
    Named { code: usize, name: usize, status: Option<usize> },
    /// As UN/LOCODE has them, always.
    Locode,
}

impl Reading {
    pub(super) fn new(kind: CodeKind) -> Self {
        Self { kind, filling: Filling::default() }
    }

    /// Reads one file.
    pub(super) fn file(&mut self, records: impl Iterator<Item = Result<Record, CsvError>>, faults: &Faults) {
        let mut wrong = Wrong { faults, count: 0 };
        let mut columns = (self.kind == CodeKind::Locode).then_some(Columns::Locode);
        for record in records {
            let record = match record {
                Ok(record) => record,
                Err(error) => {
                    wrong.add(error.line(), error.to_string());
                    continue;
                }
            };
            match &columns {
                None => match self.columns(&record) {
                    Ok(named) => columns = Some(named),
                    Err(message) => {
                        wrong.add(record.line, message);
                        break;
                    }
                },
                Some(columns) => {
                    if let Err(message) = self.row(columns, &record) {
                        wrong.add(record.line, message);
                    }
                }
            }
            if self.filling.len() > MOST_CODES {
                wrong.add(record.line, format!("a list has at most {MOST_CODES} codes"));
                break;
            }
        }
        if columns.is_none() {
            wrong.add(1, "the list is empty");
        }
        wrong.close();
    }

    /// The list; a code of the Harmonized System that stands twice is a mistake.
    pub(super) fn finish(self, faults: &Faults) -> CodeTable {
        let kind = self.kind;
        let (table, twice) = self.filling.finish();
        if kind == CodeKind::Hs {
            for code in twice.iter().take(MOST_FAULTS) {
                faults.add("", format!("`{code}` stands here twice"));
            }
        }
        if table.len() == 0 {
            faults.add("", "holds no code");
        }
        table
    }

    fn columns(&self, head: &Record) -> Result<Columns, String> {
        let plain = |name: &str| name.to_lowercase().replace([' ', '_', '-'], "");
        let place = |wanted: &[&str]| {
            // In the order of what is looked for: `CommonCode` before a mere `Code`.
            wanted.iter().find_map(|wanted| head.fields.iter().position(|name| plain(name) == *wanted))
        };
        let (codes, names): (&[&str], &[&str]) = match self.kind {
            CodeKind::Hs => (&["hscode"], &["description"]),
            _ => (&["commoncode", "code", "alphabeticcode"], &["name", "description"]),
        };
        match (place(codes), place(names)) {
            (Some(code), Some(name)) => Ok(Columns::Named { code, name, status: place(&["status", "st"]) }),
            _ => {
                let shown = match self.kind {
                    CodeKind::Hs => "`hscode` and `description`",
                    _ => "`code` (or `CommonCode`) and `name`",
                };
                Err(format!("the first line names no columns {shown}"))
            }
        }
    }

    fn row(&mut self, columns: &Columns, record: &Record) -> Result<(), String> {
        let field = |at: usize| record.fields.get(at).map(|text| text.trim());
        let (code, name, detail, other) = match columns {
            Columns::Locode => return self.place(record),
            Columns::Named { code, name, status } => {
                let (Some(code), Some(name)) = (field(*code), field(*name)) else {
                    return Err("has too few columns".to_owned());
                };
                let detail = match status.and_then(field) {
                    Some("X") => "deleted",
                    Some("D") => "deprecated",
                    _ => "",
                };
                (code, name, detail, "")
            }
        };
        if name.len() > MOST_TEXT {
            return Err(format!("the name of `{code}` is longer than {MOST_TEXT} bytes"));
        }
        let digits = code.bytes().all(|byte| byte.is_ascii_digit());
        let fits = match self.kind {
            // The published list ends with a line for all goods together.
            CodeKind::Hs if code == "TOTAL" => return Ok(()),
            CodeKind::Hs => matches!(code.len(), 2 | 4 | 6) && digits,
            CodeKind::Unit => (2..=3).contains(&code.len()),
            CodeKind::Package => code.len() == 2,
            CodeKind::Locode => code.len() == 5,
        };
        if !fits || !self.filling.add(code, name, detail, other) {
            let form = match self.kind {
                CodeKind::Hs => "2, 4 or 6 digits",
                CodeKind::Unit => "2 or 3 capital letters and digits",
                CodeKind::Package => "2 capital letters and digits",
                CodeKind::Locode => "5 capital letters and digits",
            };
            return Err(format!("`{}` is no code of {form}", code.chars().take(40).collect::<String>()));
        }
        Ok(())
    }

    /// A row of UN/LOCODE: change, country, location, name, name without diacritics, subdivision, function and
    /// status (in either order), date, IATA code, coordinates, remarks. A row without a location is a country's heading
    /// or a reference from one name to another.
    fn place(&mut self, record: &Record) -> Result<(), String> {
        let field = |at: usize| record.fields.get(at).map(|text| text.trim()).unwrap_or_default();
        let (country, location, name) = (field(1), field(2), field(3));
        if record.fields.len() < 4 {
            return Err("has too few columns: the list is taken as UNECE publishes it".to_owned());
        }
        let heading = location.is_empty() || country.eq_ignore_ascii_case("country");
        if heading {
            return Ok(());
        }
        if name.len() > MOST_TEXT {
            return Err(format!("the name of `{country}{location}` is longer than {MOST_TEXT} bytes"));
        }
        let function = [field(6), field(7)].into_iter().find(|text| text.len() == 8).unwrap_or_default();
        let code = format!("{country}{location}");
        let mut detail = Vec::new();
        if !field(5).is_empty() {
            detail.push(field(5).to_owned());
        }
        let functions = functions(function);
        if !functions.is_empty() {
            detail.push(functions.join(", "));
        }
        if field(0) == "X" {
            detail.push("to be removed".to_owned());
        }
        if code.len() != 5 || !self.filling.add(&code, name, &detail.join("; "), field(4)) {
            return Err(format!("`{}` is no UN/LOCODE", code.chars().take(40).collect::<String>()));
        }
        Ok(())
    }
}

/// What a place is for, by the eight characters of the column `Function`.
fn functions(text: &str) -> Vec<&'static str> {
    const NAMES: [(char, &str); 8] = [
        ('1', "port"),
        ('2', "rail"),
        ('3', "road"),
        ('4', "airport"),
        ('5', "post"),
        ('6', "inland depot"),
        ('7', "fixed transport"),
        ('B', "border crossing"),
    ];
    NAMES.into_iter().filter(|(digit, _)| text.contains(*digit)).map(|(_, name)| name).collect()
}
