//! What the machine of one log hears of forks: what is proven of this log and what a person has lifted of it, and nothing of
//! others'.

use crate::exchange::heads::Left;
use crate::exchange::replica::Event;

/// What it heard last.
#[derive(Debug, Default)]
pub(super) struct Forked {
    left: Option<Left>,
    frozen: bool,
}

impl Forked {
    /// What is news, once something was proven: a log that is frozen stays so.
    pub(super) fn proven(&mut self, proven: Option<u64>) -> Option<Event> {
        let size = proven.filter(|_| !self.frozen)?;
        self.frozen = true;
        Some(Event::Equivocated(size))
    }

    /// What is news, once something was lifted. While more of the log is proven it stays frozen, and hears what was lifted
    /// when the last of it is: else it would be thawed on its disk for a moment, and its alarm would begin anew.
    pub(super) fn lifted(&mut self, left: Option<&Left>, proven: Option<u64>) -> Option<Event> {
        if proven.is_some() {
            return self.proven(proven);
        }
        let was_frozen = std::mem::take(&mut self.frozen);
        let left = left.filter(|left| was_frozen || self.left.as_ref() != Some(*left))?;
        self.left = Some(left.clone());
        Some(Event::Lifted(left.heads.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::{Hash, TreeHead};

    fn left(sizes: &[u64]) -> Left {
        let heads = sizes.iter().map(|size| TreeHead { size: *size, root: Hash([7; 32]) });
        Left { heads: heads.collect(), ..Left::default() }
    }

    fn is_lifted(said: Option<Event>, left: &Left) -> bool {
        matches!(said, Some(Event::Lifted(heads)) if heads == left.heads)
    }

    #[test]
    fn a_log_hears_of_its_own_forks_once_and_of_no_others() {
        let (mut forked, one, two) = (Forked::default(), left(&[9]), left(&[9, 7]));
        assert!(forked.lifted(None, None).is_none() && forked.proven(None).is_none());
        assert!(matches!(forked.proven(Some(9)), Some(Event::Equivocated(9))));
        assert!(forked.proven(Some(9)).is_none(), "another log was frozen");
        assert!(is_lifted(forked.lifted(Some(&one), None), &one));
        assert!(forked.lifted(Some(&one), None).is_none(), "another log was lifted");
        assert!(is_lifted(forked.lifted(Some(&two), None), &two), "more of this one is left");
    }

    #[test]
    fn a_log_that_is_frozen_again_is_not_thawed_by_what_is_lifted_beside() {
        let (mut forked, one, two) = (Forked::default(), left(&[9]), left(&[9, 7]));
        // So at a start too.
        assert!(matches!(forked.lifted(Some(&one), Some(12)), Some(Event::Equivocated(12))));
        assert!(forked.lifted(Some(&two), Some(12)).is_none());
        assert!(is_lifted(forked.lifted(Some(&two), None), &two));
        // Lifted where the list proves nothing of it any more: it is thawed though nothing more is left.
        assert!(forked.proven(Some(14)).is_some());
        assert!(is_lifted(forked.lifted(Some(&two), None), &two));
    }
}
