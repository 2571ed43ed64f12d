//! A stream of messages with rows: several worked on at once, each answered, none left half done.

use super::ApiError;
use super::call::{QUIET, next_message};
use super::hosts::HostedAuthority;
use crate::office::Caller;
use std::sync::Arc;
use tokio::sync::{Semaphore, mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Response, Status, Streaming};

/// Most rows of one message.
const MAX_ROWS: usize = 256;
/// Messages of one stream worked on at once: enough that the writer always has a batch waiting, and a bound on
/// what one caller may have in memory (each message is at most 1 MiB).
const MESSAGES_IN_WORK: u32 = 8;

/// What goes back.
pub(super) type Answers<A> = ReceiverStream<Result<A, Status>>;

/// Refuses a message of no row or of too many.
pub(super) fn count_rows(rows: usize) -> Result<(), ApiError> {
    if (1..=MAX_ROWS).contains(&rows) {
        return Ok(());
    }
    Err(ApiError::Field { field: "rows", message: format!("a message has 1 to {MAX_ROWS} rows, not {rows}") })
}

/// Answers each message of a stream by `work`, on its own: a caller that hangs up does not leave a message half done.
pub(super) fn answer_each<M, A, W, F>(
    (authority, caller): (Arc<HostedAuthority>, Arc<Caller>),
    incoming: Streaming<M>,
    stopping: watch::Receiver<bool>,
    work: W,
) -> Response<Answers<A>>
where
    M: Send + 'static,
    A: Send + 'static,
    W: Fn(Arc<HostedAuthority>, Arc<Caller>, M) -> F + Send + 'static,
    F: Future<Output = Result<A, Status>> + Send + 'static,
{
    let (answers, stream) = mpsc::channel(1);
    tokio::spawn(read((authority, caller), incoming, answers, stopping, work));
    Response::new(ReceiverStream::new(stream))
}

async fn read<M, A, W, F>(
    (authority, caller): (Arc<HostedAuthority>, Arc<Caller>),
    mut incoming: Streaming<M>,
    answers: mpsc::Sender<Result<A, Status>>,
    mut stopping: watch::Receiver<bool>,
    work: W,
) where
    A: Send + 'static,
    W: Fn(Arc<HostedAuthority>, Arc<Caller>, M) -> F,
    F: Future<Output = Result<A, Status>> + Send + 'static,
{
    let room = Arc::new(Semaphore::new(MESSAGES_IN_WORK as usize));
    let ended = loop {
        let Ok(permit) = Arc::clone(&room).acquire_owned().await else { break Ok(()) };
        let message = tokio::select! {
            biased;
            _ = stopping.wait_for(|stopping| *stopping) => break Err(ApiError::Stopping.into()),
            () = answers.closed() => break Ok(()),
            message = next_message(&mut incoming) => message,
        };
        match message {
            Ok(Some(message)) => {
                // Each message anew: an account that was closed does nothing more, on no stream.
                let Some(caller) = authority.accounts.again(&caller).map(Arc::new) else {
                    break Err(ApiError::Unauthenticated.into());
                };
                let (answering, answers) = (work(Arc::clone(&authority), caller, message), answers.clone());
                tokio::spawn(async move {
                    // Whoever asked may be gone; what was asked is done all the same.
                    let _ = answers.send_timeout(answering.await, QUIET).await;
                    drop(permit);
                });
            }
            Ok(None) => break Ok(()),
            Err(status) => break Err(status),
        }
    };
    if let Err(status) = ended {
        // An error ends the stream for the caller: first everything that was accepted is answered.
        let _ = room.acquire_many(MESSAGES_IN_WORK).await;
        let _ = answers.send(Err(status)).await;
    }
}
