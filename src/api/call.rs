//! What every handler does: know its caller, wait for work on a blocking thread, say an error of another room.

use super::failure::{self, Details};
use super::hosts::{Hosts, Visitor};
use super::{ApiError, Peer};
use crate::office::ExporterRefused;
use crate::reason::Reasoned as _;
use crate::sequencer::SequencerError;
use crate::workflow::WorkflowError;
use std::time::Duration;
use tonic::metadata::MetadataMap;
use tonic::{Extensions, Status, Streaming};
use tonic_types::pb;

/// The name under which callers send their token.
const AUTHORIZATION: &str = "authorization";

/// How long a stream may stand still: its caller neither sends nor takes anything.
pub(crate) const QUIET: Duration = Duration::from_mins(5);

/// The next message of a stream. One that stands still is ended: it holds a place that others may need.
pub(crate) async fn next_message<T>(stream: &mut Streaming<T>) -> Result<Option<T>, Status> {
    let message = tokio::time::timeout(QUIET, stream.message()).await;
    message.unwrap_or_else(|_| Err(ApiError::DeadlineExceeded.into()))
}

/// Who calls.
pub(crate) fn caller(hosts: &Hosts, metadata: &MetadataMap) -> Result<Visitor, ApiError> {
    hosts.caller(authorization(metadata)?)
}

/// The `authorization` value, if one was sent.
pub(crate) fn authorization(metadata: &MetadataMap) -> Result<Option<&str>, ApiError> {
    metadata.get(AUTHORIZATION).map(|value| value.to_str().map_err(|_| ApiError::Unauthenticated)).transpose()
}

/// The address the call came from; every listener of the node puts it there.
pub(crate) fn peer(extensions: &Extensions) -> Option<Peer> {
    extensions.get::<Peer>().copied()
}

/// Runs what reads the disk, or works long, off the runtime's threads.
pub(crate) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, ApiError> {
    tokio::task::spawn_blocking(work).await.map_err(|error| ApiError::Task(error.to_string()))
}

/// A refusal of the workflow, with what it knows.
pub(crate) fn refused(error: &WorkflowError) -> Status {
    failure::status(error, &details(error))
}

/// The same for a row of a stream.
pub(crate) fn refused_row(error: &WorkflowError) -> pb::Status {
    failure::rpc(error, &details(error))
}

fn details(error: &WorkflowError) -> Details {
    let mut details = Details::default();
    match error {
        WorkflowError::RulesRefuse(findings) => details.findings = Some(("certificate_json", findings.clone())),
        WorkflowError::Exporter(ExporterRefused::Unreadable(findings)) => {
            details.findings = Some(("json", findings.clone()));
        }
        WorkflowError::SignInLocked(wait) => details.retry = Some(*wait),
        WorkflowError::Sequencer(SequencerError::HistoryMissing { coming: false, .. }) => details.person = true,
        WorkflowError::Sequencer(SequencerError::Overloaded { retry_after }) => details.retry = Some(*retry_after),
        _ => match error.reason() {
            "REQUEST_ID_INVALID" | "REQUEST_ID_EXPIRED" | "REQUEST_ID_REUSED" => {
                details.fields.push(("request_id".to_owned(), error.to_string()));
            }
            "CURSOR_INVALID" => details.fields.push(("cursor".to_owned(), error.to_string())),
            "PAGE_TOKEN_INVALID" => details.fields.push(("page_token".to_owned(), error.to_string())),
            _ => {}
        },
    }
    details
}
