//! One request of HTTP/1.1 over TLS, as a system that knows nothing of gRPC makes it.

use serde_json::Value;
use std::{
    io::{Read, Write},
    net::TcpStream,
    path::Path,
    sync::Arc,
};
use tokio_rustls::rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    crypto::ring,
    pki_types::{CertificateDer, ServerName, pem::PemObject as _},
};

/// A node's door to systems, and who asks there.
pub(crate) struct Https<'a> {
    /// `127.0.0.1:PORT`.
    pub(crate) address: &'a str,
    /// Who vouches for the node.
    pub(crate) ca: &'a Path,
    /// An account's token.
    pub(crate) token: Option<&'a str>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// In small letters.
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// What was asked for was done.
    #[track_caller]
    pub(crate) fn good(self) -> Value {
        assert_eq!(self.status, 200, "{self:?}");
        self.json()
    }

    /// It was refused, for this reason.
    #[track_caller]
    pub(crate) fn refused(self, status: u16, reason: &str) -> Value {
        let document = self.json();
        assert_eq!((self.status, document["reason"].as_str()), (status, Some(reason)), "{self:?}");
        assert!(self.head.contains("content-type: application/problem+json"), "{self:?}");
        assert_eq!(document["status"], status, "{self:?}");
        document
    }
}

impl Https<'_> {
    /// Posts a document to a method.
    pub(crate) fn post(&self, path: &str, document: &Value) -> Answer {
        let body = document.to_string();
        let kind = format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
        self.ask("POST", path, &kind, &body)
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, "", "")
    }

    /// The same as a browser asks.
    pub(crate) fn browse(&self, path: &str) -> Answer {
        self.ask("GET", path, "Accept: text/html,application/xhtml+xml\r\n", "")
    }

    fn ask(&self, method: &str, path: &str, more: &str, body: &str) -> Answer {
        let token = self.token.map(|token| format!("Authorization: Bearer {token}\r\n")).unwrap_or_default();
        let head = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n{token}{more}Connection: close\r\n\r\n");
        let answer = String::from_utf8(self.hand_on(&[head.as_bytes(), body.as_bytes()].concat())).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answer { status, head: head.to_lowercase(), body: body.to_owned() }
    }

    /// Sends a request that somebody else made, or begins to.
    pub(crate) fn begin(&self, request: &[u8]) -> StreamOwned<ClientConnection, TcpStream> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(self.ca).unwrap()).unwrap();
        let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from("127.0.0.1").unwrap();
        let tls = ClientConnection::new(Arc::new(config), name).unwrap();
        let mut stream = StreamOwned::new(tls, TcpStream::connect(self.address).unwrap());
        stream.write_all(request).unwrap();
        stream
    }

    /// Sends a request that somebody else made, and gives the answer as it came.
    pub(crate) fn hand_on(&self, request: &[u8]) -> Vec<u8> {
        let (mut stream, mut answer) = (self.begin(request), Vec::new());
        // A server may close without the closing words of TLS.
        let _ = stream.read_to_end(&mut answer);
        answer
    }
}
