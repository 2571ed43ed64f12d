use super::*;
use crate::{
    certificate::{DeclarationMeans, Sha256 as Shown},
    log::{Checkpoint, Origin, cosign},
    office::{Account, Actor, Declarant, Identity, Role, Wanted},
    reason::Reasoned as _,
    sequencer::cosigned::{Cosigned, Kept},
    statement::{
        Act, DocumentDigest, EnquiryGround, EnquiryQuestion, GoodsMeanwhile, Jti, ReplyAct, SubjectAnswer,
        SubjectFinding,
    },
    store::{Batch, FEED_KEPT_MS, MemoryStore},
    time::{Clock, Random, SeededRandom},
    workflow::{
        Abroad, Accounts, Applications, Arrival, ArrivalsAsked, ArrivedName, CertificateName, Desk, EnquiryWish,
        ErasedName, Exporters, NewToken, Paper, Preview, ReplyWish, StatusWish, SubjectWish, tests::world::World,
    },
};

struct Room {
    world: World,
    desk: Desk,
    applications: Applications,
    changes: Changes,
    exporter: Caller,
    examiner: Caller,
}

fn account(roles: &[Role], office: &str, seed: u64) -> Caller {
    let offices = vec![office.parse().unwrap()];
    let wanted = Wanted { name: "For a test".into(), roles: roles.to_vec(), offices, ..Wanted::default() };
    Caller::from(Account::open(wanted, &SeededRandom::new(seed)).unwrap())
}

/// The exporter of the footballs, as the office registered it.
fn identity() -> Identity {
    Identity {
        name: "Chenab Sports (Pvt) Ltd".parse().unwrap(),
        national_id: "0000000-1".parse().unwrap(),
        scheme: Some("NTN".parse().unwrap()),
        registration: "SLK-1".parse().unwrap(),
        address: ["Daska Road", "Sialkot"].map(|line| line.parse().unwrap()).to_vec(),
        country: "PK".parse().unwrap(),
    }
}

fn log() -> Origin {
    "tdap.gov.pk/log/2026/cn".parse().unwrap()
}

impl Room {
    fn new() -> Self {
        Self::over(World::new())
    }

    fn over(world: World) -> Self {
        let (desk, sequencer) = world.desk();
        sequencer.gate().go_on(&log());
        let store = Arc::clone(&world.store) as Arc<dyn Store>;
        let clock = Arc::clone(&world.clock) as Arc<dyn Clock>;
        let random: Arc<dyn Random> = Arc::new(SeededRandom::new(20));
        let accounts = Accounts::load(Arc::clone(&store), Arc::clone(&clock), Arc::clone(&random)).unwrap();
        let exporters = Exporters::new(store, clock, random, accounts.clone());
        let examiner = account(&[Role::Examiner], "LHE", 32);
        let registered = exporters.register(&examiner, &world.request_id(900), identity()).unwrap().id;
        let wanted = Wanted {
            name: "Chenab Sports".into(),
            roles: vec![Role::Exporter],
            exporter: Some(registered),
            ..Wanted::default()
        };
        let (_, token) = accounts.open(Actor::Operator, wanted, Some(NewToken::default())).unwrap();
        let exporter = accounts.admitted(&token.unwrap()).unwrap();
        let applications = Applications::new(desk.clone(), exporters, Arc::new(SeededRandom::new(21)));
        let changes = Changes::new(
            world.issuer.clone(),
            Arc::clone(&world.store) as Arc<dyn Store>,
            Arc::clone(&world.elsewhere) as _,
        );
        Self { world, desk, applications, changes, exporter, examiner }
    }

    fn herald(&self) -> Herald {
        Herald::new(HeraldSetup {
            issuer: self.world.issuer.clone(),
            store: Arc::clone(&self.world.store) as Arc<dyn Store>,
            trust: Arc::clone(&self.world.trust),
            partners: Arc::clone(&self.world.elsewhere) as _,
            clock: Arc::clone(&self.world.clock) as Arc<dyn Clock>,
        })
    }

    fn id(&self, nth: u16) -> String {
        self.world.request_id(nth)
    }

