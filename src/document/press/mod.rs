//! The press: sets a sheet by the template of its form and gives a PDF/A-3a that is PDF/UA-1 too.
//!
//! What always holds: a template sees the sheet, the files that go with it and the templates beside it, and nothing
//! else: no file of the machine, no package, no network, no clock. The same sheet gives the same bytes, whatever was
//! printed before. Printing takes processor time: it is for a thread that may block.

mod fonts;
mod world;

use super::{DocumentError, FontFolders, Forms, Sheet, script::Script};
use fonts::Fonts;
use std::{
    collections::{BTreeMap, HashMap},
    sync::atomic::{AtomicUsize, Ordering},
};
use typst::{
    Library, LibraryExt, WorldExt,
    diag::SourceDiagnostic,
    ecow::EcoVec,
    foundations::{Bytes, Datetime, Smart},
    syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot},
    utils::LazyHash,
};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards, Timestamp};
use world::Desk;

/// The file of the sheet, beside the template.
const SHEET_FILE: &str = "sheet.json";
/// Pages of one document.
const MOST_PAGES: usize = 500;
/// Bytes of one document: what a gRPC client takes in one answer, unless it was told otherwise.
const MOST_BYTES: usize = 4_000_000;
/// After how many documents what was set is gone through, and forgotten where it was not used since the last time but
/// one: words that every form has stay, memory does not grow (design, PDF), and the cost of going through is shared.
const FORGETTING: usize = 5;

/// What `lib.typ` answers, where it is asked, of a layout that it does not follow; how it differs stands behind.
const NOT_FOLLOWED: &str = "not followed: ";

/// The template of pages side by side.
const CONTACT: &str = include_str!("contact.typ");
const CONTACT_FILE: &str = "contact.typ";

/// Sets sheets. Library, fonts and templates are read once and shared.
pub struct Press {
    library: LazyHash<Library>,
    fonts: Fonts,
    forms: Forms,
    sources: BTreeMap<String, Source>,
    printed: AtomicUsize,
}

impl Press {
    /// A press with these templates and the fonts of these folders. It blocks.
    pub fn new(forms: Forms, folders: &FontFolders) -> Result<Self, DocumentError> {
        let mut sources = BTreeMap::new();
        for (name, text) in forms.files() {
            let id = id(name)?;
            sources.insert(name.to_owned(), Source::new(id, text.to_owned()));
        }
        let library = LazyHash::new(Library::builder().build());
        Ok(Self { library, fonts: Fonts::find(folders)?, forms, sources, printed: AtomicUsize::new(0) })
    }

    /// The templates.
    #[must_use]
    pub const fn forms(&self) -> &Forms {
        &self.forms
    }

    /// Families of the fonts, in the order they are asked for a character.
    #[must_use]
    pub fn families(&self) -> &[String] {
        self.fonts.families()
    }

    /// Whether there is a font of a script.
    #[must_use]
    pub fn covers(&self, script: Script) -> bool {
        script.sample().chars().all(|c| self.fonts.has(c))
    }

    /// The first character of a text that no font has.
    #[must_use]
    pub fn missing(&self, text: &str) -> Option<char> {
        text.chars().find(|c| !self.fonts.has(*c))
    }

    /// The sheet as this press sets it: with its fonts, and of the sentences of the program's own those it has letters
    /// for. A character of the certificate that no font has is an error: never a silent box.
    pub fn prepared(&self, sheet: &Sheet) -> Result<Sheet, DocumentError> {
        let mut sheet = sheet.clone();
        sheet.contents.fonts = self.families().to_vec();
        sheet.contents.verify.retain(|sentence| self.missing(&sentence.text).is_none());
        match self.missing(&sheet.to_json()) {
            None => Ok(sheet),
            Some(character) => {
                let script = Script::of_block(character);
                Err(DocumentError::GlyphMissing { character, script })
            }
        }
    }

    /// How the layout of its form's template differs from the boxes of the form, where it does: the generic form is
    /// drawn then. A template that says nothing of its layout is taken at its word.
    #[must_use]
    pub fn not_followed(&self, sheet: &Sheet) -> Option<String> {
        let (agreement, form) = sheet.form();
        let main = self.sources.get(self.forms.of(agreement, form))?;
        let mut asked = serde_json::to_value(&sheet.contents).ok()?;
        asked.as_object_mut()?.insert("asked".to_owned(), true.into());
        let files = HashMap::from([(id(SHEET_FILE).ok()?, Bytes::from_string(asked.to_string()))]);
        let desk = Desk { press: self, main, files };
        let answer = typst::compile::<PagedDocument>(&desk).output.err()?;
        let (_, differences) = answer.first()?.message.split_once(NOT_FOLLOWED)?;
        Some(differences.to_owned())
    }

    /// Prints a sheet by the template of its form.
    pub fn print(&self, sheet: &Sheet) -> Result<Vec<u8>, DocumentError> {
        let (agreement, form) = sheet.form();
        self.print_by(sheet, self.forms.of(agreement, form))
    }

