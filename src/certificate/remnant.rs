//! What is left to judge of a file that cannot be read as it stands: everything but the members at fault. Its writer
//! hears every mistake at once, and not those of the rules only once the spelling is right.

use super::{
    asked::Asked,
    finding::{Findings, Severity},
    member::Member as _,
    node::{self, Node},
    particulars::Particulars,
    reader::{At, Form, Reader},
    stand_in::{self, whatever_index},
};
use std::collections::BTreeSet;

/// Rounds of leaving out at most: a member whose part is at fault goes with it, and so on up to its section.
const ROUNDS: usize = 8;

/// The particulars less what is at fault. They are for judging alone: nothing is issued from them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remnant {
    /// What is left; where a certificate cannot be without what is at fault, something stands there that says nothing.
    pub particulars: Particulars,
    left_out: Vec<String>,
}

/// A file that does not read as it stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unread {
    /// Which form it asks for; none where it does not say under which agreement.
    pub asked: Option<Asked>,
    /// What is left of it; none where what is at fault is something that nothing can be judged without.
    pub remnant: Option<Remnant>,
}

impl Unread {
    /// Of JSON.
    #[must_use]
    pub fn of_json(json: &[u8]) -> Self {
        node::from_json(json).map(Self::of).unwrap_or_default()
    }

    /// The same of TOML.
    #[must_use]
    pub fn of_toml(toml: &str) -> Self {
        if toml.len() > node::BYTES_MAX {
            return Self::default();
        }
        let table = toml.parse::<toml::Table>();
        table.map(|table| Self::of(node::from_toml(toml::Value::Table(table)))).unwrap_or_default()
    }

    fn of(node: Node<'_>) -> Self {
        Self { asked: Asked::of_node(&node), remnant: Remnant::of(node) }
    }
}

impl Remnant {
    fn of(mut node: Node<'_>) -> Option<Self> {
        let (mut left_out, mut stood) = (Vec::new(), BTreeSet::new());
        for _ in 0..ROUNDS {
            let mut reader = Reader::new(Form::Input);
            let read = Particulars::read(&node, At::ROOT, &mut reader);
            let errors = reader.finish().0.into_iter().filter(|finding| finding.severity == Severity::Error);
            // Where a member is that nobody knows, nothing is missing.
            let errors = errors.filter(|finding| finding.rule != "UNKNOWN_MEMBER").collect::<Vec<_>>();
            if let Some(particulars) = read {
                left_out.extend(errors.into_iter().map(|finding| finding.path));
                return Some(Self { particulars, left_out });
            }
            let mut gone = Vec::<String>::new();
            for finding in errors {
                let path = finding.path;
                // The first of them is read.
                let reads = finding.rule == "DUPLICATE_MEMBER";
                if !reads && !gone.iter().any(|one| is_within(&path, one)) {
                    let stands = match stand_in::of(&path, &node) {
                        Some(instead) => stood.insert(path.clone()) && put(&mut node, &path, instead),
                        None => false,
                    };
                    if !stands {
                        gone.push(remove(&mut node, &path)?);
                    }
                }
                left_out.push(path);
            }
            left_out.extend(gone);
        }
        None
    }

    /// Whether the member at this path is among what was left out.
    #[must_use]
    pub fn lacks(&self, path: &str) -> bool {
        self.left_out.iter().any(|out| out == path)
    }

    /// Whether a finding at this place may only come of what was left out.
    fn concerns(&self, path: &str) -> bool {
        self.left_out.iter().any(|out| {
            let meets = |one: &str, other: &str| is_within(one, other) || is_within(other, one);
            match path {
                // What concerns the whole: until when it is good, and whether a scheme is for the day.
                "" => ["transport", "reference.prior", "application"].iter().any(|on| meets(out, on)),
                // How many there are is not changed by what one of them says.
                "goods.items" => is_within(path, out),
                _ => {
                    let general = whatever_index(out);
                    let hangs = HANGS_ON.iter().any(|(what, on)| is_within(path, what) && meets(&general, on));
                    // Some criteria are printed with the heading of the goods.
                    let heading = path.ends_with(".criterion.printed") && meets(&general, "goods.items[].hs");
                    // A signatory signs for the issuing body.
                    let body = whatever_index(path) == "reference.signatories[].body"
                        && meets(&general, "reference.office.body");
                    hangs || heading || body || meets(path, out)
                }
            }
        })
    }

