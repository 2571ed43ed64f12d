//! The doors: gRPC services for people's systems and HTTP for auditors; they translate, and decide nothing.

mod wire;
