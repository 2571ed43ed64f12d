//! Decisions on items, from flags and from files, held to what their codes ask for before anything is sent.

use super::{declaration::Import, quantity::number};
use crate::{
    api::client::wire,
    certificate::CertificateError,
    cli::{
        arguments,
        console::{Exit, Failure},
    },
    statement::{ResponseCode, ResponseReason},
};
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    str::FromStr,
};

/// Decisions of one act at most.
const MOST: usize = 500;

/// A code with its reason, as `PREFERENCE_DENIED:NOT_ORIGINATING`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Coded {
    code: ResponseCode,
    reason: Option<ResponseReason>,
}

/// The same of items, as `2,4-6=PREFERENCE_DENIED:NOT_ORIGINATING@3`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct OfItems {
    items: Vec<u32>,
    coded: Coded,
    line: u32,
}

/// Words for every decision, or `ITEM=` for that of one item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Said {
    item: Option<u32>,
    text: String,
}

/// A code or a reason.
fn word<T: FromStr<Err = CertificateError>>(text: &str) -> Result<T, String> {
    arguments::word(text, str::to_ascii_uppercase)
}

/// A code. What follows from a write-off reads as one, and is refused with what is done instead.
fn code(text: &str) -> Result<ResponseCode, String> {
    word(text).map_err(|_| {
        let sayable = ResponseCode::ALL.iter().filter(|one| !one.draws() && **one != ResponseCode::Reversed);
        let sayable = sayable.map(|one| one.as_str()).collect::<Vec<_>>().join(", ");
        format!("`{text}` is not one of {sayable}")
    })
}

impl FromStr for Coded {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (coded, reason) = text.split_once(':').map_or((text, None), |(coded, reason)| (coded, Some(reason)));
        Ok(Self { code: code(coded)?, reason: reason.map(word).transpose()? })
    }
}

