//! From an error of any room to the status a partner is answered with: one `ErrorInfo`, nothing of the inside.

use crate::exchange::ExchangeError;
use crate::reason::{Class, Reasoned};
use std::collections::HashMap;
use tonic::{Code, Status};
use tonic_types::{ErrorDetails, StatusExt as _};

/// The domain of every reason.
const DOMAIN: &str = "origin.v1";

/// What a status of the transport says about what the partner sent: longer than any message may be is refused by the
/// decoder, before it is read. None where the partner, or the connection, is just gone.
pub(super) fn broken(status: &Status) -> Option<ExchangeError> {
    (status.code() == Code::OutOfRange).then_some(ExchangeError::Protocol("a message longer than any may be"))
}

/// The answer to a call that failed.
pub(super) fn status(error: &(impl Reasoned + ?Sized)) -> Status {
    let (reason, class) = (error.reason(), error.class());
    let code = match (reason, class) {
        ("PARTNER_UNKNOWN" | "PARTNER_KEY_WRONG" | "PARTNER_UNNAMED" | "LOG_NOT_FOR_CALLER", _) => {
            Code::PermissionDenied
        }
        ("LOG_UNKNOWN", _) => Code::NotFound,
        ("SLOW_CONSUMER" | "NO_SPACE", _) => Code::ResourceExhausted,
        (_, Class::Reject) => Code::InvalidArgument,
        (_, Class::Retry) => Code::Unavailable,
        (_, Class::Fatal) => Code::Internal,
    };
    let message = if class == Class::Fatal {
        tracing::error!(%error, reason, "a partner's call failed inside");
        "the node could not do this; its log says why".to_owned()
    } else {
        error.to_string()
    };
    Status::with_error_details(code, message, ErrorDetails::with_error_info(reason, DOMAIN, HashMap::new()))
}
