//! Signatures and seals of officers and offices, as images with the days they may be printed.
//!
//! What always holds: which image a certificate gets follows from what it says, its date of issue above all, so that an
//! old certificate is printed as it was. They are ornaments: nothing about a certificate is judged by them.

use super::DocumentError;
use crate::{
    certificate::{OfficeCode, SigningRole},
    time::{Date, read_date},
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
    from: Option<toml::Value>,
    until: Option<toml::Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Listed {
    #[serde(default)]
    image: Vec<toml::Value>,
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
        Self::read_all(folder).map_err(|faults| {
            let first = faults.into_iter().next();
            first.unwrap_or_else(|| refused(&folder.join(IMAGES_FILE), "cannot be read"))
        })
    }

    /// The same, with everything that is wrong with the list and with each image.
    pub fn read_all(folder: &Path) -> Result<Self, Vec<DocumentError>> {
        let list = folder.join(IMAGES_FILE);
        let only = |error: DocumentError| vec![error];
        let text = bounded(&list).map_err(only)?;
        let text = String::from_utf8(text).map_err(|_| only(refused(&list, "is not UTF-8 text")))?;
        let listed: Listed =
            toml::from_str(&text).map_err(|error| only(refused(&list, error.to_string().trim_end())))?;
        if listed.image.len() > MOST_IMAGES {
            return Err(only(refused(&list, format!("names more than {MOST_IMAGES} images"))));
        }
        let (mut all, mut faults) = (Vec::new(), Vec::new());
        for (one, nth) in listed.image.into_iter().zip(1..) {
            match one.try_into::<Named>() {
                Ok(one) => match Image::read(one, folder, &list) {
                    Ok(image) => all.push(image),
                    Err(found) => faults.extend(found),
                },
                Err(error) => faults.push(refused(&list, format!("image {nth}: {}", error.to_string().trim_end()))),
            }
        }
        if faults.is_empty() { Ok(Self(all)) } else { Err(faults) }
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
    fn read(one: Named, folder: &Path, list: &Path) -> Result<Self, Vec<DocumentError>> {
        let mut faults = Vec::new();
        let mut wrong = |message: String| faults.push(refused(list, format!("`{}`: {message}", one.file)));
        let mut day = |date: Option<&toml::Value>| {
            let date = match date? {
                toml::Value::String(text) => text.clone(),
                other => other.to_string(),
            };
            read_date(&date).map_err(|why| wrong(format!("`{date}`: {why}"))).ok()
        };
        let (from, until) = (day(one.from.as_ref()), day(one.until.as_ref()));
        if from.zip(until).is_some_and(|(from, until)| until < from) {
            wrong("`until` lies before `from`".to_owned());
        }
        if one.kind == Kind::Signature && one.person.is_none() {
            wrong("a signature is a person's: name `person`".to_owned());
        }
        let office = one.office.as_deref().map(str::parse::<OfficeCode>).transpose();
        let office = office.map_err(|error| wrong(error.to_string())).ok().flatten();
        let role = one.role.as_deref().map(str::parse::<SigningRole>).transpose();
        let role = role.map_err(|error| wrong(error.to_string())).ok().flatten();
        let plain = Path::new(&one.file).file_name().is_some_and(|name| name == one.file.as_str());
        let png = if plain {
            redrawn(&folder.join(&one.file)).map_err(|error| faults.push(error)).ok()
        } else {
            wrong("is not the name of a file beside it".to_owned());
            None
        };
        match png {
            Some(png) if faults.is_empty() => {
                Ok(Self { kind: one.kind, person: one.person, office, role, from, until, png: png.into() })
            }
            _ => Err(faults),
        }
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
    use crate::time::parse_date;

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
        let many = folder(
            "[[image]]\nkind = \"seal\"\nfile = \"b.png\"\nfrom = 2026-02-01\nuntil = 2026-01-01\n[[image]]\nkind = \"stamp\"\nfile = \"a.png\"\n[[image]]\nkind = \"signature\"\nfile = \"a.png\"\noffice = \"a b\"\n",
            8,
        );
        let all = Images::read_all(many.path()).unwrap_err();
        let all = all.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        for word in ["lies before", "b.png", "image 2", "name `person`", "a b"] {
            assert!(all.contains(word), "{word}: {all}");
        }
        let bomb = folder(list, 8);
        fs::write(bomb.path().join("a.png"), b"GIF89a").unwrap();
        assert!(said(bomb).contains("PNG"));
    }
}