    /// Adds what the rules say of what is left to what the reading said: nothing that may only come of what was left
    /// out, and nothing twice.
    pub fn add(&self, judged: Findings, said: &mut Findings) {
        for finding in judged.0.into_iter().filter(|finding| !self.concerns(&finding.path)) {
            if !said.iter().any(|one| one.path == finding.path && one.rule == finding.rule) {
                said.push(finding);
            }
        }
    }
}

/// What is reckoned from something else, which may have been left out: sums, what an item must have beside it, and what
/// names an item by its number.
const HANGS_ON: [(&str, &str); 13] = [
    ("goods.totals", "goods.items[].packages"),
    ("goods.totals", "goods.items[].gross_weight"),
    ("goods.totals", "goods.items[].net_weight"),
    ("commercial.item_values", "goods.items[].criterion"),
    ("commercial.item_values", "goods.items[].number"),
    ("commercial.item_values", "commercial.invoices"),
    ("commercial.total", "goods.items[].number"),
    ("commercial.total", "commercial.item_values"),
    ("commercial", "commercial.exchange_rates"),
    ("reference.prior", "goods.items[].number"),
    // Whether it is late, and what lateness asks for.
    ("application", "transport"),
    ("remarks", "transport"),
    ("transport.documents", "transport.departure"),
];

