//! Reads a TOML table member by member and keeps every mistake, with its path, instead of stopping at the first.
//!
//! A table is opened, each member it may have is asked for by name, and closing it reports what was never
//! asked for: so the list of allowed names cannot differ from what is read.

use super::figure::Figure;
use crate::time::read_date;
use std::cell::RefCell;
use toml::{Table, Value};

/// One mistake in one file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Fault {
    /// The file's name as given to the loader.
    pub file: String,
    /// Where in the file, such as `editions[0].validity.article`; empty for the file as a whole.
    pub path: String,
    /// What is wrong.
    pub message: String,
}

/// All mistakes found in one file so far.
pub(super) struct Faults {
    file: String,
    found: RefCell<Vec<Fault>>,
}

impl Faults {
    pub(super) fn of(file: &str) -> Self {
        Self { file: file.to_owned(), found: RefCell::new(Vec::new()) }
    }

    pub(super) fn add(&self, path: &str, message: impl Into<String>) {
        let fault = Fault { file: self.file.clone(), path: path.to_owned(), message: message.into() };
        self.found.borrow_mut().push(fault);
    }

    /// The name of the file.
    pub(super) fn file(&self) -> &str {
        &self.file
    }

    pub(super) fn into_vec(self) -> Vec<Fault> {
        self.found.into_inner()
    }
}

/// The table that a file holds, if it is TOML.
pub(super) fn read_table(text: &str, faults: &Faults) -> Option<Table> {
    let table = text.parse::<Table>();
    table.map_err(|error| faults.add("", format!("not TOML: {}", error.to_string().trim_end()))).ok()
}

/// Reads files of one format, given as name and TOML text; gives every mistake of every file.
pub(super) fn read_files<N: AsRef<str>, T: AsRef<str>>(
    files: impl IntoIterator<Item = (N, T)>,
    format: u32,
    mut read: impl FnMut(&mut Fields<'_>),
) -> Vec<Fault> {
    let mut faults = Vec::new();
    for (name, text) in files {
        let found = Faults::of(name.as_ref());
        if let Some(table) = read_table(text.as_ref(), &found) {
            let mut fields = Fields::root(&table, &found);
            fields.format(format);
            read(&mut fields);
            fields.close();
        }
        faults.extend(found.into_vec());
    }
    faults
}

/// What a single TOML value can be read as.
pub(super) trait FromValue: Sized {
    fn from_value(value: &Value, path: &str, faults: &Faults) -> Option<Self>;
}

/// A table being read.
pub(super) struct Fields<'a> {
    table: &'a Table,
    path: String,
    faults: &'a Faults,
    asked: Vec<&'static str>,
}

impl<'a> Fields<'a> {
    pub(super) fn root(table: &'a Table, faults: &'a Faults) -> Self {
        Self { table, path: String::new(), faults, asked: Vec::new() }
    }

    /// Reads `format`, the version of the file format, which must be the one read here.
    pub(super) fn format(&mut self, known: u32) {
        if let Some(format) = self.required::<u32>("format")
            && format != known
        {
            self.faults.add("format", format!("format {format} is not read here; this is format {known}"));
        }
    }

    /// Opens `value` as a table, or reports that it is none.
    pub(super) fn open(value: &'a Value, path: &str, faults: &'a Faults) -> Option<Self> {
        let Value::Table(table) = value else {
            faults.add(path, format!("a table is expected, not {}", kind(value)));
            return None;
        };
        Some(Self { table, path: path.to_owned(), faults, asked: Vec::new() })
    }

