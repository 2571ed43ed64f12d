//! What people do, checked by role and rule before it reaches the sequencer.
