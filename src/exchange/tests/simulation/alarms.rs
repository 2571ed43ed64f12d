//! What an operator has to be alarmed of: a log whose own node shows less than it showed before, or another history, and
//! contents that it withholds. Where it lasts for a round of comparing there is an alarm, and where nobody lies there is none
//! in the end.

use super::*;

/// Milliseconds after which whoever is lied to has said so.
const ROUND: u64 = heads::ROUND.unsigned_abs() * 1_000;

/// What nodes are lied to, and since when, in milliseconds.
#[derive(Default)]
pub(super) struct Untruths {
    /// Logs of which the addressee was shown nothing since but heads that cannot follow what it holds.
    shown: BTreeMap<Origin, u64>,
    /// Entries of which it was given nothing since but what is not theirs.
    withheld: BTreeMap<(Origin, u64), u64>,
    /// When the addressee named them last as missing.
    missed: BTreeMap<(Origin, u64), u64>,
}

impl Untruths {
    /// A node that starts knows nothing of what was shown to it before.
    pub(super) fn forget(&mut self, node: usize) {
        self.shown.retain(|log, _| ends(log).1 != node);
        self.withheld.retain(|(log, _), _| ends(log).1 != node);
    }

    /// A person knows of it.
    pub(super) fn lifted(&mut self, log: &Origin) {
        self.shown.remove(log);
    }
}

impl Simulation {
    /// A log's own node says something to its addressee.
    pub(super) fn is_shown(&mut self, node: usize, log: &Origin, message: &FromSupplier) {
        let FromSupplier::Announce(announce) = message else { return };
        let signed = SignedCheckpoint::open(&announce.note, &self.trust.log_key(log).unwrap());
        // What nobody signed shows nothing.
        let Some(shown) = signed.ok().map(|signed| signed.checkpoint().head).filter(|_| ends(log).1 == node) else {
            return;
        };
        let held = self.nodes[node].disk.partners[log].head(log).map(|head| head.head);
        let is_behind = held.is_some_and(|held| shown.size < held.size);
        let branches = [held.and_then(|held| Self::branch(log, held)), Self::branch(log, shown)];
        if is_behind || matches!(branches, [Some(held), Some(shown)] if held != shown) {
            self.untruths.shown.entry(log.clone()).or_insert(self.now);
        } else {
            self.untruths.shown.remove(log);
        }
    }

    /// A log's own node gives the contents of an entry, or what it wants taken for them.
    pub(super) fn is_given(&mut self, log: &Origin, index: u64, rightly: bool) {
        let line = &WORLD.scripts[log].lines[usize::try_from(index).unwrap()];
        // Of what has none, or does not count, nothing is missed.
        let is_wanted = !line.disclosures.is_empty() && index != BAD && self.counts(log, index);
        if rightly {
            self.untruths.withheld.remove(&(log.clone(), index));
        } else if is_wanted {
            self.untruths.withheld.entry((log.clone(), index)).or_insert(self.now);
        }
    }

    /// The addressee has its operator told of contents that did not come.
    pub(super) fn is_missed(&mut self, log: &Origin, indexes: &[u64]) {
        self.untruths.missed.extend(indexes.iter().map(|index| ((log.clone(), *index), self.now)));
    }

    /// Whoever was lied to for a round has said so.
    pub(super) fn check_alarms(&self, node: usize) {
        let Some(process) = &self.nodes[node].process else { return };
        let lasts = |since: u64| self.now - since > ROUND;
        for (log, since) in self.untruths.shown.iter().filter(|(log, since)| ends(log).1 == node && lasts(**since)) {
            let shown = "was shown nothing but what cannot follow what it holds";
            let (who, seconds) = (NODES[node], since / 1_000);
            assert!(
                process.replicas[log].alarm().is_some(),
                "{who} {shown} of {log} since {seconds} s, and says nothing"
            );
        }
        let withheld = self.untruths.withheld.iter().filter(|((log, _), since)| ends(log).1 == node && lasts(**since));
        for (entry, since) in withheld {
            let (log, index) = entry;
            let there = self.nodes[node].disk.partners[log].disclosures(log, *index).unwrap();
            let is_missed = self.untruths.missed.get(entry).is_some_and(|missed| missed >= since);
            let is_here = matches!(there, Some(Disclosures::Present(_)));
            assert!(
                is_missed || is_here,
                "what {index} of {log} says is withheld since {since} ms, and nobody says so"
            );
        }
    }

