//! Kill -9 of the issuer's node or of one that replicates, again and again under load: nothing that was acknowledged
//! is lost, nothing is there twice, and in the end every replica holds the issuer's root, everybody has cosigned, and
//! every disclosure is receipted in a log that the issuer holds.

use crate::{
    asking::{Paper, message, one, take},
    auditor::Auditor,
    caller::Caller,
    delivery::log_to,
    dice::Dice,
    federation::{Federation, Member, stop},
    ledger::{Asked, Deed, Ledger},
    pretender::Pretender,
    process::{Running, today},
    wire::origin::v1 as api,
};
use origin_exchange::{time::Timestamp, trust::TrustList};
use std::{
    env,
    time::{Duration, Instant},
};
use tokio::{sync::mpsc, time};
use tokio_stream::wrappers::UnboundedReceiverStream;

/// Rows of one message.
const BATCH: u64 = 16;
/// Messages in flight.
const WINDOW: usize = 3;
/// The longest a node is left at work before it is killed.
const LONGEST: u64 = 400;
/// Old requests asked again after a start.
const REPEATED: usize = 8;
/// In one round of so many everybody catches up before the next.
const CAUGHT_UP: u64 = 3;
/// The longest a receipt is waited for: they come once a minute.
const RECEIPTED: Duration = Duration::from_mins(4);

/// The three nodes, in the order of [`Federation::members`].
struct World<'a> {
    federation: &'a Federation,
    nodes: [Running; 3],
    token: String,
    trust: TrustList,
    dice: Dice,
    paper: Paper,
    ledger: Ledger,
    auditor: Auditor,
    /// Who reads what China and Kenya say.
    readers: [Auditor; 2],
}

const ISSUER: usize = 0;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_converge_and_nothing_acknowledged_is_lost_whoever_is_killed_under_load() {
    let number = |name: &str| env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let rounds = number("ORIGIN_KILL_ROUNDS").unwrap_or(20);
    let seed = number("ORIGIN_KILL_SEED").unwrap_or_else(|| u64::try_from(Timestamp::now().as_millisecond()).unwrap());
    println!("ORIGIN_KILL_SEED={seed} ORIGIN_KILL_ROUNDS={rounds}");
    let begun = Instant::now();

    let federation = Federation::new();
    let mut world = World::new(&federation, seed);
    let mut killed = [0; 3];
    for _ in 0..rounds {
        // As often the issuer as one of the others: China holds one log, Kenya the other, and each watches the other's.
        let victim = usize::try_from([0, 0, 1, 2][usize::try_from(world.dice.below(4)).unwrap()]).unwrap();
        killed[victim] += 1;
        world.load(victim).await;
        world.nodes[victim] = federation.members()[victim].start();
        if victim == ISSUER {
            world.check().await;
        }
        if world.dice.below(CAUGHT_UP) == 0 {
            world.settle().await;
        }
    }
    world.check().await;
    world.settle().await;
    world.receipted().await;
    let (asked, proofs) = (world.ledger.all().len(), world.auditor.proofs);
    world.close();
    let [issuer, china, kenya] = killed;
    println!(
        "{rounds} kills under load in {:.0?}: the issuer {issuer}, China {china}, Kenya {kenya} times; {asked} \
         certificates, {proofs} proofs",
        begun.elapsed()
    );
}

impl<'a> World<'a> {
    fn new(federation: &'a Federation, seed: u64) -> Self {
        let nodes = federation.members().map(Member::start);
        let issuer = &federation.pakistan;
        let token = issuer.account(&nodes[ISSUER], issuer.host(), "signatory", &["LHE", "KHI"]);
        let reader = |at: usize| {
            let member = federation.members()[at];
            let token = member.account(&nodes[at], member.host(), "auditor", &[]);
            Auditor::new(issuer.trust(), token)
        };
        let (auditor, readers) = (reader(ISSUER), [reader(1), reader(2)]);
        Self {
            federation,
            nodes,
            token,
            trust: issuer.trust(),
            dice: Dice::new(seed),
            paper: Paper::new(),
            ledger: Ledger::default(),
            auditor,
            readers,
        }
    }

    async fn caller(&mut self) -> Caller {
        self.caller_of(ISSUER).await
    }

    async fn caller_of(&mut self, at: usize) -> Caller {
        Caller::open(&mut self.nodes[at], &self.federation.members()[at].ca()).await
    }

    /// Asks for more than the issuer can do, and kills the victim at some moment; what came back was acknowledged.
    /// Where the victim is another, issuing goes on for a while without it.
    async fn load(&mut self, victim: usize) {
        let caller = self.caller().await;
        let (out, rows) = mpsc::unbounded_channel();
        for _ in 0..WINDOW {
            out.send(self.message()).unwrap();
        }
        let mut out = Some(out);
        let (kill, rest) = (time::sleep(self.dice.moment(LONGEST)), self.dice.moment(LONGEST));
        tokio::pin!(kill);
        let rows = UnboundedReceiverStream::new(rows);
        let back = caller.certificates(&self.token).issue_certificates(rows).await;
        let mut back = back.unwrap().into_inner();
        let mut alive = true;
        loop {
            tokio::select! {
                () = &mut kill, if out.is_some() => {
                    if alive {
                        self.nodes[victim].kill();
                        alive = false;
                        kill.as_mut().reset(time::Instant::now() + rest);
                    } else {
                        // No more is asked for, and what was asked for is answered.
                        out = None;
                    }
                    if victim == ISSUER {
                        out = None;
                    }
                }
                message = back.message() => match message {
                    Ok(Some(message)) => {
                        take(&mut self.ledger, message);
                        if let Some(out) = &out {
                            out.send(self.message()).unwrap();
                        }
                    }
                    ended => {
                        let expected = !alive && (victim == ISSUER || matches!(ended, Ok(None)));
                        assert!(expected, "the stream ended: {ended:?}\n{}", self.nodes[ISSUER].state());
                        return;
                    }
                },
            }
        }
    }

