//! A document whose every value knows whether somebody took it: what is left at the end was not carried, or not
//! understood.

use serde_json::Value;
use std::{cell::Cell, fmt::Write};

/// A value, a list or an object of values.
#[derive(Debug)]
pub(super) enum Node {
    /// Nothing is said here.
    Nothing,
    Leaf {
        text: String,
        taken: Cell<bool>,
    },
    List(Vec<Self>),
    Object(Vec<(String, Self)>),
}

/// What is left of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Left {
    /// Where it stands, such as `goods.items[0].hs.edition`.
    pub(super) path: String,
    /// What it says.
    pub(super) text: String,
}

impl Node {
    /// A tree of a JSON document. Numbers and truths become their text; null says nothing.
    pub(super) fn of(value: Value) -> Self {
        match value {
            Value::Null => Self::Nothing,
            Value::Bool(truth) => Self::leaf(truth.to_string()),
            Value::Number(number) => Self::leaf(number.to_string()),
            Value::String(text) => Self::leaf(text),
            Value::Array(elements) => Self::List(elements.into_iter().map(Self::of).collect()),
            Value::Object(members) => {
                Self::Object(members.into_iter().map(|(name, value)| (name, Self::of(value))).collect())
            }
        }
    }

    pub(super) fn leaf(text: impl Into<String>) -> Self {
        Self::Leaf { text: text.into(), taken: Cell::new(false) }
    }

    /// A mark that is not set says nothing: `false` becomes nothing, everywhere below.
    pub(super) fn without_unset_marks(self) -> Self {
        match self {
            Self::Leaf { text, .. } if text == "false" => Self::Nothing,
            Self::List(elements) => Self::List(elements.into_iter().map(Self::without_unset_marks).collect()),
            Self::Object(members) => {
                Self::Object(members.into_iter().map(|(name, value)| (name, value.without_unset_marks())).collect())
            }
            other => other,
        }
    }

    /// The whole document.
    pub(super) const fn root(&self) -> At<'_> {
        At(Some(self))
    }

    /// Everything that nobody took, in the order of the document.
    pub(super) fn left(&self) -> Vec<Left> {
        let mut left = Vec::new();
        self.gather(&mut String::new(), &mut left);
        left
    }

    fn gather(&self, path: &mut String, left: &mut Vec<Left>) {
        let stem = path.len();
        match self {
            Self::Nothing => {}
            Self::Leaf { text, taken } => {
                if !taken.get() {
                    left.push(Left { path: path.clone(), text: text.clone() });
                }
            }
            Self::List(elements) => {
                for (index, element) in elements.iter().enumerate() {
                    // Writing to memory cannot fail.
                    let _ = write!(path, "[{index}]");
                    element.gather(path, left);
                    path.truncate(stem);
                }
            }
            Self::Object(members) => {
                for (name, member) in members {
                    if stem > 0 {
                        path.push('.');
                    }
                    path.push_str(name);
                    member.gather(path, left);
                    path.truncate(stem);
                }
            }
        }
    }
}

/// A place in a document, which may be empty.
#[derive(Debug, Clone, Copy)]
pub(super) struct At<'a>(Option<&'a Node>);

impl<'a> At<'a> {
    /// Where nothing is said.
    pub(super) const NOWHERE: Self = Self(None);

    /// The member of that name.
    pub(super) fn get(self, name: &str) -> Self {
        let Some(Node::Object(members)) = self.0 else { return Self(None) };
        Self(members.iter().find(|(member, _)| member == name).map(|(_, value)| value))
    }

    /// The member at the end of these names.
    pub(super) fn down(self, names: &[&str]) -> Self {
        names.iter().fold(self, |at, name| at.get(name))
    }

    /// The elements of a list; none where there is no list.
    pub(super) fn elements(self) -> impl ExactSizeIterator<Item = Self> {
        let elements: &'a [Node] = match self.0 {
            Some(Node::List(elements)) => elements,
            _ => &[],
        };
        elements.iter().map(|element| Self(Some(element)))
    }

    /// The first element of a list.
    pub(super) fn first(self) -> Self {
        self.elements().next().unwrap_or(Self::NOWHERE)
    }

    /// The text here, without taking it.
    pub(super) fn peek(self) -> Option<&'a str> {
        match self.0 {
            Some(Node::Leaf { text, .. }) => Some(text),
            _ => None,
        }
    }

    /// The text here; from now on it counts as taken.
    pub(super) fn take(self) -> Option<&'a str> {
        let Some(Node::Leaf { text, taken }) = self.0 else { return None };
        taken.set(true);
        Some(text)
    }

    /// The text here, if it is one of these.
    pub(super) fn take_if(self, may: impl FnOnce(&str) -> bool) -> Option<&'a str> {
        self.peek().filter(|text| may(text)).and_then(|_| self.take())
    }

    /// Whether anything is said here.
    pub(super) const fn is_there(self) -> bool {
        !matches!(self.0, None | Some(Node::Nothing))
    }

    /// Whether an object is here.
    pub(super) const fn is_object(self) -> bool {
        matches!(self.0, Some(Node::Object(_)))
    }

    /// Whether a list is here, and nothing in it but objects.
    pub(super) fn is_list_of_objects(self) -> bool {
        matches!(self.0, Some(Node::List(_))) && self.elements().all(Self::is_object)
    }
}
