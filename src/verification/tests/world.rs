//! A small world from seeds: a federation, an authority with a log to a country without a node, certificates,
//! changes, snapshots, and the bundles that come of them.

use crate::{
    certificate::Certificate,
    log::{
        Extension, Hash, LogProof, NoteSignature, Origin, SignedNote, TreeHead, VerifierKey, cosign, leaf_hash,
        path_in, root_of, sign_checkpoint,
    },
    signature::{SecretKey, Signer},
    statement::{
        Act, Addressee, Body, Bundle, Change, Envelope, Issued, Issuer, Jti, Kind, Proven, StatementRef, Status,
        StatusChange, StatusList, StatusReference, StatusSnapshot, StatusToken, compose,
        status_list::{StatusPath, Ttl, lists_root},
    },
    time::{Date, SeededRandom, Timestamp},
    trust::{
        Algorithm, Anchor, KindName, ListDraft, ListText, ListedKey, ListedLogKey, ListedUse, Node, Role, SectionEntry,
        SectionText, TrustList, root_name,
    },
    verification::{Question, Settings, Verdict, Verifier},
};
use std::{collections::BTreeMap, sync::Arc};

pub(in crate::verification) const NOW: &str = "2026-12-01T09:00:00Z";
pub(in crate::verification) const SNAPSHOT: &str = "2026-12-01T06:00:00Z";
pub(in crate::verification) const URI: &str = "https://tdap.gov.pk/status/2026/cn/0";
/// Where the certificate's status stands in the list.
pub(in crate::verification) const SLOT: u32 = 70_001;

/// The keys, by what they are for.
pub(in crate::verification) mod seed {
    pub(in crate::verification) const SIGNER: u8 = 1;
    pub(in crate::verification) const ROOT: u8 = 2;
    pub(in crate::verification) const CUSTOMS_ROOT: u8 = 3;
    pub(in crate::verification) const STATEMENT: u8 = 4;
    pub(in crate::verification) const STATUS: u8 = 5;
    pub(in crate::verification) const LOG: u8 = 6;
    pub(in crate::verification) const WITNESS: u8 = 7;
    pub(in crate::verification) const STRANGER: u8 = 8;
}

pub(in crate::verification) fn key(seed: u8) -> SecretKey {
    SecretKey::from_seed(&[seed; 32]).unwrap()
}

pub(in crate::verification) fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

pub(in crate::verification) fn iss() -> Issuer {
    "https://tdap.gov.pk".parse().unwrap()
}

pub(in crate::verification) fn customs() -> Issuer {
    "https://customs.gov.cn".parse().unwrap()
}

pub(in crate::verification) fn aud() -> Addressee {
    "urn:iso:std:iso:3166:-1:CN".parse().unwrap()
}

pub(in crate::verification) fn origin() -> Origin {
    "tdap.gov.pk/log/2026/cn".parse().unwrap()
}

pub(in crate::verification) fn question() -> Question {
    Question::at(at(NOW))
}

fn listed(kid: &str, seed: u8, r#use: ListedUse) -> ListedKey {
    let kinds = [Kind::CertificateOfOrigin, Kind::StatusChange, Kind::StatusSnapshot];
    let named = kinds.map(|kind| kind.name().parse::<KindName>().unwrap()).to_vec();
    ListedKey {
        kid: kid.parse().unwrap(),
        alg: Algorithm::EdDSA,
        x: key(seed).public_key(),
        kinds: if r#use == ListedUse::Statement { named } else { Vec::new() },
        r#use,
        agreements: None,
        offices: None,
        from: Vec::new(),
    }
}

pub(in crate::verification) fn section() -> SectionText {
    SectionText {
        iss: iss(),
        serial: 1,
        country: "PK".parse().unwrap(),
        time_zone: crate::time::ZoneName::new("Asia/Karachi").unwrap(),
        names: [("en".parse().unwrap(), "Trade Development Authority".parse().unwrap())].into(),
        root: VerifierKey::note(&root_name(&iss()), key(seed::ROOT).public_key()).unwrap(),
        node: None,
        roles: vec!["issuer".parse::<Role>().unwrap()],
        keys: vec![listed("s1", seed::STATEMENT, ListedUse::Statement), listed("t1", seed::STATUS, ListedUse::Status)],
        log_keys: vec![ListedLogKey { shard: origin().shard(), x: key(seed::LOG).public_key() }],
    }
}

fn customs_section() -> SectionText {
    SectionText {
        iss: customs(),
        serial: 1,
        country: "CN".parse().unwrap(),
        time_zone: crate::time::ZoneName::new("Asia/Shanghai").unwrap(),
        names: [("en".parse().unwrap(), "Customs".parse().unwrap())].into(),
        root: VerifierKey::note(&root_name(&customs()), key(seed::CUSTOMS_ROOT).public_key()).unwrap(),
        node: None,
        roles: vec!["customs".parse::<Role>().unwrap()],
        keys: Vec::new(),
        log_keys: Vec::new(),
    }
}

