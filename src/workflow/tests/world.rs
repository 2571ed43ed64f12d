//! A small real world for tests: an authority with its keys, a trust list, a store, a sequencer, a desk.

mod trust_list;

use crate::{
    agreement::{Agreements, Lists},
    certificate::offset_dates,
    document::{FontFolders, Forms, Images},
    inbox::{Why, await_it, finding},
    keys::{KeyStore, StatementKey},
    log::{Extension, Origin},
    office::{Account, Caller, Continuity, Fees, Office, Role, Wanted},
    sequencer::{Limits, Sequencer, Setup, Signers, Standing},
    statement::{Issuer, Kid, open_leaf},
    store::{Batch, Disclosures, EntryRef, MemoryStore, NewEntry, PublishedHead, StateChange, Store},
    time::{Clock, FixedClock, SeededRandom, ZoneName},
    trust::{NodeName, TrustList},
    verification::{EntryFault, Verifier},
    workflow::{Desk, DeskSetup, IssueRow, Offices, PartnerLogs, Printer, Reminders},
};
use arc_swap::ArcSwap;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

pub(crate) use trust_list::{federation, first_list, section};

pub(crate) const NOW: &str = "2026-11-22T10:00:00Z";
const FOOTBALLS: &str = include_str!("../../../node-config/demo/certificates/pk-cn-footballs.json");
/// Two items of one certificate.
const TEA_AND_COFFEE: &str = include_str!("../../../node-config/demo/certificates/ke-cn-tea-coffee.json");
const CPFTA: &str = include_str!("../../../node-config/agreements/cpfta.toml");
const CPFTA_RULES: &str = include_str!("../../../node-config/agreements/cpfta.rules.toml");
/// Of which an authority has log keys.
const YEARS: [i16; 2] = [2026, 2027];

/// Where an authority of the tests is.
#[derive(Clone, Copy)]
pub(crate) struct Home {
    issuer: &'static str,
    country: &'static str,
    zone: &'static str,
    office: &'static str,
    city: &'static str,
}

pub(crate) const PAKISTAN: Home =
    Home { issuer: "https://tdap.gov.pk", country: "PK", zone: "Asia/Karachi", office: "LHE", city: "Lahore" };
const CHINA: Home =
    Home { issuer: "https://customs.gov.cn", country: "CN", zone: "Asia/Shanghai", office: "NGB", city: "Ningbo" };

pub(crate) struct World {
    home: Home,
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) trust: Arc<ArcSwap<TrustList>>,
    pub(crate) agreements: Arc<Agreements>,
    pub(crate) lists: Arc<ArcSwap<Lists>>,
    pub(crate) keys: KeyStore,
    pub(crate) issuer: Issuer,
    pub(crate) signatory: Caller,
    /// What the offices ask.
    pub(crate) fees: Fees,
    /// After how many years what certificates say is erased.
    pub(crate) erase_after_years: Option<u32>,
    /// Its corridors, and the days of an outage.
    pub(crate) continuity: Continuity,
    /// The stores of other authorities that are seen here.
    pub(crate) elsewhere: Arc<Elsewhere>,
}

/// Logs of other authorities, read where they are written.
#[derive(Default)]
pub(crate) struct Elsewhere {
    stores: Mutex<Vec<Arc<dyn Store>>>,
    /// Whether one node has them all.
    hosted: AtomicBool,
    /// What the nodes of logs say to have lost of them.
    lost: Mutex<BTreeMap<Origin, (u64, u64)>>,
    /// Logs that are proven to have shown two histories, and the sizes at or before which these parted.
    forked: Mutex<BTreeMap<Origin, u64>>,
    /// Nodes that were not heard since what is kept of them was lost.
    unheard: Mutex<BTreeSet<NodeName>>,
}

impl Elsewhere {
    fn add(&self, store: Arc<dyn Store>) {
        self.stores.lock().unwrap().push(store);
    }

