//! Promises of single machines.
