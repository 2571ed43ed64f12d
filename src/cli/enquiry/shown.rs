//! How an enquiry is shown, to who asked and to who is asked: its clock before all else.

mod own;

use crate::{
    api::client::{Date as WireDate, wire},
    cli::{
        application::instant,
        console::{Colour, Console},
        customs::shown::{day, host, officer, or},
        remote::date_text,
        tree::plain,
    },
    statement::ReplyAct,
};
use own::released_anyway;
use serde_json::{Value, json};

pub(in crate::cli) use own::of_one;

/// Who looks at it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum Side {
    /// Customs, who asked.
    Asking,
    /// The issuer, who is asked.
    Asked,
}

/// The word for a state.
const fn state_word(state: wire::EnquiryState) -> &'static str {
    use wire::EnquiryState as S;
    match state {
        S::Unspecified => "unknown",
        S::Sent => "sent",
        S::Acknowledged => "acknowledged",
        S::ClarificationAsked => "clarification_asked",
        S::PartlyAnswered => "partly_answered",
        S::Answered => "answered",
        S::Concluded => "concluded",
        S::Erased => "erased",
    }
}

/// Where it stands, as far as that is known.
fn stands(enquiry: &wire::Enquiry) -> String {
    let unread = if enquiry.answer_unread { ", answer_unread" } else { "" };
    format!("{}{unread}", state_word(enquiry.state()))
}

/// Whether nothing of what it asks is left; where who answered has erased that, what was asked is here still.
fn is_gone(enquiry: &wire::Enquiry) -> bool {
    enquiry.state() == wire::EnquiryState::Erased && enquiry.subjects.is_empty()
}

/// By which day an answer is due.
pub(in crate::cli) fn due(date: Option<&WireDate>) -> String {
    date.map_or_else(
        || "the agreement's data do not say by when it is answered".to_owned(),
        |date| format!("the answer is due {}", date_text(Some(date))),
    )
}

/// Where its clock stands, in one column: `OVERDUE 2026-12-01` when that day is over; of one that is answered, whether
/// it was in time.
fn clock(enquiry: &wire::Enquiry) -> (Option<Colour>, String) {
    let due = enquiry.reply_due.as_ref().map(|date| date_text(Some(date)));
    match (enquiry.state(), due) {
        (wire::EnquiryState::Erased | wire::EnquiryState::Concluded, _) => (Some(Colour::Dim), "-".to_owned()),
        (wire::EnquiryState::Answered, _) if enquiry.late => (Some(Colour::Red), "LATE".to_owned()),
        (wire::EnquiryState::Answered, Some(_)) => (Some(Colour::Dim), "in time".to_owned()),
        (wire::EnquiryState::Answered, None) => (Some(Colour::Dim), "no day due".to_owned()),
        (_, Some(due)) if enquiry.overdue => (Some(Colour::Red), format!("OVERDUE {due}")),
        (_, None) if enquiry.overdue => (Some(Colour::Red), "OVERDUE".to_owned()),
        (_, Some(due)) if enquiry.due_soon => (Some(Colour::Yellow), format!("due soon {due}")),
        (_, Some(due)) => (None, format!("due {due}")),
        (_, None) if enquiry.days_unknown => (None, "day not known yet".to_owned()),
        (_, None) => (None, "no day due".to_owned()),
    }
}

fn painted_clock(console: Console, enquiry: &wire::Enquiry, width: usize) -> String {
    let (colour, said) = clock(enquiry);
    let padded = format!("{said:width$}");
    colour.map_or(padded.clone(), |colour| console.paint(colour, &padded))
}

/// One line of a list, or one JSON document.
pub(in crate::cli) fn line(console: Console, side: Side, enquiry: &wire::Enquiry) {
    if console.is_json() {
        console.data(described(enquiry));
        return;
    }
    let other = match side {
        Side::Asking => format!("to {}", host(&enquiry.to)),
        Side::Asked => format!("from {}", host(&enquiry.from)),
    };
    let about = match enquiry.subjects.as_slice() {
        [] => "-".to_owned(),
        [one] => plain(&one.number),
        many => format!("{} certificates", many.len()),
    };
    let goods = if enquiry.settle_overdue {
        let overdue = format!("NOT SETTLED by {}", date_text(enquiry.decide_due.as_ref()));
        format!("{}  {}", goods(enquiry), console.paint(Colour::Red, &overdue))
    } else if enquiry.unsettled || !enquiry.settled.is_empty() {
        goods(enquiry)
    } else {
        String::new()
    };
    console.data(format!(
        "{}  {}  {:19}  {:14}  {other}  {about}  {}{goods}",
        enquiry.jti,
        painted_clock(console, enquiry, 19),
        stands(enquiry),
        or(&enquiry.ground, "-"),
        plain(or(&enquiry.reference, "-")),
    ));
}

