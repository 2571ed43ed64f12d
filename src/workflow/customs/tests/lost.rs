//! Acts whose records the node of customs lost: what it told the issuer comes back with its log, and counts.

use super::{Corridor, line, reason};
use crate::{
    certificate::Measure,
    log::{Extension, Origin},
    office::{ActState, CustomsAct},
    sequencer::{Bare, Closing, Standing, refilled},
    statement::{ResponseCode, open_leaf},
    store::{Batch, Disclosures, EntryRef, MemoryStore, NewEntry, PublishedHead, StateChange, Store as _, Table},
    time::Clock as _,
    workflow::{ArrivalsAsked, ArrivedName, Notice, WorkflowError, WriteOffWish},
};
use std::{collections::BTreeSet, sync::Arc, time::Duration};

/// What a copy of the node's folder has.
struct Copied {
    /// How many entries of the log to the issuer.
    size: u64,
    records: Vec<StateChange>,
}

/// What entries disclose, which those have who hold the log.
type Contents = Vec<(u64, Vec<String>)>;

fn log() -> Origin {
    "customs.gov.cn/log/2026/tdap.gov.pk".parse().unwrap()
}

impl Corridor {
    fn copied(&self) -> Copied {
        let store = self.china.store.as_ref();
        let tables = [Table::About, Table::Customs, Table::CustomsWords, Table::Denial];
        let records = tables.into_iter().flat_map(|table| {
            let kept = store.records(table).unwrap().into_iter();
            kept.map(move |(id, record)| StateChange::RecordPut { table, id, record })
        });
        let records = records.collect();
        Copied { size: store.head(&log()).map_or(0, |published| published.head.size), records }
    }

    /// The node is lost and goes on from a copy. The entries that this lacks come back without what they say: that is given.
    fn loses_all_but(&mut self, copy: Copied) -> Contents {
        self.customs.sequencer().close();
        let (lost, store, origin) = (Arc::clone(&self.china.store), MemoryStore::new(), log());
        let PublishedHead { head, note } = lost.head(&origin).unwrap();
        let (mut batch, mut back, mut contents) =
            (Batch { at_ms: 1, ..Batch::default() }, Batch::default(), Vec::new());
        for index in 0..head.size {
            let facts = lost.facts(&origin, index).unwrap().unwrap();
            let shown = match lost.disclosures(&origin, index).unwrap() {
                Some(Disclosures::Present(shown)) => shown,
                _ => Vec::new(),
            };
            let (is_here, says) = (index < copy.size, !shown.is_empty());
            let entry = NewEntry {
                origin: origin.clone(),
                index,
                jti: facts.jti,
                status_index: facts.status_index,
                number: None,
                leaf: lost.leaf(&origin, index).unwrap().unwrap(),
                disclosures: (is_here && says).then(|| store.seal(&origin, index, &shown).unwrap()),
            };
            if is_here {
                batch.entries.push(entry);
                continue;
            }
            back.entries.push(entry);
            if says {
                contents.push((index, shown));
            }
        }
        let began_ms = u64::try_from(self.china.clock.now().as_millisecond()).unwrap() + 1;
        let addressee = lost.addressee(&origin).unwrap();
        batch.state.push(StateChange::LogOpened { origin: origin.clone(), addressee });
        batch.state.extend(copy.records);
        batch.state.extend(refilled(&store, &origin, &back, began_ms).unwrap());
        batch.entries.extend(back.entries);
        store.commit(batch).unwrap();
        let extension = Extension::prove(origin, None, head, &[]).unwrap();
        store.advance(vec![extension], &|_| Ok(note.clone())).unwrap();
        self.china.store = Arc::new(store);
        self.china.clock.set(self.china.clock.now() + Duration::from_secs(1));
        self.customs = self.china.desk().0;
        contents
    }

    /// What the entries say comes as well.
    fn gets(&self, contents: Contents) {
        let (store, origin) = (self.china.store.as_ref(), log());
        let mut batch = Batch { at_ms: 2, ..Batch::default() };
        for (index, shown) in contents {
            let leaf = store.leaf(&origin, index).unwrap().unwrap();
            let entry = EntryRef { origin: origin.clone(), index };
            batch.state.extend(crate::store::index(&entry, &open_leaf(&leaf, &shown).unwrap().body, 2));
            batch.late.push(store.seal(&origin, index, &shown).unwrap());
        }
        store.commit(batch).unwrap();
    }

