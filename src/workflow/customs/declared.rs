//! An import declaration held against the certificate it names: what differs, what is left, what to know.

use super::{
    Arrival, ArrivedName, Balance, Notice,
    bearing::would_be_refused,
    course::balance,
    heard::named_items,
    notices::{on_paper, written_before},
};
use crate::{
    agreement::{Declared, Matching, compare},
    log::Origin,
    office::{Action, Caller},
    reason::counted,
    statement::ImportDeclaration,
    store::Subject,
    time::{Date, serde_date},
    workflow::{Accounts, Desk, PaperRecord, WorkflowError},
};
use serde::{Deserialize, Serialize};

/// What is held against a certificate.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MatchWish {
    /// The certificate.
    pub certificate: ArrivedName,
    /// Its date of issue, as the declaration names it.
    #[serde(with = "serde_date::option")]
    pub issued_on: Option<Date>,
    /// The declaration.
    pub declaration: ImportDeclaration,
    /// Its lines.
    pub declared: Declared,
}

/// What came of it. Nothing is stored.
pub struct Matched {
    /// The certificate, if it is known here.
    pub arrival: Option<Arrival>,
    /// What differs.
    pub matching: Matching,
    /// What an officer should know.
    pub notices: Vec<Notice>,
    /// What is left of it.
    pub balance: Vec<Balance>,
    /// Where no certificate is known here: papers of that number.
    pub papers: Vec<PaperRecord>,
}

impl Matched {
    /// Adds why lines of it would be refused: that is said once, as that.
    pub(super) fn would_be_refused(&mut self, refused: Vec<Notice>) {
        self.notices.retain(|one| refused.iter().all(|two| two.reason != one.reason));
        self.notices.extend(refused);
    }
}

impl Desk {
    /// Holds a declaration against the certificate that it names. It reads from the disk.
    pub fn match_declaration(&self, caller: &Caller, wish: &MatchWish) -> Result<Matched, WorkflowError> {
        Accounts::allow(caller, Action::ReadArrivals)?;
        let mut matched = self.matched(wish)?;
        if let Some(arrival) = &matched.arrival {
            let before = self.before(arrival)?;
            let refused = would_be_refused(arrival, wish, &matched.matching, &before);
            let lines = wish.declared.lines.iter().zip(&matched.matching.items);
            let lines = lines.map(|(line, item)| (*item, Some(line.line)));
            let written = written_before(&before.acts, &wish.declaration, lines);
            matched.would_be_refused(refused);
            matched.notices.extend(written);
        }
        Ok(matched)
    }

    /// The same for whoever may see it, without what stands in the way of writing it off line by line.
    pub(super) fn matched(&self, wish: &MatchWish) -> Result<Matched, WorkflowError> {
        let none = |notices| {
            let matching = Matching { items: Vec::new(), differences: Vec::new() };
            Matched { arrival: None, matching, notices, balance: Vec::new(), papers: Vec::new() }
        };
        let arrival = match self.arrived(&wish.certificate) {
            Ok(arrival) => arrival,
            Err(WorkflowError::ArrivalUnknown(_) | WorkflowError::ArrivalOnPaper { .. }) => {
                let mut answered = Vec::new();
                if let ArrivedName::Number(number, issuer) = &wish.certificate {
                    answered = self.answered_of(number, issuer.as_ref())?;
                    let papers = self.papers_about(&Subject::Number(number.clone()), issuer.as_ref())?;
                    let known = papers.iter().flat_map(|paper| {
                        let agreement = self.agreements().get(&paper.paper.agreement);
                        let edition = agreement.and_then(|agreement| agreement.edition(&paper.paper.edition));
                        on_paper(paper, edition, wish)
                    });
                    let known = known.chain(answered.iter().cloned()).collect::<Vec<_>>();
                    if !papers.is_empty() {
                        return Ok(Matched { papers, ..none(known) });
                    }
                }
                let closed = self.paper_named(&wish.certificate)?.and_then(|paper| paper.key_closed);
                let mut notices = if let Some(why) = closed {
                    let words = format!(
                        "it is registered on paper, and counts for nothing: {why}; ask its issuer whether it was registered anew"
                    );
                    vec![Notice::new("KEY_CLOSED", true, words)]
                } else {
                    let words = "no certificate of that number is known here; it may be on its way, or on paper, and of one that \
                                 was erased before it came no number is known";
                    let lost = self.perhaps_lost(&wish.certificate);
                    let not_held = self.not_held_of(&wish.certificate)?.map(|one| one.notice());
                    [vec![Notice::new("ARRIVAL_UNKNOWN", true, words)], lost, not_held.into_iter().collect()].concat()
                };
                notices.extend(answered);
                return Ok(none(notices));
            }
            Err(other) => return Err(other),
        };
        let matching = match arrival.whole() {
            Ok(certificate) => compare(&certificate, &wish.declared, self.edition_of(&arrival), &self.lists()),
            Err(_) => none(Vec::new()).matching,
        };
        let items = named_items(matching.items.iter().copied());
        let mut known = self.known(&arrival, Some(&wish.declaration), &items)?;
        known.extend(self.predecessors_used(&arrival)?);
        let issued_on = arrival.certificate.reference.as_option().map(|reference| reference.issued_on);
        if let (Some(own), Some(named)) = (issued_on, wish.issued_on)
            && own != named
        {
            known.push(Notice::other_date(named, own));
        }
        Ok(Matched { balance: balance(&arrival), matching, notices: known, arrival: Some(arrival), papers: Vec::new() })
    }

    /// That a certificate which is not here may be among what was lost of logs to this authority by their own nodes.
    fn perhaps_lost(&self, name: &ArrivedName) -> Vec<Notice> {
        let may_have = |origin: &Origin| match name {
            ArrivedName::Number(_, Some(issuer)) => issuer.host() == origin.host(),
            ArrivedName::Number(_, None) | ArrivedName::Jti(_) => true,
        };
        let logs = self.addressed().into_iter().filter(|(origin, _)| may_have(origin));
        let lost = logs.filter_map(|(origin, _)| Some((self.setup().partners.lost(&origin)?, origin)));
        let gone = lost.filter(|((_, gone), _)| *gone > 0).map(|((left, gone), origin)| {
            let [left, gone] = [left, gone].map(|count| counted(count, "entry", "entries"));
            let words = format!(
                "its issuer's node says that it closed the log {origin} for good with {left}; neither there nor here: {gone} \
                 that it signed, perhaps this one. Its holder may have the bundle, which `origin verify` judges; else ask the issuer"
            );
            Notice::new("PARTNER_LOG_LOST", false, words)
        });
        gone.collect()
    }
}
