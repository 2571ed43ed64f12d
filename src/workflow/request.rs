//! Request ids: a UUIDv7 of the caller's own, good for the time that answers are kept.

use super::WorkflowError;
use crate::{
    store::{ANSWERS_KEPT_MS, REQUEST_AHEAD_MS},
    time::{Timestamp, unix_ms, whole_seconds},
};
use uuid::{Uuid, Version};

/// A request id that may be carried out now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RequestId([u8; 16]);

impl RequestId {
    /// Reads a UUIDv7 and refuses one whose answer may have been forgotten already: it could have been
    /// carried out, and would be carried out again.
    pub fn read(text: &str, now: Timestamp) -> Result<Self, WorkflowError> {
        let invalid = || WorkflowError::RequestIdInvalid(text.chars().filter(|c| !c.is_control()).take(60).collect());
        let uuid = Uuid::try_parse(text).map_err(|_| invalid())?;
        if uuid.get_version() != Some(Version::SortRand) {
            return Err(invalid());
        }
        let made = uuid.get_timestamp().map(|at| at.to_unix()).ok_or_else(invalid)?;
        let made_ms = made.0.saturating_mul(1000).saturating_add(u64::from(made.1) / 1_000_000);
        let now_ms = unix_ms(now);
        if made_ms.saturating_add(ANSWERS_KEPT_MS) <= now_ms || made_ms > now_ms.saturating_add(REQUEST_AHEAD_MS) {
            return Err(WorkflowError::RequestIdExpired { now: whole_seconds(now) });
        }
        Ok(Self(uuid.into_bytes()))
    }

    /// Its 16 bytes.
    #[must_use]
    pub const fn bytes(self) -> [u8; 16] {
        self.0
    }
}

/// The id of a request that nobody outside gave one. It begins with a time in Unix milliseconds, as every request's does: by
/// that the writer tells those that may have been carried out before a loss. The same at the same time is the same request.
pub(super) fn own_request(at_ms: u64, about: &[u8; 32]) -> [u8; 16] {
    let mut id = [0; 16];
    for (to, from) in id.iter_mut().zip(at_ms.to_be_bytes().iter().skip(2).chain(about)) {
        *to = *from;
    }
    id
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        reason::Reasoned,
        store::{Batch, MemoryStore, StateChange, Store},
    };

    fn made_at(ms: i64) -> String {
        let head = format!("{ms:012x}");
        format!("{}-{}-7abc-8def-0123456789ab", &head[..8], &head[8..])
    }

    #[test]
    fn a_request_whose_answer_may_be_forgotten_is_never_carried_out() {
        let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        let week = i64::try_from(ANSWERS_KEPT_MS).unwrap();
        let read = |ms| RequestId::read(&made_at(now.as_millisecond() + ms), now).map_err(|e| e.reason());
        assert!(read(0).is_ok());
        assert!(read(-week + 1).is_ok());
        assert_eq!(read(-week), Err("REQUEST_ID_EXPIRED"));
        assert!(read(600_000).is_ok());
        assert_eq!(read(600_001), Err("REQUEST_ID_EXPIRED"));
        let said = RequestId::read(&made_at(now.as_millisecond() + 600_001), now).unwrap_err().to_string();
        assert!(said.contains("clock, which says 2026-11-22T12:00:00Z"), "{said}");
    }

    #[test]
    fn an_answer_is_kept_for_as_long_as_its_request_may_be_carried_out() {
        let at: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        let ms = |ms: u64| at.as_millisecond() + i64::try_from(ms).unwrap();
        let text = made_at(ms(REQUEST_AHEAD_MS));
        let request_id = RequestId::read(&text, at).unwrap().bytes();
        let store = MemoryStore::new();
        let (account, answer) = ("bank".to_owned(), b"done".to_vec());
        let answered = StateChange::RequestAnswered { account, request_id, body_digest: [1; 32], answer, entry: None };
        let at_ms = u64::try_from(at.as_millisecond()).unwrap();
        store.commit(Batch { at_ms, state: vec![answered], ..Batch::default() }).unwrap();
        let mut accepted = 0;
        for after in [0, ANSWERS_KEPT_MS, ANSWERS_KEPT_MS + REQUEST_AHEAD_MS - 1, ANSWERS_KEPT_MS + REQUEST_AHEAD_MS] {
            store.expire(at_ms + after).unwrap();
            if RequestId::read(&text, Timestamp::from_millisecond(ms(after)).unwrap()).is_ok() {
                accepted += 1;
                assert!(store.answered("bank", &request_id).unwrap().is_some(), "{after} ms later it is issued twice");
            }
        }
        assert_eq!(accepted, 3);
    }

    #[test]
    fn a_request_of_the_node_itself_begins_with_its_time_and_is_the_same_for_the_same() {
        let (at_ms, about) = (0x0123_4567_89ab, [7; 32]);
        let id = own_request(at_ms, &about);
        assert_eq!(id, [0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7]);
        assert_ne!(id, own_request(at_ms, &[8; 32]));
    }

    #[test]
    fn other_identifiers_are_refused() {
        let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        for bad in ["", "x", "5e0f2d6c-9f63-4f6e-9d5a-0123456789ab", "00000000-0000-0000-0000-000000000000"] {
            assert_eq!(RequestId::read(bad, now).map_err(|e| e.reason()), Err("REQUEST_ID_INVALID"), "{bad}");
        }
    }
}
