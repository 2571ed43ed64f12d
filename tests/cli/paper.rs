//! Certificates on paper: what a photograph, a scan and a PDF are judged by, and what hostile ones are called.

use crate::{
    made_pdf,
    node::{Running, lines},
    process::{footballs as row, today},
    support::{Said, folder, init, origin, text, write},
};
use origin_exchange::document::read::photograph::{Page, Pose};
use serde_json::Value;
use std::{fs, path::Path};

/// A certificate with what is printed on its paper.
struct Printed {
    number: String,
    bundle: String,
    token: String,
    stamp: String,
    look_up: String,
}

/// A node that has issued two certificates.
fn issued() -> (Running, [Printed; 2]) {
    let node = Running::start_with(|_| ());
    let account = node.account("signatory");
    let file = write(&node.folder, "two.jsonl", &format!("{}\n{}\n", row(1), row(2)));
    let bundles = node.path("bundles");
    let said = node.asks(&["issue", text(&file), "--out", &bundles, "--format", "json"], Some(&account)).good();
    let numbers = lines(&said).into_iter().filter(|line| line["outcome"] == "issued");
    let printed = numbers.map(|line| {
        let number = line["number"].as_str().unwrap().to_owned();
        let bundle = format!("{bundles}/{number}.coo.json");
        let whole: Value = serde_json::from_str(&fs::read_to_string(&bundle).unwrap()).unwrap();
        let show = ["certificate", "show", "--number", &number, "--paper", "--format", "json"];
        let shown = node.asks(&show, Some(&account)).good().json();
        let said = |value: &Value| value.as_str().unwrap().to_owned();
        let (stamp, look_up) = (said(&shown["paper"]["stamp"]), said(&shown["paper"]["look_up"]));
        Printed { number, bundle, token: said(&whole["token"]), stamp, look_up }
    });
    let printed = printed.collect::<Vec<_>>().try_into().unwrap_or_else(|_| panic!("two certificates"));
    (node, printed)
}

/// A photograph of a page with these codes in a row.
fn photograph(node: &Running, name: &str, codes: &[&str]) -> String {
    let mut page = Page::blank();
    for (nth, text) in (0..).zip(codes) {
        assert!(page.print(text, 20 + nth * 60, 230, 45));
    }
    let turned = (65_487, 2_573);
    let pose = Pose { width: 2_400, height: 1_800, turned, micrometres: 130, tilt: 10, noise: 3 };
    let picture = page.photographed(&pose).unwrap();
    let path = node.path(name);
    image::GrayImage::from_raw(2_400, 1_800, picture.luma().to_vec()).unwrap().save(&path).unwrap();
    path
}

/// A PDF of one page that carries the token, and shows a picture where there is one.
fn pdf(token: &str, picture: Option<&str>) -> Vec<u8> {
    let picture = picture.map(|path| image::open(path).unwrap().to_luma8());
    made_pdf::pdf(token, picture.as_ref().map(|picture| (picture.width(), picture.height(), &**picture)))
}

#[track_caller]
fn headline(said: &Said, headline: &str, code: i32) {
    assert!(said.out.starts_with(headline) && said.code == code, "{}\n{}\n{}", said.code, said.out, said.err);
}

