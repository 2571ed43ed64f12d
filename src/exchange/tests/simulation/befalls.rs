//! What befalls a node: time, crashes, old copies and lost disks.

use super::*;

impl Simulation {
    pub(super) fn tick(&mut self, node: usize) {
        self.agenda.plan(self.now + 1_000, Happening::Tick(node));
        if !self.calm {
            if self.chance.permille(self.weather.crashes) {
                self.agenda.plan(self.now + self.chance.within(0, 1_000), Happening::Crash(node));
            }
            if self.chance.within(0, 100_000) < self.weather.restores {
                self.agenda.plan(self.now + 1, Happening::Restore(node));
            }
            if self.chance.within(0, 100_000) < self.weather.wipes {
                self.agenda.plan(self.now + 1, Happening::Wipe(node));
            }
            if self.chance.permille(self.weather.partitions) {
                let other = (node + 1) % NODES.len();
                let pair = (node.min(other), node.max(other));
                self.cut.insert(pair);
                let until = self.now + self.chance.within(500, 40_000);
                self.agenda.plan(until, Happening::Mend(pair.0, pair.1));
            }
        }
        if self.nodes[node].process.is_some() {
            self.offer(node);
        }
        let Some(process) = &self.nodes[node].process else { return };
        let mut events = Vec::new();
        events.extend(process.replicas.keys().map(|log| Local::Replica(log.clone(), replica::Event::Tick)));
        events.extend(process.suppliers.keys().map(|stream| Local::Supplier(*stream, supplier::Event::Tick)));
        events.extend(process.fetchers.keys().map(|log| Local::Fetcher(log.clone(), disclosures::Event::Tick)));
        events.extend(process.canvassers.keys().map(|log| Local::Canvasser(log.clone(), canvasser::Event::Tick)));
        events.extend(process.refills.keys().map(|log| Local::Replica(log.clone(), replica::Event::Tick)));
        events.push(Local::Recall(recall::Event::Tick));
        events.extend(self.given_up(node).into_iter().map(|log| Local::Recall(recall::Event::GiveUp(log))));
        events.push(Local::Heads(heads::Event::Tick));
        let soon = process.heads.is_open() && (self.now / 1_000).is_multiple_of(SOON);
        if soon || (self.now / 1_000) % OWN == node as u64 {
            events.extend(self.own_heads(node).into_iter().map(Local::Heads));
        }
        let late = process.refills.iter().filter(|(_, (_, _, until))| *until < self.now);
        let late = late.map(|(log, _)| log.clone()).collect::<Vec<_>>();
        for event in events {
            self.local(node, event);
        }
        for log in late {
            self.end_refill(node, &log);
        }
        self.check_alarms(node);
    }

    /// The logs that its operator gives up: more was signed of them than is there, and whoever may hold the rest has said
    /// that he does not.
    fn given_up(&self, node: usize) -> Vec<Origin> {
        let Some(Process { recall, .. }) = &self.nodes[node].process else { return Vec::new() };
        let has_answered = |holder: usize| recall.silent().all(|silent| *silent != name(holder));
        let mut lacks = recall.lacks();
        lacks.retain(|log, lack| lack.holders.is_empty() && has_answered(ends(log).1) && !self.alarmed.contains(log));
        if recall.has_waited(self.clock(node)) { lacks.into_keys().collect() } else { Vec::new() }
    }

    /// The authority's disk is a copy of some time ago; everything since is gone.
    pub(super) fn restore(&mut self, node: usize) {
        if self.calm || self.nodes[node].process.is_none() {
            return;
        }
        self.crash(node);
        let old = std::mem::take(&mut self.nodes[node].disk.own);
        for log in old.logs() {
            let kept = self.chance.within(0, old.durable_size(&log) + 1);
            if kept > 0 {
                self.nodes[node].issue(&log, kept);
                self.publish(node, &log);
            }
        }
    }

    /// The disk with all that a node kept of others is gone; its own authority's is another.
    pub(super) fn wipe(&mut self, node: usize) {
        let villain = self.villain.as_ref().is_some_and(|villain| villain.node == node);
        // What everybody has forgotten nobody can be told.
        let others = self.nodes.iter().filter(|other| other.at != node).all(|other| other.whole);
        if self.calm || villain || !others || self.nodes[node].process.is_none() {
            return;
        }
        self.crash(node);
        self.nodes[node].wipe();
        self.wiped.insert(node);
    }

    pub(super) fn crash(&mut self, node: usize) {
        if self.calm || self.nodes[node].process.take().is_none() {
            return;
        }
        self.untruths.forget(node);
        for (stream, wire) in &self.wires {
            for (side, dialler) in [(wire.dialler, false), (wire.answerer, true)] {
                if wire.open && side.0 == node {
                    // The other side hears of it now or later.
                    let at = self.now + 1 + stream % 700;
                    self.agenda.plan(at, Happening::Closed { stream: *stream, dialler });
                }
            }
        }
        let back = self.now + self.chance.within(100, 20_000);
        self.agenda.plan(back, Happening::Start(node));
    }

    pub(super) fn start(&mut self, node: usize) {
        if self.nodes[node].process.is_some() || self.down.contains(&node) {
            return;
        }
        let trust = self.trust_of(node);
        let now = self.clock(node);
        self.nodes[node].start(&trust, now);
        self.tell_lifted(node);
        for (log, evidence) in known_evidence(self.nodes[node].disk.node.as_ref(), &trust).unwrap() {
            if self.asks(node, &log) {
                self.local(node, Local::Recall(self.is_proven(node, &log)));
            }
            self.local(node, Local::Replica(log, replica::Event::Equivocated(evidence.size())));
        }
        for log in self.nodes[node].own_logs() {
            if self.lies(&log) {
                // It knows what it did, and asks nobody.
                self.local(node, Local::Recall(recall::Event::Override(log.clone())));
            }
            self.tell_published(node, &log);
        }
    }
}
