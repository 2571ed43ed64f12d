//! Carries a command to the writer: it is prepared on a blocking thread, and prepared again where what it rests on moved
//! before its turn.

use super::{Desk, Issued, WorkflowError, desk::Prepared};
use crate::{certificate::Findings, sequencer::SequencerError};
use std::{sync::Arc, time::Duration};

/// How often a command is judged again because midnight passed under it; twice in one request cannot happen.
const DATES_TRIED: usize = 2;
/// How often because another was first. With each turn one of those who wait is served.
const MOVES_TRIED: usize = 16;
/// What was first is published within this time, or the writer has stopped.
const MOVE_AWAITED: Duration = Duration::from_secs(1);

impl Desk {
    /// Has done what `prepare` makes of the moment. Dropping the future changes nothing.
    pub(super) async fn carry_out(
        &self,
        prepare: impl Fn(&Self) -> Result<Prepared, WorkflowError> + Send + Sync + 'static,
    ) -> Result<Issued, WorkflowError> {
        let prepare = Arc::new(prepare);
        let mut news = self.store().news();
        let (mut dates, mut moves) = (1, 1);
        loop {
            news.mark_unchanged();
            let (desk, own) = (self.clone(), Arc::clone(&prepare));
            let ready = tokio::task::spawn_blocking(move || own(&desk))
                .await
                .map_err(|e| SequencerError::Unavailable(e.to_string()))??;
            let (work, warnings) = match ready {
                Prepared::Work(work, warnings) => (work, warnings),
                Prepared::Done(outcome) => return Ok(Issued { outcome, warnings: Findings::default() }),
            };
            match self.setup().sequencer.submit(*work).await {
                Ok(outcome) => return Ok(Issued { outcome, warnings }),
                Err(SequencerError::DateMoved(_)) if dates < DATES_TRIED => dates += 1,
                Err(SequencerError::RecordMoved) if moves < MOVES_TRIED => {
                    moves += 1;
                    // Whether it came or not, the store says what is so now.
                    let _ = tokio::time::timeout(MOVE_AWAITED, news.changed()).await;
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
}
