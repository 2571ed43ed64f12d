//! What holders of a log say of entries that they cannot give back.

use crate::exchange::message::{Disclosed, DisclosedEntry};
use crate::reason::some_of;
use std::collections::BTreeSet;

/// Why holders do not give what is asked of them, by entry.
#[derive(Default)]
pub(super) struct Said {
    /// It was kept back from them since before the loss.
    held: BTreeSet<u64>,
    /// It was erased there, or here before it was sent.
    erased: BTreeSet<u64>,
    /// It never came there, or is lost there too.
    none: BTreeSet<u64>,
}

/// Entries that no partner has the contents of, by why not.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct WithNobody {
    held: Vec<u64>,
    erased: Vec<u64>,
    none: Vec<u64>,
}

impl WithNobody {
    pub(super) fn sum(&self) -> usize {
        self.held.len() + self.erased.len() + self.none.len()
    }
}

impl Said {
    pub(super) fn note(&mut self, answers: &[DisclosedEntry]) {
        for DisclosedEntry { index, state } in answers {
            let why = match state {
                Disclosed::All(_) => continue,
                Disclosed::Held => &mut self.held,
                Disclosed::Erased => &mut self.erased,
                Disclosed::None => &mut self.none,
            };
            why.insert(*index);
        }
    }

    /// Those of these that no partner has. Who was not heard may have them, but for what never left this node.
    pub(super) fn of(&self, missing: &[u64], are_all_heard: bool) -> WithNobody {
        let mut lost = WithNobody::default();
        for index in missing {
            if self.held.contains(index) {
                lost.held.push(*index);
            } else if are_all_heard && self.erased.contains(index) {
                lost.erased.push(*index);
            } else if are_all_heard && self.none.contains(index) {
                lost.none.push(*index);
            }
        }
        lost
    }
}

/// What is said of certificates whose contents no partner can give back.
pub(super) fn nobody_has(lost: &WithNobody) -> Option<String> {
    let [held, erased, none] = [&lost.held, &lost.erased, &lost.none].map(Vec::len);
    let are = |count: usize| if count == 1 { "is" } else { "are" };
    let held = (held > 0).then(|| {
        format!(
            "{held} of them {} held since before the loss: what such a certificate says was never sent, and its holder \
             alone has it in the bundle",
            are(held)
        )
    });
    let erased =
        (erased > 0).then(|| format!("{erased} of them {} erased, there or here before the loss", are(erased)));
    let none = (none > 0).then(|| format!("{none} of them {} with no partner, or lost there too", are(none)));
    let said = [held, erased, none].into_iter().flatten().collect::<Vec<_>>().join("; ");
    (!said.is_empty()).then(|| {
        format!(
            "{said}; no partner can give it back: a signatory gives the bundle back (`origin certificate give-back`); where \
             an operator goes on without it (`origin partner go-on`), each series passes over its number"
        )
    })
}

/// What is said of other entries whose contents no partner can give back: which they are.
pub(super) fn nobody_says(lost: &WithNobody) -> Option<String> {
    let WithNobody { held, erased, none } = lost;
    let of = |why: &str, indexes: &[u64]| (!indexes.is_empty()).then(|| format!("{why}: entry {}", some_of(indexes)));
    let said = [
        of("held since before the loss, and in its holder's bundle alone (`origin certificate give-back`)", held),
        of("erased, there or here before the loss", erased),
        of("with no partner, or lost there too", none),
    ];
    let said = said.into_iter().flatten().collect::<Vec<_>>().join("; ");
    (!said.is_empty()).then(|| format!("{said}; it is asked for no more once you say so (`origin partner go-on`)"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_partner_has_is_said_with_why_and_what_brings_it_back_and_only_once_all_were_heard() {
        let answer = |index, state| DisclosedEntry { index, state };
        let mut said = Said::default();
        assert_eq!(nobody_has(&said.of(&[1, 2, 3, 4], true)), None, "nobody was asked");
        said.note(&[answer(1, Disclosed::Held), answer(2, Disclosed::Erased), answer(3, Disclosed::None)]);
        // Another holds the log, and was never sent what is in it.
        said.note(&[1, 2, 3].map(|index| answer(index, Disclosed::None)));
        let lost = said.of(&[1, 2, 3, 4], true);
        assert_eq!(lost.sum(), 3);
        assert_eq!(lost, WithNobody { held: vec![1], erased: vec![2], none: vec![3] });
        let words = nobody_has(&lost).unwrap();
        for part in ["1 of them is held", "1 of them is erased", "certificate give-back", "partner go-on"] {
            assert!(words.contains(part), "{words}");
        }
        // Who was not heard may have all but what never left this node.
        assert_eq!(said.of(&[1, 2, 3, 4], false), WithNobody { held: vec![1], ..WithNobody::default() });
    }

    #[test]
    fn entries_that_nobody_can_give_the_contents_of_are_named_each_with_why() {
        let mut said = Said::default();
        said.note(&[7, 9].map(|index| DisclosedEntry { index, state: Disclosed::None }));
        said.note(&[DisclosedEntry { index: 8, state: Disclosed::Erased }]);
        let words = nobody_says(&said.of(&[7, 8, 9], true)).unwrap();
        for part in ["erased, there or here before the loss: entry 8", "lost there too: entry 7, 9", "partner go-on"] {
            assert!(words.contains(part), "{words}");
        }
        assert_eq!(nobody_says(&said.of(&[7, 8, 9], false)), None, "who was not heard may have them");
    }
}