    /// The alarms that stand at nodes, but for those of logs that show two histories or are closed.
    pub(super) fn alarms(&self) -> Vec<String> {
        let mut all = Vec::new();
        for SimNode { at, process, .. } in &self.nodes {
            let Some(process) = process else { continue };
            let streams =
                process.replicas.iter().filter_map(|(log, machine)| Some((log.clone(), machine.alarm()?.clone())));
            let heads = process.heads.alarms(self.clock(*at)).into_iter().map(|((_, log), alarm)| (log, alarm));
            let alarms = streams.chain(heads).filter(|(log, _)| !self.forks(log) && !self.closed.contains(log));
            all.extend(alarms.map(|(log, alarm)| format!("{} is alarmed of {log}: {}", NODES[*at], alarm.why)));
        }
        all
    }

    /// A node that has proof of two histories of a log that it holds says so.
    pub(super) fn check_fork(&self, log: &Origin) {
        let to = ends(log).1;
        let proven = known_evidence(self.nodes[to].disk.node.as_ref(), &self.trust).unwrap().contains_key(log);
        let Some(process) = self.nodes[to].process.as_ref().filter(|_| proven) else { return };
        let alarm = process.replicas[log].alarm();
        assert!(alarm.is_some(), "{} has proof that {log} has two histories, and says nothing", NODES[to]);
    }

    /// How many logs have shown their addressees for a round nothing but what cannot be.
    pub(in crate::exchange::tests) fn deceived(&self) -> usize {
        self.untruths.shown.values().filter(|since| self.now - **since > ROUND).count()
    }

    /// For how many entries addressees have waited for a round while something else was given for them.
    pub(in crate::exchange::tests) fn withheld(&self) -> usize {
        self.untruths.withheld.values().filter(|since| self.now - **since > ROUND).count()
    }
}

#[test]
fn heads_that_nobody_brings_together_are_an_alarm_and_none_once_somebody_does() {
    const ISSUER: usize = 0;
    const ADDRESSEE: usize = 1;
    let log = origin(ISSUER, ADDRESSEE);
    let mut simulation = Simulation::of(Chance::new(1), Weather::fair(3_600_000), [(log.clone(), 10)].into());
    for node in &mut simulation.nodes {
        node.slow = false;
    }
    simulation.run_until(120_000);
    assert_eq!((simulation.issued_and_held(ISSUER), simulation.alarms()), ((10, 10), Vec::new()));

    // The witness sees the log grow, and the addressee does not reach its node.
    simulation.cut.insert((ISSUER, ADDRESSEE));
    simulation.goals.insert(log.clone(), 20);
    let lasting = u64::try_from(heads::ROUND + heads::LASTING).unwrap() * 1_000;
    simulation.run_until(simulation.now + lasting + 60_000);
    assert_eq!(simulation.issued_and_held(ISSUER), (20, 10));
    let alarms = simulation.alarms();
    let [alarm] = alarms.as_slice() else { panic!("{alarms:?}") };
    assert!(alarm.starts_with("cn is alarmed of") && alarm.contains("heads of size 10 and "), "{alarm}");

    simulation.cut.clear();
    simulation.run_until(simulation.now + 120_000);
    assert_eq!((simulation.issued_and_held(ISSUER), simulation.alarms()), ((20, 20), Vec::new()));
}
