use super::*;
use crate::document::read::{Code, Draw, Paper, PaperKind, codes_of_pages, photograph};
use crate::reason::Reasoned;
use flate2::{Compression, write::ZlibEncoder};
use std::fmt::Write as _;
use std::io::Write as _;

const TOKEN: &str = "eyJhbGciOiJFZERTQSJ9.e30.AAAA~";

pub(in crate::document::read) fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut zlib = ZlibEncoder::new(Vec::new(), Compression::best());
    zlib.write_all(bytes).unwrap();
    zlib.finish().unwrap()
}

/// A PDF in the making.
#[derive(Clone)]
struct Making {
    bytes: Vec<u8>,
    places: Vec<(u32, usize)>,
}

impl Making {
    fn begun() -> Self {
        Self { bytes: b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n".to_vec(), places: Vec::new() }
    }

    fn object(mut self, number: u32, body: &str) -> Self {
        self.places.push((number, self.bytes.len()));
        self.bytes.extend(format!("{number} 0 obj\n{body}\nendobj\n").bytes());
        self
    }

    fn stream(mut self, number: u32, dictionary: &str, data: &[u8]) -> Self {
        self.places.push((number, self.bytes.len()));
        let length = data.len();
        self.bytes.extend(format!("{number} 0 obj\n<<{dictionary} /Length {length}>>\nstream\n").bytes());
        self.bytes.extend(data);
        self.bytes.extend(b"\nendstream\nendobj\n");
        self
    }

    /// Table, trailer and end.
    fn ended(mut self, trailer: &str) -> Vec<u8> {
        let start = self.bytes.len();
        self.bytes.extend(b"xref\n0 1\n0000000000 65535 f \n");
        for (number, place) in &self.places {
            self.bytes.extend(format!("{number} 1\n{place:010} 00000 n \n").bytes());
        }
        let size = self.places.iter().map(|(number, _)| number + 1).max().unwrap_or(1);
        let end = format!("trailer\n<</Size {size} /Root 1 0 R {trailer}>>\nstartxref\n{start}\n%%EOF\n");
        self.bytes.extend(end.bytes());
        self.bytes
    }

    /// Catalogue and one page.
    fn page() -> Self {
        Self::begun()
            .object(1, "<</Type /Catalog /Pages 2 0 R /Names <</EmbeddedFiles <</Names [(a) 4 0 R]>>>> /AF [4 0 R]>>")
            .object(2, "<</Type /Pages /Kids [3 0 R] /Count 1>>")
            .object(3, "<</Type /Page /Parent 2 0 R /MediaBox [0 0 595 842]>>")
    }

    fn attached(self, specification: u32, file: u32, text: &[u8]) -> Self {
        let names = format!(
            "<</Type /Filespec /F (certificate-of-origin.sd-jwt) /UF (a) /EF <</F {file} 0 R /UF {file} 0 R>> \
             /AFRelationship /Alternative>>"
        );
        let data = deflated(text);
        let dictionary =
            "/Type /EmbeddedFile /Subtype /application#2Fdc+sd-jwt /Filter /FlateDecode /Params <</Size 1>>";
        self.object(specification, &names).stream(file, dictionary, &data)
    }

    fn certificate() -> Self {
        Self::page().attached(4, 5, TOKEN.as_bytes())
    }
}

fn reason(bytes: &[u8]) -> &'static str {
    Pdf::read(bytes).map_or_else(|error| error.reason(), |_| "accepted")
}

#[test]
fn the_one_attachment_is_taken_out() {
    let file = Making::certificate().ended("");
    let pdf = Pdf::read(&file).unwrap();
    assert_eq!((pdf.attachment(), pdf.pages()), (Some(TOKEN), 1));
    let plain = Making::page().object(4, "<</EF <</F 5 0 R>>>>").stream(5, "/Type /EmbeddedFile", TOKEN.as_bytes());
    assert_eq!(Pdf::read(&plain.ended("")).unwrap().attachment(), Some(TOKEN));
    assert_eq!(Pdf::read(&Making::page().object(4, "null").ended("")).unwrap().attachment(), None);
}

