//! What an authority does with its own logs: it issues, signs heads, and asks what it said after a loss.

use super::*;

impl Simulation {
    pub(super) fn issue(&mut self, node: usize) {
        let own = self.logs.iter().filter(|log| ends(log).0 == node).cloned().collect::<Vec<_>>();
        let again = self.now + self.chance.within(50, 6_000);
        self.agenda.plan(if self.calm { self.now + 300 } else { again }, Happening::Issue(node));
        if self.nodes[node].process.is_none() || own.is_empty() {
            return;
        }
        let log = own[usize::try_from(self.chance.within(0, own.len() as u64)).unwrap()].clone();
        let settled = self.nodes[node].process.as_ref().unwrap().recall.is_settled(&log);
        if !settled || self.closed.contains(&log) {
            return;
        }
        self.nodes[node].process.as_mut().unwrap().recall.opened(&log);
        let left = self.goals[&log].saturating_sub(self.nodes[node].disk.own.durable_size(&log));
        if left > 0 {
            let count = self.chance.within(1, 8).min(left);
            self.nodes[node].issue(&log, count);
            // A crash may come between the two.
            self.later(node, Work::Publish(log));
        }
    }

    /// Signs a head over what is durable.
    pub(super) fn publish(&mut self, node: usize, log: &Origin) {
        let store = Arc::clone(&self.nodes[node].disk.own);
        let previous = store.head(log).map(|head| head.head);
        let size = store.durable_size(log);
        if size <= previous.map_or(0, |head| head.size) {
            return;
        }
        let tree = &self.nodes[node].script(log).tree;
        let next = TreeHead { size, root: root(size, tree).unwrap() };
        let proof = previous.map_or_else(Vec::new, |head| consistency_proof(head.size, size, tree).unwrap());
        let extension = Extension::prove(log.clone(), previous, next, &proof).unwrap();
        store.advance(vec![extension], &|extension| sign_checkpoint(extension, key(node, Use::Log))).unwrap();
        let most = self.published.entry(log.clone()).or_default();
        *most = size.max(*most);
    }

    pub(super) fn tell_published(&mut self, node: usize, log: &Origin) {
        let Some(head) = self.nodes[node].disk.own.head(log) else { return };
        let process = self.nodes[node].process.as_ref().unwrap();
        let streams = process.suppliers.keys().copied().filter(|stream| self.wires[stream].log == *log);
        let mut events =
            streams.map(|stream| Local::Supplier(stream, supplier::Event::Published(head.clone()))).collect::<Vec<_>>();
        events.push(Local::Canvasser(log.clone(), canvasser::Event::Published(head)));
        for event in events {
            self.local(node, event);
        }
    }

    /// A partner says what it knows of the asker's logs, and of those that the asker may have cosigned.
    pub(super) fn tell_heads(&mut self, from: (usize, u32), partner: usize) {
        let there = self.nodes[partner].process.is_some() && !self.apart(from.0, partner);
        let event = if there {
            let memory = &self.nodes[partner].process.as_ref().unwrap().memory;
            let awaits = memory.silent().filter(|_| !memory.is_whole()).cloned().collect::<BTreeSet<_>>();
            let mut heads = self.known(partner);
            let told = self.told(partner, from.0, heads.clone());
            let at = self.now + self.way(from.0, partner);
            self.agenda.plan(at, Happening::Told { to: from, partner, heads: told });
            heads.retain(|head| self.asks(from.0, &head.log));
            recall::Event::Heads { partner: name(partner), heads, durable: BTreeMap::new(), all: true, awaits }
        } else {
            recall::Event::Unreachable(name(partner))
        };
        let at = self.now + self.way(from.0, partner);
        self.agenda.plan(at, Happening::Local(from.0, from.1, Local::Recall(event)));
    }

    /// Whether a node listens to what others tell of a log: of its own, unless it shows two histories on purpose.
    pub(super) fn asks(&self, node: usize, log: &Origin) -> bool {
        ends(log).0 == node && !self.lies(log)
    }

