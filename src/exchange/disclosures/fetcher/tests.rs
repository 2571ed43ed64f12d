//! What is asked for, when, and of what a receipt speaks.

use super::*;
use crate::{
    exchange::message::Disclosed,
    store::{MemoryStore, Store as _},
};

const NOTHING: [u64; 0] = [];

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

/// What is asked for.
fn asked(actions: &[Action]) -> Vec<u64> {
    let indexes = actions.iter().filter_map(|action| match action {
        Action::Fetch { asked, .. } => Some(asked.indexes.clone()),
        _ => None,
    });
    indexes.flatten().collect()
}

/// One answer, which is made durable.
fn answer(fetcher: &mut Fetcher, second: i64, (index, taken): (u64, Taken)) -> Vec<Action> {
    fetcher.step(at(second), Event::Answer(DisclosedEntry { index, state: Disclosed::None }));
    fetcher.step(at(second), Event::Taken(vec![(index, taken)]));
    fetcher.step(at(second), Event::Committed)
}

#[test]
fn a_receipt_speaks_for_all_up_to_its_size_though_answers_come_out_of_turn() {
    let receipt = |actions: &[Action]| {
        actions.iter().find_map(|action| match action {
            Action::Receipt { size, missing, .. } => Some((*size, missing.clone())),
            _ => None,
        })
    };
    let mut fetcher = Fetcher::new("tdap.gov.pk/log/2026/gacc.gov.cn".parse().unwrap(), Awaited::default(), 3);
    assert_eq!(asked(&fetcher.step(at(0), Event::Tick)), [0, 1, 2]);
    fetcher.step(at(0), Event::Answer(DisclosedEntry { index: 2, state: Disclosed::None }));
    fetcher.step(at(0), Event::Ended);
    fetcher.step(at(0), Event::Taken(vec![(2, Taken::Wrong)]));
    assert_eq!(receipt(&fetcher.step(at(0), Event::Committed)), None, "the first two are not settled");
    assert_eq!(receipt(&fetcher.step(at(100), Event::Tick)), None);
    for index in 0..3 {
        fetcher.step(at(100), Event::Answer(DisclosedEntry { index, state: Disclosed::None }));
    }
    fetcher.step(at(100), Event::Taken(vec![(0, Taken::Nothing), (1, Taken::Nothing), (2, Taken::Wrong)]));
    assert_eq!(receipt(&fetcher.step(at(100), Event::Committed)), Some((3, vec![2])));
}

#[test]
fn what_a_partner_was_not_asked_for_yet_is_missing_too_while_it_answers_nothing() {
    let log: Origin = "tdap.gov.pk/log/2026/gacc.gov.cn".parse().unwrap();
    let mut fetcher = Fetcher::new(log.clone(), Awaited::default(), 1_917);
    assert_eq!(asked(&fetcher.step(at(0), Event::Tick)).len(), 256);
    assert_eq!((fetcher.missing(), fetcher.first_missing()), (0, None), "it is being asked");
    fetcher.step(at(0), Event::Ended);
    assert_eq!((fetcher.missing(), fetcher.first_missing()), (1_917, Some(0)));
    // The same where it answers that there are none.
    let mut fetcher = Fetcher::new(log, Awaited::default(), 1_917);
    let first = asked(&fetcher.step(at(0), Event::Tick));
    for index in &first {
        fetcher.step(at(0), Event::Answer(DisclosedEntry { index: *index, state: Disclosed::None }));
    }
    fetcher.step(at(0), Event::Taken(first.iter().map(|index| (*index, Taken::Wrong)).collect()));
    fetcher.step(at(0), Event::Committed);
    assert_eq!((fetcher.awaited().receipted.settled, fetcher.missing()), (256, 1_917));
}

#[test]
fn a_call_for_what_is_held_back_that_is_cut_off_settles_no_new_entry_that_nobody_answered() {
    let mut fetcher = Fetcher::new("tdap.gov.pk/log/2026/gacc.gov.cn".parse().unwrap(), Awaited::default(), 4);
    assert_eq!(asked(&fetcher.step(at(0), Event::Tick)), [0, 1, 2, 3]);
    let held = |fetcher: &mut Fetcher, indexes: &[u64]| {
        for index in indexes {
            fetcher.step(at(0), Event::Answer(DisclosedEntry { index: *index, state: Disclosed::Held }));
        }
        fetcher.step(at(0), Event::Ended);
        fetcher.step(at(0), Event::Taken(indexes.iter().map(|index| (*index, Taken::Held)).collect()));
        asked(&fetcher.step(at(0), Event::Committed))
    };
    assert_eq!(held(&mut fetcher, &[1, 3]), [1, 3], "what is held back is asked for again");
    held(&mut fetcher, &[1]);
    assert_eq!(fetcher.awaited().receipted.settled, 0);
    assert_eq!(asked(&fetcher.step(at(1_000), Event::Tick)), [0, 1, 2, 3]);
}

