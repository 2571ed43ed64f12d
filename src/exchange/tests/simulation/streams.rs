//! Streams between two nodes: opened, closed, and what is said on them under way.

use super::*;

impl Simulation {
    pub(super) fn dial(&mut self, node: usize, log: &Origin) {
        self.numbers += 1;
        // An own log is fetched back from its addressee.
        let (from, to) = ends(log);
        let (stream, answerer) = (self.numbers, if node == from { to } else { from });
        let (dialler, answerer) = ((node, self.nodes[node].epoch), (answerer, self.nodes[answerer].epoch));
        let wire = Wire { log: log.clone(), dialler, answerer, open: false, arrivals: [self.now; 2] };
        self.wires.insert(stream, wire);
        let at = self.now + self.way(dialler.0, answerer.0);
        self.agenda.plan(at, Happening::Open(stream));
    }

    pub(super) fn open(&mut self, stream: u64) {
        let wire = &self.wires[&stream];
        let (dialler, answerer, log) = (wire.dialler, wire.answerer, wire.log.clone());
        if !self.alive(dialler.0, dialler.1) {
            return;
        }
        if !self.alive(answerer.0, answerer.1) || self.apart(dialler.0, answerer.0) {
            self.local(dialler.0, Local::Replica(log, replica::Event::Disconnected));
            return;
        }
        self.wires.get_mut(&stream).unwrap().open = true;
        let (now, trust) = (self.clock(answerer.0), Arc::clone(&self.trust));
        let supplier = Supplier::new(log.clone(), name(dialler.0), trust, now);
        let newest = self.nodes[answerer.0].store(&log).head(&log);
        let process = self.nodes[answerer.0].process.as_mut().unwrap();
        process.suppliers.insert(stream, supplier);
        if let Some(head) = newest {
            self.local(answerer.0, Local::Supplier(stream, supplier::Event::Published(head)));
        }
        self.local(dialler.0, Local::Replica(log, replica::Event::Connected));
    }

    /// Ends a stream; the other side hears of it later.
    pub(super) fn close(&mut self, stream: u64, by_dialler: bool) {
        let Some(wire) = self.wires.get_mut(&stream).filter(|wire| wire.open) else { return };
        wire.open = false;
        let (dialler, answerer) = (wire.dialler, wire.answerer);
        if let Some(process) = self.nodes[answerer.0].process.as_mut() {
            process.suppliers.remove(&stream);
        }
        if !by_dialler {
            // Sometimes only a keepalive tells.
            let late = if self.chance.permille(200) { 40_000 } else { 0 };
            let at = self.now + self.way(dialler.0, answerer.0) + late;
            self.agenda.plan(at, Happening::Closed { stream, dialler: true });
        }
    }

    pub(super) fn closed(&mut self, stream: u64, dialler: bool) {
        let wire = self.wires.get_mut(&stream).unwrap();
        wire.open = false;
        let (side, log) = (if dialler { wire.dialler } else { wire.answerer }, wire.log.clone());
        if !self.alive(side.0, side.1) {
            return;
        }
        if dialler {
            // Unless it has dialled again since: then this stream is nobody's.
            if self.current(side.0, &log) == Some(stream) {
                self.local(side.0, Local::Replica(log, replica::Event::Disconnected));
            }
        } else {
            self.nodes[side.0].process.as_mut().unwrap().suppliers.remove(&stream);
        }
    }

    /// The stream that a replica dialled last.
    pub(super) fn current(&self, node: usize, log: &Origin) -> Option<u64> {
        let epoch = self.nodes[node].epoch;
        let own = self.wires.iter().filter(|(_, wire)| wire.dialler == (node, epoch) && wire.log == *log);
        own.map(|(stream, _)| *stream).max()
    }

    /// When a message of a stream arrives; none if it does not.
    pub(super) fn convey(&mut self, stream: u64, direction: usize) -> Vec<u64> {
        let wire = &self.wires[&stream];
        let (a, b) = (wire.dialler.0, wire.answerer.0);
        if !wire.open {
            return Vec::new();
        }
        if self.apart(a, b) {
            self.close(stream, false);
            return Vec::new();
        }
        let taken = self.now + self.way(a, b);
        if !self.calm {
            if self.chance.permille(self.weather.cuts) {
                self.close(stream, false);
                return Vec::new();
            }
            if self.chance.permille(self.weather.lost) {
                // Lost, twice, or out of turn.
                return match self.chance.within(0, 3) {
                    0 => {
                        self.close(stream, false);
                        Vec::new()
                    }
                    1 => vec![taken, taken + 1],
                    _ => vec![taken],
                };
            }
        }
        let wire = self.wires.get_mut(&stream).unwrap();
        let at = taken.max(wire.arrivals[direction] + 1);
        wire.arrivals[direction] = at;
        vec![at]
    }

    // ---- machines ---------------------------------------------------------------------------------------
}
