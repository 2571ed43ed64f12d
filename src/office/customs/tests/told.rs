//! Acts whose records are lost, made again from what the issuer was told of them.

use super::*;
use crate::{
    log::Shard,
    statement::{CustomsResponse, Jti, StatementRef},
};

/// A certificate with what was done with it: as it is kept, and as its issuer was told.
struct Course {
    desk: Desk,
    acts: Vec<CustomsAct>,
    told: Vec<(Jti, CustomsResponse)>,
    shards: BTreeMap<Jti, Shard>,
}

/// The statement that tells of an act, in the order of their numbers.
fn statement(number: u32) -> Jti {
    Jti(u128::from(number).to_be_bytes())
}

fn place(jti: Jti) -> StatementRef {
    StatementRef { log: "customs.gov.cn/log/2026/tdap.gov.pk".parse().unwrap(), jti }
}

/// Acts as they are known whoever did them, and when.
fn known(acts: &[CustomsAct]) -> Vec<CustomsAct> {
    let (by, settled) = (DoneBy::unknown(0), None);
    acts.iter().map(|act| CustomsAct { by: by.clone(), settled: settled.clone(), ..act.clone() }).collect()
}

impl Course {
    fn new() -> Self {
        Self { desk: Desk::new(), acts: Vec::new(), told: Vec::new(), shards: BTreeMap::new() }
    }

    /// Keeps an act that counts, and tells of it.
    fn acts(&mut self, declaration: Option<&str>, decisions: Vec<ItemDecision>, amends: Option<u32>) {
        self.desk.file.acts += 1;
        let number = self.desk.file.acts;
        let (jti, declaration) = (statement(number), declaration.map(super::declaration));
        self.told.push((
            jti,
            CustomsResponse {
                certificate: place(Jti([9; 16])),
                declaration: declaration.clone(),
                decisions: decisions.clone(),
                amends: amends.map(|number| place(statement(number))),
                enquiry: None,
                remarks: None,
            },
        ));
        self.acts.push(CustomsAct {
            number,
            by: DoneBy::unknown(u64::from(number)),
            settled: None,
            declaration,
            decisions,
            amends,
            state: ActState::Counts,
            statement: Some(jti),
            enquiry: None,
            remarks: None,
            settled_words: None,
            despite: Despite::default(),
        });
    }

    fn draws(&mut self, with: &str, (item, value, unit): (u32, &str, &str)) -> Vec<ItemDecision> {
        let lines = [WriteOffLine { item, line: None, quantity: of(value, unit) }];
        let mut file = self.desk.file.clone();
        let drawn = file.write_off(self.desk.certified(), &declaration(with), &lines).unwrap();
        self.desk.file = file;
        drawn
    }

    fn uses(&mut self, with: &str, what: (u32, &str, &str)) {
        let drawn = self.draws(with, what);
        self.acts(Some(with), drawn, None);
    }

    fn decides(&mut self, item: Option<u32>, code: ResponseCode) {
        self.desk.decide(item, code).unwrap();
        self.acts(None, vec![decision(item, code)], None);
    }

    /// Gives back what an act wrote off.
    fn gives_back(&mut self, number: usize, state: ActState) -> Vec<ItemDecision> {
        let act = &mut self.acts[number - 1];
        act.state = state;
        self.desk.file.give_back(&act.decisions);
        act.decisions.clone()
    }

    fn amends(&mut self, number: usize, with: &str, what: (u32, &str, &str)) {
        self.gives_back(number, ActState::Amended(self.desk.file.acts + 1));
        let drawn = self.draws(with, what);
        self.acts(Some(with), drawn, Some(u32::try_from(number).unwrap()));
    }

    /// Takes an act back, after which another was the first use.
    fn takes_back(&mut self, number: usize, with: &str, first: Option<&str>) {
        let held = self.gives_back(number, ActState::Reversed(self.desk.file.acts + 1)).into_iter();
        let back = held.map(|one| ItemDecision { code: ResponseCode::Reversed, left: None, ..one }).collect();
        self.desk.file.first_used = first.map(declaration);
        self.acts(Some(with), back, Some(u32::try_from(number).unwrap()));
    }

