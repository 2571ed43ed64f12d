//! What a certificate bears: what a match says of that before, and what a write-off refuses.

use super::{Corridor, line, reason, why};
use crate::{
    agreement::{Declared, DeclaredLine},
    certificate::Measure,
    office::WriteOffLine,
    reason::Reasoned as _,
    statement::{ItemDecision, ResponseCode, ResponseReason},
    store::{Batch, StateChange, Store as _, Table},
    workflow::{
        ArrivedName, CertificateName, DecisionWish, MatchWish, Notice, ReplaceWish, ShareWish, WorkflowError,
        WriteOffWish,
    },
};

impl Corridor {
    /// A declaration of so many pieces; of no quantity where none is given.
    pub(super) fn declared(&self, declaration: &str, pieces: &str) -> MatchWish {
        let quantity = |pieces: &str| Measure { value: pieces.parse().unwrap(), unit: "H87".parse().unwrap() };
        let line = DeclaredLine {
            line: 1,
            item: Some(1),
            tariff_code: Some("950662".parse().unwrap()),
            description: None,
            origin: Some("PK".parse().unwrap()),
            quantity: Some(pieces).filter(|pieces| !pieces.is_empty()).map(quantity),
            gross_weight: None,
            net_weight: None,
            invoice: None,
            marks: None,
            packages: None,
        };
        let declaration = self.declaration(declaration);
        let declared = Declared {
            date: declaration.date,
            hs_edition: None,
            country_of_export: None,
            importer: None,
            lines: vec![line],
        };
        MatchWish { certificate: self.name(), issued_on: None, declaration, declared }
    }

    fn notices(&self, wish: &MatchWish) -> Vec<Notice> {
        self.customs.match_declaration(&self.officer, wish).unwrap().notices
    }
}

fn blocking<'a>(notices: &'a [Notice], reason: &str) -> &'a str {
    notices.iter().find(|one| one.reason == reason && one.blocks).map_or("", |one| one.words.as_str())
}

#[tokio::test]
async fn a_match_says_that_a_write_off_would_be_refused_and_where_the_certificate_was_used_first() {
    let corridor = Corridor::open().await;
    let (customs, officer) = (&corridor.customs, &corridor.officer);
    assert!(corridor.notices(&corridor.declared("D-1", "16800")).iter().all(|notice| !notice.blocks));
    let over = corridor.notices(&corridor.declared("D-1", "16801"));
    assert!(blocking(&over, "BALANCE_EXCEEDED").contains("16800"), "{over:?}");
    customs.write_off(officer, corridor.write_off(1, "D-1", "16800")).await.unwrap();
    for pieces in ["1", ""] {
        let again = corridor.notices(&corridor.declared("D-2", pieces));
        let words = blocking(&again, "BALANCE_EXCEEDED");
        assert!(words.contains("D-1") && words.contains("CNSHA"), "{again:?}");
    }
    let refused = customs.write_off(officer, corridor.write_off(2, "D-2", "1")).await.unwrap_err();
    assert_eq!(refused.reason(), "BALANCE_EXCEEDED");
    let said = refused.to_string();
    assert!(said.contains("D-1") && said.contains("CNSHA"), "{said}");
}

#[tokio::test]
async fn several_lines_of_a_declaration_are_held_against_what_is_left_together() {
    let corridor = Corridor::open().await;
    let mut wish = corridor.declared("D-1", "10000");
    let second = DeclaredLine { line: 2, ..wish.declared.lines[0].clone() };
    wish.declared.lines.push(second);
    let words = corridor.notices(&wish);
    assert!(blocking(&words, "BALANCE_EXCEEDED").contains("6800"), "{words:?}");
    assert!(!blocking(&words, "BALANCE_EXCEEDED").contains("first used"), "{words:?}");
}

