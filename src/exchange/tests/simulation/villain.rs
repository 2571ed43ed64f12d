//! A node that does not keep the rules. What it does to its own logs alone is its own affair: what others hold, cosign
//! and believe is not to suffer from it.

use super::*;

/// One of the two histories of a log that shows two.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Branch {
    First,
    Other,
}

/// How a node is hostile. The first three go on for ever, the others until the storm is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::exchange::tests) enum Malice {
    /// Its witnesses are shown another history than its addressees.
    SplitForWitness,
    /// Its addressees are shown another history than its witnesses.
    SplitForReplica,
    /// From some moment on it goes on from an old state with other entries, as one that was restored and asks nobody.
    Rollback,
    /// From some moment on it shows its addressees no more than the first entry, whatever it showed them before. Not among
    /// [`Self::ALL`]: what is looked at takes longer than these storms.
    Behind,
    /// It sends entries that are changed, left out, twice or out of turn, and heads that are not its own.
    Forged,
    /// It withholds disclosures, or sends those of other entries, or none that are any.
    Disclosures,
    /// It sends everything many times.
    Endless,
    /// It tells old heads, heads that nobody signed, and that it holds what it does not.
    StaleHeads,
    /// As replica and as witness it asks for what there is not, and cosigns what nobody showed.
    Cosigner,
    /// It keeps to the trust list of before, and offers that one and others that nobody signed.
    StaleList,
}

impl Malice {
    pub(in crate::exchange::tests) const ALL: [Self; 9] = [
        Self::SplitForWitness,
        Self::SplitForReplica,
        Self::Rollback,
        Self::Forged,
        Self::Disclosures,
        Self::Endless,
        Self::StaleHeads,
        Self::Cosigner,
        Self::StaleList,
    ];

    const fn forks(self) -> bool {
        matches!(self, Self::SplitForWitness | Self::SplitForReplica | Self::Rollback)
    }
}

/// The hostile node.
pub(super) struct Villain {
    pub(super) node: usize,
    pub(super) malice: Malice,
    /// Milliseconds from which it is.
    since: u64,
    /// By stream, the size that the other side knows.
    shown: BTreeMap<u64, u64>,
}

impl Villain {
    /// Whether the log shows two histories.
    pub(super) fn forks(&self, log: &Origin) -> bool {
        self.malice.forks() && ends(log).0 == self.node
    }
}

/// The note of a head of the other history.
fn other_note(log: &Origin, size: u64) -> String {
    note_of(log, other(log), size)
}

fn note_of(log: &Origin, script: &Script, size: u64) -> String {
    let head = TreeHead { size, root: root(size, &script.tree).unwrap() };
    let extension = Extension::prove(log.clone(), None, head, &[]).unwrap();
    sign_checkpoint(&extension, key(ends(log).0, Use::Log)).unwrap()
}

fn other(log: &Origin) -> &'static Script {
    &WORLD.forks[log]
}

fn other_proof(log: &Origin, old: u64, new: u64) -> Vec<Hash> {
    if old == 0 { Vec::new() } else { consistency_proof(old, new, &other(log).tree).unwrap() }
}

impl Simulation {
    /// A storm with a villain in it.
    pub(in crate::exchange::tests) fn hostile(seed: u64, weather: Weather, malice: Malice) -> Self {
        let mut this = Self::new(seed, weather);
        let node = usize::try_from(this.chance.within(0, NODES.len() as u64)).unwrap();
        let since = match malice {
            Malice::Rollback => this.chance.within(5_000, 30_000),
            Malice::Behind => this.chance.within(5_000, 12_000),
            _ => 0,
        };
        this.villain = Some(Villain { node, malice, since, shown: BTreeMap::new() });
        if malice == Malice::StaleList {
            this.close_a_key();
        }
        this
    }

    /// Whether a node is up to this now.
    pub(super) fn does(&self, node: usize, malice: Malice) -> bool {
        let villain = self.villain.as_ref().filter(|villain| villain.node == node && villain.malice == malice);
        villain.is_some_and(|villain| self.now >= villain.since && (malice.forks() || !self.calm))
    }

    /// A log that was shown shorter than it is says nothing more on its streams once it is whole: what it kept back comes
    /// with the next ones.
    pub(super) fn hang_up_what_was_behind(&mut self) {
        let its = |wire: &Wire| wire.open && self.does(wire.answerer.0, Malice::Behind);
        let streams = self.wires.iter().filter(|(_, wire)| its(wire)).map(|(stream, _)| *stream).collect::<Vec<_>>();
        for stream in streams {
            self.close(stream, false);
        }
    }

