//! Requests that are being worked on, so that a repeat waits for the same answer instead of starting again.

use super::{RequestKey, SequencerError, work::Done};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};
use tokio::sync::{OwnedSemaphorePermit, oneshot};

/// What a caller hears.
pub(super) type Answer = Result<Done, SequencerError>;

/// A caller that waits, and its place in the queue.
pub(super) struct Waiter {
    pub(super) answer: oneshot::Sender<Answer>,
    /// Given back when the answer is.
    pub(super) _place: OwnedSemaphorePermit,
}

impl Waiter {
    pub(super) fn tell(self, answer: Answer) {
        // A caller that hung up changes nothing: the work is done, and the same request finds its answer.
        let _ = self.answer.send(answer);
    }
}

struct InFlight {
    digest: [u8; 32],
    waiters: Vec<Waiter>,
}

/// Every request between its assignment and its answer.
#[derive(Default)]
pub(super) struct Flight(Mutex<HashMap<RequestKey, InFlight>>);

/// What became of a request that wants to start.
pub(super) enum Boarding {
    /// It is new here; its answer is owed.
    New,
    /// It joined the same request, or was refused, and is answered.
    Settled,
}

impl Flight {
    /// Registers a request, or lets it join the same one.
    pub(super) fn board(&self, key: &RequestKey, digest: [u8; 32], waiter: Waiter) -> Boarding {
        let mut flights = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match flights.get_mut(key) {
            None => {
                flights.insert(key.clone(), InFlight { digest, waiters: vec![waiter] });
                Boarding::New
            }
            Some(flight) if flight.digest == digest => {
                flight.waiters.push(waiter);
                Boarding::Settled
            }
            Some(_) => {
                drop(flights);
                waiter.tell(Err(SequencerError::RequestReused(request_text(key))));
                Boarding::Settled
            }
        }
    }

    /// Answers everybody who waits for these requests.
    pub(super) fn land(&self, answers: impl IntoIterator<Item = (RequestKey, Answer)>) {
        let mut told = Vec::new();
        {
            let mut flights = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            for (key, answer) in answers {
                if let Some(flight) = flights.remove(&key) {
                    told.push((flight.waiters, answer));
                }
            }
        }
        for (waiters, answer) in told {
            for waiter in waiters {
                waiter.tell(answer.clone());
            }
        }
    }
}

impl Flight {
    /// Answers everybody who waits for anything.
    pub(super) fn abandon(&self, error: &SequencerError) {
        let flights = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        for waiter in flights.into_values().flat_map(|flight| flight.waiters) {
            waiter.tell(Err(error.clone()));
        }
    }
}

/// The request's UUID, as its caller wrote it.
pub(super) fn request_text(key: &RequestKey) -> String {
    uuid::Uuid::from_bytes(key.id).to_string()
}
