//! What nodes tell each other of the heads they know, and what follows where two of them do not go together.

use super::*;
use crate::log::SignedNote;

impl Simulation {
    /// The newest heads that a node knows of all logs.
    pub(super) fn known(&self, node: usize) -> Vec<KnownHead> {
        let mut heads = Vec::new();
        let mut tell = |log: &Origin, note: String, entries: bool| {
            heads.push(KnownHead { log: log.clone(), note, entries, cosigned_by_asker: None });
        };
        let SimNode { disk, process, .. } = &self.nodes[node];
        for log in disk.own.logs() {
            if let Some(head) = disk.own.head(&log) {
                tell(&log, head.note, true);
            }
        }
        for (log, store) in &disk.partners {
            if let Some(head) = store.head(log) {
                tell(log, head.note, true);
            }
            if let Some(note) = newest_note(store.as_ref(), log).unwrap() {
                tell(log, note, false);
            }
        }
        for (log, heard) in process.iter().flat_map(|process| process.memory.open()) {
            tell(log, heard.note.clone(), false);
        }
        for (log, _, note) in process.iter().flat_map(|process| process.witness.heads()) {
            tell(&log.as_str().parse().unwrap(), note.to_owned(), false);
        }
        heads
    }

    /// The same for the node's own machine that compares.
    pub(super) fn own_heads(&self, node: usize) -> Vec<heads::Event> {
        let known = self.known(node).into_iter();
        known.map(|KnownHead { note, entries, .. }| heads::Event::Own { note, entries }).collect()
    }

    pub(super) fn comparing(&mut self, node: usize, action: heads::Action) {
        use heads::Action;
        let from = (node, self.nodes[node].epoch);
        match action {
            Action::AskHeads(partner) => {
                let partner = node_of(&partner);
                let at = self.now + self.way(node, partner);
                self.agenda.plan(at, Happening::Gossip { from, partner });
            }
            Action::AskHistory { ticket, of, question } => {
                let of = of.map_or(node, |name| node_of(&name));
                let at = self.now + self.way(node, of);
                self.agenda.plan(at, Happening::History { from, of, ticket, question });
            }
            Action::Evidence(evidence) => self.proven(node, &evidence),
            Action::Left(log, head) => {
                let store = Arc::clone(&self.nodes[node].disk.node);
                let mut last = Lifted::all(store.as_ref()).unwrap().remove(&log).unwrap().pop().unwrap();
                last.left.push(head);
                store.commit(Batch { state: vec![last.put(&log)], ..Batch::default() }).unwrap();
                self.tell_left(node, &log);
            }
            // Those who know may be away: it is an alarm where it lasts.
            Action::Unanswered(_) => {}
        }
    }

    /// A partner tells all heads that it knows, or what it wants believed.
    pub(super) fn gossip(&mut self, from: (usize, u32), partner: usize) {
        if self.nodes[partner].process.is_none() || self.apart(from.0, partner) {
            return;
        }
        let known = self.known(partner);
        let heads = self.told(partner, from.0, known);
        // What it has proof of stands in its log to everyone, which whoever was away reads.
        let known = self.nodes[partner].disk.node.records(crate::store::Table::Evidence).unwrap().into_iter();
        let lifted = Lifted::all(self.nodes[partner].disk.node.as_ref()).unwrap().into_values().flatten();
        let lifted = lifted.filter_map(|lifted| lifted.evidence.map(String::into_bytes));
        for record in known.map(|(_, record)| record).chain(lifted) {
            let (first, second, prefix) = crate::verification::Equivocation::parts(&record).unwrap();
            let evidence = Box::new(Evidence::prove(&self.trust, first, second, prefix).unwrap());
            let at = self.now + self.way(from.0, partner);
            self.agenda.plan(at, Happening::Reported { to: from.0, evidence });
        }
        let own = self.news_of_own(from, partner, &heads);
        let event = heads::Event::Heads { partner: name(partner), heads };
        let at = self.now + self.way(from.0, partner);
        self.agenda.plan(at, Happening::Local(from.0, from.1, Local::Heads(event)));
        if !own.is_empty() {
            let event = recall::Event::Heads {
                partner: name(partner),
                heads: own,
                durable: BTreeMap::new(),
                all: true,
                awaits: BTreeSet::new(),
            };
            self.agenda.plan(at, Happening::Local(from.0, from.1, Local::Recall(event)));
        }
    }

