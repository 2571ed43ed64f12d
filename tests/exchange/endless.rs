//! A partner that never comes to an end, in messages that are each well formed: the call is over by the node's own bounds,
//! its memory stays small, and nobody else notices.

use crate::{
    branch::{Branch, keys},
    caller::Caller,
    federation::{Federation, said, says, stop, until},
    flood::{peak, the_others_do_not_notice, without_kenya},
    pretender::{Pretender, wire},
    process::{Running, today},
    relay::{Door, Lie, Several},
    troubles::say_more,
};
use bytes::Bytes;
use std::{
    fs, iter,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};
use wire::sync_request::Message;

/// What a node's memory may grow by, whatever a partner offers it: far more than it keeps of any call, and far less than
/// is offered.
const BOUND: u64 = 128 << 20;
/// Messages of half a mebibyte and more after which even a node that takes everything is let go: two gigabytes.
const MOST: usize = 4_096;
/// The same of messages that take many times their length in memory.
const MOST_OF_NOTHING: usize = 48;
const MOST_PAGES: usize = 96;
const MADE_UP: u32 = 64;
/// Entries of the log in Kenya: a few that are told at first, and more than any credit is given for.
const FEW: u64 = 3;
const MANY: u32 = 4_096;

/// What never ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// Packages of a log, one after the other, whatever was asked for.
    Entries,
    /// The contents of one entry.
    Contents,
    /// Contents of one entry that are empty.
    Nothings,
    /// Pages of heads.
    Pages,
    /// Logs, of years that the trust list has no key for.
    MadeUp,
}

/// Kenya, which has a log for China.
struct Endless {
    branch: Arc<Branch>,
    shape: Shape,
    pages: AtomicUsize,
    greeted: AtomicUsize,
    /// Packages that were taken.
    packages: Arc<AtomicUsize>,
}

impl Endless {
    fn new(branch: &Arc<Branch>, shape: Shape) -> Arc<Self> {
        let (pages, greeted, packages) = (AtomicUsize::new(0), AtomicUsize::new(0), Arc::default());
        Arc::new(Self { branch: Arc::clone(branch), shape, pages, greeted, packages })
    }

    /// The size that China is told of.
    fn size(&self) -> u64 {
        if self.shape == Shape::Entries { self.branch.size() } else { FEW }
    }
}

impl Lie for Endless {
    fn replies(&self, from: &str, log: &str, asked: &wire::SyncRequest) -> Option<Several<wire::SyncResponse>> {
        if from != "gacc.gov.cn" || log != self.branch.log() {
            return None;
        }
        let (branch, size) = (Arc::clone(&self.branch), self.size());
        let replies: Several<wire::SyncResponse> = match asked.message.as_ref()? {
            Message::Hello(hello) => Box::new(iter::once(branch.announce(hello.head_size.min(size), size))),
            Message::Want(want) if self.shape == Shape::Entries => {
                let packages = Arc::clone(&self.packages);
                let starts = iter::successors(Some(want.from), move |start| Some((start + 256) % size));
                Box::new(starts.take(MOST).map(move |start| {
                    packages.fetch_add(1, Ordering::SeqCst);
                    branch.package(start, size)
                }))
            }
            Message::Want(want) => Box::new(iter::once(branch.package(want.from, size))),
            Message::Cosign(_) => Box::new(iter::empty()),
        };
        Some(replies)
    }

    fn discloses(
        &self,
        _: &str,
        asked: &wire::FetchDisclosuresRequest,
        honest: Vec<wire::FetchDisclosuresResponse>,
    ) -> Several<wire::FetchDisclosuresResponse> {
        let (disclosures, most) = match self.shape {
            Shape::Contents => (vec![Bytes::from(vec![b'x'; 512 << 10])], MOST),
            Shape::Nothings => (vec![Bytes::new(); 500_000], MOST_OF_NOTHING),
            Shape::Entries | Shape::Pages | Shape::MadeUp => return Box::new(honest.into_iter()),
        };
        let (index, state) = (asked.indexes[0], wire::DisclosureState::Disclosed.into());
        Box::new(iter::repeat_n(wire::FetchDisclosuresResponse { index, state, disclosures, more: true }, most))
    }

    fn lists(&self, from: &str, mut honest: wire::ListHeadsResponse) -> wire::ListHeadsResponse {
        if from == "gacc.gov.cn" {
            let asked = self.pages.fetch_add(1, Ordering::SeqCst);
            honest.heads.push(self.branch.known(self.size()));
            let log = self.branch.log().to_owned();
            match self.shape {
                Shape::Pages => {
                    let head = wire::KnownHead { log, entries: true, ..wire::KnownHead::default() };
                    honest.heads.resize(20_000, head);
                    if asked < MOST_PAGES {
                        "on".clone_into(&mut honest.next_page_token);
                    }
                }
                Shape::MadeUp => honest.heads.extend((1_000..1_000 + MADE_UP).map(|year| {
                    let log = log.replace(&format!("/{}/", today().year()), &format!("/{year}/"));
                    wire::KnownHead { log, ..self.branch.known(FEW) }
                })),
                Shape::Entries | Shape::Contents | Shape::Nothings => {}
            }
        }
        honest
    }

