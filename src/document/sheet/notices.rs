//! What the face of the paper says of the paper itself: what it is, how it stands, what is missing.

use super::{Kind, PaperCodes, Subject, words};
use crate::statement::Completeness;

impl Kind {
    /// It on the face of the paper.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Original => "ORIGINAL",
            Self::TrueCopy => "CERTIFIED TRUE COPY",
            Self::Replacement => "REPLACEMENT",
            Self::Redacted => "REDACTED COPY",
            Self::Specimen => "SPECIMEN",
        }
    }
}

/// Its kind, with how it stands where that is not as issued; what is no longer in force is nowhere called the original.
pub(super) fn marked(subject: &Subject<'_>, kind: Kind) -> String {
    let standing = subject.standing.map(str::to_uppercase);
    match (kind, standing) {
        (_, None) => kind.words().to_owned(),
        (Kind::Original, Some(standing)) => standing,
        (_, Some(standing)) => format!("{}, {standing}", kind.words()),
    }
}

/// Sentences for the head of the first sheet.
pub(super) fn of(subject: &Subject<'_>, kind: Kind) -> Vec<String> {
    let mut notices = Vec::new();
    let missing = withheld(subject.completeness);
    if kind == Kind::Redacted {
        let missing = missing.iter().map(|name| words::withheld(name)).collect::<Vec<_>>();
        notices.push(format!("REDACTED COPY: its holder withheld {}", missing.join(", ")));
    }
    if let Some(standing) = subject.standing.map(str::to_uppercase) {
        let by = subject.successor.map(|number| format!(" by certificate {number}")).unwrap_or_default();
        notices.push(format!("{standing}{by}: so the authority's records had it when this was printed"));
    }
    if subject.awaiting_cosignatures {
        notices.push(
            "AWAITING COSIGNATURES: until the partners have cosigned its log it verifies as NOT COSIGNED".to_owned(),
        );
    }
    let PaperCodes { carried, total, .. } = *subject.codes;
    if subject.codes.stamp.is_some() && carried < total {
        notices.push(format!("The stamp carries {carried} of {total} items"));
    }
    notices
}

/// Names of what is missing.
pub(super) fn withheld(completeness: &Completeness) -> &[String] {
    match completeness {
        Completeness::Complete => &[],
        Completeness::Redacted { missing } | Completeness::Incomplete { missing } => missing,
    }
}