    pub(super) const fn faults(&self) -> &'a Faults {
        self.faults
    }

    /// The path of member `name`.
    pub(super) fn at(&self, name: &str) -> String {
        if self.path.is_empty() { name.to_owned() } else { format!("{}.{name}", self.path) }
    }

    fn ask(&mut self, name: &'static str) -> Option<&'a Value> {
        self.asked.push(name);
        self.table.get(name)
    }

    /// A member that may be absent.
    pub(super) fn optional<T: FromValue>(&mut self, name: &'static str) -> Option<T> {
        let value = self.ask(name)?;
        T::from_value(value, &self.at(name), self.faults)
    }

    /// A member that must be there.
    pub(super) fn required<T: FromValue>(&mut self, name: &'static str) -> Option<T> {
        if let Some(value) = self.ask(name) {
            return T::from_value(value, &self.at(name), self.faults);
        }
        self.faults.add(&self.at(name), "is missing");
        None
    }

    /// A table that may be absent: `read` is given the open table, or nothing is known of any of its figures.
    pub(super) fn section<T: Default>(&mut self, name: &'static str, read: impl FnOnce(&mut Fields<'a>) -> T) -> T {
        let path = self.at(name);
        let Some(mut fields) = self.ask(name).and_then(|value| Self::open(value, &path, self.faults)) else {
            return T::default();
        };
        let section = read(&mut fields);
        fields.close();
        section
    }

    /// A table that must be there.
    pub(super) fn section_required<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&mut Fields<'a>) -> T,
    ) -> Option<T> {
        let path = self.at(name);
        let Some(value) = self.ask(name) else {
            self.faults.add(&path, "is missing");
            return None;
        };
        let mut fields = Self::open(value, &path, self.faults)?;
        let section = read(&mut fields);
        fields.close();
        Some(section)
    }

    /// A list of tables, in order; absent is empty.
    pub(super) fn list<T>(&mut self, name: &'static str, mut read: impl FnMut(&mut Fields<'a>) -> Option<T>) -> Vec<T> {
        let path = self.at(name);
        let Some(value) = self.ask(name) else { return Vec::new() };
        let Value::Array(values) = value else {
            self.faults.add(&path, format!("a list of tables is expected, not {}", kind(value)));
            return Vec::new();
        };
        let mut all = Vec::new();
        for (index, value) in values.iter().enumerate() {
            let Some(mut fields) = Self::open(value, &format!("{path}[{index}]"), self.faults) else { continue };
            all.extend(read(&mut fields));
            fields.close();
        }
        all
    }

    /// A figure that only some tables have.
    pub(super) fn optional_figure<T: FromValue>(&mut self, name: &'static str) -> Option<Figure<T>> {
        let stated = self.table.contains_key(name);
        let figure = self.figure(name);
        stated.then_some(figure)
    }

    /// A figure: `{ value = …, article = "…", confirmed = true|false, note = "…" }`; absent is unknown.
    pub(super) fn figure<T: FromValue>(&mut self, name: &'static str) -> Figure<T> {
        let path = self.at(name);
        let Some(mut fields) = self.ask(name).and_then(|value| Self::open(value, &path, self.faults)) else {
            return Figure::default();
        };
        let figure = fields.figure_here();
        fields.close();
        figure
    }

    fn figure_here<T: FromValue>(&mut self) -> Figure<T> {
        let stated = self.table.contains_key("value");
        let value = self.optional::<T>("value");
        let (article, confirmed, note) = self.source();
        if confirmed && !stated {
            self.faults.add(&self.at("confirmed"), "a figure without a value cannot be confirmed");
        }
        Figure::new(value, article, confirmed, note)
    }

    /// The source of a figure or of a whole table: its article, whether it is confirmed, and a note.
    pub(super) fn source(&mut self) -> (Option<String>, bool, Option<String>) {
        let article: Option<String> = self.optional("article");
        let confirmed = self.required::<bool>("confirmed").unwrap_or(false);
        if confirmed && article.is_none() {
            self.faults.add(&self.at("article"), "is missing: a confirmed figure names the article it is read from");
        }
        (article, confirmed, self.optional("note"))
    }

    /// Reports every member that was never asked for.
    pub(super) fn close(self) {
        for name in self.table.keys().filter(|name| !self.asked.contains(&name.as_str())) {
            let message = match closest(name, self.asked.iter().copied()) {
                Some(meant) => format!("unknown member; did you mean `{meant}`?"),
                None => format!("unknown member; known here: {}", self.asked.join(", ")),
            };
            self.faults.add(&self.at(name), message);
        }
    }
}

/// The candidate a typing mistake away from `word`, if one is that near.
pub(super) fn closest<'w>(word: &str, candidates: impl Iterator<Item = &'w str>) -> Option<&'w str> {
    candidates
        .map(|candidate| (strsim::damerau_levenshtein(word, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len() / 4)
        .min()
        .map(|(_, candidate)| candidate)
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::String(_) => "a text",
        Value::Integer(_) => "a whole number",
        Value::Float(_) => "a number with a point (write it as text, \"40.5\")",
        Value::Boolean(_) => "true or false",
        Value::Datetime(_) => "a bare date (write it as text, \"2026-01-31\")",
        Value::Array(_) => "a list",
        Value::Table(_) => "a table",
    }
}