impl FromStr for OfItems {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` decides nothing: 2=PREFERENCE_DENIED:NOT_ORIGINATING, or 1,3-5=RECEIVED");
        let (items, rest) = text.split_once('=').ok_or_else(wrong)?;
        let (coded, line) = match rest.rsplit_once('@') {
            Some((coded, line)) => (coded, number(line).ok_or_else(wrong)?),
            None => (rest, 0),
        };
        let items = arguments::numbers(items)?;
        if line != 0 && items.len() > 1 {
            return Err(format!("`{text}`: one line of the declaration is named for one item"));
        }
        Ok(Self { items, coded: coded.parse()?, line })
    }
}

impl FromStr for Said {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let of_one = text.split_once('=').and_then(|(item, text)| Some((number(item)?, text)));
        let (item, text) = of_one.map_or((None, text), |(item, text)| (Some(item), text));
        if text.is_empty() {
            return Err("there are no words".to_owned());
        }
        Ok(Self { item, text: text.to_owned() })
    }
}

/// What flags say.
pub(super) fn of_flags(
    items: &[OfItems],
    whole: Option<Coded>,
    basis: &[Said],
    words: &[Said],
) -> Result<Vec<wire::ItemDecision>, Failure> {
    let decision = |item, line, coded: &Coded| wire::ItemDecision {
        item,
        line,
        code: coded.code.to_string(),
        reason: coded.reason.map(|reason| reason.to_string()).unwrap_or_default(),
        ..Default::default()
    };
    let each = items.iter().flat_map(|of| of.items.iter().map(|item| decision(*item, of.line, &of.coded)));
    let mut decisions = each.chain(whole.iter().map(|coded| decision(0, 0, coded))).collect::<Vec<_>>();
    for (flag, said, put) in [
        ("--basis", basis, (|one, text| one.basis = text) as fn(&mut wire::ItemDecision, String)),
        ("--words", words, |one, text| one.words = text),
    ] {
        // What is said of one item stands before what is said of all.
        for general in [true, false] {
            for one in said.iter().filter(|one| one.item.is_none() == general) {
                let concerned =
                    decisions.iter_mut().filter(|decision| one.item.is_none_or(|item| item == decision.item));
                let concerned = concerned.map(|decision| put(decision, one.text.clone())).count();
                if concerned == 0 {
                    let item = one.item.unwrap_or_default();
                    return Err(Failure::new(
                        Exit::Usage,
                        format!("{flag} is about item {item}, which is not decided on"),
                    )
                    .help(format!("--item {item}=CODE[:REASON]")));
                }
            }
        }
    }
    check(&decisions, Exit::Usage)?;
    Ok(decisions)
}

/// Decisions as files have them.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct DecisionsFile {
    #[serde(default)]
    pub(super) remarks: String,
    #[serde(default)]
    pub(super) declaration: Import,
    decisions: Vec<Decision>,
}

#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Decision {
    item: u32,
    #[serde(default)]
    line: u32,
    code: String,
    #[serde(default)]
    reason: String,
    #[serde(default)]
    basis: String,
    #[serde(default)]
    words: String,
}

impl DecisionsFile {
    pub(super) fn decisions(&self) -> Result<Vec<wire::ItemDecision>, Failure> {
        let read = |one: &Decision| {
            let wrong = |why| Failure::new(Exit::Failed, format!("the decision on item {}: {why}", one.item));
            let reason = match one.reason.as_str() {
                "" => String::new(),
                reason => word::<ResponseReason>(reason).map_err(wrong)?.to_string(),
            };
            let code = code(&one.code).map_err(wrong)?.to_string();
            let (basis, words) = (one.basis.clone(), one.words.clone());
            Ok(wire::ItemDecision { item: one.item, line: one.line, code, reason, basis, words })
        };
        let decisions = self.decisions.iter().map(read).collect::<Result<Vec<_>, Failure>>()?;
        check(&decisions, Exit::Failed)?;
        Ok(decisions)
    }
}

/// Holds decisions to what their codes ask for.
fn check(decisions: &[wire::ItemDecision], exit: Exit) -> Result<(), Failure> {
    if decisions.is_empty() || decisions.len() > MOST {
        let why = format!("{} decisions where one act has 1 to {MOST}", decisions.len());
        return Err(Failure::new(exit, why).help("--item ITEM=CODE[:REASON], or --whole CODE[:REASON]"));
    }
    let mut items: BTreeMap<u32, BTreeSet<u32>> = BTreeMap::new();
    for wire::ItemDecision { item, line, .. } in decisions {
        let lines = items.entry(*item).or_default();
        let alone = lines.is_empty() || (*line != 0 && !lines.contains(&0));
        if !alone || !lines.insert(*line) {
            let failure = Failure::new(exit, format!("{} is decided on twice", of(*item)));
            let split = *item != 0 && *line != 0;
            return Err(if split {
                failure.help("each decision on it names another line: ITEM=CODE@LINE")
            } else {
                failure
            });
        }
    }
    if items.len() > 1 && items.contains_key(&0) {
        return Err(Failure::new(exit, "the whole certificate is decided on alone, without items beside it"));
    }
    for wire::ItemDecision { item, code, reason, words, .. } in decisions {
        let of = of(*item);
        let Ok(known) = code.parse::<ResponseCode>() else { continue };
        if known.draws() {
            let failure = Failure::new(exit, format!("{of}: what is imported is written off, not decided"));
            return Err(failure.help("origin customs write-off CERTIFICATE --item ITEM=QUANTITY"));
        }
        if known == ResponseCode::Reversed {
            let failure = Failure::new(exit, format!("{of}: a write-off is taken back as such"));
            return Err(failure.help("origin customs reverse CERTIFICATE --act NUMBER"));
        }
        if known.needs_reason() && reason.is_empty() {
            let all = ResponseReason::ALL.iter().map(|one| one.as_str()).collect::<Vec<_>>().join(", ");
            let failure = Failure::new(exit, format!("{of}: {code} needs a reason"));
            return Err(failure.note(format!("the reasons are {all}")).help(format!("{code}:REASON")));
        }
        if let Ok(why) = reason.parse::<ResponseReason>()
            && !known.takes(why)
        {
            let failure = Failure::new(exit, format!("{of}: {code} does not stand with the reason {reason}"));
            return Err(failure.help(
                "a reason says why preference is denied or suspended or a certificate sent back; say all else in words",
            ));
        }
        if reason == ResponseReason::Other.as_str() && words.is_empty() {
            return Err(Failure::new(exit, format!("{of}: the reason OTHER needs words that say which")));
        }
    }
    Ok(())
}

fn of(item: u32) -> String {
    if item == 0 { "the whole certificate".to_owned() } else { format!("item {item}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::{customs::template, forms};

    fn flags(items: &[&str], words: &[&str]) -> Result<Vec<wire::ItemDecision>, Failure> {
        let items = items.iter().map(|text| text.parse().unwrap()).collect::<Vec<OfItems>>();
        let words = words.iter().map(|text| text.parse().unwrap()).collect::<Vec<Said>>();
        of_flags(&items, None, &[], &words)
    }

    #[test]
    fn a_decision_names_items_a_code_a_reason_and_a_line() {
        let read = |text: &str| text.parse::<OfItems>().unwrap();
        let denied = Coded { code: ResponseCode::PreferenceDenied, reason: Some(ResponseReason::NotOriginating) };
        assert_eq!(read("2=PREFERENCE_DENIED:NOT_ORIGINATING"), OfItems { items: vec![2], coded: denied, line: 0 });
        assert_eq!(read("2=preference-denied:not-originating@4"), OfItems { items: vec![2], coded: denied, line: 4 });
        assert_eq!(read("1,3-4=RECEIVED").items, [1, 3, 4]);
        for wrong in ["", "2", "=RECEIVED", "0=RECEIVED", "2=", "2=RECEIVED:", "1,2=RECEIVED@1", "2=RECEIVED@x"] {
            assert!(wrong.parse::<OfItems>().is_err(), "{wrong}");
        }
        assert!("2=PREFERENCE_DENYED".parse::<OfItems>().unwrap_err().contains("PREFERENCE_DENIED"));
    }

    #[test]
    fn words_of_one_item_stand_before_words_of_all() {
        let decided = flags(&["1-2=RECEIVED"], &["2=only this", "all of them"]).unwrap();
        assert_eq!(decided.iter().map(|one| one.words.as_str()).collect::<Vec<_>>(), ["all of them", "only this"]);
        assert!(flags(&["1=RECEIVED"], &["3=nobody"]).unwrap_err().sentence().contains("item 3"));
    }

    #[test]
    fn a_code_that_needs_a_reason_is_not_sent_without() {
        let refused = |item: &str| flags(&[item], &[]).unwrap_err().sentence().to_owned();
        assert_eq!(refused("1=PREFERENCE_DENIED"), "item 1: PREFERENCE_DENIED needs a reason");
        assert!(refused("1=PREFERENCE_DENIED:OTHER").contains("words"));
        assert!(flags(&["1=PREFERENCE_DENIED:OTHER"], &["why"]).is_ok());
        assert!(refused("1=UTILISED_FULL").contains("written off"));
        assert!(refused("1=REVERSED").contains("taken back"));
    }

    #[test]
    fn a_reason_to_refuse_is_not_sent_with_a_code_that_refuses_nothing() {
        for wrong in ["1=ACCEPTED_FOR_CLAIM:NOT_ORIGINATING", "1=RECEIVED:NOT_ORIGINATING", "1=NO_REPLY:GOODS_DIFFER"] {
            let refused = flags(&[wrong], &[]).unwrap_err();
            assert!(refused.sentence().contains("does not stand with the reason"), "{wrong}");
            assert!(format!("{refused:?}").contains("or a certificate sent back"), "{refused:?}");
        }
        for right in [
            "1=PREFERENCE_SUSPENDED:RANDOM_CHECK",
            "1=RETURNED_FOR_RECTIFICATION:CRITERION_WRONG",
            "1=NO_REPLY:NO_REPLY_IN_TIME",
        ] {
            assert!(flags(&[right], &[]).is_ok(), "{right}");
        }
        let file = template::DECISIONS.replace("\"PREFERENCE_DENIED\"", "\"ACCEPTED_FOR_CLAIM\"");
        let refused = forms::parse::<DecisionsFile>(&file).unwrap().decisions().unwrap_err();
        assert!(refused.sentence().contains("does not stand with the reason NOT_ORIGINATING"), "nor from a file");
    }

    #[test]
    fn the_codes_that_are_listed_are_those_that_may_be_said() {
        let said = "1=FOO".parse::<OfItems>().unwrap_err();
        for code in ResponseCode::ALL {
            let sayable = flags(&[format!("1={code}").as_str()], &[])
                .err()
                .is_none_or(|error| error.sentence().contains("needs a reason"));
            assert_eq!(said.contains(code.as_str()), sayable, "{code}: {said}");
        }
    }

    #[test]
    fn no_item_is_decided_twice_and_the_whole_stands_alone() {
        assert!(flags(&["1-3=RECEIVED", "2=DIVERTED"], &[]).unwrap_err().sentence().contains("item 2"));
        let whole = Some("RECEIVED".parse().unwrap());
        assert!(of_flags(&["1=RECEIVED".parse().unwrap()], whole, &[], &[]).is_err());
        assert_eq!(of_flags(&[], whole, &[], &[]).unwrap()[0].item, 0);
        assert!(of_flags(&[], None, &[], &[]).is_err());
    }

    #[test]
    fn an_item_on_several_lines_is_decided_line_by_line() {
        let decided = flags(&["1=ACCEPTED_FOR_CLAIM@1", "1=DIVERTED@2"], &[]).unwrap();
        assert_eq!(decided.iter().map(|one| one.line).collect::<Vec<_>>(), [1, 2]);
        for wrong in [["1=RECEIVED@1", "1=DIVERTED@1"], ["1=RECEIVED", "1=DIVERTED@1"], ["1=RECEIVED@1", "1=DIVERTED"]]
        {
            assert_eq!(flags(&wrong, &[]).unwrap_err().sentence(), "item 1 is decided on twice");
        }
    }

    #[test]
    fn the_template_of_decisions_is_one() {
        let file = forms::parse::<DecisionsFile>(template::DECISIONS).unwrap();
        assert_eq!(file.decisions().unwrap()[0].reason, "NOT_ORIGINATING");
        for code in ResponseCode::ALL.iter().filter(|code| !code.draws() && **code != ResponseCode::Reversed) {
            assert!(template::DECISIONS.contains(code.as_str()), "{code} is not in the template");
        }
    }
}