/// What became of the security, where that was said and counts, and else of the goods meanwhile.
fn goods(enquiry: &wire::Enquiry) -> String {
    match enquiry.settled.last().filter(|_| !enquiry.unsettled) {
        Some(last) => format!("  settled {}", plain(&last.outcome)),
        None if enquiry.goods.is_empty() => String::new(),
        None => format!("  goods {}", plain(&enquiry.goods)),
    }
}

/// One of those about a certificate, and what is to be done with the goods once the answer is here.
pub(in crate::cli) fn of_certificate(console: Console, enquiry: &wire::Enquiry) -> Vec<String> {
    let (state, reference, goods) = (stands(enquiry), plain(or(&enquiry.reference, "-")), goods(enquiry));
    let line = format!("{}  {}  {state}  {reference}{goods}", enquiry.jti, painted_clock(console, enquiry, 0));
    let settled = enquiry.settled.iter().map(|one| format!("settled {}", settled(one)));
    let below = to_settle(enquiry).into_iter().chain(settled).chain(released_anyway(enquiry));
    let below = below.map(|said| format!("    {said}"));
    [line].into_iter().chain(below).collect()
}

/// That goods wait for an answer which is here, or is awaited no more: nobody else says so.
fn to_settle(enquiry: &wire::Enquiry) -> Option<String> {
    if !enquiry.unsettled {
        return None;
    }
    let goods = match enquiry.goods.as_str() {
        "released_on_security" => "released on security",
        "held" => "held",
        _ => return None,
    };
    let said = match enquiry.state() {
        wire::EnquiryState::Answered => {
            format!("the answer is here, and the goods were {goods} until then: settle that by it")
        }
        wire::EnquiryState::Concluded => {
            format!("it is concluded, and the goods were {goods} until then: settle that by how it ended")
        }
        _ if enquiry.overdue => {
            format!("the day to answer is over, and the goods were {goods} until then: settle that by what is decided")
        }
        _ => format!("nobody answers it any more, and the goods were {goods}: settle that by what is decided"),
    };
    let due = if enquiry.settle_overdue {
        format!(" (it was to be decided by {})", date_text(enquiry.decide_due.as_ref()))
    } else {
        String::new()
    };
    Some(format!("{said}{due}, and say so: origin enquiry settle {} --as HOW --words TEXT", enquiry.jti))
}

/// What was said of that, one by one.
fn settled_lines(enquiry: &wire::Enquiry) -> impl Iterator<Item = String> {
    enquiry.settled.iter().map(|one| format!("{:12}{}", "settled", settled(one)))
}

/// What an officer said became of that.
fn settled(one: &wire::SecuritySettled) -> String {
    let by = officer(&one.by, &one.by_name, &one.by_offices);
    let before = if one.before_answer { "  (said before the answer came)" } else { "" };
    format!("{}  {}  by {by}: {}{before}", instant(one.at.as_ref()), plain(&one.outcome), plain(&one.words))
}