fn unexpected<T>(expected: &str, value: &Value, path: &str, faults: &Faults) -> Option<T> {
    faults.add(path, format!("{expected} is expected, not {}", kind(value)));
    None
}

impl FromValue for bool {
    fn from_value(value: &Value, path: &str, faults: &Faults) -> Option<Self> {
        value.as_bool().or_else(|| unexpected("true or false", value, path, faults))
    }
}

impl FromValue for u32 {
    fn from_value(value: &Value, path: &str, faults: &Faults) -> Option<Self> {
        let Value::Integer(number) = value else { return unexpected("a whole number", value, path, faults) };
        let number = Self::try_from(*number);
        number.map_err(|_| faults.add(path, "a whole number from 0 to 4294967295 is expected")).ok()
    }
}

impl FromValue for String {
    fn from_value(value: &Value, path: &str, faults: &Faults) -> Option<Self> {
        let Value::String(text) = value else { return unexpected("a text", value, path, faults) };
        if text.trim().is_empty() {
            faults.add(path, "is empty");
            return None;
        }
        Some(text.clone())
    }
}

/// Boxes are numbered on most forms and lettered on some, so both `13` and `"5A"` are read.
impl FromValue for crate::certificate::BoxNumber {
    fn from_value(value: &Value, path: &str, faults: &Faults) -> Option<Self> {
        match value {
            Value::Integer(number) => parse(&Value::String(number.to_string()), path, faults),
            other => parse(other, path, faults),
        }
    }
}

impl FromValue for crate::time::Date {
    fn from_value(value: &Value, path: &str, faults: &Faults) -> Option<Self> {
        let text = String::from_value(value, path, faults)?;
        read_date(&text).map_err(|why| faults.add(path, format!("`{text}`: {why}"))).ok()
    }
}

impl<T: FromValue> FromValue for Vec<T> {
    fn from_value(value: &Value, path: &str, faults: &Faults) -> Option<Self> {
        let Value::Array(values) = value else { return unexpected("a list", value, path, faults) };
        let read = |(index, value)| T::from_value(value, &format!("{path}[{index}]"), faults);
        Some(values.iter().enumerate().filter_map(read).collect())
    }
}

/// Reads with `FromStr`, whose error is the message.
pub(super) fn parse<T: std::str::FromStr<Err: std::fmt::Display>>(
    value: &Value,
    path: &str,
    faults: &Faults,
) -> Option<T> {
    let text = String::from_value(value, path, faults)?;
    text.parse().map_err(|error: T::Err| faults.add(path, error.to_string())).ok()
}

/// Code types and decimals are read from their text.
macro_rules! read_from_text {
    ($($type:ty),+ $(,)?) => {$(
        impl $crate::agreement::fields::FromValue for $type {
            fn from_value(
                value: &toml::Value,
                path: &str,
                faults: &$crate::agreement::fields::Faults,
            ) -> Option<Self> {
                $crate::agreement::fields::parse(value, path, faults)
            }
        }
    )+};
}
pub(super) use read_from_text;

/// A closed list of words, each with its meaning.
macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$doc])* $variant),+ }

        impl $name {
            /// Every word, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word as the file writes it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl $crate::agreement::fields::FromValue for $name {
            fn from_value(
                value: &toml::Value,
                path: &str,
                faults: &$crate::agreement::fields::Faults,
            ) -> Option<Self> {
                let text = String::from_value(value, path, faults)?;
                let found = Self::ALL.iter().copied().find(|word| word.as_str() == text);
                if found.is_none() {
                    let known = || Self::ALL.iter().map(|word| word.as_str());
                    let help = match $crate::agreement::fields::closest(&text, known()) {
                        Some(meant) => format!("did you mean `{meant}`?"),
                        None => format!("one of: {}", known().collect::<Vec<_>>().join(", ")),
                    };
                    faults.add(path, format!("`{text}` is not known here; {help}"));
                }
                found
            }
        }
    };
}
pub(super) use words;

/// A table of figures alone; one that is not stated is not known.
macro_rules! figures {
    ($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $figure:ident: $type:ty,)+ }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Default, PartialEq, Eq)]
        pub struct $name { $($(#[$doc])* pub $figure: $crate::agreement::figure::Figure<$type>,)+ }

        impl $name {
            pub(in crate::agreement) fn read(fields: &mut $crate::agreement::fields::Fields<'_>) -> Self {
                Self { $($figure: fields.figure(stringify!($figure)),)+ }
            }
        }
    };
}
pub(super) use figures;
