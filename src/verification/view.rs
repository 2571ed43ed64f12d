//! The certificate as signed: what is shown, and what its holder withheld.

use super::text;
use crate::certificate::{Item, Totals};
use crate::statement::{OpenedCertificate, OpenedGoods, Section, Shown};
use serde::{
    Serialize, Serializer,
    ser::{Error as _, SerializeStruct},
};
use serde_json::value::RawValue;

/// The certificate as signed. Only what the signature and the digests cover stands in it.
#[derive(Debug, Clone, PartialEq)]
pub struct View(Box<OpenedCertificate>);

/// One of the eight sections.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SectionView {
    /// Its name in the format.
    pub name: &'static str,
    /// Whether it was presented.
    pub shown: bool,
    /// Its contents as signed, as JSON text with members in the order of the format; null where it was
    /// withheld, or is signed as null. A withheld item of the goods is null in its place.
    #[serde(serialize_with = "as_it_stands")]
    pub contents: String,
}

impl View {
    /// Of a statement that was taken apart. Whether its signature was verified, and by whom, is the caller's to say.
    #[must_use]
    pub const fn new(certificate: Box<OpenedCertificate>) -> Self {
        Self(certificate)
    }

    /// As plain text, section by section in the order of the format, under the heading that a verdict has it under.
    #[must_use]
    pub fn to_text(&self) -> String {
        self.to_text_where(text::WITHHELD)
    }

    /// The same where another has the sections that are not shown, or nobody any more: why they are not.
    #[must_use]
    pub fn to_text_where(&self, not_shown: &str) -> String {
        text::certificate(self, not_shown)
    }

    /// The certificate, typed, as far as it is shown.
    #[must_use]
    pub const fn certificate(&self) -> &OpenedCertificate {
        &self.0
    }

    /// Names of the flags that are set.
    #[must_use]
    pub fn flags(&self) -> Vec<&'static str> {
        let flags = &self.0.flags;
        [
            (flags.retrospective, "retrospective"),
            (flags.replacement, "replacement"),
            (flags.true_copy, "true_copy"),
            (flags.back_to_back, "back_to_back"),
            (flags.partial_cumulation, "partial_cumulation"),
        ]
        .into_iter()
        .filter_map(|(set, name)| set.then_some(name))
        .collect()
    }

    /// The eight sections in the order of the format.
    #[must_use]
    pub fn sections(&self) -> Vec<SectionView> {
        let certificate = &*self.0;
        Section::ALL
            .into_iter()
            .map(|section| {
                let (shown, contents) = match section {
                    Section::Reference => contents(&certificate.reference),
                    Section::Exporter => contents(&certificate.exporter),
                    Section::Consignee => contents(&certificate.consignee),
                    Section::Producer => contents(&certificate.producer),
                    Section::Transport => contents(&certificate.transport),
                    Section::Goods => goods(&certificate.goods),
                    Section::Commercial => contents(&certificate.commercial),
                    Section::Remarks => contents(&certificate.remarks),
                };
                SectionView { name: section.name(), shown, contents }
            })
            .collect()
    }

    /// Names of the sections that are withheld.
    #[must_use]
    pub fn redacted(&self) -> Vec<&'static str> {
        let certificate = &*self.0;
        [
            (Section::Reference, certificate.reference.is_shown()),
            (Section::Exporter, certificate.exporter.is_shown()),
            (Section::Consignee, certificate.consignee.is_shown()),
            (Section::Producer, certificate.producer.is_shown()),
            (Section::Transport, certificate.transport.is_shown()),
            (Section::Goods, certificate.goods.is_shown()),
            (Section::Commercial, certificate.commercial.is_shown()),
            (Section::Remarks, certificate.remarks.is_shown()),
        ]
        .into_iter()
        .filter(|(_, shown)| !shown)
        .map(|(section, _)| section.name())
        .collect()
    }
}

/// The members of the goods, each item if it is shown.
#[derive(Serialize)]
struct GoodsView<'a> {
    count: usize,
    totals: &'a Option<Totals>,
    items: Vec<Option<&'a Item>>,
}

fn contents<T: Serialize>(section: &Shown<T>) -> (bool, String) {
    section.as_option().map_or_else(|| (false, NULL.to_owned()), |value| (true, json(value)))
}

fn goods(section: &Shown<OpenedGoods>) -> (bool, String) {
    let Some(OpenedGoods { totals, items }) = section.as_option() else { return (false, NULL.to_owned()) };
    let items = items.iter().map(Shown::as_option).collect::<Vec<_>>();
    (true, json(&GoodsView { count: items.len(), totals, items }))
}

const NULL: &str = "null";

/// What was read from JSON with named members writes to JSON again.
fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| NULL.to_owned())
}

fn as_it_stands<S: Serializer>(json: &str, serializer: S) -> Result<S::Ok, S::Error> {
    RawValue::from_string(json.to_owned()).map_err(S::Error::custom)?.serialize(serializer)
}

impl Serialize for View {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let certificate = &*self.0;
        let mut out = serializer.serialize_struct("View", 10)?;
        out.serialize_field("agreement", &certificate.agreement)?;
        out.serialize_field("edition", &certificate.edition)?;
        out.serialize_field("form", &certificate.form)?;
        out.serialize_field("from", &certificate.from)?;
        out.serialize_field("to", &certificate.to)?;
        out.serialize_field("valid_from", &certificate.valid_from.to_string())?;
        out.serialize_field("valid_until", &certificate.valid_until.map(|date| date.to_string()))?;
        out.serialize_field("flags", &self.flags())?;
        out.serialize_field("sections", &self.sections())?;
        out.serialize_field("redacted", &self.redacted())?;
        out.end()
    }
}