/// Item 1 is accepted on line 1, and denied on line 2.
fn second_line_denied(corridor: &Corridor, reason: Option<ResponseReason>) -> DecisionWish {
    let wish = corridor.decision(1, Some(1), ResponseCode::AcceptedForClaim, None);
    let [accepted] = &wish.decisions[..] else { panic!("{wish:?}") };
    let accepted = ItemDecision { line: Some(1), ..accepted.clone() };
    let denied = ItemDecision { line: Some(2), code: ResponseCode::PreferenceDenied, reason, ..accepted.clone() };
    DecisionWish { decisions: vec![accepted, denied], ..wish }
}

#[tokio::test]
async fn a_line_that_was_denied_is_not_written_off_by_naming_no_line() {
    let corridor = Corridor::open().await;
    let (customs, officer) = (&corridor.customs, &corridor.officer);
    let denied = Some(ResponseReason::NotOriginating);
    let wish = second_line_denied(&corridor, denied);
    let act = customs.decide(officer, wish).await.unwrap().act;
    assert_eq!(corridor.settles(2, act, true).await, "none");
    let on = |nth, line| {
        let mut wish = corridor.write_off(nth, "D-1", "100");
        wish.lines[0].line = line;
        customs.write_off(officer, wish)
    };
    let refused = on(3, None).await.unwrap_err();
    assert_eq!(refused.reason(), "PREFERENCE_NOT_GRANTED");
    assert!(refused.to_string().contains("line 2"), "{refused}");
    assert_eq!(reason(on(4, Some(2)).await), "PREFERENCE_NOT_GRANTED");
    assert!(on(5, Some(1)).await.is_ok());
    let (request, name) = (corridor.china.request_id(6), corridor.name());
    let lines = vec![WriteOffLine { line: None, ..line("50") }];
    let amended = customs.amend_write_off(officer, &request, (name, 2), lines, None).await;
    assert_eq!(reason(amended), "PREFERENCE_NOT_GRANTED", "nor by amending");
}

#[tokio::test]
async fn the_balance_names_a_line_that_was_denied_by_itself_and_an_importer_sees_its_own_alone() {
    let corridor = Corridor::open().await;
    let (customs, officer) = (&corridor.customs, &corridor.officer);
    let wish = second_line_denied(&corridor, Some(ResponseReason::NotOriginating));
    let act = customs.decide(officer, wish).await.unwrap().act;
    assert_eq!(corridor.settles(2, act, true).await, "none");
    let item = customs.balance(officer, &corridor.name()).unwrap().remove(0);
    let lines = item.lines.iter().map(|one| (one.line, one.code)).collect::<Vec<_>>();
    assert_eq!(item.response, Some(ResponseCode::AcceptedForClaim));
    assert_eq!(lines, [(2, ResponseCode::PreferenceDenied)]);
    for (declaration, seen) in [("d 1", 1), ("D-2", 0)] {
        let wish = ShareWish { declared: corridor.declared(declaration, "1"), until: corridor.today() };
        let (_, secret) = customs.share(officer, wish).unwrap();
        assert_eq!(customs.shared(&secret).unwrap().matched.balance[0].lines.len(), seen, "{declaration}");
    }
}

#[tokio::test]
async fn the_same_number_at_another_office_is_another_declaration() {
    let corridor = Corridor::open().await;
    corridor.customs.write_off(&corridor.officer, corridor.write_off(1, "D-1", "16800")).await.unwrap();
    let used = |wish: &MatchWish| corridor.notices(wish).iter().any(|notice| notice.reason == "ALREADY_USED");
    let mut wish = corridor.declared("D-1", "");
    assert!(!used(&wish));
    wish.declaration.office = "CNTAO".parse().unwrap();
    assert!(used(&wish));
}