    /// Whether a log shows two histories on purpose.
    pub(super) fn lies(&self, log: &Origin) -> bool {
        self.villain.as_ref().is_some_and(|villain| villain.forks(log))
    }

    /// Whether a log shows two histories, be it because its node does not know what it said before.
    pub(super) fn forks(&self, log: &Origin) -> bool {
        self.lies(log) || self.nodes[ends(log).0].strays || self.alarmed.contains(log)
    }

    /// The branch that a head is of, if it is far enough to be of one.
    pub(super) fn branch(log: &Origin, head: TreeHead) -> Option<Branch> {
        let of = |script: &Script| root(head.size, &script.tree).is_ok_and(|root| root == head.root);
        match (of(&WORLD.scripts[log]), of(other(log))) {
            (true, true) => None,
            (true, false) => Some(Branch::First),
            (false, true) => Some(Branch::Other),
            (false, false) => panic!("a head of {log} that nobody signed: {head:?}"),
        }
    }

    /// What a node sends on the stream of one of its logs.
    pub(super) fn sends(&mut self, node: usize, stream: u64, message: FromSupplier) -> Vec<FromSupplier> {
        let log = self.wires[&stream].log.clone();
        if self.does(node, Malice::SplitForReplica) || self.does(node, Malice::Rollback) {
            return vec![self.other_history(stream, &log, message)];
        }
        if self.does(node, Malice::Endless) {
            let times = usize::try_from(self.chance.within(1, 30)).unwrap();
            return vec![message; times];
        }
        if self.does(node, Malice::Forged) && self.chance.permille(400) {
            return self.forged(stream, &log, message);
        }
        if self.does(node, Malice::Behind) && matches!(message, FromSupplier::Announce(_)) {
            let note = note_of(&log, &WORLD.scripts[&log], 1);
            return vec![FromSupplier::Announce(Announce { note, consistency: Vec::new() })];
        }
        vec![message]
    }

    /// The same message, as it is in the other history.
    fn other_history(&mut self, stream: u64, log: &Origin, message: FromSupplier) -> FromSupplier {
        let shown = self.villain.as_mut().unwrap().shown.entry(stream).or_default();
        match message {
            FromSupplier::Announce(announce) => {
                let size = Self::read_note(&announce.note).unwrap().head.size;
                let old = std::mem::replace(shown, size);
                if size <= FORK {
                    return FromSupplier::Announce(announce);
                }
                let consistency = if old <= size { other_proof(log, old, size) } else { Vec::new() };
                FromSupplier::Announce(Announce { note: other_note(log, size), consistency })
            }
            FromSupplier::Package(package) if package.size > FORK => {
                let (start, end, size) = (package.start, package.end(), package.size);
                let lines = usize::try_from(start).unwrap()..usize::try_from(end).unwrap();
                let entries = other(log).lines[lines].iter().map(|line| line.leaf.clone()).collect();
                FromSupplier::Package(Package { start, entries, size, proof: other_proof(log, end, size) })
            }
            package @ FromSupplier::Package(_) => package,
        }
    }

    fn forged(&mut self, stream: u64, log: &Origin, message: FromSupplier) -> Vec<FromSupplier> {
        let how = self.chance.within(0, 8);
        match message {
            FromSupplier::Announce(mut announce) => {
                match how {
                    0 => announce.consistency.push(Hash([1; 32])),
                    1 => announce.consistency = vec![Hash([2; 32]); 200],
                    2 => announce.note = announce.note.replacen('\n', "\n1", 1),
                    3 => announce.note = other_note(&origin(ends(log).1, ends(log).0), 5),
                    4 => announce.note = "nothing\n".to_owned(),
                    5 => announce.note.push_str("x".repeat(100_000).as_str()),
                    6 => drop(announce.consistency.pop()),
                    _ => {
                        // It says nothing; what it kept back comes with the next stream.
                        self.close(stream, false);
                        return Vec::new();
                    }
                }
                vec![FromSupplier::Announce(announce)]
            }
            FromSupplier::Package(mut package) => {
                let at = usize::try_from(self.chance.within(0, package.entries.len() as u64)).unwrap();
                match how {
                    0 => {
                        let mut changed = package.entries[at].to_vec();
                        changed[20] ^= 1;
                        package.entries[at] = changed.into();
                    }
                    1 => drop(package.entries.remove(at)),
                    2 => package.entries.swap(0, at),
                    3 => package.entries.push(Bytes::from_static(b"more")),
                    4 => package.start += 1,
                    5 => package.size += 1,
                    6 => package.entries = vec![Bytes::from(vec![b'x'; 4_096]); 400],
                    _ => return vec![FromSupplier::Package(package.clone()), FromSupplier::Package(package)],
                }
                vec![FromSupplier::Package(package)]
            }
        }
    }