    /// From now on the own node of a log says that it has so many entries of it left, and so many are neither there nor here.
    pub(crate) fn is_lost(&self, origin: &Origin, left: u64, gone: u64) {
        self.lost.lock().unwrap().insert(origin.clone(), (left, gone));
    }

    /// From now on a log is proven to have shown two histories that parted at or before this size.
    pub(crate) fn has_forked(&self, origin: &Origin, parted: u64) {
        self.forked.lock().unwrap().insert(origin.clone(), parted);
    }

    /// From now on a node was not heard since what is kept of it was lost.
    pub(crate) fn is_unheard(&self, node: &NodeName) {
        self.unheard.lock().unwrap().insert(node.clone());
    }

    /// From now on one node has them all, and none of them is a copy.
    pub(crate) fn is_one_node(&self) {
        self.hosted.store(true, Ordering::Relaxed);
    }
}

impl PartnerLogs for Elsewhere {
    fn logs(&self) -> Vec<(Origin, Arc<dyn Store>)> {
        let stores = self.stores.lock().unwrap();
        stores.iter().flat_map(|store| store.logs().into_iter().map(|log| (log, Arc::clone(store)))).collect()
    }

    /// One store for both sides, unless that is said: what the one erases, the other has lost. What is a copy is for whole
    /// nodes to show.
    fn copies(&self) -> Vec<(Origin, Arc<dyn Store>)> {
        if self.hosted.load(Ordering::Relaxed) { Vec::new() } else { self.logs() }
    }

    fn is_hosted(&self, _: &Origin) -> bool {
        true
    }

    fn forked_at(&self, origin: &Origin) -> Option<u64> {
        self.forked.lock().unwrap().get(origin).copied()
    }

    fn was_lifted(&self, _: &Origin) -> bool {
        false
    }

    fn lost(&self, origin: &Origin) -> Option<(u64, u64)> {
        self.lost.lock().unwrap().get(origin).copied()
    }

    fn unheard(&self) -> BTreeSet<NodeName> {
        self.unheard.lock().unwrap().clone()
    }
}

impl World {
    pub(crate) fn new() -> Self {
        let (random, keys) = (SeededRandom::new(7), KeyStore::in_memory());
        let signer = federation(&keys, &random);
        let section = section(PAKISTAN, (&keys, &keys), &YEARS, &random);
        let (trust, _) = first_list(&keys, signer, &section);
        let agreements = Agreements::load([
            ("cpfta.toml", CPFTA),
            ("cpfta.rules.toml", CPFTA_RULES),
            ("comesa.toml", include_str!("../../../node-config/agreements/comesa.toml")),
            ("nonpreferential.toml", include_str!("../../../node-config/agreements/nonpreferential.toml")),
        ])
        .unwrap();
        Self {
            home: PAKISTAN,
            store: Arc::new(MemoryStore::new()),
            clock: Arc::new(FixedClock::new(NOW.parse().unwrap())),
            trust: Arc::new(ArcSwap::from_pointee(trust)),
            agreements: Arc::new(agreements),
            lists: Arc::default(),
            keys,
            issuer: PAKISTAN.issuer.parse().unwrap(),
            signatory: signatory(PAKISTAN, "A. Qureshi", &random),
            fees: Fees::None,
            erase_after_years: None,
            continuity: Continuity::default(),
            elsewhere: Arc::default(),
        }
    }

    /// An authority of China, known to the same federation from now on.
    pub(crate) fn abroad(&self) -> Self {
        let (random, keys) = (SeededRandom::new(23), KeyStore::in_memory());
        let section = section(CHINA, (&keys, &keys), &YEARS, &random);
        self.next_list(|text| text.put(&section, None));
        Self {
            home: CHINA,
            store: Arc::new(MemoryStore::new()),
            clock: Arc::clone(&self.clock),
            trust: Arc::clone(&self.trust),
            agreements: Arc::clone(&self.agreements),
            lists: Arc::clone(&self.lists),
            keys,
            issuer: CHINA.issuer.parse().unwrap(),
            signatory: signatory(CHINA, "Wang Min", &random),
            fees: Fees::None,
            erase_after_years: None,
            continuity: Continuity::default(),
            elsewhere: Arc::default(),
        }
    }

