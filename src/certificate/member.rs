//! How a member of a section is read, written and described: one definition serves the reader that names
//! every mistake, the strict reader of signed sections, the writer, and the published schema.

use super::{
    finding::{Finding, Findings, Severity},
    node::Node,
    schema::Definitions,
};
use crate::{
    encoding::Decimal,
    time::{Date, parse_date},
};
use serde::{Deserializer, Serialize, Serializer};
use serde_json::{Value, json};
use std::fmt;

/// Findings kept at most: a document of a mebibyte could hold a hundred thousand mistakes.
const FINDINGS_MAX: usize = 200;

/// Which of the two forms of a section.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// What a back office brings: absent members are empty or null, texts are normalised.
    Input,
    /// What is signed: every member is present, one spelling for each value.
    Signed,
}

/// The place of a node, kept as links on the stack, so that nothing is built unless there is a finding.
#[derive(Clone, Copy)]
pub(crate) struct At<'a> {
    parent: Option<&'a At<'a>>,
    step: Step<'a>,
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Root,
    Name(&'a str),
    Index(usize),
}

impl<'a> At<'a> {
    pub(crate) const ROOT: At<'static> = At { parent: None, step: Step::Root };

    pub(crate) const fn name(&'a self, name: &'a str) -> At<'a> {
        At { parent: Some(self), step: Step::Name(name) }
    }

    pub(crate) const fn index(&'a self, index: usize) -> At<'a> {
        At { parent: Some(self), step: Step::Index(index) }
    }
}

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            fmt::Display::fmt(parent, f)?;
        }
        match self.step {
            Step::Root => Ok(()),
            Step::Index(index) => write!(f, "[{index}]"),
            Step::Name(name) => {
                if self.parent.is_some_and(|parent| !matches!(parent.step, Step::Root)) {
                    f.write_str(".")?;
                }
                f.write_str(name)
            }
        }
    }
}

/// Collects findings while a tree is read.
pub(crate) struct Reader {
    form: Form,
    findings: Findings,
    left_out: usize,
}

impl Reader {
    pub(crate) const fn new(form: Form) -> Self {
        Self { form, findings: Findings(Vec::new()), left_out: 0 }
    }

    pub(crate) fn is_signed(&self) -> bool {
        self.form == Form::Signed
    }

    pub(crate) fn push(&mut self, finding: Finding) {
        if self.findings.0.len() < FINDINGS_MAX || finding.severity == Severity::Error && !self.findings.has_errors() {
            self.findings.push(finding);
        } else {
            self.left_out += 1;
        }
    }

    pub(crate) fn error(&mut self, rule: &str, at: At<'_>, message: impl Into<String>) {
        self.push(Finding::error(rule, at.to_string(), message));
    }

    pub(crate) fn finish(mut self) -> Findings {
        if self.left_out > 0 {
            let message = format!("and {} more findings, not shown", self.left_out);
            self.findings.push(Finding::warning("MORE_FINDINGS", "", message));
        }
        self.findings
    }

    pub(crate) fn wrong_kind(&mut self, expected: &str, node: &Node<'_>, at: At<'_>) {
        let help = match node {
            Node::Whole(_) | Node::Number if expected == "a text" => {
                Some("write it in quotes: quantities, amounts and codes are texts")
            }
            _ => None,
        };
        let mut finding =
            Finding::error("WRONG_TYPE", at.to_string(), format!("expected {expected}, found {}", node.kind()));
        finding.help = help.map(str::to_owned);
        self.push(finding);
    }

    pub(crate) fn text<'n>(&mut self, node: &'n Node<'_>, at: At<'_>) -> Option<&'n str> {
        if let Node::Text(text) = node {
            return Some(text);
        }
        self.wrong_kind("a text", node, at);
        None
    }

    /// The members of an object, after naming unknown and repeated ones.
    pub(crate) fn members<'n, 'a>(
        &mut self,
        node: &'n Node<'a>,
        at: At<'_>,
        known: &[&str],
    ) -> Option<Members<'n, 'a>> {
        let Node::Object(members) = node else {
            self.wrong_kind("an object", node, at);
            return None;
        };
        // Work stays linear in the members found: a hostile object may have a hundred thousand.
        let mut seen = vec![false; known.len()];
        for (name, _) in members {
            match known.iter().zip(&mut seen).find(|(known, _)| *known == name) {
                None => self.unknown_member(name, at, known),
                Some((_, seen)) if *seen => self.error("DUPLICATE_MEMBER", at.name(name), "stands more than once"),
                Some((_, seen)) => *seen = true,
            }
        }
        Some(Members(members))
    }

    fn unknown_member(&mut self, name: &str, at: At<'_>, known: &[&str]) {
        if self.findings.0.len() >= FINDINGS_MAX {
            self.left_out += 1;
            return;
        }
        let shown = quoted(name);
        let mut finding =
            Finding::error("UNKNOWN_MEMBER", at.name(&shown).to_string(), format!("there is no member `{shown}` here"));
        finding.help = nearest(name, known.iter().copied()).map(|near| format!("did you mean `{near}`?"));
        self.push(finding);
    }
}