#[test]
fn a_length_that_lies_is_not_believed() {
    let file = Making::certificate().ended("");
    for length in ["/Length 3", "/Length 9", "/Length 0"] {
        // As long as what it replaces, so that the table stays in its place.
        let honest = format!("/Length {}", deflated(TOKEN.as_bytes()).len());
        let at = find(&file, honest.as_bytes());
        let mut lying = file.clone();
        lying.splice(at..at + honest.len(), format!("{length:<width$}", width = honest.len()).bytes());
        assert_eq!(Pdf::read(&lying).unwrap().attachment(), Some(TOKEN), "{length}");
    }
}

fn find(bytes: &[u8], word: &[u8]) -> usize {
    bytes.windows(word.len()).position(|window| window == word).unwrap()
}

#[test]
fn objects_that_stand_packed_together_are_seen() {
    let packed = |objects: &[(u32, &str)]| {
        let (mut head, mut body) = (String::new(), String::new());
        for (number, object) in objects {
            write!(head, "{number} {} ", body.len()).unwrap();
            write!(body, "{object} ").unwrap();
        }
        (objects.len(), head.len(), deflated(format!("{head}{body}").as_bytes()))
    };
    let make = |objects: &[(u32, &str)]| {
        let (count, first, data) = packed(objects);
        let made = Making::page().stream(5, "/Type /EmbeddedFile", TOKEN.as_bytes()).stream(
            6,
            &format!("/Type /ObjStm /Filter /FlateDecode /N {count} /First {first}"),
            &data,
        );
        let start = made.bytes.len();
        let mut bytes = made.stream(7, "/Type /XRef /Root 1 0 R /Size 8 /W [1 2 1]", b"").bytes;
        bytes.extend(format!("startxref\n{start}\n%%EOF").bytes());
        bytes
    };
    let specification = (4, "<</Type /Filespec /EF <</F 5 0 R>>>>");
    assert_eq!(Pdf::read(&make(&[specification, (8, "[1 2 R]")])).unwrap().attachment(), Some(TOKEN));
    assert_eq!(reason(&make(&[specification, (9, "<</EF <</F 12 0 R>>>>")])), "PDF_TWO_ATTACHMENTS");
    assert_eq!(reason(&make(&[specification, (9, "<</S /JavaScript>>")])), "PDF_SCRIPT");
    assert_eq!(reason(&make(&[specification, (5, "<</A 1>>")])), "PDF_EDITED");
    assert_eq!(reason(&make(&[specification, (9, "[1 2")])), "PDF_MALFORMED");
}

#[test]
fn two_attachments_are_refused_however_they_are_named() {
    let two = Making::certificate().attached(6, 7, b"another").ended("");
    assert_eq!(reason(&two), "PDF_TWO_ATTACHMENTS");
    let unnamed = Making::certificate().stream(7, "/Type /EmbeddedFile", b"another").ended("");
    assert_eq!(reason(&unnamed), "PDF_TWO_ATTACHMENTS");
    let annotated = Making::certificate().object(6, "<</Subtype /FileAttachment /FS <</EF <</F 7 0 R>>>>>>");
    assert_eq!(reason(&annotated.stream(7, "", b"another").ended("")), "PDF_TWO_ATTACHMENTS");
    let two_in_one = Making::page().object(4, "<</EF <</F 5 0 R /UF 6 0 R>>>>").stream(5, "", b"a").stream(6, "", b"b");
    assert_eq!(reason(&two_in_one.ended("")), "PDF_TWO_ATTACHMENTS");
    let escaped = Making::certificate().object(6, "<</#45F <</F 7 0 R>>>>").stream(7, "", b"another").ended("");
    assert_eq!(reason(&escaped), "PDF_TWO_ATTACHMENTS");
    let roundabout = Making::page().object(4, "<</EF 6 0 R>>").object(6, "<</F 5 0 R>>").stream(5, "", b"a").ended("");
    assert_eq!(reason(&roundabout), "PDF_ATTACHMENT_UNREADABLE");
}

