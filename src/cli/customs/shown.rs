//! How what customs work with is shown: in lines for people, and as JSON.

use super::balance::figure;
use crate::{
    api::client::{Date as WireDate, wire},
    cli::{
        application::instant,
        console::{Colour, Console},
        remote::date_text,
        tree::plain,
    },
    node::system::SystemClock,
    statement::ResponseCode,
    time::Clock,
    verification::age,
};
use serde_json::{Value, json};

/// Status words that leave a certificate usable, or usable in part.
const GOOD: [&str; 2] = ["valid", "in_part"];

/// What is said of an act, and of its certificate, while it is not released.
const WAITS: &str = "waits for a supervisor";

/// The bare host of an authority.
pub(in crate::cli) fn host(issuer: &str) -> String {
    plain(issuer.strip_prefix("https://").unwrap_or(issuer))
}

/// A date as JSON has it; null where there is none.
pub(in crate::cli) fn day(date: Option<&WireDate>) -> Option<String> {
    date.map(|date| date_text(Some(date)))
}

/// What is said, or a word for nothing.
pub(in crate::cli) fn or<'a>(text: &'a str, nothing: &'a str) -> &'a str {
    if text.is_empty() { nothing } else { text }
}

/// The word for a delivery.
pub(super) const fn delivery_word(delivery: wire::Delivery) -> &'static str {
    match delivery {
        wire::Delivery::Unspecified => "unknown",
        wire::Delivery::Complete => "complete",
        wire::Delivery::Missing => "missing",
        wire::Delivery::Held => "held",
        wire::Delivery::Erased => "erased",
    }
}

/// The status, and how old the knowledge of it is.
pub(super) fn status(console: Console, arrival: &wire::Arrival) -> String {
    let padded = format!("{:18}", stands(arrival, SystemClock.now().as_second()));
    if GOOD.contains(&arrival.status.as_str()) { padded } else { console.paint(Colour::Red, &padded) }
}

/// The same at an instant. Of one that was issued since its issuer told the status of all, the knowledge is as old as it is
/// itself, which is less than that.
fn stands(arrival: &wire::Arrival, now: i64) -> String {
    let word = plain(&or(&arrival.status, "unknown").replace('_', " "));
    let Some(as_of) = arrival.status_as_of.as_ref() else { return word };
    let passed = u64::try_from(now.saturating_sub(as_of.seconds)).unwrap_or(0);
    // Nothing is younger than no time.
    let (less, passed) = if arrival.issued_since { ("< ", passed.max(1)) } else { ("", passed) };
    format!("{word} ({less}{} old)", age(passed))
}

/// One line of a list, or one JSON document.
pub(super) fn arrival_line(console: Console, arrival: &wire::Arrival) {
    if console.is_json() {
        console.data(arrival_described(arrival));
        return;
    }
    let number = if arrival.number.is_empty() { &arrival.jti } else { &arrival.number };
    let until = arrival.valid_until.as_ref().map_or_else(|| "no limit".to_owned(), |date| date_text(Some(date)));
    let warned = warned(arrival).map_or_else(String::new, |(colour, said)| console.paint(colour, said));
    console.data(format!(
        "{:24}  {:20}  {:8} {:2}  {}  until {until}  {}  {:8}  {}{warned}",
        plain(number),
        host(&arrival.issuer),
        plain(&arrival.agreement),
        arrival.from,
        date_text(arrival.issued_on.as_ref()),
        status(console, arrival),
        delivery_word(arrival.delivery()),
        done(arrival),
    ));
}

/// What was done with it last, whether something waits, and the last word that was added to it.
fn done(arrival: &wire::Arrival) -> String {
    let endorsed = arrival.endorsed.as_ref().map(endorsed);
    let waits = arrival.awaits_release.then(|| WAITS.to_owned());
    let done = [Some(arrival.response.clone()).filter(|code| !code.is_empty()), waits, endorsed];
    let done = done.into_iter().flatten().collect::<Vec<_>>().join(", ");
    or(&done, "untouched").to_owned()
}

fn endorsed(one: &wire::ArrivalEndorsement) -> String {
    if one.erased {
        return "an endorsement whose words are erased".to_owned();
    }
    let to = if one.destination.is_empty() { String::new() } else { format!(" to {}", plain(&one.destination)) };
    format!("{}{to}", plain(&one.act))
}

