//! Issuing: by streams of many rows a message, and by one call for each certificate.

use super::{
    figure::{Figure, Name},
    ground::{Access, Bench, CALLERS, CONNECTIONS, Ground, Papers, Running},
    limits::{self, gathered},
    pace::{Pace, Tally},
    streaming::{ROWS, Said, converse},
};
use crate::{
    api::client::{Refusal, wire, within_deadline},
    cli::{
        console::{Console, Exit, Failure},
        remote,
    },
    sequencer::Limits,
};
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::Instant,
};
use uuid::Uuid;

/// Streams at once.
const STREAMS: usize = 4;

/// What is known of the certificates that were issued.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// Their numbers, where tokens were asked for; else one of them.
    pub(super) numbers: Vec<String>,
    /// Bytes of their tokens, where they were asked for.
    pub(super) payload: u64,
}

/// What comes back of each certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Contents {
    Receipt,
    Token,
}

/// Issues by streams for as long as the pace says.
pub(super) async fn by_stream(
    console: Console,
    access: &Access,
    pace: Pace,
    contents: Contents,
) -> Result<(Tally, Outcome), Failure> {
    these_by_stream(console, access, pace, contents, Papers::today()?).await
}

/// The same with certificates of another sort.
pub(super) async fn these_by_stream(
    console: Console,
    access: &Access,
    pace: Pace,
    contents: Contents,
    papers: Papers,
) -> Result<(Tally, Outcome), Failure> {
    let shared = Arc::new(Shared { console, pace, papers, contents, outcome: Mutex::default() });
    let mut streams = Vec::with_capacity(STREAMS);
    for _ in 0..STREAMS {
        let connection = access.connect().await?;
        let shared = Arc::clone(&shared);
        streams.push(tokio::spawn(async move {
            let open = move |rows| async move { connection.certificates().issue_certificates(rows).await };
            converse(shared.console, &shared.pace, &*shared, open).await
        }));
    }
    let tally = gathered(streams).await?;
    let outcome = std::mem::take(&mut *shared.outcome.lock().unwrap_or_else(PoisonError::into_inner));
    Ok((tally, outcome))
}

struct Shared {
    console: Console,
    pace: Pace,
    papers: Papers,
    contents: Contents,
    outcome: Mutex<Outcome>,
}

impl Said for Shared {
    type Message = wire::IssueCertificatesRequest;
    type Answer = wire::IssueCertificatesResponse;

    fn message(&self, rows: u64) -> (String, Self::Message) {
        let contents = match self.contents {
            Contents::Receipt => wire::IssueContents::Receipt,
            Contents::Token => wire::IssueContents::Token,
        };
        let row = |_| wire::IssueRow { request_id: Uuid::now_v7().to_string(), certificate_json: self.papers.next() };
        let rows = (0..rows).map(row).collect::<Vec<_>>();
        let first = rows.first().map(|row| row.request_id.clone()).unwrap_or_default();
        (first, wire::IssueCertificatesRequest { rows, contents: contents.into() })
    }

    fn requests(answer: &Self::Answer) -> impl Iterator<Item = &str> {
        answer.results.iter().map(|result| result.request_id.as_str())
    }

    fn take(&self, answer: Self::Answer) -> Result<u64, Failure> {
        use wire::issue_result::Outcome as Row;
        let mut outcome = self.outcome.lock().unwrap_or_else(PoisonError::into_inner);
        let mut taken = 0;
        for result in answer.results {
            match result.outcome {
                Some(Row::Issued(issued)) => {
                    taken += 1;
                    outcome.payload += u64::try_from(issued.token.len()).unwrap_or(u64::MAX);
                    if self.contents == Contents::Receipt {
                        outcome.numbers.clear();
                    }
                    outcome.numbers.push(issued.number);
                }
                Some(Row::Error(status)) => {
                    let Refusal { reason, message, .. } = Refusal::from(&status);
                    return Err(Failure::new(Exit::Failed, message).note(format!("reason {reason}")));
                }
                None => return Err(Failure::new(Exit::Failed, "the node answered a row with nothing")),
            }
        }
        Ok(taken)
    }
}

/// Issues by one call for each certificate.
async fn by_call(console: Console, running: &Running, pace: Pace) -> Result<Tally, Failure> {
    let (pace, papers) = (Arc::new(pace), Arc::new(Papers::today()?));
    let mut connections = Vec::with_capacity(CONNECTIONS);
    for _ in 0..CONNECTIONS {
        connections.push(running.connect().await?);
    }
    let mut callers = Vec::with_capacity(CALLERS);
    for connection in connections.iter().cycle().take(CALLERS) {
        let (mut client, pace, papers) = (connection.certificates(), Arc::clone(&pace), Arc::clone(&papers));
        callers.push(tokio::spawn(async move {
            let mut tally = Tally::new()?;
            while pace.take(1) == 1 {
                let request = wire::IssueCertificateRequest {
                    request_id: Uuid::now_v7().to_string(),
                    certificate_json: papers.next(),
                    contents: wire::IssueContents::Receipt.into(),
                };
                let begun = Instant::now();
                let answer = client.issue_certificate(within_deadline(request)).await;
                answer.map_err(|status| remote::refused(console, "the node", &status))?;
                tally.note(&pace, begun, 1);
            }
            Ok(tally)
        }));
    }
    gathered(callers).await
}

/// Bytes of one certificate with its disclosures, by asking for a few.
pub(super) async fn row_bytes(bench: &Bench, running: &Running) -> Result<u64, Failure> {
    let (tally, outcome) = by_stream(bench.console, &running.access, Pace::count(ROWS), Contents::Token).await?;
    Ok(outcome.payload / tally.done.max(1))
}

/// `issue_stream`.
pub(super) async fn stream(bench: &Bench) -> Result<Figure, Failure> {
    let ground = Ground::make(bench, [0; 4])?;
    let running = ground.start().await?;
    let bytes = row_bytes(bench, &running).await?;
    let batch = u64::try_from(Limits::default().batch).unwrap_or(u64::MAX);
    let limit = limits::signing()?.or(limits::disk(ground.beside(), batch, bytes)?);
    let (tally, _) = by_stream(bench.console, &running.access, Pace::within(bench.window), Contents::Receipt).await?;
    running.stop().await;
    let rate = tally.rate(bench.window);
    Ok(Figure::new(Name::IssueStream, rate, "certificates/s", limit).with_calls(&tally.calls))
}

/// `issue_unary_64`.
pub(super) async fn unary(bench: &Bench) -> Result<Figure, Failure> {
    let ground = Ground::make(bench, [0; 4])?;
    let running = ground.start().await?;
    let bytes = row_bytes(bench, &running).await?;
    let on_cores = limits::signing()?.and(limits::calls(bench.console, &running).await?);
    let batch = u64::try_from(CALLERS).unwrap_or(u64::MAX);
    let limit = on_cores.or(limits::disk(ground.beside(), batch, bytes)?);
    let tally = by_call(bench.console, &running, Pace::within(bench.window)).await?;
    running.stop().await;
    let rate = tally.rate(bench.window);
    Ok(Figure::new(Name::IssueUnary64, rate, "certificates/s", limit).with_calls(&tally.calls))
}
