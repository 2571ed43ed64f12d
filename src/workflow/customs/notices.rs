//! What an officer should know before a certificate is used, and whether it stands in the way.

use super::{Arrival, Delivery, MatchWish, arrival::BEYOND_END};
use crate::{
    agreement::{Edition, Known, LatePresentation},
    certificate::{Goods, number_as_read},
    encoding::hex,
    office::{ActState, CustomsAct, CustomsFile, DecidedLine, WHOLE},
    reason::some_of,
    statement::{Act, Change, ImportDeclaration, ItemDecision, PaperWords, ResponseCode, Status},
    time::{Date, Timestamp},
    verification::STATUS_MAX_AGE_SECONDS,
    workflow::PaperRecord,
};
use std::collections::BTreeSet;

/// Something an officer should know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// A stable reason.
    pub reason: &'static str,
    /// A sentence.
    pub words: String,
    /// Whether nothing is written off because of it.
    pub blocks: bool,
}

impl Notice {
    pub(super) fn new(reason: &'static str, blocks: bool, words: impl Into<String>) -> Self {
        Self { reason, words: words.into(), blocks }
    }

    /// The declaration names another date of issue.
    pub(super) fn other_date(named: Date, own: Date) -> Self {
        let words = format!("the declaration names {named} as its date of issue, and it bears {own}");
        Self::new("ISSUE_DATE_DIFFERS", false, words)
    }
}

/// What is to be known of a paper on the day of a declaration: it is looked at by a person, and written off on itself.
pub(super) fn on_paper(record: &PaperRecord, edition: Option<&Edition>, wish: &MatchWish) -> Vec<Notice> {
    let PaperWords { issued_on, valid_until, scan_sha256, .. } = &record.paper;
    let by_agreement = edition.and_then(|edition| Some((edition.last_day_of(*issued_on)?, edition.validity.article())));
    let until = match (valid_until, by_agreement) {
        (Some(last), _) => format!("valid until {last}"),
        (None, Some((last, article))) => {
            let article = article.unwrap_or("the agreement's data");
            format!("states no last day of use, which is {last} by the agreement ({article})")
        }
        (None, None) => "states no last day of use".to_owned(),
    };
    let hash = hex::encode(&scan_sha256.0);
    let words = format!(
        "registered on paper by {}: issued on {issued_on}, {until}, SHA-256 of its scan {hash}; goods and quantities \
         stand on the paper alone, and are written off there",
        record.issuer.host()
    );
    let mut all = vec![Notice::new("ON_PAPER", true, words)];
    if let Some(named) = wish.issued_on.filter(|named| named != issued_on) {
        all.push(Notice::other_date(named, *issued_on));
    }
    let until = valid_until.or(by_agreement.map(|(last, _)| last));
    let day = wish.declaration.date;
    dates((*issued_on, until), edition, (day, &format!("the declaration is of {day}")), &mut all);
    all
}

/// What is to be known of a write-off, or of what took its place, beside the other acts on its certificate.
pub(super) fn beside_others(acts: &[CustomsAct], number: u32) -> Vec<Notice> {
    let split = acts.iter().position(|one| one.number == number).and_then(|place| acts.split_at_checked(place));
    let Some((before, [now, ..])) = split else { return Vec::new() };
    let amended = before.iter().find(|one| now.amends == Some(one.number));
    let mut all = amended.map_or_else(Vec::new, |amended| given_back(amended, now));
    if let Some(declaration) = &now.declaration {
        let drawn = now.decisions.iter().filter(|one| one.code.draws()).map(|one| (one.item, one.line));
        all.extend(written_before(before, declaration, drawn));
    }
    all
}

