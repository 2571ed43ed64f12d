//! What the machines want done, done at once or as work that takes time and dies with its node.

use super::*;

impl Simulation {
    pub(super) fn later(&mut self, node: usize, work: Work) {
        let at = self.now + self.toil(node);
        self.agenda.plan(at, Happening::Work(node, self.nodes[node].epoch, work));
    }

    /// The result reaches the machine a moment after the fact: a crash may come between.
    pub(super) fn result(&mut self, node: usize, event: Local) {
        let at = self.now + self.toil(node);
        self.agenda.plan(at, Happening::Local(node, self.nodes[node].epoch, event));
    }

    pub(super) fn local(&mut self, node: usize, event: Local) {
        let now = self.clock(node);
        let Some(process) = self.nodes[node].process.as_mut() else { return };
        match event {
            Local::Replica(log, event) => {
                if let Some((machine, size, _)) = process.refills.get_mut(&log) {
                    let actions = machine.step(now, event);
                    let full = machine.held().tree_head().size >= *size;
                    for action in actions {
                        self.replica(node, &log, action);
                    }
                    if full {
                        self.end_refill(node, &log);
                    }
                } else if let Some(machine) = process.replicas.get_mut(&log) {
                    let actions = machine.step(now, event);
                    if !machine.recalls() {
                        process.memory.passed(&log);
                    }
                    for action in actions {
                        self.replica(node, &log, action);
                    }
                }
            }
            Local::Recall(mut event) => {
                if let recall::Event::Heads { durable, .. } = &mut event {
                    let own = &self.nodes[node].disk.own;
                    durable.extend(own.logs().into_iter().map(|log| (log.clone(), own.durable_size(&log))));
                }
                let actions = self.nodes[node].process.as_mut().unwrap().recall.step(now, event);
                for action in actions {
                    self.recall(node, action);
                }
            }
            Local::Supplier(stream, event) => {
                let Some(supplier) = process.suppliers.get_mut(&stream) else { return };
                let actions = supplier.step(now, event);
                for action in actions {
                    self.supplier(node, stream, action);
                }
            }
            Local::Witness(event) => {
                let kept = match &event {
                    witness::Event::Kept(log) => Some(log.clone()),
                    _ => None,
                };
                let actions = process.witness.step(event);
                if let Some(log) = kept.filter(|log| process.witness.is_clear(log)) {
                    process.memory.passed(&log.as_str().parse().unwrap());
                }
                for action in actions {
                    self.witness(node, action);
                }
            }
            Local::Fetcher(log, event) => {
                let actions = process.fetchers.get_mut(&log).unwrap().step(now, event);
                for action in actions {
                    self.fetcher(node, &log, action);
                }
            }
            Local::Heads(event) => {
                // What partners know is held against what is here by then.
                let is_told = matches!(event, heads::Event::Heads { .. } | heads::Event::Reported(..));
                let own = if is_told { self.own_heads(node) } else { Vec::new() };
                for event in own.into_iter().chain([event]) {
                    let Some(process) = self.nodes[node].process.as_mut() else { return };
                    for action in process.heads.step(now, event) {
                        self.comparing(node, action);
                    }
                }
            }
            Local::Canvasser(log, event) => {
                let actions = process.canvassers.get_mut(&log).unwrap().step(now, event);
                for action in actions {
                    self.canvasser(node, &log, action);
                }
            }
        }
    }

