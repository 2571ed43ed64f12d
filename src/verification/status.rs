//! The status check: what became of the certificate, how old that knowledge is, and what it means for the
//! day asked.

use super::{
    Basis, Check, Headline, Question, Subject, Warning,
    changes::Changes,
    check::age,
    entry::CLOCK_SKEW,
    listed::{Listed, StatusFault},
    standing::{Loss, Placed, Standing},
};
use crate::{
    log::Origin,
    statement::{OpenedCertificate, Since, Status},
    time::Date,
};
use std::sync::Arc;

/// The check, and what the answers need of it.
#[derive(Debug)]
pub(super) struct StatusFound {
    pub(super) check: Check,
    pub(super) standing: Standing,
    pub(super) warnings: Vec<Warning>,
}

/// What the check looks at.
pub(super) struct Asked<'a> {
    pub(super) certificate: &'a OpenedCertificate,
    pub(super) log: &'a Origin,
    /// Its index, if proven.
    pub(super) index: Option<u64>,
    /// The day of use.
    pub(super) date: Date,
    pub(super) question: &'a Question,
}

/// Judges the status by the list and the changes presented.
pub(super) fn check(
    asked: &Asked<'_>,
    listed: Result<&Arc<Listed>, &StatusFault>,
    changes: &mut Changes,
) -> StatusFound {
    let mut warnings = Vec::new();
    let word = listed.map_err(StatusFault::sentence).and_then(|listed| Ok((listed, asked.status_in(listed)?)));
    let list = word.as_ref().ok().map(|(listed, status)| (*status, (listed.log.shard(), listed.size)));
    let mut standing = Standing::fold(list, &mut changes.placed);
    let goods = asked.certificate.goods.as_option();
    let numbers: Option<Vec<u32>> =
        goods.and_then(|goods| goods.items.iter().map(|item| Some(item.as_option()?.number)).collect());
    standing.gather(&numbers.unwrap_or_default());
    if standing.contradicted {
        let sentence = "The status list leaves in force what an earlier change took away for good; the change counts.";
        warnings.push(Warning { code: "STATUS_CONTRADICTED", sentence: sentence.to_owned() });
    }
    let date = asked.date;
    let basis = word.as_ref().map_or_else(
        |_| Basis::of("what was presented"),
        |(listed, _)| {
            let source = format!("status statement of {}, for {} entries", listed.log, listed.size);
            Basis::at(source, listed.as_of, asked.question.at)
        },
    );
    if let Ok((listed, _)) = &word
        && listed.as_of.as_second() > asked.question.at.as_second().saturating_add_unsigned(CLOCK_SKEW)
    {
        let sentence = format!("The status statement is of {}, after the instant asked.", listed.as_of);
        warnings.push(Warning { code: "STATUS_FROM_LATER", sentence });
    }
    let check = if let Some(loss) = &standing.whole {
        lost(loss, date, changes.awaited(list.map(|(_, told)| told)))
    } else {
        match &word {
            Err(why) => Check::unknown(Subject::Status, Headline::StatusUnknown, why.clone())
                .next("Ask the holder, or the authority, for the current evidence bundle."),
            Ok((listed, _)) => in_force(asked, listed, (&standing, &changes.placed), &basis),
        }
    };
    StatusFound { check: check.resting_on(basis), standing, warnings }
}

impl StatusFound {
    /// What to do about one that another took the place of, where what was presented names it.
    pub(super) fn successor(&self) -> Option<String> {
        let Some(Loss::Superseded(Some(successor))) = &self.standing.whole else { return None };
        Some(format!("The certificate {} in {} took its place: ask the holder for it.", successor.jti, successor.log))
    }
}

impl Asked<'_> {
    /// Whether the certificate came after the snapshot: in the log of both, for a closed log is told of to its end.
    fn came_after(&self, listed: &Listed) -> bool {
        listed.log == *self.log && self.index.is_some_and(|index| index >= listed.size)
    }

    /// What the list says of the certificate.
    fn status_in(&self, listed: &Listed) -> Result<Status, String> {
        let reference = &self.certificate.status;
        if listed.uri != reference.uri {
            return Err(format!(
                "The status list presented is {}, and the certificate's is {}.",
                listed.uri, reference.uri
            ));
        }
        // The list follows from the entries before the snapshot's size; the certificate came after them.
        if self.came_after(listed) {
            return Ok(Status::Valid);
        }
        listed.list.get(reference.index).map_err(|error| format!("The status list cannot be read: {error}."))
    }
}

impl StatusFault {
    fn sentence(&self) -> String {
        match self {
            Self::Absent => "Whether it was withdrawn since is unknown: no status was presented.".to_owned(),
            Self::Missing(part) => format!("Whether it was withdrawn since is unknown: the bundle lacks `{part}`."),
            Self::Wrong(why) => format!("Whether it was withdrawn since is unknown: {why}."),
        }
    }
}

