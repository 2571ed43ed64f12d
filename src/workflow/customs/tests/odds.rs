//! What a liaison officer is told of an answer that the own logs do not bear out.

use super::*;

impl Corridor {
    /// What is told of an answer that could be given.
    async fn told_of(&self, enquiry: Jti, answer: SubjectAnswer) -> Vec<(&'static str, String)> {
        let wish = self.reply(9, enquiry, ReplyAct::Full, vec![answer]);
        let judged = self.exporting.judge_reply(&self.liaison, wish).await.unwrap();
        judged.notices.into_iter().map(|one| (one.reason, one.words)).collect()
    }
}

#[tokio::test]
async fn who_finds_valid_what_has_lost_its_force_is_told_so_and_answers_all_the_same() {
    let corridor = Corridor::open().await;
    let enquiry = corridor.customs.enquire(&corridor.officer, corridor.enquiry(1)).await.unwrap().jti;
    assert!(corridor.told_of(enquiry, valid(1)).await.is_empty());
    corridor.change(2, Act::Suspended, None).await;
    let told = corridor.told_of(enquiry, valid(1)).await;
    let [("WITHOUT_FORCE", words)] = told.as_slice() else { panic!("{told:?}") };
    assert!(words.contains("stands as suspended, and the answer is valid"), "{words}");
    let not_valid = SubjectAnswer { finding: SubjectFinding::NotValid, ..valid(1) };
    assert!(corridor.told_of(enquiry, not_valid).await.is_empty());
    let wish = corridor.reply(3, enquiry, ReplyAct::Full, vec![valid(1)]);
    let replied = corridor.exporting.reply(&corridor.liaison, wish).await.unwrap();
    assert_eq!(replied.notices.iter().map(|one| one.reason).collect::<Vec<_>>(), ["WITHOUT_FORCE"]);
    assert!(replied.notices.iter().all(|one| !one.blocks));
}

#[tokio::test]
async fn of_one_that_stands_in_part_the_items_that_are_found_valid_and_are_not_are_named() {
    let corridor = Corridor::open().await;
    let number = corridor.of_three_items(2).await;
    let mut wish = corridor.enquiry(1);
    wish.subjects[0].number = number.parse().unwrap();
    let enquiry = corridor.customs.enquire(&corridor.officer, wish).await.unwrap().jti;
    let stopped = StatusWish {
        certificate: CertificateName::Number(number),
        act: Act::Suspended,
        items: Some(vec![2]),
        reason: Some("found so".parse().unwrap()),
        remarks: None,
    };
    let request = corridor.pakistan.request_id(3);
    corridor.exporting.change_status(&corridor.pakistan.signatory, &request, stopped).await.unwrap();
    let told = corridor.told_of(enquiry, valid(1)).await;
    let [("WITHOUT_FORCE", words)] = told.as_slice() else { panic!("{told:?}") };
    assert!(words.contains("stands in part (item 2 is suspended)"), "{words}");
    let in_part = |valid_items: [bool; 3]| {
        let items = (1..).zip(valid_items).map(|(item, valid)| ItemAnswer { item, valid, words: None });
        SubjectAnswer { finding: SubjectFinding::PartlyValid, items: items.collect(), ..valid(1) }
    };
    assert!(corridor.told_of(enquiry, in_part([true, false, true])).await.is_empty());
    let told = corridor.told_of(enquiry, in_part([false, true, true])).await;
    assert_eq!(told.iter().map(|(reason, _)| *reason).collect::<Vec<_>>(), ["WITHOUT_FORCE"]);
}
