//! What is known of a certificate, said of the one that takes its place.

use super::{Corridor, reason, valid};
use crate::{
    statement::{ReplyAct, ResponseCode, ResponseReason, SubjectAnswer, SubjectFinding},
    workflow::{
        ArrivedName, CertificateName, DecisionWish, EndorsementWish, IssueRow, MatchWish, Notice, ReplaceWish,
        WriteOffWish,
    },
};

impl Corridor {
    /// The certificate is found not valid, and its goods are endorsed to go to Kenya.
    async fn is_spoken_against(&self) {
        let raised = self.customs.enquire(&self.officer, self.enquiry(1)).await.unwrap().jti;
        let words = Some("the stitching is of third countries".parse().unwrap());
        let answer = SubjectAnswer { finding: SubjectFinding::NotValid, words, ..valid(1) };
        let reply = self.reply(2, raised, ReplyAct::Full, vec![answer]);
        self.exporting.reply(&self.liaison, reply).await.unwrap();
        self.customs.endorse(&self.officer, self.endorsement(3, "KE", Vec::new())).await.unwrap();
    }

    /// Its issuer puts another in its place.
    async fn is_replaced(&self, nth: u16) -> ArrivedName {
        let IssueRow { request_id, certificate_json } = self.pakistan.footballs(nth);
        let text = String::from_utf8(certificate_json).unwrap();
        let text = text.replacen("Footballs, inflatable", "Footballs for training, inflatable", 1);
        let anew = ReplaceWish {
            request_id,
            certificate: CertificateName::Number(self.number()),
            certificate_json: text.into_bytes(),
            reason: Some("another kind was shipped".parse().unwrap()),
            remarks: None,
        };
        ArrivedName::Jti(self.exporting.replace(&self.pakistan.signatory, anew).await.unwrap().outcome.jti)
    }

    /// Which of both is said of a successor, each of the certificate before it.
    fn both(&self, notices: &[Notice]) -> Vec<&'static str> {
        let told = ["ISSUER_FINDS_NOT_VALID", "DESTINATION_CHANGED"];
        let said = notices.iter().filter(|one| told.contains(&one.reason));
        let begins = format!("of {}, in whose place it stands: ", self.number());
        said.inspect(|one| assert!(!one.blocks && one.words.starts_with(&begins), "{}", one.words))
            .map(|one| one.reason)
            .collect()
    }

    fn shown(&self, name: &ArrivedName) -> Vec<&'static str> {
        self.both(&self.customs.course(&self.officer, name).unwrap().notices)
    }
}

#[tokio::test]
async fn what_is_known_of_a_certificate_is_said_of_its_successor_before_that_is_used_or_accepted() {
    let corridor = Corridor::open().await;
    let (customs, officer) = (&corridor.customs, &corridor.officer);
    corridor.is_spoken_against().await;
    let name = corridor.is_replaced(4).await;
    let all = ["ISSUER_FINDS_NOT_VALID", "DESTINATION_CHANGED"];
    assert_eq!(corridor.shown(&name), all);
    let declared = MatchWish { certificate: name.clone(), ..corridor.declared("D-1", "1") };
    let matched = customs.match_declaration(officer, &declared).unwrap().notices;
    assert_eq!(corridor.both(&matched), all);
    let accepts = corridor.decision(5, Some(1), ResponseCode::AcceptedForClaim, None);
    let decided = customs.decide(officer, DecisionWish { certificate: name.clone(), ..accepts }).await.unwrap();
    assert_eq!(corridor.both(&decided.notices), all);
    let uses = WriteOffWish { certificate: name.clone(), ..corridor.write_off(6, "D-1", "1") };
    let written = customs.write_off(officer, uses).await.unwrap();
    assert_eq!(corridor.both(&written.notices), all, "and it was not refused");
}

#[tokio::test]
async fn who_is_refused_because_a_key_was_closed_is_told_what_was_issued_anew() {
    let corridor = Corridor::open().await;
    let ArrivedName::Jti(anew) = corridor.issued_anew(4).await else { panic!("it is named by its jti") };
    // Its number is that of the new one too.
    let fell = ArrivedName::Jti(corridor.issued.outcome.jti);
    let declared = MatchWish { certificate: fell, ..corridor.declared("D-1", "1") };
    let notices = corridor.customs.match_declaration(&corridor.officer, &declared).unwrap().notices;
    let closed = notices.iter().find(|one| one.reason == "KEY_CLOSED").unwrap();
    assert!(closed.words.ends_with(&format!("; {anew} took its place")), "{}", closed.words);
}

