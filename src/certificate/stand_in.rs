//! What stands, for judging alone, where a member that every certificate has cannot be read: a mistake in a name must
//! not keep its writer from hearing what the rules say of the goods.
//!
//! An agreement that nobody has is found nowhere, so nothing is said by it. Of the countries it matters which stand there:
//! who judges puts in what may stand there, and says only what holds whatever it is.

use super::{asked::member, member::WHOLE_MAX, node::Node};
use std::borrow::Cow;

/// The code of no agreement.
const NO_AGREEMENT: &str = "NONE-NAMED";

/// What stands at a path; none where the member may be absent, or where nothing could stand that says nothing.
pub(super) fn of<'a>(path: &str, root: &Node<'a>) -> Option<Node<'a>> {
    let text = || Node::Text(Cow::Borrowed("X"));
    // A party is at home where the goods come from, unless it says otherwise.
    let country = || member(root, "from").cloned();
    let party = || Some(object(vec![("name", text()), ("country", country()?)]));
    let place = || object(vec![("name", text())]);
    let office = || object(vec![("code", text()), ("body", text())]);
    Some(match whatever_index(path).as_str() {
        "agreement" => Node::Text(Cow::Borrowed(NO_AGREEMENT)),
        "from" => Node::Text(Cow::Borrowed("AD")),
        "to" => Node::Text(Cow::Borrowed("ZW")),
        "goods.items[].description" | "exporter.party.name" | "reference.office.code" | "reference.office.body" => {
            text()
        }
        "exporter.party.country" => country()?,
        "exporter.party" => party()?,
        "exporter" => object(vec![("party", party()?)]),
        "reference.place" => place(),
        "reference.office" => office(),
        "reference" => object(vec![("place", place()), ("office", office())]),
        "goods.items[].number" => number(path, root)?,
        "goods.items[]" => object(vec![("number", number(path, root)?), ("description", text())]),
        "goods" => object(Vec::new()),
        _ => return None,
    })
}

fn object<'a>(members: Vec<(&'static str, Node<'a>)>) -> Node<'a> {
    Node::Object(members.into_iter().map(|(name, value)| (Cow::Borrowed(name), value)).collect())
}

/// A path without its indices: `goods.items[]`.
pub(super) fn whatever_index(path: &str) -> String {
    let steps = path.split('.').map(|step| match step.split_once('[') {
        Some((name, _)) => format!("{name}[]"),
        None => step.to_owned(),
    });
    steps.collect::<Vec<_>>().join(".")
}

/// The number of the item in that place: by its order, unless another has that one.
fn number<'a>(path: &str, root: &Node<'a>) -> Option<Node<'a>> {
    let index = path.split('[').nth(1)?.split(']').next()?.parse::<u64>().ok()?;
    let Node::List(items) = member(member(root, "goods")?, "items")? else { return None };
    let in_order = index.checked_add(1)?;
    let taken = items.iter().any(|item| matches!(member(item, "number"), Some(Node::Whole(one)) if *one == in_order));
    let unused = || u64::from(WHOLE_MAX).checked_sub(index);
    Some(Node::Whole(if taken { unused()? } else { in_order }))
}