/// An incremental update: the first revision stays, another attachment takes the place of its own.
#[test]
fn an_update_that_swaps_the_attachment_is_called_an_edit() {
    let first = Making::certificate().ended("");
    let mut update = Making { bytes: first.clone(), places: Vec::new() };
    update = update.stream(5, "/Type /EmbeddedFile", b"another");
    let before = find(&first, b"xref\n0 1");
    assert_eq!(reason(&update.clone().ended(&format!("/Prev {before}"))), "PDF_EDITED");
    assert_eq!(reason(&update.ended("")), "PDF_EDITED");
    // Without a table and an end of its own, for readers that look for objects.
    let appended = [&first[..], b"5 0 obj\n<</Type /EmbeddedFile /Length 7>>\nstream\nanother\nendstream\nendobj\n"];
    assert_eq!(reason(&appended.concat()), "PDF_EDITED");
    assert_eq!(reason(&[&first[..], b"5 0 obj\n<<"].concat()), "PDF_EDITED");
    let twice = Making::certificate().stream(5, "/Type /EmbeddedFile", b"another").ended("");
    assert_eq!(reason(&twice), "PDF_EDITED");
}

/// Directly behind the mark of the end it would be the rest of a comment, which nobody looks at. Programs end a file with
/// blanks and line ends, in which nothing can be hidden.
#[test]
fn nothing_but_white_space_may_stand_behind_the_end() {
    let file = Making::certificate().ended("");
    let ended = file.strip_suffix(b"\n").unwrap();
    let (most, beyond) = ("\n".repeat(1024 - 5), " ".repeat(1024 - 4));
    for end in ["", "\n", "\r", "\r\n", " ", "\n\n", " \t\r\n \n", &most] {
        assert_eq!(reason(&[ended, end.as_bytes()].concat()), "accepted", "{end:?}");
    }
    for more in [" hidden", "x", "%", "\n%", "\nhidden", " \n x", "\r\n\0", "\n%%EOF", "\n%%EOF x", &beyond] {
        assert_eq!(reason(&[ended, more.as_bytes()].concat()), "PDF_EDITED", "{more:?}");
    }
}

#[test]
fn an_object_that_only_some_readers_find_is_refused() {
    let hidden = "7 0 obj <</Type /EmbeddedFile>> stream";
    let comment = Making::certificate().object(6, &format!("null % {hidden}\n")).ended("");
    let string = Making::certificate().object(6, &format!("({hidden})")).ended("");
    let stream = Making::certificate().stream(6, "", hidden.as_bytes()).ended("");
    for file in [comment, string, stream] {
        assert_eq!(reason(&file), "PDF_MALFORMED");
    }
}

#[test]
fn encryption_scripts_and_actions_are_called_what_they_are() {
    let encrypted = Making::certificate().object(6, "<</Filter /Standard /V 5>>").ended("/Encrypt 6 0 R");
    assert_eq!(reason(&encrypted), "PDF_ENCRYPTED");
    for script in [
        "<</S /JavaScript /JS (app.alert\\(1\\))>>",
        "<</Type /Action /S /Launch /F (calc.exe)>>",
        "<</S /#4aavaScript>>",
        "<</OpenAction <</S /Launch>>>>",
        "<</AA <</O <</S /SubmitForm /F (https://example.test)>>>>>>",
        "<</Names <</JavaScript <</Names [(a) 9 0 R]>>>>>>",
        "[[<</Next [<</S /ImportData>>]>>]]",
        "<</AcroForm <</XFA [(a) 9 0 R]>>>>",
    ] {
        assert_eq!(reason(&Making::certificate().object(6, script).ended("")), "PDF_SCRIPT", "{script}");
    }
    // To show its first page, and a link, are no scripts.
    let harmless = "<</OpenAction [3 0 R /Fit] /A <</S /URI /URI (https://example.test)>> /B <</S /GoTo /D [3 0 R]>>>>";
    assert_eq!(reason(&Making::certificate().object(6, harmless).ended("")), "accepted");
}