    /// Sees the logs of another from now on.
    pub(crate) fn sees(&self, other: &Self) {
        self.elsewhere.add(Arc::clone(&other.store) as _);
    }

    /// Keeps a copy of a log of another from now on, in a store of its own, as its replica does.
    pub(crate) fn copies(&self, other: &Self, origin: &Origin) -> Arc<MemoryStore> {
        self.copies_where(other, origin, |_| None)
    }

    /// The same, where some entries came as findings.
    pub(crate) fn copies_where(
        &self,
        other: &Self,
        origin: &Origin,
        fault: impl Fn(u64) -> Option<EntryFault>,
    ) -> Arc<MemoryStore> {
        self.copies_but(other, origin, fault, |_| false)
    }

    /// The same, where the other keeps back what one entry says.
    pub(crate) fn copies_without(&self, other: &Self, origin: &Origin, held: u64) -> Arc<MemoryStore> {
        self.copies_but(other, origin, |_| None, |index| index == held)
    }

    fn copies_but(
        &self,
        other: &Self,
        origin: &Origin,
        fault: impl Fn(u64) -> Option<EntryFault>,
        held: impl Fn(u64) -> bool,
    ) -> Arc<MemoryStore> {
        let (copy, PublishedHead { head, note }) = (Arc::new(MemoryStore::new()), other.store.head(origin).unwrap());
        let addressee = other.store.addressee(origin).unwrap();
        let opened = StateChange::LogOpened { origin: origin.clone(), addressee };
        let mut batch = Batch { at_ms: 1, state: vec![opened], ..Batch::default() };
        for index in 0..head.size {
            let leaf = other.store.leaf(origin, index).unwrap().unwrap();
            let facts = other.store.facts(origin, index).unwrap().unwrap();
            let held = held(index);
            let shown = match other.store.disclosures(origin, index).unwrap() {
                Some(Disclosures::Present(shown)) if !held => shown,
                _ => Vec::new(),
            };
            let entry = EntryRef { origin: origin.clone(), index };
            batch.state.extend(held.then(|| await_it(origin, index, Why::Held)));
            let fault = fault(index);
            batch.state.extend(fault.as_ref().map(|fault| finding::of(origin, index, fault, 1).put()));
            batch.state.extend(crate::store::index(&entry, &open_leaf(&leaf, &shown).unwrap().body, 1));
            batch.entries.push(NewEntry {
                origin: entry.origin,
                index,
                jti: facts.jti,
                status_index: facts.status_index.filter(|_| fault.is_none()),
                number: None,
                leaf,
                disclosures: (!shown.is_empty()).then(|| copy.seal(origin, index, &shown).unwrap()),
            });
        }
        copy.commit(batch).unwrap();
        let extension = Extension::prove(origin.clone(), None, head, &[]).unwrap();
        copy.advance(vec![extension], &|_| Ok(note.clone())).unwrap();
        self.elsewhere.add(Arc::clone(&copy) as _);
        copy
    }

    /// CPFTA with this said of cancelling at the holder's wish, beside the rest.
    pub(crate) fn cancelled_by(&mut self, rules: &str) {
        self.cpfta_with(&format!("[editions.cancellation]\n{rules}\n\n[editions.verification]"));
    }

    /// CPFTA with this said of the clock of an enquiry, beside the rest.
    pub(crate) fn verified_by(&mut self, rules: &str) {
        self.cpfta_with(&format!("[editions.verification]\n{rules}"));
    }

    /// CPFTA by which a certificate is good for a month, with this said of one that is shown later.
    pub(crate) fn good_for_a_month(&mut self, late: &str) {
        let (validity, rule) = ("validity = { value = { months = 12,", "late_presentation = { confirmed = false }");
        let cpfta = CPFTA.replace(validity, "validity = { value = { months = 1,");
        self.cpfta_is(&cpfta.replace(rule, &format!("late_presentation = {{ {late} }}")));
    }