/// A word that was added to a certificate, with all it names.
pub(super) fn endorsement_lines(console: Console, one: &wire::ArrivalEndorsement) {
    let at = if one.office.is_empty() { String::new() } else { format!(", at {}", plain(&one.office)) };
    console.data(format!("endorsed  {}  {}{at}", instant(one.at.as_ref()), endorsed(one)));
    for line in named_beside(&one.items, &one.containers, &one.seals, &one.text) {
        console.data(format!("    {line}"));
    }
    console.data(format!("    told to the issuer by statement {}", one.jti));
}

/// What an endorsement names beside its act.
pub(in crate::cli) fn named_beside(items: &[u32], containers: &[String], seals: &[String], text: &str) -> Vec<String> {
    let items = items.iter().map(u32::to_string).collect::<Vec<_>>();
    let (containers, seals) = (containers.iter().map(|one| plain(one)), seals.iter().map(|one| plain(one)));
    let named = [("item", items), ("container", containers.collect()), ("seal", seals.collect())];
    let named =
        named.into_iter().filter(|(_, all)| !all.is_empty()).map(|(what, all)| format!("{what} {}", all.join(", ")));
    named.chain((!text.is_empty()).then(|| plain(text))).collect()
}

pub(super) fn endorsement_described(one: &wire::ArrivalEndorsement) -> Value {
    json!({
        "jti": one.jti, "at": one.at.as_ref().map(|at| instant(Some(at))), "act": one.act,
        "day": day(one.day.as_ref()), "office": one.office, "destination": one.destination, "items": one.items,
        "containers": one.containers, "seals": one.seals, "text": one.text, "erased": one.erased,
    })
}

/// What stands behind everything else of one that is to be looked at with care.
fn warned(arrival: &wire::Arrival) -> Option<(Colour, &'static str)> {
    // Where the status is that, it is said.
    let is_told = arrival.key_closed.is_empty() || arrival.status == "key_closed";
    match (is_told, arrival.equivocated, arrival.lifted) {
        (false, ..) => Some((Colour::Red, "  KEY CLOSED")),
        (true, true, false) => Some((Colour::Red, "  TWO HISTORIES")),
        (true, true, true) => Some((Colour::Yellow, "  TWO HISTORIES (lifted)")),
        (true, false, _) => None,
    }
}

pub(super) fn arrival_described(arrival: &wire::Arrival) -> Value {
    json!({
        "number": arrival.number,
        "jti": arrival.jti,
        "issuer": arrival.issuer,
        "log": arrival.log,
        "index": arrival.index,
        "agreement": arrival.agreement,
        "from": arrival.from,
        "issued_on": day(arrival.issued_on.as_ref()),
        "valid_from": day(arrival.valid_from.as_ref()),
        "valid_until": day(arrival.valid_until.as_ref()),
        "status": arrival.status,
        "status_as_of": arrival.status_as_of.as_ref().map(|at| instant(Some(at))),
        "issued_since": arrival.issued_since,
        "delivery": delivery_word(arrival.delivery()),
        "arrived_at": arrival.arrived_at.as_ref().map(|at| instant(Some(at))),
        "exporter": arrival.exporter,
        "consignee": arrival.consignee,
        "response": arrival.response,
        "awaits_release": arrival.awaits_release,
        "endorsed": arrival.endorsed.as_ref().map(endorsement_described),
        "equivocated": arrival.equivocated,
        "lifted": arrival.lifted,
        "key_closed": (!arrival.key_closed.is_empty()).then_some(&arrival.key_closed),
        "void": (!arrival.void.is_empty()).then_some(&arrival.void),
    })
}

/// What an officer should know.
pub(in crate::cli) fn notice_lines(console: Console, notices: &[wire::Notice]) {
    for one in notices {
        let (colour, refused) =
            if one.blocks { (Colour::Red, "; a write-off is refused") } else { (Colour::Yellow, "") };
        let reason = console.paint(colour, &format!("notice {}", one.reason));
        console.data(format!("{reason}: {}{refused}", plain(&one.words)));
    }
}

pub(in crate::cli) fn notices_described(notices: &[wire::Notice]) -> Value {
    notices.iter().map(|one| json!({ "reason": one.reason, "words": one.words, "blocks": one.blocks })).collect()
}

pub(super) fn declaration_text(declaration: &wire::ImportDeclaration) -> String {
    let (number, office) = (plain(&declaration.number), plain(&declaration.office));
    format!("declaration {number} of {} at {office}", date_text(declaration.date.as_ref()))
}

fn declaration_described(declaration: &wire::ImportDeclaration) -> Value {
    json!({
        "number": declaration.number, "date": day(declaration.date.as_ref()), "office": declaration.office,
    })
}

