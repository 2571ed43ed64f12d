//! A log that shows two partners two histories: they find it out between them, by themselves.