#[test]
fn what_inflates_to_more_than_it_may_is_stopped() {
    let bomb = vec![b'A'; 40 << 20];
    let attached = Making::page().attached(4, 5, &bomb).ended("");
    assert!(attached.len() < 100_000);
    assert_eq!(reason(&attached), "PDF_INFLATES_TOO_FAR");
    let objects = Making::certificate()
        .stream(6, "/Type /ObjStm /Filter /FlateDecode /N 1 /First 5", &deflated(&vec![b' '; 70 << 20]))
        .ended("");
    assert_eq!(reason(&objects), "PDF_INFLATES_TOO_FAR");
    let plain = Making::page().object(4, "<</EF <</F 5 0 R>>>>").stream(5, "", &vec![b'A'; ATTACHMENT_MAX + 1]);
    assert_eq!(reason(&plain.ended("")), "PDF_INFLATES_TOO_FAR");
    let most = Making::page().attached(4, 5, &vec![b'A'; ATTACHMENT_MAX]).ended("");
    assert_eq!(reason(&most), "accepted");
    // Packed twice, so that the first unpacking shows little.
    let twice = Making::page().object(4, "<</EF <</F 5 0 R>>>>").stream(
        5,
        "/Filter [/FlateDecode /FlateDecode]",
        &deflated(&deflated(&bomb)),
    );
    assert_eq!(reason(&twice.ended("")), "PDF_ATTACHMENT_UNREADABLE");
    // Drawn it would be a gigabyte.
    let drawn = Making::certificate().stream(6, "/Filter /FlateDecode", &deflated(&vec![0; 600 << 20])).ended("");
    let refused = codes_of_pages(&Pdf::read(&drawn).unwrap()).unwrap_err();
    assert_eq!(refused.reason(), "PDF_INFLATES_TOO_FAR");
}

#[test]
fn too_many_pages_and_too_many_bytes_are_refused() {
    let pages = |count: u32| {
        let made = Making::certificate();
        (0..count).fold(made, |made, n| made.object(10 + n, "<</Type /Page /Parent 2 0 R>>")).ended("")
    };
    assert_eq!(reason(&pages(499)), "accepted");
    assert_eq!(reason(&pages(500)), "PDF_TOO_MANY_PAGES");
    let long = [&Making::certificate().ended("")[..], &vec![b' '; PDF_MAX]].concat();
    assert_eq!(reason(&long), "PAPER_TOO_LARGE");
}

#[test]
fn what_is_cut_off_is_called_cut_off_at_every_byte() {
    let file = Making::certificate().ended("");
    for length in 9..file.len() - "%%EOF\n".len() {
        let said = reason(&file[..length]);
        // Cut within a word or a number it may look like something else, but is never taken.
        assert!(matches!(said, "PDF_TRUNCATED" | "PDF_MALFORMED"), "{said} at {length}");
    }
    for part in [file.len() / 4, file.len() / 2, file.len() - 40] {
        assert_eq!(reason(&file[..part]), "PDF_TRUNCATED", "{part}");
    }
}

#[test]
fn a_table_of_objects_that_is_elsewhere_is_refused() {
    let file = String::from_utf8_lossy(&Making::page().ended("")).into_owned();
    for start in ["startxref\n1\n", "startxref\n999999\n", "startxref\n-4\n", "startxref\nnone\n"] {
        let at = file.find("startxref").unwrap();
        let wrong = format!("{}{start}%%EOF\n", &file[..at]);
        assert_eq!(reason(wrong.as_bytes()), "PDF_MALFORMED", "{start}");
    }
}

