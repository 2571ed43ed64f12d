//! The fonts there are: one that is always there, and those of the machine or of a folder the operator names.

use super::super::{DocumentError, FontFolders};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};
use typst::{
    foundations::Bytes,
    text::{Font, FontBook},
    utils::LazyHash,
};

/// Where systems keep fonts.
const SYSTEM: [&str; 2] = ["/usr/share/fonts", "/usr/local/share/fonts"];
/// Files looked at below one folder, and how deep.
const MOST_FILES: usize = 50_000;
const DEPTH: usize = 8;
/// Fonts that are read, and bytes of one file: the Chinese one has 20 MB.
const MOST_FONTS: usize = 128;
const MOST_BYTES: u64 = 64 << 20;
/// The font that comes with the program: Latin, Greek and Cyrillic.
const ALWAYS: &str = "Libertinus Serif";
/// Characters that no font need have: they shape their neighbours, or show nothing.
const SILENT: [char; 6] = ['\u{200B}', '\u{200C}', '\u{200D}', '\u{FE0E}', '\u{FE0F}', '\u{FEFF}'];

/// Beginning of a file's name, and the family that it holds, in the order in which families are asked for a character.
/// Urdu is set in Naskh: Nastaliq touches borders and is copied out garbled (design, PDF).
const KNOWN: &[(&str, &str)] = &[
    ("NotoSans", "Noto Sans"),
    ("", ALWAYS),
    ("NotoNaskhArabic", "Noto Naskh Arabic"),
    ("NotoSansCJK", "Noto Sans CJK SC"),
    ("NotoSansSC", "Noto Sans SC"),
    ("SourceHanSansSC", "Source Han Sans SC"),
    ("DroidSansFallbackFull", "Droid Sans Fallback"),
    ("NotoSansHebrew", "Noto Sans Hebrew"),
    ("NotoSansDevanagari", "Noto Sans Devanagari"),
    ("NotoSansBengali", "Noto Sans Bengali"),
    ("NotoSansGurmukhi", "Noto Sans Gurmukhi"),
    ("NotoSansGujarati", "Noto Sans Gujarati"),
    ("NotoSansTamil", "Noto Sans Tamil"),
    ("NotoSansTelugu", "Noto Sans Telugu"),
    ("NotoSansKannada", "Noto Sans Kannada"),
    ("NotoSansMalayalam", "Noto Sans Malayalam"),
    ("NotoSansSinhala", "Noto Sans Sinhala"),
    ("NotoSansThai", "Noto Sans Thai"),
    ("NotoSansLao", "Noto Sans Lao"),
    ("NotoSansMyanmar", "Noto Sans Myanmar"),
    ("NotoSansGeorgian", "Noto Sans Georgian"),
    ("NotoSansArmenian", "Noto Sans Armenian"),
    ("NotoSansEthiopic", "Noto Sans Ethiopic"),
    ("NotoSansKhmer", "Noto Sans Khmer"),
    ("NotoSansMongolian", "Noto Sans Mongolian"),
    ("NotoSerifTibetan", "Noto Serif Tibetan"),
    ("NotoSansSymbols2", "Noto Sans Symbols2"),
    ("NotoSansMath", "Noto Sans Math"),
];

pub(super) struct Fonts {
    book: LazyHash<FontBook>,
    all: Vec<Font>,
    families: Vec<String>,
    /// A bit for every code point that some font has.
    covered: Vec<u64>,
}

impl Fonts {
    /// Reads the fonts: those known by name in the system's folders, or all of the folders named.
    pub(super) fn find(folders: &FontFolders) -> Result<Self, DocumentError> {
        let mut fonts = Vec::new();
        for data in typst_assets::fonts() {
            fonts.extend(Font::iter(Bytes::new(data)).filter(|font| font.info().family == ALWAYS));
        }
        match folders {
            FontFolders::System => {
                // The same file may lie in several places: the first by name of place is taken.
                let mut found = BTreeMap::new();
                for path in SYSTEM.iter().flat_map(|folder| below(Path::new(folder))) {
                    let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
                    if is_known(&name) {
                        found.entry(name).or_insert(path);
                    }
                }
                for path in found.into_values() {
                    let known = |font: &Font| KNOWN.iter().any(|(_, family)| *family == font.info().family);
                    // A font of the system that cannot be read is one that is not there; `origin doctor` says which
                    // scripts are covered.
                    fonts.extend(read(&path).unwrap_or_default().into_iter().filter(known));
                }
            }
            FontFolders::Named(folders) => {
                for folder in folders {
                    if !folder.is_dir() {
                        return Err(refused(folder, "is not a folder of fonts"));
                    }
                    for path in below(folder) {
                        fonts.extend(read(&path)?);
                        if fonts.len() > MOST_FONTS {
                            return Err(refused(folder, format!("more than {MOST_FONTS} fonts")));
                        }
                    }
                }
            }
        }
        Ok(Self::of(fonts))
    }