    /// From a draft to the certificate, and its end.
    async fn lived(&self) -> ApplicationId {
        let paper = Paper { certificate_json: self.world.footballs(1).certificate_json, production_json: Vec::new() };
        let shown: Shown = paper.shown();
        let id = self.applications.create(&self.exporter, &self.id(1), "", paper).unwrap().application.id;
        let (person, means) = ("S. Chaudhry".parse().unwrap(), DeclarationMeans::Portal);
        let declarant = Declarant { person, capacity: None, means, shown, signature: None };
        self.applications.submit(&self.exporter, &self.id(2), id, declarant).unwrap();
        self.applications.claim(&self.examiner, &self.id(3), id).unwrap();
        self.applications.recommend(&self.examiner, &self.id(4), id, None).unwrap();
        let signatory = &self.world.signatory;
        let Preview { shown, .. } = self.applications.preview(signatory, id, None).unwrap();
        let signed = self.applications.sign(signatory, &self.id(5), id, shown, None).await.unwrap();
        self.herald().look().unwrap();
        let certificate = CertificateName::Number(signed.certificate.number);
        let reason = Some("a finding".parse().unwrap());
        let wish = StatusWish { certificate, act: Act::Cancelled, items: None, reason, remarks: None };
        self.desk.change_status(signatory, &self.id(6), wish).await.unwrap();
        id
    }

    /// All that a caller hears from a cursor on, each change with its cursor.
    fn heard(&self, caller: &Caller, wish: Wish, from: Cursor) -> Vec<(Cursor, String)> {
        let (mut cursor, mut heard) = (from, Vec::new());
        loop {
            let page = self.changes.page(caller, wish, &cursor).unwrap();
            heard.extend(page.changes.iter().map(|change| (change.cursor, said(change))));
            // A cursor survives being written down.
            cursor = self.changes.resume(&page.next.to_string()).unwrap();
            if page.end {
                return heard;
            }
        }
    }

    fn all(&self, caller: &Caller) -> Vec<String> {
        let heard = self.heard(caller, Wish::ALL, self.changes.oldest().unwrap());
        heard.into_iter().map(|(_, said)| said).collect()
    }
}

