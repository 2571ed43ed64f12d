//! Carries webhooks: HTTPS to where their owners want them, and nowhere else. Of an answer its status is read, and
//! nothing of what it says.

use super::NodeError;
use super::configuration::WebhookConfiguration;
use super::https::{HttpsClient, Letter, whole};
use crate::workflow::{Answer, Carried, Courier, Target};
use bytes::Bytes;
use std::future::Future;
use std::pin::Pin;

/// Carries over HTTPS.
pub(super) struct HttpsCourier(HttpsClient);

impl HttpsCourier {
    /// Reads who vouches for receivers. A system without such a list carries nothing until one is named.
    pub(super) fn open(configuration: &WebhookConfiguration) -> Result<Self, NodeError> {
        HttpsClient::open(configuration.ca.as_deref(), configuration.targets).map(Self)
    }
}

impl Courier for HttpsCourier {
    fn carry<'a>(
        &'a self,
        target: &'a Target,
        headers: [(&'static str, String); 3],
        body: Bytes,
    ) -> Pin<Box<dyn Future<Output = Carried> + Send + 'a>> {
        let letter = Letter { content_type: "application/json", headers: headers.into(), body: whole(body), most: 0 };
        Box::pin(async move {
            let answered = self.0.post(target, letter).await?;
            Ok(Answer { status: answered.status, retry_after: answered.retry_after })
        })
    }
}