    pub(super) fn replica(&mut self, node: usize, log: &Origin, action: replica::Action) {
        use replica::Action;
        match action {
            Action::Dial => self.dial(node, log),
            Action::HangUp(_) => {
                if let Some(stream) = self.current(node, log) {
                    self.close(stream, true);
                }
            }
            Action::Send(message) => {
                let Some(stream) = self.current(node, log) else { return };
                for message in self.answers(node, log, message) {
                    for at in self.convey(stream, 0) {
                        self.agenda.plan(at, Happening::ToSupplier(stream, message.clone()));
                    }
                }
            }
            Action::Check(unchecked) => self.later(node, Work::Check(unchecked)),
            Action::Commit(batch) => {
                self.comes(node, log, &batch.entries);
                self.later(node, Work::Commit(log.clone(), batch));
            }
            Action::Advance { extension, note } => self.later(node, Work::Advance(log.clone(), extension, note)),
            Action::Cosign(checkpoint) => self.later(node, Work::CosignReplica(checkpoint)),
            Action::Reload => self.later(node, Work::Reload(log.clone())),
            Action::JudgeAgain(setup) => {
                if let Some(stream) = self.current(node, log) {
                    self.close(stream, true);
                }
                self.later(node, Work::Judge(setup));
            }
            // What an authority keeps of its own statuses is not kept here as its sequencer would.
            Action::Found(_) if ends(log).0 == node => {}
            Action::Found(findings) => {
                let ahead = |finding: &replica::Finding| {
                    finding.reason == "ENTRY_SNAPSHOT_AHEAD" && self.lies_ahead(node, log, finding.index)
                };
                let good = |finding: &replica::Finding| {
                    finding.index != BAD && self.counts(log, finding.index) && !ahead(finding)
                };
                assert!(!findings.iter().any(good), "{findings:?}");
            }
            // How long it lasts is looked at: see `alarms`.
            Action::Alarm(_) => {}
            Action::Suspect(suspicion) => self.result(node, Local::Heads(heads::Event::Suspected(suspicion))),
            Action::Recall => {
                let recalled = self.nodes[node].process.as_ref().unwrap().memory.recalled(log, self.clock(node));
                if let Some(heads) = recalled {
                    self.result(node, Local::Replica(log.clone(), replica::Event::Recalled(heads)));
                }
            }
            Action::ReadRoot(size) => {
                let store: Arc<dyn Store> = self.nodes[node].store(log);
                let root = root(size, &store.hashes(log)).unwrap();
                self.result(node, Local::Replica(log.clone(), replica::Event::Root(size, Some(root))));
            }
        }
    }

    pub(super) fn supplier(&mut self, node: usize, stream: u64, action: supplier::Action) {
        use supplier::Action;
        match action {
            Action::Send(message) => {
                for message in self.sends(node, stream, message) {
                    for at in self.convey(stream, 1) {
                        self.agenda.plan(at, Happening::ToReplica(stream, message.clone()));
                    }
                }
                self.result(node, Local::Supplier(stream, supplier::Event::Sent));
            }
            Action::Prove { old, new } => self.later(node, Work::Prove { stream, old, new }),
            Action::Read { start, end, size } => self.later(node, Work::Read { stream, start, end, size }),
            Action::Keep(kept) => self.keep(node, &kept),
            Action::HangUp(_) => self.close(stream, false),
        }
    }

    pub(super) fn fetcher(&mut self, node: usize, log: &Origin, action: disclosures::Action) {
        use disclosures::Action;
        match action {
            Action::Fetch { asked, .. } => {
                let (from, to) = ((node, self.nodes[node].epoch), ends(log).0);
                // Somebody else is curious too.
                let third = (0..NODES.len()).find(|other| *other != node && *other != to).unwrap();
                assert!(!may_have_disclosures(&self.trust, &name(third), log));
                let at = self.now + self.way(node, to);
                self.numbers += 1;
                self.fetching.insert((node, log.clone()), self.numbers);
                self.agenda.plan(at, Happening::Disclose { from, ticket: self.numbers, asked });
            }
            Action::Credit(_) => {}
            Action::Cancel => {
                self.fetching.remove(&(node, log.clone()));
            }
            Action::Missing(indexes) => self.is_missed(log, &indexes),
            Action::Take(answers) => self.later(node, Work::Take(log.clone(), answers)),
            Action::Commit(batch) => self.later(node, Work::CommitDisclosed(log.clone(), batch)),
            Action::Receipt { origin, size, missing, held } => {
                let entries = self.nodes[node].disk.partners[log].durable_size(log);
                let within = missing.iter().chain(&held).all(|index| *index < size);
                assert!(size <= entries && origin == *log && within, "{size} of {entries}: {missing:?}, {held:?}");
                self.receipts.insert(origin, (missing, held));
                self.result(node, Local::Fetcher(log.clone(), disclosures::Event::Receipted));
            }
        }
    }