/// The members of an object as found.
#[derive(Clone, Copy)]
pub(crate) struct Members<'n, 'a>(&'n [(std::borrow::Cow<'a, str>, Node<'a>)]);

impl<'n, 'a> Members<'n, 'a> {
    pub(crate) fn get(self, name: &str) -> Option<&'n Node<'a>> {
        self.0.iter().find(|(found, _)| found == name).map(|(_, node)| node)
    }

    /// Reads one member.
    pub(crate) fn read<T: Member>(self, name: &str, at: At<'_>, reader: &mut Reader) -> Option<T> {
        let here = at.name(name);
        if let Some(node) = self.get(name) {
            return T::read(node, here, reader);
        }
        let absent = if reader.is_signed() { None } else { T::absent() };
        if absent.is_none() {
            reader.error("REQUIRED", here, "is missing");
        }
        absent
    }
}

/// Something that can stand as a member of a section.
pub(crate) trait Member: Sized {
    /// Reads it, or says why not.
    fn read(node: &Node<'_>, at: At<'_>, reader: &mut Reader) -> Option<Self>;

    /// What an absent member stands for in the input form; `None` where it must be there.
    #[must_use]
    fn absent() -> Option<Self> {
        None
    }

    /// Writes it in the signed form.
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;

    /// Its JSON Schema (2020-12).
    #[must_use]
    fn schema(definitions: &mut Definitions) -> Value;
}

/// A member as serde sees it.
pub(crate) struct Out<'a, T>(pub(crate) &'a T);

impl<T: Member> Serialize for Out<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.write(serializer)
    }
}

/// Reads the signed form for serde: the first mistake is the error.
pub(crate) fn deserialize<'de, T: Member, D: Deserializer<'de>>(deserializer: D) -> Result<T, D::Error> {
    use serde::{Deserialize, de::Error};
    let node = Node::deserialize(deserializer)?;
    let mut reader = Reader::new(Form::Signed);
    let value = T::read(&node, At::ROOT, &mut reader);
    let findings = reader.finish();
    match value {
        Some(value) if !findings.has_errors() => Ok(value),
        _ => Err(D::Error::custom(&findings)),
    }
}

impl<T: Member> Member for Option<T> {
    fn read(node: &Node<'_>, at: At<'_>, reader: &mut Reader) -> Option<Self> {
        if matches!(node, Node::Null) { Some(None) } else { T::read(node, at, reader).map(Some) }
    }

    fn absent() -> Option<Self> {
        Some(None)
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Some(value) => serializer.serialize_some(&Out(value)),
            None => serializer.serialize_none(),
        }
    }

    fn schema(definitions: &mut Definitions) -> Value {
        json!({"anyOf": [T::schema(definitions), {"type": "null"}]})
    }
}

/// Entries of a list at most, where nothing narrower is said.
const LIST_MAX: usize = 500;

impl<T: Member> Member for Vec<T> {
    fn read(node: &Node<'_>, at: At<'_>, reader: &mut Reader) -> Option<Self> {
        let Node::List(list) = node else {
            reader.wrong_kind("a list", node, at);
            return None;
        };
        if list.len() > LIST_MAX {
            reader.error("TOO_MANY", at, format!("has {} entries; {LIST_MAX} at most", list.len()));
            return None;
        }
        let entries: Vec<Option<T>> =
            list.iter().enumerate().map(|(i, node)| T::read(node, at.index(i), reader)).collect();
        entries.into_iter().collect()
    }

    fn absent() -> Option<Self> {
        Some(Self::new())
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(Out))
    }

    fn schema(definitions: &mut Definitions) -> Value {
        json!({"type": "array", "items": T::schema(definitions), "maxItems": LIST_MAX})
    }
}

impl<T: Member> Member for Box<T> {
    fn read(node: &Node<'_>, at: At<'_>, reader: &mut Reader) -> Option<Self> {
        T::read(node, at, reader).map(Self::new)
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        T::write(self, serializer)
    }

    fn schema(definitions: &mut Definitions) -> Value {
        T::schema(definitions)
    }
}

