//! Every check of a statement, and one verdict.
