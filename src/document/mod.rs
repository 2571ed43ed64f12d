//! Paper: the printed certificate, drawn from what was signed, its codes and its images.
//!
//! What always holds: what is printed is derived from the signed statement and the agreement's form data, and from
//! nothing else; the same statement gives the same bytes. The page proves nothing: the token that is attached does.
//! Not its business: who may have a document, where certificates are kept, whether they are valid.

mod codes;
mod countries;
mod error;
pub mod export;
mod forms;
mod images;
mod line;
#[cfg(not(feature = "pdf"))]
#[path = "no_press.rs"]
mod press;
#[cfg(feature = "pdf")]
mod press;
mod raster;
pub mod read;
mod script;
mod sheet;
mod specimen;
#[cfg(test)]
mod testing;

pub use codes::{Code, PaperCodes};
pub use countries::country_name;
pub use error::DocumentError;
pub use forms::Forms;
pub use images::{IMAGES_FILE, Images, Signing};
pub use line::Line;
pub use press::Press;
pub use raster::first_page;
pub use script::{Script, Setting, setting};
pub use sheet::{ATTACHMENT, Kind, Sheet, Subject, sheet};
pub use specimen::{Filled, SpecimenOf, filled, specimen};

use std::path::PathBuf;

/// Where fonts are looked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum FontFolders {
    /// Where the system keeps them.
    #[default]
    System,
    /// These folders, and no others.
    Named(Vec<PathBuf>),
}

/// Whether this program can print.
pub const CAN_PRINT: bool = cfg!(feature = "pdf");