    /// What a file that has some of the acts becomes, with the acts that are kept then.
    fn made_again(&self, mut file: CustomsFile, kept: &[CustomsAct]) -> (CustomsFile, Vec<CustomsAct>) {
        let is_lost = |(jti, _): &&(Jti, CustomsResponse)| kept.iter().all(|act| act.statement != Some(*jti));
        // They are found in the order of each log, and there are several.
        let lost = self.told.iter().rev().filter(is_lost).cloned().collect();
        let made = file.make_again((&self.desk.goods, &self.desk.ended), kept, lost, &self.shards);
        let mut acts = kept.iter().map(|act| (act.number, act.clone())).collect::<BTreeMap<_, _>>();
        acts.extend(made.into_iter().map(|act| (act.number, act)));
        (file, acts.into_values().collect())
    }
}

#[test]
fn whatever_a_copy_of_the_records_lacks_is_made_again_as_it_was() {
    let mut course = Course::new();
    let mut copies = vec![(course.desk.file.clone(), course.acts.clone())];
    let deeds: [fn(&mut Course); 11] = [
        |course| course.uses("D-1", (1, "60", "H87")),
        |course| course.decides(Some(2), ResponseCode::PreferenceSuspended),
        |course| course.uses("D-2", (1, "10", "H87")),
        |course| course.amends(1, "D-1", (1, "50", "H87")),
        |course| course.takes_back(4, "D-1", Some("D-2")),
        |course| course.decides(Some(2), ResponseCode::AcceptedForClaim),
        |course| course.uses("D-3", (2, "2500", "KGM")),
        |course| course.decides(None, ResponseCode::Received),
        |course| course.decides(Some(1), ResponseCode::Diverted),
        |course| course.decides(None, ResponseCode::PreferenceDenied),
        |course| course.decides(Some(2), ResponseCode::PreferenceSuspended),
    ];
    for deed in deeds {
        deed(&mut course);
        copies.push((course.desk.file.clone(), course.acts.clone()));
    }
    for (file, kept) in copies {
        let (file, acts) = course.made_again(file, &kept);
        assert_eq!(file, course.desk.file, "where {} are kept", kept.len());
        assert_eq!(known(&acts), known(&course.acts), "where {} are kept", kept.len());
        let order = |acts: &[CustomsAct]| acts.is_sorted_by_key(CustomsAct::counts_from);
        assert!(order(&acts), "{acts:?}");
        for act in &acts[kept.len()..] {
            assert_eq!((act.by.account.as_str(), act.by.name.as_str()), ("unknown", ""));
        }
    }
    assert_eq!(course.desk.file.first_used, Some(declaration("D-2")));
}

#[test]
fn what_was_told_in_the_next_log_within_the_same_hour_was_told_later() {
    let mut course = Course::new();
    course.uses("D-1", (1, "60", "H87"));
    course.takes_back(1, "D-1", None);
    // In each log identifiers of an hour begin anew.
    let (used, back) = (statement(9), statement(3));
    for (at, jti) in [used, back].into_iter().enumerate() {
        course.told[at].0 = jti;
        course.acts[at].statement = Some(jti);
    }
    course.told[1].1.amends = Some(place(used));
    course.shards = [(used, Shard::of_year(2026)), (back, Shard::of_year(2027))].into();
    let kept = course.acts[..1].iter().map(|act| CustomsAct { state: ActState::Counts, ..act.clone() });
    let mut before = Course::new();
    before.uses("D-1", (1, "60", "H87"));
    for (file, kept) in [(CustomsFile::default(), Vec::new()), (before.desk.file, kept.collect())] {
        let (file, acts) = course.made_again(file, &kept);
        assert_eq!(file, course.desk.file, "where {} are kept", kept.len());
        assert_eq!(known(&acts), known(&course.acts), "where {} are kept", kept.len());
    }
}

#[test]
fn what_was_used_since_without_it_is_counted_too_though_more_is_used_then_than_there_is() {
    let (mut course, mut since) = (Course::new(), Course::new());
    course.uses("D-1", (1, "70", "H87"));
    since.uses("D-2", (1, "60", "H87"));
    // The one that is kept was told later.
    let later = statement(7);
    since.acts[0].statement = Some(later);
    let (mut file, acts) = course.made_again(since.desk.file.clone(), &since.acts);
    assert_eq!(acts.iter().map(|act| act.number).collect::<Vec<_>>(), [1, 2], "what is kept keeps its number");
    assert_eq!(acts[0], since.acts[0]);
    assert_eq!((acts[1].statement, &acts[1].declaration), (Some(statement(1)), &Some(declaration("D-1"))));
    assert_eq!(file.first_used, Some(declaration("D-1")), "it was told first");
    assert_eq!(file.response(1), Some(ResponseCode::UtilisedFull));
    let left = file.ledger.left(&course.desk.goods, &BTreeSet::new()).remove(0);
    assert_eq!((left.drawn, left.left.is_zero()), ("130".parse().unwrap(), true));
    file.give_back(&acts[1].decisions);
    assert_eq!(file.left(course.desk.certified(), 1), Some(of("40", "H87")));
}

