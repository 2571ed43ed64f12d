//! Originals of before a loss.

use super::{original, part, wish};
use crate::{
    sequencer::Recalled,
    store::{Batch, Store as _},
    time::Clock as _,
    workflow::tests::world::World,
};

#[tokio::test]
async fn who_draws_on_an_original_of_before_a_loss_is_told_that_not_all_that_was_drawn_may_be_counted() {
    let world = World::new();
    let (_china, _, _, bundle) = original(&world, "1000").await;
    let (desk, _) = world.desk();
    let of = desk.remainder(&world.signatory, &bundle).unwrap();
    let is_told = async |nth: u16| {
        let json = part(&world, "KE", "back_to_back_on", &of, "100");
        let originals = std::slice::from_ref(&bundle);
        let issued = desk.draw(&world.signatory, wish(&world, nth, originals, &json)).await.unwrap();
        issued.warnings.iter().any(|one| one.rule == "DRAWN_BEFORE_LOSS")
    };
    assert!(!is_told(1).await);
    let at_ms = u64::try_from(world.clock.now().as_millisecond()).unwrap();
    let recalled = Recalled { from: 0, end: 1, at_ms, numbers_unknown: false };
    let state = vec![recalled.put(&world.store.logs()[0])];
    world.store.commit(Batch { at_ms: 1, state, ..Batch::default() }).unwrap();
    assert!(is_told(2).await);
}
