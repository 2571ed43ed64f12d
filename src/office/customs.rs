//! What customs of the importing country did with a certificate of a partner: what is used of it, what was decided, and
//! each act by its number.

mod act;
mod again;
mod given_back;
mod told;

pub use act::{ActState, ActWords, CustomsAct, Despite, DoneBy, WaitingDenial};
pub use again::DecidedAgain;

use super::{Ledger, NotDrawn};
use crate::{
    certificate::{CertificateNumber, Goods, Measure, Text},
    reason::{Class, Reasoned},
    statement::{ImportDeclaration, ItemDecision, ResponseCode},
};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The number under which a decision on the whole certificate stands among those of its items, which begin with 1.
pub const WHOLE: u32 = 0;

/// Acts on one certificate at most: every one is read when its course is shown.
pub const ACTS_MAX: u32 = 10_000;

/// A certificate of a partner as customs know it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomsFile {
    /// What was used of it, item by item.
    pub ledger: Ledger,
    /// What counts of each item, and under [`WHOLE`] of all: the newest response that decides or uses. One that does
    /// neither, such as that it was received, counts where there is none of those.
    pub responses: BTreeMap<u32, ResponseCode>,
    /// The newest response of all; of what was used, and not decided against since, or taken back in part, what its use makes
    /// of the whole; of what was taken back altogether, what stands against it still.
    pub latest: Option<ResponseCode>,
    /// How many acts there were.
    pub acts: u32,
    /// The declaration that it was first used with, while a write-off of it counts.
    pub first_used: Option<ImportDeclaration>,
    /// Items that were granted by themselves and used, whichever was first: among the responses the use has the place.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub granted: BTreeSet<u32>,
    /// Items that were decided against by themselves before the whole was, which counts of them since. One that was denied is
    /// not among them: two people did that, and nothing hides it that one decides.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub overruled: BTreeSet<u32>,
    /// Lines of declarations that were decided on by themselves: refused, or granted though something stood against their
    /// item.
    #[serde(default, alias = "refused_lines", skip_serializing_if = "Vec::is_empty")]
    pub decided_lines: Vec<DecidedLine>,
    /// What was used of items in units that are not counted beside what the ledger has of them: nobody writes that off, but
    /// what was used before a loss and since, each without the other, may be so.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub uncounted: BTreeMap<u32, Vec<Measure>>,
    /// Whether what it says is erased here: customs read it no more, and nothing is kept of what they write in an act. What
    /// was prepared before rests on a file without this, and is prepared again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub erased: bool,
}

/// A line of a declaration on which an item is used, or not, by a decision of its own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DecidedLine {
    /// The number of the declaration.
    pub declaration: Text<70>,
    /// The office where it was lodged: the same number at another is another declaration. None where it was kept before
    /// that was noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub office: Option<Text<17>>,
    /// The item.
    pub item: u32,
    /// The line.
    pub line: u32,
    /// The code that was decided.
    pub code: ResponseCode,
}

impl DecidedLine {
    /// Whether it is a line of this declaration, in whatever letters, blanks and dashes its number is written: officers
    /// and keyboards differ, and no denial is escaped by a full-width letter or by a dash.
    #[must_use]
    pub fn is_of(&self, declaration: &ImportDeclaration) -> bool {
        declaration.is_numbered(&self.declaration, self.office.as_ref())
    }

    /// Its item and line, as a sentence names them.
    #[must_use]
    pub fn subject(&self) -> String {
        format!("item {} on line {} of declaration {}", self.item, self.line, self.declaration)
    }
}

/// A quantity that is written off of an item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WriteOffLine {
    /// The item.
    pub item: u32,
    /// The line of the declaration.
    pub line: Option<u32>,
    /// How much.
    pub quantity: Measure,
}