#[tokio::test]
async fn a_line_that_is_written_off_twice_is_said_with_every_act_that_did_it_before() {
    let corridor = Corridor::open().await;
    let (customs, officer) = (&corridor.customs, &corridor.officer);
    let before = |notices: &[Notice]| {
        let found = notices.iter().filter(|one| one.reason == "LINE_WRITTEN_OFF_BEFORE" && !one.blocks);
        found.map(|one| one.words.clone()).collect::<Vec<_>>()
    };
    let first = customs.write_off(officer, corridor.write_off(1, "D-1", "100")).await.unwrap();
    assert!(before(&first.notices).is_empty(), "{:?}", first.notices);
    let said = before(&corridor.notices(&corridor.declared("D-1", "100")));
    assert!(said.len() == 1 && said[0].contains("by act 1;") && said[0].contains("100 H87 of item 1"), "{said:?}");
    let again = customs.write_off(officer, corridor.write_off(2, "D-1", "100")).await.unwrap();
    assert_eq!((again.act, before(&again.notices)), (2, said));
    let both = before(&corridor.notices(&corridor.declared("D-1", "100")));
    assert!(both[0].contains("100 H87 of item 1 by act 1, 100 H87 of item 1 by act 2;"), "{both:?}");
    // Another declaration, another line of this one, and what was taken back are no second time.
    let other = customs.write_off(officer, corridor.write_off(3, "D-2", "100")).await.unwrap();
    assert!(before(&other.notices).is_empty(), "{:?}", other.notices);
    let mut second = corridor.write_off(4, "D-1", "100");
    second.lines[0].line = Some(2);
    assert!(before(&customs.write_off(officer, second).await.unwrap().notices).is_empty());
    corridor.takes_back(5, 1).await;
    corridor.takes_back(6, 2).await;
    assert!(before(&corridor.notices(&corridor.declared("D-1", "100"))).is_empty());
}

#[tokio::test]
async fn what_is_decided_against_the_whole_is_what_the_balance_shows_and_a_write_off_refuses() {
    for (nth, code) in (1..).zip(ResponseCode::ALL.iter()) {
        if code.draws() || matches!(code, ResponseCode::Reversed | ResponseCode::NoReply) {
            continue;
        }
        let corridor = Corridor::open().await;
        let (customs, officer) = (&corridor.customs, &corridor.officer);
        if *code != ResponseCode::NotUtilised {
            customs.write_off(officer, corridor.write_off(nth, "D-1", "1")).await.unwrap();
        }
        let accepted = corridor.decision(nth + 100, Some(1), ResponseCode::AcceptedForClaim, None);
        customs.decide(officer, accepted).await.unwrap();
        let whole = corridor.decision(nth + 200, None, *code, why(*code));
        let decided = customs.decide(officer, whole).await.unwrap();
        if decided.statement.is_none() {
            assert_eq!(corridor.settles(nth + 300, decided.act, true).await, "none");
        }
        let shown = customs.balance(officer, &corridor.name()).unwrap()[0].response;
        let refused = reason(customs.write_off(officer, corridor.write_off(nth + 400, "D-1", "1")).await);
        assert_eq!(refused == "PREFERENCE_NOT_GRANTED", shown == Some(*code) && !code.grants(), "{code}: {shown:?}");
    }
}

#[tokio::test]
async fn goods_that_were_endorsed_to_go_elsewhere_are_not_used_here_without_notice() {
    let corridor = Corridor::open().await;
    let wish = corridor.endorsement(1, "KE", vec![1]);
    corridor.customs.endorse(&corridor.officer, wish).await.unwrap();
    let written = corridor.customs.write_off(&corridor.officer, corridor.write_off(2, "D-1", "1")).await.unwrap();
    let notice = written.notices.iter().find(|notice| notice.reason == "DESTINATION_CHANGED").unwrap();
    assert!(notice.words.contains("item 1 go to KE") && notice.words.contains("Pudong"), "{}", notice.words);
}

#[tokio::test]
async fn nothing_is_written_off_with_a_declaration_of_a_day_to_come() {
    let corridor = Corridor::open().await;
    let mut wish = corridor.write_off(1, "D-1", "1");
    wish.declaration.date = corridor.today().tomorrow().unwrap();
    let refused = corridor.customs.write_off(&corridor.officer, wish).await.unwrap_err();
    let ahead = |notice: &Notice| notice.reason == "DECLARATION_AHEAD";
    assert!(matches!(&refused, WorkflowError::ArrivalForbids(notice) if ahead(notice)), "{refused}");
    let mut wish = corridor.declared("D-1", "1");
    wish.declaration.date = corridor.today().tomorrow().unwrap();
    assert!(corridor.notices(&wish).iter().any(|notice| ahead(notice) && notice.blocks));
}

