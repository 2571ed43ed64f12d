//! What is left to judge of a file that cannot be read as it stands: everything but the members at fault. Its writer
//! hears every mistake at once, and not those of the rules only once the spelling is right.

use super::{
    finding::Severity,
    member::Member as _,
    node::{self, Node},
    particulars::Particulars,
    reader::{At, Form, Reader},
};

/// Rounds of leaving out at most: a member whose part is at fault goes with it, and so on up to its section.
const ROUNDS: usize = 8;
/// The rule of a member that is none of the format's.
const UNKNOWN: &str = "UNKNOWN_MEMBER";

/// The particulars less what is at fault. They are for judging alone: nothing is issued from them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remnant {
    /// What is left.
    pub particulars: Particulars,
    left_out: Vec<String>,
}

impl Remnant {
    /// Of JSON; none where what is at fault is something that nothing can be judged without.
    #[must_use]
    pub fn of_json(json: &[u8]) -> Option<Self> {
        Self::of(node::from_json(json).ok()?)
    }

    /// The same of TOML.
    #[must_use]
    pub fn of_toml(toml: &str) -> Option<Self> {
        if toml.len() > node::BYTES_MAX {
            return None;
        }
        Self::of(node::from_toml(toml::Value::Table(toml.parse().ok()?)))
    }

    fn of(mut node: Node<'_>) -> Option<Self> {
        let mut left_out = Vec::new();
        for _ in 0..ROUNDS {
            let mut reader = Reader::new(Form::Input);
            let read = Particulars::read(&node, At::ROOT, &mut reader);
            let errors = reader.finish().0.into_iter().filter(|finding| finding.severity == Severity::Error);
            // Where a member is that nobody knows, nothing is missing.
            let errors = errors.map(|finding| (finding.rule != UNKNOWN, finding.path)).collect::<Vec<_>>();
            if let Some(particulars) = read {
                left_out.extend(errors.into_iter().filter_map(|(known, path)| known.then_some(path)));
                return Some(Self { particulars, left_out });
            }
            for (known, path) in errors {
                let removed = remove(&mut node, &path)?;
                left_out.extend([removed, path].into_iter().filter(|_| known));
            }
        }
        None
    }

    /// Whether a finding at this place may only come of what was left out.
    #[must_use]
    pub fn concerns(&self, path: &str) -> bool {
        self.left_out.iter().any(|out| within(path, out) || within(out, path))
    }
}

/// Whether one place is the other, or stands in it.
fn within(inner: &str, outer: &str) -> bool {
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
        let left = Remnant::of_json(spoilt.as_bytes()).unwrap();
        assert!(left.particulars.goods.items.first().unwrap().hs.is_none());
        assert!(left.concerns("goods.items[0].hs") && left.concerns("goods"));
        assert!(!left.concerns("consignee") && !left.concerns("goods.items[1].hs"));
    }

    #[test]
    fn without_what_everything_hangs_on_nothing_is_left() {
        assert_eq!(Remnant::of_toml("agreement = \"CPFTA\""), None);
        assert_eq!(Remnant::of_json(b"[]"), None);
        assert_eq!(Remnant::of_json(b"{"), None);
    }
}
