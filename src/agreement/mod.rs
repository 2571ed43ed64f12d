//! What an agreement demands, as data with effective dates, and the engine that judges a certificate by it.
