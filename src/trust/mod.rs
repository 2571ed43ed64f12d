//! Who may sign what, where in which log: anchor, sections, the list, and the cosigning policy that follows.