/// Why something cannot be done with a certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CustomsRefused {
    /// A write-off that the balance does not bear.
    #[error(transparent)]
    NotDrawn(#[from] NotDrawn),
    /// What was used of the item is counted in another unit than the rest of it, and so is not in its balance.
    #[error(
        "{used} of item {item} were used in another unit than the rest of it, so nobody knows what is left: amend that act in the unit of the others (`origin customs amend`), or take it back (`origin customs reverse`); `origin customs show` has the acts"
    )]
    InTwoUnits {
        /// The item.
        item: u32,
        /// What is not counted.
        used: Box<Measure>,
    },
    /// Preference was denied or waits for a verification.
    #[error("{subject} is {code}: nothing of it is written off until another decision is made")]
    Decided {
        /// The item, or the certificate.
        subject: String,
        /// The code that stands against it.
        code: ResponseCode,
    },
    /// The code is the result of a write-off, or of taking one back.
    #[error("{0} is not decided: it follows from what is written off")]
    NotDecided(ResponseCode),
    /// Nothing is asked for.
    #[error("nothing is decided or written off: name at least one item")]
    Nothing,
    /// An item is named twice.
    #[error("item {0} is named twice: once without a line of the declaration, or twice with the same one")]
    Twice(u32),
    /// There is no such act.
    #[error("there is no act {0} on this certificate")]
    NoAct(u32),
    /// The write-off was amended.
    #[error("act {act} counts no more: act {by} stands in its place; amend act {by}, or take that back")]
    ActAmended {
        /// The write-off.
        act: u32,
        /// What stands in its place by now.
        by: u32,
    },
    /// The write-off, or what stood in its place, was taken back.
    #[error("act {act} counts no more: act {by} took it back; what is imported after all is written off anew")]
    ActReversed {
        /// The write-off.
        act: u32,
        /// What took it back.
        by: u32,
    },
    /// It is no write-off.
    #[error("act {0} wrote nothing off")]
    NoWriteOff(u32),
    /// It does not wait.
    #[error("act {0} waits for nobody")]
    NotWaiting(u32),
    /// What waits for a supervisor stands against it.
    #[error(
        "act {0} waits for a supervisor, and stands against this: release or drop it first (`origin customs release`, `origin customs drop`)"
    )]
    Waits(u32),
    /// What an act that waits stands against was used or granted after it, or what it grants was decided against.
    #[error("act {since} decided otherwise after act {act}, which waits: drop act {act}, and decide anew")]
    DecidedSince {
        /// The act that waits.
        act: u32,
        /// The act after it.
        since: u32,
    },
    /// The one who decided it would release it.
    #[error("who denied preference, or lifts a denial, does not release that; another supervisor has to")]
    SamePerson,
    /// There were too many acts.
    #[error("there are {ACTS_MAX} acts on this certificate already; no more are kept")]
    TooManyActs,
}

impl Reasoned for CustomsRefused {
    fn reason(&self) -> &'static str {
        match self {
            Self::NotDrawn(NotDrawn::Exceeds { .. }) => "BALANCE_EXCEEDED",
            Self::NotDrawn(NotDrawn::Unit { .. }) | Self::InTwoUnits { .. } => "BALANCE_UNIT",
            Self::NotDrawn(NotDrawn::Ended { .. }) => "ITEM_WITHOUT_FORCE",
            Self::NotDrawn(NotDrawn::NoItem { .. }) => "ITEM_UNKNOWN",
            Self::Decided { .. } => "PREFERENCE_NOT_GRANTED",
            Self::NotDecided(_) => "RESPONSE_CODE_FOLLOWS",
            Self::Nothing => "NOTHING_DECIDED",
            Self::Twice(_) => "ITEM_TWICE",
            Self::NoAct(_) => "ACT_UNKNOWN",
            Self::ActAmended { .. } | Self::ActReversed { .. } => "ACT_OVER",
            Self::NoWriteOff(_) => "ACT_NO_WRITE_OFF",
            Self::NotWaiting(_) => "DENIAL_NOT_WAITING",
            Self::Waits(_) => "DENIAL_WAITS",
            Self::DecidedSince { .. } => "DECIDED_SINCE",
            Self::SamePerson => "SAME_PERSON",
            Self::TooManyActs => "TOO_MANY_ACTS",
        }
    }

    fn class(&self) -> Class {
        Class::Reject
    }
}

/// What is written off of, and with what.
#[derive(Debug, Clone, Copy)]
pub struct Certified<'a> {
    /// Its number.
    pub number: &'a CertificateNumber,
    /// Its goods.
    pub goods: &'a Goods,
    /// Items that have lost their force at the issuer.
    pub ended: &'a BTreeSet<u32>,
}

