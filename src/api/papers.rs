//! Paper that is presented for verification: read on blocking threads, few at a time.

use super::ApiError;
use super::call::blocking;
use super::failure::{self, Details};
use super::wire::origin::v1 as wire;
use crate::document::read::{Code, Draw, PAGES_DRAWN_MAX, Paper, PaperKind};
use bytes::Bytes;
use std::sync::Arc;
use tokio::sync::Semaphore;
use tonic::Status;

/// Most bytes of one message to the service that judges paper: telephones take pictures of 3 to 6 MB, and the longest
/// certificate is a PDF of one.
pub const MAX_PAPER: usize = 8 << 20;
/// Most codes that are taken of a PDF's pages: two on each sheet.
const PAGE_CODES: usize = 2 * PAGES_DRAWN_MAX;
/// Papers that are read at a time. Each may take 400 MB of memory, and one made to be hard some seconds of a core.
const AT_ONCE: usize = 2;

/// Reads paper for strangers.
#[derive(Clone)]
pub(crate) struct Papers(Arc<Semaphore>);

impl Papers {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }

    /// What was found on it. No page is drawn: what that takes is not known before, and who sends it is not known at all;
    /// whoever drew them himself says which codes he read there.
    pub(crate) async fn read(
        &self,
        bytes: Bytes,
        kind: PaperKind,
        pages: Option<wire::PageCodes>,
    ) -> Result<Paper, Status> {
        let draw = pages.map_or(Ok(Draw::Nothing), |pages| drawn(kind, pages))?;
        let place = Arc::clone(&self.0).acquire_owned().await.map_err(|_| ApiError::Stopping)?;
        let read = blocking(move || {
            let _place = place;
            Paper::read(&bytes, kind, draw)
        });
        read.await?.map_err(|error| failure::status(&error, &Details::default()))
    }
}

/// The codes that were read on pages elsewhere.
fn drawn(kind: PaperKind, pages: wire::PageCodes) -> Result<Draw, ApiError> {
    let wire::PageCodes { stamps, look_ups } = pages;
    let refused = |message: String| Err(ApiError::Field { field: "pages", message });
    if kind != PaperKind::Pdf {
        return refused("the codes of a picture are read here".to_owned());
    }
    if stamps.len().saturating_add(look_ups.len()) > PAGE_CODES {
        return refused(format!("at most {PAGE_CODES} codes are taken"));
    }
    Ok(Draw::Elsewhere(stamps.into_iter().map(Code::Stamp).chain(look_ups.into_iter().map(Code::LookUp)).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_taken_of_a_pdfs_pages_alone_and_no_more_than_those_have() {
        let pages = |count: usize| wire::PageCodes { stamps: vec!["CO1:".to_owned(); count], look_ups: Vec::new() };
        assert_eq!(drawn(PaperKind::Pdf, pages(1)), Ok(Draw::Elsewhere(vec![Code::Stamp("CO1:".to_owned())])));
        for (kind, count) in [(PaperKind::Pdf, PAGE_CODES + 1), (PaperKind::Png, 1), (PaperKind::Jpeg, 1)] {
            assert!(matches!(drawn(kind, pages(count)), Err(ApiError::Field { field: "pages", .. })), "{kind:?}");
        }
    }
}