    /// CPFTA with this where its words on verification begin.
    fn cpfta_with(&mut self, begin: &str) {
        self.cpfta_is(&CPFTA.replace("[editions.verification]", begin));
    }

    fn cpfta_is(&mut self, cpfta: &str) {
        let files = [("cpfta.toml", cpfta), ("cpfta.rules.toml", CPFTA_RULES)];
        self.agreements = Arc::new(Agreements::load(files).unwrap());
    }

    /// The key id of the first statement key.
    pub(crate) fn statement_kid(&self) -> Kid {
        self.keys.statement(&"statement".parse().unwrap()).unwrap().kid().clone()
    }

    fn statement_key(&self) -> StatementKey {
        let second = self.keys.statement(&"statement-2".parse().unwrap());
        second.or_else(|_| self.keys.statement(&"statement".parse().unwrap())).unwrap()
    }

    /// Starts a sequencer over the store, as a process does, whose partners have said what they hold of its logs.
    pub(crate) fn desk(&self) -> (Desk, Sequencer) {
        self.settled(self.unsettled_desk())
    }

    fn settled(&self, (desk, sequencer): (Desk, Sequencer)) -> (Desk, Sequencer) {
        let nodes = self.trust.load().text().nodes.iter().map(|node| node.name.clone()).collect();
        sequencer.gate().heard(nodes, Vec::new(), true);
        for log in self.store.logs() {
            if sequencer.gate().standing(&log) == Some(Standing::Unknown) {
                sequencer.gate().settle(&log, Standing::Settled);
            }
        }
        (desk, sequencer)
    }

    /// The same with the log keys of these shards.
    pub(crate) fn desk_with(&self, shards: &[&str]) -> (Desk, Sequencer) {
        self.settled(self.open(shards))
    }

    /// The same, whose logs of 2026 go on in another shard where the trust list ends them.
    pub(crate) fn desk_with_successor(&self) -> (Desk, Sequencer) {
        self.list_log_key("2026-2");
        self.desk_with(&["2026", "2027", "2026-2"])
    }

    /// One whose partners were not asked yet.
    pub(crate) fn unsettled_desk(&self) -> (Desk, Sequencer) {
        self.open(&YEARS)
    }

    fn open(&self, shards: &[impl std::fmt::Display]) -> (Desk, Sequencer) {
        let setup = Setup {
            issuer: self.issuer.clone(),
            zone: ZoneName::new(self.home.zone).unwrap(),
            store: Arc::clone(&self.store) as Arc<dyn Store>,
            signers: Signers {
                statement: self.statement_key(),
                status: self.keys.status(&"status".parse().unwrap()).unwrap(),
                logs: shards
                    .iter()
                    .map(|shard| self.keys.log(&format!("log-{shard}").parse().unwrap()).unwrap())
                    .collect(),
            },
            trust: Arc::clone(&self.trust),
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            random: Arc::new(SeededRandom::new(11)),
            limits: Limits::default(),
        };
        let sequencer = Sequencer::start(setup).unwrap();
        let (store, clock) = (Arc::clone(&self.store) as Arc<dyn Store>, Arc::clone(&self.clock) as Arc<dyn Clock>);
        let desk = Desk::new(DeskSetup {
            issuer: self.issuer.clone(),
            country: self.home.country.parse().unwrap(),
            offices: Offices::load(
                Arc::clone(&store),
                clock,
                vec![Office {
                    code: self.home.office.parse().unwrap(),
                    name: self.home.city.into(),
                    place: self.home.city.into(),
                    agreements: vec!["CPFTA".parse().unwrap(), "NONPREF".parse().unwrap()],
                    time_zone: ZoneName::new(self.home.zone).unwrap(),
                    fees: self.fees.clone(),
                    series_begin: BTreeMap::new(),
                }],
            )
            .unwrap(),
            store: Arc::clone(&self.store) as Arc<dyn Store>,
            sequencer: sequencer.clone(),
            agreements: Arc::clone(&self.agreements),
            lists: Arc::clone(&self.lists),
            trust: Arc::clone(&self.trust),
            partners: Arc::clone(&self.elsewhere) as _,
            verifier: Arc::new(ArcSwap::from_pointee(self.verifier())),
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            erase_after_years: self.erase_after_years,
            stamp: Some(self.keys.stamp(&"stamp".parse().unwrap()).unwrap()),
            random: Arc::new(SeededRandom::new(12)),
            reminders: Reminders::default(),
            printer: Printer::new(Forms::shipped(), FontFolders::System),
            images: Images::none(),
            continuity: self.continuity.clone(),
        });
        (desk, sequencer)
    }