/// The trust list, changed before it is signed.
pub(in crate::verification) fn trust(change: impl FnOnce(&mut SectionText, &mut ListText)) -> Arc<TrustList> {
    let signer = VerifierKey::note("federation/1", key(seed::SIGNER).public_key()).unwrap();
    let mut own = section();
    let mut text = ListText {
        version: 7,
        signers: vec![signer.clone()],
        ..ListText::first(at("2026-11-01T00:00:00Z"), at("2026-12-31T00:00:00Z"))
    };
    change(&mut own, &mut text);
    let notes = [own.sign(&key(seed::ROOT)).unwrap(), customs_section().sign(&key(seed::CUSTOMS_ROOT)).unwrap()];
    text.sections =
        notes.iter().map(|s| SectionEntry { note: s.note().to_string(), root_history: Vec::new() }).collect();
    let mut draft = ListDraft::new(text).unwrap();
    draft.sign(&"federation/1".parse().unwrap(), &key(seed::SIGNER), None).unwrap();
    let anchor = Anchor::new(1, vec![signer], BTreeMap::new()).unwrap();
    Arc::new(draft.finish(&anchor, None).unwrap())
}

pub(in crate::verification) fn plain_trust() -> Arc<TrustList> {
    trust(|_, _| {})
}

pub(in crate::verification) fn certificate() -> Box<Certificate> {
    Box::new(serde_json::from_str(include_str!("certificate.json")).unwrap())
}

/// The authority's log, entry by entry, and the list that follows from it.
pub(in crate::verification) struct World {
    pub(in crate::verification) origin: Origin,
    pub(in crate::verification) aud: Addressee,
    pub(in crate::verification) kid: &'static str,
    pub(in crate::verification) signer: u8,
    pub(in crate::verification) certificate: Box<Certificate>,
    pub(in crate::verification) issued: Vec<Issued>,
    pub(in crate::verification) list: StatusList,
    pub(in crate::verification) changes: Vec<usize>,
    pub(in crate::verification) certificate_at: usize,
    snapshot_at: usize,
}

impl World {
    /// A log with its first snapshot, and nothing else.
    pub(in crate::verification) fn empty() -> Self {
        let mut world = Self {
            origin: origin(),
            aud: aud(),
            kid: "s1",
            signer: seed::STATEMENT,
            certificate: certificate(),
            issued: Vec::new(),
            list: StatusList::new(),
            changes: Vec::new(),
            certificate_at: 0,
            snapshot_at: 0,
        };
        world.snapshot("2026-11-12T08:00:00Z");
        world
    }

    /// A log with the certificate, and no later snapshot yet.
    pub(in crate::verification) fn issued() -> Self {
        let mut world = Self::empty();
        world.issue();
        world
    }

    /// The certificate issued, and a snapshot that covers it.
    pub(in crate::verification) fn settled() -> Self {
        let mut world = Self::issued();
        world.snapshot(SNAPSHOT);
        world
    }

    pub(in crate::verification) fn envelope(&self, n: usize) -> Envelope {
        let hour = 1_794_470_400_000_u128;
        let jti = Jti((hour << 80 | (n as u128) << 56 | n as u128).to_be_bytes());
        Envelope {
            iss: iss(),
            kid: self.kid.parse().unwrap(),
            jti,
            day: Date::constant(2026, 11, 12),
            aud: self.aud.clone(),
            log: self.origin.clone(),
        }
    }

    pub(in crate::verification) fn add(&mut self, body: &Body) -> usize {
        let n = self.issued.len();
        let unsigned = compose(&self.envelope(n), body, &SeededRandom::new(n as u64)).unwrap();
        self.issued.push(unsigned.sign(&key(self.signer)).unwrap());
        n
    }

    pub(in crate::verification) fn issue(&mut self) {
        let status = StatusReference { uri: URI.parse().unwrap(), index: SLOT };
        let certificate = self.certificate.clone();
        self.certificate_at = self.add(&Body::Certificate { certificate, status });
    }

    pub(in crate::verification) fn snapshot(&mut self, as_of: &str) {
        let snapshot = StatusSnapshot {
            as_of: at(as_of).as_second().try_into().unwrap(),
            size: self.issued.len() as u64,
            lists: 1,
            lists_root: lists_root(&[self.list.digest()]),
        };
        self.snapshot_at = self.add(&Body::StatusSnapshot(snapshot));
    }

    pub(in crate::verification) fn target(&self) -> StatementRef {
        StatementRef { log: self.origin.clone(), jti: self.envelope(self.certificate_at).jti }
    }

