//! Paper that is presented for verification: read on blocking threads, few at a time.

use super::ApiError;
use super::call::blocking;
use super::failure::{self, Details};
use crate::document::read::{Draw, Paper, PaperKind};
use bytes::Bytes;
use std::sync::Arc;
use tokio::sync::Semaphore;
use tonic::Status;

/// Most bytes of one message to the service that judges paper: telephones take pictures of 3 to 6 MB, and the longest
/// certificate is a PDF of one.
pub const MAX_PAPER: usize = 8 << 20;
/// Papers that are read at a time. Each may take 400 MB of memory, and one made to be hard some seconds of a core.
const AT_ONCE: usize = 2;

/// Reads paper for strangers.
#[derive(Clone)]
pub(crate) struct Papers(Arc<Semaphore>);

impl Papers {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Semaphore::new(AT_ONCE)))
    }

    /// What was found on it. No page is drawn: what that takes is not known before, and who sends it is not known at all.
    pub(crate) async fn read(&self, bytes: Bytes, kind: PaperKind) -> Result<Paper, Status> {
        let place = Arc::clone(&self.0).acquire_owned().await.map_err(|_| ApiError::Stopping)?;
        let read = blocking(move || {
            let _place = place;
            Paper::read(&bytes, kind, Draw::Nothing)
        });
        read.await?.map_err(|error| failure::status(&error, &Details::default()))
    }
}
