//! `origin verify`, `inspect` and `redact` on files, with no node.

use crate::support::{command, folder, init, origin, origin_with, text, write};
use std::{fs, path::Path};

fn verify(node: &Path, file: &str, more: &[&str]) -> crate::support::Said {
    let (trust, anchor) = (node.join("trust/trust-list.note"), node.join("trust/anchor.toml"));
    let mut arguments = vec!["verify", file, "--trust", text(&trust), "--anchor", text(&anchor)];
    arguments.extend(more);
    origin(&arguments)
}

#[test]
fn what_is_no_certificate_gets_a_verdict_that_says_so() {
    let folder = folder();
    let node = init(folder.path());
    let noise = folder.path().join("noise");
    fs::write(&noise, [0xff, 0x00, 0x7e, 0x0a]).unwrap();
    let said = verify(&node, text(&noise), &[]);
    assert_eq!(said.code, 3);
    assert!(said.out.starts_with("UNREADABLE\n"), "{}", said.out);
}

/// Whatever is shown is judged: an exit code of its own for what is too long would be read as a mistake of the tool.
#[test]
fn what_is_shown_instead_of_a_certificate_is_called_what_it_is() {
    let folder = folder();
    let node = init(folder.path());
    for (contents, words) in [
        ("{".repeat((1 << 20) + 5), "It is refused"),
        (String::new(), "It is empty"),
        (crate::support::FOOTBALLS.to_owned(), "nobody has signed it"),
    ] {
        let file = write(folder.path(), "shown", &contents);
        let said = verify(&node, text(&file), &[]);
        assert_eq!(said.code, 3, "{}", said.err);
        assert!(said.out.starts_with("UNREADABLE\n") && said.out.contains(words), "{}", said.out);
    }
}

#[test]
fn the_same_question_has_the_same_answer_byte_for_byte() {
    let folder = folder();
    let node = init(folder.path());
    let file = write(folder.path(), "token", "eyJ.eyJ.sig~");
    let ask =
        || verify(&node, text(&file), &["--at", "2036-11-22T12:00:00Z", "--as-of", "2026-12-01", "--format", "json"]);
    let (one, two) = (ask(), ask());
    assert_eq!(one.code, 3);
    assert_eq!(one.out, two.out);
    assert_eq!(one.json()["at"], "2036-11-22T12:00:00Z");
}

#[test]
fn a_trust_list_that_fails_its_anchor_is_code_64_and_no_verdict() {
    let folder = folder();
    let node = init(folder.path());
    let other = folder.path().join("other");
    fs::create_dir(&other).unwrap();
    let other = init(&other);
    let file = write(folder.path(), "token", "x");
    let (trust, anchor) = (node.join("trust/trust-list.note"), other.join("trust/anchor.toml"));
    let said = origin(&["verify", text(&file), "--trust", text(&trust), "--anchor", text(&anchor)]);
    let said = said.bad(64, &["the trust list is not accepted", "origin trust show"]);
    assert!(said.out.is_empty());
    origin(&["verify", text(&file), "--trust", "nowhere", "--anchor", text(&anchor)]).bad(64, &["there is no file"]);
}

#[test]
fn evidence_that_proves_nothing_is_refused_before_anything_is_judged() {
    let folder = folder();
    let node = init(folder.path());
    let file = write(folder.path(), "token", "x");
    let evidence = write(folder.path(), "evidence.json", "{\"first\":\"a\",\"second\":\"b\",\"prefix\":null}");
    let said = verify(&node, text(&file), &["--evidence", text(&evidence)]);
    let said = said.bad(64, &["is no evidence of two histories", "NOTE_MALFORMED"]);
    assert!(said.out.is_empty());
}

#[test]
fn what_is_believed_has_to_be_named() {
    origin(&["verify", "x"]).bad(2, &["--trust", "--anchor"]);
    origin(&["verify", "--id", "x"]).bad(2, &[]);
    origin(&["verify", "x", "--as-of", "tomorrow", "--trust", "t", "--anchor", "a"]).bad(2, &["YYYY-MM-DD"]);
    origin(&["verify", "x", "--status-max-age", "7", "--trust", "t", "--anchor", "a"]).bad(2, &["7d"]);
}

#[test]
fn standard_input_is_read_like_a_file() {
    let folder = folder();
    let node = init(folder.path());
    let (trust, anchor) = (node.join("trust/trust-list.note"), node.join("trust/anchor.toml"));
    let said = origin_with(b"{}", &["verify", "-", "--trust", text(&trust), "--anchor", text(&anchor)]);
    assert_eq!(said.code, 3, "{}", said.err);
    assert!(said.out.starts_with("UNREADABLE"));
}

#[test]
fn inspecting_says_that_it_does_not_verify() {
    origin_with(b"not a token", &["inspect", "-"]).bad(1, &["cannot be shown", "reason"]);
    origin(&["inspect", "nowhere"]).bad(1, &["there is no file"]);
}

#[test]
fn only_what_may_be_withheld_can_be_dropped() {
    origin_with(b"x", &["redact", "--drop", "goods", "-"]).bad(2, &["stays in every copy", "commercial"]);
    origin_with(b"x", &["redact", "--drop", "prices", "-"]).bad(2, &["commercial"]);
    origin_with(b"x", &["redact", "-"]).bad(2, &["--drop"]);
    origin_with(b"x", &["redact", "--drop", "commercial", "-"]).bad(1, &["cannot be redacted"]);
}

