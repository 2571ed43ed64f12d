//! Signatures and seals of officers and offices, as images with the days they may be printed.
//!
//! What always holds: which image a certificate gets follows from what it says, its date of issue above all, so that an
//! old certificate is printed as it was. They are ornaments: nothing about a certificate is judged by them.

use super::DocumentError;
use crate::{
    certificate::{OfficeCode, SigningRole},
    time::{Date, parse_date},
};
use image::{
    ExtendedColorType, ImageDecoder, ImageEncoder, ImageFormat,
    codecs::png::{PngDecoder, PngEncoder},
};
use serde::Deserialize;
use std::{
    fs,
    io::{Cursor, Read},
    path::{Path, PathBuf},
    sync::Arc,
};

/// The file of a folder of images that says whose they are.
pub const IMAGES_FILE: &str = "images.toml";
/// Images of one authority.
const MOST_IMAGES: usize = 1024;
/// Bytes of one image file, and of the file that names them.
const MOST_BYTES: u64 = 1 << 20;
/// Dots a side: 60 mm at 600 dpi.
const MOST_DOTS: u32 = 1417;

/// What an image shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Signature,
    Seal,
}

/// One image as the file names it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Named {
    kind: Kind,
    file: String,
    /// The officer whose signature it is, as certificates name him.
    person: Option<String>,
    /// The office whose seal it is, or where the signature is given; without one, every office.
    office: Option<String>,
    /// The role it is printed for; without one, any.
    role: Option<String>,
    from: Option<toml::value::Datetime>,
    until: Option<toml::value::Datetime>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Listed {
    #[serde(default)]
    image: Vec<Named>,
}

#[derive(Debug)]
struct Image {
    kind: Kind,
    person: Option<String>,
    office: Option<OfficeCode>,
    role: Option<SigningRole>,
    from: Option<Date>,
    until: Option<Date>,
    png: Arc<[u8]>,
}

/// The images of one authority.
#[derive(Debug, Default)]
pub struct Images(Vec<Image>);

/// Who signs, where and when.
#[derive(Debug, Clone, Copy)]
pub struct Signing<'a> {
    /// The office.
    pub office: &'a OfficeCode,
    /// On whose behalf.
    pub role: SigningRole,
    /// The officer's name.
    pub person: &'a str,
    /// The date of issue.
    pub on: Date,
}

impl Images {
    /// None.
    #[must_use]
    pub const fn none() -> Self {
        Self(Vec::new())
    }

    /// Reads `images.toml` of a folder and the images it names. It blocks.
    pub fn read(folder: &Path) -> Result<Self, DocumentError> {
        let list = folder.join(IMAGES_FILE);
        let text = String::from_utf8(bounded(&list)?).map_err(|_| refused(&list, "is not UTF-8 text"))?;
        let listed: Listed = toml::from_str(&text).map_err(|error| refused(&list, error.to_string().trim_end()))?;
        if listed.image.len() > MOST_IMAGES {
            return Err(refused(&list, format!("names more than {MOST_IMAGES} images")));
        }
        listed.image.into_iter().map(|one| Image::read(one, folder, &list)).collect::<Result<_, _>>().map(Self)
    }

    /// The signature of an officer, as PNG.
    #[must_use]
    pub fn signature(&self, signing: Signing<'_>) -> Option<Arc<[u8]>> {
        self.find(Kind::Signature, signing)
    }

    /// The seal of an office, as PNG.
    #[must_use]
    pub fn seal(&self, signing: Signing<'_>) -> Option<Arc<[u8]>> {
        self.find(Kind::Seal, signing)
    }

    /// How many there are.
    #[must_use]
    pub const fn count(&self) -> usize {
        self.0.len()
    }

    /// The first that fits, in the order of the file.
    fn find(&self, kind: Kind, signing: Signing<'_>) -> Option<Arc<[u8]>> {
        let fits = |image: &&Image| {
            image.kind == kind
                && image.person.as_deref().is_none_or(|person| person == signing.person)
                && image.office.as_ref().is_none_or(|office| office == signing.office)
                && image.role.is_none_or(|role| role == signing.role)
                && image.from.is_none_or(|from| from <= signing.on)
                && image.until.is_none_or(|until| signing.on <= until)
        };
        self.0.iter().find(fits).map(|image| Arc::clone(&image.png))
    }
}