fn said(change: &Change) -> String {
    match &change.what {
        What::Application { deed, stage, .. } => format!("{deed}: {stage}"),
        What::Certificate { event, entry, .. } => match event {
            CertificateEvent::Issued => format!("issued {}", entry.index),
            CertificateEvent::Released => format!("released {}", entry.index),
            CertificateEvent::Changed { act, .. } => format!("{} {}", act.word(), entry.index),
            CertificateEvent::Receipted => format!("receipted {}", entry.index),
            CertificateEvent::Asked { .. } => format!("asked {}", entry.index),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn every_change_is_told_in_order_to_those_it_concerns_and_to_nobody_else() {
    let room = Room::new();
    let id = room.lived().await;
    let certificate = ["issued 1", "released 1", "cancelled 1"];
    let office = ["submit: submitted", "claim: under_examination", "recommend: recommended", "sign: approved"];
    let own = [&["draft: draft"][..], &office, &certificate].concat();
    assert_eq!(room.all(&room.exporter), own);
    assert_eq!(room.all(&room.examiner), [&office[..], &certificate].concat(), "a draft is the exporter's alone");
    assert_eq!(room.all(&room.world.signatory), [&office[..], &certificate].concat());
    let nothing: [&str; 0] = [];
    for stranger in [
        account(&[Role::Exporter], "LHE", 41),
        account(&[Role::Examiner, Role::Signatory], "KHI", 42),
        account(&[Role::Administrator, Role::Auditor, Role::CustomsOfficer], "LHE", 43),
    ] {
        assert_eq!(room.all(&stranger), nothing);
    }
    let wish = Wish { own_alone: true, ..Wish::ALL };
    let from = room.changes.oldest().unwrap();
    assert!(room.heard(&room.examiner, wish, from).is_empty());
    assert_eq!(room.heard(&room.world.signatory, wish, from).len(), 3, "what it had issued is its own");
    let wish = Wish { kinds: Kinds { certificates: false, ..Kinds::ALL }, own_alone: false };
    assert_eq!(room.heard(&room.exporter, wish, from).len(), 5);
    let wish = Wish { kinds: Kinds { applications: false, ..Kinds::ALL }, own_alone: false };
    let page = room.changes.page(&room.exporter, wish, &from).unwrap();
    assert!(page.changes.iter().all(|change| change.application() == Some(id)));
    let number = room.changes.number_of(&page.changes[0]).unwrap();
    assert!(room.world.store.find_number(&number).unwrap().is_some());
}

fn document() -> DocumentDigest {
    DocumentDigest {
        name: "mill.pdf".parse().unwrap(),
        media_type: "application/pdf".parse().unwrap(),
        sha256: Shown([7; 32]),
    }
}

/// Two certificates are answered about, and the exporter of one is told nothing of the other, which does not hold.
async fn reads_of_its_own_alone(room: &Room, enquiry: Jti, own: usize, jti: Jti) {
    let answer = |place: usize| SubjectAnswer {
        subject: u32::try_from(place).unwrap() + 1,
        finding: if place == own { SubjectFinding::Valid } else { SubjectFinding::NotValid },
        items: Vec::new(),
        words: Some(format!("about certificate {place}").parse().unwrap()),
    };
    let wish = ReplyWish {
        request_id: room.id(50),
        enquiry,
        act: ReplyAct::Full,
        reply_by: None,
        words: Some("One mill made neither".parse().unwrap()),
        answers: vec![answer(0), answer(1)],
        documents: vec![document()],
    };
    room.desk.reply(&account(&[Role::Liaison], "LHE", 52), wish).await.unwrap();
    for (reader, tells_all) in [(&room.exporter, false), (&room.world.signatory, true)] {
        let notes = room.desk.abroad(reader, &CertificateName::Jti(jti)).unwrap();
        let asked = notes.iter().find_map(|note| if let Abroad::Enquiry(one) = &note.what { Some(one) } else { None });
        let reply = notes.iter().find_map(|note| if let Abroad::Reply(one) = &note.what { Some(one) } else { None });
        let (asked, reply) = (asked.unwrap(), reply.unwrap());
        assert_eq!(reply.answers, [answer(own)], "of the certificate that is read");
        let whole = [asked.asked.question.is_some(), reply.reply.words.is_some()];
        let documents = [!asked.documents.is_empty(), !reply.documents.is_empty()];
        assert_eq!((whole, documents), ([tells_all; 2], [tells_all; 2]));
        assert_eq!(asked.subjects.len() == 2, tells_all);
    }
    // Nor does what was found of the other speak against this one.
    let entry = room.world.store.find(&jti).unwrap().unwrap();
    assert!(room.desk.speaks_against(&entry).unwrap().is_empty());
}

#[tokio::test]
async fn an_exporter_hears_and_reads_what_is_asked_abroad_of_its_own_certificate_and_of_no_other() {
    let world = World::new();
    let china = world.with_customs();
    world.sees(&china);
    china.sees(&world);
    let (customs, _) = china.desk();
    let room = Room::over(world);
    room.lived().await;
    room.desk.issue(&room.world.signatory, &room.world.footballs(7)).await.unwrap();
    let officer = account(&[Role::CustomsOfficer], "NGB", 50);
    let arrivals = customs.arrivals(&officer, &ArrivalsAsked::default()).unwrap().arrivals;
    let subject = |arrival: &Arrival| SubjectWish {
        number: arrival.certificate.reference.as_option().unwrap().number.to_string().parse().unwrap(),
        issued_on: None,
        items: Vec::new(),
        declaration: None,
        jti: Some(arrival.jti),
    };
    let wish = EnquiryWish {
        request_id: china.request_id(1),
        to: room.world.issuer.clone(),
        asked: EnquiryQuestion {
            reference: "CN-2026-7".parse().unwrap(),
            ground: EnquiryGround::Random,
            question: Some("Are both of one mill?".parse().unwrap()),
            goods: GoodsMeanwhile::Released,
            basis: None,
            reply_by: None,
        },
        subjects: arrivals.iter().map(subject).collect(),
        documents: vec![document()],
        clarifies: None,
    };
    assert_eq!(wish.subjects.len(), 2);
    let enquiry = customs.enquire(&officer, wish).await.unwrap().jti;
    while room.herald().look().unwrap() {}
    let asked = |caller: &Caller| {
        let all = room.heard(caller, Wish::ALL, room.changes.oldest().unwrap());
        all.into_iter().filter(|(_, said)| said.starts_with("asked")).collect::<Vec<_>>()
    };
    assert_eq!(asked(&room.exporter).len(), 1);
    assert!(asked(&account(&[Role::Exporter], "LHE", 51)).is_empty());
    // One enquiry, two changes: a cursor between them goes on with the second.
    let both = asked(&room.world.signatory);
    assert_eq!(both.len(), 2);
    assert_eq!(room.heard(&room.world.signatory, Wish::ALL, both[0].0), both[1..]);
    let reads = |arrival: &Arrival| room.desk.abroad(&room.exporter, &CertificateName::Jti(arrival.jti)).is_ok();
    let own = arrivals.iter().position(reads).unwrap();
    assert!(!reads(&arrivals[1 - own]));
    reads_of_its_own_alone(&room, enquiry, own, arrivals[own].jti).await;

    // Customs of the same node erase what they asked; the answer is the issuer's, and nobody knows what it was to.
    room.world.elsewhere.is_one_node();
    china.elsewhere.is_one_node();
    for arrival in &arrivals {
        let name = ErasedName::Arrived(ArrivedName::Jti(arrival.jti));
        customs.erase(Actor::Operator, &name, &"order 12/2026".parse().unwrap()).unwrap();
    }
    let notes = room.desk.abroad(&room.exporter, &CertificateName::Jti(arrivals[own].jti)).unwrap();
    assert!(notes.iter().any(|note| note.jti == enquiry && matches!(note.what, Abroad::Erased(_))), "{notes:?}");
    let reply = notes.iter().find_map(|note| if let Abroad::Reply(one) = &note.what { Some(one) } else { None });
    let reply = reply.unwrap();
    assert!(reply.answers.is_empty() && reply.reply.words.is_none() && reply.documents.is_empty(), "{reply:?}");
}

#[tokio::test]
async fn whichever_cursor_a_reader_goes_on_from_it_hears_the_rest_once() {
    let room = Room::new();
    room.lived().await;
    let rows = (0..600_u16).map(|nth| room.world.footballs(100 + nth)).collect::<Vec<_>>();
    let signatory = Arc::new(room.world.signatory.clone());
    for message in rows.chunks(256) {
        for issued in room.desk.issue_many(&signatory, message.to_vec().into()).await.unwrap() {
            issued.unwrap();
        }
    }
    while room.herald().look().unwrap() {}
    let from = room.changes.oldest().unwrap();
    let all = room.heard(&signatory, Wish::ALL, from);
    let told = all.iter().map(|(_, said)| said.as_str()).collect::<Vec<_>>();
    assert_eq!(told.iter().filter(|said| said.starts_with("issued")).count(), 601);
    assert_eq!(told.iter().filter(|said| said.starts_with("released")).count(), 601);
    assert_eq!(told.iter().collect::<std::collections::BTreeSet<_>>().len(), told.len(), "each once");
    let steps = (0..all.len()).step_by(37).chain([1, 2, all.len() - 1]);
    for at in steps {
        let resumed = room.changes.resume(&all[at].0.to_string()).unwrap();
        assert_eq!(room.heard(&signatory, Wish::ALL, resumed), all[at + 1..], "behind {}", all[at].1);
    }
    assert!(room.heard(&signatory, Wish::ALL, room.changes.now().unwrap()).is_empty());
}

#[tokio::test]
async fn a_certificate_is_released_when_the_policy_is_met_and_that_is_told_once() {
    let world = World::new();
    let (name, key) = world.witnessed();
    let room = Room::over(world);
    let world = &room.world;
    for nth in [1, 2] {
        room.desk.issue(&world.signatory, &world.footballs(nth)).await.unwrap();
    }
    assert!(!room.herald().look().unwrap(), "nobody cosigned yet");
    let cosigned = |known: &mut Cosigned| {
        let trust = world.trust.load_full();
        let head = world.store.head(&log()).unwrap();
        let line = cosign(&Checkpoint { origin: log(), head: head.head }, &name, &key, 1_795_400_000).unwrap();
        let node = trust.node(&"node.kra.go.ke".parse().unwrap()).unwrap();
        let kept = Kept::check(&trust, &log(), &head, &line.to_string(), node.witness_keys()).unwrap();
        let state = known.keep(&kept, &trust).unwrap();
        world.store.commit(Batch { state, ..Batch::default() }).unwrap();
    };
    let mut known = Cosigned::none(log());
    cosigned(&mut known);
    room.desk.issue(&world.signatory, &world.footballs(3)).await.unwrap();
    while room.herald().look().unwrap() {}
    // A herald of another run goes on from the store.
    assert!(!room.herald().look().unwrap());
    let released = || room.all(&world.signatory).into_iter().filter(|said| said.starts_with("rel")).collect::<Vec<_>>();
    assert_eq!(released(), ["released 1", "released 2"]);
    cosigned(&mut known);
    while room.herald().look().unwrap() {}
    assert_eq!(released(), ["released 1", "released 2", "released 3"]);
}

#[tokio::test]
async fn a_cursor_that_cannot_be_gone_on_from_is_refused_by_name() {
    let room = Room::new();
    let begin = room.changes.now().unwrap();
    room.lived().await;
    let middle = room.heard(&room.exporter, Wish::ALL, begin)[3].0;
    let refused = |cursor: &str| room.changes.resume(cursor).unwrap_err().reason();
    assert_eq!(refused("AAAA"), "CURSOR_INVALID");
    // The same authority, restored from a backup that has less, or something else.
    let elsewhere = || Arc::clone(&room.world.elsewhere) as _;
    let fresh = Changes::new(room.world.issuer.clone(), Arc::new(MemoryStore::new()), elsewhere());
    assert_eq!(fresh.resume(&middle.to_string()).unwrap_err().reason(), "CURSOR_UNKNOWN");
    let another = Arc::new(MemoryStore::new());
    for at_ms in 1..40 {
        another.commit(Batch { at_ms, feed: vec![b"{}".to_vec()], ..Batch::default() }).unwrap();
    }
    let another = Changes::new(room.world.issuer.clone(), another, elsewhere());
    assert_eq!(another.resume(&middle.to_string()).unwrap_err().reason(), "CURSOR_UNKNOWN");
    // Thirty days later.
    let now = u64::try_from(room.world.clock.now().as_millisecond()).unwrap();
    let newest = room.changes.now().unwrap();
    room.world.store.expire(now + FEED_KEPT_MS + 1).unwrap();
    assert_eq!(refused(&begin.to_string()), "CURSOR_EXPIRED");
    assert_eq!(refused(&middle.to_string()), "CURSOR_EXPIRED");
    assert_eq!(room.changes.page(&room.exporter, Wish::ALL, &middle).unwrap_err().reason(), "CURSOR_EXPIRED");
    assert!(room.heard(&room.exporter, Wish::ALL, room.changes.resume(&newest.to_string()).unwrap()).is_empty());
    assert!(room.changes.oldest().is_ok());
}

#[tokio::test]
async fn an_account_reads_in_a_few_places_at_once_and_only_if_it_may_read_anything() {
    let room = Room::new();
    let mut places =
        (0..READERS_OF_AN_ACCOUNT).map(|_| room.changes.reading(&room.exporter).unwrap()).collect::<Vec<_>>();
    let refused = |caller: &Caller| room.changes.reading(caller).map(|_| ()).unwrap_err().reason();
    assert_eq!(refused(&room.exporter), "TOO_MANY_READERS");
    assert!(room.changes.reading(&room.examiner).is_ok());
    places.pop();
    assert!(room.changes.reading(&room.exporter).is_ok());
    assert_eq!(refused(&account(&[Role::Administrator, Role::Auditor], "LHE", 44)), "PERMISSION_DENIED");
}

#[tokio::test]
async fn a_number_that_is_given_in_advance_is_told_once_whoever_asks_for_it_again() {
    let room = Room::new();
    let paper = Paper { certificate_json: room.world.footballs(1).certificate_json, production_json: Vec::new() };
    let id = room.applications.create(&room.exporter, &room.id(1), "", paper).unwrap().application.id;
    for _ in 0..2 {
        room.applications.reserve_number(&room.exporter, &room.id(2), id).await.unwrap();
    }
    assert_eq!(room.all(&room.exporter), ["draft: draft", "reserve_number: draft"]);
}