#[test]
fn a_photograph_shows_what_was_signed_and_a_node_says_how_it_stands() {
    let (node, [one, two]) = issued();
    let photo = photograph(&node, "one.png", &[&one.stamp, &one.look_up]);
    let said = node.verify(&photo, &[]);
    headline(&said, "STAMP_AUTHENTIC\n", 5);
    for words in [&one.number, "950662", &one.look_up, "nothing was asked there", "--code-file"] {
        assert!(said.out.contains(words), "`{words}` is not in:\n{}", said.out);
    }
    assert!(!said.out.contains("Chenab"), "{}", said.out);
    let json = node.verify(&photo, &["--format", "json"]).json();
    assert_eq!((&json["headline"], &json["paper"]["kind"]), (&"STAMP_AUTHENTIC".into(), &"png".into()));
    assert_eq!(json["paper"]["look_ups"][0], one.look_up);

    // The node has the log that the stamp names.
    let today = today().to_string();
    let by_node = node.asks(&["verify", &photo, "--as-of", &today], None);
    headline(&by_node, "VALID", 0);
    // It reads as one judged here does.
    for words in [
        "Authentic and not withdrawn: yes",
        "Usable on ",
        "rests on: ",
        "\nPaper\n",
        &one.look_up,
        "to this certificate",
    ] {
        assert!(by_node.out.contains(words), "`{words}` is not in:\n{}", by_node.out);
    }

    // The stamp of one certificate on the sheet of another, with that one's look-up code: what is found there is genuine.
    let mixed = photograph(&node, "mixed.png", &[&one.stamp, &two.look_up]);
    for said in
        [node.asks(&["verify", &mixed, "--as-of", &today], None), node.verify(&one.bundle, &["--stamp", &mixed])]
    {
        headline(&said, "ALTERED\n", 3);
        assert!(said.out.contains("The look-up code on the paper is of another certificate"), "{}", said.out);
    }

    // Several stamps are each judged, and told apart.
    let both = photograph(&node, "both.png", &[&one.stamp, &two.stamp]);
    let said = node.verify(&both, &[]);
    assert_eq!(said.code, 5, "{}", said.err);
    for words in ["Stamp 1 of 2", "Stamp 2 of 2", &one.number, &two.number] {
        assert!(said.out.contains(words), "`{words}` is not in:\n{}", said.out);
    }
    assert_eq!(lines(&node.verify(&both, &["--format", "json"])).len(), 2);
    let by_node = node.asks(&["verify", &both, "--as-of", &today], None).good();
    assert!(by_node.out.contains(&one.number) && by_node.out.contains(&two.number), "{}", by_node.out);

    // A look-up alone says nothing of what is signed, at either door.
    let address = photograph(&node, "look-up.png", &[&one.look_up]);
    for said in [node.verify(&address, &[]), node.asks(&["verify", &address], None)] {
        headline(&said, "No stamp was read", 5);
        for words in ["\nPaper\n", &one.look_up, "ask it with `origin verify --node "] {
            assert!(said.out.contains(words), "`{words}` is not in:\n{}", said.out);
        }
    }
    let here = node.verify(&address, &["--format", "json"]);
    assert_eq!(node.asks(&["verify", &address, "--format", "json"], None).bad(5, &[]).json(), here.json());

    // Held to the certificate, the stamp is its own or another's.
    headline(&node.verify(&one.bundle, &["--stamp", &photo]), "VALID\n", 0);
    let other = photograph(&node, "two.png", &[&two.stamp]);
    let said = node.verify(&one.bundle, &["--stamp", &other]);
    headline(&said, "ALTERED\n", 3);
    assert!(said.out.contains("The stamp is of another certificate"), "{}", said.out);

    let shown = origin(&["inspect", &photo, "--format", "json"]).good().json();
    assert_eq!((&shown["verified"], &shown["shown"]["stamps"][0]["number"]), (&false.into(), &one.number.into()));
}