/// All of it.
pub(in crate::cli) fn full(console: Console, side: Side, enquiry: &wire::Enquiry) {
    if console.is_json() {
        console.data(described(enquiry));
        return;
    }
    if is_gone(enquiry) {
        for line in left(enquiry) {
            console.data(line);
        }
        return;
    }
    let other = if side == Side::Asking { &enquiry.to } else { &enquiry.from };
    let due = |date: &Option<WireDate>| match date {
        Some(date) => format!("by {}", date_text(Some(date))),
        None if enquiry.days_unknown => {
            format!("by a day that is known once the logs of {} are open here", host(other))
        }
        None => "no day is known: the agreement's data say none".to_owned(),
    };
    let article = match enquiry.reply_article.as_str() {
        "" => String::new(),
        article => format!(" ({})", plain(article)),
    };
    for (label, value) in [
        ("enquiry", enquiry.jti.clone()),
        ("from", host(&enquiry.from)),
        ("to", host(&enquiry.to)),
        ("reference", plain(or(&enquiry.reference, "-"))),
        ("state", stands(enquiry)),
        ("clock", painted_clock(console, enquiry, 0)),
        ("sent", enquiry.sent_on.as_ref().map(|day| date_text(Some(day))).unwrap_or_default()),
        ("received", date_text(enquiry.received_on.as_ref())),
        ("acknowledge", due(&enquiry.acknowledge_due)),
        ("answer", format!("{}{article}", due(&enquiry.reply_due))),
        ("decide", due(&enquiry.decide_due)),
        ("ground", enquiry.ground.clone()),
        ("question", plain(or(&enquiry.question, "-"))),
        ("goods", enquiry.goods.clone()),
        ("rests on", plain(or(&enquiry.basis, "-"))),
        ("asked for", day(enquiry.reply_by.as_ref()).unwrap_or_default()),
    ] {
        if !value.is_empty() {
            console.data(format!("{label:12}{value}"));
        }
    }
    if !enquiry.clarifies.is_empty() {
        console.data(format!("{:12}the reply {}", "clarifies", enquiry.clarifies));
    }
    for by in &enquiry.clarified_by {
        console.data(format!("{:12}by enquiry {by}, whose answer counts here too", "clarified"));
    }
    for (place, subject) in (1_u32..).zip(&enquiry.subjects) {
        console.data(format!("certificate {place}  {}", subject_text(subject)));
    }
    documents(console, "", &enquiry.documents);
    enquiry.replies.iter().for_each(|reply| reply_lines(console, reply));
    if let Some(said) = concluded(enquiry) {
        console.data(format!("{:12}{said}", "concluded"));
    }
    for line in settled_lines(enquiry) {
        console.data(line);
    }
    if let Some(said) = said_again(enquiry) {
        console.data(format!("{:12}{said}", "not counted"));
    }
    for said in follows(side, enquiry) {
        console.data(format!("{:12}{said}", "may follow"));
    }
}

/// What is left of one whose words are erased.
fn left(enquiry: &wire::Enquiry) -> Vec<String> {
    let day = |day: Option<&WireDate>| day.map(|day| date_text(Some(day))).unwrap_or_default();
    let rows = [
        ("enquiry", enquiry.jti.clone()),
        ("from", host(&enquiry.from)),
        ("to", host(&enquiry.to)),
        ("state", state_word(enquiry.state()).to_owned()),
        ("sent", day(enquiry.sent_on.as_ref())),
        ("received", day(enquiry.received_on.as_ref())),
    ];
    let shown = rows.into_iter().filter(|(_, value)| !value.is_empty());
    shown.map(|(label, value)| format!("{label:12}{value}")).chain(settled_lines(enquiry)).collect()
}

/// What a person of the asking side may do once the answer is here, or the day to answer is over: goods wait for either.
fn follows(side: Side, enquiry: &wire::Enquiry) -> impl Iterator<Item = String> {
    let settle = to_settle(enquiry).or_else(|| released_anyway(enquiry)).filter(|_| side == Side::Asking);
    may_follow(side, enquiry).into_iter().chain(settle)
}

/// What may be done about an answer that is not here: on a certificate that is not here nothing is decided.
fn may_follow(side: Side, enquiry: &wire::Enquiry) -> Option<String> {
    if enquiry.answer_unread {
        return Some(format!(
            "ask {} what it replied, or ask again: a reply since came without what it says, and may be the answer; once \
             it is known how it ended, a supervisor concludes it: origin enquiry conclude {} --reason TEXT",
            host(&enquiry.to),
            enquiry.jti
        ));
    }
    if side == Side::Asked || !enquiry.overdue {
        return None;
    }
    let (code, jti) = (plain(&enquiry.proposes), &enquiry.jti);
    if code.is_empty() {
        return Some(format!(
            "ask {} again, or by another way: of no certificate that is here it is still to be said that it got no answer; \
             one that arrives later is decided on with --enquiry {jti}",
            host(&enquiry.to)
        ));
    }
    let subject = |place: u32| enquiry.subjects.get(usize::try_from(place).ok()?.checked_sub(1)?);
    let (certificate, of) = match enquiry.proposes_of.as_slice() {
        [] => ("CERTIFICATE".to_owned(), String::new()),
        [one] => {
            let name = |one: &wire::EnquirySubject| plain(or(&one.jti, &one.number));
            (subject(*one).map_or_else(|| "CERTIFICATE".to_owned(), name), String::new())
        }
        many => {
            let places = many.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
            ("CERTIFICATE".to_owned(), format!(", for each of certificate {places}"))
        }
    };
    Some(format!("{code}: origin customs decide {certificate} --whole {code} --enquiry {jti}{of}"))
}

