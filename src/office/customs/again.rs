//! What two acts on one certificate decide of the same: said twice, or said of it otherwise.

use super::{ActState, CustomsAct, CustomsFile, DecidedLine, Despite, DoneBy, WHOLE, decides, stands_against, stays};
use crate::statement::{CustomsResponse, ItemDecision, Jti, ResponseCode};

/// How an act decides what an earlier one decides too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DecidedAgain {
    /// All of it just so, and nothing beside it.
    Same,
    /// With the same codes, and not all else: what the earlier one says, one by one.
    Otherwise(Vec<String>),
}

impl CustomsAct {
    /// An act as the issuer hears of it: what it decides, and of who did it and when nothing but its place among the others.
    #[must_use]
    pub fn heard((jti, place): (Jti, u32), response: &CustomsResponse, state: ActState) -> Self {
        Self {
            number: place,
            by: DoneBy::unknown(0),
            settled: None,
            declaration: response.declaration.clone(),
            decisions: response.decisions.clone(),
            amends: None,
            state,
            statement: Some(jti),
            enquiry: None,
            remarks: None,
            settled_words: None,
            despite: Despite::default(),
        }
    }

    /// The decisions of this act, each with one of another act that is of the same: of an item or one of its lines, or of
    /// the whole. A claim is accepted with each declaration by itself.
    pub fn meeting<'a>(&'a self, other: &'a Self) -> impl Iterator<Item = (&'a ItemDecision, &'a ItemDecision)> {
        deciding(self).flat_map(move |own| {
            deciding(other).filter(move |there| self.meets(own, other, there)).map(move |there| (own, there))
        })
    }

    /// How it decides what an earlier act decides too; none where that decides nothing of it with the same code.
    #[must_use]
    pub fn decides_again(&self, earlier: &Self) -> Option<DecidedAgain> {
        let (mut same, mut said) = (0_usize, Vec::new());
        let once = |own: &ItemDecision, there: &ItemDecision| {
            // That each of two enquiries got no reply is said of each.
            let of_one = own.code != ResponseCode::NoReply || self.enquiry == earlier.enquiry;
            own.code == there.code && of_one && self.meets(own, earlier, there)
        };
        let pairs = said_once(self).flat_map(|own| said_once(earlier).map(move |there| (own, there)));
        for (own, there) in pairs.filter(|(own, there)| once(own, there)) {
            let differs = self.differs(own, earlier, there);
            let is_it = differs.is_empty() && (own.item, own.line) == (there.item, there.line);
            same += usize::from(is_it);
            let mut one = earlier.words_of(there);
            if !differs.is_empty() {
                one = format!("{one} {}", differs.join(" and "));
            }
            if !said.contains(&one) {
                said.push(one);
            }
        }
        if said.is_empty() {
            return None;
        }
        let all = same == said_once(self).count() && same == said_once(earlier).count();
        Some(if all { DecidedAgain::Same } else { DecidedAgain::Otherwise(said) })
    }

    /// What it decides against goods that another certificate for them does not mend, with what that is of.
    pub fn against(&self) -> impl Iterator<Item = (String, ResponseCode)> {
        let against = self.decisions.iter().filter(|one| stays(one.code));
        against.map(|one| (self.subject(one), one.code))
    }

    /// One of its decisions, as a sentence names it.
    #[must_use]
    pub fn words_of(&self, one: &ItemDecision) -> String {
        format!("{} of {}", one.code, self.subject(one))
    }

    fn subject(&self, one: &ItemDecision) -> String {
        let Some(item) = one.item else { return "the certificate".to_owned() };
        match one.line.zip(self.declaration.as_ref()) {
            Some((line, of)) => format!("item {item} on line {line} of declaration {}", of.number),
            None => format!("item {item}"),
        }
    }

    /// Whether a decision of it and one of another act are of the same.
    fn meets(&self, own: &ItemDecision, other: &Self, there: &ItemDecision) -> bool {
        if own.item.zip(there.item).is_some_and(|(one, two)| one != two) {
            return false;
        }
        let declared = self.declaration.as_ref().zip(other.declaration.as_ref());
        let apart = declared.is_some_and(|(one, two)| !one.is_same(two));
        let claims = own.code.grants() && there.code.grants();
        match own.line.zip(there.line) {
            Some((one, two)) => one == two && declared.is_some() && !apart,
            None => !(claims && apart),
        }
    }

    /// What an earlier act says otherwise beside the same code.
    fn differs(&self, own: &ItemDecision, earlier: &Self, there: &ItemDecision) -> Vec<String> {
        let mut said = Vec::new();
        if own.reason != there.reason {
            said.push(there.reason.map_or_else(|| "for no reason".to_owned(), |reason| format!("for {reason}")));
        }
        if own.basis != there.basis {
            let basis = there.basis.as_ref();
            said.push(basis.map_or_else(|| "by no article".to_owned(), |basis| format!("by {basis}")));
        }
        if own.words != there.words {
            said.push("in other words".to_owned());
        }
        let declared = match (&self.declaration, &earlier.declaration) {
            (Some(one), Some(two)) => one.is_same(two),
            (one, two) => one.is_none() && two.is_none(),
        };
        if !declared {
            let with = earlier.declaration.as_ref();
            said.push(with.map_or_else(
                || "with no declaration".to_owned(),
                |with| format!("with declaration {} at {}", with.number, with.office),
            ));
        }
        if self.enquiry != earlier.enquiry {
            let after = earlier.enquiry.as_ref();
            said.push(after.map_or_else(|| "after no enquiry".to_owned(), |jti| format!("after enquiry {jti}")));
        }
        said
    }
}

