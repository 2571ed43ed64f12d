//! From an error of any room to `google.rpc.Status`: the code from reason and class, the details from what is known.
//!
//! What always holds: exactly one `ErrorInfo` with a reason of `docs/errors.md` and the domain `origin.v1`; a
//! fatal error says an id and nothing of the inside, and the log says the rest under the same id.

use super::wire::origin::v1 as wire;
use crate::certificate::{Finding, Findings, Severity};
use crate::reason::{Class, Reasoned};
use prost::Message as _;
use prost_types::Any;
use std::time::Duration;
use tonic::{Code, Status};
use tonic_types::pb;

/// The domain of every reason.
pub(crate) const DOMAIN: &str = "origin.v1";
/// Most findings one error carries.
const MAX_FINDINGS: usize = 256;
/// Most bytes of an error that answers a call: it travels in a header, in base64, and peers cap headers at 16 kB.
const MAX_HEADER: usize = 8 << 10;
/// Longest text of one finding in an error, in characters.
const MAX_TEXT: usize = 240;
/// Longest sentence of an error itself, in characters: it says what to do, and travels once more outside of base64.
const MAX_SENTENCE: usize = 480;
/// Where nothing better is known, the time after which the same request may succeed.
const RETRY: Duration = Duration::from_millis(500);

