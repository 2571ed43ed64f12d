//! Certificates in whose place one stands: what is known of them here does not end with the paper it was said of.

use super::{Arrival, ArrivedName, Notice};
use crate::{
    certificate::{Certificate, Relation},
    office::{CustomsAct, CustomsFile},
    reason::some_of,
    statement::{EndorsementAct, EndorsementWords, Jti},
    workflow::{Desk, WorkflowError},
};

/// Certificates looked back at, each in the place of the one before: none is issued anew so often.
const PREDECESSORS_MAX: usize = 32;

/// A certificate in whose place another stands.
struct Predecessor {
    /// Its number.
    number: String,
    /// What is known of it; nothing where it did not arrive, or on paper alone.
    arrival: Option<Arrival>,
}

impl Desk {
    /// That a certificate stands in the place of one that was used or decided against here, though that waits for a
    /// supervisor yet: it is not taken over to this one, whose items may be others. It reads from the disk.
    pub(super) fn predecessors_used(&self, arrival: &Arrival) -> Result<Vec<Notice>, WorkflowError> {
        let mut found = Vec::new();
        for Predecessor { number, arrival: before } in self.predecessors(arrival)? {
            let Some(before) = before else { continue };
            let waiting = if before.waits { self.waiting_on(&before)? } else { Vec::new() };
            found.extend(stands_here_of(&number, &before.file, &waiting));
            found.extend(self.acts_unread(&before)?.map(|one| said_of(&number, one)));
        }
        Ok(found)
    }

    /// That its issuer did not find good one in whose place a certificate stands, and that its goods were said to go
    /// elsewhere. It may have been replaced for just that, so an officer decides. It reads from the disk.
    pub(super) fn predecessors_heard(&self, arrival: &Arrival) -> Result<Vec<Notice>, WorkflowError> {
        let (mut found, mut back) = (Vec::new(), self.came_back(arrival));
        for Predecessor { number, arrival: before } in self.predecessors(arrival)? {
            let mut heard = match &before {
                Some(before) => self.answered(before)?,
                None => self.answered_of(&number, Some(&arrival.issuer))?,
            };
            // That an earlier one is good says nothing of this one.
            heard.retain(|one| one.reason == "ISSUER_FINDS_NOT_VALID");
            if let Some(before) = &before {
                heard.extend(self.gone(before, back, &[]));
                back = back.max(self.came_back(before));
            }
            found.extend(heard.into_iter().map(|one| said_of(&number, one)));
        }
        Ok(found)
    }

    /// The last word of this authority that all the goods of a certificate come to this country after all.
    fn came_back(&self, arrival: &Arrival) -> Option<Jti> {
        let own_country = Some(self.setup().country);
        let certificate = arrival.certificate.to_certificate();
        let all = |items: &[u32]| {
            let named =
                |certificate: &Certificate| certificate.goods.items.iter().all(|item| items.contains(&item.number));
            items.is_empty() || certificate.as_ref().is_some_and(named)
        };
        let comes_here = |words: &EndorsementWords| {
            words.act == EndorsementAct::DestinationChanged && words.destination == own_country && all(&words.items)
        };
        let came = arrival.endorsements.iter().filter(|note| note.words.as_ref().is_some_and(comes_here));
        came.map(|note| note.jti).max()
    }

    /// The certificates in whose place one stands, the nearest first, each once.
    fn predecessors(&self, arrival: &Arrival) -> Result<Vec<Predecessor>, WorkflowError> {
        let mut found: Vec<Predecessor> = Vec::new();
        let mut seen = vec![arrival.jti];
        let mut next = replaced(arrival);
        while let Some(number) = next.pop() {
            if found.len() >= PREDECESSORS_MAX || found.iter().any(|one| one.number == number) {
                continue;
            }
            let before = self.if_arrived(&ArrivedName::Number(number.clone(), Some(arrival.issuer.clone())))?;
            if let Some(before) = &before {
                if seen.contains(&before.jti) {
                    continue;
                }
                seen.push(before.jti);
                next.extend(replaced(before));
            }
            found.push(Predecessor { number, arrival: before });
        }
        Ok(found)
    }
}

/// The numbers of the certificates in whose place one says that it stands.
fn replaced(arrival: &Arrival) -> Vec<String> {
    let reference = arrival.certificate.reference.as_option();
    let prior = reference.into_iter().flat_map(|reference| &reference.prior);
    let prior = prior.filter(|prior| matches!(prior.relation, Relation::Replaces | Relation::TrueCopyOf));
    prior.map(|prior| prior.number.to_string()).collect()
}

/// What is said of a certificate as it is told of the one in its place.
fn said_of(number: &str, one: Notice) -> Notice {
    Notice { words: format!("of {number}, in whose place it stands: {}", one.words), ..one }
}

fn stands_here_of(number: &str, file: &CustomsFile, waiting: &[CustomsAct]) -> Option<Notice> {
    // What was not decided yet is overlooked most easily, and a long list is cut.
    let waits = waiting.iter().flat_map(|act| {
        let (number, said) = (act.number, act.against());
        said.map(move |(subject, code)| format!("{subject}: {code} by act {number}, which waits for a supervisor"))
    });
    let against = file.against().map(|(subject, code)| format!("{subject}: {code}"));
    let used = waits.chain(file.drawn()).chain(against).collect::<Vec<_>>();
    if used.is_empty() {
        return None;
    }
    let words = format!(
        "it stands in the place of {number}, which was used or decided against here ({}), and that does not count of this \
         one by itself; who writes off or accepts a claim all the same says why (`--despite-predecessor`, with remarks)",
        some_of(used)
    );
    Some(Notice::new("PREDECESSOR_USED", true, words))
}