#[tokio::test]
async fn goods_of_a_predecessor_that_come_here_after_all_are_spoken_of_no_more() {
    let corridor = Corridor::open().await;
    let (customs, officer) = (&corridor.customs, &corridor.officer);
    corridor.is_spoken_against().await;
    let name = corridor.is_replaced(4).await;
    let back = |nth| EndorsementWish { certificate: name.clone(), ..corridor.endorsement(nth, "CN", Vec::new()) };
    customs.endorse(officer, back(5)).await.unwrap();
    assert_eq!(corridor.shown(&name), ["ISSUER_FINDS_NOT_VALID"], "what was found is not undone by that");
    // Sent away once more, by the old number.
    customs.endorse(officer, corridor.endorsement(6, "KE", vec![1])).await.unwrap();
    assert_eq!(corridor.shown(&name), ["ISSUER_FINDS_NOT_VALID", "DESTINATION_CHANGED"]);
}

#[tokio::test]
async fn a_denial_that_waits_is_not_escaped_by_a_certificate_in_the_place_of_the_one_it_denies() {
    let corridor = Corridor::open().await;
    let (customs, officer) = (&corridor.customs, &corridor.officer);
    let mut denied = corridor.decision(1, Some(1), ResponseCode::PreferenceDenied, Some(ResponseReason::GoodsDiffer));
    denied.decisions[0].line = Some(1);
    let act = customs.decide(officer, denied).await.unwrap().act;
    let name = corridor.is_replaced(4).await;
    let waits = format!("item 1 on line 1 of declaration D-1: PREFERENCE_DENIED by act {act}, which waits");
    let says = |notices: &[Notice]| {
        notices.iter().any(|one| one.reason == "PREDECESSOR_USED" && one.blocks && one.words.contains(&waits))
    };
    assert!(says(&customs.course(officer, &name).unwrap().notices));
    let declared = MatchWish { certificate: name.clone(), ..corridor.declared("D-1", "1") };
    assert!(says(&customs.match_declaration(officer, &declared).unwrap().notices));
    let accepts = corridor.decision(5, Some(1), ResponseCode::AcceptedForClaim, None);
    let accepts = DecisionWish { certificate: name.clone(), ..accepts };
    assert_eq!(reason(customs.decide(&corridor.colleague, accepts).await), "ARRIVAL_FORBIDS");
    let uses = |nth, despite_predecessor| {
        let remarks = Some("other goods".parse().unwrap());
        let wish = WriteOffWish { remarks, despite_predecessor, ..corridor.write_off(nth, "D-1", "16800") };
        customs.write_off(&corridor.colleague, WriteOffWish { certificate: name.clone(), ..wish })
    };
    assert_eq!(reason(uses(6, false).await), "ARRIVAL_FORBIDS");
    let written = uses(7, true).await.unwrap();
    assert!(written.notices.iter().any(|one| one.reason == "PREDECESSOR_USED" && one.words.contains(&waits)));
    // Who releases hears that the goods came in with the other.
    let used = |notices: &[Notice]| {
        let said = |one: &Notice| one.reason == "SUCCESSOR_USED" && one.words.contains("item 1: 16800 H87");
        notices.iter().any(|one| said(one) && !one.blocks)
    };
    assert!(used(&customs.denials(&corridor.supervisor, "", 10).unwrap().denials[0].2));
    let (request, old) = (corridor.china.request_id(8), corridor.name());
    let released = customs.settle_denial(&corridor.supervisor, &request, old, act, true, None).await.unwrap();
    assert!(used(&released.notices), "{:?}", released.notices);
}

#[tokio::test]
async fn customs_are_told_by_which_certificate_one_was_superseded() {
    let corridor = Corridor::open().await;
    let (customs, officer) = (&corridor.customs, &corridor.officer);
    let name = corridor.is_replaced(4).await;
    let course = |name: &ArrivedName| customs.course(officer, name).unwrap();
    let arrival = course(&name).arrival;
    let number = arrival.certificate.reference.as_option().unwrap().number.to_string();
    let by = |notices: &[Notice]| {
        let said = notices.iter().filter(|one| one.reason == "SUPERSEDED" && !one.blocks);
        said.map(|one| one.words.clone()).collect::<Vec<_>>()
    };
    let old = course(&corridor.name());
    assert_eq!(old.successors.get(&arrival.jti), Some(&number));
    assert_eq!(by(&old.notices), [format!("certificate {number} took its place")]);
    let declared = corridor.declared("D-1", "1");
    assert_eq!(by(&customs.match_declaration(officer, &declared).unwrap().notices), by(&old.notices));
    assert!(by(&course(&name).notices).is_empty() && course(&name).successors.is_empty());
}
