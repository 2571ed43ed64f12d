//! Certificates that their issuer put in the place of one: the change that ends the one names the other.

use super::{Arrival, ArrivedName, Notice, refused::items_in_words};
use crate::{
    reason::some_of,
    statement::{Act, Change, Jti},
    workflow::{Desk, WorkflowError},
};
use std::collections::BTreeMap;

/// Certificates looked ahead at, each in the place of the one before: none is issued anew so often.
const SUCCESSORS_MAX: usize = 32;

/// A certificate that stands in the place of another.
struct Successor {
    /// Its identifier.
    jti: Jti,
    /// The items of the other that it stands in the place of; none are all.
    items: Vec<u32>,
    /// What is known of it; nothing where it is not addressed to this country, or did not arrive.
    arrival: Option<Arrival>,
}

impl Desk {
    /// By what certificate one was superseded, by its number where that is known here. It reads from the disk.
    pub(super) fn superseded(&self, arrival: &Arrival) -> Result<Vec<Notice>, WorkflowError> {
        let words = |one: &Successor| {
            let of = match one.items.as_slice() {
                [] => "its place".to_owned(),
                some => format!("the place of its {}", items_in_words(some)),
            };
            let by = one.number().unwrap_or_else(|| format!("{}, which did not arrive here,", one.jti));
            Notice::new("SUPERSEDED", false, format!("certificate {by} took {of}"))
        };
        Ok(self.successors(arrival)?.iter().map(words).collect())
    }

    /// The numbers of the certificates in its place that arrived, by their identifiers. It reads from the disk.
    pub(super) fn successor_numbers(&self, arrival: &Arrival) -> Result<BTreeMap<Jti, String>, WorkflowError> {
        let successors = self.successors(arrival)?;
        Ok(successors.iter().filter_map(|one| Some((one.jti, one.number()?))).collect())
    }

    /// That what stands in the place of a certificate, or of these items of it, was used here, or a claim on it accepted:
    /// who decides against the one hears that its goods came in with the other. It reads from the disk.
    pub(super) fn successors_used(&self, arrival: &Arrival, items: &[u32]) -> Result<Vec<Notice>, WorkflowError> {
        let (mut found, mut seen, mut next) = (Vec::new(), vec![arrival.jti], self.successors(arrival)?);
        next.retain(|one| one.concerns(items));
        while let Some(one) = next.pop() {
            let (Some(here), number) = (&one.arrival, one.number()) else { continue };
            if seen.contains(&here.jti) || seen.len() > SUCCESSORS_MAX {
                continue;
            }
            seen.push(here.jti);
            let accepted = here.file.accepted().map(|(subject, code)| format!("{subject}: {code}"));
            let used = here.file.drawn().chain(accepted).collect::<Vec<_>>();
            if !used.is_empty() {
                let words = format!(
                    "certificate {}, which took its place, was used or accepted here ({}): what is decided of this one \
                     does not count of that one by itself",
                    number.unwrap_or_else(|| here.jti.to_string()),
                    some_of(used)
                );
                found.push(Notice::new("SUCCESSOR_USED", false, words));
            }
            next.extend(self.successors(here)?);
        }
        Ok(found)
    }

    /// The certificates in the place of one, in the order in which they took it.
    fn successors(&self, arrival: &Arrival) -> Result<Vec<Successor>, WorkflowError> {
        let mut found = Vec::new();
        for note in &arrival.changes {
            if let Change { act: Act::Superseded { successor }, items, .. } = &note.change.change {
                let (jti, items) = (successor.jti, items.clone().unwrap_or_default());
                found.push(Successor { jti, items, arrival: self.if_arrived(&ArrivedName::Jti(jti))? });
            }
        }
        Ok(found)
    }
}

impl Successor {
    /// Whether it took the place of any of these items, or of any where none is named.
    fn concerns(&self, items: &[u32]) -> bool {
        items.is_empty() || self.items.is_empty() || self.items.iter().any(|item| items.contains(item))
    }

    fn number(&self) -> Option<String> {
        let reference = self.arrival.as_ref()?.certificate.reference.as_option()?;
        Some(reference.number.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_took_the_place_of_some_items_does_not_concern_who_decides_of_others() {
        let of = |items: &[u32]| Successor { jti: Jti([1; 16]), items: items.to_vec(), arrival: None };
        assert!(!of(&[1]).concerns(&[2, 3]));
        assert!(of(&[1, 2]).concerns(&[2, 3]));
        assert!(of(&[1]).concerns(&[]), "who decides of the whole");
        assert!(of(&[]).concerns(&[2]), "what took all of its place");
    }
}