    /// Whether a call for disclosures is still waited for.
    pub(super) fn fetches(&self, from: (usize, u32), ticket: u64, log: &Origin) -> bool {
        self.alive(from.0, from.1) && self.fetching.get(&(from.0, log.clone())) == Some(&ticket)
    }

    /// The issuer's side of a call for disclosures.
    pub(super) fn disclose(&mut self, from: (usize, u32), ticket: u64, asked: &DisclosuresAsked) {
        if !self.fetches(from, ticket, &asked.log) {
            return;
        }
        let issuer = ends(&asked.log).0;
        assert!(may_have_disclosures(&self.trust, &name(from.0), &asked.log));
        let store = Arc::clone(&self.nodes[issuer].disk.own);
        let mut at = self.now;
        let there = self.nodes[issuer].process.is_some() && !self.apart(from.0, issuer);
        let published = store.head(&asked.log).map_or(0, |head| head.head.size);
        for index in asked.indexes.iter().filter(|index| there && **index < published) {
            at += self.way(from.0, issuer) / 8 + 1;
            if !self.calm && self.chance.permille(self.weather.cuts) {
                break;
            }
            let mut state = match store.disclosures(&asked.log, *index).unwrap() {
                Some(Disclosures::Present(_)) if is_held(*index) => Disclosed::Held,
                Some(Disclosures::Present(all)) => Disclosed::All(all),
                _ => Disclosed::None,
            };
            if let Disclosed::All(all) = &mut state
                && !self.calm
                && self.chance.permille(self.weather.lost * 5)
            {
                // One too few.
                all.pop();
            }
            let given = self.gives(&asked.log, *index, state.clone());
            self.is_given(&asked.log, *index, given.as_ref() == Some(&state));
            let Some(state) = given else { continue };
            let answer = Some(DisclosedEntry { index: *index, state });
            self.agenda.plan(at, Happening::Disclosed { to: from, ticket, log: asked.log.clone(), answer });
        }
        self.agenda.plan(at + 1, Happening::Disclosed { to: from, ticket, log: asked.log.clone(), answer: None });
    }

    pub(super) fn keep(&mut self, node: usize, kept: &crate::exchange::cosigned::Kept) {
        let trust = Arc::clone(&self.trust);
        let process = self.nodes[node].process.as_mut().unwrap();
        let log = process.cosigned.get_mut(&kept.origin).unwrap();
        let changes = log.keep(kept, &trust).unwrap();
        if let Some((size, _)) = log.newest(&trust, 0) {
            let most = self.released.entry(kept.origin.clone()).or_default();
            *most = size.max(*most);
        }
        self.later(node, Work::KeepCosigned(changes));
    }

    pub(super) fn witness(&mut self, node: usize, action: witness::Action) {
        use witness::Action;
        match action {
            Action::Keep { origin, change } => self.later(node, Work::KeepWitnessed(origin, change)),
            Action::Cosign(checkpoint) => self.later(node, Work::CosignWitness(checkpoint)),
            Action::Answer { ticket, answer } => {
                let answer = self.witnessed(node, answer);
                let Some(call) = self.calls.get(&ticket) else { return };
                let (a, b) = (call.from.0, node);
                let lost = !self.calm && self.chance.permille(10 * self.weather.lost);
                if !self.apart(a, b) && !lost {
                    let at = self.now + self.way(a, b);
                    self.agenda.plan(at, Happening::Answered { ticket, answer });
                }
            }
            Action::Suspect(suspicion) => self.result(node, Local::Heads(heads::Event::Suspected(suspicion))),
            Action::TooMany(_) => unreachable!("each log here is to one of the three"),
            Action::SuspectOutside { .. } => unreachable!("nobody watches logs of others here"),
            Action::Recall(origin) => {
                let heads = self.nodes[node].process.as_ref().unwrap().memory.recalled(&origin, self.clock(node));
                self.result(node, Local::Witness(witness::Event::Recalled { origin, heads }));
            }
        }
    }

