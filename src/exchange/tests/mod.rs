//! The whole system without a wire or a clock: nodes with real keys, real entries and real signatures around the same
//! machines, and a network that delays, loses, repeats and cuts.

mod network;
mod node;
mod promises;
mod seeds;
mod simulation;
mod world;