#[test]
fn what_nests_without_end_and_what_leads_in_a_circle_is_not_followed() {
    let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(reason(&Making::certificate().object(6, &deep).ended("")), "PDF_MALFORMED");
    let dictionaries = format!("{}1{}", "<</A ".repeat(50_000), ">>".repeat(50_000));
    assert_eq!(reason(&Making::certificate().object(6, &dictionaries).ended("")), "PDF_MALFORMED");
    let wide = "1 ".repeat(500_000);
    assert_eq!(reason(&Making::certificate().object(6, &format!("[{wide}]")).ended("")), "PDF_MALFORMED");
    let circle = Making::page().object(4, "<</EF <</F 4 0 R>>>>").ended("");
    assert_eq!(reason(&circle), "PDF_ATTACHMENT_UNREADABLE");
    let parents = Making::certificate().object(6, "<</Type /Pages /Kids [6 0 R] /Parent 6 0 R>>").ended("");
    assert_eq!(reason(&parents), "accepted");
}

#[test]
fn two_entries_of_one_name_are_refused() {
    let twice = Making::certificate().object(6, "<</EF <</F 5 0 R>> /E#46 null>>").ended("");
    assert_eq!(reason(&twice), "PDF_MALFORMED");
}

#[test]
fn no_damage_makes_it_panic_or_be_slow() {
    let file = Making::certificate().object(6, "<</A (b\\)c) /D <61 62> /E [true null -1.5]>>").ended("");
    let mut state = 7_usize;
    for _ in 0..4_000 {
        let mut damaged = file.clone();
        for _ in 0..3 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let at = (state >> 33) % damaged.len();
            damaged[at] = b"<>[]()/%R0 9obj\n\xff"[(state >> 20) % 17];
        }
        let _ = Pdf::read(&damaged);
    }
}

/// A page as a scanner makes it: a picture of a page, and nothing else in the file.
#[test]
fn codes_are_read_from_a_scan() {
    let mut page = photograph::Page::blank();
    assert!(page.print("CO1:SCANNED 0123456789", 145, 232, 45));
    assert!(page.print("HTTPS://TDAP.GOV.PK/V/01KB6Z9QX5M3T8W2N4R6Y7C9DF/ABCD", 115, 240, 22));
    let turned = (1_144, 65_526);
    let pose = photograph::Pose { width: 1_240, height: 1_754, turned, micrometres: 169, tilt: 0, noise: 2 };
    let picture = page.photographed(&pose).unwrap();
    let scan = Making::begun()
        .object(1, "<</Type /Catalog /Pages 2 0 R>>")
        .object(2, "<</Type /Pages /Kids [3 0 R] /Count 1>>")
        .object(3, "<</Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources <</XObject <</P 5 0 R>>>>>>")
        .stream(4, "", b"595 0 0 842 0 0 cm /P Do")
        .stream(
            5,
            "/Type /XObject /Subtype /Image /Width 1240 /Height 1754 /ColorSpace /DeviceGray /BitsPerComponent 8 \
             /Filter /FlateDecode",
            &deflated(&picture.luma),
        )
        .ended("");
    let pdf = Pdf::read(&scan).unwrap();
    assert_eq!(pdf.attachment(), None);
    let found = codes_of_pages(&pdf).unwrap();
    assert!(found.contains(&Code::Stamp("CO1:SCANNED 0123456789".to_owned())), "{found:?}");
    assert!(found.iter().any(|code| matches!(code, Code::LookUp(_))));
}

#[test]
fn pages_that_were_drawn_elsewhere_show_the_codes_that_were_read_there() {
    let (bare, whole) = (Making::page().object(4, "null").ended(""), Making::certificate().ended(""));
    let read = |bytes: &[u8], draw| Paper::read(bytes, PaperKind::Pdf, draw);
    for nothing in [Draw::Nothing, Draw::Elsewhere(Vec::new())] {
        assert_eq!(read(&bare, nothing).unwrap_err().reason(), "PAPER_SHOWS_NOTHING");
    }
    let drawn = || Draw::Elsewhere(vec![Code::Stamp("CO1:A".to_owned())]);
    for (bytes, certificate) in [(&bare, None), (&whole, Some(TOKEN))] {
        let paper = read(bytes, drawn()).unwrap();
        let seen = paper.seen();
        assert_eq!((seen.certificate, seen.stamps, seen.unstamped), (certificate, vec!["CO1:A"], false));
    }
    let unstamped = |draw| read(&whole, draw).unwrap().seen().unstamped;
    assert!(unstamped(Draw::Elsewhere(Vec::new())) && !unstamped(Draw::Nothing), "nobody looked");
}