#[tokio::test]
async fn what_is_counted_is_written_off_whole() {
    let corridor = Corridor::open().await;
    let (customs, officer) = (&corridor.customs, &corridor.officer);
    assert_eq!(reason(customs.write_off(officer, corridor.write_off(1, "D-1", "0.5")).await), "QUANTITY_NOT_WHOLE");
    let dozens = |nth, dozens: &str| {
        let mut wish = corridor.write_off(nth, "D-1", dozens);
        wish.lines[0].quantity.unit = "DZN".parse().unwrap();
        customs.write_off(officer, wish)
    };
    assert_eq!(reason(dozens(2, "0.3").await), "QUANTITY_NOT_WHOLE");
    assert!(dozens(3, "0.5").await.is_ok(), "six pieces");
    let half = corridor.notices(&corridor.declared("D-1", "2.5"));
    assert!(blocking(&half, "QUANTITY_NOT_WHOLE").contains("item 1"), "{half:?}");
}

impl Corridor {
    /// A write-off is taken back.
    pub(super) async fn takes_back(&self, nth: u16, act: u32) {
        let (request, written_off) = (self.china.request_id(nth), (self.name(), act));
        self.customs.reverse_write_off(&self.officer, &request, written_off, None).await.unwrap();
    }

    /// The certificate is issued anew, because its key was closed.
    pub(super) async fn issued_anew(&self, nth: u16) -> ArrivedName {
        let (pakistan, entry) = (&self.pakistan, self.issued.outcome.entry.clone());
        pakistan.revoke(&[(entry.origin, entry.index)]);
        // The next start signs with the new key.
        self.exporting.sequencer().close();
        let (again, _) = pakistan.desk();
        let anew = ReplaceWish {
            request_id: pakistan.request_id(nth),
            certificate: CertificateName::Number(self.number()),
            certificate_json: Vec::new(),
            reason: Some("its key was closed".parse().unwrap()),
            remarks: None,
        };
        ArrivedName::Jti(again.replace(&pakistan.signatory, anew).await.unwrap().outcome.jti)
    }

    /// Takes the denial that waits off its list: nodes did not look there, and let what it denies be used and granted.
    fn unlisted(&self) -> (Vec<u8>, Vec<u8>) {
        let (id, record) = self.china.store.records(Table::Denial).unwrap().remove(0);
        self.commit(StateChange::RecordRemoved { table: Table::Denial, id: id.clone() });
        (id, record)
    }

    fn listed(&self, (id, record): (Vec<u8>, Vec<u8>)) {
        self.commit(StateChange::RecordPut { table: Table::Denial, id, record });
    }

    fn commit(&self, change: StateChange) {
        self.china.store.commit(Batch { at_ms: 1, state: vec![change], ..Batch::default() }).unwrap();
    }
}