    /// Prints a sheet by a template.
    pub fn print_by(&self, sheet: &Sheet, template: &str) -> Result<Vec<u8>, DocumentError> {
        let printed = self.set(sheet, template);
        if self.printed.fetch_add(1, Ordering::Relaxed) % FORGETTING == FORGETTING - 1 {
            typst::comemo::evict(1);
        }
        printed
    }

    fn set(&self, sheet: &Sheet, template: &str) -> Result<Vec<u8>, DocumentError> {
        let unknown = || DocumentError::FormUnknown(template.to_owned());
        let main = self.sources.get(template).ok_or_else(unknown)?;
        let sheet = self.prepared(sheet)?;
        let mut files = HashMap::from([(id(SHEET_FILE)?, Bytes::from_string(sheet.to_json()))]);
        for (name, bytes) in sheet.files() {
            files.insert(id(name)?, Bytes::new(bytes.to_vec()));
        }
        let desk = Desk { press: self, main, files };
        let options = PdfOptions {
            ident: Smart::Custom(sheet.ident().to_owned()),
            timestamp: sheet.issued_on().and_then(timestamp),
            standards: standards(&[PdfStandard::A_3a, PdfStandard::Ua_1])?,
            ..usual()
        };
        desk.pdf(&options)
    }

    /// Pages as images on one sheet, each with its name, in rows of six.
    pub fn contact_sheet(&self, pages: &[(String, Vec<u8>)]) -> Result<Vec<u8>, DocumentError> {
        let main = Source::new(id(CONTACT_FILE)?, CONTACT.to_owned());
        let (mut files, mut named) = (HashMap::new(), Vec::new());
        for (nth, (name, png)) in pages.iter().enumerate() {
            let file = format!("page-{nth}.png");
            files.insert(id(&file)?, Bytes::new(png.clone()));
            named.push(serde_json::json!({ "name": name, "file": file }));
        }
        files.insert(id(SHEET_FILE)?, Bytes::from_string(serde_json::Value::from(named).to_string()));
        let desk = Desk { press: self, main: &main, files };
        let printed = desk.pdf(&PdfOptions { ident: Smart::Custom(CONTACT_FILE.to_owned()), ..usual() });
        typst::comemo::evict(0);
        printed
    }
}

impl Desk<'_> {
    fn pdf(&self, options: &PdfOptions) -> Result<Vec<u8>, DocumentError> {
        let set = typst::compile::<PagedDocument>(self).output;
        let document = set.map_err(|found| refused(self, &found))?;
        within("pages", document.pages().len(), MOST_PAGES)?;
        let pdf = typst_pdf::pdf(&document, options).map_err(|found| refused(self, &found))?;
        within("bytes", pdf.len(), MOST_BYTES)?;
        Ok(pdf)
    }
}

/// What every document has.
fn usual() -> PdfOptions {
    PdfOptions { creator: Smart::Custom(Some("Origin Exchange".to_owned())), ..PdfOptions::default() }
}

fn standards(list: &[PdfStandard]) -> Result<PdfStandards, DocumentError> {
    PdfStandards::new(list)
        .map_err(|error| DocumentError::Form { form: "any".to_owned(), message: error.message().to_string() })
}

impl std::fmt::Debug for Press {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Press").field("fonts", &self.families()).finish_non_exhaustive()
    }
}

fn within(what: &'static str, found: usize, limit: usize) -> Result<(), DocumentError> {
    if found <= limit { Ok(()) } else { Err(DocumentError::TooLarge { what, found, limit }) }
}

/// The name of a file as the compiler knows it. Such names are never forgotten by it, so that only the few that sheets
/// and templates have may be made.
fn id(name: &str) -> Result<FileId, DocumentError> {
    let path = VirtualPath::new(name)
        .map_err(|error| DocumentError::Form { form: name.to_owned(), message: format!("{error:?}") })?;
    Ok(FileId::new(RootedPath::new(VirtualRoot::Project, path)))
}

/// Midnight of the date of issue, in UTC.
fn timestamp(date: crate::time::Date) -> Option<Timestamp> {
    let part = |number: i8| u8::try_from(number).ok();
    let (month, day) = (part(date.month())?, part(date.day())?);
    Datetime::from_ymd_hms(date.year().into(), month, day, 0, 0, 0).map(Timestamp::new_utc)
}

/// The first thing the compiler says, with its place.
fn refused(desk: &Desk<'_>, found: &EcoVec<SourceDiagnostic>) -> DocumentError {
    let template = desk.main.id().get().vpath().get_without_slash();
    let Some(first) = found.first() else {
        return DocumentError::Form { form: template.to_owned(), message: "nothing was set".to_owned() };
    };
    let file = first.span.id().map(|id| id.get().vpath().get_without_slash().to_owned());
    let place = file.as_deref().and_then(|file| {
        let at = desk.range(first.span)?.start;
        let (line, column) = desk.press.sources.get(file)?.lines().byte_to_line_column(at)?;
        Some(format!("line {}, column {}: ", line + 1, column + 1))
    });
    let hint = first.hints.first().map(|hint| format!(" ({})", hint.v)).unwrap_or_default();
    DocumentError::Form {
        form: file.unwrap_or_else(|| template.to_owned()),
        message: format!("{}{}{hint}", place.unwrap_or_default(), first.message),
    }
}

#[cfg(test)]
mod tests;
