//! A partner that forges, withholds, repeats what is old, or cosigns what is not so: it is refused by name, nothing it says
//! counts, and when it is honest again everything goes on by itself.

use crate::{
    asking::named,
    branch::keys,
    caller::Caller,
    delivery::{issue_footballs, log_to, signatory},
    federation::{Federation, Member, said, says, stop, until},
    ledger::Answer,
    packages::partner,
    pretender::{Pretender, size_of, wire},
    process::{Running, https::Https},
    relay::{Door, Lie, Several},
    support::text,
    troubles::say_more,
    wire::origin::v1 as api,
};
use bytes::Bytes;
use origin_exchange::{
    keys::{ReplicaKey, WitnessKey},
    log::{Checkpoint, Hash, TreeHead},
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    iter,
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
};
use wire::{WitnessOutcome, sync_request, sync_response};

const NOT_A_HASH_OF_ANYTHING: [u8; 32] = [7; 32];

/// The nodes, with a door before that of the issuer and that of the witness.
struct Stage<'a> {
    federation: &'a Federation,
    one: Running,
    two: Running,
    three: Running,
    issuers: Door,
    witness: Door,
    caller: Caller,
    token: String,
    log: String,
    /// Marks that were used.
    marks: usize,
}

impl<'a> Stage<'a> {
    async fn set(federation: &'a Federation) -> Self {
        let Federation { pakistan, china, kenya, .. } = federation;
        say_more(china);
        let issuers = Door::before(pakistan, [china, kenya]).await;
        let witness = Door::before(kenya, [pakistan, china]).await;
        let (mut one, two, three) = (pakistan.start(), china.start(), kenya.start());
        let (caller, token) = signatory(pakistan, &mut one).await;
        let mut this =
            Self { federation, one, two, three, issuers, witness, caller, token, log: log_to(china), marks: 0 };
        let places = this.issue(3).await;
        this.goes_on(&places).await;
        this
    }

    async fn issue(&mut self, count: usize) -> Vec<Answer> {
        let marks = self.marks..self.marks + count;
        self.marks = marks.end;
        issue_footballs(&self.caller, &self.token, marks).await
    }

    /// All of these are held in China, and cosigned there and in Kenya.
    async fn goes_on(&self, places: &[Answer]) {
        let Federation { pakistan, china, .. } = self.federation;
        let size = places.last().unwrap().index + 1;
        china.holds(&self.two, pakistan, &self.log, size);
        self.chinas().await.enough(&pakistan.trust(), &self.log, size).await;
    }

    /// China's node, as the issuer knows it.
    async fn chinas(&self) -> Pretender {
        let Federation { pakistan, china, .. } = self.federation;
        Pretender::open(china, pakistan, &self.one).await
    }

    /// How far China holds the log.
    fn held(&self) -> u64 {
        let Federation { pakistan, china, .. } = self.federation;
        china.passage(&self.two, pakistan, &self.log).unwrap()["held"].as_u64().unwrap()
    }

    /// How far the issuer has a partner's cosignature.
    fn cosigned(&self, partner: &Member) -> u64 {
        let log = self.federation.pakistan.passage(&self.one, partner, &self.log);
        log.and_then(|log| log["cosigned"]["size"].as_u64()).unwrap_or(0)
    }
}

fn is_chinas(from: &str, log: &str, its: &str) -> bool {
    from == "gacc.gov.cn" && log == its
}

/// Gives China nothing of a log.
struct Silent {
    log: String,
    streams: AtomicUsize,
}

impl Lie for Silent {
    fn replies(&self, from: &str, log: &str, _: &wire::SyncRequest) -> Option<Several<wire::SyncResponse>> {
        if !is_chinas(from, log, &self.log) {
            return None;
        }
        self.streams.fetch_add(1, Ordering::SeqCst);
        Some(Box::new(iter::empty()))
    }
}

/// Changes what a replica is given, on each stream in another way.
struct Forged {
    log: String,
    streams: AtomicUsize,
}

