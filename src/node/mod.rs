//! The composition root: configuration to listeners, TLS, telemetry and shutdown.
