//! What must always hold of the whole system, looked at as it runs and at the end.

use super::*;

impl Simulation {
    pub(super) fn prove(&self, node: usize, log: &Origin, old: u64, new: u64) -> Vec<Hash> {
        let store = self.nodes[node].store(log);
        let store: &dyn Store = store.as_ref();
        consistency_proof(old, new, &store.hashes(log)).unwrap()
    }

    // ---- what must always hold --------------------------------------------------------------------------

    /// A replica's log is a prefix of what its issuer published, or of one of the histories that it shows.
    pub(super) fn check_prefix(&self, node: usize, log: &Origin) {
        let store = self.nodes[node].store(log);
        let held = store.durable_size(log);
        let forks = self.forks(log);
        let published = self.published.get(log).copied().unwrap_or(0);
        assert!(held <= published, "{log}: {held} entries that were not published");
        if let Some(last) = held.checked_sub(1) {
            let entry = store.durable_entry(log, last).unwrap().unwrap();
            let of = |script: &Script| script.lines[usize::try_from(last).unwrap()].leaf == entry.leaf;
            assert!(of(&WORLD.scripts[log]) || (forks && of(&WORLD.forks[log])), "{log} at {last}");
        }
    }

    /// One size, one root, and of a log that shows two histories one for each cosigner; no cosigner goes back; two
    /// histories never have enough cosignatures.
    pub(super) fn cosign(
        &mut self,
        checkpoint: &Checkpoint,
        cosigner: &str,
        key: &crate::signature::SecretKey,
    ) -> String {
        let Checkpoint { origin, head } = checkpoint;
        let forks = self.forks(origin);
        let roots = self.cosigned.entry((origin.clone(), head.size)).or_default();
        roots.entry(head.root).or_default().insert(cosigner.to_owned());
        // Nobody but a log that shows two histories is told what was cosigned of it: whoever forgot it cannot know.
        let at = node_of(&cosigner.split('/').next().unwrap().parse().unwrap());
        let deceived = forks && self.wiped.contains(&at);
        let mine = roots.values().filter(|who| who.contains(cosigner)).count();
        assert!(mine == 1 || deceived, "{cosigner} cosigns two roots of {origin} at {}", head.size);
        assert!(forks || roots.len() == 1, "two roots of {origin} at {} are cosigned", head.size);
        let enough = self.trust.policy(origin).unwrap().evaluate(&roots[&head.root]);
        if let Some(branch) = Self::branch(origin, *head).filter(|_| enough) {
            let first = *self.confirmed.entry(origin.clone()).or_insert(branch);
            assert_eq!(first, branch, "two histories of {origin} have enough cosignatures");
        }
        let last = self.last_cosigned.entry((origin.clone(), cosigner.to_owned())).or_default();
        assert!(head.size >= *last || deceived, "{cosigner} cosigns {origin} at {} after {last}", head.size);
        *last = head.size;
        let time = u64::try_from(self.clock(at).as_second()).unwrap();
        cosign(checkpoint, cosigner, key, time).unwrap().to_string()
    }

    /// Every replica holds everything, and every newest head has the cosignatures that the policy asks for.
    pub(in crate::exchange::tests) fn converged(&self) -> Result<(), String> {
        if !self.have_the_newest_list() {
            return Err("somebody has the list of before".to_owned());
        }
        for log in self.logs.iter().filter(|log| !self.closed.contains(*log)) {
            let (from, to) = ends(log);
            let issued = self.goals[log];
            if self.forks(log) {
                let both = matches!(self.seen(log), [Some(held), Some(witnessed)] if held != witnessed);
                if both && !self.found_out(log) {
                    return Err(format!("{log} has shown two histories, and not everybody has proof of it"));
                }
                continue;
            }
            let own = self.nodes[from].disk.own.head(log).map_or(0, |head| head.head.size);
            let held = self.nodes[to].disk.partners[log].head(log).map_or(0, |head| head.head.size);
            if own < issued || held < own {
                return Err(format!("{log}: {issued} issued, {own} published, {held} held"));
            }
            let process: &Process = self.nodes[from].process.as_ref().unwrap();
            let newest = process.cosigned[log].newest(&self.trust, own);
            let Some((_, note)) = newest else { return Err(format!("{log}: the head of {own} lacks cosignatures")) };
            let signed = SignedCheckpoint::open(&note, &self.trust.log_key(log).unwrap()).unwrap();
            assert!(enough(&self.trust, log, &signed, own - 1));
            let awaited = self.nodes[to].process.as_ref().unwrap().fetchers[log].awaited();
            let there = awaited.indexes(Why::Missing).into_iter().all(|index| self.is_lost(log, index));
            if awaited.receipted.settled < own || awaited.receipted.owed || !there {
                return Err(format!("{log}: of {own} disclosures are awaited: {awaited:?}"));
            }
        }
        self.alarms().first().map_or(Ok(()), |alarm| Err(format!("nobody lies any more, and still: {alarm}")))
    }