    /// The footballs of Sialkot, asked for now, with the nth request id.
    pub(crate) fn footballs(&self, nth: u16) -> IssueRow {
        IssueRow { request_id: self.request_id(nth), certificate_json: footballs(&self.clock) }
    }

    /// The same with something else said in it.
    pub(crate) fn footballs_with(&self, nth: u16, change: impl FnOnce(&mut serde_json::Value)) -> IssueRow {
        let row = self.footballs(nth);
        let mut json = serde_json::from_slice(&row.certificate_json).unwrap();
        change(&mut json);
        IssueRow { certificate_json: json.to_string().into_bytes(), ..row }
    }

    /// Tea and coffee, as two items of a certificate without an agreement, asked for now.
    pub(crate) fn tea_and_coffee(&self, nth: u16) -> IssueRow {
        let today = ZoneName::new(PAKISTAN.zone).unwrap().date_at(self.clock.now());
        let text = offset_dates(TEA_AND_COFFEE, today).unwrap();
        let mut json: serde_json::Value = serde_json::from_str(&text).unwrap();
        let row = self.footballs(nth);
        let of = serde_json::from_slice::<serde_json::Value>(&row.certificate_json).unwrap();
        // From Pakistan's office, with Pakistan's exporter.
        json["agreement"] = "NONPREF".into();
        for member in ["from", "to", "reference", "exporter", "consignee", "transport"] {
            json[member] = of[member].clone();
        }
        for item in json["goods"]["items"].as_array_mut().unwrap() {
            item["origin"] = "PK".into();
        }
        IssueRow { certificate_json: json.to_string().into_bytes(), ..row }
    }

    pub(crate) fn request_id(&self, nth: u16) -> String {
        request_id(&self.clock, nth)
    }

    pub(crate) fn request_id_at(nth: u16, ms: u64) -> String {
        let ms = format!("{ms:012x}");
        format!("{}-{}-7000-8000-00000000{nth:04x}", &ms[..8], &ms[8..])
    }

    pub(crate) fn verifier(&self) -> Verifier {
        Verifier::new(
            self.trust.load_full(),
            Some(Arc::clone(&self.agreements)),
            crate::verification::Settings::default(),
        )
    }
}

/// The footballs of Sialkot, to be issued today.
pub(crate) fn footballs(clock: &FixedClock) -> Vec<u8> {
    let today = ZoneName::new(PAKISTAN.zone).unwrap().date_at(clock.now());
    offset_dates(FOOTBALLS, today).unwrap().into_bytes()
}

/// The nth request id of now.
pub(crate) fn request_id(clock: &FixedClock, nth: u16) -> String {
    World::request_id_at(nth, u64::try_from(clock.now().as_millisecond()).unwrap())
}

fn signatory(home: Home, name: &str, random: &SeededRandom) -> Caller {
    let (roles, offices) = (vec![Role::Signatory], vec![home.office.parse().unwrap()]);
    Account::open(Wanted { name: name.to_owned(), roles, offices, ..Wanted::default() }, random).unwrap().into()
}