impl CustomsFile {
    /// Decides on items, or on the whole; on an item that stands on several lines of the declaration, line by line.
    ///
    /// A decision on a line is of that line alone: the item is used with others as it was.
    pub fn decide(
        &mut self,
        certified: Certified<'_>,
        declaration: Option<&ImportDeclaration>,
        decisions: &[ItemDecision],
    ) -> Result<(), CustomsRefused> {
        if decisions.is_empty() {
            return Err(CustomsRefused::Nothing);
        }
        let mut seen = Lines::default();
        for ItemDecision { item, line, code, .. } in decisions {
            if code.draws() || *code == ResponseCode::Reversed {
                return Err(CustomsRefused::NotDecided(*code));
            }
            seen.take(item.unwrap_or(WHOLE), *line)?;
            if let Some(item) = item.filter(|item| certified.goods.items.iter().all(|one| one.number != *item)) {
                return Err(NotDrawn::NoItem { number: certified.number.clone(), item }.into());
            }
        }
        if seen.0.contains_key(&WHOLE) && seen.0.len() > 1 {
            return Err(CustomsRefused::Twice(WHOLE));
        }
        self.take_decisions((certified.goods, certified.ended), declaration, decisions);
        Ok(())
    }

    /// What its use makes of an item, or of the whole; none where nothing of it is used.
    fn used(&self, (goods, ended): (&Goods, &BTreeSet<u32>), place: u32) -> Option<ResponseCode> {
        let left = self.ledger.left(goods, ended).into_iter();
        let left = left.filter(|one| place == WHOLE || one.item == place).collect::<Vec<_>>();
        if left.iter().all(|one| one.drawn.is_zero()) {
            return None;
        }
        // Of an item that states no quantity nobody can say that nothing is left.
        let full = left.iter().all(|one| one.left.is_zero() && (one.ended || !one.drawn.is_zero()));
        Some(if full { ResponseCode::UtilisedFull } else { ResponseCode::UtilisedPartial })
    }

    /// Takes a decision on an item or on the whole, or on a line of a declaration.
    fn take(&mut self, place: u32, line: Option<(u32, &ImportDeclaration)>, code: ResponseCode) {
        if let Some((line, of)) = line.filter(|_| decides(code)) {
            self.decided_lines.retain(|one| !(one.is_of(of) && one.item == place && one.line == line));
            if stands_against(code) || self.stands(place, None, None).is_err() {
                let (declaration, office) = (of.number.clone(), Some(of.office.clone()));
                self.decided_lines.push(DecidedLine { declaration, office, item: place, line, code });
                return;
            }
        } else if decides(code) {
            // A decision on the item is newer than those on its lines.
            self.decided_lines.retain(|one| one.item != place);
            if stands_against(code) {
                self.granted.remove(&place);
                self.overruled.remove(&place);
                if place == WHOLE {
                    // What was granted before is over.
                    self.granted.clear();
                    self.responses.retain(|_, code| !code.grants());
                    self.decided_lines.retain(|one| !one.code.grants());
                    let undenied = |code: ResponseCode| stands_against(code) && code != ResponseCode::PreferenceDenied;
                    let own = self.responses.iter().filter(|(item, code)| **item != WHOLE && undenied(**code));
                    self.overruled = own.map(|(item, _)| *item).collect();
                }
            }
            self.responses.insert(place, code);
            return;
        }
        // What decides nothing, or grants a line of an item that nothing stands against, takes back no decision and no use.
        let said = self.responses.entry(place).or_insert(code);
        if !decides(*said) && !said.draws() {
            *said = code;
        }
    }