/// One act with what it says of each item.
pub(super) fn act_lines(console: Console, act: &wire::CustomsAct) {
    let by = officer(&act.by, &act.by_name, &act.by_offices);
    let mut said = format!("act {}  {}  by {by}", act.act, instant(act.at.as_ref()));
    if let Some(declaration) = &act.declaration {
        said = format!("{said}  {}", declaration_text(declaration));
    }
    if act.amends != 0 {
        said = format!("{said}  {} act {}", amends(act), act.amends);
    }
    if act.awaits_release {
        said = format!("{said}  {}", waits(console, act.decisions.len()));
    } else if let Some(over) = over(act) {
        said = format!("{said}  {}", console.paint(Colour::Dim, &over));
    }
    console.data(said);
    for one in &act.decisions {
        console.data(format!("    {}", decided(one)));
    }
    if let Some(follows) = follows(&act.enquiry) {
        console.data(format!("    {follows}"));
    }
    if !act.remarks.is_empty() {
        let whose = if act.settled_words.is_empty() { String::new() } else { format!(" of {by}") };
        console.data(format!("    remarks{whose}: {}", plain(&act.remarks)));
    }
    if let Some(settled) = settled(act) {
        console.data(format!("    {settled}"));
    }
    if !act.jti.is_empty() {
        console.data(format!("    told to the issuer by statement {}", act.jti));
    }
}

/// What it does to the write-off that it names: one that takes it back leaves nothing in its place.
fn amends(act: &wire::CustomsAct) -> &'static str {
    let back = ResponseCode::Reversed.as_str();
    if act.decisions.iter().all(|one| one.code == back) { "takes back" } else { "in the place of" }
}

/// What became of an act that counted once and does no more.
fn over(act: &wire::CustomsAct) -> Option<String> {
    match (act.amended_by, act.reversed_by) {
        (0, 0) => None,
        (0, by) => Some(format!("was taken back by act {by}")),
        (by, _) => Some(format!("was amended by act {by}")),
    }
}

/// The enquiry that a decision names.
pub(in crate::cli) fn follows(enquiry: &str) -> Option<String> {
    (!enquiry.is_empty()).then(|| format!("follows enquiry {}", plain(enquiry)))
}

/// Who released or dropped an act that waited, and when: what was released counts from then.
fn settled(act: &wire::CustomsAct) -> Option<String> {
    if act.settled_by.is_empty() {
        return None;
    }
    let by = officer(&act.settled_by, &act.settled_by_name, &act.settled_by_offices);
    let at = instant(act.settled_at.as_ref());
    let words = if act.settled_words.is_empty() { String::new() } else { format!(": {}", plain(&act.settled_words)) };
    // The issuer is told of what was released alone.
    Some(if act.jti.is_empty() {
        format!("dropped {at} by {by}{words}")
    } else {
        format!("released {at} by {by}, and counts from then{words}")
    })
}

/// That an act waits: what is decided beside the decision that does waits with it.
pub(super) fn waits(console: Console, decisions: usize) -> String {
    let waits = console.paint(Colour::Yellow, WAITS);
    match decisions {
        0 | 1 => waits,
        all => format!("{waits}, with all {all} decisions: none of them counts or is told to the issuer before"),
    }
}

/// Who did something: by name where it is known, with the offices it acts for, and by account.
pub(in crate::cli) fn officer(account: &str, name: &str, offices: &[String]) -> String {
    let account = plain(account);
    if name.is_empty() {
        return account;
    }
    let offices = if offices.is_empty() { String::new() } else { format!(", {}", plain(&offices.join(", "))) };
    format!("{}{offices} ({account})", plain(name))
}

/// A decision, with all it says.
pub(in crate::cli) fn decided(one: &wire::DecidedItem) -> String {
    let item = if one.item == 0 { "the whole".to_owned() } else { format!("item {}", one.item) };
    let mut said = format!("{item}: {}", plain(&one.code));
    if !one.reason.is_empty() {
        said = format!("{said} {}", plain(&one.reason));
    }
    if !one.quantity.is_empty() {
        said = format!("{said} {} {}", figure(&one.quantity), one.unit);
    }
    if !one.left.is_empty() {
        said = format!("{said}, {} left", figure(&one.left));
    }
    if one.line != 0 {
        said = format!("{said}, line {} of the declaration", one.line);
    }
    if !one.basis.is_empty() {
        said = format!("{said}, {}", plain(&one.basis));
    }
    if !one.words.is_empty() {
        said = format!("{said}: {}", plain(&one.words));
    }
    if one.over { format!("{said}  (no longer)") } else { said }
}

