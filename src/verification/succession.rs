//! Which act may follow which, and what the status list says then: one rule for the issuer who writes the list,
//! the replica that recomputes it, and the verifier who reads the changes.

use crate::statement::{Act, Status};

/// What a list says of a certificate after an act; none where the act cannot follow.
///
/// `items` are those concerned, `None` is the whole certificate. `behind` is what a suspension of the whole
/// covers and its end brings back: "in part" where a change of some items came before, else valid.
///
/// What is final stays, but for a withdrawal of the whole, which the authority may find at any time. An act
/// that would change nothing is refused: a suspension that never was cannot be lifted, nor one that is be
/// repeated.
#[must_use]
pub fn status_after(now: Status, behind: Status, act: &Act, items: Option<&[u32]>) -> Option<Status> {
    match (items, act, now) {
        (None, Act::Withdrawn { .. }, _) => Some(Status::Withdrawn),
        (_, _, Status::Cancelled | Status::Withdrawn | Status::Superseded) => None,
        (None, Act::Reinstated, Status::Suspended) => Some(behind),
        (Some(_), Act::Reinstated, Status::InPart) => Some(Status::InPart),
        (_, Act::Reinstated, _) | (None, Act::Suspended, Status::Suspended) => None,
        (Some(_), _, Status::Suspended) | (None, Act::Suspended, _) => Some(Status::Suspended),
        (Some(_), _, _) => Some(Status::InPart),
        (None, Act::Cancelled, _) => Some(Status::Cancelled),
        (None, Act::Superseded { .. }, _) => Some(Status::Superseded),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::statement::{Jti, Since, StatementRef};

    const ALL: [Status; 6] =
        [Status::Valid, Status::InPart, Status::Suspended, Status::Cancelled, Status::Withdrawn, Status::Superseded];
    const FINAL: [Status; 3] = [Status::Cancelled, Status::Withdrawn, Status::Superseded];

    fn acts() -> [Act; 5] {
        let successor = StatementRef { log: "tdap.gov.pk/log/2026/cn".parse().unwrap(), jti: Jti([1; 16]) };
        let withdrawn = Act::Withdrawn { since: Since::Issue };
        [Act::Cancelled, withdrawn, Act::Superseded { successor }, Act::Suspended, Act::Reinstated]
    }

    #[test]
    fn what_is_final_stays_but_for_a_withdrawal_of_the_whole() {
        for (now, act) in FINAL.into_iter().flat_map(|now| acts().map(|act| (now, act))) {
            let withdrawal = matches!(act, Act::Withdrawn { .. });
            let after = status_after(now, Status::Valid, &act, None);
            assert_eq!(after, withdrawal.then_some(Status::Withdrawn), "{act:?} after {now:?}");
            assert_eq!(status_after(now, Status::Valid, &act, Some(&[1])), None, "{act:?} of an item after {now:?}");
        }
    }

    #[test]
    fn only_a_suspension_ends_and_what_it_covered_comes_back() {
        for now in ALL {
            let whole = status_after(now, Status::InPart, &Act::Reinstated, None);
            assert_eq!(whole, (now == Status::Suspended).then_some(Status::InPart), "{now:?}");
            let item = status_after(now, Status::InPart, &Act::Reinstated, Some(&[1]));
            assert_eq!(item, (now == Status::InPart).then_some(Status::InPart), "{now:?}");
        }
        assert_eq!(status_after(Status::Suspended, Status::Valid, &Act::Reinstated, None), Some(Status::Valid));
        assert_eq!(status_after(Status::Suspended, Status::Valid, &Act::Suspended, None), None);
    }

    #[test]
    fn a_change_of_items_never_hides_what_became_of_the_whole() {
        for act in acts().into_iter().filter(|act| *act != Act::Reinstated) {
            for (now, then) in [
                (Status::Valid, Status::InPart),
                (Status::InPart, Status::InPart),
                (Status::Suspended, Status::Suspended),
            ] {
                assert_eq!(status_after(now, Status::Valid, &act, Some(&[1])), Some(then), "{act:?} after {now:?}");
            }
        }
    }
}
