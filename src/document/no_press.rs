//! The press of a program that was built without one: it says so.

use super::{DocumentError, FontFolders, Forms, Sheet, script::Script};

/// Prints nothing.
#[derive(Debug)]
pub struct Press {
    forms: Forms,
}

impl Press {
    /// A press that prints nothing.
    pub fn new(forms: Forms, _: &FontFolders) -> Result<Self, DocumentError> {
        Ok(Self { forms })
    }

    /// The templates.
    #[must_use]
    pub const fn forms(&self) -> &Forms {
        &self.forms
    }

    /// None.
    #[must_use]
    pub const fn families(&self) -> &[String] {
        &[]
    }

    /// No script.
    #[must_use]
    pub const fn covers(&self, _: Script) -> bool {
        false
    }

    /// Says nothing against a text.
    #[must_use]
    pub const fn missing(&self, _: &str) -> Option<char> {
        None
    }

    /// The sheet as it is.
    pub fn prepared(&self, sheet: &Sheet) -> Result<Sheet, DocumentError> {
        Ok(sheet.clone())
    }

    /// Says nothing against a layout.
    #[must_use]
    pub const fn not_followed(&self, _: &Sheet) -> Option<String> {
        None
    }

    /// Says that there is no press.
    pub const fn contact_sheet(&self, _: &[(String, Vec<u8>)]) -> Result<Vec<u8>, DocumentError> {
        Err(DocumentError::NotBuilt)
    }

    /// Says that there is no press.
    pub const fn print(&self, _: &Sheet) -> Result<Vec<u8>, DocumentError> {
        Err(DocumentError::NotBuilt)
    }

    /// Says that there is no press.
    pub const fn print_by(&self, _: &Sheet, _: &str) -> Result<Vec<u8>, DocumentError> {
        Err(DocumentError::NotBuilt)
    }
}
