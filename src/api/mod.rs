//! The gRPC and HTTP doors: they translate and decide nothing.