#[test]
fn a_copy_takes_neither_the_place_of_the_certificate_nor_the_name_of_what_it_is_not() {
    let folder = folder();
    let own = write(folder.path(), "a.coo.json", "mine");
    let redact = |to: &str| origin(&["redact", "--drop", "commercial", text(&own), "-o", to]);
    redact(text(&folder.path().join("./a.coo.json"))).bad(2, &["is read", "name another file"]);
    redact(text(&folder.path().join("bank.PDF"))).bad(2, &["the name of a PDF", "--pdf"]);
    redact(text(&folder.path().join("bank.png"))).bad(2, &["the name of a picture"]);
    assert_eq!(std::fs::read_to_string(&own).unwrap(), "mine");
}

/// What a command writes over what it reads is all that is left: an export in place of the certificate, a copy in place of
/// the original that a shell hands over on standard input.
#[test]
fn no_command_writes_over_what_it_reads() {
    let folder = folder();
    let own = write(folder.path(), "own.json", "mine");
    let own = text(&own);
    for command in [
        &["certificate", "export", own, "--as", "un-cefact"][..],
        &["apply", "convert", own, "--from", "un-cefact"],
        &["form", "sheet", "CPFTA", "--certificate", own],
        &["trust", "sign", own, "--key", "root", "--passphrase-file", own],
        &["trust", "draft", "section", "--after", own, "--keys", own],
    ] {
        origin(&[command, &["-o", own]].concat()).bad(2, &["is read", "name another file"]);
    }
    let redact = ["redact", "--drop", "commercial", "-", "-o", own];
    let handed = command(&redact).stdin(fs::File::open(own).unwrap()).output().unwrap();
    assert_eq!(handed.status.code(), Some(2), "{}", String::from_utf8_lossy(&handed.stderr));
    assert_eq!(fs::read_to_string(own).unwrap(), "mine");
}

/// A certificate that was signed for the vectors.
const VECTOR: &str = include_str!("../vectors/statements/certificate-of-origin.json");

#[test]
fn a_certificate_is_exported_with_no_network_and_what_is_not_carried_is_said() {
    let folder = folder();
    let vector: serde_json::Value = serde_json::from_str(VECTOR).unwrap();
    let token = write(folder.path(), "token", vector["token"].as_str().unwrap());
    for (format, begins) in [("un-cefact", "{\"exchangedDocument\""), ("ubl", "<?xml"), ("csv", "reference.number,")] {
        let said = origin(&["certificate", "export", text(&token), "--as", format]).good();
        assert!(said.out.starts_with(begins), "{format}: {}", said.out);
        assert!(said.err.contains("not carried"), "{format}: {}", said.err);
        let file = folder.path().join("out");
        let output = ["certificate", "export", text(&token), "--as", format, "-o", text(&file), "--format", "json"];
        let listed = origin(&output).good().json();
        assert_eq!(fs::read_to_string(&file).unwrap(), said.out, "{format}");
        for one in listed["not_carried"].as_array().unwrap() {
            let (path, why) = (one["path"].as_str().unwrap(), one["why"].as_str().unwrap());
            assert!(said.err.contains(&format!("  {path}: {why}\n")), "{format}: {path}");
        }
    }
    // What comes out goes in again, as far as it went.
    let document = origin(&["certificate", "export", text(&token), "--as", "un-cefact"]).good().out;
    let draft = origin_with(document.as_bytes(), &["apply", "convert", "-", "--from", "un-cefact"]).good();
    assert_eq!(draft.json()["goods"]["items"][0]["number"], 1);
    assert!(draft.err.contains("NUMBER_OF_ANOTHER"), "{}", draft.err);
    // What it lacks, by the rules too, is what a check of the file says.
    assert!(draft.err.contains("goods.items[0].criterion"), "{}", draft.err);
    let file = folder.path().join("draft.json");
    let convert = ["apply", "convert", "-", "--from", "un-cefact", "-o", text(&file), "--format", "json"];
    let told = origin_with(document.as_bytes(), &convert).good().json();
    let checked = origin(&["certificate", "check", text(&file), "--format", "json"]);
    assert_eq!((checked.code, &told["application"]), (1, &checked.json()["findings"]));
}

#[test]
fn what_cannot_be_exported_or_taken_is_told_why() {
    let folder = folder();
    let noise = write(folder.path(), "noise", "eyJ.eyJ.sig~");
    origin(&["certificate", "export", text(&noise), "--as", "csv"]).bad(1, &["cannot be exported", "reason "]);
    origin(&["certificate", "export", "--as", "csv"]).bad(2, &["FILE"]);
    origin(&["certificate", "export", "--as", "csv", "--number", "X-1"]).bad(2, &["--node"]);
    origin_with(b"{}", &["apply", "convert", "-", "--from", "un-cefact"]).bad(1, &["DOCUMENT_OF_ANOTHER_KIND"]);
    let lacks = br#"{"specifiedConsignment":[{}]}"#;
    origin_with(lacks, &["apply", "convert", "-", "--from", "un-cefact"]).bad(1, &["issuing office", "EXPORT_LACKS"]);
}