impl Image {
    fn read(one: Named, folder: &Path, list: &Path) -> Result<Self, DocumentError> {
        let day = |date: Option<toml::value::Datetime>| match date {
            None => Ok(None),
            Some(date) => match parse_date(&date.to_string()) {
                Some(date) => Ok(Some(date)),
                None => Err(refused(list, format!("`{date}` is no date: YYYY-MM-DD"))),
            },
        };
        let plain = Path::new(&one.file).file_name().is_some_and(|name| name == one.file.as_str());
        if !plain {
            return Err(refused(list, format!("`{}` is not the name of a file beside it", one.file)));
        }
        if one.kind == Kind::Signature && one.person.is_none() {
            return Err(refused(list, format!("`{}`: a signature is a person's: name `person`", one.file)));
        }
        let code = |error: crate::certificate::CertificateError| refused(list, error.to_string());
        let path = folder.join(&one.file);
        Ok(Self {
            kind: one.kind,
            person: one.person,
            office: one.office.map(|office| office.parse()).transpose().map_err(code)?,
            role: one.role.map(|role| role.parse()).transpose().map_err(code)?,
            from: day(one.from)?,
            until: day(one.until)?,
            png: redrawn(&path)?.into(),
        })
    }
}

/// The image's dots alone, written anew: whatever else the file held is gone, and what is printed is known to decode.
fn redrawn(path: &Path) -> Result<Vec<u8>, DocumentError> {
    let fault = |error: image::ImageError| refused(path, error.to_string());
    let bytes = bounded(path)?;
    if image::guess_format(&bytes).ok() != Some(ImageFormat::Png) {
        return Err(refused(path, "is not a PNG image"));
    }
    let decoder = PngDecoder::new(Cursor::new(bytes)).map_err(fault)?;
    let (width, height) = decoder.dimensions();
    if width == 0 || height == 0 || width > MOST_DOTS || height > MOST_DOTS {
        return Err(refused(path, format!("has {width} by {height} dots; at most {MOST_DOTS} a side")));
    }
    let dots = image::DynamicImage::from_decoder(decoder).map_err(fault)?.into_rgba8();
    let mut png = Vec::new();
    PngEncoder::new(&mut png).write_image(dots.as_raw(), width, height, ExtendedColorType::Rgba8).map_err(fault)?;
    Ok(png)
}

fn bounded(path: &Path) -> Result<Vec<u8>, DocumentError> {
    let mut bytes = Vec::new();
    let read = fs::File::open(path).and_then(|file| file.take(MOST_BYTES + 1).read_to_end(&mut bytes));
    match read {
        Ok(length) if length as u64 <= MOST_BYTES => Ok(bytes),
        Ok(_) => Err(refused(path, format!("is longer than {MOST_BYTES} bytes"))),
        Err(error) => Err(refused(path, error.to_string())),
    }
}

fn refused(path: &Path, message: impl Into<String>) -> DocumentError {
    DocumentError::File { path: PathBuf::from(path), message: message.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(list: &str, side: u32) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join(IMAGES_FILE), list).unwrap();
        image::RgbaImage::new(side, 8).save(folder.path().join("a.png")).unwrap();
        folder
    }

    #[test]
    fn a_signature_is_printed_on_the_days_it_is_good_for_and_no_other() {
        let list = "[[image]]\nkind = \"signature\"\nfile = \"a.png\"\nperson = \"A. Qureshi\"\noffice = \"LHE\"\nfrom = 2026-01-01\nuntil = 2026-12-31\n";
        let folder = folder(list, 8);
        let images = Images::read(folder.path()).unwrap();
        let office: OfficeCode = "LHE".parse().unwrap();
        let on = |day: &str, person| {
            let signing =
                Signing { office: &office, role: SigningRole::IssuingAuthority, person, on: parse_date(day).unwrap() };
            (images.signature(signing).is_some(), images.seal(signing).is_some())
        };
        assert_eq!(on("2026-12-31", "A. Qureshi"), (true, false));
        assert_eq!(on("2027-01-01", "A. Qureshi"), (false, false));
        assert_eq!(on("2026-06-01", "B. Khan"), (false, false));
    }

    #[test]
    fn what_is_no_image_of_a_sensible_size_is_refused_with_its_name() {
        let list = "[[image]]\nkind = \"seal\"\nfile = \"a.png\"\n";
        assert!(Images::read(folder(list, MOST_DOTS).path()).is_ok());
        let said = |folder: tempfile::TempDir| Images::read(folder.path()).unwrap_err().to_string();
        assert!(said(folder(list, MOST_DOTS + 1)).contains("dots"));
        assert!(said(folder("[[image]]\nkind = \"seal\"\nfile = \"../a.png\"\n", 8)).contains("beside it"));
        let bomb = folder(list, 8);
        fs::write(bomb.path().join("a.png"), b"GIF89a").unwrap();
        assert!(said(bomb).contains("PNG"));
    }
}