    fn message(&mut self) -> api::IssueCertificatesRequest {
        let count = 1 + self.dice.below(BATCH);
        let asked = (0..count).map(|_| self.ledger.ask(self.paper.next())).collect::<Vec<_>>();
        message(&asked)
    }

    /// Nothing that was acknowledged or seen is missing or different, and what had no answer gets one now.
    async fn check(&mut self) {
        let caller = self.caller().await;
        self.auditor.follow(&caller).await;
        self.auditor.compare(&mut self.ledger);
        let mut again = self.ledger.unanswered();
        let all = self.ledger.all();
        for _ in 0..REPEATED.min(all.len()) {
            again.push(self.dice.one_of(all).clone());
        }
        for asked in again {
            let (Asked { id, .. }, answer) = one(caller.clone(), self.token.clone(), asked).await;
            self.ledger.hear(&id, answer.unwrap());
        }
        self.auditor.follow(&caller).await;
        self.auditor.compare(&mut self.ledger);
    }

    /// The logs, each with who holds it.
    fn logs(&self) -> [(String, usize); 2] {
        let Federation { china, kenya, .. } = self.federation;
        [(log_to(china), 1), (log_to(kenya), 2)]
    }

    /// Waits until everything issued is held by its addressee, and cosigned as the policy asks.
    async fn settle(&mut self) {
        self.check().await;
        let members = self.federation.members();
        for (log, holder) in self.logs() {
            let Some(origin) = self.auditor.origins().into_iter().find(|origin| origin.as_str() == log) else {
                continue;
            };
            let size = self.auditor.size(&origin);
            let pretender = Pretender::open(members[holder], members[ISSUER], &self.nodes[ISSUER]).await;
            let signed = pretender.enough(&self.trust, &log, size).await;
            // What the partners have cosigned is what everybody is shown.
            assert_eq!(self.auditor.see(signed.note().to_string().as_bytes()).1.size, size);
        }
        for at in [1, 2] {
            let caller = self.caller_of(at).await;
            self.readers[at - 1].follow(&caller).await;
        }
        for (log, holder) in self.logs() {
            let known = self.auditor.origins().into_iter().find(|origin| origin.as_str() == log);
            let size = known.map_or(0, |origin| self.auditor.size(&origin));
            let receipts = self.readers[holder - 1].receipts(&log);
            assert!(receipts.is_sorted_by_key(|receipt| receipt.size), "a receipt was taken back: {receipts:?}");
            assert!(receipts.iter().all(|receipt| receipt.size <= size), "more than {size}: {receipts:?}");
        }
    }

    /// Waits until the issuer holds receipts of all that it said, with nothing missing.
    async fn receipted(&mut self) {
        for (log, holder) in self.logs() {
            let begun = Instant::now();
            let size = self.auditor.size(&log.parse().unwrap());
            let said_in = receipts_of(self.federation.members()[holder], self.federation.pakistan.host());
            loop {
                let caller = self.caller_of(holder).await;
                let reader = &mut self.readers[holder - 1];
                reader.follow(&caller).await;
                let whole = reader
                    .receipts(&log)
                    .last()
                    .is_some_and(|last| last.size == size && last.missing.is_empty() && last.held.is_empty());
                if whole {
                    let entries = reader.size(&said_in.parse().unwrap());
                    let (issuer, partner) = (&self.federation.pakistan, self.federation.members()[holder]);
                    break issuer.holds(&self.nodes[ISSUER], partner, &said_in, entries);
                }
                assert!(begun.elapsed() < RECEIPTED, "{log} to {size}: {:?}", reader.receipts(&log).last());
                time::sleep(Duration::from_millis(500)).await;
            }
        }
    }

    /// The logs hold exactly what was asked for, each once; what is held elsewhere is the same to the last bit.
    fn close(self) {
        let logs = self.logs();
        let members = self.federation.members();
        assert_eq!(self.auditor.counted(), (self.ledger.all().len(), 0));
        assert!(self.ledger.all().iter().all(|asked| matches!(asked.deed, Deed::Issue(_)) && asked.answer.is_some()));
        for (log, holder) in &logs {
            members[*holder].is_disclosed(&self.nodes[*holder], members[ISSUER], log);
        }
        stop(self.nodes);
        for (log, holder) in logs {
            same_in_both(members[ISSUER], members[holder], &log);
            let receipts = receipts_of(members[holder], members[ISSUER].host());
            same_in_both(members[holder], members[ISSUER], &receipts);
        }
    }
}

/// The log in which a country's customs receipt what came from an authority.
fn receipts_of(member: &Member, host: &str) -> String {
    format!("{}/log/{}/{host}", member.host(), today().year())
}

/// A log that one wrote and the other holds, to the last bit, with no finding in either.
fn same_in_both(issuer: &Member, holder: &Member, log: &str) {
    let issued = issuer.check_log(&format!("data/{}", issuer.host()), log);
    let held = holder.check_log(&Member::replica(issuer, log), log);
    assert_eq!((&issued["size"], &issued["root"]), (&held["size"], &held["root"]), "{issued} {held}");
}