/// Whether one place is the other, or stands in it.
fn is_within(inner: &str, outer: &str) -> bool {
    let rest = inner.strip_prefix(outer);
    outer.is_empty() || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

/// Takes away the member at a path, or the nearest there is above it; a whole list for one of its elements, because
/// the others must keep their numbers. Gives the place; none where that is the document.
fn remove(node: &mut Node<'_>, path: &str) -> Option<String> {
    // The deepest member by name: where it stands, and what is left of the path below it.
    let names = path.split('.').map(|step| step.split('[').next().unwrap_or(step)).collect::<Vec<_>>();
    let steps = path.split('.').collect::<Vec<_>>();
    for depth in (1..=steps.len()).rev() {
        let (Some(above), Some(name)) = (steps.get(..depth - 1), names.get(depth - 1)) else { continue };
        let Some(Node::Object(members)) = reach(node, above) else { continue };
        let before = members.len();
        members.retain(|(member, _)| member != name);
        if members.len() < before {
            return Some(above.iter().copied().chain([*name]).collect::<Vec<_>>().join("."));
        }
    }
    None
}

/// The value at these steps, such as `goods`, `items[0]`.
fn reach<'n, 'a>(node: &'n mut Node<'a>, steps: &[&str]) -> Option<&'n mut Node<'a>> {
    let mut at = node;
    for step in steps {
        let mut parts = step.split('[');
        let name = parts.next().unwrap_or_default();
        let Node::Object(members) = at else { return None };
        at = members.iter_mut().find(|(member, _)| member == name).map(|(_, value)| value)?;
        for index in parts {
            let index = index.strip_suffix(']')?.parse::<usize>().ok()?;
            let Node::List(elements) = at else { return None };
            at = elements.get_mut(index)?;
        }
    }
    Some(at)
}

/// Puts a value in a place, whatever stands there.
fn put<'a>(node: &mut Node<'a>, path: &str, value: Node<'a>) -> bool {
    let steps = path.split('.').collect::<Vec<_>>();
    if let Some(place) = reach(node, &steps) {
        *place = value;
        return true;
    }
    let Some((name, above)) = steps.split_last() else { return false };
    let Some(Node::Object(members)) = reach(node, above) else { return false };
    members.push(((*name).to_owned().into(), value));
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::certificate::particulars::tests::samples;

    fn footballs() -> String {
        samples().into_iter().find(|(name, _)| name.contains("footballs")).unwrap().1
    }

    #[test]
    fn what_is_at_fault_goes_and_the_rest_stays_where_it_was() {
        let (good, spoilt) = (footballs(), footballs().replace("\"950662\"", "\"95066\""));
        assert_ne!(spoilt, good);
        assert!(Particulars::read_json(spoilt.as_bytes()).particulars.is_none());
        let left = Unread::of_json(spoilt.as_bytes()).remnant.unwrap();
        assert!(left.particulars.goods.items.first().unwrap().hs.is_none());
        assert!(left.concerns("goods.items[0].hs") && left.concerns("goods"));
        assert!(!left.concerns("consignee") && !left.concerns("goods.items[1].hs"));
    }

    #[test]
    fn where_a_certificate_cannot_be_without_it_something_stands_and_the_rest_is_judged() {
        let good = footballs();
        let value: serde_json::Value = serde_json::from_str(&good).unwrap();
        for path in [
            "/goods/items/0/description",
            "/goods/items/0/number",
            "/exporter/party/name",
            "/exporter/party/country",
            "/exporter/party",
            "/exporter",
            "/reference/place",
            "/reference/office/code",
            "/reference/office",
            "/reference",
        ] {
            let mut spoilt = value.clone();
            *spoilt.pointer_mut(path).unwrap() = serde_json::json!(["\u{202e}"]);
            let left = Unread::of_json(spoilt.to_string().as_bytes()).remnant.unwrap_or_else(|| panic!("{path}"));
            let whole = Particulars::read_json(good.as_bytes()).particulars.unwrap();
            assert_eq!(left.particulars.commercial, whole.commercial, "{path}");
            let criteria =
                |of: &Particulars| of.goods.items.iter().map(|one| one.criterion.clone()).collect::<Vec<_>>();
            assert_eq!(criteria(&left.particulars), criteria(&whole), "{path}");
            assert!(left.concerns(&path.trim_start_matches('/').replace("/0/", "[0].").replace('/', ".")), "{path}");
        }
    }

    #[test]
    fn two_faults_of_one_list_take_the_list_and_not_its_section() {
        let mut value: serde_json::Value = serde_json::from_str(&footballs()).unwrap();
        let one = serde_json::json!({"item": 1, "basis": "fob", "amount": {"value": "1.000,50", "currency": "USD"}});
        value["commercial"]["item_values"] = serde_json::json!([one, one]);
        let left = Unread::of_json(value.to_string().as_bytes()).remnant.unwrap();
        let commercial = left.particulars.commercial.unwrap();
        assert!(commercial.item_values.is_empty() && !commercial.invoices.is_empty());
    }

    /// Which agreement, from where and to where: most hangs on these, and not all.
    #[test]
    fn without_its_agreement_or_its_countries_the_rest_of_a_file_is_left() {
        let good = footballs();
        let whole = Particulars::read_json(good.as_bytes()).particulars.unwrap();
        let value: serde_json::Value = serde_json::from_str(&good).unwrap();
        for path in ["agreement", "from", "to"] {
            for spoilt in [None, Some(serde_json::json!("?")), Some(serde_json::json!(["CN"]))] {
                let mut file = value.clone();
                match spoilt {
                    Some(spoilt) => file[path] = spoilt,
                    None => drop(file.as_object_mut().unwrap().remove(path)),
                }
                let left = Unread::of_json(file.to_string().as_bytes()).remnant.unwrap();
                assert!(left.lacks(path) && left.concerns(path) && !left.lacks("goods"), "{path}");
                assert_eq!(left.particulars.goods, whole.goods, "{path}");
            }
        }
        let little = Unread::of_toml("to = \"CN\"").remnant.unwrap();
        assert!(little.lacks("agreement") && little.lacks("from") && !little.lacks("to"));
    }

    #[test]
    fn without_what_everything_hangs_on_nothing_is_left() {
        assert_eq!(Unread::of_json(b"[]"), Unread::default());
        assert_eq!(Unread::of_json(b"{"), Unread::default());
    }
}
