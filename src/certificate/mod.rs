//! What a certificate of origin says: its sections, its code types, and the reader that reports every mistake at once.