    fn known_acts(&self) -> Vec<CustomsAct> {
        self.customs.course(&self.officer, &self.name()).unwrap().acts
    }

    /// Whether `match`, and whether `show`, say that not all acts are known.
    fn says_lost(&self) -> [bool; 2] {
        let matched = self.customs.match_declaration(&self.officer, &self.declared("D-9", "1")).unwrap().notices;
        let shown = self.customs.course(&self.officer, &self.name()).unwrap().notices;
        [matched, shown].map(|notices: Vec<Notice>| notices.iter().any(|one| one.reason == "ACTS_LOST" && one.blocks))
    }

    fn in_three_hours(&self) {
        self.china.clock.set(self.china.clock.now() + Duration::from_hours(3));
    }
}

/// Why what is asked of a certificate is refused.
fn forbids<T>(result: Result<T, WorkflowError>) -> &'static str {
    match result.err() {
        Some(WorkflowError::ArrivalForbids(notice)) => notice.reason,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn what_was_written_off_before_a_loss_is_known_again_and_is_not_used_twice() {
    let mut corridor = Corridor::open().await;
    let nothing = corridor.copied();
    let first = WriteOffWish { remarks: "weighed".parse().ok(), ..corridor.write_off(1, "D-1", "10000") };
    corridor.customs.write_off(&corridor.officer, first).await.unwrap();
    let second = corridor.write_off(2, "D-2", "5000");
    corridor.customs.write_off(&corridor.officer, second.clone()).await.unwrap();
    corridor.takes_back(3, 2).await;
    let before = corridor.known_acts();
    let contents = corridor.loses_all_but(nothing);
    corridor.gets(contents);

    let (customs, officer) = (&corridor.customs, &corridor.officer);
    let untouched = ArrivalsAsked { untouched: true, ..ArrivalsAsked::default() };
    assert!(customs.arrivals(officer, &untouched).unwrap().arrivals.is_empty());
    let again = corridor.known_acts();
    assert!(again.iter().all(|act| act.by.account.as_str() == "unknown" && act.by.name.is_empty()), "{again:?}");
    let by = |act: &CustomsAct| CustomsAct { by: before[0].by.clone(), ..act.clone() };
    assert_eq!(again.iter().map(by).collect::<Vec<_>>(), before);
    assert_eq!(corridor.left(), "6800");
    let matched = customs.match_declaration(officer, &corridor.declared("D-1", "1")).unwrap();
    assert!(matched.notices.iter().any(|one| one.reason == "LINE_WRITTEN_OFF_BEFORE"), "{:?}", matched.notices);
    let over = customs.write_off(officer, corridor.write_off(4, "D-3", "6801")).await.unwrap_err().to_string();
    assert!(over.contains("6800") && over.contains("first used with declaration D-1"), "{over}");
    assert_eq!(reason(customs.write_off(officer, second).await), "REQUEST_BEFORE_RECALL", "asked once more");
    corridor.takes_back(5, 1).await;
    assert_eq!(corridor.left(), "16800");
    customs.write_off(officer, corridor.write_off(6, "D-4", "16800")).await.unwrap();
    let rows = corridor.china.store.audit(0, 100).unwrap();
    let made = rows.iter().filter(|row| String::from_utf8_lossy(&row.row).contains("acts made again"));
    assert_eq!(made.count(), 1, "all at once, and once");
}

#[tokio::test]
async fn before_it_is_read_what_came_back_nothing_is_done_with_what_it_may_be_about() {
    let mut corridor = Corridor::open().await;
    let nothing = corridor.copied();
    corridor.customs.write_off(&corridor.officer, corridor.write_off(1, "D-1", "16800")).await.unwrap();
    let contents = corridor.loses_all_but(nothing);
    let (customs, officer) = (&corridor.customs, &corridor.officer);
    let uses = customs.write_off(officer, corridor.write_off(2, "D-2", "1")).await;
    assert_eq!(forbids(uses), "ACTS_LOST");
    let decides = customs.decide(officer, corridor.decision(3, Some(1), ResponseCode::Received, None)).await;
    assert_eq!(forbids(decides), "ACTS_LOST");
    assert_eq!(forbids(customs.balance(officer, &corridor.name())), "ACTS_LOST");
    assert_eq!(corridor.says_lost(), [true, true]);

    // What was issued since it is not about.
    corridor.in_three_hours();
    let row = corridor.pakistan.footballs(4);
    let later = corridor.exporting.issue(&corridor.pakistan.signatory, &row).await.unwrap().outcome.jti;
    let uses = WriteOffWish { certificate: ArrivedName::Jti(later), ..corridor.write_off(5, "D-3", "1") };
    customs.write_off(officer, uses).await.unwrap();

    corridor.gets(contents);
    assert_eq!(corridor.says_lost(), [false, false]);
    assert_eq!(reason(customs.write_off(officer, corridor.write_off(6, "D-2", "1")).await), "BALANCE_EXCEEDED");
    assert_eq!(corridor.left(), "0");
}

#[tokio::test]
async fn of_several_uses_in_another_unit_than_before_the_loss_each_is_amended_by_itself() {
    let mut corridor = Corridor::open().await;
    let nothing = corridor.copied();
    corridor.customs.write_off(&corridor.officer, corridor.write_off(1, "D-1", "10000")).await.unwrap();
    let contents = corridor.loses_all_but(nothing);
    // The operator went on without what was lost.
    let end = corridor.china.store.durable_size(&log());
    let state = vec![Bare::put_none(end, &log())];
    corridor.china.store.commit(Batch { state, ..Batch::default() }).unwrap();
    corridor.in_three_hours();
    let (customs, officer) = (&corridor.customs, &corridor.officer);
    for (nth, declaration, weight) in [(2, "D-2", "100"), (3, "D-3", "200")] {
        let mut wish = corridor.write_off(nth, declaration, "1");
        wish.lines[0].quantity = Measure { value: weight.parse().unwrap(), unit: "KGM".parse().unwrap() };
        customs.write_off(officer, wish).await.unwrap();
    }
    corridor.gets(contents);
    for (nth, act, pieces) in [(4, 1, "300"), (5, 2, "600")] {
        assert_eq!(reason(customs.balance(officer, &corridor.name())), "BALANCE_UNIT");
        let more = customs.write_off(officer, corridor.write_off(nth + 10, "D-4", "1")).await;
        assert_eq!(reason(more), "BALANCE_UNIT");
        let request = corridor.china.request_id(nth);
        let amends = (corridor.name(), act);
        customs.amend_write_off(officer, &request, amends, vec![line(pieces)], None).await.unwrap();
    }
    assert_eq!(corridor.left(), "5900");
}

#[tokio::test]
async fn of_one_in_the_place_of_what_such_an_entry_may_be_about_nothing_is_written_off_either() {
    let mut corridor = Corridor::open().await;
    let nothing = corridor.copied();
    corridor.customs.write_off(&corridor.officer, corridor.write_off(1, "D-1", "100")).await.unwrap();
    corridor.in_three_hours();
    let anew = corridor.issued_anew(2).await;
    let contents = corridor.loses_all_but(nothing);
    let (customs, officer) = (&corridor.customs, &corridor.officer);
    let uses = |nth| WriteOffWish { certificate: anew.clone(), ..corridor.write_off(nth, "D-2", "1") };
    assert_eq!(forbids(customs.write_off(officer, uses(3)).await), "ACTS_LOST");
    corridor.gets(contents);
    assert_eq!(forbids(customs.write_off(officer, uses(4)).await), "PREDECESSOR_USED");
}

#[tokio::test]
async fn while_an_earlier_log_to_the_issuer_is_behind_nothing_is_written_off_in_the_one_of_today() {
    let corridor = Corridor::open().await;
    let (customs, officer) = (&corridor.customs, &corridor.officer);
    let (gate, earlier) =
        (customs.sequencer().gate(), "customs.gov.cn/log/2025/tdap.gov.pk".parse::<Origin>().unwrap());
    // Nor does one that is not known yet hide it.
    let before: Origin = "customs.gov.cn/log/2024/tdap.gov.pk".parse().unwrap();
    assert!(gate.forgot(&before));
    gate.settle(&earlier, Standing::Behind { held: 0, signed: 2, told: "node.tdap.gov.pk".parse().unwrap() });
    let uses = customs.write_off(officer, corridor.write_off(1, "D-1", "1")).await;
    assert_eq!(reason(uses), "OWN_HISTORY_MISSING");
    assert_eq!(corridor.says_lost(), [true, true]);
    gate.settle(&earlier, Standing::Settled);
    gate.settle(&before, Standing::Settled);
    assert_eq!(corridor.says_lost(), [false, false]);
    customs.write_off(officer, corridor.write_off(2, "D-1", "1")).await.unwrap();
}

#[tokio::test]
async fn a_denial_that_waits_in_an_old_copy_and_was_released_since_is_not_released_twice() {
    let mut corridor = Corridor::open().await;
    let act = corridor.waits(1, Some(1)).await;
    let copy = corridor.copied();
    assert_eq!(corridor.settles(2, act, true).await, "none");
    let contents = corridor.loses_all_but(copy);
    assert_eq!(corridor.settles(3, act, true).await, "ARRIVAL_FORBIDS", "it may be what came back");
    corridor.gets(contents);
    assert!(corridor.customs.denials(&corridor.officer, "", 0).unwrap().denials.is_empty());
    let acts = corridor.known_acts();
    let [denied] = acts.as_slice() else { panic!("{acts:?}") };
    assert_eq!((denied.number, &denied.state, denied.by.name.as_str()), (act, &ActState::Counts, "Li Na"));
    assert_eq!(denied.settled.as_ref().map(|by| by.account.as_str()), Some("unknown"));
    assert_eq!(corridor.settles(4, act, true).await, "DENIAL_NOT_WAITING");
    let uses = corridor.customs.write_off(&corridor.officer, corridor.write_off(5, "D-2", "1")).await;
    assert_eq!(reason(uses), "PREFERENCE_NOT_GRANTED");
}

#[tokio::test]
async fn where_the_folder_was_lost_no_balance_is_told_before_the_issuers_node_was_heard() {
    let corridor = Corridor::open_with(|pakistan| pakistan.has_node()).await;
    let (customs, officer) = (&corridor.customs, &corridor.officer);
    let (node, other) = ("node.tdap.gov.pk".parse().unwrap(), "node.kra.go.ke".parse().unwrap());
    let gate = customs.sequencer().gate();
    gate.forgot_all();
    gate.heard(BTreeSet::new(), vec![node], true);
    assert_eq!(reason(customs.balance(officer, &corridor.name())), "OWN_HISTORY_UNKNOWN");
    assert_eq!(corridor.says_lost(), [true, true]);
    // Another authority was told nothing of it.
    gate.heard(BTreeSet::new(), vec![other], true);
    assert_eq!(corridor.says_lost(), [false, false]);
    customs.balance(officer, &corridor.name()).unwrap();
}

#[tokio::test]
async fn what_a_log_lost_for_good_may_have_told_of_a_certificate_is_said() {
    let corridor = Corridor::open().await;
    let closing = Closing { size: 0, signed: 20, note: String::new() };
    let keep = |origin: &str| {
        let state = vec![closing.put(&origin.parse().unwrap())];
        corridor.china.store.commit(Batch { state, ..Batch::default() }).unwrap();
    };
    keep("customs.gov.cn/log/2025/kra.go.ke");
    let said = || {
        let shown = corridor.customs.course(&corridor.officer, &corridor.name()).unwrap().notices;
        shown.into_iter().find(|one| one.reason == "ACTS_LOST")
    };
    assert!(said().is_none());
    keep("customs.gov.cn/log/2025/tdap.gov.pk");
    let said = said().unwrap();
    assert!(!said.blocks && said.words.starts_with("20 entries are lost of customs.gov.cn/log/2025"), "{}", said.words);
    corridor.customs.write_off(&corridor.officer, corridor.write_off(1, "D-1", "1")).await.unwrap();
}

#[tokio::test]
async fn a_log_that_was_closed_before_a_certificate_was_issued_told_nothing_of_it() {
    let corridor = Corridor::open().await;
    let (origin, closing) = (log(), Closing { size: 0, signed: 20, note: String::new() });
    let is_said_where_closed_at = |at_ms: u64| {
        let state = vec![closing.put(&origin), Closing::put_at(at_ms, &origin)];
        corridor.china.store.commit(Batch { state, ..Batch::default() }).unwrap();
        let shown = corridor.customs.course(&corridor.officer, &corridor.name()).unwrap().notices;
        shown.iter().any(|one| one.reason == "ACTS_LOST")
    };
    // The two clocks may be an hour apart.
    let an_hour_before = corridor.issued.outcome.jti.hour_ms() - 3_600_000;
    assert!(!is_said_where_closed_at(an_hour_before - 1));
    assert!(is_said_where_closed_at(an_hour_before));
}