impl Member for bool {
    fn read(node: &Node<'_>, at: At<'_>, reader: &mut Reader) -> Option<Self> {
        if let Node::Bool(truth) = node {
            return Some(*truth);
        }
        reader.wrong_kind("true or false", node, at);
        None
    }

    fn absent() -> Option<Self> {
        Some(false)
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bool(*self)
    }

    fn schema(_: &mut Definitions) -> Value {
        json!({"type": "boolean"})
    }
}

/// Largest whole number of a member: n..8 of the trade data elements for counts of packages.
const WHOLE_MAX: u32 = 99_999_999;

impl Member for u32 {
    fn read(node: &Node<'_>, at: At<'_>, reader: &mut Reader) -> Option<Self> {
        let Node::Whole(number) = node else {
            reader.wrong_kind("a whole number", node, at);
            return None;
        };
        let value = Self::try_from(*number).ok().filter(|value| (1..=WHOLE_MAX).contains(value));
        if value.is_none() {
            reader.error("OUT_OF_RANGE", at, format!("{number} is not between 1 and {WHOLE_MAX}"));
        }
        value
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(*self)
    }

    fn schema(_: &mut Definitions) -> Value {
        json!({"type": "integer", "minimum": 1, "maximum": WHOLE_MAX})
    }
}

impl Member for Decimal {
    fn read(node: &Node<'_>, at: At<'_>, reader: &mut Reader) -> Option<Self> {
        let text = reader.text(node, at)?;
        text.parse().map_err(|_| reader.error("DECIMAL", at, decimal_fault(text))).ok()
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }

    fn schema(_: &mut Definitions) -> Value {
        json!({"type": "string", "pattern": r"^(0|[1-9][0-9]{0,14})(\.[0-9]{1,6})?$"})
    }
}

fn decimal_fault(text: &str) -> String {
    format!(
        "`{}` is not a number here: up to 15 digits, then optionally a point and 1 to 6 digits; no sign, no separators",
        quoted(text)
    )
}

impl Member for Date {
    fn read(node: &Node<'_>, at: At<'_>, reader: &mut Reader) -> Option<Self> {
        let text = reader.text(node, at)?;
        let date = parse_date(text);
        if date.is_none() {
            reader.error("DATE", at, format!("`{}` is not a date YYYY-MM-DD", quoted(text)));
        }
        date
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }

    fn schema(_: &mut Definitions) -> Value {
        json!({"type": "string", "format": "date", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"})
    }
}

/// The start of a text, safe to print in a message: a hostile text must not write a log line or a page.
pub(crate) fn quoted(text: &str) -> String {
    const SHOWN: usize = 40;
    let mut shown: String = text.chars().take(SHOWN).flat_map(printable).collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}

fn printable(c: char) -> Vec<char> {
    let hidden = c.is_control()
        || matches!(c, '\u{061C}' | '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{FEFF}');
    if hidden { c.escape_unicode().collect() } else { vec![c] }
}

/// The known word nearest to one that is not known, if any is near enough to be what was meant.
pub(crate) fn nearest<'k>(word: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    // A name longer than any we know is no slip of the keyboard, and the distance costs its length.
    const LONGEST: usize = 40;
    if word.len() > LONGEST {
        return None;
    }
    known
        .map(|candidate| (strsim::jaro_winkler(word, candidate), candidate))
        .filter(|(likeness, _)| *likeness >= 0.8)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, candidate)| candidate)
}

/// serde for a [`Member`]: writing and reading the signed form. Only for self-describing formats.
macro_rules! serde_by_member {
    (for [$($generics:tt)*] $type:ty) => {
        impl<$($generics)*> ::serde::Serialize for $type {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                $crate::certificate::member::Member::write(self, serializer)
            }
        }

        impl<'de, $($generics)*> ::serde::Deserialize<'de> for $type {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                $crate::certificate::member::deserialize(deserializer)
            }
        }
    };
    ($type:ty) => {
        $crate::certificate::member::serde_by_member!(for [] $type);
    };
}
pub(crate) use serde_by_member;

/// [`Member`](super::member::Member) for a type that is read by its `FromStr` and written by its `Display`;
/// `remark` is a finding about a value that is well-formed all the same, without its path.
macro_rules! text_member {
    ($type:ty, $schema:expr $(, remark: $remark:expr)?) => {
        impl $crate::certificate::member::Member for $type {
            fn read(
                node: &$crate::certificate::node::Node<'_>,
                at: $crate::certificate::member::At<'_>,
                reader: &mut $crate::certificate::member::Reader,
            ) -> Option<Self> {
                let value: Self = reader.parse(node, at)?;
                $(
                    let remark: fn(&Self) -> Option<$crate::certificate::finding::Finding> = $remark;
                    if let Some(mut finding) = remark(&value) {
                        finding.path = at.to_string();
                        reader.push(finding);
                    }
                )?
                Some(value)
            }

            fn write<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }

            fn schema(_: &mut $crate::certificate::schema::Definitions) -> ::serde_json::Value {
                $schema
            }
        }
    };
}
pub(crate) use text_member;