    pub(super) fn canvasser(&mut self, node: usize, log: &Origin, action: canvasser::Action) {
        use canvasser::Action;
        match action {
            Action::Prove { witness, old, new } => {
                self.later(node, Work::ProveFor { log: log.clone(), witness, old, new });
            }
            Action::Ask { witness, request } => {
                let request = self.shows(node, log, request);
                self.numbers += 1;
                let (ticket, to) = (self.numbers, node_of(&witness.to_string().parse().unwrap()));
                let from = (node, self.nodes[node].epoch);
                self.calls.insert(ticket, Call { from, log: log.clone(), witness: to });
                let deadline = self.now + u64::try_from(DEADLINE_SECONDS).unwrap() * 1_000;
                self.agenda.plan(deadline, Happening::Deadline(ticket));
                // Calls overtake each other, get lost, and come twice.
                let lost = !self.calm && self.chance.permille(10 * self.weather.lost);
                let times = u64::from(!self.apart(node, to) && !lost);
                let twice = u64::from(!self.calm && self.chance.permille(10 * self.weather.lost));
                for _ in 0..times * (1 + twice) {
                    let at = self.now + self.way(node, to);
                    self.agenda.plan(at, Happening::Asked { ticket, to, request: request.clone() });
                }
            }
            Action::Keep { kept, .. } => self.keep(node, &kept),
            Action::Refused { .. } => {}
        }
    }

    // ---- work -------------------------------------------------------------------------------------------