/// `awaited` is what would have it in force again, if more had cosigned it.
fn lost(loss: &Loss, date: Date, awaited: Option<&Placed>) -> Check {
    let failed = |headline, sentence: String| Check::failed(Subject::Status, headline, sentence);
    let details = "Details were not presented.";
    match loss {
        Loss::Cancelled => failed(Headline::Cancelled, "It was cancelled at its holder's wish, unused.".to_owned())
            .next("Ask the holder for the certificate that is in force."),
        Loss::Withdrawn(since) => {
            let since = match since {
                None => format!("The authority withdrew it. {details}"),
                Some(Since::Issue) => "The authority withdrew it from its issue on: it never held.".to_owned(),
                Some(Since::Date(from)) if date < *from => {
                    format!("The authority withdrew it from {from} on; on {date} it was still in force.")
                }
                Some(Since::Date(from)) => {
                    format!("The authority withdrew it from {from} on; on {date} it was no longer in force.")
                }
            };
            failed(Headline::Withdrawn, since).next("Ask the authority for its reasons.")
        }
        Loss::Superseded(successor) => {
            let by = successor.as_ref().map_or_else(
                || format!("Another certificate took its place. {details}"),
                |successor| format!("The certificate {} in {} took its place.", successor.jti, successor.log),
            );
            failed(Headline::Superseded, by).next("Ask the holder for the certificate that took its place.")
        }
        Loss::Suspended => {
            let (more, next) = awaited.map_or_else(
                || (String::new(), "Ask the authority when it will decide."),
                |Placed { place: (_, index), day, .. }| {
                    let more = format!(
                        " That it was reinstated on {day} (entry {index}) is shown too, and counts as soon as as many have \
                         cosigned it as the trust list asks for."
                    );
                    (more, "Ask again in a minute, or ask its issuer's node.")
                },
            );
            let sentence = format!("The authority suspended it until further notice.{more}");
            failed(Headline::SuspendedByIssuer, sentence).next(next)
        }
    }
}

fn in_force(asked: &Asked<'_>, listed: &Listed, (standing, placed): (&Standing, &[Placed]), basis: &Basis) -> Check {
    let old = basis.age_seconds.unwrap_or(0);
    let limit = asked.question.status_max_age;
    if old > limit {
        let sentence = format!("The status is {} old; this verifier accepts {}.", age(old), age(limit));
        return Check::unknown(Subject::Status, Headline::StatusUnknown, sentence)
            .next("Ask the holder, or the authority, for the current evidence bundle.");
    }
    if !standing.items.is_empty() && !standing.unexplained {
        let items = standing.items.iter().map(|(number, loss)| format!("{number} ({})", word(loss)));
        let items = items.collect::<Vec<_>>().join(", ");
        let limits = if standing.in_part { ", as far as the changes presented tell" } else { "" };
        return Check::passed(
            Subject::Status,
            format!("Not in force for item {items}; in force for the others{limits}."),
        )
        .heads(Headline::ValidInPart)
        .next("Accept it for the other items only.");
    }
    if standing.in_part {
        let sentence = "The authority changed the status of some items. Details were not presented.";
        return Check::unknown(Subject::Status, Headline::StatusUnknown, sentence)
            .next("Ask the holder, or the authority, for the bundle with the changes.");
    }
    let changed = history(placed);
    let sentence = if asked.came_after(listed) {
        let changed = changed.as_deref().unwrap_or("No change of it was presented that counts.");
        format!("It was issued after the last status statement. {changed}")
    } else {
        // A holder may leave out a suspension that has ended, so the list alone does not say that nothing was changed.
        let changed = changed.as_deref().unwrap_or("No change was presented that says otherwise.");
        format!("The status list has it in force. {changed}")
    };
    Check::passed(Subject::Status, sentence)
}

/// What was changed, in the order of the log: "It was suspended on … (entry 7), then reinstated on … (entry 9)."
fn history(placed: &[Placed]) -> Option<String> {
    let told = placed.iter().map(|Placed { place: (_, index), day, change }| {
        let items = change.items.as_ref().map_or_else(String::new, |items| {
            let numbers = items.iter().map(ToString::to_string).collect::<Vec<_>>();
            format!(" for item {}", numbers.join(", "))
        });
        format!("{}{items} on {day} (entry {index})", change.act.word())
    });
    let told = told.collect::<Vec<_>>();
    (!told.is_empty()).then(|| format!("It was {}.", told.join(", then ")))
}

const fn word(loss: &Loss) -> &'static str {
    match loss {
        Loss::Cancelled => "cancelled",
        Loss::Withdrawn(_) => "withdrawn",
        Loss::Superseded(_) => "superseded",
        Loss::Suspended => "suspended",
    }
}
