//! Logs and witnesses outside the trust list.

use super::{at, head, line, log, proof, witnessing::Watch};
use crate::exchange::canvasser::{self, Canvasser};
use crate::exchange::message::Witnessed;
use crate::exchange::tests::world::{WORLD, name};
use crate::log::{AnyCheckpoint, LogName, SignedNote, VerifierKey, sign_note};
use crate::signature::{SecretKey, Signer as _};
use crate::store::MemoryStore;
use std::sync::Arc;

/// A log of strangers: any origin, a key of another name, extension lines.
fn stranger(size: u64) -> (VerifierKey, LogName, String) {
    let secret = SecretKey::from_seed(&[0x77; 32]).unwrap();
    let key = VerifierKey::note("stranger.example", secret.public_key()).unwrap();
    let text = format!("a log of strangers\n{size}\n{}\nof theirs\n", head(size).head.root);
    let line = sign_note(&text, "stranger.example", &secret).unwrap();
    (key, "a log of strangers".parse().unwrap(), SignedNote::new(text, vec![line]).unwrap().to_string())
}

#[test]
fn a_log_of_strangers_is_witnessed_by_the_same_rules_if_an_operator_named_it() {
    let (key, name, first) = stranger(5);
    assert_eq!(Watch::new(2).ask(0, Vec::new(), &first), 404);
    let watching = |store| {
        let Watch { witness, store, heads } = Watch::over(store, 2);
        Watch { witness: witness.watching([(name.clone(), vec![key.clone()])].into()), store, heads }
    };
    let mut watch = watching(MemoryStore::new());
    assert_eq!(watch.ask(0, Vec::new(), &first), 200);
    assert_eq!(watch.ask(0, Vec::new(), &stranger(10).2), 409);
    assert_eq!(watch.ask(5, proof(4, 10), &stranger(10).2), 422);
    assert_eq!(watch.ask(5, proof(5, 10), &stranger(10).2), 200);
    assert_eq!(watch.ask(10, Vec::new(), &stranger(11).2.replace("\n11\n", "\n10\n")), 403);
    let mut watch = watching(watch.store);
    assert_eq!(watch.ask(5, Vec::new(), &first), 409);
    // What the trust list has a key for stays the list's, whatever an operator wrote.
    let ours = [(LogName::from(&log()), vec![key.clone()])];
    let Watch { witness, store, heads } = Watch::new(1);
    assert_eq!(Watch { witness: witness.watching(ours.into()), store, heads }.ask(0, Vec::new(), &head(5).note), 404);
}

#[test]
fn for_a_log_of_strangers_no_partner_is_waited_for() {
    let (key, name, first) = stranger(5);
    let Watch { witness, store, .. } = Watch::new(2);
    let mut watch = Watch { witness: witness.watching([(name, vec![key])].into()), store, heads: None };
    assert_eq!(watch.ask(0, Vec::new(), &first), 200);
    assert_eq!(watch.ask(5, proof(5, 10), &stranger(10).2), 200);
    // Of a log of the list, whoever shows its head, they have to tell first.
    assert_eq!(watch.ask(0, Vec::new(), &head(5).note), 503);
}

#[test]
fn a_witness_outside_the_list_is_asked_too_and_no_round_waits_for_it() {
    let secret = SecretKey::from_seed(&[0x66; 32]).unwrap();
    let key = VerifierKey::cosigner("witness.example/w1", secret.public_key()).unwrap();
    let outside = canvasser::Cosigner::Outside("witness.example/w1".into());
    let mut canvasser = Canvasser::new(log(), Arc::clone(&WORLD.trust), vec![key]);
    let asked = canvasser.step(at(0), canvasser::Event::Published(head(10)));
    assert_eq!(asked.len(), 2, "{asked:?}");
    assert_eq!(canvasser.step(at(0), canvasser::Event::Published(head(12))), []);
    // The node has answered: the next head is taken up with it, and the one outside finishes what it has.
    let answer = Witnessed::Cosigned(line(&head(10), 2, false));
    let next = canvasser.step(at(1), canvasser::Event::Answered { witness: name(2).into(), answer });
    assert!(
        matches!(next.as_slice(), [canvasser::Action::Keep { .. }, canvasser::Action::Prove { witness, old: 10, new: 12 }]
        if *witness == name(2).into()),
        "{next:?}"
    );
    let text = head(10).note.split_once("\n\n").unwrap().0.to_owned() + "\n";
    let line_outside = text.parse::<AnyCheckpoint>().unwrap().cosign("witness.example/w1", &secret, 9).unwrap();
    let answer = Witnessed::Cosigned(line_outside.to_string());
    let next = canvasser.step(at(1), canvasser::Event::Answered { witness: outside.clone(), answer });
    assert!(
        matches!(next.as_slice(), [canvasser::Action::Keep { by, kept }, canvasser::Action::Prove { witness, old: 10, .. }]
        if *by == outside && kept.size == 10 && kept.time == 9 && *witness == outside),
        "{next:?}"
    );
    // A line of another key is not kept.
    let proven = canvasser.step(at(1), canvasser::Event::Proven { witness: outside.clone(), proof: proof(10, 12) });
    assert_eq!(proven.len(), 1);
    let wrong = Witnessed::Cosigned(line(&head(12), 2, false));
    let refused = canvasser.step(at(1), canvasser::Event::Answered { witness: outside, answer: wrong });
    assert!(matches!(refused.as_slice(), [canvasser::Action::Refused { .. }]), "{refused:?}");
}