    /// Whether the issuer lost the disclosures of an entry: its disk was an old copy, and entries came back without.
    pub(super) fn is_lost(&self, log: &Origin, index: u64) -> bool {
        let has = !WORLD.scripts[log].lines[usize::try_from(index).unwrap()].disclosures.is_empty();
        has && self.nodes[ends(log).0].disk.own.disclosures(log, index).unwrap() == Some(Disclosures::None)
    }

    /// What is left when everything has come to rest.
    pub(in crate::exchange::tests) fn check_rest(&self) {
        for log in self.logs.iter().filter(|log| !self.closed.contains(*log)) {
            let (_, to) = ends(log);
            let store: &dyn Store = self.nodes[to].disk.partners[log].as_ref();
            if self.forks(log) {
                // What is held is one of the two, whole: of a root that is neither there is no branch.
                if let Some(head) = store.head(log) {
                    Self::branch(log, head.head);
                }
                self.check_fork(log);
                continue;
            }
            let script = &WORLD.scripts[log];
            let held = store.head(log).unwrap().head;
            assert_eq!(held.root, root(held.size, &script.tree).unwrap());
            for (index, line) in (0..held.size).zip(&script.lines) {
                assert_eq!(store.leaf(log, index).unwrap().unwrap(), line.leaf);
                let bad = index == BAD;
                assert_eq!(store.find(&line.jti).unwrap().is_none(), bad, "{log} at {index}");
                let there = store.disclosures(log, index).unwrap().unwrap();
                let none = line.disclosures.is_empty() || bad || is_held(index);
                match there {
                    // What does not count when it comes is not asked for.
                    Disclosures::None => {
                        let unasked = !self.counts(log, index);
                        assert!(none || unasked || self.is_lost(log, index), "{log} at {index}");
                    }
                    Disclosures::Present(all) => assert!(!none && all == line.disclosures, "{log} at {index}"),
                    Disclosures::Erased => panic!("nothing was erased"),
                }
                let place = line.status_index.filter(|_| !bad);
                assert_eq!(store.facts(log, index).unwrap().unwrap().status_index, place, "{log} at {index}");
            }
            let findings = replica::findings(store, log).unwrap();
            let indexes = findings.iter().map(|finding| finding.index).collect::<Vec<_>>();
            let came_ahead = |index: &u64| self.came_ahead.contains(&(log.clone(), *index));
            let found = (0..held.size).filter(|index| *index == BAD || !self.counts(log, *index) || came_ahead(index));
            assert_eq!(indexes, found.collect::<Vec<_>>(), "{log}");
            // The issuer was told what reached its addressee, and nothing else is open.
            let awaited = self.nodes[to].process.as_ref().unwrap().fetchers[log].awaited();
            let open = (awaited.indexes(Why::Missing), awaited.indexes(Why::Held));
            assert!(open.1.iter().all(|index| is_held(*index)), "{log}: {open:?}");
            assert_eq!(self.receipts.get(log).cloned().unwrap_or_default(), open, "{log}");
            for (node, other) in self.nodes.iter().enumerate().filter(|(node, _)| *node != to) {
                assert!(!other.disk.partners.contains_key(log), "{log} at node {node}");
            }
        }
    }
}
