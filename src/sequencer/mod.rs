//! The one writer of an authority: assign, sign, check, commit, checkpoint.
