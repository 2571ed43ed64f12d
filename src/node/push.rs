//! Partners that packages are pushed to, as the configuration names them: HTTPS to the one address of each.

use super::NodeError;
use super::configuration::{PushConfiguration, WebhookTargets};
use super::https::{HttpsClient, Letter, streamed};
use crate::encoding::base64;
use crate::exchange::driver::{PackagePost, Posted, PushTarget, Spool};
use crate::workflow::Target;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// The header that announces the seal.
const SEAL: &str = "origin-package-seal";
/// The header that names, in the answer, the nodes that the receiver waits for before it cosigns.
const AWAITS: &str = "origin-package-awaits";
/// The longest an attempt may take, whatever a package holds: a slow line gets 64 KiB through in a second.
const LEAST: Duration = Duration::from_mins(10);
const PER_SECOND: u64 = 64 << 10;

/// Carries to one partner.
struct Post {
    client: HttpsClient,
    target: Target,
}

impl PackagePost for Post {
    fn post(
        &self,
        seal: String,
        package: Spool,
        answer: Spool,
    ) -> Pin<Box<dyn Future<Output = Result<Posted, String>> + Send + '_>> {
        let length = package.length();
        let letter = Letter {
            content_type: "application/jsonl",
            headers: vec![(SEAL, base64::encode(seal.as_bytes())), ("content-length", length.to_string())],
            body: streamed(package.into_parts()),
            most: 0,
        };
        Box::pin(async move {
            let within = LEAST.saturating_add(Duration::from_secs(length / PER_SECOND));
            let posted = tokio::time::timeout(within, async {
                let mut answered = self.client.send(&self.target, letter).await?;
                let (status, retry_after) = (answered.status(), answered.retry_after());
                let awaits = answered.header(AWAITS).split(", ").filter_map(|name| name.parse().ok()).collect();
                let mut answer = answer;
                while let Some(part) = answered.next().await? {
                    let written = tokio::task::spawn_blocking(move || answer.write(&part).map(|()| answer)).await;
                    let written = written.map_err(|error| error.to_string())?;
                    answer = written.map_err(|error| error.to_string())?;
                }
                Ok(Posted { status, retry_after, awaits, answer })
            });
            posted.await.map_err(|_| "it took too long".to_owned())?
        })
    }
}

/// Reads who vouches for each. It blocks.
pub(super) fn open(all: &[PushConfiguration]) -> Result<Vec<PushTarget>, NodeError> {
    let opened = all.iter().map(|one| {
        // The operator's word: it may well be in the node's own network.
        let client = HttpsClient::open(one.ca.as_deref(), WebhookTargets::Any)?;
        let (partner, address) = (one.node.clone(), one.url.to_string());
        Ok(PushTarget { partner, address, post: Arc::new(Post { client, target: one.url.clone() }) })
    });
    opened.collect()
}