/// That goods which are certified in one unit were written off in another, such as by their weight: they are written off in
/// that one alone from then on.
pub(super) fn otherwise_measured(goods: &Goods, act: &CustomsAct) -> Vec<Notice> {
    let mut seen = BTreeSet::new();
    let words = |one: &ItemDecision| {
        let (number, unit) = (one.item?, &one.quantity.as_ref().filter(|_| one.code.draws())?.unit);
        let stated = &goods.items.iter().find(|item| item.number == number)?.quantities;
        if stated.is_empty() || stated.iter().any(|much| much.unit == *unit) || !seen.insert(number) {
            return None;
        }
        let certified = some_of(stated.iter().map(|much| &much.unit));
        Some(format!(
            "item {number} is certified in {certified}, and written off in {unit}, by its weight: in {unit} alone from now \
             on, unless `origin customs reverse` takes that back"
        ))
    };
    let said = act.decisions.iter().filter_map(words).collect::<Vec<_>>();
    said.into_iter().map(|words| Notice::new("WRITTEN_OFF_BY_WEIGHT", false, words)).collect()
}

/// That what an amended act held and its successor does not name was given back.
fn given_back(before: &CustomsAct, now: &CustomsAct) -> Vec<Notice> {
    let named = |one: &ItemDecision| now.decisions.iter().any(|two| (two.item, two.line) == (one.item, one.line));
    let dropped = before.decisions.iter().filter(|one| one.code.draws() && !named(one));
    let words = |one: &ItemDecision| {
        let line = one.line.map_or_else(String::new, |line| format!(" on line {line} of the declaration"));
        format!(
            "act {} names no more what act {} wrote off{line}, {}: it was given back whole",
            now.number,
            before.number,
            amount(one)
        )
    };
    dropped.map(|one| Notice::new("GIVEN_BACK", false, words(one))).collect()
}

/// That lines of a declaration, or items where no line is named, were written off before: a file that is sent twice is not
/// two imports.
pub(super) fn written_before(
    acts: &[CustomsAct],
    declaration: &ImportDeclaration,
    lines: impl Iterator<Item = (Option<u32>, Option<u32>)>,
) -> Vec<Notice> {
    let counts = |act: &&CustomsAct| {
        act.state == ActState::Counts && act.declaration.as_ref().is_some_and(|own| own.is_same(declaration))
    };
    let before = |(item, line): (Option<u32>, Option<u32>)| {
        let met = |one: &&ItemDecision| one.code.draws() && one.line == line && (line.is_some() || one.item == item);
        let written = acts.iter().filter(counts).flat_map(|act| {
            act.decisions.iter().filter(met).map(move |one| format!("{} by act {}", amount(one), act.number))
        });
        let written = written.collect::<Vec<_>>();
        if written.is_empty() {
            return None;
        }
        let what =
            line.map_or_else(|| "this declaration".to_owned(), |line| format!("line {line} of this declaration"));
        let words = format!(
            "written off with {what} before: {}; the same goods are written off once: `origin customs reverse` takes an \
             act back",
            some_of(written)
        );
        Some(Notice::new("LINE_WRITTEN_OFF_BEFORE", false, words))
    };
    lines.filter_map(before).collect()
}

/// That goods which were said to go elsewhere were used here in full: these items, or any where none is named.
pub(super) fn used_up(arrival: &Arrival, items: &[u32]) -> Option<Notice> {
    let meant = |item: &u32| items.is_empty() || items.contains(item);
    let spent = spent(&arrival.file).filter(meant).collect::<Vec<_>>();
    if spent.is_empty() {
        return None;
    }
    let words = format!(
        "used here in full: item {}; what was imported here goes nowhere else: `origin customs reverse` takes a \
         write-off back",
        some_of(spent)
    );
    Some(Notice::new("ALREADY_USED", false, words))
}

/// The items that were used in full.
fn spent(file: &CustomsFile) -> impl Iterator<Item = u32> {
    file.responses.iter().filter(|(_, code)| **code == ResponseCode::UtilisedFull).map(|(item, _)| *item)
}

/// How much of an item a decision is about.
pub(super) fn amount(one: &ItemDecision) -> String {
    let much = one.quantity.as_ref().map_or_else(String::new, |much| format!("{} {} of ", much.value, much.unit));
    let item = one.item.map_or_else(|| "the certificate".to_owned(), |item| format!("item {item}"));
    format!("{much}{item}")
}

/// What took the place of a certificate, as its issuer said.
fn in_its_place(arrival: &Arrival) -> Option<String> {
    arrival.changes.iter().rev().find_map(|note| match &note.change.change {
        Change { act: Act::Superseded { successor }, items: None, .. } => {
            Some(format!("{} took its place", successor.jti))
        }
        _ => None,
    })
}

