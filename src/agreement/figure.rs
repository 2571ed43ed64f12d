//! A figure of an agreement: the value, the article it is read from, and whether that was confirmed.

use std::fmt;

/// A value with its source. Without a value it is *unknown*.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Figure<T> {
    value: Option<T>,
    article: Option<String>,
    confirmed: bool,
    note: Option<String>,
}

/// How far a figure may be relied on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known<T> {
    /// Read in the legal text or on the form: what contradicts it is an error.
    Confirmed(T),
    /// From a secondary source: it is applied, and whoever relies on it is warned.
    Unconfirmed(T),
    /// Not found yet.
    Unknown,
}

impl<T> Known<T> {
    /// The value, confirmed or not.
    pub fn value(self) -> Option<T> {
        match self {
            Self::Confirmed(value) | Self::Unconfirmed(value) => Some(value),
            Self::Unknown => None,
        }
    }
}

impl<T> Default for Figure<T> {
    /// A figure nobody has found yet.
    fn default() -> Self {
        Self { value: None, article: None, confirmed: false, note: None }
    }
}

impl<T> Figure<T> {
    pub(super) const fn new(value: Option<T>, article: Option<String>, confirmed: bool, note: Option<String>) -> Self {
        Self { value, article, confirmed, note }
    }

    /// The value and how far it may be relied on.
    #[must_use]
    pub const fn known(&self) -> Known<&T> {
        match (&self.value, self.confirmed) {
            (Some(value), true) => Known::Confirmed(value),
            (Some(value), false) => Known::Unconfirmed(value),
            (None, _) => Known::Unknown,
        }
    }

    /// The value, confirmed or not.
    #[must_use]
    pub const fn value(&self) -> Option<&T> {
        self.value.as_ref()
    }

    /// Whether the value was read in the legal text or on the form itself.
    #[must_use]
    pub const fn is_confirmed(&self) -> bool {
        self.confirmed
    }

    /// Where the value is read.
    #[must_use]
    pub fn article(&self) -> Option<&str> {
        self.article.as_deref()
    }

    /// What an officer should know about the figure.
    #[must_use]
    pub fn note(&self) -> Option<&str> {
        self.note.as_deref()
    }
}

impl<T: fmt::Display> fmt::Display for Figure<T> {
    /// The value as a form or a message shows it; `unknown` and `(unconfirmed)` are said.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.known() {
            Known::Confirmed(value) => value.fmt(f),
            Known::Unconfirmed(value) => write!(f, "{value} (unconfirmed)"),
            Known::Unknown => f.write_str("unknown"),
        }
    }
}
