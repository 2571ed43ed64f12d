//! Certificates on paper: a PDF, a photograph or a scan, as `verify` and `inspect` show them.

use super::{
    console::{Exit, Failure},
    files::{self, Source},
    tree,
};
use crate::{
    document::read::{Draw, PAPER_MAX, Paper, PaperError, PaperKind},
    reason::Reasoned as _,
};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// Reads a file as paper, if that is what it is. Text in other letters than a certificate's is named as what it is.
pub(super) fn read(bytes: &[u8], shown: &str) -> Option<Result<Paper, Failure>> {
    if files::is_utf_16(bytes) {
        return Some(Err(Failure::new(Exit::NotValid, format!("`{shown}` {}", files::no_text(bytes)))));
    }
    if let Some(kind) = PaperKind::unread(bytes) {
        return Some(Err(refused(&PaperError::PictureKind(kind), shown)));
    }
    let kind = PaperKind::of(bytes)?;
    Some(Paper::read(bytes, kind, Draw::Pages).map_err(|error| refused(&error, shown)))
}

/// A token or a bundle as text, or the token that a PDF carries: by the same reader as `verify`, with its refusals.
pub(super) fn certificate(file: &Source, most: usize) -> Result<String, Failure> {
    let (bytes, shown) = (file.read_start(PAPER_MAX)?, file.to_string());
    if let Some(kind) = PaperKind::unread(&bytes) {
        return Err(refused(&PaperError::PictureKind(kind), &shown));
    }
    match PaperKind::of(&bytes) {
        None if bytes.len() > most => Err(Failure::new(Exit::Failed, format!("`{shown}` is longer than {most} bytes"))),
        None => files::text(bytes, &shown, Exit::Failed),
        Some(kind @ PaperKind::Pdf) => {
            let paper = Paper::read(&bytes, kind, Draw::Nothing).map_err(|error| refused(&error, &shown))?;
            paper.attachment.ok_or_else(|| no_token(&shown))
        }
        Some(PaperKind::Png | PaperKind::Jpeg) => Err(no_token(&shown)),
    }
}

fn no_token(shown: &str) -> Failure {
    Failure::new(Exit::Failed, format!("`{shown}` carries no certificate, at most its codes"))
        .help("name the PDF as it was downloaded, or the certificate's own file (.sd-jwt, .coo.json)")
}

/// A file that is no certificate's paper was judged as far as it goes: nobody should rely on it.
fn refused(error: &PaperError, shown: &str) -> Failure {
    let failure = Failure::new(Exit::NotValid, format!("`{shown}` is not relied on: {error}"))
        .note(format!("reason {}", error.reason()));
    match error {
        PaperError::Nothing(_) => failure
            .help("photograph the codes flat and sharp, in even light, and so that they fill a third of the picture"),
        PaperError::TooLarge { what, .. } if what.contains("PDF") => {
            failure.help("no certificate is that long: ask the holder for the file as it was downloaded")
        }
        PaperError::TooLarge { .. } | PaperError::PicturePixels { .. } => {
            failure.help("photograph or scan the page again, with fewer pixels")
        }
        PaperError::PictureKind(_) => {
            failure.help("save it as JPEG or PNG, or set the telephone's camera to JPEG (\"most compatible\")")
        }
        PaperError::PictureMalformed(_) => failure.help("photograph or scan the page again, as PNG or JPEG"),
        _ => failure.help("ask the holder for the file as it was downloaded, or photograph the printed page"),
    }
}

/// The code of the warning that a look-up is another certificate's.
pub(super) const FOREIGN_LOOK_UP: &str = "LOOK_UP_OF_ANOTHER";

/// What is worth knowing of a paper: a code, and a sentence.
pub(super) type Warnings = [(String, String)];

/// What is said of the paper, apart from what is signed.
fn lines(paper: &Paper, warnings: &Warnings) -> Vec<(&'static str, String)> {
    let attached = if paper.attachment.is_some() { "carries one file, which was judged" } else { "carries no file" };
    let mut lines = vec![(
        "paper",
        match (paper.kind, paper.pages) {
            (PaperKind::Pdf, pages) => format!("a PDF of {} that {attached}", pages_of(pages)),
            (PaperKind::Png | PaperKind::Jpeg, _) => "a picture".to_owned(),
        },
    )];
    let stamps = paper.stamps().count();
    match (stamps, &paper.not_drawn) {
        (0, Some(error)) => lines.push(("codes", format!("none were looked for: {error}"))),
        (0, None) => lines.push(("stamp", "none was found".to_owned())),
        (1, _) => lines.push(("stamp", "one was read".to_owned())),
        (count, _) => lines.push(("stamp", format!("{count} were read, each of another text"))),
    }
    for address in paper.look_ups() {
        lines.push(("look-up", format!("{}; nothing was asked there", tree::plain(address))));
        // What leads to another certificate is not to be followed.
        let followed = !warnings.iter().any(|(code, _)| code == FOREIGN_LOOK_UP);
        if let Some(command) = asking(address).filter(|_| followed) {
            lines.push(("", format!("ask it with `{command}`")));
        }
    }
    match paper.foreign() {
        0 => {}
        1 => lines.push(("others", "one code of somebody else was left aside".to_owned())),
        count => lines.push(("others", format!("{count} codes of somebody else were left aside"))),
    }
    if paper.kind == PaperKind::Pdf {
        let page = "not compared with what is signed: only what is shown here is signed, whatever the page says";
        lines.push(("page", page.to_owned()));
    }
    for (code, sentence) in warnings {
        lines.push(("WARNING", format!("{} [{}]", tree::plain(sentence), tree::plain(code))));
    }
    lines
}

