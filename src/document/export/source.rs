//! A certificate as it was opened, as the tree that exports take from.

use super::{ExportError, tree::Node};
use crate::{
    certificate::Flags,
    statement::{Completeness, Opened, OpenedBody, OpenedCertificate, OpenedGoods, Section, Shown},
};
use serde::Serialize;
use serde_json::{Value, json};

/// What an export is made of.
pub(super) struct Source {
    /// The clear claims and the sections shown, under their names in the certificate.
    pub(super) tree: Node,
    /// Names of the sections that the holder left out.
    pub(super) withheld: Vec<&'static str>,
}

/// What is shown of a certificate. A mark that is not set says nothing, so that no export has to carry it.
pub(super) fn of(opened: &Opened) -> Result<Source, ExportError> {
    let OpenedBody::Certificate(certificate) = &opened.body else { return Err(ExportError::NoCertificate) };
    if let Completeness::Incomplete { missing } = &opened.completeness {
        return Err(ExportError::Incomplete(missing.clone()));
    }
    let OpenedCertificate { agreement, edition, form, from, to, valid_from, valid_until, flags, .. } =
        certificate.as_ref();
    let leaf = |text: &dyn ToString| Node::leaf(text.to_string());
    let mut members = vec![
        ("iss", leaf(&opened.envelope.iss)),
        ("jti", leaf(&opened.envelope.jti)),
        ("agreement", leaf(agreement)),
        ("edition", leaf(edition)),
        ("form", leaf(form)),
        ("from", leaf(from)),
        ("to", leaf(to)),
        ("valid_from", leaf(valid_from)),
        ("valid_until", valid_until.as_ref().map_or(Node::Nothing, |date| leaf(date))),
        ("flags", marks(flags)),
    ];
    let mut withheld = Vec::new();
    for section in Section::ALL {
        match shown(certificate, section) {
            Some(value) => members.push((section.name(), Node::of(value))),
            None => withheld.push(section.name()),
        }
    }
    let members = members.into_iter().map(|(name, node)| (name.to_owned(), node)).collect();
    Ok(Source { tree: Node::Object(members).without_unset_marks(), withheld })
}

fn marks(flags: &Flags) -> Node {
    Node::of(written(flags))
}

/// Writing to memory cannot fail; what failed all the same would be said as not there.
fn written(value: &impl Serialize) -> Value {
    serde_json::to_value(value).unwrap_or_default()
}

/// A section, if it is shown.
fn shown(certificate: &OpenedCertificate, section: Section) -> Option<Value> {
    fn of<T: Serialize>(shown: &Shown<T>) -> Option<Value> {
        shown.as_option().map(written)
    }
    match section {
        Section::Reference => of(&certificate.reference),
        Section::Exporter => of(&certificate.exporter),
        Section::Consignee => of(&certificate.consignee),
        Section::Producer => of(&certificate.producer),
        Section::Transport => of(&certificate.transport),
        Section::Goods => certificate.goods.as_option().map(goods),
        Section::Commercial => of(&certificate.commercial),
        Section::Remarks => of(&certificate.remarks),
    }
}

fn goods(goods: &OpenedGoods) -> Value {
    let items: Vec<Value> = goods.items.iter().filter_map(Shown::as_option).map(written).collect();
    json!({ "totals": written(&goods.totals), "items": items })
}