#[test]
fn a_pdf_is_judged_by_what_it_carries_and_the_stamp_on_its_page_is_held_to_it() {
    let (node, [one, two]) = issued();
    let written = |name: &str, bytes: &[u8]| {
        let path = node.path(name);
        fs::write(&path, bytes).unwrap();
        path
    };
    // A name says nothing.
    let plain = written("certificate.txt", &pdf(&one.token, None));
    let said = node.verify(&plain, &[]);
    headline(&said, "UNPROVEN\n", 5);
    for words in [&one.number, "Chenab Sports", "a PDF of one page", "PAGE_SAVED_BY_ANOTHER"] {
        assert!(said.out.contains(words), "`{words}` is not in:\n{}", said.out);
    }
    // The node is told what was read on the page: it says the same of it, by the same rules.
    for (stamp, word, sentence) in [
        (&*two.stamp, "ALTERED\n", "The stamp is of another certificate"),
        (&one.stamp[..one.stamp.len() - 2], "UNREADABLE\n", "The stamp is refused: "),
    ] {
        let photo = photograph(&node, "swapped.png", &[stamp]);
        let swapped = written("swapped.pdf", &pdf(&one.token, Some(&photo)));
        for said in [node.verify(&swapped, &[]), node.asks(&["verify", &swapped], None)] {
            headline(&said, word, 3);
            assert!(said.out.contains(sentence), "{}", said.out);
        }
    }
    let photo = photograph(&node, "one.png", &[&one.stamp, &one.look_up]);
    let own = written("own.pdf", &pdf(&one.token, Some(&photo)));
    let said = node.verify(&own, &["--format", "json"]);
    assert_eq!((said.code, said.json()["paper"]["stamps"].as_u64()), (5, Some(1)), "{}", said.out);
    // The node has the log: who shows a token without its proof has it judged as fully as a photograph of its stamp.
    let today = today().to_string();
    let bare = written("bare.sd-jwt", one.token.as_bytes());
    let copy = written("copy.sd-jwt", origin(&["redact", "--drop", "commercial", &bare]).good().out.as_bytes());
    for (file, word) in [(&own, "VALID\n"), (&plain, "VALID\n"), (&bare, "VALID\n"), (&copy, "VALID_REDACTED\n")] {
        headline(&node.asks(&["verify", file, "--as-of", &today], None), word, 0);
    }
    // A look-up code of another certificate is one too, whoever looks at the page.
    let photo = photograph(&node, "foreign.png", &[&one.stamp, &two.look_up]);
    let foreign = written("foreign.pdf", &pdf(&one.token, Some(&photo)));
    let said = node.verify(&foreign, &[]);
    headline(&said, "ALTERED\n", 3);
    assert!(said.out.contains("LOOK_UP_OF_ANOTHER") && !said.out.contains("ask it with"), "{}", said.out);
    let by_node = node.asks(&["verify", &foreign], None);
    headline(&by_node, "ALTERED\n", 3);
    assert!(by_node.out.contains("LOOK_UP_OF_ANOTHER"), "{}", by_node.out);

    // Who has nothing but the PDF has the certificate.
    let redacted = origin(&["redact", "--drop", "commercial", &own]).good();
    assert!(redacted.out.starts_with("eyJ") && redacted.out.len() < one.token.len(), "{}", redacted.out);
    assert!(origin(&["certificate", "export", "--as", "csv", &own]).good().out.contains(&one.number));
    origin(&["redact", "--drop", "commercial", &photo]).bad(1, &["carries no certificate", "help: name the PDF"]);

    let shown = origin(&["inspect", &own]).good();
    assert!(shown.out.contains("attachment") && shown.out.contains("stamps"), "{}", shown.out);

    // Edited: another token in its place, by an update at its end.
    let honest = pdf(&one.token, None);
    let update = format!("6 0 obj\n<</Type /EmbeddedFile>>\nstream\n{}\nendstream\nendobj\n", two.token);
    let end = format!("trailer\n<</Root 1 0 R /Prev 9>>\nstartxref\n{}\n%%EOF\n", honest.len());
    let edited = written("edited.pdf", &[&honest[..], update.as_bytes(), b"xref\n0 1\n", end.as_bytes()].concat());
    for said in [node.verify(&edited, &[]), node.asks(&["verify", &edited], None)] {
        said.bad(3, &["edited after it was made", "reason PDF_EDITED", "help: ask the holder"]);
    }
}

#[test]
fn hostile_paper_is_called_what_it_is() {
    let home = folder();
    let node = init(home.path());
    let (trust, anchor) = (node.join("trust/trust-list.note"), node.join("trust/anchor.toml"));
    let verify = |path: &Path| origin(&["verify", text(path), "--trust", text(&trust), "--anchor", text(&anchor)]);
    // Nobody answers there: what is refused is not sent.
    let by_node = |path: &Path| origin(&["verify", text(path), "--node", "127.0.0.1:9"]);
    let token = "eyJ.eyJ.sig~";
    let with = |object: &str| {
        let honest = String::from_utf8(pdf(token, None)).unwrap();
        let place = honest.find("xref\n0 7").unwrap();
        let (objects, end) = honest.split_at(place);
        let longer = end.replace(&format!("startxref\n{place}"), &format!("startxref\n{}", place + object.len()));
        format!("{objects}{object}{longer}").into_bytes()
    };
    for (contents, reason) in [
        (b"%PDF-1.7".to_vec(), "PDF_TRUNCATED"),
        (with("8 0 obj\n<</S /JavaScript /JS (app.alert(1))>>\nendobj\n"), "PDF_SCRIPT"),
        (with("8 0 obj\n<</Type /EmbeddedFile>>\nstream\nx\nendstream\nendobj\n"), "PDF_TWO_ATTACHMENTS"),
        ([pdf(token, None), vec![b' '; 200 << 20]].concat(), "PAPER_TOO_LARGE"),
        (b"\x89PNG\r\n\x1a\n".to_vec(), "PICTURE_MALFORMED"),
        (b"\xff\xd8\xff\xe0".to_vec(), "PICTURE_MALFORMED"),
        (b"\0\0\0\x18ftypheic\0\0\0\0".to_vec(), "PICTURE_KIND_NOT_READ"),
    ] {
        let path = node.join("paper");
        fs::write(&path, contents).unwrap();
        for said in [verify(&path), by_node(&path)] {
            said.bad(3, &[&format!("reason {reason}"), "is not relied on", "help: "]);
        }
    }
    // Nothing on it.
    let path = node.join("white.png");
    image::GrayImage::from_pixel(64, 64, image::Luma([255])).save(&path).unwrap();
    for said in [verify(&path), by_node(&path)] {
        said.bad(3, &["reason PAPER_SHOWS_NOTHING", "help: photograph"]);
    }
}