    fn offers(&self, from: &str, honest: wire::OfferTrustListResponse) -> wire::OfferTrustListResponse {
        if from == "gacc.gov.cn" {
            self.greeted.fetch_add(1, Ordering::SeqCst);
        }
        honest
    }
}

/// The nodes of Pakistan and China, and the log of Kenya's that there will be.
struct Stage<'a> {
    federation: &'a Federation,
    nodes: [Running; 2],
    signatory: (Caller, String),
    branch: Arc<Branch>,
    /// The most memory that China's node took with honest partners.
    before: u64,
}

impl<'a> Stage<'a> {
    async fn set(federation: &'a Federation) -> Self {
        say_more(&federation.china);
        let (one, two, signatory) = without_kenya(federation).await;
        the_others_do_not_notice(federation, [&one, &two], &signatory, 0).await;
        let log = format!("kra.go.ke/log/{}/{}", today().year(), federation.china.host());
        let leaf = |nth: u32| Bytes::from(format!("{nth:4000}"));
        let branch = Branch::new(&keys(&federation.kenya, ""), &log, (0..MANY).map(leaf).collect());
        let before = peak(&two);
        Self { federation, nodes: [one, two], signatory, branch: Arc::new(branch), before }
    }

    async fn kenya(&self, lie: Arc<dyn Lie>) -> Door {
        let Federation { pakistan, china, kenya, .. } = self.federation;
        Door::instead_of(kenya, [pakistan, china], lie).await
    }

    /// China's node has read the heads that it is told of, and has done with them.
    async fn has_looked(&self, lie: &Endless) {
        let Federation { china, kenya, .. } = self.federation;
        let (list, two) = (china.trust(), &self.nodes[1]);
        until(|| lie.pages.load(Ordering::SeqCst) > 0, || two.events());
        // It greets again after that: at once, for it is told that there is a log for it.
        let offer = wire::OfferTrustListRequest {
            version: list.version(),
            digest: list.digest().0.to_vec().into(),
            new_log: true,
            ..Default::default()
        };
        let greeted = lie.greeted.load(Ordering::SeqCst);
        Pretender::open(kenya, china, two).await.calls().offer_trust_list(offer).await.unwrap();
        until(|| lie.greeted.load(Ordering::SeqCst) > greeted, || two.events());
    }

    /// A certificate for China passes, and its node has not taken what it was offered.
    async fn took_no_harm(self, door: Door) {
        let [one, two] = self.nodes;
        // The system counts pages late: the peak may seem smaller than it was.
        let grown = peak(&two).saturating_sub(self.before);
        assert!(grown < BOUND, "{grown} bytes of memory were taken");
        the_others_do_not_notice(self.federation, [&one, &two], &self.signatory, 5).await;
        drop(door);
        stop([one, two]);
    }
}

/// The call for what the entries of the log say has ended, by the bound of what a token has.
#[track_caller]
fn has_ended_the_call(stage: &Stage<'_>) {
    let (two, ended) = (&stage.nodes[1], ["a call for disclosures ended", stage.branch.log()]);
    says(two, &ended);
    let by_its_bound = [&ended[..], &["more disclosures than a token has"]].concat();
    assert_eq!(said(two, &by_its_bound), 1, "{}", two.events());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn entries_without_end_and_contents_without_end_are_cut_off() {
    let federation = Federation::new();
    let stage = Stage::set(&federation).await;
    let door = stage.kenya(Endless::new(&stage.branch, Shape::Contents)).await;
    has_ended_the_call(&stage);
    let lie = Endless::new(&stage.branch, Shape::Entries);
    door.lies(lie.clone());
    door.hang_up();
    says(&stage.nodes[1], &["WARN", "PARTNER_PROTOCOL", "node.kra.go.ke", stage.branch.log()]);
    assert!(lie.packages.load(Ordering::SeqCst) < MOST);
    stage.took_no_harm(door).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn empty_contents_without_end_are_cut_off_and_logs_that_are_made_up_take_no_room() {
    let federation = Federation::new();
    let stage = Stage::set(&federation).await;
    let door = stage.kenya(Endless::new(&stage.branch, Shape::Nothings)).await;
    has_ended_the_call(&stage);
    let lie = Endless::new(&stage.branch, Shape::MadeUp);
    door.lies(lie.clone());
    door.hang_up();
    stage.has_looked(&lie).await;
    let own = stage.branch.log().replace('/', "_");
    stage.took_no_harm(door).await;
    let kept = fs::read_dir(federation.china.folder().join("data/partners/node.kra.go.ke")).unwrap();
    let kept = kept.map(|log| log.unwrap().file_name().into_string().unwrap()).collect::<Vec<_>>();
    assert_eq!(kept, [own], "{} logs are kept", kept.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn heads_without_end_are_cut_off() {
    let federation = Federation::new();
    let stage = Stage::set(&federation).await;
    let lie = Endless::new(&stage.branch, Shape::Pages);
    let door = stage.kenya(lie.clone()).await;
    stage.has_looked(&lie).await;
    stage.took_no_harm(door).await;
}
