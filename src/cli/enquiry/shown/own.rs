//! What was answered about one certificate of an enquiry, which may ask about many.

use crate::{api::client::wire, certificate::number_as_read, cli::tree::plain};

/// An enquiry as one of its certificates has it: with the answers about that one alone, and by these answered, and late.
/// Where none says anything of it by itself, it stands as the whole does.
pub(in crate::cli) fn of_one(enquiry: &wire::Enquiry, jti: &str, number: &str) -> wire::Enquiry {
    let is_it = |one: &wire::EnquirySubject| match one.jti.as_str() {
        // It came only after it was asked about, by its number as somebody typed it.
        "" => !number.is_empty() && number_as_read(&one.number) == number_as_read(number),
        own => own == jti,
    };
    let places = (1_u32..).zip(&enquiry.subjects).filter(|(_, one)| is_it(one)).map(|(place, _)| place);
    let (places, mut own) = (places.collect::<Vec<_>>(), enquiry.clone());
    if places.is_empty() {
        return own;
    }
    for reply in &mut own.replies {
        reply.answers.retain(|answer| places.contains(&answer.subject));
    }
    let answered = own.replies.iter().find(|reply| reply.key_closed.is_empty() && !reply.answers.is_empty());
    // What clarified it was answered with may have been earlier, and stands elsewhere.
    let late = answered.filter(|_| own.clarified_by.is_empty()).map(|reply| reply.late);
    if let Some(late) = late {
        own.late = late;
        if own.state() == wire::EnquiryState::PartlyAnswered {
            own.state = wire::EnquiryState::Answered.into();
        }
    }
    own
}

/// That all was given back though the answer does not find all of it valid: that may be a slip.
pub(super) fn released_anyway(enquiry: &wire::Enquiry) -> Option<String> {
    let last = enquiry.settled.last().filter(|last| !last.before_answer && last.outcome == "released")?;
    let counting = enquiry.replies.iter().filter(|reply| reply.key_closed.is_empty());
    let first = counting.flat_map(|reply| &reply.answers).find(|answer| answer.finding != "valid")?;
    let place = usize::try_from(first.subject).ok().and_then(|place| place.checked_sub(1));
    let subject = place.and_then(|place| enquiry.subjects.get(place));
    let about = match subject.filter(|_| enquiry.subjects.len() > 1) {
        Some(one) => format!(" about {}", plain(&one.number)),
        None => String::new(),
    };
    let finding = plain(&first.finding);
    Some(format!(
        "{} was said, and the answer{about} is {finding}: see whether that is meant, and else say it again",
        last.outcome
    ))
}