fn pages_of(pages: Option<usize>) -> String {
    match pages {
        Some(1) => "one page".to_owned(),
        Some(count) => format!("{count} pages"),
        None => "pages".to_owned(),
    }
}

/// The command that asks the node named by a look-up address.
fn asking(address: &str) -> Option<String> {
    let (_, rest) = address.split_once("://")?;
    let mut parts = rest.split('/');
    let (host, _, jti, code) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let word =
        |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.');
    let sound = parts.next().is_none() && word(host) && word(jti) && word(code);
    let host = host.to_ascii_lowercase();
    sound.then(|| format!("origin verify --node {host}:8444 --issuer {host} --id {jti} --code-file -"))
}

/// The same as a text of its own.
pub(super) fn text(paper: &Paper, warnings: &Warnings) -> String {
    let mut text = "\nPaper\n".to_owned();
    for (label, value) in lines(paper, warnings) {
        // Writing to a String cannot fail.
        let _ = writeln!(text, "  {label:14}{value}");
    }
    text
}

/// The same for machines.
pub(super) fn json(paper: &Paper, warnings: &Warnings) -> Value {
    let warnings = warnings.iter().map(|(code, sentence)| json!({ "code": code, "sentence": sentence }));
    json!({
        "kind": match paper.kind {
            PaperKind::Pdf => "pdf",
            PaperKind::Png => "png",
            PaperKind::Jpeg => "jpeg",
        },
        "pages": paper.pages,
        "attachment": paper.attachment.is_some(),
        "stamps": paper.stamps().count(),
        "look_ups": paper.look_ups().collect::<Vec<_>>(),
        "foreign_codes": paper.foreign(),
        "warnings": warnings.collect::<Vec<_>>(),
        "not_drawn": paper.not_drawn.as_ref().map(PaperError::reason),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_up_address_becomes_a_command_only_where_it_is_plain() {
        let said = asking("HTTPS://TDAP.GOV.PK/V/01KB6Z9QX5M3T8W2N4R6Y7C9DF/ABCDEFGH").unwrap();
        assert!(said.contains("--node tdap.gov.pk:8444") && said.contains("--id 01KB6Z9QX5M3T8W2N4R6Y7C9DF"), "{said}");
        for odd in ["HTTPS://A;B/V/C/D", "HTTPS://A/V/C", "HTTPS://A/V/$(X)/D", "HTTPS://A/V/C/D/E", "HTTPS:///V/C/D"] {
            assert_eq!(asking(odd), None, "{odd}");
        }
    }

    #[test]
    fn a_certificate_in_utf_16_is_said_to_be_in_utf_16() {
        let Some(Err(failure)) = read(b"\xff\xfe{\0", "coo.json") else { panic!() };
        assert_eq!(failure.sentence(), "`coo.json` is UTF-16 text, not UTF-8: save it as UTF-8");
        assert!(read(b"{}", "coo.json").is_none());
    }

    #[test]
    fn a_pdf_gives_its_certificate_and_what_gives_none_says_what_to_bring() {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, bytes: &[u8]| {
            let path = folder.path().join(name);
            std::fs::write(&path, bytes).unwrap();
            Source::File(path)
        };
        assert_eq!(certificate(&file("token", b"eyJ.e30.AA~\n"), 99).ok().as_deref(), Some("eyJ.e30.AA~\n"));
        for (name, bytes) in [
            ("long", &[b'a'; 100][..]),
            ("latin", b"\xe9"),
            ("heic", b"\0\0\0\x18ftypheic"),
            ("png", b"\x89PNG\r\n\x1a\n"),
            ("pdf", b"%PDF-1.7\n"),
        ] {
            assert!(certificate(&file(name, bytes), 99).is_err(), "{name}");
        }
    }
}
