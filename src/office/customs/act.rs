//! One act of customs on a certificate of a partner: who did it, what it decides, and what became of it.
//!
//! An act is never changed but for what became of it: it is amended, taken back, released or dropped by a later deed, and
//! who reads the acts in their order sees the whole course.

use super::{Certified, CustomsFile, WHOLE, decides, stands_against};
use crate::{
    certificate::{CertificateNumber, OfficeCode, Text},
    office::{AccountId, Caller, Person},
    statement::{ImportDeclaration, ItemDecision, Jti, ResponseCode},
    time::{Timestamp, unix_ms},
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What became of an act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ActState {
    /// It counts.
    Counts,
    /// A denial, or what would take the place of one, that a supervisor has yet to release.
    Waits,
    /// One that was dropped: nobody was told of it.
    Dropped,
    /// Another act took its place.
    Amended(u32),
    /// It was taken back by another act.
    Reversed(u32),
}

/// Who did something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DoneBy {
    /// The account.
    pub account: AccountId,
    /// The person behind it: who denies and who releases are two.
    pub person: Person,
    /// When, in Unix milliseconds.
    pub at_ms: u64,
    /// The name of the account, as it was then.
    #[serde(default)]
    pub name: String,
    /// The offices it acted for, as they were then.
    #[serde(default)]
    pub offices: Vec<OfficeCode>,
}

impl DoneBy {
    /// A caller, as it is at this instant.
    #[must_use]
    pub fn of(caller: &Caller, at: Timestamp) -> Self {
        let account = caller.account();
        Self {
            account: account.id.clone(),
            person: account.person(),
            at_ms: unix_ms(at),
            name: account.name.clone(),
            offices: account.offices.clone(),
        }
    }

    /// Somebody of whom no more is known than when.
    pub(super) fn unknown(at_ms: u64) -> Self {
        let account = AccountId::unknown();
        let person = Person::of_account(&account);
        Self { account, person, at_ms, name: String::new(), offices: Vec::new() }
    }

    /// Whether both are one account, or accounts of one person.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.account == other.account || self.person == other.person
    }
}

/// One act on a certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomsAct {
    /// Its number among those of the certificate, from 1.
    pub number: u32,
    /// Who did it.
    pub by: DoneBy,
    /// Who released or dropped it.
    pub settled: Option<DoneBy>,
    /// The declaration it belongs to.
    pub declaration: Option<ImportDeclaration>,
    /// Item by item.
    pub decisions: Vec<ItemDecision>,
    /// The act that it takes the place of or takes back.
    pub amends: Option<u32>,
    /// What became of it.
    pub state: ActState,
    /// The statement to the issuer, once one was made.
    pub statement: Option<Jti>,
    /// The enquiry that it follows.
    pub enquiry: Option<Jti>,
    /// Further words of who decided it; the issuer is told of them.
    pub remarks: Option<Text<1024>>,
    /// Words of who released or dropped it, which stay here; none where it was kept before they had a place of their own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settled_words: Option<Text<1024>>,
    /// What its decider went on in spite of; nothing where it was kept before that was noted.
    #[serde(default)]
    pub despite: Despite,
}

/// What people wrote in an act. It is kept apart from the act, which stays when what the certificate says is erased: this
/// goes then.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ActWords {
    /// The number of the act.
    pub act: u32,
    remarks: Option<Text<1024>>,
    settled: Option<Text<1024>>,
    /// The further words of decisions, by their place among those of the act, from 0.
    decisions: BTreeMap<usize, Text<1024>>,
}

impl ActWords {
    /// Whether nothing was written.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.remarks.is_none() && self.settled.is_none() && self.decisions.is_empty()
    }
}

/// What may speak against a certificate and is gone on in spite of, by who says so.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Despite {
    /// That it stands past the closing of the key that signed it.
    pub closed_key: bool,
    /// That it stands in the place of one that was used or decided against here.
    pub predecessor: bool,
}

/// A denial that waits, or what would take the place of one, as the list of them shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WaitingDenial {
    /// The log of the certificate.
    pub log: String,
    /// Its identifier.
    pub jti: Jti,
    /// Its number.
    pub number: CertificateNumber,
    /// The act.
    pub act: u32,
}