fn subject_text(subject: &wire::EnquirySubject) -> String {
    let mut said = plain(&subject.number);
    if subject.issued_on.is_some() {
        said = format!("{said} of {}", date_text(subject.issued_on.as_ref()));
    }
    if !subject.items.is_empty() {
        let items = subject.items.iter().map(u32::to_string).collect::<Vec<_>>().join(", ");
        let what = if subject.items.len() == 1 { "item" } else { "items" };
        said = format!("{said}, {what} {items}");
    }
    if !subject.declaration.is_empty() {
        said = format!("{said}, declaration {}", plain(&subject.declaration));
    }
    if subject.jti.is_empty() { said } else { format!("{said}  {}", subject.jti) }
}

fn documents(console: Console, indent: &str, documents: &[wire::DocumentDigest]) {
    for one in documents {
        console.data(format!("{indent}{}", document_text(one)));
    }
}

/// A document that goes by another way, in one line.
pub(in crate::cli) fn document_text(one: &wire::DocumentDigest) -> String {
    format!("document {} ({}) sha256 {}", plain(&one.name), plain(&one.media_type), one.sha256)
}

/// The day that a reply names: until when more time is taken, or by when the rest is answered.
pub(in crate::cli) fn named_day(act: &str, date: &WireDate) -> String {
    let what = if act == ReplyAct::Extended.as_str() { "until" } else { "the rest by" };
    format!("{what} {}", date_text(Some(date)))
}

fn reply_lines(console: Console, reply: &wire::EnquiryReply) {
    let closed = match reply.key_closed.as_str() {
        "" => String::new(),
        _ => format!("  {}", console.paint(Colour::Red, "SIGNED BY A CLOSED KEY")),
    };
    let late = if reply.late { format!("  {}", console.paint(Colour::Red, "LATE")) } else { String::new() };
    let by = reply.reply_by.as_ref().map_or_else(String::new, |date| format!(", {}", named_day(&reply.act, date)));
    let day = reply.day.as_ref().map(|date| format!("  {}", date_text(Some(date)))).unwrap_or_default();
    let erased = if reply.erased { "  (its words are erased)" } else { "" };
    console.data(format!("reply {}{day}  {}{by}{erased}{late}{closed}", reply.jti, plain(&reply.act)));
    if !reply.words.is_empty() {
        console.data(format!("    {}", plain(&reply.words)));
    }
    for answer in &reply.answers {
        let words = if answer.words.is_empty() { String::new() } else { format!(": {}", plain(&answer.words)) };
        console.data(format!("    certificate {}  {}{words}", answer.subject, finding(console, &answer.finding)));
        for item in &answer.items {
            let words = if item.words.is_empty() { String::new() } else { format!(": {}", plain(&item.words)) };
            let word = if item.valid { "valid" } else { "not_valid" };
            console.data(format!("        item {}  {}{words}", item.item, finding(console, word)));
        }
    }
    documents(console, "    ", &reply.documents);
}

/// Who concluded it, when and why.
fn concluded(enquiry: &wire::Enquiry) -> Option<String> {
    let wire::EnquiryConclusion { at, by, by_name, by_offices, reason } = enquiry.concluded.as_ref()?;
    let by = officer(by, by_name, by_offices);
    Some(format!("{}  by {by}: {}", instant(at.as_ref()), plain(reason)))
}

/// What becomes of answers whose key is closed where they stand.
fn said_again(enquiry: &wire::Enquiry) -> Option<String> {
    let fell = enquiry.replies.iter().filter(|reply| !reply.key_closed.is_empty()).count();
    let again = match enquiry.state() {
        wire::EnquiryState::Answered => "it was answered again".to_owned(),
        _ => {
            format!("the authority that is asked says it again with its new key: origin liaison reply {}", enquiry.jti)
        }
    };
    match fell {
        0 => None,
        1 => Some(format!("a reply that was signed by a key closed since; {again}")),
        fell => Some(format!("{fell} replies that were signed by a key closed since; {again}")),
    }
}