#[test]
fn what_was_used_by_the_piece_and_since_by_weight_is_used_no_further_until_one_of_both_is_amended_or_taken_back() {
    let (mut course, mut since) = (Course::new(), Course::new());
    for one in [&mut course, &mut since] {
        one.desk.goods.items[0].gross_weight = Some(of("50", "KGM"));
    }
    course.uses("D-1", (1, "70", "H87"));
    since.uses("D-2", (1, "30", "KGM"));
    since.acts[0].statement = Some(statement(7));
    let (file, acts) = course.made_again(since.desk.file.clone(), &since.acts);
    let [by_weight, by_piece] = acts.as_slice() else { panic!("{acts:?}") };
    assert_eq!(file.left(course.desk.certified(), 1), Some(of("30", "H87")), "as it was told first");
    assert_eq!(file.drawn().collect::<Vec<_>>(), ["item 1: 70 H87", "item 1: 30 KGM"]);
    let uses = |file: &CustomsFile, (item, value, unit): (u32, &str, &str)| {
        let (mut file, lines) = (file.clone(), [WriteOffLine { item, line: None, quantity: of(value, unit) }]);
        let used = file.write_off(course.desk.certified(), &declaration("D-3"), &lines);
        used.map(|_| file).map_err(|refused| refused.reason())
    };
    for unit in ["H87", "KGM"] {
        assert_eq!(uses(&file, (1, "1", unit)), Err("BALANCE_UNIT"), "{unit}");
    }
    assert!(uses(&file, (2, "1", "TNE")).is_ok(), "nothing is known against the other item");

    let mut amended = file.clone();
    amended.give_back(&by_weight.decisions);
    assert_eq!(amended.latest, file.latest);
    let amended = uses(&amended, (1, "20", "H87")).unwrap();
    assert_eq!(amended.left(course.desk.certified(), 1), Some(of("10", "H87")));
    let mut taken_back = file.clone();
    taken_back.give_back(&by_piece.decisions);
    assert_eq!(taken_back.left(course.desk.certified(), 1), Some(of("20", "KGM")));
    assert_eq!(taken_back.latest, Some(ResponseCode::UtilisedPartial));
    assert_eq!(uses(&taken_back, (1, "1", "H87")), Err("BALANCE_UNIT"));
    let all = uses(&taken_back, (1, "20", "KGM")).unwrap();
    assert_eq!(all.response(1), Some(ResponseCode::UtilisedFull));
}

#[test]
fn a_denial_that_waits_and_was_told_since_was_released_and_others_wait_still() {
    let mut course = Course::new();
    let denied = |item| vec![decision(Some(item), ResponseCode::PreferenceDenied)];
    for item in [1, 2] {
        course.acts(None, denied(item), None);
    }
    let waits = |act: &CustomsAct| CustomsAct { state: ActState::Waits, statement: None, ..act.clone() };
    let mut kept = course.acts.iter().map(waits).collect::<Vec<_>>();
    course.uses("D-1", (2, "1", "TNE"));
    kept.extend(course.acts.last().cloned());
    let before = course.desk.file.clone();
    // The first is released, and nobody was told of the second.
    course.desk.decide(Some(1), ResponseCode::PreferenceDenied).unwrap();
    course.told.remove(1);
    course.told[0].0 = statement(8);
    let (file, acts) = course.made_again(before, &kept);
    assert_eq!(file, course.desk.file);
    assert_eq!(acts[1..], kept[1..]);
    let released = &acts[0];
    assert_eq!((released.number, &released.state, released.statement), (1, &ActState::Counts, Some(statement(8))));
    assert_eq!(released.by, kept[0].by, "who decided it is known");
    assert_eq!(released.settled.as_ref().map(|by| by.account.as_str()), Some("unknown"));
    assert!(released.counts_from() > acts[2].counts_from(), "it was told after the write-off");
}