    /// What a replica says to a log's node, and what a hostile one says instead.
    pub(super) fn answers(&mut self, node: usize, log: &Origin, message: FromReplica) -> Vec<FromReplica> {
        if !self.does(node, Malice::Cosigner) || !self.chance.permille(300) {
            return vec![message];
        }
        match message {
            FromReplica::Hello(mut hello) => {
                match self.chance.within(0, 4) {
                    0 => hello.head.root = Hash([3; 32]),
                    1 => hello.next_index = u64::MAX,
                    2 => hello.head.size += 1,
                    _ => return vec![FromReplica::Hello(hello.clone()), FromReplica::Hello(hello)],
                }
                vec![FromReplica::Hello(hello)]
            }
            FromReplica::Want(want) => {
                let huge = Want { from: 0, to: u64::MAX, credit: u64::MAX };
                let much = Want { credit: u64::MAX, ..want };
                vec![FromReplica::Want(if self.chance.permille(500) { huge } else { much })]
            }
            FromReplica::Cosign(mut cosign_) => {
                let head = TreeHead { size: cosign_.size, root: Hash([4; 32]) };
                let checkpoint = Checkpoint { origin: log.clone(), head };
                match self.chance.within(0, 3) {
                    0 => {
                        let line = cosign(&checkpoint, &name(node).replica(), key(node, Use::Replica), 1);
                        cosign_.line = line.unwrap().to_string();
                    }
                    1 => cosign_.line = "no line".to_owned(),
                    _ => cosign_.size = u64::MAX,
                }
                vec![FromReplica::Cosign(cosign_)]
            }
        }
    }

    /// What reaches the hostile node of the streams it gives: it keeps cosignatures of what it does not publish.
    pub(super) fn takes(&mut self, stream: u64, message: &FromReplica) -> bool {
        let Some(villain) = self.villain.as_mut().filter(|villain| villain.malice.forks()) else { return true };
        if self.wires[&stream].answerer.0 != villain.node {
            return true;
        }
        match message {
            FromReplica::Hello(hello) => drop(villain.shown.insert(stream, hello.head.size)),
            FromReplica::Cosign(cosign) => return cosign.size <= FORK || villain.malice == Malice::SplitForWitness,
            FromReplica::Want(_) => {}
        }
        true
    }

    /// What a witness is shown.
    pub(super) fn shows(&self, node: usize, log: &Origin, request: AddCheckpoint) -> AddCheckpoint {
        let size = Self::read_note(&request.note).map_or(0, |checkpoint| checkpoint.head.size);
        let splits = self.does(node, Malice::SplitForWitness) || self.does(node, Malice::Rollback);
        if !splits || size <= FORK || request.old_size > size {
            return request;
        }
        let consistency = other_proof(log, request.old_size, size);
        AddCheckpoint { old_size: request.old_size, consistency, note: other_note(log, size) }
    }

    /// What a witness answers.
    pub(super) fn witnessed(&mut self, node: usize, answer: Witnessed) -> Witnessed {
        if !self.does(node, Malice::Cosigner) || !self.chance.permille(300) {
            return answer;
        }
        match self.chance.within(0, 5) {
            0 => Witnessed::Cosigned("no line".to_owned()),
            1 => Witnessed::Conflict(u64::MAX),
            2 => Witnessed::Conflict(0),
            3 => Witnessed::Unproven,
            _ => Witnessed::Malformed,
        }
    }

    /// What a node tells another of the heads it knows.
    pub(super) fn told(&mut self, node: usize, asker: usize, mut known: Vec<KnownHead>) -> Vec<KnownHead> {
        if self.does(node, Malice::StaleHeads) {
            known.retain(|_| self.chance.permille(600));
            for head in &mut known {
                let Some(Checkpoint { origin, head: TreeHead { size, .. } }) = Self::read_note(&head.note) else {
                    continue;
                };
                let smaller = self.chance.within(1, size + 1);
                match self.chance.within(0, 5) {
                    0 if ends(&origin).0 == node => head.note = note_of(&origin, &WORLD.scripts[&origin], smaller),
                    1 => head.note = head.note.replacen('\n', "\n9", 1),
                    2 => head.log = self.logs.iter().next().unwrap().clone(),
                    3 => head.note.push_str(&"x".repeat(100_000)),
                    _ => {}
                }
                head.entries = !head.entries;
            }
        }
        let Some(villain) = self.villain.as_ref().filter(|villain| villain.node == node) else { return known };
        for head in &mut known {
            let addressee = ends(&head.log).1 == asker;
            let other = match villain.malice {
                Malice::SplitForWitness => !addressee,
                Malice::SplitForReplica => addressee,
                Malice::Rollback => self.now >= villain.since,
                _ => false,
            };
            let size = Self::read_note(&head.note).map_or(0, |checkpoint| checkpoint.head.size);
            if other && villain.forks(&head.log) && size > FORK {
                head.note = other_note(&head.log, size);
            }
        }
        known
    }

