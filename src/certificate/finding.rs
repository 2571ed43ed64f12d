//! What a reader or a rule has to say about a certificate: where, which rule, how grave, in plain words.

use crate::reason::{Class, Reasoned};
use serde::{Deserialize, Serialize};
use std::fmt;

/// How grave a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The certificate cannot be issued as it stands.
    Error,
    /// It can be issued, and somebody should look.
    Warning,
    /// The rule could not be judged, because a list or a figure is not held here or is not confirmed.
    Unknown,
}

/// One finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Finding {
    /// The member concerned, such as `goods.items[0].hs.code`; empty for the document as a whole.
    pub path: String,
    /// Stable UPPER_SNAKE name of the rule.
    pub rule: String,
    /// How grave it is.
    pub severity: Severity,
    /// One plain sentence.
    pub message: String,
    /// The article of the agreement the rule comes from, where it has one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub article: Option<String>,
    /// The box of the form that the member stands in, where the form is known.
    #[serde(rename = "box", skip_serializing_if = "Option::is_none", default)]
    pub form_box: Option<String>,
    /// What would mend it, where that can be said.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub help: Option<String>,
}

impl Finding {
    /// A finding without article or help.
    #[must_use]
    pub fn new(
        severity: Severity,
        rule: impl Into<String>,
        path: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        let (path, rule, message) = (path.into(), rule.into(), message.into());
        Self { path, rule, severity, message, article: None, form_box: None, help: None }
    }

    /// A finding that forbids issue.
    #[must_use]
    pub fn error(rule: impl Into<String>, path: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, rule, path, message)
    }

    /// A finding somebody should look at.
    #[must_use]
    pub fn warning(rule: impl Into<String>, path: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, rule, path, message)
    }

    /// A rule that could not be judged.
    #[must_use]
    pub fn unknown(rule: impl Into<String>, path: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Severity::Unknown, rule, path, message)
    }

    /// Names the article the rule comes from.
    #[must_use]
    pub fn with_article(mut self, article: impl Into<String>) -> Self {
        self.article = Some(article.into());
        self
    }

    /// Says what would mend it.
    #[must_use]
    pub fn with_help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = if self.path.is_empty() { "document" } else { &self.path };
        write!(f, "{path}: {} [{}]", self.message, self.rule)?;
        if let Some(article) = &self.article {
            write!(f, " ({article})")?;
        }
        if let Some(help) = &self.help {
            write!(f, "; {help}")?;
        }
        Ok(())
    }
}

/// All findings about one document, in the order they were made.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Findings(pub Vec<Finding>);

impl Findings {
    /// Adds a finding.
    pub fn push(&mut self, finding: Finding) {
        self.0.push(finding);
    }

    /// Adds the findings of another.
    pub fn extend(&mut self, others: Self) {
        self.0.extend(others.0);
    }

    /// Whether any finding forbids issue.
    #[must_use]
    pub fn has_errors(&self) -> bool {
        self.0.iter().any(|finding| finding.severity == Severity::Error)
    }

    /// Whether there is nothing to say.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The findings in order.
    pub fn iter(&self) -> std::slice::Iter<'_, Finding> {
        self.0.iter()
    }
}

impl IntoIterator for Findings {
    type Item = Finding;
    type IntoIter = std::vec::IntoIter<Finding>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a> IntoIterator for &'a Findings {
    type Item = &'a Finding;
    type IntoIter = std::slice::Iter<'a, Finding>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, finding) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str("\n")?;
            }
            fmt::Display::fmt(finding, f)?;
        }
        Ok(())
    }
}

impl std::error::Error for Findings {}

impl Reasoned for Findings {
    fn reason(&self) -> &'static str {
        "CERTIFICATE_INVALID"
    }

    fn class(&self) -> Class {
        Class::Reject
    }
}
