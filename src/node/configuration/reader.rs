//! Reads a TOML document table by table and keeps every mistake, with its line, instead of stopping at the first.
//!
//! A member is asked for by name, and closing a table reports what nobody asked for: so the names that are
//! allowed are exactly those that are read.

use std::cell::RefCell;
use std::fmt;
use std::ops::Range;
use std::str::FromStr;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// One mistake in a configuration file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mistake {
    /// The line it stands on, counted from 1.
    pub line: usize,
    /// Where, such as `authority[0].issuer`; empty for the file as a whole.
    pub path: String,
    /// What is wrong.
    pub message: String,
    /// What mends it, if known.
    pub help: Option<String>,
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: ", self.line)?;
        if !self.path.is_empty() {
            write!(f, "{}: ", self.path)?;
        }
        f.write_str(&self.message)?;
        self.help.as_ref().map_or(Ok(()), |help| write!(f, " ({help})"))
    }
}

/// Every mistake found in one file, in the order of its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mistakes(pub Vec<Mistake>);

impl fmt::Display for Mistakes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (nth, mistake) in self.0.iter().enumerate() {
            if nth > 0 {
                f.write_str("; ")?;
            }
            mistake.fmt(f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Mistakes {}

/// A document being read, and the mistakes found so far.
pub(super) struct Document<'t> {
    text: &'t str,
    found: RefCell<Vec<Mistake>>,
}

impl<'t> Document<'t> {
    /// Parses the text and hands its root table to `read`; returns what it made of it, or every mistake.
    pub(super) fn read<T>(text: &'t str, read: impl FnOnce(&mut Section<'_, 't>) -> Option<T>) -> Result<T, Mistakes> {
        let document = Self { text, found: RefCell::new(Vec::new()) };
        let (root, errors) = DeTable::parse_recoverable(text);
        for error in errors {
            let at = error.span().unwrap_or_default();
            document.mistake(&at, "", error.message().to_owned(), None);
        }
        // What a broken line left out would be reported as missing: only the broken line is the mistake.
        let made = if document.found.borrow().is_empty() {
            let mut section = Section::open(&document, root.get_ref(), root.span(), String::new());
            let made = read(&mut section);
            section.close();
            made
        } else {
            None
        };
        let mut found = document.found.into_inner();
        match made {
            Some(made) if found.is_empty() => Ok(made),
            _ => {
                found.sort();
                Err(Mistakes(found))
            }
        }
    }

    fn mistake(&self, at: &Range<usize>, path: &str, message: String, help: Option<String>) {
        let before = self.text.get(..at.start).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        self.found.borrow_mut().push(Mistake { line, path: path.to_owned(), message, help });
    }
}

/// A table being read.
pub(super) struct Section<'a, 't> {
    document: &'a Document<'t>,
    table: &'a DeTable<'t>,
    span: Range<usize>,
    path: String,
    asked: Vec<&'static str>,
}

impl<'a, 't> Section<'a, 't> {
    fn open(document: &'a Document<'t>, table: &'a DeTable<'t>, span: Range<usize>, path: String) -> Self {
        Self { document, table, span, path, asked: Vec::new() }
    }

