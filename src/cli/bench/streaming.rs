//! A stream of messages of many rows, some of them ahead of their answers.

use super::pace::{Pace, Tally};
use crate::cli::{
    console::{Console, Exit, Failure},
    remote,
};
use std::{collections::HashMap, future::Future, time::Instant};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Response, Status, Streaming};

/// Rows of one message: 16 to 64 are fastest.
pub(super) const ROWS: u64 = 64;
/// Messages of a stream that wait for their answers: as many as a node works on at once.
const AHEAD: usize = 8;

/// What is said on a stream, and what is made of the answers.
pub(super) trait Said: Sync {
    /// Rows that are asked for.
    type Message: Send;
    /// What came of the rows of one message.
    type Answer: Send;

    /// A message of so many rows, under the request of its first.
    fn message(&self, rows: u64) -> (String, Self::Message);

    /// The requests that an answer is about.
    fn requests(answer: &Self::Answer) -> impl Iterator<Item = &str>;

    /// Counts the rows of one answer; one that did not succeed ends the figure.
    fn take(&self, answer: Self::Answer) -> Result<u64, Failure>;
}

/// Speaks and listens for as long as the pace says.
pub(super) async fn converse<S: Said, F>(
    console: Console,
    pace: &Pace,
    said: &S,
    open: impl FnOnce(ReceiverStream<S::Message>) -> F,
) -> Result<Tally, Failure>
where
    F: Future<Output = Result<Response<Streaming<S::Answer>>, Status>>,
{
    let refused = |status: &Status| remote::refused(console, "the node", status);
    let mut tally = Tally::new()?;
    let (out, outgoing) = mpsc::channel(AHEAD);
    let mut back = open(ReceiverStream::new(outgoing)).await.map_err(|status| refused(&status))?.into_inner();
    // Messages on their way, by their first row: answers come in any order.
    let mut asked: HashMap<String, Instant> = HashMap::new();
    loop {
        while asked.len() < AHEAD {
            let rows = pace.take(ROWS);
            if rows == 0 {
                break;
            }
            let (first, message) = said.message(rows);
            asked.insert(first, Instant::now());
            // A stream that is over says why in its other direction.
            let _ = out.send(message).await;
        }
        if asked.is_empty() {
            return Ok(tally);
        }
        let Some(answer) = back.message().await.map_err(|status| refused(&status))? else {
            return Err(Failure::new(Exit::Failed, "the node ended the stream"));
        };
        let begun = S::requests(&answer).find_map(|request| asked.remove(request));
        let taken = said.take(answer)?;
        tally.note(pace, begun.unwrap_or_else(Instant::now), taken);
    }
}
