//! What a caller asked and what it was told: an answer once given must never be another.

use bytes::Bytes;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// What is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Deed {
    /// Issue these particulars.
    Issue(Bytes),
    /// Cancel the certificate of this number.
    Cancel(String),
}

/// Where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Answer {
    /// Empty where a certificate was cancelled.
    pub(crate) number: String,
    pub(crate) jti: String,
    pub(crate) log: String,
    pub(crate) index: u64,
}

#[derive(Debug, Clone)]
pub(crate) struct Asked {
    pub(crate) id: String,
    pub(crate) deed: Deed,
    pub(crate) answer: Option<Answer>,
}

#[derive(Default)]
pub(crate) struct Ledger {
    asked: Vec<Asked>,
    by_id: HashMap<String, usize>,
    numbers: HashSet<String>,
    places: HashSet<(String, u64)>,
    /// Answers nobody has compared with the logs yet.
    fresh: Vec<usize>,
}

impl Ledger {
    pub(crate) fn ask(&mut self, deed: Deed) -> Asked {
        let asked = Asked { id: Uuid::now_v7().to_string(), deed, answer: None };
        self.by_id.insert(asked.id.clone(), self.asked.len());
        self.asked.push(asked.clone());
        asked
    }

    /// Takes an answer: the first, or the same again.
    pub(crate) fn hear(&mut self, id: &str, answer: Answer) {
        let at = self.by_id[id];
        match &self.asked[at].answer {
            Some(before) => assert_eq!(*before, answer, "request {id} got another answer"),
            None => {
                let number = &answer.number;
                assert!(number.is_empty() || self.numbers.insert(number.clone()), "{number} was given twice");
                let place = (answer.log.clone(), answer.index);
                assert!(self.places.insert(place), "{} {} was given twice", answer.log, answer.index);
                self.asked[at].answer = Some(answer);
                self.fresh.push(at);
            }
        }
    }

    pub(crate) fn all(&self) -> &[Asked] {
        &self.asked
    }

    pub(crate) fn unanswered(&self) -> Vec<Asked> {
        self.asked.iter().filter(|asked| asked.answer.is_none()).cloned().collect()
    }

    /// The answers that came since this was asked last.
    pub(crate) fn take_fresh(&mut self) -> Vec<Asked> {
        std::mem::take(&mut self.fresh).into_iter().map(|at| self.asked[at].clone()).collect()
    }
}