    /// What a hostile issuer gives for disclosures.
    pub(super) fn gives(&mut self, asked: &Origin, index: u64, state: Disclosed) -> Option<Disclosed> {
        let node = ends(asked).0;
        if !self.does(node, Malice::Disclosures) || !self.chance.permille(500) {
            return Some(state);
        }
        let others = WORLD.scripts[asked].lines.iter().map(|line| &line.disclosures).filter(|all| !all.is_empty());
        let others = others.cloned().collect::<Vec<_>>();
        match (self.chance.within(0, 7), state) {
            (0, _) => None,
            (1, _) => Some(Disclosed::None),
            (2, _) => Some(Disclosed::All(others[usize::try_from(index).unwrap() % others.len()].clone())),
            (3, Disclosed::All(mut all)) => {
                all.extend(all.clone());
                Some(Disclosed::All(all))
            }
            (4, Disclosed::All(mut all)) => {
                all[0].push('A');
                Some(Disclosed::All(all))
            }
            (5, _) => Some(Disclosed::All(vec!["no disclosure".to_owned()])),
            (_, state) => Some(state),
        }
    }

    /// The heads that addressee and witness of a log have come to see.
    fn heads_seen(&self, log: &Origin) -> [Option<TreeHead>; 2] {
        let (from, to) = ends(log);
        let third = (0..NODES.len()).find(|node| *node != from && *node != to).unwrap();
        let held = self.nodes[to].disk.partners[log].head(log).map(|head| head.head);
        let kept = self.nodes[third].disk.node.record(crate::store::Table::Witnessed, log.as_str().as_bytes()).unwrap();
        let kept = kept.and_then(|note| Self::read_note(std::str::from_utf8(&note).unwrap()));
        [held, kept.map(|checkpoint| checkpoint.head)]
    }

    /// The branches of these, once both are far enough.
    pub(super) fn seen(&self, log: &Origin) -> [Option<Branch>; 2] {
        self.heads_seen(log).map(|head| head.and_then(|head| Self::branch(log, head)))
    }

    /// Whether addressee and witness have come to see two histories, and the one who holds entries as many as the other saw:
    /// from then on either can prove it who hears of the other's head.
    fn can_meet(&self, log: &Origin) -> bool {
        let apart = matches!(self.seen(log), [Some(held), Some(witnessed)] if held != witnessed);
        let far = matches!(self.heads_seen(log), [Some(held), Some(witnessed)] if held.size >= witnessed.size);
        apart && far
    }

    /// Runs until everybody else has proof of every log of the villain that is to be long enough to have two histories; gives
    /// for each the seconds between the moment that the two heads could meet and that.
    pub(in crate::exchange::tests) fn until_found_out(&mut self) -> BTreeMap<Origin, u64> {
        let long = self.logs.iter().filter(|log| self.lies(log) && self.goals[*log] > FORK).cloned();
        let long = long.collect::<BTreeSet<_>>();
        let (mut met, mut found) = (BTreeMap::new(), BTreeMap::new());
        while !self.calm && found.len() < long.len() {
            let Some((at, happening)) = self.agenda.next() else { break };
            self.now = at;
            let ticked = matches!(happening, Happening::Tick(0));
            self.happen(happening);
            for log in long.iter().filter(|_| ticked) {
                if self.can_meet(log) {
                    met.entry(log.clone()).or_insert(at);
                }
                if self.found_out(log) {
                    let since = met.get(log).copied().unwrap_or(at);
                    found.entry(log.clone()).or_insert((at - since) / 1_000);
                }
            }
        }
        let hidden = long.iter().filter(|log| !found.contains_key(*log)).collect::<Vec<_>>();
        assert!(hidden.is_empty(), "not everybody has proof that {hidden:?} have two histories, which met at {met:?}");
        found
    }

    /// Whether everybody who is not the villain has proof that a log has shown two histories.
    pub(in crate::exchange::tests) fn found_out(&self, log: &Origin) -> bool {
        let honest = (0..NODES.len()).filter(|node| *node != ends(log).0);
        let id = log.as_str().as_bytes();
        honest
            .map(|node| &self.nodes[node].disk.node)
            .all(|store| store.record(crate::store::Table::Evidence, id).unwrap().is_some())
    }
}