#[test]
fn what_is_erased_at_the_issuers_is_neither_missing_nor_asked_for_again() {
    let mut fetcher = Fetcher::new("tdap.gov.pk/log/2026/gacc.gov.cn".parse().unwrap(), Awaited::default(), 1);
    assert_eq!(asked(&fetcher.step(at(0), Event::Tick)), [0]);
    fetcher.step(at(0), Event::Answer(DisclosedEntry { index: 0, state: Disclosed::Erased }));
    fetcher.step(at(0), Event::Ended);
    let taken = fetcher.step(at(0), Event::Taken(vec![(0, Taken::Erased)]));
    assert!(!taken.iter().any(|action| matches!(action, Action::Missing(_))), "{taken:?}");
    // It is kept that it is erased, and not told as missing to whoever looks.
    let store = MemoryStore::new();
    for action in taken {
        if let Action::Commit(Batch { at_ms, state, .. }) = action {
            store.commit(Batch { at_ms, state, ..Batch::default() }).unwrap();
        }
    }
    let log = "tdap.gov.pk/log/2026/gacc.gov.cn".parse().unwrap();
    assert!(crate::inbox::is_erased_there(&store, &log, 0).unwrap());
    assert!(Awaited::load(&store, &log).unwrap().open.is_empty());
    fetcher.step(at(0), Event::Committed);
    for hour in 1..100 {
        assert_eq!(asked(&fetcher.step(at(hour * HELD_PAUSE), Event::Tick)), NOTHING);
    }
}

#[test]
fn of_a_log_to_everyone_nobody_owes_a_receipt() {
    let receipts = |origin: &str| {
        let awaited = Awaited { receipted: Receipted { settled: 3, owed: true }, ..Awaited::default() };
        let mut fetcher = Fetcher::new(origin.parse().unwrap(), awaited, 3);
        let actions = (0..10).flat_map(|minute| fetcher.step(at(minute * RECEIPT_EVERY), Event::Tick));
        actions.filter(|action| matches!(action, Action::Receipt { .. })).count()
    };
    assert_eq!(receipts("tdap.gov.pk/log/2026/gacc.gov.cn"), 1);
    assert_eq!(receipts("tdap.gov.pk/log/2026/all"), 0);
}

#[test]
fn what_was_held_stays_so_where_its_issuer_lost_it_for_that_learns_it_from_here() {
    let awaited = Awaited { receipted: Receipted { settled: 5, owed: false }, open: [(3, Why::Held)].into() };
    let mut fetcher = Fetcher::new("tdap.gov.pk/log/2026/gacc.gov.cn".parse().unwrap(), awaited, 5);
    assert_eq!(asked(&fetcher.step(at(0), Event::Tick)), [3]);
    fetcher.step(at(0), Event::Answer(DisclosedEntry { index: 3, state: Disclosed::None }));
    let actions = fetcher.step(at(0), Event::Taken(vec![(3, Taken::Wrong)]));
    assert!(actions.iter().any(|action| matches!(action, Action::Missing(indexes) if *indexes == [3])), "it is told");
    fetcher.step(at(0), Event::Committed);
    assert_eq!(fetcher.awaited().indexes(Why::Held), [3]);
}

#[test]
fn what_is_held_is_asked_for_again_by_the_hour_and_when_there_is_news_of_its_log() {
    let held = || {
        let receipted = Receipted { settled: 5, owed: false };
        let awaited = Awaited { receipted, open: [(3, Why::Held)].into() };
        let mut fetcher = Fetcher::new("tdap.gov.pk/log/2026/gacc.gov.cn".parse().unwrap(), awaited, 5);
        assert_eq!(asked(&fetcher.step(at(0), Event::Tick)), [3]);
        fetcher.step(at(0), Event::Answer(DisclosedEntry { index: 3, state: Disclosed::Held }));
        fetcher.step(at(0), Event::Taken(vec![(3, Taken::Held)]));
        assert_eq!(asked(&fetcher.step(at(0), Event::Committed)), NOTHING);
        fetcher
    };
    let mut quiet = held();
    assert_eq!(asked(&quiet.step(at(HELD_PAUSE - 1), Event::Tick)), NOTHING);
    assert_eq!(asked(&quiet.step(at(HELD_PAUSE), Event::Tick)), [3]);
    // News in a row are not a question each.
    let mut news = held();
    assert_eq!(asked(&news.step(at(HELD_AFTER_NEWS - 1), Event::Published(6))), [5], "what is new waits for nothing");
    assert_eq!(asked(&answer(&mut news, HELD_AFTER_NEWS - 1, (5, Taken::Nothing))), NOTHING);
    assert_eq!(asked(&news.step(at(HELD_AFTER_NEWS), Event::Tick)), [3]);
    let mut late = held();
    assert_eq!(asked(&late.step(at(HELD_AFTER_NEWS), Event::Published(5))), NOTHING, "that is no news");
    assert_eq!(asked(&late.step(at(HELD_AFTER_NEWS), Event::Published(6))), [5]);
    assert_eq!(asked(&answer(&mut late, HELD_AFTER_NEWS, (5, Taken::Nothing))), [3]);
}