/// What accompanies the error.
#[derive(Debug, Default)]
pub(crate) struct Details {
    /// Fields of the request at fault, by proto field path.
    pub(crate) fields: Vec<(String, String)>,
    /// What rules said; `at` is the proto field path their own paths start from.
    pub(crate) findings: Option<(&'static str, Findings)>,
    /// When the same request may succeed.
    pub(crate) retry: Option<Duration>,
    /// Whether it succeeds only after somebody has acted, though its reason does not say so.
    pub(crate) person: bool,
}

/// The code of a reason, where its class alone does not say it.
fn code(reason: &str, class: Class) -> Code {
    match reason {
        "UNAUTHENTICATED" | "NOT_THE_OPERATOR" | "SIGN_IN_REFUSED" => Code::Unauthenticated,
        "PERMISSION_DENIED"
        | "NOT_YOUR_OFFICE"
        | "READING_DENIED"
        | "APPLICATION_NOT_YOURS"
        | "OWN_APPLICATION"
        | "SAME_PERSON"
        | "POLICY_NOT_YOURS" => Code::PermissionDenied,
        "AUTHORITY_UNKNOWN"
        | "CERTIFICATE_UNKNOWN"
        | "APPLICATION_UNKNOWN"
        | "NO_SUCH_CERTIFICATE"
        | "LOG_UNKNOWN"
        | "ENTRY_UNKNOWN"
        | "ACCOUNT_UNKNOWN"
        | "TOKEN_UNKNOWN"
        | "EXPORTER_UNKNOWN"
        | "MANDATE_UNKNOWN"
        | "EVIDENCE_UNKNOWN"
        | "SAVED_UNKNOWN"
        | "STATUS_LIST_UNKNOWN"
        | "WEBHOOK_UNKNOWN"
        | "ITEM_UNKNOWN"
        | "POLICY_UNKNOWN"
        | "ARRIVAL_UNKNOWN"
        | "ACT_UNKNOWN"
        | "ENQUIRY_UNKNOWN"
        | "SHARE_UNKNOWN"
        | "METHOD_UNKNOWN" => Code::NotFound,
        "REQUEST_ID_REUSED" | "NUMBER_TAKEN" | "LOGIN_TAKEN" | "EXPORTER_EXISTS" | "NATIONAL_ID_EXISTS" => {
            Code::AlreadyExists
        }
        _ if needs_another_state(reason) => Code::FailedPrecondition,
        "RECORD_MOVED" | "APPLICATION_MOVED" => Code::Aborted,
        "RANGE_UNPUBLISHED" | "CURSOR_EXPIRED" | "CURSOR_UNKNOWN" => Code::OutOfRange,
        "OVERLOADED" | "RATE_LIMITED" | "SIGN_IN_LOCKED" | "NO_SPACE" | "TOO_MANY_READERS" => Code::ResourceExhausted,
        "DEADLINE_EXCEEDED" => Code::DeadlineExceeded,
        _ => match class {
            Class::Reject => Code::InvalidArgument,
            Class::Retry => Code::Unavailable,
            Class::Fatal => Code::Internal,
        },
    }
}

/// Whether what was asked is right in itself, and stands against what is.
fn needs_another_state(reason: &str) -> bool {
    matches!(
        reason,
        "RULES_REFUSE"
            | "STATUS_FORBIDS"
            | "LOG_CLOSED"
            | "ENTRY_BEYOND_END"
            | "NO_HEAD_KEPT"
            | "LOG_IN_USE"
            | "SERIES_EXHAUSTED"
            | "REQUEST_ID_EXPIRED"
            | "REQUEST_BEFORE_RECALL"
            | "OWN_HISTORY_LOST"
            | "OWN_HISTORY_FORKED"
            | "NOTHING_MISSING"
            | "NOTHING_TO_SETTLE"
            | "NOTHING_UNREAD"
            | "APPLICATION_STATE"
            | "APPLICATION_CLAIMED"
            | "SHOWN_DIFFERS"
            | "ITEM_STATUS_FORBIDS"
            | "CONTENTS_ERASED"
            | "CONTENTS_MISSING"
            | "ENTRY_LOST"
            | "DRAWN_UPON"
            | "UNUSED_NOT_DECLARED"
            | "CANCELLATION_ASKED"
            | "CANCELLATION_NOT_ASKED"
            | "KEY_NOT_CLOSED"
            | "NOT_HELD"
            | "EXPORTER_CONSENTS"
            | "ORIGINAL_NOT_VALID"
            | "KEY_NOT_LISTED"
            | "TRUST_LIST_REFUSED"
            | "NO_PARTNERS"
            | "SIGNATORY_AWAY"
            | "NOT_A_SESSION"
            | "TOO_MANY_TOKENS"
            | "TOO_MANY_WEBHOOKS"
            | "EXPORTER_STRUCK_OFF"
            | "EXPORTER_WAS_STRUCK_OFF"
            | "MANDATE_AGREEMENT"
            | "MANDATE_CEILING"
            | "MANDATE_ENDED"
            | "MANDATE_MISSING"
            | "MANDATE_NOT_YET"
            | "MANDATE_OFFICE"
            | "MANDATE_REVOKED"
            | "MANDATE_VALUE"
            | "ARRIVAL_AMBIGUOUS"
            | "ARRIVAL_INCOMPLETE"
            | "ARRIVAL_FORBIDS"
            | "BALANCE_EXCEEDED"
            | "ITEM_WITHOUT_FORCE"
            | "PREFERENCE_NOT_GRANTED"
            | "WRITTEN_OFF"
            | "ACT_OVER"
            | "DENIAL_NOT_WAITING"
            | "DENIAL_WAITS"
            | "DECIDED_SINCE"
            | "USED_ABROAD"
            | "ANSWER_OWED"
            | "ANSWER_UNREAD"
            | "ENQUIRY_ANSWERED"
            | "ENQUIRY_ACKNOWLEDGED"
            | "ENQUIRY_CONCLUDED"
            | "ENQUIRY_NOT_OVERDUE"
            | "SUBJECT_ANSWERED"
            | "POLICY_VERSION"
            | "GLYPH_MISSING"
            | "PRINTING_NOT_BUILT"
    )
}

/// Whether the same request succeeds only after somebody has acted, so that nobody is told to ask again at once: a new key
/// is made or listed, the trust list closes the log, or what no partner has is given back.
pub(crate) fn waits_for_a_person(reason: &str) -> bool {
    matches!(reason, "SIGNING_KEY_CLOSED" | "NO_LOG_KEY" | "LOG_KEY_UNLISTED" | "LOG_RESTING" | "NUMBERS_LOST")
}

/// The error as a value, for a row of a stream.
pub(crate) fn rpc(error: &(impl Reasoned + ?Sized), details: &Details) -> pb::Status {
    rpc_of(error, details, MAX_FINDINGS)
}

fn rpc_of(error: &(impl Reasoned + ?Sized), details: &Details, most: usize) -> pb::Status {
    let (reason, class) = (error.reason(), error.class());
    let code = code(reason, class);
    let (message, id) = if class == Class::Fatal {
        let id = uuid::Uuid::now_v7().to_string();
        tracing::error!(%error, reason, id, "a call failed inside");
        (format!("the node could not do this; its log says why under {id}"), Some(id))
    } else {
        (error.to_string(), None)
    };
    let mut info = pb::ErrorInfo { reason: reason.to_owned(), domain: DOMAIN.to_owned(), ..Default::default() };
    info.metadata.extend(id.map(|id| ("id".to_owned(), id)));
    let mut all = vec![any("google.rpc.ErrorInfo", &info)];
    let by_itself = class == Class::Retry && !details.person && !waits_for_a_person(reason);
    let retry = details.retry.or_else(|| by_itself.then_some(RETRY));
    if let Some(Ok(delay)) = retry.map(prost_types::Duration::try_from) {
        all.push(any("google.rpc.RetryInfo", &pb::RetryInfo { retry_delay: Some(delay) }));
    }
    let mut fields = details.fields.iter().map(|(field, text)| violation(field.clone(), text, "")).collect::<Vec<_>>();
    if let Some((at, findings)) = &details.findings {
        let errors = || findings.iter().filter(|one| one.severity == Severity::Error).take(most);
        fields.extend(errors().map(|one| {
            let field = if one.path.is_empty() { (*at).to_owned() } else { format!("{at}.{}", one.path) };
            violation(field, &one.message, &one.rule)
        }));
        let failed = pb::PreconditionFailure { violations: errors().filter_map(precondition).collect() };
        if !failed.violations.is_empty() {
            all.push(any("google.rpc.PreconditionFailure", &failed));
        }
        all.push(any("origin.v1.Findings", &wire_findings(findings, most)));
    }
    if !fields.is_empty() {
        all.push(any("google.rpc.BadRequest", &pb::BadRequest { field_violations: fields }));
    }
    pb::Status { code: i32::from(code), message: cut_to(MAX_SENTENCE, &message), details: all }
}

/// The error as the answer to a call; the last findings are left out where they do not fit.
pub(crate) fn status(error: &(impl Reasoned + ?Sized), details: &Details) -> Status {
    let mut most = MAX_FINDINGS;
    let mut rpc = rpc_of(error, details, most);
    while rpc.encoded_len() > MAX_HEADER && most > 1 {
        most /= 2;
        rpc = rpc_of(error, details, most);
    }
    Status::with_details(Code::from_i32(rpc.code), rpc.message.clone(), rpc.encode_to_vec().into())
}

/// The error as the answer to a call, with nothing to add.
pub(crate) fn plain(error: &(impl Reasoned + ?Sized)) -> Status {
    status(error, &Details::default())
}

/// Findings in their wire form, `most` of them.
pub(crate) fn wire_findings(findings: &Findings, most: usize) -> wire::Findings {
    wire::Findings { findings: findings.iter().take(most).map(wire_finding).collect() }
}

fn wire_finding(finding: &Finding) -> wire::Finding {
    let severity = match finding.severity {
        Severity::Error => wire::Severity::Error,
        Severity::Warning => wire::Severity::Warning,
        Severity::Unknown => wire::Severity::Unknown,
    };
    wire::Finding {
        path: finding.path.clone(),
        rule: finding.rule.clone(),
        severity: severity.into(),
        message: cut(&finding.message),
        article: finding.article.clone().unwrap_or_default(),
        form_box: finding.form_box.clone().unwrap_or_default(),
        help: finding.help.as_deref().map(cut).unwrap_or_default(),
    }
}

/// Only what an agreement demands is a precondition; a mistake of form has no article.
fn precondition(finding: &Finding) -> Option<pb::precondition_failure::Violation> {
    finding.article.as_ref().map(|article| pb::precondition_failure::Violation {
        r#type: finding.rule.clone(),
        subject: article.clone(),
        description: cut(&finding.message),
    })
}

fn violation(field: String, description: &str, reason: &str) -> pb::bad_request::FieldViolation {
    let (description, reason) = (cut(description), reason.to_owned());
    pb::bad_request::FieldViolation { field, description, reason, ..Default::default() }
}

fn any(name: &str, message: &impl prost::Message) -> Any {
    Any { type_url: format!("type.googleapis.com/{name}"), value: message.encode_to_vec() }
}

fn cut(text: &str) -> String {
    cut_to(MAX_TEXT, text)
}

/// The first `most` characters at most, up to a whole word: half a node's name reads like another's.
fn cut_to(most: usize, text: &str) -> String {
    let Some((longest, _)) = text.char_indices().nth(most) else { return text.to_owned() };
    let blanks = text.char_indices().take(most + 1).filter(|(_, c)| *c == ' ').map(|(at, _)| at);
    // What has no blank near its end is no list of names, and is cut where it has to be.
    let end = blanks.last().filter(|blank| *blank > longest / 2).unwrap_or(longest);
    format!("{}…", text.get(..end).unwrap_or_default().trim_end_matches([',', ' ']))
}

#[cfg(test)]
mod tests;