    pub(super) fn work(&mut self, node: usize, work: Work) {
        match work {
            Work::Commit(log, batch) => {
                let store = self.nodes[node].store(&log);
                if !self.calm && self.chance.permille(self.weather.failures) {
                    store.fail_next_write("the disk is full");
                }
                let event = match store.commit(batch) {
                    Ok(_) => replica::Event::Committed,
                    Err(error) => replica::Event::StoreFailed(error.to_string()),
                };
                self.check_prefix(node, &log);
                self.result(node, Local::Replica(log, event));
            }
            Work::Advance(log, extension, note) => {
                let store = self.nodes[node].store(&log);
                let event = match store.advance(vec![*extension], &|_| Ok(note.clone())) {
                    Ok(()) => {
                        let size = store.head(&log).unwrap().head.size;
                        let event = disclosures::Event::Published(size);
                        if ends(&log).1 == node {
                            self.result(node, Local::Fetcher(log.clone(), event));
                        }
                        replica::Event::Advanced
                    }
                    Err(error) => replica::Event::StoreFailed(error.to_string()),
                };
                self.result(node, Local::Replica(log, event));
            }
            Work::Reload(log) => {
                let store = self.nodes[node].store(&log);
                store.reload().unwrap();
                let held = Held::load(store.as_ref(), &log).unwrap();
                self.result(node, Local::Replica(log, replica::Event::Reloaded(Box::new(held))));
            }
            Work::Judge(setup) => {
                let store = self.nodes[node].store(&setup.origin);
                if let Some(again) = replica::rejudge(store.as_ref(), &setup, 0).unwrap() {
                    store.commit(again.batch).unwrap();
                }
                let held = Held::load(store.as_ref(), &setup.origin).unwrap();
                self.result(node, Local::Replica(setup.origin, replica::Event::Reloaded(Box::new(held))));
            }
            Work::Check(unchecked) => {
                let store = self.nodes[node].store(&unchecked.origin);
                let forks = self.forks(&unchecked.origin);
                // The same entry under the same list: judged once, whatever the seed.
                let checked = check_with(store.as_ref(), &unchecked, |leaf, index| {
                    let of = |scripts: &BTreeMap<Origin, Script>| {
                        scripts[&unchecked.origin].lines[usize::try_from(index).unwrap()].leaf == leaf
                    };
                    let branch = if of(&WORLD.scripts) { Branch::First } else { Branch::Other };
                    assert!(branch == Branch::First || (forks && of(&WORLD.forks)), "an entry that nobody signed");
                    let mut judged = JUDGED.lock().unwrap();
                    let judge = || check_entry(leaf, None, &unchecked.origin, index, &unchecked.trust);
                    let closed = unchecked.trust.closed_in(&unchecked.origin);
                    judged.entry((unchecked.origin.clone(), index, branch, closed)).or_insert_with(judge).clone()
                })
                .unwrap();
                self.result(node, Local::Replica(unchecked.origin, replica::Event::Checked(checked)));
            }
            Work::CosignReplica(checkpoint) => {
                let store = &self.nodes[node].disk.partners[&checkpoint.origin];
                let held = store.head(&checkpoint.origin).expect("it cosigns what it does not hold");
                assert!(held.head.size >= checkpoint.head.size, "it cosigns {checkpoint} and holds {:?}", held.head);
                let line = self.cosign(&checkpoint, &name(node).replica(), key(node, Use::Replica));
                let event = replica::Event::Cosigned { size: checkpoint.head.size, line: Some(line) };
                self.result(node, Local::Replica(checkpoint.origin, event));
            }
            Work::CosignWitness(checkpoint) => {
                let id = checkpoint.origin.as_str().as_bytes();
                let kept = self.nodes[node].disk.node.record(crate::store::Table::Witnessed, id).unwrap();
                let kept = String::from_utf8(kept.expect("it cosigns what it did not keep")).unwrap();
                let shown = checkpoint.text();
                assert!(kept.starts_with(shown), "it cosigns {shown} and kept {kept}");
                let line = self.cosign(&shown.parse().unwrap(), &name(node).witness(), key(node, Use::Witness));
                let event = witness::Event::Cosigned { origin: checkpoint.origin, line: Some(line) };
                self.result(node, Local::Witness(event));
            }
            Work::KeepWitnessed(origin, change) => {
                let batch = Batch { state: vec![change], ..Batch::default() };
                self.nodes[node].disk.node.commit(batch).unwrap();
                self.result(node, Local::Witness(witness::Event::Kept(origin)));
            }
            Work::KeepCosigned(state) => {
                self.nodes[node].disk.own.commit(Batch { state, ..Batch::default() }).unwrap();
            }
            Work::Prove { stream, old, new } => {
                let log = self.wires[&stream].log.clone();
                let proof = self.prove(node, &log, old, new);
                self.result(node, Local::Supplier(stream, supplier::Event::Proven(proof)));
            }
            Work::Read { stream, start, end, size } => {
                let log = self.wires[&stream].log.clone();
                let store = self.nodes[node].store(&log);
                let end = end.min(start + self.chance.within(1, 12));
                let entries = store.leaves(&log, start..end, 1 << 20).unwrap();
                let proof = self.prove(node, &log, start + entries.len() as u64, size);
                self.result(node, Local::Supplier(stream, supplier::Event::Read { entries, proof }));
            }
            Work::ProveFor { log, witness, old, new } => {
                let proof = self.prove(node, &log, old, new);
                self.result(node, Local::Canvasser(log, canvasser::Event::Proven { witness, proof }));
            }
            Work::Take(log, answers) => {
                let store = Arc::clone(&self.nodes[node].disk.partners[&log]);
                let at_ms = self.now;
                let taken = take(store.as_ref(), &log, &answers, at_ms).unwrap();
                self.result(node, Local::Fetcher(log, disclosures::Event::Taken(taken)));
            }
            Work::CommitDisclosed(log, batch) => {
                let store = Arc::clone(&self.nodes[node].disk.partners[&log]);
                if store.commit(batch).is_ok() {
                    self.result(node, Local::Fetcher(log, disclosures::Event::Committed));
                } else {
                    store.reload().unwrap();
                    let fetcher = self.nodes[node].fetcher(&log);
                    self.nodes[node].process.as_mut().unwrap().fetchers.insert(log, fetcher);
                }
            }
            Work::Publish(log) => {
                self.publish(node, &log);
                self.tell_published(node, &log);
            }
        }
    }
}
