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

/// Where an authority of the tests is.
#[derive(Clone, Copy)]
struct Home {
    issuer: &'static str,
    country: &'static str,
    zone: &'static str,
    office: &'static str,
    city: &'static str,
}

const PAKISTAN: Home =
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
        let random = SeededRandom::new(7);
        let keys = KeyStore::in_memory();
        let federation = KeyUse::Federation { signer: "federation.example".parse().unwrap() };
        let federation = keys.make(&"federation".parse().unwrap(), federation, &random).unwrap();
        let section = section(PAKISTAN, &keys, &random);
        let signer = federation.verifier_key().unwrap();
        let anchor = Anchor::new(1, vec![signer.clone()], BTreeMap::new()).unwrap();
        let mut text = ListText {
            version: 1,
            issued: "2026-11-01T00:00:00Z".parse().unwrap(),
            next_update: "2027-11-01T00:00:00Z".parse().unwrap(),
            k: 1,
            signers: vec![signer],
            sections: Vec::new(),
            closings: Vec::new(),
            shards: Vec::new(),
            nodes: Vec::new(),
            addressees: BTreeMap::new(),
            cosigning: Cosigning::if_it_has_a_node(),
        };
        text.put(&section, None);
        let mut draft = ListDraft::new(text).unwrap();
        keys.federation(&"federation".parse().unwrap()).unwrap().sign(&mut draft, None).unwrap();
        let trust = draft.finish(&anchor, None).unwrap();
        let agreements = Agreements::load([
            ("cpfta.toml", include_str!("../../../node-config/agreements/cpfta.toml")),
            ("cpfta.rules.toml", include_str!("../../../node-config/agreements/cpfta.rules.toml")),
            ("comesa.toml", include_str!("../../../node-config/agreements/comesa.toml")),
            ("nonpreferential.toml", include_str!("../../../node-config/agreements/nonpreferential.toml")),
        ])
        .unwrap();
        let wanted = Wanted {
            name: "A. Qureshi".to_owned(),
            roles: vec![Role::Signatory],
            offices: vec!["LHE".parse().unwrap()],
            ..Wanted::default()
        };
        let signatory = Account::open(wanted, &random).unwrap();
        Self {
            home: PAKISTAN,
            store: Arc::new(MemoryStore::new()),
            clock: Arc::new(FixedClock::new(NOW.parse().unwrap())),
            trust: Arc::new(ArcSwap::from_pointee(trust)),
            agreements: Arc::new(agreements),
            lists: Arc::default(),
            keys,
            issuer: PAKISTAN.issuer.parse().unwrap(),
            signatory: signatory.into(),
            fees: Fees::None,
            erase_after_years: None,
            continuity: Continuity::default(),
            elsewhere: Arc::default(),
        }
    }

    /// An authority of China, known to the same federation from now on.
    pub(crate) fn abroad(&self) -> Self {
        let (random, keys) = (SeededRandom::new(23), KeyStore::in_memory());
        let section = section(CHINA, &keys, &random);
        let list = self.trust.load_full();
        let mut text = ListText::following(&list, list.text().issued, list.text().next_update);
        text.put(&section, None);
        let mut draft = ListDraft::new(text).unwrap();
        self.keys.federation(&"federation".parse().unwrap()).unwrap().sign(&mut draft, None).unwrap();
        self.trust.store(Arc::new(draft.finish(&list.anchor().unwrap(), Some(&list)).unwrap()));
        let wanted = Wanted {
            name: "Wang Min".to_owned(),
            roles: vec![Role::Signatory],
            offices: vec![CHINA.office.parse().unwrap()],
            ..Wanted::default()
        };
        Self {
            home: CHINA,
            store: Arc::new(MemoryStore::new()),
            clock: Arc::clone(&self.clock),
            trust: Arc::clone(&self.trust),
            agreements: Arc::clone(&self.agreements),
            lists: Arc::clone(&self.lists),
            keys,
            issuer: CHINA.issuer.parse().unwrap(),
            signatory: Account::open(wanted, &random).unwrap().into(),
            fees: Fees::None,
            erase_after_years: None,
            continuity: Continuity::default(),
            elsewhere: Arc::default(),
        }
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
        let list = self.trust.load_full();
        let key = SecretKey::from_seed(&[11; 32]).unwrap();
        let mut text = ListText::following(&list, list.text().issued, list.text().next_update);
        text.nodes.push(Node {
            witness_vkey: None,
            replica_vkey: Some(VerifierKey::cosigner(&name.replica(), key.public_key()).unwrap()),
            retired: Vec::new(),
            https: None,
            grpc: None,
            spki: Vec::new(),
            name: name.clone(),
        });
        let mut section = list.section(&china.issuer).unwrap().successor();
        section.node = Some(name);
        section.roles = vec!["customs".parse().unwrap()];
        let section = china.keys.root(&"root".parse().unwrap()).unwrap().sign(section).unwrap();
        text.put(&section, None);
        text.addressees.insert("CN".parse().unwrap(), china.issuer.clone());
        let mut draft = ListDraft::new(text).unwrap();
        self.keys.federation(&"federation".parse().unwrap()).unwrap().sign(&mut draft, None).unwrap();
        self.trust.store(Arc::new(draft.finish(&list.anchor().unwrap(), Some(&list)).unwrap()));
        china
    }

    /// CPFTA with this said of cancelling at the holder's wish, beside the rest.
    pub(crate) fn cancelled_by(&mut self, rules: &str) {
        let cpfta = include_str!("../../../node-config/agreements/cpfta.toml");
        let with = format!("[editions.cancellation]\n{rules}\n\n[editions.verification]");
        let cpfta = cpfta.replace("[editions.verification]", &with);
        let products = include_str!("../../../node-config/agreements/cpfta.rules.toml");
        let files = [("cpfta.toml", cpfta.as_str()), ("cpfta.rules.toml", products)];
        self.agreements = Arc::new(Agreements::load(files).unwrap());
    }

    /// CPFTA with this said of the clock of an enquiry, beside the rest.
    pub(crate) fn verified_by(&mut self, rules: &str) {
        let cpfta = include_str!("../../../node-config/agreements/cpfta.toml");
        let cpfta = cpfta.replace("[editions.verification]", &format!("[editions.verification]\n{rules}"));
        let products = include_str!("../../../node-config/agreements/cpfta.rules.toml");
        let files = [("cpfta.toml", cpfta.as_str()), ("cpfta.rules.toml", products)];
        self.agreements = Arc::new(Agreements::load(files).unwrap());
    }

    /// A next trust list that closes a log at a size.
    pub(crate) fn close_log(&self, origin: &Origin, final_size: u64) {
        let list = self.trust.load_full();
        let mut text = ListText::following(&list, list.text().issued, list.text().next_update);
        text.shards.push(ShardEnd { origin: origin.clone(), final_size });
        let mut draft = ListDraft::new(text).unwrap();
        self.keys.federation(&"federation".parse().unwrap()).unwrap().sign(&mut draft, None).unwrap();
        let list = draft.finish(&list.anchor().unwrap(), Some(&list)).unwrap();
        self.trust.store(Arc::new(list));
    }

    /// A log key of another year, and a next trust list that names it.
    pub(crate) fn list_log_key(&self, year: i16) {
        let (list, shard) = (self.trust.load_full(), Shard::of_year(year));
        let key_use = KeyUse::Log { iss: self.issuer.clone(), shard };
        let made = self.keys.make(
            &format!("log-{shard}").parse().unwrap(),
            key_use,
            &SeededRandom::new(u64::try_from(year).unwrap()),
        );
        let mut section = list.section(&self.issuer).unwrap().successor();
        section.log_keys.push(ListedLogKey { shard, x: made.unwrap().public_key });
        let section = self.keys.root(&"root".parse().unwrap()).unwrap().sign(section).unwrap();
        let mut text = ListText::following(&list, list.text().issued, list.text().next_update);
        text.put(&section, None);
        let mut draft = ListDraft::new(text).unwrap();
        self.keys.federation(&"federation".parse().unwrap()).unwrap().sign(&mut draft, None).unwrap();
        self.trust.store(Arc::new(draft.finish(&list.anchor().unwrap(), Some(&list)).unwrap()));
    }

    /// A next trust list by which a node must have witnessed every head; its name and the key it does that with.
    pub(crate) fn witnessed(&self) -> (String, SecretKey) {
        let key = SecretKey::from_seed(&[9; 32]).unwrap();
        let name: NodeName = "node.kra.go.ke".parse().unwrap();
        let list = self.trust.load_full();
        let mut text = ListText::following(&list, list.text().issued, list.text().next_update);
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
        let mut draft = ListDraft::new(text).unwrap();
        self.keys.federation(&"federation".parse().unwrap()).unwrap().sign(&mut draft, None).unwrap();
        let list = draft.finish(&list.anchor().unwrap(), Some(&list)).unwrap();
        self.trust.store(Arc::new(list));
        (name.witness(), key)
    }

    /// A next trust list in which the statement key may speak of another agreement only.
    pub(crate) fn narrow_key(&self, agreement: &str) {
        let list = self.trust.load_full();
        let mut section = list.section(&self.issuer).unwrap().successor();
        for key in section.keys.iter_mut().filter(|key| key.r#use == ListedUse::Statement) {
            key.agreements = Some(vec![agreement.parse().unwrap()]);
        }
        let section = self.keys.root(&"root".parse().unwrap()).unwrap().sign(section).unwrap();
        let mut text = ListText::following(&list, list.text().issued, list.text().next_update);
        text.put(&section, None);
        let mut draft = ListDraft::new(text).unwrap();
        self.keys.federation(&"federation".parse().unwrap()).unwrap().sign(&mut draft, None).unwrap();
        let list = draft.finish(&list.anchor().unwrap(), Some(&list)).unwrap();
        self.trust.store(Arc::new(list));
    }

    /// A next trust list that closes the statement key as compromised at these places, and lists another, which is used
    /// from the next start on.
    pub(crate) fn revoke(&self, ends: &[(Origin, u64)]) {
        let list = self.trust.load_full();
        let (old, kid): (Kid, Kid) = (self.statement_kid(), "tdap-2026-2".parse().unwrap());
        let key_use = KeyUse::Statement { iss: self.issuer.clone(), kid: kid.clone() };
        let made = self.keys.make(&"statement-2".parse().unwrap(), key_use, &SeededRandom::new(31)).unwrap();
        let mut section = list.section(&self.issuer).unwrap().successor();
        let like = section.keys.iter().find(|key| key.kid == old).unwrap().clone();
        section.keys.push(ListedKey { kid, x: made.public_key, ..like });
        let section = self.keys.root(&"root".parse().unwrap()).unwrap().sign(section).unwrap();
        let mut text = ListText::following(&list, list.text().issued, list.text().next_update);
        text.put(&section, None);
        text.close(ends.iter().map(|(origin, until_index)| Closing {
            iss: self.issuer.clone(),
            kid: old.clone(),
            origin: origin.clone(),
            until_index: *until_index,
            reason: ClosingReason::Compromised,
        }));
        let mut draft = ListDraft::new(text).unwrap();
        self.keys.federation(&"federation".parse().unwrap()).unwrap().sign(&mut draft, None).unwrap();
        let list = draft.finish(&list.anchor().unwrap(), Some(&list)).unwrap();
        self.trust.store(Arc::new(list));
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

    /// The same with the log keys of these years.
    pub(crate) fn desk_with(&self, years: &[i16]) -> (Desk, Sequencer) {
        self.settled(self.open(years))
    }

    /// One whose partners were not asked yet.
    pub(crate) fn unsettled_desk(&self) -> (Desk, Sequencer) {
        self.open(&[2026, 2027])
    }

    fn open(&self, years: &[i16]) -> (Desk, Sequencer) {
        let setup = Setup {
            issuer: self.issuer.clone(),
            zone: ZoneName::new(self.home.zone).unwrap(),
            store: Arc::clone(&self.store) as Arc<dyn Store>,
            signers: Signers {
                statement: self.statement_key(),
                status: self.keys.status(&"status".parse().unwrap()).unwrap(),
                logs: years
                    .iter()
                    .map(|year| self.keys.log(&format!("log-{year}").parse().unwrap()).unwrap())
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
        let today = ZoneName::new("Asia/Karachi").unwrap().date_at(self.clock.now());
        IssueRow {
            request_id: self.request_id(nth),
            certificate_json: offset_dates(FOOTBALLS, today).unwrap().into_bytes(),
        }
    }

    pub(crate) fn request_id(&self, nth: u16) -> String {
        Self::request_id_at(nth, u64::try_from(self.clock.now().as_millisecond()).unwrap())
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

/// Makes the keys of an authority, and its section with them.
fn section(home: Home, keys: &KeyStore, random: &SeededRandom) -> Section {
    let issuer: Issuer = home.issuer.parse().unwrap();
    let label = issuer.host().as_str().split('.').next().unwrap().to_owned();
    let (kid, status): (Kid, Kid) =
        (format!("{label}-2026-1").parse().unwrap(), format!("{label}-status-2026").parse().unwrap());
    let make = |name: &str, key_use| keys.make(&name.parse().unwrap(), key_use, random).unwrap();
    let root = make("root", KeyUse::Root { iss: issuer.clone() });
    let statement = make("statement", KeyUse::Statement { iss: issuer.clone(), kid: kid.clone() });
    let status_side = make("status", KeyUse::Status { iss: issuer.clone(), kid: status.clone() });
    let stamp: Kid = format!("{label}-stamp-2026").parse().unwrap();
    let stamp_side = make("stamp", KeyUse::Stamp { iss: issuer.clone(), kid: stamp.clone() });
    let log_keys = [2026, 2027].map(Shard::of_year).map(|shard| ListedLogKey {
        shard,
        x: make(&format!("log-{shard}"), KeyUse::Log { iss: issuer.clone(), shard }).public_key,
    });
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
        log_keys: log_keys.to_vec(),
    };
    keys.root(&"root".parse().unwrap()).unwrap().sign(text).unwrap()
}