    /// Of heads that are told, those of own logs that are settled: until then a partner is asked until it answers.
    fn news_of_own(&self, from: (usize, u32), partner: usize, heads: &[KnownHead]) -> Vec<KnownHead> {
        let process = self.nodes[from.0].process.as_ref().filter(|_| self.alive(from.0, from.1));
        let Some(recall) = process.map(|process| &process.recall) else { return Vec::new() };
        let answered = recall.answered().any(|one| *one == name(partner));
        let own = heads.iter().filter(|head| answered && self.asks(from.0, &head.log) && recall.is_settled(&head.log));
        own.cloned().collect()
    }

    pub(super) fn history(&mut self, from: (usize, u32), of: usize, ticket: u64, question: &ProveHistory) {
        let ProveHistory { log, old_size, new_size } = question;
        let there = self.nodes[of].process.is_some() && !self.apart(from.0, of);
        let holds = there && (ends(log).0 == of || self.nodes[of].disk.partners.contains_key(log));
        let history = holds.then(|| self.nodes[of].store(log)).and_then(|store| {
            let store: &dyn Store = store.as_ref();
            let published = store.head(log).map_or(0, |head| head.head.size);
            let (old, new) = (*old_size, *new_size);
            let hashes = store.hashes(log);
            let known = old <= new && new <= published;
            known.then(|| History {
                root: root(old, &hashes).unwrap(),
                proof: consistency_proof(old, new, &hashes).unwrap(),
            })
        });
        let at = self.now + self.way(from.0, of);
        let event = heads::Event::History { ticket, history };
        self.agenda.plan(at, Happening::Local(from.0, from.1, Local::Heads(event)));
    }

    /// Somebody reports evidence. Of a log of which a person has lifted something it is judged first whether it is news.
    pub(super) fn reported(&mut self, node: usize, evidence: Box<Evidence>) {
        let lifted = Lifted::all(self.nodes[node].disk.node.as_ref()).unwrap();
        if lifted.contains_key(evidence.proven.origin()) {
            let held =
                evidence.held(&self.trust, &|head: &TreeHead| self.is_held(node, evidence.proven.origin(), head));
            self.local(node, Local::Heads(heads::Event::Reported(evidence, held)));
        } else {
            self.proven(node, &evidence);
        }
    }

    /// Keeps evidence, freezes the log, and tells the partners; what is known already changes nothing.
    pub(super) fn proven(&mut self, node: usize, evidence: &Evidence) {
        let (log, store) = (evidence.proven.origin().clone(), Arc::clone(&self.nodes[node].disk.node));
        self.is_of_the_villain(node, &log);
        if known_evidence(store.as_ref(), &self.trust).unwrap().contains_key(&log) {
            return;
        }
        store.commit(Batch { state: vec![evidence.put()], ..Batch::default() }).unwrap();
        if self.asks(node, &log) {
            self.local(node, Local::Recall(self.is_proven(node, &log)));
        }
        self.local(node, Local::Replica(log.clone(), replica::Event::Equivocated(evidence.proven.size())));
        self.local(node, Local::Witness(witness::Event::Equivocated(log)));
        for to in (0..NODES.len()).filter(|to| *to != node) {
            if self.apart(node, to) {
                continue;
            }
            let Evidence { first, second, prefix, .. } = evidence.clone();
            // It counts for what it proves, not for who sends it.
            let evidence = Box::new(Evidence::prove(&self.trust, first, second, prefix).unwrap());
            let at = self.now + self.way(node, to);
            self.agenda.plan(at, Happening::Reported { to, evidence });
        }
    }

    /// What the node that writes a log learns of its fork.
    pub(super) fn is_proven(&self, node: usize, log: &Origin) -> recall::Event {
        let lifted = Fork::lifted(self.nodes[node].disk.node.as_ref(), &self.trust).unwrap();
        recall::Event::Proven { proven: [log.clone()].into(), lifted }
    }