impl Lie for Forged {
    fn says(&self, from: &str, log: &str, asked: wire::SyncRequest) -> wire::SyncRequest {
        if is_chinas(from, log, &self.log) && matches!(asked.message, Some(sync_request::Message::Hello(_))) {
            self.streams.fetch_add(1, Ordering::SeqCst);
        }
        asked
    }

    fn gives(&self, from: &str, log: &str, mut answer: wire::SyncResponse) -> wire::SyncResponse {
        if is_chinas(from, log, &self.log) {
            match (self.streams.load(Ordering::SeqCst) % 5, &mut answer.message) {
                (0, Some(sync_response::Message::Announce(announce))) => {
                    announce.consistency.push(Bytes::from_static(&NOT_A_HASH_OF_ANYTHING));
                }
                (1, Some(sync_response::Message::Package(package))) => {
                    let mut changed = package.leaves[0].to_vec();
                    changed[20] ^= 1;
                    package.leaves[0] = changed.into();
                }
                (2, Some(sync_response::Message::Package(package))) => drop(package.leaves.remove(0)),
                (3, Some(sync_response::Message::Package(package))) => package.leaves.swap(0, 1),
                (4, Some(sync_response::Message::Package(package))) => {
                    package.proof.push(Bytes::from_static(&NOT_A_HASH_OF_ANYTHING));
                }
                _ => {}
            }
        }
        answer
    }
}

/// Entries that were altered, left out, put in another order or wrongly proven, and a head that is: none is kept.
async fn what_is_forged_is_refused(stage: &mut Stage<'_>) {
    let Federation { china, pakistan, .. } = stage.federation;
    // They come in one package: none is given while they are issued.
    let silent = Arc::new(Silent { log: stage.log.clone(), streams: AtomicUsize::new(0) });
    stage.issuers.lies(silent.clone());
    stage.issuers.hang_up();
    until(|| silent.streams.load(Ordering::SeqCst) > 0, || stage.two.events());
    let before = stage.held();
    let places = stage.issue(4).await;
    let cosigned = stage.issuers.cosigned(china, &stage.log);
    stage.issuers.lies(Arc::new(Forged { log: stage.log.clone(), streams: AtomicUsize::new(0) }));
    stage.issuers.hang_up();
    let refused = |why: &str| said(&stage.two, &["hanging up", stage.log.as_str(), why]);
    until(
        || refused("do not lead to the root that was announced") >= 4 && refused("was not shown to extend") >= 1,
        || stage.two.events(),
    );
    for reason in ["PACKAGE_OTHER_ROOT", "HEADS_INCONSISTENT"] {
        says(&stage.two, &["WARN", reason, &pakistan.node(), &stage.log]);
    }
    assert_eq!((stage.held(), stage.issuers.cosigned(china, &stage.log)), (before, cosigned));
    stage.issuers.is_honest();
    stage.goes_on(&places).await;
}

/// Gives the contents of another certificate for the first new one, and nothing for those after it.
struct Withheld {
    log: String,
    /// Entries before it are given as they are.
    from: u64,
    first: AtomicU64,
    others: Vec<Bytes>,
}

impl Lie for Withheld {
    fn discloses(
        &self,
        from: &str,
        asked: &wire::FetchDisclosuresRequest,
        mut honest: Vec<wire::FetchDisclosuresResponse>,
    ) -> Several<wire::FetchDisclosuresResponse> {
        if is_chinas(from, &asked.log, &self.log) {
            honest.retain_mut(|answer| {
                if answer.index < self.from || answer.disclosures.is_empty() {
                    return true;
                }
                let first = self.first.fetch_min(answer.index, Ordering::SeqCst).min(answer.index);
                let is_first = answer.index == first;
                if is_first {
                    answer.disclosures.clone_from(&self.others);
                }
                is_first
            });
        }
        Box::new(honest.into_iter())
    }
}

/// What customs in China are shown of a certificate.
fn arrival(china: &Member, node: &Running, token: &str, place: &Answer) -> Value {
    let ca = china.at("tls/ca.crt.pem");
    let system = Https { address: &node.client, ca: Path::new(&ca), token: Some(token) };
    let certificate = json!({ "jti": place.jti, "issuer": "tdap.gov.pk" });
    system.post("/v1/customs/get-arrival", &json!({ "certificate": certificate })).good()
}