    fn at(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    fn ask(&mut self, name: &'static str) -> Option<&'a Spanned<DeValue<'t>>> {
        self.asked.push(name);
        self.table.get(name)
    }

    /// Reports a mistake of the member `name`, or of the table itself where it has no such member.
    pub(super) fn mistake(&self, name: &str, message: impl Into<String>) {
        let span = self.table.get(name).map_or_else(|| self.span.clone(), Spanned::span);
        self.document.mistake(&span, &self.at(name), message.into(), None);
    }

    fn expected(&self, name: &str, what: &str, value: &DeValue<'_>) {
        self.mistake(name, format!("{what} is expected, not {}", kind(value)));
    }

    /// Whether the member is there.
    pub(super) fn has(&self, name: &str) -> bool {
        self.table.contains_key(name)
    }

    /// A text that may be absent.
    pub(super) fn text(&mut self, name: &'static str) -> Option<&'a str> {
        let value = self.ask(name)?.get_ref();
        let text = value.as_str();
        if text.is_none() {
            self.expected(name, "a text", value);
        }
        text
    }

    /// A text of some grammar that may be absent.
    pub(super) fn optional<T: FromStr<Err: fmt::Display>>(&mut self, name: &'static str) -> Option<T> {
        let text = self.text(name)?;
        text.parse().map_err(|error: T::Err| self.mistake(name, error.to_string())).ok()
    }

    /// A text of some grammar that must be there.
    pub(super) fn required<T: FromStr<Err: fmt::Display>>(&mut self, name: &'static str) -> Option<T> {
        if !self.has(name) {
            self.asked.push(name);
            self.mistake(name, "is missing");
            return None;
        }
        self.optional(name)
    }

    /// The same; where it is missing or mistaken, which is noted, `stand_in` is read instead: whatever else the document
    /// names can be looked at then, and what is made of it is never handed out by [`Document::read`].
    pub(super) fn required_or<T: FromStr<Err: fmt::Display>>(
        &mut self,
        name: &'static str,
        stand_in: &str,
    ) -> Option<T> {
        self.required(name).or_else(|| stand_in.parse().ok())
    }

    /// A whole number within bounds, or `otherwise` where it is absent.
    pub(super) fn number(&mut self, name: &'static str, bounds: std::ops::RangeInclusive<u64>, otherwise: u64) -> u64 {
        let Some(value) = self.ask(name) else { return otherwise };
        let Some(number) = value.get_ref().as_integer() else {
            self.expected(name, "a whole number", value.get_ref());
            return otherwise;
        };
        match u64::from_str_radix(number.as_str(), number.radix()) {
            Ok(number) if bounds.contains(&number) => number,
            _ => {
                self.mistake(name, format!("a whole number from {} to {} is expected", bounds.start(), bounds.end()));
                otherwise
            }
        }
    }

    /// A list of texts of some grammar; absent is empty.
    pub(super) fn texts<T: FromStr<Err: fmt::Display>>(&mut self, name: &'static str) -> Vec<T> {
        let Some(value) = self.ask(name) else { return Vec::new() };
        let Some(list) = value.get_ref().as_array() else {
            self.expected(name, "a list of texts", value.get_ref());
            return Vec::new();
        };
        let mut all = Vec::with_capacity(list.len());
        for (nth, item) in list.iter().enumerate() {
            let path = format!("{}[{nth}]", self.at(name));
            match item.get_ref().as_str().map(str::parse) {
                Some(Ok(read)) => all.push(read),
                Some(Err(error)) => self.document.mistake(&item.span(), &path, format!("{error}"), None),
                None => {
                    let message = format!("a text is expected, not {}", kind(item.get_ref()));
                    self.document.mistake(&item.span(), &path, message, None);
                }
            }
        }
        all
    }

    /// A table that may be absent.
    pub(super) fn table<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Section<'a, 't>) -> Option<T>,
    ) -> Option<T> {
        let value = self.ask(name)?;
        let Some(table) = value.get_ref().as_table() else {
            self.expected(name, "a table", value.get_ref());
            return None;
        };
        let mut section = Section::open(self.document, table, value.span(), self.at(name));
        let made = read(&mut section);
        section.close();
        made
    }

    /// A table that must be there.
    pub(super) fn required_table<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Section<'a, 't>) -> Option<T>,
    ) -> Option<T> {
        if !self.has(name) {
            self.asked.push(name);
            self.mistake(name, "is missing");
            return None;
        }
        self.table(name, read)
    }

    /// A list of tables (`[[name]]`), in order; absent is empty.
    pub(super) fn tables<T>(
        &mut self,
        name: &'static str,
        mut read: impl FnMut(&mut Section<'a, 't>) -> Option<T>,
    ) -> Vec<T> {
        let Some(value) = self.ask(name) else { return Vec::new() };
        let Some(list) = value.get_ref().as_array() else {
            self.expected(name, "a list of tables", value.get_ref());
            return Vec::new();
        };
        let mut all = Vec::with_capacity(list.len());
        for (nth, item) in list.iter().enumerate() {
            let path = format!("{}[{nth}]", self.at(name));
            let Some(table) = item.get_ref().as_table() else {
                let message = format!("a table is expected, not {}", kind(item.get_ref()));
                self.document.mistake(&item.span(), &path, message, None);
                continue;
            };
            let mut section = Section::open(self.document, table, item.span(), path);
            all.extend(read(&mut section));
            section.close();
        }
        all
    }

    /// Reports every member nobody asked for.
    fn close(self) {
        for (key, _) in self.table {
            let name = key.get_ref().as_ref();
            if self.asked.contains(&name) {
                continue;
            }
            let near = self.asked.iter().map(|known| (strsim::damerau_levenshtein(known, name), *known)).min();
            let help = match near {
                Some((distance, known)) if distance <= 1 + name.len() / 4 => Some(format!("did you mean `{known}`?")),
                _ if self.asked.is_empty() => None,
                _ => Some(format!("known here: {}", self.asked.join(", "))),
            };
            self.document.mistake(&key.span(), &self.at(name), "is not known".to_owned(), help);
        }
    }
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a number with a point",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