    /// A person has a node go on with the branch that it holds.
    pub(super) fn lift(&mut self, node: usize, log: &Origin) {
        let (store, at) = (Arc::clone(&self.nodes[node].disk.node), self.clock(node));
        let lifted = Lifted::judge(store.as_ref(), log, "as agreed".to_owned(), at).unwrap().unwrap();
        let lifted = Lifted { left: self.left(node, log, std::slice::from_ref(&lifted)).heads, ..lifted };
        store.commit(Batch { state: vec![lifted.put(log)], ..Batch::default() }).unwrap();
        self.untruths.lifted(log);
        let all = Lifted::all(store.as_ref()).unwrap().remove(log).unwrap();
        self.local(node, Local::Heads(heads::Event::Lifted(log.clone(), self.left(node, log, &all))));
        self.tell_left(node, log);
        if let Some(process) = self.nodes[node].process.as_mut() {
            process.memory.passed(log);
        }
        if self.asks(node, log) {
            let lifted = Fork::lifted(store.as_ref(), &self.trust).unwrap();
            self.local(node, Local::Recall(recall::Event::Proven { proven: BTreeSet::new(), lifted }));
        }
    }

    /// What of a log counts as lifted at a node, by what it holds, else by what it witnessed.
    fn left(&self, node: usize, log: &Origin, lifted: &[Lifted]) -> Left {
        let SimNode { disk, process, .. } = &self.nodes[node];
        let holds = ends(log).0 == node || disk.partners.contains_key(log);
        let mut seen = process.iter().flat_map(|process| process.witness.heads());
        let seen = seen.find(|(name, ..)| name.as_str() == log.as_str()).map(|(_, head, _)| head);
        let here = |head: &TreeHead| match seen {
            Some(seen) if !holds && seen.size == head.size => Some(seen.root == head.root),
            _ => self.is_held(node, log, head),
        };
        Left::of(&self.trust, log, lifted, &here)
    }

    /// Whether a head is of the history whose entries a node has; none where it goes further.
    fn is_held(&self, node: usize, log: &Origin, head: &TreeHead) -> Option<bool> {
        let disk = &self.nodes[node].disk;
        let store = if ends(log).0 == node { Some(&disk.own) } else { disk.partners.get(log) };
        let store = store.filter(|store| head.size <= store.durable_size(log))?;
        Some(durable_root(store.as_ref(), log, head.size).unwrap() == head.root)
    }

    /// Tells all machines but the one that compares what is lifted of a log, and then what is proven beside that.
    pub(super) fn tell_left(&mut self, node: usize, log: &Origin) {
        let store = Arc::clone(&self.nodes[node].disk.node);
        let all = Lifted::all(store.as_ref()).unwrap().remove(log).unwrap();
        let heads = self.left(node, log, &all).heads;
        if let Some(process) = self.nodes[node].process.as_mut() {
            process.memory.left(log, heads.clone());
        }
        self.local(node, Local::Replica(log.clone(), replica::Event::Lifted(heads.clone())));
        self.local(node, Local::Witness(witness::Event::Lifted(log.clone(), heads)));
        if let Some(proven) = known_evidence(store.as_ref(), &self.trust).unwrap().get(log) {
            self.local(node, Local::Replica(log.clone(), replica::Event::Equivocated(proven.size())));
            self.local(node, Local::Witness(witness::Event::Equivocated(log.clone())));
        }
    }

    /// What is lifted is told again to a process that starts.
    pub(super) fn tell_lifted(&mut self, node: usize) {
        for (log, lifted) in Lifted::all(self.nodes[node].disk.node.as_ref()).unwrap() {
            let left = self.left(node, &log, &lifted);
            self.local(node, Local::Heads(heads::Event::Lifted(log.clone(), left)));
            self.tell_left(node, &log);
        }
    }

    /// Nobody is accused who has shown one history.
    fn is_of_the_villain(&self, node: usize, log: &Origin) {
        assert!(self.forks(log), "{} accuses {log}, which has shown one history", NODES[node]);
    }

    /// The origin and the head of a note, whoever signed it.
    pub(super) fn read_note(note: &str) -> Option<Checkpoint> {
        SignedNote::parse(note).ok()?.text().parse().ok()
    }
}
