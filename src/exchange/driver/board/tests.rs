use super::*;

#[test]
fn a_partner_that_is_away_is_behind_the_log_as_it_is_and_not_as_it_was() {
    let (board, origin): (Board, Origin) = (Board::default(), "tdap.gov.pk/log/2026/cn".parse().unwrap());
    let (name, at): (NodeName, _) = ("node.gacc.gov.cn".parse().unwrap(), |s| Timestamp::from_second(s).unwrap());
    board.passage(&name, &origin, |passage| {
        passage.grows(3_885, at(0));
        passage.holds(3_885);
    });
    let passage = || board.read().get(&name).and_then(|state| state.logs.get(&origin).copied()).unwrap();
    assert_eq!(passage().behind_since, None);
    board.grown(&origin, 3_888, at(7));
    assert_eq!((passage().size, passage().held, passage().behind_since), (3_888, 3_885, Some(at(7))));
}

#[test]
fn a_partner_that_nothing_but_packages_goes_to_holds_so_much_of_the_log_as_it_is() {
    let (board, origin): (Board, Origin) = (Board::default(), "tdap.gov.pk/log/2026/cn".parse().unwrap());
    let (name, at): (NodeName, _) = ("node.gacc.gov.cn".parse().unwrap(), |s| Timestamp::from_second(s).unwrap());
    let passage = || board.read().get(&name).and_then(|state| state.logs.get(&origin).copied()).unwrap();
    board.cosigned(&name, &origin, (2, 5), (2, at(6)));
    assert_eq!((passage().held, passage().size, passage().behind_since), (2, 2, None));
    // The log grew between the package and its answer.
    board.cosigned(&name, &origin, (3, 7), (4, at(8)));
    assert_eq!((passage().held, passage().size, passage().behind_since), (3, 4, Some(at(8))));
}

#[test]
fn a_log_that_a_partner_calls_frozen_is_so_until_it_cosigns_it_again() {
    let (board, origin): (Board, Origin) = (Board::default(), "tdap.gov.pk/log/2026/cn".parse().unwrap());
    let name: NodeName = "node.kra.go.ke".parse().unwrap();
    let is_frozen = || board.read()[&name].logs[&origin].frozen_there;
    assert!(board.frozen(&name, &origin) && is_frozen());
    assert!(!board.frozen(&name, &origin), "the same again is no news");
    board.cosigned(&name, &origin, (3, 7), (4, Timestamp::UNIX_EPOCH));
    assert!(!is_frozen() && board.frozen(&name, &origin));
}

#[test]
fn for_whom_a_partner_waits_stands_with_since_when_until_it_cosigns_or_says_so_no_more() {
    let (board, origin): (Board, Origin) = (Board::default(), "tdap.gov.pk/log/2026/cn".parse().unwrap());
    let name = |name: &str| name.parse::<NodeName>().unwrap();
    let (cn, ke, at) = (name("node.gacc.gov.cn"), name("node.kra.go.ke"), |s| Timestamp::from_second(s).unwrap());
    let told = |of: Vec<NodeName>| BTreeMap::from([(origin.clone(), of)]);
    let stands = || board.read().remove(&cn).unwrap_or_default().awaits.remove(&origin);
    assert_eq!(board.awaits(&cn, told(vec![ke.clone()]), at(5)), [(origin.clone(), vec![ke.clone()])]);
    assert!(board.awaits(&cn, told(vec![ke.clone()]), at(65)).is_empty(), "the same again is no news");
    assert_eq!(stands(), Some(Awaited { of: vec![ke.clone()], since: at(5) }));
    board.cosigned(&cn, &origin, (7, 70), (7, at(70)));
    assert_eq!(stands(), None);
    assert!(board.waits_for(&cn, &origin, vec![ke.clone()], at(80)) && stands().is_some());
    assert!(!board.waits_for(&cn, &origin, Vec::new(), at(81)) && stands().is_none());
    assert!(board.waits_for(&cn, &origin, vec![ke], at(90)));
    assert!(board.awaits(&cn, BTreeMap::new(), at(91)).is_empty() && stands().is_none());
}

#[test]
fn a_log_that_is_held_beyond_what_was_cosigned_is_uncosigned_and_one_that_goes_out_is_not() {
    let passage = |inward, held, cosigned| Passage { inward, held, cosigned, ..Passage::default() };
    assert!(passage(true, 15, None).is_uncosigned() && passage(true, 15, Some((14, 1))).is_uncosigned());
    assert!(!passage(true, 15, Some((15, 1))).is_uncosigned() && !passage(true, 0, None).is_uncosigned());
    assert!(!passage(false, 15, None).is_uncosigned(), "what others do not cosign they tell themselves");
}

#[test]
fn by_which_list_a_package_was_made_counts_for_a_partner_that_is_not_connected_and_an_old_one_does_not() {
    let (board, name): (Board, NodeName) = (Board::default(), "node.kra.go.ke".parse().unwrap());
    let state = || board.read().remove(&name).unwrap_or_default();
    board.update(&name, |state| {
        (state.connected, state.list_version, state.clock_ahead_ms) = (Some(Timestamp::UNIX_EPOCH), Some(5), Some(0));
    });
    board.wrote(&name, 6, false);
    assert_eq!((state().list_version, state().clock_ahead_ms), (Some(5), Some(0)), "it tells that itself");
    board.update(&name, |state| state.connected = None);
    board.wrote(&name, 4, false);
    assert_eq!((state().list_version, state().clock_ahead_ms), (Some(5), Some(0)), "an old package");
    board.wrote(&name, 6, true);
    assert_eq!((state().list_version, state().list_forked, state().clock_ahead_ms), (Some(6), true, None));
}

