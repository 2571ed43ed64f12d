//! What the doors themselves refuse; everything else is an error of the room that was asked.

use super::failure::{self, Details};
use crate::reason::{Class, Reasoned};

/// What the doors themselves refuse.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// No token, or none that this node knows.
    #[error("an API token of this authority is needed, in the header `authorization: Bearer oxt_…`")]
    Unauthenticated,
    /// The operator's token is missing or another's.
    #[error(
        "the operator's token is needed: the node writes it into its data folder, as `operator.token`, at every start"
    )]
    NotTheOperator,
    /// The log is not for this reader.
    #[error("this log is not for everybody to read: send the token of an account that may")]
    ReadingDenied,
    /// The authority is not hosted here.
    #[error("`{0}` is not an authority of this node")]
    AuthorityUnknown(String),
    /// The log is not at this node.
    #[error("`{0}` is not a log of this node")]
    LogUnknown(String),
    /// No status list at this address.
    #[error("there is no status list at this address")]
    StatusListUnknown,
    /// A field is missing or malformed.
    #[error("{field}: {message}")]
    Field {
        /// Proto field path.
        field: &'static str,
        /// What is wrong.
        message: String,
    },
    /// Nothing is served at this path.
    #[error("`{0}` is not a method that is served as JSON: GET /openapi.json lists them")]
    MethodUnknown(String),
    /// Methods are asked by POST alone.
    #[error("a method is asked by POST, with a JSON document")]
    MethodNotPosted,
    /// The body is not declared as what it has to be.
    #[error("the body has to be `application/json`, as it stands and not compressed")]
    MediaType,
    /// The body is not strict JSON.
    #[error("the body is not a JSON document as it has to be: {0}")]
    Json(String),
    /// A member is unknown or malformed.
    #[error("{path}: {message}")]
    Member {
        /// Where it stands in the document.
        path: String,
        /// What is wrong.
        message: String,
    },
    /// More bytes than a call may have.
    #[error("the call is longer than the {0} bytes that one may have")]
    TooLarge(usize),
    /// An answer of the services has no form in JSON.
    #[error("an answer could not be told in JSON: {0}")]
    AnswerUnreadable(String),
    /// Index or size beyond what is published.
    #[error("{asked} is beyond the {published} entries published")]
    RangeUnpublished {
        /// What was asked for.
        asked: u64,
        /// Entries published.
        published: u64,
    },
    /// Too many calls from one address.
    #[error("too many calls from this address; it is served again in a moment")]
    RateLimited,
    /// The call took as long as a call may.
    #[error("the call did not end within its deadline")]
    DeadlineExceeded,
    /// A reader took nothing for as long as a stream may stand still.
    #[error("nothing was taken for five minutes; the same cursor goes on")]
    SlowReader,
    /// The node is on its way down.
    #[error("the node is stopping")]
    Stopping,
    /// The node exchanges nothing with others.
    #[error("this node has no partners: `[partner]` of its configuration makes it one of several")]
    NoPartners,
    /// The trust list on disk may not follow the one in use, or cannot be read.
    #[error("the trust list stays as it was: {0}")]
    TrustListRefused(String),
    /// Work on another thread did not come back.
    #[error("a task ended without an answer: {0}")]
    Task(String),
}

impl Reasoned for ApiError {
    fn reason(&self) -> &'static str {
        match self {
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::NotTheOperator => "NOT_THE_OPERATOR",
            Self::ReadingDenied => "READING_DENIED",
            Self::AuthorityUnknown(_) => "AUTHORITY_UNKNOWN",
            Self::LogUnknown(_) => "LOG_UNKNOWN",
            Self::StatusListUnknown => "STATUS_LIST_UNKNOWN",
            Self::Field { .. } | Self::Member { .. } => "FIELD_INVALID",
            Self::MethodUnknown(_) => "METHOD_UNKNOWN",
            Self::MethodNotPosted => "METHOD_NOT_POSTED",
            Self::MediaType => "MEDIA_TYPE_WRONG",
            Self::Json(_) => "JSON_MALFORMED",
            Self::TooLarge(_) => "CALL_TOO_LARGE",
            Self::AnswerUnreadable(_) => "ANSWER_UNREADABLE",
            Self::RangeUnpublished { .. } => "RANGE_UNPUBLISHED",
            Self::RateLimited => "RATE_LIMITED",
            Self::DeadlineExceeded => "DEADLINE_EXCEEDED",
            Self::SlowReader => "SLOW_READER",
            Self::Stopping => "STOPPING",
            Self::NoPartners => "NO_PARTNERS",
            Self::TrustListRefused(_) => "TRUST_LIST_REFUSED",
            Self::Task(_) => "TASK_LOST",
        }
    }

    fn class(&self) -> Class {
        match self {
            Self::RateLimited | Self::DeadlineExceeded | Self::SlowReader | Self::Stopping => Class::Retry,
            Self::Task(_) | Self::AnswerUnreadable(_) => Class::Fatal,
            _ => Class::Reject,
        }
    }
}

impl ApiError {
    /// The same of a field of one entry of a list, of which `at` is the place from 0.
    pub(crate) fn of_entry(self, list: &str, at: usize) -> Self {
        let inside = |field: &str| match field {
            // The entry is a mere value.
            "" => format!("{list}[{at}]"),
            field => format!("{list}[{at}].{field}"),
        };
        match self {
            Self::Field { field, message } => Self::Member { path: inside(field), message },
            Self::Member { path, message } => Self::Member { path: inside(&path), message },
            other => other,
        }
    }

    /// What accompanies it.
    pub(crate) fn details(&self) -> Details {
        let fields = match self {
            Self::Field { field, message } => vec![((*field).to_owned(), message.clone())],
            Self::Member { path, message } => vec![(path.clone(), message.clone())],
            _ => Vec::new(),
        };
        Details { fields, ..Details::default() }
    }
}

impl From<ApiError> for tonic::Status {
    fn from(error: ApiError) -> Self {
        failure::status(&error, &error.details())
    }
}