pub(super) fn act_described(act: &wire::CustomsAct) -> Value {
    let item = |one: &wire::DecidedItem| {
        json!({
            "item": one.item, "line": one.line, "code": one.code, "reason": one.reason, "basis": one.basis,
            "words": one.words, "quantity": one.quantity, "unit": one.unit, "left": one.left, "over": one.over,
        })
    };
    json!({
        "act": act.act,
        "at": act.at.as_ref().map(|at| instant(Some(at))),
        "by": act.by,
        "by_name": act.by_name,
        "by_offices": act.by_offices,
        "settled_by": act.settled_by,
        "settled_by_name": act.settled_by_name,
        "settled_by_offices": act.settled_by_offices,
        "settled_at": act.settled_at.as_ref().map(|at| instant(Some(at))),
        "declaration": act.declaration.as_ref().map(declaration_described),
        "decisions": act.decisions.iter().map(item).collect::<Vec<_>>(),
        "amends": act.amends,
        "amended_by": act.amended_by,
        "reversed_by": act.reversed_by,
        "counts": act.counts,
        "awaits_release": act.awaits_release,
        "jti": act.jti,
        "remarks": act.remarks,
        "settled_words": act.settled_words,
        "enquiry": act.enquiry,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_is_told_with_all_it_says() {
        let one = wire::DecidedItem {
            item: 2,
            line: 3,
            code: "UTILISED_PARTIAL".to_owned(),
            quantity: "500".to_owned(),
            unit: "KGM".to_owned(),
            left: "7690".to_owned(),
            words: "first\nconsignment".to_owned(),
            ..Default::default()
        };
        let said = "item 2: UTILISED_PARTIAL 500 KGM, 7690 left, line 3 of the declaration: first consignment";
        assert_eq!(decided(&one), said);
        assert!(decided(&wire::DecidedItem { over: true, ..one }).ends_with("first consignment  (no longer)"));
        let whole = wire::DecidedItem { code: "RECEIVED".to_owned(), ..Default::default() };
        assert_eq!(decided(&whole), "the whole: RECEIVED");
    }

    #[test]
    fn the_status_is_no_older_than_the_certificate_and_a_closed_key_is_its_status() {
        let status_as_of = Some(prost_types::Timestamp { seconds: 60, nanos: 0 });
        let valid = wire::Arrival { status: "valid".to_owned(), status_as_of, ..Default::default() };
        assert_eq!(stands(&valid, 240), "valid (3 min old)");
        let new = wire::Arrival { issued_since: true, ..valid.clone() };
        assert_eq!([240, 60].map(|now| stands(&new, now)), ["valid (< 3 min old)", "valid (< 1 s old)"]);
        let key_closed = "its key is closed".to_owned();
        let cancelled = wire::Arrival { status: "cancelled".to_owned(), key_closed, ..valid };
        assert_eq!(warned(&cancelled).map(|(_, said)| said), Some("  KEY CLOSED"));
        let closed = wire::Arrival { status: "key_closed".to_owned(), status_as_of: None, ..cancelled };
        assert_eq!((stands(&closed, 240).as_str(), warned(&closed)), ("key closed", None));
    }

    #[test]
    fn that_a_log_had_two_histories_is_said_also_when_it_was_lifted() {
        let said = |arrival: &wire::Arrival| warned(arrival).map(|(_, said)| said);
        let frozen = wire::Arrival { equivocated: true, ..Default::default() };
        assert_eq!(said(&frozen), Some("  TWO HISTORIES"));
        assert_eq!(said(&wire::Arrival { lifted: true, ..frozen }), Some("  TWO HISTORIES (lifted)"));
        assert_eq!(said(&wire::Arrival::default()), None);
    }

    fn endorsement() -> wire::ArrivalEndorsement {
        wire::ArrivalEndorsement {
            act: "destination_changed".to_owned(),
            destination: "KE".to_owned(),
            items: vec![1, 2],
            containers: vec!["MSKU1234565".to_owned()],
            seals: vec!["CN-7".to_owned()],
            text: "resealed".to_owned(),
            ..Default::default()
        }
    }

    #[test]
    fn an_endorsement_is_shown_with_all_it_names() {
        let one = endorsement();
        let named = named_beside(&one.items, &one.containers, &one.seals, &one.text);
        assert_eq!(named, ["item 1, 2", "container MSKU1234565", "seal CN-7", "resealed"]);
        assert!(named_beside(&[], &[], &[], "").is_empty());
        let described = endorsement_described(&one);
        assert_eq!((&described["destination"], &described["seals"][0]), (&json!("KE"), &json!("CN-7")));
        let erased = wire::ArrivalEndorsement { erased: true, ..Default::default() };
        assert_eq!(endorsed(&erased), "an endorsement whose words are erased");
        assert_eq!(endorsement_described(&erased)["erased"], true);
    }

    #[test]
    fn what_was_endorsed_to_go_elsewhere_is_not_untouched() {
        let untouched = wire::Arrival::default();
        assert_eq!(done(&untouched), "untouched");
        let endorsed = wire::Arrival { endorsed: Some(endorsement()), ..untouched };
        assert_eq!(done(&endorsed), "destination_changed to KE");
        let used = wire::Arrival { response: "UTILISED_FULL".to_owned(), ..endorsed };
        assert_eq!(done(&used), "UTILISED_FULL, destination_changed to KE");
        let waits = wire::Arrival { awaits_release: true, ..wire::Arrival::default() };
        assert_eq!(done(&waits), "waits for a supervisor");
        assert_eq!(arrival_described(&used)["endorsed"]["act"], "destination_changed");
    }

    #[test]
    fn what_was_released_says_when_and_what_was_dropped_too() {
        let at = |second| Some(prost_types::Timestamp { seconds: second, nanos: 0 });
        let waits = wire::CustomsAct { at: at(0), ..Default::default() };
        assert_eq!(settled(&waits), None);
        let dropped = wire::CustomsAct { settled_by: "acc_2".to_owned(), settled_at: at(60), ..waits };
        assert_eq!(settled(&dropped).unwrap(), "dropped 1970-01-01T00:01:00Z by acc_2");
        let worded = wire::CustomsAct { settled_words: "the evidence came".to_owned(), ..dropped.clone() };
        assert_eq!(settled(&worded).unwrap(), "dropped 1970-01-01T00:01:00Z by acc_2: the evidence came");
        assert_eq!(act_described(&worded)["settled_words"], "the evidence came");
        let released = wire::CustomsAct { jti: "01KB".to_owned(), ..dropped };
        assert_eq!(settled(&released).unwrap(), "released 1970-01-01T00:01:00Z by acc_2, and counts from then");
        assert_eq!(act_described(&released)["settled_at"], "1970-01-01T00:01:00Z");
    }

    #[test]
    fn what_counts_no_more_names_the_act_that_amended_it_or_took_it_back() {
        let amended = wire::CustomsAct { amended_by: 8, ..Default::default() };
        assert_eq!(over(&amended).unwrap(), "was amended by act 8");
        assert_eq!(act_described(&amended)["amended_by"], 8);
        let reversed = wire::CustomsAct { reversed_by: 9, ..Default::default() };
        assert_eq!(over(&reversed).unwrap(), "was taken back by act 9");
        assert_eq!(act_described(&reversed)["reversed_by"], 9);
        assert_eq!(over(&wire::CustomsAct { counts: true, ..Default::default() }), None);
    }

    #[test]
    fn the_enquiry_that_a_decision_names_is_shown_with_it() {
        let act = wire::CustomsAct { enquiry: "01KE".to_owned(), ..Default::default() };
        assert_eq!(follows(&act.enquiry).unwrap(), "follows enquiry 01KE");
        assert_eq!(act_described(&act)["enquiry"], "01KE");
        assert_eq!(follows(""), None);
    }

    #[test]
    fn what_takes_a_write_off_back_does_not_stand_in_its_place() {
        let one = |code: &str| wire::DecidedItem { code: code.to_owned(), ..Default::default() };
        let of = |codes: &[&str]| {
            let decisions = codes.iter().map(|code| one(code)).collect();
            amends(&wire::CustomsAct { decisions, amends: 1, ..Default::default() })
        };
        assert_eq!(of(&["REVERSED", "REVERSED"]), "takes back");
        assert_eq!(of(&["UTILISED_PARTIAL", "REVERSED"]), "in the place of", "what it does not name was given back");
    }

    #[test]
    fn who_did_something_is_named_where_the_name_was_kept() {
        assert_eq!(officer("acc_1", "Li Na", &["SHA".to_owned()]), "Li Na, SHA (acc_1)");
        assert_eq!(officer("acc_1", "Li Na", &[]), "Li Na (acc_1)");
        assert_eq!(officer("acc_1", "", &[]), "acc_1");
        assert_eq!(officer("unknown", "", &[]), "unknown", "of an act that was made again after a loss");
    }
}
