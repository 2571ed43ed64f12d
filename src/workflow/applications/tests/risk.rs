//! What the queue says beside each application today: what the rules say by now, and how closely to look, with why.

use super::*;
use crate::{
    office::CostEvidence,
    statement::{Act, Since},
    workflow::StatusWish,
};

impl Office {
    fn judged(&self, id: ApplicationId) -> JudgedNow {
        let asked = QueueAsked { judgement: true, ..QueueAsked::default() };
        let page = self.applications.queue(&self.examiner, &asked).unwrap();
        page.rows.into_iter().find(|row| row.application.id == id).unwrap().judged.unwrap()
    }

    fn evidenced(&self) {
        let evidence = CostEvidence {
            reference: text("CS-1"),
            hs: text("9506"),
            paper: Shown([7; 32]),
            from: parse_date("2026-01-01").unwrap(),
            until: parse_date("2026-12-31").unwrap(),
            verified_by: None,
        };
        self.exporters().bring(&self.examiner, &self.registered.id, evidence).unwrap();
        self.exporters().verify(&self.examiner, &self.registered.id, "CS-1").unwrap();
    }
}

fn rules(judged: &JudgedNow) -> Vec<&'static str> {
    judged.risk.points.iter().map(|point| point.rule).collect()
}

#[test]
fn the_queue_says_what_the_rules_say_today_and_not_what_they_said_at_submission() {
    let office = Office::new();
    let id = office.submitted(1, office.paper());
    let before = office.judged(id);
    assert!(before.findings.iter().any(|one| one.rule == "COST_EVIDENCE_MISSING"), "{}", before.findings);
    assert_eq!((rules(&before), before.risk.level()), (vec!["FIRST_FOR_GOODS", "COST_EVIDENCE"], "raised"));
    office.evidenced();
    let after = office.judged(id);
    assert!(!after.findings.iter().any(|one| one.rule.starts_with("COST_EVIDENCE")), "{}", after.findings);
    assert_eq!(rules(&after), ["FIRST_FOR_GOODS"]);
    assert_eq!(after.on, parse_date("2026-11-22").unwrap());
    let kept = office.applications.get(&office.examiner, id).unwrap().application;
    assert!(kept.findings().iter().any(|one| one.rule == "COST_EVIDENCE_MISSING"), "what was said then stays");
    let plain = office.applications.queue(&office.examiner, &QueueAsked::default()).unwrap();
    assert!(plain.rows[0].judged.is_none(), "who does not ask for it does not wait for it");
}

#[tokio::test]
async fn what_went_wrong_before_and_what_is_other_than_before_are_points_with_their_reasons() {
    let office = Office::new();
    office.evidenced();
    let id = office.recommended(1);
    let shown = office.shown(id);
    let signed = office.applications.sign(&office.world.signatory, &office.id(9), id, shown, None).await.unwrap();
    let same = office.submitted(11, office.paper());
    assert_eq!((rules(&office.judged(same)), office.judged(same).risk.level()), (Vec::new(), "low"));
    let dear = office.submitted(21, office.other_paper("142800.00", "285600.00"));
    let judged = office.judged(dear);
    assert_eq!((rules(&judged), judged.risk.level()), (vec!["UNIT_VALUE"], "raised"));
    let words = &judged.risk.points[0].words;
    assert!(words.contains("200 %") && words.contains(&signed.certificate.number), "{words}");
    let near = office.submitted(31, office.claiming("41"));
    let words = office.judged(near).risk.points[0].words.clone();
    assert!(words.contains("41 %, within 5 points of at least 40 %"), "{words}");
    let withdrawal = StatusWish {
        certificate: CertificateName::Number(signed.certificate.number.clone()),
        act: Act::Withdrawn { since: Since::Issue },
        items: None,
        reason: Some(text("The goods do not originate")),
        remarks: None,
    };
    office.applications.desk.change_status(&office.world.signatory, &office.id(41), withdrawal).await.unwrap();
    let judged = office.judged(dear);
    assert_eq!((rules(&judged), judged.risk.level()), (vec!["UNIT_VALUE", "EARLIER_WITHDRAWN"], "high"));
    assert!(judged.risk.points[1].words.contains("was withdrawn"), "{:?}", judged.risk);
}
