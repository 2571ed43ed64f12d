//! Witnesses outside the trust list, as the configuration names them: HTTPS to the one address of each.

use super::NodeError;
use super::configuration::{OutsideWitnessConfiguration, WebhookTargets};
use super::https::{HttpsClient, Letter, whole};
use crate::exchange::driver::{OutsideWitness, Shown, WitnessPost};
use crate::workflow::Target;
use bytes::Bytes;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

/// Most bytes of an answer: lines of a few cosignatures.
const MOST: usize = 64 << 10;

/// Carries to one witness.
struct Post {
    client: HttpsClient,
    target: Target,
}

impl WitnessPost for Post {
    fn post(&self, body: String) -> Pin<Box<dyn Future<Output = Result<Shown, String>> + Send + '_>> {
        let (headers, body) = (Vec::new(), whole(Bytes::from(body)));
        let letter = Letter { content_type: "text/plain; charset=utf-8", headers, body, most: MOST };
        Box::pin(async move {
            let answered = self.client.post(&self.target, letter).await?;
            Ok(Shown { status: answered.status, body: answered.body.to_vec() })
        })
    }
}

/// Reads who vouches for each. It blocks.
pub(super) fn open(all: &[OutsideWitnessConfiguration]) -> Result<Vec<OutsideWitness>, NodeError> {
    let opened = all.iter().map(|one| {
        // The operator's word: it may well be in the node's own network.
        let client = HttpsClient::open(one.ca.as_deref(), WebhookTargets::Any)?;
        let (key, address) = (one.key.clone(), one.url.to_string());
        let post = Arc::new(Post { client, target: one.url.clone() });
        Ok(OutsideWitness { key, address, post })
    });
    opened.collect()
}
