//! A block of numbers that the node lost, put back from its file.

use super::{
    super::{BlockAgain, BlockBack, OutageRow},
    Sides, rules,
};
use crate::{
    certificate::CertificateNumber, office::NumberBlock, reason::Reasoned as _, store::Store as _, time::Clock as _,
    workflow::WorkflowError,
};
use std::sync::Arc;

impl Sides {
    async fn put_back(&self, nth: u16, file: BlockAgain) -> Result<BlockBack, WorkflowError> {
        self.exporting.put_back_block(&self.signatory, &self.pakistan.request_id(nth), file).await
    }
}

/// A block as its file has it.
fn file_of(block: &NumberBlock) -> BlockAgain {
    BlockAgain {
        issuer: "https://tdap.gov.pk".to_owned(),
        id: block.id.clone(),
        office: block.office.clone(),
        agreement: block.agreement.clone(),
        to: block.to,
        reserved_on: block.reserved_on,
        numbers: block.numbers.clone(),
        far: false,
    }
}

#[tokio::test]
async fn a_block_that_the_node_has_no_memory_of_is_put_back_and_what_was_issued_under_it_is_registered() {
    // As it was, and restored from a copy that is older than the block.
    let (before, after) = (Sides::open(), Sides::open());
    let block = before.block(1, 3).await;
    let row = after.on_paper(2, &block, 0, after.pakistan.clock.now());
    let refused = after.exporting.register_outage(&after.signatory, row.clone()).await.unwrap_err();
    assert_eq!(rules(&refused), ["NUMBER_NOT_OF_BLOCK"]);
    let WorkflowError::RulesRefuse(findings) = &refused else { panic!("{refused}") };
    assert!(findings.iter().any(|one| one.help.as_deref().is_some_and(|help| help.contains("reserve --again"))));
    let officer = Arc::new(after.officer.clone());
    let denied = after.exporting.put_back_block(&officer, &after.pakistan.request_id(3), file_of(&block)).await;
    assert_eq!(denied.unwrap_err().reason(), "PERMISSION_DENIED");

    let back = after.put_back(4, file_of(&block)).await.unwrap();
    assert_eq!((&back.block.id, &back.block.numbers, back.before), (&block.id, &block.numbers, false));
    assert_eq!(after.put_back(5, file_of(&block)).await.unwrap(), BlockBack { before: true, ..back }, "once");
    let rows = after.pakistan.store.audit(0, 100).unwrap();
    let said = rows.iter().filter(|row| String::from_utf8_lossy(&row.row).contains("put back from its file"));
    assert_eq!(said.count(), 1);
    let row = OutageRow { request_id: after.pakistan.request_id(6), ..row };
    let done = after.exporting.register_outage(&after.signatory, row).await.unwrap();
    assert_eq!(done.outcome.number.as_deref(), Some(block.numbers[0].as_str()));
    // The others are given to nothing else, and the series goes on behind them.
    let issued = after.exporting.issue(&after.signatory, &after.pakistan.footballs(7)).await.unwrap();
    assert!(issued.outcome.number.unwrap().as_str() > block.numbers[2].as_str());
    // What was registered under its number is not something else.
    let registered = BlockAgain { id: "0".repeat(32), numbers: vec![block.numbers[0].clone()], ..file_of(&block) };
    assert!(after.put_back(8, registered).await.unwrap().before);
}

#[tokio::test]
async fn a_block_is_put_back_but_for_the_numbers_whose_certificates_were_lost_and_given_back_before() {
    let (before, after) = (Sides::open(), Sides::open());
    let block = before.block(1, 2).await;
    let row = before.on_paper(2, &block, 0, before.pakistan.clock.now());
    let lost = before.exporting.register_outage(&before.signatory, row).await.unwrap().outcome;
    let bundle = before.exporting.evidence_at(&lost.entry).unwrap().bundle.to_json();
    let refused = after.exporting.bring_back(&after.signatory, bundle.as_bytes()).unwrap_err();
    assert_eq!(refused.reason(), "ENTRY_LOST", "{refused}");
    assert!(!after.put_back(3, file_of(&block)).await.unwrap().before);
    let row = |nth, number| after.on_paper(nth, &block, number, after.pakistan.clock.now());
    let refused = after.exporting.register_outage(&after.signatory, row(4, 0)).await.unwrap_err();
    assert_eq!(rules(&refused), ["NUMBER_NOT_OF_BLOCK"]);
    let done = after.exporting.register_outage(&after.signatory, row(5, 1)).await.unwrap();
    assert_eq!(done.outcome.number.as_deref(), Some(block.numbers[1].as_str()));
}