impl CustomsAct {
    /// Takes out what people wrote in it: what was decided and used is left, with its codes, quantities and declaration.
    pub fn take_words(&mut self) -> ActWords {
        let decisions = self.decisions.iter_mut().enumerate();
        let decisions = decisions.filter_map(|(at, one)| Some((at, one.words.take()?))).collect();
        ActWords { act: self.number, remarks: self.remarks.take(), settled: self.settled_words.take(), decisions }
    }

    /// Puts back what was taken out. What stands in it already, because it was kept before that stood apart, stays.
    pub fn put_words(&mut self, words: ActWords) {
        let ActWords { act: _, remarks, settled, decisions } = words;
        self.remarks = remarks.or(self.remarks.take());
        self.settled_words = settled.or(self.settled_words.take());
        for (at, said) in decisions {
            if let Some(decision) = self.decisions.get_mut(at) {
                decision.words = Some(said);
            }
        }
    }

    /// Whether a supervisor has to release it: preference is refused by two people.
    #[must_use]
    pub fn denies(decisions: &[ItemDecision]) -> bool {
        decisions.iter().any(|decision| decision.code == ResponseCode::PreferenceDenied)
    }

    /// Whether it stands, or would if it were released, against what these decisions use or grant.
    #[must_use]
    pub fn stands_against(
        &self,
        certified: Certified<'_>,
        declaration: Option<&ImportDeclaration>,
        decisions: &[ItemDecision],
    ) -> bool {
        let (mut alone, own) = (CustomsFile::default(), self.declaration.as_ref());
        if alone.decide(certified, own, &self.decisions).is_err() {
            return false;
        }
        decisions.iter().filter(|one| one.code.draws() || one.code.grants()).any(|one| {
            let item = one.item.unwrap_or(WHOLE);
            if one.code.grants() && one.line.is_none() {
                return alone.refuses(item);
            }
            alone.stands(item, declaration.or(own), one.line).is_err()
        })
    }

    /// Whether it decides anew what an earlier act decided: an item whatever its line, a line of a declaration by itself, or
    /// the whole against what was granted of it.
    #[must_use]
    pub fn decides_anew(&self, earlier: &Self, decided: &ItemDecision) -> bool {
        let place = |one: &ItemDecision| one.item.unwrap_or(WHOLE);
        decides(decided.code)
            && self.decisions.iter().filter(|one| decides(one.code)).any(|one| {
                if place(one) != place(decided) {
                    return place(one) == WHOLE && stands_against(one.code) && decided.code.grants();
                }
                // With no declaration a line is none.
                let (Some(line), Some(own)) = (one.line, &self.declaration) else { return true };
                decided.line == Some(line) && earlier.declaration.as_ref().is_some_and(|other| own.is_same(other))
            })
    }

    /// Since when it counts, in Unix milliseconds, and its number: what waited for a supervisor, since it was released.
    #[must_use]
    pub fn counts_from(&self) -> (u64, u32) {
        let released = self.settled.as_ref().filter(|_| self.state != ActState::Dropped);
        (released.unwrap_or(&self.by).at_ms, self.number)
    }

    /// Whether it wrote something off.
    #[must_use]
    pub fn is_write_off(&self) -> bool {
        self.decisions.iter().any(|decision| decision.code.draws())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        office::{Account, Role, Wanted},
        time::SeededRandom,
    };

    #[test]
    fn an_act_that_was_kept_before_it_said_what_it_went_on_in_spite_of_reads_as_one_that_said_nothing() {
        let wanted = Wanted { name: "Li Na".to_owned(), roles: vec![Role::CustomsOfficer], ..Wanted::default() };
        let officer: Caller = Account::open(wanted, &SeededRandom::new(1)).unwrap().into();
        let act = CustomsAct {
            number: 1,
            by: DoneBy::of(&officer, Timestamp::UNIX_EPOCH),
            settled: None,
            declaration: None,
            decisions: Vec::new(),
            amends: None,
            state: ActState::Waits,
            statement: None,
            enquiry: None,
            remarks: None,
            settled_words: None,
            despite: Despite { closed_key: true, predecessor: false },
        };
        let mut kept = serde_json::to_value(&act).unwrap();
        assert_eq!(serde_json::from_value::<CustomsAct>(kept.clone()).unwrap(), act);
        kept.as_object_mut().unwrap().remove("despite").unwrap();
        let before = serde_json::from_value::<CustomsAct>(kept).unwrap();
        assert_eq!(before, CustomsAct { despite: Despite::default(), ..act });
    }
}
