//! A small real world for tests: an authority with its keys, a trust list, a store, a sequencer, a desk.

use crate::{
    agreement::{Agreements, Lists},
    certificate::offset_dates,
    document::{FontFolders, Forms, Images},
    keys::{KeyStore, KeyUse, StatementKey},
    log::{Extension, Origin, Shard, VerifierKey},
    office::{Account, Caller, Continuity, Fees, Office, Role, Wanted},
    sequencer::{Limits, Sequencer, Setup, Signers, Standing},
    signature::{SecretKey, Signer as _},
    statement::{Issuer, Kid, Kind, open_leaf},
    store::{Batch, Disclosures, EntryRef, MemoryStore, NewEntry, PublishedHead, StateChange, Store},
    time::{Clock, FixedClock, SeededRandom, ZoneName},
    trust::{
        Algorithm, Anchor, Closing, ClosingReason, Cosigning, ListDraft, ListText, ListedKey, ListedLogKey, ListedUse,
        Node, NodeName, Section, SectionText, ShardEnd, TrustList, root_name,
    },
    verification::Verifier,
    workflow::{Desk, DeskSetup, IssueRow, Offices, PartnerLogs, Printer, Reminders},
};
use arc_swap::ArcSwap;
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

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
pub(crate) struct Elsewhere(Mutex<Vec<Arc<dyn Store>>>);

impl PartnerLogs for Elsewhere {
    fn logs(&self) -> Vec<(Origin, Arc<dyn Store>)> {
        let stores = self.0.lock().unwrap();
        stores.iter().flat_map(|store| store.logs().into_iter().map(|log| (log, Arc::clone(store)))).collect()
    }

    /// One store for both sides: what the one erases, the other has lost. What is a copy is for whole nodes to show.
    fn copies(&self) -> Vec<(Origin, Arc<dyn Store>)> {
        self.logs()
    }

    fn is_hosted(&self, _: &Origin) -> bool {
        true
    }

    fn has_equivocated(&self, _: &Origin) -> bool {
        false
    }