fn finding(console: Console, word: &str) -> String {
    let colour = match word {
        "valid" => Colour::Green,
        "partly_valid" => Colour::Yellow,
        _ => Colour::Red,
    };
    console.paint(colour, &plain(word))
}

pub(in crate::cli) fn documents_described(documents: &[wire::DocumentDigest]) -> Value {
    let one =
        |one: &wire::DocumentDigest| json!({ "name": one.name, "media_type": one.media_type, "sha256": one.sha256 });
    documents.iter().map(one).collect()
}

/// As one JSON document.
pub(in crate::cli) fn described(enquiry: &wire::Enquiry) -> Value {
    let subject = |one: &wire::EnquirySubject| {
        json!({
            "number": one.number, "issued_on": day(one.issued_on.as_ref()), "items": one.items,
            "declaration": one.declaration, "jti": one.jti,
        })
    };
    let item = |one: &wire::ItemAnswer| json!({ "item": one.item, "valid": one.valid, "words": one.words });
    let answer = |one: &wire::SubjectAnswer| {
        let items = one.items.iter().map(item).collect::<Vec<_>>();
        json!({ "subject": one.subject, "finding": one.finding, "items": items, "words": one.words })
    };
    let reply = |one: &wire::EnquiryReply| {
        json!({
            "jti": one.jti,
            "act": one.act,
            "received_on": day(one.received_on.as_ref()),
            "reply_by": day(one.reply_by.as_ref()),
            "words": one.words,
            "answers": one.answers.iter().map(answer).collect::<Vec<_>>(),
            "documents": documents_described(&one.documents),
            "late": one.late,
            "day": day(one.day.as_ref()),
            "key_closed": one.key_closed,
            "erased": one.erased,
        })
    };
    let concluded = |one: &wire::EnquiryConclusion| {
        json!({
            "at": one.at.as_ref().map(|at| instant(Some(at))),
            "by": one.by,
            "by_name": one.by_name,
            "by_offices": one.by_offices,
            "reason": one.reason,
        })
    };
    let settled = |one: &wire::SecuritySettled| {
        json!({
            "at": one.at.as_ref().map(|at| instant(Some(at))),
            "by": one.by,
            "by_name": one.by_name,
            "by_offices": one.by_offices,
            "outcome": one.outcome,
            "words": one.words,
            "before_answer": one.before_answer,
        })
    };
    json!({
        "jti": enquiry.jti,
        "from": enquiry.from,
        "to": enquiry.to,
        "reference": enquiry.reference,
        "ground": enquiry.ground,
        "question": enquiry.question,
        "goods": enquiry.goods,
        "basis": enquiry.basis,
        "subjects": enquiry.subjects.iter().map(subject).collect::<Vec<_>>(),
        "documents": documents_described(&enquiry.documents),
        "sent_on": day(enquiry.sent_on.as_ref()),
        "received_on": day(enquiry.received_on.as_ref()),
        "acknowledge_due": day(enquiry.acknowledge_due.as_ref()),
        "reply_due": day(enquiry.reply_due.as_ref()),
        "decide_due": day(enquiry.decide_due.as_ref()),
        "reply_article": enquiry.reply_article,
        "state": state_word(enquiry.state()),
        "overdue": enquiry.overdue,
        "due_soon": enquiry.due_soon,
        "late": enquiry.late,
        "clarifies": enquiry.clarifies,
        "clarified_by": enquiry.clarified_by,
        "reply_by": day(enquiry.reply_by.as_ref()),
        "proposes": enquiry.proposes,
        "proposes_of": enquiry.proposes_of,
        "days_unknown": enquiry.days_unknown,
        "answer_unread": enquiry.answer_unread,
        "concluded": enquiry.concluded.as_ref().map(concluded),
        "settled": enquiry.settled.iter().map(settled).collect::<Vec<_>>(),
        "unsettled": enquiry.unsettled,
        "settle_overdue": enquiry.settle_overdue,
        "replies": enquiry.replies.iter().map(reply).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests;
