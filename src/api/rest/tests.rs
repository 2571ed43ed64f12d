use super::*;
use axum::http::StatusCode;
use serde_json::Value as Json;
use tower::ServiceExt as _;

/// The door before services that answer whatever they are asked with nothing.
fn door(most: Duration) -> Router {
    let nothing = async || {
        let head = [(header::CONTENT_TYPE.as_str(), "application/grpc"), ("grpc-status", "0")];
        (head, Body::from(vec![0_u8; 5]))
    };
    let never = async || std::future::pending::<&str>().await;
    let services = Router::new()
        .route("/origin.v1.CustomsService/GetBalance", any(nothing))
        .route("/origin.v1.CustomsService/WriteOff", any(never));
    routes(Arc::new(Methods::read().unwrap()), services, most)
}

async fn ask(request: axum::http::request::Builder, body: impl Into<Body>, most: Duration) -> (Response, Json) {
    let answer = door(most).oneshot(request.body(body.into()).unwrap()).await.unwrap();
    let (parts, body) = answer.into_parts();
    let body = axum::body::to_bytes(body, 16 << 20).await.unwrap();
    let document = serde_json::from_slice(&body).unwrap();
    (Response::from_parts(parts, Body::empty()), document)
}

fn post(path: &str) -> axum::http::request::Builder {
    Request::builder().method(Method::POST).uri(path).header(header::CONTENT_TYPE, JSON)
}

const LONG: Duration = Duration::from_secs(30);

#[tokio::test]
async fn a_call_is_answered_by_the_service_and_kept_by_no_cache() {
    let (answer, document) = ask(post("/v1/customs/get-balance"), "{}", LONG).await;
    assert_eq!((answer.status(), document), (StatusCode::OK, serde_json::json!({ "items": [] })));
    assert_eq!(answer.headers()[header::CACHE_CONTROL], "no-store");
    assert_eq!(answer.headers()[header::CONTENT_TYPE], JSON);
}

#[tokio::test]
async fn what_is_no_call_is_refused_with_its_reason() {
    let path = "/v1/customs/get-balance";
    let get = Request::builder().uri(path);
    let form = Request::builder().method(Method::POST).uri(path).header(header::CONTENT_TYPE, "text/plain");
    let zipped = post(path).header(header::CONTENT_ENCODING, "gzip");
    for (request, body, status, reason) in [
        (post("/v1/customs/no-such"), "{}", StatusCode::NOT_FOUND, "METHOD_UNKNOWN"),
        (post("/v1/"), "{}", StatusCode::NOT_FOUND, "METHOD_UNKNOWN"),
        (get, "", StatusCode::METHOD_NOT_ALLOWED, "METHOD_NOT_POSTED"),
        (form, "{}", StatusCode::UNSUPPORTED_MEDIA_TYPE, "MEDIA_TYPE_WRONG"),
        (zipped, "{}", StatusCode::UNSUPPORTED_MEDIA_TYPE, "MEDIA_TYPE_WRONG"),
        (post(path), "{", StatusCode::BAD_REQUEST, "JSON_MALFORMED"),
        (post(path), "{\"certifcate\":{}}", StatusCode::BAD_REQUEST, "FIELD_INVALID"),
    ] {
        let (answer, document) = ask(request, body, LONG).await;
        assert_eq!((answer.status(), document["reason"].as_str()), (status, Some(reason)), "{document}");
        assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/problem+json");
        assert_eq!(answer.headers().contains_key(header::ALLOW), status == StatusCode::METHOD_NOT_ALLOWED);
    }
}

#[tokio::test]
async fn a_body_without_an_end_is_not_held() {
    let chunk = Bytes::from(vec![b' '; 1 << 16]);
    let endless = Body::from_stream(tokio_stream::iter(std::iter::repeat_with(move || {
        Ok::<_, std::convert::Infallible>(chunk.clone())
    })));
    let (answer, document) = ask(post("/v1/customs/get-balance"), endless, LONG).await;
    assert_eq!((answer.status(), document["reason"].as_str()), (StatusCode::PAYLOAD_TOO_LARGE, Some("CALL_TOO_LARGE")));
}

#[tokio::test]
async fn a_call_that_takes_too_long_is_told_so_as_a_document() {
    let (answer, document) = ask(post("/v1/customs/write-off"), "{}", Duration::from_millis(20)).await;
    assert_eq!(answer.status(), StatusCode::GATEWAY_TIMEOUT);
    assert_eq!(document["reason"], "DEADLINE_EXCEEDED");
    assert!(answer.headers().contains_key(header::RETRY_AFTER));
}

#[test]
fn json_is_declared_in_its_few_spellings() {
    let declared = |text: &str| is_json(&HeaderMap::from_iter([(header::CONTENT_TYPE, text.parse().unwrap())]));
    assert!(["application/json", "Application/JSON; charset=UTF-8"].iter().all(|good| declared(good)));
    for bad in ["", "text/json", "application/json; charset=latin1", "application/problem+json"] {
        assert!(!declared(bad), "{bad}");
    }
}