/// What is withheld is named, and what is another's is shown as nobody's. Gives the certificates.
async fn what_is_not_disclosed_is_missing(stage: &mut Stage<'_>, officer: &str) -> Vec<Answer> {
    let Federation { china, pakistan, .. } = stage.federation;
    let (from, log) = (stage.held(), stage.log.clone());
    // Any certificate that China has the contents of.
    china.is_disclosed(&stage.two, pakistan, &log);
    let request = wire::FetchDisclosuresRequest { log: log.clone(), indexes: (0..from).collect() };
    let mut given = stage.chinas().await.calls().fetch_disclosures(request).await.unwrap().into_inner();
    let mut others = Vec::new();
    while let Some(answer) = given.message().await.unwrap() {
        if !answer.disclosures.is_empty() {
            others = answer.disclosures;
        }
    }
    assert!(!others.is_empty());
    let lie = Withheld { log: log.clone(), from, first: AtomicU64::new(u64::MAX), others: others.clone() };
    stage.issuers.lies(Arc::new(lie));
    let places = stage.issue(3).await;
    stage.goes_on(&places).await;
    let missing = || china.passage(&stage.two, pakistan, &log).unwrap()["missing_disclosures"].as_u64().unwrap();
    until(|| missing() >= 3, || format!("{} are missing\n{}", missing(), stage.two.events()));
    says(&stage.two, &["WARN", "disclosures are missing or wrong", &pakistan.node(), &log]);
    for place in &places {
        let shown = arrival(china, &stage.two, officer, place);
        assert_eq!(shown["arrival"]["delivery"], "DELIVERY_MISSING", "{shown:#}");
        assert_eq!(shown["arrival"]["number"].as_str().unwrap_or_default(), "", "{shown:#}");
        let token = shown["token"].as_str().unwrap_or_default();
        assert!(others.iter().all(|other| !token.contains(str::from_utf8(other).unwrap())), "{shown:#}");
    }
    stage.issuers.is_honest();
    places
}

fn another_head(log: &str) -> Checkpoint {
    Checkpoint { origin: log.parse().unwrap(), head: TreeHead { size: 5, root: Hash(NOT_A_HASH_OF_ANYTHING) } }
}

/// A witness that cosigns another head, says that it was shown no proof, or that it saw more than there is.
struct LyingWitness {
    log: String,
    key: WitnessKey,
    asked: AtomicUsize,
}

impl Lie for LyingWitness {
    fn cosigns(
        &self,
        _: &str,
        shown: &wire::AddCheckpointRequest,
        mut answer: wire::AddCheckpointResponse,
    ) -> wire::AddCheckpointResponse {
        if !str::from_utf8(&shown.checkpoint).unwrap().starts_with(&format!("{}\n", self.log)) {
            return answer;
        }
        match self.asked.fetch_add(1, Ordering::SeqCst) % 3 {
            0 => {
                let line = self.key.cosign(&(&another_head(&self.log)).into(), 1_700_000_000).unwrap();
                (answer.outcome, answer.line) = (WitnessOutcome::Cosigned.into(), line.to_string().into());
            }
            1 => (answer.outcome, answer.line) = (WitnessOutcome::Unproven.into(), Bytes::new()),
            _ => {
                (answer.outcome, answer.line) = (WitnessOutcome::Conflict.into(), Bytes::new());
                answer.size = u64::MAX;
            }
        }
        answer
    }
}

/// A replica that cosigns another head, and says on every other stream that it holds more than there is.
struct LyingReplica {
    log: String,
    key: ReplicaKey,
    streams: AtomicUsize,
}