#[tokio::test]
async fn a_block_is_not_put_back_where_a_number_of_it_was_given_or_its_file_can_be_none_of_this_authority() {
    let (before, after) = (Sides::open(), Sides::open());
    let block = before.block(1, 3).await;
    let issued = after.exporting.issue(&after.signatory, &after.pakistan.footballs(2)).await.unwrap().outcome;
    assert_eq!(issued.number.as_deref(), Some(block.numbers[0].as_str()), "given again");
    let refused = after.put_back(3, file_of(&block)).await.unwrap_err();
    assert_eq!(rules(&refused), ["BLOCK_NUMBER_GIVEN"]);
    let WorkflowError::RulesRefuse(findings) = &refused else { panic!("{refused}") };
    assert!(findings.0[0].message.contains(block.numbers[0].as_str()), "{refused}");
    assert!(findings.0[0].message.contains(&issued.jti.to_string()), "{refused}");
    let rest = BlockAgain { numbers: block.numbers[1..].to_vec(), ..file_of(&block) };
    after.put_back(4, rest.clone()).await.unwrap();
    let foo = vec!["FOO-1".parse().unwrap()];
    let falling = vec![block.numbers[2].clone(), block.numbers[1].clone()];
    let tomorrow = block.reserved_on.tomorrow().unwrap();
    let wrong = [
        (BlockAgain { issuer: "https://kra.go.ke".to_owned(), ..rest.clone() }, "BLOCK_OF_ANOTHER"),
        (BlockAgain { id: "../b1".to_owned(), ..rest.clone() }, "BLOCK_DIFFERS"),
        (BlockAgain { numbers: Vec::new(), ..rest.clone() }, "BLOCK_SIZE"),
        (BlockAgain { numbers: foo, ..rest.clone() }, "NUMBER_NOT_OF_SERIES"),
        (BlockAgain { numbers: falling, ..rest.clone() }, "BLOCK_DIFFERS"),
        (BlockAgain { reserved_on: tomorrow, ..rest.clone() }, "DATE_TO_COME"),
        (file_of(&block), "BLOCK_NUMBER_GIVEN"),
    ];
    for (nth, (file, rule)) in (5..).zip(wrong) {
        assert_eq!(rules(&after.put_back(nth, file).await.unwrap_err()), [rule]);
    }
}

#[tokio::test]
async fn a_number_far_beyond_all_that_is_known_uses_its_series_up_by_an_explicit_word_alone() {
    let (before, after) = (Sides::open(), Sides::open());
    let block = before.block(1, 1).await;
    let (common, serial) = block.numbers[0].as_str().split_at(block.numbers[0].as_str().len() - 6);
    let known = serial.parse::<u64>().unwrap() - 1;
    let one = |id: &str, serial: u64| {
        let number: CertificateNumber = format!("{common}{serial:06}").parse().unwrap();
        BlockAgain { id: id.repeat(32), numbers: vec![number], ..file_of(&block) }
    };
    for far in [known + 10_001, 999_999] {
        let refused = after.put_back(2, one("1", far)).await.unwrap_err();
        assert_eq!(rules(&refused), ["BLOCK_TOO_FAR"]);
        let WorkflowError::RulesRefuse(findings) = &refused else { panic!("{refused}") };
        assert!(findings.0[0].help.as_deref().is_some_and(|help| help.contains("--again FILE --far")));
    }
    // A block within reach, from which the next is reached.
    after.put_back(3, one("2", known + 10_000)).await.unwrap();
    after.put_back(4, one("3", known + 10_001)).await.unwrap();
    after.exporting.issue(&after.signatory, &after.pakistan.footballs(5)).await.unwrap();
    after.put_back(6, BlockAgain { far: true, ..one("4", 999_999) }).await.unwrap();
    let refused = after.exporting.issue(&after.signatory, &after.pakistan.footballs(7)).await.unwrap_err();
    assert_eq!(refused.reason(), "SERIES_EXHAUSTED");
}

#[tokio::test]
async fn a_file_with_a_wrong_digit_is_put_right_by_the_right_one_until_something_was_registered_that_it_lacks() {
    let (before, after) = (Sides::open(), Sides::open());
    let block = before.block(1, 3).await;
    let common = block.numbers[2].as_str().strip_suffix("000003").unwrap();
    let with = |last: &str| {
        let wrong: CertificateNumber = format!("{common}{last}").parse().unwrap();
        BlockAgain { numbers: [&block.numbers[..2], &[wrong]].concat(), ..file_of(&block) }
    };
    let back = after.put_back(2, with("000030")).await.unwrap();
    assert_eq!((back.before, back.passed_over), (false, 27), "it is said how many numbers are lost by it");
    let row = after.on_paper(3, &block, 0, after.pakistan.clock.now());
    after.exporting.register_outage(&after.signatory, row).await.unwrap();
    let row = |nth| after.on_paper(nth, &block, 2, after.pakistan.clock.now());
    let refused = after.exporting.register_outage(&after.signatory, row(4)).await.unwrap_err();
    assert_eq!(rules(&refused), ["NUMBER_NOT_OF_BLOCK"]);

    let back = after.put_back(5, file_of(&block)).await.unwrap();
    assert_eq!((&back.block.numbers, back.before, back.passed_over), (&block.numbers, false, 0));
    after.exporting.register_outage(&after.signatory, row(6)).await.unwrap();
    assert!(after.put_back(7, file_of(&block)).await.unwrap().before, "once");
    let rows = after.pakistan.store.audit(0, 100).unwrap();
    assert!(rows.iter().any(|row| String::from_utf8_lossy(&row.row).contains("in place of another file of it")));
    // The first file is wrong for good by what was registered.
    assert_eq!(rules(&after.put_back(8, with("000031")).await.unwrap_err()), ["BLOCK_DIFFERS"]);
    // What it held is nobody's, and the number that waits is given to nothing else.
    assert!(after.exporting.read_as(&format!("{common}000030")).unwrap().is_none());
    assert!(after.exporting.read_as(block.numbers[1].as_str()).unwrap().is_some());
}

#[tokio::test]
async fn a_block_that_this_node_gave_itself_gives_way_to_no_file() {
    let sides = Sides::open();
    let block = sides.block(1, 2).await;
    let other = BlockAgain { numbers: block.numbers[..1].to_vec(), ..file_of(&block) };
    assert_eq!(rules(&sides.put_back(2, other).await.unwrap_err()), ["BLOCK_DIFFERS"]);
}