/// That a certificate stands past the closing of the key that signed it.
pub(super) fn key_closed(arrival: &Arrival) -> Option<Notice> {
    let why = arrival.key_closed.as_ref()?;
    let anew = in_its_place(arrival).unwrap_or_else(|| "ask its issuer whether it was issued anew".to_owned());
    let words = format!("it counts for nothing: {why}; {anew}");
    Some(Notice::new("KEY_CLOSED", true, words))
}

/// That a certificate stands beyond the end of its log.
fn void(arrival: &Arrival) -> Option<Notice> {
    let why = arrival.void.as_ref()?;
    let anew = in_its_place(arrival);
    let anew = anew.unwrap_or_else(|| "ask its issuer for the one that was issued anew in its place".to_owned());
    let words = format!("it is void: {why}; {anew}");
    Some(Notice::new(BEYOND_END, true, words))
}

/// That a certificate is not in force on a day.
pub(super) fn status_forbids(arrival: &Arrival, day: Date) -> Option<Notice> {
    if arrival.in_force_on(day) {
        return None;
    }
    let words = format!("the certificate is {} by its issuer", arrival.status.word());
    Some(Notice::new("STATUS_FORBIDS", true, words))
}

/// Everything that is to be known of a certificate on the day of a declaration, or today where none is named.
pub(super) fn notices(
    arrival: &Arrival,
    edition: Option<&Edition>,
    (declaration, today): (Option<&ImportDeclaration>, Date),
    now: Timestamp,
) -> Vec<Notice> {
    let (mut all, day) = (Vec::new(), declaration.map_or(today, |declaration| declaration.date));
    match arrival.delivery {
        Delivery::Complete => {}
        Delivery::Missing => {
            let words = "what the certificate says has not come from its issuer yet; both sides see that it is missing";
            all.push(Notice::new("CONTENTS_MISSING", true, words));
        }
        Delivery::Held => {
            let words = "the issuer keeps its contents back: its holder has yet to consent to the sending";
            all.push(Notice::new("CONTENTS_HELD", true, words));
        }
        Delivery::Erased => {
            all.push(Notice::new("CONTENTS_ERASED", true, "what the certificate says was erased"));
        }
    }
    all.extend(void(arrival));
    all.extend(key_closed(arrival));
    if let Some(notice) = status_forbids(arrival, day) {
        all.push(notice);
    } else if arrival.status == Status::Withdrawn {
        let words = "the certificate was withdrawn, from a day after this declaration's on";
        all.push(Notice::new("WITHDRAWN_LATER", false, words));
    }
    let (from, until) = (arrival.certificate.valid_from, arrival.certificate.valid_until);
    let said = if declaration.is_some() { "the declaration is of" } else { "today is" };
    dates((from, until), edition, (day, &format!("{said} {day}")), &mut all);
    let age = arrival.status_as_of.map(|as_of| now.as_second().saturating_sub(as_of.as_second()));
    if age.and_then(|age| u64::try_from(age).ok()).is_none_or(|age| age > STATUS_MAX_AGE_SECONDS) {
        let words = "its status is older than seven days, or was never told: ask its issuer's node";
        all.push(Notice::new("STATUS_OLD", false, words));
    }
    if let Some(why) = &arrival.disputed {
        let words =
            format!("{why}: ask its issuer; it waits until that is looked into and lifted here (origin partner lift)");
        all.push(Notice::new("EQUIVOCATED", true, words));
    } else if arrival.equivocated {
        let words = "its log is proven to have shown two histories: what was cosigned before stays good";
        all.push(Notice::new("EQUIVOCATED", false, words));
    }
    used(arrival, edition, declaration, &mut all);
    all
}

