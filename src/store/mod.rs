//! Durable state of one authority behind a typed trait: journal, index, key file.