    pub(super) fn recall(&mut self, node: usize, action: recall::Action) {
        use recall::{Action, Settled};
        match action {
            Action::AskHeads(partner) => {
                let (from, partner) = ((node, self.nodes[node].epoch), node_of(&partner));
                let at = self.now + self.way(node, partner);
                self.agenda.plan(at, Happening::Heads { from, partner });
            }
            Action::ReadRoot { origin, size } => {
                let root = durable_root(self.nodes[node].disk.own.as_ref(), &origin, size).unwrap();
                let first = self.nodes[node].process.as_mut().unwrap().rooted.insert(origin.clone());
                let event = Local::Recall(recall::Event::Root { origin, size, root });
                // Once it takes time; what is compared again and again holds up nothing.
                if first { self.result(node, event) } else { self.local(node, event) }
            }
            Action::Shut { origin, .. } => {
                // What is being signed is through first.
                self.publish(node, &origin);
                self.tell_published(node, &origin);
                let durable = self.nodes[node].disk.own.durable_size(&origin);
                self.local(node, Local::Recall(recall::Event::Shut { origin, durable }));
            }
            Action::Refill { origin, from, note } if self.is_beside(node, &origin, &from, &note) => {
                self.result(node, Local::Recall(recall::Event::Beside { origin, note }));
            }
            Action::Refill { origin, note, .. } => {
                let size = note.lines().nth(1).unwrap().parse().unwrap();
                let trust = self.trust_of(node);
                let machine = self.nodes[node].refill(&origin, &trust);
                let until = self.now + 30_000;
                let process = self.nodes[node].process.as_mut().unwrap();
                process.refills.insert(origin, (machine, size, until));
            }
            Action::Settled(log, Settled::GoOn { .. }) => {
                // Whatever had enough cosignatures is there again.
                let durable = self.nodes[node].disk.own.durable_size(&log);
                let released = self.released.get(&log).copied().unwrap_or(0);
                assert!(durable >= released, "{log} goes on with {durable} entries after {released} were released");
                self.publish(node, &log);
                self.tell_published(node, &log);
            }
            Action::Settled(log, Settled::Close { size, .. }) => {
                assert!(size >= self.released.get(&log).copied().unwrap_or(0), "{log} is closed at {size}");
                self.closed.insert(log);
            }
            Action::Settled(log, Settled::Forked { .. }) => {
                assert!(self.nodes[node].strays, "{log} is not what was signed");
                self.alarmed.insert(log);
            }
        }
    }

    /// Whether a partner that can be reached proves that what is durable at a node is no beginning of its head.
    fn is_beside(&self, node: usize, log: &Origin, from: &crate::trust::NodeName, note: &str) -> bool {
        let partner = node_of(from);
        let (own, there) = (&self.nodes[node].disk.own, self.nodes[partner].process.is_some());
        let size = own.durable_size(log);
        if !there || self.apart(node, partner) || size == 0 {
            return false;
        }
        let head = Self::read_note(note).unwrap().head;
        let store: Arc<dyn Store> = self.nodes[partner].store(log);
        if store.head(log).is_none_or(|held| held.head.size < head.size) {
            return false;
        }
        let hashes = store.hashes(log);
        let (root, proof) = (root(size, &hashes).unwrap(), consistency_proof(size, head.size, &hashes).unwrap());
        let durable = TreeHead { size, root: durable_root(own.as_ref(), log, size).unwrap() };
        is_another(&History { root, proof }, &durable, &head)
    }

    pub(super) fn end_refill(&mut self, node: usize, log: &Origin) {
        let Some(process) = self.nodes[node].process.as_mut() else { return };
        if process.refills.remove(log).is_none() {
            return;
        }
        if let Some(stream) = self.current(node, log) {
            self.close(stream, true);
        }
        let durable = self.nodes[node].disk.own.durable_size(log);
        self.local(node, Local::Recall(recall::Event::Refilled { origin: log.clone(), durable }));
    }
}
