//! Carries a command to the writer: it is prepared on a blocking thread, and prepared again where what it rests on moved
//! before its turn.

use super::{Desk, Issued, WorkflowError, desk::Prepared};
use crate::{certificate::Findings, sequencer::SequencerError};
use std::{sync::Arc, time::Duration};

/// How often a command is judged because another was first. With each turn one of those who wait is served.
const MOVES_TRIED: usize = 16;
/// What was first is published within this time, or the writer has stopped.
const MOVE_AWAITED: Duration = Duration::from_secs(1);

/// Has done what is judged for a civil date, and once more where midnight passed under it: twice in one request cannot
/// happen.
pub(super) async fn on_its_day<T, F: Future<Output = Result<T, WorkflowError>>>(
    attempt: impl Fn() -> F,
) -> Result<T, WorkflowError> {
    match attempt().await {
        Err(WorkflowError::Sequencer(SequencerError::DateMoved(_))) => attempt().await,
        done => done,
    }
}

/// Runs what reads the disk off the runtime's threads.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, WorkflowError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(|e| SequencerError::Unavailable(e.to_string()).into())
}

impl Desk {
    /// Has done what `prepare` makes of the moment. Dropping the future changes nothing.
    pub(super) async fn carry_out(
        &self,
        prepare: impl Fn(&Self) -> Result<Prepared, WorkflowError> + Send + Sync + 'static,
    ) -> Result<Issued, WorkflowError> {
        let prepare = Arc::new(prepare);
        on_its_day(|| self.in_its_turn(Arc::clone(&prepare))).await
    }

    async fn in_its_turn(
        &self,
        prepare: Arc<impl Fn(&Self) -> Result<Prepared, WorkflowError> + Send + Sync + 'static>,
    ) -> Result<Issued, WorkflowError> {
        let mut news = self.store().news();
        let mut moves = 1;
        loop {
            news.mark_unchanged();
            let (desk, own) = (self.clone(), Arc::clone(&prepare));
            let (work, warnings) = match blocking(move || own(&desk)).await?? {
                Prepared::Work(work, warnings) => (work, warnings),
                Prepared::Done(outcome) => return Ok(Issued { outcome, warnings: Findings::default() }),
            };
            match self.setup().sequencer.submit(*work).await {
                Ok(outcome) => return Ok(Issued { outcome, warnings }),
                Err(SequencerError::RecordMoved) if moves < MOVES_TRIED => {
                    moves += 1;
                    // Whether it came or not, the store says what is so now.
                    let _ = tokio::time::timeout(MOVE_AWAITED, news.changed()).await;
                }
                Err(SequencerError::RecordMoved) => return Err(SequencerError::Crowded("certificate").into()),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        reason::{Class, Reasoned as _},
        sequencer::{Beside, RequestKey, Saying, Task, Work},
        statement::Receipt,
        store::{Expected, Table},
        time::Date,
        workflow::tests::world::World,
    };
    use std::{cell::Cell, sync::Mutex};

    #[tokio::test]
    async fn what_midnight_passed_under_is_judged_once_more_and_no_third_time() {
        let day: Date = "2026-11-23".parse().unwrap();
        for (midnights, judged) in [(0, 1), (1, 2), (2, 2)] {
            let tried = Cell::new(0);
            let done = on_its_day(|| async {
                tried.set(tried.get() + 1);
                if tried.get() > midnights { Ok(()) } else { Err(SequencerError::DateMoved(day).into()) }
            });
            assert_eq!((done.await.is_ok(), tried.get()), (midnights < 2, judged));
        }
    }

    /// A command whose turn never comes is as good as it was, and whoever asked is told to ask again.
    #[tokio::test]
    async fn where_others_are_first_each_time_the_moment_is_at_fault_and_not_what_was_asked() {
        let world = World::new();
        let (desk, _) = world.desk();
        let others = (1..=20).map(|nth| world.footballs(nth)).collect::<Vec<_>>();
        let (others, signatory) = (Arc::new(Mutex::new(others)), world.signatory.clone());
        let left = Arc::clone(&others);
        let runtime = tokio::runtime::Handle::current();
        let prepare = move |desk: &Desk| {
            let first = others.lock().unwrap().pop().unwrap();
            runtime.block_on(desk.issue(&signatory, &first))?;
            let receipt = Receipt {
                origin: "gacc.gov.cn/log/2026/tdap.gov.pk".parse().unwrap(),
                size: 40,
                missing: Vec::new(),
                held: Vec::new(),
            };
            let gone = Expected { table: Table::Setting, id: b"gone".to_vec(), record: Some(Vec::new()) };
            let beside = Beside { expected: vec![gone], ..Beside::default() };
            let request = RequestKey { account: "exchange".to_owned(), id: [1; 16] };
            let task = Task::Say(Box::new(Saying::receipt(receipt).with(beside)));
            let work = Work { request, digest: [1; 32], task, by: None };
            Ok::<_, WorkflowError>(Prepared::Work(Box::new(work), Findings::default()))
        };
        let error = desk.carry_out(prepare).await.unwrap_err();
        assert_eq!((error.reason(), error.class()), ("TOO_MANY_AT_ONCE", Class::Retry), "{error}");
        assert!(error.to_string().contains("the same certificate at once"), "{error}");
        assert_eq!(left.lock().unwrap().len(), 20 - MOVES_TRIED);
    }
}