/// What cannot be drawn is an error, and draws nobody down with it.
#[test]
fn pages_that_would_not_end_are_not_drawn() {
    let page = |kids: &str, content: &str| {
        Making::begun()
            .object(1, "<</Type /Catalog /Pages 2 0 R>>")
            .object(2, &format!("<</Type /Pages /Kids {kids} /Count 1>>"))
            .object(3, "<</Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R>>")
            .stream(4, "", content.as_bytes())
            .object(6, "[3 0 R]")
            .ended("")
    };
    let drawn = |file: &[u8]| codes_of_pages(&Pdf::read(file).unwrap()).map_err(|error| error.reason());
    assert_eq!(drawn(&page("[3 0 R]", "q Q")), Ok(Vec::new()));
    assert_eq!(drawn(&page("[3 0 R]", &"q ".repeat(200_000))), Ok(Vec::new()));
    for (kids, content) in [
        ("[3 0 R 2 0 R]", String::new()),
        ("[3 0 R 3 0 R]", String::new()),
        ("6 0 R", String::new()),
        ("[3 0 R]", "[".repeat(200_000)),
        ("[3 0 R]", "<<".repeat(200_000)),
    ] {
        assert_eq!(drawn(&page(kids, &content)), Err("PDF_NOT_DRAWN"), "{kids}");
    }
    let deep = drawn(&page("[3 0 R]", &format!("{}{}", "[".repeat(19_000), "]".repeat(19_000))));
    assert!(deep.is_ok_and(|found| found.is_empty()));
}

#[test]
fn what_was_laid_over_a_page_and_who_saved_the_file_is_told() {
    let codes = |file: &[u8]| Pdf::read(file).unwrap().marks().iter().map(Mark::code).collect::<Vec<_>>();
    let plain = Making::certificate().ended("");
    assert_eq!(codes(&plain), ["PAGE_SAVED_BY_ANOTHER"], "it is not of the press");
    for over in ["FreeText", "Widget", "Stamp", "Ink"] {
        let note = format!("<</Type /Annot /Subtype /{over} /Rect [0 0 9 9]>>");
        let file = Making::certificate().object(6, &note).ended("");
        assert_eq!(codes(&file), ["PAGE_ANNOTATED", "PAGE_SAVED_BY_ANOTHER"], "{over}");
        assert!(Pdf::read(&file).unwrap().marks()[0].sentence().contains(over));
    }
    // A link shows nothing of its own, unless it brings a picture of itself.
    let link = "<</Type /Annot /Subtype /Link /Rect [0 0 9 9]>>";
    assert_eq!(codes(&Making::certificate().object(6, link).ended("")), ["PAGE_SAVED_BY_ANOTHER"]);
    let shown = "<</Subtype /Link /Rect [0 0 9 9] /AP <</N 7 0 R>>>>";
    assert_eq!(codes(&Making::certificate().object(6, shown).ended(""))[0], "PAGE_ANNOTATED");
}

#[test]
fn a_file_arranged_for_the_web_is_called_that_and_not_saved_twice() {
    let arranged = Making::begun().object(1, "<</Linearized 1 /L 9 /H [1 2] /O 1 /E 1 /N 1 /T 1>>").ended("");
    let refused = Pdf::read(&[&arranged[..], &arranged[arranged.len() - 30..]].concat()).unwrap_err();
    assert_eq!(refused.reason(), "PDF_EDITED");
    assert!(refused.to_string().contains("arranged it anew") && !refused.to_string().contains("once"), "{refused}");
}
