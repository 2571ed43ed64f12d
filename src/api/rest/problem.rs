//! A refusal as a problem document (RFC 9457): the HTTP status from the gRPC code, everything else as it was said.

use super::methods::Methods;
use super::{reader, writer};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use prost::Message as _;
use prost_reflect::{DynamicMessage, MethodDescriptor};
use serde_json::{Map, Value as Json, json};
use tonic::{Code, Status};
use tonic_types::{StatusExt as _, pb};

/// RFC 9457 section 3.
const MEDIA_TYPE: &str = "application/problem+json";
/// The detail with findings of rules.
const FINDINGS: &str = "origin.v1.Findings";

/// The answer to a call that was refused; `asked` is its method, where there is one.
pub(super) fn answer(status: &Status, asked: Option<&MethodDescriptor>, methods: &Methods) -> Response {
    let details = status.get_error_details();
    let mut document = Map::new();
    if let Some(info) = details.error_info() {
        document.insert("reason".to_owned(), info.reason.as_str().into());
        document.extend(info.metadata.get("id").map(|id| ("id".to_owned(), id.as_str().into())));
    }
    let code = http(status.code(), details.error_info().map_or("", |info| info.reason.as_str()));
    // The type that says: the title is that of the status, and `reason` says what happened.
    document.insert("type".to_owned(), "about:blank".into());
    document.insert("title".to_owned(), code.canonical_reason().unwrap_or_default().into());
    document.insert("status".to_owned(), code.as_u16().into());
    document.insert("detail".to_owned(), status.message().into());
    document.insert("code".to_owned(), name(status.code()).into());
    if let Some(bad) = details.bad_request() {
        let field = |one: &tonic_types::FieldViolation| {
            let path = asked.map_or_else(|| one.field.clone(), |asked| reader::json_path(&one.field, &asked.input()));
            json!({ "field": path, "detail": one.description })
        };
        document.insert("fields".to_owned(), bad.field_violations.iter().map(field).collect());
    }
    if let Some(failed) = details.precondition_failure() {
        let article = |one: &tonic_types::PreconditionViolation| json!({ "rule": one.r#type, "article": one.subject, "detail": one.description });
        document.insert("articles".to_owned(), failed.violations.iter().map(article).collect());
    }
    document.extend(findings(status, methods).map(|findings| ("findings".to_owned(), findings)));
    let retry = details.retry_info().and_then(|retry| retry.retry_delay);
    if let Some(retry) = retry {
        document.insert("retryAfterMs".to_owned(), u64::try_from(retry.as_millis()).unwrap_or(u64::MAX).into());
    }

    let mut answer = (code, Json::Object(document).to_string()).into_response();
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    if let Some(retry) = retry {
        // The header has whole seconds, and none of them is no time at all.
        let seconds = retry.as_secs().saturating_add(u64::from(retry.subsec_nanos() > 0)).max(1);
        headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
    }
    if code == StatusCode::UNAUTHORIZED {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if code == StatusCode::METHOD_NOT_ALLOWED {
        headers.insert(header::ALLOW, HeaderValue::from_static("POST"));
    }
    answer
}

/// What rules said, as JSON of their own message.
fn findings(status: &Status, methods: &Methods) -> Option<Json> {
    let details = pb::Status::decode(status.details()).ok()?.details;
    let all = details.into_iter().find(|any| any.type_url.rsplit('/').next() == Some(FINDINGS))?;
    let message = DynamicMessage::decode(methods.message(FINDINGS)?, all.value.as_slice()).ok()?;
    writer::write(&message).get_mut("findings").map(Json::take)
}

/// The status of a code; the same as `google.rpc.Code` notes, but that a refusal for the state of things is a conflict,
/// so that a program tells it from a malformed request.
fn http(code: Code, reason: &str) -> StatusCode {
    match (code, reason) {
        (_, "METHOD_NOT_POSTED") => StatusCode::METHOD_NOT_ALLOWED,
        (_, "MEDIA_TYPE_WRONG") => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        (_, "CALL_TOO_LARGE") => StatusCode::PAYLOAD_TOO_LARGE,
        (Code::InvalidArgument | Code::OutOfRange, _) => StatusCode::BAD_REQUEST,
        (Code::Unauthenticated, _) => StatusCode::UNAUTHORIZED,
        (Code::PermissionDenied, _) => StatusCode::FORBIDDEN,
        (Code::NotFound, _) => StatusCode::NOT_FOUND,
        (Code::AlreadyExists | Code::FailedPrecondition | Code::Aborted, _) => StatusCode::CONFLICT,
        (Code::ResourceExhausted, _) => StatusCode::TOO_MANY_REQUESTS,
        (Code::Unimplemented, _) => StatusCode::NOT_IMPLEMENTED,
        (Code::Unavailable | Code::Cancelled, _) => StatusCode::SERVICE_UNAVAILABLE,
        (Code::DeadlineExceeded, _) => StatusCode::GATEWAY_TIMEOUT,
        (Code::Ok | Code::Unknown | Code::Internal | Code::DataLoss, _) => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The name of a code, as `docs/errors.md` has it.
const fn name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::InvalidArgument => "INVALID_ARGUMENT",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::NotFound => "NOT_FOUND",
        Code::AlreadyExists => "ALREADY_EXISTS",
        Code::PermissionDenied => "PERMISSION_DENIED",
        Code::ResourceExhausted => "RESOURCE_EXHAUSTED",
        Code::FailedPrecondition => "FAILED_PRECONDITION",
        Code::Aborted => "ABORTED",
        Code::OutOfRange => "OUT_OF_RANGE",
        Code::Unimplemented => "UNIMPLEMENTED",
        Code::Internal => "INTERNAL",
        Code::Unavailable => "UNAVAILABLE",
        Code::DataLoss => "DATA_LOSS",
        Code::Unauthenticated => "UNAUTHENTICATED",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::ApiError;
    use crate::api::failure::{self, Details};
    use crate::certificate::{Finding, Findings};

    async fn problem(status: &Status, path: &str) -> (Response, Json) {
        let methods = Methods::read().unwrap();
        let (parts, body) = answer(status, methods.at(path), &methods).into_parts();
        let body = axum::body::to_bytes(body, 1 << 20).await.unwrap();
        let document = serde_json::from_slice(&body).unwrap();
        (Response::from_parts(parts, axum::body::Body::empty()), document)
    }

    #[tokio::test]
    async fn a_refusal_has_status_reason_and_field() {
        let error = ApiError::Field { field: "tariff_code", message: "6 to 10 digits".to_owned() };
        let error = error.of_entry("lines", 3);
        let (answer, document) = problem(&error.into(), "customs/match-declaration").await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST);
        assert_eq!(answer.headers()[header::CONTENT_TYPE], MEDIA_TYPE);
        assert_eq!(document["status"], 400);
        assert_eq!(document["reason"], "FIELD_INVALID");
        assert_eq!(document["code"], "INVALID_ARGUMENT");
        assert_eq!(document["fields"], json!([{ "field": "lines[3].tariffCode", "detail": "6 to 10 digits" }]));
    }

    #[tokio::test]
    async fn what_may_succeed_later_says_when_in_whole_seconds_and_exactly() {
        let (answer, document) = problem(&ApiError::RateLimited.into(), "").await;
        assert_eq!(answer.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(answer.headers()[header::RETRY_AFTER], "1");
        assert_eq!(document["retryAfterMs"], 500);
    }

    #[tokio::test]
    async fn who_is_not_known_is_told_how_to_be() {
        let (answer, document) = problem(&ApiError::Unauthenticated.into(), "customs/get-balance").await;
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED);
        assert_eq!(answer.headers()[header::WWW_AUTHENTICATE], "Bearer");
        assert_eq!(document["reason"], "UNAUTHENTICATED");
        // The words are of HTTP, of which those of gRPC are made too.
        assert!(document["detail"].as_str().unwrap().contains("header `authorization: Bearer"), "{document}");
    }

    #[tokio::test]
    async fn findings_come_with_their_articles() {
        let finding = Finding::error("CRITERION_NOT_ALLOWED", "goods.items[0].criterion", "`X` is not a criterion");
        let findings = Findings(vec![finding.with_article("CPFTA, Annex 1, Rule 3")]);
        let details = Details { findings: Some(("certificate_json", findings)), ..Default::default() };
        let error = ApiError::Field { field: "certificate_json", message: "see the findings".to_owned() };
        let (_, document) = problem(&failure::status(&error, &details), "certificate/replace-certificate").await;
        assert_eq!(document["articles"][0]["article"], "CPFTA, Annex 1, Rule 3");
        assert_eq!(document["fields"][0]["field"], "certificateJson.goods.items[0].criterion");
        assert_eq!(document["findings"][0]["rule"], "CRITERION_NOT_ALLOWED");
        assert_eq!(document["findings"][0]["severity"], "SEVERITY_ERROR");
    }

    #[tokio::test]
    async fn a_fatal_error_says_an_id_and_nothing_of_the_inside() {
        let (answer, document) = problem(&ApiError::Task("the key file of Karachi".to_owned()).into(), "").await;
        assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert!(document["detail"].as_str().unwrap().contains(document["id"].as_str().unwrap()));
        assert!(!document.to_string().contains("Karachi"));
    }
}