#[test]
fn how_fast_a_log_comes_is_measured_over_the_last_minute_or_two_and_not_over_the_days_before() {
    let at = |s| Timestamp::from_second(s).unwrap();
    let mut passage = Passage::default();
    assert_eq!(passage.pace(at(0)), None);
    // Nothing for a day, then a thousand a second.
    passage.carries(5, at(0));
    let day = 86_400;
    for second in 0_u32..=150 {
        passage.carries(5 + 1_000 * u64::from(second), at(day + i64::from(second)));
    }
    assert_eq!(passage.pace(at(day + 150)), Some(60_000));
    // It stands still.
    for second in 151..=280 {
        passage.carries(150_005, at(day + second));
    }
    assert_eq!(passage.pace(at(day + 280)), Some(0));
}

#[test]
fn nothing_that_went_over_before_says_how_long_it_takes_where_nothing_goes_over_now() {
    let at = |s| Timestamp::from_second(s).unwrap();
    let mut passage = Passage::default();
    passage.carries(0, at(0));
    passage.carries(300, at(10));
    assert_eq!([19, 39, 40, 90].map(|s| passage.pace(at(s))), [Some(947), Some(461), Some(0), Some(0)]);
    // Who comes back begins anew, and who is gone has no pace.
    passage.stands();
    assert_eq!(passage.pace(at(41)), None);
    passage.carries(300, at(50));
    passage.carries(400, at(60));
    assert_eq!(passage.pace(at(60)), Some(600));
}

#[test]
fn a_clock_that_was_set_back_is_no_measure_of_how_fast_a_log_comes() {
    let at = |s| Timestamp::from_second(s).unwrap();
    let mut passage = Passage::default();
    passage.carries(0, at(100));
    passage.carries(600, at(110));
    assert_eq!(passage.pace(at(110)), Some(3_600));
    passage.carries(600, at(5));
    passage.carries(700, at(15));
    assert_eq!(passage.pace(at(15)), Some(600));
}

#[test]
fn an_alarm_stands_until_it_is_taken_back_and_one_source_takes_back_none_of_another() {
    let (board, origin): (Board, Origin) = (Board::default(), "tdap.gov.pk/log/2026/cn".parse().unwrap());
    let name: NodeName = "node.tdap.gov.pk".parse().unwrap();
    let alarm = Alarm { why: ExchangeError::Ahead { held: 9, published: 4 }, since: Timestamp::UNIX_EPOCH };
    let reasons = || {
        let alarms = board.read().remove(&name).unwrap_or_default().alarms;
        alarms.into_values().map(|alarm| alarm.why.reason()).collect::<Vec<_>>()
    };
    board.concern(&name, &origin, Concern::Stream, Some(alarm));
    let why = ExchangeError::Uncompared { known: 9, shown: 12, by: "ke".to_owned() };
    let heads = Alarm { why, since: Timestamp::UNIX_EPOCH };
    board.uncompared(&[((name.clone(), origin.clone()), heads)].into());
    assert_eq!(reasons(), ["PARTNER_HOLDS_MORE", "HEADS_UNCOMPARED"]);
    board.uncompared(&BTreeMap::new());
    assert_eq!(reasons(), ["PARTNER_HOLDS_MORE"]);
    board.concern(&name, &origin, Concern::Stream, None);
    assert!(reasons().is_empty());
}

#[test]
fn the_clock_here_is_ahead_by_as_much_as_all_say_that_were_heard_in_the_last_hour() {
    let (board, at) = (Board::default(), |s| Timestamp::from_second(s).unwrap());
    let tells = |name: &str, ms: i64| board.update(&name.parse().unwrap(), |state| state.tells_time(Some(ms)));
    let ahead = |now: Timestamp| board.clock_ahead(now).map(|ms| (ms + 30_000).div_euclid(60_000));
    assert_eq!(ahead(at(0)), None);
    // The clock is set after they were heard.
    tells("node.gacc.gov.cn", 7_000_000);
    tells("node.kra.go.ke", 7_600_000);
    assert_eq!((ahead(at(7_000)), ahead(at(93_400))), (Some(-10), Some(24 * 60 - 10)));
    // Whoever says nothing of it takes nothing back, and a word of long ago is none.
    board.update(&"node.kra.go.ke".parse().unwrap(), |state| state.tells_time(None));
    assert_eq!(ahead(at(7_600)), Some(0));
    let long_ago = Instant::now().checked_sub(HEARD + Duration::from_secs(1));
    if let Some(long_ago) = long_ago {
        board.update(&"node.kra.go.ke".parse().unwrap(), |state| state.time_told = Some((9_000_000, long_ago)));
        assert_eq!(ahead(at(7_000)), Some(0));
    }
}
