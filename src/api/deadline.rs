//! The time a call has: what its caller asks for, and never more than the node allows.

use super::ApiError;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Response};
use axum::middleware::Next;
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

    fn read(text: &str) -> Option<Duration> {
        let mut headers = HeaderMap::new();
        headers.insert("grpc-timeout", text.parse().unwrap());
        asked(&headers)
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