#[tokio::test]
async fn what_a_denial_that_waits_stands_against_is_neither_used_nor_granted_until_it_is_released_or_dropped() {
    for item in [Some(1), None] {
        let corridor = Corridor::open().await;
        let (customs, officer) = (&corridor.customs, &corridor.officer);
        let used = customs.write_off(officer, corridor.write_off(1, "D-0", "1")).await.unwrap().act;
        let act = corridor.waits(2, item).await;
        let refused = customs.write_off(officer, corridor.write_off(3, "D-1", "1")).await.unwrap_err();
        assert_eq!(refused.reason(), "DENIAL_WAITS");
        assert!(refused.to_string().contains(&format!("act {act} ")), "{refused}");
        let accepted = corridor.decision(4, item, ResponseCode::AcceptedForClaim, None);
        assert_eq!(reason(customs.decide(officer, accepted).await), "DENIAL_WAITS");
        let (request, name) = (corridor.china.request_id(5), corridor.name());
        let amended = customs.amend_write_off(officer, &request, (name, used), vec![line("2")], None).await;
        assert_eq!(reason(amended), "DENIAL_WAITS");
        let told = corridor.notices(&corridor.declared("D-1", "1"));
        assert!(blocking(&told, "DENIAL_WAITS").contains("release or drop it"), "a match says so before: {told:?}");
        // What grants nothing is said meanwhile, and a use is taken back.
        let received = corridor.decision(6, Some(1), ResponseCode::Received, None);
        assert!(customs.decide(officer, received).await.is_ok());
        corridor.takes_back(7, used).await;
        assert_eq!(corridor.settles(8, act, false).await, "none");
        assert!(customs.write_off(officer, corridor.write_off(9, "D-1", "1")).await.is_ok());
    }
}

#[tokio::test]
async fn a_denial_of_one_line_that_waits_stands_against_that_line_alone() {
    let corridor = Corridor::open().await;
    let differ = Some(ResponseReason::GoodsDiffer);
    let wish = second_line_denied(&corridor, differ);
    let act = corridor.customs.decide(&corridor.officer, wish).await.unwrap().act;
    let item = corridor.decision(5, Some(1), ResponseCode::AcceptedForClaim, None);
    assert_eq!(reason(corridor.customs.decide(&corridor.officer, item).await), "DENIAL_WAITS", "all of its lines");
    let mut second = corridor.write_off(2, "D-1", "1");
    second.lines[0].line = Some(2);
    assert_eq!(reason(corridor.customs.write_off(&corridor.officer, second).await), "DENIAL_WAITS");
    corridor.customs.write_off(&corridor.officer, corridor.write_off(3, "D-1", "1")).await.unwrap();
    assert_eq!(corridor.settles(4, act, true).await, "none", "what it grants itself does not stand against it");
}

#[tokio::test]
async fn a_denial_is_not_released_over_what_was_used_after_it() {
    let corridor = Corridor::open().await;
    let customs = &corridor.customs;
    let before = customs.write_off(&corridor.officer, corridor.write_off(1, "D-0", "800")).await.unwrap().act;
    let act = corridor.waits(2, Some(1)).await;
    let row = corridor.unlisted();
    let used = customs.write_off(&corridor.officer, corridor.write_off(3, "D-1", "16000")).await.unwrap().act;
    corridor.listed(row);
    let (request, name) = (corridor.china.request_id(4), corridor.name());
    let release = customs.settle_denial(&corridor.supervisor, &request, name, act, true, None);
    let refused = release.await.unwrap_err();
    assert_eq!(refused.reason(), "DECIDED_SINCE");
    assert!(refused.to_string().contains(&format!("act {used} ")), "{refused}");
    corridor.takes_back(5, used).await;
    assert_eq!(
        corridor.settles(6, act, true).await,
        "none",
        "what was used before, act {before}, is denied afterwards"
    );
}

#[tokio::test]
async fn the_whole_is_not_accepted_while_a_denial_of_one_of_its_items_waits() {
    let corridor = Corridor::open().await;
    let act = corridor.waits(1, Some(1)).await;
    let accepted = |nth| {
        let whole = corridor.decision(nth, None, ResponseCode::AcceptedForClaim, None);
        corridor.customs.decide(&corridor.officer, whole)
    };
    assert_eq!(reason(accepted(2).await), "DENIAL_WAITS");
    let row = corridor.unlisted();
    accepted(3).await.unwrap();
    corridor.listed(row);
    assert_eq!(corridor.settles(4, act, true).await, "DECIDED_SINCE");
}