/// Else three certificates that were issued after a loss waited half a minute for a call about one that was held before it.
#[test]
fn what_is_new_is_asked_for_at_once_though_nobody_answers_for_what_is_held() {
    let receipted = Receipted { settled: 5, owed: false };
    let awaited = Awaited { receipted, open: [(3, Why::Held)].into() };
    let mut fetcher = Fetcher::new("tdap.gov.pk/log/2026/gacc.gov.cn".parse().unwrap(), awaited, 5);
    assert_eq!(asked(&fetcher.step(at(0), Event::Tick)), [3]);
    assert_eq!(asked(&fetcher.step(at(0), Event::Published(6))), NOTHING, "one call at a time");
    assert_eq!(asked(&fetcher.step(at(0), Event::Ended)), [5]);
    assert_eq!(asked(&fetcher.step(at(1), Event::Ended)), NOTHING, "what was itself left without an answer waits");
    assert_eq!(asked(&fetcher.step(at(FIRST_PAUSE), Event::Tick)), [3]);
}

/// One entry whose disclosures never come would have each certificate after it wait ten minutes.
#[test]
fn what_is_new_is_asked_for_at_once_however_long_another_entry_is_missing() {
    let mut fetcher = Fetcher::new("tdap.gov.pk/log/2026/gacc.gov.cn".parse().unwrap(), Awaited::default(), 1);
    assert_eq!(asked(&fetcher.step(at(0), Event::Tick)), [0]);
    let mut next = asked(&answer(&mut fetcher, 0, (0, Taken::Wrong)));
    let mut second = 0;
    for published in 2..9 {
        assert_eq!(next, NOTHING, "not again at once");
        let mut seconds = second..second + 2 * LONGEST_PAUSE;
        let retried = seconds.find(|now| asked(&fetcher.step(at(*now), Event::Tick)) == [0]).unwrap();
        second = retried + 1;
        assert_eq!(asked(&answer(&mut fetcher, retried, (0, Taken::Wrong))), NOTHING);
        assert_eq!(asked(&fetcher.step(at(second), Event::Published(published))), [published - 1]);
        next = asked(&answer(&mut fetcher, second, (published - 1, Taken::Nothing)));
    }
    assert!(second > 5 * LONGEST_PAUSE, "the missing one is asked for ever more rarely: {second}");
    assert_eq!((fetcher.awaited().receipted.settled, fetcher.missing(), fetcher.first_missing()), (8, 1, Some(0)));
}

#[test]
fn what_nobody_asked_for_and_a_second_answer_are_not_taken_and_give_no_credit() {
    let mut fetcher = Fetcher::new("tdap.gov.pk/log/2026/gacc.gov.cn".parse().unwrap(), Awaited::default(), 2);
    assert_eq!(asked(&fetcher.step(at(0), Event::Tick)), [0, 1]);
    let said = |index, text: &str| {
        let state = Disclosed::All(vec![text.repeat(600 << 10)]);
        Event::Answer(DisclosedEntry { index, state })
    };
    let mut last = Vec::new();
    for (index, text) in [(7, "x"), (0, "a"), (0, "b"), (2, "x"), (u64::MAX, "x"), (0, "c"), (1, "d")] {
        assert!(last.is_empty(), "{last:?}");
        last = fetcher.step(at(0), said(index, text));
    }
    let [Action::Take(answers)] = last.as_slice() else { panic!("{last:?}") };
    let taken = answers.iter().map(|answer| match &answer.state {
        Disclosed::All(all) => (answer.index, all[0].chars().next()),
        _ => (answer.index, None),
    });
    assert_eq!(taken.collect::<Vec<_>>(), [(0, Some('a')), (1, Some('d'))]);
    fetcher.step(at(0), Event::Taken(vec![(0, Taken::Nothing), (1, Taken::Nothing)]));
    // Only for what was taken room is made; here the call was through, so that nothing more is read of it at all.
    let actions = fetcher.step(at(0), Event::Committed);
    assert!(actions.iter().any(|action| matches!(action, Action::Cancel)), "{actions:?}");
    let credit = actions.iter().map(|action| if let Action::Credit(bytes) = action { *bytes } else { 0 });
    assert_eq!(credit.sum::<u64>(), 2 * ((600 << 10) + 16));
}
