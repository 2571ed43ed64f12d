//! The entry half of a batch goes to the disk beside the state half: two syncs at once, on a thread that is
//! there for all batches.

use super::chain::{Chain, Staged};
use crate::store::error::StoreError;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

type Task = (Chain, Arc<Staged>, SyncSender<Result<(), StoreError>>);

/// The second hand of the writer.
#[derive(Debug)]
pub(super) struct Beside(Option<(SyncSender<Task>, JoinHandle<()>)>);

impl Beside {
    /// Starts the thread; without one the halves are written one after the other.
    pub(super) fn start(background: bool) -> Result<Self, StoreError> {
        if !background {
            return Ok(Self(None));
        }
        let (tasks, given) = sync_channel::<Task>(1);
        let work = move || {
            for (chain, staged, answer) in given {
                // Nobody waits any more only where the writer itself is gone.
                let _ = answer.send(chain.write(&staged));
            }
        };
        let thread = std::thread::Builder::new().name("store-entries".to_owned()).spawn(work);
        Ok(Self(Some((tasks, thread.map_err(|e| StoreError::io("entries", e))?))))
    }

    /// Writes a frame while `other` is done. Both have ended when this returns, whatever came of them.
    pub(super) fn both(
        &self,
        chain: &Chain,
        staged: &Arc<Staged>,
        other: impl FnOnce() -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let Some((tasks, _)) = &self.0 else { return chain.write(staged).and_then(|()| other()) };
        let gone = || StoreError::io("entries", io::Error::other("the thread that writes them ended"));
        let (answer, answered) = sync_channel(1);
        tasks.send((chain.clone(), Arc::clone(staged), answer)).map_err(|_| gone())?;
        let other = other();
        answered.recv().map_err(|_| gone())?.and(other)
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        if let Some((tasks, thread)) = self.0.take() {
            drop(tasks);
            // A panic of that thread was told to whoever waited for it.
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::disk::DiskFile;
    use super::super::frame::{Class, FrameBuilder, Link};
    use super::*;
    use std::collections::HashSet;
    use std::sync::Mutex;
    use std::thread::{ThreadId, current};

    /// Tells which threads wrote.
    #[derive(Debug, Default)]
    struct Told(Mutex<Vec<ThreadId>>);

    impl DiskFile for Told {
        fn length(&self) -> io::Result<u64> {
            Ok(0)
        }

        fn read_at(&self, _into: &mut [u8], _offset: u64) -> io::Result<usize> {
            Ok(0)
        }

        fn write_at(&self, _bytes: &[u8], _offset: u64) -> io::Result<()> {
            self.0.lock().unwrap().push(current().id());
            Ok(())
        }

        fn sync(&self) -> io::Result<()> {
            Ok(())
        }

        fn truncate(&self, _length: u64) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn all_batches_share_one_thread_and_an_error_of_either_half_is_told() {
        let told = Arc::new(Told::default());
        let next = Link { segment: 0, first: 0, previous: 0 };
        let chain = Chain { class: Class::Entries, ordinal: 1, file: Arc::clone(&told) as _, offset: 0, next };
        let beside = Beside::start(true).unwrap();
        let staged = Arc::new(chain.stage(FrameBuilder::with_capacity(0), 1));
        for _ in 0..20 {
            beside.both(&chain, &staged, || Ok(())).unwrap();
        }
        let failed = beside.both(&chain, &staged, || Err(StoreError::io("state", io::Error::other("no disk"))));
        assert!(failed.unwrap_err().to_string().contains("no disk"));
        let threads: HashSet<ThreadId> = told.0.lock().unwrap().iter().copied().collect();
        assert_eq!(told.0.lock().unwrap().len(), 21);
        assert!(threads.len() == 1 && !threads.contains(&current().id()));
    }
}