#[tokio::test]
async fn a_denial_outlives_the_change_of_a_write_off_before_it_and_what_only_says_how_far_it_is() {
    let corridor = Corridor::open().await;
    let (customs, officer) = (&corridor.customs, &corridor.officer);
    let used = customs.write_off(officer, corridor.write_off(1, "D-1", "800")).await.unwrap().act;
    let act = corridor.waits(2, Some(1)).await;
    assert_eq!(corridor.settles(3, act, true).await, "none");
    let (request, name) = (corridor.china.request_id(4), corridor.name());
    let amended = customs.amend_write_off(officer, &request, (name, used), vec![line("700")], None).await;
    assert_eq!(reason(amended), "PREFERENCE_NOT_GRANTED");
    corridor.takes_back(5, used).await;
    let denied = |nth| customs.write_off(officer, corridor.write_off(nth, "D-2", "1"));
    assert_eq!(reason(denied(6).await), "PREFERENCE_NOT_GRANTED");
    for (nth, code) in [(7, ResponseCode::Received), (8, ResponseCode::IncompleteData)] {
        customs.decide(officer, corridor.decision(nth, Some(1), code, None)).await.unwrap();
        assert_eq!(reason(denied(nth + 10).await), "PREFERENCE_NOT_GRANTED", "after {code}");
    }
    let shown = customs.balance(officer, &corridor.name()).unwrap()[0].response;
    assert_eq!(shown, Some(ResponseCode::PreferenceDenied));
}

#[tokio::test]
async fn what_two_people_denied_is_decided_otherwise_by_two() {
    let codes = [
        ResponseCode::ReturnedForRectification,
        ResponseCode::Diverted,
        ResponseCode::NotUtilised,
        ResponseCode::PreferenceSuspended,
        ResponseCode::AcceptedForClaim,
    ];
    for (item, code) in [Some(1), None].into_iter().flat_map(|item| codes.map(|code| (item, code))) {
        let corridor = Corridor::open().await;
        let (customs, officer) = (&corridor.customs, &corridor.officer);
        let act = corridor.waits(1, item).await;
        assert_eq!(corridor.settles(2, act, true).await, "none");
        let wish = corridor.decision(3, Some(1), code, why(code));
        let waits = customs.decide(officer, wish.clone()).await.unwrap();
        assert_eq!((waits.act, waits.statement), (act + 1, None), "{code}");
        assert_eq!(customs.decide(officer, wish.clone()).await.unwrap(), waits, "the same request, the same answer");
        let shown = || customs.balance(officer, &corridor.name()).unwrap()[0].response;
        assert_eq!(shown(), Some(ResponseCode::PreferenceDenied), "{code}");
        assert_eq!(corridor.heard(), [(ResponseCode::PreferenceDenied, false)], "{code}");
        assert_eq!(customs.denials(officer, "", 10).unwrap().denials.len(), 1);
        assert_eq!(corridor.settles(4, waits.act, true).await, "none");
        assert_eq!((shown(), corridor.heard().len()), (Some(code), 2));
        let again = customs.decide(officer, wish).await.unwrap();
        assert_eq!((again.act, again.statement), (waits.act, None), "and is no second act");
    }
}

#[tokio::test]
async fn what_one_person_decided_before_a_denial_has_its_answer_and_is_not_decided_again_by_one() {
    let corridor = Corridor::open().await;
    let (customs, officer) = (&corridor.customs, &corridor.officer);
    let accept = |nth| corridor.decision(nth, Some(1), ResponseCode::AcceptedForClaim, None);
    let accepted = customs.decide(officer, accept(1)).await.unwrap();
    assert!(accepted.statement.is_some());
    let act = corridor.waits(2, Some(1)).await;
    assert_eq!(corridor.settles(3, act, true).await, "none");
    let again = customs.decide(officer, accept(1)).await.unwrap();
    assert_eq!((again.act, again.statement), (accepted.act, accepted.statement));
    let lifting = customs.decide(&corridor.supervisor, accept(4)).await.unwrap();
    assert_eq!(lifting.statement, None);
    assert_eq!(corridor.settles(5, lifting.act, true).await, "SAME_PERSON");
    assert_eq!(corridor.settles(6, lifting.act, false).await, "none");
    let denied = customs.write_off(officer, corridor.write_off(7, "D-1", "1")).await;
    assert_eq!(reason(denied), "PREFERENCE_NOT_GRANTED");
}