    /// Writes quantities off, and says what that makes of each item.
    pub fn write_off(
        &mut self,
        certified: Certified<'_>,
        declaration: &ImportDeclaration,
        lines: &[WriteOffLine],
    ) -> Result<Vec<ItemDecision>, CustomsRefused> {
        if lines.is_empty() {
            return Err(CustomsRefused::Nothing);
        }
        let mut decisions = Vec::with_capacity(lines.len());
        let mut seen = Lines::default();
        for WriteOffLine { item, line, quantity } in lines {
            seen.take(*item, *line)?;
            if quantity.value.is_zero() {
                return Err(CustomsRefused::Nothing);
            }
            self.stands(*item, Some(declaration), *line)?;
            self.in_two_units(&[*item]).next().map_or(Ok(()), Err)?;
            self.ledger.draw(certified.number, certified.goods, certified.ended, (*item, quantity))?;
            let left = self.left(certified, *item);
            let nothing_left = left.as_ref().is_none_or(|left| left.value.is_zero());
            let code = if nothing_left { ResponseCode::UtilisedFull } else { ResponseCode::UtilisedPartial };
            self.mark_used(*item, code);
            // Both are stated in the unit that the item is drawn in.
            let used = left.as_ref().and_then(|left| quantity.in_unit(&left.unit)).unwrap_or_else(|| quantity.clone());
            decisions.push(ItemDecision {
                item: Some(*item),
                line: *line,
                code,
                quantity: Some(used),
                left,
                reason: None,
                basis: None,
                words: None,
            });
        }
        self.latest = self.used((certified.goods, certified.ended), WHOLE);
        self.first_used.get_or_insert_with(|| declaration.clone());
        Ok(decisions)
    }

    /// What is left of an item that something was drawn of.
    #[must_use]
    pub fn left(&self, certified: Certified<'_>, item: u32) -> Option<Measure> {
        let left = self.ledger.left(certified.goods, certified.ended).into_iter().find(|left| left.item == item)?;
        Some(Measure { value: left.left, unit: left.whole?.unit })
    }

    /// The response that counts of an item: the one that a write-off of it is refused for, where one is.
    #[must_use]
    pub fn response(&self, item: u32) -> Option<ResponseCode> {
        self.counting(item).map(|(_, code)| code)
    }

    /// What counts of an item, and of what that was decided, the item or [`WHOLE`]: what stands against the whole, where
    /// nothing was decided of the item by itself since.
    fn counting(&self, item: u32) -> Option<(u32, ResponseCode)> {
        let said = |place: u32| self.responses.get(&place).map(|code| (place, *code));
        let is_against = |said: &(u32, ResponseCode)| stands_against(said.1);
        let (own, whole) = (said(item), said(WHOLE));
        let own_against = own.filter(is_against).filter(|_| !self.overruled.contains(&item));
        let whole_against = whole.filter(is_against).filter(|_| !self.is_granted(item));
        own_against.or(whole_against).or(own).or(whole)
    }

    /// Whether an item was granted by itself, and nothing was decided against it or the whole since.
    fn is_granted(&self, item: u32) -> bool {
        self.granted.contains(&item) || self.responses.get(&item).is_some_and(|code| code.grants())
    }

    /// Whether something stands against using an item: with a line of a declaration; where none is named, with any.
    fn stands(
        &self,
        item: u32,
        declaration: Option<&ImportDeclaration>,
        line: Option<u32>,
    ) -> Result<(), CustomsRefused> {
        let of = |one: &&DecidedLine| {
            let meant = one.item == item && line.is_none_or(|line| one.line == line);
            meant && declaration.is_some_and(|declaration| one.is_of(declaration))
        };
        let decided = || self.decided_lines.iter().filter(of);
        if let Some(one) = decided().find(|one| stands_against(one.code)) {
            let unnamed = if line.is_none() { ", where no line is named," } else { "" };
            return Err(CustomsRefused::Decided { subject: format!("{}{unnamed}", one.subject()), code: one.code });
        }
        if line.is_some() && decided().next().is_some() {
            // Granted on that line, after whatever was decided of the item or of the whole.
            return Ok(());
        }
        match self.counting(item).filter(|(_, code)| stands_against(*code)) {
            Some((of, code)) => Err(CustomsRefused::Decided { subject: subject(of), code }),
            None => Ok(()),
        }
    }

    /// Whether these decisions would take the place of a denial, or have something used in spite of it. Two people denied:
    /// no one person undoes it, neither by granting nor by another word against it that is lifted by one.
    #[must_use]
    pub fn lifts_denial(&self, declaration: Option<&ImportDeclaration>, decisions: &[ItemDecision]) -> bool {
        let mut deciding = decisions.iter().filter(|one| decides(one.code));
        deciding.any(|one| self.is_denied(one.item.unwrap_or(WHOLE), one.line.zip(declaration)))
    }

