//! Two people for one certificate: who examined it does not sign it.

use super::{AccountId, Person};
use serde::{Deserialize, Serialize};

/// Somebody's hand in a certificate: an account, the person behind it, and in whose place that person acts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hand {
    /// The account that acted.
    pub account: AccountId,
    /// The person whose account it is; two accounts of one person name the same.
    pub person: Person,
    /// The absent signatory in whose place, and the person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub in_place_of: Option<(AccountId, Person)>,
}

/// How a certificate was examined.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Examined {
    /// By an officer.
    By(Hand),
    /// By machine, under a policy of the authority that has this name. A machine is nobody's second pair of eyes: it
    /// examines, and a person still answers for the signature.
    ByMachine(String),
}

/// That two people stand behind a certificate, or one person and a policy. Only [`FourEyes::of`] makes one, so what
/// takes it cannot be reached by one person alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FourEyes {
    examined: Examined,
    signed: Hand,
}

/// One person would both examine and sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SamePerson {
    /// The same account, or another account of the same person.
    #[error("who examined this application cannot sign it; another signatory has to")]
    Both,
    /// The examiner is the one in whose place it would be signed, or the other way round.
    #[error(
        "who examined this application is the signatory in whose place it would be signed; another signatory has to sign"
    )]
    Deputy,
    /// Who set the policy of examination would be the one whose signature is released by it.
    #[error("who set the policy of examination does not sign what was examined by it; another signatory has to")]
    Policy,
}

impl FourEyes {
    /// Holds the two against each other: neither account nor person may be the same, be it in one's own name or in
    /// another's place. That one account holds both roles is no matter, as long as another account examined.
    pub fn of(examined: Examined, signed: Hand) -> Result<Self, SamePerson> {
        if let Examined::By(examiner) = &examined {
            if examiner.account == signed.account || examiner.person == signed.person {
                return Err(SamePerson::Both);
            }
            let met = |a: &Hand, b: &Hand| {
                let place = a.in_place_of.as_ref();
                place.is_some_and(|(account, person)| *account == b.account || *person == b.person)
            };
            let one_place = match (&examiner.in_place_of, &signed.in_place_of) {
                (Some(a), Some(b)) => a.0 == b.0 || a.1 == b.1,
                _ => false,
            };
            if met(&signed, examiner) || met(examiner, &signed) || one_place {
                return Err(SamePerson::Deputy);
            }
        }
        Ok(Self { examined, signed })
    }

    /// How it was examined.
    #[must_use]
    pub const fn examined(&self) -> &Examined {
        &self.examined
    }

    /// Who signed.
    #[must_use]
    pub const fn signed(&self) -> &Hand {
        &self.signed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hand(account: char, person: &str) -> Hand {
        let account = format!("acc_{}", account.to_string().repeat(16)).parse().unwrap();
        Hand { account, person: person.parse().unwrap(), in_place_of: None }
    }

    fn instead(hand: Hand, of: Hand) -> Hand {
        Hand { in_place_of: Some((of.account, of.person)), ..hand }
    }

    #[test]
    fn two_people_may_and_one_may_not() {
        let (a, b) = (hand('1', "A. Qureshi"), hand('2', "B. Malik"));
        let both = FourEyes::of(Examined::By(a.clone()), b.clone()).unwrap();
        assert_eq!((both.examined(), both.signed()), (&Examined::By(a.clone()), &b));
        assert_eq!(FourEyes::of(Examined::By(a.clone()), a), Err(SamePerson::Both));
    }

    #[test]
    fn two_accounts_of_one_person_are_one_person() {
        let (at_the_desk, at_home) = (hand('1', "A. Qureshi"), hand('2', " a.  QURESHI"));
        assert_eq!(FourEyes::of(Examined::By(at_the_desk), at_home), Err(SamePerson::Both));
    }

    #[test]
    fn nobody_signs_by_a_deputy_what_they_examined() {
        let (a, b, c) = (hand('1', "A"), hand('2', "B"), hand('3', "C"));
        let deputy = instead(b.clone(), a.clone());
        assert_eq!(FourEyes::of(Examined::By(a.clone()), deputy.clone()), Err(SamePerson::Deputy));
        assert_eq!(FourEyes::of(Examined::By(deputy.clone()), a.clone()), Err(SamePerson::Deputy));
        assert_eq!(FourEyes::of(Examined::By(deputy.clone()), instead(c.clone(), a)), Err(SamePerson::Deputy));
        assert!(FourEyes::of(Examined::By(c), deputy).is_ok());
    }

    #[test]
    fn what_a_machine_examined_one_person_signs() {
        assert!(FourEyes::of(Examined::ByMachine("no findings, verified cost".into()), hand('1', "A")).is_ok());
    }
}