fn dates(
    (from, until): (Date, Option<Date>),
    edition: Option<&Edition>,
    (day, said): (Date, &str),
    all: &mut Vec<Notice>,
) {
    if day < from {
        let words = format!("it may be used from {from} on, and {said}");
        all.push(Notice::new("NOT_YET_VALID", true, words));
    }
    let Some(last) = until.filter(|last| *last < day) else { return };
    let rule = edition.map(|edition| &edition.late_presentation);
    let article = rule.and_then(|rule| rule.article()).unwrap_or("the agreement's data");
    let words = format!("it could be used until {last}, and {said}");
    let notice = match rule.map(|rule| rule.value()) {
        Some(Some(LatePresentation::Refused)) => Notice::new("EXPIRED", true, words),
        Some(Some(rule)) => {
            let allowed = rule.to_string().replace('_', " ");
            Notice::new(
                "LATE_PRESENTATION",
                false,
                format!("{words}; allowed if {allowed} ({article}): an officer decides"),
            )
        }
        _ => Notice::new(
            "LATE_PRESENTATION",
            false,
            format!("{words}; whether that is allowed is not known: an officer decides"),
        ),
    };
    all.push(notice);
}

/// That items were used in full, and not with this declaration: who used up the rest of one is no second who uses it.
pub(super) fn used_before(
    file: &CustomsFile,
    acts: &[CustomsAct],
    declaration: Option<&ImportDeclaration>,
) -> Option<Notice> {
    let first = file.first_used.as_ref()?;
    let with_it = |own: &ImportDeclaration| declaration.is_some_and(|one| is_read_as(one, own));
    if with_it(first) {
        return None;
    }
    let own = acts.iter().filter(|act| act.state == ActState::Counts && act.declaration.as_ref().is_some_and(with_it));
    let own = own.flat_map(|act| &act.decisions).filter(|one| one.code.draws()).filter_map(|one| one.item);
    let own = own.collect::<BTreeSet<_>>();
    let spent = spent(file).filter(|item| !own.contains(item)).collect::<Vec<_>>();
    if spent.is_empty() {
        return None;
    }
    let words = format!(
        "used in full before: item {}; first with declaration {} of {} at {}",
        some_of(spent),
        first.number,
        first.date,
        first.office
    );
    Some(Notice::new("ALREADY_USED", false, words))
}

/// Each office counts its own. Between digits what stands there is read: that `1-23` is no second use after `12-3` nobody
/// may take for granted.
fn is_read_as(one: &ImportDeclaration, other: &ImportDeclaration) -> bool {
    let read = |declaration: &ImportDeclaration| {
        [declaration.number.as_str(), declaration.office.as_str()].map(number_as_read)
    };
    read(one) == read(other)
}

/// What was done with it before, anywhere in the country.
fn used(arrival: &Arrival, edition: Option<&Edition>, declaration: Option<&ImportDeclaration>, all: &mut Vec<Notice>) {
    let file = &arrival.file;
    let rule = edition.map(|edition| &edition.single_consignment);
    let single = rule.and_then(|rule| rule.value()).copied().unwrap_or(false);
    let first = file.first_used.as_ref().filter(|first| declaration.is_none_or(|one| !is_read_as(one, first)));
    if let Some(first) = first.filter(|_| single) {
        let article = rule.and_then(|rule| rule.article()).unwrap_or("the agreement's data");
        // Where no declaration is named, it may be the one that it was used with.
        let confirmed = declaration.is_some() && rule.is_some_and(|rule| matches!(rule.known(), Known::Confirmed(_)));
        let words = format!(
            "it covers one consignment ({article}), and was used with declaration {} of {} at {}",
            first.number, first.date, first.office
        );
        all.push(Notice::new("SINGLE_CONSIGNMENT", confirmed, words));
    }
    for (item, code) in &file.responses {
        if matches!(code, ResponseCode::PreferenceDenied | ResponseCode::PreferenceSuspended) {
            let subject = if *item == WHOLE { "the certificate".to_owned() } else { format!("item {item}") };
            all.push(Notice::new("PREFERENCE_NOT_GRANTED", false, format!("{subject} is {code}")));
        }
    }
    let declared = |one: &&DecidedLine| declaration.is_some_and(|declaration| one.is_of(declaration));
    for one in file.decided_lines.iter().filter(declared) {
        if matches!(one.code, ResponseCode::PreferenceDenied | ResponseCode::PreferenceSuspended) {
            let words = format!("{} is {}", one.subject(), one.code);
            all.push(Notice::new("PREFERENCE_NOT_GRANTED", false, words));
        }
    }
}
