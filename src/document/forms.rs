//! The templates of the printed forms: those that come with the program, and those of an operator, which come first.

use super::DocumentError;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    io::Read,
    path::{Path, PathBuf},
};

/// The templates that come with the program, name and text; the list is made when it is compiled, of every file in
/// `node-config/forms`.
const SHIPPED: &[(&str, &str)] = include!(concat!(env!("OUT_DIR"), "/forms.rs"));
/// The ending of a template.
const ENDING: &str = ".typ";
/// How the names of files begin that templates share, and that draw no form alone: `lib.typ`, `lib-goods.typ`.
const SHARED: &str = "lib";
/// The form of an agreement that has none of its own.
const GENERIC: &str = "generic.typ";
/// Bytes of one template.
const MOST_BYTES: u64 = 1 << 20;
/// Templates of one folder.
const MOST_FILES: usize = 256;

/// The templates that forms are drawn by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forms(BTreeMap<String, String>);

impl Forms {
    /// Those that come with the program.
    #[must_use]
    pub fn shipped() -> Self {
        Self(SHIPPED.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect())
    }

    /// The same, with those of a folder in the place of any of the same name. It blocks.
    pub fn with_folder(folder: &Path) -> Result<Self, DocumentError> {
        let refused = |path: &Path, message: String| DocumentError::File { path: PathBuf::from(path), message };
        let mut forms = Self::shipped();
        let entries = fs::read_dir(folder).map_err(|error| refused(folder, error.to_string()))?;
        for entry in entries {
            let path = entry.map_err(|error| refused(folder, error.to_string()))?.path();
            let Some(name) = path.file_name().and_then(|name| name.to_str()).filter(|name| name.ends_with(ENDING))
            else {
                continue;
            };
            let mut text = String::new();
            let read = fs::File::open(&path).and_then(|file| file.take(MOST_BYTES + 1).read_to_string(&mut text));
            match read {
                Ok(length) if length as u64 <= MOST_BYTES => {}
                Ok(_) => return Err(refused(&path, format!("is longer than {MOST_BYTES} bytes"))),
                Err(error) => return Err(refused(&path, error.to_string())),
            }
            forms.0.insert(name.to_owned(), text);
            if forms.0.len() > SHIPPED.len() + MOST_FILES {
                return Err(refused(folder, format!("has more than {MOST_FILES} templates")));
            }
        }
        Ok(forms)
    }

    /// The template that prints a form of an agreement.
    #[must_use]
    pub fn of(&self, agreement: &str, form: &str) -> &str {
        let names = [format!("{agreement}-{form}{ENDING}"), format!("{agreement}{ENDING}")];
        let found = names.iter().find_map(|name| self.0.get_key_value(&name.to_lowercase()));
        found.filter(|(name, _)| !is_shared(name)).map_or(GENERIC, |(name, _)| name.as_str())
    }

    /// An operator's templates that print none of these forms, each by its agreement and its code: misnamed, most likely.
    /// What others import prints no form alone, and the generic one stands in for whichever is not followed.
    #[must_use]
    pub fn unused<'a>(&self, forms: impl Iterator<Item = (&'a str, &'a str)>) -> Vec<&str> {
        let used = forms.map(|(agreement, form)| self.of(agreement, form)).collect::<BTreeSet<_>>();
        let shipped = |file: &(&str, &str)| SHIPPED.contains(file);
        let imported = |name: &str| {
            let quoted = format!("\"{name}\"");
            self.0.iter().any(|(other, text)| other != name && text.contains(&quoted))
        };
        let own = self.files().filter(|file| !shipped(file)).map(|(name, _)| name);
        own.filter(|name| !used.contains(name) && *name != GENERIC && !is_shared(name) && !imported(name)).collect()
    }

    /// Every file, name and text.
    pub fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, text)| (name.as_str(), text.as_str()))
    }
}

fn is_shared(name: &str) -> bool {
    name.strip_prefix(SHARED).is_some_and(|rest| rest == ENDING || rest.starts_with('-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_drawn_by_its_own_template_or_its_agreements_or_the_generic_one() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["xyz.typ", "xyz-b.typ", "lib.typ", "readme.md"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        let forms = Forms::with_folder(folder.path()).unwrap();
        assert_eq!(forms.of("XYZ", "A"), "xyz.typ");
        assert_eq!(forms.of("XYZ", "B"), "xyz-b.typ");
        assert_eq!(forms.of("LIB", "LIB"), GENERIC);
        assert_eq!(forms.of("NOWHERE", "Z9"), GENERIC);
        assert_eq!(forms.of("LIB", "GOODS"), GENERIC);
        assert!(!forms.files().any(|(name, _)| name == "readme.md"));
    }

    #[test]
    fn a_template_that_prints_no_form_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let lone =
            [("cpfta.typ", "mine"), ("CPFTA-X.typ", ""), ("cfpta.typ", ""), ("generic.typ", "mine"), ("lib-x.typ", "")];
        for (name, text) in lone.into_iter().chain([("stamp.typ", ""), ("gsp.typ", "#import \"stamp.typ\": *")]) {
            fs::write(folder.path().join(name), text).unwrap();
        }
        let (comesa, text) = SHIPPED.iter().find(|(name, _)| *name == "comesa.typ").unwrap();
        fs::write(folder.path().join(comesa), text).unwrap();
        let forms = Forms::with_folder(folder.path()).unwrap();
        // Those of the program may print forms of agreements that are not kept here.
        assert_eq!(forms.unused([("CPFTA", "A"), ("GSP", "A")].into_iter()), ["CPFTA-X.typ", "cfpta.typ"]);
        assert!(Forms::shipped().unused(std::iter::empty()).is_empty());
    }
}