    fn of(mut fonts: Vec<Font>) -> Self {
        let rank = |family: &str| KNOWN.iter().position(|(_, known)| *known == family).unwrap_or(KNOWN.len());
        fonts.sort_by_key(|font| rank(&font.info().family));
        let mut families: Vec<String> = Vec::new();
        let mut covered = vec![0_u64; 0x11_0000 / 64];
        for font in &fonts {
            if families.last() != Some(&font.info().family) {
                families.push(font.info().family.clone());
            }
            for code in font.info().coverage.iter() {
                if let Some(word) = usize::try_from(code / 64).ok().and_then(|at| covered.get_mut(at)) {
                    *word |= 1 << (code % 64);
                }
            }
        }
        families.dedup();
        Self { book: LazyHash::new(FontBook::from_fonts(&fonts)), all: fonts, families, covered }
    }

    pub(super) const fn book(&self) -> &LazyHash<FontBook> {
        &self.book
    }

    pub(super) fn get(&self, index: usize) -> Option<Font> {
        self.all.get(index).cloned()
    }

    pub(super) fn families(&self) -> &[String] {
        &self.families
    }

    /// Whether some font has the character, or none need have it.
    pub(super) fn has(&self, character: char) -> bool {
        let code = u32::from(character);
        let word = usize::try_from(code / 64).ok().and_then(|at| self.covered.get(at));
        word.is_some_and(|word| word >> (code % 64) & 1 == 1)
            || character.is_whitespace()
            || SILENT.contains(&character)
    }
}

/// Whether a file holds a font that is looked for, in regular or bold: `NotoSans-Bold.ttf`, `NotoSans[wdth,wght].ttf`.
fn is_known(name: &str) -> bool {
    let Some((stem, _)) = name.rsplit_once('.') else { return false };
    let (base, style) = stem.split_once(['-', '[', '_']).unwrap_or((stem, "Regular"));
    KNOWN.iter().any(|(known, _)| *known == base && !base.is_empty())
        && (matches!(style, "Regular" | "Bold") || style.contains("wght"))
}

/// Font files below a folder, in the order of their paths.
fn below(folder: &Path) -> Vec<PathBuf> {
    let (mut found, mut seen) = (Vec::new(), 0);
    let mut folders = vec![(folder.to_owned(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            seen += 1;
            if seen > MOST_FILES {
                break;
            }
            let path = entry.path();
            let is_font = path
                .extension()
                .and_then(|ending| ending.to_str())
                .is_some_and(|ending| ["ttf", "otf", "ttc", "otc"].contains(&ending.to_ascii_lowercase().as_str()));
            if is_font {
                found.push(path);
            } else if depth < DEPTH && entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders.push((path, depth + 1));
            }
        }
    }
    found.sort();
    found
}

fn read(path: &Path) -> Result<Vec<Font>, DocumentError> {
    let length = fs::metadata(path).map_err(|error| refused(path, error.to_string()))?.len();
    if length > MOST_BYTES {
        return Err(refused(path, format!("is longer than {MOST_BYTES} bytes")));
    }
    let bytes = fs::read(path).map_err(|error| refused(path, error.to_string()))?;
    let fonts = Font::iter(Bytes::new(bytes)).collect::<Vec<_>>();
    if fonts.is_empty() { Err(refused(path, "is not a font")) } else { Ok(fonts) }
}

fn refused(path: &Path, message: impl Into<String>) -> DocumentError {
    DocumentError::File { path: path.to_owned(), message: message.into() }
}
