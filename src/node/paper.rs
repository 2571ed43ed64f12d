//! What documents of a node are printed with: templates of forms and fonts.

use super::{NodeError, PaperConfiguration};
use crate::document::{DocumentError, FontFolders, Forms, Press};
use crate::reason::Reasoned;
use crate::workflow::Printer;

/// The press as configured. It blocks while templates and fonts are read.
pub fn press(paper: &PaperConfiguration) -> Result<Press, NodeError> {
    Press::new(forms(paper)?, &fonts(paper)).map_err(refused)
}

/// The same for the desks of the node: set up with the first document.
pub(super) fn printer(paper: &PaperConfiguration) -> Result<Printer, NodeError> {
    Ok(Printer::new(forms(paper)?, fonts(paper)))
}

fn forms(paper: &PaperConfiguration) -> Result<Forms, NodeError> {
    paper.forms.as_deref().map_or_else(|| Ok(Forms::shipped()), Forms::with_folder).map_err(refused)
}

fn fonts(paper: &PaperConfiguration) -> FontFolders {
    if paper.fonts.is_empty() { FontFolders::System } else { FontFolders::Named(paper.fonts.clone()) }
}

fn refused(error: DocumentError) -> NodeError {
    match error {
        DocumentError::File { path, message } => NodeError::Content { path, message },
        other => NodeError::Inside(format!("{other} [{}]", other.reason())),
    }
}
