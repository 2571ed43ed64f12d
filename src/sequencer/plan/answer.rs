//! Answers of requests that were done before.

use crate::{
    sequencer::{Outcome, RequestKey, SequencerError, flight::request_text, work::Done},
    store::{Answer, Store},
};

/// The answer of a request that was done before: its outcome, or that its id was used for something else.
pub fn answered(
    store: &dyn Store,
    request: &RequestKey,
    digest: [u8; 32],
) -> Result<Option<Result<Outcome, SequencerError>>, SequencerError> {
    let Some(answer) = store.answered(&request.account, &request.id)? else { return Ok(None) };
    Ok(Some(match answer_to(request, &answer, digest)? {
        Ok(Done::Said(outcome)) => Ok(outcome),
        Ok(Done::Reserved(_)) => Err(SequencerError::RequestReused(request_text(request))),
        Err(refused) => Err(refused),
    }))
}

/// The same of an answer that is read.
pub(super) fn answer_to(
    request: &RequestKey,
    answer: &Answer,
    digest: [u8; 32],
) -> Result<Result<Done, SequencerError>, SequencerError> {
    if answer.body_digest != digest {
        return Ok(Err(SequencerError::RequestReused(request_text(request))));
    }
    if !answer.published {
        return Err(SequencerError::Unavailable("an earlier answer is durable but not yet published".into()));
    }
    let done = match &answer.entry {
        Some(_) => postcard::from_bytes(&answer.answer).map(Done::Said),
        // Only a number given in advance makes no entry.
        None => postcard::from_bytes(&answer.answer).map(Done::Reserved),
    };
    Ok(done.map_err(|e| SequencerError::Unavailable(format!("a stored answer cannot be read: {e}"))))
}