impl CustomsFile {
    /// What counts beside an act: without what that decides against something itself, which is no news to who decides or
    /// releases it.
    #[must_use]
    pub fn beside(&self, act: &CustomsAct) -> Self {
        let mut file = self.clone();
        for ItemDecision { item, line, code, .. } in act.decisions.iter().filter(|one| stands_against(one.code)) {
            let place = item.unwrap_or(WHOLE);
            if let Some((line, of)) = line.zip(act.declaration.as_ref()) {
                let own =
                    |one: &DecidedLine| one.is_of(of) && one.item == place && one.line == line && one.code == *code;
                file.decided_lines.retain(|one| !own(one));
            } else if file.responses.get(&place) == Some(code) {
                file.responses.remove(&place);
            }
        }
        file
    }
}

/// The decisions of an act that are told to the issuer once: those that say whether something may be used, and that an
/// enquiry got no reply.
fn said_once(act: &CustomsAct) -> impl Iterator<Item = &ItemDecision> {
    act.decisions.iter().filter(|one| decides(one.code) || one.code == ResponseCode::NoReply)
}

/// The decisions of an act that say whether something may be used.
fn deciding(act: &CustomsAct) -> impl Iterator<Item = &ItemDecision> {
    act.decisions.iter().filter(|one| decides(one.code))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        office::{Account, Caller, Role, Wanted},
        statement::{ImportDeclaration, ResponseReason},
        time::{Date, SeededRandom, Timestamp},
    };

    fn act(declaration: Option<&str>, decisions: Vec<ItemDecision>) -> CustomsAct {
        let wanted = Wanted { name: "Li Na".to_owned(), roles: vec![Role::CustomsOfficer], ..Wanted::default() };
        let officer: Caller = Account::open(wanted, &SeededRandom::new(1)).unwrap().into();
        let declaration = declaration.map(|number| ImportDeclaration {
            number: number.parse().unwrap(),
            date: Date::constant(2026, 12, 1),
            office: "SHA".parse().unwrap(),
        });
        CustomsAct {
            number: 1,
            by: DoneBy::of(&officer, Timestamp::UNIX_EPOCH),
            settled: None,
            declaration,
            decisions,
            amends: None,
            state: ActState::Counts,
            statement: None,
            enquiry: None,
            remarks: None,
            settled_words: None,
            despite: Despite::default(),
        }
    }

    fn denied(item: Option<u32>, line: Option<u32>, reason: ResponseReason) -> ItemDecision {
        let code = ResponseCode::PreferenceDenied;
        ItemDecision { item, line, code, quantity: None, left: None, reason: Some(reason), basis: None, words: None }
    }

    fn accepted(item: u32) -> ItemDecision {
        let code = ResponseCode::AcceptedForClaim;
        ItemDecision { code, reason: None, ..denied(Some(item), None, ResponseReason::Other) }
    }

    /// What the earlier act says otherwise.
    fn otherwise(now: &CustomsAct, earlier: &CustomsAct) -> Vec<String> {
        match now.decides_again(earlier) {
            Some(DecidedAgain::Otherwise(said)) => said,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_denial_for_another_reason_or_with_another_declaration_is_not_the_same() {
        use ResponseReason::{GoodsDiffer, NotOriginating};
        let first = act(Some("D-1"), vec![denied(Some(1), None, GoodsDiffer)]);
        let typed = act(Some("d1"), first.decisions.clone());
        assert_eq!(typed.decides_again(&first), Some(DecidedAgain::Same), "in whatever letters");
        let reason = act(Some("D-1"), vec![denied(Some(1), None, NotOriginating)]);
        assert_eq!(otherwise(&reason, &first), ["PREFERENCE_DENIED of item 1 for GOODS_DIFFER"]);
        let bare = act(None, first.decisions.clone());
        assert_eq!(otherwise(&first, &bare), ["PREFERENCE_DENIED of item 1 with no declaration"]);
        assert_eq!(otherwise(&bare, &first), ["PREFERENCE_DENIED of item 1 with declaration D-1 at SHA"]);
        let basis = Some("Article 13".parse().unwrap());
        let by_article = act(Some("D-1"), vec![ItemDecision { basis, ..first.decisions[0].clone() }]);
        assert_eq!(otherwise(&first, &by_article), ["PREFERENCE_DENIED of item 1 by Article 13"]);
    }

    #[test]
    fn what_is_decided_of_the_whole_an_item_and_its_line_meets_and_is_not_the_same() {
        let differ = ResponseReason::GoodsDiffer;
        let whole = act(Some("D-1"), vec![denied(None, None, differ)]);
        let item = act(Some("D-1"), vec![denied(Some(1), None, differ)]);
        let line = act(Some("D-1"), vec![denied(Some(1), Some(1), differ)]);
        assert_eq!(otherwise(&item, &whole), ["PREFERENCE_DENIED of the certificate"]);
        assert_eq!(otherwise(&whole, &line), ["PREFERENCE_DENIED of item 1 on line 1 of declaration D-1"]);
        assert_eq!(otherwise(&line, &item), ["PREFERENCE_DENIED of item 1"]);
        let another = act(Some("D-2"), line.decisions.clone());
        let second = act(Some("D-1"), vec![denied(Some(1), Some(2), differ)]);
        let other = act(Some("D-1"), vec![denied(Some(2), None, differ)]);
        for apart in [another, second, other] {
            assert_eq!(line.decides_again(&apart), None, "{apart:?}");
        }
        let both = act(Some("D-1"), [item.decisions.clone(), vec![denied(Some(2), None, differ)]].concat());
        assert_eq!(otherwise(&both, &item), ["PREFERENCE_DENIED of item 1"], "it has more to say");
    }

    #[test]
    fn a_claim_is_accepted_with_each_declaration_by_itself() {
        let first = act(Some("D-1"), vec![accepted(1)]);
        assert_eq!(act(Some("D-1"), vec![accepted(1)]).decides_again(&first), Some(DecidedAgain::Same));
        assert_eq!(act(Some("D-2"), vec![accepted(1)]).decides_again(&first), None);
        let denied = act(Some("D-2"), vec![denied(Some(1), None, ResponseReason::GoodsDiffer)]);
        assert_eq!((denied.meeting(&first).count(), denied.decides_again(&first)), (1, None), "another code");
    }
}
