//! Reads a tree of what was brought or signed, and collects a finding with its place for every mistake.

use super::{
    error::CertificateError,
    finding::{Finding, Findings, Severity},
    member::Member,
    node::Node,
};
use std::{borrow::Cow, fmt, str::FromStr};

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
        let found = match node {
            Node::Number if expected == "a whole number" => "a number with a sign, a fraction or an exponent",
            _ => node.kind(),
        };
        let mut finding = Finding::error("WRONG_TYPE", at.to_string(), format!("expected {expected}, found {found}"));
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

    /// Reads a code by its `FromStr`.
    pub(crate) fn parse<T>(&mut self, node: &Node<'_>, at: At<'_>) -> Option<T>
    where
        T: FromStr<Err = CertificateError>,
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
    pub(crate) fn refuse(&mut self, error: &CertificateError, at: At<'_>) {
        let mut finding = Finding::error("TEXT", at.to_string(), error.to_string());
        if let CertificateError::Code { rule, help, .. } = error {
            (*rule).clone_into(&mut finding.rule);
            finding.help.clone_from(help);
        }
        self.push(finding);
    }
}

/// The members of an object as found.
#[derive(Clone, Copy)]
pub(crate) struct Members<'n, 'a>(&'n [(Cow<'a, str>, Node<'a>)]);

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
