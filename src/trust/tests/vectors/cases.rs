//! How the vectors were made.

use super::*;

mod accepted;
mod bad_keys;
mod refused_after;
mod refused_alone;

struct Case {
    name: &'static str,
    why: &'static str,
    note: String,
    anchor: &'static str,
    /// Case whose list was accepted before, and the anchor it was accepted under.
    known: Option<(&'static str, &'static str)>,
    outcome: &'static str,
    questions: Vec<Value>,
}

const TWO_OF_THREE: &str = "anchor-2-of-3.toml";
const TWO_OF_TWO: &str = "anchor-2-of-2.toml";
const ROOTS: &str = "anchor-with-roots.toml";
const BASE: &str = "three-countries";

fn anchors() -> BTreeMap<&'static str, String> {
    let text = |anchor: Anchor| anchor.to_toml().unwrap();
    let two = SIGNERS[..2].iter().map(|name| signer_vkey(name)).collect();
    BTreeMap::from([
        (TWO_OF_THREE, text(anchor())),
        (TWO_OF_TWO, text(Anchor::new(2, two, BTreeMap::new()).unwrap())),
        (ROOTS, text(accepted(&world()).anchor().unwrap())),
    ])
}

/// Signed by the first two of the three.
fn two(text: &ListText) -> String {
    note(&json(text), &SIGNERS[..2])
}

fn changed(change: impl FnOnce(&mut ListText)) -> String {
    let mut text = world();
    change(&mut text);
    two(&text)
}

/// The list after the base.
fn next(change: impl FnOnce(&mut ListText)) -> String {
    changed(|text| {
        text.version = 2;
        change(text);
    })
}

/// The JSON of the base, changed as JSON, so that shapes no type of ours can have come out too.
fn raw(change: impl FnOnce(String) -> String) -> String {
    note(&change(json(&world())), &SIGNERS[..2])
}

/// Pakistan's section changed and signed by its root, whether its rules allow it or not.
fn section(change: impl FnOnce(&mut SectionText)) -> SectionEntry {
    let mut text = pakistan();
    change(&mut text);
    forced(&text, "tdap.gov.pk/root")
}

fn forced(text: &SectionText, root: &str) -> SectionEntry {
    let json = format!("{}\n", serde_json::to_string_pretty(text).unwrap());
    SectionEntry { note: note(&json, &[root]), root_history: Vec::new() }
}

fn with_section(change: impl FnOnce(&mut SectionText)) -> String {
    changed(|text| text.sections[0] = section(change))
}

fn next_with_section(change: impl FnOnce(&mut SectionText)) -> String {
    next(|text| {
        text.sections[0] = section(|s| {
            s.serial = 2;
            change(s);
        });
    })
}

fn closing(log: &str, until_index: u64, reason: ClosingReason) -> Closing {
    Closing { iss: iss(PK), kid: kid("s-1"), origin: origin(log), until_index, reason }
}

fn second_key() -> ListedKey {
    let from = vec![Place { origin: origin(PK_TO_CN), index: 100 }];
    ListedKey { kid: kid("s-2"), x: public("tdap.gov.pk/s-2"), from, ..pakistan().keys[0].clone() }
}

/// Two keys carry one name during a change of root, so their seeds have labels of their own.
fn root_change(serial: u64, from: &str, to: &str, signers: &[&str]) -> String {
    let name = "tdap.gov.pk/root";
    let vkey = |label: &str| VerifierKey::note(name, public(label)).unwrap();
    let text = RootChangeText { iss: iss(PK), serial, from: vkey(from), to: vkey(to) };
    let text = format!("{}\n", serde_json::to_string_pretty(&text).unwrap());
    let lines = signers.iter().map(|label| sign_note(&text, name, &key(label)).unwrap()).collect();
    SignedNote::new(text, lines).unwrap().to_string()
}

const OLD_ROOT: &str = "tdap.gov.pk/root";
const NEW_ROOT: &str = "tdap.gov.pk/root/second";

fn under_new_root(history: Vec<String>) -> SectionEntry {
    let mut text = pakistan();
    text.serial = 2;
    text.root = VerifierKey::note("tdap.gov.pk/root", public(NEW_ROOT)).unwrap();
    let json = format!("{}\n", serde_json::to_string_pretty(&text).unwrap());
    let line = sign_note(&json, "tdap.gov.pk/root", &key(NEW_ROOT)).unwrap();
    SectionEntry { note: SignedNote::new(json, vec![line]).unwrap().to_string(), root_history: history }
}

fn may_sign(kid: &str, log: &str, index: u64, answer: &str) -> Value {
    json!({"ask": "may_sign", "iss": PK, "kid": kid, "kind": "certificate-of-origin", "agreement": "CPFTA",
        "office": "LHE", "origin": log, "index": index, "answer": answer})
}

fn policy(list: &str, log: &str, index: u64) -> Value {
    let opened = TrustList::open(list, &anchor(), None).unwrap();
    let mut question = json!({"ask": "policy", "origin": log, "index": index});
    question["answer"] = answer(&opened, &question);
    question
}

fn case(name: &'static str, why: &'static str, note: String, outcome: &'static str) -> Case {
    Case { name, why, note, anchor: TWO_OF_THREE, known: None, outcome, questions: Vec::new() }
}

/// A case with the base accepted before it.
fn after(name: &'static str, why: &'static str, note: String, outcome: &'static str) -> Case {
    Case { known: Some((BASE, TWO_OF_THREE)), ..case(name, why, note, outcome) }
}

pub(super) fn files() -> BTreeMap<String, String> {
    let cases =
        [accepted::accepted(), refused_alone::refused_alone(), refused_after::refused_after()].into_iter().flatten();
    let mut files: BTreeMap<String, String> =
        anchors().into_iter().map(|(name, text)| (name.to_owned(), text)).collect();
    let mut listed = Vec::new();
    for case in cases {
        let file = format!("{}.note", case.name);
        let mut entry = json!({"name": case.name, "why": case.why, "note": file, "anchor": case.anchor,
            "known": case.known.map(|(name, _)| format!("{name}.note")), "known_anchor": case.known.map(|(_, a)| a),
            "outcome": case.outcome});
        if !case.questions.is_empty() {
            entry["questions"] = case.questions.into();
        }
        listed.push(entry);
        assert!(files.insert(file, case.note).is_none(), "{} twice", case.name);
    }
    let index = json!({
        "about": "Trust lists and what comes of them. Open `note` under `anchor`; where `known` is given, that list \
            was accepted before (under `known_anchor`). `outcome` is ACCEPTED or the reason of the refusal. Of an \
            accepted list the `questions` have these answers. Each key's seed is the SHA-256 of a label.",
        "cases": listed,
    });
    files.insert("index.json".to_owned(), format!("{}\n", serde_json::to_string_pretty(&index).unwrap()));
    files
}