impl Lie for LyingReplica {
    fn says(&self, from: &str, log: &str, mut asked: wire::SyncRequest) -> wire::SyncRequest {
        if is_chinas(from, log, &self.log) {
            match &mut asked.message {
                Some(sync_request::Message::Hello(hello)) => {
                    if self.streams.fetch_add(1, Ordering::SeqCst).is_multiple_of(2) {
                        hello.next_index = u64::MAX;
                    }
                }
                Some(sync_request::Message::Cosign(cosign)) => {
                    let line = self.key.cosign(&another_head(&self.log), 1_700_000_000).unwrap();
                    cosign.line = line.to_string().into();
                }
                Some(sync_request::Message::Want(_)) | None => {}
            }
        }
        asked
    }
}

/// Nothing that a cosigner makes up counts: the issuer names it, waits, and has enough when it cosigns what is so.
async fn what_a_cosigner_makes_up_counts_for_nothing(stage: &mut Stage<'_>) {
    let Federation { china, kenya, .. } = stage.federation;
    let log = stage.log.clone();
    let key = keys(kenya, "").witness(&"witness".parse().unwrap()).unwrap();
    stage.witness.lies(Arc::new(LyingWitness { log: log.clone(), key, asked: AtomicUsize::new(0) }));
    let key = keys(china, "").replica(&"replica".parse().unwrap()).unwrap();
    stage.issuers.lies(Arc::new(LyingReplica { log: log.clone(), key, streams: AtomicUsize::new(0) }));
    let places = stage.issue(2).await;
    for answer in ["answer=Cosigned(", "answer=Unproven", "answer=Conflict(18446744073709551615)"] {
        says(&stage.one, &["WARN", "a witness does not cosign", &kenya.node(), &log, answer]);
    }
    for reason in ["NOTE_SIGNATURE_INVALID", "PARTNER_HOLDS_MORE"] {
        says(&stage.one, &["a stream ends", &china.node(), reason]);
    }
    let request = api::DownloadCertificateRequest {
        certificate: named(&places[0].number),
        format: api::DownloadFormat::Bundle.into(),
    };
    let bundle = stage.caller.certificates(&stage.token).download_certificate(request).await.unwrap().into_inner();
    assert!(bundle.awaiting_cosignatures, "{}", stage.one.events());
    for partner in [china, kenya] {
        let cosigned = stage.cosigned(partner);
        assert!(cosigned <= places[0].index, "{} has cosigned {cosigned}", partner.node());
    }
    stage.witness.is_honest();
    stage.issuers.is_honest();
    stage.goes_on(&places).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_partner_forges_withholds_or_makes_up_is_refused_by_name_and_it_goes_on_when_it_is_honest_again() {
    let federation = Federation::new();
    let Federation { pakistan, china, .. } = &federation;
    let mut stage = Stage::set(&federation).await;
    what_is_forged_is_refused(&mut stage).await;
    let officer = china.account(&stage.two, china.host(), "customs_officer", &[]);
    let places = what_is_not_disclosed_is_missing(&mut stage, &officer).await;
    what_a_cosigner_makes_up_counts_for_nothing(&mut stage).await;

    // What is missing is asked for again after a minute, and at a start.
    let Stage { one, two, three, log, .. } = stage;
    stop([two]);
    let two = china.start();
    china.is_disclosed(&two, pakistan, &log);
    for place in &places {
        let shown = arrival(china, &two, &officer, place);
        assert_eq!(shown["arrival"]["delivery"], "DELIVERY_COMPLETE", "{shown:#}");
        assert_eq!(shown["arrival"]["number"], place.number.as_str(), "{shown:#}");
    }
    // A partner that said to hold more than there is is not known by that for ever.
    let shown = pakistan.passage(&one, china, &log).unwrap();
    assert!(shown["held"].as_u64() <= shown["size"].as_u64(), "{shown:#}");
    stop([one, two, three]);
}

/// Tells everybody what it told them first, and announces one old head of a log.
struct Stale {
    log: String,
    old: Bytes,
    told: Mutex<BTreeMap<String, wire::ListHeadsResponse>>,
    list: Mutex<Option<wire::OfferTrustListResponse>>,
    times: AtomicUsize,
}

impl Stale {
    fn times(&self) -> usize {
        self.times.load(Ordering::SeqCst)
    }
}

impl Lie for Stale {
    fn gives(&self, from: &str, log: &str, mut answer: wire::SyncResponse) -> wire::SyncResponse {
        if is_chinas(from, log, &self.log)
            && let Some(sync_response::Message::Announce(announce)) = &mut answer.message
        {
            (announce.checkpoint, announce.consistency) = (self.old.clone(), Vec::new());
        }
        answer
    }

    fn lists(&self, from: &str, honest: wire::ListHeadsResponse) -> wire::ListHeadsResponse {
        self.times.fetch_add(1, Ordering::SeqCst);
        self.told.lock().unwrap().entry(from.to_owned()).or_insert(honest).clone()
    }

    fn offers(&self, _: &str, honest: wire::OfferTrustListResponse) -> wire::OfferTrustListResponse {
        let now = honest.now;
        wire::OfferTrustListResponse { now, ..self.list.lock().unwrap().get_or_insert(honest).clone() }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_partner_that_always_tells_old_heads_and_an_old_list_takes_nothing_back_from_anybody() {
    let federation = Federation::new();
    let Federation { pakistan, china, .. } = &federation;
    let mut stage = Stage::set(&federation).await;
    let log = stage.log.clone();
    let heads = stage.chinas().await.heads().await;
    let old = heads.iter().find(|head| head.log == log).unwrap().checkpoint.clone();
    let stale = || {
        let (told, list, times) = (Mutex::default(), Mutex::default(), AtomicUsize::new(0));
        Arc::new(Stale { log: log.clone(), old: old.clone(), told, list, times })
    };
    // The witness: of everything.
    let kenyas = stale();
    stage.witness.lies(kenyas.clone());
    stage.witness.hang_up();
    until(|| kenyas.told.lock().unwrap().len() == 2, || stage.two.events());
    let places = stage.issue(3).await;
    stage.goes_on(&places).await;
    assert!(places[0].index >= size_of(&old));

    // Those that begin anew, with the next list at one of them, are told old things by it too.
    let Stage { one, two, three, issuers, token, witness: _witness, .. } = stage;
    stop([one, two]);
    let first = federation.path("first.note");
    let next = federation.list("next.note", Some(text(&first)), |_| ());
    federation.install(&next, pakistan);
    let times = kenyas.times();
    let (mut one, two) = (pakistan.start(), china.start());
    says(&two, &["a trust list was taken", &pakistan.node(), "version=2"]);
    until(|| kenyas.times() >= times + 2, || format!("{}\n{}", one.events(), two.events()));
    let caller = Caller::open(&mut one, &pakistan.ca()).await;
    let places = issue_footballs(&caller, &token, 10..13).await;
    let size = places[2].index + 1;
    china.holds(&two, pakistan, &log, size);
    Pretender::open(china, pakistan, &one).await.enough(&pakistan.trust(), &log, size).await;
    for word in ["TRUST_FORKED", "a trust list was not taken", "OWN_HISTORY"] {
        assert_eq!((said(&one, &[word]), said(&two, &[word])), (0, 0), "{}\n{}", one.events(), two.events());
    }

    // The issuer: of its own log. What China holds stays, and it is told.
    issuers.lies(stale());
    issuers.hang_up();
    says(&two, &["WARN", "PARTNER_HOLDS_MORE", &pakistan.node(), &log]);
    let alarmed = || {
        let shown = partner(china, &two, &["status"]).good().out;
        shown.lines().any(|line| line.contains("alarm") && line.contains(&log) && line.contains("[PARTNER_HOLDS_MORE]"))
    };
    until(alarmed, || two.events());
    assert!(china.passage(&two, pakistan, &log).unwrap()["held"].as_u64() >= Some(size));
    issuers.is_honest();
    let places = issue_footballs(&caller, &token, 13..15).await;
    let size = places[1].index + 1;
    china.holds(&two, pakistan, &log, size);
    until(|| !alarmed(), || two.events());
    Pretender::open(china, pakistan, &one).await.enough(&pakistan.trust(), &log, size).await;
    stop([one, two, three]);
}
