//! The time a call has: what its caller asks for, and never more than the node allows.

use super::ApiError;
use super::http::Refusal;
use super::rest;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Response};
use axum::middleware::Next;
use axum::response::IntoResponse as _;
use std::time::Duration;
use tonic::Status;

/// Ends a call whose answer has not begun in time. A stream that has begun is kept honest by its own rows.
pub(crate) async fn within(State(most): State<Duration>, request: Request, next: Next) -> Response<Body> {
    let allowed = asked(request.headers()).map_or(most, |asked| asked.min(most));
    match tokio::time::timeout(allowed, next.run(request)).await {
        Ok(answer) => answer,
        Err(_) => Status::from(ApiError::DeadlineExceeded).into_http(),
    }
}

/// The same for the HTTPS door: no browser or cache there reads a gRPC status.
pub(crate) async fn within_https(State(most): State<Duration>, request: Request, next: Next) -> Response<Body> {
    match tokio::time::timeout(most, next.run(request)).await {
        Ok(answer) => answer,
        Err(_) => Refusal::from(ApiError::DeadlineExceeded).into_response(),
    }
}

/// The same for what is served as JSON.
pub(crate) async fn within_json(State(most): State<Duration>, request: Request, next: Next) -> Response<Body> {
    tokio::time::timeout(most, next.run(request)).await.unwrap_or_else(|_| rest::late())
}

/// `grpc-timeout`: at most eight digits and a unit. What does not read so asks for nothing.
fn asked(headers: &HeaderMap) -> Option<Duration> {
    let text = headers.get("grpc-timeout")?.to_str().ok()?;
    let (digits, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number = digits.parse::<u64>().ok()?;
    match unit {
        "H" => Some(Duration::from_secs(number * 3600)),
        "M" => Some(Duration::from_secs(number * 60)),
        "S" => Some(Duration::from_secs(number)),
        "m" => Some(Duration::from_millis(number)),
        "u" => Some(Duration::from_micros(number)),
        "n" => Some(Duration::from_nanos(number)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::Router;
    use axum::http::{StatusCode, header};
    use axum::middleware::from_fn_with_state;
    use axum::routing::get;
    use tower::ServiceExt as _;

    fn read(text: &str) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert("grpc-timeout", text.parse().unwrap());
        asked(&headers)
    }

    #[tokio::test]
    async fn an_https_answer_that_is_late_is_an_error_that_no_cache_keeps() {
        let never = || async { std::future::pending::<&str>().await };
        let late = Router::new().route("/", get(never)).layer(from_fn_with_state(Duration::ZERO, within_https));
        let answer = late.oneshot(Request::new(Body::empty())).await.unwrap();
        assert_eq!(answer.status(), StatusCode::GATEWAY_TIMEOUT);
        assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store");
        assert!(answer.headers()[header::CONTENT_TYPE].to_str().unwrap().starts_with("text/plain"));
    }

    #[test]
    fn a_timeout_is_read_as_the_protocol_writes_it() {
        assert_eq!(read("250m"), Some(Duration::from_millis(250)));
        assert_eq!(read("99999999H"), Some(Duration::from_hours(99_999_999)));
        for bad in ["", "5", "S", "-1S", "123456789S", "1s", "1.5S"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }
}