    /// Whether a denial is what counts of an item or the whole, of any of its lines, or of the one that is named.
    fn is_denied(&self, place: u32, line: Option<(u32, &ImportDeclaration)>) -> bool {
        let meant = |one: &&DecidedLine| line.is_none_or(|(line, of)| one.line == line && one.is_of(of));
        let lines = self.decided_lines.iter().filter(|one| one.item == place).filter(meant);
        let (mut denied, mut granted) = (false, false);
        for one in lines {
            denied |= one.code == ResponseCode::PreferenceDenied;
            granted |= line.is_some() && one.code.grants();
        }
        let said = |place: u32| self.responses.get(&place) == Some(&ResponseCode::PreferenceDenied);
        // What was granted since, of the line or of the item by itself, was granted by two people.
        denied || (!granted && (said(place) || (said(WHOLE) && !self.is_granted(place))))
    }

    /// Whether something stands against granting an item or the whole as such: no item is granted over one of its lines,
    /// nor the whole over one of its items.
    fn refuses(&self, place: u32) -> bool {
        let within = |one: u32| place == WHOLE || one == place || one == WHOLE;
        let items = self.responses.iter().map(|(one, code)| (*one, *code));
        let lines = self.decided_lines.iter().map(|one| (one.item, one.code));
        items.chain(lines).any(|(one, code)| within(one) && stands_against(code))
    }
}

/// The lines of each item that were named.
#[derive(Default)]
struct Lines(BTreeMap<u32, BTreeSet<Option<u32>>>);

impl Lines {
    /// An item is named once, or with another line each time.
    fn take(&mut self, item: u32, line: Option<u32>) -> Result<(), CustomsRefused> {
        let lines = self.0.entry(item).or_default();
        let alone = lines.is_empty() || (line.is_some() && !lines.contains(&None));
        if alone && lines.insert(line) { Ok(()) } else { Err(CustomsRefused::Twice(item)) }
    }
}

/// Whether it says that something may be used, or that it may not.
const fn decides(code: ResponseCode) -> bool {
    code.grants() || stands_against(code)
}

impl CustomsFile {
    /// What was decided against these goods and is not mended by another certificate for them, with what it was decided of:
    /// one that was sent back, or not used, may be replaced.
    pub fn against(&self) -> impl Iterator<Item = (String, ResponseCode)> {
        self.decided().filter(|(_, code)| stays(*code))
    }

    /// The claims that were accepted, with what each is of.
    pub fn accepted(&self) -> impl Iterator<Item = (String, ResponseCode)> {
        self.decided().filter(|(_, code)| code.grants())
    }

    /// How much was used, item by item, as a sentence says it.
    pub fn drawn(&self) -> impl Iterator<Item = String> {
        let used = self.ledger.items.iter().filter(|(_, one)| !one.drawn.is_zero());
        let used = used.map(|(item, one)| format!("item {item}: {} {}", one.drawn, one.unit));
        let beside = self.uncounted.iter().flat_map(|(item, uses)| uses.iter().map(move |one| (item, one)));
        used.chain(beside.map(|(item, one)| format!("item {item}: {one}")))
    }

    /// What counts of the whole, of its items and of lines, as a sentence names them.
    fn decided(&self) -> impl Iterator<Item = (String, ResponseCode)> {
        let items = self.responses.iter().map(|(item, code)| (subject(*item), *code));
        items.chain(self.decided_lines.iter().map(|one| (one.subject(), one.code)))
    }
}

/// An item, or the whole, as a sentence names it.
fn subject(place: u32) -> String {
    if place == WHOLE { "the certificate".to_owned() } else { format!("item {place}") }
}

/// Whether it was decided of the goods, so that another certificate for them does not mend it.
const fn stays(code: ResponseCode) -> bool {
    matches!(code, ResponseCode::PreferenceDenied | ResponseCode::PreferenceSuspended | ResponseCode::Diverted)
}

const fn stands_against(code: ResponseCode) -> bool {
    matches!(
        code,
        ResponseCode::PreferenceDenied
            | ResponseCode::PreferenceSuspended
            | ResponseCode::ReturnedForRectification
            | ResponseCode::Diverted
            | ResponseCode::NotUtilised
    )
}

#[cfg(test)]
mod tests;
