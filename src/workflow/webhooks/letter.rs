//! What is sent: changes as JSON, under the headers of Standard Webhooks, signed with the webhook's own secret.

use super::super::{Change, Changes, Cursor};
use super::{described::described, record::WebhookId};
use crate::{encoding::base64, statement::Issuer, time::Timestamp};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::json;
use sha2::Sha256;
use std::sync::Arc;
use zeroize::{Zeroize as _, Zeroizing};

/// Changes of one letter: some 20 kB, which receivers are used to.
pub(super) const CHANGES_AT_ONCE: usize = 64;
/// What a secret begins with when it is shown.
const SECRET_MARK: &str = "whsec_";

/// What the secrets of all webhooks are made from; it lies in a file of the node's own, and in no journal.
pub struct WebhookKey(Zeroizing<[u8; 32]>);

/// One message on its way.
#[derive(Debug, Clone)]
pub struct Letter {
    /// Its identifier: the same at every attempt.
    pub id: String,
    /// Its body.
    pub body: bytes::Bytes,
    /// Behind what it tells.
    pub(super) next: Cursor,
    pub(super) changes: Vec<Arc<Change>>,
}

impl WebhookKey {
    /// Of 32 random bytes.
    #[must_use]
    pub const fn new(bytes: Zeroizing<[u8; 32]>) -> Self {
        Self(bytes)
    }

    /// The secret of a webhook.
    fn secret(&self, issuer: &Issuer, id: &WebhookId) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(mac(
            &self.0[..],
            &[b"origin webhook 1\0", issuer.to_string().as_bytes(), b"\0", id.as_str().as_bytes()],
        ))
    }

    /// The secret as it is shown, once.
    pub(super) fn shown(&self, issuer: &Issuer, id: &WebhookId) -> Zeroizing<String> {
        let mut text = base64::encode(&self.secret(issuer, id)[..]);
        let shown = Zeroizing::new(format!("{SECRET_MARK}{text}"));
        text.zeroize();
        shown
    }

    /// The `webhook-signature` of a message sent at a time, in Unix seconds.
    pub(super) fn sign(&self, issuer: &Issuer, webhook: &WebhookId, letter: &Letter, at: i64) -> String {
        let secret = self.secret(issuer, webhook);
        let (at, id) = (at.to_string(), letter.id.as_bytes());
        format!("v1,{}", base64::encode(&mac(&secret[..], &[id, b".", at.as_bytes(), b".", &letter.body])))
    }
}

fn mac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    // A key of any length is taken.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return [0; 32] };
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

impl Letter {
    pub(super) fn of(
        issuer: &Issuer,
        webhook: &WebhookId,
        all: &Changes,
        changes: Vec<Arc<Change>>,
        next: Cursor,
    ) -> Self {
        let last = changes.last();
        let id = format!("msg_{}", last.map_or(next, |change| change.cursor));
        let told = changes.iter().map(|change| described(all, change)).collect::<Vec<_>>();
        let body = json!({
            "type": "changes",
            "timestamp": last.map(|change| instant(change.at_ms)),
            "data": {
                "authority": issuer.to_string(),
                "webhook": webhook.as_str(),
                "cursor": next.to_string(),
                "changes": told,
            },
        });
        Self { id, body: body.to_string().into(), next, changes }
    }

    /// One that tells nothing but that it comes through.
    pub(super) fn ping(issuer: &Issuer, webhook: &WebhookId, next: Cursor, at: Timestamp) -> Self {
        let body = json!({
            "type": "ping",
            "timestamp": at.to_string(),
            "data": { "authority": issuer.to_string(), "webhook": webhook.as_str() },
        });
        let id = format!("msg_ping_{}", at.as_nanosecond());
        Self { id, body: body.to_string().into(), next, changes: Vec::new() }
    }
}

pub(super) fn instant(at_ms: u64) -> String {
    let at = i64::try_from(at_ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok());
    at.map(|at| at.to_string()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the Standard Webhooks libraries: their secret, id, time and body have this signature.
    #[test]
    fn a_signature_is_that_of_the_published_convention() {
        let secret = base64::decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        let body = br#"{"test": 2432232314}"#;
        let signed = mac(&secret, &[b"msg_p5jXN8AQM9LWM0D4loKWxJek", b".", b"1614265330", b".", body]);
        assert_eq!(base64::encode(&signed), "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn each_webhook_has_a_secret_of_its_own() {
        let key = WebhookKey::new(Zeroizing::new([7; 32]));
        let (pakistan, kenya) = ("https://tdap.gov.pk".parse().unwrap(), "https://kra.go.ke".parse().unwrap());
        let ids = [1, 2].map(|seed| WebhookId::draw(&crate::time::SeededRandom::new(seed)).unwrap());
        let first = key.shown(&pakistan, &ids[0]);
        assert!(first.starts_with("whsec_") && first.len() > 40);
        assert_eq!(first, key.shown(&pakistan, &ids[0]));
        assert_ne!(first, key.shown(&pakistan, &ids[1]));
        assert_ne!(first, key.shown(&kenya, &ids[0]));
        assert_ne!(first, WebhookKey::new(Zeroizing::new([8; 32])).shown(&pakistan, &ids[0]));
    }
}