/// A section or a part of one: a struct whose every field is a [`Member`].
macro_rules! section {
    (
        $(#[doc = $doc:literal])+
        pub struct $name:ident { $($(#[doc = $field_doc:literal])+ $field:ident : $type:ty,)+ }
    ) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name { $($(#[doc = $field_doc])+ pub $field: $type,)+ }

        impl $crate::certificate::member::Member for $name {
            fn read(
                node: &$crate::certificate::node::Node<'_>,
                at: $crate::certificate::member::At<'_>,
                reader: &mut $crate::certificate::member::Reader,
            ) -> Option<Self> {
                let members = reader.members(node, at, &[$(stringify!($field)),+])?;
                $(let $field = members.read::<$type>(stringify!($field), at, reader);)+
                Some(Self { $($field: $field?),+ })
            }

            fn write<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                use ::serde::ser::SerializeStruct as _;
                let mut section = serializer.serialize_struct(stringify!($name), [$(stringify!($field)),+].len())?;
                $(section.serialize_field(stringify!($field), &$crate::certificate::member::Out(&self.$field))?;)+
                section.end()
            }

            fn schema(definitions: &mut $crate::certificate::schema::Definitions) -> ::serde_json::Value {
                definitions.object(
                    stringify!($name),
                    concat!($($doc),+),
                    |definitions| vec![
                        $(definitions.member::<$type>(stringify!($field), concat!($($field_doc),+))),+
                    ],
                )
            }
        }

        $crate::certificate::member::serde_by_member!($name);
    };
}
pub(crate) use section;

/// A closed list of words.
macro_rules! words {
    (
        $(#[doc = $doc:literal])+
        pub enum $name:ident ($rule:literal) { $($(#[doc = $word_doc:literal])+ $variant:ident = $word:literal,)+ }
    ) => {
        $(#[doc = $doc])+
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[doc = $word_doc])+ $variant,)+ }

        impl $name {
            /// Every word, in order.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The word as documents carry it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl ::std::str::FromStr for $name {
            type Err = $crate::certificate::error::CertificateError;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                if let Some(found) = Self::ALL.iter().find(|word| word.as_str() == text) {
                    return Ok(*found);
                }
                Err($crate::certificate::member::no_such_word($rule, text, &[$($word),+]))
            }
        }

        impl $crate::certificate::member::Member for $name {
            fn read(
                node: &$crate::certificate::node::Node<'_>,
                at: $crate::certificate::member::At<'_>,
                reader: &mut $crate::certificate::member::Reader,
            ) -> Option<Self> {
                reader.parse(node, at)
            }

            fn write<S: ::serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }

            fn schema(_: &mut $crate::certificate::schema::Definitions) -> ::serde_json::Value {
                ::serde_json::json!({"enum": [$($word),+]})
            }
        }

        $crate::certificate::member::serde_by_member!($name);
    };
}
pub(crate) use words;

/// The error of a word that is not in its closed list.
pub(crate) fn no_such_word(rule: &'static str, text: &str, known: &[&str]) -> super::error::CertificateError {
    use super::error::CertificateError;
    let why = format!("`{}` is not one of {}", quoted(text), known.join(", "));
    match nearest(text, known.iter().copied()) {
        Some(near) => CertificateError::code_with_help(rule, why, format!("did you mean `{near}`?")),
        None => CertificateError::code(rule, why),
    }
}

impl Reader {
    /// Reads a code by its `FromStr`.
    pub(crate) fn parse<T>(&mut self, node: &Node<'_>, at: At<'_>) -> Option<T>
    where
        T: std::str::FromStr<Err = super::error::CertificateError>,
    {
        let text = self.text(node, at)?;
        match text.parse() {
            Ok(value) => Some(value),
            Err(error) => {
                self.refuse(&error, at);
                None
            }
        }
    }

    /// Turns an error of a code or text into a finding.
    pub(crate) fn refuse(&mut self, error: &super::error::CertificateError, at: At<'_>) {
        use super::error::CertificateError;
        let mut finding = Finding::error("TEXT", at.to_string(), error.to_string());
        if let CertificateError::Code { rule, help, .. } = error {
            (*rule).clone_into(&mut finding.rule);
            finding.help.clone_from(help);
        }
        self.push(finding);
    }
}
