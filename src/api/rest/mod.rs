//! The services as JSON over HTTP: `POST /v1/customs/match-declaration` with a document, a document back.
//!
//! What always holds: a call goes through the very handlers that gRPC calls, in process, with its token, its peer and
//! its deadline; here it is only spelled otherwise. Not its business: what is done, and what is refused.

mod methods;
mod openapi;
mod problem;
mod reader;
mod writer;

pub(crate) use methods::{Methods, takes_request_id};
pub(crate) use openapi::describe;
pub(crate) use reader::MAX_DOCUMENT;

use super::call::blocking;
use super::{ApiError, Peer, deadline};
use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::uri::PathAndQuery;
use axum::http::{HeaderMap, HeaderValue, Method, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, get};
use bytes::{Buf as _, BufMut as _, Bytes};
use http_body_util::LengthLimitError;
use prost_reflect::{DynamicMessage, MethodDescriptor};
use std::error::Error as _;
use std::sync::Arc;
use std::time::Duration;
use tonic::Status;
use tonic::client::Grpc;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::metadata::MetadataMap;

/// Where methods are served.
const ROOT: &str = "/v1/";
const JSON: &str = "application/json";
/// Bytes of a document from which on it is read on a thread of its own.
const LARGE: usize = 64 << 10;

/// What the door needs.
#[derive(Clone)]
struct Rest {
    methods: Arc<Methods>,
    description: Bytes,
    /// The gRPC services, with all that stands before them.
    client: Router,
}

/// The routes beside those of `client`, which they call.
pub(crate) fn routes(methods: Arc<Methods>, client: Router, most: Duration) -> Router {
    let description = describe(&methods).into();
    Router::new()
        .route("/openapi.json", get(description_of))
        .route("/v1/{*method}", any(call))
        .layer(from_fn_with_state(most, deadline::within_json))
        .layer(from_fn(kept_by_nobody))
        .with_state(Rest { methods, description, client })
}

/// The call's time is over, as a document.
pub(super) fn late() -> Response {
    refusal(&ApiError::DeadlineExceeded.into(), None, &Methods::default())
}

async fn description_of(State(door): State<Rest>) -> Response {
    ([(header::CONTENT_TYPE, JSON)], door.description).into_response()
}

async fn call(State(door): State<Rest>, request: Request) -> Response {
    let path = request.uri().path().strip_prefix(ROOT).unwrap_or_default();
    let Some(method) = door.methods.at(path).cloned() else {
        let path = path.chars().take(80).collect();
        return refusal(&ApiError::MethodUnknown(path).into(), None, &door.methods);
    };
    match door.answer(&method, request).await {
        Ok(document) => ([(header::CONTENT_TYPE, JSON)], document).into_response(),
        Err(status) => refusal(&status, Some(&method), &door.methods),
    }
}

impl Rest {
    async fn answer(&self, method: &MethodDescriptor, request: Request) -> Result<String, Status> {
        if request.method() != Method::POST {
            return Err(ApiError::MethodNotPosted.into());
        }
        let (parts, body) = request.into_parts();
        if !is_json(&parts.headers) {
            return Err(ApiError::MediaType.into());
        }
        let text = document(body).await?;
        let of = method.input();
        let message = if text.len() > LARGE {
            blocking(move || reader::read(&text, &of)).await??
        } else {
            reader::read(&text, &of)?
        };
        let answer = self.ask(method, message, &parts).await?;
        let answer = DynamicMessage::decode(method.output(), answer);
        let answer = answer.map_err(|error| ApiError::AnswerUnreadable(error.to_string()))?;
        Ok(writer::write(&answer).to_string())
    }

    /// The same call as over gRPC, in process.
    async fn ask(&self, method: &MethodDescriptor, message: Bytes, parts: &Parts) -> Result<Bytes, Status> {
        let mut request = tonic::Request::new(message);
        if let Some(shown) = parts.headers.get(header::AUTHORIZATION) {
            let headers = HeaderMap::from_iter([(header::AUTHORIZATION, shown.clone())]);
            *request.metadata_mut() = MetadataMap::from_headers(headers);
        }
        if let Some(peer) = parts.extensions.get::<Peer>() {
            request.extensions_mut().insert(*peer);
        }
        let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
        let path = PathAndQuery::try_from(path).map_err(|error| ApiError::AnswerUnreadable(error.to_string()))?;
        // It comes from this process: whatever its services answer is taken.
        let mut grpc = Grpc::new(self.client.clone()).max_decoding_message_size(usize::MAX);
        match grpc.ready().await {
            Ok(()) => Ok(grpc.unary(request, path, Opaque).await?.into_inner()),
            Err(never) => match never {},
        }
    }
}

/// The body, bounded before it is held.
async fn document(body: Body) -> Result<Bytes, ApiError> {
    axum::body::to_bytes(body, MAX_DOCUMENT).await.map_err(|error| match error.source() {
        Some(source) if source.is::<LengthLimitError>() => ApiError::TooLarge(MAX_DOCUMENT),
        _ => ApiError::Json("it broke off".to_owned()),
    })
}

/// Declared as JSON, in UTF-8 as it always is, and not compressed.
fn is_json(headers: &HeaderMap) -> bool {
    let declared = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (kind, parameter) = declared.split_once(';').unwrap_or((declared, ""));
    let parameter = parameter.trim().to_ascii_lowercase();
    let plain = headers.get(header::CONTENT_ENCODING).is_none_or(|value| value == "identity");
    plain && kind.trim().eq_ignore_ascii_case(JSON) && ["", "charset=utf-8", "charset=\"utf-8\""].contains(&&*parameter)
}

fn refusal(status: &Status, asked: Option<&MethodDescriptor>, methods: &Methods) -> Response {
    problem::answer(status, asked, methods)
}

/// What one caller is told no cache gives to the next, and no browser takes for something else.
async fn kept_by_nobody(request: Request, next: Next) -> Response {
    let mut answer = next.run(request).await;
    answer.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    answer
}

/// Messages that are encoded already.
#[derive(Debug, Clone, Copy)]
struct Opaque;

impl Codec for Opaque {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        *self
    }

    fn decoder(&mut self) -> Self {
        *self
    }
}

impl Encoder for Opaque {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, message: Bytes, into: &mut EncodeBuf<'_>) -> Result<(), Status> {
        into.put(message);
        Ok(())
    }
}

impl Decoder for Opaque {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(from.copy_to_bytes(from.remaining())))
    }
}

#[cfg(test)]
mod tests;
