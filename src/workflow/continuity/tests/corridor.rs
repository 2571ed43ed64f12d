//! An outage where certificates go on paper.

use super::Sides;
use crate::{time::Clock as _, workflow::WorkflowError};

#[tokio::test]
async fn what_an_outage_left_on_paper_in_a_corridor_of_paper_is_registered_as_that_at_once() {
    let sides = Sides::open();
    let block = sides.block(1, 1).await;
    let at = sides.pakistan.clock.now() - jiff::SignedDuration::from_hours(24);
    let refused =
        sides.exporting.register_outage(&sides.signatory, sides.on_paper(2, &block, 0, at)).await.unwrap_err();
    let WorkflowError::RulesRefuse(findings) = &refused else { panic!("{refused}") };
    let help = findings.iter().find(|one| one.rule == "CORRIDOR_PAPER").and_then(|one| one.help.clone());
    assert!(help.is_some_and(|help| help.contains("origin paper register")), "{refused}");
    // Its day was one of paper alone.
    let done = sides.register(sides.paper(3, block.numbers[0].as_str())).await.unwrap();
    assert!(!done.before);
}