#[tokio::test]
async fn a_match_says_that_an_item_is_written_off_in_another_unit_since_which_act_and_what_to_give() {
    let corridor = Corridor::open().await;
    let (customs, officer) = (&corridor.customs, &corridor.officer);
    customs.write_off(officer, corridor.write_off(1, "D-1", "800")).await.unwrap();
    let weighed = || Measure { value: "10".parse().unwrap(), unit: "KGM".parse().unwrap() };
    let mut wish = corridor.declared("D-2", "1");
    wish.declared.lines[0].quantity = Some(weighed());
    let notices = corridor.notices(&wish);
    let words = blocking(&notices, "BALANCE_UNIT");
    assert!(words.ends_with("is drawn in H87, not in KGM, since act 1: give the quantity in H87"), "{notices:?}");
    let mut wish = corridor.write_off(2, "D-2", "1");
    wish.lines[0].quantity = weighed();
    let refused = customs.write_off(officer, wish).await.unwrap_err();
    assert_eq!((refused.reason(), refused.to_string().as_str()), ("BALANCE_UNIT", words));
}

#[tokio::test]
async fn what_stands_in_the_place_of_one_that_was_used_is_written_off_by_who_says_that_he_knows() {
    let corridor = Corridor::open().await;
    let (customs, officer) = (&corridor.customs, &corridor.officer);
    let used = customs.write_off(officer, corridor.write_off(1, "D-1", "800")).await.unwrap().act;
    let name = corridor.issued_anew(2).await;
    let says = |notices: &[Notice]| {
        let words = blocking(notices, "PREDECESSOR_USED");
        words.contains(&corridor.number()) && words.contains("item 1: 800 H87")
    };
    assert!(says(&customs.course(officer, &name).unwrap().notices));
    let declared = MatchWish { certificate: name.clone(), ..corridor.declared("D-2", "100") };
    assert!(says(&corridor.notices(&declared)));
    let said = |remarks: &str| Some(remarks.parse().unwrap());
    let write_off = |nth, despite_predecessor| {
        let wish = WriteOffWish { remarks: said("other goods"), ..corridor.write_off(nth, "D-2", "100") };
        customs.write_off(officer, WriteOffWish { certificate: name.clone(), despite_predecessor, ..wish })
    };
    let silent = WriteOffWish { remarks: None, despite_predecessor: true, ..corridor.write_off(7, "D-2", "100") };
    let silent = customs.write_off(officer, WriteOffWish { certificate: name.clone(), ..silent }).await;
    assert_eq!(silent.unwrap_err().reason(), "WORDS_MISSING");
    let refused = write_off(3, false).await.unwrap_err();
    let forbids = |notice: &Notice| notice.reason == "PREDECESSOR_USED";
    assert!(matches!(&refused, WorkflowError::ArrivalForbids(notice) if forbids(notice)), "{refused}");
    let notices = write_off(4, true).await.unwrap().notices;
    assert!(notices.iter().any(|notice| forbids(notice) && !notice.blocks), "it was not refused: {notices:?}");
    // Used no more, the predecessor stands in nobody's way.
    corridor.takes_back(5, used).await;
    assert!(!corridor.notices(&declared).iter().any(forbids));
    assert!(write_off(6, false).await.is_ok());
    // Nor does a denial end with the paper that it was said of; what was sent back may be replaced.
    for (nth, code, stays) in
        [(20, ResponseCode::ReturnedForRectification, false), (21, ResponseCode::PreferenceSuspended, true)]
    {
        let decision = corridor.decision(nth, Some(1), code, Some(ResponseReason::NotOriginating));
        customs.decide(officer, decision).await.unwrap();
        assert_eq!(corridor.notices(&declared).iter().any(forbids), stays, "{code}");
    }
}