    /// A change of the certificate, entered in the log and in the list.
    pub(in crate::verification) fn change(&mut self, act: Act, items: Option<&[u32]>) {
        let status = match (&act, items) {
            (Act::Reinstated, _) => Status::Valid,
            (_, Some(_)) => Status::InPart,
            (Act::Cancelled, _) => Status::Cancelled,
            (Act::Withdrawn { .. }, _) => Status::Withdrawn,
            (Act::Superseded { .. }, _) => Status::Superseded,
            (Act::Suspended, _) => Status::Suspended,
        };
        self.list.set(SLOT, status).unwrap();
        self.add_change(act, items);
    }

    /// A change entered in the log alone.
    pub(in crate::verification) fn add_change(&mut self, act: Act, items: Option<&[u32]>) {
        let change = Change { target: self.target(), act, items: items.map(<[u32]>::to_vec) };
        let at = self.add(&Body::StatusChange(StatusChange { change, reason: None, remarks: None }));
        self.changes.push(at);
    }

    fn hashes(&self) -> Vec<Hash> {
        self.issued.iter().map(|issued| leaf_hash(issued.jwt.as_bytes())).collect()
    }

    /// The checkpoint note over the first `size` entries.
    pub(in crate::verification) fn note(&self, size: usize) -> String {
        let head = TreeHead { size: size as u64, root: root_of(&self.hashes()[..size]) };
        let extension = Extension::prove(self.origin.clone(), None, head, &[]).unwrap();
        sign_checkpoint(&extension, &key(seed::LOG)).unwrap()
    }

    pub(in crate::verification) fn proof(&self, index: usize) -> String {
        self.proof_in(index, self.issued.len())
    }

    pub(in crate::verification) fn proof_in(&self, index: usize, size: usize) -> String {
        let path = path_in(&self.hashes()[..size], index).unwrap();
        LogProof::new(index as u64, path, self.note(size)).to_string()
    }

    pub(in crate::verification) fn status_token(list: &StatusList, uri: &str) -> String {
        let kid = "t1".parse().unwrap();
        let uri = uri.parse().unwrap();
        StatusToken::sign((&iss(), &kid), &uri, at(SNAPSHOT), Ttl::HOUR, list, &key(seed::STATUS)).unwrap()
    }

    /// Everything a stranger needs.
    pub(in crate::verification) fn bundle(&self) -> Bundle {
        let changes = self.changes.iter().map(|i| Proven { token: self.issued[*i].token(), proof: self.proof(*i) });
        Bundle {
            token: self.issued[self.certificate_at].token(),
            proof: Some(self.proof(self.certificate_at)),
            status: Some(Self::status_token(&self.list, URI)),
            status_path: Some(StatusPath::new(&[self.list.digest()], 0).unwrap().to_string()),
            status_statement: Some(self.issued[self.snapshot_at].jwt.clone()),
            status_proof: Some(self.proof(self.snapshot_at)),
            changes: changes.collect(),
            endorsements: Vec::new(),
        }
    }

    pub(in crate::verification) fn verify(&self) -> Verdict {
        verify(&plain_trust(), &self.bundle(), &question())
    }
}

/// The trust list with a second statement key, `s2`, of the stranger's seed, limited before it is listed.
pub(in crate::verification) fn second_key(limit: impl FnOnce(&mut ListedKey)) -> Arc<TrustList> {
    trust(|section, _| {
        let mut second = listed("s2", seed::STRANGER, ListedUse::Statement);
        limit(&mut second);
        section.keys.push(second);
    })
}

/// The trust list that asks for the cosignature of a witness.
pub(in crate::verification) fn witness_asked() -> Arc<TrustList> {
    trust(|_, list| {
        let witness = VerifierKey::cosigner("node.eac.int/witness", key(seed::WITNESS).public_key()).unwrap();
        list.nodes.push(Node {
            name: "node.eac.int".parse().unwrap(),
            replica_vkey: None,
            witness_vkey: Some(witness),
            retired: Vec::new(),
            https: None,
            grpc: None,
            spki: Vec::new(),
        });
        list.cosigning.witnesses = 1;
        list.cosigning.of = vec!["node.eac.int".parse().unwrap()];
    })
}

/// Adds a cosignature to the checkpoint of a proof.
pub(in crate::verification) fn cosigned(proof: &str, name: &str, seed: u8) -> String {
    let mut proof: LogProof = proof.parse().unwrap();
    let note = SignedNote::parse(&proof.checkpoint).unwrap();
    let checkpoint = note.text().parse().unwrap();
    let line: NoteSignature = cosign(&checkpoint, name, &key(seed), 1_796_115_600).unwrap();
    proof.checkpoint.push_str(&line.to_string());
    proof.checkpoint.push('\n');
    proof.to_string()
}

pub(in crate::verification) fn verify(trust: &Arc<TrustList>, bundle: &Bundle, question: &Question) -> Verdict {
    verify_text(trust, &bundle.to_json(), question)
}

pub(in crate::verification) fn verify_text(trust: &Arc<TrustList>, input: &str, question: &Question) -> Verdict {
    Verifier::new(Arc::clone(trust), None, Settings::default()).verify(input, question)
}
