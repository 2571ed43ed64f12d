//! A number in small letters, with other blanks and dashes, is the number that it is read as.

use super::*;

/// A number as others may type it.
fn spellings(number: &str) -> [String; 4] {
    let small = number.to_lowercase();
    [number.to_owned(), small.replace('-', " "), small.replace('-', ""), small]
}

impl Corridor {
    /// Of a number that nobody knows, so typed.
    fn about(&self, nth: u16, number: &str) -> EnquiryWish {
        let mut wish = self.about_a_stranger(nth, Date::constant(2027, 1, 31));
        wish.subjects[0].number = number.parse().unwrap();
        wish
    }
}

#[tokio::test]
async fn a_certificate_is_found_by_its_number_however_that_is_typed() {
    let mut corridor = Corridor::open().await;
    let entry = corridor.issued.outcome.entry.clone();
    for number in spellings(&corridor.number()) {
        let own = CertificateName::Number(number.clone());
        let own = corridor.exporting.get(&corridor.pakistan.signatory, &own).unwrap();
        assert_eq!(own.entry, entry, "{number}");
        let name = ArrivedName::Number(number.clone(), None);
        let course = corridor.customs.course(&corridor.officer, &name).unwrap();
        assert_eq!(course.arrival.entry, entry, "{number}");
    }
    // The copy of a partner's log has no numbers but those that its statements say.
    corridor.customs.sequencer().close();
    corridor.china.elsewhere = std::sync::Arc::default();
    corridor.china.copies(&corridor.pakistan, &entry.origin);
    let (replica, _) = corridor.china.desk();
    for number in spellings(&corridor.number()) {
        let name = ArrivedName::Number(number.clone(), None);
        let arrival = replica.course(&corridor.officer, &name).unwrap().arrival;
        assert_eq!(arrival.entry, entry, "{number}");
        assert!(arrival.arrived_at.is_some(), "{number}");
    }
    let other = ArrivedName::Number(format!("{}0", corridor.number()), None);
    assert_eq!(reason(replica.course(&corridor.officer, &other)), "ARRIVAL_UNKNOWN");
}

#[tokio::test]
async fn a_certificate_that_is_here_is_no_unknown_number_however_that_is_typed() {
    let corridor = Corridor::open().await;
    for number in spellings(&corridor.number()) {
        let refused = corridor.customs.enquire(&corridor.officer, corridor.about(1, &number)).await;
        assert_eq!(reason(refused), "NUMBER_KNOWN", "{number}");
    }
    let mut wish = corridor.enquiry(2);
    wish.subjects[0].number = corridor.number().to_lowercase().parse().unwrap();
    let raised = corridor.customs.enquire(&corridor.officer, wish).await.unwrap().jti;
    let asked = corridor.customs.enquiry(&corridor.officer, &raised).unwrap().enquiry.unwrap().subjects.remove(0);
    assert_eq!(asked.number.as_str(), corridor.number(), "as the certificate bears it");
    assert_eq!(asked.certificate.map(|one| one.jti), Some(corridor.issued.outcome.jti));
}

#[tokio::test]
async fn an_answer_about_a_number_is_held_to_the_own_logs_however_it_was_typed() {
    let corridor = Corridor::open().await;
    let raised = corridor.customs.enquire(&corridor.officer, corridor.about(1, "k 417")).await.unwrap().jti;
    let row = corridor.pakistan.footballs_with(2, |json| json["reference"]["number"] = "K-417".into());
    corridor.exporting.issue(&corridor.pakistan.signatory, &row).await.unwrap();
    for (finding, told) in [(SubjectFinding::NotIssued, vec!["ISSUED_HERE"]), (SubjectFinding::Valid, Vec::new())] {
        let wish = corridor.reply(3, raised, ReplyAct::Full, vec![SubjectAnswer { finding, ..valid(1) }]);
        let judged = corridor.exporting.judge_reply(&corridor.liaison, wish).await.unwrap();
        let reasons = judged.notices.iter().map(|one| one.reason).collect::<Vec<_>>();
        assert_eq!(reasons, told, "{finding}");
    }
}

#[tokio::test]
async fn that_nobody_answered_about_a_number_is_said_of_its_certificate_however_it_was_typed() {
    let corridor = Corridor::open().await;
    let raised = corridor.customs.enquire(&corridor.officer, corridor.about(1, "k 417")).await.unwrap().jti;
    let row = corridor.pakistan.footballs_with(2, |json| json["reference"]["number"] = "K-417".into());
    corridor.exporting.issue(&corridor.pakistan.signatory, &row).await.unwrap();
    corridor.pakistan.clock.set("2027-02-15T06:00:00Z".parse().unwrap());
    let silent = corridor.decision(3, None, ResponseCode::NoReply, Some(ResponseReason::NoReplyInTime));
    let certificate = ArrivedName::Number("K-417".to_owned(), None);
    let silent = DecisionWish { certificate, enquiry: Some(raised), ..silent };
    assert_eq!(reason(corridor.customs.decide(&corridor.officer, silent).await), "none");
}

#[tokio::test]
async fn who_asks_the_same_about_a_number_in_other_letters_is_told_so() {
    let corridor = Corridor::open().await;
    let mut told = Vec::new();
    for (nth, number) in [(1, "PK-CN-2026-XXX-999999"), (2, "pk cn 2026 xxx 999999"), (3, "PK-CN-2026-XXX-999998")] {
        let raised = corridor.customs.enquire(&corridor.officer, corridor.about(nth, number)).await.unwrap();
        told.push(raised.notices.iter().any(|one| one.reason == "ASKED_BEFORE"));
    }
    assert_eq!(told, [false, true, false]);
}