    fn was_lifted(&self, _: &Origin) -> bool {
        false
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

    /// A next trust list with this change, in use from now on.
    pub(crate) fn next_list(&self, change: impl FnOnce(&mut ListText)) {
        let list = self.trust.load_full();
        let mut text = ListText::following(&list, list.text().issued, list.text().next_update);
        change(&mut text);
        let mut draft = ListDraft::new(text).unwrap();
        self.keys.federation(&"federation".parse().unwrap()).unwrap().sign(&mut draft, None).unwrap();
        self.trust.store(Arc::new(draft.finish(&list.anchor().unwrap(), Some(&list)).unwrap()));
    }

    /// The authority's next section with this change, in no list yet.
    pub(crate) fn next_section(&self, change: impl FnOnce(&mut SectionText)) -> Section {
        let mut section = self.trust.load().section(&self.issuer).unwrap().successor();
        change(&mut section);
        self.keys.root(&"root".parse().unwrap()).unwrap().sign(section).unwrap()
    }

    /// Sees the logs of another from now on.
    pub(crate) fn sees(&self, other: &Self) {
        self.elsewhere.0.lock().unwrap().push(Arc::clone(&other.store) as _);
    }

    /// Keeps a copy of a log of another from now on, in a store of its own, as its replica does.
    pub(crate) fn copies(&self, other: &Self, origin: &Origin) -> Arc<MemoryStore> {
        let (copy, PublishedHead { head, note }) = (Arc::new(MemoryStore::new()), other.store.head(origin).unwrap());
        let addressee = other.store.addressee(origin).unwrap();
        let opened = StateChange::LogOpened { origin: origin.clone(), addressee };
        let mut batch = Batch { at_ms: 1, state: vec![opened], ..Batch::default() };
        for index in 0..head.size {
            let leaf = other.store.leaf(origin, index).unwrap().unwrap();
            let facts = other.store.facts(origin, index).unwrap().unwrap();
            let shown = match other.store.disclosures(origin, index).unwrap() {
                Some(Disclosures::Present(shown)) => shown,
                _ => Vec::new(),
            };
            let entry = EntryRef { origin: origin.clone(), index };
            batch.state.extend(crate::store::index(&entry, &open_leaf(&leaf, &shown).unwrap().body, 1));
            batch.entries.push(NewEntry {
                origin: entry.origin,
                index,
                jti: facts.jti,
                status_index: facts.status_index,
                number: None,
                leaf,
                disclosures: (!shown.is_empty()).then(|| copy.seal(origin, index, &shown).unwrap()),
            });
        }
        copy.commit(batch).unwrap();
        let extension = Extension::prove(origin.clone(), None, head, &[]).unwrap();
        copy.advance(vec![extension], &|_| Ok(note.clone())).unwrap();
        self.elsewhere.0.lock().unwrap().push(Arc::clone(&copy) as _);
        copy
    }

    /// A next trust list by which customs of China have a node: what they are addressed, they hold and are asked about.
    pub(crate) fn with_customs(&self) -> Self {
        let china = self.abroad();
        let name: NodeName = "node.customs.gov.cn".parse().unwrap();
        let key = SecretKey::from_seed(&[11; 32]).unwrap();
        let section = china.next_section(|section| {
            section.node = Some(name.clone());
            section.roles = vec!["customs".parse().unwrap()];
        });
        self.next_list(|text| {
            text.nodes.push(Node {
                witness_vkey: None,
                replica_vkey: Some(VerifierKey::cosigner(&name.replica(), key.public_key()).unwrap()),
                retired: Vec::new(),
                https: None,
                grpc: None,
                spki: Vec::new(),
                name,
            });
            text.put(&section, None);
            text.addressees.insert("CN".parse().unwrap(), china.issuer.clone());
        });
        china
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

    /// A next trust list that closes a log at a size.
    pub(crate) fn close_log(&self, origin: &Origin, final_size: u64) {
        self.next_list(|text| text.shards.push(ShardEnd { origin: origin.clone(), final_size }));
    }

    /// A log key of another shard, and a next trust list that names it.
    pub(crate) fn list_log_key(&self, shard: &str) {
        let shard: Shard = shard.parse().unwrap();
        let random = SeededRandom::new(shard.to_string().bytes().fold(0, |seed, byte| seed * 31 + u64::from(byte)));
        let log_key = log_key(&self.issuer, shard, &self.keys, &random);
        let section = self.next_section(|section| section.log_keys.push(log_key));
        self.next_list(|text| text.put(&section, None));
    }

    /// A next trust list by which a node must have witnessed every head; its name and the key it does that with.
    pub(crate) fn witnessed(&self) -> (String, SecretKey) {
        let key = SecretKey::from_seed(&[9; 32]).unwrap();
        let name: NodeName = "node.kra.go.ke".parse().unwrap();
        self.next_list(|text| {
            text.nodes.push(Node {
                witness_vkey: Some(VerifierKey::cosigner(&name.witness(), key.public_key()).unwrap()),
                replica_vkey: None,
                retired: Vec::new(),
                https: None,
                grpc: None,
                spki: Vec::new(),
                name: name.clone(),
            });
            text.cosigning = Cosigning { witnesses: 1, of: vec![name.clone()], ..Cosigning::if_it_has_a_node() };
        });
        (name.witness(), key)
    }

    /// A next trust list in which the statement key may speak of another agreement only.
    pub(crate) fn narrow_key(&self, agreement: &str) {
        let section = self.next_section(|section| {
            for key in section.keys.iter_mut().filter(|key| key.r#use == ListedUse::Statement) {
                key.agreements = Some(vec![agreement.parse().unwrap()]);
            }
        });
        self.next_list(|text| text.put(&section, None));
    }

    /// A next trust list that closes the statement key as compromised at these places, and lists another, which is used
    /// from the next start on.
    pub(crate) fn revoke(&self, ends: &[(Origin, u64)]) {
        let (old, kid): (Kid, Kid) = (self.statement_kid(), "tdap-2026-2".parse().unwrap());
        let key_use = KeyUse::Statement { iss: self.issuer.clone(), kid: kid.clone() };
        let made = self.keys.make(&"statement-2".parse().unwrap(), key_use, &SeededRandom::new(31)).unwrap();
        let section = self.next_section(|section| {
            let like = section.keys.iter().find(|key| key.kid == old).unwrap().clone();
            section.keys.push(ListedKey { kid, x: made.public_key, ..like });
        });
        self.next_list(|text| {
            text.put(&section, None);
            text.close(ends.iter().map(|(origin, until_index)| Closing {
                iss: self.issuer.clone(),
                kid: old.clone(),
                origin: origin.clone(),
                until_index: *until_index,
                reason: ClosingReason::Compromised,
            }));
        });
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

/// Makes the key of the only signer of trust lists.
pub(crate) fn federation(keys: &KeyStore, random: &SeededRandom) -> VerifierKey {
    let key_use = KeyUse::Federation { signer: "federation.example".parse().unwrap() };
    keys.make(&"federation".parse().unwrap(), key_use, random).unwrap().verifier_key().unwrap()
}

/// The first trust list, and the anchor it is known by.
pub(crate) fn first_list(keys: &KeyStore, signer: VerifierKey, section: &Section) -> (TrustList, Anchor) {
    let anchor = Anchor::new(1, vec![signer.clone()], BTreeMap::new()).unwrap();
    let (issued, next_update) = ("2026-11-01T00:00:00Z".parse().unwrap(), "2027-11-01T00:00:00Z".parse().unwrap());
    let mut text = ListText { signers: vec![signer], ..ListText::first(issued, next_update) };
    text.put(section, None);
    let mut draft = ListDraft::new(text).unwrap();
    keys.federation(&"federation".parse().unwrap()).unwrap().sign(&mut draft, None).unwrap();
    (draft.finish(&anchor, None).unwrap(), anchor)
}

fn log_key(issuer: &Issuer, shard: Shard, keys: &KeyStore, random: &SeededRandom) -> ListedLogKey {
    let key_use = KeyUse::Log { iss: issuer.clone(), shard };
    let made = keys.make(&format!("log-{shard}").parse().unwrap(), key_use, random).unwrap();
    ListedLogKey { shard, x: made.public_key }
}

/// Makes the keys of an authority, its root apart from those that its node has, and its section with them.
pub(crate) fn section(
    home: Home,
    (roots, keys): (&KeyStore, &KeyStore),
    years: &[i16],
    random: &SeededRandom,
) -> Section {
    let issuer: Issuer = home.issuer.parse().unwrap();
    let label = issuer.host().as_str().split('.').next().unwrap().to_owned();
    let (kid, status): (Kid, Kid) =
        (format!("{label}-2026-1").parse().unwrap(), format!("{label}-status-2026").parse().unwrap());
    let root = roots.make(&"root".parse().unwrap(), KeyUse::Root { iss: issuer.clone() }, random).unwrap();
    let make = |name: &str, key_use| keys.make(&name.parse().unwrap(), key_use, random).unwrap();
    let statement = make("statement", KeyUse::Statement { iss: issuer.clone(), kid: kid.clone() });
    let status_side = make("status", KeyUse::Status { iss: issuer.clone(), kid: status.clone() });
    let stamp: Kid = format!("{label}-stamp-2026").parse().unwrap();
    let stamp_side = make("stamp", KeyUse::Stamp { iss: issuer.clone(), kid: stamp.clone() });
    let log_keys = years.iter().map(|year| log_key(&issuer, Shard::of_year(*year), keys, random)).collect();
    let listed = |kid: &Kid, x, r#use, kinds: Vec<Kind>| ListedKey {
        kid: kid.clone(),
        alg: Algorithm::EdDSA,
        x,
        r#use,
        kinds: kinds.into_iter().map(|kind| kind.name().parse().unwrap()).collect(),
        agreements: None,
        offices: None,
        from: Vec::new(),
    };
    let text = SectionText {
        iss: issuer.clone(),
        serial: 1,
        country: home.country.parse().unwrap(),
        time_zone: ZoneName::new(home.zone).unwrap(),
        names: BTreeMap::from([("en".parse().unwrap(), home.city.parse().unwrap())]),
        root: VerifierKey::note(&root_name(&issuer), root.public_key).unwrap(),
        node: None,
        // Customs of China issue there too, and are whom certificates to China are addressed to.
        roles: if home.country == "CN" { vec!["customs".parse().unwrap()] } else { Vec::new() },
        keys: vec![
            listed(&kid, statement.public_key, ListedUse::Statement, Kind::ALL.to_vec()),
            listed(&status, status_side.public_key, ListedUse::Status, Vec::new()),
            listed(&stamp, stamp_side.public_key, ListedUse::Stamp, Vec::new()),
        ],
        log_keys,
    };
    roots.root(&"root".parse().unwrap()).unwrap().sign(text).unwrap()
}
