//! Elements of an XML document, written without those that say nothing.

use quick_xml::{
    Writer,
    events::{BytesEnd, BytesStart, BytesText, Event},
};
use std::{borrow::Cow, io};

/// An element of text, or of elements.
#[derive(Debug)]
pub(super) struct Element<'a> {
    name: &'static str,
    attributes: Vec<(&'static str, Cow<'a, str>)>,
    text: Option<Cow<'a, str>>,
    children: Vec<Self>,
}

/// An element of text, if there is a text.
pub(super) fn text<'a>(name: &'static str, text: Option<impl Into<Cow<'a, str>>>) -> Option<Element<'a>> {
    text.map(|text| Element { text: Some(text.into()), ..Element::new(name) })
}

impl<'a> Element<'a> {
    pub(super) const fn new(name: &'static str) -> Self {
        Self { name, attributes: Vec::new(), text: None, children: Vec::new() }
    }

    /// With an attribute, where there is one.
    pub(super) fn attribute(mut self, name: &'static str, value: Option<impl Into<Cow<'a, str>>>) -> Self {
        self.attributes.extend(value.map(|value| (name, value.into())));
        self
    }

    /// With these below it, in this order.
    pub(super) fn with(mut self, children: impl IntoIterator<Item = Self>) -> Self {
        self.children.extend(children);
        self
    }

    /// Itself, unless it says nothing.
    pub(super) fn unless_empty(self) -> Option<Self> {
        (self.text.is_some() || !self.children.is_empty()).then_some(self)
    }

    /// Writes it with all below it.
    pub(super) fn write<W: io::Write>(&self, to: &mut Writer<W>) -> io::Result<()> {
        let mut start = BytesStart::new(self.name);
        for (name, value) in &self.attributes {
            start.push_attribute((*name, &**value));
        }
        if self.text.is_none() && self.children.is_empty() {
            return to.write_event(Event::Empty(start));
        }
        to.write_event(Event::Start(start))?;
        if let Some(text) = &self.text {
            to.write_event(Event::Text(BytesText::new(text)))?;
        }
        for child in &self.children {
            child.write(to)?;
        }
        to.write_event(Event::End(BytesEnd::new(self.name)))
    }
}
